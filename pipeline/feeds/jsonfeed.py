"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from html import escape

from pipeline.feeds.markup import MOST_ENTRIES
from pipeline.feeds.raw import RawEntry, RawFeed
from pipeline.model import Drop

VERSION = "https://jsonfeed.org/version/"


def read(text: str) -> RawFeed:
    """Read a JSON Feed; Drop("not-a-feed") for anything else."""
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError):
        raise Drop("not-a-feed", detail="json") from None
    if not isinstance(feed, dict) or not _text(feed, "version").startswith(VERSION):
        raise Drop("not-a-feed", detail="json")
    items = feed.get("items")
    items = items if isinstance(items, list) else []
    return RawFeed(
        entries=tuple(_entry(item) for item in items[:MOST_ENTRIES] if isinstance(item, dict)),
        title=escape(_text(feed, "title")),
        language=_text(feed, "language"),
        cut=max(0, len(items) - MOST_ENTRIES),
    )


def _entry(item: dict[str, object]) -> RawEntry:
    guid = _text(item, "id")
    words = escape(_text(item, "content_text"), quote=False).replace("\n", "<br>\n")
    return RawEntry(
        link=_text(item, "url") or _text(item, "external_url") or (guid if "://" in guid else ""),
        title=escape(_text(item, "title"), quote=False),
        summary=escape(_text(item, "summary"), quote=False),
        content=_text(item, "content_html") or words,
        published=_text(item, "date_published"),
        updated=_text(item, "date_modified"),
        guid=guid,
        language=_text(item, "language"),
    )


def _text(item: dict[str, object], key: str) -> str:
    value = item.get(key)
    return str(value) if isinstance(value, str | int | float) else ""
