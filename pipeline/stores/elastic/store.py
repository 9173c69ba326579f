"""The store itself: the contract of `pipeline.stores.Store`, each method a question or two to the server."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import date, datetime
from itertools import islice

from elasticsearch import AuthorizationException, Elasticsearch

from pipeline.model import (
    Article,
    Changes,
    Claim,
    Hit,
    Known,
    Outcome,
    Seen,
    Stored,
    StoreError,
    Turn,
    Visit,
    demanded,
)
from pipeline.query import Search
from pipeline.records import outcome_document, read_claim, read_outcome, read_visit, timestamp, visit_document
from pipeline.stores.elastic import connection, documents, prepare
from pipeline.stores.elastic.articles import TERMS, Articles
from pipeline.stores.elastic.expiry import Expiry
from pipeline.stores.elastic.faults import explained
from pipeline.stores.elastic.freshness import Freshness
from pipeline.stores.elastic.lease import Lease
from pipeline.stores.elastic.names import Names, month
from pipeline.stores.elastic.search import EVERYTHING, Query, hits
from pipeline.stores.elastic.tables import Draft, Table
from pipeline.stores.elastic.writing import Writer

BY_AGE = ({"at": {"order": "asc", "format": "strict_date_optional_time"}}, {"key": "asc"})
RUN_OF_OURS = re.compile(r"(\d{4})(\d{2})\d{2}T")  # pipeline.flow.new_id
TRIES = 10  # to record a delivery that others record, too


def _nobody() -> None:
    """Tell nobody."""


class ElasticStore:
    """A store in Elasticsearch, prepared by `wireroom setup`. `waiting` is called once where `exclusive` has to wait.

    Times are kept in UTC with whole seconds. Workers on many machines share it: every write is create-only or
    compare-and-set. A write is not one transaction: articles come first, then what tells of them, so that a crash
    between the two makes the next run do the same again.
    """

    def __init__(
        self,
        client: Elasticsearch,
        url: str,
        *,
        prefix: str = "",
        waiting: Callable[[], None] = _nobody,
        reading: bool = False,
    ) -> None:
        self._client, self._url, self._waiting = client, url, waiting
        self._names = Names(client, prefix)
        self._writer = Writer(client)
        self._freshness = Freshness(client, reading=reading)
        self._articles = Articles(client, self._names, self._writer, self._freshness)
        self._visits, self._states, self._seen, self._outcomes, self._claims = (
            Table(client, self._freshness, self._names.of(f"wireroom-{name}"))
            for name in ("visits", "states", "seen", "outcomes", "claims")
        )
        self._expiry = Expiry(client, self._names, self._freshness, self._articles)
        self._lease = Lease(client, url, self._states.index)

    @classmethod
    def open(
        cls,
        url: str,
        environ: Mapping[str, str],
        waiting: Callable[[], None] = _nobody,
        patience: float = 0.0,
        *,
        reading: bool = False,
    ) -> ElasticStore:
        """The store at `elasticsearch+https://host:port`, once `wireroom setup` has prepared it; secrets by `environ`.

        For who is only `reading` articles older rules will do, and what others write is seen as the server shows it.
        Raises ConfigError for what a person has to mend, StoreError for a server that cannot be reached. One that goes
        away later is asked again for `patience` seconds.
        """
        to = connection.access(url, environ)
        client = connection.connect(to)
        try:
            with explained(to.url):
                prepare.check(client, to.url, reading=reading)
        except BaseException:
            client.close()
            raise
        connection.be_patient(client, max(patience, connection.A_MOMENT))
        return cls(client, to.url, waiting=waiting, reading=reading)

    def articles(self, ids: Collection[str]) -> dict[str, Stored[Article]]:
        """Articles by id; unknown ids are absent."""
        with explained(self._url):
            return self._articles.by_id(ids)

    def stories(self, stories: Collection[str]) -> list[Stored[Article]]:
        """All articles of these stories, by (published_at, id)."""
        with explained(self._url):
            return self._articles.having("story", stories)

    def banded(self, bands: Collection[str]) -> list[Stored[Article]]:
        """Articles that share a band with these, by (published_at, id)."""
        with explained(self._url):
            return self._articles.having("bands", bands)

    def ingested(self, since: datetime) -> Iterator[Article]:
        """Articles with `ingested_at` at or after `since`, by (ingested_at, id), read page by page."""
        with explained(self._url):
            yield from self._articles.ingested(since)

    def remembered(self, outlet: str, since: datetime | None, until: datetime | None, beyond: int) -> list[Known]:
        """What is remembered of an outlet's pages of a time, and of up to `beyond` more on each side."""
        with explained(self._url):
            return self._articles.remembered(outlet, since, until, beyond)

    def unremembered(self) -> int:
        """Number of articles of which nothing is remembered."""
        return self._counted({"term": {"unremembered": True}})

    def save(self, changes: Changes) -> frozenset[str]:
        """Write articles, then all else; give the keys that lost. Raises Refused for what cannot be taken."""
        with explained(self._url):
            self._demand_lease()
            lost = self._articles.write(changes.articles)
            draft = Draft()
            for outcome in changes.outcomes:
                draft.create(self._outcomes, _key(outcome), outcome_document(outcome), self._month(outcome))
            for seen in changes.seen:
                draft.create(self._seen, seen.id, documents.seen_document(seen))
            for visit in changes.visits:
                draft.put(self._visits, visit.value.source, visit_document(visit.value), visit.version)
            for key, state in changes.states:
                draft.put(self._states, key, {"key": key, "value": state.value}, state.version)
            return frozenset(lost | draft.write(self._writer))

    def seen(self, ids: Collection[str]) -> dict[str, Seen]:
        """What was met before, by article id."""
        with explained(self._url):
            return {key: documents.read_seen(told) for key, (told, _) in self._seen.read(ids).items()}

    def visits(self, sources: Collection[str] | None = None) -> dict[str, Stored[Visit]]:
        """The last visit of these sources (None: of all), by source id."""
        with explained(self._url):
            found = self._visits.find(({"source": "asc"},)) if sources is None else self._visits.read(sources).values()
            visits = [Stored(read_visit(told), version) for told, version in found]
        return {each.value.source: each for each in visits}

    def state(self, key: str) -> Stored[str]:
        """A small state; Stored("") with version None where it was never written."""
        return self.states([key]).get(key, Stored(""))

    def states(self, keys: Collection[str]) -> dict[str, Stored[str]]:
        """Small states by key; those that were never written are absent."""
        with explained(self._url):
            return {key: Stored(told["value"], version) for key, (told, version) in self._states.read(keys).items()}

    def outcomes(self, run: str) -> Iterator[Outcome]:
        """Outcomes of one run and its parts, by (run, source, entry), read page by page."""
        asked = {"bool": {"should": [{"term": {"run": run}}, {"prefix": {"run": f"{run}."}}]}}
        with explained(self._url):
            for told, _ in self._outcomes.find(({"run": "asc"}, {"source": "asc"}, {"entry": "asc"}), asked):
                yield read_outcome(told)

    def forget(self, before: datetime) -> int:
        """Delete outcomes recorded before a time; give how many: none where the key may not."""
        with explained(self._url), suppress(AuthorizationException):
            return self._expiry.matching(self._outcomes.index, {"range": {"at": {"lt": timestamp(before)}}})
        return 0

    def forget_states(self, first: str, before: str) -> int:
        """Delete the states whose keys sort from `first` on and before another; none where the API key may not."""
        with explained(self._url), suppress(AuthorizationException):
            return self._expiry.matching(self._states.index, {"range": {"key": {"gte": first, "lt": before}}})
        return 0

    def outliving(self, before: date) -> Iterator[Article]:
        """Articles that `expire` would leave of the stories of which it takes a part, by (published_at, id)."""
        with explained(self._url):
            yield from self._expiry.outliving(before)

    def expire(self, before: date) -> int:
        """Delete the articles of months before that of a day; give how many. Raises ConfigError without the right."""
        with explained(self._url):
            self._demand_lease()
            return self._expiry.months(self._url, before)

    def claim(self, claim: Claim) -> bool:
        """Create the claim; False where its key exists."""
        draft = Draft()
        draft.put(self._claims, claim.key, documents.claim_document(claim), None)
        with explained(self._url):
            self._demand_lease()
            return not draft.write(self._writer)

    def claims(self, articles: Collection[str]) -> list[Claim]:
        """Claims on any of these article ids, by key."""
        ids, found = sorted(articles), list[Claim]()
        with explained(self._url):
            for start in range(0, len(ids), TERMS):
                asked = {"terms": {"article": ids[start : start + TERMS]}}
                found += (read_claim(told) for told, _ in self._claims.find(({"key": "asc"},), asked))
        return sorted(found, key=lambda claim: claim.key)

    def undelivered(self) -> list[Claim]:
        """Claims with an alert that nobody recorded as delivered, oldest first."""
        with explained(self._url):
            return [read_claim(told) for told, _ in self._claims.find(BY_AGE, {"term": {"waiting": True}})]

    def delivered(self, key: str, at: datetime) -> None:
        """Record that the alert of this claim was accepted everywhere; the first time stays."""
        with explained(self._url):
            for _ in range(TRIES):
                told, version = self._claims.read([key]).get(key, (None, ""))
                claim = told and read_claim(told)
                if not claim or claim.delivered_at:
                    return
                draft = Draft()
                draft.put(self._claims, key, documents.claim_document(replace(claim, delivered_at=at)), version)
                if not draft.write(self._writer):
                    return
        raise StoreError(f"store {self._url}: other workers kept writing claim {key} at the same time; run again")

    def search(self, search: Search) -> Generator[Hit, None, None]:
        """Hits in the order of the sort, read as they are asked for, as the store stood at the first."""
        with explained(self._url):
            index = self._freshness.see(self._names.of("news"), others=False)
            with closing(hits(self._client, index, search)) as found:
                yield from islice(found, search.limit or None)

    def count(self) -> int:
        """Number of articles."""
        return self._counted(EVERYTHING)

    @contextmanager
    def exclusive(self, *turns: Turn) -> Iterator[None]:
        """Wait until nobody holds what contends with these turns, and keep others out; a dead one's hold lapses."""
        with self._lease.held(self._waiting, demanded(turns)):
            with explained(self._url):  # a newer version may have filled the indices anew since the store was opened
                prepare.check(self._client, self._url, self._names.prefix)
            self._names.begin()
            self._freshness.begin()  # who held these turns before wrote until a moment ago
            yield

    def close(self) -> None:
        """Free what is held; the store is not used afterwards."""
        self._client.close()

    def _demand_lease(self) -> None:
        """Raise StoreError where this run had the store to itself, stood still, and another one took its place."""
        if not self._lease.stands():
            raise StoreError(f"store {self._url}: this run stood still for so long that another one took its place")

    def _counted(self, asked: Query) -> int:
        with explained(self._url):
            index = self._freshness.see(self._names.of("news"), others=False)
            return int(self._client.count(index=index, query=asked, ignore_unavailable=True)["count"])

    def _month(self, outcome: Outcome) -> str:
        """The index of an outcome: by its run, so that its key is free once; of a strange run by its time."""
        ours = RUN_OF_OURS.match(outcome.run)
        held_in = f"{ours[1]}.{ours[2]}" if ours else month(outcome.at)
        return self._names.monthly("wireroom-outcomes", held_in)


def _key(outcome: Outcome) -> str:
    return f"{outcome.run}/{outcome.source}/{outcome.entry}"
