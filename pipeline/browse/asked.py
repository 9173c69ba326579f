"""What a page is asked for: the options of `wireroom search` as parameters of an address."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from pipeline.query import Search, parse, when
from pipeline.stores.sqlite import index
from pipeline.stores.sqlite.search import expression, span

Pair = tuple[str, str]

# Datasette leaves parameters that begin with one underscore to plugins.
FILTERS = ("_actor", "_region", "_country", "_outlet", "_language")
ASKED = ("_search", *FILTERS, "_since", "_until", "_story")
PAGING = frozenset({*ASKED, "_next", "_nocount"})
TABLES = frozenset({"news", "places"})
"""What a search narrows down: the views that know the position of each article."""
MATCHING = "SELECT rowid FROM words WHERE words MATCH :matching AND rowid BETWEEN :oldest AND :newest"
OF_STORIES = "SELECT position FROM articles WHERE story IN (SELECT value FROM json_each(:stories))"


class Asked(NamedTuple):
    """A search, the words it was made of, and the parameters that say it."""

    search: Search = Search()
    words: str = ""
    stories: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()

    def clauses(self) -> tuple[list[str], dict[str, object]]:
        """What a WHERE says of the column `position`, and its parameters; nothing where all is asked for."""
        return ([f"position IN ({self.found})"], self.parameters()) if self.pairs else ([], {})

    def newest(self, most: int) -> tuple[str, dict[str, object]]:
        """The same for the newest hits alone: the word index is read from its end, no further."""
        return f"position IN ({self.found} ORDER BY rowid DESC LIMIT {most})", self.parameters()

    def counting(self) -> tuple[str, dict[str, object]]:
        """SQL that gives the number of hits from the word index alone, and its parameters."""
        if not self.pairs:
            return "SELECT count(*) FROM articles", {}
        return f"SELECT count(*) FROM ({self.found})", self.parameters()  # noqa: S608 - our own words

    @property
    def found(self) -> str:
        """SQL that gives the positions of the hits."""
        return f"{MATCHING} AND rowid IN ({OF_STORIES})" if self.stories else MATCHING

    def parameters(self) -> dict[str, object]:
        """The parameters of MATCHING and OF_STORIES."""
        oldest, newest = span(self.search)
        told = {"matching": expression(self.search), "oldest": oldest, "newest": newest}
        return {**told, "stories": json.dumps(self.stories)} if self.stories else told


def pairs(query: str) -> tuple[Pair, ...]:
    """The parameters of an address that say what is asked for; empty ones and those of Datasette are passed over."""
    said = ((key, value.strip()) for key, value in parse_qsl(query) if key in ASKED)
    return tuple((key, value.upper() if key == "_country" else value) for key, value in said if value)


def read(query: str, now: datetime) -> Asked:
    """The search that the query of an address asks for; raises ConfigError with one sentence for a mistake in it."""
    return told(pairs(query), now)


def told(said: tuple[Pair, ...], now: datetime) -> Asked:
    """The search that these parameters ask for; raises ConfigError."""

    def values(key: str) -> tuple[str, ...]:
        return tuple(value for name, value in said if name == key)

    words, since, until = (" ".join(values(key)) for key in ("_search", "_since", "_until"))
    search = Search(
        query=parse(words),
        actors=values("_actor"),
        regions=values("_region"),
        countries=values("_country"),
        outlets=values("_outlet"),
        languages=values("_language"),
        since=when(since, "since", now) if since else None,
        until=when(until, "until", now) if until else None,
        limit=0,
        every=True,
    )
    return Asked(search, words, values("_story"), said)


def address(path: str, said: Iterable[Pair]) -> str:
    """An address with its parameters."""
    query = urlencode(list(said))
    return f"{path}?{query}" if query else path


def toggled(said: Sequence[Pair], pair: Pair) -> tuple[Pair, ...]:
    """The parameters without the pair, or with it where it was missing."""
    left = tuple(each for each in said if each != pair)
    return left if len(left) < len(said) else (*left, pair)


def without(said: Iterable[Pair], *parameters: str) -> tuple[Pair, ...]:
    """The parameters but for those of these names."""
    return tuple(each for each in said if each[0] not in parameters)


def within(said: Iterable[Pair], since: str, until: str) -> tuple[Pair, ...]:
    """The parameters with another span of time, which has no end where `until` is empty."""
    ends = (("_since", since), ("_until", until))
    return (*without(said, "_since", "_until"), *(each for each in ends if each[1]))


def dated(oldest: int) -> int:
    """The first position to look at where articles without date are left out."""
    return max(oldest, index.first(index.UNDATED + 1))
