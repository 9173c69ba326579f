"""What a page puts around its article: widgets, datelines, blocks of teasers, comment forms, leaked scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import dropwhile, pairwise, takewhile

from pipeline.clean.lines import Line, Reasons, size
from pipeline.clean.phrases import QUOTES, ends_sentence, ends_statement, table
from pipeline.fold import tokens

WIDGET, SCRIPT = "widget", "script"
"""Reasons: furniture by its wording and place; program text."""

NETWORKS = frozenset({"network", "homonym"})
WEAK = NETWORKS | {"field"}
"""Kinds of lines that are furniture beside other furniture only."""

# Where a paragraph may have been glued to what follows: behind a sentence (but not within 1.204; and an Armenian one
# may end in a colon), or between a small and a capital letter.
SEAM = re.compile(
    r"""(?: [.!?…۔؟։] (?! (?<=\d.) \d ) ["'”’»)\]]{0,3} | (?<=[ա-և]) : ) [ ]? (?=[^\s.!?…])
    | (?<=[a-zß-öø-ÿğışəա-և]) (?=[A-ZÀ-ÖØ-ÞĞİŞƏԱ-Ֆ])""",
    re.VERBOSE,
)
GLUED_TAIL, MOST_SEAMS = 120, 12  # characters at the end of a line that may be glued furniture; seams among them

TOP_LINES = 8  # among which a dateline stands: headline, kicker, standfirst, byline, caption come before it
END_LINES = 2
PROSE_WORDS = 8
LONG = 300  # characters: a line that long is a paragraph, no teaser
HEADLINE = 200  # characters: a longer line without a full stop is a paragraph too, as some outlets write them
LEAST_BEFORE = 200  # characters of article before a footer
MOST_AFTER = 0.6  # size of a footer, as a share of what stands before it
MOST_LINES = 150  # of a footer
TEASERS = 0.5  # share of the lines of a footer that are no statements
FORM_WITHIN = 6  # lines after the heading of a comment form that must hold more of it
MOST_LISTED = 6  # teasers in a block in the middle of an article
PARAGRAPH, STOPPED = 100, 0.8
"""Where that share of lines with that many characters ends in a full stop, lines without one are no paragraphs."""

CODE = re.compile(
    r"</?script|\bfunction ?\w{0,40}\(|=> ?\{|\bwindow\.|\bdocument\.|\}\);|\) ?\{$|^\} ?else|^(?:var|let|const) \w+ ="
)
CODE_MARKS = ("{", "}", "</", ");", " = ")  # one of which every such line holds: looked for first, since it is quick
CODE_LINES = 3  # that an article must hold before lines among them are taken for a leaked script: one may be quoted


def unglue(text: str) -> str:
    """Put furniture that was glued to the end of a paragraph on a line of its own: `... report.Latest news`."""
    return "\n".join(map(_unglued, text.split("\n")))


def _unglued(line: str) -> str:
    if ends_statement(line):
        return line
    for seam in list(SEAM.finditer(line, max(0, len(line) - GLUED_TAIL)))[-MOST_SEAMS:]:
        tail = line[seam.end() :]
        kind = _kind(tail)
        if kind in ("heading", "form") or (kind == "widget" and seam.group()):
            return line if _kind(line) else f"{line[: seam.end()].rstrip()}\n{tail}"
    return line


def _kind(text: str) -> str:
    return table().kind(text, tuple(tokens(text)))


def scripts(lines: Sequence[Line]) -> Reasons:
    """Program text that a broken script element left in the article."""
    marked = [place for place, line in enumerate(lines) if _is_code(line.text)]
    if len(marked) < CODE_LINES:
        return {}
    region = lines[marked[0] : marked[-1] + 1]
    return {line.number: SCRIPT for line in region if _is_code(line.text) or not _is_prose(line)}


def _is_code(text: str) -> bool:
    return any(mark in text for mark in CODE_MARKS) and CODE.search(text) is not None


def _is_prose(line: Line) -> bool:
    return ends_sentence(line.text) and len(line.words) >= PROSE_WORDS


def widgets(lines: Sequence[Line], outlet: str) -> Reasons:
    """Lines that are furniture by their wording alone, the outlet's name, and datelines above or below the article.

    With them go the fields and networks beside them, and networks in a row.
    """
    name = tuple(tokens(outlet))
    gone: dict[int, str] = {}
    for place, line in enumerate(lines):
        outside = place < TOP_LINES or place >= len(lines) - END_LINES
        if line.kind == "widget" or (name and line.words == name) or (outside and table().tells_time(line.words)):
            gone[line.number] = WIDGET
    row = [line for line, other in pairwise(lines) if {"network"} <= {line.kind, other.kind} <= NETWORKS]
    gone |= dict.fromkeys((line.number for line in row), WIDGET)
    for way in (lines, lines[::-1]):
        beside = False
        for line in way:
            beside = line.number in gone or (beside and line.kind in WEAK)
            if beside:
                gone[line.number] = WIDGET
    return gone


def footers(lines: Sequence[Line], links: Mapping[int, bool]) -> Reasons:
    """Blocks of teasers and comment forms: to the end where the rest looks like one, else the heading and its list.

    `links`: which lines are links, by number; those that it does not hold are judged by their wording alone.
    """
    gone: dict[int, str] = {}
    links = {**links, **{line.number: False for line in lines if line.kind == "heading"}}
    before, stops = 0, _stops(lines)
    for place, line in enumerate(lines):
        if line.kind in ("heading", "form"):
            after = lines[place + 1 : place + 2 + MOST_LINES]
            if before >= LEAST_BEFORE and size(after) <= MOST_AFTER * before and _is_footer(line, after, links):
                footer = (*_tail(lines[:place]), *lines[place:])
                return gone | dict.fromkeys((other.number for other in footer), WIDGET)
            listed = _teasers(after) if stops and before >= LEAST_BEFORE else _items(after)
            gone |= dict.fromkeys((other.number for other in (line, *_linked(listed, links))), WIDGET)
        before += len(line.text)
    return gone | dict.fromkeys((line.number for line in _tail(lines)), WIDGET)


def _tail(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines at the end that are furniture by their wording, even that which counts at the end only."""
    return takewhile(lambda line: line.kind not in ("", "homonym"), reversed(lines))


def _is_footer(heading: Line, after: Sequence[Line], links: Mapping[int, bool]) -> bool:
    if heading.kind == "form":
        return any(line.kind for line in after[:FORM_WITHIN]) or (len(after) <= MOST_LINES and _is_teasers(after))
    return len(after) <= MOST_LINES and _is_teasers(after) and all(_are_links(part, links) for part in _parts(after))


def _parts(after: Sequence[Line]) -> Iterator[list[Line]]:
    """What stands below each of the headings of a footer."""
    part: list[Line] = []
    for line in after:
        if line.kind == "heading":
            yield part
            part = []
        part.append(line)
    yield part


def _are_links(below: Sequence[Line], links: Mapping[int, bool]) -> bool:
    """Whether what stands below a heading are teasers: half of it links; a line below a link may be its summary.

    Links that went before count where others of these lines stand around them.
    """
    own = sum(_is_own(line, links) and not links.get(line.number - 1) for line in below)
    return not own or own <= sum(links.get(number, False) for number in range(below[0].number, below[-1].number + 1))


def _linked(listed: Sequence[Line], links: Mapping[int, bool]) -> list[Line]:
    """The lines of a list in the middle of an article that may be teasers: to the last link, none if few are links."""
    teasers = list(dropwhile(lambda line: _is_own(line, links), reversed(listed)))[::-1]
    return teasers if _are_links(teasers, links) else []


def _is_own(line: Line, links: Mapping[int, bool]) -> bool:
    """Whether a line is known to be no link, and is neither furniture nor a date: then it may be the article's own."""
    return links.get(line.number) is False and not line.kind and not table().tells_time(line.words)


def _is_teasers(after: Sequence[Line]) -> bool:
    """Whether lines are headlines with at most their summaries: no paragraphs, half of them no statements."""
    loose = sum(bool(line.kind) or _is_headline(line) for line in after)
    return loose >= TEASERS * len(after) and all(len(line.text) <= LONG for line in after)


def _is_headline(line: Line) -> bool:
    return len(line.text) <= HEADLINE and not ends_statement(line.text)


def _stops(lines: Sequence[Line]) -> bool:
    """Whether the paragraphs of a text end in full stops, as not all outlets write them."""
    paragraphs = [ends_statement(line.text) for line in lines if len(line.text) >= PARAGRAPH]
    return sum(paragraphs) > STOPPED * len(paragraphs)


def _items(after: Sequence[Line]) -> list[Line]:
    """The list items right below a heading in the middle of an article."""
    return list(takewhile(lambda line: line.text.startswith("- ") and not ends_statement(line.text), after))


def _teasers(after: Sequence[Line]) -> list[Line]:
    """The items or headlines right below one, where the paragraphs of the article are told from headlines."""
    lines = list(takewhile(lambda line: _is_headline(line) and line.text[0] not in QUOTES, after[: MOST_LISTED + 1]))
    return _items(after) or (lines if len(lines) <= MOST_LISTED else [])
