"""Articles in and out of their table; the word index, bands and pages are kept in step with it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from pipeline.model import Article, Stored
from pipeline.stores.sqlite import bands, index, pages
from pipeline.stores.sqlite.index import Change, Placed
from pipeline.stores.sqlite.rows import ARTICLE, Row, article_row, read_article
from pipeline.stores.sqlite.schema import FIRST_FETCHED

PAGE = 200  # articles read at once where a caller may write between two of them

_COLUMNS = (*ARTICLE, "version", "position")
_READ = (*ARTICLE, "digest", "recalled", "version", "position")
_SELECT = f"SELECT {', '.join(_READ)} FROM articles LEFT JOIN pages USING (position)"  # noqa: S608 - our own names
_WRITE = (
    f"INSERT INTO articles ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608 - our own names
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS)}"
)
_GIVEN = "(SELECT value FROM json_each(?))"  # a list of any length as one parameter


def at(db: sqlite3.Connection, position: int) -> Article:
    """The article at a position of the index."""
    return _article(db.execute(f"{_SELECT} WHERE position = ?", (position,)).fetchone())


def by_id(db: sqlite3.Connection, ids: Collection[str]) -> dict[str, Stored[Article]]:
    """Articles by id; unknown ids are absent."""
    return {each.value.id: each for each in _stored(db, f"WHERE id IN {_GIVEN}", ids)}


def of_stories(db: sqlite3.Connection, stories: Collection[str]) -> list[Stored[Article]]:
    """All articles of these stories, oldest first."""
    return _stored(db, f"WHERE story IN {_GIVEN} ORDER BY published_at, id", stories)


def with_bands(db: sqlite3.Connection, shared: Collection[str]) -> list[Stored[Article]]:
    """All articles that hold one of these bands, oldest first."""
    return _stored(db, f"WHERE position IN ({bands.HOLDERS}) ORDER BY published_at, id", shared)


def ingested(db: sqlite3.Connection, since: str) -> Iterator[Article]:
    """Articles by (ingested_at, id) from a time on, a page after the other."""
    after = (since, "")
    query = f"{_SELECT} WHERE (ingested_at, id) > (?, ?) ORDER BY ingested_at, id LIMIT {PAGE}"
    while rows := db.execute(query, after).fetchall():
        yield from map(_article, rows)
        told = dict(zip(_READ, rows[-1], strict=True))
        after = (told["ingested_at"], told["id"])


def write(db: sqlite3.Connection, articles: Sequence[Stored[Article]]) -> set[str]:
    """Write articles inside a transaction; give the ids that lost, because another version is stored already."""
    ids = json.dumps([each.value.id for each in articles])
    held = {each.article.id: each for each in _rows(db, f"WHERE id IN {_GIVEN}", ids)}
    lost, changes = set[str](), dict[str, Change]()
    for new, version in ((each.value, each.version) for each in articles):
        old = held.get(new.id)
        if new.id in changes or version != (str(old.version) if old else None):
            lost.add(new.id)
            continue
        low = index.bucket(new)
        position = old.position if old and index.bucket(old.article) == low else index.free(db, low)
        db.execute(_WRITE, (*article_row(new), old.version + 1 if old else 1, position))
        changes[new.id] = old and Placed(old.article, old.position), Placed(new, position)
    _feed(db, changes.values())
    return lost


def outliving(db: sqlite3.Connection, day: str) -> Iterator[Article]:
    """The articles that were not first fetched before a day, of stories of which a part was, oldest first."""
    torn = f"SELECT story FROM articles WHERE {FIRST_FETCHED} < ? AND story <> ''"  # noqa: S608 - our own names
    rows = _rows(db, f"WHERE story IN ({torn}) AND {FIRST_FETCHED} >= ? ORDER BY published_at, id", day, day)
    return (each.article for each in rows)


def expire(db: sqlite3.Connection, day: str) -> int:
    """Delete some articles that were first fetched before a day, inside a transaction; give how many, 0 at the end."""
    old = [Placed(each.article, each.position) for each in _rows(db, f"WHERE {FIRST_FETCHED} < ? LIMIT {PAGE}", day)]
    _feed(db, [(each, None) for each in old])
    db.executemany("DELETE FROM articles WHERE position = ?", [(each.position,) for each in old])
    return len(old)


def _feed(db: sqlite3.Connection, changes: Collection[Change]) -> None:
    """Keep in step with the articles what is kept beside them."""
    index.feed(db, changes)
    bands.feed(db, changes)
    pages.feed(db, changes)


class _Held(NamedTuple):
    article: Article
    version: int
    position: int


def _rows(db: sqlite3.Connection, which: str, *asked: str) -> Iterator[_Held]:
    return (_Held(_article(row), *row[-2:]) for row in db.execute(f"{_SELECT} {which}", asked))


def _stored(db: sqlite3.Connection, which: str, keys: Collection[str], *asked: str) -> list[Stored[Article]]:
    rows = _rows(db, which, json.dumps(list(keys)), *asked)
    return [Stored(each.article, str(each.version)) for each in rows]


def _article(row: Row) -> Article:
    """The article of a row of the columns _READ; where no page is kept the join leaves its columns NULL."""
    digest, recalled = row[-4:-2]
    return replace(read_article(row), digest=digest or b"", recalled=recalled or b"")
