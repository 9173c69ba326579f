"""Servers that lie, break off, never end or send noise: each costs one Drop or Retry, never another exception."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import resource
import sys
from collections.abc import Callable, Iterable, Iterator

import brotli  # type: ignore[import-untyped] # the package brings no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fetch import Limits, Web
from pipeline.model import Drop, Retry, Source
from tests.local_server import LocalServer, Raw, Reply, Request
from tests.strangers import AT_ONCE, Clock, asking, everything_here, fate, feed, feed_fate, page_fate, trust

MEBIBYTE = 2**20
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

BROKEN = {
    "nothing": [],
    "no http": [b"220 mail.test ESMTP\r\n"],
    "half a head": [b"HTTP/1.1 200 OK\r\nContent-"],
    "a status that is none": [b"HTTP/1.1 abc\r\n\r\n"],
    "a line that is no header": [b"HTTP/1.1 200 OK\r\nhello\r\n\r\n"],
    "a header with a NUL": [HEAD + b"X: a\0b\r\n\r\n"],
    "an endless head": [b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 200_000],
    "two lengths": [HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    "a negative length": [HEAD + b"Content-Length: -1\r\n\r\na"],
    "less than its length": [HEAD + b"Content-Length: 100\r\n\r\nabc"],
    "a chunk cut off": [CHUNKED + b"64\r\nabc"],
    "a chunk of no size": [CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n"],
    "a chunk longer than said": [CHUNKED + b"2\r\nabcdef\r\n0\r\n\r\n"],
    "no last chunk": [CHUNKED + b"3\r\nabc\r\n"],
    "a coding cut off": [
        HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n",
        gzip.compress(b"abc" * 99)[:-9],
    ],
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("reset", [False, True])
def test_s11_a_broken_answer_can_be_tried_again(case: str, reset: bool) -> None:  # noqa: FBT001 - a table
    with LocalServer({"/page": Raw(BROKEN[case], reset=reset)}) as server:
        expected = {"retry bad-encoding", "retry connection"} if case == "a coding cut off" else {"retry connection"}
        assert page_fate(server.url("/page")) in expected


def test_s11_a_closed_port_is_a_fault_of_the_connection() -> None:
    with LocalServer({}) as server:
        url = server.url("/")

    assert (page_fate(url), feed_fate(url)) == ("retry connection", "retry connection")


@pytest.mark.parametrize(
    "rest", [b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled", b"HTTP/1.1 204 No\r\n\r\n", b"\n", b"junk"]
)
def test_x5_what_comes_behind_an_answer_is_no_answer_to_the_next_request(rest: bytes) -> None:
    """The connection stays open, as if all were well."""

    def twofold(_: Request) -> Reply:
        return Reply(b"abc" + rest, headers={"Content-Length": "3"})

    with LocalServer({"/feed": twofold}) as server:

        async def thrice(web: Web) -> list[bytes]:
            return [(await web.feed(Source("x", server.url("/feed")))).body for _ in range(3)]

        assert asking(thrice) == [b"abc"] * 3


def endless(start: bytes, part: bytes) -> Iterator[bytes]:
    """A head and a body without an end."""
    yield start
    yield from itertools.repeat(part)


NOISE = bytes(range(256)) * 64
TRAPS: dict[str, Callable[[], Iterable[bytes]]] = {
    "endless": lambda: endless(HEAD + b"\r\n", NOISE),
    "endless chunks": lambda: endless(CHUNKED, b"4000\r\n" + NOISE + b"\r\n"),
    "a length that lies": lambda: endless(HEAD + b"Content-Length: 99999999999\r\n\r\n", NOISE),
    "endless gzip": lambda: endless(HEAD + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(NOISE)),
    "a gzip bomb": lambda: [HEAD + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(bytes(32 * MEBIBYTE))],
    "a brotli bomb": lambda: [HEAD + b"Content-Encoding: br\r\n\r\n", brotli.compress(bytes(32 * MEBIBYTE), quality=3)],
    "a bomb in a bomb": lambda: [
        HEAD + b"Content-Encoding: gzip, gzip\r\n\r\n",
        gzip.compress(gzip.compress(bytes(32 * MEBIBYTE))),
    ],
}


@pytest.mark.parametrize("trap", TRAPS)
def test_x5_a_body_beyond_the_limit_is_dropped(trap: str) -> None:
    with LocalServer({"/page": lambda _: Raw(TRAPS[trap]())}) as server:
        assert page_fate(server.url("/page"), limits=Limits(body=MEBIBYTE)) == "drop too-large"
        assert feed_fate(server.url("/page"), limits=Limits(body=MEBIBYTE)) == "drop too-large"


def test_x5_bombs_leave_no_memory_behind() -> None:
    bomb = (
        HEAD + b"Content-Encoding: br\r\nConnection: close\r\n\r\n" + brotli.compress(bytes(256 * MEBIBYTE), quality=3)
    )
    with LocalServer({"/page": Raw([bomb])}) as server:

        async def many(web: Web) -> list[str]:
            return list(await asyncio.gather(*(fate(web.page(server.url("/page", f"{n}.test"))) for n in range(20))))

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert asking(many, limits=Limits(body=MEBIBYTE)) == ["drop too-large"] * 20
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    unit = 1 if sys.platform == "darwin" else 1_024
    assert grown * unit < 200 * MEBIBYTE  # a decoder holds up to 16, and not all of them are open at once


@pytest.mark.parametrize("codings", ["gzip, gzip, gzip", "br, br, br, gzip"])
def test_x6_a_pile_of_codings_is_refused(codings: str) -> None:
    with LocalServer({"/feed": Reply(b"x", headers={"Content-Encoding": codings})}) as server:
        assert feed_fate(server.url("/feed")) == "drop bad-encoding"


@pytest.mark.parametrize("label", ["gzip", "br", "deflate", "utf-8", "none", "gzip, br"])
def test_h3_a_wrong_label_does_no_harm(label: str) -> None:
    body = b"<rss><channel><title>Nu\xc3\xa7e</title></channel></rss>"
    with LocalServer({"/feed": Reply(body, headers={"Content-Encoding": label})}) as server:
        assert feed(server.url("/feed")).body == body


def test_an_error_page_without_end_is_told_by_its_status() -> None:
    with LocalServer({"/page": lambda _: Raw(endless(b"HTTP/1.1 404 Not Found\r\n\r\n", NOISE))}) as server:
        assert page_fate(server.url("/page")) == "drop http-404"


def test_promises_of_an_answer_are_not_waited_for_without_end() -> None:
    early = endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50)
    with LocalServer({"/page": lambda _: Raw(early)}) as server:
        assert feed_fate(server.url("/page"), limits=Limits(transfer=0.1)) == "retry timeout"


def test_a_server_that_changes_the_protocol_is_dropped() -> None:
    with LocalServer(
        {"/page": Raw([b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"])}
    ) as server:
        assert page_fate(server.url("/page"), limits=Limits(transfer=0.5)) in {"drop http-101", "retry connection"}


# Answers as a fuzzer makes them: noise, or something like HTTP with noise in its places.
FIELDS = st.sampled_from(
    [
        b"Content-Length: 5",
        b"Content-Length: 5000",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Content-Encoding: gzip",
        b"Content-Encoding: br",
        b"Content-Encoding: deflate, gzip",
        b"Content-Type: text/html",
        b"Content-Type: \xff/\xfe;;=",
        b"Location: /next",
        b"Location: \xd8\xae//[",
        b"Location: http://\xff:99999/",
        b"Retry-After: Thu, 99 Foo",
        b"Connection: close",
        b"Connection: keep-alive",
        b"Set-Cookie: \x01",
        b"",
    ]
)
STATUS = st.sampled_from([100, 103, 200, 200, 200, 204, 206, 301, 304, 404, 429, 503, 999, 0, 20])
BODIES = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=200).map(gzip.compress),
    st.binary(max_size=200).map(brotli.compress),
    st.binary(max_size=60).map(lambda data: b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)),
)
ANSWERS = st.one_of(
    st.binary(max_size=300),
    st.tuples(STATUS, st.lists(FIELDS, max_size=5), BODIES).map(
        lambda made: b"\r\n".join([b"HTTP/1.1 %d X" % made[0], *made[1], b"", made[2]])
    ),
)


def test_any_answer_is_an_answer_a_drop_or_a_retry() -> None:
    """Noise in all places: robots.txt, feed, page, redirect targets."""
    said: list[bytes] = []
    fates: set[str] = set()
    clock = Clock()

    def speak(cut: int) -> Raw:
        text = said[0]
        return Raw([text[:cut], text[cut:]])

    with LocalServer({"*": lambda request: speak(len(request.target))}) as server, asyncio.Runner() as runner:

        async def one() -> None:
            async with Web(
                AT_ONCE, resolve=everything_here, now=clock.now, limits=Limits(transfer=2), tls=trust
            ) as web:
                for work in (web.page(server.url("/page")), web.feed(Source("x", server.url("/feed", "feed.test")))):
                    fates.add(await fate(work))

        @settings(max_examples=150, deadline=None, derandomize=True, database=None)
        @given(ANSWERS)
        def ask(answer: bytes) -> None:
            said[:] = [answer]
            runner.run(one())

        ask()

    assert fates > {"200", "404", "retry connection"}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=80) | st.text(max_size=60).map(lambda rest: f"http://news.test{rest}"))
def test_any_text_is_a_url_or_a_bad_one(url: str) -> None:
    async def nowhere(host: str, port: int) -> list[str]:  # noqa: ARG001 - a resolver's signature
        raise OSError

    with pytest.raises((Drop, Retry)):
        asking(lambda web: web.page(url), resolve=nowhere)
