"""Archived pages through today's rules: the store follows a change of config or program, and nobody is alerted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from pipeline import urls
from pipeline.archive import Archived
from pipeline.flow import recall
from pipeline.flow.alert import remember_claims
from pipeline.flow.process import (
    FINISHED,
    Ingested,
    Merged,
    merge_batch,
    progress_of,
    sound_pages,
    without,
)
from pipeline.flow.recall import Stages
from pipeline.flow.run import ALERTED, ARCHIVE_DAY, ATTEMPTS, BATCH, OVERLAP, Run, chunks
from pipeline.flow.settle import settle_marked
from pipeline.model import Article, Fate, Refused, Stored
from pipeline.readers import Readers, Reading, Unread

MOST_UNSETTLED = 1024  # marks: each batch writes all of them, and each settling cleans pages whose windows still fill
TOLD = ("title", "text", "language", "published_at", "actors", "regions", "flags")
LONGEST = 60  # characters of a value in a line of the dry run


@dataclass(frozen=True, slots=True)
class Again:
    """Which pages to read again: UTC days of their fetch (both inclusive), an outlet, only those without an article."""

    since: date
    until: date
    outlet: str = ""
    failed: bool = False
    dry_run: bool = False


def replay(run: Run, again: Again, readers: Readers, tell: Callable[[str], None]) -> Counter[tuple[Fate, str]]:
    """Read the pages again and store what changed; give the count of each (fate, reason).

    What was alerted of before, into whatever store, counts as said: an empty store is filled without a word.

    Every page that was read is marked, so that it is told what the outlet's pages say under today's rules, whether it
    reads otherwise or not.

    The dry run tells each change instead of writing it. An article hears the pages that are stored, as they are: what
    pages would say that are to be created or changed themselves, and what would move among copies, is not foreseen.
    """
    tally: Counter[tuple[Fate, str]] = Counter()
    with run.store.exclusive(), readers:
        if not again.dry_run:
            remember_claims(run)
        ingested = _unheard(run)
        rebuilding = not (again.outlet or again.failed or again.dry_run or run.store.state(ARCHIVE_DAY).value)
        for file in run.archive.files(again.since, again.until):
            pages = (archived for archived in sound_pages(run, file) if _wanted(run, again, archived))
            for batch in chunks(readers.read(pages), BATCH):
                if again.dry_run:
                    merged = merge_batch(run, batch, readers.stages, ingested)
                    for line in _differences(run, list(_foreseen(run, batch, merged, readers.stages))):
                        tell(line)
                else:
                    merged = _store(run, batch, readers.stages, ingested)
                tally += merged.tally
                run.tick("replay", tally.total(), 0)
            if rebuilding:  # no run has ever read into this store: none waits for outcomes of this file
                run.save_state(progress_of(file), run.store.state(progress_of(file)), FINISHED)
        if not again.dry_run:
            settle_marked(run, readers.stages)
    return tally


def _unheard(run: Run) -> Ingested:
    """Replay never alerts: what it brings was ingested where the next run's alerts do not look back to.

    Except what the rules have not heard yet, because a run was interrupted: that stays in front of their cursor.
    """
    cursor = run.store.state(ALERTED).value
    heard = datetime.fromisoformat(cursor) if cursor else datetime.min.replace(tzinfo=UTC)

    def ingested(archived: Archived, old: Article | None) -> datetime:
        at = (old and old.ingested_at) or archived.page.answer.at
        return at if at > heard else min(at, heard - OVERLAP - timedelta(seconds=1))

    return ingested


def _store(run: Run, batch: Sequence[tuple[Archived, Reading]], stages: Stages, ingested: Ingested) -> Merged:
    """Write a batch, marked until it is settled; what another worker changed meanwhile is merged again."""
    for _ in range(ATTEMPTS):
        merged = merge_batch(run, batch, stages, ingested)
        marks = {*merged.marks, *map(recall.mark, merged.articles)}
        try:
            lost = recall.save(run, replace(merged.changes, outcomes=()), marks)
        except Refused as refused:
            batch = without(batch, refused.why)
            continue
        if not lost:
            if len(recall.unsettled(run)) >= MOST_UNSETTLED:
                settle_marked(run, stages)
            return merged
    raise RuntimeError("articles kept changing while they were replayed")


def _wanted(run: Run, again: Again, archived: Archived) -> bool:
    page = archived.page
    if again.outlet and page.source.id != again.outlet:
        return False
    return not (again.failed and run.store.articles([urls.article_id(page.url)]))


def _foreseen(run: Run, batch: Sequence[tuple[Archived, Reading]], merged: Merged, stages: Stages) -> Iterator[Article]:
    """The articles as they would be when they have heard the stored pages, each with its newest reading."""
    readings = {each for _, read in batch if isinstance(read, Article) for each in read.readings}
    for article in merged.articles:
        if article.readings[-1] in readings:
            told = recall.known_to(run.store, article)
            heard = article if told == article.recalled else recall.cleaned(article, told, stages)
            yield article if isinstance(heard, Unread) else heard


def _differences(run: Run, articles: Sequence[Article]) -> Iterator[str]:
    """A line a changed field of each changed article, and a line each that is removed or is not any more."""
    old = run.store.articles([each.id for each in articles])
    for each in articles:
        yield from _difference(old.get(each.id), each)


def _difference(old: Stored[Article] | None, new: Article) -> Iterator[str]:
    if old is None:
        yield f"{new.url}: would be created: {new.title}"
        return
    for name in TOLD:
        before, after = getattr(old.value, name), getattr(new, name)
        if before != after:
            yield f"{new.url}: {name}: {_short(before)} -> {_short(after)}"
    gone, goes = _removed(old.value), _removed(new)
    for sign, lines in (("+", goes - gone), ("-", gone - goes)):
        yield from (f"{new.url}: removed: {sign} {reason}: {_short(line)}" for reason, line in lines.elements())


def _removed(article: Article) -> Counter[tuple[str, str]]:
    """Reason and text of each line that was taken out."""
    return Counter((piece.reason, line) for piece in article.removed for line in piece.text.split("\n"))


def _short(value: object) -> str:
    if isinstance(value, tuple):
        value = ", ".join(map(str, value)) or "nothing"
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
