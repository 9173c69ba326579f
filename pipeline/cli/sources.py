"""`wireroom sources`: who is read, when, and what came of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, AsJson, ConfigFolder, StoreUrl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.model import Article, Source, Visit
    from pipeline.stores import Store
    from pipeline.watchlist import FetchSettings

COLUMNS = ("id", "state", "status", "last_visit", "next_visit", "entries", "new", "kept", "reason")
NUMBERS = ("status", "entries", "new", "kept")
NEWEST = 50  # articles that tell what an outlet repeats: as many as an article is cleaned against
SHOWN = 20  # lines of it


def sources(
    source: Annotated[str, typer.Argument(metavar="ID", help="Only this source, with all that is known of it.")] = "",
    as_json: AsJson = False,
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,  # noqa: ARG001 - the three places stand after every command
) -> None:
    """Show a row a source: last visit, status, next visit, what it brought, state; of one also what it repeats."""
    settings = options.with_sources(options.load_config(config))
    listed = [each for each in settings.sources or () if not source or each.id == source]
    if source and not listed:
        raise options.ConfigError(f"sources {source}: no such id in {settings.folder}/sources.yaml.")
    with options.open_store(store) as opened:
        visits = {key: each.value for key, each in opened.visits().items()}
        articles = newest(opened, source) if source and not as_json else []
    now = datetime.now(UTC)
    rows = [row(each, visits.get(each.id), now, settings.settings.fetch) for each in listed]
    if as_json:
        for each in rows:
            typer.echo(json.dumps(each, ensure_ascii=False))
    elif source:
        print_one(listed[0], rows[0])
        print_repeats(source, articles, settings.folder)
    else:
        print_rows(rows)


def newest(store: Store, outlet: str) -> list[Article]:
    """The newest articles of an outlet, newest first."""
    from pipeline.query import Search

    return [hit.article for hit in store.search(Search(outlets=(outlet,), limit=NEWEST, every=True))]


def row(source: Source, visit: Visit | None, now: datetime, manners: FetchSettings) -> dict[str, Any]:
    """What is known of a source, under the public names; times in ISO 8601, null where there was no visit."""
    from pipeline import schedule
    from pipeline.records import timestamp

    return {
        "id": source.id,
        "feed": source.feed,
        "state": schedule.state(source, visit, now, manners),
        "last_visit": timestamp(visit.visited_at) if visit and visit.visited_at else None,
        "status": visit.status if visit else None,
        "next_visit": timestamp(visit.next_visit) if visit and visit.next_visit and source.enabled else None,
        "entries": visit.entries if visit else 0,
        "new": visit.new if visit else 0,
        "kept": visit.kept if visit else 0,
        "reason": visit.reason if visit else "",
    }


def print_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Print the table, and how many sources are in which state."""
    from collections import Counter

    from rich.table import Table

    from pipeline.cli.screen import console

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for name in COLUMNS:
        justify: Literal["left", "right"] = "right" if name in NUMBERS else "left"
        table.add_column(name.replace("_", " "), justify=justify, no_wrap=name == "id")  # an id is there to be typed
    for each in rows:
        table.add_row(*("" if each[name] is None else str(each[name]) for name in COLUMNS))
    out = console()
    out.print(table)
    states = Counter(each["state"] for each in rows)
    out.print(f"{len(rows)} sources: " + ", ".join(f"{count} {state}" for state, count in sorted(states.items())))


def print_one(source: Source, facts: dict[str, Any]) -> None:
    """Print all that is known of one source."""
    from rich.table import Table

    from pipeline.cli.screen import console

    told = {
        "name": source.name,
        "home": source.home,
        "country": source.country,
        "languages": ", ".join(source.languages),
        "timezone": source.timezone,
        "affiliation": source.affiliation,
        "owner": source.owner,
        "enabled": "yes" if source.enabled else "no",
        "notes": source.notes,
    }
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in {**facts, **told}.items():
        table.add_row(name.replace("_", " "), "" if value is None else str(value))
    console().print(table)


def print_repeats(source: str, articles: Sequence[Article], folder: str) -> None:
    """Print the lines that were removed from these articles since the outlet repeats them, and how to force one."""
    from rich.table import Table
    from rich.text import Text

    from pipeline.audit import repeated
    from pipeline.cli.screen import console, isolated

    out, repeats = console(), repeated(articles)
    count = f"{len(articles)} article{'s' * (len(articles) != 1)}"
    out.print(f"\nwhat it repeats (lines removed from its newest {count})", style="bold")
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("articles", justify="right")
    table.add_column("reason", no_wrap=True)
    table.add_column("pages", justify="right")
    table.add_column("line")
    for each in repeats[:SHOWN]:
        pages = f"{each.pages}+" if each.pages else ""
        table.add_row(str(each.articles), each.reason, pages, Text(isolated(each.line)))
    if repeats:
        out.print(table)
    if len(repeats) > SHOWN:
        out.print(f"and {len(repeats) - SHOWN} more")
    if not repeats:
        out.print("nothing so far")
    out.print(f"\nTo keep or to drop one of its lines by force, name it in {folder}/boilerplate.yaml:")
    out.print(f'- {{outlet: {source}, keep: ["a line"], drop: ["another line"]}}')
