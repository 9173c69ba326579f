"""`wireroom run`: one pass over the sources that are due, or one after the other."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, ConfigFolder, StoreUrl
from pipeline.model import Fate

if TYPE_CHECKING:
    from pipeline.flow import Run
    from pipeline.stores import Store
    from pipeline.watchlist import Config

LONGEST_NAP = 60.0  # seconds: a source added to a shared store is noticed within a minute


def run(
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C.")] = False,
    source: Annotated[str, typer.Option("--source", metavar="ID", help="Ask this source now, due or not.")] = "",
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,
) -> None:
    """Collect the sources that are due, store their articles, send alerts; print what became of every entry."""
    from pipeline.flow import Run

    settings = options.with_sources(options.load_config(config))
    if source and source not in {each.id for each in settings.sources or ()}:
        raise options.ConfigError(f"--source {source}: no such id in {settings.folder}/sources.yaml.")
    pages = options.open_archive(archive)
    with options.open_store(store, options.PATIENCE) as opened:
        try:
            failed = one_pass(Run(settings, opened, pages, ""), source)
            if source:  # a person asks once; later passes wait until it is due
                settings = replace(
                    settings, sources=tuple(each for each in settings.sources or () if each.id == source)
                )
            while watch:
                nap(opened, settings)
                one_pass(Run(settings, opened, pages, ""), watching=True)
        except KeyboardInterrupt:
            if not watch:
                raise
            options.warn("stopped")
            return
    if failed:
        raise typer.Exit(1)


def one_pass(prepared: Run, asked: str = "", *, watching: bool = False) -> bool:
    """Make a pass and print its table, while `watching` only where something happened; tell whether an entry failed."""
    from pipeline import flow
    from pipeline.cli.progress import Progress
    from pipeline.cli.screen import print_outcomes
    from pipeline.notify import senders

    with Progress() as progress:
        run = replace(prepared, id=flow.new_id(datetime.now(UTC)), note=progress.note, tick=progress.tick)
        done = flow.one_pass(run, asked or None, senders(run.config.destinations))
    failed = False
    for interrupted, pages in done.recovered.items():
        options.warn(f"{pages} pages of an interrupted run were archived already and are stored now")
        recovered = list(run.store.outcomes(interrupted))
        print_outcomes(recovered)
        failed |= any(outcome.entry and outcome.fate == Fate.FAILED for outcome in recovered)
    outcomes = list(run.store.outcomes(run.id))
    if outcomes or not watching:
        print_outcomes(outcomes)
    if not outcomes and not watching:
        options.warn("no source is due; `wireroom sources` tells when each is")
    return failed or any(outcome.entry and outcome.fate == Fate.FAILED for outcome in outcomes)


def nap(store: Store, settings: Config) -> None:
    """Sleep until the next of the enabled sources is due, a minute at most."""
    now = datetime.now(UTC)
    enabled = {source.id for source in settings.sources or () if source.enabled}
    visits = (each.value for each in store.visits(enabled).values())
    due = [visit.next_visit for visit in visits if visit.next_visit]
    seconds = min(((at - now).total_seconds() for at in due), default=LONGEST_NAP)
    time.sleep(min(max(seconds, 1.0), LONGEST_NAP))
