"""`wireroom extract`: a Unix filter; JSON lines of pages or texts in, JSON lines of articles out."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import starmap
from math import isfinite
from typing import TYPE_CHECKING, Any

import typer

from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, ConfigFolder, StoreUrl
from pipeline.model import Article, Drop, Entry, Fate, Source, Stage

if TYPE_CHECKING:
    from pipeline.model import RegionMention
    from pipeline.readers import NamedStages

Answer = dict[str, Any]

NOT_FOR_LINES = frozenset({"memory", "copies"})
"""Steps that a line has passed when it is held, or passes over: nothing is a duplicate here."""
NOTHING = Article("", "")


class BadLineError(ValueError):
    """The line cannot be read; the message is the reason word."""


def extract(
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,  # noqa: ARG001 - the three places stand after every command
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,  # noqa: ARG001 - as above
) -> None:
    """Read JSON lines {id, url, html} or {id, title, text} from stdin; write a line for each to stdout.

    Lines of one outlet that come in a row teach each other what it repeats; at most 50 are held for that. A line
    without url and outlet is answered at once.
    """
    from pipeline import flow

    failed = False
    for answer in Lines(flow.stages(options.load_config(config))).answers(sys.stdin.buffer):
        failed |= answer["fate"] == Fate.FAILED
        sys.stdout.write(written(answer) + "\n")
        sys.stdout.flush()  # whoever gives lines of no outlet may wait for each answer
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


@dataclass(frozen=True, slots=True)
class Held:
    """A line whose page is remembered and not cleaned yet."""

    id: object  # the line's
    article: Article
    is_page: bool  # or a text that was given

    @property
    def page(self) -> str:
        """By which two lines are the same page, given with its html or as a text."""
        from pipeline import urls

        try:
            return self.article.id or urls.article_id(self.article.url)
        except ValueError:
            return self.article.url


class Lines:
    """Answers lines, each once; those of one outlet are held until they have met their neighbours."""

    def __init__(self, stages: NamedStages) -> None:
        from pipeline.extract import Extract

        self._extract = Extract()
        self._remember = [stage for name, stage in stages if name == "memory"]
        self._stages = [each for each in stages if each[0] not in NOT_FOR_LINES]

    def answers(self, lines: Iterable[bytes]) -> Iterator[Answer]:
        """What becomes of each line; a line that ends early, or that names no outlet, is answered at once."""
        from pipeline.cli.row import Row

        outlet, row = "", Row[Held]()
        for number, line in enumerate(lines):
            held = self._held(line)
            if not isinstance(held, Held):
                yield held
            elif not (held.article.outlet.id and held.article.digest):
                yield self._answer(held)
            else:
                if held.article.outlet.id != outlet:
                    yield from starmap(self._answer, row.rest())
                    outlet, row = held.article.outlet.id, Row()
                yield from starmap(self._answer, row.add(held, held.page or str(number), held.article.digest))
        yield from starmap(self._answer, row.rest())

    def _held(self, line: bytes) -> Held | Answer:
        asked: Mapping[str, Any] = {}
        try:
            asked = parsed(line)
            article, is_page = self._begun(asked)
            for stage in self._remember:
                article = stage(article)
        except Exception as fault:  # noqa: BLE001 - one line's bug is that line's outcome; the filter goes on
            return ended(asked.get("id"), fault)
        return Held(asked.get("id"), article, is_page)

    def _begun(self, asked: Mapping[str, Any]) -> tuple[Article, bool]:
        """The article of a line as it was before all stages, and whether it was a page; raises BadLineError, Drop."""
        source, entry, fetched_at = outlet(asked), promised(asked), time_of(asked, "fetched_at")
        if text_of(asked, "html"):
            html = text_of(asked, "html")
            return self._extract.html(text_of(asked, "url"), html, source, entry, fetched_at), True
        if asked.get("html") is not None:
            raise Drop("empty")
        if asked.get("text") is None:
            raise BadLineError("neither-html-nor-text")
        article = Article("", text_of(asked, "url"), text_of(asked, "title"), text_of(asked, "text"))
        article = replace(article, outlet=source.outlet, declared_language=entry.language)
        return replace(article, published_at=entry.published), False

    def _answer(self, held: Held, recalled: bytes = b"") -> Answer:
        try:
            return answer_of(held.id, self._passed(held, recalled))
        except Exception as fault:  # noqa: BLE001 - as above
            return ended(held.id, fault)

    def _passed(self, held: Held, recalled: bytes) -> Article:
        """The article with what its neighbours told of it; raises Drop, but never on their word."""
        article = replace(held.article, recalled=recalled)
        for name, stage in self._stages:
            if name != "length":
                article = stage(article)
            elif held.is_page:
                article = self._long_enough(stage, held, article)
        return article

    def _long_enough(self, stage: Stage, held: Held, article: Article) -> Article:
        try:
            return stage(article)
        except Drop:
            if not article.recalled:
                raise
        stage(dict(self._stages)["clean"](held.article))
        return article


def ended(line_id: object, fault: Exception) -> Answer:
    """The answer for a line that gave no article; a bug's traceback goes to stderr."""
    if isinstance(fault, BadLineError):
        return answer_of(line_id, NOTHING, Fate.FAILED, str(fault))
    if isinstance(fault, Drop):
        return answer_of(line_id, NOTHING, Fate.DROPPED, fault.reason)
    sys.stderr.write("".join(traceback.format_exception(fault)))
    return answer_of(line_id, NOTHING, Fate.FAILED, "internal-error")


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


def answer_of(line_id: object, article: Article, fate: Fate = Fate.KEPT, reason: str = "") -> Answer:
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
