"""One connection, TCP or TLS, on asyncio itself: a third less work a page than the stream httpcore brings."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, cast

import httpcore

from pipeline.model import Retry

HIGH_WATER = 256 * 2**10  # bytes that may wait to be read before the sender is made to wait


class Unanswered(ConnectionError):  # noqa: N818 - read where it is raised and caught
    """The server closed the connection without a byte in answer to the last request."""


class Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """Bytes in and out. Reading raises OSError (also ssl.SSLError); deadlines over a whole request are the caller's."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._answered = False  # since the last request
        self._ended = False
        self._fault: Exception | None = None
        self._reader: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (asyncio.Protocol)."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what came (asyncio.Protocol)."""
        self._received += data
        self._answered = True
        if len(self._received) > HIGH_WATER:
            self._open_transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note that no more comes; the transport closes itself (asyncio.Protocol)."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, with what caused it (asyncio.Protocol)."""
        self._ended, self._fault = True, exc
        self._wake()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - httpcore's signature
        """At most so many bytes, b"" at the end. Raises Unanswered where there was nothing before it."""
        if not self._received and not self._ended:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        if not self._received and not self._answered:
            raise Unanswered
        if not self._received and self._fault:
            raise self._fault
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        if len(self._received) <= HIGH_WATER and not self._ended:
            self._open_transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - httpcore's signature
        """Send; our requests are small, so nothing waits for the other side. Raises httpcore.WriteError."""
        if self._open_transport.is_closing():
            raise httpcore.WriteError("the server closed the connection")
        if buffer:
            self._answered = False
            self._open_transport.write(buffer)

    async def aclose(self) -> None:
        """Close at once: a TLS farewell from a stranger is not worth waiting for."""
        self._open_transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        """Go on in TLS, the certificate checked against the host name. Raises Retry("tls") or TimeoutError."""
        loop = asyncio.get_running_loop()
        raw = self._open_transport
        try:
            async with asyncio.timeout(timeout):
                self._transport = await loop.start_tls(raw, self, ssl_context, server_hostname=server_hostname)
        except TimeoutError:
            raw.abort()
            raise
        except OSError as fault:
            raw.abort()
            raise Retry("tls") from fault
        return self

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's signature
        """What httpcore asks for: `is_readable` on an idle connection means that it is no longer of use."""
        if info == "is_readable":
            return bool(self._received) or self._ended
        return self._open_transport.get_extra_info(info)

    @property
    def _open_transport(self) -> asyncio.Transport:
        if self._transport is None:  # asyncio calls connection_made before anything else
            raise ConnectionError("not connected")
        return self._transport

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
