"""When an article was published: page, feed, address, clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extract.dates import Moment, Published, decide, read
from pipeline.model import Entry, Source
from tests.pages import NOW, URL

BAGHDAD = Source("port", "", timezone="Asia/Baghdad")
PAGE = datetime(2026, 11, 20, 5, tzinfo=UTC)
FEED = datetime(2026, 11, 20, 6, 30, 15, 900, tzinfo=UTC)


def published(
    *said: str, feed: datetime | None = None, url: str = URL, source: Source = BAGHDAD, now: datetime | None = NOW
) -> Published:
    return decide([("meta", text) for text in said], Entry(url, published=feed), source, url, now)


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-11-20T05:00:00Z", 5),
        ("2026-11-20T08:00:00+03:00", 5),
        ("2026-11-20T08:00:00.123456+0300", 5),
        ("2026-11-20T08:00+03", 5),
        ("2026-11-20 08:30:00 +03:30", 5),
        ("2026-11-20T00:00:00-05:00", 5),
        ("2026-11-20 05:00:00 UTC", 5),
        ("2026-11-20T05:00:00 GMT", 5),
        ("2026/11/20 05:00", 5),
        ("2026.11.20, 05:00", 5),
        ("20261120T050000Z", 5),
        ("202611200500", 5),
        ("Fri, 20 Nov 2026 05:00:00 GMT", 5),
        ("Fri, 20 Nov 2026 08:00:00 +0300", 5),
        ("20 November 2026 05:00", 5),
        ("Fri Nov 20 2026 08:00:00 GMT+0300 (Arabian Standard Time)", 5),
        ("November 20, 2026 5:00 am", 5),
        ("Nov. 20, 2026, 5:00 p.m. UTC", 17),
        ("2026-11-20 12:15 AM", 0),
        ("2026-11-20 12:15 pm", 12),
        ("٢٠٢٦-١١-٢٠ ٠٥:٠٠", 5),
    ],
)
def test_a_time_is_read_as_machines_and_english_pages_write_it(written: str, hour: int) -> None:
    moment = read(written)

    assert moment is not None
    assert (moment.at.date().isoformat(), moment.at.hour, moment.exact) == ("2026-11-20", hour, True)
    assert moment.at.tzinfo is UTC


@pytest.mark.parametrize(
    "written", ["2026-11-20", "20261120", "20 Nov 2026", "November 20, 2026", "2026/11/20", "2026-11-20 "]
)
def test_a_day_alone_is_midnight_and_not_exact(written: str) -> None:
    assert read(written) == Moment(datetime(2026, 11, 20, tzinfo=UTC), exact=False)


@pytest.mark.parametrize(
    "written",
    [
        *("", "yesterday", "0000-00-00", "2026-13-01", "2026-02-30T00:00:00Z", "2026-11-20T25:00:00Z", "12345678901"),
        *("20 Foo 2026", "Foo 20, 2026", "20269999", "2026-11-20T08:00:00+99:99", "9999-12-31T23:59:59-12:00", "-"),
    ],
)
def test_what_is_no_time_is_none(written: str) -> None:
    assert read(written) is None


def test_a_leap_second_is_the_second_before() -> None:
    assert read("2026-12-31T23:59:60Z") == Moment(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC))


def test_a_time_without_a_zone_is_the_outlets() -> None:
    assert published("2026-11-20T08:00:00").at == PAGE
    assert published("2026-11-20T08:00:00", source=Source("x", "")).at == PAGE + timedelta(hours=3)


def test_the_page_comes_before_the_feed() -> None:
    found = published("2026-11-20T05:00:00Z", feed=FEED)

    assert found == Published(PAGE, "page", "meta")


def test_the_feed_comes_before_the_address() -> None:
    found = published(feed=FEED, url="https://port.example/2026/11/19/bridge")

    assert found == Published(FEED.replace(microsecond=0), "feed")


def test_the_time_of_an_update_does_where_the_feed_tells_no_other() -> None:
    found = decide([], Entry(URL, updated=FEED), BAGHDAD, URL, NOW)

    assert (found.at, found.source) == (FEED.replace(microsecond=0), "feed")


@pytest.mark.parametrize(
    "path",
    [
        "/2026/11/19/bridge-reopens/",
        "/news/2026-11-19/bridge.html",
        "/20261119/bridge",
        "/a/2026/1119/20261119-1234",
        "/story-2026-11-19",
        "/2026/99/99/x/2026/11/19/y",
    ],
)
def test_the_address_comes_before_the_clock(path: str) -> None:
    found = published(url=f"https://port.example{path}")

    assert found == Published(datetime(2026, 11, 18, 21, tzinfo=UTC), "url")


@pytest.mark.parametrize("path", ["/news/123456789", "/1998765", "/2026/11", "/a?date=2026-11-19", "/20269919", ""])
def test_numbers_in_an_address_are_not_all_dates(path: str) -> None:
    assert published(url=f"https://port.example{path}") == Published(NOW, "fetched")


def test_where_nothing_is_told_the_time_of_fetching_stands() -> None:
    assert published(now=NOW.replace(microsecond=5)) == Published(NOW, "fetched")
    assert published(now=None) == Published(None, "fetched")


@pytest.mark.parametrize(
    "said", ["2026-11-23T00:00:00Z", "1970-01-01T00:00:00Z", "0001-01-01", "1405-08-29T10:00:00", "soon"]
)
def test_a_date_in_the_future_or_before_the_web_is_not_believed(said: str) -> None:
    assert published(said, feed=FEED).source == "feed"
    assert published(said, url="https://port.example/2031/01/01/x").source == "fetched"
    assert published(said, "2026-11-20T05:00:00Z").at == PAGE


def test_a_feed_in_the_future_is_not_believed_either() -> None:
    assert published(feed=NOW + timedelta(days=2)).source == "fetched"
    assert published(feed=NOW + timedelta(hours=23)).source == "feed"


def test_without_a_time_of_fetching_any_future_is_believed() -> None:
    assert published("2030-01-01T00:00:00Z", now=None).source == "page"


def test_a_page_that_tells_only_the_day_leaves_the_time_to_a_feed_that_means_that_day() -> None:
    late_in_utc = datetime(2026, 11, 19, 22, 15, tzinfo=UTC)  # 01:15 on the 20th in Baghdad

    assert published("2026-11-20", feed=late_in_utc) == Published(late_in_utc, "feed")
    assert published("2026-11-18", feed=late_in_utc) == Published(
        datetime(2026, 11, 17, 21, tzinfo=UTC), "page", "meta"
    )
    assert published("2026-11-18").source == "page"


def test_a_feed_in_another_zone_is_told_in_utc() -> None:
    told = FEED.astimezone(timezone(timedelta(hours=-8)))

    assert published(feed=told).at == FEED.replace(microsecond=0)


@given(st.text(max_size=80))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert read(text) is None or isinstance(read(text), Moment)


@given(st.datetimes(min_value=datetime(1991, 1, 1), max_value=datetime(2026, 11, 20)))  # noqa: DTZ001 - UTC is added
@settings(deadline=None, derandomize=True, max_examples=100)
def test_what_python_writes_is_read_back(moment: datetime) -> None:
    at = moment.replace(microsecond=0, tzinfo=UTC)

    assert read(at.isoformat()) == Moment(at)
    assert published(at.astimezone(timezone(timedelta(hours=3, minutes=30))).isoformat()).at == at
