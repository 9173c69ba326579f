"""All hits of a search as CSV (RFC 4180), read and sent piece by piece.

Datasette's own is a page of a thousand, or counts its way through all rows before each thousand.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING

from pipeline.browse.asked import Asked

if TYPE_CHECKING:
    from datasette.database import Database

PIECE = 1_000  # rows
TYPE = "text/csv; charset=utf-8"


async def pieces(database: Database, asked: Asked) -> AsyncIterator[str]:
    """The lines of the view `news`, the newest first, with their names in the first piece."""
    clause, parameters = asked.newest(PIECE)
    sql = f"SELECT * FROM news WHERE {clause} ORDER BY position DESC"  # noqa: S608 - our own clauses
    found = await database.execute(sql, parameters)
    yield _lines([[column[0] for column in found.description], *found.rows])
    while len(found.rows) == PIECE:
        parameters["newest"] = found.rows[-1]["position"] - 1
        found = await database.execute(sql, parameters)
        yield _lines(found.rows)


def _lines(rows: Iterable[Iterable[object]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
