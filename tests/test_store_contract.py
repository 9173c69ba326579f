"""What every store promises, asked of each: of SQLite, of a real Elasticsearch, and of the stand-in in memory."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.fold import tokens
from pipeline.model import (
    Article,
    Changes,
    Claim,
    Entry,
    Fate,
    Hit,
    Known,
    Location,
    Mention,
    Outcome,
    Outlet,
    Place,
    Reading,
    Removed,
    Seen,
    Stored,
    Turn,
    Visit,
    Work,
    contend,
)
from pipeline.query import LONGEST, And, Node, Not, Or, Search, Term, parse
from pipeline.stores import Store
from pipeline.stores.sqlite import SqliteStore
from tests.elastic_server import Address
from tests.elastic_store import opening
from tests.memory_store import MemoryStore, Shelf

EIGHT = datetime(2026, 11, 21, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Open(Protocol):
    """Opens one more store on the same data."""

    def __call__(self, waiting: Callable[[], None] = ...) -> Store: ...


@pytest.fixture(params=["memory", "sqlite", pytest.param("elastic", marks=pytest.mark.es)])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:
        if request.param == "elastic":
            address, prefix = (request.getfixturevalue(name) for name in ("elastic", "elastic_prefix"))
            yield stack.enter_context(opening(address, prefix))
            return
        shelf = Shelf()

        def one_more(waiting: Callable[[], None] = lambda: None) -> Store:
            url = f"sqlite:///{tmp_path / 'store.db'}"
            store: Store = MemoryStore(shelf, waiting) if request.param == "memory" else SqliteStore.open(url, waiting)
            stack.callback(store.close)
            return store

        yield one_more


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
    """The names of what is found."""
    return names(hit.article for hit in hits(store, words, **asked))


def names(articles: Iterable[Article]) -> list[str]:
    """The names that were given to `make`."""
    return [article.url.rpartition("/")[2] for article in articles]


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
    removed=(
        Removed("Son haberler", "widget", line=3),
        Removed("Bizi takip edin", "outlet-repeats", 0, pages=5),
        Removed("Başka bir haber", "second-article", url="https://x.example/other"),
    ),
    flags=("ill-formed",),
    archive=Place("2026/11/21/run-0.warc.gz", 4096),
    extractor=("trafilatura", "2.0.0"),
    revision=2,
    bands=("0:ab", "1:cd"),
    readings=(Reading(EIGHT, key("text")),),
    digest=bytes(range(256)),
    recalled=b"\x00\xff\x00",
)


# Articles


def test_an_article_comes_back_whole_with_its_private_parts(store: Store) -> None:
    put(store, FULL)

    assert store.articles([FULL.id, key("unknown")]) == {
        FULL.id: Stored(FULL, store.articles([FULL.id])[FULL.id].version)
    }
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
    assert other.save(Changes(articles=(replace(seen_by_other, value=make("a", "yours")), Stored(make("b"))))) == {
        key("a")
    }
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
    now = replace(
        was, text="yeni", title="manşet", language="az", actors=("pmf",), actor_names=("PMF",), regions=("SY",)
    )
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

    assert names(each.value for each in store.stories(["s", "u"])) == ["undated", "early", "late"]
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

    assert names(each.value for each in store.banded(["0:aa", "1:bb", "9:zz"])) == ["early", "late"]
    assert store.banded(["0:aa"])[0] == store.articles([key("early")])[key("early")]
    assert store.banded([]) == []
    assert store.banded(["aa", "0"]) == []


def test_changed_bands_and_dates_keep_articles_findable_by_their_bands(store: Store) -> None:
    put(store, make("a", bands=("0:aa", "1:bb")), make("b", bands=("0:aa",)))
    stored = store.articles([key("a")])[key("a")]
    changed = replace(stored.value, bands=("0:dd", "1:bb"), published_at=EIGHT - MINUTE)
    store.save(Changes(articles=(replace(stored, value=changed),)))

    assert [names(each.value for each in store.banded([band])) for band in ("0:aa", "0:dd", "1:bb")] == [
        ["b"],
        ["a"],
        ["a"],
    ]


def test_thousands_of_bands_may_be_asked_for_at_once(store: Store) -> None:
    put(store, *(make(number, bands=(f"{number}:x", "all")) for number in range(300)))

    assert len(store.banded([f"{number}:x" for number in range(3_000)])) == 300
    assert len(store.banded(["all"])) == 300


def test_what_came_since_a_time_is_given_in_the_order_it_came(store: Store) -> None:
    put(
        store,
        *(make(name, ingested_at=EIGHT + number * MINUTE) for number, name in enumerate("cab")),
        make("n", ingested_at=None),
    )

    assert names(store.ingested(EIGHT)) == ["c", "a", "b"]
    assert names(store.ingested(EIGHT + MINUTE)) == ["a", "b"]
    assert names(store.ingested(EIGHT + timedelta(seconds=60.5))) == ["a", "b"]
    assert list(store.ingested(EIGHT + timedelta(days=1))) == []


def test_articles_may_be_written_while_those_that_came_are_read(store: Store) -> None:
    put(store, *(make(number) for number in range(450)))
    expected = sorted(key(number) for number in range(450))
    met = []
    for article in store.ingested(datetime.min.replace(tzinfo=UTC)):
        met.append(article.id)
        stored = store.articles([article.id])[article.id]
        assert (
            store.save(Changes(articles=(replace(stored, value=replace(stored.value, story=article.id)),)))
            == frozenset()
        )

    assert met == expected


def test_half_a_surrogate_pair_from_a_hostile_page_stops_nothing(store: Store) -> None:
    put(store, make("a", "one \ud83d two", title="\udc00", flags=("x\ud83d",)), make("b"))

    assert store.count() == 2
    assert found(store, "one") == ["a"]


# What is remembered of an outlet's pages


SABAH = Outlet("sabah", "Sabah", "TR", ("tr",), "private")


def page(name: object, minutes: float | None = 0, outlet: Outlet = SABAH, **changed: object) -> Article:
    """An article some minutes after eight, or without date, that leaves something to remember."""
    at = None if minutes is None else EIGHT + minutes * MINUTE
    article = make(name, outlet=outlet, published_at=at, digest=f"digest of {name}".encode())
    return replace(article, **changed)  # type: ignore[arg-type] # any field


def known(article: Article) -> Known:
    return Known(article.id, article.published_at, article.digest, article.recalled)


def around(store: Store, since: float | None, until: float | None, beyond: int, outlet: str = "sabah") -> list[str]:
    """The names of the pages remembered from some minutes after eight to others and `beyond`."""
    first, last = (None if minutes is None else EIGHT + minutes * MINUTE for minutes in (since, until))
    found = store.remembered(outlet, first, last, beyond)
    stored = store.articles([each.id for each in found])
    assert found == [known(stored[each.id].value) for each in found]
    return names(stored[each.id].value for each in found)


@pytest.mark.parametrize(
    ("since", "until", "beyond", "expected"),
    [
        (3, 5, 0, "3 4 5"),  # both ends are in it
        (3, 5, 2, "1 2 3 4 5 6 7"),
        (4, 4, 1, "3 4 5"),
        (4, 4, 0, "4"),
        (3.5, 5.5, 1, "3 4 5 6"),
        (3.5, 3.7, 2, "2 3 4 5"),  # a time without pages has neighbours
        (3.5, 3.7, 0, ""),
        (-9, -8, 2, "undated 0 1"),  # before all dated pages
        (99, 100, 2, "8 9"),
        (0, 9, 50, "undated 0 1 2 3 4 5 6 7 8 9"),  # fewer than asked for
        (None, None, 0, "undated"),
        (None, None, 2, "undated 0 1"),
        (None, 1, 1, "undated 0 1 2"),
        (1, 1, 2, "undated 0 1 2 3"),
    ],
)
def test_pages_of_a_time_are_remembered_with_the_nearest_on_both_sides(
    store: Store, since: float | None, until: float | None, beyond: int, expected: str
) -> None:
    put(store, *(page(minutes, minutes) for minutes in (7, 0, 9, 4, 2, 8, 5, 1, 6, 3)), page("undated", None))

    assert around(store, since, until, beyond) == expected.split()


@pytest.mark.parametrize("minutes", [0, None])
def test_pages_of_one_second_are_remembered_in_the_order_of_their_ids(store: Store, minutes: float | None) -> None:
    same = [page(number, minutes) for number in range(60)]
    before, after = page("before", -1), page("after", 1)
    put(store, *same, before, after)
    in_order = names(sorted(same, key=lambda article: article.id))

    assert around(store, minutes, minutes, 0) == in_order
    if minutes is None:
        assert around(store, -1, -1, 3) == [*in_order[-3:], "before", "after"]
    else:
        assert around(store, -1, -1, 3) == ["before", *in_order[:3]]
        assert around(store, 1, 1, 3) == [*in_order[-3:], "after"]
        assert around(store, 0.5, 0.5, 4) == [*in_order[-4:], "after"]


def test_only_pages_of_this_outlet_that_left_a_digest_are_remembered(store: Store) -> None:
    put(
        store,
        page("a"),
        page("namesake", 1, Outlet("sabah", "Another name", "AZ")),
        page("empty", 2, digest=b"", recalled=b"told"),
        page("shorter", 3, Outlet("saba")),
        page("longer", 4, Outlet("sabah2")),
        page("capital", 5, Outlet("Sabah")),
        page("none", 6, Outlet("")),
        page("named", 7, Outlet("", "sabah")),
    )

    assert around(store, 0, 9, 9) == ["a", "namesake"]
    assert store.articles([key("empty")])[key("empty")].value.recalled == b"told"
    assert around(store, 0, 9, 9, outlet="Sabah") == ["capital"]
    assert around(store, 0, 9, 9, outlet="") == ["none", "named"]
    assert around(store, 0, 9, 9, outlet="unknown") == []


def test_articles_of_which_nothing_is_remembered_are_counted(store: Store) -> None:
    assert store.unremembered() == 0
    put(store, page("a"), page("told", 1, digest=b"", recalled=b"told"), *(page(each, 2, digest=b"") for each in "bcd"))
    assert store.unremembered() == 3

    stored = store.articles([key("b"), key("a")])
    spoken, dumb = (
        replace(each.value, digest=digest) for each, digest in ((stored[key("b")], b"now"), (stored[key("a")], b""))
    )
    store.save(Changes(articles=(replace(stored[key("b")], value=spoken),)))
    assert store.unremembered() == 2
    store.save(Changes(articles=(replace(stored[key("a")], value=dumb),)))
    assert store.unremembered() == 3


def test_the_bytes_that_are_remembered_come_back_as_they_were(store: Store) -> None:
    told = page("a", digest=bytes(range(256)) * 8, recalled=b"\x00\x01\x00")
    put(store, told, page("b", 1, digest=b"\x00"))

    assert store.remembered("sabah", EIGHT, EIGHT, 0) == [Known(told.id, EIGHT, bytes(range(256)) * 8, b"\x00\x01\x00")]
    assert store.remembered("sabah", EIGHT + MINUTE, EIGHT + MINUTE, 0) == [
        Known(key("b"), EIGHT + MINUTE, b"\x00", b"")
    ]


def test_times_around_which_pages_are_remembered_are_whole_seconds_of_any_zone(store: Store) -> None:
    baghdad = timezone(timedelta(hours=3))
    put(store, page("a", published_at=EIGHT + timedelta(seconds=0.9)), page("b", published_at=EIGHT + MINUTE))
    told = [known(store.articles([key(name)])[key(name)].value) for name in ("a", "b")]

    assert store.remembered("sabah", EIGHT + timedelta(seconds=0.5), EIGHT + timedelta(seconds=0.5), 0) == told[:1]
    assert store.remembered("sabah", EIGHT.astimezone(baghdad), (EIGHT + MINUTE).astimezone(baghdad), 0) == told


def test_a_page_that_was_read_again_is_remembered_as_it_is_now(store: Store) -> None:
    put(store, *(page(minutes, minutes) for minutes in range(4)), page("dumb", 4, digest=b""))

    def change(name: object, **changed: object) -> None:
        stored = store.articles([key(name)])[key(name)]
        assert store.save(Changes(articles=(replace(stored, value=replace(stored.value, **changed)),))) == frozenset()  # type: ignore[arg-type] # any field

    change(0, published_at=EIGHT + 2.5 * MINUTE)
    assert around(store, 0, 9, 0) == ["1", "2", "0", "3"]
    change(0, published_at=None)
    assert around(store, 1, 9, 1) == ["0", "1", "2", "3"]
    change(1, outlet=Outlet("yeni"))
    assert (around(store, 0, 9, 0), around(store, 0, 9, 0, outlet="yeni")) == (["2", "3"], ["1"])
    change(2, digest=b"")
    change("dumb", digest=b"now it speaks")
    assert around(store, 0, 9, 0) == ["3", "dumb"]
    change(3, digest=b"other", recalled=b"more")
    assert [each[2:] for each in store.remembered("sabah", EIGHT, EIGHT + 3 * MINUTE, 0)] == [(b"other", b"more")]


def test_a_page_whose_write_lost_is_remembered_as_the_winner_wrote_it(open_store: Open) -> None:
    one, other = open_store(), open_store()
    put(one, page("a"))
    stale = other.articles([key("a")])[key("a")]
    one.save(Changes(articles=(replace(stale, value=page("a", digest=b"mine")),)))

    assert other.save(Changes(articles=(replace(stale, value=page("a", 1, digest=b"yours")),))) == {key("a")}
    assert other.remembered("sabah", EIGHT, EIGHT, 9) == [Known(key("a"), EIGHT, b"mine", b"")]


def test_hundreds_of_pages_are_remembered_in_one_total_order(store: Store) -> None:
    luck = random.Random(4)  # noqa: S311 - a test, no secret
    pages = [page(number, luck.choice([None, *range(90)])) for number in range(700)]
    for start in range(0, 700, 100):
        put(store, *pages[start : start + 100], page(f"other {start}", start / 10, Outlet("other")))
    oldest = datetime.min.replace(tzinfo=UTC)
    in_order = [known(each) for each in sorted(pages, key=lambda each: (each.published_at or oldest, each.id))]

    assert store.remembered("sabah", None, EIGHT + 99 * MINUTE, 50) == in_order
    for first in (10, 40, 85):
        since, until = EIGHT + first * MINUTE, EIGHT + (first + luck.randrange(30)) * MINUTE
        inside = [at for at, each in enumerate(in_order) if each.published_at and since <= each.published_at <= until]
        assert store.remembered("sabah", since, until, 50) == in_order[inside[0] - 50 : inside[-1] + 51]


# Search

PMF = {
    "actors": ("pmf",),
    "actor_names": ("PMF", "Popular Mobilization Forces", "الحشد الشعبي", "حشد شعبی", "Haşdi Şabi"),
}
PRESS = (
    make("ar", "انسحبت فصائل مسلّحة من الموصل بعد اتفاقٍ مع الحكومة.", title="إعادة انتشار في نينوى", **PMF),
    make("fa", "نیروهای مرزی می‌گویند کامیون‌ها از کرمانشاه می‌گذرند.", title="گذرگاه دوباره باز شد"),
    make("ckb", "هێزەکانی پێشمەرگە لە کەرکووک کۆبوونەوە.", title="کۆبوونەوەی بەرپرسان"),
    make("kmr", "Hêzên Pêşmerge li Kerkûkê civiyan û biryar dan.", title="Civîna berpirsan"),
    make("tr", "İstanbul'daki duruşmada IŞİD sanıkları dinlendi; PKK'nın açıklaması gecikti.", title="Dava ertelendi"),
    make("he", 'דובר צה"ל אמר כי הכוחות נסוגו מן הכפר.', title="הודעת רמטכ״ל"),
    make("hy", "Վարչապետը Երևանում հանդիպեց դեսպանին։", title="Հանդիպում մայրաքաղաքում"),
    make("az", "Əliyev Bakıda nazirlərlə görüşdü.", title="Görüş keçirildi"),
    make("fr", "L’armée s'est retirée d’Alep à l'aube, selon un élu.", title="Retrait à Alep"),
    make("en", "The Popular Mobilization Forces left Mosul at 05:30.", title="Militia leaves city", **PMF),
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("PMF", "ar en"),  # by the names of the actor, whatever the script of the text
        ("حشد الشعبي", "ar en"),
        ('"haşdi şabi"', "ar en"),
        ("PMF الموصل", "ar"),  # one word in the names, one in the text
        ("PMF Mosul", "en"),
        ("مسلحة", "ar"),  # the text carries harakat
        ("اعاده", "ar"),  # hamza and teh marbuta
        ("إعـــادة", "ar"),  # tatweel
        ("نينوي", "ar"),  # alef maksura
        ("می‌گذرند", "fa"),
        ("گذرند", "fa"),  # the non-joiner is a seam
        ("ميگذرند", ""),
        ("كرمانشاه", "fa"),  # Arabic kaf for Persian keheh
        ("كامیون*", "fa"),
        ("پێشمەرگە", "ckb"),
        ("كەركووك", "ckb"),
        ("pesmerge", "kmr"),
        ("Kerkûkê", "kmr"),
        ("PKK", "tr"),  # before the apostrophe
        ("PKK'nın", "tr"),
        ("pkk’nin", "tr"),
        ('"pkk nin aciklamasi"', "tr"),  # a phrase across the apostrophe
        ("PKK'da", ""),
        ("istanbul", "tr"),
        ("ISTANBUL", "tr"),
        ("İSTANBUL", "tr"),
        ("ıstanbul", "tr"),
        ("isid", "tr"),
        ("IŞİD", "tr"),
        ('צה"ל', "he"),
        ("צה״ל", "he"),
        ('"דובר צה"ל"', "he"),
        ('רמטכ"ל', "he"),
        ("ՎԱՐՉԱՊԵՏԸ", "hy"),
        ("երևանում", "hy"),
        ("Eliyev", "az"),
        ("ƏLİYEV Bakida", "az"),
        ("armee", "fr"),
        ("l'armée", "fr"),
        ("elu Alep", "fr"),
        ("mosul 05", "en"),
        ("PMF NOT Mosul", "ar"),
        ("NOT PMF", "fa ckb kmr tr he hy az fr"),
        ("NOT (PMF OR pkk OR alep OR eliyev)", "fa ckb kmr he hy"),
        ("NOT (NOT (NOT PMF)) NOT alep", "fa ckb kmr tr he hy az"),
        ("alep OR eliyev", "az fr"),
        ("alep OR NOT (istanbul OR alep)", "ar fa ckb kmr he hy az fr en"),
        ("(alep OR eliyev) (retrait OR goru*)", "az fr"),
        ("pe*", "kmr"),
        ("mobiliz*", "ar en"),
        ('"forces الحشد"', ""),  # no phrase spans two names
        ('"mosul popular"', ""),  # nor two fields
        ("nowhere", ""),
        ("", "ar fa ckb kmr tr he hy az fr en"),
    ],
)
def test_ten_languages_are_found_as_people_type_them(store: Store, words: str, expected: str) -> None:
    put(store, *PRESS)

    assert sorted(found(store, words)) == sorted(expected.split())


NEWS = tuple(
    make(
        f"{outlet}{number}",
        "words",
        published_at=EIGHT + number * MINUTE,
        outlet=Outlet(outlet, country=country, languages=(language,)),
        language=language,
        actors=actors,
        regions=regions,
    )
    for number, (outlet, country, language, actors, regions) in enumerate(
        [
            ("sabah", "TR", "tr", ("pkk",), ("IQ", "IQ-SU")),
            ("sabah", "TR", "tr", ("pkk", "pmf"), ("IQ", "IQ-NI")),
            ("rudaw.net", "IQ", "ckb", ("pkk",), ("SY",)),
            ("al-iraq", "IQ", "ar", ("pmf",), ("IQ",)),
            ("al-iraq", "IQ", "ar", (), ()),
        ]
    )
)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Search(actors=("pkk",)), "rudaw.net2 sabah1 sabah0"),
        (Search(actors=("pkk", "pmf")), "al-iraq3 rudaw.net2 sabah1 sabah0"),  # of one kind: any
        (Search(actors=("pkk",), regions=("IQ",)), "sabah1 sabah0"),  # of two kinds: both
        (Search(actors=("pmf",), countries=("IQ",), languages=("ar",)), "al-iraq3"),
        (Search(regions=("IQ-NI", "SY")), "rudaw.net2 sabah1"),
        (Search(countries=("TR",)), "sabah1 sabah0"),
        (Search(outlets=("rudaw.net", "al-iraq")), "al-iraq4 al-iraq3 rudaw.net2"),
        (Search(outlets=("al",)), ""),  # the whole id or nothing
        (Search(outlets=("rudaw",)), ""),
        (Search(countries=("pkk",)), ""),  # kinds are kept apart
        (Search(languages=("tr", "ckb")), "rudaw.net2 sabah1 sabah0"),
        (Search(actors=("ypg",)), ""),
        (Search(since=EIGHT + 2 * MINUTE), "al-iraq4 al-iraq3 rudaw.net2"),  # the first moment counts
        (Search(until=EIGHT + 2 * MINUTE), "sabah1 sabah0"),  # the last does not
        (Search(since=EIGHT + MINUTE, until=EIGHT + 3 * MINUTE), "rudaw.net2 sabah1"),
        (Search(since=EIGHT + MINUTE, until=EIGHT + MINUTE), ""),
        (Search(since=EIGHT + timedelta(seconds=60.5)), "al-iraq4 al-iraq3 rudaw.net2"),
        (Search(until=EIGHT + timedelta(seconds=60.5)), "sabah1 sabah0"),
        (Search(since=(EIGHT + 4 * MINUTE).astimezone(timezone(timedelta(hours=3)))), "al-iraq4"),
        (Search(limit=2), "al-iraq4 al-iraq3"),
        (Search(limit=0), "al-iraq4 al-iraq3 rudaw.net2 sabah1 sabah0"),
    ],
)
def test_filters_leave_what_they_say(store: Store, asked: Search, expected: str) -> None:
    put(store, *NEWS)
    with_words = [replace(asked, query=parse(words)) for words in ("", "word*", "NOT words")]

    assert [names(hit.article for hit in store.search(each)) for each in with_words] == [*[expected.split()] * 2, []]


def test_newest_first_means_by_time_and_then_by_id(store: Store) -> None:
    same_second = [make(number, published_at=EIGHT) for number in range(40)]
    newer, older = make("newer", published_at=EIGHT + MINUTE), make("older", published_at=EIGHT - MINUTE)
    put(store, *same_second, older, newer)
    middle = sorted(same_second, key=lambda article: article.id)

    assert [hit.article for hit in hits(store, limit=0)] == [newer, *middle, older]
    assert [hit.article for hit in hits(store, limit=0, since=EIGHT, until=EIGHT + MINUTE)] == middle


def test_articles_of_all_times_stand_in_order_and_those_without_date_last(store: Store) -> None:
    times = [datetime(year, 1, 2, tzinfo=UTC) for year in (9999, 2026, 1970, 1969, 1600, 1)]
    put(store, make("undated", published_at=None), *(make(at.year, published_at=at) for at in times))

    assert found(store) == ["9999", "2026", "1970", "1969", "1600", "1", "undated"]
    assert found(store, until=datetime(1970, 1, 1, tzinfo=UTC)) == ["1969", "1600", "1"]
    assert found(store, since=datetime(1969, 1, 2, tzinfo=UTC)) == ["9999", "2026", "1970", "1969"]
    assert found(store, since=datetime(1, 1, 1, tzinfo=UTC))[-1] == "1"


def test_best_first_means_in_the_title_before_in_the_text_and_more_before_less(store: Store) -> None:
    filling = "one two three four five six seven eight nine ten"
    put(
        store,
        make("once", f"{filling} kirkuk {filling}"),
        make("title", f"{filling} {filling}", title="kirkuk"),
        make("thrice", f"kirkuk {filling} kirkuk kirkuk"),
        make("never", filling),
        make("long", f"kirkuk {filling * 20}"),
    )

    assert found(store, "kirkuk", sort="best") == ["title", "thrice", "once", "long"]


def test_an_article_that_only_names_the_actor_ranks_beside_one_that_says_the_word(store: Store) -> None:
    filling = "كلمات كثيرة عن أمور أخرى لا علاقة لها بالموضوع"
    put(store, make("names", filling, actor_names=("الحشد الشعبي", "PMF")), make("far", f"PMF {filling * 20}"))

    assert found(store, "PMF", sort="best") == ["names", "far"]


@pytest.mark.parametrize("words", ["", "word", "NOT x"])
def test_equally_good_articles_stand_newest_first_and_then_by_id(store: Store, words: str) -> None:
    same = [make(number, "a word") for number in range(5)]
    newer = make("newer", "a word", published_at=EIGHT + MINUTE)
    put(store, *same, newer)

    assert [hit.article for hit in hits(store, words, sort="best")] == [newer, *sorted(same, key=lambda each: each.id)]


STORY = (
    make("lead", "flood in basra", story="s"),
    make("copy", "flood in basra, agencies say", story="s", published_at=EIGHT + MINUTE),
    make("late", "flood", story="s", published_at=EIGHT + 2 * MINUTE),
    make("other", "flood in amara", story="t", published_at=EIGHT + 3 * MINUTE),
    make("alone", "no flood", published_at=EIGHT - MINUTE),
    make("single", "no flood either", published_at=EIGHT - 2 * MINUTE),
)


def test_one_article_stands_for_its_story_the_one_that_ranks_first(store: Store) -> None:
    put(store, *STORY)

    assert [(hit.article.url[18:], hit.copies) for hit in hits(store, "flood")] == [
        ("other", 0),
        ("late", 2),
        ("alone", 0),
        ("single", 0),
    ]
    assert [(hit.article.url[18:], hit.copies) for hit in hits(store, "basra")] == [("copy", 2)]
    assert found(store, "basra", sort="best") == ["lead"]


def test_the_limit_counts_what_is_printed(store: Store) -> None:
    put(store, *STORY)

    assert found(store, "flood", limit=3) == ["other", "late", "alone"]
    assert found(store, "flood", limit=1, sort="best") == ["late"]


def test_every_article_is_given_when_asked_for(store: Store) -> None:
    put(store, *STORY)

    assert found(store, "flood", every=True) == ["other", "late", "copy", "lead", "alone", "single"]
    assert [hit.copies for hit in hits(store, "flood", every=True, limit=4)] == [0, 2, 2, 2]


def test_a_search_is_read_only_as_far_as_it_is_asked_and_may_be_written_beside(store: Store) -> None:
    put(store, *(make(number, story=f"{number}") for number in range(50)))
    reading = iter(store.search(Search(limit=0)))
    first = next(reading)
    put(store, make("new", published_at=EIGHT + MINUTE))

    assert first.article.url != make("new").url
    assert len(list(reading)) == 49
    assert found(store, limit=1) == ["new"]


SPELLINGS = (
    *("pkk", "PKK'nın", "PKK’da", "pmf", "P.M.F", "mosul", "l'armée", "istanbul", "İSTANBUL", "ıstanbul", "Əliyev"),
    *("الموصل", "اَلْمَوْصِلـ", "نینوى", "نينوي", "کرکوک", "كەركووك", "می\u200cرود", "ميرود", 'צה"ל', "צה״ל", "צהל"),
    *("Երեւան", "Երևան՛", "١٢", "12", "½", "a", "a'a", "가", "𝐩𝐤𝐤"),
)
"""What texts are made of, and terms: seams, marks, forms, digits and scripts."""
ENDLESS = "x" * 600, "ق" * 11_000, "𠀀" * 11_000  # no query asks for these, but for their beginning
WORDS = st.sampled_from(SPELLINGS)
PHRASES = st.lists(WORDS, min_size=1, max_size=2).map(lambda words: tuple(tokens(" ".join(words)))).filter(bool)
STARTS = st.builds(lambda words, size: (*words[:-1], words[-1][:size]), PHRASES, st.integers(1, 3))
STARTS_OF_ENDLESS = st.sampled_from([("x" * LONGEST,), ("𠀀" * LONGEST,), ("ق" * 9,)])
TERMS = st.builds(Term, PHRASES) | st.builds(Term, STARTS | STARTS_OF_ENDLESS, st.just(value=True))


def trees(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, parts)


TEXTS = st.lists(WORDS, max_size=5).map(" ".join) | st.text(max_size=8) | st.sampled_from(ENDLESS)
ANY = st.builds(
    Search,
    query=st.none() | st.recursive(TERMS, trees, max_leaves=6),
    actors=st.lists(st.sampled_from(["pkk", "pmf"]), max_size=2).map(tuple),
    languages=st.lists(st.sampled_from(["ar", "tr"]), max_size=1).map(tuple),
    since=st.none() | st.integers(0, 9).map(lambda minutes: EIGHT + minutes * MINUTE),
    until=st.none() | st.integers(0, 9).map(lambda minutes: EIGHT + minutes * MINUTE),
    limit=st.integers(0, 5),
    every=st.booleans(),
)
ARTICLES = st.lists(
    st.builds(
        make,
        st.integers(0, 20),
        TEXTS,
        title=TEXTS,
        actors=st.lists(st.sampled_from(["pkk", "pmf"]), max_size=2, unique=True).map(tuple),
        actor_names=st.lists(TEXTS, max_size=2).map(tuple),
        language=st.sampled_from(["ar", "tr"]),
        story=st.sampled_from(["", "s", "t"]),
        published_at=st.none() | st.integers(0, 9).map(lambda minutes: EIGHT + minutes * MINUTE),
        bands=st.lists(st.sampled_from(["1", "2", "3"]), max_size=2).map(tuple),
        outlet=st.sampled_from([Outlet(""), SABAH]),
        digest=st.binary(max_size=2),
        recalled=st.binary(max_size=1),
    ),
    max_size=12,
)


def agree(stores: Sequence[Store], writes: Sequence[Sequence[Article]], searches: Sequence[Search]) -> None:
    """Write the same to stores that are empty, and see that each gives what the first gives."""
    for articles in writes:
        for each in stores:
            held = each.articles([article.id for article in articles])
            versions = {key: stored.version for key, stored in held.items()}
            each.save(Changes(articles=tuple(Stored(article, versions.get(article.id)) for article in articles)))
    first, *others = (answers(store, searches) for store in stores)
    assert others == [first] * len(others)


def answers(store: Store, searches: Sequence[Search]) -> list[object]:
    """What a store says when it is asked for everything, for these searches, for bands and for pages of a time.

    The best are ranked by each store in its own way, so only what they are is compared.
    """
    spans = ((None, None), (None, EIGHT + 3 * MINUTE), (EIGHT + 4 * MINUTE, EIGHT + 5 * MINUTE))
    return [
        hits(store, limit=0, every=True),
        *(list(store.search(each)) for each in searches),
        *(
            {hit.article.id for hit in store.search(replace(each, sort="best", limit=0, every=True))}
            for each in searches
        ),
        *([each.value for each in store.banded([band])] for band in "123"),
        *(store.remembered("sabah", since, until, 2) for since, until in spans),
    ]


@settings(deadline=None, derandomize=True, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(writes=st.lists(ARTICLES, max_size=3), searches=st.lists(ANY, min_size=1, max_size=8))
def test_sqlite_finds_what_the_memory_finds_after_the_same_writes(
    tmp_path_factory: pytest.TempPathFactory, writes: list[list[Article]], searches: list[Search]
) -> None:
    with closing(SqliteStore.open(f"sqlite:///{tmp_path_factory.mktemp('both') / 'store.db'}")) as store:
        agree([MemoryStore(), store], writes, searches)


@settings(deadline=None, derandomize=True, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(writes=st.lists(ARTICLES, max_size=2), searches=st.lists(ANY, min_size=4, max_size=12))
def test_elasticsearch_finds_what_the_memory_finds_after_the_same_writes(
    elastic: Address, elastic_prefix: str, writes: list[list[Article]], searches: list[Search]
) -> None:
    with opening(elastic, elastic_prefix) as open_elastic:  # empty for each example
        agree([MemoryStore(), open_elastic()], writes, searches)


# Visits, states, what was seen, outcomes


VISIT = Visit(
    "sabah",
    run="r1",
    visited_at=EIGHT,
    status=200,
    next_visit=EIGHT + 60 * MINUTE,
    etag='W/"ü"',
    last_modified="Sat, 21 Nov 2026 08:00:00 GMT",
    validated_url="https://sabah.example/feed",
    unconditional_at=EIGHT - MINUTE,
    errors=1,
    entries=30,
    new=2,
    kept=1,
    reason="ok",
    known=((key(1), "aa"), (key(2), "bb")),
    pending=(
        Entry(
            "https://sabah.example/1", "Başlık", EIGHT, EIGHT, "özet", "<p>içerik</p>", "g1", "tr", 3, 1, EIGHT + MINUTE
        ),
        Entry(""),
    ),
)


def test_a_visit_comes_back_whole(store: Store) -> None:
    assert store.save(Changes(visits=(Stored(VISIT), Stored(Visit("other"))))) == frozenset()

    assert {source: each.value for source, each in store.visits().items()} == {"sabah": VISIT, "other": Visit("other")}
    assert set(store.visits(["other", "unknown"])) == {"other"}
    assert store.visits([]) == {}


def test_a_visit_and_a_state_are_written_over_the_version_they_were_made_from_only(open_store: Open) -> None:
    one, other = open_store(), open_store()
    one.save(Changes(visits=(Stored(VISIT),), states=(("cursor", Stored("1")),)))
    stale_visit, stale_state = other.visits()["sabah"], other.state("cursor")

    changed = Changes(
        visits=(Stored(replace(VISIT, errors=7), one.visits()["sabah"].version),),
        states=(("cursor", Stored("2", one.state("cursor").version)),),
    )
    assert one.save(changed) == frozenset()
    assert other.save(
        Changes(
            visits=(stale_visit, Stored(Visit("new"))),
            states=(("cursor", stale_state), ("cursor", Stored("0")), ("never", Stored("x", "1"))),
        )
    ) == {"sabah", "cursor", "never"}
    assert other.visits()["sabah"].value.errors == 7
    assert set(other.visits()) == {"sabah", "new"}
    assert other.state("cursor").value == "2"
    assert other.state("never") == Stored("")


def test_what_was_seen_first_stays(store: Store) -> None:
    first = Seen(key("a"), EIGHT, Fate.DROPPED, "too-short")
    store.save(Changes(seen=(first, Seen(key("b"), EIGHT, Fate.KEPT))))
    store.save(Changes(seen=(Seen(key("a"), EIGHT + MINUTE, Fate.KEPT), Seen(key("c"), EIGHT, Fate.KEPT))))

    assert store.seen([key("a"), key("c"), key("d")]) == {key("a"): first, key("c"): Seen(key("c"), EIGHT, Fate.KEPT)}
    assert store.seen([]) == {}


def outcome(run: str, source: str, entry: int, at: datetime = EIGHT, reason: str = "") -> Outcome:
    return Outcome(run, source, f"https://x.example/{entry}", "fetch", Fate.DROPPED, reason, at, entry, 1 + entry)


def test_an_entry_has_one_outcome_a_run_the_first(store: Store) -> None:
    told = [outcome("r1", source, entry) for source in ("a", "b") for entry in range(3)]
    store.save(Changes(outcomes=(*reversed(told), outcome("r2", "a", 0))))
    store.save(Changes(outcomes=(outcome("r1", "a", 1, reason="again"),)))

    assert list(store.outcomes("r1")) == told
    assert list(store.outcomes("r2")) == [outcome("r2", "a", 0)]
    assert list(store.outcomes("r3")) == []


def test_outcomes_of_a_run_are_those_of_its_parts_too(store: Store) -> None:
    parts = ["r", "r.1of2.1", "r.1of2.2", "r.2of2.1"]
    told = [outcome(run, "a", entry) for run in parts for entry in (0, 1)]
    others = [outcome(run, "a", 0) for run in ("r-1", "r/1", "r0", "ra", "s.1of2.1")]
    store.save(Changes(outcomes=(*reversed(told), *others)))

    assert list(store.outcomes("r")) == told
    assert list(store.outcomes("r.1of2")) == told[2:6]
    assert list(store.outcomes("r.1of2.2")) == told[4:6]
    assert list(store.outcomes("r.1of")) == []


def test_the_outcomes_of_a_big_run_are_all_given(store: Store) -> None:
    told = [outcome("r", f"source-{number % 3}", number) for number in range(1_200)]
    store.save(Changes(outcomes=tuple(told)))

    assert list(store.outcomes("r")) == sorted(told, key=lambda each: (each.source, each.entry))


def test_outcomes_are_forgotten_before_a_time(store: Store) -> None:
    store.save(Changes(outcomes=tuple(outcome("r", "a", number, EIGHT + number * MINUTE) for number in range(4))))

    assert store.forget(EIGHT + 2 * MINUTE) == 2
    assert store.forget(EIGHT + 2 * MINUTE) == 0
    assert [each.entry for each in store.outcomes("r")] == [2, 3]


def test_an_empty_write_changes_nothing(store: Store) -> None:
    assert store.save(Changes()) == frozenset()
    assert store.count() == 0
    assert hits(store) == []


# Claims


def test_a_claim_is_made_once_whoever_asks(open_store: Open) -> None:
    one, other = open_store(), open_store()
    claim = Claim("rule", key("a"), "new", EIGHT, '{"alert": 1}')

    assert one.claim(claim)
    assert not other.claim(replace(claim, at=EIGHT + MINUTE, alert="another"))
    assert other.claim(replace(claim, kind="edit"))
    assert other.claim(replace(claim, rule="rule2", article=key("b"), alert=""))
    assert one.claims([key("a"), key("c")]) == [replace(claim, kind="edit"), claim]
    assert one.claims([]) == []


def test_alerts_wait_oldest_first_until_they_were_delivered(store: Store) -> None:
    late, early = (Claim("rule", key(n), "new", EIGHT + n * MINUTE, "alert") for n in (2, 1))
    for claim in (late, early, Claim("quiet", key(3), "new", EIGHT)):
        assert store.claim(claim)

    assert store.undelivered() == [early, late]
    store.delivered(early.key, EIGHT + 5 * MINUTE)
    store.delivered(early.key, EIGHT + 9 * MINUTE)  # the first time stays
    store.delivered("unknown", EIGHT)
    assert store.undelivered() == [late]
    assert store.claims([key(1)]) == [replace(early, delivered_at=EIGHT + 5 * MINUTE)]


# One run at a time


def test_a_second_run_is_told_once_and_waits_for_the_first(open_store: Open) -> None:
    told, entered, order = threading.Event(), threading.Event(), list[str]()

    def waiting() -> None:
        order.append("told")
        told.set()

    second = open_store(waiting)

    def second_run() -> None:
        with second.exclusive():
            order.append("second")
            entered.set()

    thread = threading.Thread(target=second_run)
    with open_store().exclusive():
        thread.start()
        assert told.wait(timeout=20)
        order.append("first")
        assert not entered.is_set()
    thread.join(timeout=20)

    assert order == ["told", "first", "second"]


def test_a_run_that_has_the_store_to_itself_is_told_nothing_and_leaves_it_free(open_store: Open) -> None:
    told = list[str]()
    store = open_store(lambda: told.append("waiting"))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="broken"), store.exclusive():
            raise RuntimeError("broken")

    assert told == []


def test_a_run_sees_what_the_one_before_it_wrote_a_moment_ago(open_store: Open) -> None:
    one, other = open_store(), open_store()
    claim = Claim("rule", key("a"), "new", EIGHT, "an alert")
    for _ in range(2):
        with one.exclusive():
            assert (one.undelivered(), one.visits(), one.claims([key("a")]), found(one)) == ([], {}, [], [])

    with other.exclusive():
        put(other, make("a"))
        assert other.claim(claim)
        other.save(Changes(visits=(Stored(VISIT),)))
    with one.exclusive():
        assert one.undelivered() == [claim]
        assert set(one.visits()) == {"sabah"}
        assert names(one.ingested(EIGHT)) == ["a"]
        one.delivered(claim.key, EIGHT + MINUTE)
    with other.exclusive():
        assert other.undelivered() == []


# Turns of many workers

ONE, TWO = (Turn(Work.WRITE, part) for part in ("1of2", "2of2"))
ALL_WRITING = Turn(Work.WRITE)


def nobody() -> None:
    pytest.fail("there is nobody to wait for")


def test_parts_of_a_work_and_another_work_go_on_side_by_side(open_store: Open) -> None:
    one, two, collecting = (open_store(nobody) for _ in range(3))

    with one.exclusive(ONE, Turn(Work.COLLECT, "1of2")), two.exclusive(TWO):
        put(one, make("a"))
        put(two, make("b"))
        put(one, make("c"))
        with collecting.exclusive(Turn(Work.COLLECT, "2of2")):
            assert set(collecting.articles([key("a"), key("b")])) == {key("a"), key("b")}
    with one.exclusive(ALL_WRITING), collecting.exclusive(Turn(Work.COLLECT)):
        assert names(one.ingested(EIGHT)) == sorted("abc", key=key)


@pytest.mark.parametrize(
    ("held", "waiters"),
    [
        ((ONE, Turn(Work.COLLECT, "1of2")), [(), (ALL_WRITING,), (ONE,), (Turn(Work.COLLECT),)]),
        ((ALL_WRITING,), [(), (ALL_WRITING,), (TWO,), (Turn(Work.COLLECT, "1of2"), ONE)]),
        ((), [(), (ALL_WRITING,), (ONE,), (Turn(Work.COLLECT),)]),
    ],
)
def test_who_wants_what_is_held_waits(open_store: Open, held: Iterable[Turn], waiters: list[tuple[Turn, ...]]) -> None:
    told, entered = threading.Semaphore(0), list[tuple[Turn, ...]]()
    stores = [open_store(told.release) for _ in waiters]

    def work(store: Store, turns: tuple[Turn, ...]) -> None:
        with store.exclusive(*turns):
            entered.append(turns)

    with ThreadPoolExecutor(len(waiters)) as beside:
        with open_store(nobody).exclusive(*held):
            working = [beside.submit(work, store, turns) for store, turns in zip(stores, waiters, strict=True)]
            assert all(told.acquire(timeout=20) for _ in waiters)
            assert entered == []
        for each in working:
            each.result(timeout=20)
    assert sorted(entered) == sorted(waiters)


def test_who_waits_for_one_after_the_other_is_told_once(open_store: Open) -> None:
    told, entered = threading.Semaphore(0), threading.Event()
    one, two, waiter = open_store(nobody), open_store(nobody), open_store(told.release)

    def work() -> None:
        with waiter.exclusive(Turn(Work.COLLECT), ONE):
            entered.set()

    with ThreadPoolExecutor(1) as beside:
        with one.exclusive(ONE):
            with two.exclusive(Turn(Work.COLLECT, "1of2")):
                working = beside.submit(work)
                assert told.acquire(timeout=20)
            assert not entered.wait(0.2)
        working.result(timeout=20)
    assert not told.acquire(blocking=False)


def test_of_many_with_turns_of_all_kinds_no_two_contend_and_each_gets_its_own(open_store: Open) -> None:
    every = [Turn(work, part) for work in Work for part in ("", "1of2", "2of2")]
    looking, inside, met = threading.Lock(), list[Turn](), list[tuple[Turn, Turn]]()
    stores = [open_store() for _ in range(5)]

    def work(number: int) -> int:
        chance, done = random.Random(number), 0  # noqa: S311 - seeded
        for _ in range(4):
            turns = set(chance.sample(every, chance.randrange(4)))
            wanted = turns or set(every)
            with stores[number].exclusive(*turns):
                with looking:
                    met.extend((one, other) for one in wanted for other in inside if contend(one, other))
                    inside.extend(wanted)
                done += 1
                with looking:
                    for each in wanted:
                        inside.remove(each)
        return done

    with ThreadPoolExecutor(len(stores)) as at_once:
        assert list(at_once.map(work, range(len(stores)))) == [4] * len(stores)
    assert met == []


def test_turns_are_taken_once_at_a_time(open_store: Open) -> None:
    store, other = open_store(nobody), open_store(nobody)

    with store.exclusive(ONE):
        with pytest.raises(RuntimeError, match="holds turns already"), store.exclusive(TWO):
            pytest.fail("a bug that may wait for itself")
        with other.exclusive(TWO):
            put(store, make("a"))
    with store.exclusive():
        put(store, make("b"))


def test_a_part_has_a_plain_name(open_store: Open) -> None:
    store = open_store(nobody)

    with pytest.raises(ValueError, match="is no name of a part"), store.exclusive(ONE, Turn(Work.WRITE, "../1of2")):
        pytest.fail("it could name any file")
    with store.exclusive():
        assert store.count() == 0


def test_a_wait_that_a_signal_ends_leaves_nothing_held(open_store: Open) -> None:
    def too_late(*_: object) -> None:
        raise TimeoutError("as a scheduler ends a task")

    before = signal.signal(signal.SIGALRM, too_late)
    try:
        waiter = open_store(lambda: signal.setitimer(signal.ITIMER_REAL, 0.1) and None)
        with open_store(nobody).exclusive(ONE):
            with pytest.raises(TimeoutError, match="as a scheduler"), waiter.exclusive(Turn(Work.COLLECT), ONE, TWO):
                pytest.fail("it is held")
            with open_store(nobody).exclusive(Turn(Work.COLLECT), TWO):
                pass
        with open_store(nobody).exclusive():
            pass
        with waiter.exclusive():
            pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
