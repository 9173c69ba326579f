"""What cleaning took out, in people's words: at its place in one article, and counted over those of an outlet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from operator import itemgetter
from types import MappingProxyType
from typing import NamedTuple

from pipeline.model import Article, Removed

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "widget": "widget",
        "outlet-repeats": "outlet repeats",
        "slot": "slot: the place on the page where teasers stand",
        "links": "links only",
        "repeat": "repeats a paragraph above",
        "second-article": "second article",
        "headline": "headline",
        "script": "leaked script",
        "beside": "prose beside the text",
        "configured": "boilerplate.yaml",
    }
)
"""Reasons of removals in words; docs/operate.md says more of each."""
FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "charset-guessed": "the page names no encoding that fits, so it was guessed.",
        "feed-text": "the page gives no text, so this is the feed's.",
        "mostly-furniture": "by its wording more than half of this is furniture, so nothing was taken for that reason.",
        "mostly-repeats": "most of this stands on other pages of the outlet too, so nothing was taken for that reason.",
    }
)
"""Flags of articles as sentences."""
LEARNED = ("outlet-repeats", "slot")
"""Reasons that come from other pages of the outlet."""


def explained(piece: Removed) -> str:
    """Why a piece went: its reason, on how many other pages it stands, and its own address."""
    others = f"on at least {piece.pages} other {'page' if piece.pages == 1 else 'pages'}" if piece.pages else ""
    return ", ".join(filter(None, (REASONS.get(piece.reason, piece.reason), others, piece.url)))


def standing(article: Article) -> Iterator[tuple[str, Removed | None]]:
    """All lines that the page gave, in its order, each with the piece that it was removed with."""
    kept = iter(article.text.split("\n") if article.text else ())
    placed = [(piece.line, piece) for piece in article.removed if piece.line is not None]
    number = 0
    for first, piece in sorted(placed, key=itemgetter(0)):
        lines = piece.text.split("\n")
        yield from ((line, None) for line in islice(kept, max(0, first - number)))
        yield from ((line, piece) for line in lines)
        number = first + len(lines)
    yield from ((line, None) for line in kept)


def elsewhere(article: Article) -> Iterator[tuple[str, Removed]]:
    """The removed lines that are none of the text, or of which an older version did not keep the place."""
    return ((line, piece) for piece in article.removed if piece.line is None for line in piece.text.split("\n"))


class Repeated(NamedTuple):
    """A line that an outlet repeats, as it stands in the newest article."""

    line: str
    reason: str
    articles: int  # from which it was removed
    pages: int  # other pages that hold it, at least; 0 where only its place on the page told


def repeated(articles: Iterable[Article]) -> list[Repeated]:
    """What the outlet of these articles, newest first, repeats: each line once, the most frequent first.

    Lines that differ only in case, punctuation and digits are one.
    """
    found: dict[str, Repeated] = {}
    for key, each in chain.from_iterable(_learned(article).items() for article in articles):
        before = found.setdefault(key, each._replace(articles=0))
        found[key] = before._replace(articles=before.articles + 1, pages=max(before.pages, each.pages))
    return sorted(found.values(), key=lambda each: (-each.articles, -each.pages, each.line))


def _learned(article: Article) -> dict[str, Repeated]:
    """Lines of one article that went since other pages told so, by what makes two lines one."""
    from pipeline.boilerplate import letters

    return {
        letters(line) or line: Repeated(line, piece.reason, 1, piece.pages)
        for piece in article.removed
        if piece.reason in LEARNED
        for line in piece.text.split("\n")
    }
