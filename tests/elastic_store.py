"""Stores on a real Elasticsearch under names of their own, emptied from test to test without making indices anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from pipeline.stores.elastic import ElasticStore
from pipeline.stores.elastic.connection import Access, connect
from pipeline.stores.elastic.prepare import prepare
from tests.elastic_server import Address
from tests.trial import NOW

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

LOOKED_AT = 0.05  # seconds


def client_of(address: Address, patience: float = 0.0) -> Elasticsearch:
    """A client with the rights of a superuser."""
    return connect(Access(address.url, user=address.user, password=address.password), patience)


@contextmanager
def opening(address: Address, prefix: str) -> Iterator[Callable[..., ElasticStore]]:
    """What opens one more store on the same indices, which are empty at first; all are closed at the end."""
    prepared(address, prefix)
    opened = list[ElasticStore]()

    def one_more(waiting: Callable[[], None] = lambda: None) -> ElasticStore:
        opened.append(ElasticStore(client_of(address), address.url, prefix=prefix, waiting=waiting))
        opened[-1]._lease.looked_at = LOOKED_AT  # noqa: SLF001 - more often than real runs need it
        return opened[-1]

    empty(address, prefix)
    yield one_more
    for store in opened:
        store.close()


@cache
def prepared(address: Address, prefix: str) -> None:
    """Make the indices, once."""
    with client_of(address) as client:
        prepare(client, address.url, NOW, prefix)


def empty(address: Address, prefix: str) -> None:
    """Delete all documents."""
    with client_of(address) as client:
        everything: dict[str, dict[str, str]] = {"match_all": {}}
        client.indices.refresh(index=f"{prefix}*")
        client.delete_by_query(index=f"{prefix}*", query=everything, refresh=True, conflicts="proceed")
