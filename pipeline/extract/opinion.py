"""Which text of a page is its article's: trafilatura's quick answer where it is sound, else its thorough one.

The thorough answer weighs the quick one against those of two other programs (readability, jusText) and costs 40 % more
time. It differs on one page in twenty: there the quick one leaves out most of the page's prose or brings much that is
none. Prose beside the text that was chosen is kept apart: where the outlet's other pages tell that the text is not this
page's own, it is what is left (`pipeline.clean`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pipeline.boilerplate import letters
from pipeline.extract import prose
from pipeline.extract.blocks import Run
from pipeline.model import Block

if TYPE_CHECKING:
    from lxml.html import HtmlElement

PROSE_CHARACTERS, PROSE_LINKED = 80, 0.3  # a block so long, and with no more of it inside links, is prose
LEAST_COVERED = 0.45  # share of the page's prose that a sound text holds
MOST_ELSE, MOST_ELSE_IN_ROWS = 0.5, 0.2  # share of a sound text that is no prose, and where it has rows of a table
ROW, ROWS = "|", 2
"""How trafilatura begins the row of a table, and how many tell that a table lays out the page.

Swept on 674 real pages: as good as always asking for the thorough answer, which is asked for on one page in seven.
"""
SPARE_CHARACTERS = 8_000  # of prose beside the text: several articles of usual length


class Opinion(NamedTuple):
    """The text of a page, paragraphs separated by line feeds, and the prose beside it where it leaves out much."""

    text: str
    spare: tuple[str, ...] = ()


def opinion(tree: HtmlElement, runs: Sequence[Run], blocks: Sequence[Block], restore: Callable[[str], str]) -> Opinion:
    """Choose the text of a parsed page; `restore` gives letters back to it that were changed before it was parsed."""
    told = {block.letters: run.text for run, block in zip(runs, blocks, strict=True) if _is_prose(run)}
    text = prose.text_of_page(tree, fast=True)
    held = letters(restore(text))
    most_else = MOST_ELSE_IN_ROWS if _is_table(text) else MOST_ELSE
    if not (_covers(held, told) and _is_prose_mostly(held, told, most_else)):
        text = prose.text_of_page(tree)
        held = letters(restore(text))
    return Opinion(text, () if _covers(held, told) else tuple(_first(told[block] for block in _beside(held, told))))


def _is_prose(run: Run) -> bool:
    return len(run.text) >= PROSE_CHARACTERS and run.linked <= PROSE_LINKED * len(run.text)


def _beside(held: str, told: Iterable[str]) -> list[str]:
    """The prose of the page that a text, given by its letters, does not hold."""
    return [block for block in told if block not in held]


def _covers(held: str, told: Collection[str]) -> bool:
    return _size(_beside(held, told)) <= (1 - LEAST_COVERED) * _size(told)


def _is_prose_mostly(held: str, told: Collection[str], most_else: float) -> bool:
    return _size(told) - _size(_beside(held, told)) >= (1 - most_else) * len(held)


def _is_table(text: str) -> bool:
    return sum(line.startswith(ROW) for line in text.split("\n")) >= ROWS


def _size(blocks: Iterable[str]) -> int:
    return sum(map(len, blocks))


def _first(lines: Iterable[str]) -> Iterator[str]:
    room = SPARE_CHARACTERS
    for line in lines:
        room -= len(line)
        if room < 0:
            return
        yield line
