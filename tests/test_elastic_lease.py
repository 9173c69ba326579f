"""One run at a time on a server: who waits, who takes over, and who may not write any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from pipeline.model import Article, Changes, Claim, Stored, StoreError
from pipeline.stores.elastic import ElasticStore
from pipeline.stores.elastic.lease import KEY, Lease
from tests.elastic_between import between
from tests.elastic_server import Address
from tests.elastic_store import client_of, opening
from tests.local_server import Request

LASTING, RENEWED = 0.8, 0.1  # seconds

Open = Callable[..., ElasticStore]


class Room:
    """The state index of one store, where its lease lies."""

    def __init__(self, address: Address, prefix: str) -> None:
        self.address, self.index = address, f"{prefix}wireroom-states"
        self.client = client_of(address)

    def lease(self, address: Address | None = None) -> Lease:
        """What another process has of it."""
        client = client_of(address or self.address)
        return Lease(client, self.address.url, self.index, lasting=LASTING, renewed=RENEWED)

    @property
    def holder(self) -> str:
        """Who holds it; "" = nobody."""
        return str(self.client.get(index=self.index, id=KEY)["_source"]["value"])

    def taken_by(self, holder: str) -> None:
        """Let somebody have it who takes no heed of anybody."""
        self.client.index(index=self.index, id=KEY, document={"key": KEY, "value": holder})


@pytest.fixture
def open_store(elastic: Address, elastic_prefix: str) -> Iterator[Open]:
    with opening(elastic, elastic_prefix) as one_more:
        yield one_more


@pytest.fixture
def room(open_store: Open, elastic: Address, elastic_prefix: str) -> Iterator[Room]:
    open_store()
    made = Room(elastic, elastic_prefix)
    yield made
    made.client.close()


def nobody() -> None:
    pytest.fail("there is nobody to wait for")


def test_it_is_held_by_name_and_free_afterwards_whatever_happens(room: Room) -> None:
    with room.lease().held(nobody):
        assert room.holder
    assert room.holder == ""

    with pytest.raises(ZeroDivisionError), room.lease().held(nobody):
        raise ZeroDivisionError
    assert room.holder == ""


def test_who_died_with_it_is_waited_for_once_and_then_succeeded(room: Room) -> None:
    room.taken_by("dead")
    told, began = list[str](), time.monotonic()

    with room.lease().held(lambda: told.append("waiting")):
        assert room.holder not in {"dead", ""}

    assert time.monotonic() - began >= LASTING
    assert told == ["waiting"]


def test_who_lives_is_not_overtaken_however_long_it_takes(room: Room) -> None:
    waits, order = threading.Event(), list[str]()

    def second() -> None:
        with room.lease().held(waits.set):
            order.append("second")

    with ThreadPoolExecutor(1) as beside:
        with room.lease().held(nobody):
            waiting = beside.submit(second)
            assert waits.wait(30)
            time.sleep(2 * LASTING)
            order.append("first")
        waiting.result()
    assert order == ["first", "second"]


def test_of_many_who_wait_one_after_the_other_gets_it(room: Room) -> None:
    inside, most = threading.Semaphore(1), list[bool]()

    def work(_: int) -> None:
        with room.lease().held(lambda: None):
            most.append(inside.acquire(blocking=False))
            inside.release()

    with ThreadPoolExecutor(3) as at_once:
        list(at_once.map(work, range(3)))
    assert most == [True] * 3


def test_who_lost_it_may_not_write_until_it_is_had_again(open_store: Open, room: Room) -> None:
    store = open_store()
    lease = store._lease  # noqa: SLF001 - to make it quicker than any run needs it
    lease.renewed = RENEWED
    article = Changes(articles=(Stored(Article("a1", "https://x.example/1")),))

    with store.exclusive():
        room.taken_by("another")
        assert lease.lost.wait(30)
        with pytest.raises(StoreError, match="stood still for so long that another one took its place"):
            store.save(article)
    assert room.holder == "another"
    assert store.count() == 0

    room.taken_by("")
    with store.exclusive():
        assert not store.save(article)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_lost_answer_costs_nobody_the_lease(room: Room, number: int) -> None:
    """The first write takes it, others renew it, the last frees it."""
    writes = list[Request]()

    def judge(request: Request) -> str:
        if request.method in {"PUT", "POST"}:
            writes.append(request)
            return "unheard" if len(writes) == number else ""
        return ""

    with between(room.address, judge) as bad:
        patient = Lease(client_of(bad, 5 if number == 1 else 0), bad.url, room.index, LASTING, renewed=RENEWED)
        with patient.held(nobody):
            held = room.holder
            until = time.monotonic() + 30
            while len(writes) < number + 2 and time.monotonic() < until:
                time.sleep(RENEWED)
            assert room.holder == held != ""
            assert not patient.lost.is_set()
    assert room.holder == ""


def test_the_lost_answer_to_the_last_renewal_does_not_keep_others_waiting(room: Room) -> None:
    renewed = threading.Event()

    def judge(request: Request) -> str:
        is_renewal = "if_seq_no" in request.target and not renewed.is_set()
        if is_renewal:
            renewed.set()
        return "unheard" if is_renewal else ""

    with between(room.address, judge) as bad:
        lease = Lease(client_of(bad), bad.url, room.index, LASTING, renewed=RENEWED)
        with lease.held(nobody):
            assert renewed.wait(30)
    assert room.holder == ""


def test_who_stood_still_asks_the_server_before_it_writes_and_goes_on_where_nobody_came(open_store: Open) -> None:
    store = open_store()
    lease = store._lease  # noqa: SLF001 - to let it stand still without a wait
    lease.renewed = 3_600.0
    with store.exclusive():
        lease._until = 0.0  # noqa: SLF001 - as after a long sleep
        assert not store.save(Changes(articles=(Stored(Article("a1", "https://x.example/1")),)))
        assert lease.stands()
    assert store.count() == 1


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.save(Changes(articles=(Stored(Article("a1", "https://x.example/1")),))),
        lambda store: store.claim(Claim("rule", "a1", "new", datetime(2026, 11, 21, tzinfo=UTC))),
    ],
)
def test_who_stood_still_writes_nothing_where_another_came(
    open_store: Open, room: Room, write: Callable[[ElasticStore], object]
) -> None:
    store = open_store()
    lease = store._lease  # noqa: SLF001 - to let it stand still without a wait
    lease.renewed = 3_600.0
    with store.exclusive():
        room.taken_by("another")
        lease._until = 0.0  # noqa: SLF001 - as after a long sleep
        with pytest.raises(StoreError, match="another one took its place"):
            write(store)
    assert room.holder == "another"
    assert (store.count(), store.claims(["a1"])) == (0, [])
