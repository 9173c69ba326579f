"""Somebody between a store and its server who loses requests, or their answers, as networks do."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from tests.elastic_server import Address
from tests.local_server import LocalServer, Raw, Reply, Request

Judge = Callable[[Request], str]
"""What becomes of a request: "" it passes, "lost" before the server has it, "unheard" when the server has done it."""
HOP = {"connection", "content-length", "host", "transfer-encoding"}
GONE = Raw(())


@contextmanager
def between(address: Address, judge: Judge) -> Iterator[Address]:
    """An address at which the server answers as far as the judge lets it."""
    parts = urlsplit(address.url)

    def passed(request: Request) -> Reply | Raw:
        fate = judge(request)
        if fate == "lost":
            return GONE
        with closing(http.client.HTTPConnection(f"{parts.hostname}:{parts.port}", timeout=60)) as onward:
            headers = {name: value for name, value in request.headers if name not in HOP}
            onward.request(request.method, request.target, request.body, headers)
            answer = onward.getresponse()
            told = {name: value for name, value in answer.getheaders() if name.lower() not in HOP}
            body = answer.read()
        return GONE if fate == "unheard" else Reply(body, answer.status, told)

    with LocalServer({"*": passed}) as server:
        yield replace(address, url=server.url(""))


def first(count: int, fate: str, *, path: str = "", method: str = "") -> Judge:
    """A judge who deals so with the first requests whose path ends so, and lets all others pass."""
    left = [count]

    def judged(request: Request) -> str:
        met = request.target.partition("?")[0].endswith(path) and request.method.startswith(method) and left[0] > 0
        left[0] -= met
        return fate if met else ""

    return judged
