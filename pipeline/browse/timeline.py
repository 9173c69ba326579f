"""How many articles a search finds over time, in steps that make a readable chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from pipeline.browse.asked import Asked, dated
from pipeline.stores.sqlite.index import SECOND_BITS

DAY = 86_400  # seconds
DAYS = 92  # shown day by day; a longer time month by month
_EPOCH = date(1970, 1, 1)


class Step(NamedTuple):
    """A day (2026-11-21) or month (2026-11), how many articles were published in it, and the days it spans."""

    time: str
    articles: int
    since: str
    until: str


def statement(asked: Asked) -> tuple[str, dict[str, object]]:
    """SQL that gives (day since 1970, number of articles), asked of the word index alone."""
    parameters = asked.parameters()
    parameters["oldest"] = dated(int(str(parameters["oldest"])))
    sql = f"SELECT (rowid >> {SECOND_BITS}) / {DAY} AS day, count(*) FROM ({asked.found}) GROUP BY day"  # noqa: S608 - our own numbers
    return sql, parameters


def steps(days: Iterable[tuple[int, int]]) -> list[Step]:
    """The counts of days as days, empty ones between them too; as months where they span more than DAYS."""
    counts = dict(days)
    if not counts:
        return []
    first, last = min(counts), max(counts)
    if last - first >= DAYS:
        return _months(counts)
    return [Step(_day(day), counts.get(day, 0), _day(day), _day(day + 1)) for day in range(first, last + 1)]


def _months(counts: Mapping[int, int]) -> list[Step]:
    """The months in which there is something: a misread date would else fill a page with empty ones."""
    found: dict[str, int] = {}
    for day, count in sorted(counts.items()):
        month = _day(day)[:7]
        found[month] = found.get(month, 0) + count
    return [Step(month, count, f"{month}-01", f"{_next(month)}-01") for month, count in found.items()]


def _next(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def _day(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()
