"""Options that many commands share, and what they open."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.model import ConfigError, StoreError

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from pipeline.archive import Archive
    from pipeline.stores import Store
    from pipeline.stores.elastic.connection import Access
    from pipeline.watchlist import Config

__all__ = [
    "ArchiveUrl",
    "AsJson",
    "ConfigError",
    "ConfigFolder",
    "StoreError",
    "StoreUrl",
    "load_config",
    "open_archive",
    "open_existing",
    "open_store",
    "warn",
    "with_sources",
]

DEFAULT_CONFIG = Path("config")
DEFAULT_STORE = "sqlite:///var/wireroom.db"
DEFAULT_ARCHIVE = "var/archive"
SQLITE = "sqlite:///"
ELASTIC = "elasticsearch+"
KIBANA = "WIREROOM_KIBANA_URL"
PATIENCE = 150.0  # seconds that a run waits for a server that restarts or was overloaded

ConfigFolder = Annotated[
    Path,
    typer.Option("--config", envvar="WIREROOM_CONFIG", metavar="DIR", help="Folder of the configuration."),
]
StoreUrl = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="WIREROOM_STORE",
        metavar="URL",
        help="Store: sqlite:///relative, sqlite:////absolute or elasticsearch+https://host:9200.",
    ),
]
ArchiveUrl = Annotated[
    str,
    typer.Option("--archive", envvar="WIREROOM_ARCHIVE", metavar="URL", help="Archive: a folder or any fsspec URL."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def load_config(folder: Path) -> Config:
    """The configuration with the shipped gazetteer; raises ConfigError."""
    from pipeline import config, gazetteer

    return config.load(folder, os.environ, gazetteer=gazetteer.places())


def with_sources(config: Config) -> Config:
    """The same configuration; raises ConfigError where it names no sources."""
    if config.sources is None:
        raise ConfigError(f"{config.folder}/sources.yaml: not there. Say which feeds to read, four lines a source.")
    return config


@contextmanager
def open_store(url: str, patience: float = 0.0, *, reading: bool = False) -> Iterator[Store]:
    """The store of a URL, closed at the end; raises ConfigError and StoreError.

    A server that goes away is waited for so many seconds. For who is only `reading` articles an older version's rules
    will do.
    """
    store: Store
    if url.startswith(ELASTIC):
        with elastic_client():
            from pipeline.stores.elastic import ElasticStore
        store = ElasticStore.open(url, os.environ, waiting=waiting, patience=patience, reading=reading)
    elif url.startswith(SQLITE):
        from pipeline.stores.sqlite import SqliteStore

        store = SqliteStore.open(url, waiting=waiting)
    else:
        raise ConfigError(
            f"--store {url.rpartition('@')[2]}: expected sqlite:///relative/path.db, sqlite:////absolute/path.db or "
            "elasticsearch+https://host:9200."
        )
    try:
        yield store
    finally:
        store.close()


@contextmanager
def elastic_client() -> Iterator[None]:
    """Around the import of what needs the Elasticsearch client; raises ConfigError where it is not installed."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise ConfigError(
            "the client for Elasticsearch is not installed: `pip install '.[elastic]'` in Wireroom's folder."
        ) from missing


@contextmanager
def open_server(url: str) -> Iterator[tuple[Elasticsearch, Access]]:
    """A client for the server of a store URL, and what opens it; raises ConfigError and StoreError."""
    with elastic_client():
        from pipeline.stores.elastic import connection
        from pipeline.stores.elastic.faults import explained
    to = connection.access(url, os.environ)
    with explained(to.url), connection.connect(to) as client:
        yield client, to


def waiting() -> None:
    """Tell that another run is waited for."""
    warn("another run is at work on this store; waiting for it")


def is_missing(url: str) -> bool:
    """Whether the URL names a store that nobody has made yet."""
    return url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).exists()


def open_existing(url: str, *, reading: bool = False) -> AbstractContextManager[Store]:
    """As `open_store`, but nothing is made; raises ConfigError where there is no store."""
    if is_missing(url):
        raise ConfigError(f"--store {url}: there is no such store; `wireroom run` makes one.")
    return open_store(url, reading=reading)


def open_archive(url: str) -> Archive:
    """The archive of a URL; raises StoreError."""
    from pipeline.archive import Archive

    return Archive(url)


def warn(sentence: str) -> None:
    """Tell the operator something, on stderr."""
    sys.stderr.write(f"wireroom: {sentence}\n")
