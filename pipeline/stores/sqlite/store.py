"""The store itself: the contract of `pipeline.stores.Store`, each method one question to the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import AbstractContextManager, closing
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from pipeline.model import (
    Article,
    Changes,
    Claim,
    ConfigError,
    Hit,
    Known,
    Outcome,
    Seen,
    Stored,
    StoreError,
    Turn,
    Visit,
)
from pipeline.query import Search
from pipeline.records import timestamp
from pipeline.stores.sqlite import articles, index, pages, rows, schema
from pipeline.stores.sqlite.faults import explained
from pipeline.stores.sqlite.lock import Locks
from pipeline.stores.sqlite.schema import writing
from pipeline.stores.sqlite.search import hits
from pipeline.stores.sqlite.tables import CLAIMS, OUTCOMES, SEEN, STATES, VISITS

SCHEME = "sqlite:///"
PAGE = 500  # outcomes read at once

Connect = Callable[[Path], sqlite3.Connection]


def _nobody() -> None:
    """Tell nobody."""


class SqliteStore:
    """A store in one SQLite file. `waiting` is called once where `exclusive` has to wait, `connect` opens the file.

    Times are kept in UTC with whole seconds. Processes may share the file, each with a store of its own: whoever
    writes makes the others wait.
    """

    def __init__(self, path: Path, waiting: Callable[[], None] = _nobody, connect: Connect = schema.connect) -> None:
        self._path = path
        self._locks = Locks(path, waiting)
        self._connect = connect
        with explained(path):
            self._db = connect(path)
            try:
                schema.prepare(self._db, path)
                index.refresh(self._db)
            except BaseException:
                self._db.close()
                raise

    @classmethod
    def open(cls, url: str, waiting: Callable[[], None] = _nobody) -> SqliteStore:
        """The store at `sqlite:///relative.db` or `sqlite:////absolute.db`, made with its folders where it is missing.

        Raises ConfigError for another form of URL, StoreError where the file cannot be used.
        """
        name = url.removeprefix(SCHEME)
        if name == url or not name.strip("/"):
            raise ConfigError(f"store {url}: expected sqlite:///FILE (from here) or sqlite:////FILE (from the root)")
        path = Path(name).absolute()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"store {path} cannot be created: {error}; name another --store") from error
        return cls(path, waiting)

    def articles(self, ids: Collection[str]) -> dict[str, Stored[Article]]:
        """Articles by id; unknown ids are absent."""
        with explained(self._path):
            return articles.by_id(self._db, ids)

    def stories(self, stories: Collection[str]) -> list[Stored[Article]]:
        """All articles of these stories, by (published_at, id)."""
        with explained(self._path):
            return articles.of_stories(self._db, stories)

    def banded(self, bands: Collection[str]) -> list[Stored[Article]]:
        """Articles that share a band with these, by (published_at, id)."""
        with explained(self._path):
            return articles.with_bands(self._db, bands)

    def ingested(self, since: datetime) -> Iterator[Article]:
        """Articles with `ingested_at` at or after `since`, by (ingested_at, id), read page by page."""
        with explained(self._path):
            yield from articles.ingested(self._db, timestamp(since))

    def remembered(self, outlet: str, since: datetime | None, until: datetime | None, beyond: int) -> list[Known]:
        """What is remembered of an outlet's pages of a time, and of up to `beyond` more on each side."""
        with explained(self._path):
            return pages.around(self._db, outlet, since, until, beyond)

    def unremembered(self) -> int:
        """Number of articles of which nothing is remembered: they have no page."""
        with explained(self._path):
            (count,) = self._db.execute(
                "SELECT (SELECT count(*) FROM articles) - (SELECT count(*) FROM pages)"
            ).fetchone()
        return int(count)

    def save(self, changes: Changes) -> frozenset[str]:
        """Write all of it in one transaction; give the keys that lost."""
        with explained(self._path), writing(self._db) as db:
            lost = articles.write(db, changes.articles)
            for visit in changes.visits:
                if not VISITS.put(db, rows.visit_row(visit.value), visit.version):
                    lost.add(visit.value.source)
            for key, state in changes.states:
                if not STATES.put(db, (key, state.value), state.version):
                    lost.add(key)
            SEEN.create(db, map(rows.seen_row, changes.seen))
            OUTCOMES.create(db, map(rows.outcome_row, changes.outcomes))
        return frozenset(lost)

    def seen(self, ids: Collection[str]) -> dict[str, Seen]:
        """What was met before, by article id."""
        with explained(self._path):
            return {seen.id: seen for seen in map(rows.read_seen, SEEN.read(self._db, ids))}

    def visits(self, sources: Collection[str] | None = None) -> dict[str, Stored[Visit]]:
        """The last visit of these sources (None: of all), by source id."""
        with explained(self._path):
            return {row[0]: Stored(rows.read_visit_row(row), str(row[-1])) for row in VISITS.read(self._db, sources)}

    def state(self, key: str) -> Stored[str]:
        """A small state; Stored("") with version None where it was never written."""
        return self.states([key]).get(key, Stored(""))

    def states(self, keys: Collection[str]) -> dict[str, Stored[str]]:
        """Small states by key; those that were never written are absent."""
        with explained(self._path):
            return {row[0]: Stored(row[1], str(row[2])) for row in STATES.read(self._db, keys)}

    def outcomes(self, run: str) -> Iterator[Outcome]:
        """Outcomes of one run and its parts, by (run, source, entry), read page by page."""
        told, after = ", ".join(rows.OUTCOME), (run, "", -1)
        page = (
            f"SELECT {told} FROM outcomes WHERE (run, source, entry) > (?, ?, ?) AND run < ? || '/' "  # noqa: S608 - our own names
            f"AND (run = ? OR run > ? || '.') ORDER BY run, source, entry LIMIT {PAGE}"  # "/" comes after "."
        )
        with explained(self._path):
            while found := [rows.read_outcome_row(row) for row in self._db.execute(page, (*after, run, run, run))]:
                yield from found
                after = (found[-1].run, found[-1].source, found[-1].entry)

    def forget(self, before: datetime) -> int:
        """Delete outcomes recorded before a time; give how many."""
        with explained(self._path), writing(self._db) as db:
            return db.execute("DELETE FROM outcomes WHERE at < ?", (timestamp(before),)).rowcount

    def forget_states(self, first: str, before: str) -> int:
        """Delete the states whose keys sort from `first` on and before another; give how many."""
        with explained(self._path), writing(self._db) as db:
            return db.execute("DELETE FROM states WHERE key >= ? AND key < ?", (first, before)).rowcount

    def outliving(self, before: date) -> Iterator[Article]:
        """Articles that `expire` would leave of the stories of which it takes a part, by (published_at, id)."""
        with explained(self._path):
            yield from articles.outliving(self._db, before.replace(day=1).isoformat())

    def expire(self, before: date) -> int:
        """Delete the articles that were first fetched in months before the month of a day; give how many.

        In many transactions, so that nobody who writes has to wait for long. What comes later uses the room again; the
        file does not get smaller, which nobody needs unless most of it is to stay empty (`VACUUM` does that).
        """
        gone = 0
        while True:
            with explained(self._path), writing(self._db) as db:
                count = articles.expire(db, before.replace(day=1).isoformat())
            if not count:
                return gone
            gone += count

    def claim(self, claim: Claim) -> bool:
        """Create the claim; False where its key exists."""
        with explained(self._path), writing(self._db) as db:
            return CLAIMS.create(db, [rows.claim_row(claim)]) == 1

    def claims(self, articles: Collection[str]) -> list[Claim]:
        """Claims on any of these article ids, by key."""
        with explained(self._path):
            return [rows.read_claim(row) for row in sorted(CLAIMS.read(self._db, articles, "article"))]

    def undelivered(self) -> list[Claim]:
        """Claims with an alert that nobody recorded as delivered, oldest first."""
        told = ", ".join(rows.CLAIM)
        query = f"SELECT {told} FROM claims WHERE alert <> '' AND delivered_at IS NULL ORDER BY at, key"  # noqa: S608 - our own names
        with explained(self._path):
            return [rows.read_claim(row) for row in self._db.execute(query)]

    def delivered(self, key: str, at: datetime) -> None:
        """Record that the alert of this claim was accepted everywhere; the first time stays."""
        with explained(self._path), writing(self._db) as db:
            db.execute(
                "UPDATE claims SET delivered_at = ? WHERE key = ? AND delivered_at IS NULL", (timestamp(at), key)
            )

    def search(self, search: Search) -> Generator[Hit, None, None]:
        """Hits in the order of the sort, read as they are asked for, as the store stood at the first."""
        with explained(self._path), closing(self._connect(self._path)) as db:
            yield from islice(hits(db, search), search.limit or None)

    def count(self) -> int:
        """Number of articles."""
        with explained(self._path):
            (count,) = self._db.execute("SELECT count(*) FROM articles").fetchone()
        return int(count)

    def exclusive(self, *turns: Turn) -> AbstractContextManager[None]:
        """Wait until nobody holds what contends with these turns, and keep others out meanwhile; freed by death too."""
        return self._locks.held(turns)

    def close(self) -> None:
        """Free what is held; the store is not used afterwards."""
        with explained(self._path):
            self._db.close()
