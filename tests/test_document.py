"""The stored article under its public names."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.document import article, document
from pipeline.model import Article, Block, Location, Mention, Outlet, Place, Reading, RegionMention, Removed

PUBLIC = [
    "id", "url", "title", "text", "language", "language_confidence", "published_at", "published_from", "fetched_at",
    "ingested_at", "outlet", "actors", "actor_names", "mentions", "regions", "locations", "story", "lead", "copy_of",
    "first_outlet", "removed", "flags", "archive", "extractor", "revision",
]  # fmt: skip
EIGHT = datetime(2026, 11, 21, 8, tzinfo=UTC)
FULL = Article(
    "a1" * 32,
    "https://sabah.example/haber/1",
    title="PKK'nın açıklaması",
    text="Süleymaniye'de toplantı.\nسليمانية",
    language="tr",
    language_confidence=0.97,
    published_at=EIGHT,
    published_from="page",
    fetched_at=EIGHT + timedelta(minutes=5),
    ingested_at=EIGHT + timedelta(minutes=6),
    outlet=Outlet("sabah", "Sabah", "TR", ("tr", "en"), "private"),
    actors=("pkk",),
    actor_names=("PKK", "پ.ک.ک"),
    mentions=(Mention("pkk", "PKK", "PKK'nın açıklaması", 0, 3, "title"),),
    regions=("IQ", "IQ-SU"),
    locations=(Location(35.56, 45.43),),
    story="b2" * 32,
    lead=False,
    copy_of="b2" * 32,
    first_outlet="ajans",
    removed=(
        Removed("Son haberler\nDiğerleri", "outlet-repeats", line=4, pages=3),
        Removed("Başka bir haber", "second-article", url="https://sabah.example/haber/2"),
    ),
    flags=("ill-formed",),
    archive=Place("2026/11/21/run-0.warc.gz", 4096),
    extractor=("trafilatura", "2.0.0"),
    revision=2,
    bands=("0:ab",),
    readings=(Reading(EIGHT, "cd" * 32),),
    digest=b"\x00\xff\xfe",
    recalled=b"\x01",
)

TEXT = st.text(max_size=12)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
TIMES = st.datetimes(min_value=datetime(1, 1, 2), timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001 - hypothesis adds the zone
NUMBERS = st.integers(min_value=0, max_value=2**40)
OUTLETS = st.just(Outlet("")) | st.builds(Outlet, TEXT, TEXT, TEXT, TEXTS, TEXT)
ARTICLES = st.builds(
    Article,
    id=TEXT,
    url=TEXT,
    title=TEXT,
    text=TEXT,
    language=TEXT,
    language_confidence=st.floats(min_value=0, max_value=1),
    published_at=st.none() | TIMES,
    published_from=TEXT,
    fetched_at=st.none() | TIMES,
    ingested_at=st.none() | TIMES,
    outlet=OUTLETS,
    actors=TEXTS,
    actor_names=TEXTS,
    mentions=st.lists(st.builds(Mention, TEXT, TEXT, TEXT, NUMBERS, NUMBERS, TEXT), max_size=2).map(tuple),
    regions=TEXTS,
    locations=st.lists(st.builds(Location, st.floats(-90, 90), st.floats(-180, 180)), max_size=2).map(tuple),
    story=TEXT,
    lead=st.booleans(),
    copy_of=TEXT,
    first_outlet=TEXT,
    removed=st.lists(st.builds(Removed, TEXT, TEXT, st.none() | NUMBERS, NUMBERS, TEXT), max_size=2).map(tuple),
    flags=TEXTS,
    archive=st.none() | st.builds(Place, TEXT, NUMBERS),
    extractor=st.tuples(TEXT, TEXT),
    revision=NUMBERS,
    bands=TEXTS,
    readings=st.lists(st.builds(Reading, TIMES, TEXT), max_size=2).map(tuple),
    digest=st.binary(max_size=8),
    recalled=st.binary(max_size=8),
)


@settings(deadline=None, derandomize=True)
@given(ARTICLES)
def test_an_article_comes_back_from_its_json_as_it_was(there: Article) -> None:
    assert article(json.loads(json.dumps(document(there, private=True)))) == there


@settings(deadline=None, derandomize=True)
@given(ARTICLES)
def test_without_private_parts_all_but_those_comes_back(there: Article) -> None:
    assert list(document(there)) == PUBLIC
    assert article(document(there)) == replace(there, bands=(), readings=(), digest=b"", recalled=b"")


def test_a_document_says_everything_under_its_public_name() -> None:
    assert document(FULL) == {
        "id": "a1" * 32,
        "url": "https://sabah.example/haber/1",
        "title": "PKK'nın açıklaması",
        "text": "Süleymaniye'de toplantı.\nسليمانية",
        "language": "tr",
        "language_confidence": 0.97,
        "published_at": "2026-11-21T08:00:00Z",
        "published_from": "page",
        "fetched_at": "2026-11-21T08:05:00Z",
        "ingested_at": "2026-11-21T08:06:00Z",
        "outlet": {
            "id": "sabah",
            "name": "Sabah",
            "country": "TR",
            "languages": ["tr", "en"],
            "affiliation": "private",
        },
        "actors": ["pkk"],
        "actor_names": ["PKK", "پ.ک.ک"],
        "mentions": [
            {"actor": "pkk", "alias": "PKK", "sentence": "PKK'nın açıklaması", "start": 0, "end": 3, "in": "title"}
        ],
        "regions": ["IQ", "IQ-SU"],
        "locations": [{"lat": 35.56, "lon": 45.43}],
        "story": "b2" * 32,
        "lead": False,
        "copy_of": "b2" * 32,
        "first_outlet": "ajans",
        "removed": [
            {"text": "Son haberler\nDiğerleri", "reason": "outlet-repeats", "line": 4, "pages": 3, "url": None},
            {
                "text": "Başka bir haber",
                "reason": "second-article",
                "line": None,
                "pages": 0,
                "url": "https://sabah.example/haber/2",
            },
        ],
        "flags": ["ill-formed"],
        "archive": {"file": "2026/11/21/run-0.warc.gz", "offset": 4096},
        "extractor": {"name": "trafilatura", "version": "2.0.0"},
        "revision": 2,
    }


def test_private_parts_follow_the_public_ones_when_asked_for() -> None:
    told = document(FULL, private=True)

    assert list(told) == [*PUBLIC, "bands", "readings", "digest", "recalled"]
    assert told["bands"] == ["0:ab"]
    assert told["readings"] == [{"fetched_at": "2026-11-21T08:00:00Z", "digest": "cd" * 32}]
    assert (told["digest"], told["recalled"]) == ("AP/+", "AQ==")  # bytes as text, for JSON has none


def test_a_page_that_left_nothing_to_remember_says_so_in_no_bytes() -> None:
    told = document(Article("a", "https://x.example/"), private=True)

    assert (told["digest"], told["recalled"]) == ("", "")


def test_a_document_of_an_older_version_is_read() -> None:
    """It says of what was removed only text and reason, and nothing of what is remembered."""
    told = document(FULL, private=True)
    told["removed"] = [{"text": "Son haberler", "reason": "widget"}]
    del told["digest"], told["recalled"]

    older = article(told)

    assert older.removed == (Removed("Son haberler", "widget", line=None, pages=0, url=""),)
    assert older == replace(FULL, removed=older.removed, digest=b"", recalled=b"")


def test_what_an_article_does_not_have_is_null_or_an_empty_list() -> None:
    told = document(Article("a", "https://x.example/"))

    assert {name for name, value in told.items() if value is None} == {
        "title", "published_at", "fetched_at", "ingested_at", "outlet", "story", "copy_of", "first_outlet", "archive",
        "extractor",
    }  # fmt: skip
    assert {name for name, value in told.items() if value == []} == {
        "actors", "actor_names", "mentions", "regions", "locations", "removed", "flags",
    }  # fmt: skip
    assert document(Article("", "", outlet=Outlet("x")))["outlet"] == {
        "id": "x",
        "name": None,
        "country": None,
        "languages": [],
        "affiliation": "unknown",
    }


@pytest.mark.parametrize("name", PUBLIC)
def test_a_document_without_a_public_key_is_no_article(name: str) -> None:
    told = document(FULL)
    del told[name]

    with pytest.raises(KeyError, match=name):
        article(told)


def test_times_are_told_in_utc_with_whole_seconds() -> None:
    tehran = datetime(2026, 11, 21, 11, 30, 0, 999_999, tzinfo=timezone(timedelta(hours=3, minutes=30)))
    told = document(replace(FULL, published_at=tehran))

    assert told["published_at"] == "2026-11-21T08:00:00Z"
    assert article(told).published_at == EIGHT


def test_what_only_the_stages_need_is_not_told() -> None:
    on_the_way = replace(
        FULL,
        blocks=(Block("haber", (1, 2, 3), link=False),),
        region_mentions=(RegionMention("IQ", "Iraq"),),
        origins=(("title", "og:title"),),
        declared_language="tr",
    )

    assert document(on_the_way, private=True) == document(FULL, private=True)
