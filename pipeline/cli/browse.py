"""`wireroom browse`: the store in a browser, read-only."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, ConfigFolder, StoreUrl

if TYPE_CHECKING:
    from pipeline.watchlist import Config

PORT = 8001  # Datasette's own
NEEDED = ("datasette", "datasette_cluster_map", "datasette_vega")


def browse(
    port: Annotated[int, typer.Option(min=0, max=65_535, metavar="PORT", help="0 = any that is free.")] = PORT,
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,  # noqa: ARG001 - the three places stand after every command
) -> None:
    """Read, search, chart and map the store in a browser; on Elasticsearch, tell the address of Kibana."""
    if store.startswith(options.ELASTIC):
        typer.echo(kibana())
        return
    with options.open_existing(store):  # brings its schema up to date, and says what is wrong with it
        pass
    missing = [name for name in NEEDED if not find_spec(name)]
    if missing:
        raise options.ConfigError(f"browse needs {', '.join(missing)}: `pip install '.[browse]'` in Wireroom's folder.")
    from pipeline import gazetteer
    from pipeline.browse import listen, serve, window

    path = Path(store.removeprefix(options.SQLITE)).absolute()
    datasette = window(path, names(config), gazetteer.places())
    with listen(port) as listening:
        typer.echo(f"http://127.0.0.1:{listening.getsockname()[1]}/")
        options.warn("reading the store, Ctrl-C ends")
        serve(datasette, listening)


def kibana() -> str:
    """The address of Kibana; raises ConfigError where nobody said it."""
    address = os.environ.get(options.KIBANA, "")
    if not address:
        raise options.ConfigError(
            f"browse: articles in Elasticsearch are read in Kibana; set {options.KIBANA} to its address."
        )
    return address


def names(folder: Path) -> Config | None:
    """The configuration, for the names of actors and regions; without one, ids are shown."""
    try:
        return options.load_config(folder)
    except options.ConfigError as mistake:
        options.warn(f"actors and regions are shown by their ids: {mistake}")
        return None
