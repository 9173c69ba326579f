"""Bytes of a feed to characters: as for pages, with the labels that feeds carry (rule X9)."""

from __future__ import annotations

import re
from collections.abc import Sequence

GUESSED = "charset-guessed"
"""Flag of a feed whose encoding was detected, or whose bytes were not all valid in it."""
ZEROS_WITHIN = 4  # bytes: enough for "<?" in UTF-16 and UTF-32
# A server says these of everything it has no word for: the default of RFC 2616, section 3.7.1.
DEFAULTS = frozenset({"iso-8859-1", "latin1", "us-ascii", "ascii"})

_HTTP = re.compile(r"\bcharset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", re.IGNORECASE | re.ASCII)
_XML = re.compile(rb"[^<]{0,99}<\?xml[^>]{0,200}?\bencoding\s{0,9}=\s{0,9}[\"']([\w.:-]{1,40})", re.IGNORECASE)
_LANGUAGE = re.compile(rb"(?:<(?:dc:)?language>\s{0,9}|xml:lang=[\"'])([a-z]{2,3})\b", re.IGNORECASE)


def decode(body: bytes, content_type: str = "", languages: Sequence[str] = ()) -> tuple[str, bool]:
    """Give the text, and whether its encoding was a guess or some bytes could not be read; never raises.

    In turn: byte order mark, UTF-16 by its zeros, valid UTF-8 whatever the labels say, the charset of the Content-Type,
    that of the XML declaration, detection with the languages of the outlet and of the feed.
    """
    if 0 not in body[:ZEROS_WITHIN]:
        try:
            return body.decode("utf-8-sig"), False
        except UnicodeDecodeError:
            pass
    from pipeline.extract import charset  # late: it brings an HTML parser, and nearly every feed is UTF-8

    said = _LANGUAGE.search(body)
    spoken = (*languages, *([said[1].decode().lower()] if said else ()))
    for label in _labels(body, content_type):
        decoded = charset.decode(body, f"charset={label}", spoken)
        if not decoded.guessed:
            return decoded.text, False
    decoded = charset.decode(body, "", spoken)
    return decoded.text, decoded.guessed


def _labels(body: bytes, content_type: str) -> list[str]:
    """What the server and the feed say, the likelier first."""
    http, xml = _HTTP.search(content_type), _XML.match(body)
    said = [http[1].lower() if http else "", xml[1].decode("ascii", "replace").lower() if xml else ""]
    if said[0] in DEFAULTS:
        said.reverse()
    return [label.removesuffix("-i") for label in said if label]  # iso-8859-8-i: Hebrew in logical order, as all is now
