"""How the furniture of news pages is worded in ten languages: the table `furniture.tsv`, and what a line is by it.

Phrases are whole lines: a `widget` goes wherever it stands ("Share this article", "3 min read"); a `heading` opens a
block of teasers ("Latest news"); a `form` opens a comment form ("Leave a Reply"), and a `field` means something only in
one ("Your name"); a `lead` stands before a colon and a link ("Read also: ..."), `tags` before labels. Words: a line of
`share` words and networks only is a share bar, a line of `time` words and numbers tells when the page was made.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from pipeline.fold import tokens

Words = tuple[str, ...]

LEADS = MappingProxyType({"lead": "widget", "tags": "heading"})
"""What kinds of lead-ins make of their line; labels go on in lines of their own, as teasers do."""
SLOTS = {"*", "#", "@"}
"""In phrases: up to eight words, a number, a network."""
SLOT_WORDS = 8  # long enough for a name, too short for a sentence around the phrase
MOST_WORDS = 30  # of a line that may be a phrase, a share bar or a dateline
LEAD = re.compile(r"([^:：՝»|]{2,40})[:：՝»|](.*)")
"""What stands before the first colon, Armenian comma or bar, and what after."""
CLOSERS = " \"'”’»)]"
STOPS, ASIDES = frozenset(".۔։"), frozenset("!?…؟")
"""What ends a statement, what ends other sentences: a headline may ask or exclaim, but has no full stop."""
OWNED, OWNED_WITHIN = "©", 12  # characters: "Copyright ©" begins a line of the publisher's
YEAR = re.compile(r"(?:19|20|13|14)\d\d")
"""A year of our calendar, of the Persian or the Islamic one."""
TIME_WORDS = 4  # that tell a time where no year is named: "Updated at 1:23 pm", but not "10 p.m." of a programme
PREFIX = 3  # letters by which lines that cannot be glued phrases are told


@dataclass(frozen=True, slots=True)
class Table:
    """The phrases by kind, folded; made once a process."""

    whole: Mapping[Words, str]  # phrases without slots: their kind
    slotted: Mapping[str, Sequence[tuple[Words, str]]]  # the others by first word or slot: (phrase, kind)
    compact: Mapping[str, str]  # phrases without slots, written in one: their kind
    prefixes: frozenset[str]  # the first letters of `compact`
    lengths: Sequence[int]  # of `compact`, longest first
    leads: Mapping[Words, str]  # before a colon: what they make of the line
    networks: frozenset[Words]
    share: frozenset[str]
    time: frozenset[str]

    def kind(self, text: str, words: Words) -> str:
        """The kind of a line, "" for running text; a share bar and a line that tells a time are widgets too.

        Phrases glued to each other by a page that forgot its line breaks are what the first of them is.
        """
        if not words or len(words) > MOST_WORDS:
            return ""
        return (
            self.whole.get(words)
            or next((kind for phrase, kind in self._candidates(words[0]) if self._fits(phrase, words)), "")
            or ("widget" if self._is_share_bar(words) or OWNED in text[:OWNED_WITHIN] else self._led(text))
            or self._glued("".join(words))
        )

    def tells_time(self, words: Words) -> bool:
        """Whether a line tells only when the page was made or changed: by a year, or by numbers and words for times."""
        numbers = [word for word in words if word.isdigit()]
        if not 1 < len(words) <= MOST_WORDS or not all(word.isdigit() or word in self.time for word in words):
            return False
        return any(map(YEAR.fullmatch, numbers)) or 0 < len(numbers) < len(words) >= TIME_WORDS

    def _candidates(self, first: str) -> Sequence[tuple[Words, str]]:
        named = self.slotted.get(first, ())
        if first.isdigit():
            return (*named, *self.slotted.get("#", ()))
        return (*named, *self.slotted.get("@", ())) if first in self.share else named

    def _fits(self, phrase: Words, words: Words) -> bool:
        """Whether the words fill the phrase; two long slots a phrase at most keep this short."""
        if not phrase:
            return not words
        head, rest = phrase[0], phrase[1:]
        if head == "*":
            return any(self._fits(rest, words[size:]) for size in range(min(SLOT_WORDS, len(words)) + 1))
        if head == "@":
            return any(words[:size] in self.networks and self._fits(rest, words[size:]) for size in (1, 2))
        if not words or not (words[0].isdigit() if head == "#" else words[0] == head):
            return False
        return self._fits(rest, words[1:])

    def _is_share_bar(self, words: Words) -> bool:
        named = any((word,) in self.networks for word in words)
        return named and all(word in self.share or word.isdigit() for word in words)

    def _led(self, text: str) -> str:
        found = LEAD.match(text)
        return self.leads.get(tuple(tokens(found[1])), "") if found and not ends_statement(text) else ""

    def _glued(self, letters: str) -> str:
        """The kind of phrases written in one, "" where anything else is among them."""
        first, at = "", 0
        while at < len(letters):
            if letters[at : at + PREFIX] not in self.prefixes:
                return ""
            size = next((size for size in self.lengths if letters[at : at + size] in self.compact), 0)
            if not size:
                return ""
            first = first or self.compact[letters[at : at + size]]
            at += size
        return first


def ends_statement(text: str) -> bool:
    """Whether a text ends with a full stop of any of our scripts, quotes and brackets aside."""
    return text.rstrip(CLOSERS)[-1:] in STOPS


def ends_sentence(text: str) -> bool:
    """Whether a text ends as a sentence does, statement or not."""
    return text.rstrip(CLOSERS)[-1:] in STOPS | ASIDES


@cache
def table() -> Table:
    """Read the table once a process; of a phrase that stands there twice the first kind counts."""
    whole: dict[Words, str] = {}
    slotted: defaultdict[str, list[tuple[Words, str]]] = defaultdict(list)
    leads: dict[Words, str] = {}
    words: defaultdict[str, set[Words]] = defaultdict(set)
    for kind, _, phrase in rows():
        folded = tuple(word for part in phrase.split() for word in ([part] if part in SLOTS else tokens(part)))
        if kind in LEADS:
            leads[folded] = LEADS[kind]
        elif kind in ("network", "share", "time"):
            words[kind].add(folded)
        elif SLOTS.isdisjoint(folded):
            whole.setdefault(folded, kind)
        else:
            slotted[folded[0]].append((folded, kind))
    compact: dict[str, str] = {}
    for phrase_words, kind in whole.items():
        letters = "".join(phrase_words)
        if len(letters) > PREFIX:
            compact.setdefault(letters, kind)
    names = {word for network in words["network"] for word in network}
    return Table(
        whole=whole,
        slotted=slotted,
        compact=compact,
        prefixes=frozenset(letters[:PREFIX] for letters in compact),
        lengths=sorted({len(letters) for letters in compact}, reverse=True),
        leads=leads,
        networks=frozenset(words["network"]),
        share=frozenset(names.union(*words["share"])),
        time=frozenset().union(*words["time"]),
    )


def rows() -> list[tuple[str, str, str]]:
    """Rows of the packaged table: (kind, language, phrase)."""
    text = (files("pipeline.clean") / "furniture.tsv").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return [(kind, language, phrase) for kind, language, phrase in lines]
