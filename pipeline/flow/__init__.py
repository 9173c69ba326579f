"""The program, top to bottom: collect (feeds and pages to the archive), process (archive to store), settle, alert.

Each step can be killed at any point and run again: what is durable says what is left to do. Pages are archived before
their promise is taken off the visit, articles are stored before their archive file counts as read, and copies and
alerts are worked out from cursors over the store. DAG tasks call the same steps.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline import schedule
from pipeline.flow.alert import alert, rule_starts
from pipeline.flow.collect import collect
from pipeline.flow.process import process
from pipeline.flow.run import Run, new_id
from pipeline.flow.settle import settle
from pipeline.model import Changes, Fate, Source, Stage, Stored
from pipeline.notify import Sender
from pipeline.readers import NamedStages, Reader, Readers
from pipeline.watchlist import Config

__all__ = ["Pass", "Run", "due_sources", "new_id", "one_pass", "reading", "stages"]


def stages(config: Config) -> NamedStages:
    """What every article passes, in order. To add a step, add a line."""
    from pipeline.annotate import Actors, Regions
    from pipeline.clean import Clean, LongEnough
    from pipeline.dedupe import Fingerprint
    from pipeline.language import DetectLanguage

    steps: list[tuple[str, Stage]] = [
        ("clean", Clean()),
        ("clean", LongEnough()),
        ("language", DetectLanguage()),
        ("actors", Actors(config.actors)),
        ("regions", Regions(config.regions)),
        ("copies", Fingerprint()),
    ]
    return steps


def reading(config: Config) -> tuple[Reader, NamedStages]:
    """The extractor and the stages, as a reading process holds them."""
    from pipeline.extract import Extract

    return Extract().page, stages(config)


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass did: pages read of this run, pages recovered of interrupted runs, alerts sent."""

    pages: int = 0
    recovered: int = 0
    alerts: int = 0


def one_pass(run: Run, sources: Sequence[Source], senders: dict[str, Sender]) -> Pass:
    """Collect, process, settle and alert once, with the store to ourselves."""
    with run.store.exclusive():
        _unspool(run)
        rule_starts(run)
        with readers(run.config) as reading_processes:
            read = process(run, reading_processes)  # what an interrupted run left, so that it is not fetched again
            asyncio.run(_collect(run, sources))
            read += process(run, reading_processes)
        settle(run)
        _count_kept(run)
        sent = alert(run, senders)
    return Pass(read[run.id], read.total() - read[run.id], sent)


def readers(config: Config) -> Readers:
    """The reading processes of a configuration; they start with the first page."""
    return Readers(config.settings.process.workers, lambda: reading(config))


def due_sources(run: Run, asked: str | None = None) -> list[Source]:
    """The enabled sources that are due now, or the one that a person asked for, due or not."""
    visits, now = run.store.visits(), run.now()
    enabled = [source for source in run.config.sources or () if source.enabled or source.id == asked]
    if asked is not None:
        return [source for source in enabled if source.id == asked]
    stored = [(source, visits.get(source.id)) for source in enabled]
    return [source for source, visit in stored if schedule.due(source, visit.value if visit else None, now)]


async def _collect(run: Run, sources: Sequence[Source]) -> None:
    from pipeline.fetch import Web

    if not sources:
        return
    async with Web(run.config.settings.fetch) as web:
        await collect(run, sources, web)


def _unspool(run: Run) -> None:
    """Store the outcomes that earlier runs kept beside the archive while the store was away."""
    for name, outcomes in run.archive.spooled():
        run.store.save(Changes(outcomes=tuple(outcomes)))
        run.archive.unspool(name)


def _count_kept(run: Run) -> None:
    """Write into the visits of this run how many of their entries were kept."""
    kept = Counter(
        outcome.source for outcome in run.store.outcomes(run.id) if outcome.entry and outcome.fate is Fate.KEPT
    )
    visits = run.store.visits()
    changed = (
        Stored(replace(each.value, kept=kept[each.value.source]), each.version)
        for each in visits.values()
        if each.value.run == run.id
    )
    run.store.save(Changes(visits=tuple(changed)))
