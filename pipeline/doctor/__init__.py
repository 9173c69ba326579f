"""Everything that a run needs is looked at, and for each fault it is said what to do: by a person or a daily task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import opening
from pipeline.doctor import airflow, parts, server
from pipeline.doctor.findings import Finding, Findings, Mark

if TYPE_CHECKING:
    from pipeline.stores import Store
    from pipeline.watchlist import Config

__all__ = ["Finding", "Findings", "Mark", "examine"]


def examine(
    environ: Mapping[str, str], folder: Path, store: str, archive: str, now: datetime, *, command: str | None = None
) -> Findings:
    """Look at the configuration in a folder, a store, an archive, and what stands around them.

    `command` is the path of `airflow`, "" for none; it is looked for where nothing is said.
    """
    findings = Findings()
    with ExitStack() as stack:
        settings: list[Config] = []
        stores: list[Store] = []
        findings.check("config", lambda: parts.config(settings, opening.load_config(folder, environ)))
        opened = partial(opening.open_store, store, environ, parts.nobody)
        findings.check("store", lambda: parts.store(stores, store, stack.enter_context(opened()), now))
        findings.check("archive", lambda: parts.archive(opening.open_archive(archive), now))
        for each in stores:
            for part, examination in _of_store(environ, store, each, now):
                findings.check(part, examination)
            for config in settings:
                findings.check("sources", partial(parts.sources, each, config, now))
    for config in settings:
        for destination in config.destinations:
            findings.check(f"alerts to {destination.id}", partial(parts.destination, destination))
    home = airflow.home(environ, folder)
    command = airflow.found(environ, folder) if command is None else command
    if home:
        findings.check("airflow", partial(airflow.pools, environ, home, command, folder / airflow.POOLS))
    return findings


def _of_store(
    environ: Mapping[str, str], url: str, opened: Store, now: datetime
) -> Iterator[tuple[str, Callable[[], str]]]:
    """The examinations of a store that could be opened."""
    if url.startswith(opening.ELASTIC):
        yield "server", partial(server.health, url, environ)
        yield "key", partial(server.key, url, environ, now)
    yield "memory", partial(parts.memory, opened)
    yield "clock", partial(parts.clock, opened, now)
    yield "alerts", partial(parts.claims, opened)
