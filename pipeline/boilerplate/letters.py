"""What of a text counts when two pages are compared: its letters, and that there are digits, not which."""

from __future__ import annotations

import re
import unicodedata
from zlib import crc32

ELSE = re.compile(r"[^\w\n]|_")
DIGITS = re.compile(r"\d+")
FIGURES = 6  # letters to a digit at most make a line of figures: "US dollar: 1,460 dinars"
MASK = "0"
"""Stands for every number: dates, counters and telephone numbers differ from page to page."""


def letters(text: str) -> str:
    """The lower-case letters of a text, every number as one 0; marks, spaces and punctuation do not count."""
    return letters_of_lines(text.replace("\n", " "))


def letters_of_lines(text: str) -> str:
    """`letters` of each line of a text, line by line: one pass for a whole page."""
    composed = text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
    return DIGITS.sub(MASK, ELSE.sub("", composed.lower()))


def figures(line: str) -> str:
    """The letters of a line with its numbers as they are, where it tells figures; "" for other lines.

    Prices, results and temperatures stand in the same words every day: two pages say the same only with equal numbers.
    """
    told = ELSE.sub("", line.lower())
    return told if FIGURES * sum(map(str.isdigit, told)) >= len(told) else ""


def hashed(text: str) -> int:
    """32 bits of the letters of a block: two of 7,000 in a window collide once in 170 outlets (birthday bound)."""
    return crc32(text.encode("utf-8", "surrogatepass"))
