"""Characters that no reader sees or that fool one: taken out of titles and texts, everywhere in the same way."""

from __future__ import annotations

import re
import unicodedata

ZWNJ = "\u200c"
"""Zero-width non-joiner: part of Persian and Sorani spelling, so it stays."""

LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# C0 and C1 controls but for tab and line feed (XML 1.0 forbids most), soft hyphen, Arabic letter mark, zero-width
# space, left-to-right and right-to-left marks, bidi embeddings, overrides and isolates (Unicode TR36, section 2.5),
# invisible operators, byte order mark, interlinear annotation, object replacement, noncharacters, surrogates, tags.
UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufdd0-\ufdef\ufff0-\ufffc\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
SPACES = re.compile("[\t \xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+")


def repair(text: str) -> str:
    """Mend the characters of a text: NFC, line feeds only, plain single spaces, nothing unseen but ZWNJ and ZWJ.

    Lines are trimmed and empty ones vanish: paragraphs of an article are separated by one line feed.
    """
    text = LINE_ENDS.sub("\n", text)
    text = SPACES.sub(" ", UNSEEN.sub("", text))
    lines = (line.strip() for line in unicodedata.normalize("NFC", text).split("\n"))
    return "\n".join(filter(None, lines))


def one_line(text: str) -> str:
    """Mend the characters of a title: as `repair`, all in one line."""
    return repair(text).replace("\n", " ")
