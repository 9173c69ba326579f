"""What SQLite complains of, as one sentence that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.model import StoreError

READ_ONLY = (
    "cannot be written: its file, folder or disk is read-only for this user; change that or name another --store"
)
LOCKED = "stayed locked by another program for too long; let that one end and run again"
REMEDIES = {
    sqlite3.SQLITE_CANTOPEN: "cannot be opened or created: see that its folder may be written or name another --store",
    sqlite3.SQLITE_PERM: READ_ONLY,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_FULL: "cannot grow: its disk is full; free some room and run again, nothing is half written",
    sqlite3.SQLITE_IOERR: "cannot be read or written: its disk reports a fault; see the system's log, then run again",
    sqlite3.SQLITE_NOTADB: "is not a store: the file holds something else; name another --store",
    sqlite3.SQLITE_CORRUPT: "is damaged: put back a copy, or move it away and rebuild it with `wireroom replay`",
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
}
"""By primary result code, https://www.sqlite.org/rescode.html."""


def explain(path: Path, error: sqlite3.Error) -> StoreError:
    """The complaint as a StoreError that names the store, the fault and the remedy."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
    remedy = REMEDIES.get(code, "cannot be used; if `wireroom doctor` finds nothing either, this is a bug to report")
    return StoreError(f"store {path} {remedy} ({error})")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite or the disk complains of inside into StoreError; our own bugs pass as they are."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        raise explain(path, error) from error
