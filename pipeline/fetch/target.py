"""URLs that may be asked for, where redirects lead, and how far secrets may follow."""

from __future__ import annotations

from contextlib import suppress

import httpx

from pipeline import urls
from pipeline.model import Drop

SHOWN = 200  # characters of a URL that is told in a complaint


def parsed(url: str) -> httpx.URL:
    """A URL of http or https, not too long, without name or password (rule X1). Raises Drop("bad-url")."""
    try:
        return httpx.URL(urls.absolute(url))
    except (ValueError, httpx.InvalidURL) as fault:
        raise Drop("bad-url", detail=f"{fault}: {url[:SHOWN]}") from fault


def joined(url: str, location: str) -> str:
    """Where a Location header, decoded as Latin-1, leads; most that are not ASCII are UTF-8. Raises Drop("bad-url")."""
    with suppress(UnicodeDecodeError):
        location = location.encode("latin-1").decode("utf-8")
    try:
        return urls.absolute(location, url)
    except ValueError as fault:
        raise Drop("bad-url", detail=f"{fault}: {location[:SHOWN]}") from fault


def site(target: httpx.URL) -> str:
    """Scheme, host and port, as robots.txt counts sites: "https://example.org:8443"."""
    return f"{target.scheme}://{target.netloc.decode('ascii')}"


def host(target: httpx.URL) -> str:
    """The name or address, without port, as manners count hosts."""
    return target.raw_host.decode("ascii").rstrip(".")


def keeps_secrets(old: httpx.URL, new: httpx.URL) -> bool:
    """Tell whether what is for one URL's site only may go to the other: the same site, or the same host now in TLS."""
    upgraded = (old.scheme, old.port, new.scheme, new.port) == ("http", None, "https", None)
    return site(old) == site(new) or (upgraded and old.raw_host == new.raw_host)
