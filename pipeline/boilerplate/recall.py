"""What the pages of an outlet tell of each other's lines."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from math import ceil
from typing import NamedTuple

from pipeline.boilerplate.digest import Remembered, remembered
from pipeline.boilerplate.window import Row, Window
from pipeline.model import Article, Known

WINDOW = 50
"""Pages of its outlet, nearest in time, that an article is cleaned against (docs/design.md, guarantee 2)."""
MANY = 10  # known stories from which on one other page is no proof
FEW, SHARE = 3, 1 / 3
"""In so many stories, and in such a share of them, stands what may go even where it is most of a page."""
TEXT_SHARE = 0.55  # of fewer than MANY, for what stands in the text itself: editions of a story repeat most of it
LEAD = 3  # lines at the top, among which the first paragraph stands, often in a slot of its own
ENOUGH = 2  # other stories before slots are judged
LEAST_BLOCKS = 3  # in a box before it is judged by what is in it
FURNITURE = 0.5  # share of the blocks of a box that are links or repeated: then all that stands in it is of that kind
SLOT_STORIES, SLOT_REPEATS = 3, 0.3
"""A slot that so many stories fill, and of what fills it so much repeated: bylines' biographies, calls to action."""
BUCKETS = (0, 1, 2, 5, 10, 20)
"""Other pages, at least: told in steps, so that a recall stays the same while nothing of consequence changes."""
PAGES, EVERYWHERE, SLOT, SHARED = 0x07, 0x08, 0x10, 0x20  # in the byte of a line
LINKED, UNLINKED, INSIDE = "linked", "unlinked", "inside"
"""Kinds of blocks by which a box is judged: those right in it that are links or are none, or all within."""
ALONE, SEVERAL = 1, 2  # in the first byte: how many other stories are known


class Told(NamedTuple):
    """What is known of one line of a page."""

    pages: int  # other pages on which it stands, at least; 0: it is the page's own
    everywhere: bool  # on a third of the outlet's pages, of those laid out alike for a line of the text itself
    slot: bool  # it stands where the outlet puts links and repeated text
    shared: bool  # it stands in the text itself, there and on few of the other pages
    link: bool  # it is a link itself
    placed: bool = False  # where on the page it stands is known


class Recall(NamedTuple):
    """What is known of the lines of a page, by number; `alone`: only one other page is known."""

    lines: dict[int, Told]
    alone: bool
    spare: int  # lines at the end that stand beside the text

    @property
    def links(self) -> dict[int, bool]:
        """Whether a line is a link, of those whose place on the page is known."""
        return {number: line.link for number, line in self.lines.items() if line.link or line.placed}


def told(article: Article) -> Recall:
    """What the article's digest and recall say of its lines; nothing where it has no digest."""
    if not article.digest:
        return Recall({}, alone=False, spare=0)
    page = remembered(article.digest)
    known, *lines = article.recalled if _fits(article.recalled, page) else (0,) * (1 + len(page.counts))
    return Recall(
        {
            number: Told(
                BUCKETS[line & PAGES],
                bool(line & EVERYWHERE),
                bool(line & SLOT),
                bool(line & SHARED),
                _is_link(page, places),
                any(page.slots[place] for place in places),
            )
            for (number, places), line in zip(page.marked(), lines, strict=True)
        },
        known == ALONE,
        page.spare,
    )


def recalls(pages: Sequence[Known], first: int, last: int) -> Iterator[tuple[Known, bytes]]:
    """What the 50 nearest of an outlet's `pages`, in order of time, know of each from `first` to `last` (inclusive)."""
    start, end = _nearest(first, len(pages)), _nearest(last, len(pages)) + WINDOW + 1
    read = [remembered(page.digest) for page in pages[start:end]]
    row = Row(read, [page.id for page in pages[start:end]])
    window = Window(row, 0, WINDOW + 1)
    for place in range(first, last + 1):
        begin = _nearest(place, len(pages)) - start
        if begin != window.begin:
            window = Window(row, begin, begin + WINDOW + 1)
        yield pages[place], _recall(read[place - start], window)


def _nearest(place: int, count: int) -> int:
    """Where the window of a page begins that stands at a place in a row: it leans inwards at both ends."""
    return max(0, min(place - WINDOW // 2, count - WINDOW - 1))


def carried(old: Article, new: Article) -> bytes:
    """The recall of a fresh reading of a stored article: its lines are known as well as the stored ones they equal."""
    before, after = remembered(old.digest), remembered(new.digest)
    if not _fits(old.recalled, before):
        return b""
    known: defaultdict[tuple[int, ...], deque[int]] = defaultdict(deque)
    for (_, places), line in zip(before.marked(), old.recalled[1:], strict=True):
        known[_keys(before, places)].append(line)
    lines = [known[_keys(after, places)] for _, places in after.marked()]  # equal ones in their order, the last for all
    return _bytes(old.recalled[0], [(each.popleft() if len(each) > 1 else each[0]) if each else 0 for each in lines])


def _fits(recalled: bytes, page: Remembered) -> bool:
    """Whether a recall tells of these lines; that of a digest of another version does not."""
    return len(recalled) == 1 + len(page.counts)


def _recall(page: Remembered, window: Window) -> bytes:
    """A byte a marked line, behind one that says how many other stories are known; nothing where nothing is known."""
    others = len(window) - 1
    if others < 1:
        return b""
    judge = _Judge(page, window, others)
    lines = [judge.line(number, places) for number, places in page.marked()]
    return _bytes(ALONE if others == 1 else SEVERAL, lines)


class _Judge:
    """Judges the lines of one page by its window."""

    def __init__(self, page: Remembered, window: Window, others: int) -> None:
        self._page = page
        self._window = window
        self._needed = 2 if others >= MANY else 1
        self._others = others
        self._furniture: dict[tuple[int, str], bool] = {}

    def line(self, number: int, places: range) -> int:
        """The byte of a line."""
        is_text = all(map(self._is_main, places))
        in_place = is_text or (len(places) == 1 and number < LEAD and self._is_placed(places[0]))
        pages = min((self._vouchers(place, in_place=in_place) for place in places), default=0)
        if is_text and self._others == 1:
            pages = 0
        if pages >= self._needed:
            among = self._alike(places) if in_place else self._others
            everywhere = pages >= max(FEW, ceil(among * (TEXT_SHARE if is_text and among < MANY else SHARE)))
            shared = is_text and not everywhere and pages < among
            return bisect_right(BUCKETS, pages) - 1 | EVERYWHERE * everywhere | SHARED * shared
        slots = self._others >= ENOUGH and any(self._in_furniture(place) for place in places[:1])
        return SLOT * slots

    def _vouchers(self, place: int, *, in_place: bool) -> int:
        """Other stories that hold a block; text and lead must stand there in the same slot, or they are teasers."""
        key, slot = self._page.keys[place], self._page.slots[place]
        stories = self._window.stories_with_slotted(key, slot) if in_place else self._window.stories_with(key)
        return stories - 1

    def _is_main(self, place: int) -> bool:
        """Whether a block stands in the main slot of its page; of a page whose slots are not known all is text."""
        slot = self._page.slots[place]
        return slot == self._page.main[: len(slot)] if slot else not self._page.main

    def _is_placed(self, place: int) -> bool:
        """Whether the slot of a block is known, and it is no link."""
        return bool(self._page.slots[place]) and not self._page.links[place]

    def _alike(self, places: range) -> int:
        """Other stories that are laid out alike: they fill the slots of a line too."""
        return min(self._window.repeats(self._page.slots[place])[0] for place in places) - 1

    def _in_furniture(self, place: int) -> bool:
        """Whether a block outside the text stands in a box of links and repeats, or in a slot that often repeats.

        A link may stand inside the text: then it is judged with the other links of its slot.
        """
        slot, link = self._page.slots[place], self._page.links[place]
        for depth, box in enumerate(slot):
            kind = LINKED if link and not depth else UNLINKED if not depth else INSIDE
            if self._window.is_main(box):
                return kind == LINKED and self._is_furniture(box, kind)
            if self._is_furniture(box, kind):
                return True
        stories, repeated = self._window.repeats(slot)
        return bool(slot) and stories >= SLOT_STORIES and repeated >= SLOT_REPEATS

    def _is_furniture(self, box: int, kind: str) -> bool:
        """Whether most blocks of a kind in a box are links or repeated."""
        if (box, kind) not in self._furniture:
            inside = [
                link or self._window.stories_with(key) > self._needed
                for key, slot, link in zip(self._page.keys, self._page.slots, self._page.links, strict=True)
                if (box in slot if kind == INSIDE else slot[:1] == (box,) and link == (kind == LINKED))
            ]
            self._furniture[box, kind] = len(inside) >= LEAST_BLOCKS and sum(inside) >= FURNITURE * len(inside)
        return self._furniture[box, kind]


def _is_link(page: Remembered, places: range) -> bool:
    """Whether half of the blocks of a line and more are links."""
    return 2 * sum(page.links[place] for place in places) >= max(1, len(places))


def _keys(page: Remembered, places: range) -> tuple[int, ...]:
    return tuple(page.keys[place] for place in places)


def _bytes(first: int, lines: Sequence[int]) -> bytes:
    return bytes((first, *lines)) if any(lines) else b""
