"""Bodies without their content codings (gzip, deflate, br), opened slice by slice under a cap on what comes out."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Protocol

import brotli  # type: ignore[import-untyped] # the package brings no types

from pipeline.model import Drop, Retry

ACCEPTED = b"gzip, deflate, br"  # the value of Accept-Encoding: only what is opened here
LAYERS = 2  # codings on top of each other; more are a bomb, not a news site
SLICE = 64 * 2**10  # bytes
MEMBERS = 1_000  # gzip members in a row; a body of the largest size in the 64 KiB blocks of bgzip has 240
GZIP_MAGIC = b"\x1f"  # the first of two bytes: the second may be in the next slice
ZLIB_HEADER = 31  # its two bytes are a multiple of it (RFC 1950, section 2.2)

BROKEN = (zlib.error, brotli.error)


class Layer(Protocol):
    """One content coding being opened."""

    @property
    def ended(self) -> bool:
        """Tell whether the coded stream came to its own end."""

    def open(self, data: bytes) -> Iterator[bytes]:
        """What these bytes hold, in pieces of about a slice; raises one of BROKEN."""


class Inflate:
    """gzip of one or more members (RFC 1952), or deflate with or without its zlib header (RFC 1950, RFC 1951)."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._stream: zlib._Decompress | None = None
        self._members = 0

    @property
    def ended(self) -> bool:
        """Tell whether the last member is whole."""
        return self._stream is not None and self._stream.eof

    def open(self, data: bytes) -> Iterator[bytes]:
        """Open bytes; what stands behind the last member is padding and passed over."""
        while data:
            if self._stream is None or (self._stream.eof and self._gzip and data.startswith(GZIP_MAGIC)):
                self._stream = self._begun(data)
            if self._stream.eof:
                return
            stream = self._stream
            while piece := stream.decompress(data, SLICE):
                data = stream.unconsumed_tail
                yield piece
                if len(piece) < SLICE:
                    break
            data = stream.unused_data

    def _begun(self, data: bytes) -> zlib._Decompress:
        self._members += 1
        if self._members > MEMBERS:
            raise zlib.error("too many gzip members")
        if self._gzip:
            return zlib.decompressobj(zlib.MAX_WBITS + 16)
        headed = int.from_bytes(data[:2], "big") % ZLIB_HEADER == 0
        return zlib.decompressobj(zlib.MAX_WBITS if headed else -zlib.MAX_WBITS)


class Unbrotli:
    """Brotli (RFC 7932)."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    @property
    def ended(self) -> bool:
        """Tell whether the stream is whole."""
        return bool(self._stream.is_finished())

    def open(self, data: bytes) -> Iterator[bytes]:
        """Open bytes; the library may give half a slice more than was asked for."""
        while not self.ended:
            piece = self._stream.process(data, output_buffer_limit=SLICE)
            data = b""
            if piece:
                yield piece
            if len(piece) < SLICE and self._stream.can_accept_more_data():
                return


def layers(codings: str) -> list[Layer]:
    """The codings of a Content-Encoding header, the outermost first; names we never asked for are taken as no coding.

    Raises Drop("bad-encoding") for more than LAYERS of them.
    """
    names = [name.strip().lower().removeprefix("x-") for name in codings.split(",")]
    found = [_layer(name) for name in reversed(names) if name in {"gzip", "deflate", "br"}]
    if len(found) > LAYERS:
        raise Drop("bad-encoding", detail=f"{len(found)} content codings")
    return found


def _layer(name: str) -> Layer:
    return Unbrotli() if name == "br" else Inflate(gzip=name == "gzip")


class Body:
    """One answer's body as it comes in; neither what came nor what is kept grows far beyond `limit` bytes."""

    def __init__(self, codings: str, limit: int, *, cut: bool = False) -> None:
        """Take the Content-Encoding header, or ""; `cut` a larger body, or drop it. Raises Drop("bad-encoding")."""
        self._codings = codings
        self._layers = layers(codings)
        self._plain = not self._layers
        self._limit = limit
        self._cut = cut
        self._waiting = bytearray()  # coded bytes short of a slice
        self._received = 0
        self._opened = 0  # slices
        self._kept: list[bytes] = []
        self._size = 0

    @property
    def full(self) -> bool:
        """Tell whether the limit is passed: what comes now is not wanted."""
        return max(self._received, self._size) > self._limit

    def add(self, data: bytes) -> None:
        """Take bytes as they were sent. Raises Drop("too-large") and Retry("bad-encoding")."""
        self._received += len(data)
        if self._plain:
            self._keep(data)
        else:
            self._waiting += data
            while len(self._waiting) >= SLICE and self._size <= self._limit:
                part = bytes(self._waiting[:SLICE])
                del self._waiting[:SLICE]
                self._open(part)
        self._check()

    def whole(self) -> bytes:
        """The body. Raises Drop("too-large"), and Retry("bad-encoding") where a coding came to no end."""
        self._open(bytes(self._waiting))
        self._check()
        if self._received and not self.full and not all(layer.ended for layer in self._layers):
            raise Retry("bad-encoding")
        return b"".join(self._kept)[: self._limit]

    def _check(self) -> None:
        if self.full and not self._cut:
            raise Drop("too-large")

    def _keep(self, data: bytes) -> None:
        self._kept.append(data)
        self._size += len(data)

    def _open(self, part: bytes) -> None:
        """Open a slice; where the first one fails its label is wrong, and is taken off (rule H3)."""
        self._opened += 1
        while True:
            try:
                for piece in _through(self._layers, part):
                    self._keep(piece)
                    if self._size > self._limit:
                        return
            except BROKEN as fault:
                if self._opened > 1:
                    raise Retry("bad-encoding") from fault
                self._layers = layers(self._codings)[: len(self._layers) - 1]
                self._kept.clear()
                self._size = 0
            else:
                return


def _through(stack: Sequence[Layer], data: bytes) -> Iterator[bytes]:
    """Bytes through all layers, lazily, so that a bomb inside a bomb is opened a slice at a time."""
    if not stack:
        yield data
        return
    for piece in stack[0].open(data):
        yield from _through(stack[1:], piece)
