"""Pages of one outlet as they come one after the other: each is told what the 50 nearest in the row know of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

from pipeline.boilerplate import WINDOW, recalls
from pipeline.model import Known

Item = TypeVar("Item")

FORGOTTEN = Known("", None, b"", b"")
ENDLESS = 1 << 62


class Row(Generic[Item]):
    """Items with the digests of their pages; at most 50 wait until those behind them have come."""

    def __init__(self) -> None:
        self._waiting: deque[Item] = deque()
        self._pages: list[Known] = []
        self._known = enumerate(recalls(self._pages, 0, ENDLESS))  # reads on as pages come

    def add(self, item: Item, page: str, digest: bytes) -> Iterator[tuple[Item, bytes]]:
        """Let an item come; give the oldest with its recall where too many wait. `page` is the page's identity."""
        self._waiting.append(item)
        self._pages.append(Known(page, None, digest, b""))
        if len(self._waiting) > WINDOW:
            yield self._oldest()

    def rest(self) -> Iterator[tuple[Item, bytes]]:
        """Give all that wait: no more come."""
        while self._waiting:
            yield self._oldest()

    def _oldest(self) -> tuple[Item, bytes]:
        place, (_, recalled) = next(self._known)
        self._pages[place] = FORGOTTEN  # the window holds what it needs, so that a long row takes no more memory
        return self._waiting.popleft(), recalled
