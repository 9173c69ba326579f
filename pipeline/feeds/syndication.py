"""RSS 0.9 to 2.0, RSS 1.0 (RDF) and Atom 0.3 and 1.0, read by feedparser from what `markup` leaves of them."""

from __future__ import annotations

import re
from html import escape
from io import BytesIO
from typing import Any

from pipeline.feeds.markup import tame
from pipeline.feeds.raw import RawEntry, RawFeed

Parsed = dict[str, Any]
"""A FeedParserDict, asked as a plain dict: its own look-ups guess, warn, and take ten times as long."""

PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}
"""Minutes; RSS 1.0 syndication module."""
LONGEST_TTL = 525_600  # minutes: a year; more is a mistake
_DIGITS = re.compile(r"[0-9]{1,9}")
XML = {"content-type": "application/xml; charset=utf-8"}


def read(text: str) -> RawFeed:
    """Read a feed of any of these kinds; Drop("not-a-feed") for anything else."""
    import feedparser

    tamed = tame(text)
    # A stream, because feedparser would open a string as a file or URL. Neither its sanitizer nor its resolving of
    # links in HTML is needed: what is shown becomes plain text, and what stays HTML goes through extraction.
    parsed = feedparser.parse(
        BytesIO(tamed.xml.encode()), response_headers=XML, sanitize_html=False, resolve_relative_uris=False
    )
    feed = parsed["feed"]
    return RawFeed(
        entries=tuple(_entry(entry) for entry in parsed["entries"]),
        title=_text(feed, "title"),
        language=_text(feed, "language"),
        ttl_minutes=max(_ttl(feed), _period(feed)) or None,
        cut=tamed.cut,
        broken=tamed.broken,
        unfinished=tamed.unfinished,
    )


def _entry(entry: Parsed) -> RawEntry:
    contents = [_html(content) for content in dict.get(entry, "content", ())]
    link, guid = _text(entry, "link"), _text(entry, "id")
    if link == guid and "://" not in link:  # feedparser takes every guid for a link that does not say it is none
        link = ""
    title = dict.get(entry, "title_detail") or {}
    return RawEntry(
        link=link,
        title=_text(entry, "title"),
        summary=_text(entry, "summary"),
        content=max(contents, key=len, default=""),
        published=_text(entry, "published") or _text(entry, "created"),
        updated=_text(entry, "updated"),
        guid=guid,
        language=_text(entry, "language") or _text(title, "language"),
    )


def _html(content: Parsed) -> str:
    value = _text(content, "value")
    return escape(value, quote=False) if content.get("type") == "text/plain" else value


def _text(values: Parsed, key: str) -> str:
    return dict.get(values, key) or ""


def _ttl(feed: Parsed) -> int:
    """RSS `ttl` in minutes, 0 where it is absent or makes no sense (rule P4)."""
    minutes = _number(feed, "ttl")
    return minutes if minutes <= LONGEST_TTL else 0


def _period(feed: Parsed) -> int:
    """Minutes between two updates by the syndication module, 0 where it says nothing (rule P4)."""
    period = PERIODS.get(_text(feed, "sy_updateperiod").lower(), 0)
    return period // max(1, _number(feed, "sy_updatefrequency"))


def _number(feed: Parsed, key: str) -> int:
    text = _text(feed, key)
    return int(text) if _DIGITS.fullmatch(text) else 0
