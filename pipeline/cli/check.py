"""`wireroom check`: what one page would become, field by field, and what is removed from it, line by line.

Writes nothing. A page is cleaned against what the store knows of its outlet's other pages, as in a run.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline import audit
from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, ConfigFolder, StoreUrl
from pipeline.model import Answer, Article, ConfigError, Drop, Entry, Page, Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.console import Console
    from rich.text import Text

    from pipeline.model import Mention, Removed
    from pipeline.readers import NamedStages
    from pipeline.stores import Store
    from pipeline.watchlist import Config

    Recall = Callable[[Article], bytes]

ARTICLE_ID = re.compile(r"[0-9a-f]{64}")
MEMORY = "memory"  # the stage behind which an article is known well enough to be compared with others


@dataclass(frozen=True, slots=True)
class Finding:
    """An article as far as it came, and the reason where it ended."""

    article: Article
    ended: str = ""


def check(
    target: Annotated[
        str, typer.Argument(metavar="URL-OR-FILE-OR-ID", help="A page, a saved page or a stored article.")
    ],
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Where a saved page came from.")] = "",
    source: Annotated[str, typer.Option("--source", metavar="ID", help="Whose page it is, if not the host's.")] = "",
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,  # noqa: ARG001 - the three places stand after every command
) -> None:
    """Show what one page would become, where each field came from, and what would be removed and why."""
    from pipeline.cli import publisher

    if ARTICLE_ID.fullmatch(target):
        print_finding(stored_finding(target, store))
        return
    settings = options.load_config(config)
    named = publisher.named(source, settings) if source else None
    try:
        address, answer = saved(Path(target), url) if Path(target).is_file() else fetched(target, settings)
    except Retry as fault:
        raise options.StoreError(f"{target}: {fault.reason}; it may answer later.") from fault
    except Drop as drop:
        typer.echo(f"dropped: {drop.reason}{f' ({drop.detail})' if drop.detail else ''}")
        return
    opening: AbstractContextManager[Store | None] = (
        nullcontext() if options.is_missing(store) else options.open_store(store, reading=True)
    )
    with opening as opened:
        whose, told_by = named or publisher.of_page(address, opened, settings)
        page = Page(address, answer, Entry(address), whose, "check")
        finding = examined(page, told_by, settings, recall_from(opened))
    print_finding(finding)


def stored_finding(key: str, store: str) -> Finding:
    """The stored article of an id; raises ConfigError where there is none."""
    with options.open_existing(store, reading=True) as opened:
        stored = opened.articles([key]).get(key)
    if stored is None:
        raise ConfigError(f"check {key[:12]}…: no article of this id in {store}.")
    return Finding(stored.value)


def saved(path: Path, url: str) -> tuple[str, Answer]:
    """Canonical URL and content of a page that lies in a file; raises ConfigError for a URL that is none."""
    from pipeline import urls

    try:
        address = urls.canonical(url) if url else ""
    except ValueError as fault:
        raise ConfigError(f"--url {url}: expected an http(s) URL ({fault}).") from None
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        body = path.read_bytes()
    except OSError as fault:
        raise ConfigError(f"check {path}: {fault.strerror}.") from fault
    return address, Answer(address, 200, (("content-type", "text/html"),), body, now)


def fetched(target: str, settings: Config) -> tuple[str, Answer]:
    """Canonical URL and content of a page of the web, asked for as politely as in a run; raises Drop and Retry."""
    import asyncio

    from pipeline.fetch import Web

    address = canonical(target)

    async def fetch() -> Answer:
        async with Web(settings.settings.fetch) as web:
            return await web.page(address)

    return address, asyncio.run(fetch())


def canonical(url: str) -> str:
    """The canonical URL; raises ConfigError where it is none and no such file exists either."""
    from pipeline import urls

    try:
        return urls.canonical(url)
    except ValueError as fault:
        raise ConfigError(f"check {url}: no such file, and no http(s) URL ({fault}).") from None


def recall_from(store: Store | None) -> Recall:
    """How to ask a store what it knows of an article; where there is none, nothing is known."""
    from pipeline.flow.recall import known_to

    return partial(known_to, store) if store else lambda _: b""


def examined(page: Page, told_by: str, settings: Config, recall: Recall) -> Finding:
    """Pass a page through extraction and all stages, as far as it comes; `told_by` is what told whose page it is."""
    from pipeline import flow

    reader, stages = flow.reading(settings)
    try:
        article = reader(page)
    except Drop as drop:
        return Finding(Article("", page.url), drop.reason)
    return passed(replace(article, origins=(*article.origins, ("outlet", told_by))), stages, recall)


def passed(article: Article, stages: NamedStages, recall: Recall) -> Finding:
    """Pass an article through the stages, as far as it comes."""
    for name, stage in stages:
        try:
            article = stage(article)
        except Drop as drop:
            return Finding(article, drop.reason)
        if name == MEMORY:
            article = replace(article, recalled=recall(article))
    return Finding(replace(article, story=article.id))


def print_finding(finding: Finding) -> None:
    """Print the fields and where each came from, all the page's text with what was removed marked, and who is named."""
    from rich.table import Table
    from rich.text import Text

    from pipeline.cli.screen import console, isolated

    out, article = console(), finding.article
    if finding.ended:
        out.print(f"would be dropped: {finding.ended}", style="bold yellow")
    table = Table(box=None, show_header=True, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("field", "value", "from"):
        table.add_column(name)
    for name, value, where in facts(article):
        table.add_row(name, Text(isolated(value) if value else ""), where, style="" if value else "dim")
    out.print(table)
    for flag in article.flags:
        out.print(f"{flag}: {audit.FLAGS.get(flag, '')}", style="yellow")
    print_part(out, "", marked(audit.standing(article)))
    print_part(out, "removed elsewhere on the page", marked(audit.elsewhere(article)))
    print_part(out, "named", map(named, article.mentions))


def print_part(out: Console, heading: str, lines: Iterable[Text]) -> None:
    """Print lines below a blank one and their heading; nothing where there are none."""
    for number, line in enumerate(lines):
        if not number:
            out.print()
            out.print(heading, style="bold", end="\n" if heading else "")
        out.print(line)


def facts(article: Article) -> Iterator[tuple[str, str, str]]:
    """Field, value and origin of what an article says of itself."""
    from pipeline.records import timestamp

    origins = dict(article.origins)
    outlet = article.outlet
    yield "title", article.title, origins.get("title", "")
    yield "url", article.url, ""
    published = timestamp(article.published_at) if article.published_at else ""
    yield "published_at", published, origins.get("published_at", article.published_from)
    sure = f"{article.language_confidence:.0%} sure" if article.language_confidence else ""
    yield "language", article.language, sure
    yield (
        "outlet",
        ", ".join(each for each in (outlet.id, outlet.country, outlet.affiliation) if each),
        origins.get("outlet", ""),
    )
    yield "text", f"{len(article.text)} characters", origins.get("text", "")
    yield "actors", ", ".join(article.actors), "actors.yaml" if article.actors else ""
    yield "regions", ", ".join(article.regions), "regions.yaml and gazetteer" if article.regions else ""
    lines = [*audit.standing(article), *audit.elsewhere(article)]
    gone = Counter(piece.reason for _, piece in lines if piece)
    reasons = ", ".join(f"{reason} {count}" for reason, count in gone.most_common())
    yield "removed", f"{gone.total()} of {len(lines)} lines" if gone else "", reasons
    yield "outlet memory", "knows some of these lines" if article.recalled else "knows none of these lines", ""
    yield "flags", ", ".join(article.flags), ""
    yield "extractor", " ".join(article.extractor).strip(), origins.get("charset", "")


def marked(lines: Iterable[tuple[str, Removed | None]]) -> Iterator[Text]:
    """Lines to print; one that was removed says why, and its neighbours of one piece that it is the same.

    The marks stand there in colours too: not every terminal strikes text through, and they survive being copied.
    """
    from rich.text import Text

    from pipeline.cli.screen import isolated

    before = None
    for line, piece in lines:
        if piece is None:
            yield Text(line)
        else:
            why = "same" if piece is before else isolated(audit.explained(piece))
            yield Text.assemble("- ", (f"⟦{why}⟧", "yellow"), " ", (isolated(line), "dim strike"))
        before = piece


def named(mention: Mention) -> Text:
    """Who is named, as what, and in which sentence."""
    from rich.text import Text

    from pipeline.cli.screen import isolated

    told = isolated(f"{mention.alias} - {mention.sentence}")
    return Text.assemble((f"  {mention.actor}: ", "yellow"), told)
