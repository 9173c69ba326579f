"""The daily report: every source that is not well, since when, and what a person can do."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.flow.health import OTHER, REMEDIES, Ill, ill, report
from pipeline.model import Changes, Source, Stored, Visit
from pipeline.watchlist import FetchSettings
from tests.house import ROOT
from tests.trial import NOW, trial

HOUR = timedelta(hours=1)
LAST_WEEK = NOW - 7 * 24 * HOUR


def source(name: str, **changed: object) -> Source:
    return replace(Source(name, f"https://{name}.example/feed"), **changed)  # type: ignore[arg-type] # any field


def visit(name: str, **changed: object) -> Visit:
    """One of an hour ago, as it should be."""
    made = Visit(name, "run-1", NOW - HOUR, 200, NOW + HOUR, unconditional_at=NOW - HOUR)
    return replace(made, **changed)  # type: ignore[arg-type] # any field


def seen(*visits: Visit) -> list[Ill]:
    """What is said of these sources, all of them enabled."""
    stored = {each.source: Stored(each, "1") for each in visits}
    return ill([source(each.source) for each in visits], stored, NOW, FetchSettings())


def failing(reason: str) -> Ill:
    [found] = seen(visit("a", errors=3, reason=reason, unconditional_at=LAST_WEEK))
    return found


def test_sources_that_answer_are_not_told_of() -> None:
    assert seen(visit("a"), visit("b", status=304), visit("c", errors=2, reason="timeout")) == []


def test_a_failing_source_is_told_with_its_last_full_answer() -> None:
    found = failing("http-403")

    assert found[:4] == ("a", "failing", LAST_WEEK, "http-403")
    assert found.remedy == "it refuses us: ask the outlet, or try another network"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("http-404", "correct `feed` in sources.yaml"),
        ("not-a-feed", "look for its new address"),
        ("dns", "its name leads nowhere"),
        ("http-500", "it is asked again by itself"),
        ("http-503", "it is asked again by itself"),
        ("timeout", "nothing"),
        ("private-address", "fetch.allow_networks"),
        ("internal-error", "report it"),
        ("too-large", OTHER),
    ],
)
def test_each_reason_has_something_to_do(reason: str, told: str) -> None:
    assert told in failing(reason).remedy


def test_remedies_are_for_reasons_that_a_poll_can_end_with() -> None:
    documented = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")

    for reason in REMEDIES:
        assert f"`{reason}`" in documented or re.fullmatch(r"http-\d{3}", reason)


def test_a_feed_that_was_taken_away_is_told_for_ever() -> None:
    gone = visit("a", status=410, next_visit=None, reason="http-410", validated_url="https://a.example/feed")

    [found] = seen(replace(gone, unconditional_at=LAST_WEEK))

    assert found[:4] == ("a", "gone", LAST_WEEK, "http-410")
    assert "it is not asked any more" in found.remedy


def test_a_source_that_nobody_asks_is_told_a_day_after_it_was_due() -> None:
    last = NOW - 30 * HOUR

    assert seen(visit("a", visited_at=last, next_visit=NOW - 23 * HOUR)) == []
    [found] = seen(visit("a", visited_at=last, next_visit=NOW - 25 * HOUR))

    assert found[:4] == ("a", "due", last, "")
    assert "wireroom_ingest" in found.remedy


def test_a_source_that_was_never_asked_is_told_and_a_disabled_one_is_not() -> None:
    found = ill([source("new"), source("off", enabled=False)], {}, NOW, FetchSettings())

    assert [each[:4] for each in found] == [("new", "new", None, "")]


def test_the_report_is_a_table_with_the_worst_first(tmp_path: Path) -> None:
    found = trial(
        tmp_path, source("new"), source("slow"), source("well"), source("a-long-name"), source("off", enabled=False)
    )
    visits = (
        visit("slow", errors=5, reason="timeout", unconditional_at=None),
        visit("well"),
        visit(
            "a-long-name",
            status=410,
            reason="http-410",
            validated_url="https://a-long-name.example/feed",
            unconditional_at=LAST_WEEK,
        ),
    )
    found.store.save(Changes(visits=tuple(map(Stored, visits))))

    head, *rows, count = report(found.run("upkeep"))

    assert head == "source       state    since             reason    what to do"
    assert [row[:48] for row in rows] == [
        "a-long-name  gone     2026-11-14 08:00  http-410",
        "slow         failing  never             timeout ",
        "new          new      never                     ",
    ]
    assert [row[50:58] for row in rows] == ["it is no", "nothing:", "nothing:"]
    assert count == "3 of 4 enabled sources are not well: 1 gone, 1 failing, 1 new"


def test_that_all_are_well_is_one_line(tmp_path: Path) -> None:
    found = trial(tmp_path, source("well"))
    found.store.save(Changes(visits=(Stored(visit("well")),)))

    assert list(report(found.run("upkeep"))) == ["all 1 enabled sources are well"]
