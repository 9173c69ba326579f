"""What a phrase found in an article says: that it names something, that it must not, or that it is evidence."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from pipeline.fold import tokens
from pipeline.match import Found, Matcher, Name
from pipeline.model import Article

MENTIONS = 2_000
"""Mentions kept of one article; a long report has some hundreds, a page that repeats a name for ever has no end."""
TITLE = 0
"""Number of the title among the paragraphs; those of the text count from 1."""
ANYWHERE = -1
"""Stands for all paragraphs."""


class Role(IntEnum):
    """What a phrase does for an actor or region."""

    STRONG = 0  # names it
    WEAK = 1  # names it where something else speaks for it
    NEVER = 2  # holds a name and means something else


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """That a phrase plays a role for the actor or region at `owner` in the list of all."""

    owner: int
    role: Role
    language: str = ""  # of articles in which it does, "" for all


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """That a word speaks for the actors or regions at `owners`."""

    word: str  # folded
    owners: frozenset[int]


Key = Claim | Need
Span = tuple[int, int]


def claimed(found: Found[Key]) -> Iterator[Claim]:
    """Give what a place is claimed for."""
    return (key for key in found.keys if isinstance(key, Claim))


def overlaps(spans: Sequence[Span], found: Found[Key]) -> Iterator[Span]:
    """Give those of the spans, ascending and apart from each other, that share a code point with a place."""
    at = max(0, bisect_left(spans, (found.start, found.start)) - 1)
    while at < len(spans) and spans[at][0] < found.end:
        if spans[at][1] > found.start:
            yield spans[at]
        at += 1


def claims(claim: Claim, phrases: Iterable[str], case: Iterable[str] = ()) -> Iterator[Name[Key]]:
    """Make names of phrases, each once; those that fold as one of `case` does count in exactly the case given."""
    bound = {folded_name(phrase) for phrase in case}
    return (Name(claim, phrase, folded_name(phrase) in bound) for phrase in dict.fromkeys(phrases))


def needs(words: Sequence[Iterable[str]]) -> Iterator[Name[Key]]:
    """Make names of the words of context, given by owner; a word that serves many owners is looked for once."""
    owners: dict[str, set[int]] = defaultdict(set)
    for owner, phrases in enumerate(words):
        for phrase in phrases:
            owners[folded_name(phrase)].add(owner)
    return (Name(Need(word, frozenset(served)), word) for word, served in owners.items())


def folded_name(phrase: str) -> str:
    """Give the folded words of a phrase with one space between."""
    return " ".join(tokens(phrase))


@dataclass(frozen=True, slots=True)
class Field:
    """Title or text with what was found in it; the offsets of an article run on from the title into the text."""

    where: str
    text: str
    found: Sequence[Found[Key]]
    base: int  # offset of the field in the article
    breaks: Sequence[int]  # offsets of line feeds in the field

    def paragraph(self, start: int) -> int:
        """Give the number of the paragraph at an offset of the field."""
        return 1 + bisect_left(self.breaks, start) if self.base else TITLE


def read(article: Article, matcher: Matcher[Key]) -> tuple[Field, Field]:
    """Look for all names in the title and in the text."""
    title, text = article.title, article.text
    breaks = [feed.start() for feed in re.finditer("\n", text)]
    return (
        Field("title", title, matcher.candidates(title, article.language), 0, ()),
        Field("text", text, matcher.candidates(text, article.language), len(title) + 1, breaks),
    )


class Context:
    """The words of context of an article, gathered when first asked for."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = fields

    @cached_property
    def _places(self) -> Mapping[int, Mapping[Need, tuple[Span, Span]]]:
        """Where words stand first and last, by paragraph and over all."""
        places: dict[int, dict[Need, tuple[Span, Span]]] = defaultdict(dict)
        for field in self._fields:
            for found in field.found:
                for need in found.keys:
                    if isinstance(need, Need):
                        span = (field.base + found.start, field.base + found.end)
                        for paragraph in (ANYWHERE, field.paragraph(found.start)):
                            first, _ = places[paragraph].get(need, (span, span))
                            places[paragraph][need] = (first, span)
        return places

    def words(self, owner: int, field: Field, found: Found[Key], paragraphs: Iterable[int]) -> int:
        """Count the words that speak for an owner in these paragraphs, beside the name itself and what lies in it."""
        start, end = field.base + found.start, field.base + found.end
        speaking = {
            need
            for paragraph in paragraphs
            for need, places in self._places.get(paragraph, {}).items()
            if owner in need.owners and any(last <= start or first >= end for first, last in places)
        }
        return len(speaking.difference(found.keys))
