"""A store in memory: simple and obviously right, so that the contract suite does not just describe SQLite.

It searches by asking `query.matches` of every article. Times are kept in whole seconds, as every store keeps them.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, TypeVar

from pipeline import query
from pipeline.document import article, document
from pipeline.model import Article, Changes, Claim, Hit, Known, Outcome, Seen, Stored, Turn, Visit, contend, demanded
from pipeline.query import And, Node, Not, Or, Search, Term

OLDEST = datetime.min.replace(tzinfo=UTC)  # where an article without date stands
Value = TypeVar("Value")


@dataclass
class Shelf:
    """What stores on the same data share."""

    articles: dict[str, Stored[Article]] = field(default_factory=dict)
    visits: dict[str, Stored[Visit]] = field(default_factory=dict)
    states: dict[str, Stored[str]] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    outcomes: dict[tuple[str, str, int], Outcome] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    taken: list[frozenset[Turn]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)


class MemoryStore:
    """The contract of `pipeline.stores.Store` over dictionaries."""

    def __init__(self, shelf: Shelf | None = None, waiting: Callable[[], None] = lambda: None) -> None:
        self._shelf = shelf or Shelf()
        self._waiting = waiting
        self._busy = False

    def articles(self, ids: Collection[str]) -> dict[str, Stored[Article]]:
        """Articles by id."""
        return {key: each for key, each in self._shelf.articles.items() if key in ids}

    def stories(self, stories: Collection[str]) -> list[Stored[Article]]:
        """All articles of these stories."""
        return self._oldest_first(each for each in self._stored() if each.value.story in stories)

    def banded(self, bands: Collection[str]) -> list[Stored[Article]]:
        """Articles that share a band."""
        return self._oldest_first(each for each in self._stored() if set(each.value.bands) & set(bands))

    def ingested(self, since: datetime) -> Iterator[Article]:
        """Articles that came since a time."""
        start = _whole(since)
        found = [each.value for each in self._stored() if each.value.ingested_at and each.value.ingested_at >= start]
        yield from sorted(found, key=lambda article: (article.ingested_at or OLDEST, article.id))

    def remembered(self, outlet: str, since: datetime | None, until: datetime | None, beyond: int) -> list[Known]:
        """Pages of an outlet around a time."""
        told = (each.value for each in self._stored() if each.value.digest and each.value.outlet.id == outlet)
        pages = sorted((_dated(page.published_at), page.id, page) for page in told)
        times = [at for at, _, _ in pages]
        first, last = bisect_left(times, _dated(since)), bisect_right(times, _dated(until))
        near = (page for _, _, page in pages[max(0, first - beyond) : last + beyond])
        return [Known(page.id, page.published_at, page.digest, page.recalled) for page in near]

    def unremembered(self) -> int:
        """Number of articles that left nothing."""
        return sum(not (each.value.digest or each.value.recalled) for each in self._stored())

    def save(self, changes: Changes) -> frozenset[str]:
        """Write what is not stale."""
        lost: set[str] = set()
        fresh = [replace(each, value=article(document(each.value, private=True))) for each in changes.articles]
        _put(self._shelf.articles, ((each.value.id, each) for each in fresh), lost)
        visits = [replace(each, value=_whole_visit(each.value)) for each in changes.visits]
        _put(self._shelf.visits, ((each.value.source, each) for each in visits), lost)
        _put(self._shelf.states, changes.states, lost)
        for seen in changes.seen:
            self._shelf.seen.setdefault(seen.id, _whole_times(seen))
        for outcome in changes.outcomes:
            self._shelf.outcomes.setdefault((outcome.run, outcome.source, outcome.entry), _whole_times(outcome))
        return frozenset(lost)

    def seen(self, ids: Collection[str]) -> dict[str, Seen]:
        """What was met before."""
        return {key: seen for key, seen in self._shelf.seen.items() if key in ids}

    def visits(self, sources: Collection[str] | None = None) -> dict[str, Stored[Visit]]:
        """The last visits."""
        return {key: each for key, each in self._shelf.visits.items() if sources is None or key in sources}

    def state(self, key: str) -> Stored[str]:
        """A small state."""
        return self.states([key]).get(key, Stored(""))

    def states(self, keys: Collection[str]) -> dict[str, Stored[str]]:
        """Small states by key."""
        return {key: self._shelf.states[key] for key in keys if key in self._shelf.states}

    def outcomes(self, run: str) -> Iterator[Outcome]:
        """Outcomes of one run and its parts."""
        kept = sorted(self._shelf.outcomes.items())
        yield from (outcome for key, outcome in kept if key[0] == run or key[0].startswith(f"{run}."))

    def forget(self, before: datetime) -> int:
        """Delete old outcomes."""
        old = [key for key, outcome in self._shelf.outcomes.items() if outcome.at < _whole(before)]
        for key in old:
            del self._shelf.outcomes[key]
        return len(old)

    def forget_states(self, first: str, before: str) -> int:
        """Delete the states of some keys."""
        old = [key for key in self._shelf.states if first <= key < before]
        for key in old:
            del self._shelf.states[key]
        return len(old)

    def outliving(self, before: date) -> Iterator[Article]:
        """What stays of stories of which a part expires."""
        torn = {each.value.story for each in self._stored() if each.value.story and _expires(each, before)}
        return (each.value for each in self.stories(torn) if not _expires(each, before))

    def expire(self, before: date) -> int:
        """Delete the articles of old months."""
        old = [each.value.id for each in self._stored() if _expires(each, before)]
        for key in old:
            del self._shelf.articles[key]
        return len(old)

    def claim(self, claim: Claim) -> bool:
        """Create a claim."""
        kept = _whole_times(claim)
        return self._shelf.claims.setdefault(claim.key, kept) is kept

    def claims(self, articles: Collection[str]) -> list[Claim]:
        """Claims on these articles."""
        return [claim for _, claim in sorted(self._shelf.claims.items()) if claim.article in articles]

    def undelivered(self) -> list[Claim]:
        """Claims that wait to be delivered."""
        waiting = [claim for claim in self._shelf.claims.values() if claim.alert and claim.delivered_at is None]
        return sorted(waiting, key=lambda claim: (claim.at, claim.key))

    def delivered(self, key: str, at: datetime) -> None:
        """Record a delivery."""
        claim = self._shelf.claims.get(key)
        if claim and claim.delivered_at is None:
            self._shelf.claims[key] = replace(claim, delivered_at=_whole(at))

    def search(self, search: Search) -> Generator[Hit, None, None]:
        """Every article asked, sorted, one per story."""
        found = [each.value for each in self._stored() if _wanted(each.value, search)]
        found.sort(key=lambda article: article.id)
        found.sort(key=lambda article: article.published_at or OLDEST, reverse=True)
        if search.sort == "best":
            found.sort(key=lambda article: _score(search.query, article), reverse=True)
        firsts: dict[str, Article] = {}
        for each in found:
            firsts.setdefault(each.id if search.every else each.story or each.id, each)
        hits = (Hit(each, max(0, len(self.stories([each.story])) - 1) if each.story else 0) for each in firsts.values())
        yield from islice(hits, search.limit or None)

    def count(self) -> int:
        """Number of articles."""
        return len(self._shelf.articles)

    @contextmanager
    def exclusive(self, *turns: Turn) -> Iterator[None]:
        """Keep out who contends."""
        mine, shelf = demanded(turns), self._shelf
        if self._busy:
            raise RuntimeError("this store object holds turns already")

        def free() -> bool:
            return not any(contend(one, other) for one in mine for theirs in shelf.taken for other in theirs)

        self._busy = True
        try:
            with shelf.changed:
                if not free():
                    self._waiting()
                    shelf.changed.wait_for(free)
                shelf.taken.append(mine)
            try:
                yield
            finally:
                with shelf.changed:
                    shelf.taken.remove(mine)
                    shelf.changed.notify_all()
        finally:
            self._busy = False

    def close(self) -> None:
        """Nothing is held."""

    def _stored(self) -> list[Stored[Article]]:
        return list(self._shelf.articles.values())

    @staticmethod
    def _oldest_first(found: Iterable[Stored[Article]]) -> list[Stored[Article]]:
        return sorted(found, key=lambda each: (each.value.published_at or OLDEST, each.value.id))


def _expires(stored: Stored[Article], before: date) -> bool:
    """Whether an article was first fetched in an earlier month."""
    article = stored.value
    first = article.readings[0].fetched_at if article.readings else article.fetched_at or article.ingested_at
    return first is None or (first.year, first.month) < (before.year, before.month)


def _put(shelf: dict[str, Stored[Value]], new: Iterable[tuple[str, Stored[Value]]], lost: set[str]) -> None:
    """Create or compare-and-set, each key once."""
    written: set[str] = set()
    for key, each in new:
        current = shelf[key].version if key in shelf else None
        if key in written or each.version != current:
            lost.add(key)
        else:
            shelf[key] = Stored(each.value, str(int(current or 0) + 1))
            written.add(key)


def _wanted(article: Article, search: Search) -> bool:
    filters = (
        (search.actors, article.actors),
        (search.regions, article.regions),
        (search.countries, (article.outlet.country,)),
        (search.outlets, (article.outlet.id,)),
        (search.languages, (article.language,)),
    )
    at = article.published_at
    return (
        all(not asked or set(asked) & set(held) for asked, held in filters)
        and (search.since is None or (at is not None and at >= search.since))
        and (search.until is None or (at is not None and at < search.until))
        and query.matches(search.query, query.fields(article))
    )


def _score(node: Node | None, article: Article) -> float:
    """How often the words stand in the article, five times as much in the title, for its length."""
    title, *others = query.fields(article)
    length = len(title) + sum(map(len, others))
    return (5 * _count(node, title) + sum(_count(node, field) for field in others)) / (20 + length)


def _count(node: Node | None, field: Sequence[str]) -> int:
    match node:
        case Term(tokens):
            return sum(query.matches(node, [field[start : start + len(tokens)]]) for start in range(len(field)))
        case And(parts) | Or(parts):
            return sum(_count(part, field) for part in parts)
        case None | Not():
            return 0


def _dated(at: datetime | None) -> tuple[bool, datetime]:
    """Sorts by time in whole seconds, what has none before all others."""
    return at is not None, _whole(at) if at else OLDEST


def _whole(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _whole_times(value: Any) -> Any:  # noqa: ANN401 - any dataclass of the model
    """The same with whole seconds in UTC."""
    times = {each.name: getattr(value, each.name) for each in fields(value)}
    return replace(value, **{name: _whole(at) for name, at in times.items() if isinstance(at, datetime)})


def _whole_visit(visit: Visit) -> Visit:
    whole: Visit = _whole_times(visit)
    return replace(whole, pending=tuple(map(_whole_times, visit.pending)))
