"""One connection as httpcore sees it."""

from __future__ import annotations

import asyncio

import httpcore
import pytest

from pipeline.fetch.stream import HIGH_WATER, Stream


class Wire(asyncio.Transport):
    """A transport that notes what is done to it."""

    def __init__(self, *, closing: bool = False) -> None:
        super().__init__()
        self.paused = False
        self.sent = b""
        self._closing = closing

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def is_closing(self) -> bool:
        return self._closing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += data


def connected(wire: Wire) -> Stream:
    stream = Stream()
    stream.connection_made(wire)
    return stream


def test_a_sender_that_is_too_fast_is_made_to_wait() -> None:
    wire = Wire()
    stream = connected(wire)
    stream.data_received(bytes(HIGH_WATER))
    assert not wire.paused

    stream.data_received(b"more")
    assert wire.paused
    assert asyncio.run(stream.read(3)) == bytes(3)
    assert wire.paused
    assert asyncio.run(stream.read(1)) == bytes(1)
    assert not wire.paused


def test_a_connection_is_fit_for_reuse_while_it_is_open_and_silent() -> None:
    stream = connected(Wire())
    assert not stream.get_extra_info("is_readable")

    stream.data_received(b"408")
    assert stream.get_extra_info("is_readable")

    stream = connected(Wire())
    stream.eof_received()
    assert stream.get_extra_info("is_readable")


def test_what_came_before_the_end_is_read_before_its_cause() -> None:
    stream = connected(Wire())
    stream.data_received(b"last words")
    stream.connection_lost(ConnectionResetError("reset"))

    assert asyncio.run(stream.read(99)) == b"last words"
    with pytest.raises(ConnectionResetError):
        asyncio.run(stream.read(99))


def test_the_end_of_an_orderly_connection_is_an_empty_read() -> None:
    stream = connected(Wire())
    stream.eof_received()
    stream.connection_lost(None)

    assert asyncio.run(stream.read(99)) == b""


def test_a_request_counts_as_answered_by_what_comes_after_it() -> None:
    wire = Wire()
    stream = connected(wire)
    stream.data_received(b"too early")
    asyncio.run(stream.write(b"GET"))
    assert (wire.sent, stream.answered) == (b"GET", False)

    stream.data_received(b"HTTP")
    asyncio.run(stream.write(b""))
    assert stream.answered


def test_nothing_is_sent_into_a_connection_that_is_closing() -> None:
    wire = Wire(closing=True)

    with pytest.raises(httpcore.WriteError):
        asyncio.run(connected(wire).write(b"GET"))
    assert wire.sent == b""
