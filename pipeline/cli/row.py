"""Pages of one outlet as they come one after the other: each is told what the 50 nearest in the row know of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

from pipeline.boilerplate import WINDOW, recalls
from pipeline.model import Known

Item = TypeVar("Item")


class Row(Generic[Item]):
    """Items with the digests of their pages; at most 50 wait for those that come behind them.

    Half of the 50 nearest stand behind a page, wherever the row ends: as soon as they have come, what they tell is
    final. So half of what waits is told at once, which is far less work than page by page.
    """

    def __init__(self) -> None:
        self._waiting: deque[Item] = deque()
        self._pages: list[Known] = []  # of those that wait and of the 50 before them

    def add(self, item: Item, page: str, digest: bytes) -> Iterator[tuple[Item, bytes]]:
        """Let an item come; give the oldest with their recalls where too many wait.

        `page` tells which page it is: items of one page are one story.
        """
        self._waiting.append(item)
        self._pages.append(Known(page, None, digest, b""))
        if len(self._waiting) > WINDOW:
            yield from self._oldest(len(self._waiting) - WINDOW // 2)

    def rest(self) -> Iterator[tuple[Item, bytes]]:
        """Give all that wait: no more come."""
        yield from self._oldest(len(self._waiting))

    def _oldest(self, count: int) -> Iterator[tuple[Item, bytes]]:
        first = len(self._pages) - len(self._waiting)
        told = recalls(self._pages, first, first + count - 1) if count else ()
        yield from [(self._waiting.popleft(), recalled) for _, recalled in told]
        del self._pages[: -len(self._waiting) - WINDOW]
