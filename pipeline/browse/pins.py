"""The places that articles name, as the map pins them."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from datasette.database import QueryInterrupted

from pipeline.browse.asked import Asked
from pipeline.browse.direction import turned
from pipeline.browse.facets import NEWEST

if TYPE_CHECKING:
    from datasette.database import Database

MOST = 2_000  # on the map at once
PATIENCE = 1_500  # milliseconds that they are looked for among all hits, before it is done with the newest alone
COLUMNS = "id, title, language, published_at, outlet_name, latitude, longitude"


async def found(database: Database, asked: Asked) -> tuple[list[sqlite3.Row], int]:
    """The newest mentions of places, and among how many of the newest hits they were looked for; 0 = all."""
    clauses, parameters = asked.clauses()
    try:
        return await _read(database, clauses, parameters, PATIENCE), 0
    except QueryInterrupted:
        clause, parameters = asked.newest(NEWEST)
        return await _read(database, [clause], parameters), NEWEST


async def _read(
    database: Database, clauses: list[str], parameters: dict[str, object], patience: int | None = None
) -> list[sqlite3.Row]:
    where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
    sql = f"SELECT {COLUMNS} FROM places {where} ORDER BY position DESC LIMIT {MOST}"  # noqa: S608 - our own clauses
    return list((await database.execute(sql, parameters, truncate=False, custom_time_limit=patience)).rows)


def pin(row: sqlite3.Row) -> dict[str, object]:
    """A place on the map, and what is told when it is clicked."""
    when = (row["published_at"] or "undated")[:10]
    popup = {
        "title": turned(row["title"], row["language"]) if row["title"] else row["id"],
        "description": f"{row['outlet_name'] or ''} {when}".strip(),
        "link": f"/article/{row['id']}",
    }
    return {"latitude": row["latitude"], "longitude": row["longitude"], "popup": popup}
