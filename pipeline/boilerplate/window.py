"""What the pages around a page have in common: in how many stories a block stands, and in which slot.

Pages with the same headline count as one: two addresses of one story must not vouch for each other. A row of pages is
read once and tells of every block where in the row it stands; a window is a look at a piece of it, so that nothing is
counted again while windows slide.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence

from pipeline.boilerplate.digest import Boxes, Remembered

BOX_BITS = 16


class Row:
    """Pages of an outlet in order, and where in the row each of their blocks stands."""

    def __init__(self, pages: Sequence[Remembered]) -> None:
        self.stories = [page.headline or -place - 1 for place, page in enumerate(pages)]
        self.blocks: defaultdict[int, list[int]] = defaultdict(list)
        self.slotted: defaultdict[int, list[int]] = defaultdict(list)
        self.slots: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        self.main: defaultdict[int, list[int]] = defaultdict(list)
        for place, page in enumerate(pages):
            for key in set(page.keys):
                self.blocks[key].append(place)
            for slotted in set(map(_slotted, page.keys, page.slots)):
                self.slotted[slotted].append(place)
                self.slots[slotted & ~(-1 << BOX_BITS)].append((place, slotted))
            for box in page.main:
                self.main[box].append(place)


class Window:
    """A look at the pages of a row from `begin` to before `end`."""

    def __init__(self, row: Row, begin: int, end: int) -> None:
        self.begin = begin
        self._row, self._end = row, end
        self._repeats: dict[int, tuple[int, float]] = {}

    def __len__(self) -> int:
        """Stories in the window."""
        return len(set(self._row.stories[self.begin : self._end]))

    def stories_with(self, key: int) -> int:
        """In how many stories a block stands."""
        return self._count(self._row.blocks.get(key, []))

    def stories_with_slotted(self, key: int, slot: Boxes) -> int:
        """In how many stories a block stands in this slot."""
        return self._count(self._row.slotted.get(_slotted(key, slot), []))

    def is_main(self, box: int) -> bool:
        """Whether a box is the main slot of a page, or around it."""
        places = self._row.main.get(box, [])
        at = bisect_left(places, self.begin)
        return at < len(places) and places[at] < self._end

    def repeats(self, slot: Boxes) -> tuple[int, float]:
        """In how many stories a slot is filled, and the share of what fills it that stands in it in several."""
        leaf = _slotted(0, slot)
        if leaf not in self._repeats:
            filling = self._row.slots.get(leaf, [])
            inside = filling[bisect_left(filling, (self.begin, 0)) : bisect_left(filling, (self._end, 0))]
            told = {(self._row.stories[place], block) for place, block in inside}
            counts = Counter(block for _, block in told)
            repeated = sum(count for count in counts.values() if count > 1)
            self._repeats[leaf] = len({story for story, _ in told}), repeated / len(told) if told else 0.0
        return self._repeats[leaf]

    def _count(self, places: Sequence[int]) -> int:
        """Stories among those places of the row that lie in the window."""
        if len(places) == 1:  # the page's own
            return int(self.begin <= places[0] < self._end)
        inside = places[bisect_left(places, self.begin) : bisect_left(places, self._end)]
        return len({self._row.stories[place] for place in inside})


def _slotted(key: int, slot: Boxes) -> int:
    """A block in its slot; the innermost box is told by the whole path to it, and so stands for the slot."""
    return key << BOX_BITS | (slot[0] if slot else 0)
