"""Articles in and out of their table, the word index and the bands of near copies kept in step with it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from pipeline.model import Article, Stored
from pipeline.stores.sqlite import index
from pipeline.stores.sqlite.rows import ARTICLE, article_row, read_article

PAGE = 200  # articles read at once where a caller may write between two of them

_COLUMNS = (*ARTICLE, "version", "position")
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM articles"  # noqa: S608 - our own names
_WRITE = (
    f"INSERT INTO articles ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608 - our own names
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS)}"
)
_GIVEN = "(SELECT value FROM json_each(?))"  # a list of any length as one parameter


def at(db: sqlite3.Connection, position: int) -> Article:
    """The article at a position of the index."""
    return read_article(db.execute(f"{_SELECT} WHERE position = ?", (position,)).fetchone())


def by_id(db: sqlite3.Connection, ids: Collection[str]) -> dict[str, Stored[Article]]:
    """Articles by id; unknown ids are absent."""
    return {each.value.id: each for each in _stored(db, f"WHERE id IN {_GIVEN}", ids)}


def of_stories(db: sqlite3.Connection, stories: Collection[str]) -> list[Stored[Article]]:
    """All articles of these stories, oldest first."""
    return _stored(db, f"WHERE story IN {_GIVEN} ORDER BY published_at, id", stories)


def with_bands(db: sqlite3.Connection, bands: Collection[str]) -> list[Stored[Article]]:
    """All articles that hold one of these bands, oldest first."""
    sharing = f"SELECT position FROM bands WHERE band IN {_GIVEN}"  # noqa: S608 - our own text
    return _stored(db, f"WHERE position IN ({sharing}) ORDER BY published_at, id", bands)


def ingested(db: sqlite3.Connection, since: str) -> Iterator[Article]:
    """Articles by (ingested_at, id) from a time on, a page after the other."""
    after = (since, "")
    query = f"{_SELECT} WHERE (ingested_at, id) > (?, ?) ORDER BY ingested_at, id LIMIT {PAGE}"
    while rows := db.execute(query, after).fetchall():
        yield from map(read_article, rows)
        told = dict(zip(_COLUMNS, rows[-1], strict=True))
        after = (told["ingested_at"], told["id"])


def write(db: sqlite3.Connection, articles: Sequence[Stored[Article]]) -> set[str]:
    """Write articles inside a transaction; give the ids that lost, because another version is stored already."""
    held = _held(db, [each.value.id for each in articles])
    beside, written, lost = _Beside(), set[str](), set[str]()
    for new, version in ((each.value, each.version) for each in articles):
        old = held.get(new.id)
        if new.id in written or version != (str(old.version) if old else None):
            lost.add(new.id)
            continue
        low = index.bucket(new)
        position = old.position if old and index.bucket(old.article) == low else index.free(db, low)
        db.execute(_WRITE, (*article_row(new), old.version + 1 if old else 1, position))
        beside.change(old, _Held(new, 0, position))
        written.add(new.id)
    beside.write(db)
    return lost


class _Held(NamedTuple):
    article: Article
    version: int
    position: int


class _Beside:
    """What a batch changes beside the table of articles: the word index and the bands."""

    def __init__(self) -> None:
        self._words: list[tuple[int, str, index.Entry]] = []
        self._bands_gone: set[tuple[str, int]] = set()
        self._bands_new: set[tuple[str, int]] = set()

    def change(self, old: _Held | None, new: _Held) -> None:
        if old is None or old.position != new.position or _searched(old.article) != _searched(new.article):
            if old:
                self._words.append((old.position, index.DELETE, index.entry(old.article)))
            self._words.append((new.position, index.INSERT, index.entry(new.article)))
        if old:
            self._bands_gone.update((band, old.position) for band in old.article.bands)
        self._bands_new.update((band, new.position) for band in new.article.bands)

    def write(self, db: sqlite3.Connection) -> None:
        """Write in ascending order: FTS5 flushes what it gathered wherever the order breaks."""
        for position, statement, entry in sorted(self._words, key=_order):
            db.execute(statement, (position, *entry))
        gone, new = self._bands_gone - self._bands_new, self._bands_new - self._bands_gone
        db.executemany("DELETE FROM bands WHERE band = ? AND position = ?", sorted(gone))
        db.executemany("INSERT INTO bands VALUES (?, ?)", sorted(new))


def _order(change: tuple[int, str, index.Entry]) -> tuple[int, bool]:
    position, statement, _ = change
    return position, statement == index.INSERT


def _searched(article: Article) -> tuple[object, ...]:
    """What the index entry is made of; while it stays the same the index is left alone."""
    return article.title, article.text, article.actor_names, index.facets(article)


def _held(db: sqlite3.Connection, ids: Sequence[str]) -> dict[str, _Held]:
    rows = db.execute(f"{_SELECT} WHERE id IN {_GIVEN}", (json.dumps(ids),))
    return {held.article.id: held for held in (_Held(read_article(row), *row[-2:]) for row in rows)}


def _stored(db: sqlite3.Connection, which: str, keys: Collection[str]) -> list[Stored[Article]]:
    rows = db.execute(f"{_SELECT} {which}", (json.dumps(list(keys)),))
    return [Stored(read_article(row), str(row[-2])) for row in rows]
