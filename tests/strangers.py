"""What the tests of fetching share: a clock that does not wait, names that all lead here, asking in one line."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pipeline.fetch import Limits, Web
from pipeline.fetch.guard import Resolve
from pipeline.model import Answer, Drop, Retry, Source
from pipeline.watchlist import FetchSettings

T = TypeVar("T")

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
AT_ONCE = FetchSettings(delay_seconds=0, allow_networks=("127.0.0.0/8",))

# Of a server that is called news.test and lives in these tests only.
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpHr4BfQbqwPmaYQd
ood8pp5ERPESMgBclZ/af2mihTWhRANCAATRgEeBcI0xwPOxIqPHKIhDEUM/RWXX
rBdjXeJahPWFyOJarPnVEfNvmJQQTlOGnVg0NkeRyIGX9mXDPMy3p/wl
-----END PRIVATE KEY-----
"""
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBYTCCAQegAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAluZXdzLnRl
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CW5ld3MudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNGAR4FwjTHA87Ei
o8coiEMRQz9FZdesF2Nd4lqE9YXI4lqs+dUR82+YlBBOU4adWDQ2R5HIgZf2ZcM8
zLen/CWjSDBGMBQGA1UdEQQNMAuCCW5ld3MudGVzdDAPBgNVHRMBAf8EBTADAQH/
MB0GA1UdDgQWBBQzxawkGX6rin6PJxLAmQ+MojQaTjAKBggqhkjOPQQDAgNIADBF
AiEA+AW/F4zeZlBsRzysRB/9DJCW1nHCXNB78CYjswoVy8ICIAYHnlGQn3tczc2g
OQ8QTDANvIqqQ6vy3sz1YOSgtVyF
-----END CERTIFICATE-----
"""


class Clock:
    """Time that passes only while somebody sleeps, and then at once."""

    def __init__(self) -> None:
        self.time = START
        self.slept: list[float] = []

    def now(self) -> datetime:
        """The time in UTC."""
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Let others run, then be later."""
        self.slept.append(seconds)
        await asyncio.sleep(0)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        """Be later (or earlier, as a clock that is set back)."""
        self.time += timedelta(seconds=seconds)


def names(table: Mapping[str, Sequence[str]]) -> Resolve:
    """A resolver that knows these names only."""

    async def resolve(host: str, port: int) -> Sequence[str]:  # noqa: ARG001 - a resolver's signature
        if host not in table:
            raise OSError(f"no address for {host}")
        return table[host]

    return resolve


async def everything_here(host: str, port: int) -> Sequence[str]:  # noqa: ARG001 - a resolver's signature
    """A resolver to which every name is this machine."""
    return ["127.0.0.1"]


@cache
def trust() -> ssl.SSLContext:
    """What a client trusts who knows the certificate above only."""
    return ssl.create_default_context(cadata=CERTIFICATE)


def identity() -> ssl.SSLContext:
    """What a server shows that holds the key above."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "news.test.pem")
        path.write_text(KEY + CERTIFICATE, encoding="ascii")
        context.load_cert_chain(path)
    return context


def asking(
    work: Callable[[Web], Awaitable[T]],
    settings: FetchSettings = AT_ONCE,
    *,
    clock: Clock | None = None,
    resolve: Resolve = everything_here,
    limits: Limits = Limits(),  # noqa: B008 - a frozen value
    tls: Callable[[], ssl.SSLContext] = trust,
) -> T:
    """What `work` gives with a Web of its own, which is closed afterwards."""
    clock = clock or Clock()

    async def run() -> T:
        web = Web(settings, resolve=resolve, now=clock.now, sleep=clock.sleep, limits=limits, tls=tls)
        async with web:
            return await work(web)

    return asyncio.run(run())


def page(url: str, **given: Any) -> Answer:  # noqa: ANN401 - what `asking` takes
    """The answer of one page."""
    return asking(lambda web: web.page(url), **given)


def feed(url: str, **given: Any) -> Answer:  # noqa: ANN401 - what `asking` takes
    """The answer of one feed."""
    return asking(lambda web: web.feed(Source("x", url)), **given)


async def fate(work: Awaitable[Answer]) -> str:
    """How it ended, in words: "200", "drop robots", "retry timeout"."""
    try:
        return str((await work).status)
    except (Drop, Retry) as fault:
        return f"{type(fault).__name__.lower()} {fault.reason}"


def page_fate(url: str, **given: Any) -> str:  # noqa: ANN401 - what `asking` takes
    """How asking for one page ended."""
    return asking(lambda web: fate(web.page(url)), **given)


def feed_fate(url: str, **given: Any) -> str:  # noqa: ANN401 - what `asking` takes
    """How asking for one feed ended."""
    return asking(lambda web: fate(web.feed(Source("x", url))), **given)
