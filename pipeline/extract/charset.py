"""Bytes of a page to characters: which encoding to believe, in which order, and when it was a guess."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

GUESSED = "charset-guessed"
"""Flag of an article whose encoding was detected, or whose bytes were not all valid in it."""

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARED_WITHIN = 4096
"""Bytes searched for a declaration; the HTML standard asks for 1,024, real pages put scripts before it."""
DECLARED = re.compile(rb"""<meta[^>]{0,200}?\bcharset\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{1,40})""", re.IGNORECASE)
PARAMETER = re.compile(r"""\bcharset\s{0,9}=\s{0,9}["']?([\w.:-]{1,40})""", re.IGNORECASE | re.ASCII)
LANGUAGE = re.compile(rb"""<html[^>]{0,400}?\blang\s{0,9}=\s{0,9}["']?([a-z]{2,3})\b""", re.IGNORECASE)
MARKUP = re.compile(rb"<[^<>]{0,2000}>")
NOT_ASCII = re.compile(rb"[\x80-\xff]")

# What a label means to browsers (WHATWG Encoding Standard, section 4.2), where Python means something narrower.
WIDER = MappingProxyType(
    {
        "ascii": "cp1252",
        "iso8859-1": "cp1252",
        "iso8859-9": "cp1254",
        "iso8859-11": "cp874",
        "tis-620": "cp874",
        "gb2312": "gb18030",
        "gbk": "gb18030",
        "euc_kr": "cp949",
        "shift_jis": "cp932",
    }
)
KNOWN = frozenset(
    (
        *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp866", "cp874", "cp932", "cp949", "big5", "big5hkscs"),
        *("gb18030", "euc_jp", "iso2022_jp", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"),
        *(f"cp{number}" for number in range(1250, 1259)),
        *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
    )
)
"""Python's names of the encodings of the WHATWG standard: labels may name no other codec."""

# What the press of a language used before UTF-8; settles what detection leaves open (Turkish reads as cp1250 too).
PRESS = MappingProxyType(
    {"ar": "cp1256", "fa": "cp1256", "ckb": "cp1256", "he": "cp1255", "tr": "cp1254", "az": "cp1254", "kmr": "cp1254"}
    | {"fr": "cp1252", "en": "cp1252"}
)
SAMPLE = 8192  # bytes without markup that detection looks at: more does not change its mind, and costs
ZEROS_WITHIN = 32  # bytes: "<!doctype html>" and "<html><head>" are that long in UTF-16, whatever language follows
MOST_FAULTS = 0.1
"""Share of non-ASCII characters that may be broken in text still taken for UTF-8: a page cut off by its server."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The characters of a page, the encoding they were read with, and whether that was a guess."""

    text: str
    charset: str
    guessed: bool = False


def decode(body: bytes, content_type: str = "", languages: Sequence[str] = ()) -> Decoded:
    """Decode a page: byte order mark, UTF-16 by its zeros, valid UTF-8, the HTTP label, the meta label, detection.

    Bytes that are valid UTF-8 beat any label, since hardly any other text is. `languages` are those of the outlet.
    Never raises: what no encoding explains is decoded as UTF-8 with replacement characters.
    """
    for mark, charset in MARKS:
        if body.startswith(mark):
            return _strictly(body[len(mark) :], charset) or _loosely(body[len(mark) :], charset)
    wide = _utf16(body[:ZEROS_WITHIN])
    if wide:
        return _strictly(body, wide) or _loosely(body, wide)
    return _strictly(body, "utf-8") or _legacy(body, content_type, languages)


def _legacy(body: bytes, content_type: str, languages: Sequence[str]) -> Decoded:
    """Bytes that are not valid UTF-8: nearly UTF-8, or what a label says, or what detection finds."""
    mended = _loosely(body, "utf-8")
    non_ascii = len(mended.text) - len(mended.text.encode("ascii", "ignore"))
    if mended.text.count("\ufffd") <= MOST_FAULTS * non_ascii:
        return mended
    labelled = (_strictly(body, _codec(label)) for label in _labels(body, content_type))
    return next(filter(None, labelled), None) or _detected(body, languages) or mended


def _utf16(head: bytes) -> str:
    """UTF-16 without a mark: markup is mostly ASCII, so every other byte is zero."""
    if head[1::2].count(0) * 2 > len(head) // 2 and not head[::2].count(0):
        return "utf-16-le"
    if head[::2].count(0) * 2 > len(head) // 2 and not head[1::2].count(0):
        return "utf-16-be"
    return ""


def _strictly(body: bytes, charset: str) -> Decoded | None:
    if not charset:
        return None
    try:
        return Decoded(body.decode(charset), charset)
    except UnicodeError:
        return None


def _loosely(body: bytes, charset: str) -> Decoded:
    return Decoded(body.decode(charset, "replace"), charset, guessed=True)


def _labels(body: bytes, content_type: str) -> Iterator[str]:
    """What the server and the page say, in the order of fetching rule X9."""
    said = PARAMETER.search(content_type)
    if said:
        yield said[1]
    declared = DECLARED.search(body[:DECLARED_WITHIN])
    if declared:
        yield declared[1].decode("ascii", "ignore")


def _codec(label: str) -> str:
    """Python's name of a labelled encoding, "" where it is unknown or no encoding of web pages."""
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return ""
    name = WIDER.get(name, name)
    return name if name in KNOWN else ""


def _detected(body: bytes, languages: Sequence[str]) -> Decoded | None:
    """The encoding that makes the text look most like a language, that of the outlet's languages where it may be."""
    from charset_normalizer import from_bytes

    own = LANGUAGE.search(body[:DECLARED_WITHIN])
    spoken = [own[1].decode().lower()] if own else []
    usual = [PRESS[language] for language in (*spoken, *languages) if language in PRESS] or ["cp1252"]
    found = [codecs.lookup(match.encoding).name for match in from_bytes(_sample(body), cp_isolation=sorted(KNOWN))]
    for charset in sorted(found, key=lambda charset: usual.index(charset) if charset in usual else len(usual)):
        decoded = _strictly(body, charset)
        if decoded:
            return Decoded(decoded.text, charset, guessed=True)
    return None


def _sample(body: bytes) -> bytes:
    """The running text around the first character that is not ASCII, without markup."""
    text = MARKUP.sub(b" ", body)
    first = NOT_ASCII.search(text)
    start = first.start() if first else 0
    return text[max(0, start - SAMPLE // 8) : start + SAMPLE]
