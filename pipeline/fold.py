"""The one folding of letters that matching, searching and deduplication share.

Each code point is mapped by itself, so the same table makes SQLite's tokens, Elasticsearch's `mapping` char filter
and the matcher's haystack. A token is what stands between spaces of the folded text; SQLite FTS5 with
`unicode61 remove_diacritics 0` finds exactly these tokens in it.

What folds together, beside case, compatibility forms (NFKC) and digits of all scripts:

- I, İ, ı and i are one letter: Turkish case would else split every name (`IŞİD` and `ışid`).
- Marks vanish: Latin diacritics, harakat, niqqud; with them the hamza above or below its carrier, so أ إ آ are ا,
  ؤ is و, ئ is ي. The hamza that stands alone (ء) is a letter and stays: ماء is not ما.
- ة is ه and ى is ي, as Arabic press writes them. The Persian and Kurdish forms follow: ی ێ are ي; ک is ك; ە ھ ۀ are ه;
  Kurdish letters with a small v lose it like any diacritic (ڕ ر, ڵ ل, ۆ و). پ چ ژ گ ڤ are letters of their own.
- Hebrew final letters stay: a final form in the middle of a word is a misprint, not a spelling.
- ə is e, as Latin keyboards without it write Azerbaijani (Əliyev, Eliyev); ł ø đ ħ ŧ lose their stroke; ß æ œ þ open.
- Armenian ՛ ՜ ՞ stand inside the word they colour, so they vanish; all other punctuation, symbols, apostrophes,
  quotes and the zero-width non-joiner are seams and become a space. Soft hyphen and bidi marks vanish.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

_FORMS = {
    "ا": "ٱٲٳ",
    "ه": "ةەھہۃ",
    "ي": "ىیێېۍؠ",
    "و": "ۆۊ",
    "ك": "کڪ",
    "ل": "ڵ",
    "ر": "ڕ",
    "i": "ı",
    "e": "əǝ",
    "l": "ł",
    "o": "ø",
    "d": "đð",
    "h": "ħ",
    "t": "ŧ",
    "ae": "æ",
    "oe": "œ",
    "th": "þ",
    # tatweel and high hamza; Armenian emphasis, exclamation, question and abbreviation marks
    "": "ـٴ՛՜՞՟",
    # zero-width non-joiner, zero-width space (Persian pages use it as one); saltillo, Armenian left half ring
    " ": "\u200c\u200bꞋꞌՙ",
}
_FORM = {letter: folded for folded, letters in _FORMS.items() for letter in letters}
_MODIFIERS = range(0x02B9, 0x02E0)
"""Spacing modifier letters that are no letters to a reader: ʹ ʻ ʼ ʾ ʿ ˈ and their like."""
_MARKS_ONCE = frozenset((*range(0x19B0, 0x19C1), 0x19C8, 0x19C9, 0x1CF2, 0x1CF3))
"""Vowel signs that became letters in Unicode 8; to SQLite's table (6.1) they are marks, and so they are here."""
_LATER = """
    558 58B-58C 5C8-5C9 88F 897 B53-B54 C5C CDC CF3 ECE 1ACF-1AF0 1B4E-1B4F 1B7F 1C89-1C8A 208F 209D-209F 20C1-20C4
    2427-2429 2B96 2E60-2E63 2FFC-2FFF 31E4-31EF A7CB-A7CF A7D2 A7D4 A7DA-A7F1 AB6C-AB6D FBC3-FBD2 FD90-FD91 FDC8-FDCE
    105C0-105F3 107BB-107BF 10940-10959 10D40-10D8F 10EC2-10EFF 1123F-11241 11380-113E2 116D0-116E3 11B00-11BF9
    11DB0-11DF1 11F00-11F5A 1246F 12475-1247F 12550-12686 1342F 13439-143FA 16100-16139 16D40-16D79 16EA0-16ED3
    16FF2-16FF6 187F8-187FF 18CD6-18CFF 18D09-191D2 1B123-1B132 1B155 1B168 1CC00-1CEFD 1D127-1D128 1D1EB-1D1FF
    1D250-1D2D3 1D6A6 1DB00-1DB1C 1DF1F-1DFFF 1E030-1E08F 1E4D0-1E6FF 1F1AE 1F6D8-1F6DC 1F774-1F77F 1F7D9-1F7DB
    1F7F1-1F7FF 1F8B2-1F8D8 1FA54-1FA57 1FA75-1FA77 1FA87-1FA8F 1FAAD-1FAAF 1FABB-1FABF 1FAC6-1FACF 1FADA-1FADF
    1FAE8-1FAEF 1FAF7-1FAFA 1FBCB-1FBEF 1FBFA 2B739-2B73F 2B81E 2CEA2-2CEAD 2EBF0-2EE5D 31350-3FC3F
"""
"""Assigned since Unicode 14 (Python 3.11), up to Unicode 18, and what is unassigned between: seams under every Python,
so that workers of two Python versions share an index. A newer Python than the list fails a test of the table."""
_LATER_EDGES = [
    edge for each in _LATER.split() for edge in (int(each.split("-")[0], 16), int(each.split("-")[-1], 16) + 1)
]
_HANGUL = range(0xAC00, 0xD7A4)
"""Composed syllables: left whole, NFKD would take them apart into three letters each."""
_BASIC_PLANE = 0xFFFF
"""Above it nearly a million code points are no letters and rare: they are not kept in the table."""


def _fold(char: str) -> str:
    """Fold one code point by rule; what it gives folds to itself."""
    known = _FORM.get(char)
    if known is not None:
        return known
    if bisect(_LATER_EDGES, ord(char)) % 2:
        return " "
    category = unicodedata.category(char)
    if category[0] in "LN":
        return _fold_letter(char)
    vanishes = category[0] == "M" or category == "Cf" or (category == "Cc" and not char.isspace())
    return "" if vanishes else " "


def _fold_letter(char: str) -> str:
    """Fold a letter or number: its digit, or its case folded, taken apart and folded part by part."""
    code = ord(char)
    if code in _MODIFIERS:
        return " "
    if code in _MARKS_ONCE:
        return ""
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    parts = unicodedata.normalize("NFKD", char.casefold())
    if parts == char or code in _HANGUL:
        return char
    return "".join(map(_fold, parts))


class _Table(dict[int, str]):
    """Foldings by code point, worked out when first asked for and kept; a hostile page cannot make it keep them all."""

    def __missing__(self, code: int) -> str:
        folded = _fold(chr(code))
        if folded != " " or code <= _BASIC_PLANE:
            self[code] = folded
        return folded


TABLE: Mapping[int, str] = _Table()
"""What each code point folds to: "", a space, or one or more characters that fold to themselves.

`TABLE[code]` answers for every code point; iterating shows only those asked for so far.
"""


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text, and for each of its code points the index of the original code point it came from."""

    text: str
    starts: Sequence[int]


def fold(text: str) -> str:
    """Fold a text; spaces are neither collapsed nor stripped.

    Idempotent; never raises: a lone surrogate folds to a space.
    """
    return text.translate(TABLE)


def tokens(text: str) -> list[str]:
    """Give the folded words of a text, in order: what both stores index and what queries are made of."""
    return text.translate(TABLE).split()


def folded(text: str) -> Folded:
    """Fold a text and keep where each code point came from."""
    plain = text.translate(TABLE)
    uneven = {char for char in set(text) if len(TABLE[ord(char)]) != 1}
    if not uneven:
        return Folded(plain, range(len(text)))
    starts: list[int] = []
    done = 0
    for index in compress(range(len(text)), map(uneven.__contains__, text)):
        starts.extend(range(done, index))
        starts.extend([index] * len(TABLE[ord(text[index])]))
        done = index + 1
    starts.extend(range(done, len(text)))
    return Folded(plain, starts)
