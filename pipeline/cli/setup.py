"""`wireroom setup`: prepare the store."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, ConfigFolder, StoreUrl

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
    told = setup_elastic(store, reindex=reindex) if store.startswith(options.ELASTIC) else []
    with options.open_store(store) as opened:
        articles = opened.count()
    typer.echo(f"config   {settings.folder}: {len(settings.sources or ())} sources, {len(settings.actors)} actors")
    typer.echo(f"store    {store}: ready, {articles} articles")
    typer.echo(f"archive  {archive}: ready")
    for line in told:
        typer.echo(line)


def setup_elastic(url: str, *, reindex: bool) -> list[str]:
    """Prepare a server and make its keys; give what to tell of it."""
    with options.elastic_client():
        from pipeline.stores.elastic import connection, keys
        from pipeline.stores.elastic.faults import explained
        from pipeline.stores.elastic.prepare import prepare
    to, now = connection.access(url, os.environ), datetime.now(UTC)
    with explained(to.url), connection.connect(to) as client:
        told = [f"filled   {index} anew" for index in prepare(client, to.url, now, reindex=reindex)]
        if to.key:
            options.warn(
                "no API keys were made: a key cannot make keys; for that set WIREROOM_ES_USERNAME and _PASSWORD"
            )
            return told
        return told + [line_of(key) for key in keys.make(client, now)]


def line_of(key: Key) -> str:
    """What to tell of a key: its secret once."""
    about = f"key      {key.role} ({KEYS_OF[key.role]})"
    if key.secret:
        return f"{about}, until {key.until:%Y-%m-%d}, shown only now: WIREROOM_ES_API_KEY={key.secret}"
    return f"{about}: is there already, until {key.until:%Y-%m-%d}; lost it? Delete it in Kibana and run this again"
