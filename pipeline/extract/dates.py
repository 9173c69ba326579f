"""When an article was published: what page, feed, address and clock say, weighed in this order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from pipeline.extract.metadata import Said
from pipeline.model import Entry, Source

EARLIEST_YEAR = 1990  # the Web is no older: earlier dates are zeros of a clock, or years of another calendar
CLOCK_AHEAD = timedelta(days=1)  # how far ahead of the fetch a date may lie: local days, and clocks set wrong

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?(?:\s?(?P<half>[ap])\.?m\b\.?)?"
_ZONE = r"\s{0,3}(?P<zone>Z|(?:GMT|UTC)?\s?[+-]\d{2}:?(?:\d{2})?|GMT|UTC)?"
_CLOCK = rf"(?:[T, ]{{1,3}}{_TIME}{_ZONE})?"
WRITTEN = (
    re.compile(
        rf"(?<!\d)(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}}){_CLOCK}(?!\d)", re.IGNORECASE
    ),
    re.compile(
        rf"(?<!\d)(?P<day>\d{{1,2}})[ -](?P<month>[a-z]{{3}})[a-z]{{0,6}}[ -](?P<year>\d{{4}}){_CLOCK}", re.IGNORECASE
    ),
    re.compile(
        rf"\b(?P<month>[a-z]{{3}})[a-z]{{0,6}}\.? (?P<day>\d{{1,2}}),? (?P<year>\d{{4}}){_CLOCK}", re.IGNORECASE
    ),
    re.compile(
        r"(?<!\d)(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?:T?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?)?"
        r"(?P<zone>Z|[+-]\d{4})?(?!\d)",
        re.IGNORECASE,
    ),
)
"""ISO 8601 and its looser relatives; RFC 2822 and JavaScript; both in the American order; digits only."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
IN_PATH = (
    re.compile(r"(?<!\d)(?P<year>\d{4})(?P<mark>[-/])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?!\d)"),
)
LONGEST = 60  # characters of a written date that are looked at


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time in UTC, whole seconds; `exact` when more than the day was told."""

    at: datetime
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Published:
    """When an article was published, which of page, feed, url and fetched said so, and where there."""

    at: datetime | None
    source: str
    where: str = ""


def decide(said: Sequence[Said], entry: Entry, source: Source, url: str, fetched_at: datetime | None) -> Published:
    """Weigh page, feed, address and fetch; what lies in the future or before the Web is not believed.

    A time without a zone is in the outlet's. Where the page tells only the day, a feed that means that day wins.
    """
    zone = _zone(source.timezone)
    told = entry.published or entry.updated
    feed = Moment(told.astimezone(UTC).replace(microsecond=0)) if told else None
    feed = feed if feed and _is_believable(feed, fetched_at) else None
    for where, text in said:
        moment = read(text, zone)
        if moment is None or not _is_believable(moment, fetched_at):
            continue
        if feed and not moment.exact and moment.at.astimezone(zone).date() == feed.at.astimezone(zone).date():
            break
        return Published(moment.at, "page", where)
    if feed:
        return Published(feed.at, "feed")
    for moment in _in_path(url, zone):
        if _is_believable(moment, fetched_at):
            return Published(moment.at, "url")
    return Published(fetched_at.astimezone(UTC).replace(microsecond=0) if fetched_at else None, "fetched")


def read(text: str, zone: tzinfo = UTC) -> Moment | None:
    """Read a date as machines and English pages write it; None where there is none. Never raises."""
    for pattern in WRITTEN:
        found = pattern.search(text[:LONGEST])
        if found:
            return _moment(found.groupdict(), zone)
    return None


def _moment(parts: Mapping[str, str | None], zone: tzinfo) -> Moment | None:
    """A moment from its parts; None where the calendar or the clock has no such."""
    month = str(parts["month"]).lower()
    year, day, hour, minute, second = (
        int(parts.get(part) or 0) for part in ("year", "day", "hour", "minute", "second")
    )
    if parts.get("half"):
        hour = hour % 12 + (12 if parts["half"] in ("p", "P") else 0)
    try:
        number = MONTHS.index(month) + 1 if month.isalpha() else int(month)
        at = datetime(
            year, number, day, hour, minute, min(second, 59), tzinfo=_offset(parts.get("zone")) or zone
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return Moment(at, exact=parts.get("hour") is not None)


def _offset(text: str | None) -> tzinfo | None:
    """The zone of `Z`, `GMT`, `+03`, `+0330` or `+03:30`; None where nothing was told."""
    if not text:
        return None
    text = text.lstrip("GMTUCZgmtucz ")
    digits = text[1:].replace(":", "").ljust(4, "0")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-away if text.startswith("-") else away)


def _in_path(url: str, zone: tzinfo) -> Iterator[Moment]:
    path = url.partition("://")[2].partition("?")[0]
    moments = (_moment(found.groupdict(), zone) for pattern in IN_PATH for found in pattern.finditer(path))
    return filter(None, moments)


def _is_believable(moment: Moment, fetched_at: datetime | None) -> bool:
    return moment.at.year >= EARLIEST_YEAR and (fetched_at is None or moment.at <= fetched_at + CLOCK_AHEAD)


@cache
def _zone(name: str) -> tzinfo:
    return ZoneInfo(name) if name else UTC
