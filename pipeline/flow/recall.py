"""What an outlet's pages tell each other: a newcomer is heard by the stored pages whose 50 nearest it has come among.

Where pages came, changed, moved in time or went is kept as marks, written before the articles are, until all that a
mark can have changed is cleaned again and placed: a crash leaves a mark too many at worst, which costs a look.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby, islice
from typing import NamedTuple

from pipeline.boilerplate import WINDOW, recalls
from pipeline.flow.run import ATTEMPTS, BATCH, Run, chunks
from pipeline.model import Article, Changes, Known, Refused, Stored
from pipeline.readers import NamedStages, Reading, Unread, read_again
from pipeline.records import moment, timestamp
from pipeline.stores import Store

UNSETTLED = "unsettled"
MOST_MARKS = 256  # looked at together: up to some 700 pages at once, each 45 kB while they are compared
MARKING = 100
"""Attempts to write marks. Each loser implies a winner, who has a batch of articles to write before it marks again,
which takes longer than an attempt: who loses so often has met more workers than share a store, or a bug."""
AROUND = 2 * WINDOW
"""Pages on each side of a mark that are enough to see whom it reaches, and what those are told."""
REACH = WINDOW // 2
"""Ranks from a page to the furthest whose window holds it, away from both ends of the row."""
UNDATED = datetime.min.replace(tzinfo=UTC)

PAGE_ALONE = frozenset({"memory", "length", "language"})
"""Steps that an article passes once: what it tells others, whether it is one and its language are the page's alone."""

Stages = Callable[[], NamedStages]
"""Gives the stages; what cleans nothing again does not build them."""


class Mark(NamedTuple):
    """A place in the row of an outlet's pages where something is another than it was."""

    outlet: str
    published_at: datetime | None  # whole seconds
    id: str  # of the article


def mark(article: Article) -> Mark:
    """The place of an article."""
    return Mark(article.outlet.id, _whole(article.published_at), article.id)


def moved(old: Article | None, new: Article) -> tuple[Mark, ...]:
    """The places where other pages meet something new when this is stored; none where they do not."""
    if old is None:
        return (mark(new),)
    if mark(old) == mark(new):
        return () if old.digest == new.digest else (mark(new),)
    return mark(old), mark(new)


def unsettled(run: Run) -> frozenset[Mark]:
    """The marks of all that was written and is not settled."""
    return _read(run.store.state(UNSETTLED))


def save(run: Run, changes: Changes, marks: Collection[Mark] = ()) -> frozenset[str]:
    """Write the marks, then the changes that they tell of; give the keys that lost.

    Where another worker settles the marks before what they tell of is written, they are written again.
    """
    _rewrite(run, marks)
    lost = run.store.save(changes)
    _rewrite(run, marks)
    return lost


def save_again(run: Run, articles: tuple[Stored[Article], ...], marks: Collection[Mark]) -> frozenset[str]:
    """As `save`, for articles that are stored: what the store refuses stays as it is, and is told."""
    try:
        return save(run, Changes(articles=articles), marks)
    except Refused as refused:
        run.note(f"{refused}; they stay as they are")
        return refused.lost


def take_off(run: Run, marks: Collection[Mark]) -> None:
    """Take off the marks of what is settled."""
    _rewrite(run, (), settled=marks)


def _rewrite(run: Run, marks: Collection[Mark], settled: Collection[Mark] = ()) -> None:
    """Add marks to those that are written and take others off, whatever other workers do to them meanwhile."""
    if not (marks or settled):
        return
    for _ in range(MARKING):
        stored = run.store.state(UNSETTLED)
        held = _read(stored)
        left = held.difference(settled).union(marks)
        if left == held or not run.store.save(Changes(states=((UNSETTLED, Stored(_written(left), stored.version)),))):
            return
    raise RuntimeError("other workers kept marking at the same time")


def recall(run: Run, marks: Collection[Mark], stages: Stages) -> Iterator[list[Article]]:
    """Clean again the stored pages that are told something else now; give them batch by batch as they are stored.

    They carry marks of their own until the caller takes them off: they have to be placed. At most about 50 pages are
    written for a mark.
    """
    for sweep in sweeps(marks):
        yield from _swept(run, sweep, stages)


def cleaned(article: Article, recalled: bytes, stages: Stages) -> Reading:
    """The article as it is with this recall, made of its stored parts."""
    from pipeline.clean import whole

    again = (each for each in stages() if each[0] not in PAGE_ALONE)
    return read_again(replace(article, recalled=recalled), [("clean", whole), *again])


def known_to(store: Store, article: Article) -> bytes:
    """What the stored pages of its outlet would tell of an article that has a digest; nothing is written."""
    at = _whole(article.published_at)
    row = [each for each in store.remembered(article.outlet.id, at, at, AROUND) if each.id != article.id]
    page = Known(article.id, at, article.digest, b"")
    insort(row, page, key=_order)
    place = row.index(page)
    [(_, told)] = recalls(row, place, place)
    return told


def _swept(run: Run, sweep: Sequence[Mark], stages: Stages) -> Iterator[list[Article]]:
    """Clean again what the marks of a sweep can reach; what another worker changed meanwhile is looked at again."""
    for _ in range(ATTEMPTS):
        lost: set[str] = set()
        for batch in chunks(list(_news(run.store, sweep)), BATCH):
            again = tuple(_cleaned_again(run, dict(batch), stages))
            missed = save_again(run, again, [mark(each.value) for each in again])
            lost |= missed
            yield [each.value for each in again if each.value.id not in missed]
        if not lost:
            return
    raise RuntimeError(f"{len(lost)} articles kept changing while they were cleaned again")


def _cleaned_again(run: Run, told: dict[str, bytes], stages: Stages) -> Iterator[Stored[Article]]:
    """The articles of these ids with what is told of them; one that a stage cannot read stays as it is."""
    for key, stored in sorted(run.store.articles(told).items()):
        reading = cleaned(stored.value, told[key], stages)
        if isinstance(reading, Unread):
            run.note(f"{stored.value.url}: not cleaned again: {reading.trace or reading.reason}")
        else:
            yield Stored(reading, stored.version)


def _news(store: Store, sweep: Sequence[Mark]) -> Iterator[tuple[str, bytes]]:
    """The ids of pages of which the others say something else than they did, and what."""
    for row, marks in pieces(store, sweep):
        for first, last in reached(row, marks):
            yield from ((page.id, told) for page, told in recalls(row, first, last) if told != page.recalled)


def pieces(store: Store, sweep: Sequence[Mark]) -> Iterator[tuple[list[Known], Sequence[Mark]]]:
    """The row around the marks of one outlet in pieces, each with those marks of which it holds enough on both sides.

    Marks that stand close share a piece; what lies between marks that stand apart is not read, so that a piece grows
    with the number of marks, not with the months between them.
    """
    while sweep:
        at, around = sweep[0].published_at, AROUND + len(sweep)
        row = store.remembered(sweep[0].outlet, at, at, around)
        goes_on = len(row) - bisect_right(row, at or UNDATED, key=lambda page: _order(page)[0]) >= around
        count = bisect_right(sweep, _order(row[-WINDOW - 2]), key=_order) if goes_on else len(sweep)
        yield row, sweep[:count]
        sweep = sweep[count:]


def reached(row: Sequence[Known], sweep: Iterable[Mark]) -> Iterator[tuple[int, int]]:
    """First and last of the pages in the row whose windows can hold what is marked.

    Towards an end of the row windows lean inwards, so that they reach further.
    """
    order, end = [_order(page) for page in row], len(row) - 1
    reached: list[tuple[int, int]] = []
    for each in sweep:
        rank = bisect_left(order, _order(each))
        first = 0 if rank <= WINDOW else rank - REACH
        last = end if rank >= end - WINDOW else rank + REACH
        if reached and first <= reached[-1][1] + WINDOW:  # to slide on is no more work than to begin anew
            first, _ = reached.pop()
        reached.append((first, last))
    yield from reached if row else ()


def sweeps(marks: Iterable[Mark]) -> Iterator[list[Mark]]:
    """The marks of each outlet in the order of its row, so many at most."""
    ordered = sorted(marks, key=lambda each: (each.outlet, *_order(each)))
    for _, row in groupby(ordered, key=lambda each: each.outlet):
        while sweep := list(islice(row, MOST_MARKS)):
            yield sweep


def _order(page: Mark | Known) -> tuple[datetime, str]:
    return page.published_at or UNDATED, page.id


def _whole(at: datetime | None) -> datetime | None:
    """The time as stores keep it."""
    return at.astimezone(UTC).replace(microsecond=0) if at else None


def _written(marks: Iterable[Mark]) -> str:
    told = ([each.outlet, timestamp(each.published_at) if each.published_at else "", each.id] for each in marks)
    return json.dumps(sorted(told), ensure_ascii=False)


def _read(stored: Stored[str]) -> frozenset[Mark]:
    told = json.loads(stored.value or "[]")
    return frozenset(Mark(outlet, moment(at) if at else None, key) for outlet, at, key in told)
