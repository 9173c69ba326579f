"""How many articles a search finds over time, in steps that make a readable chart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from pipeline.browse.asked import Asked, dated
from pipeline.query import Search
from pipeline.records import moment, timestamp
from pipeline.stores.sqlite.index import SECOND_BITS

DAY = 86_400  # seconds
DAYS = 92  # shown day by day; a longer time month by month
MONTHS = 240  # shown one by one
SILENCE = 12
"""Empty months in a row that are one step where there are more than MONTHS: a misread date is of the year 1."""
EVERYTHING = Search()
_EPOCH = date(1970, 1, 1)


class Step(NamedTuple):
    """A day (2026-11-21), month (2026-11) or long silence (2001-02/2019-05), its articles, and the days it spans."""

    time: str
    articles: int
    since: str
    until: str  # exclusive; "" where the calendar ends


def statement(asked: Asked) -> tuple[str, dict[str, object]]:
    """SQL that gives (day since 1970, number of articles), asked of the word index alone."""
    parameters = asked.parameters()
    parameters["oldest"] = dated(int(str(parameters["oldest"])))
    sql = f"SELECT (rowid >> {SECOND_BITS}) / {DAY} AS day, count(*) FROM ({asked.found}) GROUP BY day"  # noqa: S608 - our own numbers
    return sql, parameters


def steps(days: Iterable[tuple[int, int]], search: Search = EVERYTHING) -> list[Step]:
    """The counts of days as days, as months where they span more than DAYS; what is empty between them is there too.

    A step spans no more than the search does, so that what it counts is what its span finds.
    """
    counts = dict(days)
    if not counts:
        return []
    first, last = min(counts), max(counts)
    if last - first >= DAYS:
        return [_clipped(step, search) for step in _months(counts)]
    whole = (Step(_day(day), counts.get(day, 0), _day(day), _day(day + 1)) for day in range(first, last + 1))
    return [_clipped(step, search) for step in whole]


def _months(counts: Mapping[int, int]) -> Iterator[Step]:
    """Month by month; where they are too many for a page, a long silence is one step."""
    found: dict[int, int] = {}
    for day, count in counts.items():
        month = _number(_EPOCH + timedelta(days=day))
        found[month] = found.get(month, 0) + count
    first, last = min(found), max(found)
    longest = SILENCE if last - first >= MONTHS else MONTHS
    for heard, row in groupby(range(first, last + 1), key=found.__contains__):
        months = list(row)
        if not heard and len(months) > longest:
            yield Step(f"{_month(months[0])}/{_month(months[-1])}", 0, *_ends(months[0], months[-1]))
        else:
            yield from (Step(_month(each), found.get(each, 0), *_ends(each, each)) for each in months)


def _clipped(step: Step, search: Search) -> Step:
    """The step no further than the search goes."""
    since, until = step.since, step.until
    if search.since and search.since > moment(f"{since}T00:00:00Z"):
        since = timestamp(search.since)
    if search.until and (not until or search.until < moment(f"{until}T00:00:00Z")):
        until = timestamp(search.until)
    return step._replace(since=since, until=until)


def _number(day: date) -> int:
    """The months from the year 0 to that of a day."""
    return 12 * day.year + day.month - 1


def _month(number: int) -> str:
    return f"{number // 12:04}-{number % 12 + 1:02}"


def _ends(first: int, last: int) -> tuple[str, str]:
    """The first day of a month and the first one after another."""
    return f"{_month(first)}-01", f"{_month(last + 1)}-01" if _month(last) != "9999-12" else ""


def _day(day: int) -> str:
    """A day as ISO 8601; "" behind the end of the calendar."""
    try:
        return (_EPOCH + timedelta(days=day)).isoformat()
    except OverflowError:
        return ""
