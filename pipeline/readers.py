"""Processes that read pages: the stages in order, on all cores, a broken worker costing one outcome."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Self

from pipeline.archive import Archived
from pipeline.model import Answer, Article, Drop, Entry, Fate, Page, Source, Stage

FIRST_PAGE = Page(
    url="https://first.example/page",
    answer=Answer(
        url="https://first.example/page",
        status=200,
        headers=(("content-type", "text/html; charset=utf-8"),),
        body="""<html><head><title>Erste Seite</title></head><body><article><h1>Erste Seite</h1><p>Diese Seite wird nie
        gespeichert. Sie lädt vor allen anderen, was erst beim ersten Lesen geladen wird: Modelle der Sprachen,
        Muster und Tabellen.</p></article></body></html>""".encode(),
        at=datetime(2026, 1, 1, tzinfo=UTC),
    ),
    entry=Entry("https://first.example/page"),
    source=Source("first", ""),
    run="",
)

Reader = Callable[[Page], Article]
NamedStages = Sequence[tuple[str, Stage]]

WINDOW = 24  # pages under way: enough to keep the workers busy, few enough to keep memory flat
START = "fork" if sys.platform == "linux" else "spawn"  # fork shares the automata and language profiles between workers
SECONDS = 60.0  # of a processor for one page: a thousand times what most pages take


@dataclass(frozen=True, slots=True)
class Unread:
    """A page that gave no article: the stage where it ended, and how."""

    stage: str
    fate: Fate
    reason: str
    trace: str = ""


Reading = Article | Unread


def read(page: Page, extract: Reader, stages: NamedStages) -> Reading:
    """Extract a page and pass it through the stages."""
    return _passed(partial(extract, page), stages)


def read_again(article: Article, stages: NamedStages) -> Reading:
    """Pass an article that was read before through stages."""
    return _passed(lambda: article, stages)


def _passed(begin: Callable[[], Article], stages: NamedStages) -> Reading:
    """Pass what begins through the stages; the one place that survives a bug, so that a run does."""
    name = "extract"
    try:
        article = begin()
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
    seconds: float


def _prepare(seconds: float, build: Callable[[], tuple[Reader, NamedStages]] | None) -> None:
    """Begin a reading process; without `build` it was forked with all that it needs."""
    _Work.seconds = seconds
    if build is not None:
        _Work.reader, _Work.stages = build()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes; the one that started us ends us
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    """End with the process that started us: killed, it cannot say so, and a worker would wait for pages for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read(page: Page) -> Reading:
    signal.setitimer(signal.ITIMER_PROF, _Work.seconds)  # unhandled, its signal ends the process
    try:
        return read(page, _Work.reader, _Work.stages)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _warmed(work: tuple[Reader, NamedStages]) -> tuple[Reader, NamedStages]:
    """Let the first page pay for what is loaded late, once for all processes that are forked from this one.

    What stands by then stays: left to the garbage collector, each process would walk over all names and models again
    and again, and copy the memory that they share.
    """
    read(FIRST_PAGE, *work)
    gc.collect()
    gc.freeze()
    return work


class Readers:
    """A pool of reading processes; `build` gives the extractor and the stages and runs once, before the fork.

    Where processes are spawned instead, it runs in each and has to be picklable. A page may take so many `seconds` of
    a processor.
    """

    def __init__(
        self,
        workers: int,
        build: Callable[[], tuple[Reader, NamedStages]],
        *,
        seconds: float = SECONDS,
        start: str = START,
    ) -> None:
        self._workers = workers
        self._build = build
        self._seconds = seconds
        self._context = multiprocessing.get_context(start)
        self._built: tuple[Reader, NamedStages] | None = None
        self._pool: ProcessPoolExecutor | None = None
        self._single: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in (self._pool, self._single):
            if pool is not None:
                pool.shutdown(cancel_futures=True)

    def read(self, pages: Iterable[Archived]) -> Iterator[tuple[Archived, Reading]]:
        """Read pages on all workers; results come in the order of the pages."""
        waiting: deque[tuple[Archived, Future[Reading]]] = deque()
        for archived in pages:
            waiting.append((archived, self._submit(archived.page)))
            if len(waiting) >= WINDOW:
                yield self._result(*waiting.popleft())
        while waiting:
            yield self._result(*waiting.popleft())

    def stages(self) -> NamedStages:
        """The stages, for what has to be cleaned again in this process; where it forked they are built already."""
        return self._work()[1]

    def _work(self) -> tuple[Reader, NamedStages]:
        self._built = self._built or self._build()
        return self._built

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
        """Read one page where no other is read: of all that were under way when a worker died, one is to blame."""
        if self._single is None:
            self._single = self._start(1)
        try:
            return self._single.submit(_read, page).result()
        except BrokenProcessPool:
            self._single = None
            return Unread("extract", Fate.FAILED, "worker-died")

    def _start(self, workers: int) -> ProcessPoolExecutor:
        inherits = self._context.get_start_method() == "fork"
        if inherits:
            _Work.reader, _Work.stages = self._work() if self._pool else _warmed(self._work())
        build = None if inherits else self._build
        return ProcessPoolExecutor(workers, self._context, _prepare, (self._seconds, build))
