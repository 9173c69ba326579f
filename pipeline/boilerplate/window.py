"""What the pages in a window have in common, kept up as it slides: in how many a block stands, and in which slot.

Pages with the same headline count as one story: two addresses of one story must not vouch for each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, Self, TypeVar

from pipeline.boilerplate.digest import Boxes, Remembered

Key = TypeVar("Key")


class _Held(NamedTuple):
    """What a page brings to the counts."""

    blocks: frozenset[int]
    slotted: frozenset[tuple[int, Boxes]]
    slots: frozenset[Boxes]

    @classmethod
    def of(cls, page: Remembered) -> Self:
        slotted = frozenset(zip(page.keys, page.slots, strict=True))
        return cls(frozenset(page.keys), slotted, frozenset(page.slots))

    def beyond(self, others: Iterable[_Held]) -> _Held:
        """What stands in none of the others."""
        left = self
        for other in others:
            left = _Held(left.blocks - other.blocks, left.slotted - other.slotted, left.slots - other.slots)
        return left


class Window:
    """Counts over the pages that are in it; each is added and dropped under its place in the row of the outlet."""

    def __init__(self) -> None:
        self._stories: dict[object, dict[int, _Held]] = {}
        self._blocks: Counter[int] = Counter()
        self._slotted: Counter[tuple[int, Boxes]] = Counter()
        self._slots: Counter[Boxes] = Counter()
        self._filled: Counter[Boxes] = Counter()
        self._repeated: Counter[Boxes] = Counter()
        self._main: Counter[int] = Counter()

    def __len__(self) -> int:
        """Stories in the window."""
        return len(self._stories)

    def add(self, place: int, page: Remembered) -> None:
        """Take a page in."""
        story = self._stories.setdefault(page.headline or (place,), {})
        held = _Held.of(page)
        self._count(held.beyond(story.values()), 1)
        _step(self._main, page.main, 1)
        story[place] = held

    def drop(self, place: int, page: Remembered) -> None:
        """Let a page go."""
        name = page.headline or (place,)
        story = self._stories[name]
        held = story.pop(place)
        if not story:
            del self._stories[name]
        self._count(held.beyond(story.values()), -1)
        _step(self._main, page.main, -1)

    def stories_with(self, key: int) -> int:
        """In how many stories a block stands."""
        return self._blocks[key]

    def stories_with_slotted(self, key: int, slot: Boxes) -> int:
        """In how many stories a block stands in this slot."""
        return self._slotted[key, slot]

    def is_main(self, box: int) -> bool:
        """Whether a box is the main slot of a page, or around it."""
        return self._main[box] > 0

    def repeats(self, slot: Boxes) -> tuple[int, float]:
        """In how many stories a slot is filled, and the share of what fills it that stands in it in several."""
        filled = self._filled[slot]
        return self._slots[slot], self._repeated[slot] / filled if filled else 0.0

    def _count(self, held: _Held, step: int) -> None:
        _step(self._blocks, held.blocks, step)
        _step(self._slots, held.slots, step)
        _step(self._filled, (slot for _, slot in held.slotted), step)
        _step(self._slotted, held.slotted, step)
        for each in held.slotted:
            stories = self._slotted[each] - min(step, 0)  # with it, after an add and before a drop
            if stories > 1:  # the second makes the first a repeat
                self._repeated[each[1]] += step if stories > 2 else 2 * step  # noqa: PLR2004 - as above


def _step(counter: Counter[Key], keys: Iterable[Key], step: int) -> None:
    """Count up or down; what is counted down to nothing is forgotten."""
    for key in keys:
        counter[key] += step
        if not counter[key]:
            del counter[key]
