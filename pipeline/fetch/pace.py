"""Whose turn it is: one request a host at a time, with pauses between them, and a bounded number overall (rule H4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.model import Answer, Retry
from pipeline.schedule import PAUSED, retry_after

REMEMBERED = 4_096  # hosts; those that no request has to wait for are forgotten beyond


def named_wait(answer: Answer) -> float | None:
    """Seconds that an answer asks us to stay away, None where it names none (S7)."""
    wait = retry_after(answer.header("retry-after"), answer.at)
    return wait.total_seconds() if wait else None


@dataclass(slots=True)
class Span:
    """A stretch of time that began once; a clock set back cannot make it longer than it is."""

    start: datetime
    seconds: float

    def left(self, now: datetime) -> float:
        """Seconds to go."""
        return min(self.seconds, self.seconds - (now - self.start).total_seconds())


@dataclass(slots=True)
class Host:
    """What is known of one host."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    started: datetime | None = None
    delay: float = 0.0  # seconds between starts that its robots.txt asks for
    pause: Span | None = None


class Pace:
    """Turns, by host: a name or an address, without port."""

    def __init__(
        self,
        delay: float,
        at_once: int,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """Take the seconds between two starts on one host, and how many requests may be under way on all hosts."""
        self._delay = delay
        self._slots = asyncio.Semaphore(at_once)
        self._now = now
        self._sleep = sleep
        self._hosts: dict[str, Host] = {}
        self._forget_at = REMEMBERED

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait for this host's turn and hold it. Raises Retry("paused") while the host wants to be left alone."""
        host = self._host(name)
        async with host.lock:
            now = self._now()
            if host.pause and (left := host.pause.left(now)) > 0:
                raise Retry(PAUSED, wait=left)
            if (left := self._left(host, now)) > 0:
                await self._sleep(left)
            async with self._slots:
                host.started = self._now()
                yield

    def pause(self, name: str, seconds: float) -> None:
        """Leave a host alone for a time (rule S8)."""
        self._host(name).pause = Span(self._now(), seconds)

    def slow(self, name: str, seconds: float) -> None:
        """Put at least this many seconds between two starts on a host (rule R6)."""
        self._host(name).delay = seconds

    def _left(self, host: Host, now: datetime) -> float:
        return Span(host.started, max(self._delay, host.delay)).left(now) if host.started else 0.0

    def _host(self, name: str) -> Host:
        host = self._hosts.get(name)
        if host is None:
            if len(self._hosts) >= self._forget_at:
                self._forget()
            host = self._hosts[name] = Host()
        return host

    def _forget(self) -> None:
        """Forget hosts that a request could start on right now; a feed may link to any number of them."""
        now = self._now()
        self._hosts = {
            name: host
            for name, host in self._hosts.items()
            if host.lock.locked() or self._left(host, now) > 0 or (host.pause and host.pause.left(now) > 0)
        }
        self._forget_at = max(REMEMBERED, 2 * len(self._hosts))
