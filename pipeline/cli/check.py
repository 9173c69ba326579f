"""`wireroom check`: what one page would become, field by field, and what would be removed from it. Writes nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, ConfigFolder, StoreUrl
from pipeline.model import Answer, Article, ConfigError, Drop, Entry, Page, Retry, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.readers import NamedStages
    from pipeline.watchlist import Config

ARTICLE_ID = re.compile(r"[0-9a-f]{64}")


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
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,  # noqa: ARG001 - the three places stand after every command
) -> None:
    """Show what one page would become, where each field came from, and what would be removed and why."""
    if ARTICLE_ID.fullmatch(target):
        with options.open_existing(store) as opened:
            stored = opened.articles([target]).get(target)
        if stored is None:
            raise ConfigError(f"check {target[:12]}…: no article of this id in {store}.")
        print_finding(Finding(stored.value))
        return
    settings = options.load_config(config)
    try:
        page = saved_page(Path(target), url, settings) if Path(target).is_file() else fetched_page(target, settings)
    except Retry as fault:
        raise options.StoreError(f"{target}: {fault.reason}; it may answer later.") from fault
    except Drop as drop:
        typer.echo(f"dropped: {drop.reason}{f' ({drop.detail})' if drop.detail else ''}")
        return
    print_finding(examined(page, settings))


def saved_page(path: Path, url: str, settings: Config) -> Page:
    """A page that lies in a file; raises ConfigError for a URL that is none."""
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
    answer = Answer(address, 200, (("content-type", "text/html"),), body, now)
    return Page(address, answer, Entry(address), source_of(address, settings), "check")


def fetched_page(target: str, settings: Config) -> Page:
    """A page of the web, asked for as politely as in a run; raises Drop and Retry."""
    import asyncio

    from pipeline.fetch import Web

    address = canonical(target)

    async def fetch() -> Answer:
        async with Web(settings.settings.fetch) as web:
            return await web.page(address)

    return Page(address, asyncio.run(fetch()), Entry(address), source_of(address, settings), "check")


def canonical(url: str) -> str:
    """The canonical URL; raises ConfigError where it is none and no such file exists either."""
    from pipeline import urls

    try:
        return urls.canonical(url)
    except ValueError as fault:
        raise ConfigError(f"check {url}: no such file, and no http(s) URL ({fault}).") from None


def source_of(url: str, settings: Config) -> Source:
    """The configured source on this host, else one made of the host."""
    from pipeline import urls

    host = urls.outlet_host(url) if url else ""
    for source in settings.sources or ():
        homes = (urls.outlet_host(each) for each in (source.home, source.feed) if each)
        if host and host in (*homes, *source.sisters):
            return source
    return Source(host or "file", "")


def examined(page: Page, settings: Config) -> Finding:
    """Pass a page through extraction and all stages, as far as it comes."""
    from pipeline import flow

    reader, stages = flow.reading(settings)
    try:
        article = reader(page)
    except Drop as drop:
        return Finding(Article("", page.url), drop.reason)
    outlet = "sources.yaml" if page.source.feed else "host of the URL" if page.url else ""
    return passed(replace(article, origins=(*article.origins, ("outlet", outlet))), stages)


def passed(article: Article, stages: NamedStages) -> Finding:
    """Pass an article through the stages, as far as it comes."""
    for _, stage in stages:
        try:
            article = stage(article)
        except Drop as drop:
            return Finding(article, drop.reason)
    return Finding(replace(article, story=article.id))


def print_finding(finding: Finding) -> None:
    """Print the fields and where each came from, the text, what was removed, and who is named."""
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
    if article.text:
        out.print()
        out.print(Text(article.text))
    for heading, rows in (("removed", list(removals(article))), ("named", list(namings(article)))):
        if rows:
            out.print(f"\n{heading}", style="bold")
            for reason, text in rows:
                out.print(Text.assemble((f"  {reason}: ", "yellow"), isolated(text)))


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
    yield "flags", ", ".join(article.flags), ""
    yield "extractor", " ".join(article.extractor).strip(), origins.get("charset", "")


def removals(article: Article) -> Iterator[tuple[str, str]]:
    """Reason and text of each removal."""
    for each in article.removed:
        yield each.reason, each.text


def namings(article: Article) -> Iterator[tuple[str, str]]:
    """Actor, and alias with sentence, of each mention."""
    for each in article.mentions:
        yield each.actor, f"{each.alias} - {each.sentence}"
