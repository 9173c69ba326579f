"""Feeds and pages to the archive: who is due is asked, what is new is fetched, and nothing is promised twice."""

from __future__ import annotations

import asyncio
import traceback
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pipeline import feeds, intake, schedule, urls
from pipeline.archive import Writer
from pipeline.fetch import Web
from pipeline.flow.run import ARCHIVE_DAY, Run
from pipeline.model import (
    Changes,
    Drop,
    Entry,
    Fate,
    Outcome,
    Page,
    Retry,
    Seen,
    Source,
    Stored,
    StoreError,
    Visit,
)
from pipeline.schedule import Poll

AT_ONCE = 32  # sources under way; hosts take turns anyway, and a body may hold 15 MiB
BUG, POSTPONED = "internal-error", "postponed"
FOR_EVER = datetime.max.replace(tzinfo=UTC)


async def collect(
    run: Run, sources: Sequence[Source], web: Web, *, forced: bool = False, until: datetime = FOR_EVER
) -> None:
    """Poll these sources and archive the pages of what is new, each source on its own; raises StoreError only.

    A source that is here only for pages it promised earlier is not polled, unless a poll is `forced`. After `until`
    nothing more is asked for: sources stay due, and pages that were promised stay promised.
    """
    run.draw_back({ARCHIVE_DAY: run.yesterday().isoformat()})
    visits = _visits(run, sources)
    gate, done, left = asyncio.Semaphore(AT_ONCE), 0, 0
    with run.archive.writer(run.id) as writer:
        desk = Desk(run, web, writer, forced, until, _promised(run, visits))

        async def one(source: Source) -> None:
            nonlocal done, left
            async with gate:
                if run.now() >= until:
                    left += 1
                    return
                await desk.guarded(source, visits.get(source.id) or Stored(Visit(source.id)))
            done += 1
            run.tick("collect", done, len(sources))

        try:
            async with asyncio.TaskGroup() as group:
                for source in sources:
                    group.create_task(one(source))
        except* StoreError as faults:
            raise faults.exceptions[0] from None
    if left:
        run.note(f"the time was up before {left} of {len(sources)} sources were asked; they stay due")


def _visits(run: Run, sources: Sequence[Source]) -> dict[str, Stored[Visit]]:
    """The visits of all sources; of these ones without the promises that an interrupted run has settled."""
    stored = run.store.visits()
    settled: dict[tuple[str, str], set[int]] = defaultdict(set)
    asked = [stored[source.id].value for source in sources if source.id in stored]
    for each in {visit.run for visit in asked if visit.pending}:
        for outcome in run.store.outcomes(each):
            if outcome.entry and outcome.fate is not Fate.RETRY:
                settled[each, outcome.source].add(outcome.entry)
    return {
        source: replace(visit, value=intake.leftovers(visit.value, settled[visit.value.run, source]))
        for source, visit in stored.items()
    }


def _promised(run: Run, visits: Mapping[str, Stored[Visit]]) -> dict[str, str]:
    """Who owes which page, by article id; a source that is not asked any more owes nothing."""
    owing = [source.id for source in run.config.sources or () if source.enabled and source.id in visits]
    return {urls.article_id(entry.url): source for source in owing for entry in visits[source].value.pending}


@dataclass(frozen=True, slots=True)
class Desk:
    """Collects one source after the other for one run."""

    run: Run
    web: Web
    writer: Writer
    forced: bool
    until: datetime
    promised: dict[str, str]  # article id: the source that asks for its page; filled as feeds are read

    async def guarded(self, source: Source, stored: Stored[Visit]) -> None:
        """Collect a source; a bug costs one failed outcome and a wait, and its traceback is told (guarantee 4)."""
        try:
            await self.source(source, stored)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - the runner's one broad except
            self.run.note(f"{source.id}: {traceback.format_exc()}")
            visit = self._polled(source, stored.value, Poll(fault=Retry(BUG)))
            outcome = self._outcome(source, source.feed, "feed", Fate.FAILED, BUG)
            self._save(visit=Stored(visit, stored.version), outcomes=(outcome,))

    async def source(self, source: Source, stored: Stored[Visit]) -> None:
        """Poll the feed, record the visit with what it promised, fetch the pages, take the promises off."""
        now, manners = self.run.now(), self.run.config.settings.fetch
        polled = self.forced or schedule.feed_due(source, stored.value, now, manners)
        poll = await self._poll(source, stored.value) if polled else Poll()
        promised = intake.promises(poll.feed) if poll.feed else ()
        seen = self.run.store.seen([*(each.id for each in promised if each.id), *intake.offers(stored.value)])
        taken = self._own(source, intake.decide(poll.feed, intake.wanted(stored.value, seen), seen, now))
        visit = replace(
            self._polled(source, stored.value, replace(poll, new=len(taken.fetch))) if polled else stored.value,
            run=self.run.id,
            known=taken.known,
            pending=(*taken.fetch, *taken.waiting),
        )
        outcomes = [self._poll_outcome(source, poll)] if polled else []
        outcomes += [self._ended(source, each) for each in taken.ended]
        if self._save(visit=Stored(visit, stored.version), outcomes=tuple(outcomes)):
            self.run.note(f"{source.id}: another worker polled it meanwhile; left to that one")
            return
        if not taken.fetch:
            return
        left = await self._pages(source, taken.fetch)
        self.writer.flush()
        version = self.run.store.visits([source.id])[source.id].version
        self._save(visit=Stored(replace(visit, pending=(*left, *taken.waiting)), version))

    def _own(self, source: Source, taken: intake.Intake) -> intake.Intake:
        """Leave to another source the pages that it has promised before: feeds of one outlet overlap."""
        mine, ended = [], list(taken.ended)
        for entry in taken.fetch:
            if self.promised.setdefault(urls.article_id(entry.url), source.id) == source.id:
                mine.append(entry)
            else:
                ended.append(intake.Ended(entry, Fate.DROPPED, "duplicate-url"))
        return replace(taken, fetch=tuple(mine), ended=tuple(ended))

    def _polled(self, source: Source, visit: Visit, poll: Poll) -> Visit:
        held = len(poll.feed.entries) + poll.feed.cut if poll.feed else visit.entries
        manners = self.run.config.settings.fetch
        return replace(schedule.after(source, visit, poll, self.run.now(), manners), entries=held, kept=0)

    async def _poll(self, source: Source, visit: Visit) -> Poll:
        now = self.run.now()
        try:
            answer = await self.web.feed(source, schedule.conditional(source, visit, now), visit.validated_url)
        except (Drop, Retry) as fault:
            return Poll(fault=fault)
        if answer.status != 200:  # noqa: PLR2004 - HTTP OK
            return Poll(answer=answer)
        try:
            feed = feeds.parse(
                answer.body, answer.url, answer.header("content-type"), timezone=source.timezone, now=now
            )
        except Drop as fault:
            return Poll(answer=answer, fault=fault)
        return Poll(answer=answer, feed=feed)

    async def _pages(self, source: Source, entries: Sequence[Entry]) -> list[Entry]:
        """Fetch and archive pages one after the other, as long as there is time; give the promises that stay."""
        left: list[Entry] = []
        for place, entry in enumerate(entries):
            if self.run.now() >= self.until:
                postponed = entries[place:]
                ended = (intake.Ended(each, Fate.RETRY, POSTPONED) for each in postponed)
                self._save(outcomes=tuple(self._ended(source, each) for each in ended))
                return [*left, *postponed]
            again = await self._page(source, entry)
            left += [again] if again else []
        return left

    async def _page(self, source: Source, entry: Entry) -> Entry | None:
        """Fetch and archive one page; give the promise back where it must be tried again."""
        left: Entry | None = None
        try:
            answer = await self.web.page(entry.url)
            self.writer.add(Page(urls.canonical(entry.url), answer, entry, source, self.run.id))
        except (Drop, Retry) as fault:
            left = intake.again(entry, fault, self.run.now()) if isinstance(fault, Retry) else None
            self._not_had(source, intake.fault_outcome(entry, fault, left), left)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - as in `guarded`: a bug costs this page, not those behind it
            self.run.note(f"{entry.url}: {traceback.format_exc()}")
            self._not_had(source, intake.Ended(entry, Fate.FAILED, BUG), None)
        return left

    def _not_had(self, source: Source, ended: intake.Ended, left: Entry | None) -> None:
        """Record at once what became of a page that was not had, so that a crash does not ask for it again."""
        url = urls.canonical(ended.entry.url)
        outcome = self._outcome(source, url, "fetch", ended.fate, ended.reason, ended.entry.number)
        if left is None:
            self._save(outcomes=(outcome,), seen=(Seen(urls.article_id(url), outcome.at, ended.fate, ended.reason),))
            return
        stored = self.run.store.visits([source.id])[source.id]
        pending = tuple(left if each.number == left.number else each for each in stored.value.pending)
        self._save(visit=Stored(replace(stored.value, pending=pending), stored.version), outcomes=(outcome,))

    def _poll_outcome(self, source: Source, poll: Poll) -> Outcome:
        fate, reason = schedule.verdict(poll)
        return self._outcome(source, source.feed, "feed", fate, reason)

    def _ended(self, source: Source, ended: intake.Ended) -> Outcome:
        outcome = self._outcome(source, ended.entry.url, "entry", ended.fate, ended.reason, ended.entry.number)
        return replace(outcome, count=ended.count)

    def _outcome(self, source: Source, url: str, stage: str, fate: Fate, reason: str, number: int = 0) -> Outcome:
        return Outcome(self.run.id, source.id, url, stage, fate, reason, self.run.now(), number)

    def _save(
        self,
        visit: Stored[Visit] | None = None,
        outcomes: tuple[Outcome, ...] = (),
        seen: tuple[Seen, ...] = (),
    ) -> frozenset[str]:
        """Write; while the store is away outcomes are kept beside the archive for the next run."""
        try:
            return self.run.store.save(Changes(visits=(visit,) if visit else (), outcomes=outcomes, seen=seen))
        except StoreError:
            self.run.archive.spool(self.run.id, outcomes)
            raise
