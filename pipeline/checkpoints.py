"""What a scheduler's tasks call: each opens config, store and archive by name, does one step, and tells what it did.

Values in and out are plain and small, articles go through archive and store. Every step may be killed and run again.
ConfigError is a person's mistake and worth no second attempt, StoreError may pass, anything else is a bug.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from pipeline.model import ConfigError, Turn, Work
from pipeline.opening import (
    ARCHIVE,
    CONFIG,
    DEFAULTS,
    ELASTIC,
    KIBANA,
    PATIENCE,
    STORE,
    load_config,
    open_archive,
    open_store,
    with_sources,
)

if TYPE_CHECKING:
    from pipeline.flow import Run
    from pipeline.shards import Shard
    from pipeline.watchlist import Config

EVERY = 30.0  # seconds between two lines that tell how far a step is
SPAN = ("since", "until")
BROWSED = "http://127.0.0.1:8001"  # where `wireroom browse` listens


class Part(TypedDict):
    """One shard of a scheduled run, as it is handed from task to task."""

    batch: str
    shard: int  # from 1
    shards: int


class Span(TypedDict):
    """UTC days, both inclusive, as 2026-11-21."""

    since: str
    until: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of every poll and entry of a scheduled run."""

    batch: str
    outcomes: tuple[Mapping[str, str | int], ...]  # stage, fate, reason, count: the rows of the table
    kept: int  # entries: new articles, and new texts of known ones
    view: str  # address where a browser shows the same; "" where none is known

    def document(self) -> dict[str, object]:
        """The same as JSON-able values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a task works: by the names and secrets of `environ` (WIREROOM_*), in one scheduled run, with its log."""

    environ: Mapping[str, str]
    batch: str
    tell: Callable[[str], None] = print
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def named(self, name: str) -> str:
        """A place by its name in the environment, or the default."""
        return self.environ.get(name) or DEFAULTS[name]

    def config(self) -> Config:
        """The configuration; raises ConfigError."""
        return load_config(Path(self.named(CONFIG)), self.environ)

    @contextmanager
    def run(self, run_id: str = "") -> Iterator[Run]:
        """A run on the opened places; raises ConfigError and StoreError."""
        from pipeline.flow import Run

        config, archive = self.config(), open_archive(self.named(ARCHIVE))
        with open_store(self.named(STORE), self.environ, self._waiting, PATIENCE) as store:
            yield Run(config, store, archive, run_id or self.batch, self.clock, self.tell, Pulse(self.tell).tick)

    def _waiting(self) -> None:
        self.tell("another task or run is at work on this part of the store; waiting for it")


class Pulse:
    """Tells how far a step is, now and then."""

    def __init__(self, tell: Callable[[str], None], every: float = EVERY) -> None:
        self._tell, self._every, self._told = tell, every, time.monotonic()

    def tick(self, step: str, done: int, total: int) -> None:
        """So many are done, of so many (0: unknown)."""
        if time.monotonic() - self._told >= self._every:
            self._told = time.monotonic()
            self._tell(f"{step}: {done}{f' of {total}' if total else ''}")


def batch_id(at: datetime, run: str) -> str:
    """The id of a scheduled run, the same in all its tasks: sorts by time, and is a file's name."""
    from pipeline.flow.run import new_id

    return new_id(at, sha256(run.encode()).hexdigest()[:6])


def begin(at: Checkpoint, shards: int) -> list[Part]:
    """See that configuration, store and archive can be used, and give the parts of the run."""
    from pipeline import flow
    from pipeline.shards import shards as split

    with at.run() as run:
        with_sources(run.config)
        with run.store.exclusive(Turn(Work.WRITE)):
            flow.begin(run)
    return [Part(batch=at.batch, shard=each.number, shards=each.of) for each in split(shards)]


def collect(at: Checkpoint, part: Part, attempt: int, minutes: float) -> None:
    """Collect what is due of a shard, for so many minutes: the rest waits for the next run."""
    from pipeline import flow

    with _attempt(at, part, attempt) as (run, shard):
        flow.collect_part(run, shard, timedelta(minutes=minutes))


def process(at: Checkpoint, part: Part, attempt: int) -> int:
    """Read what attempts at a shard have archived; give the number of pages."""
    from pipeline import flow

    with _attempt(at, part, attempt) as (run, shard):
        return flow.process_part(run, shard)


@contextmanager
def _attempt(at: Checkpoint, part: Part, attempt: int) -> Iterator[tuple[Run, Shard]]:
    """A run of an attempt at one shard."""
    from pipeline.flow import part_id
    from pipeline.shards import Shard

    shard = Shard(part["shard"], part["shards"])
    with at.run(part_id(at.batch, shard.name, attempt)) as run:
        yield run, shard


def settle(at: Checkpoint) -> Summary:
    """Settle what all parts brought; print and give what became of every poll and entry of the run."""
    from pipeline import flow
    from pipeline.cli.screen import print_outcomes, tally
    from pipeline.model import Fate

    with at.run() as run:
        for interrupted, pages in flow.settle_parts(run).items():
            at.tell(f"{pages} pages of the interrupted run {interrupted} were archived already and are stored now")
        outcomes = list(run.store.outcomes(at.batch))
    print_outcomes(outcomes)
    rows = tuple(
        {"stage": stage, "fate": fate.value, "reason": reason, "count": count}
        for (stage, fate, reason), count in tally(outcomes)
    )
    kept = sum(each.count for each in outcomes if each.entry and each.fate is Fate.KEPT)
    return Summary(at.batch, rows, kept, view(at))


def alert(at: Checkpoint) -> int:
    """Alert of all that came since the last time; give the number of alerts delivered."""
    from pipeline import flow
    from pipeline.notify import senders

    with at.run() as run:
        return flow.settle_and_alert(run, senders(run.config.destinations))


def deliver(at: Checkpoint) -> int:
    """Send the alerts that nobody has accepted so far; give how many all destinations have now."""
    from pipeline.flow.alert import deliver as send
    from pipeline.notify import senders

    with at.run() as run, run.store.exclusive(Turn(Work.WRITE)):
        return send(run, senders(run.config.destinations))


def replay_spans(since: str, until: str, most: int) -> list[Span]:
    """Days as at most so many spans, each about as long; raises ConfigError where they are none."""
    from pipeline.query import days

    first, last = days(since, until, SPAN)
    length = (last - first).days + 1
    count = min(length, most)
    edges = [first + timedelta(days=length * place // count) for place in range(count + 1)]
    return [
        Span(since=start.isoformat(), until=(end - timedelta(days=1)).isoformat()) for start, end in pairwise(edges)
    ]


def replay(at: Checkpoint, span: Span, outlet: str, *, dry_run: bool) -> int:
    """Read archived pages of these days again, of one outlet where it is named; give their number. Never alerts."""
    from pipeline.flow import readers
    from pipeline.flow.replay import Again
    from pipeline.flow.replay import replay as again
    from pipeline.query import days

    first, last = days(span["since"], span["until"], SPAN)
    with at.run() as run:
        if outlet and outlet not in {source.id for source in run.config.sources or ()}:
            raise ConfigError(f"outlet {outlet}: no such id in {run.config.folder}/sources.yaml.")
        tally = again(run, Again(first, last, outlet, dry_run=dry_run), readers(run.config), at.tell)
    for (fate, reason), count in sorted(tally.items()):
        at.tell(f"{count} {'would be ' if dry_run else ''}{fate} {reason}".strip())
    return tally.total()


def expire(at: Checkpoint) -> dict[str, int]:
    """Delete what `retention` of the settings wants no longer; give how many of each kind."""
    from pipeline.flow import upkeep

    with at.run() as run:
        return upkeep.expire(run)._asdict()


def health(at: Checkpoint) -> None:
    """Tell which sources are not well, since when, and what to do."""
    from pipeline.flow.health import report

    with at.run() as run:
        for line in report(run):
            at.tell(line)


def doctor(at: Checkpoint) -> int:
    """Tell what `wireroom doctor` tells; give the number of faults."""
    from pipeline.doctor import examine

    found = examine(at.environ, Path(at.named(CONFIG)), at.named(STORE), at.named(ARCHIVE), at.clock())
    for line in found.lines():
        at.tell(line)
    return found.faults


def view(at: Checkpoint) -> str:
    """Where a browser shows the outcomes of the run: in Kibana, or in `wireroom browse` while it is open.

    "" where nobody said where Kibana is, or said it with a password, which belongs into no log.
    """
    if not at.named(STORE).startswith(ELASTIC):
        return f"{BROWSED}/wireroom/outcomes?run__startswith={at.batch}&_facet=fate&_facet=reason"
    kibana = at.environ.get(KIBANA, "").rstrip("/")
    asked = f"(index:wireroom-outcomes,query:(language:kuery,query:'run:{at.batch}*'))"
    return "" if not kibana or "@" in kibana else f"{kibana}/app/discover#/?_g=(time:(from:now-7d,to:now))&_a={asked}"
