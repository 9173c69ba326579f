"""Dates as feeds write them, in any of our languages, as UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from unicodedata import normalize
from zoneinfo import ZoneInfo

EARLIEST = 1990  # year: before the web there was no feed
AHEAD = timedelta(days=2)  # a clock may be a day off, and so may a zone
LONGEST = 80  # characters of a date
TWO_DIGIT_YEARS = 70  # "69" is 2069, "70" is 1970
# Whose month names are read: Gregorian months, for Arabic those of the Gulf, the Levant and the Maghreb.
LOCALES = ("en", "fr", "tr", "az", "ku", "ckb", "fa", "ar", "ar_IQ", "ar_DZ", "he", "hy")
# Kurmanji names in use that CLDR does not have.
KURMANJI = {"çile": 1, "reşemî": 2, "avrêl": 4, "xizîran": 6, "pûşper": 6, "rezber": 9, "kewçêr": 10, "kanûn": 12}
# Hours east of UTC of names that mean one zone only; any other name is taken for the outlet's own zone.
ZONES = (
    dict.fromkeys(("z", "ut", "utc", "gmt"), 0.0)
    | {"est": -5.0, "edt": -4.0, "cst": -6.0, "cdt": -5.0, "mst": -7.0, "mdt": -6.0, "pst": -8.0, "pdt": -7.0}
    | {"cet": 1.0, "cest": 2.0, "eet": 2.0, "eest": 3.0, "trt": 3.0, "msk": 3.0, "irst": 3.5, "azt": 4.0}
)
ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NOON = 12

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
_ZONE = r"\s*(?P<zone>[a-z]{1,4}\b)?(?P<offset>[+-]\d{1,2}(?::?\d\d)?)?"
_CLOCK = rf"(?:\D{{0,9}}?{_TIME}\s*(?P<half>[ap]\.?m\b|[صم]\b)?{_ZONE})?"
_WORD = r"[^\W\d_]+\.?(?:\s[^\W\d_]+)?"
_FORMS = (
    rf"(?<!\d)(?P<day>\d{{1,2}})[.\s-]\s*(?P<name>{_WORD})[,،\s-]+(?P<year>\d{{4}}|\d\d(?![\d:])){_CLOCK}",
    rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}}){_CLOCK}",
    rf"(?<!\d)(?P<day>\d{{1,2}})[-/.](?P<month>\d{{1,2}})[-/.](?P<year>\d{{4}}){_CLOCK}",
    rf"(?P<name>[^\W\d_]+)\.?\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}}){_CLOCK}",
    rf"(?P<name>[^\W\d_]+)\s+(?P<day>\d{{1,2}})\s+{_TIME}{_ZONE}\s+(?P<year>\d{{4}})",
)  # RFC 822 and words; ISO 8601 and looser; day first; American; asctime
_PATTERNS = tuple(re.compile(form, re.IGNORECASE) for form in _FORMS)
_MARKS = re.compile("[\u200e\u200f\u061c\u064b-\u065f]")  # of direction, and Arabic vowels


def when(text: str, zone: str = "", now: datetime | None = None) -> datetime | None:
    """Read a date and give it in UTC; None for what is no date, before 1990, or over two days after `now`.

    A time without a zone is in `zone` (IANA name, UTC where empty), a date without a time is its midnight.
    """
    text = text[:LONGEST].strip()
    try:
        moment = _iso(text) or _written(_MARKS.sub("", normalize("NFC", text)))
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
        moment = moment.astimezone(UTC) if moment else None
    except OverflowError:  # the first or the last day of the calendar
        return None
    if moment is None or moment.year < EARLIEST or (now and moment > now + AHEAD):
        return None
    return moment


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _written(text: str) -> datetime | None:
    for pattern in _PATTERNS:
        found = pattern.search(text)
        if found:
            try:
                return _built(found.groupdict(""))
            except ValueError:
                continue
    return None


def _built(parts: dict[str, str]) -> datetime:
    """Put a date together; ValueError where there is no such day."""
    hour = int(parts["hour"] or 0)
    if parts.get("half"):
        hour = hour % NOON + (NOON if parts["half"][0] in "pPم" else 0)
    minute, second = int(parts["minute"] or 0), min(59, int(parts["second"] or 0))  # 60: a leap second
    day = datetime(*_day(parts), tzinfo=_zone(parts))
    return day.replace(hour=hour % 24, minute=minute, second=second) + timedelta(days=hour // 24)


def _day(parts: dict[str, str]) -> tuple[int, int, int]:
    day, year = int(parts["day"]), int(parts["year"])
    month = _month(parts["name"]) if "name" in parts else int(parts["month"])
    if "name" not in parts and month > NOON >= day:
        day, month = month, day
    if len(parts["year"]) == len("26"):
        year += 2000 if year < TWO_DIGIT_YEARS else 1900
    return year, month, day


def _zone(parts: dict[str, str]) -> tzinfo | None:
    """The zone that is told, None where there is none or its name means several."""
    name, offset = parts["zone"].lower(), parts["offset"].replace(":", "")
    if offset:
        minutes = int(offset[1:3]) * 60 + int(offset[3:] or 0)
        return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    return timezone(timedelta(hours=ZONES[name])) if name in ZONES else None


def _month(name: str) -> int:
    """Number of a month named in any of our languages; ValueError for any other word."""
    short = name[:3].lower()  # says the same in every language that has such a month
    if short in ENGLISH:
        return ENGLISH.index(short) + 1
    from pipeline.fold import tokens

    first, *more = tokens(name)
    readings = (" ".join((first, *more)), first, first.removeprefix("ב"))  # Hebrew writes "in" before the month
    number = next(filter(None, map(_months().get, readings)), None)
    if number is None:
        raise ValueError(name)
    return number


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """Numbers by folded name, long and short, as in a date and alone."""
    from babel.dates import get_month_names

    from pipeline.fold import tokens

    found: dict[str, int] = {}
    for locale in LOCALES:
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in get_month_names(width, context, locale).items():
                    found.setdefault(" ".join(tokens(name)), number)
    return {" ".join(tokens(name)): number for name, number in KURMANJI.items()} | found
