"""Writes in bulk: how much at once, what is tried again, what is told, and in which month an article lives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.model import Article, Changes, Reading, Refused, Stored, StoreError
from pipeline.stores.elastic import ElasticStore
from pipeline.stores.elastic.connection import Access, connect
from pipeline.stores.elastic.faults import explained
from pipeline.stores.elastic.names import NO_MONTH, month_of
from pipeline.stores.elastic.tables import document_id
from pipeline.stores.elastic.writing import BYTES, ITEMS, TIMES, Writer, Written, creation
from tests.elastic_server import Address
from tests.elastic_store import client_of, opening
from tests.local_server import LocalServer, Reply, Request
from tests.trial import NOW

HEADERS = {"Content-Type": "application/json", "X-Elastic-Product": "Elasticsearch"}
LAST_OF_OCTOBER = datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)
FIRST_OF_NOVEMBER = datetime(2026, 11, 1, 0, 0, 1, tzinfo=UTC)
Open = Callable[..., ElasticStore]


class Taking:
    """A server that takes items as it is told: `status` gives the answer to an item at its nth time."""

    def __init__(self, status: Callable[[str, int], int] = lambda _key, _time: 201) -> None:
        self.status, self.times = status, dict[str, int]()
        self.bulks = list[tuple[int, list[str]]]()  # bytes, ids

    def __call__(self, request: Request) -> Reply:
        body = request.body
        asked = [json.loads(line) for line in body.splitlines()[::2]]
        items = [self.answer(next(iter(each.values()))) for each in asked]
        self.bulks.append((len(body), [each["create"]["_id"] for each in items]))
        told = {"errors": any("error" in each["create"] for each in items), "items": items}
        return Reply(json.dumps(told).encode(), 200, HEADERS)

    def answer(self, item: dict[str, Any]) -> dict[str, Any]:
        time = self.times[item["_id"]] = self.times.get(item["_id"], 0) + 1
        status = self.status(item["_id"], time)
        error = {} if status < 300 else {"error": {"type": "some_exception", "reason": "full queue"}}
        return {"create": {"_index": item["_index"], "_id": item["_id"], "status": status, **error}}


def written(taking: Taking, count: int, size: int = 10) -> Written:
    """What becomes of so many items."""
    with LocalServer({"*": taking}) as server, connect(Access(server.url(""))) as client, explained(server.url("")):
        items = (creation("i", f"{number}", {"text": "x" * size}) for number in range(count))
        return Writer(client, nap=0.001).write(items)


def test_a_request_has_a_bounded_number_of_items() -> None:
    taking = Taking()

    assert written(taking, 2 * ITEMS + 50) == Written()

    assert [len(ids) for _, ids in taking.bulks] == [ITEMS, ITEMS, 50]


def test_a_request_has_a_bounded_number_of_bytes() -> None:
    taking = Taking()

    written(taking, 25, size=1 << 20)

    assert sum(len(ids) for _, ids in taking.bulks) == 25
    assert len(taking.bulks) == 3
    assert max(size for size, _ in taking.bulks) <= BYTES


@pytest.mark.parametrize("status", [429, 503])
def test_an_item_for_which_there_is_no_room_is_tried_again_and_no_other(status: int) -> None:
    taking = Taking(lambda key, time: status if key == "3" and time < 4 else 201)

    assert written(taking, 5) == Written()

    assert taking.times == {"0": 1, "1": 1, "2": 1, "3": 4, "4": 1}


def test_an_item_for_which_there_never_is_room_is_told() -> None:
    taking = Taking(lambda key, _: 429 if key == "3" else 201)

    with pytest.raises(StoreError, match="has more to do than it can; give it more memory, or run again later"):
        written(taking, 5)

    assert taking.times["3"] == 1 + TIMES


def test_what_exists_and_what_is_refused_are_told_apart_and_the_rest_is_written() -> None:
    taking = Taking(lambda key, _: {"1": 409, "2": 400}.get(key, 201))

    told = written(taking, 4)

    assert (told.conflicts, told.refused) == ({("i", "1")}, {("i", "2"): "full queue"})
    assert taking.times == {"0": 1, "1": 1, "2": 1, "3": 1}


def test_a_document_of_ours_that_is_refused_is_a_bug() -> None:
    taking = Taking(lambda _key, _time: 400)
    with (
        LocalServer({"*": taking}) as server,
        connect(Access(server.url(""))) as client,
        pytest.raises(RuntimeError, match="wireroom-months refused a1: full queue"),
    ):
        Writer(client).create("wireroom-months", {"a1": {}})


@pytest.mark.parametrize(
    ("key", "kept"),
    [("a/b c", True), ("ن" * 256, True), ("ن" * 257, False), ("", False), ("half \ud83d", False)],
)
def test_a_key_is_its_own_id_where_the_server_takes_it(key: str, *, kept: bool) -> None:
    told = document_id(key)

    assert (told == key) is kept
    assert kept or len(told) == 64
    assert told == document_id(key) != document_id(key + "x")


# On a real server


@pytest.fixture
def open_store(elastic: Address, elastic_prefix: str) -> Iterator[Open]:
    with opening(elastic, elastic_prefix) as one_more:
        yield one_more


def article(name: str, at: datetime = NOW, **fields: Any) -> Article:  # noqa: ANN401 - any field
    return replace(Article(name, f"https://x.example/{name}", text="flood", fetched_at=at, ingested_at=NOW), **fields)


def put(store: ElasticStore, *articles: Article) -> frozenset[str]:
    return store.save(Changes(articles=tuple(map(Stored, articles))))


def months(address: Address, prefix: str, name: str) -> list[str]:
    """The months that hold a document of this id."""
    with client_of(address) as client:
        client.indices.refresh(index=f"{prefix}news-*")
        told = client.search(index=f"{prefix}news", query={"ids": {"values": [name]}})
        return [each["_index"].removeprefix(f"{prefix}news-") for each in told["hits"]["hits"]]


def test_an_article_that_the_server_refuses_is_named_and_the_others_stand(
    open_store: Open, elastic: Address, elastic_prefix: str
) -> None:
    store, index = open_store(), f"{elastic_prefix}news-2018.05"
    with client_of(elastic) as client:
        client.indices.create(index=index, mappings={"properties": {"title": {"type": "date"}}})
        try:
            with pytest.raises(Refused) as told:
                put(store, article("bad", NOW.replace(year=2018, month=5), title="no date"), article("good"))
        finally:
            client.indices.delete(index=index)

    assert list(told.value.why) == ["bad"]
    assert "failed to parse field [title] of type [date]" in told.value.why["bad"]
    assert set(store.articles(["bad", "good"])) == {"good"}


@pytest.mark.parametrize("round_", range(3))
def test_a_page_that_two_workers_meet_around_midnight_is_stored_once(
    open_store: Open, elastic: Address, elastic_prefix: str, round_: int
) -> None:
    stores, name = (open_store(), open_store()), f"midnight-{round_}"
    pages = [article(f"{name}-{n}", at) for n in range(20) for at in (LAST_OF_OCTOBER, FIRST_OF_NOVEMBER)]

    with ThreadPoolExecutor(2) as both:
        writing = [both.submit(put, store, *pages[first::2]) for first, store in enumerate(stores)]
    lost = [each.result() for each in writing]

    assert len(lost[0]) + len(lost[1]) == 20
    assert lost[0].isdisjoint(lost[1])
    assert all(len(months(elastic, elastic_prefix, f"{name}-{n}")) == 1 for n in range(0, 20, 5))
    for store in stores:
        assert len(store.articles({each.id for each in pages})) == 20


def test_an_article_stays_in_the_month_of_its_first_fetch(
    open_store: Open, elastic: Address, elastic_prefix: str
) -> None:
    store, other = open_store(), open_store()
    put(store, article("a1", LAST_OF_OCTOBER))
    held = other.articles(["a1"])["a1"]
    later = replace(held.value, fetched_at=FIRST_OF_NOVEMBER, published_at=FIRST_OF_NOVEMBER, title="Corrected")

    assert not other.save(Changes(articles=(replace(held, value=later),)))

    assert months(elastic, elastic_prefix, "a1") == ["2026.10"]
    assert store.articles(["a1"])["a1"].value == later


@pytest.mark.parametrize(
    ("fields", "month"),
    [
        ({"readings": (Reading(LAST_OF_OCTOBER, "x"), Reading(NOW, "y"))}, "2026.10"),
        ({}, "2026.11"),
        ({"fetched_at": None}, "2026.11"),
        ({"fetched_at": None, "ingested_at": None}, NO_MONTH),
    ],
)
def test_the_month_is_that_of_the_first_reading_then_of_what_else_is_known(fields: dict[str, Any], month: str) -> None:
    assert month_of(article("a1", **fields)) == month


def test_a_month_that_retention_deleted_is_gone_and_its_articles_may_come_back(
    open_store: Open, elastic: Address, elastic_prefix: str
) -> None:
    store, index = open_store(), f"{elastic_prefix}news-2018.06"
    at = NOW.replace(year=2018, month=6)
    put(store, article("old", at), article("new"))
    held = store.articles(["old"])["old"]
    with client_of(elastic) as client:
        client.indices.delete(index=index)

    for each in (store, open_store()):
        assert set(each.articles(["old", "new"])) == {"new"}
        assert [found.id for found in each.ingested(NOW)] == ["new"]
    assert store.save(Changes(articles=(held,))) == {"old"}
    assert put(store, article("old", at)) == frozenset()
    assert months(elastic, elastic_prefix, "old") == ["2018.06"]
    assert set(open_store().articles(["old"])) == {"old"}
