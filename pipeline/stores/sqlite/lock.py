"""One run at a time: a lock file beside the database, freed by the system when its holder dies, even of kill -9."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.model import StoreError

_held: set[int] = set()  # file descriptors


def _let_go() -> None:
    """Close what a fork inherited: a worker that outlives its killed parent must not keep the next run waiting."""
    while _held:
        os.close(_held.pop())


os.register_at_fork(after_in_child=_let_go)


@contextmanager
def exclusive(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file `path`; where another holds it call `waiting` once and wait. Raises StoreError."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise StoreError(
            f"store lock {path} cannot be opened: {error.strerror}; see that its folder may be written"
        ) from error
    _held.add(handle)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        _held.discard(handle)
        os.close(handle)
