"""A search as one question to the word index, and its answers, read no further than they are asked for."""

from __future__ import annotations

import sqlite3
from calendar import timegm
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from pipeline.model import Hit
from pipeline.query import And, Node, Not, Or, Search, Term
from pipeline.stores.sqlite import articles, index

# A name in the title says what an article is about; names of actors count like the text, so that an article in
# Arabic is not ranked below its English copy. Set with the rankings of tests/test_store_contract.py.
TITLE, TEXT, NAMES, FACETS = 5.0, 1.0, 1.0, 0.0

NEWEST = "SELECT 0.0, rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC"
BEST = (
    f"SELECT bm25(words, {TITLE}, {TEXT}, {NAMES}, {FACETS}) AS score, rowid "  # noqa: S608 - our own numbers
    "FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ? ORDER BY score, rowid DESC"
)
LAST = (1 << 63) - 1
ALL = f"facets : {index.EVERY}"


def hits(db: sqlite3.Connection, search: Search) -> Iterator[Hit]:
    """All hits in the order of the sort, one per story unless all are asked for; the limit is the caller's."""
    shown: set[str] = set()
    ranked = db.execute(BEST if search.sort == "best" else NEWEST, (expression(search), *span(search)))
    for _, alike in groupby(ranked, key=lambda row: (row[0], row[1] >> index.SLOT_BITS)):
        for article in sorted((articles.at(db, position) for _, position in alike), key=lambda article: article.id):
            if search.every or article.story not in shown:
                yield Hit(article, _others(db, article.story))
            if article.story:
                shown.add(article.story)


def expression(search: Search) -> str:
    """The search as an FTS5 query: a string for each term and filter, never a stranger's own syntax."""
    filters = {
        index.ACTOR: search.actors,
        index.REGION: search.regions,
        index.COUNTRY: search.countries,
        index.OUTLET: search.outlets,
        index.LANGUAGE: search.languages,
    }
    parts = [
        f"facets : ({' OR '.join(index.facet(kind, value) for value in values)})"
        for kind, values in filters.items()
        if values
    ]
    if search.query:
        parts.append(_expression(search.query))
    return " AND ".join(parts) or ALL


def span(search: Search) -> tuple[int, int]:
    """The first and the last position that `since` and `until` leave; an article without date is in no such span."""
    low = index.first(_second(search.since) if search.since else index.UNDATED + bool(search.until))
    return low, index.first(_second(search.until)) - 1 if search.until else LAST


def _expression(node: Node) -> str:
    match node:
        case Term(tokens, prefix):
            return f'{{title text names}} : "{" ".join(tokens)}"{" *" if prefix else ""}'
        case Or(parts):
            return f"({' OR '.join(map(_expression, parts))})"
        case And(parts):
            return _all(parts)
    return _all((node,))


def _all(parts: tuple[Node, ...]) -> str:
    """All of these; FTS5 knows NOT only between two, so what is to be left out is taken from the rest at once."""
    wanted = " AND ".join(_expression(part) for part in parts if not isinstance(part, Not)) or ALL
    unwanted = " OR ".join(_expression(part.part) for part in parts if isinstance(part, Not))
    return f"(({wanted}) NOT ({unwanted}))" if unwanted else f"({wanted})"


def _second(at: datetime) -> int:
    """The first whole second that is not before a time."""
    return timegm(at.utctimetuple()) + bool(at.microsecond)


def _others(db: sqlite3.Connection, story: str) -> int:
    """How many more articles a story has."""
    if not story:
        return 0
    (count,) = db.execute("SELECT count(*) FROM articles WHERE story = ?", (story,)).fetchone()
    return int(count) - 1
