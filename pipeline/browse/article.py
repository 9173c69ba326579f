"""An article as its page shows it: paragraphs with the actors marked, and between them what was removed and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from pipeline.audit import elsewhere, explained, standing
from pipeline.model import Article, Mention, Removed

FOLDED = 3  # removed lines in a row that are shown unfolded


class Run(NamedTuple):
    """A piece of a line, and the actors that it names."""

    text: str
    actors: tuple[str, ...] = ()


class Paragraph(NamedTuple):
    """A line of the article."""

    runs: tuple[Run, ...]
    removed: bool = False


class Gone(NamedTuple):
    """Lines in a row that one piece of cleaning took out."""

    lines: tuple[str, ...]
    why: str
    removed: bool = True

    @property
    def open(self) -> bool:
        """Whether they are few enough to be shown at once."""
        return len(self.lines) <= FOLDED


def headline(article: Article) -> tuple[Run, ...]:
    """The title with the actors that it names."""
    return marked(article.title, [each for each in article.mentions if each.where == "title"])


def body(article: Article) -> Iterator[Paragraph | Gone]:
    """All that the page gave, in its order."""
    mentions, at = [each for each in article.mentions if each.where == "text"], 0
    for piece, lines in groupby(standing(article), key=lambda line: line[1]):
        if piece:
            yield _gone(piece, [line for line, _ in lines])
            continue
        for line, _ in lines:
            yield Paragraph(marked(line, mentions, at))
            at += len(line) + 1


def beside(article: Article) -> list[Gone]:
    """What was removed elsewhere on the page."""
    found = groupby(elsewhere(article), key=lambda line: line[1])
    return [_gone(piece, [line for line, _ in lines]) for piece, lines in found]


def marked(line: str, mentions: Sequence[Mention], at: int = 0) -> tuple[Run, ...]:
    """A line that stands at an offset of its text, cut into runs by the mentions that lie inside it."""
    named: dict[tuple[int, int], list[str]] = {}
    for each in mentions:
        start, end = each.start - at, each.end - at
        if 0 <= start < end <= len(line):
            named.setdefault((start, end), []).append(each.actor)
    runs, done = [], 0
    for (start, end), actors in sorted(named.items()):
        if start >= done:
            runs += [Run(line[done:start]), Run(line[start:end], tuple(dict.fromkeys(actors)))]
            done = end
    return tuple(run for run in (*runs, Run(line[done:])) if run.text)


def _gone(piece: Removed, lines: Sequence[str]) -> Gone:
    return Gone(tuple(lines), explained(piece))
