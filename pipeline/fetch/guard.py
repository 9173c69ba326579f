"""Which addresses a stranger's URL may lead to, judged after resolution, where the connection is made (rule X2).

Only the resolved address is judged, and the connection goes to that very address, so that a name cannot change between
the two; TLS and the Host header keep the name. Every answer of a name must pass: one private address among public ones
is an attack or a mistake. Behind a proxy the proxy resolves names: there only hosts written as addresses are judged.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import httpcore

from pipeline.fetch.stream import Stream
from pipeline.model import Drop, Retry

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to addresses; raises OSError where there are none."""

ANYWHERE = ("0.0.0.0/0", "::/0")
GLOBAL_UNICAST = IPv6Network("2000::/3")  # the only block of which global addresses are given out (RFC 4291, 2.4)
# `ipaddress` calls these global, on one Python or another, and they are not, or hold an IPv4 address that may not be.
NOT_GLOBAL = tuple(
    ip_network(block)
    for block in (
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "2001::/23",  # protocol assignments, Teredo (RFC 4380) among them
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4 (RFC 3056)
        "3fff::/20",  # documentation (RFC 9637)
    )
)

# getaddrinfo cannot be cancelled: a name server that does not answer holds a thread, not everybody's only one.
LOOKUPS = ThreadPoolExecutor(64, "dns")


async def lookup(host: str, port: int) -> list[str]:
    """The addresses the system gives for a name, in its order (RFC 6724). Raises OSError."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(LOOKUPS, ask)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def literal(host: str) -> Address | None:
    """The address that a host part is, in any of the forms that resolvers take (0x7f.1, 2130706433), or None."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return ip_address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


class Guard(httpcore.AsyncNetworkBackend):
    """Connects to public addresses, and to those of `allow` (CIDR blocks)."""

    def __init__(self, allow: Iterable[str], resolve: Resolve) -> None:
        self._allow = tuple(ip_network(block, strict=False) for block in allow)
        self._resolve = resolve

    def permits(self, address: Address) -> bool:
        """Tell whether a stranger's URL may lead to this address."""
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if any(address in block for block in self._allow):
            return True
        if not address.is_global or address.is_multicast or any(address in block for block in NOT_GLOBAL):
            return False
        return address.version == 4 or address in GLOBAL_UNICAST  # noqa: PLR2004 - IPv4

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,  # noqa: ARG002 - httpcore's signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, judge and connect, each family's first address in turn within its share of `timeout` seconds.

        Raises Drop("private-address"), Drop("bad-url"), Retry("dns"), Retry("timeout") and Retry("connection").
        """
        loop = asyncio.get_running_loop()
        found = await self._addresses(host, port, timeout)
        if not all(map(self.permits, found)):
            raise Drop("private-address", detail=f"{host} is {', '.join(map(str, found))}")
        firsts: dict[int, Address] = {}
        for address in found:
            firsts.setdefault(address.version, address)
        fault = Retry("dns")
        for address in firsts.values():
            try:
                async with asyncio.timeout(timeout and timeout / len(firsts)):
                    _, stream = await loop.create_connection(Stream, str(address), port)
                    return stream
            except OSError as cause:
                fault = Retry("timeout" if isinstance(cause, TimeoutError) else "connection")
        raise fault

    async def _addresses(self, host: str, port: int, timeout: float | None) -> list[Address]:  # noqa: ASYNC109 - handed on
        if address := literal(host):
            return [address]
        try:
            async with asyncio.timeout(timeout):
                return [ip_address(address) for address in await self._resolve(host, port)]
        except UnicodeError as fault:  # a label that no name can have
            raise Drop("bad-url", detail=host) from fault
        except OSError as fault:
            raise Retry("dns") from fault
