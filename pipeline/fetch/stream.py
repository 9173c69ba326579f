"""One connection, TCP or TLS, on asyncio itself: a third less work a page than the stream httpcore brings."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, cast

import httpcore

from pipeline.model import Retry

HIGH_WATER = 256 * 2**10  # bytes that may wait to be read before the sender is made to wait


class Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """Bytes in and out. Reading raises OSError (also ssl.SSLError); deadlines over a whole request are the caller's."""

    _transport: asyncio.Transport  # asyncio calls connection_made before anything else

    def __init__(self) -> None:
        self._received = bytearray()
        self.answered = False  # bytes came after the last request was sent
        self._ended = False
        self._fault: Exception | None = None
        self._reader: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (asyncio.Protocol)."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what came (asyncio.Protocol)."""
        self._received += data
        self.answered = True
        if len(self._received) > HIGH_WATER:
            self._transport.pause_reading()
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
        """At most so many bytes, b"" at the end."""
        if not self._received and not self._ended:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        if not self._received and self._fault:
            raise self._fault
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        if len(self._received) <= HIGH_WATER and not self._ended:
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - httpcore's signature
        """Send; our requests are small, so nothing waits for the other side. Raises httpcore.WriteError."""
        if not buffer:
            return
        self.answered = False
        if self._transport.is_closing():
            raise httpcore.WriteError("the server closed the connection")
        self._transport.write(buffer)

    async def aclose(self) -> None:
        """Close at once: a TLS farewell from a stranger is not worth waiting for."""
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        """Go on in TLS, the certificate checked against the host name. Raises Retry("tls") or TimeoutError."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                upgraded = await loop.start_tls(self._transport, self, ssl_context, server_hostname=server_hostname)
        except TimeoutError:
            raise
        except OSError as fault:
            raise Retry("tls") from fault
        if upgraded is None:  # asyncio's word for a connection lost meanwhile
            raise Retry("tls")
        self._transport = upgraded
        return self

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's signature
        """What httpcore asks for: `is_readable` on an idle connection means that it is no longer of use."""
        if info == "is_readable":
            return bool(self._received) or self._ended
        return self._transport.get_extra_info(info)

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
