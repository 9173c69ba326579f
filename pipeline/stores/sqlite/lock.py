"""Turns on a database that processes of one machine share: lock files beside it, freed by the system with their holder.

The locks are nested: who works on a part shares the locks of its work and of everything, and has that of the part alone
(Gray, Lorie, Putzolu and Traiger 1975 on granularity). Everybody takes them in one order, so that no two wait for each
other. A part's file stays, empty; there are as many as parts were ever named.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from weakref import WeakSet

from pipeline.model import ALL_WORK, StoreError, Turn, demanded

_held: WeakSet[FileIO] = WeakSet()


def _let_go() -> None:
    """Close what a fork inherited: a worker that outlives its killed parent must not keep the next run waiting."""
    for each in list(_held):
        each.close()


os.register_at_fork(after_in_child=_let_go)


@dataclass
class Locks:
    """The locks of one database, as one store has them; `waiting` is called once where it has to wait."""

    database: Path
    waiting: Callable[[], None]
    _taken: bool = field(default=False, init=False)

    @contextmanager
    def held(self, turns: Collection[Turn]) -> Iterator[None]:
        """Hold these turns. Raises StoreError where a lock file cannot be opened."""
        if self._taken:
            raise RuntimeError(f"this store object on {self.database} holds turns already, or waits for some")
        wanted, told = sorted(_locks(demanded(turns)).items()), False
        try:
            self._taken = True
            with ExitStack() as stack:  # also where a signal ends the wait by an exception
                for name, mode in wanted:
                    path = self.database.with_name(f"{self.database.name}{name}.lock")
                    file = stack.enter_context(_opened(path))
                    if not _locked_at_once(file, mode):
                        if not told:
                            self.waiting()
                            told = True
                        fcntl.flock(file, mode)
                yield
        finally:
            self._taken = False


def _opened(path: Path) -> FileIO:
    try:
        file = open(path, "a+b", buffering=0)  # noqa: PTH123, SIM115 - closed by who asks; readable and writable for NFS
    except OSError as error:
        raise StoreError(
            f"store lock {path} cannot be opened: {error.strerror}; see that its folder may be written"
        ) from error
    _held.add(file)
    return file


def _locked_at_once(file: FileIO, mode: int) -> bool:
    try:
        fcntl.flock(file, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _locks(turns: Collection[Turn]) -> dict[str, int]:
    """The locks of these turns, each with how it is held, by what its file is called behind the database."""
    if ALL_WORK.issubset(turns):
        return {"": fcntl.LOCK_EX}
    locks = {"": fcntl.LOCK_SH}
    for work, part in turns:
        whole = f".{work}"
        locks[whole] = max(locks.get(whole, 0), fcntl.LOCK_SH if part else fcntl.LOCK_EX)  # the exclusive is greater
        if part:
            locks[f"{whole}-{part}"] = fcntl.LOCK_EX
    return locks
