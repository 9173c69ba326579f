"""The program, top to bottom: collect (feeds and pages to the archive), process (archive to store), settle, alert.

Each step can be killed at any point and run again: what is durable says what is left to do. Pages are archived before
their promise is taken off the visit, articles are stored before their archive file counts as read, and what an outlet
repeats, copies and alerts are worked out from cursors over the store. DAG tasks call the same steps.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

from pipeline import schedule, urls
from pipeline.archive import run_of
from pipeline.flow.alert import LONG_AGO, alert, rule_starts
from pipeline.flow.collect import FOR_EVER, collect
from pipeline.flow.offers import forget_met
from pipeline.flow.process import process, unfinished
from pipeline.flow.run import Run, new_id, part_id
from pipeline.flow.settle import settle
from pipeline.flow.upkeep import expire_daily
from pipeline.model import Changes, Fate, Seen, Source, Stage, Turn, Visit, Work
from pipeline.notify import Sender
from pipeline.readers import NamedStages, Reader, Readers
from pipeline.shards import Shard, sources_of
from pipeline.watchlist import Config

__all__ = [
    "Pass",
    "Run",
    "begin",
    "collect_part",
    "due_sources",
    "new_id",
    "one_pass",
    "part_id",
    "process_part",
    "reading",
    "settle_and_alert",
    "settle_parts",
    "stages",
]


NEVER = Visit("")  # of a source that nobody has asked


def stages(config: Config) -> NamedStages:
    """What every article passes, in order. To add a step, add a line."""
    from pipeline.annotate import Actors, Regions
    from pipeline.clean import Clean, LongEnough, Remember
    from pipeline.dedupe import Fingerprint
    from pipeline.language import DetectLanguage

    steps: list[tuple[str, Stage]] = [
        ("memory", Remember()),
        ("clean", Clean(config.boilerplate)),
        ("length", LongEnough()),
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
    """What a pass did: pages read of its own, pages recovered by the interrupted run that fetched them, alerts sent."""

    pages: int
    recovered: Mapping[str, int]
    alerts: int


def one_pass(run: Run, asked: str | None, senders: Mapping[str, Sender]) -> Pass:
    """Collect the sources that are due (or the one that a person asked for), process, settle and alert once.

    Waits until no other pass is at work on the store.
    """
    with run.store.exclusive():
        begin(run)
        with readers(run.config) as reading_processes:
            left = process(run, reading_processes)  # by an interrupted run, so that it is not fetched again
            _count_kept(run, left)
            asyncio.run(_collect(run, due_sources(run, asked), forced=asked is not None))
            read = process(run, reading_processes)
            _count_kept(run, read)
        settle(run, reading_processes.stages)
        sent = alert(run, senders)
        expire_daily(run)
    return Pass(read.total(), left, sent)


def begin(run: Run) -> None:
    """What comes before any host is asked: an archive that takes pages, and outcomes that wait beside it."""
    run.archive.check()
    _unspool(run)
    rule_starts(run)


def collect_part(run: Run, shard: Shard, stretch: timedelta) -> None:
    """Collect the sources of a shard that are due, for so long; what is not had by then waits for the next run.

    What an interrupted attempt has archived is read first, so that it is not fetched again. Who was asked longest ago
    comes first, or those at the end of the list would never be asked when there is never time for all.
    """
    process_part(run, shard)
    with run.store.exclusive(Turn(Work.COLLECT, shard.name)):
        visits = _visits(run)
        due = {source.id for source in _due(run, visits)} - _unread(run, visits.values())
        mine = [source for source in sources_of(run.config.sources or (), shard) if source.id in due]
        mine.sort(key=lambda source: visits.get(source.id, NEVER).visited_at or LONG_AGO)
        asyncio.run(_collect(run, mine, until=run.now() + stretch))


def _unread(run: Run, visits: Iterable[Visit]) -> set[str]:
    """Sources whose promised pages may be in the archive and not read yet, by an interrupted run of another part.

    Settling reads them; asked for now, they would be fetched twice.
    """
    owing = {visit.source: visit.run for visit in visits if visit.pending}
    unread = {run_of(file) for file, _ in unfinished(run)} if owing else set()
    return {source for source, promised_by in owing.items() if promised_by in unread}


def process_part(run: Run, shard: Shard) -> int:
    """Read what runs of this shard have archived; give the number of pages.

    Others of its shard are kept from collecting meanwhile, so that no file is read that is still written.
    """
    mine = (Turn(Work.COLLECT, shard.name), Turn(Work.WRITE, shard.name))
    with run.store.exclusive(*mine), readers(run.config) as reading_processes:
        read = process(run, reading_processes, shard.name)
        _count_kept(run, read)
    return read.total()


def settle_parts(run: Run) -> Mapping[str, int]:
    """Settle what all parts brought, once nobody is at work any more; give the pages that no part had read, by run."""
    with run.store.exclusive(), readers(run.config) as reading_processes:
        left = process(run, reading_processes)
        _count_kept(run, left)
        forget_met(run)
        settle(run, reading_processes.stages)
    return left


def settle_and_alert(run: Run, senders: Mapping[str, Sender]) -> int:
    """Alert of what came since the last time, and give how many were delivered; nobody has to wait for what is fetched.

    What a killed run has stored is settled before: no story holds it together with its copies yet.
    """
    with run.store.exclusive(Turn(Work.WRITE)):
        settle(run, readers(run.config).stages)
        return alert(run, senders)


def readers(config: Config) -> Readers:
    """The reading processes of a configuration; they start with the first page."""
    return Readers(config.settings.process.workers, partial(reading, config))


def due_sources(run: Run, asked: str | None = None) -> list[Source]:
    """The enabled sources that are due now, or the one that a person asked for, due or not."""
    if asked is not None:
        return [source for source in run.config.sources or () if source.id == asked]
    return _due(run, _visits(run))


def _visits(run: Run) -> dict[str, Visit]:
    return {source: each.value for source, each in run.store.visits().items()}


def _due(run: Run, visits: Mapping[str, Visit]) -> list[Source]:
    """The enabled sources that are due now by these visits; of one that is disabled nothing is."""
    now, manners = run.now(), run.config.settings.fetch
    known = ((source, visits.get(source.id)) for source in run.config.sources or () if source.enabled)
    return [source for source, visit in known if schedule.due(source, visit, now, manners)]


async def _collect(run: Run, sources: Sequence[Source], *, forced: bool = False, until: datetime = FOR_EVER) -> None:
    if not sources:
        return
    from pipeline.fetch import Web

    async with Web(run.config.settings.fetch, now=run.now) as web:
        await collect(run, sources, web, forced=forced, until=until)


def _unspool(run: Run) -> None:
    """Store the outcomes that earlier runs kept beside the archive while the store was away, and what they gave up."""
    for name, outcomes in run.archive.spooled():
        given_up = [each for each in outcomes if each.stage == "fetch" and each.fate is not Fate.RETRY]
        seen = tuple(Seen(urls.article_id(each.url), each.at, each.fate, each.reason) for each in given_up)
        run.store.save(Changes(seen=seen, outcomes=tuple(outcomes)))
        run.archive.unspool(name)


def _count_kept(run: Run, runs: Collection[str]) -> None:
    """Add to the visits how many entries of these runs were kept; each poll begins at 0."""
    outcomes = chain.from_iterable(run.store.outcomes(each) for each in runs)
    kept = Counter(each.source for each in outcomes if each.entry and each.fate is Fate.KEPT)
    visits = run.store.visits(kept).values()
    counted = (
        replace(each, value=replace(each.value, kept=each.value.kept + kept[each.value.source])) for each in visits
    )
    run.store.save(Changes(visits=tuple(counted)))
