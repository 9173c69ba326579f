"""Turns at a host, and hosts that want to be left alone (rules H4, S7, S8)."""

from __future__ import annotations

import asyncio
import gc
from datetime import timedelta

import pytest

from pipeline.fetch.pace import REMEMBERED, Host, Pace, named_wait
from pipeline.model import Answer, Retry
from tests.strangers import START, Clock


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("Sun, 01 Mar 2026 08:10:00 GMT", 600),
        ("999999999", 172_800),
        ("0", None),
        ("soon", None),
        ("", None),
    ],
)
def test_s7_an_answer_may_name_the_time_to_stay_away(value: str, seconds: float | None) -> None:
    assert named_wait(Answer("", 503, (("retry-after", value),), b"", START)) == seconds


async def turns(pace: Pace, clock: Clock, hosts: str, *, lasting: float = 0) -> list[tuple[str, float]]:
    """Take turns at these hosts, all asked for at once; give when each began, in seconds from the start."""
    begun: list[tuple[str, float]] = []

    async def take(host: str) -> None:
        async with pace.turn(host):
            begun.append((host, (clock.time - START).total_seconds()))
            clock.pass_by(lasting)

    await asyncio.gather(*map(take, hosts))
    return begun


def pace_of(clock: Clock, delay: float, at_once: int = 64) -> Pace:
    return Pace(delay, at_once, now=clock.now, sleep=clock.sleep)


def test_h4_starts_at_one_host_are_apart_by_the_delay() -> None:
    clock = Clock()

    assert asyncio.run(turns(pace_of(clock, 5), clock, "aaa")) == [("a", 0), ("a", 5), ("a", 10)]


def test_h4_the_time_a_request_took_counts() -> None:
    clock = Clock()
    asyncio.run(turns(pace_of(clock, 5), clock, "aaa", lasting=3))
    assert clock.slept == [2, 2]

    clock = Clock()
    asyncio.run(turns(pace_of(clock, 5), clock, "aaa", lasting=7))
    assert clock.slept == []


def test_h4_hosts_do_not_wait_for_each_other() -> None:
    clock = Clock()

    assert asyncio.run(turns(pace_of(clock, 5), clock, "abcd")) == [("a", 0), ("b", 0), ("c", 0), ("d", 0)]


def test_h4_without_a_delay_nobody_sleeps() -> None:
    clock = Clock()
    asyncio.run(turns(pace_of(clock, 0), clock, "aaab"))

    assert clock.slept == []


def test_h4_one_request_a_host_and_so_many_overall_are_under_way() -> None:
    clock, under_way, most = Clock(), list[str](), list[int]()

    async def take(pace: Pace, host: str) -> None:
        async with pace.turn(host):
            under_way.append(host)
            most.append(len(under_way))
            assert under_way.count(host) == 1
            await asyncio.sleep(0)
            under_way.remove(host)

    async def all_of(pace: Pace) -> None:
        await asyncio.gather(*(take(pace, host) for host in "abcdeabcde"))

    asyncio.run(all_of(pace_of(clock, 0, at_once=3)))
    assert max(most) == 3
    assert len(most) == 10


def test_h4_a_clock_set_back_makes_nobody_wait_longer_than_the_delay() -> None:
    clock = Clock()
    pace = pace_of(clock, 5)

    async def around_a_jump() -> None:
        await turns(pace, clock, "a")
        clock.pass_by(-86_400)
        await turns(pace, clock, "a")

    asyncio.run(around_a_jump())
    assert clock.slept == [5]


def test_r6_a_host_may_ask_for_more_time_but_not_for_less() -> None:
    clock = Clock()
    pace = pace_of(clock, 5)
    pace.slow("a", 8)
    pace.slow("b", 1)
    asyncio.run(turns(pace, clock, "aabb"))

    assert sorted(clock.slept) == [5, 8]


def test_s8_a_paused_host_refuses_at_once_with_what_is_left() -> None:
    clock = Clock()
    pace = pace_of(clock, 0)
    pace.pause("a", 90)
    clock.pass_by(60)

    with pytest.raises(Retry, match="paused") as refusal:
        asyncio.run(turns(pace, clock, "a"))
    assert (refusal.value.wait, refusal.value.status) == (30, None)
    assert asyncio.run(turns(pace, clock, "b")) == [("b", 60)]
    clock.pass_by(30)
    assert asyncio.run(turns(pace, clock, "a")) == [("a", 90)]
    assert clock.slept == []


def test_s8_a_pause_reaches_those_who_already_wait_for_their_turn() -> None:
    clock = Clock()
    pace = pace_of(clock, 5)

    async def refused() -> list[str]:
        async def take(*, pause: bool) -> str:
            try:
                async with pace.turn("a"):
                    if pause:
                        pace.pause("a", 60)
            except Retry as fault:
                return fault.reason
            return "had"

        return list(await asyncio.gather(take(pause=True), take(pause=False), take(pause=False)))

    assert asyncio.run(refused()) == ["had", "paused", "paused"]


def test_a_turn_given_up_is_free_for_the_next() -> None:
    clock = Clock()
    pace = pace_of(clock, 0, at_once=1)

    async def cancelled() -> list[tuple[str, float]]:
        async def forever() -> None:
            async with pace.turn("a"):
                await asyncio.Event().wait()

        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return await turns(pace, clock, "ab")

    assert asyncio.run(cancelled()) == [("a", 0), ("b", 0)]


def test_hosts_that_nobody_waits_for_are_forgotten() -> None:
    """What must be remembered is: who was just asked, who is paused, who is being asked."""
    clock = Clock()
    pace = pace_of(clock, 5)

    async def many() -> list[float]:
        pace.pause("paused", 10_000)
        for number in range(3 * REMEMBERED):
            clock.time += timedelta(seconds=0.01)
            async with pace.turn(f"host{number}"):
                pass
        slept_before = len(clock.slept)
        async with pace.turn(f"host{3 * REMEMBERED - 1}"):
            pass
        with pytest.raises(Retry, match="paused"):
            async with pace.turn("paused"):
                pass
        return clock.slept[slept_before:]

    assert asyncio.run(many()) == [5]
    assert sum(isinstance(each, Host) for each in gc.get_objects()) <= 2 * REMEMBERED
