"""The plain indices: read by id, create what is new, compare-and-set by the version that was read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from elasticsearch import NotFoundError

from pipeline.stores.elastic.freshness import Freshness
from pipeline.stores.elastic.names import ASKED_AT_ONCE
from pipeline.stores.elastic.search import EVERYTHING, Query, documents
from pipeline.stores.elastic.writing import (
    Action,
    Item,
    Writer,
    change,
    creation,
    demand_all_sound,
    read_version,
    version,
)

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

LONGEST_ID = 512  # bytes
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """One index of small documents."""

    client: Elasticsearch
    freshness: Freshness
    index: str

    def read(self, keys: Collection[str]) -> dict[str, tuple[Document, str]]:
        """Documents by key as they are now, each with its version; unknown keys are absent."""
        asked, found = {document_id(key): key for key in keys}, dict[str, tuple[Document, str]]()
        ids = sorted(asked)
        for start in range(0, len(ids), ASKED_AT_ONCE):
            told = self.client.mget(index=self.index, ids=ids[start : start + ASKED_AT_ONCE])
            there = [each for each in told["docs"] if each.get("found")]
            found |= {asked[each["_id"]]: (each["_source"], version(each)) for each in there}
        return found

    def find(self, order: tuple[dict[str, Any], ...], asked: Query | None = None) -> Iterator[tuple[Document, str]]:
        """Documents that a query finds (None: all), by a total order, with their versions."""
        where = {"index": self.freshness.see(self.index)}  # a key that may not see it is to be told so
        with suppress(NotFoundError):  # all months may have been deleted
            for each in documents(self.client, where, asked or EVERYTHING, order, seq_no_primary_term=True):
                yield each["_source"], version(each)


@dataclass
class Draft:
    """What one write brings to tables, and by which key each item is told of where it loses."""

    actions: list[Action] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    _keys: dict[Item, str] = field(default_factory=dict)
    _tables: list[Table] = field(default_factory=list)

    def create(self, table: Table, key: str, told: Document, index: str = "") -> None:
        """A document that is written where its key is free and not missed else; a month's index may be named."""
        self._tables.append(table)
        self.actions.append(creation(index or table.index, document_id(key), told))

    def put(self, table: Table, key: str, told: Document, over: str | None) -> None:
        """A document to be created (`over` None) or written over that version; the second of one key loses."""
        item, numbers = (table.index, document_id(key)), read_version(over or "")
        if item in self._keys or (over is not None and numbers is None):
            self.lost.add(key)
            return
        self._tables.append(table)
        self._keys[item] = key
        self.actions.append(change(*item, told, numbers) if numbers else creation(*item, told))

    def write(self, writer: Writer) -> set[str]:
        """Write it all; give the keys that lost."""
        try:
            written = writer.write(self.actions)
        finally:
            for table in self._tables:
                table.freshness.wrote(table.index)
        demand_all_sound(written)
        return self.lost | {self._keys[item] for item in written.conflicts if item in self._keys}


def document_id(key: str) -> str:
    """A key as `_id`: itself, or its hash where it is longer than the server takes or no UTF-8."""
    try:
        return key if 0 < len(key.encode()) <= LONGEST_ID else sha256(key.encode()).hexdigest()
    except UnicodeEncodeError:
        return sha256(key.encode(errors="replace")).hexdigest()
