"""HTTP with manners and limits. Concurrency between hosts lives here: callers just ask.

    web = Web(settings)
      feed(source)            one request, its redirects followed by hand
      page(url)               robots.txt first, at every hop
        pace                  whose turn it is at a host, and who wants to be left alone
        connections           one a host, kept alive: httpx transports over httpcore
          guard               judges the resolved address and connects to it
        coding                opens the body under a cap

The client of httpx itself is left out: it would keep cookies, build redirects of its own, log URLs and read the
environment, all of which would have to be switched off again.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Self

import httpcore
import httpx

from pipeline.fetch.coding import ACCEPTED, Body
from pipeline.fetch.connections import KEEP_ALIVE, Connections
from pipeline.fetch.guard import ANYWHERE, Guard, Resolve, literal, lookup
from pipeline.fetch.limits import LIMITS, Limits
from pipeline.fetch.pace import Pace, named_wait
from pipeline.fetch.robots import Robots
from pipeline.fetch.target import host, joined, keeps_secrets, parsed, site
from pipeline.model import Answer, Drop, Fate, Retry, Source
from pipeline.schedule import BUSY, FIRST_PAUSE, Poll, verdict
from pipeline.watchlist import FetchSettings

__all__ = ["Limits", "Web"]

Pairs = tuple[tuple[str, str], ...]

# What a news feed may be, the rest only if there is nothing better (rule H2).
FEED_ACCEPT = (
    b"application/atom+xml, application/rss+xml, application/feed+json, "
    b"application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
)
PAGE_ACCEPT = b"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.1"
ROBOTS_ACCEPT = b"text/plain, */*;q=0.1"
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain"})

ERROR_BODY = 64 * 2**10  # bytes of an error page that are read, so that its connection can be kept
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@cache
def certificates() -> ssl.SSLContext:
    """The authorities that httpx trusts, whatever the environment says."""
    return httpx.create_ssl_context(trust_env=False)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for, and how its answer is taken."""

    accept: bytes
    limit: int  # bytes
    cut: bool = False  # a longer body is cut, not dropped
    html: bool = False  # anything else is dropped before its body is read
    polite: bool = False  # robots.txt is asked first
    headers: Pairs = field(default=(), repr=False)  # for the first URL's own site only
    conditional: Pairs = ()
    issuer: str = ""  # the URL that issued what `conditional` sends back


class Web:
    """The web as a stranger may show it: every answer bounded in time and size, every fault a Drop or a Retry.

    With a proxy set, the proxy resolves names, so that only hosts written as addresses are judged here.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        resolve: Resolve = lookup,
        now: Callable[[], datetime] = _now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        limits: Limits = LIMITS,
        tls: Callable[[], ssl.SSLContext] = certificates,
    ) -> None:
        self._limits = limits
        self._now = now
        self._guard = Guard(settings.allow_networks, resolve)
        self._proxy = httpx.Proxy(settings.proxy) if settings.proxy else None
        self._backend = Guard(ANYWHERE, resolve) if self._proxy else self._guard  # the operator's proxy may be anywhere
        self._tls = tls
        self._pace = Pace(settings.delay_seconds, limits.connections, now=now, sleep=sleep)
        self._connections = Connections(self._pool, limits.connections)
        self._robots = Robots(settings.user_agent, self._robots_txt, now)
        self._own = {b"User-Agent": _encoded(settings.user_agent), b"Accept-Encoding": ACCEPTED}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connections.aclose()

    async def feed(self, source: Source, conditional: Pairs = (), issuer: str = "") -> Answer:
        """What the source's feed answers, whatever the status; robots.txt is not asked, a person chose the URL (R1).

        `conditional` headers go to the URL that issued their validators only, the feed's own unless `issuer` names
        another one behind a redirect (S3); the source's own headers never leave its site. Only a 200 has a body.
        Raises Drop("bad-url", "private-address", "redirect-loop", "too-many-redirects", "too-large", "bad-encoding")
        and Retry("dns", "tls", "connection", "timeout", "bad-encoding", "paused").
        """
        return await self._follow(
            source.feed,
            Ask(
                FEED_ACCEPT,
                self._limits.body,
                headers=source.headers,
                conditional=conditional,
                issuer=issuer or source.feed,
            ),
        )

    async def page(self, url: str) -> Answer:
        """A page that robots.txt allows, status 200, as HTML or unlabelled.

        Raises what `feed` raises, and Drop("robots", "not-html", "bot-challenge", "http-404" and so on) and
        Retry("robots-unreachable", "http-503" and so on).
        """
        answer = await self._follow(url, Ask(PAGE_ACCEPT, self._limits.body, html=True, polite=True))
        if answer.status != HTTPStatus.OK:
            raise _refusal(answer)
        return answer

    async def _robots_txt(self, url: str) -> Answer:
        return await self._follow(url, Ask(ROBOTS_ACCEPT, self._limits.robots, cut=True))

    async def _follow(self, url: str, ask: Ask) -> Answer:
        """Ask, and follow redirects by hand: every hop is judged as the first one was (X1, X2, R6)."""
        budget = Budget(self._limits.transfer)
        target, own_site = parsed(url), True
        redirects: list[tuple[int, str]] = []
        while True:
            if ask.polite:
                await self._admit(target)
            headers = {b"Host": target.netloc} | self._headers(ask, url, own_site=own_site)
            answer = replace(await self._hop(target, headers, ask, budget), url=url)
            location = answer.header("location")
            if answer.status not in REDIRECTS or not location:
                return replace(answer, redirects=tuple(redirects))
            redirects.append((answer.status, url))
            url = joined(url, location)
            if any(url == earlier for _, earlier in redirects):
                raise Drop("redirect-loop", detail=url)
            if len(redirects) > self._limits.redirects:
                raise Drop("too-many-redirects", detail=url)
            last, target = target, parsed(url)
            own_site = own_site and keeps_secrets(last, target)

    def _headers(self, ask: Ask, url: str, *, own_site: bool) -> dict[bytes, bytes]:
        pairs = (*(ask.headers if own_site else ()), *(ask.conditional if url == ask.issuer else ()))
        given = {name.title().encode(): _encoded(value) for name, value in pairs}
        return self._own | {b"Accept": ask.accept} | given

    async def _admit(self, target: httpx.URL) -> None:
        """Ask the site's robots.txt. Raises Drop("robots") and what getting it raises."""
        rules = await self._robots.rules(site(target))
        self._pace.slow(host(target), rules.delay)
        if not rules.allows(str(target)):
            raise Drop("robots", detail=str(target))

    async def _hop(self, target: httpx.URL, headers: dict[bytes, bytes], ask: Ask, budget: Budget) -> Answer:
        """One request and its answer, in its host's turn."""
        name = host(target)
        if self._proxy and (address := literal(name)) and not self._guard.permits(address):
            raise Drop("private-address", detail=name)
        extensions = {"timeout": {"connect": self._limits.connect}}
        request = httpx.Request("GET", target, headers=list(headers.items()), extensions=extensions)
        async with self._pace.turn(name), self._connections.lend(name) as transport:
            with faults():
                async with budget.spent():
                    response = await transport.handle_async_request(request)
                    try:
                        answer = await self._answer(response, ask)
                    finally:
                        await response.aclose()
            self._heed(name, answer)
            return answer

    async def _answer(self, response: httpx.Response, ask: Ask) -> Answer:
        headers = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw
        )
        answer = Answer("", response.status_code, headers, b"", self._now())
        if answer.status != HTTPStatus.OK:
            await _received(response, Body("", ERROR_BODY, cut=True))
            return answer
        if ask.html and not _may_be_html(answer.header("content-type")):
            raise Drop("not-html", detail=answer.header("content-type"))
        codings = ",".join(value for name, value in headers if name == "content-encoding")
        return replace(answer, body=(await _received(response, Body(codings, ask.limit, cut=ask.cut))).whole())

    def _heed(self, name: str, answer: Answer) -> None:
        """Leave a host alone that asks for it (S8)."""
        if answer.status in BUSY:
            wait = named_wait(answer)
            if wait is None and answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                wait = FIRST_PAUSE.total_seconds()
            if wait:
                self._pace.pause(name, wait)

    def _pool(self) -> httpcore.AsyncConnectionPool:
        """A pool of the one connection that a host gets."""
        if self._proxy is None:
            return httpcore.AsyncConnectionPool(
                ssl_context=self._tls(), max_connections=1, keepalive_expiry=KEEP_ALIVE, network_backend=self._backend
            )
        url = self._proxy.url
        return httpcore.AsyncHTTPProxy(
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/"),
            proxy_auth=self._proxy.raw_auth,
            ssl_context=self._tls(),
            proxy_ssl_context=self._tls() if url.scheme == "https" else None,
            max_connections=1,
            keepalive_expiry=KEEP_ALIVE,
            network_backend=self._backend,
        )


class Budget:
    """The seconds of one request: they run while it is under way, not while it waits for a turn (rule H6)."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    @asynccontextmanager
    async def spent(self) -> AsyncIterator[None]:
        """Raise TimeoutError where the work inside takes longer than what is left."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        try:
            async with asyncio.timeout(self._left):
                yield
        finally:
            self._left -= clock() - begun


@contextmanager
def faults() -> Iterator[None]:
    """The world's faults, told in our words."""
    try:
        yield
    except (TimeoutError, httpcore.TimeoutException) as fault:
        raise Retry("timeout") from fault
    except ssl.SSLError as fault:
        raise Retry("tls") from fault
    except (OSError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as fault:
        raise Retry("connection") from fault


async def _received(response: httpx.Response, body: Body) -> Body:
    async for part in response.aiter_raw():
        body.add(part)
        if body.full:
            break
    return body


def _refusal(answer: Answer) -> Drop | Retry:
    """What it means for a page that it was not had; the same words as for a feed."""
    fate, reason = verdict(Poll(answer))
    if fate is Fate.RETRY:
        return Retry(reason, wait=named_wait(answer), status=answer.status)
    return Drop(reason, detail=answer.url)


def _may_be_html(content_type: str) -> bool:
    """Tell whether a page of this content type is worth reading: HTML, XHTML, plain text, or no type at all."""
    kind = content_type.partition(";")[0].partition(",")[0].strip().lower()
    return "/" not in kind or kind in HTML_TYPES


def _encoded(value: str) -> bytes:
    """A header's value: byte for byte what a server once sent (C1), UTF-8 where a person wrote more than Latin-1."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8")
