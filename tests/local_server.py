"""A small scriptable web server on loopback, for tests: routes are replies or functions, every request is logged.

    with LocalServer({"/feed.xml": Reply(b"<rss/>"), "/slow": lambda request: Raw(drops())}) as server:
        ... server.url("/feed.xml"), server.requests ...

A thread a connection. Nothing sleeps: what has to hang waits for `server.closing`, which is set on the way out.
"""

from __future__ import annotations

import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO, Self

Pairs = tuple[tuple[str, str], ...]
Came = tuple[str, str, Pairs, bytes]  # method, target, headers, body


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came: `connection` counts connections from 1, `at_once` the requests then under way."""

    target: str
    headers: Pairs  # names in lower case
    connection: int
    at_once: int
    body: bytes = b""
    method: str = "GET"

    def header(self, name: str) -> str | None:
        """Value of the first header of that name in lower case, or None."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class Reply:
    """A well-formed answer; the connection stays open."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes written as they are, head included; then the connection is closed, or reset."""

    parts: Iterable[bytes]
    reset: bool = False


Route = Reply | Raw | Callable[[Request], Reply | Raw]


class LocalServer:
    """One listening address. A route's key is a path, without query, or "*" for all others; the rest is 404."""

    def __init__(
        self, routes: Mapping[str, Route], *, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> None:
        self.routes = dict(routes)
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._connections = 0
        self._under_way = 0
        self._tls = tls
        self._listener = _Listener((address, 0), self)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.01,), daemon=True)
        self.address = address
        self.port: int = self._listener.server_address[1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()

    def url(self, path: str, host: str = "") -> str:
        """The URL of a path here, under the address or under another host name."""
        return f"{'https' if self._tls else 'http'}://{host or self.address}:{self.port}{path}"

    @property
    def targets(self) -> list[str]:
        """What was asked for, in order."""
        return [request.target for request in self.requests]

    def serve(self, raw: socket.socket) -> None:
        """Answer all requests of one connection."""
        with self._lock:
            self._connections += 1
            number = self._connections
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with (
            suppress(OSError),  # clients that go away are what is tested
            raw if self._tls is None else self._tls.wrap_socket(raw, server_side=True) as connection,
            connection.makefile("rb") as lines,
        ):
            while (read := _read(lines)) and self._answered(connection, number, read):
                pass

    def _answered(self, connection: socket.socket, number: int, came: Came) -> bool:
        """Answer one request; tell whether the connection goes on."""
        method, target, headers, body = came
        with self._lock:
            self._under_way += 1
            request = Request(target, headers, number, self._under_way, body, method)
            self.requests.append(request)
        try:
            route = self.routes.get(target.partition("?")[0]) or self.routes.get("*") or Reply(status=404)
            answer = route(request) if callable(route) else route
            if isinstance(answer, Reply):
                connection.sendall(_head(answer) + answer.body)
                return True
            for part in answer.parts:
                connection.sendall(part)
            if answer.reset:  # close with RST instead of FIN
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        finally:
            with self._lock:
                self._under_way -= 1


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], server: LocalServer) -> None:
        self._server = server
        super().__init__(address, socketserver.BaseRequestHandler)

    def finish_request(self, request: object, client_address: object) -> None:  # noqa: ARG002 - socketserver's signature
        assert isinstance(request, socket.socket)
        self._server.serve(request)


def _read(sent: BinaryIO) -> Came | None:
    """The next request, None where the client is gone."""
    first = sent.readline().decode("latin-1").split()
    if not first:
        return None
    headers = []
    for line in sent:
        if not line.strip():
            break
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name.strip().lower(), value.strip()))
    length = int(dict(headers).get("content-length", "0"))
    return first[0], first[1], tuple(headers), sent.read(length)


def _head(reply: Reply) -> bytes:
    length = {} if reply.status == HTTPStatus.NOT_MODIFIED else {"Content-Length": str(len(reply.body))}
    lines = [
        f"HTTP/1.1 {reply.status} Said",
        *(f"{key}: {value}" for key, value in {**length, **reply.headers}.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
