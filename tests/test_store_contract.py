"""What every store promises, asked of each: of SQLite, and of the stand-in in memory that keeps the promises honest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.model import (
    Article,
    Changes,
    Claim,
    Entry,
    Fate,
    Hit,
    Location,
    Mention,
    Outcome,
    Outlet,
    Place,
    Reading,
    Removed,
    Seen,
    Stored,
    Visit,
)
from pipeline.query import And, Node, Not, Or, Search, Term, parse
from pipeline.stores import Store
from pipeline.stores.sqlite import SqliteStore
from tests.memory_store import MemoryStore, Shelf

EIGHT = datetime(2026, 11, 21, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Open(Protocol):
    """Opens one more store on the same data."""

    def __call__(self, waiting: Callable[[], None] = ...) -> Store: ...


@pytest.fixture(params=["memory", "sqlite"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    shelf, opened = Shelf(), list[Store]()

    def one_more(waiting: Callable[[], None] = lambda: None) -> Store:
        url = f"sqlite:///{tmp_path / 'store.db'}"
        store: Store = MemoryStore(shelf, waiting) if request.param == "memory" else SqliteStore.open(url, waiting)
        opened.append(store)
        return store

    yield one_more
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Open) -> Store:
    return open_store()


def key(name: object) -> str:
    return sha256(str(name).encode()).hexdigest()


def make(name: object, text: str = "", **changed: object) -> Article:
    """An article whose id comes from a name."""
    article = Article(key(name), f"https://x.example/{name}", text=text, published_at=EIGHT, ingested_at=EIGHT)
    return replace(article, **changed)  # type: ignore[arg-type] # any field


def put(store: Store, *articles: Article) -> None:
    assert store.save(Changes(articles=tuple(map(Stored, articles)))) == frozenset()


def found(store: Store, words: str = "", **asked: object) -> list[str]:
    """Last parts of the URLs of the hits, which are the names given to `make`."""
    return [hit.article.url.rpartition("/")[2] for hit in hits(store, words, **asked)]


def hits(store: Store, words: str = "", **asked: object) -> list[Hit]:
    return list(store.search(replace(Search(parse(words)), **asked)))  # type: ignore[arg-type] # any field


FULL = make(
    "full",
    "Süleymaniye'de toplantı.\nسليمانية",
    title="PKK'nın açıklaması",
    language="tr",
    language_confidence=0.97,
    published_from="page",
    fetched_at=EIGHT + MINUTE,
    outlet=Outlet("sabah", "Sabah", "TR", ("tr", "en"), "private"),
    actors=("pkk",),
    actor_names=("PKK", "پ.ک.ک"),
    mentions=(Mention("pkk", "PKK", "PKK'nın açıklaması", 0, 3, "title"),),
    regions=("IQ", "IQ-SU"),
    locations=(Location(35.56, 45.43),),
    story=key("story"),
    lead=False,
    copy_of=key("other"),
    first_outlet="ajans",
    removed=(Removed("Son haberler", "widget"),),
    flags=("ill-formed",),
    archive=Place("2026/11/21/run-0.warc.gz", 4096),
    extractor=("trafilatura", "2.0.0"),
    revision=2,
    bands=("0:ab", "1:cd"),
    readings=(Reading(EIGHT, key("text")),),
)


# Articles


def test_an_article_comes_back_whole_with_its_private_parts(store: Store) -> None:
    put(store, FULL)

    assert store.articles([FULL.id, key("unknown")]) == {FULL.id: Stored(FULL, store.articles([FULL.id])[FULL.id].version)}
    assert [hit.article for hit in hits(store)] == [FULL]
    assert store.count() == 1


def test_articles_are_there_for_whoever_opens_the_store_next(open_store: Open) -> None:
    put(open_store(), FULL)

    assert [each.value for each in open_store().articles([FULL.id]).values()] == [FULL]


def test_times_are_kept_in_utc_with_whole_seconds(store: Store) -> None:
    baghdad = datetime(2026, 11, 21, 11, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=3)))
    put(store, make("a", published_at=baghdad))

    assert store.articles([key("a")])[key("a")].value.published_at == EIGHT


def test_a_new_article_does_not_replace_a_stored_one_and_the_rest_is_written(store: Store) -> None:
    put(store, make("a", "first"))

    assert store.save(Changes(articles=(Stored(make("a", "second")), Stored(make("b"))))) == {key("a")}
    assert {each.value.text for each in store.articles([key("a"), key("b")]).values()} == {"first", ""}


def test_of_an_article_that_stands_in_a_write_twice_the_second_loses(store: Store) -> None:
    assert store.save(Changes(articles=(Stored(make("a", "first")), Stored(make("a", "second"))))) == {key("a")}
    assert found(store, "first") == ["a"]
    assert found(store, "second") == []


def test_a_change_is_written_over_the_version_it_was_made_from_and_no_other(open_store: Open) -> None:
    one, other = open_store(), open_store()
    put(one, make("a", "old"))
    seen_by_one, seen_by_other = one.articles([key("a")])[key("a")], other.articles([key("a")])[key("a")]

    assert one.save(Changes(articles=(replace(seen_by_one, value=make("a", "mine")),))) == frozenset()
    assert other.save(Changes(articles=(replace(seen_by_other, value=make("a", "yours")), Stored(make("b"))))) == {key("a")}
    assert found(other, "mine") == ["a"]
    assert found(other, "old OR yours") == []
    assert other.count() == 2

    again = other.articles([key("a")])[key("a")]
    assert other.save(Changes(articles=(replace(again, value=make("a", "yours")),))) == frozenset()
    assert found(one, "yours") == ["a"]


def test_a_change_to_an_article_that_is_not_there_loses(store: Store) -> None:
    assert store.save(Changes(articles=(Stored(make("a"), "1"),))) == {key("a")}
    assert store.count() == 0


def test_a_changed_article_is_found_by_what_it_says_now_only(store: Store) -> None:
    was = make("a", "eski", title="başlık", language="tr", actors=("pkk",), actor_names=("PKK",), regions=("IQ",))
    put(store, was, make("b", "eski", language="tr", actors=("pkk",), regions=("IQ",)))
    now = replace(was, text="yeni", title="manşet", language="az", actors=("pmf",), actor_names=("PMF",), regions=("SY",))
    stored = store.articles([was.id])[was.id]
    store.save(Changes(articles=(replace(stored, value=now),)))

    assert [found(store, word) for word in ("eski", "başlık", "pkk")] == [["b"], [], []]
    assert [found(store, word) for word in ("yeni", "manşet", "pmf")] == [["a"], ["a"], ["a"]]
    assert found(store, languages=("tr",), actors=("pkk",), regions=("IQ",)) == ["b"]
    assert found(store, languages=("az",), actors=("pmf",), regions=("SY",)) == ["a"]


def test_a_changed_date_moves_an_article_in_the_order(store: Store) -> None:
    put(store, *(make(name, published_at=EIGHT + number * MINUTE) for number, name in enumerate("abc")))
    stored = store.articles([key("a")])[key("a")]
    store.save(Changes(articles=(replace(stored, value=replace(stored.value, published_at=EIGHT + 9 * MINUTE)),)))

    assert found(store) == ["a", "c", "b"]
    assert found(store, until=EIGHT + MINUTE) == []


def test_stories_are_given_whole_oldest_first(store: Store) -> None:
    put(
        store,
        make("late", story="s", published_at=EIGHT + MINUTE),
        make("early", story="s"),
        make("undated", story="s", published_at=None),
        make("else", story="t"),
        make("none"),
    )

    assert [each.value.url[18:] for each in store.stories(["s", "u"])] == ["undated", "early", "late"]
    assert store.stories(["s"])[1] == store.articles([key("early")])[key("early")]
    assert store.stories([]) == []


def test_articles_that_share_a_band_are_given_once_oldest_first(store: Store) -> None:
    put(
        store,
        make("late", bands=("0:aa", "1:bb"), published_at=EIGHT + MINUTE),
        make("early", bands=("0:aa", "1:cc")),
        make("else", bands=("0:AA", "0:a", "a")),
        make("none"),
    )

    assert [each.value.url[18:] for each in store.banded(["0:aa", "1:bb", "9:zz"])] == ["early", "late"]
    assert store.banded(["0:aa"])[0] == store.articles([key("early")])[key("early")]
    assert store.banded([]) == []
    assert store.banded(["aa", "0"]) == []


def test_changed_bands_and_dates_keep_articles_findable_by_their_bands(store: Store) -> None:
    put(store, make("a", bands=("0:aa", "1:bb")), make("b", bands=("0:aa",)))
    stored = store.articles([key("a")])[key("a")]
    changed = replace(stored.value, bands=("0:dd", "1:bb"), published_at=EIGHT - MINUTE)
    store.save(Changes(articles=(replace(stored, value=changed),)))

    assert [[each.value.url[18:] for each in store.banded([band])] for band in ("0:aa", "0:dd", "1:bb")] == [
        ["b"],
        ["a"],
        ["a"],
    ]


def test_thousands_of_bands_may_be_asked_for_at_once(store: Store) -> None:
    put(store, *(make(number, bands=(f"{number}:x", "all")) for number in range(300)))

    assert len(store.banded([f"{number}:x" for number in range(3_000)])) == 300
    assert len(store.banded(["all"])) == 300


def test_what_came_since_a_time_is_given_in_the_order_it_came(store: Store) -> None:
    put(store, *(make(name, ingested_at=EIGHT + number * MINUTE) for number, name in enumerate("cab")), make("n", ingested_at=None))

    assert [each.url[18:] for each in store.ingested(EIGHT)] == ["c", "a", "b"]
    assert [each.url[18:] for each in store.ingested(EIGHT + MINUTE)] == ["a", "b"]
    assert [each.url[18:] for each in store.ingested(EIGHT + timedelta(seconds=60.5))] == ["a", "b"]
    assert list(store.ingested(EIGHT + timedelta(days=1))) == []


def test_articles_may_be_written_while_those_that_came_are_read(store: Store) -> None:
    put(store, *(make(number) for number in range(450)))
    expected = sorted(key(number) for number in range(450))
    met = []
    for article in store.ingested(datetime.min.replace(tzinfo=UTC)):
        met.append(article.id)
        stored = store.articles([article.id])[article.id]
        assert store.save(Changes(articles=(replace(stored, value=replace(stored.value, story=article.id)),))) == frozenset()

    assert met == expected


def test_half_a_surrogate_pair_from_a_hostile_page_is_stored_as_a_question_mark(store: Store) -> None:
    put(store, make("a", "one \ud83d two", title="\udc00", flags=("x\ud83d",)), make("b"))

    assert store.count() == 2
    assert found(store, "one") == ["a"]
