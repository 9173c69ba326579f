"""What is old goes: articles by whole months, which costs the server next to nothing, all else by a query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import chain
from typing import TYPE_CHECKING

from elasticsearch import AuthorizationException

from pipeline.model import Article, ConfigError
from pipeline.stores.elastic.articles import TERMS, Articles
from pipeline.stores.elastic.documents import second
from pipeline.stores.elastic.freshness import Freshness
from pipeline.stores.elastic.names import Names, month
from pipeline.stores.elastic.search import Query, documents, living

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

LONG = 600.0  # seconds that the server may take to delete
AT_ONCE = 1_000  # values of stories read at once; nothing else is


@dataclass(frozen=True, slots=True)
class Expiry:
    """How old articles, states and outcomes leave one store."""

    client: Elasticsearch
    names: Names
    freshness: Freshness
    articles: Articles

    def outliving(self, before: date) -> list[Article]:
        """What stays of the stories of which a part stands in months before that of a day, oldest first."""
        old = self.names.older(_month(before))
        torn = sorted(self._stories(old)) if old else []
        chunks = (torn[start : start + TERMS] for start in range(0, len(torn), TERMS))
        staying = chain.from_iterable(self.articles.outside(old, stories) for stories in chunks)
        return sorted(staying, key=lambda each: (second(each.published_at), each.id))

    def months(self, url: str, before: date) -> int:
        """Delete the months before that of a day; give the number of articles. Raises ConfigError without the right.

        What is known of whose month it was goes last, also what an attempt left that was broken off.
        """
        old = self.names.older(_month(before))
        held = self.freshness.see(self.names.of("news"))
        gone = self.client.count(index=held, query=_in(old), ignore_unavailable=True)["count"] if old else 0
        try:
            for index in old:
                self.client.indices.delete(index=index, ignore_unavailable=True)
            self.matching(self.names.of("wireroom-months"), {"range": {"month": {"lt": _month(before)}}})
        except AuthorizationException as refused:
            raise ConfigError(
                f"store {url}: this key may not delete articles, as retention.articles_months of settings.yaml wants; "
                "use the key for upkeep, which `wireroom setup` makes, or write articles_months: null."
            ) from refused
        self.names.begin()
        return int(gone)

    def matching(self, index: str, asked: Query) -> int:
        """Delete the documents of an index that a query finds; give how many."""
        done = self.client.options(request_timeout=LONG).delete_by_query(
            index=self.freshness.see(index), query=asked, ignore_unavailable=True, refresh=True, conflicts="proceed"
        )
        return int(done["deleted"])

    def _stories(self, old: list[str]) -> set[str]:
        """The stories of the articles in these indices."""
        self.freshness.see(self.names.of("news"))
        columns = documents(
            self.client,
            living(self.names.of("news")),
            {"bool": {"filter": [_in(old), {"exists": {"field": "story"}}]}},
            ({"id": "asc"},),
            size=AT_ONCE,
            source=False,
            docvalue_fields=["story"],
        )
        return {each["fields"]["story"][0] for each in columns}


def _in(indices: list[str]) -> Query:
    """Documents of these indices; their names alone could be too long for an address."""
    return {"terms": {"_index": indices}}


def _month(day: date) -> str:
    return month(datetime.combine(day, time(), UTC))
