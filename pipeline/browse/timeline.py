"""How many articles a search finds over time, in steps that make a readable chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pipeline.browse.asked import MATCHING, OF_STORY, Asked, dated
from pipeline.stores.sqlite.index import SECOND_BITS

DAY = 86_400  # seconds
DAYS = 92  # shown day by day; a longer time month by month
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Step(NamedTuple):
    """A day (2026-11-21) or month (2026-11), and how many articles were published in it."""

    time: str
    articles: int


def statement(asked: Asked) -> tuple[str, dict[str, object]]:
    """SQL that gives (day since 1970, number of articles), asked of the word index alone."""
    parameters = asked.parameters()
    parameters["oldest"] = dated(int(str(parameters["oldest"])))
    story = f" AND rowid IN ({OF_STORY})" if asked.story else ""
    day = f"(rowid >> {SECOND_BITS}) / {DAY}"
    counted = MATCHING.replace("SELECT rowid", f"SELECT {day} AS day, count(*)", 1)
    return f"{counted}{story} GROUP BY day", parameters


def steps(days: Iterable[tuple[int, int]]) -> list[Step]:
    """The counts of days as days, or as months where they span more than DAYS; empty ones between them are there."""
    counts = dict(days)
    if not counts:
        return []
    first, last = min(counts), max(counts)
    if last - first < DAYS:
        return [Step(f"{_date(day):%Y-%m-%d}", counts.get(day, 0)) for day in range(first, last + 1)]
    return _months(counts)


def _months(counts: Mapping[int, int]) -> list[Step]:
    found: dict[str, int] = {}
    at, last = _date(min(counts)).replace(day=1), _date(max(counts))
    while at <= last:
        found[f"{at:%Y-%m}"] = 0
        at = (at + timedelta(days=31)).replace(day=1)
    for day, count in counts.items():
        found[f"{_date(day):%Y-%m}"] += count
    return [Step(month, count) for month, count in found.items()]


def _date(day: int) -> datetime:
    return _EPOCH + timedelta(days=day)
