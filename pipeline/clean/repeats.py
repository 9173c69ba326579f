"""What a page says twice: its headline above the text, paragraphs, pull quotes; and a second article below."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.clean.lines import Line, Reasons, left
from pipeline.clean.phrases import ends_sentence, table
from pipeline.fold import tokens

HEADLINE, REPEAT, SECOND_ARTICLE = "headline", "repeat", "second-article"
"""Reasons."""

HEADLINE_LINES = 4  # among which the headline is repeated: kicker, caption and dateline may come before
NEARLY = 0.7  # share of the longer of two headlines that the shorter must make up, standing in it whole
HEADLINE_LETTERS = 12

REPEAT_WORDS, REPEAT_LETTERS = 12, 70  # one of both makes a line that may go as a repeat: refrains and speakers stay
QUOTE_LINES, QUOTE_LETTERS = 400, 200_000  # more are not searched for inside each other: that is quadratic

SECOND_BEFORE = 500  # characters of the first article before a second may begin
SECOND_WITHIN = 4  # lines between a headline and its repetition above the second article
HEADLINE_CHARACTERS = 250


def headline(lines: Sequence[Line], title: str) -> Reasons:
    """The headline as a line of its own, among the first lines also nearly: a kicker may be glued to it."""
    wanted = "".join(tokens(title))
    same = (line for line in lines if len(wanted) >= HEADLINE_LETTERS and line.letters == wanted)
    nearly = (line for line in lines[:HEADLINE_LINES] if _is_nearly(line.letters, wanted))
    return dict.fromkeys((line.number for line in (*same, *nearly)), HEADLINE)


def _is_nearly(one: str, other: str) -> bool:
    if not one or one == other:
        return bool(one)
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= max(HEADLINE_LETTERS, NEARLY * len(longer)) and shorter in longer


def paragraphs(lines: Sequence[Line]) -> Reasons:
    """Paragraphs that stand there before, and pull quotes: lines that stand whole inside another paragraph."""
    gone: dict[int, str] = {}
    first: dict[str, Line] = {}
    for line in lines:
        said = _said(line)
        is_long = len(line.words) >= REPEAT_WORDS or len(said) >= REPEAT_LETTERS
        if is_long and first.setdefault(said, line) is not line:
            gone[line.number] = REPEAT
    everything = "\n".join(map(_said, left(lines, gone)))
    if len(lines) <= QUOTE_LINES and len(everything) <= QUOTE_LETTERS:
        gone |= {line.number: REPEAT for said, line in first.items() if everything.count(said) > 1}
    return gone


def _said(line: Line) -> str:
    """The words of a line, with a space at each end: found inside another line, it ends there with words too."""
    return f" {' '.join(line.words)} "


def second_article(lines: Sequence[Line]) -> Reasons:
    """All from where another article begins, as pages that scroll on append it: headline, dateline, headline again."""
    before = 0
    for place, line in enumerate(lines):
        if before >= SECOND_BEFORE and _opens_article(lines[place : place + SECOND_WITHIN + 1]):
            return {other.number: SECOND_ARTICLE for other in lines[place:]}
        before += len(line.text)
    return {}


def _opens_article(opening: Sequence[Line]) -> bool:
    first, *rest = opening
    if ends_sentence(first.text) or len(first.text) > HEADLINE_CHARACTERS or len(first.letters) < HEADLINE_LETTERS:
        return False
    again = next((place for place, line in enumerate(rest) if line.words == first.words), 0)
    return any(table().tells_time(line.words) for line in rest[:again])
