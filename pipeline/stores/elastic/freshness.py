"""When a search sees what was written: the server shows it after a refresh, not before."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from elasticsearch import AuthorizationException, Elasticsearch

from pipeline.stores.elastic.families import REFRESH_SECONDS

SLACK = 1.0  # seconds beside the interval that a refresh itself may take
AWAITED = 10.0  # seconds until a refresh is asked for again; one of a missing shard would take a minute to fail


@dataclass
class Freshness:
    """What of one store's indices a search may not see yet.

    What is asked for by id is always seen as it is. A key that may not refresh (privilege `maintenance`) waits for
    the server's own refresh instead.
    """

    client: Elasticsearch
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    awaited: float = AWAITED
    reading: bool = False  # whoever never writes waits for nobody
    _written: dict[str, float] = field(default_factory=dict)  # index or alias: when it was written last
    _seen: set[str] = field(default_factory=set)
    _opened: float = field(init=False)

    def __post_init__(self) -> None:
        """What others wrote before this moment is seen with the first search."""
        self.begin()

    def begin(self) -> None:
        """Begin a run: what others wrote before this moment is seen with its first search."""
        self._opened = self.clock()
        self._seen.clear()

    def wrote(self, index: str) -> None:
        """Note that an index, or one behind an alias, was written."""
        self._written[index] = self.clock()

    def see(self, index: str, *, others: bool = True) -> str:
        """Make the next search see what was written; without `others` only what was written here. Gives the index."""
        begins = others and not self.reading and index not in self._seen
        at = self._written.get(index, self._opened if begins else None)
        if at is not None:
            self._refresh(index, at)
            self._written.pop(index, None)
            self._seen.add(index)
        return index

    def _refresh(self, index: str, written: float) -> None:
        try:
            self.client.options(request_timeout=self.awaited).indices.refresh(index=index, ignore_unavailable=True)
        except AuthorizationException:
            self.sleep(max(0.0, written + REFRESH_SECONDS + SLACK - self.clock()))
