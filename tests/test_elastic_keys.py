"""The API keys that setup makes: what each may do and may not, until when, and that nobody keeps their secrets."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.model import Article, Changes, Claim, ConfigError, Fate, Outcome, Stored, Visit
from pipeline.query import Search, parse
from pipeline.stores.elastic import ElasticStore
from pipeline.stores.elastic.connection import Access, connect
from pipeline.stores.elastic.families import REFRESH_SECONDS
from pipeline.stores.elastic.faults import explained
from pipeline.stores.elastic.freshness import SLACK, Freshness
from pipeline.stores.elastic.keys import RIGHTS, SOON, Key, lapses, make
from pipeline.stores.elastic.prepare import prepare
from tests.conftest import emptied
from tests.elastic_server import Address
from tests.elastic_store import client_of

NOW = datetime.now(UTC)
MONTH = f"news-{NOW:%Y.%m}"
ARTICLE = Article("a1", "https://x.example/1", text="flood", fetched_at=NOW, ingested_at=NOW)
DOCUMENT = {"id": "x"}


@dataclass(frozen=True)
class Ring:
    """A server that was set up, and its keys by role."""

    address: Address
    keys: dict[str, Key]

    def access(self, role: str) -> Access:
        return Access(self.address.url, key=self.keys[role].secret)

    def status(self, role: str, method: str, path: str, body: object = None) -> int:
        """What the server says to a key."""
        with connect(self.access(role)) as client:
            headers = {"accept": "application/json", "content-type": "application/json"}
            asked = client.options(ignore_status=range(300, 600))
            return asked.perform_request(method, path, headers=headers, body=body).meta.status

    def store(self, role: str) -> ElasticStore:
        environ = {"WIREROOM_ES_API_KEY": self.keys[role].secret}
        return ElasticStore.open(f"elasticsearch+{self.address.url}", environ, reading=role == "reader")


@pytest.fixture(scope="module")
def ring(elastic: Address) -> Iterator[Ring]:
    with emptied(elastic) as address, client_of(address) as client:
        prepare(client, address.url, NOW)
        keys = {key.role: key for key in make(client, NOW)}
        client.create(index=MONTH, id="kept", document={"id": "kept"}, refresh=True)
        yield Ring(address, keys)


# Once, and not for ever


def test_each_key_is_made_once_and_lapses_after_90_days(ring: Ring) -> None:
    assert set(ring.keys) == {"worker", "reader", "upkeep"}
    for key in ring.keys.values():
        assert key.secret
        assert timedelta(days=89) < key.until - NOW <= timedelta(days=90, hours=1)

    with client_of(ring.address) as client:
        again = list(make(client, NOW))
    assert [(key.role, key.until, key.secret) for key in again] == [
        (key.role, key.until, "") for key in ring.keys.values()
    ]


def test_a_key_that_lapses_soon_gets_a_successor_and_works_on(ring: Ring) -> None:
    late = NOW + timedelta(days=90) - SOON
    with client_of(ring.address) as client:
        successors = {key.role: key for key in make(client, late + timedelta(hours=1))}
        assert all(key.secret for key in successors.values())
        ids = [each["id"] for each in client.security.get_api_key(name="wireroom-*", active_only=True)["api_keys"]]
        assert len(ids) == 6

    for keys in (ring.keys, successors):
        assert Ring(ring.address, keys).status("worker", "GET", "/") == 200


def test_a_key_with_the_rights_of_an_older_version_gets_a_successor(ring: Ring) -> None:
    with client_of(ring.address) as client:
        rights = {"reader": {"cluster": ["monitor"], "indices": [{"names": ["news"], "privileges": ["read"]}]}}
        client.security.invalidate_api_key(name="wireroom-reader")
        client.security.create_api_key(
            name="wireroom-reader", expiration="90d", role_descriptors=rights, metadata={"rights": "of before"}
        )
        try:
            made = {key.role: key for key in make(client, NOW)}
        finally:
            ring.keys["reader"] = made["reader"]

    assert [role for role, key in made.items() if key.secret] == ["reader"]


def test_nobody_keeps_a_secret(ring: Ring) -> None:
    secrets = [key.secret for key in ring.keys.values()]
    assert not any(secret in repr(ring) for secret in secrets)
    with client_of(ring.address) as client:
        client.indices.refresh(index="*")
        everything = json.dumps(
            [
                client.search(index="news*,wireroom*", size=1000).body,
                client.indices.get(index="news*,wireroom*").body,
                client.indices.get_index_template().body,
                client.security.get_api_key(name="wireroom-*").body,
            ]
        )

    assert not any(secret in everything for secret in secrets)


def test_a_key_tells_until_when_it_works(ring: Ring) -> None:
    for role, key in ring.keys.items():
        with connect(ring.access(role)) as client:
            assert lapses(client) == key.until

    endless = ring.address.ask("POST", "/_security/api_key", {"name": "wireroom-endless"})[1]["encoded"]
    with connect(Access(ring.address.url, key=endless)) as client:
        assert lapses(client) is None


def test_a_key_cannot_make_keys(ring: Ring) -> None:
    with (
        connect(ring.access("worker")) as client,
        pytest.raises(ConfigError, match="this key or user may not do that"),
        explained(ring.address.url),
    ):
        list(make(client, NOW))


# What each may do

SEARCH: dict[str, Any] = {"query": {"match_all": {}}}
ASKED: list[tuple[str, str, str, object]] = [
    ("see the server", "GET", "/", None),
    ("see its templates", "GET", "/_index_template/wireroom-news", None),
    ("search articles", "POST", "/news/_search", SEARCH),
    ("read an article", "POST", "/_mget", {"docs": [{"_index": MONTH, "_id": "kept"}]}),
    ("find its month", "POST", "/wireroom-months/_mget", {"ids": ["kept"]}),
    ("read state", "POST", "/wireroom-states/_search", SEARCH),
    ("store an article", "POST", f"/{MONTH}/_create/by-{{role}}", DOCUMENT),
    ("change an article", "PUT", f"/{MONTH}/_doc/by-{{role}}", DOCUMENT),
    ("write state", "PUT", "/wireroom-states/_doc/{role}", {"key": "x"}),
    ("delete state", "DELETE", "/wireroom-states/_doc/{role}", None),
    ("delete what was seen", "DELETE", "/wireroom-seen/_doc/nothing", None),
    ("begin a month", "POST", "/news-2001.01/_doc/1", DOCUMENT),
    ("refresh", "POST", "/news/_refresh", None),
    ("delete an article", "DELETE", f"/{MONTH}/_doc/kept", None),
    ("delete by query", "POST", "/news/_delete_by_query", {"query": {"term": {"id": "nothing"}}}),
    ("make an index", "PUT", "/wireroom-{role}", None),
    ("read what is not ours", "POST", "/papers/_search", SEARCH),
    ("change templates", "PUT", "/_index_template/wireroom-x", {"index_patterns": ["wireroom-x"]}),
    ("make keys", "POST", "/_security/api_key", {"name": "wireroom-x"}),
    ("delete a month", "DELETE", "/news-2001.01", None),
]
WORKER = "search articles/read an article/find its month/read state/store an article/change an article/write state"
MAY = {
    "worker": {"see the server", "see its templates", "begin a month", "refresh", *WORKER.split("/")},
    "reader": {"see the server", "see its templates", "search articles", "read an article", "find its month"},
}
MAY["worker"].add("delete state")
MAY["upkeep"] = MAY["worker"] | {"delete a month"}


@pytest.mark.parametrize("role", MAY)
def test_each_key_may_do_its_work_and_nothing_else(ring: Ring, role: str) -> None:
    told = {what: ring.status(role, method, path.format(role=role), body) for what, method, path, body in ASKED}

    assert {what for what, status in told.items() if status < 300} == MAY[role]
    assert {status for what, status in told.items() if what not in MAY[role]} <= {403, 404}
    assert {what for what, status in told.items() if status == 404} <= {"delete a month"}


def test_a_worker_key_is_enough_for_a_store_and_a_reader_key_for_reading(ring: Ring) -> None:
    with closing(ring.store("worker")) as store, store.exclusive():
        assert not store.save(Changes(articles=(Stored(ARTICLE),), visits=(Stored(Visit("port", "run-1", NOW)),)))
        assert store.claim(Claim("rule", "a1", "new", NOW, "{}"))
        assert [found.id for found in store.ingested(NOW.replace(microsecond=0))] == ["a1"]
        store.save(Changes(outcomes=(Outcome("run-1", "port", "u", "feed", Fate.KEPT, "http-200", NOW),)))
        assert (store.forget(NOW), store.forget(NOW + timedelta(seconds=1))) == (0, 1)

    with closing(ring.store("reader")) as store:
        assert [hit.article.id for hit in store.search(Search(parse("flood")))] == ["a1"]
        assert set(store.articles(["a1"])) == {"a1"}
        with pytest.raises(ConfigError, match="this key or user may not do that"):
            store.save(Changes(articles=(Stored(ARTICLE),)))
        with pytest.raises(ConfigError, match="this key or user may not do that"), store.exclusive():
            pytest.fail("a reader cannot run")


def test_only_the_key_for_upkeep_may_expire_articles(ring: Ring) -> None:
    old = replace(ARTICLE, id="old", fetched_at=NOW - timedelta(days=99), ingested_at=NOW - timedelta(days=99))
    with closing(ring.store("worker")) as store, store.exclusive():
        store.save(Changes(articles=(Stored(old),), states=(("archive/1", Stored("done")), ("kept", Stored("done")))))
        assert store.forget_states("archive/", "archive/2") == 1
        with pytest.raises(ConfigError, match=r"this key may not delete articles, as retention\.articles_months"):
            store.expire(NOW.date())
        assert set(store.articles(["old"])) == {"old"}

    with closing(ring.store("upkeep")) as store, store.exclusive():
        assert list(store.outliving(NOW.date())) == []
        assert store.expire(NOW.date()) == 1
        assert (store.forget(NOW), store.forget_states("archive/", "archive/2")) == (0, 0)
        assert set(store.articles(["old"])) == set()
        assert store.state("kept").value == "done"


# Without the right to refresh


def lesser(ring: Ring) -> Access:
    """A worker's key as the strictest administrator would make it."""
    less = [
        {**rights, "privileges": [each for each in rights["privileges"] if each not in {"maintenance", "delete"}]}
        for rights in RIGHTS["worker"][:1]
    ]
    roles = {"worker": {"cluster": ["monitor"], "indices": less}}
    told = ring.address.ask("POST", "/_security/api_key", {"name": "wireroom-less", "role_descriptors": roles})
    return Access(ring.address.url, key=told[1]["encoded"])


def test_a_key_that_may_not_refresh_waits_for_the_server_to_do_so(ring: Ring) -> None:
    naps, at = list[float](), 100.0
    with connect(lesser(ring)) as client:
        freshness = Freshness(client, lambda: at, naps.append)
        freshness.see("news", others=False)
        assert naps == []

        freshness.see("news")
        freshness.see("news")
        assert naps == [REFRESH_SECONDS + SLACK]

        freshness.wrote("news")
        at += 2
        freshness.see("news", others=False)
        assert naps[1:] == [REFRESH_SECONDS + SLACK - 2]


def test_a_key_that_may_refresh_waits_for_nothing(ring: Ring) -> None:
    with connect(ring.access("worker")) as client:
        freshness = Freshness(client, lambda: 0.0, lambda _: pytest.fail("it may refresh"))
        freshness.wrote("news")
        assert freshness.see("news") == "news"


def test_a_store_sees_what_it_wrote_without_the_right_to_refresh(ring: Ring) -> None:
    with connect(lesser(ring)) as client, client_of(ring.address) as root:
        root.indices.put_settings(index="news-*", settings={"refresh_interval": "50ms"})
        store = ElasticStore(client, ring.address.url)
        naps = list[float]()

        def nap(seconds: float) -> None:
            naps.append(seconds)
            time.sleep(0.3)  # six refreshes of this server

        store._freshness.sleep = nap  # noqa: SLF001 - a store has no other clock
        store.save(Changes(articles=(Stored(Article("a2", "https://x.example/2", story="s2", fetched_at=NOW)),)))

        assert [each.value.id for each in store.stories(["s2"])] == ["a2"]
        assert [round(each) for each in naps] == [6]
        root.indices.put_settings(index="news-*", settings={"refresh_interval": "5s"})
