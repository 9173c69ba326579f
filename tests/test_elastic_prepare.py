"""`wireroom setup` on a server: harmless twice, nothing over what others made, and new rules without a gap."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.model import Article, Changes, Claim, ConfigError, Fate, Seen, Stored, StoreError, Visit
from pipeline.query import Search, parse
from pipeline.stores.elastic import ElasticStore
from pipeline.stores.elastic.families import families
from pipeline.stores.elastic.faults import explained
from pipeline.stores.elastic.prepare import check, prepare
from tests.elastic_between import between, first
from tests.elastic_server import Address, clear
from tests.elastic_store import client_of
from tests.trial import NOW, minutes

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

MANY = 450  # articles: more than one bulk and one page
VISIT = Visit("port", "run-1", NOW, 200, NOW, etag='"1"')
CLAIM = Claim("rule", "a1", "new", NOW, '{"id": 1}')
SEEN = Seen("a1", NOW, Fate.KEPT)
NUMBERS = count()
OLDER = {"wireroom": 1, "rules": "older"}


@dataclass(frozen=True)
class Server:
    """The names under one prefix of a server."""

    client: Elasticsearch
    address: Address
    prefix: str

    def setup(self, **options: Any) -> list[str]:  # noqa: ANN401 - of `prepare`
        with explained(self.address.url):
            return prepare(self.client, self.address.url, NOW, self.prefix, **options)

    def refusal(self, *, reindex: bool = False) -> str:
        """What setup says where it writes nothing."""
        before = self.state()
        with pytest.raises(ConfigError) as told:
            self.setup(reindex=reindex)
        assert self.state() == before
        assert f"store {self.address.url}: " in str(told.value)
        assert "\n" not in str(told.value)
        return str(told.value).replace(self.prefix, "")

    def state(self) -> tuple[object, object]:
        """All indices with what they are, and all templates."""
        quiet = self.client.options(ignore_status=404)
        templates = quiet.indices.get_index_template(name=f"{self.prefix}*")["index_templates"]
        return self.client.indices.get(index=f"{self.prefix}*").body, templates

    def store(self, address: Address | None = None) -> ElasticStore:
        return ElasticStore(client_of(address or self.address), self.address.url, prefix=self.prefix)

    def name(self, name: str) -> str:
        return self.prefix + name

    def older(self) -> None:
        """Make templates and indices as another version of ours would have."""
        for family in families():
            made = family.template(self.prefix)
            made["template"]["mappings"] = {**made["template"]["mappings"], "_meta": OLDER}
            self.client.indices.put_index_template(name=family.template_name(self.prefix), body=made)
            self.client.indices.create(index=self.name(f"{family.name}-2026.11" if family.monthly else family.name))


@pytest.fixture
def server(elastic: Address, elastic_prefix: str) -> Iterator[Server]:
    prefix = f"{elastic_prefix}prepare-{next(NUMBERS)}-"
    with client_of(elastic) as client:
        yield Server(client, elastic, prefix)
    clear(elastic, prefix)


def article(number: int, **fields: Any) -> Article:  # noqa: ANN401 - any field
    at = NOW + minutes(number)
    made = Article(f"a{number}", f"https://x.example/{number}", "Flood", f"The flood {number}", published_at=at)
    return replace(made, fetched_at=NOW, ingested_at=at, **fields)


def put(store: ElasticStore, *articles: Article) -> None:
    assert not store.save(Changes(articles=tuple(map(Stored, articles))))


def found(store: ElasticStore, words: str = "flood") -> list[str]:
    return [hit.article.id for hit in store.search(Search(parse(words), limit=0))]


# Harmless


def test_setup_twice_changes_nothing(server: Server) -> None:
    assert server.setup() == []
    store = server.store()
    put(store, article(1))
    before = server.state()

    assert server.setup() == server.setup(reindex=True) == []
    check(server.client, server.address.url, server.prefix)

    assert server.state() == before
    assert found(store) == ["a1"]
    store.close()


def test_several_may_set_up_at_once(server: Server) -> None:
    with ThreadPoolExecutor(3) as at_once:
        assert list(at_once.map(lambda _: server.setup(), range(3))) == [[]] * 3

    check(server.client, server.address.url, server.prefix)


def test_a_server_without_setup_is_told(server: Server) -> None:
    with pytest.raises(ConfigError, match=r"has no index template .*wireroom-news; `wireroom setup` as a user"):
        check(server.client, server.address.url, server.prefix)


# What others made


@pytest.mark.parametrize(
    ("index", "alias"),
    [
        *(("news-2026.10", ""), ("news", ""), ("wireroom-visits", ""), ("wireroom-outcomes", "")),
        *(("papers", "news"), ("papers", "wireroom-states")),
    ],
)
@pytest.mark.parametrize("meta", [{}, {"wireroom": "yes"}])
def test_an_index_of_others_under_a_name_of_ours_is_told(
    server: Server, index: str, alias: str, meta: dict[str, str]
) -> None:
    aliases: dict[str, dict[str, str]] = {server.name(alias): {}} if alias else {}
    server.client.indices.create(index=server.name(index), mappings={"_meta": meta}, aliases=aliases)

    for reindex in (False, True):
        said = server.refusal(reindex=reindex)
        assert f"index {index} was not made by wireroom, and its name is ours; rename or remove it" in said


def test_indices_of_others_beside_ours_are_none_of_our_business(server: Server) -> None:
    server.client.indices.create(index=server.name("news-archive"))
    server.client.indices.create(index=server.name("wireroom"))

    assert server.setup() == []
    check(server.client, server.address.url, server.prefix)


@pytest.mark.parametrize(
    ("template", "pattern", "priority", "meta", "said"),
    [
        ("wireroom-news", "news-*", 500, {}, "index template wireroom-news was not made by wireroom"),
        ("wireroom-seen", "wireroom-seen", 500, {"wireroom": 99}, "wireroom-seen is of a newer wireroom (schema 99"),
        ("papers", "news*", 600, {}, "index template papers of others would rule our index news-2026.11; lower its"),
        ("papers", "*-claims", 500, {}, "of others would rule our index wireroom-claims"),
    ],
)
def test_a_template_of_others_or_of_a_newer_version_is_told(
    server: Server, template: str, pattern: str, priority: int, meta: dict[str, int], said: str
) -> None:
    server.client.indices.put_index_template(
        name=server.name(template),
        index_patterns=[server.name(pattern)],
        priority=priority,
        template={"mappings": {"_meta": meta}},
    )

    assert said in server.refusal()
    assert said in server.refusal(reindex=True)


def test_a_template_that_yields_to_ours_may_stand_beside_it(server: Server) -> None:
    server.client.indices.put_index_template(name=server.name("p"), index_patterns=[server.name("*")], priority=499)

    assert server.setup() == []


def test_an_index_of_a_newer_version_is_told(server: Server) -> None:
    server.client.indices.create(index=server.name("news-2026.11"), mappings={"_meta": {"wireroom": 99}})

    for reindex in (False, True):
        said = server.refusal(reindex=reindex)
        assert "index news-2026.11 is of a newer wireroom (schema 99, this one knows 1); use that one" in said


def test_a_run_that_began_before_a_newer_version_came_stops(server: Server) -> None:
    server.setup()
    store = server.store()
    server.client.indices.put_mapping(index=server.name("news-*"), meta={"wireroom": 99})

    with pytest.raises(ConfigError, match="is of a newer wireroom"), store.exclusive():
        pytest.fail("it would write by older rules")
    store.close()


# Other rules


def test_other_rules_are_told_with_the_remedy(server: Server) -> None:
    server.older()

    said = server.refusal()

    assert "index news-2026.11 was made under other rules than this version's; `wireroom setup --reindex`" in said
    with pytest.raises(ConfigError, match="wireroom-news was made under other rules"):
        check(server.client, server.address.url, server.prefix)


def test_filled_anew_everything_is_as_it_was_and_may_be_written_over_what_is_there_now(server: Server) -> None:
    server.older()
    store = server.store()
    articles = [article(number, digest=b"x", bands=("0:ab",)) for number in range(5)]
    put(store, *articles, article(9, fetched_at=NOW.replace(month=10)))
    store.save(Changes(visits=(Stored(VISIT),), states=(("cursor", Stored("old")),), seen=(SEEN,)))
    assert store.claim(CLAIM)
    held = store.articles(["a1"])["a1"]
    old = server.store()  # as another process remembers it

    filled = server.setup(reindex=True)
    check(server.client, server.address.url, server.prefix)
    now = server.store()

    assert {name.removeprefix(server.prefix) for name in filled} == {
        *("news-2026.10", "news-2026.11", "wireroom-outcomes-2026.11", "wireroom-visits", "wireroom-states"),
        *("wireroom-seen", "wireroom-months", "wireroom-claims"),
    }
    assert {key: each.value for key, each in now.articles([each.id for each in articles]).items()} == {
        each.id: each for each in articles
    }
    assert sorted(found(now)) == ["a0", "a1", "a2", "a3", "a4", "a9"]
    assert (now.visits()["port"].value, now.seen(["a1"]), now.claims(["a1"])) == (VISIT, {"a1": SEEN}, [CLAIM])
    assert not now.claim(CLAIM)

    assert old.save(Changes(articles=(replace(held, value=article(1, title="Stale")),))) == {"a1"}
    fresh = now.articles(["a1"])["a1"]
    assert not now.save(Changes(articles=(replace(fresh, value=article(1, title="Fresh")),)))
    state = now.state("cursor")
    assert not now.save(Changes(states=(("cursor", replace(state, value="new")),)))
    assert now.save(Changes(states=(("cursor", replace(state, value="late")),))) == {"cursor"}
    assert (now.articles(["a1"])["a1"].value.title, now.state("cursor").value) == ("Fresh", "new")
    for each in (store, old, now):
        each.close()


def test_readers_meet_neither_gap_nor_double_while_it_is_filled(server: Server) -> None:
    server.older()
    store, reader = server.store(), server.store()
    put(store, *map(article, range(MANY)))
    everything = sorted(found(store))
    store.close()
    ended, seen = threading.Event(), list[list[str] | int]()

    def read() -> None:
        index = server.name("news")
        while not ended.is_set():
            told = server.client.search(index=index, size=MANY * 2, source=False)
            seen.append(sorted(each["_id"] for each in told["hits"]["hits"]))
            seen.append(reader.count())

    with ThreadPoolExecutor(1) as beside:
        reading = beside.submit(read)
        server.setup(reindex=True)
        ended.set()
        reading.result()
    reader.close()

    assert len(seen) > 10
    assert all(each in (everything, MANY) for each in seen)


def test_an_attempt_that_was_broken_off_can_be_made_again(server: Server) -> None:
    server.older()
    store = server.store()
    put(store, *map(article, range(3)))

    with (
        between(server.address, first(1, "lost", path="/_aliases")) as gone,
        client_of(gone) as client,
        pytest.raises(StoreError),
        explained(gone.url),
    ):
        prepare(client, gone.url, NOW, server.prefix, reindex=True)
    assert sorted(found(server.store())) == ["a0", "a1", "a2"]
    assert set(server.store().articles(["a1"])) == {"a1"}
    with pytest.raises(StoreError, match="takes nothing now: its indices are blocked"):
        put(store, article(4))

    server.setup(reindex=True)

    check(server.client, server.address.url, server.prefix)
    assert sorted(found(server.store())) == ["a0", "a1", "a2"]
    put(server.store(), article(4))
    assert {each.removeprefix(server.prefix) for each in server.client.indices.get(index=server.name("news*"))} == {
        "news-2026.11-r2"
    }


def test_whoever_goes_back_to_the_rules_of_before_gets_rid_of_what_was_not_finished(server: Server) -> None:
    server.setup()
    put(server.store(), article(1))
    server.client.indices.create(
        index=server.name("news-2026.11-r2"),
        mappings={"_meta": OLDER},
        aliases={server.name("news"): {"filter": {"bool": {"must_not": [{"match_all": {}}]}}}},
    )
    server.client.indices.add_block(index=server.name("news-2026.11"), block="write")
    assert "news-2026.11-r2 was made under other rules" in server.refusal()

    assert server.setup(reindex=True) == []

    check(server.client, server.address.url, server.prefix)
    put(server.store(), article(2))
    assert sorted(found(server.store())) == ["a1", "a2"]


def test_filling_anew_waits_for_a_run_and_finds_what_it_wrote_last(server: Server) -> None:
    server.older()
    store, waits = server.store(), threading.Event()
    with ThreadPoolExecutor(1) as beside:
        with store._lease.held(lambda: None):  # noqa: SLF001 - a run of the version before
            filling = beside.submit(server.setup, reindex=True, waiting=waits.set)
            assert waits.wait(30)
            put(store, article(1))
        assert server.name("news-2026.11") in filling.result()

    assert found(server.store()) == ["a1"]
    assert server.setup() == []
    store.close()
