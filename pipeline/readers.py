"""Processes that read pages: the stages in order, on all cores, a broken worker costing one outcome."""

from __future__ import annotations

import multiprocessing
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Self

from pipeline.archive import Archived
from pipeline.model import Article, Drop, Fate, Page, Stage

Reader = Callable[[Page], Article]
NamedStages = Sequence[tuple[str, Stage]]

WINDOW = 24  # pages under way: enough to keep the workers busy, few enough to keep memory flat
FORK = "fork" if sys.platform == "linux" else "spawn"  # fork shares the automata and language profiles between workers


@dataclass(frozen=True, slots=True)
class Unread:
    """A page that gave no article: the stage where it ended, and how."""

    stage: str
    fate: Fate
    reason: str
    trace: str = ""


Reading = Article | Unread


def read(page: Page, extract: Reader, stages: NamedStages) -> Reading:
    """Extract a page and pass it through the stages; the one place that survives a bug, so that a run does."""
    name = "extract"
    try:
        article = extract(page)
        for name, stage in stages:  # noqa: B007 - read where it ended
            article = stage(article)
    except Drop as drop:
        return Unread(name, Fate.DROPPED, drop.reason)
    except Exception:  # noqa: BLE001 - guarantee 4: a hostile page costs one failed outcome, never the run
        return Unread(name, Fate.FAILED, "internal-error", traceback.format_exc())
    return article


class _Work:
    """What each process reads with; set once a process."""

    reader: Reader
    stages: NamedStages


def _prepare(build: Callable[[], tuple[Reader, NamedStages]]) -> None:
    _Work.reader, _Work.stages = build()


def _read(page: Page) -> Reading:
    return read(page, _Work.reader, _Work.stages)


class Readers:
    """A pool of reading processes; `build` gives the extractor and the stages and runs once, before the fork."""

    def __init__(self, workers: int, build: Callable[[], tuple[Reader, NamedStages]]) -> None:
        self._workers = workers
        self._build = build
        self._built: tuple[Reader, NamedStages] | None = None
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def read(self, pages: Iterable[Archived]) -> Iterator[tuple[Archived, Reading]]:
        """Read pages on all workers; results come in the order of the pages."""
        waiting: deque[tuple[Archived, Future[Reading]]] = deque()
        for archived in pages:
            waiting.append((archived, self._submit(archived.page)))
            if len(waiting) >= WINDOW:
                yield self._result(*waiting.popleft())
        while waiting:
            yield self._result(*waiting.popleft())

    def _submit(self, page: Page) -> Future[Reading]:
        if self._pool is None:
            self._pool = self._start(self._workers)
        try:
            return self._pool.submit(_read, page)
        except BrokenProcessPool:
            self._pool = self._start(self._workers)
            return self._pool.submit(_read, page)

    def _result(self, archived: Archived, future: Future[Reading]) -> tuple[Archived, Reading]:
        try:
            return archived, future.result()
        except BrokenProcessPool:
            return archived, self._alone(archived.page)

    def _alone(self, page: Page) -> Reading:
        """Read one page in a process of its own: of all that were under way when a worker died, one is to blame."""
        with self._start(1) as pool:
            try:
                return pool.submit(_read, page).result()
            except BrokenProcessPool:
                return Unread("extract", Fate.FAILED, "worker-died")

    def _start(self, workers: int) -> ProcessPoolExecutor:
        context = multiprocessing.get_context(FORK)
        if FORK == "fork":
            self._built = _Work.reader, _Work.stages = self._built or self._build()
            return ProcessPoolExecutor(workers, context)
        return ProcessPoolExecutor(workers, context, _prepare, (self._build,))


def batches(results: Iterable[tuple[Archived, Reading]], size: int) -> Iterator[list[tuple[Archived, Reading]]]:
    """Lists of at most `size` results."""
    stream = iter(results)
    for first in stream:
        yield [first, *(each for _, each in zip(range(size - 1), stream, strict=False))]
