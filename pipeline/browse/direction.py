"""Which way a text runs, and in which language a browser is told that it is."""

from __future__ import annotations

import re
import unicodedata

from pipeline.browse.labels import is_language

RIGHT_TO_LEFT = frozenset(
    {"ar", "arc", "azb", "ckb", "dv", "fa", "he", "ks", "lrc", "mzn", "ps", "sd", "syr", "ug", "ur", "yi"}
)
"""Languages that are written from right to left."""
LETTERS = {"rtl": frozenset({"R", "AL"}), "ltr": frozenset({"L"})}
"""Bidirectional classes of letters that turn a text, https://www.unicode.org/reports/tr9/#Table_Bidirectional_Character_Types."""
OF_THE_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
PLAIN = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
"""A language tag as BCP 47 spells it; anything else is not said to the browser."""
MARK = "\u200f"
"""Turns a text that begins with a foreign word where no tag can say so (RIGHT-TO-LEFT MARK)."""


def tag(code: str) -> str:
    """The language tag of a text for a browser, "" where there is none; a browser chooses the font by it."""
    return code if code != "und" and PLAIN.fullmatch(code) else ""


def direction(code: str) -> str:
    """Which way a language is written; where it is not known the browser looks at the first letter.

    Only there: "PKK تعلن" is Arabic, whatever it begins with.
    """
    if code in RIGHT_TO_LEFT:
        return "rtl"
    return "ltr" if is_language(code) else "auto"


def of_removed(line: str, code: str) -> str:
    """Which way a removed line of an article runs: as the article does, unless it has no letter that does so.

    What surrounds an article is in more languages than its own.
    """
    way = direction(code)
    turning = LETTERS.get(way, frozenset())
    return way if any(unicodedata.bidirectional(letter) in turning for letter in line) else "auto"


def turned(text: str, code: str) -> str:
    """A text that says its direction by itself, for where a browser looks at the first letter."""
    return f"{MARK}{text}" if direction(code) == "rtl" else text
