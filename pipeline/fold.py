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
_HANGUL = range(0xAC00, 0xD7A4)
"""Composed syllables: left whole, NFKD would take them apart into three letters each."""
_BASIC_PLANE = 0xFFFF
"""Above it nearly a million code points are no letters and rare: they are not kept in the table."""


def _fold(char: str) -> str:
    """Fold one code point by rule; what it gives folds to itself."""
    known = _FORM.get(char)
    if known is not None:
        return known
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
