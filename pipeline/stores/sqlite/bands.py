"""The bands of near copies: random keys, some twenty an article, and who holds them.

In one big tree each would dirty a page of its own, 100 KB an article. So new ones gather in a small tree and move over
together, in order, many to a page: a third of that, at 200,000 articles (tests/bench/store.py).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from pipeline.stores.sqlite.index import Placed

GATHERED = 100_000  # bands; moving them takes about a second where 200,000 articles are stored

HOLDERS = """SELECT position FROM bands WHERE band IN (SELECT value FROM json_each(?1))
    UNION SELECT position FROM bands_gathered WHERE band IN (SELECT value FROM json_each(?1))"""
"""Positions of the articles that hold one of the bands in a JSON list."""

_GATHERED = "SELECT (SELECT max(rowid) FROM bands_gathered) - (SELECT min(rowid) FROM bands_gathered)"


def feed(db: sqlite3.Connection, changes: Iterable[tuple[Placed | None, Placed]]) -> None:
    """Bring the bands from what was, (before, after), to what is."""
    gone, come = set[tuple[str, int]](), set[tuple[str, int]]()
    for old, new in changes:
        if old:
            gone.update((band, old.position) for band in old.article.bands)
        come.update((band, new.position) for band in new.article.bands)
    for table in ("bands", "bands_gathered"):
        db.executemany(f"DELETE FROM {table} WHERE band = ? AND position = ?", gone - come)  # noqa: S608 - our own names
    db.executemany("INSERT INTO bands_gathered VALUES (?, ?)", sorted(come - gone))
    (gathered,) = db.execute(_GATHERED).fetchone()
    if gathered and gathered >= GATHERED:
        db.execute("INSERT INTO bands SELECT band, position FROM bands_gathered ORDER BY band, position")
        db.execute("DELETE FROM bands_gathered")
