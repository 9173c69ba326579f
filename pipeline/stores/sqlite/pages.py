"""What is remembered of pages, apart from their articles: a window of an outlet is read without their long texts.

Of 200,000 articles with digests of 1,200 bytes (tests/bench/store.py) 200 pages of an outlet take 1 ms of CPU here; as
last columns of `articles`, behind the overflow pages of its texts, they took 2 to 3 ms and were written with each text.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from pipeline.model import Known
from pipeline.records import timestamp
from pipeline.stores.sqlite.index import Change, Placed
from pipeline.stores.sqlite.rows import PAGE, Row, page_row, read_page

_COLUMNS = ("position", *PAGE)
_WRITE = f"INSERT INTO pages ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - our own names
_PAGES = f"SELECT {', '.join(PAGE[1:])} FROM pages WHERE outlet_id = :outlet AND digest <> x'' AND at"  # noqa: S608 - our own names
AROUND = (  # one statement, so that nobody writes between its parts
    f"SELECT * FROM ({_PAGES} < :since ORDER BY at DESC, article_id DESC LIMIT :beyond) UNION ALL "  # noqa: S608 - our own names
    f"SELECT * FROM ({_PAGES} BETWEEN :since AND :until) UNION ALL "
    f"SELECT * FROM ({_PAGES} > :until ORDER BY at, article_id LIMIT :beyond)"
)


def around(
    db: sqlite3.Connection, outlet: str, since: datetime | None, until: datetime | None, beyond: int
) -> list[Known]:
    """The pages of an outlet from one time to another and `beyond` more on each side, by (published_at, id)."""
    first, last = (timestamp(at) if at else "" for at in (since, until))
    asked = {"outlet": outlet, "since": first, "until": last, "beyond": beyond}
    return [read_page(row) for row in sorted(db.execute(AROUND, asked))]


def feed(db: sqlite3.Connection, changes: Iterable[Change]) -> None:
    """Bring the pages from what was, (before, after), to what is, inside a transaction; most changes leave them."""
    rows = ((_row(old), _row(new)) for old, new in changes)
    changed = [(before, after) for before, after in rows if before != after]
    db.executemany("DELETE FROM pages WHERE position = ?", [before[:1] for before, _ in changed if before])
    db.executemany(_WRITE, sorted(after for _, after in changed if after))


def _row(placed: Placed | None) -> Row:
    """The row of an article at its position; empty where there is nothing to remember of it."""
    if placed is None or not (placed.article.digest or placed.article.recalled):
        return ()
    return placed.position, *page_row(placed.article)
