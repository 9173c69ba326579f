"""Other articles that stood whole on a page: their own pages are promised to the next pass, unless they were met."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from pipeline import intake, urls
from pipeline.archive import Archived
from pipeline.clean.repeats import SECOND_ARTICLE
from pipeline.flow.run import Run
from pipeline.model import Article, Changes, Entry, Page, Stored, Visit
from pipeline.readers import Reading

MOST = 5  # of one page: what carries more is a list of articles, and those are in the feed
MOST_OWED = 50  # of one source at a time: a page can make up addresses without end


def offered(run: Run, batch: Sequence[tuple[Archived, Reading]]) -> tuple[Stored[Visit], ...]:
    """The visits of the sources whose pages in this batch carry articles that nobody has met or promised yet.

    A page that was itself offered offers nothing. Where a page of the same run is not read yet, it may be offered all
    the same: `forget_met` takes it off.
    """
    found = {urls.article_id(url): (source, url) for source, url in _found(batch)}
    if not found:
        return ()
    visits = run.store.visits()
    promised = {urls.article_id(entry.url) for visit in visits.values() for entry in visit.value.pending}
    known = promised.union(run.store.seen(found))
    entries: dict[str, list[Entry]] = defaultdict(list)
    for key, (source, url) in found.items():
        if key not in known and source in visits:
            entries[source].append(Entry(url, offered=True))
    owing = ((visits[source], _owing(visits[source], each)) for source, each in entries.items())
    return tuple(new for old, new in owing if new != old)


def forget_met(run: Run) -> None:
    """Take off the visits what was offered and met in another way."""
    visits = [visit for visit in run.store.visits().values() if any(entry.offered for entry in visit.value.pending)]
    seen = run.store.seen([key for visit in visits for key in intake.offers(visit.value)])
    wanted = (Stored(intake.wanted(visit.value, seen), visit.version) for visit in visits)
    changed = tuple(new for new, old in zip(wanted, visits, strict=True) if new != old)
    if changed:
        run.store.save(Changes(visits=changed))


def _owing(visit: Stored[Visit], entries: Iterable[Entry]) -> Stored[Visit]:
    """The visit with as many more promises as there is room for; they are numbered when they are asked for."""
    pending = visit.value.pending
    room = max(0, MOST_OWED - sum(entry.offered for entry in pending))
    return replace(visit, value=replace(visit.value, pending=(*pending, *islice(entries, room))))


def _found(batch: Iterable[tuple[Archived, Reading]]) -> Iterator[tuple[str, str]]:
    """Source and address of articles that stood on pages to which feeds led, and that are no lists."""
    for archived, reading in batch:
        if isinstance(reading, Article) and not archived.page.entry.offered:
            found = set(_addresses(archived.page, reading))
            if len(found) <= MOST:
                yield from ((archived.page.source.id, url) for url in sorted(found))


def _addresses(page: Page, article: Article) -> Iterator[str]:
    """Addresses of other articles on the page, of its own outlet."""
    hosts = {urls.outlet_host(page.url), *page.source.sisters}
    for piece in article.removed:
        try:
            if piece.url and piece.reason == SECOND_ARTICLE and urls.outlet_host(piece.url) in hosts:
                yield urls.canonical(piece.url)
        except ValueError:
            continue
