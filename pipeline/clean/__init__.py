"""Article to article: its characters mended, what is not its own text taken out and told why.

Reasons in `Article.removed`: `headline` (repeated above the text), `widget` (furniture by its wording and place),
`repeat` (a paragraph or quote that stands there before), `second-article` (another article on the page), `script`
(program text that leaked), `outlet-repeats` and `slot` (what other pages of the outlet tell), `links` (nothing but
links), `beside` (prose beside the text), `configured` (an operator's word). What was removed, with the number of its
line, and what is left are all lines that extraction gave: so an article can be cleaned again when its outlet is known
better. What extraction left out (prose beyond its bounds, a text for which a body in JSON was taken) is not among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from types import MappingProxyType

from pipeline import boilerplate
from pipeline.clean import furniture, repeats
from pipeline.clean.characters import one_line, repair
from pipeline.clean.learned import OUTLET, learned, pages
from pipeline.clean.lines import BESIDE, Line, Reasons, left, pieces, size, split
from pipeline.fold import fold
from pipeline.model import Article, Drop
from pipeline.watchlist import Forced

__all__ = ["Clean", "LongEnough", "Remember", "whole"]

MOSTLY_FURNITURE, MOSTLY_REPEATS = "mostly-furniture", "mostly-repeats"
"""Flags of an article of which most would have been taken out, for its wording or because its outlet repeats it: all
of that stays."""
CONFIGURED = "configured"
MOST_FURNITURE = 0.5
LEAST_CHARACTERS = 50
"""Shorter texts are captions and error messages; a news flash is a sentence, and longer."""

NO_LINES: frozenset[str] = frozenset()

Finder = Callable[[Sequence[Line]], Reasons]


class Remember:
    """Stage: brings `title` and `text` into the lines that cleaning judges, and fills `digest` from them and `blocks`.

    Prose beside the text becomes its last lines, which the digest tells apart.
    """

    def __call__(self, article: Article) -> Article:
        """Remember one page; its blocks are not needed any longer."""
        title = one_line(article.title)
        lines = list(filter(None, _prepared(article.text).split("\n")))
        beside = [line for piece in article.removed if piece.reason == BESIDE and (line := one_line(piece.text))]
        return replace(
            article,
            title=title,
            text="\n".join((*lines, *beside)),
            removed=tuple(piece for piece in article.removed if piece.reason != BESIDE),
            digest=boilerplate.digest(title, (*lines, *beside), article.blocks, len(beside)),
            blocks=(),
        )


class Clean:
    """Stage: fills `title`, `text`, `removed`, and `flags` where furniture was left in place.

    `forced`: lines that a person wants kept or dropped, by outlet id; their case, punctuation and numbers do not count.
    """

    def __init__(self, forced: Mapping[str, Forced] = MappingProxyType({})) -> None:
        self._forced = {outlet: (_folded(lines.keep), _folded(lines.drop)) for outlet, lines in forced.items()}

    def __call__(self, article: Article) -> Article:
        """Clean one article, remembered or not.

        Never takes all of its lines, nor more than half of it for its place among furniture.
        """
        title = one_line(article.title)
        lines = split(article.text if article.digest else _prepared(article.text))
        gone, flags, pages = self._judged(lines, replace(article, title=title))
        return replace(
            article,
            title=title,
            text="\n".join(line.text for line in left(lines, gone)),
            removed=article.removed + pieces(lines, gone, pages),
            flags=article.flags + flags,
        )

    def _judged(self, lines: Sequence[Line], article: Article) -> tuple[Reasons, tuple[str, ...], Mapping[int, int]]:
        """Why lines go, which flags that gives, and on how many other pages those stand that the outlet repeats."""
        recall = boilerplate.told(article)
        keep, drop = (_among(lines, each) for each in self._forced.get(article.outlet.id, (NO_LINES, NO_LINES)))
        gone: dict[int, str] = dict.fromkeys(drop, CONFIGURED)
        text, beside = _parted([line for line in lines if line.number not in keep], len(lines) - recall.spare)
        for find in _by_place(article.title):
            gone |= find(left(text, gone))
        known = learned(left(text, gone), left(beside, gone), recall)
        gone |= {**known.reasons, **repeats.headline(known.beside, article.title)}
        for find in _by_wording(article.outlet.name, recall.links):
            gone |= find(left([*text, *known.beside], gone))
        aside = {line.number: BESIDE for line in beside if line not in known.beside}
        gone, flags = _bounded(left(lines, aside), gone)
        gone = aside | gone
        stands = {number: count for number, count in pages(lines, recall).items() if gone.get(number) == OUTLET}
        return gone, flags + (MOSTLY_REPEATS,) * known.mostly, stands


def whole(article: Article) -> Article:
    """The article as it was remembered: all its lines in `text`, what cleaning flagged and removed undone."""
    taken = [piece for piece in article.removed if piece.line is not None]
    lines = dict(chain.from_iterable(enumerate(piece.text.split("\n"), piece.line or 0) for piece in taken))
    kept = iter(article.text.split("\n") if article.text else ())
    count = len(lines) + article.text.count("\n") + bool(article.text)
    return replace(
        article,
        text="\n".join(lines[number] if number in lines else next(kept) for number in range(count)),
        removed=tuple(piece for piece in article.removed if piece.line is None),
        flags=tuple(flag for flag in article.flags if flag not in (MOSTLY_FURNITURE, MOSTLY_REPEATS)),
    )


def _by_place(title: str) -> Sequence[Finder]:
    """Finders of what is no part of the article by where it stands; each sees what those before it left."""
    return (repeats.second_article, lambda rest: repeats.headline(rest, title), furniture.scripts)


def _by_wording(outlet: str, links: Mapping[int, bool]) -> Sequence[Finder]:
    """Finders of furniture and repeats, in the same way."""
    return (
        lambda rest: furniture.widgets(rest, outlet),
        lambda rest: furniture.footers(rest, links),
        repeats.paragraphs,
    )


def _bounded(lines: Sequence[Line], gone: Mapping[int, str]) -> tuple[dict[int, str], tuple[str, ...]]:
    """What may go, never the last line, nor more than half for its place among furniture; a flag if that was too much.

    What is furniture by its own wording needs no bound where an article is left: around a flash it is most of a page.
    """
    kept = left(lines, gone)
    is_article = size(kept) >= LEAST_CHARACTERS
    worded = [line for line in lines if gone.get(line.number) == furniture.WIDGET and not (line.kind and is_article)]
    if not lines or (kept and size(worded) <= MOST_FURNITURE * size([*kept, *worded])):
        return dict(gone), ()
    rest = {number: reason for number, reason in gone.items() if reason != furniture.WIDGET}
    if left(lines, rest):
        return rest, (MOSTLY_FURNITURE,)
    return {number: reason for number, reason in rest.items() if number != lines[-1].number}, ()


def _prepared(text: str) -> str:
    return furniture.unglue(repair(text))


def _folded(lines: Iterable[str]) -> frozenset[str]:
    return frozenset(boilerplate.letters(fold(line)) for line in lines)


def _parted(lines: Sequence[Line], end: int) -> tuple[list[Line], list[Line]]:
    """The lines of the text, which ends before the line of that number, and those beside it."""
    return [line for line in lines if line.number < end], [line for line in lines if line.number >= end]


def _among(lines: Sequence[Line], forced: frozenset[str]) -> frozenset[int]:
    """The numbers of the lines that are among those a person named."""
    return frozenset(line.number for line in lines if forced and boilerplate.letters(fold(line.text)) in forced)


class LongEnough:
    """Stage: drops what is too short to be an article."""

    def __call__(self, article: Article) -> Article:
        """Pass the article on; raises Drop("too-short") below 50 characters."""
        if len(article.text) < LEAST_CHARACTERS:
            raise Drop("too-short")
        return article
