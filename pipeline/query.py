"""The search language: words to a tree, and what a tree matches. The grammar stands in docs/search.md.

query = or; or = and {"OR" and}; and = not {["AND"] not}; not = ["NOT"] term;
term = word | word"*" | '"'words'"' | "("or")".

Operators are upper case; `or`, `and`, `not` are words. Words are folded: one that folds to several tokens (PKK'nın) is
a phrase, one that folds to nothing (a dash) is passed over. A term matches inside one field, the terms of a query may
match in different fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from pipeline.fold import tokens
from pipeline.model import Article, ConfigError

DEPTH = 12  # parentheses inside parentheses; the parser of SQLite's FTS5 gives up at 16
TOKENS = 300  # folded words of one query: in three fields 900 of the 1,024 clauses that a small Elasticsearch takes
LONGEST = 240  # characters of a folded word; Elasticsearch 8 takes a prefix of 1,000 bytes
NEAR = 24  # characters of the query that a complaint shows

OPERATORS = frozenset({"AND", "OR", "NOT"})
GERSHAYIM = r'(?<=[א-ת])"(?=[א-ת])'  # in a Hebrew abbreviation a quote stands before the last letter
LEXEMES = re.compile(
    rf'(?P<phrase>"(?:[^"]|{GERSHAYIM})*+")|(?P<word>(?:[^\s()"]|{GERSHAYIM})++)|(?P<sign>[()"])',
)

NEVER_CLOSED = 'this parenthesis is never closed; add ")" or leave it out'
NEVER_OPENED = 'this parenthesis was never opened; add "(" before it or leave it out'
LOWER_CASE = "write it in lower case to look for the word itself"


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


def parse(words: str) -> Node | None:
    """The tree of a query; None where it holds no word, which matches everything.

    Raises ConfigError, pointing at the place, for what the grammar does not know, for parentheses nested deeper than
    DEPTH, for more than TOKENS words and for a word longer than LONGEST.
    """
    return _Reader(words).query()


def when(text: str, option: str, now: datetime) -> datetime:
    """A time from `7d`, `12h`, `30m`, a date or an ISO 8601 time (UTC where it names no zone); raises ConfigError."""
    units = {"d": "days", "h": "hours", "m": "minutes"}
    try:
        if text[-1:] in units and text[:-1].isdecimal():
            return now - timedelta(**{units[text[-1]]: int(text[:-1])})
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigError(f"{option} {text}: expected 7d, 12h or a date such as 2026-11-21.") from None


def days(since: str, until: str, names: tuple[str, str]) -> tuple[date, date]:
    """First and last UTC day of a stretch, both inclusive; raises ConfigError, which calls them by these names."""
    first, last = (_day(text, name) for text, name in zip((since, until), names, strict=True))
    if last < first:
        raise ConfigError(f"{names[1]} {last} lies before {names[0]} {first}: expected the later of the two days.")
    return first, last


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{name} {text}: expected a day such as 2026-11-21.") from None


def fields(article: Article) -> list[Sequence[str]]:
    """The folded tokens a query may match in: title, text, and every name apart, so that no phrase spans two names."""
    return [tokens(article.title), tokens(article.text), *map(_name, article.actor_names)]


@lru_cache(maxsize=10_000)  # the names of an actor stand in each of its articles
def _name(name: str) -> tuple[str, ...]:
    return tuple(tokens(name))


def matches(node: Node | None, fields: Sequence[Sequence[str]]) -> bool:
    """Whether a tree matches the folded tokens of fields, as `fields()` gives them; no tree matches everything."""
    match node:
        case None:
            return True
        case Term():
            return any(next(occurrences(node, field), None) is not None for field in fields)
        case And(parts):
            return all(matches(part, fields) for part in parts)
        case Or(parts):
            return any(matches(part, fields) for part in parts)
    return not matches(node.part, fields)


def occurrences(term: Term, field: Sequence[str]) -> Iterator[int]:
    """Where in a field the tokens of a term stand in a row: the index of the last of them, each time."""
    *firsts, last = term.tokens
    for end in range(len(firsts), len(field)):
        ends = field[end].startswith(last) if term.prefix else field[end] == last
        if ends and list(field[end - len(firsts) : end]) == firsts:
            yield end


def terms(node: Node | None) -> Iterator[Term]:
    """The terms that may have matched, from left to right: what stands behind NOT did not."""
    match node:
        case Term():
            yield node
        case And(parts) | Or(parts):
            for part in parts:
                yield from terms(part)


class _Lexeme(NamedTuple):
    kind: str  # word, phrase, end, or the operator or sign itself
    text: str
    at: int  # offset in the query


class _Reader:
    """Reads one query from left to right, a method a rule of the grammar."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._lexemes = [*_lexemes(words), _Lexeme("end", "", len(words))]
        self._next = 0
        self._depth = 0
        self._tokens = 0

    def query(self) -> Node | None:
        if self._ahead == "end":
            return None
        tree = self._or()
        if self._ahead == ")":
            raise self._fault(self._lexemes[self._next], NEVER_OPENED)
        return tree

    def _or(self) -> Node | None:
        parts = [self._and()]
        while self._take("OR"):
            parts.append(self._and())
        return _joined(Or, parts)

    def _and(self) -> Node | None:
        parts = [self._not()]
        while self._ahead not in {"OR", ")", "end"}:
            self._take("AND")
            parts.append(self._not())
        return _joined(And, parts)

    def _not(self) -> Node | None:
        if not self._take("NOT"):
            return self._term()
        part = self._term()
        return Not(part) if part else None

    def _term(self) -> Node | None:
        lexeme = self._lexemes[self._next]
        if lexeme.kind in {"word", "phrase"}:
            self._next += 1
            return self._folded(lexeme)
        if self._take("("):
            return self._group(lexeme)
        raise self._misplaced(lexeme)

    def _group(self, opening: _Lexeme) -> Node | None:
        self._depth += 1
        if self._depth > DEPTH:
            raise self._fault(opening, f"parentheses are nested deeper than {DEPTH}; ask for less at once")
        inside = self._or()
        if not self._take(")"):
            raise self._fault(opening, NEVER_CLOSED)
        self._depth -= 1
        return inside

    def _folded(self, lexeme: _Lexeme) -> Term | None:
        found = tuple(tokens(lexeme.text))
        self._tokens += len(found)
        if self._tokens > TOKENS:
            raise self._fault(lexeme, f"a query takes at most {TOKENS} words; ask for less at once")
        if any(len(token) > LONGEST for token in found):
            raise self._fault(lexeme, f"a word takes at most {LONGEST} characters; leave it out")
        return Term(found, prefix=lexeme.kind == "word" and lexeme.text.endswith("*")) if found else None

    def _misplaced(self, lexeme: _Lexeme) -> ConfigError:
        """What is wrong with a lexeme that stands where a term should."""
        before = self._lexemes[self._next - 1] if self._next else _Lexeme("start", "", 0)
        if lexeme.kind == '"':
            return self._fault(lexeme, "this quote is never closed; add the closing one or leave it out")
        if before.kind in OPERATORS:
            return self._fault(before, f"{before.kind} needs a word after it; {LOWER_CASE}")
        if lexeme.kind in OPERATORS:
            return self._fault(lexeme, f"{lexeme.kind} needs a word before it; {LOWER_CASE}")
        if before.kind == "(":
            empty = lexeme.kind == ")"
            return self._fault(before, "nothing stands between these parentheses" if empty else NEVER_CLOSED)
        return self._fault(lexeme, NEVER_OPENED)

    def _fault(self, place: _Lexeme, what: str) -> ConfigError:
        near = self._words[place.at : place.at + NEAR]
        return ConfigError(f"search words: {what} (character {place.at + 1}: {near})")

    @property
    def _ahead(self) -> str:
        return self._lexemes[self._next].kind

    def _take(self, kind: str) -> bool:
        taken = self._ahead == kind
        self._next += taken
        return taken


def _lexemes(words: str) -> Iterator[_Lexeme]:
    for found in LEXEMES.finditer(words):
        text, kind = found[0], str(found.lastgroup)
        special = kind == "sign" or (kind == "word" and text in OPERATORS)
        yield _Lexeme(text if special else kind, text, found.start())


def _joined(kind: type[And | Or], parts: Sequence[Node | None]) -> Node | None:
    """The parts that are left when words that fold to nothing are passed over, as one tree."""
    left = tuple(part for part in parts if part)
    return kind(left) if len(left) > 1 else next(iter(left), None)
