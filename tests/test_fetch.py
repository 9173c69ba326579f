"""Fetching feeds and pages: manners, redirects, limits, by rule ids; addresses, robots and turns have own files."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
from collections.abc import Iterator

import httpcore
import pytest

from pipeline.fetch import Limits, Web
from pipeline.fetch.connections import Connections
from pipeline.model import Answer, Drop, Retry, Source
from pipeline.watchlist import USER_AGENT, FetchSettings
from tests.local_server import LocalServer, Raw, Reply, Request
from tests.strangers import (
    AT_ONCE,
    START,
    Clock,
    asking,
    fate,
    feed,
    feed_fate,
    identity,
    names,
    page,
    page_fate,
)

HTML = "<!doctype html><p>Pêşmerge û پێشمەرگە</p>".encode()
RSS = b"<rss><channel/></rss>"


def to(location: str, status: int = 302) -> Reply:
    return Reply(status=status, headers={"Location": location})


def chain(request: Request) -> Reply:
    """/1 leads to /2 and so on, until /0."""
    number = int(request.target[1:])
    return to(f"/{number - 1}") if number else Reply(HTML)


# ---------------------------------------------------------------- what is asked


def test_c1_c2_validators_go_back_byte_for_byte_both_of_them() -> None:
    odd = 'W/"\xe9\xff""o\'dd , v="1"'
    raw = (
        b"HTTP/1.1 200 OK\r\nETag: "
        + odd.encode("latin-1")
        + b"\r\nLast-Modified: yesterday\r\nContent-Length: 0\r\n\r\n"
    )
    with LocalServer({"/feed": Raw([raw])}) as server:
        answer = feed(server.url("/feed"))
        back = (("If-None-Match", answer.header("etag")), ("If-Modified-Since", answer.header("Last-Modified")))
        asking(lambda web: web.feed(Source("x", server.url("/feed")), back))

    assert answer.header("ETag") == odd
    assert server.requests[1].header("if-none-match") == odd
    assert server.requests[1].header("if-modified-since") == "yesterday"
    assert server.requests[0].header("if-none-match") is None


def test_c5_a_304_is_an_answer_with_its_headers() -> None:
    with LocalServer({"/feed": Reply(status=304, headers={"Cache-Control": "max-age=60"})}) as server:
        answer = feed(server.url("/feed"))

    assert (answer.status, answer.body, answer.header("cache-control")) == (304, b"", "max-age=60")


def test_c10_no_cookie_no_referer_and_the_url_as_it_is() -> None:
    cookie = {"Set-Cookie": "id=1; Path=/"}
    there = Reply(status=302, headers={**cookie, "Location": "/there?b=2&a=1&utm_source=rss"})
    with LocalServer({"/feed": there, "/there": Reply(RSS, headers=cookie)}) as server:

        async def thrice(web: Web) -> None:
            for _ in range(3):
                await web.feed(Source("x", server.url("/feed?z=1&a=%20")))

        asking(thrice)

    assert server.targets == ["/feed?z=1&a=%20", "/there?b=2&a=1&utm_source=rss"] * 3
    assert {request.header("cookie") for request in server.requests} == {None}
    assert {request.header("referer") for request in server.requests} == {None}


def test_h1_h2_h3_who_we_are_what_we_want_and_what_we_can_open() -> None:
    with LocalServer({"*": Reply(HTML)}) as server:
        page(
            server.url("/page"),
            settings=FetchSettings(allow_networks=("127.0.0.0/8",), user_agent="Desk/2 (+mailto:a@b)"),
        )
        feed(server.url("/feed"))

    robots, article, poll = server.requests
    assert {request.header("user-agent") for request in (robots, article)} == {"Desk/2 (+mailto:a@b)"}
    assert poll.header("user-agent") == USER_AGENT
    assert {request.header("accept-encoding") for request in server.requests} == {"gzip, deflate, br"}
    assert (robots.header("accept") or "").startswith("text/plain")
    assert (article.header("accept") or "").startswith("text/html, application/xhtml+xml")
    assert poll.header("accept") == (
        "application/atom+xml, application/rss+xml, application/feed+json, "
        "application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
    )


def test_a_source_may_bring_its_own_headers_in_place_of_ours() -> None:
    source_headers = (("x-api-key", "şîfre"), ("user-agent", "Browser/1"))
    with LocalServer({"/feed": Reply(RSS)}) as server:
        asking(lambda web: web.feed(Source("x", server.url("/feed"), headers=source_headers)))

    sent = server.requests[0]
    assert (sent.header("x-api-key") or "").encode("latin-1").decode() == "şîfre"
    assert [value for name, value in sent.headers if name == "user-agent"] == ["Browser/1"]


# ---------------------------------------------------------------- what comes back


def test_an_answer_says_what_came_from_where_and_when() -> None:
    body = Reply(gzip.compress(HTML), headers={"Content-Encoding": "gzip", "X-One": "a", "x-one": "b"})
    with LocalServer({"/page": body}) as server:
        answer = page(server.url("/page"))

    assert answer == Answer(
        server.url("/page"),
        200,
        (("content-length", str(len(body.body))), ("content-encoding", "gzip"), ("x-one", "a"), ("x-one", "b")),
        HTML,
        START,
    )


@pytest.mark.parametrize("status", [200, 201, 204, 304, 400, 401, 403, 404, 410, 429, 500, 503, 599])
def test_s1_a_feed_answers_with_any_status(status: int) -> None:
    body = b"" if status in {204, 304} else RSS
    with LocalServer({"/feed": Reply(body, status=status)}) as server:
        answer = feed(server.url("/feed"))

    assert (answer.status, answer.body) == (status, RSS if status == 200 else b"")


STATUSES = {
    200: "200",
    204: "drop http-204",
    300: "drop http-300",
    302: "drop http-302",  # it names no target
    304: "drop not-modified",  # nobody asked on a condition
    401: "drop http-401",
    403: "drop http-403",
    404: "drop http-404",
    408: "retry http-408",
    410: "drop http-410",
    425: "retry http-425",
    429: "retry http-429",
    451: "drop http-451",
    500: "retry http-500",
    503: "retry http-503",
    520: "retry http-520",
}


@pytest.mark.parametrize("status", STATUSES)
def test_s6_s11_a_page_is_kept_dropped_or_tried_again_by_its_status(status: int) -> None:
    body = b"" if status in {204, 304} else HTML
    with LocalServer({"/page": Reply(body, status=status)}) as server:
        assert page_fate(server.url("/page")) == STATUSES[status]


def test_s7_a_page_is_tried_again_when_its_server_says() -> None:
    busy = Reply(status=503, headers={"Retry-After": "Sun, 01 Mar 2026 08:01:30 GMT"})
    with LocalServer({"/page": busy}) as server, pytest.raises(Retry) as refusal:
        page(server.url("/page"))

    assert (refusal.value.reason, refusal.value.wait, refusal.value.status) == ("http-503", 90, 503)


def test_s8_a_429_pauses_its_host_for_as_long_as_it_says() -> None:
    busy = Reply(status=429, headers={"Retry-After": "60"})
    clock = Clock()
    with LocalServer({"/busy": busy, "*": Reply(HTML)}) as server, LocalServer({"*": Reply(HTML)}) as port:

        async def around(web: Web) -> list[str]:
            poll = await web.feed(Source("x", server.url("/busy")))
            fates = [str(poll.status), await fate(web.page(server.url("/page"))), await fate(web.page(port.url("/")))]
            fates.append(await fate(web.page(server.url("/page", "other.test"))))
            clock.pass_by(61)
            return [*fates, await fate(web.page(server.url("/page")))]

        assert asking(around, clock=clock) == ["429", "retry paused", "retry paused", "200", "200"]


@pytest.mark.parametrize(("status", "expected"), [(429, "retry paused"), (503, "200")])
def test_s8_without_a_time_a_429_pauses_ten_minutes_and_a_503_is_about_its_url_only(status: int, expected: str) -> None:
    clock = Clock()
    with LocalServer({"/busy": Reply(status=status), "*": Reply(HTML)}) as server:

        async def around(web: Web) -> list[str]:
            await web.feed(Source("x", server.url("/busy")))
            clock.pass_by(599)
            first = await fate(web.feed(Source("x", server.url("/"))))
            clock.pass_by(1)
            return [first, await fate(web.feed(Source("x", server.url("/"))))]

        assert asking(around, clock=clock) == [expected, "200"]


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (403, {"cf-mitigated": "challenge"}, "drop bot-challenge"),
        (403, {"cf-mitigated": "Challenge"}, "drop bot-challenge"),
        (403, {"server": "cloudflare"}, "drop http-403"),
    ],
)
def test_s10_a_bot_challenge_is_called_one(status: int, headers: dict[str, str], expected: str) -> None:
    with LocalServer({"/page": Reply(HTML, status, headers)}) as server:
        assert page_fate(server.url("/page")) == expected


TYPES = {
    "text/html": True,
    "TEXT/HTML;charset=windows-1256": True,
    "application/xhtml+xml": True,
    "text/plain": True,
    "text/html, text/html": True,
    "": True,
    "utf-8": True,
    "application/pdf": False,
    "image/jpeg": False,
    "video/mp4": False,
    "application/json": False,
    "application/octet-stream": False,
}


@pytest.mark.parametrize("kind", TYPES)
def test_a_page_that_is_no_html_is_dropped_before_its_body_is_read(kind: str) -> None:
    def endless() -> Raw:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: 900000000\r\n\r\n"
        return Raw([head.encode(), b"x"])

    with LocalServer({"/page": Reply(HTML, headers={"Content-Type": kind}), "/film": lambda _: endless()}) as server:
        assert page_fate(server.url("/page")) == ("200" if TYPES[kind] else "drop not-html")
        assert page_fate(server.url("/film")) == ("retry connection" if TYPES[kind] else "drop not-html")


# ---------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_s2_s3_a_redirect_is_followed_and_told(status: int) -> None:
    with LocalServer({"/d": Reply(HTML)}) as other, LocalServer({"/a": to("b/../c", status)}) as server:
        server.routes["/c"] = to(other.url("/d#part", "other.test").removeprefix("http:"), status)
        answer = page(server.url("/a"))

    assert answer.url == other.url("/d", "other.test")
    assert answer.redirects == ((status, server.url("/a")), (status, server.url("/c")))
    assert server.targets == ["/robots.txt", "/a", "/c"]


@pytest.mark.parametrize("location", ["/خبر?q=عاجل", "/%D8%AE%D8%A8%D8%B1?q=%D8%B9%D8%A7%D8%AC%D9%84"])
def test_a_redirect_in_plain_utf_8_is_understood(location: str) -> None:
    raw = Raw([b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: " + location.encode() + b"\r\n\r\n"])
    with LocalServer({"/a": raw, "*": Reply(RSS)}) as server:
        feed(server.url("/a"))

    assert server.targets[1] == "/%D8%AE%D8%A8%D8%B1?q=%D8%B9%D8%A7%D8%AC%D9%84"


def test_s3_validators_go_to_the_url_that_issued_them_only() -> None:
    validators = (("If-None-Match", '"1"'),)
    with LocalServer({"/old": to("/new", 301), "/new": Reply(RSS)}) as server:
        old, new = server.url("/old"), server.url("/new")

        async def polls(web: Web) -> None:
            for issuer in ("", old, new, server.url("/other")):
                await web.feed(Source("x", old), validators, issuer)

        asking(polls)

    sent = [request.header("if-none-match") for request in server.requests]
    assert sent == ['"1"', None, '"1"', None, None, '"1"', None, None]


@pytest.mark.parametrize("length", [5, 6])
def test_s4_five_redirects_are_followed_and_no_more(length: int) -> None:
    with LocalServer({"/robots.txt": Reply(), "*": chain}) as server:
        for asked in (page_fate, feed_fate):
            assert asked(server.url(f"/{length}")) == ("200" if length == 5 else "drop too-many-redirects")


@pytest.mark.parametrize("second", ["/b", "/a", "#top", ""])
def test_s4_a_loop_is_called_one(second: str) -> None:
    with LocalServer({"/a": to("/b"), "/b": to(second)}) as server:
        fates = (feed_fate(server.url("/a")), page_fate(server.url("/b")))

    assert fates == (("drop redirect-loop",) * 2 if second else ("302", "drop http-302"))


def test_a_sources_own_headers_never_leave_its_site() -> None:
    secret = (("Authorization", "Bearer 1"),)
    with LocalServer({"/same": to("/feed"), "/feed": Reply(RSS)}) as server, LocalServer({"*": Reply(RSS)}) as port:
        server.routes |= {"/host": to(server.url("/feed", "other.test")), "/port": to(port.url("/feed"))}
        server.routes |= {"/around": to(server.url("/back", "other.test")), "/back": to(server.url("/feed"))}

        async def polls(web: Web) -> None:
            for path in ("/same", "/host", "/port", "/around"):
                await web.feed(Source("x", server.url(path), headers=secret))

        asking(polls)

    told = [(request.target, request.header("authorization") is not None) for request in server.requests]
    assert told == [
        ("/same", True),
        ("/feed", True),
        ("/host", True),
        ("/feed", False),
        ("/port", True),
        ("/around", True),
        ("/back", False),
        ("/feed", False),
    ]
    assert port.requests[0].header("authorization") is None


BAD_URLS = [
    "ftp://news.test/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "javascript:alert(1)",
    "data:text/html,x",
    "//news.test/",
    "news.test",
    "",
    "http://",
    "http:///a",
    "http://desk@news.test/",
    "http://desk:word@news.test/",
    "http://news.test\\@127.0.0.1/",
    "http://@news.test/",
    "http://news.test:99999/",
    "http://news.test:port/",
    "http://[::1/",
    "http://[fe80::1%25eth0]/",
    "http://0177.0.0.1/",
    "http://news.test/\r\nX: y",
    "http://news.test/" + "a" * 2_048,
    "http://" + "a" * 64 + ".test/",
    "http://xn--a.test/",
    "http://news .test/",
    "http://\ud800.test/",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_x1_only_plain_http_urls_are_asked_for(url: str) -> None:
    assert page_fate(url, resolve=names({})) in {"drop bad-url", "retry dns"}
    assert feed_fate(url, resolve=names({})) in {"drop bad-url", "retry dns"}


@pytest.mark.parametrize(
    "location",
    [
        "ftp://news.test/",
        "http://desk@news.test/",
        "http://news.test\\@127.0.0.1/",
        "javascript:alert(1)",
        "http://[",
        "/" + "a" * 2_048,
        "http://news.test:99999",
    ],
)
def test_x1_every_hop_is_held_to_it(location: str) -> None:
    with LocalServer({"*": to(location)}) as server:
        assert feed_fate(server.url("/feed")) == "drop bad-url"


# ---------------------------------------------------------------- connections and time


def test_h4_requests_to_one_host_keep_their_distance_whatever_the_port_or_kind() -> None:
    clock, starts = Clock(), list[float]()

    def noted(request: Request) -> Reply:
        starts.append((clock.time - START).total_seconds())
        return to("/end") if request.target == "/feed" else Reply(HTML)

    with LocalServer({"*": noted}) as server, LocalServer({"*": noted}) as port:

        async def everything(web: Web) -> None:
            asked = (web.feed(Source("x", server.url("/feed"))), web.page(port.url("/a")), web.page(server.url("/b")))
            await asyncio.gather(*asked)

        asking(everything, FetchSettings(delay_seconds=5, allow_networks=("127.0.0.0/8",)), clock=clock)

    assert starts == [0, 5, 10, 15, 20, 25]  # the feed, its redirect, two robots.txt, two pages
    assert {request.at_once for request in (*server.requests, *port.requests)} == {1}


def test_h4_a_connection_is_kept_for_the_next_request() -> None:
    with LocalServer({"*": Reply(HTML), "/missing": Reply(b"?" * 9_000, status=404)}) as server:

        async def three(web: Web) -> None:
            for path in ("/a", "/missing", "/b"):
                await fate(web.page(server.url(path)))

        asking(three)

    assert [request.connection for request in server.requests] == [1, 1, 1, 1]


def test_h4_connections_are_bounded_overall_and_the_oldest_idle_one_goes() -> None:
    with LocalServer({"*": Reply(RSS)}) as server:

        async def polls(web: Web) -> None:
            for name in ("a", "b", "c", "b", "a"):
                await web.feed(Source("x", server.url("/", f"{name}.test")))

        asking(polls, limits=Limits(connections=2))

    assert [request.connection for request in server.requests] == [1, 2, 3, 2, 4]


def test_h4_no_more_requests_are_under_way_than_connections_are_allowed() -> None:
    with LocalServer({"*": Reply(HTML)}) as server:

        async def polls(web: Web) -> None:
            await asyncio.gather(*(web.feed(Source("x", server.url("/", f"{n}.test"))) for n in range(20)))

        asking(polls, limits=Limits(connections=3))

    assert max(request.at_once for request in server.requests) <= 3


def test_a_kept_connection_that_the_server_closed_is_made_anew() -> None:
    """One closed between two requests, and one closed just as the next request arrives."""

    def once_a_connection(request: Request) -> Reply | Raw:
        served.append(request.connection)
        return Raw([]) if served.count(request.connection) > 1 else Reply(RSS)

    served: list[int] = []
    closing = Raw([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
    with LocalServer({"/polite": closing, "/rude": once_a_connection}) as server:

        async def polls(web: Web, path: str) -> list[str]:
            return [await fate(web.feed(Source("x", server.url(path)))) for _ in range(3)]

        assert asking(lambda web: polls(web, "/polite")) == ["200"] * 3
        assert asking(lambda web: polls(web, "/rude")) == ["200"] * 3


def test_a_server_that_never_answers_is_asked_once() -> None:
    with LocalServer({"/feed": Raw([])}) as server:
        assert feed_fate(server.url("/feed")) == "retry connection"

    assert server.targets == ["/feed"]


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 404 No\r\n\r\n",
    ],
)
def test_h6_one_deadline_ends_a_drip(head: bytes) -> None:
    def drops() -> Iterator[bytes]:
        yield head
        while not server.closing.wait(0.01):
            yield b"1"

    with LocalServer({"/feed": lambda _: Raw(drops())}) as server:
        assert feed_fate(server.url("/feed"), limits=Limits(transfer=0.1)) == "retry timeout"


def test_h6_the_deadline_covers_all_redirects_of_a_request() -> None:
    with LocalServer({}) as server:

        def slow(request: Request) -> Reply:
            server.closing.wait(0.12)
            return chain(request)

        server.routes["*"] = slow
        assert feed_fate(server.url("/5"), limits=Limits(transfer=0.5)) == "retry timeout"
        assert feed_fate(server.url("/0"), limits=Limits(transfer=0.5)) == "200"


def test_h6_waiting_for_a_turn_is_not_counted() -> None:
    with LocalServer({"*": Reply(RSS)}) as server:

        async def polls(web: Web) -> list[str]:
            return list(await asyncio.gather(*(fate(web.feed(Source("x", server.url(f"/{n}")))) for n in range(20))))

        slow = FetchSettings(delay_seconds=60, allow_networks=AT_ONCE.allow_networks)
        assert asking(polls, slow, limits=Limits(transfer=1)) == ["200"] * 20


def test_a_task_that_is_cancelled_leaves_its_host_free() -> None:
    asked = threading.Event()

    def hang(request: Request) -> Raw:  # noqa: ARG001 - a route's signature
        asked.set()
        server.closing.wait()
        return Raw([])

    with LocalServer({"/good": Reply(RSS), "/hang": hang}) as server:

        async def cancelled(web: Web) -> str:
            task = asyncio.create_task(web.feed(Source("x", server.url("/hang"))))
            await asyncio.to_thread(asked.wait)
            task.cancel()
            await asyncio.wait([task])
            return await fate(web.feed(Source("x", server.url("/good"))))

        assert asking(cancelled) == "200"


def test_connections_that_are_lent_are_not_closed_for_others() -> None:
    async def lent() -> None:
        connections = Connections(httpcore.AsyncConnectionPool, most=1)
        async with connections.lend("a") as first, connections.lend("b") as second:
            assert first is not second
        async with connections.lend("b") as again:
            assert again is second
        await connections.aclose()

    asyncio.run(lent())


# ---------------------------------------------------------------- TLS


def test_x2_tls_and_host_keep_the_name_of_the_url() -> None:
    called: list[str | None] = []
    context = identity()
    context.sni_callback = lambda _socket, name, _context: called.append(name)
    with LocalServer({"*": Reply(HTML)}, tls=context) as server:
        answer = page(server.url("/a", "news.test"))

    assert (answer.status, answer.body, answer.url) == (200, HTML, server.url("/a", "news.test"))
    assert called == ["news.test"]
    assert {request.header("host") for request in server.requests} == {f"news.test:{server.port}"}
    assert {request.connection for request in server.requests} == {1}


def test_s11_a_certificate_that_does_not_hold_is_a_fault_in_tls() -> None:
    with LocalServer({"*": Reply(HTML)}, tls=identity()) as server:
        assert feed_fate(server.url("/", "other.test")) == "retry tls"
        assert feed_fate(server.url("/", "news.test"), tls=ssl.create_default_context) == "retry tls"


def test_s11_a_server_that_speaks_no_tls_is_a_fault_in_tls() -> None:
    def speak() -> None:
        connection = listener.accept()[0]
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            connection.recv(9_999)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=speak)
        server.start()
        assert feed_fate(f"https://news.test:{listener.getsockname()[1]}/") == "retry tls"
        server.join()


def test_s11_a_handshake_that_never_ends_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://news.test:{silent.getsockname()[1]}/"

        assert feed_fate(url, limits=Limits(connect=0.05)) == "retry timeout"


def test_a_large_body_comes_through_tls_whole() -> None:
    body = bytes(range(256)) * 8_192  # 2 MiB, more than may wait in memory unread
    with LocalServer({"*": Reply(body)}, tls=identity()) as server:
        assert feed(server.url("/", "news.test")).body == body


# ---------------------------------------------------------------- the person's settings


def test_the_defaults_reach_nothing_on_this_machine() -> None:
    async def ask() -> Drop:
        async with Web(FetchSettings()) as web:
            with pytest.raises(Drop) as refusal:
                await web.feed(Source("x", "http://127.0.0.1:9/"))
            return refusal.value

    assert asyncio.run(ask()).reason == "private-address"
