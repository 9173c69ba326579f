"""`wireroom replay`: read archived pages again through today's rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, ConfigFolder, StoreUrl


def replay(
    since: Annotated[str, typer.Option("--since", metavar="DAY", help="First UTC day of the fetch, as 2026-11-21.")],
    until: Annotated[str, typer.Option("--until", metavar="DAY", help="Last UTC day; today where left out.")] = "",
    outlet: Annotated[str, typer.Option("--outlet", metavar="ID", help="Only pages of this outlet.")] = "",
    failed: Annotated[bool, typer.Option("--failed", help="Only pages that gave no article so far.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would change, write nothing.")] = False,
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,
) -> None:
    """Read archived pages again: missing articles are created, changed ones corrected. Never alerts."""
    from pipeline import flow
    from pipeline.cli.progress import Progress
    from pipeline.flow.replay import Again, replay
    from pipeline.query import days

    first, last = days(since, until or f"{datetime.now(UTC):%Y-%m-%d}", ("--since", "--until"))
    settings = options.load_config(config)
    with options.open_store(store, options.PATIENCE) as opened, Progress() as progress:
        pages = options.open_archive(archive)
        run = flow.Run(settings, opened, pages, flow.new_id(datetime.now(UTC)), note=progress.note, tick=progress.tick)
        tally = replay(run, Again(first, last, outlet, failed, dry_run), flow.readers(settings), typer.echo)
    told = ", ".join(f"{count} {fate} {reason}".strip() for (fate, reason), count in sorted(tally.items()))
    typer.echo(
        f"{tally.total()} pages{' would be' if dry_run else ''}: {told}" if tally else "no such page in the archive"
    )
    if any(fate == "failed" for fate, _ in tally):
        raise typer.Exit(1)
