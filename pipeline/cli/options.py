"""Options that many commands share, and what they open with the secrets of this process's environment."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline import opening
from pipeline.model import ConfigError, StoreError
from pipeline.opening import ELASTIC, KIBANA, SQLITE, is_missing, open_archive, with_sources

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from pipeline.stores import Store
    from pipeline.stores.elastic.connection import Access
    from pipeline.watchlist import Config

__all__ = [
    "ELASTIC",
    "KIBANA",
    "SQLITE",
    "ArchiveUrl",
    "AsJson",
    "ConfigError",
    "ConfigFolder",
    "StoreError",
    "StoreUrl",
    "is_missing",
    "load_config",
    "open_archive",
    "open_existing",
    "open_server",
    "open_store",
    "warn",
    "with_sources",
]

DEFAULT_CONFIG = Path(opening.DEFAULTS[opening.CONFIG])
DEFAULT_STORE = opening.DEFAULTS[opening.STORE]
DEFAULT_ARCHIVE = opening.DEFAULTS[opening.ARCHIVE]
PATIENCE = opening.PATIENCE

ConfigFolder = Annotated[
    Path,
    typer.Option("--config", envvar=opening.CONFIG, metavar="DIR", help="Folder of the configuration."),
]
StoreUrl = Annotated[
    str,
    typer.Option(
        "--store",
        envvar=opening.STORE,
        metavar="URL",
        help="Store: sqlite:///relative, sqlite:////absolute or elasticsearch+https://host:9200.",
    ),
]
ArchiveUrl = Annotated[
    str,
    typer.Option("--archive", envvar=opening.ARCHIVE, metavar="URL", help="Archive: a folder or any fsspec URL."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def load_config(folder: Path) -> Config:
    """As `opening.load_config`, with this process's environment."""
    return opening.load_config(folder, os.environ)


def open_store(url: str, patience: float = 0.0, *, reading: bool = False) -> AbstractContextManager[Store]:
    """As `opening.open_store`, with this process's environment; who waits is told."""
    return opening.open_store(url, os.environ, waiting, patience, reading=reading)


def open_server(url: str) -> AbstractContextManager[tuple[Elasticsearch, Access]]:
    """As `opening.open_server`, with this process's environment."""
    return opening.open_server(url, os.environ)


def open_existing(url: str, *, reading: bool = False) -> AbstractContextManager[Store]:
    """As `open_store`, but nothing is made; raises ConfigError where there is no store."""
    if is_missing(url):
        raise ConfigError(f"--store {url}: there is no such store; `wireroom run` makes one.")
    return open_store(url, reading=reading)


def waiting() -> None:
    """Tell that another run is waited for."""
    warn("another run is at work on this store; waiting for it")


def warn(sentence: str) -> None:
    """Tell the operator something, on stderr."""
    sys.stderr.write(f"wireroom: {sentence}\n")
