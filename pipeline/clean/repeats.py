"""What a page says twice: its headline above the text, paragraphs, pull quotes; and a second article below."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.clean.lines import Line, Reasons, left
from pipeline.clean.phrases import CLOSERS, YEAR, ends_sentence, table
from pipeline.clean.slips import Before
from pipeline.fold import tokens

HEADLINE, REPEAT, SECOND_ARTICLE = "headline", "repeat", "second-article"
"""Reasons."""

HEADLINE_LINES = 4  # among which the headline is repeated: kicker, caption and dateline may come before
NEARLY = 0.7  # share of the longer of two headlines that the shorter must make up, standing in it whole
HEADLINE_LETTERS = 12

REPEAT_WORDS, REPEAT_LETTERS = 12, 70  # one of both makes a line that may go as a repeat: refrains and speakers stay
ROW = "|"  # begins the row of a table
QUESTION_WORDS = 30
QUESTION_MARKS, ARMENIAN_MARK = frozenset("?؟"), "՞"  # the Armenian one stands in the word that asks
QUOTE_LINES, QUOTE_LETTERS = 400, 200_000  # more are not searched for inside each other: that is quadratic

SECOND_BEFORE = 500  # characters of the first article before a second may begin
SECOND_WITHIN = 4  # lines between a headline and its repetition above the second article
HEADLINE_CHARACTERS = 250
LIVE_ENTRIES = 3


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
    """Paragraphs that stand there before, but for slips, and pull quotes: lines that stand whole inside another."""
    before = Before()
    long = [line for line in lines if _may_go(line)]
    gone = {line.number: REPEAT for line in long if before.holds(line)}
    said = list(dict.fromkeys(map(_said, left(lines, gone))))
    everything = "\n".join(said)
    if len(said) <= QUOTE_LINES and len(everything) <= QUOTE_LETTERS:
        gone |= {line.number: REPEAT for line in long if everything.count(_said(line)) > 1}
    return gone


def _may_go(line: Line) -> bool:
    """Whether a line is long enough to go as a repeat, and neither a row of a table nor a question.

    Data may be equal, and an interviewer asks everybody the same.
    """
    if len(line.words) < REPEAT_WORDS and len(_said(line)) < REPEAT_LETTERS:
        return False
    return not line.text.startswith(ROW) and not _is_question(line)


def _is_question(line: Line) -> bool:
    asks = line.text.rstrip(CLOSERS)[-1:] in QUESTION_MARKS or ARMENIAN_MARK in line.text
    return asks and len(line.words) <= QUESTION_WORDS


def _said(line: Line) -> str:
    """The words of a line, with a space at each end: found inside another line, it ends there with words too."""
    return f" {' '.join(line.words)} "


def second_article(lines: Sequence[Line]) -> Reasons:
    """All from where another article begins, as pages that scroll on append it: headline, dateline, headline again.

    Entries of a live blog may be headed so too: they are many, and tell the hour only.
    """
    begins: list[int] = []
    is_dated = False
    before = 0
    for place, line in enumerate(lines):
        dateline = _dateline(lines[place : place + SECOND_WITHIN + 1]) if before >= SECOND_BEFORE else None
        if dateline:
            begins.append(place)
            is_dated = is_dated or any(map(YEAR.fullmatch, dateline.words))
        before += len(line.text)
    if not begins or (len(begins) >= LIVE_ENTRIES and not is_dated):
        return {}
    return {line.number: SECOND_ARTICLE for line in lines[begins[0] :]}


def _dateline(opening: Sequence[Line]) -> Line | None:
    """The dateline among lines with which an article opens; None where none does."""
    first, *rest = opening
    if ends_sentence(first.text) or len(first.text) > HEADLINE_CHARACTERS or len(first.letters) < HEADLINE_LETTERS:
        return None
    again = next((place for place, line in enumerate(rest) if line.words == first.words), 0)
    return next((line for line in rest[:again] if table().tells_time(line.words)), None)
