"""The sentence around a mention, in the punctuation of ten languages."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import cached_property

SENTENCE_CHARACTERS = 500
"""Longest sentence given: a page without full stops must not be stored whole once a name."""
_END = re.compile(
    r"""(?:[.!?؟۔…։]+|(?<=[ա-և]):)  # a colon after an Armenian letter is its full stop, typed without the key
        (?:\s?»|["'”’)\]])*         # closing marks belong to the sentence they close
        (?:\s+|$)
        | \n""",
    re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"""(?<![^\W_])(?:
        [^\W\d_]                                                                        # initials, U.S., د.
        |Brig|Gen|Lt|Col|Maj|Capt|Sgt|Adm|Cmdr|Gov|Sen|Rep|Rev|Hon|Dr|Mr|Mrs|Ms|Prof|St|Jr|Sr|Messrs|Mt|Ft
        |Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Inc|Ltd|Co|Corp|Dept|Nos?|vs|approx|cf
        |MM|Mme|Mmes|Mlle|Mgr|Me                                                        # French
        |Doç|Av|Org|Korg|Tümg|Tuğg|Alb|Yrd|Sn|Öğr|Arş|Uzm|Müh|bkz|örn|prof|akad         # Turkish, Azerbaijani
        |hwd|wd|Պրոֆ|պրոֆ|Դոկտ|ակադ                                                     # Kurmanji, Armenian
    )\.\s+$""",
    re.VERBOSE,
)
_LOOK_BACK = 12
"""Code points before the end of a full stop's space in which an abbreviation is looked for; the longest has eight."""


class Sentences:
    """The sentences of one text, found when first asked for."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _bounds(self) -> list[int]:
        """Where sentences begin, and the end of the text."""
        inner = [end.end() for end in _END.finditer(self._text) if self._ends(end)]
        return [0, *inner, len(self._text)]

    def _ends(self, end: re.Match[str]) -> bool:
        """Tell a full stop from a point inside a sentence: after an abbreviation, or before a small letter."""
        if "\n" in end[0] or end.end() == len(self._text):
            return True
        if self._text[end.end()].islower():
            return False
        return not _ABBREVIATION.search(self._text, max(0, end.end() - _LOOK_BACK), end.end())

    def around(self, start: int, end: int) -> str:
        """Give the sentence that holds this span, of a long one SENTENCE_CHARACTERS, with … where it was cut."""
        left = self._bounds[bisect_right(self._bounds, start) - 1]
        right = self._bounds[bisect_left(self._bounds, end)]
        if right - left <= SENTENCE_CHARACTERS:
            return self._text[left:right].strip()
        room = max(0, SENTENCE_CHARACTERS - (end - start)) // 2
        before, after = self._text[max(left, start - room) : start], self._text[end : min(right, end + room)]
        if start - room > left:
            before = "…" + before[before.find(" ") + 1 :]
        if end + room < right:
            after = after[: after.rfind(" ") + 1].rstrip() + "…"
        return f"{before}{self._text[start:end]}{after}".strip()
