"""What other pages of the outlet tell of a page's lines, and lines that are links: which of them go.

The numbers were swept on 674 real pages of 241 outlets (docs/design.md, "A line goes").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from pipeline.boilerplate import Recall, Told
from pipeline.clean.lines import Line, Reasons, left
from pipeline.clean.phrases import ends_sentence, ends_statement

OUTLET, SLOT, LINKS = "outlet-repeats", "slot", "links"
"""Reasons: the line stands on other pages of the outlet; it stands where those hold links and repeated text; it is a
link among links or below the text."""

MOST = 0.6  # share of a page's letters: more goes only if it stands everywhere at the outlet
SLOT_MOST = 0.4  # share that may go for its place alone
ALONE_MOST = 1 / 8  # share that may go on the word of a single other page
LEAST_LEFT = 40  # letters, no links: a news flash is a sentence
BACKGROUND_LETTERS = 100  # of a paragraph that follow-ups of a story share; shorter ones are biographies and subheads
STOPPED = 0.5  # share of the page's own paragraphs that end as sentences do, before a line must to be one
PROSE_LETTERS = 60  # of a line that is no link and below which links are teasers
LINK_RUN = 2  # links in a row are teasers wherever they stand; a single one may be a sub-heading

UNKNOWN = Told(0, everywhere=False, slot=False, shared=False, link=False)


class Learned(NamedTuple):
    """Which lines go; `mostly`: too much would go, so nothing does; `beside`: lines that are the text instead."""

    reasons: Reasons
    mostly: bool = False
    beside: Sequence[Line] = ()


def learned(lines: Sequence[Line], beside: Sequence[Line], recall: Recall) -> Learned:
    """Judge the lines of a text, and what stands beside it, by what is known of them."""
    slots = _slots(lines, recall)
    usual = (slots if _letters(_only(lines, slots)) <= SLOT_MOST * _letters(lines) else {}) | _repeats(lines, recall)
    if recall.alone and _letters(_only(lines, usual)) > ALONE_MOST * _letters(lines):
        usual = {}
    usual |= _links(lines, usual, recall)
    if _letters(_only(lines, usual)) <= MOST * _letters(lines):
        return Learned(usual)
    sure: dict[int, str] = {line.number: OUTLET for line in lines if _told(line, recall).everywhere}
    sure |= _links(lines, sure, recall)
    own = [line for line in beside if not _is_furniture(_told(line, recall))]
    if sure and _is_text(left(lines, sure), recall):
        return Learned(sure)
    if sure and _is_text(own, recall):
        return Learned(sure, beside=own)
    return Learned({}, mostly=True)


def pages(lines: Sequence[Line], recall: Recall) -> Mapping[int, int]:
    """On how many other pages each line stands, at least."""
    return {line.number: _told(line, recall).pages for line in lines}


def _told(line: Line, recall: Recall) -> Told:
    return recall.lines.get(line.number, UNKNOWN)


def _is_furniture(told: Told) -> bool:
    return bool(told.pages) or told.slot or told.link


def _repeats(lines: Sequence[Line], recall: Recall) -> dict[int, str]:
    background = _background(lines, recall)
    return {line.number: OUTLET for line in lines if _told(line, recall).pages and line.number not in background}


def _background(lines: Sequence[Line], recall: Recall) -> set[int]:
    """Lines that follow-ups of a story share: long ones in the text itself, and sentences with text below them.

    Where the page's own paragraphs have no full stops, as some outlets write, a line may be one without it too.
    """
    own = [line for line in lines if len(line.letters) >= PROSE_LETTERS and not _is_furniture(_told(line, recall))]
    is_stopped = STOPPED * len(own) <= sum(ends_sentence(line.text) for line in own)
    found, is_above_text = set[int](), False
    for line in reversed(lines):
        told, size = _told(line, recall), len(line.letters)
        is_sentence = ends_sentence(line.text) or (size >= PROSE_LETTERS and not is_stopped)
        if told.shared and (size >= BACKGROUND_LETTERS or (is_above_text and is_sentence)):
            found.add(line.number)
        elif _is_furniture(told) or size < PROSE_LETTERS:
            continue
        is_above_text = True
    return found


def _slots(lines: Sequence[Line], recall: Recall) -> dict[int, str]:
    return {line.number: SLOT for line in lines if _told(line, recall).slot}


def _links(lines: Sequence[Line], gone: Reasons, recall: Recall) -> dict[int, str]:
    """Links in a row, and all links below the last paragraph; what goes anyway does not part a row."""
    linked = [_told(line, recall).link and not ends_statement(line.text) for line in lines]
    prose = (
        place
        for place, line in enumerate(lines)
        if not linked[place] and line.number not in gone and len(line.letters) >= PROSE_LETTERS
    )
    last = max(prose, default=-1)
    found: dict[int, str] = {}
    for run in _runs(linked, [line.number in gone for line in lines]):
        if len(run) >= LINK_RUN or run[0] > last:
            found |= {lines[place].number: LINKS for place in run}
    return found


def _runs(linked: Sequence[bool], gone: Sequence[bool]) -> Iterator[list[int]]:
    """Places of links in a row that do not go yet."""
    for is_row, places in groupby(range(len(linked)), key=lambda place: linked[place] or gone[place]):
        row = [place for place in places if not gone[place]] if is_row else []
        if row:
            yield row


def _only(lines: Sequence[Line], gone: Reasons) -> list[Line]:
    return [line for line in lines if line.number in gone]


def _letters(lines: Sequence[Line]) -> int:
    return sum(len(line.letters) for line in lines)


def _is_text(lines: Sequence[Line], recall: Recall) -> bool:
    return _letters([line for line in lines if not _told(line, recall).link]) >= LEAST_LEFT
