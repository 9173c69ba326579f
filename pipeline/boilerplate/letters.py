"""What of a text counts when two pages are compared: its letters, and that there are digits, not which."""

from __future__ import annotations

import re
import unicodedata
from zlib import crc32

ELSE = re.compile(r"[^\w\n]|_")
DIGITS = re.compile(r"\d+")
MASK = "0"
"""Stands for every number: dates, counters and telephone numbers differ from page to page."""


def letters(text: str) -> str:
    """The lower-case letters of a text, every number as one 0; marks, spaces and punctuation do not count."""
    return letters_of_lines(text.replace("\n", " "))


def letters_of_lines(text: str) -> str:
    """`letters` of each line of a text, line by line: one pass for a whole page."""
    composed = text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
    return DIGITS.sub(MASK, ELSE.sub("", composed.lower()))


def hashed(text: str) -> int:
    """32 bits of the letters of a block: two of 7,000 in a window collide once in 170 outlets (birthday bound)."""
    return crc32(text.encode("utf-8", "surrogatepass"))
