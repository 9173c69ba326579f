"""Articles in and out of their monthly indices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipeline.model import Article, Known, Refused, Stored
from pipeline.records import timestamp
from pipeline.stores.elastic.documents import PAGE, article_document, read_article, read_page, second
from pipeline.stores.elastic.freshness import Freshness
from pipeline.stores.elastic.names import ASKED_AT_ONCE, Names
from pipeline.stores.elastic.search import UNREAD, Query, documents, living, one_of
from pipeline.stores.elastic.writing import Action, Writer, change, creation, read_version, version

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

OLDEST_FIRST = ({"second": "asc"}, {"id": "asc"})
NEWEST_FIRST = ({"second": "desc"}, {"id": "desc"})
CAME = ({"ingested_at": {"order": "asc", "format": "strict_date_optional_time"}}, {"id": "asc"})
TERMS = 10_000  # values of one query; the server takes 65,536


@dataclass(frozen=True, slots=True)
class Articles:
    """The articles of one store."""

    client: Elasticsearch
    names: Names
    writer: Writer
    freshness: Freshness

    def by_id(self, ids: Collection[str]) -> dict[str, Stored[Article]]:
        """Articles by id as they are now; unknown ids are absent."""
        places = sorted(self.names.places(ids).items())
        found = dict[str, Stored[Article]]()
        for start in range(0, len(places), ASKED_AT_ONCE):
            asked = [{"_index": index, "_id": key} for key, index in places[start : start + ASKED_AT_ONCE]]
            told = self.client.mget(docs=asked, source_excludes=UNREAD)
            found |= {each["_id"]: _stored(each) for each in told["docs"] if each.get("found")}
        return found

    def having(self, field: str, values: Collection[str]) -> list[Stored[Article]]:
        """Articles with one of these values in a field, oldest first."""
        index, asked = self.freshness.see(self.names.of("news")), sorted(values)
        found = dict[str, Stored[Article]]()
        for start in range(0, len(asked), TERMS):
            terms = one_of(field, asked[start : start + TERMS])
            for each in self._read(index, terms, OLDEST_FIRST):
                found[each["_id"]] = _stored(each)
        return sorted(found.values(), key=lambda each: (second(each.value.published_at), each.value.id))

    def outside(self, indices: Sequence[str], stories: Sequence[str]) -> Iterator[Article]:
        """Articles of these stories that live in no index of these, by (published_at, id)."""
        index = self.freshness.see(self.names.of("news"))
        asked = {"bool": {"filter": [one_of("story", stories)], "must_not": [{"terms": {"_index": list(indices)}}]}}
        return (read_article(each["_source"]) for each in self._read(index, asked, OLDEST_FIRST))

    def ingested(self, since: datetime) -> Iterator[Article]:
        """Articles by (ingested_at, id) from a time on, page by page as they are then."""
        index = self.freshness.see(self.names.of("news"))
        came = {"range": {"ingested_at": {"gte": timestamp(since)}}}
        return (read_article(each["_source"]) for each in self._read(index, came, CAME))

    def remembered(self, outlet: str, since: datetime | None, until: datetime | None, beyond: int) -> list[Known]:
        """What is remembered of an outlet's pages of a time, with `beyond` more on each side, by (published_at, id)."""
        first, last = (second(at.replace(microsecond=0) if at else None) for at in (since, until))
        before = self._pages(outlet, {"lt": first}, NEWEST_FIRST, beyond)
        between = self._pages(outlet, {"gte": first, "lte": last}, OLDEST_FIRST)
        after = self._pages(outlet, {"gt": last}, OLDEST_FIRST, beyond)
        return [*reversed(before), *between, *after]

    def write(self, articles: Sequence[Stored[Article]]) -> set[str]:
        """Create or change articles; give the ids that lost. Raises Refused for what the server cannot take."""
        if not articles:
            return set()
        first = {each.value.id: each for each in reversed(articles)}
        lost = {each.value.id for each in articles if each is not first[each.value.id]}
        new = [each.value for each in first.values() if each.version is None]
        places = self.names.settle(new, self.writer)
        actions = list[Action]()
        for key, each in sorted(first.items()):
            told = article_document(each.value)
            if each.version is None:
                actions.append(creation(places[key], key, told))
                continue
            index, _, text = each.version.partition(":")
            if numbers := read_version(text):
                actions.append(change(index, key, told, numbers))
            else:
                lost.add(key)
        try:
            written = self.writer.write(actions)
        finally:
            self.freshness.wrote(self.names.of("news"))
        lost |= {key for _, key in written.conflicts}
        if written.refused:
            raise Refused({key: why for (_, key), why in written.refused.items()}, frozenset(lost))
        return lost

    def _pages(self, outlet: str, span: Query, order: Sequence[dict[str, str]], most: int | None = None) -> list[Known]:
        wanted = [one_of("outlet.id", [outlet]), {"range": {"second": span}}, {"exists": {"field": "digest"}}]
        index = self.freshness.see(self.names.of("news"))
        asked = {"bool": {"filter": wanted}}
        columns = documents(self.client, living(index), asked, order, most=most, source=False, docvalue_fields=PAGE)
        return [read_page(each["fields"]) for each in columns]

    def _read(self, index: str, asked: Query, order: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        options = {"source_excludes": UNREAD, "seq_no_primary_term": True}
        return documents(self.client, living(index), asked, tuple(order), **options)


def _stored(told: dict[str, Any]) -> Stored[Article]:
    return Stored(read_article(told["_source"]), f"{told['_index']}:{version(told)}")
