"""Copies and stories: worked out again for everything that an arrival can have moved, until nothing moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from pipeline.dedupe import group
from pipeline.flow.run import Run
from pipeline.model import Article, Changes, Stored

SETTLED = "settled"
CHUNK = 256  # articles grouped at once, with all that touch them
ATTEMPTS = 5


def settle(run: Run) -> int:
    """Place all articles that came or changed since the last time; give how many were moved.

    A crash before the cursor is written makes the next run do the same again, which changes nothing.
    """
    since, now, moved = run.store.state(SETTLED), run.now(), 0
    start = run.behind(since.value, datetime.min.replace(tzinfo=UTC))
    for chunk in chunks(run.store.ingested(start), CHUNK):
        moved += place(run, chunk)
    run.save_state(SETTLED, since, now.isoformat())
    return moved


def place(run: Run, articles: Sequence[Article]) -> int:
    """Group these articles with all that share a band or a story with them; write what moved and give its number.

    Stories were closed under nearness before these came, so that the stories they touch hold all that can move.
    """
    for _ in range(ATTEMPTS):
        near = run.store.banded({band for article in articles for band in article.bands})
        stories = {article.story for article in articles} | {each.value.story for each in near}
        members = {each.value.id: each for each in run.store.stories(stories)}
        moved = tuple(_moved(members))
        if not run.store.save(Changes(articles=moved)):
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


def chunks(articles: Iterable[Article], size: int) -> Iterator[list[Article]]:
    """Lists of at most `size` articles."""
    stream = iter(articles)
    while chunk := list(islice(stream, size)):
        yield chunk
