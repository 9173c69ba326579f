"""Canonical URLs, hosts and article ids.

A canonical URL is asked of the server and names the article, so nothing is changed that a server could answer
differently: only what RFC 3986 calls equivalent, the fragment, and parameters that servers ignore.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from string import ascii_letters, digits

LONGEST = 2048  # characters; what Media Cloud and most servers accept
DEFAULT_PORTS = {"http": 80, "https": 443}
LONGEST_HOST = 253  # characters, RFC 1035 2.3.4
HIGHEST_PORT = 65535

# Set by advertisers, mail systems and share buttons, read by scripts in the page: no server answers differently.
TRACKING_PREFIXES = ("utm_", "mtm_", "hsa_")  # Google's names, used by all; Matomo; HubSpot
TRACKING = frozenset(
    """
    at_campaign at_medium dclid fb_action_ids fb_source fbclid gbraid gclid gclsrc guccounter igsh igshid mc_cid mc_eid
    mkt_tok msclkid oly_anon_id oly_enc_id pk_campaign pk_kwd pk_medium pk_source ref_src srsltid ttclid twclid vero_id
    wbraid xtor yclid ysclid _ga _gl _hsenc _hsmi __twitter_impression
    """.split()  # noqa: SIM905 - a list of 36 quoted words hides the words
)

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]*))?")
_LABELS = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_REFUSED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ESCAPED = re.compile(r"%[0-9a-f]{2}|%|[^a-z0-9._~!$&'()*+,;=:@/%-]+", re.IGNORECASE)  # not pchar or "/", RFC 3986 3.3
_UNSAFE = re.compile(r"[^!$-;=?-~]+")  # keeps what browsers send as it is, "%" and "'" included
_UNRESERVED = {f"%{ord(character):02X}": character for character in f"{ascii_letters}{digits}-._~"}  # RFC 3986 2.3


def canonical(url: str, base: str = "") -> str:
    """Give the URL that stands for all spellings of this one: `absolute`, without tracking parameters.

    ValueError as in `absolute`.
    """
    address, mark, query = absolute(url, base).partition("?")
    kept = "&".join(part for part in query.split("&") if not _tracks(part)) if mark else ""
    return f"{address}?{kept}" if kept else address


def absolute(url: str, base: str = "") -> str:
    """Resolve against `base` and normalise (RFC 3986 5.2, 6.2.2, 6.2.3); the fragment goes, path and query stay.

    Scheme and host in lower case, host in ASCII (UTS 46), default port dropped, dot segments removed, escapes of the
    path in upper case and only where needed, what is not ASCII escaped as UTF-8; the query else byte for byte.
    ValueError with one word: not-http, userinfo, no-host, bad-host, bad-port, url-too-long, control-character.
    """
    url = url.strip()
    if len(url) > LONGEST:
        raise ValueError("url-too-long")
    if _REFUSED.search(url):
        raise ValueError("control-character")
    scheme, authority, path, query = _split(_joined(url, base) if base else url)
    scheme = scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise ValueError("not-http")
    result = f"{scheme}://{_place(authority, DEFAULT_PORTS[scheme])}{_path(path)}"
    if query:
        result += "?" + _UNSAFE.sub(_escape, query)
    if len(result) > LONGEST:
        raise ValueError("url-too-long")
    return result


def host(url: str) -> str:
    """Give the host in lower case and ASCII, without port; "" where `absolute` refuses the URL."""
    try:
        authority = absolute(url).split("/", 3)[2]
    except ValueError:
        return ""
    return authority if authority.endswith("]") else authority.rpartition(":")[0] or authority


def outlet_host(url: str) -> str:
    """Give the host without a leading `www.` or `m.`: what the pages of one outlet share."""
    name = host(url)
    for prefix in ("www.", "m."):
        rest = name.removeprefix(prefix)
        if "." in rest:
            name = rest
    return name


def article_id(url: str) -> str:
    """Give the lower-case hex SHA-256 of the canonical URL; ValueError as in `absolute`."""
    return sha256(canonical(url).encode("ascii")).hexdigest()


def _split(url: str) -> tuple[str, str, str, str]:
    """Take a URL apart into scheme, authority, path and query (RFC 3986 appendix B)."""
    rest = url.partition("#")[0]
    rest, _, query = rest.partition("?")
    scheme = _SCHEME.match(rest)
    if scheme:
        rest = rest[scheme.end() :]
    authority = ""
    if rest.startswith("//"):
        authority, slash, rest = rest[2:].partition("/")
        rest = slash + rest
    return scheme[1] if scheme else "", authority, rest, query


def _joined(url: str, base: str) -> str:
    """Resolve a reference (RFC 3986 5.2.2); dot segments are left for `_path`."""
    scheme, authority, path, query = _split(url)
    if scheme:
        return url
    base = absolute(base)
    if authority or url.startswith("//"):
        return base.partition(":")[0] + ":" + url
    _, _, base_path, base_query = _split(base)
    origin = base[: base.index("/", len("https://"))]
    if path:
        return origin + url if path.startswith("/") else origin + base_path[: base_path.rindex("/") + 1] + url
    return f"{origin}{base_path}?{query or base_query}"


def _place(authority: str, default_port: int) -> str:
    """Check and normalise host and port."""
    if "@" in authority:
        raise ValueError("userinfo")
    found = _AUTHORITY.fullmatch(authority)
    if not found:
        raise ValueError("bad-host")
    name, port = found.groups("")
    if not name:
        raise ValueError("no-host")
    place = _literal(name) if name.startswith("[") else _name(name)
    number = int(port[:6] or default_port)
    if number > HIGHEST_PORT or not number:
        raise ValueError("bad-port")
    return place if number == default_port else f"{place}:{number}"


def _literal(name: str) -> str:
    """Write an IPv6 address in its one form (RFC 5952)."""
    from ipaddress import IPv6Address

    try:
        address = IPv6Address(name[1:-1])
    except ValueError:
        raise ValueError("bad-host") from None
    if address.scope_id is not None:  # names a cable of this machine
        raise ValueError("bad-host")
    return f"[{address.compressed}]"


@lru_cache(maxsize=1024)
def _name(name: str) -> str:
    """Write a host name in lower-case ASCII, as browsers do (UTS 46, non-transitional)."""
    if not name.isascii() and len(name) <= LONGEST_HOST:
        import idna

        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise ValueError("bad-host") from None
    name = name.lower()
    if len(name) > LONGEST_HOST or not _LABELS.fullmatch(name):
        raise ValueError("bad-host")
    return name


def _path(path: str) -> str:
    path = _ESCAPED.sub(_normal, path)
    return _without_dots(path) if "/." in path else path or "/"


def _without_dots(path: str) -> str:
    """Remove `.` and `..` segments (RFC 3986 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _normal(found: re.Match[str]) -> str:
    text = found[0]
    if len(text) == len("%2F") and text[0] == "%":
        return _UNRESERVED.get(text.upper(), text.upper())
    return _escape(found)


def _escape(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def _tracks(part: str) -> bool:
    name = part.partition("=")[0].lower()
    return name in TRACKING or name.startswith(TRACKING_PREFIXES)
