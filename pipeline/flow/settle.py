"""Settling: what an arrival can have moved is worked out again, until nothing moves.

First what the outlet's pages know of each other (`pipeline.flow.recall`), then copies and stories, which depend on the
texts that this leaves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

from pipeline.dedupe import group
from pipeline.flow import recall
from pipeline.flow.recall import Mark, Stages
from pipeline.flow.run import ATTEMPTS, SETTLED, Run, chunks
from pipeline.model import Article, Stored

CHUNK = 256  # articles grouped at once, with all that touch them


def settle(run: Run, stages: Stages) -> int:
    """Settle all articles that came or changed since the last time; give how many found another place among copies.

    A crash before the cursor is written makes the next run do the same again, which changes nothing.
    """
    since, now = run.store.state(SETTLED), run.now()
    start = run.behind(since.value, datetime.min.replace(tzinfo=UTC))
    moved = settle_marked(run, stages, [recall.mark(article) for article in run.store.ingested(start)])
    run.save_state(SETTLED, since, now.isoformat())
    return moved


def settle_marked(run: Run, stages: Stages, came: Iterable[Mark] = ()) -> int:
    """Settle what is marked in the store, and what `came` and is not; give how many were moved among copies."""
    begun = recall.unsettled(run)
    marks = begun.union(came)
    left = {each.id for each in marks}
    moved = 0
    for articles in chunks(chain.from_iterable(recall.recall(run, marks, stages)), CHUNK):
        moved += place(run, articles)
        recall.take_off(run, {recall.mark(each) for each in articles} - begun)
        left.difference_update(each.id for each in articles)
    moved += sum(place(run, _stored(run, ids)) for ids in chunks(sorted(left), CHUNK))
    recall.take_off(run, begun)
    return moved


def _stored(run: Run, ids: Collection[str]) -> list[Article]:
    return [each.value for each in run.store.articles(ids).values()]


def place(run: Run, articles: Sequence[Article]) -> int:
    """Group these articles with all that share a band or a story with them; write what moved and give its number.

    Stories were closed under nearness before these came, so that the stories they touch hold all that can move. What
    moves is marked meanwhile: where a store without transactions moved a part of it, these need not touch the rest.
    """
    marks = set[Mark]()
    for _ in range(ATTEMPTS):
        near = run.store.banded({band for article in articles for band in article.bands})
        stories = {article.story for article in articles} | {each.value.story for each in near}
        members = {each.value.id: each for each in run.store.stories(stories)}
        moved = tuple(_moved(members))
        if len(moved) > 1:
            marks |= {recall.mark(each.value) for each in moved} - recall.unsettled(run)
        if not recall.save_again(run, moved, marks):
            recall.take_off(run, marks)
            return len(moved)
    raise RuntimeError("stories kept changing while they were settled")


def _moved(members: dict[str, Stored[Article]]) -> Iterator[Stored[Article]]:
    for key, placing in group([each.value for each in members.values()]).items():
        old = members[key].value
        new = replace(
            old,
            story=placing.story,
            lead=placing.lead,
            copy_of=placing.copy_of,
            first_outlet=placing.first_outlet,
        )
        if new != old:
            yield Stored(new, members[key].version)
