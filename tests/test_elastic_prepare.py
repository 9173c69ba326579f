"""`wireroom setup` on a server: harmless twice, nothing over what others made, and new rules without a gap."""

from __future__ import annotations

import re
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
from pipeline.stores.elastic.connection import A_MOMENT, be_patient
from pipeline.stores.elastic.families import families
from pipeline.stores.elastic.faults import explained
from pipeline.stores.elastic.prepare import check, prepare
from pipeline.stores.elastic.writing import unnumbered
from tests.elastic_between import between, first
from tests.elastic_server import Address, clear
from tests.elastic_store import client_of, empty
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

    def store(self) -> ElasticStore:
        return ElasticStore(client_of(self.address, A_MOMENT), self.address.url, prefix=self.prefix)

    def name(self, name: str) -> str:
        return self.prefix + name

    def older(self, *names: str) -> None:
        """Let the indices of these families (none: of all) be of other rules."""
        patterns = [f"{self.prefix}{name}*" for name in names or ("news-", "wireroom-")]
        self.client.indices.put_mapping(index=patterns, meta=OLDER)

    def meta(self, index: str) -> dict[str, Any]:
        """What an index says of itself."""
        [told] = self.client.indices.get_mapping(index=self.name(index)).values()
        return dict(told["mappings"]["_meta"])


@pytest.fixture
def bare(elastic: Address, elastic_prefix: str) -> Iterator[Server]:
    """A server that nobody has set up."""
    prefix = f"{elastic_prefix}bare-{next(NUMBERS)}-"
    with client_of(elastic) as client:
        yield Server(client, elastic, prefix)
    clear(elastic, prefix)


@pytest.fixture(scope="module")
def ready(elastic: Address, elastic_prefix: str) -> Iterator[Server]:
    """A server that was set up once, for all tests of this module."""
    with client_of(elastic) as client:
        made = Server(client, elastic, f"{elastic_prefix}ready-")
        made.setup()
        yield made
    clear(elastic, made.prefix)


@pytest.fixture
def server(ready: Server) -> Server:
    """A server that was set up, with the indices of one month, without documents."""
    held = sorted(ready.client.indices.get(index=ready.name("news-*")), key=lambda name: (len(name), name))
    for index in held[:-1]:
        ready.client.indices.delete(index=index)
    empty(ready.address, ready.prefix)
    return ready


def article(number: int, **fields: Any) -> Article:  # noqa: ANN401 - any field
    at = NOW + minutes(number)
    made = Article(f"a{number}", f"https://x.example/{number}", "Flood", f"The flood {number}", published_at=at)
    return replace(replace(made, fetched_at=NOW, ingested_at=at), **fields)


def put(store: ElasticStore, *articles: Article) -> None:
    assert not store.save(Changes(articles=tuple(map(Stored, articles))))


def found(store: ElasticStore) -> list[str]:
    """The ids that a search gives, where all that anybody wrote is to be seen."""
    assert store.banded(["none"]) == []
    return sorted(hit.article.id for hit in store.search(Search(parse("flood"), limit=0)))


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


def test_several_may_set_up_at_once(bare: Server) -> None:
    with ThreadPoolExecutor(3) as at_once:
        assert list(at_once.map(lambda _: bare.setup(), range(3))) == [[]] * 3

    check(bare.client, bare.address.url, bare.prefix)


def test_a_server_without_setup_is_told(bare: Server) -> None:
    with pytest.raises(ConfigError, match=r"has no index template .*wireroom-news; `wireroom setup` as a user"):
        check(bare.client, bare.address.url, bare.prefix)


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
    bare: Server, index: str, alias: str, meta: dict[str, str]
) -> None:
    aliases: dict[str, dict[str, str]] = {bare.name(alias): {}} if alias else {}
    bare.client.indices.create(index=bare.name(index), mappings={"_meta": meta}, aliases=aliases)

    for reindex in (False, True):
        said = bare.refusal(reindex=reindex)
        assert f"index {index} was not made by wireroom, and its name is ours; rename or remove it" in said


def test_what_others_made_beside_ours_is_none_of_our_business(server: Server) -> None:
    names = [server.name(name) for name in ("newspaper", "wireroom")]
    server.client.indices.put_index_template(name=names[0], index_patterns=[server.name("*")], priority=499)
    for name in names:
        server.client.indices.create(index=name)

    assert server.setup() == []
    check(server.client, server.address.url, server.prefix)

    server.client.indices.delete(index=names)
    server.client.indices.delete_index_template(name=names[0])


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
    bare: Server, template: str, pattern: str, priority: int, meta: dict[str, int], said: str
) -> None:
    bare.client.indices.put_index_template(
        name=bare.name(template),
        index_patterns=[bare.name(pattern)],
        priority=priority,
        template={"mappings": {"_meta": meta}},
    )

    assert said in bare.refusal()
    assert said in bare.refusal(reindex=True)


def test_an_index_of_a_newer_version_is_told(bare: Server) -> None:
    bare.client.indices.create(index=bare.name("news-2026.11"), mappings={"_meta": {"wireroom": 99}})

    for reindex in (False, True):
        said = bare.refusal(reindex=reindex)
        assert "index news-2026.11 is of a newer wireroom (schema 99, this one knows 1); use that one" in said


def test_a_run_that_began_before_a_newer_version_came_stops(server: Server) -> None:
    store = server.store()
    meta = server.meta("wireroom-claims")
    server.client.indices.put_mapping(index=server.name("wireroom-claims"), meta={"wireroom": 99})

    with pytest.raises(ConfigError, match="is of a newer wireroom"), store.exclusive():
        pytest.fail("it would write by older rules")
    server.client.indices.put_mapping(index=server.name("wireroom-claims"), meta=meta)
    store.close()


# Other rules


def test_other_rules_are_told_with_the_remedy(server: Server) -> None:
    server.older("news")

    said = server.refusal()

    assert re.search(r"index news-2026\.11\S* was made under other rules than this .*`wireroom setup --reindex`", said)
    with pytest.raises(ConfigError, match=r"news-2026\.11.* was made under other rules"):
        check(server.client, server.address.url, server.prefix)
    assert server.setup(reindex=True)


def test_filled_anew_everything_is_as_it_was_and_may_be_written_over_what_is_there_now(server: Server) -> None:
    store = server.store()
    articles = [article(number, digest=b"x", bands=("0:ab",)) for number in range(5)]
    put(store, *articles, article(9, fetched_at=NOW.replace(month=10)))
    store.save(Changes(visits=(Stored(VISIT),), states=(("cursor", Stored("old")),), seen=(SEEN,)))
    assert store.claim(CLAIM)
    held = store.articles(["a1"])["a1"]
    old = server.store()  # as another process remembers it
    server.older()

    filled = server.setup(reindex=True)
    check(server.client, server.address.url, server.prefix)
    now = server.store()

    assert {unnumbered(name).removeprefix(server.prefix) for name in filled} == {
        *("news-2026.10", "news-2026.11", "wireroom-outcomes-2026.11", "wireroom-visits", "wireroom-states"),
        *("wireroom-seen", "wireroom-months", "wireroom-claims"),
    }
    assert {key: each.value for key, each in now.articles([each.id for each in articles]).items()} == {
        each.id: each for each in articles
    }
    assert found(now) == ["a0", "a1", "a2", "a3", "a4", "a9"]
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
    server.older("news")
    store, reader = server.store(), server.store()
    put(store, *map(article, range(MANY)))
    everything = found(store)
    store.close()
    be_patient(server.client, A_MOMENT)
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
    assert [each for each in seen if each not in (everything, MANY)] == []


def test_an_attempt_that_was_broken_off_can_be_made_again(server: Server) -> None:
    server.older("news")
    store = server.store()
    put(store, *map(article, range(3)))

    with (
        between(server.address, first(1, "lost", path="/_aliases")) as gone,
        client_of(gone) as client,
        pytest.raises(StoreError),
        explained(gone.url),
    ):
        prepare(client, gone.url, NOW, server.prefix, reindex=True)
    assert found(server.store()) == ["a0", "a1", "a2"]
    assert set(server.store().articles(["a1"])) == {"a1"}
    with pytest.raises(StoreError, match="takes nothing now: its indices are blocked"):
        put(store, article(4))

    server.setup(reindex=True)

    check(server.client, server.address.url, server.prefix)
    assert found(server.store()) == ["a0", "a1", "a2"]
    put(server.store(), article(4))
    assert len(server.client.indices.get(index=server.name("news-2026.11*"))) == 1


def test_an_empty_index_that_a_late_worker_made_costs_no_document(server: Server) -> None:
    """It writes over an index that is gone, so that one of that name is made again."""
    store = server.store()
    put(store, article(1))
    held = store.articles(["a1"])["a1"]
    server.older("news-")
    server.setup(reindex=True)
    assert store.save(Changes(articles=(held,))) == {"a1"}
    assert len(server.client.indices.get(index=server.name("news-2026.11*"))) > 1

    server.older("news-")
    server.setup(reindex=True)

    now = server.store()
    assert found(now) == ["a1"]
    assert now.articles(["a1"])["a1"].value == article(1)
    now.close()
    store.close()


def test_whoever_goes_back_to_the_rules_of_before_gets_rid_of_what_was_not_finished(server: Server) -> None:
    put(server.store(), article(1))
    server.client.indices.add_block(index=server.name("news-2026.11*"), block="write")
    server.client.indices.create(
        index=server.name("news-2026.11-r99"),
        mappings={"_meta": OLDER},
        aliases={server.name("news"): {"filter": {"bool": {"must_not": [{"match_all": {}}]}}}},
    )
    assert "news-2026.11-r99 was made under other rules" in server.refusal()

    assert server.setup(reindex=True) == []

    check(server.client, server.address.url, server.prefix)
    put(server.store(), article(2))
    assert found(server.store()) == ["a1", "a2"]


def test_filling_anew_waits_for_a_run_and_finds_what_it_wrote_last(server: Server) -> None:
    server.older("news")
    store, waits = server.store(), threading.Event()
    with ThreadPoolExecutor(1) as beside:
        with store._lease.held(lambda: None):  # noqa: SLF001 - a run of the version before
            filling = beside.submit(server.setup, reindex=True, waiting=waits.set)
            assert waits.wait(30)
            put(store, article(1))
        assert server.name("news-2026.11") in map(unnumbered, filling.result())

    assert found(server.store()) == ["a1"]
    store.close()


def test_whoever_only_reads_may_do_so_under_older_rules_but_not_under_newer_or_foreign_ones(server: Server) -> None:
    put(server.store(), article(1))
    server.older("news-")
    with pytest.raises(ConfigError, match="was made under other rules"):
        check(server.client, server.address.url, server.prefix)

    check(server.client, server.address.url, server.prefix, reading=True)

    for meta, why in (({"wireroom": 99}, "is of a newer wireroom"), ({}, "was not made by wireroom")):
        server.client.indices.put_mapping(index=server.name("news-*"), meta=meta)
        with pytest.raises(ConfigError, match=why):
            check(server.client, server.address.url, server.prefix, reading=True)
    server.client.indices.put_mapping(index=server.name("news-*"), meta=families()[0].meta)


@pytest.mark.parametrize("family", [each.name for each in families() if not each.monthly])
def test_an_index_that_is_gone_is_told_and_not_taken_for_an_empty_one(server: Server, family: str) -> None:
    [index] = server.client.indices.get(index=[server.name(family), server.name(f"{family}-r*")])
    server.client.indices.delete(index=index)

    with pytest.raises(ConfigError, match=f"{family} is gone, and with it what was known; restore it"):
        check(server.client, server.address.url, server.prefix)

    server.setup()
    check(server.client, server.address.url, server.prefix)
