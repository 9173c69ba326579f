"""The bands of near copies, and the positions of the articles that hold them.

Bands are random keys, some twenty an article: in one big tree each would dirty a page of its own, 100 KB an article. So
they gather in a small tree and move on to bigger ones together, in order, many to a page, as in a log-structured merge
tree (O'Neil et al. 1996): 25 KB an article, and three looks instead of one (tests/bench/store.py, 200,000 articles).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from pipeline.stores.sqlite.index import Change

NEW = 100_000  # bands of some 4,000 articles; their tree fits well into the page cache
RECENT = 1_000_000  # every so many bands the middle tree moves on: one or two seconds for 200,000 articles
TREES = ("bands_new", "bands_recent", "bands_old")

HOLDERS = " UNION ".join(
    f"SELECT position FROM {tree} WHERE band IN (SELECT value FROM json_each(?1))"  # noqa: S608 - our own names
    for tree in TREES
)
"""Positions of the articles that hold one of the bands in a JSON list."""

_NUMBERS = "SELECT (SELECT min(number) FROM bands_new), (SELECT max(number) FROM bands_new)"


def feed(db: sqlite3.Connection, changes: Iterable[Change], new: int = NEW, recent: int = RECENT) -> None:
    """Bring the bands from what was, (before, after), to what is, inside a transaction."""
    gone, come = set[tuple[str, int]](), set[tuple[str, int]]()
    for old, now in changes:
        if old:
            gone.update((band, old.position) for band in old.article.bands)
        if now:
            come.update((band, now.position) for band in now.article.bands)
    for tree in TREES:
        db.executemany(f"DELETE FROM {tree} WHERE band = ? AND position = ?", gone - come)  # noqa: S608 - our own names
    db.executemany("INSERT INTO bands_new (band, position) VALUES (?, ?)", sorted(come - gone))
    first, last = db.execute(_NUMBERS).fetchone()
    if last and last - first >= new:
        _move(db, "bands_new", "bands_recent")
        if first // recent != last // recent:
            _move(db, "bands_recent", "bands_old")


def _move(db: sqlite3.Connection, tree: str, to: str) -> None:
    db.execute(f"INSERT INTO {to} SELECT band, position FROM {tree} ORDER BY band, position")  # noqa: S608 - our own names
    db.execute(f"DELETE FROM {tree}")  # noqa: S608 - our own names
