"""`wireroom demo`: the whole pipeline on the bundled newsroom, without internet, in one command."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from pipeline.cli import options
from pipeline.cli.options import ConfigFolder
from pipeline.watchlist import Destination, FetchSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.alerts import Message
    from pipeline.model import Outcome
    from pipeline.newsroom import Newsroom
    from pipeline.stores import Store
    from pipeline.watchlist import Config

FOLDER = Path("var/demo")
DEMO_STORE = f"sqlite:///{FOLDER}/wireroom.db"
# No environment here: made-up pages must never reach the archive of a real store.
DemoStore = Annotated[str, typer.Option("--store", metavar="URL", help="Another store, without articles.")]
DemoArchive = Annotated[str, typer.Option("--archive", metavar="URL", help="Beside the store where left out.")]
QUESTION = "PMF"  # Latin letters that an Arabic and a Persian article answer through the names of their actor


class Places(NamedTuple):
    """Where the demo put its store, and what it was configured with."""

    store: str
    config: Path


def demo(
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: DemoStore = DEMO_STORE,
    archive: DemoArchive = "",
) -> None:
    """Run the whole pipeline on a bundled newsroom in ten languages; needs no internet, writes to var/demo."""
    from pipeline.newsroom import Newsroom

    settings = options.load_config(config)
    on_server = store.startswith(options.ELASTIC)
    if (store == DEMO_STORE or on_server) and FOLDER.exists():
        shutil.rmtree(FOLDER)
    with options.open_store(store) as opened, Newsroom.serve(datetime.now(UTC)) as newsroom:
        if opened.count():
            raise options.ConfigError(f"--store {store}: the demo only runs into a store without articles.")
        told: list[Message] = []
        beside = f"{FOLDER}/archive" if on_server else f"{store.removeprefix(options.SQLITE)}-archive"
        outcomes = poll_twice(demo_config(settings, newsroom), opened, archive or beside, newsroom, told)
        as_expected = close(opened, outcomes, told, newsroom, Places(store, config))
    if not as_expected:
        options.warn("the outcomes are not those that this newsroom must give; `make test` tells more")
        raise typer.Exit(1)


def demo_config(settings: Config, newsroom: Newsroom) -> Config:
    """The shipped actors, regions and rules with the newsroom's sources; no waiting between two requests."""
    fetch = FetchSettings(delay_seconds=0, allow_networks=("127.0.0.0/8",))
    return replace(
        settings,
        settings=replace(settings.settings, fetch=fetch),
        sources=newsroom.sources,
        destinations=tuple(Destination(each.id, terminal=True) for each in settings.destinations),
    )


def poll_twice(
    settings: Config, store: Store, archive: str, newsroom: Newsroom, told: list[Message]
) -> list[tuple[str, list[Outcome]]]:
    """Make a pass, let the newsroom publish its second edition, make another; give both with their outcomes."""
    from pipeline import flow

    pages, passes = options.open_archive(archive), []
    senders = {destination.id: told.append for destination in settings.destinations}
    for title in ("first pass", "second pass: one article was corrected, one is new"):
        run = flow.Run(settings, store, pages, flow.new_id(datetime.now(UTC)), note=options.warn)
        flow.one_pass(run, None, senders)
        passes.append((title, list(store.outcomes(run.id))))
        newsroom.advance()
    return passes


def close(
    store: Store, passes: Iterable[tuple[str, list[Outcome]]], told: list[Message], newsroom: Newsroom, places: Places
) -> bool:
    """Print the closing screen; tell whether every outcome is what this newsroom must give."""
    from pipeline.cli.screen import console, print_outcomes
    from pipeline.cli.search import actors_named, print_hits
    from pipeline.newsroom.expected import expected
    from pipeline.notify import plain
    from pipeline.query import Search, parse

    out, sound = console(), True
    for edition, (title, outcomes) in enumerate(passes, 1):
        out.print(f"\n{title}", style="bold underline")
        print_outcomes(outcomes)
        sound &= tally(outcomes) == expected(newsroom, edition)
    out.print(f"\nwireroom search {QUESTION} --limit 4 --store {places.store}", style="bold underline")
    asked = Search(query=parse(QUESTION), limit=4)
    print_hits(asked, store.search(asked), actors_named(asked.query, places.config))
    foreign = [each for each in told if not each.sentence.isascii()] or told
    out.print(f"one of {len({each.id for each in told})} alerts", style="bold underline")
    out.print(plain(foreign[0]), end="", markup=False)
    out.print("what to type next", style="bold underline")
    for command in commands(foreign[0], places.store):
        out.print(f"  {command}", markup=False)
    return sound


def tally(outcomes: Iterable[Outcome]) -> dict[tuple[str, str, str], int]:
    """Count of each (stage, fate, reason)."""
    found: dict[tuple[str, str, str], int] = {}
    for each in outcomes:
        key = (each.stage, each.fate.value, each.reason)
        found[key] = found.get(key, 0) + each.count
    return found


def commands(alert: Message, url: str) -> tuple[str, ...]:
    """Three commands that go on from here."""
    return (
        f"wireroom search --actor {alert.actor or 'pkk'} --since 2d --store {url}",
        f"wireroom check {alert.article} --store {url}",
        "wireroom run          # the real feeds of config/sources.yaml, into var/wireroom.db",
    )
