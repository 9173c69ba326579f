"""What is done once a day: outcomes, fetched pages and articles that the settings want no longer are deleted.

Age is counted from the newest news, not from the clock. So nothing goes while nothing comes, whether the sources fell
silent or nobody ran; and a clock that is years ahead, by which the visits of that very day look sound, takes nothing
with it: what pages and feeds say of themselves does not jump with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from statistics import median_low
from typing import NamedTuple

from pipeline.flow import recall
from pipeline.flow.process import progress_of
from pipeline.flow.run import ARCHIVE_DAY, Run, chunks
from pipeline.flow.settle import CHUNK, place
from pipeline.model import Changes, ConfigError
from pipeline.query import Search

SWEPT = "swept"
NEWEST = 50  # articles that tell what day it is: the middle of them, since one may bear a wrong date
LATE = timedelta(days=3)  # without anything newer: told
LOOKED_BACK = timedelta(days=30)  # that a clock may be set back before files which were read are read again
YEAR = 12  # months
ACCEPTED = ">"  # in the kind of a claim: one destination has the message, of which other articles know nothing


class Expired(NamedTuple):
    """How many of each were deleted."""

    outcomes: int = 0
    files: int = 0  # of the archive
    articles: int = 0


def expire(run: Run) -> Expired:
    """Delete what `retention` of the settings wants no longer, once nobody else is at work on the store.

    Raises ConfigError where the store's key may not delete articles; all else is deleted then.
    """
    with run.store.exclusive():
        return sweep(run)


def expire_daily(run: Run) -> None:
    """The same at the end of a pass, which has the store to itself: once a day, and what it may not do is told."""
    swept, today = run.store.state(SWEPT), run.now().date().isoformat()
    if swept.value == today:
        return
    try:
        sweep(run)
    except ConfigError as mistake:
        run.note(str(mistake))
    run.save_state(SWEPT, swept, today)


def sweep(run: Run) -> Expired:
    """As `expire`, for who has the store to itself."""
    now = time_of_news(run)
    if now is None:
        return Expired()
    kept, outcomes, files, articles = run.config.settings.retention, 0, 0, 0
    if kept.outcomes_days is not None:
        outcomes = run.store.forget(now - timedelta(days=kept.outcomes_days))
    if read := run.store.state(ARCHIVE_DAY).value:
        until = min(now.date(), date.fromisoformat(read))  # of later days there may be files that nobody has read
        if kept.archive_days is not None:
            files = len(run.archive.expire(min(until, now.date() - timedelta(days=kept.archive_days))))
        run.store.forget_states(progress_of(""), progress_of(f"{until - LOOKED_BACK:%Y/%m/%d}"))
    if kept.articles_months is not None:
        articles = _expire_articles(run, months_before(now.date(), kept.articles_months))
    return Expired(outcomes, files, articles)


def time_of_news(run: Run) -> datetime | None:
    """What time it is by the newest articles that a page, a feed or an address dates, at most that of the clock.

    None where there is no such article: what little there is stays. The operator is told where nothing newer came.
    """
    hits = run.store.search(Search(limit=NEWEST, every=True))
    told = [hit.article.published_at for hit in hits if hit.article.published_from != "fetched"]
    dated = [at for at in told if at]
    if not dated:
        return None
    if run.now() - max(dated) > LATE:
        run.note(
            f"the newest article is of {max(dated):%Y-%m-%d}, and ages are counted from there: while nothing comes, "
            "nothing is deleted. See that the clock is right and that sources are read."
        )
    return min(run.now(), median_low(dated))


def months_before(day: date, count: int) -> date:
    """The first day of the month so many before that of a day."""
    month = day.year * YEAR + day.month - 1 - count
    return date(month // YEAR, month % YEAR + 1, 1)


def _expire_articles(run: Run, before: date) -> int:
    """Delete the articles of the months before that of a day, and place anew what stays of their stories.

    Copies of a lead that is gone would be copies of nothing, and hidden from who asks for one article a story. They are
    marked before, so that after a crash the next run places them.
    """
    marks, staying = set[recall.Mark](), defaultdict[str, list[str]](list)
    for article in run.store.outliving(before):
        marks.add(recall.mark(article))
        staying[article.story].append(article.id)
    marks -= recall.unsettled(run)
    _hand_down(run, staying)
    recall.save(run, Changes(), marks)
    try:
        return run.store.expire(before)
    finally:
        for some in chunks(sorted(each.id for each in marks), CHUNK):
            place(run, [each.value for each in run.store.articles(some).values()])
        recall.take_off(run, marks)


def _hand_down(run: Run, staying: Mapping[str, Sequence[str]]) -> None:
    """Claim the articles that stay of each story for the rules that spoke of it: else these would speak of it again.

    All of them, since a story may fall apart without what goes. The archive is told first: what the store holds after a
    crash is not told again.
    """
    now = run.now()
    for stories in chunks(staying, CHUNK):
        story_of = {each.value.id: each.value.story for each in run.store.stories(stories)}
        held = {claim.key: claim for claim in run.store.claims(story_of)}
        heirs = {
            claim.key: claim
            for spoken in held.values()
            if ACCEPTED not in spoken.kind
            for article in staying[story_of[spoken.article]]
            for claim in [replace(spoken, article=article, alert="", delivered_at=now)]
        }
        new = [claim for key, claim in heirs.items() if key not in held]
        run.archive.record(run.id, new)
        for claim in new:
            run.store.claim(claim)
