"""Article to article, inside one page: its characters mended, what is not its own text taken out and told why.

Reasons in `Article.removed`: `headline` (repeated above the text), `widget` (furniture by its wording and place),
`repeat` (a paragraph or quote that stands there before), `second-article` (all from where another article begins),
`script` (program text that leaked). What an outlet repeats from page to page is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.clean import furniture, repeats
from pipeline.clean.characters import one_line, repair
from pipeline.clean.lines import Line, Reasons, left, size, split, told
from pipeline.model import Article, Drop

__all__ = ["Clean", "LongEnough"]

MOSTLY_FURNITURE = "mostly-furniture"
"""Flag of an article of which furniture would have been more than half: all of it stays."""
MOST_FURNITURE = 0.5
LEAST_CHARACTERS = 50
"""Shorter texts are captions and error messages; a news flash is a sentence, and longer."""


class Clean:
    """Stage: fills `title`, `text`, `removed`, and `flags` where furniture was left in place."""

    def __call__(self, article: Article) -> Article:
        """Clean one article; never takes its last line, nor more than half of it for its wording alone."""
        title = one_line(article.title)
        lines = split(furniture.unglue(repair(article.text)))
        gone = _reasons(lines, title, article.outlet.name)
        kept = left(lines, gone)
        by_wording = [line for line in lines if gone.get(line.number) == furniture.WIDGET]
        flags = article.flags
        if lines and (not kept or size(by_wording) > MOST_FURNITURE * size([*kept, *by_wording])):
            gone = {number: reason for number, reason in gone.items() if reason != furniture.WIDGET}
            kept = left(lines, gone) or lines
            gone = gone if kept is not lines else {}
            flags = (*flags, MOSTLY_FURNITURE)
        text = "\n".join(line.text for line in kept)
        return replace(article, title=title, text=text, removed=article.removed + told(lines, gone), flags=flags)


def _reasons(lines: Sequence[Line], title: str, outlet: str) -> Reasons:
    """Why lines go; each finder sees what those before it left."""
    finders: Sequence[Callable[[Sequence[Line]], Reasons]] = (
        repeats.second_article,
        lambda rest: repeats.headline(rest, title),
        furniture.scripts,
        lambda rest: furniture.widgets(rest, outlet),
        furniture.footers,
        repeats.paragraphs,
    )
    gone: dict[int, str] = {}
    for find in finders:
        gone |= find(left(lines, gone))
    return gone


class LongEnough:
    """Stage: drops what is too short to be an article."""

    def __call__(self, article: Article) -> Article:
        """Pass the article on; raises Drop("too-short") below 50 characters."""
        if len(article.text) < LEAST_CHARACTERS:
            raise Drop("too-short")
        return article
