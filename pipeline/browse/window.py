"""Datasette on a store: its one database, opened for reading only, with our plugin and those we know."""

from __future__ import annotations

import sqlite3
from importlib.metadata import Distribution
from pathlib import Path
from urllib.parse import quote

from datasette.app import Datasette
from datasette.database import Database
from datasette.plugins import DEFAULT_PLUGINS, pm

from pipeline.browse import plugin
from pipeline.browse.labels import Labels
from pipeline.browse.metadata import DATABASE, PUBLIC, SECRET, SETTINGS, metadata
from pipeline.browse.tiles import Ground
from pipeline.watchlist import Config, Region

HERE = Path(__file__).parent
WELCOME = frozenset({"datasette-cluster-map", "datasette-leaflet", "datasette-vega"})
REPLACED = "datasette.handle_exception"
"""Prints a traceback for each page that is not there; `plugin` tells faults in our words."""


LONGEST = 32 << 20
"""Bytes of a value or a row: twice the biggest page that is read. SQL cannot fill the memory with one value."""


class Reading(Database):  # type: ignore[misc]  # Datasette has no types
    """The public part of a store, whatever characters its path has; a run may write it meanwhile."""

    def connect(self, write: bool = False) -> sqlite3.Connection:  # noqa: FBT001, FBT002 - the signature is Datasette's
        """A connection that can only read, whoever asks."""
        if write:
            raise sqlite3.OperationalError("this window on the store is read-only")
        db = sqlite3.connect(f"file:{quote(str(self.path))}?mode=ro", uri=True, check_same_thread=False)
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
        db.set_authorizer(_permitted)
        self._all_file_connections.append(db)
        return db

    async def table_names(self) -> list[str]:
        """The tables that are shown."""
        return [name for name in await super().table_names() if name in PUBLIC]

    async def table_exists(self, table: str) -> bool:
        """Whether there is such a table to show."""
        return table in PUBLIC and await super().table_exists(table)


def _permitted(action: int, table: str | None, *_: str | None) -> int:
    """Whether SQL may do this, https://www.sqlite.org/c3ref/set_authorizer.html; writing is forbidden by the file."""
    secret = action == sqlite3.SQLITE_READ and table in SECRET
    return sqlite3.SQLITE_DENY if secret else sqlite3.SQLITE_OK


def window(path: Path, config: Config | None, regions: tuple[Region, ...]) -> Datasette:
    """Datasette on the store of this file, its ids named by a configuration and the gazetteer.

    The schema of the store must be today's.
    """
    _choose_plugins()
    datasette = Datasette(
        metadata=metadata("Wireroom"),
        settings=dict(SETTINGS),
        template_dir=str(HERE / "templates"),
        static_mounts=[("wireroom-static", str(HERE / "static"))],
    )
    datasette.remove_database("_memory")
    datasette.add_database(Reading(datasette, path=str(path)), name=DATABASE)
    datasette.wireroom = Labels.of(config, regions)
    datasette.ground = Ground(regions)
    return datasette


def _choose_plugins() -> None:
    """Leave in this process only the plugins that are meant to be here: others could write, ask strangers or log in."""
    known: dict[object, Distribution] = dict(pm.list_plugin_distinfo())
    for name, found in pm.list_name_plugin():
        stranger = found is not plugin and name not in DEFAULT_PLUGINS and not _is_welcome(known.get(found))
        if found and (stranger or name == REPLACED):
            pm.unregister(found)
    if not pm.is_registered(plugin):
        pm.register(plugin)


def _is_welcome(distribution: Distribution | None) -> bool:
    return distribution is not None and distribution.metadata["Name"] in WELCOME
