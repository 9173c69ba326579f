"""One pass of one worker: its name, what it works on, and whom it tells."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import TypeVar

from pipeline.archive import Archive
from pipeline.model import Changes, Stored
from pipeline.stores import Store
from pipeline.watchlist import Config

BATCH = 32  # articles a transaction: 200 kB each at worst, and no other worker waits for long
ATTEMPTS = 5  # to write what another worker changes meanwhile; who loses more often has met a bug
OVERLAP = timedelta(minutes=2)  # cursors look back over clock skew between workers; what repeats is harmless

SETTLED, ALERTED, ARCHIVE_DAY = "settled", "alerted", "archive-day"
"""Cursors: up to when articles are settled and alerted of (times), up to which day all archive files are read."""

Item = TypeVar("Item")


def _nothing(*_: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Run:
    """What the steps of a pass share; stages never see it."""

    config: Config
    store: Store
    archive: Archive
    id: str
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    note: Callable[[str], None] = _nothing  # a sentence for the operator
    tick: Callable[[str, int, int], None] = _nothing  # step, how many are done, of how many (0: unknown)

    def now(self) -> datetime:
        """The time in UTC, whole seconds."""
        return self.clock().astimezone(UTC).replace(microsecond=0)

    def behind(self, cursor: str, otherwise: datetime) -> datetime:
        """Where to go on after a cursor: `otherwise` without one, or where it lies ahead, since the clock was wrong."""
        reached = datetime.fromisoformat(cursor) if cursor else None
        return reached - OVERLAP if reached and reached <= self.now() else otherwise

    def yesterday(self) -> date:
        """The UTC day before this one: files of that day may still be written, files of days before are not."""
        return self.now().date() - timedelta(days=1)

    def draw_back(self, limits: Mapping[str, str]) -> None:
        """Take cursors back to these values where they lie ahead: a clock was wrong, then or now.

        What comes now would lie behind them and never be met.
        """
        for key, reached in self.store.states(limits).items():
            if reached.value > limits[key]:
                self.save_state(key, reached, limits[key])

    def save_state(self, key: str, old: Stored[str], value: str) -> Stored[str]:
        """Write a cursor; where another worker was faster its value stands, since cursors only go forward."""
        self.store.save(Changes(states=((key, Stored(value, old.version)),)))
        return self.store.state(key)


def new_id(now: datetime, ending: str = "") -> str:
    """A run id that sorts by time; the `ending` tells runs of one second apart, at random where none is named."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{ending or secrets.token_hex(3)}"


def part_id(batch: str, part: str, attempt: int) -> str:
    """The id of an attempt at one part of a run that is done in parts; no two are alike, whoever counts attempts."""
    return f"{batch}.{part}.{attempt}-{secrets.token_hex(3)}"


def part_of(run: str) -> str:
    """The part that a run has in its id; "" where it is a whole one."""
    return next(iter(run.split(".")[1:]), "")


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of at most `size` items."""
    stream = iter(items)
    while chunk := list(islice(stream, size)):
        yield chunk
