"""The search language: words to a tree, and what a tree matches. The grammar stands in docs/search.md.

query = or; or = and {"OR" and}; and = not {["AND"] not}; not = ["NOT"] term;
term = word | word"*" | '"'words'"' | "("or")".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Term:
    """Folded tokens that must stand in a row; with `prefix` the last may go on."""

    tokens: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class And:
    """All parts match, each in any field."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part matches."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not match."""

    part: Node


Node = Term | And | Or | Not


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; several values of one filter mean OR, different filters AND."""

    query: Node | None = None
    actors: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()  # of the outlet
    outlets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    since: datetime | None = None  # on published_at, inclusive
    until: datetime | None = None  # exclusive
    sort: str = "newest"  # or "best"
    limit: int = 20  # hits; 0 = all
    every: bool = False  # not one per story
