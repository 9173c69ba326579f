"""The outcomes that the newsroom must give, with which the demo compares its own."""

from __future__ import annotations

from collections import Counter

from pipeline.newsroom.server import Newsroom

OUTCOMES = {
    "feed-good": ("feed", "kept", ""),
    "feed-broken": ("feed", "kept", ""),
    "feed-unchanged": ("feed", "unchanged", "not-modified"),
    "feed-missing": ("feed", "dropped", "http-404"),
    "feed-html": ("feed", "dropped", "not-a-feed"),
    "entry-good": ("store", "kept", "new"),
    "entry-corrected": ("store", "kept", "changed"),
    "entry-known": ("entry", "unchanged", "known"),
    "entry-repeated": ("entry", "dropped", "duplicate-url"),
    "entry-linkless": ("entry", "dropped", "no-link"),
    "entry-missing": ("fetch", "dropped", "http-404"),
    "entry-robots": ("fetch", "dropped", "robots"),
    "entry-empty": ("extract", "dropped", "empty"),
}
"""By what a pass meets (`Newsroom.counts`): stage, fate and reason of its outcome."""


def expected(newsroom: Newsroom, edition: int) -> dict[tuple[str, str, str], int]:
    """Count of each (stage, fate, reason) in a pass over this edition that follows a pass over the one before."""
    found: Counter[tuple[str, str, str]] = Counter()
    for what, count in newsroom.counts(edition).items():
        found[OUTCOMES[what]] += count
    return dict(found)
