"""Connections that outlive a request: at most one a host, and a bounded number overall."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpcore
import httpx

KEEP_ALIVE = 30.0  # seconds; most servers close an idle connection earlier


class Transport(httpx.AsyncBaseTransport):
    """The connection to one host: an httpcore pool of one.

    One pool for all hosts would look at each of its connections twice a request, which takes longer than the request.
    """

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; raises what httpcore and its network backend raise.

        Once again where a kept connection turned out to be of no use: closed by the server just as it was taken
        (RFC 9110, section 9.2.2), or with bytes left over from the answer before, which are no answer to this request.
        """
        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            extensions=request.extensions,
        )
        kept = any(connection.is_idle() for connection in self._pool.connections)
        try:
            answer = await self._pool.handle_async_request(asked)
        except (httpcore.RemoteProtocolError, ConnectionError):
            if not kept:
                raise
        else:
            if not kept or getattr(answer.extensions["network_stream"], "answered", True):
                return httpx.Response(answer.status, headers=answer.headers, stream=Coded(answer))
            await answer.aclose()
        answer = await self._pool.handle_async_request(asked)
        return httpx.Response(answer.status, headers=answer.headers, stream=Coded(answer))

    async def aclose(self) -> None:
        """Close the connection."""
        await self._pool.aclose()


class Coded(httpx.AsyncByteStream):
    """The body of an answer as it comes in, coded as it was sent."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        """Give the connection back; it is closed where the body was not read to its end."""
        await self._answer.aclose()


class Connections:
    """The transports of all hosts. A host's is lent to one request at a time; whoever asks holds its turn."""

    def __init__(self, pool: Callable[[], httpcore.AsyncConnectionPool], most: int) -> None:
        """Take what makes a pool of one connection, and how many may be open, which no fewer than are lent at once."""
        self._pool = pool
        self._most = most
        self._lent = 0
        self._idle: dict[str, Transport] = {}  # the one used longest ago first

    @asynccontextmanager
    async def lend(self, host: str) -> AsyncIterator[Transport]:
        """The host's transport, as it was left or new."""
        transport = self._idle.pop(host, None) or Transport(self._pool())
        self._lent += 1
        try:
            while self._idle and self._lent + len(self._idle) > self._most:
                await self._idle.pop(next(iter(self._idle))).aclose()
            yield transport
        finally:
            self._lent -= 1
            self._idle[host] = transport

    async def aclose(self) -> None:
        """Close all that are idle."""
        while self._idle:
            await self._idle.popitem()[1].aclose()
