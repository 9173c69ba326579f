"""Bytes of a feed to entries: RSS, Atom and JSON Feed, from anybody, in any state.

parse
  charset       bytes to characters
  markup        any text to a small well-formed feed
  syndication   RSS and Atom, by feedparser
  jsonfeed      JSON Feed
  plain, dates  what a feed says to what we keep
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from pipeline import urls
from pipeline.feeds import jsonfeed, syndication
from pipeline.feeds.charset import GUESSED, decode
from pipeline.feeds.dates import when
from pipeline.feeds.plain import plain
from pipeline.feeds.raw import RawEntry
from pipeline.model import Drop, Entry, Feed

__all__ = ["CUT_OFF", "GUESSED", "ILL_FORMED", "fingerprint", "parse"]

ILL_FORMED = "ill-formed"
"""Flag of a feed that had to be repaired."""
CUT_OFF = "cut-off"
"""Flag of a feed whose end is missing: the rest may come with the next answer."""
LONGEST_TITLE = 1000  # characters
LONGEST_SUMMARY = 2000  # characters; a longer one is the article, and stays whole as `content`
LONGEST_LANGUAGE = 35  # characters; RFC 5646, section 4.4.1
LINE_BREAKS = dict.fromkeys(map(ord, "\t\r\n"))  # browsers take them out of links too
NO_PAGE = frozenset({"not-http", "no-host", "userinfo"})
DIGEST = 16  # hex digits: 64 bits tell two states of one entry apart


def parse(body: bytes, url: str, content_type: str = "", *, timezone: str = "", now: datetime | None = None) -> Feed:
    """Read a feed that was answered at `url` (after redirects), at most 2,000 entries of it.

    Dates without a zone are in `timezone` (IANA name; UTC where empty); with `now` dates more than two days after it
    are dropped. A feed without entries is a Feed; Drop("empty") for a body without a character, Drop("not-a-feed") for
    HTML, other XML, other JSON and text. Flags: ill-formed, cut-off, charset-guessed.
    """
    text, guessed = decode(body, content_type)
    text = text.strip("\ufeff \t\r\n\0")
    if not text:
        raise Drop("empty")
    raw = jsonfeed.read(text) if text.startswith("{") else syndication.read(text)

    def moment(words: str) -> datetime | None:
        return when(words, timezone, now)

    return Feed(
        entries=tuple(
            _entry(replace(each, language=each.language or raw.language), number, url, moment)
            for number, each in enumerate(raw.entries, 1)
        ),
        title=plain(raw.title)[:LONGEST_TITLE],
        language=raw.language,
        ttl_minutes=raw.ttl_minutes,
        cut=raw.cut,
        flags=(ILL_FORMED,) * (raw.broken or raw.unfinished) + (CUT_OFF,) * raw.unfinished + (GUESSED,) * guessed,
    )


def fingerprint(entry: Entry) -> str:
    """Give a short digest of what an outlet changes when it changes an article; stable over versions and machines."""
    dates = (moment.isoformat() if moment else "" for moment in (entry.published, entry.updated))
    said = "\0".join((entry.title, entry.summary, *dates, entry.content))
    return sha256(said.encode("utf-8", "replace")).hexdigest()[:DIGEST]


def _entry(raw: RawEntry, number: int, base: str, moment: Callable[[str], datetime | None]) -> Entry:
    summary = plain(raw.summary)
    fuller = max(raw.content, raw.summary if len(summary) > LONGEST_SUMMARY else "", key=len)
    updated = moment(raw.updated)
    return Entry(
        url=_link(raw.link, base),
        title=plain(raw.title)[:LONGEST_TITLE],
        published=moment(raw.published) or updated,
        updated=updated,
        summary=summary[:LONGEST_SUMMARY],
        content=fuller if len(fuller) > len(summary[:LONGEST_SUMMARY]) else "",
        guid=plain(raw.guid)[: urls.LONGEST],
        language=raw.language.strip()[:LONGEST_LANGUAGE],
        number=number,
    )


def _link(link: str, base: str) -> str:
    """Make a link absolute (rule X12); "" where it leads to no page.

    One that is too long or misspelt is kept as it is, cut, so that its outcome can say so.
    """
    link = link.translate(LINE_BREAKS).strip()
    try:
        return urls.absolute(link, base) if link else ""
    except ValueError as fault:
        return "" if str(fault) in NO_PAGE else link[: urls.LONGEST + 1]
