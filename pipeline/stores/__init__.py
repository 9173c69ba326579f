"""The contract of a store, kept by SQLite and Elasticsearch, and proved by `tests/test_store_contract.py`."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from pipeline.model import Article, Changes, Claim, Hit, Known, Outcome, Seen, Stored, Turn, Visit
from pipeline.query import Search


class Store(Protocol):
    """Articles, outcomes, visits, claims, what was seen, and small states; every method may raise StoreError.

    State is written create-only or compare-and-set, so that several workers may share a store. Times are kept in UTC
    with whole seconds. An article without date counts as older than all others.
    """

    def articles(self, ids: Collection[str]) -> dict[str, Stored[Article]]:
        """Articles by id; unknown ids are absent."""

    def stories(self, stories: Collection[str]) -> list[Stored[Article]]:
        """All articles of these stories, by (published_at, id)."""

    def banded(self, bands: Collection[str]) -> list[Stored[Article]]:
        """Articles that share a band with these: candidates for near copies, by (published_at, id)."""

    def ingested(self, since: datetime) -> Iterator[Article]:
        """Articles with `ingested_at` at or after `since`, by (ingested_at, id), read page by page.

        The caller may write between two of them.
        """

    def remembered(self, outlet: str, since: datetime | None, until: datetime | None, beyond: int) -> list[Known]:
        """What is remembered of the pages of one outlet (its id) around a time, by (published_at, id).

        Given are all pages with a digest whose `published_at` is from `since` to `until`, both inclusive, in whole
        seconds, and on each side the nearest `beyond` more, fewer where there are fewer. None is the time of pages
        without date, before all others. Only what `Known` holds is read.
        """

    def unremembered(self) -> int:
        """Number of articles of which nothing is remembered, neither digest nor recall."""

    def save(self, changes: Changes) -> frozenset[str]:
        """Write all of it, in one transaction where the store has such; give the keys that lost.

        Stale or existing articles, visits and states lose: they are not written, everything else is. `seen` and
        `outcomes` are create-only and never lose. Of an article that stands in `changes` twice the second loses.
        Without transactions articles come first, then what tells of them. Raises Refused, before anything is told, for
        articles that the store cannot take for what they say; the other articles stand.
        """

    def seen(self, ids: Collection[str]) -> dict[str, Seen]:
        """What was met before, by article id."""

    def visits(self, sources: Collection[str] | None = None) -> dict[str, Stored[Visit]]:
        """The last visit of these sources (None: of all), by source id."""

    def state(self, key: str) -> Stored[str]:
        """A small state; Stored("") with version None where it was never written."""

    def states(self, keys: Collection[str]) -> dict[str, Stored[str]]:
        """Small states by key; those that were never written are absent."""

    def outcomes(self, run: str) -> Iterator[Outcome]:
        """Outcomes of one run and of its parts, whose ids go on with a full stop, by (run, source, entry)."""

    def forget(self, before: datetime) -> int:
        """Delete outcomes recorded before a time; give how many."""

    def forget_states(self, first: str, before: str) -> int:
        """Delete the states whose keys sort from `first` on and before another; give how many."""

    def outliving(self, before: date) -> Iterator[Article]:
        """Articles that `expire` would leave of the stories of which it takes a part, by (published_at, id)."""

    def expire(self, before: date) -> int:
        """Delete the articles that were first fetched in months before the month of a day; give how many.

        What was seen of them and claims on them stay, and what tells of them in other articles. An article that comes
        again is a new one. Raises ConfigError where whoever asks may not delete articles.
        """

    def claim(self, claim: Claim) -> bool:
        """Create the claim; False where its key exists."""

    def claims(self, articles: Collection[str]) -> list[Claim]:
        """Claims on any of these article ids, by key."""

    def undelivered(self) -> list[Claim]:
        """Claims with an alert that nobody recorded as delivered, oldest first."""

    def delivered(self, key: str, at: datetime) -> None:
        """Record that the alert of this claim was accepted everywhere."""

    def search(self, search: Search) -> Generator[Hit, None, None]:
        """Hits in the order of the sort, one per story unless all are asked for, lazily."""

    def count(self) -> int:
        """Number of articles."""

    def exclusive(self, *turns: Turn) -> AbstractContextManager[None]:
        """Wait until nobody holds a turn that contends with one of these, and keep such others out; none: all of all.

        The death of its holder frees it: at once on one machine, of a store that many share a moment later. Who waits
        for all of a work waits until no part of it is held; parts that are asked for meanwhile may come first. One
        store object takes turns once at a time: RuntimeError where it holds or waits for some. ValueError for a part
        whose name is no name.
        """

    def close(self) -> None:
        """Free what is held; the store is not used afterwards."""
