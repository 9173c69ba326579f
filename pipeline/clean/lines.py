"""The lines of an article while it is cleaned: what each holds, and what goes for which reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline.clean.phrases import Words, table
from pipeline.fold import tokens
from pipeline.model import Removed


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text: its place (from 0), its folded words, and what it is by its wording (a kind of phrase)."""

    number: int
    text: str
    words: Words
    kind: str

    @property
    def letters(self) -> str:
        """All folded letters and digits in one: equal for lines that differ in spacing and punctuation only."""
        return "".join(self.words)


Reasons = Mapping[int, str]
"""Why a line goes, by its number."""

BESIDE = "beside"
"""Reason of prose that stands on the page beside the text that was chosen; the text where that is repeated."""


def split(text: str) -> list[Line]:
    """The lines of a repaired text."""
    return [_line(number, line) for number, line in enumerate(text.split("\n") if text else ())]


def _line(number: int, text: str) -> Line:
    words = tuple(tokens(text))
    return Line(number, text, words, table().kind(text, words))


def left(lines: Sequence[Line], gone: Reasons) -> list[Line]:
    """The lines that stay."""
    return [line for line in lines if line.number not in gone]


def size(lines: Sequence[Line]) -> int:
    """Characters of the lines."""
    return sum(len(line.text) for line in lines)


def pieces(lines: Sequence[Line], gone: Reasons, pages: Mapping[int, int]) -> tuple[Removed, ...]:
    """What went, in the order of the text; neighbours that went for one reason are one piece."""
    runs = groupby(lines, key=lambda line: (gone.get(line.number, ""), pages.get(line.number, 0)))
    return tuple(_piece(list(run), *why) for why, run in runs if why[0])


def _piece(lines: Sequence[Line], reason: str, pages: int) -> Removed:
    return Removed("\n".join(line.text for line in lines), reason, lines[0].number, pages)
