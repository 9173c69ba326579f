"""Runs into Elasticsearch, killed between any two writes, and a server killed under them: the next run ends as a quiet
one on the other store would have."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.model import Outcome
from pipeline.newsroom import Newsroom
from pipeline.stores.elastic import ElasticStore
from pipeline.stores.elastic.connection import Access, connect
from pipeline.stores.elastic.prepare import prepare
from tests.command_line import ENVIRONMENT, spawned
from tests.elastic_server import Address, Server, clear
from tests.house import ROOT
from tests.test_crash import Left, Wire, configure, finish, killed, left_in
from tests.trial import LONG_AGO, equal_parts, start, table

IMPATIENT = "from pipeline.cli import options\noptions.PATIENCE = 1.0\n"
AT_A_BULK = """
import os, re, signal, sys
from pipeline.stores.elastic.connection import PatientTransport

answered, left = PatientTransport.perform_request, {number}

def watched(transport, method, target, **options):
    global left
    looked_for = target.startswith("/_bulk") and re.search({first!r}, str(options["body"][0]))
    left -= bool(looked_for)
    if looked_for and left == 0 and {when!r} == "before":
        {act}
    answer = answered(transport, method, target, **options)
    if looked_for and left == 0 and {when!r} == "after":
        {act}
    return answer

PatientTransport.perform_request = watched
"""
"""Python that does something before or after the n-th bulk request whose first item looks so."""
DIES = "os.kill(os.getpid(), signal.SIGKILL)"
TELLS = "print('now', file=sys.stderr, flush=True)"
WAIT = 180  # seconds until a test gives up


@dataclass(frozen=True)
class Place:
    """A folder with a configuration and an archive, and the server that holds its store."""

    folder: Path
    server: Address

    @property
    def environ(self) -> dict[str, str]:
        """What its commands read from the environment."""
        return {
            "WIREROOM_CONFIG": "config",
            "WIREROOM_STORE": f"elasticsearch+{self.server.url}",
            "WIREROOM_ARCHIVE": "archive",
            "WIREROOM_ES_USERNAME": self.server.user,
            "WIREROOM_ES_PASSWORD": self.server.password,
            "WIREROOM_ES_CA": self.server.ca,
        }

    def run(self, before: str) -> subprocess.Popen[str]:
        """Start a run in a process of its own; `before` is Python that runs in it first."""
        return subprocess.Popen(  # noqa: S603 - a command of our own
            [sys.executable, "-c", f"{before}\nfrom pipeline.cli import main\nmain()", "run"],
            cwd=self.folder,
            env={**ENVIRONMENT, "PYTHONPATH": str(ROOT), **self.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> None:
        """One more run, which has to end well. The lease of the one before counts as lapsed."""
        self.server.ask("DELETE", "/wireroom-states/_doc/lease?refresh=true")
        done = spawned("run", folder=self.folder, environ=self.environ)
        assert (done.code, "Traceback" in done.err) == (0, False), done.err

    def store(self) -> ElasticStore:
        """Its store; the caller closes it."""
        return ElasticStore.open(self.environ["WIREROOM_STORE"], self.environ)

    def left(self) -> Left:
        """What its runs left; no article lies in two indices."""
        with closing(self.store()) as store:
            articles = equal_parts(store.ingested(LONG_AGO))
            outcomes = [outcome for run in self.values("wireroom-outcomes", "run") for outcome in store.outcomes(run)]
            assert store.undelivered() == []
        assert self.values("news", "id") == dict.fromkeys(articles, 1)
        alerts = (self.folder / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
        return Left(articles, outcomes, Counter(json.loads(line)["id"] for line in alerts), Counter())

    def values(self, family: str, field: str) -> dict[str, int]:
        """How many documents of all indices of a family have each value of a field."""
        self.server.ask("POST", f"/{family}-*/_refresh")
        asked = {"size": 0, "aggs": {"values": {"terms": {"field": field, "size": 10_000}}}}
        _, told = self.server.ask("POST", f"/{family}-*/_search", asked)
        return {each["key"]: each["doc_count"] for each in told["aggregations"]["values"]["buckets"]}


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    with Newsroom.serve(datetime.now(UTC)) as running:
        yield running


@pytest.fixture(scope="module")
def quiet(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Left:
    """What one run leaves in the other store that nobody disturbs."""
    folder = configure(tmp_path_factory.mktemp("quiet"), newsroom)
    finish(start(folder))
    return left_in(folder, newsroom)


@pytest.fixture
def place(whole_server: Address, newsroom: Newsroom, tmp_path: Path) -> Place:
    """A store that is set up and empty, on the server that all tests share."""
    return set_up(whole_server, newsroom, tmp_path)


@pytest.fixture
def fragile(own_elastic: Server, newsroom: Newsroom, tmp_path: Path) -> Place:
    """A store that is set up and empty, on the server that tests may kill."""
    own_elastic.address.ask("GET", "/_cluster/health?wait_for_status=yellow")  # it may have started just now
    clear(own_elastic.address)
    return set_up(own_elastic.address, newsroom, tmp_path)


def set_up(server: Address, newsroom: Newsroom, folder: Path) -> Place:
    newsroom.requests = []
    with connect(Access(server.url, user=server.user, password=server.password, authority=server.ca)) as client:
        prepare(client, server.url, datetime.now(UTC))
    return Place(configure(folder, newsroom), server)


def kept(outcomes: list[Outcome]) -> Mapping[tuple[str, str, str], int]:
    """The rows of entries, which a second poll of their feed does not change."""
    return {row: count for row, count in table(outcomes).items() if row[0] == "store"}


def assert_nothing_is_lost(place: Place, quiet: Left, *, polled_once: bool = True) -> None:
    """Every article once, as the quiet run left it; every entry and claim told once, an alert twice at most."""
    left = place.left()

    assert left.articles == quiet.articles
    assert kept(left.outcomes) == kept(quiet.outcomes)
    assert not polled_once or table(left.outcomes) == table(quiet.outcomes)
    assert left.alerts.keys() == quiet.alerts.keys()
    assert (left.alerts - quiet.alerts).total() <= 1


@pytest.mark.parametrize(
    ("number", "first", "when"),
    [
        (3, '"wireroom-outcomes', "after"),  # a poll is recorded, its pages are not asked for
        (1, '"wireroom-months', "after"),  # it is written down where articles will live, and they do not yet
        (1, 'create.*"news-', "after"),  # articles are stored, nothing tells of them
        (2, 'create.*"news-', "before"),
        (1, 'index".*"news-', "before"),  # marked and not cleaned again
        (2, 'index".*"news-', "after"),
        (1, '"wireroom-claims', "after"),  # claimed and not sent
        (9, '"wireroom-claims', "before"),
    ],
)
def test_a_run_that_dies_between_two_writes_is_finished_by_the_next(
    number: int, first: str, when: str, place: Place, quiet: Left
) -> None:
    killed(place.run(AT_A_BULK.format(number=number, first=first, when=when, act=DIES)))

    place.finish()

    assert_nothing_is_lost(place, quiet)


def test_an_article_that_the_server_refuses_costs_one_failed_outcome(place: Place, quiet: Left) -> None:
    refused = next(key for key, article in quiet.articles.items() if article["lead"])
    broken = {"convert": {"field": "title", "type": "integer", "if": f"ctx.id == '{refused}'"}}
    place.server.ask("PUT", "/_ingest/pipeline/wireroom-tests", {"processors": [broken]})
    place.server.ask("PUT", "/news-*/_settings", {"index.final_pipeline": "wireroom-tests"})

    done = spawned("run", folder=place.folder, environ=place.environ)

    place.server.ask("PUT", "/news-*/_settings", {"index.final_pipeline": "_none"})
    place.server.ask("DELETE", "/_ingest/pipeline/wireroom-tests")
    left = place.left()
    assert done.code == 1
    assert f"{quiet.articles[refused]['url']}: the store refused it: " in done.err
    assert left.articles.keys() == quiet.articles.keys() - {refused}
    assert table(left.outcomes)["store", "failed", "refused-by-store"] == 1
    assert table(left.outcomes).total() == table(quiet.outcomes).total()


IN_A_BULK = AT_A_BULK.format(number=1, first='create.*"news-', when="before", act=TELLS)


def kill_in_a_bulk(server: Server, process: subprocess.Popen[str]) -> None:
    """Kill the server when the run says that it sends its first articles."""
    assert process.stderr
    for told in process.stderr:
        if told == "now\n":
            server.kill()
            return
    raise AssertionError("the run stored nothing")


def test_a_run_waits_for_a_server_that_dies_in_the_middle_of_a_bulk_and_starts_again(
    fragile: Place, own_elastic: Server, quiet: Left
) -> None:
    process = fragile.run(IN_A_BULK)
    kill_in_a_bulk(own_elastic, process)
    own_elastic.start()

    finish(process)

    assert_nothing_is_lost(fragile, quiet)


def test_a_run_whose_server_stays_away_ends_with_a_sentence_and_the_next_one_finishes_it(
    fragile: Place, own_elastic: Server, quiet: Left
) -> None:
    process = fragile.run(IMPATIENT + IN_A_BULK)
    kill_in_a_bulk(own_elastic, process)

    _, complaint = process.communicate(timeout=WAIT)
    assert process.returncode == 1
    assert complaint.splitlines()[-1].startswith(f"wireroom: store {fragile.server.url} cannot be reached; start it")
    assert "Traceback" not in complaint

    own_elastic.start()
    fragile.finish()
    assert_nothing_is_lost(fragile, quiet)


def test_outcomes_wait_beside_the_archive_while_the_server_is_away(
    fragile: Place, own_elastic: Server, newsroom: Newsroom, quiet: Left
) -> None:
    newsroom.requests = Wire(13, own_elastic.kill)
    process = fragile.run(IMPATIENT)
    process.communicate(timeout=WAIT)
    own_elastic.start()

    [spooled] = (fragile.folder / "archive" / "outcomes").iterdir()
    told = [json.loads(line) for line in spooled.read_text(encoding="utf-8").splitlines()]
    assert (process.returncode, bool(told)) == (1, True)
    fragile.finish()
    assert not spooled.exists()
    stored = {(each.run, each.source, each.entry) for each in fragile.left().outcomes}
    assert stored >= {(each["run"], each["source"], each["entry"]) for each in told}
    assert_nothing_is_lost(fragile, quiet, polled_once=False)
