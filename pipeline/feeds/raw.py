"""What a feed says, before any of it is believed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One item as its feed words it: links as written, texts as HTML, dates as text."""

    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    published: str = ""
    updated: str = ""
    guid: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class RawFeed:
    """One answer as its feed words it; `cut` counts entries beyond the limit."""

    entries: tuple[RawEntry, ...]
    title: str = ""
    language: str = ""
    ttl_minutes: int | None = None
    cut: int = 0
    broken: bool = False  # had to be repaired
    unfinished: bool = False  # the end is missing
