"""Entries, outcomes and times survive the way through JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model import Claim, Entry, Fate, Outcome
from pipeline.records import (
    claim_document,
    entry_document,
    moment,
    outcome_document,
    read_claim,
    read_entry,
    read_outcome,
    timestamp,
)

TIMES = st.none() | st.integers(min_value=631_152_000, max_value=4_102_444_800).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
ENTRIES = st.builds(
    Entry,
    url=st.text(max_size=20),
    title=st.text(max_size=20),
    published=TIMES,
    updated=TIMES,
    summary=st.text(max_size=20),
    content=st.text(max_size=20),
    guid=st.text(max_size=9),
    language=st.sampled_from(["", "ckb", "fa"]),
    number=st.integers(min_value=0, max_value=2_000),
    attempts=st.integers(min_value=0, max_value=6),
    not_before=TIMES,
    offered=st.booleans(),
)


@settings(deadline=None, derandomize=True)
@given(entry=ENTRIES)
def test_an_entry_comes_back_as_it_was(entry: Entry) -> None:
    assert read_entry(json.loads(json.dumps(entry_document(entry)))) == entry


def test_an_entry_says_nothing_of_what_it_does_not_have() -> None:
    assert entry_document(Entry("https://x.example/1", number=3)) == {"url": "https://x.example/1", "number": 3}


def test_an_entry_of_a_newer_version_is_read_as_far_as_it_is_known() -> None:
    assert read_entry({"url": "u", "colour": "blue"}) == Entry("u")


def test_times_are_written_in_utc_with_whole_seconds() -> None:
    baghdad = datetime(2026, 11, 21, 11, 0, 0, 999, tzinfo=timezone(timedelta(hours=3)))

    assert timestamp(baghdad) == "2026-11-21T08:00:00Z"
    assert moment("2026-11-21T08:00:00Z") == datetime(2026, 11, 21, 8, tzinfo=UTC)


def test_an_outcome_comes_back_as_it_was() -> None:
    outcome = Outcome("r", "s", "u", "fetch", Fate.DROPPED, "http-404", datetime(2026, 11, 21, 8, tzinfo=UTC), 4, 2)

    assert read_outcome(json.loads(json.dumps(outcome_document(outcome)))) == outcome


def test_what_is_no_outcome_is_refused() -> None:
    with pytest.raises(KeyError):
        read_outcome({"run": "r"})


def test_a_claim_comes_back_as_it_was_and_forgets_its_words_once_they_were_delivered() -> None:
    at = datetime(2026, 11, 21, 8, tzinfo=UTC)
    waiting = Claim("rule", "article", "new", at, "in these words")
    delivered = replace(waiting, delivered_at=at)

    assert read_claim(json.loads(json.dumps(claim_document(waiting)))) == waiting
    assert read_claim(json.loads(json.dumps(claim_document(delivered)))) == replace(delivered, alert="")
