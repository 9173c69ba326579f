"""`wireroom extract`: a Unix filter; JSON lines of pages or texts in, JSON lines of articles out."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

import typer

from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, ConfigFolder, StoreUrl
from pipeline.model import Article, Drop, Entry, Fate, Source

if TYPE_CHECKING:
    from pipeline.model import RegionMention
    from pipeline.readers import NamedStages

Answer = dict[str, Any]

NOT_FOR_TEXTS = frozenset({"copies", "length"})
"""Steps that a line passes over: nothing is a duplicate here, and a text that is given is never too short."""


class BadLineError(ValueError):
    """The line cannot be read; the message is the reason word."""


def extract(
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,  # noqa: ARG001 - the three places stand after every command
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,  # noqa: ARG001 - as above
) -> None:
    """Read JSON lines {id, url, html} or {id, title, text} from stdin; write a line for each to stdout."""
    from pipeline import flow

    lines = Lines(flow.stages(options.load_config(config)))
    failed = False
    for line in sys.stdin.buffer:
        answer = lines.answer(line)
        failed |= answer["fate"] == Fate.FAILED
        sys.stdout.write(written(answer) + "\n")
        sys.stdout.flush()  # who feeds lines one by one may wait for each answer
    if failed:
        raise typer.Exit(1)


def written(answer: Answer) -> str:
    """The line of an answer; an id with half a surrogate pair is escaped."""
    line = json.dumps(answer, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        return json.dumps(answer)
    return line


class Lines:
    """Answers lines one by one; remembers nothing."""

    def __init__(self, stages: NamedStages) -> None:
        from pipeline.extract import Extract

        self._extract = Extract()
        self._for_pages = [stage for name, stage in stages if name != "copies"]
        self._for_texts = [stage for name, stage in stages if name not in NOT_FOR_TEXTS]

    def answer(self, line: bytes) -> Answer:
        """What becomes of a line; every key is always there."""
        asked: Mapping[str, Any] = {}
        try:
            asked = parsed(line)
            return told(asked.get("id"), self._article(asked))
        except BadLineError as fault:
            return told(asked.get("id"), Article("", ""), Fate.FAILED, str(fault))
        except Drop as drop:
            return told(asked.get("id"), Article("", ""), Fate.DROPPED, drop.reason)
        except Exception:  # noqa: BLE001 - one line's bug is that line's outcome; the filter goes on
            sys.stderr.write(traceback.format_exc())
            return told(asked.get("id"), Article("", ""), Fate.FAILED, "internal-error")

    def _article(self, asked: Mapping[str, Any]) -> Article:
        source, entry, fetched_at = outlet(asked), promised(asked), time_of(asked, "fetched_at")
        if text_of(asked, "html"):
            article = self._extract.html(text_of(asked, "url"), text_of(asked, "html"), source, entry, fetched_at)
            stages = self._for_pages
        elif asked.get("html") is not None:
            raise Drop("empty")
        elif asked.get("text") is not None:
            article = Article("", text_of(asked, "url"), text_of(asked, "title"), text_of(asked, "text"))
            article = replace(article, outlet=source.outlet, declared_language=entry.language)
            article = replace(article, published_at=entry.published)
            stages = self._for_texts
        else:
            raise BadLineError("neither-html-nor-text")
        for stage in stages:
            article = stage(article)
        return article


def parsed(line: bytes) -> Mapping[str, Any]:
    """The object of a line; raises BadLineError."""
    try:
        asked = json.loads(line.decode("utf-8-sig"), parse_float=finite, parse_constant=finite)
    except (ValueError, RecursionError):
        raise BadLineError("not-json") from None
    if not isinstance(asked, dict):
        raise BadLineError("not-an-object")
    return asked


def finite(digits: str) -> float:
    """A number that JSON can write again: what is beyond all bounds or none (1e999, NaN) is no JSON (RFC 8259, 6)."""
    number = float(digits)
    if not isfinite(number):
        raise ValueError(digits)
    return number


def text_of(asked: Mapping[str, Any], key: str) -> str:
    """A string of the line, "" where it has none, half surrogate pairs replaced; raises BadLineError."""
    value = asked.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadLineError(f"{key}-is-no-string")
    return value.encode("utf-8", "replace").decode()


def time_of(asked: Mapping[str, Any], key: str) -> datetime | None:
    """A time of the line, in UTC where it names no zone; None where the line has none. Raises BadLineError."""
    from pipeline.feeds.dates import when

    value = text_of(asked, key)
    moment = when(value)
    if value and moment is None:
        raise BadLineError(f"{key}-is-no-time")
    return moment


def outlet(asked: Mapping[str, Any]) -> Source:
    """Whose page it is: as told, else the host of its address."""
    from pipeline import urls

    named = text_of(asked, "outlet")
    try:
        host = urls.outlet_host(text_of(asked, "url"))
    except ValueError:
        host = ""
    return Source(named or host, "")


def promised(asked: Mapping[str, Any]) -> Entry:
    """What the feed said of it; a date that cannot be read is none, as in a run."""
    from pipeline.feeds.dates import when

    feed = asked.get("feed") or {}
    if not isinstance(feed, dict):
        raise BadLineError("feed-is-no-object")
    return Entry(
        url=text_of(asked, "url"),
        title=text_of(feed, "title"),
        published=when(text_of(feed, "published")),
        summary=text_of(feed, "summary"),
        language=text_of(feed, "language"),
    )


def told(line_id: object, article: Article, fate: Fate = Fate.KEPT, reason: str = "") -> Answer:
    """The answer for one line."""
    from pipeline.records import timestamp

    return {
        "id": line_id,
        "fate": fate.value,
        "reason": reason,
        "title": article.title,
        "text": article.text,
        "language": article.language,
        "published_at": timestamp(article.published_at) if article.published_at else None,
        "actors": [
            {
                "id": each.actor,
                "alias": each.alias,
                "start": each.start,
                "end": each.end,
                "sentence": each.sentence,
                "in": each.where,
            }
            for each in article.mentions
        ],
        "regions": [region(each) for each in article.region_mentions],
        "removed": [{"text": each.text, "reason": each.reason} for each in article.removed],
    }


def region(mention: RegionMention) -> Answer:
    """A place named in the article; one that is only a parent has no more than id and name."""
    known = {"id": mention.id, "name": mention.name}
    if not mention.alias:
        return known
    place = {"alias": mention.alias, "start": mention.start, "end": mention.end, "in": mention.where}
    return {**known, **place}
