"""Progress of long work on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Self

EVERY = 10.0  # seconds between two plain lines


class Progress:
    """Shows how far the steps of a pass are; use as a context manager."""

    def __init__(self) -> None:
        self._told = time.monotonic()
        self._bar = None
        self._tasks: dict[str, object] = {}
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress as Bar

            self._bar = Bar(console=Console(stderr=True), transient=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def note(self, sentence: str) -> None:
        """Tell the operator a sentence."""
        sys.stderr.write(f"wireroom: {sentence}\n")

    def tick(self, step: str, done: int, total: int) -> None:
        """Show that so many are done; a total of 0 is not known."""
        if self._bar is not None:
            self._show(step, done, total)
        elif time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            self.note(f"{step}: {done}{f' of {total}' if total else ''}")

    def _show(self, step: str, done: int, total: int) -> None:
        # No live thread: reading processes are forked while this stands, and a fork copies no thread.
        assert self._bar is not None  # noqa: S101 - told to the type checker
        if step not in self._tasks:
            self._tasks[step] = self._bar.add_task(step, total=total or None)
        self._bar.update(self._tasks[step], completed=done)  # type: ignore[arg-type]
        self._bar.refresh()
