"""How texts become words in Elasticsearch: the folding that decides hits, and the stems that help to rank them.

Both stores must give the same hits, so no classification of Lucene's or Java's is asked: every code point that does not
fold to itself has a rule of its own, made from `pipeline.fold.TABLE`, and what is left for the tokenizer is letters,
numbers and spaces. Only the long stretches of signs, private use and unassigned code points are one pattern instead,
which spares a million rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from operator import attrgetter
from typing import Any

from pipeline.fold import TABLE

STEMMED = ("ar", "fa", "ckb", "tr", "hy", "fr", "en")
"""Languages with a stemmer; each has the analyzer `news_<language>`."""

LONGEST_WORD = 10_921
"""UTF-16 units. Of a longer word only the start is indexed, for a term of more than 32,766 bytes would have its article
refused: a unit takes at most three bytes. The other store does alike; no query holds words of such a length."""
LONGEST_PIECE = 1_048_576  # UTF-16 units; Lucene parts longer words

SEAMS = """
    218A-245F 2500-2775 2794-2BFF 2E30-3004 32C0-33FF D800-F8FF 101FE-1027F 10D3A-10E5F 11375-113FF 114DA-1157F
    11747-117FF 11AF9-11BFF 11DAA-11EDF 11EF7-11FAF 12544-12F8F 13439-143FF 14647-167FF 16B90-16E3F 18D09-1AFEF
    1B2FC-1BBFF 1BCA4-1CEFF 1CF47-1D164 1D1AE-1D241 1D245-1D2DF 1D379-1D3FF 1D800-1D9FF 1DAB0-1DEFF 1DF1F-1DFFF
    1E02B-1E0FF 1E14F-1E28F 1E2FA-1E7DF 1E95A-1EC70 1ED3E-1EDFF 1EEBC-1F0FF 1F10D-1FBEF 1FBFA-1FFFF 2EBE1-2F7FF
    2FA1E-2FFFF 3134B-E0000 E0080-E00FF E01F0-10FFFF
"""
"""Stretches of 128 code points and more that all fold to a space: signs, emoji, private use, unassigned, and
lone surrogates, which the server takes."""
LETTERS = """
    3400-4DBF 4E00-A48C AC00-D7A3 12000-12399 13000-1342E 14400-14646 16800-16A38 17000-187F7 18800-18CD5 20000-2A6DF
    2A700-2B738 2B820-2CEA1 2CEB0-2EBE0 30000-3134A
"""
"""Stretches that all fold to themselves (ideographs, Hangul, hieroglyphs): not even looked at."""

Part = dict[str, Any]

CHAR_FILTERS: Part = {
    "marks": {"type": "mapping", "mappings": [f"\\u{code}=>" for code in ("200E", "200F", "061C", "0640")]},
    "zwnj": {"type": "mapping", "mappings": ["\\u200C=>\\u0020", "\\u200D=>"]},
    "quotes": {"type": "mapping", "mappings": [f"\\u{code}=>\\u0027" for code in ("2018", "2019", "02BC")]},
}
FILTERS: Part = {
    "start": {"type": "truncate", "length": LONGEST_WORD},
    "lowercase_tr": {"type": "lowercase", "language": "turkish"},
    "elision_fr": {
        "type": "elision",
        "articles_case": True,  # an article in capitals is one, too
        "articles": ["l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu"],
    },
    "possessive_en": {"type": "stemmer", "language": "possessive_english"},
    "stop_ar": {"type": "stop", "stopwords": "_arabic_"},
    "stop_fa": {"type": "stop", "stopwords": "_persian_"},
    "stop_ckb": {"type": "stop", "stopwords": "_sorani_"},
    "stop_tr": {"type": "stop", "stopwords": "_turkish_"},
    "stop_hy": {"type": "stop", "stopwords": "_armenian_"},
    "stop_fr": {"type": "stop", "stopwords": "_french_"},
    "stop_en": {"type": "stop", "stopwords": "_english_"},
    "stem_ar": {"type": "stemmer", "language": "arabic"},
    "stem_ckb": {"type": "stemmer", "language": "sorani"},
    "stem_tr": {"type": "stemmer", "language": "turkish"},
    "stem_hy": {"type": "stemmer", "language": "armenian"},
    "stem_fr": {"type": "stemmer", "language": "light_french"},
    "stem_en": {"type": "stemmer", "language": "english"},
}
# Spelled out, for the built-in `persian` stems since 9.0 only. Sorani has no `zwnj`: heh and the non-joiner are one
# letter of its older spelling, which its normalization knows; a word would fall apart.
STEMS: dict[str, tuple[str, str]] = {
    "ar": ("marks zwnj", "lowercase decimal_digit stop_ar arabic_normalization stem_ar"),
    "fa": ("marks zwnj", "lowercase decimal_digit arabic_normalization persian_normalization stop_fa persian_stem"),
    "ckb": ("marks", "sorani_normalization lowercase decimal_digit stop_ckb stem_ckb"),
    "tr": ("quotes", "apostrophe lowercase_tr stop_tr stem_tr"),
    "hy": ("", "lowercase stop_hy stem_hy"),
    "fr": ("quotes", "elision_fr lowercase stop_fr stem_fr"),
    "en": ("quotes", "possessive_en lowercase stop_en stem_en"),
}
"""By language: char filters; token filters behind the standard tokenizer, in order."""


def analysis() -> Part:
    """The `analysis` settings of an article index: `news_fold`, which decides hits, and `news_<language>`.

    The same under every Python, so that workers of several versions can share a store.
    """
    return {
        "char_filter": {"seams": _seams(), "fold": {"type": "mapping", "mappings": list(_rules())}, **CHAR_FILTERS},
        "tokenizer": {
            "words": {"type": "char_group", "tokenize_on_chars": ["whitespace"], "max_token_length": LONGEST_PIECE}
        },
        "filter": FILTERS,
        "analyzer": {
            "news_fold": {
                "type": "custom",
                "char_filter": ["seams", "fold"],
                "tokenizer": "words",
                "filter": ["start"],
            },
            **{f"news_{language}": _stemmed(*STEMS[language]) for language in STEMMED},
        },
    }


def _stemmed(char_filters: str, filters: str) -> Part:
    return {
        "type": "custom",
        "char_filter": char_filters.split(),
        "tokenizer": "standard",
        "filter": filters.split(),
    }


def _seams() -> Part:
    """A space for each code point of SEAMS; letters below all of them pass at one comparison: 0.3 ms a text less."""
    ranges = _ranges(SEAMS)
    inside = "".join(f"\\x{{{each.start:X}}}-\\x{{{each.stop - 1:X}}}" for each in ranges)
    pattern = f"[\\x{{{ranges[0].start:X}}}-\\x{{10FFFF}}&&[{inside}]]"
    return {"type": "pattern_replace", "pattern": pattern, "replacement": " "}


@cache
def _rules() -> tuple[str, ...]:
    """A rule for each code point that neither folds to itself nor lies in SEAMS, in ascending order."""
    return tuple(
        f"{_escaped(letter)}=>{_escaped(folded)}"
        for letter, folded in ((chr(code), TABLE[code]) for code in _looked_at())
        if folded != letter
    )


def _looked_at() -> Iterator[int]:
    """All code points that no stretch covers."""
    low = 0
    for stretch in sorted(_ranges(SEAMS + LETTERS), key=attrgetter("start")):
        yield from range(low, stretch.start)
        low = stretch.stop


def _ranges(text: str) -> list[range]:
    """Stretches of code points written as hexadecimal numbers, both ends included."""
    ends = (each.split("-") for each in text.split())
    return [range(int(low, 16), int(high, 16) + 1) for low, high in ends]


def _escaped(text: str) -> str:
    """A text as the rules of a `mapping` char filter spell it: UTF-16 units, so that no sign has a meaning."""
    return "\\u".join(("", *text.encode("utf-16-be").hex(" ", 2).split()))
