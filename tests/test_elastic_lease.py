"""Turns on a server: who waits, who takes over, and who may not write any more."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from pipeline.model import Article, Changes, Claim, Stored, StoreError, Turn, Work
from pipeline.stores.elastic import ElasticStore, holders
from pipeline.stores.elastic.holders import Holder, Holders
from pipeline.stores.elastic.lease import KEY, Lease
from tests.elastic_between import between, first
from tests.elastic_server import Address
from tests.elastic_store import LOOKED_AT, client_of, opening
from tests.house import ROOT
from tests.local_server import Request

LASTING, RENEWED = 0.8, 0.1  # seconds
ONE, TWO = ([Turn(Work.WRITE, part)] for part in ("1of2", "2of2"))

Open = Callable[..., ElasticStore]


class Room:
    """The state index of one store, where its lease lies."""

    def __init__(self, address: Address, prefix: str) -> None:
        self.address, self.index = address, f"{prefix}wireroom-states"
        self.client = client_of(address)

    def lease(self, address: Address | None = None) -> Lease:
        """What another process has of it."""
        client = client_of(address or self.address)
        return Lease(client, self.address.url, self.index, LASTING, RENEWED, LOOKED_AT)

    @property
    def value(self) -> str:
        """What stands there."""
        return str(self.client.get(index=self.index, id=KEY)["_source"]["value"])

    @property
    def holders(self) -> Holders:
        """Who holds it."""
        return holders.read(self.value, 0)

    def taken_by(self, value: str) -> None:
        """Let somebody have it who takes no heed of anybody, such as a run of the release before."""
        self.client.index(index=self.index, id=KEY, document={"key": KEY, "value": value})


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
        assert len(room.holders) == 1
    assert room.value == ""

    with pytest.raises(ZeroDivisionError), room.lease().held(nobody):
        raise ZeroDivisionError
    assert room.value == ""


def test_who_died_with_it_is_waited_for_once_and_then_succeeded(room: Room) -> None:
    room.taken_by("dead")
    told, began = list[str](), time.monotonic()

    with room.lease().held(lambda: told.append("waiting")):
        assert len(room.holders.keys() - {"dead"}) == 1

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
    assert room.value == "another"
    assert store.count() == 0

    room.taken_by("")
    with store.exclusive():
        assert not store.save(article)


@pytest.mark.parametrize(("number", "patience"), [(1, 5), (2, 0), (2, 5), (3, 0)])
def test_a_lost_answer_costs_nobody_the_lease(room: Room, number: int, patience: float) -> None:
    """The first write takes it, others renew it; who is patient asks for the same again."""
    writes = list[Request]()

    def judge(request: Request) -> str:
        if request.method in {"PUT", "POST"}:
            writes.append(request)
            return "unheard" if len(writes) == number else ""
        return ""

    with between(room.address, judge) as bad:
        patient = Lease(client_of(bad, patience), bad.url, room.index, LASTING, RENEWED, LOOKED_AT)
        with patient.held(nobody):
            assert patient.stands()
            held = set(room.holders)
            until = time.monotonic() + 30
            while len(writes) < number + 2 and time.monotonic() < until:
                time.sleep(RENEWED)
            assert set(room.holders) == held != set()
            assert not patient.lost.is_set()
    assert room.value == ""


def test_who_cannot_know_whether_it_took_it_takes_it_off_again(room: Room) -> None:
    with (
        between(room.address, first(1, "unheard", method="PUT")) as bad,
        pytest.raises(StoreError, match="broke off"),
        Lease(client_of(bad), bad.url, room.index).held(nobody),
    ):
        pytest.fail("nobody said that it is held")
    assert room.value == ""


def test_the_lost_answer_to_the_last_renewal_does_not_keep_others_waiting(room: Room) -> None:
    renewed = threading.Event()

    def judge(request: Request) -> str:
        is_renewal = "if_seq_no" in request.target and not renewed.is_set()
        if is_renewal:
            renewed.set()
        return "unheard" if is_renewal else ""

    with between(room.address, judge) as bad:
        lease = Lease(client_of(bad), bad.url, room.index, LASTING, RENEWED, LOOKED_AT)
        with lease.held(nobody):
            assert renewed.wait(30)
    assert room.value == ""


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
    assert room.value == "another"
    assert (store.count(), store.claims(["a1"])) == (0, [])


# Several holders


def test_many_renew_side_by_side_and_none_loses_its_part(room: Room) -> None:
    leases = [room.lease() for _ in range(8)]
    with ExitStack() as stack, ThreadPoolExecutor(len(leases)) as at_once:
        parts = [[Turn(Work.WRITE, f"{number}of8")] for number in range(1, 9)]
        held = [lease.held(nobody, part) for lease, part in zip(leases, parts, strict=True)]
        list(at_once.map(stack.enter_context, held))
        before = room.holders
        assert sorted(sorted(holder.turns) for holder in before.values()) == parts

        until = time.monotonic() + 30
        while any(room.holders[name].beat < holder.beat + 3 for name, holder in before.items()):
            assert time.monotonic() < until
            time.sleep(RENEWED)
        assert set(room.holders) == set(before)
        assert all(lease.stands() for lease in leases)
    assert room.value == ""


HOLDER = """
import sys, time
from pipeline.model import Turn, Work
from pipeline.stores.elastic.connection import Access, connect
from pipeline.stores.elastic.lease import Lease
url, user, password, index = sys.argv[1:]
with Lease(connect(Access(url, user=user, password=password)), url, index).held(print, [Turn(Work.WRITE, "1of2")]):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_killed_worker_loses_its_part_and_no_other_does(room: Room) -> None:
    address, told = room.address, list[str]()
    asked = [sys.executable, "-c", HOLDER, address.url, address.user, address.password, room.index]
    second, first = room.lease(), room.lease()
    with (
        second.held(nobody, TWO),
        subprocess.Popen(asked, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker,  # noqa: S603 - ourselves
    ):
        assert worker.stdout
        assert worker.stdout.readline() == "held\n"
        worker.kill()
        with first.held(lambda: told.append("waiting"), ONE):
            assert sorted(sorted(holder.turns) for holder in room.holders.values()) == [ONE, TWO]
            assert second.stands()
            assert first.stands()
    assert told == ["waiting"]
    assert room.value == ""


def test_who_waits_for_all_parts_takes_off_the_dead_and_waits_for_the_living(room: Room) -> None:
    room.taken_by(holders.written({"dead": Holder(frozenset(ONE), 3)}))
    told, order = threading.Event(), list[str]()

    def everything() -> None:
        with room.lease().held(told.set):
            order.append(f"all of it, with {len(room.holders)} holder")

    with ThreadPoolExecutor(1) as beside:
        with room.lease().held(nobody, TWO):
            waiting = beside.submit(everything)
            assert told.wait(30)
            time.sleep(2 * LASTING)
            order.append("a part")
        waiting.result(30)
    assert order == ["a part", "all of it, with 1 holder"]


def test_who_slept_and_lost_its_part_is_told_while_others_go_on(open_store: Open, room: Room) -> None:
    sleeper, awake = open_store(), open_store()
    sleeper._lease.renewed = 3_600.0  # noqa: SLF001 - as if its machine slept
    with sleeper.exclusive(*ONE), awake.exclusive(*TWO):
        left = {name: each for name, each in room.holders.items() if each.turns != frozenset(ONE)}
        room.taken_by(holders.written({**left, "another": Holder(frozenset(ONE), 1)}))
        sleeper._lease._until = 0.0  # noqa: SLF001 - it wakes up
        with pytest.raises(StoreError, match="another one took its place"):
            sleeper.save(Changes(articles=(Stored(Article("a1", "https://x.example/1")),)))
        assert not awake.save(Changes(articles=(Stored(Article("a2", "https://x.example/2")),)))
    assert set(room.holders) == {"another"}
    assert set(awake.articles(["a1", "a2"])) == {"a2"}
