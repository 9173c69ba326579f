"""What one request may cost; nobody changes these numbers but a test that has no time to wait."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, bytes and counts, from the practice of feed readers (Miniflux, NetNewsWire) and RFC 9309."""

    connect: float = 10.0  # seconds for name and connection, and as many for the TLS handshake
    transfer: float = 30.0  # seconds for a whole request with its redirects, waiting for a turn apart
    body: int = 15 * 2**20  # bytes, content coding removed
    robots: int = 500 * 2**10  # bytes of robots.txt, the rest is cut (RFC 9309, section 2.5)
    redirects: int = 5  # RFC 9309, section 2.3.1.2, asks for at least five
    connections: int = 64  # open at once, idle ones included


LIMITS = Limits()
