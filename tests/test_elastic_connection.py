"""How long a server that went away is waited for, and what a lost answer does to what was written."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from elastic_transport import ConnectionError as Unreachable
from elastic_transport import TlsError
from elasticsearch import ApiError, Elasticsearch

from pipeline.model import Article, Changes, Claim, Fate, Outcome, Seen, Stored, Visit
from pipeline.stores.elastic import ElasticStore
from pipeline.stores.elastic.connection import LONGEST_NAP, Access, PatientTransport, access, be_patient, connect
from tests.elastic_between import Judge, between, first
from tests.elastic_server import CERTIFICATE, KEY, Address
from tests.elastic_store import client_of, opening
from tests.local_server import LocalServer, Reply, Request
from tests.trial import NOW

HEADERS = {"Content-Type": "application/json", "X-Elastic-Product": "Elasticsearch"}
NO_SHARD = {"error": {"type": "no_shard_available_action_exception", "reason": "No shard available"}}


@dataclass
class Watch:
    """A clock that only sleeping moves."""

    at: float = 0.0
    naps: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.at += seconds


def client(url: str, patience: float, watch: Watch) -> Elasticsearch:
    made = connect(Access(url, key="k"), patience)
    assert isinstance(made.transport, PatientTransport)
    made.transport.sleep, made.transport.clock = watch.sleep, lambda: watch.at
    return made


def says(body: object, status: int = 200) -> Reply:
    return Reply(json.dumps(body).encode(), status, HEADERS)


def one_after_the_other(answers: Iterable[Reply]) -> Callable[[Request], Reply]:
    """Each answer once, the last one for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


# Patience


def test_who_is_patient_asks_again_ever_more_slowly_and_gives_up_in_time() -> None:
    watch = Watch()
    with LocalServer({}) as gone:
        url = gone.url("")

    with client(url, 100, watch) as asking, pytest.raises(Unreachable):
        asking.info()

    assert watch.naps[:4] == [0.1, 0.2, 0.4, 0.8]
    assert max(watch.naps) == LONGEST_NAP
    assert 100 - LONGEST_NAP <= sum(watch.naps) <= 100


def test_who_has_no_patience_asks_once() -> None:
    watch = Watch()
    with LocalServer({"*": says({}, 503)}) as server, client(server.url(""), 0, watch) as asking:
        with pytest.raises(ApiError):
            asking.info()
        assert (len(server.requests), watch.naps) == (1, [])


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_overloaded_server_is_asked_again_until_it_answers(status: int) -> None:
    watch, route = Watch(), one_after_the_other([says({}, status)] * 3 + [says({"ok": True})])
    with LocalServer({"*": route}) as server, client(server.url(""), 60, watch) as asking:
        assert asking.info() == {"ok": True}

    assert watch.naps == [0.1, 0.2, 0.4]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500])
def test_what_will_not_change_by_waiting_is_not_asked_again(status: int) -> None:
    watch = Watch()
    with LocalServer({"*": says({}, status)}) as server, client(server.url(""), 60, watch) as asking:
        with pytest.raises(ApiError):
            asking.info()
        assert (len(server.requests), watch.naps) == (1, [])


def test_a_server_that_comes_back_knows_nobody_for_a_moment_and_is_asked_again() -> None:
    watch, route = Watch(), one_after_the_other([says({}, 503), says({}, 401), says({"ok": True})])
    with LocalServer({"*": route}) as server, client(server.url(""), 60, watch) as asking:
        assert asking.info() == {"ok": True}


def test_patience_can_be_taken_away_and_given_back() -> None:
    watch, route = Watch(), one_after_the_other([says({}, 503)] * 2 + [says({"ok": True})])
    with LocalServer({"*": route}) as server, client(server.url(""), 60, watch) as asking:
        patience = be_patient(asking, 0)
        with pytest.raises(ApiError):
            asking.info()
        assert be_patient(asking, patience) == 0
        assert asking.info() == {"ok": True}

    assert watch.naps == [0.1]


def test_a_server_that_has_just_come_back_and_knows_nobody_yet_is_asked_again() -> None:
    watch, route = Watch(), one_after_the_other([says({}, 503), says({}, 401), says({"ok": True})])
    with LocalServer({"*": route}) as server, client(server.url(""), 60, watch) as asking:
        assert asking.info() == {"ok": True}


def test_a_wrong_certificate_is_not_asked_again(tmp_path: Path) -> None:
    (tmp_path / "server.pem").write_text(KEY + CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    (tmp_path / "ca.crt").write_text(CERTIFICATE)
    watch = Watch()

    with LocalServer({"*": says({"ok": True})}, tls=context) as server:
        with client(server.url(""), 60, watch) as asking, pytest.raises(TlsError):
            asking.info()
        with connect(Access(server.url(""), authority=str(tmp_path / "ca.crt"))) as asking:
            assert asking.info() == {"ok": True}
    assert watch.naps == []


SHARDS = {"total": 2, "successful": 1, "failed": 1}
FOUND = {"hits": {"hits": []}, "count": 0, "docs": [{"found": True}]}


@pytest.mark.parametrize(
    "partial",
    [
        {**FOUND, "_shards": {**SHARDS, "failures": []}},
        {**FOUND, "_shards": {**SHARDS, "failures": [{"reason": NO_SHARD["error"]}]}},
        {"count": 0, "_shards": {"total": 2, "successful": 1, "failed": 0}},
        {"docs": [{"found": True}, NO_SHARD]},
    ],
)
def test_an_answer_that_lacks_a_shard_is_none(partial: dict[str, object]) -> None:
    watch = Watch()
    route = one_after_the_other([says(partial), says({**FOUND, "_shards": {"total": 2, "successful": 2}})])
    with LocalServer({"*": route}) as server, client(server.url(""), 60, watch) as asking:
        assert asking.search(index="news")["count"] == 0
    assert watch.naps == [0.1]

    with LocalServer({"*": says(partial)}) as server, client(server.url(""), 0, watch) as asking:
        with pytest.raises(ApiError) as told:
            asking.mget(ids=["1"], index="news")
        assert told.value.status_code == 503


def test_an_index_that_is_not_there_is_an_answer() -> None:
    told = {"docs": [{"_id": "1", "error": {"type": "index_not_found_exception"}}]}
    with LocalServer({"*": says(told)}) as server, client(server.url(""), 60, Watch()) as asking:
        assert asking.mget(ids=["1"], index="news") == told


# What opens a server


def test_a_key_goes_before_a_user_and_nothing_shows_a_secret() -> None:
    environ = {"WIREROOM_ES_API_KEY": "k3y", "WIREROOM_ES_USERNAME": "me", "WIREROOM_ES_PASSWORD": "s3cr3t"}
    to = access("elasticsearch+https://search.example:9200/", environ)

    assert (to.url, to.key, to.user, to.password) == ("https://search.example:9200", "k3y", "me", "s3cr3t")
    assert "k3y" not in repr(to)
    assert "s3cr3t" not in repr(to)
    with LocalServer({"*": says({"ok": True})}) as server:
        for environ_now in (environ, {**environ, "WIREROOM_ES_API_KEY": ""}):
            with connect(access(f"elasticsearch+{server.url('')}", environ_now)) as asking:
                asking.info()
        assert [each.header("authorization") for each in server.requests] == ["ApiKey k3y", "Basic bWU6czNjcjN0"]


# Lost answers


def article(name: str) -> Article:
    return Article(name, f"https://x.example/{name}", text="flood", fetched_at=NOW, ingested_at=NOW)


WRITTEN = Changes(
    articles=tuple(Stored(article(f"a{number}")) for number in range(3)),
    visits=(Stored(Visit("port", "run-1", NOW)),),
    states=(("cursor", Stored("here")),),
    seen=(Seen("a1", NOW, Fate.KEPT),),
    outcomes=(Outcome("20261121T080000Z", "port", "", "feed", Fate.KEPT, "new", NOW),),
)


@pytest.mark.parametrize("fate", ["lost", "unheard"])
def test_whatever_answer_is_lost_everything_stands_once(elastic: Address, elastic_prefix: str, fate: str) -> None:
    with (
        opening(elastic, elastic_prefix) as one_more,
        between(elastic, every_other(fate)) as bad,
    ):
        through = ElasticStore(client_of(bad, 60), bad.url, prefix=elastic_prefix)
        lost = through.save(WRITTEN)
        made = through.claim(Claim("rule", "a1", "new", NOW, "{}"))
        through.close()

        assert (lost, made) == (
            (frozenset(), True) if fate == "lost" else ({"a0", "a1", "a2", "port", "cursor"}, False)
        )
        store = one_more()
        assert len(list(store.ingested(NOW))) == len(store.articles(["a0", "a1", "a2"])) == 3
        assert (store.visits()["port"].value, store.state("cursor").value) == (WRITTEN.visits[0].value, "here")
        assert list(store.outcomes("20261121T080000Z")) == list(WRITTEN.outcomes)
        assert [claim.key for claim in store.undelivered()] == ["rule/a1/new"]


def every_other(fate: str) -> Judge:
    """A judge who deals so with each request when it comes the first time."""
    met = set[bytes]()

    def judged(request: Request) -> str:
        told = b" ".join((request.method.encode(), request.target.encode(), request.body))
        if told in met:
            return ""
        met.add(told)
        return fate

    return judged


def test_a_run_that_reads_through_a_bad_line_reads_everything(elastic: Address, elastic_prefix: str) -> None:
    with opening(elastic, elastic_prefix) as one_more, between(elastic, first(3, "lost")) as bad:
        one_more().save(WRITTEN)
        through = ElasticStore(client_of(bad, 60), bad.url, prefix=elastic_prefix)

        assert [each.id for each in through.ingested(NOW)] == ["a0", "a1", "a2"]
        through.close()
