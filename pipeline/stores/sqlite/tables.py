"""The plain tables: read by key, create what is new, compare-and-set by a version that counts writes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pipeline.stores.sqlite import rows
from pipeline.stores.sqlite.rows import Row


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column is its key; where it is `versioned` a number follows the columns."""

    name: str
    columns: tuple[str, ...]
    versioned: bool = False

    def read(self, db: sqlite3.Connection, values: Collection[str] | None, column: str = "") -> list[Row]:
        """The rows whose `column` (the key where none is named) is one of `values`; None asks for all rows."""
        told = ", ".join((*self.columns, "version") if self.versioned else self.columns)
        query = f"SELECT {told} FROM {self.name}"  # noqa: S608 - our own names
        if values is None:
            return db.execute(query).fetchall()
        query += f" WHERE {column or self.columns[0]} IN (SELECT value FROM json_each(?))"  # noqa: S608 - our own names
        return db.execute(query, (json.dumps(list(values)),)).fetchall()

    def create(self, db: sqlite3.Connection, new: Iterable[Row]) -> int:
        """Write the rows whose key is not taken; give how many those were."""
        told, marks = ", ".join(self.columns), ", ".join("?" * len(self.columns))
        create = f"INSERT INTO {self.name} ({told}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
        return db.executemany(create, new).rowcount

    def put(self, db: sqlite3.Connection, row: Row, version: str | None) -> bool:
        """Create the row (version None) or write it over that version; False where another is stored."""
        if version is None:
            return self.create(db, [row]) == 1
        told = ", ".join(f"{column} = ?" for column in self.columns)
        update = f"UPDATE {self.name} SET {told}, version = version + 1 WHERE {self.columns[0]} = ? AND version = ?"  # noqa: S608 - our own names
        return db.execute(update, (*row, row[0], version)).rowcount == 1


VISITS = Table("visits", rows.VISIT, versioned=True)
STATES = Table("states", ("key", "value"), versioned=True)
SEEN = Table("seen", rows.SEEN)
OUTCOMES = Table("outcomes", rows.OUTCOME)
CLAIMS = Table("claims", rows.CLAIM)
