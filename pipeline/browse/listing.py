"""A page of hits as it is read: title, excerpt with the words that were looked for marked, and who is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pipeline.browse.article import Run
from pipeline.browse.asked import Asked
from pipeline.browse.labels import Labels
from pipeline.excerpt import Excerpt, excerpt
from pipeline.model import Article


class Entry(NamedTuple):
    """An article in a list."""

    article: Article
    runs: tuple[Run, ...]  # those with actors in them are the marks
    copies: int


def entries(
    found: Mapping[str, Article], copies: Iterable[tuple[str, int]], asked: Asked, labels: Labels
) -> Iterator[Entry]:
    """The articles of these ids, in their order, each with how many more its story has."""
    named = labels.named(asked.search.query) if asked.search.query else ()
    for id_, others in copies:
        shown = excerpt(found[id_], asked.search.query, asked.search.actors)
        if not shown.marks and named:
            shown = excerpt(found[id_], asked.search.query, named)
        yield Entry(found[id_], runs(shown), others)


def runs(shown: Excerpt) -> tuple[Run, ...]:
    """The excerpt cut at its marks; a marked run names the mark in place of an actor."""
    cut, at = [], 0
    for start, end in shown.marks:
        cut += [Run(shown.text[at:start]), Run(shown.text[start:end], ("hit",))]
        at = end
    return tuple(run for run in (*cut, Run(shown.text[at:])) if run.text)
