"""What the pages around a page have in common: in how many stories a block stands, and in which slot.

Pages with the same headline count as one story: two addresses of one must not vouch for each other. A row of pages is
read once and tells of every block where in the row it stands; a window is a look at a piece of it, so that nothing is
counted again while windows slide.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pipeline.boilerplate.digest import Boxes, Remembered

SERIES = 4  # pages under one headline are no copies of a story: briefs of each day, an outlet without headlines
UNKNOWN = -1
"""Stands for the slot of blocks whose place on the page is not known."""


class Row:
    """Pages of an outlet in order, and where in the row each of their blocks stands."""

    def __init__(self, pages: Sequence[Remembered], ids: Sequence[str]) -> None:
        self.headlines = [page.headline for page in pages]
        self.ids = ids
        self.blocks: defaultdict[int, list[int]] = defaultdict(list)
        self.main: defaultdict[int, list[int]] = defaultdict(list)
        for place, page in enumerate(pages):
            for key in set(page.keys):
                self.blocks[key].append(place)
            for box in page.main:
                self.main[box].append(place)
        self._slots = [_by_slot(page) for page in pages]
        self._filling: dict[int, Sequence[tuple[int, int]]] = {}

    def filling(self, slot: Boxes) -> Sequence[tuple[int, int]]:
        """What fills a slot: places in the row and hashes of the blocks there, in order of the row."""
        leaf = _leaf(slot)
        if leaf not in self._filling:
            pages = enumerate(page.get(leaf, ()) for page in self._slots)
            self._filling[leaf] = [(place, key) for place, keys in pages for key in keys]
        return self._filling[leaf]


class Window:
    """A look at the pages of a row from `begin` to before `end`."""

    def __init__(self, row: Row, begin: int, end: int) -> None:
        self.begin = begin
        self._row, self._end = row, end
        self._stories = _stories(row.headlines[begin:end], row.ids[begin:end])
        self._slots: dict[int, tuple[int, Mapping[int, int]]] = {}

    def __len__(self) -> int:
        """Stories in the window."""
        return len(set(self._stories))

    def stories_with(self, key: int) -> int:
        """In how many stories a block stands."""
        places = self._row.blocks.get(key, [])
        if len(places) == 1:  # most blocks are one page's own
            return int(self.begin <= places[0] < self._end)
        inside = places[bisect_left(places, self.begin) : bisect_left(places, self._end)]
        return len({self._stories[place - self.begin] for place in inside})

    def stories_with_slotted(self, key: int, slot: Boxes) -> int:
        """In how many stories a block stands in this slot."""
        return self._slot(slot)[1].get(key, 0)

    def is_main(self, box: int) -> bool:
        """Whether a box is the main slot of a page, or around it."""
        places = self._row.main.get(box, [])
        at = bisect_left(places, self.begin)
        return at < len(places) and places[at] < self._end

    def repeats(self, slot: Boxes) -> tuple[int, float]:
        """In how many stories a slot is filled, and the share of what fills it that stands in it in several."""
        stories, blocks = self._slot(slot)
        repeated = sum(count for count in blocks.values() if count > 1)
        return stories, repeated / sum(blocks.values()) if blocks else 0.0

    def _slot(self, slot: Boxes) -> tuple[int, Mapping[int, int]]:
        """How many stories fill a slot, and in how many of them each block stands there."""
        leaf = _leaf(slot)
        if leaf not in self._slots:
            filling = self._row.filling(slot)
            inside = filling[bisect_left(filling, (self.begin, 0)) : bisect_left(filling, (self._end, 0))]
            told = {(self._stories[place - self.begin], key) for place, key in inside}
            self._slots[leaf] = len({story for story, _ in told}), Counter(key for _, key in told)
        return self._slots[leaf]


def _stories(headlines: Sequence[int], ids: Sequence[str]) -> list[int]:
    """Which story each page tells, as a number: one of the same address or headline, but not a series."""
    count, first = Counter(headlines), dict[str, int]()
    stories = []
    for place, (headline, page) in enumerate(zip(headlines, ids, strict=True)):
        story = headline if headline and count[headline] < SERIES else -place - 1
        stories.append(first.setdefault(page, story) if page else story)
    return stories


def _leaf(slot: Boxes) -> int:
    """The innermost box: it is told by the whole path to it, and stands for the slot."""
    return slot[0] if slot else UNKNOWN


def _by_slot(page: Remembered) -> Mapping[int, Iterable[int]]:
    """The blocks of a page in each slot."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for key, slot in zip(page.keys, page.slots, strict=True):
        found[_leaf(slot)].append(key)
    return found
