"""`wireroom setup`: prepare the store."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, ConfigFolder, StoreUrl
from pipeline.watchlist import Config

if TYPE_CHECKING:
    from pipeline.stores.elastic.keys import Key

KEYS_OF = {"worker": "run, replay, alerts, sources, doctor", "reader": "search, check ID", "upkeep": "retention"}
"""What each key is for: the commands that it is enough for."""


def setup(
    reindex: Annotated[bool, typer.Option("--reindex", help="Elasticsearch: fill anew what older rules made.")] = False,
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,
) -> None:
    """Prepare store and archive; harmless where they are prepared already.

    In Elasticsearch it makes templates, indices and API keys, and imports the workspace into Kibana where
    WIREROOM_KIBANA_URL says where that is.
    """
    settings = options.load_config(config)
    options.open_archive(archive).check()
    on_server = store.startswith(options.ELASTIC)
    if on_server:
        setup_server(store, reindex=reindex)
    with options.open_store(store) as opened:
        articles = opened.count()
    typer.echo(f"config   {settings.folder}: {len(settings.sources or ())} sources, {len(settings.actors)} actors")
    typer.echo(f"store    {store}: ready, {articles} articles")
    typer.echo(f"archive  {archive}: ready")
    if on_server and options.KIBANA in os.environ:
        setup_kibana(store, os.environ[options.KIBANA], settings)


def setup_server(url: str, *, reindex: bool) -> None:
    """Prepare a server and make its keys; each is told as it is made, since nobody can tell it again."""
    now = datetime.now(UTC)
    with options.open_server(url) as (client, to):
        from pipeline.stores.elastic import keys
        from pipeline.stores.elastic.prepare import prepare

        for index in prepare(client, to.url, now, reindex=reindex, waiting=options.waiting):
            typer.echo(f"filled   {index} anew")
        if to.key:
            options.warn(
                "no API keys were made: a key cannot make keys; for that set WIREROOM_ES_USERNAME and _PASSWORD"
            )
            return
        for key in keys.make(client, now):
            typer.echo(line_of(key))


def setup_kibana(store: str, url: str, config: Config) -> None:
    """Import the workspace with the rights that open the store, over what people changed in it."""
    from pipeline.kibana import import_workspace, workspace_file
    from pipeline.stores.elastic.connection import access

    to = access(store, os.environ)
    credentials = to.key or ((to.user, to.password) if to.user else None)
    workspace = workspace_file(Path(config.folder), config.regions)
    count = import_workspace(workspace, url, credentials, to.authority or None)
    typer.echo(f"kibana   {url}: {count} objects imported, as shipped; save what you change there under another name")


def line_of(key: Key) -> str:
    """What to tell of a key: its secret once."""
    about = f"key      {key.role} ({KEYS_OF[key.role]})"
    if key.secret:
        return f"{about}, until {key.until:%Y-%m-%d}, shown only now: WIREROOM_ES_API_KEY={key.secret}"
    return f"{about}: is there already, until {key.until:%Y-%m-%d}; lost it? Delete it in Kibana and run this again"
