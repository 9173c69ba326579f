"""`wireroom setup`: prepare the store."""

from __future__ import annotations

import typer

from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, ConfigFolder, StoreUrl


def setup(
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,
) -> None:
    """Prepare store and archive; harmless where they are prepared already."""
    settings = options.load_config(config)
    options.open_archive(archive).check()
    with options.open_store(store) as opened:
        articles = opened.count()
    typer.echo(f"config   {settings.folder}: {len(settings.sources or ())} sources, {len(settings.actors)} actors")
    typer.echo(f"store    {store}: ready, {articles} articles")
    typer.echo(f"archive  {archive}: ready")
