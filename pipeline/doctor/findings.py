"""What was examined: a sentence a part, and whether it is a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from pipeline.model import ConfigError, StoreError


class Mark(StrEnum):
    """How a part is."""

    SOUND = "ok"
    NOTE = "note"
    FAULT = "FAULT"


class Finding(NamedTuple):
    """What is to be said of a part."""

    mark: Mark
    part: str
    told: str

    def __str__(self) -> str:
        """As a line of a report."""
        return f"{self.mark:<5}  {self.part}: {self.told}"


class NoteworthyError(Exception):
    """Nothing to do here, but worth knowing: the world's fault, or one that mends itself."""


@dataclass
class Findings:
    """What was found so far, in order."""

    rows: list[Finding] = field(default_factory=list)

    def check(self, part: str, examine: Callable[[], str]) -> None:
        """Keep what an examination says; a fault is what it raises."""
        try:
            self.rows.append(Finding(Mark.SOUND, part, examine()))
        except NoteworthyError as note:
            self.rows.append(Finding(Mark.NOTE, part, str(note)))
        except (ConfigError, StoreError) as fault:
            self.rows.append(Finding(Mark.FAULT, part, str(fault)))

    @property
    def faults(self) -> int:
        """How many parts are at fault."""
        return sum(row.mark is Mark.FAULT for row in self.rows)

    @property
    def verdict(self) -> str:
        """All of it in a few words."""
        return f"{self.faults} fault{'s' if self.faults > 1 else ''}" if self.faults else "everything is in order"

    def lines(self) -> Iterator[str]:
        """The report: a line a part, the verdict last."""
        yield from map(str, self.rows)
        yield self.verdict


def named(names: Sequence[str]) -> str:
    """A line's worth of names, and how many more there are."""
    most = 5
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
