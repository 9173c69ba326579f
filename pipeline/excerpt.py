"""The piece of an article that shows why it was found, with the places of the hit. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.fold import folded
from pipeline.model import Article
from pipeline.query import Node, Term
from pipeline.query import terms as terms_of

AROUND = 110  # characters shown on each side of the first hit: two lines of a terminal in all
WORD = re.compile(r"\S+")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of text, and which of its code points were hit: (start, end), in order, apart from each other."""

    text: str
    marks: tuple[Span, ...] = ()


def excerpt(article: Article, query: Node | None, actors: Sequence[str] = ()) -> Excerpt:
    """Show the text around the first word that was looked for; else the sentence that names an actor looked for.

    `actors` are ids: those of the filter, or those that a word of the query names, so that `PMF` shows where an Arabic
    article says الحشد الشعبي. A hit in the title alone shows the title.
    """
    terms = list(terms_of(query))
    marks = _hits(article.text, terms)
    if marks:
        return _window(article.text, marks)
    for mention in sorted(article.mentions, key=lambda mention: mention.where == "title"):  # that is shown anyway
        if mention.actor in actors:
            start = mention.sentence.find(mention.alias)
            return _window(mention.sentence, [(start, start + len(mention.alias))] if start >= 0 else [])
    in_title = _hits(article.title, terms)
    return Excerpt(article.title, tuple(in_title)) if in_title else _window(article.text, [])


def names_any(query: Node | None, names: Iterable[str]) -> bool:
    """Tell whether a term of the query stands in any of these names."""
    terms = list(terms_of(query))
    return any(_hits(name, terms) for name in names)


def _hits(text: str, terms: Sequence[Term]) -> list[Span]:
    """Where any of the terms stands, longest first at one place."""
    if not terms:
        return []
    map_ = folded(text)
    words = [
        (each.group(), map_.starts[each.start()], map_.starts[each.end() - 1] + 1) for each in WORD.finditer(map_.text)
    ]
    longest = sorted(terms, key=lambda term: -len(term.tokens))
    found: list[Span] = []
    at = 0
    while at < len(words):
        size = next((len(term.tokens) for term in longest if _stands(term, words, at)), 0)
        if size:
            found.append((words[at][1], words[at + size - 1][2]))
        at += size or 1
    return found


def _stands(term: Term, words: Sequence[tuple[str, int, int]], at: int) -> bool:
    here = [word for word, _, _ in words[at : at + len(term.tokens)]]
    if len(here) < len(term.tokens):
        return False
    if term.prefix and here[-1].startswith(term.tokens[-1]):
        here[-1] = term.tokens[-1]
    return tuple(here) == term.tokens


def _window(text: str, marks: Sequence[Span]) -> Excerpt:
    """Cut the text around its first mark, at spaces, with an ellipsis where something is left out."""
    first = marks[0][0] if marks else 0
    start = 0 if first <= AROUND else text.rfind(" ", 0, first - AROUND) + 1
    end = len(text) if len(text) - first <= 2 * AROUND else text.find(" ", first + AROUND)
    end = len(text) if end < 0 else max(end, marks[0][1] if marks else 0)
    before = "… " if start else ""
    shift = len(before) - start
    shown = tuple((left + shift, right + shift) for left, right in marks if right <= end)
    piece = text[start:end].replace("\n", " ")
    return Excerpt(f"{before}{piece}{' …' if end < len(text) else ''}", shown)
