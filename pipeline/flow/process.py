"""Archive to store: every page that was archived and not read yet becomes an article or an outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain

from pipeline import revision, urls
from pipeline.archive import Archived, Damaged, run_of
from pipeline.boilerplate import carried
from pipeline.flow import recall
from pipeline.flow.offers import forget_met, offered
from pipeline.flow.recall import Mark, Stages
from pipeline.flow.run import ALERTED, ARCHIVE_DAY, ATTEMPTS, BATCH, SETTLED, Run, chunks, part_of
from pipeline.model import Article, Changes, Fate, Outcome, Refused, Seen, Stored
from pipeline.readers import Readers, Reading, Unread

FINISHED = "done"
REFUSED = "refused-by-store"


def process(run: Run, readers: Readers, part: str = "") -> Counter[str]:
    """Read what is left to read in the archive; give the number of pages by the run that fetched them.

    Of a `part` only what runs of this part have fetched: whoever reads all must know that nobody writes any more.
    """
    read: Counter[str] = Counter()
    for file, begun in unfinished(run, part):
        progress = begun
        pages = sound_pages(run, file, int(progress.value or 0))
        for batch in chunks(readers.read(pages), BATCH):
            store_readings(run, batch, readers.stages)
            progress = run.save_state(progress_of(file), progress, str(batch[-1][0].next_offset))
            read.update(archived.page.run for archived, _ in batch)
            run.tick("read", read.total(), 0)
        run.save_state(progress_of(file), progress, FINISHED)
    if read and not part:
        forget_met(run)
    if not part:
        run.save_state(ARCHIVE_DAY, run.store.state(ARCHIVE_DAY), run.yesterday().isoformat())
    return read


def sound_pages(run: Run, file: str, offset: int = 0) -> Iterator[Archived]:
    """The pages of a file, with today's idea of their sources; a torn end is told and passed over."""
    sources = {source.id: source for source in run.config.sources or ()}
    for found in run.archive.pages(file, offset):
        if isinstance(found, Damaged):
            run.note(f"archive file {file} is cut off at byte {found.offset}; every page before that is read")
        else:
            source = sources.get(found.page.source.id, found.page.source)
            yield replace(found, page=replace(found.page, source=source))


def store_readings(run: Run, batch: Sequence[tuple[Archived, Reading]], stages: Stages) -> None:
    """Store what was read, its outcomes and offers in one write; what another worker changed meanwhile is merged again.

    What is new is settled because it was ingested now; what else has to be is marked. What the store cannot take costs
    its own page.
    """
    run.draw_back(dict.fromkeys((SETTLED, ALERTED), run.now().isoformat()))
    left, lost = batch, frozenset[str]()
    once: dict[str, tuple[()]] = {}
    for _ in range(ATTEMPTS):
        merged = merge_batch(run, left, stages)
        new = {each.value.id for each in merged.changes.articles if each.version is None}
        changes = replace(merged.changes, visits=offered(run, batch), **once)
        try:
            lost = recall.save(run, changes, [each for each in merged.marks if each.id not in new])
        except Refused as refused:
            left = without(left, refused.why)
            continue
        if not lost:
            return
        left = [each for each in left if isinstance(each[1], Article) and each[1].id in lost]
        once = {"outcomes": (), "seen": ()}
    raise RuntimeError(f"{len(lost)} articles or visits kept changing while they were written")


def without(batch: Sequence[tuple[Archived, Reading]], why: Mapping[str, str]) -> list[tuple[Archived, Reading]]:
    """The batch with the articles that the store refused, by id, as failed."""
    return [
        (archived, Unread("store", Fate.FAILED, REFUSED, f"the store refused it: {why[read.id]}"))
        if isinstance(read, Article) and read.id in why
        else (archived, read)
        for archived, read in batch
    ]


@dataclass(frozen=True, slots=True)
class Merged:
    """A batch of readings merged with what the store holds."""

    changes: Changes
    articles: tuple[Article, ...]  # as they are then, also those that do not change
    marks: tuple[Mark, ...]  # where other pages meet something new
    tally: Counter[tuple[Fate, str]]


Ingested = Callable[[Archived, Article | None], datetime]
"""When a reading counts as ingested, given the page and what is stored of its article."""


def merge_batch(
    run: Run, batch: Sequence[tuple[Archived, Reading]], stages: Stages, ingested: Ingested | None = None
) -> Merged:
    """Merge readings with the stored articles in the order of the batch.

    Where nothing else says when they were `ingested` they come for the first time, now: a page whose article is stored
    all the same was stored by an attempt that was interrupted, and ends as it did then.
    """
    stored = run.store.articles({result.id for _, result in batch if isinstance(result, Article)})
    current = {key: each.value for key, each in stored.items()}
    now = run.now()
    outcomes: list[Outcome] = []
    seen: list[Seen] = []
    for archived, result in batch:
        stage, fate, reason = "store", Fate.KEPT, ""
        if isinstance(result, Unread):
            stage, fate, reason = result.stage, result.fate, result.reason
            if result.trace:
                run.note(f"{archived.page.url}: {result.trace}")
        else:
            old = current.get(result.id)
            fresh = _fresh(result, archived, ingested(archived, old) if ingested else now)
            if old and not archived.page.source.feed:  # its source is configured no more: nobody knows it better
                fresh = replace(fresh, outlet=old.outlet)
            current[result.id], fate, reason = revision.merge(old, _as_known(old, fresh, stages))
            if old and not ingested:
                fate, reason = revision.attempted(old, fresh) or (fate, reason)
        outcomes.append(_outcome(archived, stage, fate, reason))
        seen.append(Seen(urls.article_id(archived.page.url), archived.page.answer.at, fate, reason))
    changed = tuple(
        Stored(article, stored[key].version if key in stored else None)
        for key, article in sorted(current.items())
        if key not in stored or article is not stored[key].value
    )
    marks = (recall.moved(stored[each.value.id].value if each.version else None, each.value) for each in changed)
    tally = Counter((outcome.fate, outcome.reason) for outcome in outcomes)
    changes = Changes(articles=changed, seen=tuple(seen), outcomes=tuple(outcomes))
    return Merged(changes, tuple(each for _, each in sorted(current.items())), tuple(chain.from_iterable(marks)), tally)


def _fresh(article: Article, archived: Archived, ingested_at: datetime) -> Article:
    """The article as it enters the store: a story of its own until it is settled."""
    return replace(
        article,
        archive=archived.place,
        ingested_at=ingested_at,
        story=article.id,
        first_outlet=article.outlet.id,
    )


def _as_known(old: Article | None, fresh: Article, stages: Stages) -> Article:
    """The reading cleaned with what is known of the stored one's lines, so that the two can be compared."""
    told = carried(old, fresh) if old else b""
    known = recall.cleaned(fresh, told, stages) if told else fresh
    return fresh if isinstance(known, Unread) else known


def _outcome(archived: Archived, stage: str, fate: Fate, reason: str) -> Outcome:
    page = archived.page
    return Outcome(page.run, page.source.id, page.url, stage, fate, reason, page.answer.at, page.entry.number)


def progress_of(file: str) -> str:
    """The key of the state that tells how far an archive file was read: an offset in bytes, or that it is done."""
    return f"archive/{file}"


def unfinished(run: Run, part: str = "") -> Iterator[tuple[str, Stored[str]]]:
    """Archive files, of a part where one is named, with pages that are not in the store, and how far each was read.

    Files of yesterday are always looked at, whatever a wrong clock once wrote down.
    """
    day = run.store.state(ARCHIVE_DAY).value
    files = run.archive.files(since=min(date.fromisoformat(day), run.yesterday()) if day else None)
    mine = [file for file in files if not part or part_of(run_of(file)) == part]
    reached = run.store.states([progress_of(file) for file in mine])
    for file in mine:
        progress = reached.get(progress_of(file), Stored(""))
        if progress.value != FINISHED:
            yield file, progress
