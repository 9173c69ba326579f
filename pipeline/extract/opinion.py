"""Which text of a page is its article's: trafilatura's quick answer where it is sound, else its thorough one.

The thorough answer weighs the quick one against those of two other programs (readability, jusText) and costs 40 % more
time. It differs on one page in twenty: there the quick one leaves out most of the page's prose or brings much that is
none. Prose beside the text that was chosen is kept apart: where the outlet's other pages tell that the text is not this
page's own, it is what is left (`pipeline.clean`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.boilerplate import letters
from pipeline.extract import prose
from pipeline.extract.blocks import Run
from pipeline.model import Block

if TYPE_CHECKING:
    from lxml.html import HtmlElement

PROSE_CHARACTERS, PROSE_LINKED = 80, 0.3  # a block so long, and with no more of it inside links, is prose
FEW_LETTERS, FLASH_CHARACTERS = 600, 60
"""A text of fewer letters may be an appeal that outweighs a news flash; a flash is shorter than other prose."""
LEAST_COVERED = 0.45  # share of the page's prose that a sound text holds
MOST_ELSE, MOST_ELSE_IN_ROWS = 0.5, 0.2  # share of a sound text that is no prose, and where it has rows of a table
ROW, ROWS = "|", 2
"""How trafilatura begins the row of a table, and how many tell that a table lays out the page.

Swept on 674 real pages: as good as always asking for the thorough answer, which is asked for on one page in seven.
"""
SPARE_CHARACTERS = 8_000  # of prose beside the text: several articles of usual length


class Opinion:
    """What is prose on a parsed page, and which text holds it."""

    def __init__(self, runs: Sequence[Run], blocks: Sequence[Block], restore: Callable[[str], str]) -> None:
        """`restore` gives letters back to a text that were changed before the page was parsed."""
        self._lines = {
            block.letters: run.text
            for run, block in zip(runs, blocks, strict=True)
            if len(run.text) >= FLASH_CHARACTERS and run.linked <= PROSE_LINKED * len(run.text)
        }
        self._told = [block for block, line in self._lines.items() if len(line) >= PROSE_CHARACTERS]
        self._size = sum(map(len, self._told))
        self._restore = restore

    def text(self, tree: HtmlElement) -> str:
        """The text of the page, paragraphs separated by line feeds."""
        quick = prose.text_of_page(tree, fast=True)
        return quick if self.is_sound(quick) else prose.text_of_page(tree)

    def beside(self, text: str) -> Iterator[str]:
        """The prose that stands beside a text where that leaves out much, or where it is short: flashes too."""
        held = self._held(text)
        is_short = len(held) < FEW_LETTERS
        if not is_short and self._covered(held) >= LEAST_COVERED * self._size:
            return
        room = SPARE_CHARACTERS
        for block in self._lines if is_short else self._told:
            if block not in held:
                room -= len(self._lines[block])
                if room < 0:
                    return
                yield self._restore(self._lines[block])

    def is_sound(self, text: str) -> bool:
        """Whether a text holds enough of the prose of the page, and little that is none."""
        held = self._held(text)
        covered = self._covered(held)
        most_else = MOST_ELSE_IN_ROWS if _is_table(text) else MOST_ELSE
        return covered >= LEAST_COVERED * self._size and covered >= (1 - most_else) * len(held)

    def _held(self, text: str) -> str:
        return letters(self._restore(text))

    def _covered(self, held: str) -> int:
        """Letters of the prose that a text, given by its letters, holds."""
        return sum(len(block) for block in self._told if block in held)


def _is_table(text: str) -> bool:
    return sum(line.startswith(ROW) for line in text.split("\n")) >= ROWS
