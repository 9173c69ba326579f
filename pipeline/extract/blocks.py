"""The blocks of a whole page, its text and everything around it: what is compared with other pages of the outlet."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from pipeline.boilerplate import letters_of_lines
from pipeline.model import Block

if TYPE_CHECKING:
    from lxml.html import HtmlElement

INLINE, UNREAD, LINK, BREAK, BOUND = range(5)
"""Kinds of elements: those inside a line, those that are not read, links, ends of lines, and those that hold lines and
tell in which slot a line stands."""
HOLD_LINES = (
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure form "
    "h1 h2 h3 h4 h5 h6 header hr li main ol p pre section summary table tbody td tfoot th thead tr ul"
)
# Menus hold no lines of an article: without them 674 real pages were cleaned as well, a fifth of the blocks unread.
NOT_READ = "script style noscript template iframe svg head object nav footer menu select button"
KINDS = dict.fromkeys(HOLD_LINES.split(), BOUND) | dict.fromkeys(NOT_READ.split(), UNREAD) | {"a": LINK, "br": BREAK}
MOST_RUNS = 20_000  # of a page: what is beyond belongs to no article
BOX = 0xFFFF  # 16 bits, from 1: of 100 boxes on a page two are taken for one on every 13th page, which costs little
MOST_BOXES = 24  # around a block
LINKED = 0.5  # share of its characters inside links that makes a block a link
NUMBER = re.compile(r"\d+")


class Run(NamedTuple):
    """A block as it was read."""

    text: str  # on one line
    boxes: tuple[int, ...]  # as in `Block`
    linked: int  # characters of it inside links


def blocks(runs: Sequence[Run], restore: Callable[[str], str]) -> tuple[Block, ...]:
    """What is compared of runs; `restore` undoes what was done to the letters of the page before it was parsed."""
    lines = letters_of_lines(restore("\n".join(run.text for run in runs))).split("\n") if runs else ()
    return tuple(Block(line, run.boxes, _is_link(run)) for line, run in zip(lines, runs, strict=True))


def _is_link(run: Run) -> bool:
    return run.linked >= LINKED * len(run.text)


def runs(tree: HtmlElement) -> list[Run]:
    """All blocks of a page in its order; of a page beyond all measure the first."""
    from lxml.etree import iterwalk

    reader, links = _Reader(), 0
    walk = iterwalk(tree, events=("start", "end"))
    for event, element in walk:  # a thousand times a page: what is rare is left to the reader
        kind = KINDS.get(element.tag, INLINE)
        if event == "end":
            text = element.tail
        elif kind == UNREAD:
            walk.skip_subtree()
            continue
        else:
            text = element.text
        if kind > LINK:
            reader.bound(element, event, kind)
            if len(reader.runs) == MOST_RUNS:
                break
        elif kind == LINK:
            links += 1 if event == "start" else -1
        if text and (reader.line or not text.isspace()):
            reader.line.append(text)
            if links:
                reader.linked += len(text.strip())
    reader.end_line()
    return reader.runs


class _Reader:
    """The blocks so far, the line that is being read, and where it stands."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.line: list[str] = []
        self.linked = 0
        self._around = [_Box((), {})]

    def bound(self, element: HtmlElement, event: str, kind: int) -> None:
        """A line ends here, and an element that holds lines begins or ends."""
        if self.line:
            self.end_line()
        if kind == BOUND and event == "start":
            self._around.append(self._around[-1].inside(element.tag, element.get("class")))
        elif kind == BOUND:
            self._around.pop()

    def end_line(self) -> None:
        text = " ".join("".join(self.line).split())
        if text:
            self.runs.append(Run(text, self._around[-1].boxes, self.linked))
        self.line.clear()
        self.linked = 0


class _Box(NamedTuple):
    """An element that tells where a line stands: its own box and those around it, and the elements inside by kind."""

    boxes: tuple[int, ...]
    kinds: dict[tuple[str, str | None], _Box]

    def inside(self, tag: str, classes: str | None) -> _Box:
        """The element of a kind inside this one; the order of classes and their numbers (post-1234) do not count."""
        found = self.kinds.get((tag, classes))
        if found is None:
            path = crc32(_kind(tag, classes), self.boxes[0] if self.boxes else 0) % BOX + 1
            found = self.kinds[tag, classes] = _Box((path, *self.boxes[: MOST_BOXES - 1]), {})
        return found


@lru_cache(maxsize=16384)
def _kind(tag: str, classes: str | None) -> bytes:
    return " ".join((tag, *sorted(NUMBER.sub("0", classes or "").split()))).encode("utf-8", "replace")
