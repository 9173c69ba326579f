"""What answers say to browsers, and whom the server answers at all: nothing leaves this machine."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from pipeline.browse.asked import PAGING

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OURS = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Hosts that name this server. A page of a stranger whose name was pointed at 127.0.0.1 bears its own."""
NONCE = "wireroom.nonce"  # key of the scope
HOME = "/"
STILL = ("/wireroom/news", "/article/")  # pages to read, without any script
CHARTS = ("/timeline",)
MAP = ("/map",)
READ = (*STILL, *CHARTS, *MAP)  # where a link from elsewhere may lead
FOREIGN = frozenset({"cross-site", "same-site"})
"""A site knows no ports: what another server of this machine shows is `same-site`."""
POLICY = (
    "default-src 'none'; img-src 'self' data:; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; script-src "
)
ELSEWHERE = "the address of this page is not this machine's; open it as http://127.0.0.1 with its port\n"
UNINVITED = "another site's page asked for this, not you; open it from the pages of this server\n"


def shielded(app: App) -> App:
    """The application behind a check of who asks and with a policy on each answer.

    DNS rebinding: https://owasp.org/www-community/attacks/DNS_rebinding; policy: https://www.w3.org/TR/CSP3/; who asks:
    https://www.w3.org/TR/fetch-metadata/.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        headers = {key: value.decode("latin-1").lower() for key, value in scope["headers"]}
        if not addressed_to_us(headers.get(b"host", "")):
            await _refuse(send, 421, ELSEWHERE)
            return
        if not invited(headers, scope["path"], scope["query_string"].decode("latin-1")):
            await _refuse(send, 403, UNINVITED)
            return
        nonce = secrets.token_urlsafe(12)

        async def sealed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_headers(scope["path"], nonce)]}
            await send(message)

        await app({**scope, NONCE: nonce}, receive, sealed)

    return guarded


def addressed_to_us(host: str) -> bool:
    """Whether a Host header names this machine; a client without one is no browser."""
    return not host or host in OURS or host.rpartition(":")[0] in OURS


def invited(headers: Mapping[bytes, str], path: str, query: str) -> bool:
    """Whether a reader asks, and not the page of a stranger, who could keep the store busy with SQL of his own.

    From elsewhere a link may lead to a page to read and its search, in a window of its own.
    """
    if headers.get(b"sec-fetch-site") not in FOREIGN:
        return True
    opened = (headers.get(b"sec-fetch-mode"), headers.get(b"sec-fetch-dest")) == ("navigate", "document")
    searched = {key for key, _ in parse_qsl(query, keep_blank_values=True)} <= PAGING
    return opened and searched and (path == HOME or (path.startswith(READ) and not path.endswith(".json")))


def policy(path: str, nonce: str) -> str:
    """The Content-Security-Policy of a page: no script on pages to read, elsewhere files and what bears the nonce.

    Nowhere `unsafe-inline`: it would run the link `javascript:...` of a pin or a cell.
    """
    if path == HOME or path.startswith(STILL):
        return f"{POLICY}'none'"
    if path.startswith(CHARTS):
        return f"{POLICY}'self' 'unsafe-eval'"  # Vega compiles its expressions
    if path.startswith(MAP):
        return f"{POLICY}'self' 'nonce-{nonce}'"
    return f"{POLICY}'self' 'nonce-{nonce}' 'unsafe-eval'"


def _headers(path: str, nonce: str) -> list[tuple[bytes, bytes]]:
    told = {
        "content-security-policy": policy(path, nonce),
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
    }
    return [(key.encode(), value.encode()) for key, value in told.items()]


async def _refuse(send: Send, status: int, why: str) -> None:
    kind = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": kind})
    await send({"type": "http.response.body", "body": why.encode()})
