"""Who holds which turns on a store that many machines share, as one document says it, and who of them is alive."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.model import ALL_WORK, Turn, Work, contend


class Holder(NamedTuple):
    """What one holder has, and a number that it raises for as long as it lives."""

    turns: frozenset[Turn]
    beat: int

    def keeps_out(self, turns: Collection[Turn]) -> bool:
        """Whether one of these turns has to wait for this holder."""
        return any(contend(ours, theirs) for ours in turns for theirs in self.turns)


Holders = Mapping[str, Holder]
"""All holders, by a name that each has given itself."""


def read(value: str, version: int) -> Holders:
    """The holders that a document of this version names.

    The release before knew one holder, of everything, whose name was all that stood there ("": nobody); it wrote the
    document again to show that it lives.
    """
    if not value.startswith("{"):
        return {value: Holder(ALL_WORK, version)} if value else {}
    return {
        name: Holder(frozenset(Turn(Work(work), part) for work, part in told["turns"]), told["beat"])
        for name, told in json.loads(value).items()
    }


def written(holders: Holders) -> str:
    """The holders as the document names them; "" where there are none, as the release before wrote it."""
    told = {name: {"turns": sorted(holder.turns), "beat": holder.beat} for name, holder in holders.items()}
    return json.dumps(told, sort_keys=True) if told else ""


@dataclass
class Watch:
    """What somebody who waits has seen of the holders, by a clock of its own: no two clocks are compared."""

    lasting: float  # seconds that a holder may stand still
    away: float  # seconds between two looks after which who looks knows nothing
    clock: Callable[[], float] = time.monotonic
    _beats: dict[str, tuple[int, float]] = field(default_factory=dict, init=False)  # with when it was first seen
    _looked: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin to watch."""
        self._looked = self.clock()

    def living(self, holders: Holders) -> Holders:
        """Those who moved within the time that they may stand still, as far as can be known."""
        now = self.clock()
        if now - self._looked > self.away:  # the server was gone, or this process: others could not move, either
            self._beats.clear()
        self._looked = now
        self._beats = {name: self._since(name, holder.beat, now) for name, holder in holders.items()}
        return {name: holder for name, holder in holders.items() if now - self._beats[name][1] <= self.lasting}

    def _since(self, name: str, beat: int, now: float) -> tuple[int, float]:
        before = self._beats.get(name)
        return before if before and before[0] == beat else (beat, now)
