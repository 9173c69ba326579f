"""RSS 0.9 to 2.0, RSS 1.0 (RDF) and Atom 0.3 and 1.0, read by feedparser from what `markup` leaves of them."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from io import BytesIO
from typing import Any

from pipeline.feeds.markup import tame
from pipeline.feeds.raw import RawEntry, RawFeed

Parsed = Mapping[str, Any]
"""A FeedParserDict, asked as a plain dict: its own look-ups guess, warn and are ten times slower."""

# RSS 1.0 syndication module: minutes
PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}
LONGEST_TTL = 525_600  # minutes; more is a mistake
XML_UTF_8 = {"content-type": "application/xml; charset=utf-8"}


def read(text: str) -> RawFeed:
    """Read a feed of any of these kinds; Drop("not-a-feed") for anything else."""
    import feedparser

    tamed = tame(text)
    # A stream, because feedparser would open a string as a file or URL. Neither its HTML sanitizer nor its links inside
    # HTML are needed: what is shown becomes plain text, what is kept as HTML goes through extraction.
    parsed = feedparser.parse(
        BytesIO(tamed.xml.encode()), response_headers=XML_UTF_8, sanitize_html=False, resolve_relative_uris=False
    )
    return RawFeed(
        entries=tuple(_entry(entry) for entry in parsed["entries"]),
        title=_text(parsed["feed"], "title"),
        language=_text(parsed["feed"], "language"),
        ttl_minutes=_ttl(parsed["feed"]),
        cut=tamed.cut,
        broken=tamed.broken,
    )


def _entry(entry: Parsed) -> RawEntry:
    contents = [_html(content) for content in dict.get(entry, "content", ())]  # type: ignore[arg-type]
    ...
