"""What the indices are called, and in which of them an article lives.

An id is unique within one index only, so the month of an article is written down once, before the article: who loses
that race reads the winner's month. A month's index bears a number behind its name where it was filled anew.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from pipeline.model import Article
from pipeline.records import timestamp
from pipeline.stores.elastic.writing import Writer

REMEMBERED = 50_000  # months kept in memory: 10 MB; what is asked for again is mostly recent
ASKED_AT_ONCE = 1_000  # ids of one request
NO_MONTH = "1970.01"  # of an article of which not even the fetch is known
MONTH = re.compile(r"(?P<month>\d{4}\.\d{2})(?:-r(?P<round>\d+))?$")


@dataclass
class Names:
    """The names of one store's indices; `prefix` stands before each of them."""

    client: Elasticsearch
    prefix: str = ""
    _months: OrderedDict[str, str] = field(default_factory=OrderedDict)  # of articles; the same for a whole run
    _rounds: dict[str, str] = field(default_factory=dict)  # month: the index that holds it

    def of(self, family: str) -> str:
        """The index of a family, or the alias before its months."""
        return self.prefix + family

    def monthly(self, family: str, month: str) -> str:
        """The index of a family for a month, as 2026.11."""
        return f"{self.prefix}{family}-{month}"

    def begin(self) -> None:
        """Begin a run: since the last one indices may have been filled anew, and months deleted."""
        self._rounds.clear()
        self._months.clear()

    def older(self, month: str) -> list[str]:
        """The indices of articles of earlier months, oldest first, those that are not filled yet too."""
        months = ((found["month"], name) for name in self._behind() if (found := MONTH.search(name)))
        return [name for held, name in sorted(months) if held < month]

    def articles_of(self, month: str) -> str:
        """The index that holds the articles of a month."""
        if month not in self._rounds:
            self._rounds = self._read_rounds()
        return self._rounds.setdefault(month, self.monthly("news", month))

    def places(self, ids: Collection[str]) -> dict[str, str]:
        """In which index each of these articles lives; ids that were never stored are absent."""
        unknown = [each for each in ids if each not in self._months]
        found = {each: self._months[each] for each in ids if each in self._months}
        for start in range(0, len(unknown), ASKED_AT_ONCE):
            found |= self._read(unknown[start : start + ASKED_AT_ONCE])
        self._keep(found)
        return {each: self.articles_of(month) for each, month in found.items()}

    def settle(self, articles: Iterable[Article], writer: Writer) -> dict[str, str]:
        """The index of each article, written down where it is new: the month of its first fetch."""
        wanted = {each.id: each for each in articles}
        known = self.places(wanted)
        new = {key: month_of(article) for key, article in wanted.items() if key not in known}
        if not new:
            return known
        index = self.of("wireroom-months")
        taken = writer.create(index, {key: {"id": key, "month": month} for key, month in new.items()})
        mine = {key: month for key, month in new.items() if key not in taken}
        self._keep(mine)
        return {**known, **{key: self.articles_of(month) for key, month in mine.items()}, **self.places(taken)}

    def _read(self, ids: Collection[str]) -> dict[str, str]:
        told = self.client.mget(index=self.of("wireroom-months"), ids=list(ids))
        return {each["_id"]: each["_source"]["month"] for each in told["docs"] if each.get("found")}

    def _keep(self, months: Mapping[str, str]) -> None:
        self._months.update(months)
        while len(self._months) > REMEMBERED:
            self._months.popitem(last=False)

    def _read_rounds(self) -> dict[str, str]:
        """The index of each month behind the alias; where a month stands there twice, the newest."""
        alias, rounds = self.of("news"), dict[str, tuple[int, str]]()
        for name, each in self._behind().items():
            unfinished = "filter" in each["aliases"][alias]  # is being filled by `wireroom setup --reindex`
            if not unfinished and (told := MONTH.search(name)):
                newest = (int(told["round"] or 0), name)
                rounds[told["month"]] = max(newest, rounds.get(told["month"], newest))
        return {month: name for month, (_, name) in rounds.items()}

    def _behind(self) -> Mapping[str, Any]:
        """The indices behind the alias of all articles, with what they say of it."""
        try:
            held: dict[str, Any] = self.client.indices.get_alias(name=self.of("news")).body
        except NotFoundError:  # nothing was stored yet
            return {}
        return held


def month_of(article: Article) -> str:
    """The month of an article's first fetch: unlike the date of publication it is never corrected."""
    at = article.readings[0].fetched_at if article.readings else article.fetched_at or article.ingested_at
    return month(at) if at else NO_MONTH


def month(at: datetime) -> str:
    """The month of a time in UTC, as 2026.11."""
    return timestamp(at)[:7].replace("-", ".")
