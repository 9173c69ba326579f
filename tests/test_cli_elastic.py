"""The commands as users type them with their store in Elasticsearch: setup, keys, a run over the bundled newsroom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.newsroom import Newsroom
from pipeline.newsroom.expected import expected
from pipeline.stores.elastic.keys import SOON
from tests.command_line import Desk, Typed, spawned
from tests.conftest import emptied
from tests.elastic_server import Address
from tests.house import ROOT
from tests.test_cli_newsroom import RULES, SETTINGS, table

KEY = re.compile(r"^key +(\w+) \(.+\), until (\S+), shown only now: WIREROOM_ES_API_KEY=(\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Office:
    """A desk whose store is a server; who types has a key by role, or is the administrator."""

    desk: Desk
    server: Address
    keys: dict[str, str]

    @property
    def store(self) -> str:
        return f"elasticsearch+{self.server.url}"

    @property
    def administrator(self) -> dict[str, str]:
        return {"WIREROOM_ES_USERNAME": self.server.user, "WIREROOM_ES_PASSWORD": self.server.password}

    def typed(self, who: str, *words: str) -> Typed:
        """What a command answers to a role, to the administrator, or to somebody with another key ("": with none)."""
        environ = self.administrator
        if who != "administrator":
            environ = {"WIREROOM_ES_API_KEY": self.keys.get(who, who)}
        return self.typed_with(environ, *words)

    def typed_with(self, environ: dict[str, str], *words: str, before: str = "") -> Typed:
        places = ("--config", self.desk.config, "--store", self.store, "--archive", self.desk.archive)
        return spawned(*words, *places, folder=self.desk.folder, environ=environ, before=before)


@dataclass(frozen=True)
class Ran(Office):
    """An office after setup and two runs, and what they said."""

    newsroom: Newsroom
    setup: Typed
    first: Typed
    second: Typed


@pytest.fixture(scope="module")
def ran(elastic: Address, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    desk = Desk(tmp_path_factory.mktemp("office"))
    shipped = {stem: (ROOT / "config" / f"{stem}.yaml").read_text(encoding="utf-8") for stem in ("actors", "regions")}
    with emptied(elastic) as server, Newsroom.serve(datetime.now(UTC)) as newsroom:
        desk.write(sources=newsroom.sources_yaml(), settings=SETTINGS, alerts=RULES, **shipped)
        setup = Office(desk, server, {}).typed("administrator", "setup")
        keys = {role: secret for role, _, secret in KEY.findall(setup.out)}
        office = Office(desk, server, keys)
        first, second = office.typed("worker", "run"), office.typed("worker", "run")
        yield Ran(desk, server, keys, newsroom, setup, first, second)


def refused(told: Typed, code: int = 2) -> str:
    """The one sentence of a command that did nothing."""
    assert (told.code, told.out) == (code, "")
    assert re.fullmatch(r"wireroom: .+\n", told.err), told.err
    return told.err


# setup


def test_setup_tells_the_keys_and_that_the_store_is_ready(ran: Ran) -> None:
    assert (ran.setup.code, ran.setup.err) == (0, "")
    assert set(ran.keys) == {"worker", "reader", "upkeep"}
    assert {day for _, day, _ in KEY.findall(ran.setup.out)} <= {
        f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}" for days in (89, 90)
    }
    assert f"store    {ran.store}: ready, 0 articles" in ran.setup.lines


def test_setup_tells_no_key_twice(ran: Ran) -> None:
    told = ran.typed("administrator", "setup")

    assert (told.code, told.err) == (0, "")
    assert len(re.findall(r"^key .+ is there already, until .+; lost it\? Delete it", told.out, re.MULTILINE)) == 3
    assert not any(secret in told.out for secret in ran.keys.values())
    assert "filled" not in told.out


def test_setup_with_a_key_prepares_but_says_that_keys_are_made_by_users(ran: Ran) -> None:
    """The key of a superuser may do all but hand its rights on."""
    key = ran.server.ask("POST", "/_security/api_key", {"name": "wireroom-root"})[1]["encoded"]

    told = ran.typed(key, "setup", "--reindex")

    assert told.code == 0
    assert told.err == (
        "wireroom: no API keys were made: a key cannot make keys; for that set WIREROOM_ES_USERNAME and _PASSWORD\n"
    )
    assert "WIREROOM_ES_API_KEY" not in told.out


def test_setup_with_the_key_of_a_worker_is_refused(ran: Ran) -> None:
    told = ran.typed("worker", "setup")

    assert told.code == 2
    assert "this key or user may not do that" in told.err
    assert "Traceback" not in told.err


# A run, and what reads it


def test_a_run_with_a_workers_key_does_what_it_does_everywhere(ran: Ran) -> None:
    assert ran.first.code == 0
    assert table(ran.first.out) == expected(ran.newsroom, 1)
    assert "ALERT kurdish-groups" in ran.first.out
    assert ran.first.err.count("\n") == ran.first.err.count("wireroom: ")


def test_a_run_at_once_again_changes_nothing_and_alerts_of_nothing(ran: Ran) -> None:
    assert ran.second.code == 0
    assert {fate for stage, fate, _ in table(ran.second.out) if stage != "feed"} <= {"unchanged", "dropped"}
    assert "ALERT" not in ran.second.out


def test_a_readers_key_is_enough_to_search_and_to_look_at_an_article(ran: Ran) -> None:
    found = ran.typed("reader", "search", "PMF", "--json")
    assert (found.code, found.err) == (0, "")
    assert {"ar", "fa"} <= {row["language"] for row in found.rows}

    told = ran.typed("reader", "check", found.rows[0]["id"])
    assert (told.code, told.err) == (0, "")
    assert found.rows[0]["title"] in told.out
    assert re.search(r"^actors +.*pmf", told.out, re.MULTILINE)


@pytest.mark.parametrize(
    "command", [("run",), ("alerts",), ("setup",), ("sources",), ("replay", "--since", "2026-01-01")]
)
def test_a_readers_key_is_for_nothing_else(ran: Ran, command: tuple[str, ...]) -> None:
    told = ran.typed("reader", *command)

    assert told.code == 2
    assert f"store {ran.server.url}: this key or user may not do that" in told.err
    assert "Traceback" not in told.err


def test_sources_tell_how_each_feed_answered(ran: Ran) -> None:
    rows = ran.typed("worker", "sources", "--json").rows

    assert [row["id"] for row in rows] == [source.id for source in ran.newsroom.sources]
    assert any(row["status"] == 304 for row in rows)


def test_alerts_that_were_sent_are_not_sent_again(ran: Ran) -> None:
    log = ran.desk.folder / "alerts.jsonl"
    sent = log.read_text()

    told = ran.typed("worker", "alerts")

    assert told.code == 0
    assert log.read_text() == sent != ""


def test_a_replay_under_the_same_rules_changes_nothing(ran: Ran) -> None:
    day = (date.today() - timedelta(days=2)).isoformat()  # noqa: DTZ011 - two days cover any zone

    told = ran.typed("worker", "replay", "--since", day)

    assert told.code == 0
    assert "unchanged same" in told.out
    assert "kept" not in told.out


# doctor


def test_doctor_tells_of_the_server_and_the_key(ran: Ran) -> None:
    told = ran.typed("worker", "doctor")

    assert (told.code, told.err) == (0, "")
    assert re.search(r"^ok     server: Elasticsearch \d+\.\d+\.\d+, green$", told.out, re.MULTILINE)
    assert re.search(r"^ok     key: works until \d{4}-\d\d-\d\d$", told.out, re.MULTILINE)
    assert told.lines[-1] == "everything is in order"
    assert "ok     key: none in use, asks as user elastic" in ran.typed("administrator", "doctor").lines


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (SOON.days - 1, r"lapses on \d{4}-\d\d-\d\d; `wireroom setup` as a user makes its successor\."),
        (None, r"never lapses; `wireroom setup` as a user makes keys that do\."),
    ],
)
def test_doctor_notes_a_key_that_lapses_soon_or_never(ran: Ran, days: int | None, said: str) -> None:
    asked = {"name": "wireroom-doctor", **({"expiration": f"{days}d"} if days else {})}
    key = ran.server.ask("POST", "/_security/api_key", asked)[1]["encoded"]

    told = ran.typed(key, "doctor")

    assert told.code == 0
    assert re.search(rf"^note   key: {said}$", told.out, re.MULTILINE)


@contextmanager
def setting(server: Address, index: str, name: str, value: object) -> Iterator[None]:
    assert server.ask("PUT", f"/{index}/_settings", {name: value})[0] == 200
    yield
    assert server.ask("PUT", f"/{index}/_settings", {name: None})[0] == 200


def test_doctor_finds_a_full_disk_and_a_lost_shard(ran: Ran) -> None:
    index = f"news-{datetime.now(UTC):%Y.%m}"
    with setting(ran.server, index, "index.blocks.read_only_allow_delete", value=True):
        told = ran.typed("worker", "doctor")
    assert told.code == 1
    assert f"FAULT  server: the disk is full, so that {index} take no more; free room there." in told.lines

    lost = {"settings": {"index.routing.allocation.require._name": "nobody"}}
    assert ran.server.ask("PUT", "/news-2001.01?wait_for_active_shards=0", lost)[0] == 200
    told = ran.typed("worker", "doctor")
    assert ran.server.ask("DELETE", "/news-2001.01")[0] == 200
    assert told.code == 1
    assert "FAULT  server: a shard of news-2001.01 is missing; `GET _cluster/allocation/explain` tells why." in told.out


def test_doctor_notes_copies_that_are_missing(ran: Ran) -> None:
    alone = {"settings": {"auto_expand_replicas": False, "number_of_replicas": 1}}
    assert ran.server.ask("PUT", "/news-2001.02", alone)[0] == 200

    told = ran.typed("worker", "doctor")

    assert ran.server.ask("DELETE", "/news-2001.02")[0] == 200
    assert told.code == 0
    assert re.search(
        r"^note   server: Elasticsearch \S+, yellow: copies of shards are missing\.$", told.out, re.MULTILINE
    )


# A wrong environment


@pytest.mark.parametrize("command", [("run",), ("search", "x"), ("sources",), ("alerts",), ("check", "0" * 64)])
def test_without_a_key_every_command_says_what_is_missing(ran: Ran, command: tuple[str, ...]) -> None:
    words = (*command, "--store", ran.store) if command[0] == "search" else command
    told = spawned(*words, "--config", ran.desk.config, "--store", ran.store, environ={})

    assert "refuses who asks: WIREROOM_ES_API_KEY (or _USERNAME and _PASSWORD) is missing" in refused(told)


def test_a_server_that_nobody_set_up_is_told(ran: Ran) -> None:
    held = ran.server.ask("GET", "/_index_template/wireroom-claims")[1]["index_templates"][0]["index_template"]
    ran.server.ask("DELETE", "/_index_template/wireroom-claims")
    try:
        told = ran.typed("worker", "run")
    finally:
        ran.server.ask("PUT", "/_index_template/wireroom-claims", held)

    assert "has no index template wireroom-claims; `wireroom setup` as a user" in refused(told)


@pytest.mark.parametrize("url", ["https://me:s3cret@host:9200", "elasticsearch://me:s3cret@host:9200"])
def test_a_url_that_lacks_the_first_word_is_told_without_its_secret(tmp_path: Path, url: str) -> None:
    told = refused(spawned("search", "x", "--store", url, folder=tmp_path))

    assert "s3cret" not in told
    assert "elasticsearch+https://host:9200" in told


@pytest.mark.parametrize("command", [("search", "x"), ("doctor",)])
def test_without_the_client_the_command_says_what_to_install(tmp_path: Path, command: tuple[str, ...]) -> None:
    store = ("--store", "elasticsearch+http://127.0.0.1:9")

    told = spawned(*command, *store, folder=tmp_path, before="import sys; sys.modules['elasticsearch'] = None")

    remedy = "the client for Elasticsearch is not installed: `pip install '.[elastic]'` in Wireroom's folder."
    assert remedy in told.out + told.err
    assert "Traceback" not in told.err
