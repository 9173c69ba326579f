"""What every store promises of what is old: whole months of articles go, and all that was kept for them alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.model import Article, Changes, Claim, Fate, Outlet, Reading, Seen, Stored
from pipeline.query import Search, parse
from pipeline.stores import Store
from pipeline.stores.sqlite import SqliteStore
from pipeline.stores.sqlite.articles import PAGE
from tests.elastic_store import opening
from tests.memory_store import MemoryStore

DAY = date(2026, 11, 21)
NOVEMBER, OCTOBER = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)
SEPTEMBER = datetime(2026, 9, 5, tzinfo=UTC)
OUTLET = Outlet("khabar", "خبر", "IR", ("fa",))
TEXT = "پیشمرگه کنار رودخانه ماند"
LONG_AGO = datetime.min.replace(tzinfo=UTC)

Open = Callable[[], Store]


@pytest.fixture(params=["memory", "sqlite", pytest.param("elastic", marks=pytest.mark.es)])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:
        if request.param == "elastic":
            address, prefix = (request.getfixturevalue(name) for name in ("elastic", "elastic_prefix"))
            yield stack.enter_context(opening(address, prefix))
            return
        shelf = MemoryStore()
        yield lambda: shelf if request.param == "memory" else sqlite(stack, tmp_path)


def sqlite(stack: ExitStack, folder: Path) -> SqliteStore:
    store = SqliteStore.open(f"sqlite:///{folder / 'store.db'}")
    stack.callback(store.close)
    return store


def key(name: str) -> str:
    return sha256(name.encode()).hexdigest()


def article(name: str, at: datetime, **changed: object) -> Article:
    """An article that was first fetched at a time, and says so in every way that a store keeps."""
    made = Article(
        key(name),
        f"https://khabar.example/{name}",
        title=name,
        text=f"{name} {TEXT}",
        published_at=at,
        fetched_at=at,
        ingested_at=at,
        outlet=OUTLET,
        story=key(name),
        bands=("band", f"band of {name}"),
        readings=(Reading(at, "x"),),
        digest=name.encode(),
    )
    return replace(made, **changed)  # type: ignore[arg-type] # any field


def put(store: Store, *articles: Article) -> None:
    assert store.save(Changes(articles=tuple(map(Stored, articles)))) == frozenset()


def names(store: Store) -> list[str]:
    return [each.title for each in store.ingested(LONG_AGO)]


def test_articles_of_earlier_months_go_with_all_that_was_kept_for_them_alone(open_store: Open) -> None:
    store = open_store()
    put(store, article("october", OCTOBER), article("november", NOVEMBER))
    held = store.articles([key("october")])[key("october")]

    assert store.expire(DAY) == 1

    for each in (store, open_store()):
        assert each.count() == 1
        assert set(each.articles([key("october"), key("november")])) == {key("november")}
        assert names(each) == ["november"]
        assert [hit.article.title for hit in each.search(Search(parse("پیشمرگه")))] == ["november"]
        assert not list(each.search(Search(parse("october"))))
        assert [stored.value.title for stored in each.banded(["band"])] == ["november"]
        assert [known.id for known in each.remembered("khabar", None, NOVEMBER, 9)] == [key("november")]
        assert each.unremembered() == 0
    assert store.save(Changes(articles=(replace(held, value=replace(held.value, title="later")),))) == {held.value.id}
    assert store.expire(DAY) == 0


def test_the_month_is_that_of_the_first_fetch_as_far_as_it_is_known(open_store: Open) -> None:
    store = open_store()
    put(
        store,
        article("read again", NOVEMBER, readings=(Reading(SEPTEMBER, "x"), Reading(NOVEMBER, "y"))),
        article("old news", SEPTEMBER, readings=(Reading(NOVEMBER, "x"),), fetched_at=NOVEMBER, ingested_at=NOVEMBER),
        article("by its fetch", OCTOBER, readings=()),
        article("by what came", OCTOBER, readings=(), fetched_at=None),
        article("from nowhere", NOVEMBER, readings=(), fetched_at=None, ingested_at=None),
    )

    assert store.expire(date(2026, 10, 1)) == 2
    assert set(names(store)) == {"old news", "by its fetch", "by what came"}
    assert store.expire(date(2026, 11, 30)) == 2
    assert names(store) == ["old news"]


def test_what_was_seen_and_said_of_an_article_outlives_it_and_when_it_comes_again_it_is_new(open_store: Open) -> None:
    store = open_store()
    seen = Seen(key("old"), OCTOBER, Fate.KEPT, "new")
    claim = Claim("rule", key("old"), "new", OCTOBER, "{}")
    put(store, article("old", OCTOBER))
    store.save(Changes(seen=(seen,)))
    store.claim(claim)

    store.expire(DAY)

    assert store.seen([key("old")]) == {key("old"): seen}
    assert store.claims([key("old")]) == store.undelivered() == [claim]
    put(store, article("old", NOVEMBER))

    assert store.expire(DAY) == 0
    assert names(open_store()) == ["old"]


def test_of_stories_of_which_a_part_expires_what_stays_is_given_oldest_first(open_store: Open) -> None:
    store = open_store()
    put(
        store,
        article("first", OCTOBER, story="a"),
        article("third", NOVEMBER + timedelta(days=1), story="a", lead=False),
        article("second", NOVEMBER, story="a", lead=False),
        article("copied late", NOVEMBER + timedelta(hours=1), story="b"),
        article("fetched early", OCTOBER, story="b", lead=False),
        article("all old", OCTOBER, story="c"),
        article("all young", NOVEMBER, story="d"),
        article("old and alone", OCTOBER, story=""),
        article("young and alone", NOVEMBER, story=""),
    )

    assert [each.title for each in store.outliving(DAY)] == ["second", "copied late", "third"]
    assert list(store.outliving(date(2026, 9, 30))) == []


def test_a_store_without_articles_has_none_that_expire(open_store: Open) -> None:
    assert open_store().expire(DAY) == 0
    assert list(open_store().outliving(DAY)) == []


def test_states_are_forgotten_by_their_keys_in_order(open_store: Open) -> None:
    store = open_store()
    keys = ("archive", "archive/2026/09/30/a", "archive/2026/10/01/a", "archive-day", "settled")
    store.save(Changes(states=tuple((each, Stored("done")) for each in keys)))

    assert store.forget_states("archive/", "archive/2026/10/01") == 1
    assert store.forget_states("archive/", "archive/2026/10/01") == 0

    assert set(open_store().states(keys)) == set(keys) - {"archive/2026/09/30/a"}
    assert store.save(Changes(states=(("archive/2026/09/30/a", Stored("0")),))) == frozenset()


# SQLite's own


def test_many_articles_expire_slice_by_slice_and_others_write_between(tmp_path: Path) -> None:
    with ExitStack() as stack:
        store, other = sqlite(stack, tmp_path), sqlite(stack, tmp_path)
        put(store, *(article(f"old {number}", SEPTEMBER) for number in range(2 * PAGE + 1)), article("new", NOVEMBER))
        counts = [other.count()]
        store._db.set_trace_callback(  # noqa: SLF001 - to be asked between two transactions
            lambda said: counts.append(other.count()) if said.startswith("BEGIN") else None
        )

        assert store.expire(DAY) == 2 * PAGE + 1

    assert counts == [2 * PAGE + 2, 2 * PAGE + 2, PAGE + 2, 2, 1]


def test_the_room_of_what_expired_is_used_again(tmp_path: Path) -> None:
    sizes = []
    with ExitStack() as stack:
        store = sqlite(stack, tmp_path)
        for month in range(1, 13):
            at = datetime(2026, month, 3, tzinfo=UTC)
            put(store, *(article(f"{month} {number}", at, text=f"{TEXT} {number} " * 50) for number in range(100)))
            assert store.expire(at.date()) == (0 if month == 1 else 100)
            (size,) = store._db.execute("PRAGMA page_count").fetchone()  # noqa: SLF001 - what the file takes
            sizes.append(size)

    assert sizes[-1] < 3 * sizes[0]


def test_an_index_leads_to_what_is_old(tmp_path: Path) -> None:
    with ExitStack() as stack:
        store = sqlite(stack, tmp_path)
        asked = list[str]()
        store._db.set_trace_callback(asked.append)  # noqa: SLF001 - what it asks the database
        store.expire(DAY)
        store._db.set_trace_callback(None)  # noqa: SLF001 - as above
        [query] = [said for said in asked if said.startswith("SELECT id")]

        plan = " ".join(row[-1] for row in store._db.execute(f"EXPLAIN QUERY PLAN {query}"))  # noqa: SLF001 - as above

    assert "USING INDEX articles_first_fetched" in plan
