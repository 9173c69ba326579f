"""What answers say to browsers, and whom the server answers at all: nothing leaves this machine."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OURS = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Hosts that name this server. A page of a stranger whose name was pointed at 127.0.0.1 bears its own."""
NONCE = "wireroom.nonce"  # key of the scope
STILL = ("/", "/wireroom/news", "/article/")  # pages to read, without any script
CHARTS = ("/timeline",)
MAP = ("/map",)
POLICY = (
    "default-src 'none'; img-src 'self' data:; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; script-src "
)
ELSEWHERE = "the address of this page is not this machine's; open it as http://127.0.0.1 with its port\n"


def shielded(app: App) -> App:
    """The application behind a check of the host and with a policy on each answer.

    DNS rebinding: https://owasp.org/www-community/attacks/DNS_rebinding; policy: https://www.w3.org/TR/CSP3/.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if not addressed_to_us(dict(scope["headers"]).get(b"host", b"")):
            await _refuse(send)
            return
        nonce = secrets.token_urlsafe(12)

        async def sealed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_headers(scope["path"], nonce)]}
            await send(message)

        await app({**scope, NONCE: nonce}, receive, sealed)

    return guarded


def addressed_to_us(host: bytes) -> bool:
    """Whether a Host header names this machine; a client without one is no browser."""
    name = host.decode("latin-1").lower()
    return not name or name in OURS or name.rpartition(":")[0] in OURS


def policy(path: str, nonce: str) -> str:
    """The Content-Security-Policy of a page: no script on pages to read, elsewhere what Datasette's own needs."""
    if path == "/" or path.startswith(STILL[1:]):
        return f"{POLICY}'none'"
    if path.startswith(CHARTS):
        return f"{POLICY}'self' 'unsafe-eval'"  # Vega compiles its expressions
    if path.startswith(MAP):
        return f"{POLICY}'self' 'nonce-{nonce}'"
    return f"{POLICY}'self' 'unsafe-inline' 'unsafe-eval'"


def _headers(path: str, nonce: str) -> list[tuple[bytes, bytes]]:
    told = {
        "content-security-policy": policy(path, nonce),
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
    }
    return [(key.encode(), value.encode()) for key, value in told.items()]


async def _refuse(send: Send) -> None:
    body = ELSEWHERE.encode()
    kind = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 421, "headers": kind})
    await send({"type": "http.response.body", "body": body})
