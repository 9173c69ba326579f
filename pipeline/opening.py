"""Configuration, store and archive, opened by what a caller names: a command line or a scheduler's task.

Secrets come from the `environ` that the caller hands over; nothing here reads the process's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.model import ConfigError

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from pipeline.archive import Archive
    from pipeline.stores import Store
    from pipeline.stores.elastic.connection import Access
    from pipeline.watchlist import Config

CONFIG, STORE, ARCHIVE, KIBANA = "WIREROOM_CONFIG", "WIREROOM_STORE", "WIREROOM_ARCHIVE", "WIREROOM_KIBANA_URL"
"""Names in the environment."""
DEFAULTS = {CONFIG: "config", STORE: "sqlite:///var/wireroom.db", ARCHIVE: "var/archive"}
SQLITE, ELASTIC = "sqlite:///", "elasticsearch+"
"""What the URL of a store begins with."""
PATIENCE = 150.0  # seconds that a run waits for a server that restarts or was overloaded


def load_config(folder: Path, environ: Mapping[str, str]) -> Config:
    """The configuration with the shipped gazetteer; raises ConfigError."""
    from pipeline import config, gazetteer

    return config.load(folder, environ, gazetteer=gazetteer.places())


def with_sources(config: Config) -> Config:
    """The same configuration; raises ConfigError where it names no sources."""
    if config.sources is None:
        raise ConfigError(f"{config.folder}/sources.yaml: not there. Say which feeds to read, four lines a source.")
    return config


@contextmanager
def open_store(
    url: str,
    environ: Mapping[str, str],
    waiting: Callable[[], None],
    patience: float = 0.0,
    *,
    reading: bool = False,
) -> Iterator[Store]:
    """The store of a URL, closed at the end; raises ConfigError and StoreError.

    `waiting` is called where another run is waited for. A server that goes away is waited for so many seconds. For who
    is only `reading` articles an older version's rules will do.
    """
    store: Store
    if url.startswith(ELASTIC):
        with elastic_client():
            from pipeline.stores.elastic import ElasticStore
        store = ElasticStore.open(url, environ, waiting=waiting, patience=patience, reading=reading)
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
def open_server(url: str, environ: Mapping[str, str]) -> Iterator[tuple[Elasticsearch, Access]]:
    """A client for the server of a store URL, and what opens it; raises ConfigError and StoreError."""
    with elastic_client():
        from pipeline.stores.elastic import connection
        from pipeline.stores.elastic.faults import explained
    to = connection.access(url, environ)
    with explained(to.url), connection.connect(to) as client:
        yield client, to


def is_missing(url: str) -> bool:
    """Whether the URL names a store that nobody has made yet."""
    return url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).exists()


def open_archive(url: str) -> Archive:
    """The archive of a URL; raises ConfigError."""
    from pipeline.archive import Archive

    return Archive(url)
