"""HTML from a stranger as one line of plain text, safe for a terminal, a mail or a page (rule X11)."""

from __future__ import annotations

import re
from html import unescape

_HIDDEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL)
_BLOCK = re.compile(
    r"</?(?:article|blockquote|br|dd|div|dl|dt|fig(?:ure|caption)|h[1-6]|hr|img|li|ol|p|pre|section|t(?:able|[dhr])|ul)"
    r"\b[^<>]*(?:>|\Z)",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-z][^<>]*(?:>|\Z)", re.IGNORECASE)
_HUGE = re.compile(r"&#(?:\d{8,}|x[\da-f]{7,});?", re.IGNORECASE)  # `unescape` fails on 4,300 digits
# C0 and C1 but for white space, byte order mark, surrogates, and what turns the order of the text after it
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")


def plain(html: str) -> str:
    """Give the text of a piece of HTML: no tags, references resolved, white space folded, nothing invisible that bites.

    Joiners, soft hyphens and direction marks stay: they belong to the letters.
    """
    if "<" in html:
        html = _TAG.sub("", _BLOCK.sub(" ", _HIDDEN.sub(" ", html)))
    if "&" in html:
        html = unescape(_HUGE.sub("\ufffd", html))
    return " ".join(_UNSEEN.sub("", html).split())
