"""A page as it is remembered: hashes of its blocks and where each stands, in at most 2,048 bytes.

Layout, little endian: the header; the boxes of the main slot (2 bytes each, innermost first); the slots (three boxes
each); a byte a marked line, how many blocks it is; the blocks (4 bytes for the letters, 2 for slot and link), those
of the lines first and in their order. Of the others those with the smallest hashes stay where there are too many, so
that a block of two pages is kept by both or by none.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice

from pipeline.boilerplate.letters import MASK, figures, hashed, letters, letters_of_lines
from pipeline.model import Block

MOST_BYTES = 2048
VERSION = 1
HEADER = struct.Struct("<BIIIBBBBH")
"""Version, headline, lines of the text, spare lines, lines marked from the top, marked lines, boxes, slots, blocks."""
TOP, BOTTOM = 80, 40
"""Lines that are marked from both ends of a text: an outlet repeats above and below, in between only in short texts."""
LINE_BLOCKS = 12  # of one line: a row of a table has many cells; a line of more is looked at as a whole
MAIN_BOXES = 24
DEPTH = 3  # boxes by which a slot is known: itself and two around it (one less costs 0.1 points of F1, one more 0.3)
MOST_SLOTS = 64  # that are told apart on a page
NOTHING = 0  # hash of no letters
NOWHERE, LINK = 0x7FFF, 0x8000  # in the two bytes of a block: a slot that is not known; a flag
MOST_OWN = 200  # blocks of the marked lines, so that there is always room for them
HEADLINE_LETTERS = 12  # a shorter title ("News") is no headline by which two pages are one story
FOUND_LETTERS = 8  # of a line that is looked for anywhere in the page where no block equals it

Boxes = tuple[int, ...]
Mark = tuple[int, Boxes, bool]
"""A block as it is remembered: hash of its letters, its slot (DEPTH boxes at most), whether it is a link."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A digest, read."""

    headline: int  # 0 where the page has none that counts
    lines: int  # of the page's text, spare ones included
    spare: int  # of those, how many at the end stand beside the text
    top: int  # lines marked from the top; the other marked ones are the last of the text
    main: Boxes  # of the slot with most of the text, and all around it, innermost first
    counts: bytes  # blocks of each marked line; 0: nothing to go by
    keys: Sequence[int]  # hashes of the letters of all blocks
    slots: Sequence[Boxes]  # of all blocks; () where the slot is not known
    links: Sequence[bool]  # of all blocks

    def marked(self) -> Iterator[tuple[int, range]]:
        """The number of each marked line, and the places of its blocks."""
        at = 0
        for place, count in enumerate(self.counts):
            yield place if place < self.top else self.lines - len(self.counts) + place, range(at, at + count)
            at += count


def digest(headline: str, lines: Sequence[str], blocks: Sequence[Block], spare: int = 0) -> bytes:
    """Remember a page: its headline, the lines of its text (the last `spare` stand beside it), its blocks."""
    top, bottom = lines[:TOP], lines[TOP:][-BOTTOM:]
    told = letters_of_lines("\n".join((*top, *bottom))).split("\n") if lines else []
    page = _Page(blocks)
    by_line = [page.marks_of(line) for line in told]
    main = page.main(zip(told, by_line, strict=True))
    room = MOST_OWN
    for place, line in enumerate((*top, *bottom)):
        marks = by_line[place]
        marked = (*marks, *_figures(line, told[place], marks, main)) if MASK in told[place] else marks
        by_line[place] = marked if len(marked) <= room else ()
        room -= len(by_line[place])
    own = [mark for marks in by_line for mark in marks]
    others = dict.fromkeys(page.marks)
    for mark in own:
        others.pop(mark, None)
    header = (hashed(headline_letters(headline)), len(lines), spare, len(top))
    return _packed(header, main, bytes(map(len, by_line)), own, [mark for mark in others if mark[0] != NOTHING])


def _figures(line: str, masked: str, marks: Sequence[Mark], main: Boxes) -> Iterator[Mark]:
    """One more mark for a line of figures where the text stands: with its numbers as they are, not masked."""
    told = figures(line) if {slot for _, slot, _ in marks} == {main[:DEPTH]} else ""
    if told and told != masked:
        yield hashed(told), main[:DEPTH], False


def headline_letters(headline: str) -> str:
    """The letters by which two pages are the same story; "" where the title is too short for one."""
    told = letters(headline)
    return told if len(told) >= HEADLINE_LETTERS else ""


def remembered(digest: bytes) -> Remembered:
    """Read a digest; one of another version tells nothing."""
    if digest[:1] != bytes((VERSION,)):
        return Remembered(0, 0, 0, 0, (), b"", (), (), ())
    _, headline, lines, spare, top, marked, boxes, slots, blocks = HEADER.unpack_from(digest)
    rest = memoryview(digest)[HEADER.size :]
    parts = struct.unpack_from(f"<{boxes}H{DEPTH * slots}H{marked}s{blocks}I{blocks}H", rest)
    main, parts = parts[:boxes], parts[boxes:]
    table = [tuple(filter(None, parts[at : at + DEPTH])) for at in range(0, DEPTH * slots, DEPTH)]
    counts, keys, places = parts[DEPTH * slots], parts[DEPTH * slots + 1 :][:blocks], parts[-blocks:] if blocks else ()
    table.append(())  # for slots that are not known
    return Remembered(
        headline=headline,
        lines=lines,
        spare=spare,
        top=top,
        main=main,
        counts=counts,
        keys=keys,
        slots=[table[min(place & NOWHERE, slots)] for place in places],
        links=[place >= LINK for place in places],
    )


class _Page:
    """The blocks of a page, to find those that a line of its text is made of."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._letters = "".join(block.letters for block in blocks)
        self._starts = list(accumulate((len(block.letters) for block in blocks), initial=0))
        self._at = 0  # where the line before ended: lines stand in the order of the page, mostly
        self._equal: defaultdict[str, list[int]] = defaultdict(list)
        for place, block in enumerate(blocks):
            self._equal[block.letters].append(place)
        self._around = {block.boxes[:DEPTH]: block.boxes[:MAIN_BOXES] for block in blocks}
        self.marks: list[Mark] = [(hashed(block.letters), block.boxes[:DEPTH], block.link) for block in blocks]

    def marks_of(self, line: str) -> Sequence[Mark]:
        """The blocks of a line, given by its letters; none where it has nothing but numbers."""
        if not line.strip(MASK):
            return ()
        places = self._places(line)
        if not 0 < len(places) <= LINE_BLOCKS:
            return ((hashed(line), (), False),)
        return [self.marks[place] for place in places if self.marks[place][0] != NOTHING]

    def main(self, lines: Iterable[tuple[str, Sequence[Mark]]]) -> Boxes:
        """The boxes around most of the page's text; links are no text."""
        letters_in: Counter[Boxes] = Counter()
        for line, marks in lines:
            if marks and not marks[0][2]:
                letters_in[marks[0][1]] += len(line)
        slot = max(letters_in, key=lambda each: letters_in[each], default=())
        return self._around.get(slot, ())

    def _places(self, line: str) -> Sequence[int]:
        if equal := self._equal.get(line):
            place = next((each for each in equal if self._starts[each] >= self._at), equal[0])
            self._at = self._starts[place + 1]
            return (place,)
        at = self._found(line)
        if at < 0:
            return ()
        self._at = at + len(line)
        return range(bisect_right(self._starts, at) - 1, bisect_left(self._starts, self._at))

    def _found(self, line: str) -> int:
        """Where the line stands across the bounds of blocks, or as a part of one; -1 for nowhere."""
        if len(line) < FOUND_LETTERS:
            return -1
        at = self._letters.find(line, self._at)
        return at if at >= 0 else self._letters.find(line)


def _packed(
    header: tuple[int, int, int, int], main: Boxes, counts: bytes, own: Sequence[Mark], others: Sequence[Mark]
) -> bytes:
    """The bytes of a digest, as many of the other blocks as there is room for."""
    slots = dict.fromkeys(slot for _, slot, _ in (*own, *others) if slot)
    table = {slot: place for place, slot in enumerate(islice(slots, MOST_SLOTS))}
    room = (MOST_BYTES - HEADER.size - 2 * len(main) - 2 * DEPTH * len(table) - len(counts)) // 6 - len(own)
    kept = [*own, *(others if len(others) <= room else sorted(others)[:room])]
    boxes = (box for slot in table for box in (*slot, *(0,) * (DEPTH - len(slot))))
    places = (table.get(slot, NOWHERE) | LINK * link for _, slot, link in kept)
    numbers = (len(counts), len(main), len(table), len(kept))
    layout = f"<{len(main)}H{DEPTH * len(table)}H{len(counts)}s{len(kept)}I{len(kept)}H"
    told = struct.pack(layout, *main, *boxes, counts, *(key for key, _, _ in kept), *places)
    return HEADER.pack(VERSION, *header, *numbers) + told
