"""The word index: where an article stands in it, what is fed to it, and how it is kept in step with the folding.

An article's row number says when it was published, so that reading the index from its end is reading the newest
first: no sorting, and an early stop. Filters are words of a column of their own, so that one look answers all.
"""

from __future__ import annotations

import hashlib
import sqlite3
import unicodedata
from calendar import timegm
from collections.abc import Iterable
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from pipeline.fold import TABLE, fold
from pipeline.model import Article
from pipeline.stores.sqlite.rows import ARTICLE, read_article
from pipeline.stores.sqlite.schema import writing

# A position is, from the highest bit: the second of publication, the opposite of the first bits of the id, a number
# that tells articles apart that are alike in both. Seconds of the years 1 to 9999 fit into the bits that are left.
ID_DIGITS = 5  # hexadecimal
SLOT_BITS = 4
SECOND_BITS = 4 * ID_DIGITS + SLOT_BITS
ID_MASK = (1 << 4 * ID_DIGITS) - 1
UNDATED = -(1 << 38)  # the second of an article without date: before the year 1, so it comes last

EVERY = "every"  # a facet that all articles have
ACTOR, REGION, COUNTRY, OUTLET, LANGUAGE = "arcol"  # first letter of a facet
SEAM = "\ue000"  # stands between names so that no phrase spans two; folding never yields it, to FTS5 it is a word

FOLDED = ((0x20, 0x600), (0x600, 0x900), (0x1E00, 0x2070), (0xFB00, 0xFF00))
"""Code points whose folding is compared at every start (4 ms): the scripts of our languages and their punctuation."""

INSERT = "INSERT INTO words (rowid, title, text, names, facets) VALUES (?, ?, ?, ?, ?)"
DELETE = "INSERT INTO words (words, rowid, title, text, names, facets) VALUES ('delete', ?, ?, ?, ?, ?)"


class Placed(NamedTuple):
    """An article and its position."""

    article: Article
    position: int


Change = tuple[Placed | None, Placed | None]
"""An article as it was and as it is; None where it was not, or is not any more."""


def feed(db: sqlite3.Connection, changes: Iterable[Change]) -> None:
    """Bring the word index from what was to what is, in ascending order: FTS5 flushes wherever the order breaks."""
    steps: list[tuple[int, str, Article]] = []
    for old, new in changes:
        if old and new and (old.position, _searched(old.article)) == (new.position, _searched(new.article)):
            continue
        if old:
            steps.append((old.position, DELETE, old.article))
        if new:
            steps.append((new.position, INSERT, new.article))
    for position, statement, article in sorted(steps, key=itemgetter(0)):
        db.execute(statement, (position, *entry(article)))


def entry(article: Article) -> tuple[str, str, str, str]:
    """What the index is fed of an article, folded; it is taken out again only by feeding exactly the same."""
    names = f" {SEAM} ".join(map(_name, article.actor_names))
    return fold(article.title), fold(article.text), names, " ".join(sorted(facets(article)))


def _searched(article: Article) -> tuple[object, ...]:
    """What the entry is made of; while it stays the same the index is left alone."""
    return article.title, article.text, article.actor_names, facets(article)


def facets(article: Article) -> set[str]:
    """The words by which filters find an article."""
    outlet = article.outlet
    return {
        EVERY,
        *(facet(ACTOR, actor) for actor in article.actors),
        *(facet(REGION, region) for region in article.regions),
        facet(COUNTRY, outlet.country),
        facet(OUTLET, outlet.id),
        facet(LANGUAGE, article.language),
    }


def facet(kind: str, value: str) -> str:
    """A filter value as one word of letters and digits, different for different values."""
    return kind + value.encode(errors="replace").hex()


@lru_cache(maxsize=8192)
def _name(name: str) -> str:
    """A folded name; an actor's come with each of its articles."""
    return fold(name)


def first(second: int) -> int:
    """The lowest position in a second (counted since 1970)."""
    return second << SECOND_BITS


def bucket(article: Article) -> int:
    """The lowest position for an article: a later second stands higher, within a second a smaller id does."""
    second = timegm(article.published_at.utctimetuple()) if article.published_at else UNDATED
    try:
        digits = int(article.id[:ID_DIGITS], 16)
    except ValueError:  # no id of ours; up to 16 such articles a second stand in order all the same
        digits = 0
    return first(second) + ((ID_MASK - digits) << SLOT_BITS)


def free(db: sqlite3.Connection, low: int) -> int:
    """The first position from `low` on that no article holds."""
    for (held,) in db.execute("SELECT position FROM articles WHERE position >= ? ORDER BY position", (low,)):
        if held != low:
            break
        low += 1
    return low


def refresh(db: sqlite3.Connection) -> None:
    """Feed the index anew where it was fed under another folding: its words could be neither found nor taken out."""
    current = _digest()
    if db.execute("SELECT digest FROM folding").fetchall() == [(current,)]:
        return
    with writing(db):
        db.execute("INSERT INTO words (words) VALUES ('delete-all')")
        rows = db.execute(f"SELECT {', '.join(ARTICLE)}, position FROM articles ORDER BY position")  # noqa: S608 - our own names
        for row in rows:
            db.execute(INSERT, (row[-1], *entry(read_article(row))))
        db.execute("DELETE FROM folding")
        db.execute("INSERT INTO folding VALUES (?)", (current,))


def _digest() -> str:
    """What tells one folding from another, without waiting for a person to raise a number."""
    table = "|".join(TABLE[code] for low, high in FOLDED for code in range(low, high))
    return hashlib.sha256(f"{unicodedata.unidata_version}|{table}".encode()).hexdigest()
