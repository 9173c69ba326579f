"""Bytes to text: which charset a feed is really in (rule X9)."""

from __future__ import annotations

import codecs
import re

# UTF-32 first: its little-endian mark begins with that of UTF-16
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# where the zero bytes of the first character "<" or "{" stand
WIDE = {
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}
# What the label says to what it means: the Windows set that browsers take (https://encoding.spec.whatwg.org/#names-and-labels),
# for Hebrew too, where it only adds points.
MEANT = {"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-8": "cp1255", "iso8859-9": "cp1254", "gb2312": "gb18030"}
SINGLE_BYTE = ("cp1256", "cp1254", "cp1255", "cp1252", "cp1251", "iso8859_6")  # of our languages and their neighbours
SAMPLE = 65_536  # bytes shown to the detector
GOOD_FOR_BAD = 4  # sound characters for each bad byte that make a text damaged UTF-8 and not another charset

_LEGACY = re.compile(r"cp\d{3,4}|iso8859-\d+|koi8-[rtu]|mac-\w+|gb\w+|big5\w*|shift_jis\w*|euc_\w+")
_HTTP = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)
_C1 = re.compile("[\x80-\x9f]")
_TAG = re.compile(rb"<[^<>]*>")


def decode(body: bytes, content_type: str = "") -> tuple[str, bool]:
    """Give the text, and whether some bytes of it could not be read.

    In turn: byte order mark; zero bytes of UTF-16 and UTF-32; UTF-8 if the bytes are valid UTF-8, whatever the labels
    say, or nearly so; the charset of the Content-Type; that of the XML declaration; detection.
    """
    for mark, charset in MARKS:
        if body.startswith(mark):
            return _read(body[len(mark) :], charset)
    charset = WIDE.get(tuple(byte == 0 for byte in body[:4]), "")
    if charset:
        return _read(body, charset)
    text, damaged = _read(body, "utf-8")
    if not damaged or _mostly_sound(text):
        return text, damaged
    for charset in (*_labels(body, content_type), _detected(body)):
        legacy, damaged = _read(body, charset)
        if not damaged and not _C1.search(legacy):
            return legacy, False
    return text, True


def _read(body: bytes, charset: str) -> tuple[str, bool]:
    try:
        return body.decode(charset), False
    except UnicodeDecodeError:
        return body.decode(charset, "replace"), True


def _mostly_sound(text: str) -> bool:
    bad = text.count("\ufffd")
    return len(text) - len(text.encode("ascii", "ignore")) - bad >= GOOD_FOR_BAD * bad


def _labels(body: bytes, content_type: str) -> list[str]:
    """Charsets that the answer claims and Python knows, the likeliest first."""
    http, xml = _HTTP.search(content_type), _XML.match(body)
    claims = [_known(http[1] if http else ""), _known(xml[1].decode("ascii") if xml else "")]
    if claims[0] == MEANT["iso8859-1"]:  # a server says that of everything: its default in RFC 2616, 3.7.1
        claims.reverse()
    return [claim for claim in claims if claim]


def _known(label: str) -> str:
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return ""
    name = MEANT.get(name, name)
    return name if _LEGACY.fullmatch(name) else ""


def _detected(body: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(_TAG.sub(b" ", body[:SAMPLE]), cp_isolation=list(SINGLE_BYTE)).best()
    return best.encoding if best else "cp1252"
