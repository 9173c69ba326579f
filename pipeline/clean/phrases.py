"""How the furniture of news pages is worded in ten languages: the table `furniture.tsv`, and what a line is by it.

Phrases are whole lines: a `widget` goes wherever it stands ("Share this article", "3 min read"); a `heading` opens a
block of teasers ("Latest news"); a `form` opens a comment form ("Leave a Reply"), and a `field` means something only in
one or beside other furniture ("Your name"), as the name of a `network` does. Lead-ins: a `lead` stands before a colon
and a link ("Read also: ..."), `tags` before labels, a `credit` before who took a picture ("Photo: Name/Agency"); an
`agency` with a name beside a stroke is a credit too. Words: a line of `share` words and networks only is a share bar
(a `homonym` is a network whose name is a plain word, and makes none), a line of `time` words and numbers tells when
the page was made.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import takewhile
from types import MappingProxyType

from pipeline.fold import tokens

Words = tuple[str, ...]

LEADS = MappingProxyType({"lead": "widget", "tags": "heading"})
"""What kinds of lead-ins make of their line; labels go on in lines of their own, as teasers do."""
WORDED = frozenset({"network", "homonym", "agency", "credit", "share", "time"})
"""Kinds of words that make phrases only together with others."""
SLOTS = {"*", "#", "@", "…"}
"""In phrases: up to eight words, a number, a network, and at the end the rest of the line."""
SLOT_WORDS = 8  # long enough for a name, too short for a sentence around the phrase
NUMBER, NUMBER_WORDS = re.compile(r"\d+[km]?"), 3
"""A number is up to three words: 1,234 or 10:15 or 1405/8/30, or 12.5K."""
MOST_WORDS, MOST_LETTERS = 40, 400  # of a line that may be a phrase, a share bar or a dateline
LEAD = re.compile(r"(.{2,40}?)([:：՝»|]| [-–—]+ |\.\.+)")
"""What stands before the first colon, Armenian comma, bar, dash or dots, and that sign."""
SIGNS = frozenset(":：՝»|")
"""After which any lead-in counts; one word before a dash or dots may begin a sentence."""
CREDIT_WORDS = 7  # of a name and an agency
SHORT_CREDIT = 4  # of one that no sign leads to, or that ends in a full stop
ADDRESS = re.compile(r"(?:https?://|www\.|@|[\w-]{1,40}(?:\.[\w-]{1,40}){1,3}/)[^\s،؛]*", re.ASCII)
"""Of a page, with or without its scheme, or of someone on a network."""
CLOSERS = " \"'”’»)]"
QUOTES = frozenset("\"'“”„«‹‘")
"""Someone's words, not the page's: no furniture begins with them."""
STOPS, ASIDES = frozenset(".۔։"), frozenset("!?…؟")
"""What ends a statement, what ends other sentences: a headline may ask or exclaim, but has no full stop."""
ARMENIAN_STOP = re.compile("[ա-և]:$")
"""The full stop as most Armenian keyboards write it."""
OWNED, OWNED_WITHIN = "©", 12  # characters: "Copyright ©" begins a line of the publisher's
YEAR = re.compile(r"(?:19|20|13|14)\d\d")
"""A year of our calendar, of the Persian or the Islamic one."""
RUNS = re.compile(r"\d+|\D+")
"""Digits and letters apart: 10h15, 20Kasım."""
TIME_WORDS = 4  # that tell a time where no year is named: "Updated at 1:23 pm", but not "10 p.m." of a programme
PREFIX = 3  # letters by which lines that cannot be glued phrases are told


@dataclass(frozen=True, slots=True)
class Table:
    """The phrases by kind, folded; made once a process."""

    whole: Mapping[Words, str]  # phrases without slots: their kind
    slotted: Mapping[Words, Sequence[tuple[Words, str]]]  # the others by how they begin: (phrase, kind)
    compact: Mapping[str, str]  # phrases without slots, written in one: their kind
    prefixes: frozenset[str]  # the first letters of `compact`
    lengths: Sequence[int]  # of `compact`, longest first
    leads: Mapping[Words, str]  # before a sign: what they make of the line
    credits: frozenset[Words]
    agencies: frozenset[Words]
    names: frozenset[Words]  # of networks
    networks: frozenset[Words]  # homonyms among them
    share: frozenset[str]
    time: frozenset[str]

    def kind(self, text: str, words: Words) -> str:
        """The kind of a line, "" for running text; a share bar, a credit and a line that tells a time are widgets too.

        Phrases glued to each other by a page that forgot its line breaks are what the first of them is.
        """
        if not words or len(words) > MOST_WORDS or text.removeprefix("- ")[0] in QUOTES:
            return ""
        return (
            self.whole.get(words)
            or self._slotted(text, words)
            or ("widget" if self._is_share_bar(words) or OWNED in text[:OWNED_WITHIN] else self._led(text, words))
            or self._glued("".join(words))
        )

    def tells_time(self, words: Words) -> bool:
        """Whether a line tells only when the page was made or changed: by a year, or by numbers and words for times."""
        if not 1 <= len(words) <= MOST_WORDS:
            return False
        parts = [part for word in words for part in RUNS.findall(word)]
        numbers = [part for part in parts if part.isdigit()]
        if len(parts) == 1 or not all(part.isdigit() or part in self.time for part in parts):
            return False
        return any(map(YEAR.fullmatch, numbers)) or 0 < len(numbers) < len(parts) >= TIME_WORDS

    def _slotted(self, text: str, words: Words) -> str:
        kinds = (kind for phrase, kind in self._candidates(words) if self._fits(phrase, words))
        return next((kind for kind in kinds if kind != "heading" or not ends_statement(text)), "")

    def _candidates(self, words: Words) -> Iterator[tuple[Words, str]]:
        """Phrases that may begin as the words do, by their first word or slot and the plain word after that."""
        numbers = sum(1 for _ in takewhile(NUMBER.fullmatch, words[:NUMBER_WORDS]))
        networks = [size for size in (1, 2) if words[:size] in self.networks]
        heads = [(words[0], 1), *(("#", size) for size in range(1, numbers + 1)), *(("@", size) for size in networks)]
        for head, size in heads:
            yield from self.slotted.get((head, *words[size : size + 1]), ())
        for head in dict.fromkeys(head for head, _ in heads):
            yield from self.slotted.get((head,), ())

    def _fits(self, phrase: Words, words: Words) -> bool:
        """Whether the words fill the phrase; two long slots a phrase at most keep this short."""
        if not phrase or phrase[0] == "…":
            return bool(phrase) or not words
        head, rest = phrase[0], phrase[1:]
        if head == "*":
            return any(self._fits(rest, words[size:]) for size in range(min(SLOT_WORDS, len(words)) + 1))
        if head == "@":
            return any(words[:size] in self.networks and self._fits(rest, words[size:]) for size in (1, 2))
        if head == "#":
            sizes = range(1, min(NUMBER_WORDS, len(words)) + 1)
            return any(all(map(NUMBER.fullmatch, words[:size])) and self._fits(rest, words[size:]) for size in sizes)
        return bool(words) and words[0] == head and self._fits(rest, words[1:])

    def _is_share_bar(self, words: Words) -> bool:
        named = len(words) > 1 and any((word,) in self.names for word in words)
        return named and all(word in self.share or word.isdigit() for word in words)

    def _led(self, text: str, words: Words) -> str:
        """The kind of a line by what leads in, or by what all of it is: who took a picture, an address."""
        found = LEAD.match(text)
        lead = tuple(tokens(found[1])) if found and (found[2] in SIGNS or " " in found[1].strip()) else ()
        if self._is_credit(text, words, lead):
            return "widget"
        if lead in self.leads and not ends_statement(text):
            return self.leads[lead]
        return "field" if ADDRESS.fullmatch(text) else ""

    def _is_credit(self, text: str, words: Words, lead: Words) -> bool:
        stopped = ends_statement(text)
        if lead in self.credits:
            return len(words) - len(lead) <= (SHORT_CREDIT if stopped else CREDIT_WORDS)
        if stopped or len(words) > CREDIT_WORDS:
            return False
        sizes = range(max(2, len(words) - SHORT_CREDIT), len(words))
        if any(words[:size] in self.credits for size in sizes):
            return True
        parts = text.split("/")
        return len(parts) > 1 and any(tuple(tokens(part)) in self.agencies for part in parts)

    def _glued(self, letters: str) -> str:
        """The kind of phrases written in one, "" where anything else is among them."""
        reached: dict[int, tuple[str, ...]] = {0: ()}  # the kinds of phrases that fill the letters up to a place
        for at in range(len(letters) if len(letters) <= MOST_LETTERS else 0):
            if at in reached and letters[at : at + PREFIX] in self.prefixes:
                pieces = (letters[at : at + size] for size in self.lengths)
                for piece in filter(self.compact.__contains__, pieces):
                    reached.setdefault(at + len(piece), (*reached[at], self.compact[piece]))
            elif len(reached) == 1:
                break
        first, *others = reached.get(len(letters)) or [""]
        return "widget" if first == "network" and others else first


def ends_statement(text: str) -> bool:
    """Whether a text ends with a full stop of any of our scripts, quotes and brackets aside."""
    end = text.rstrip(CLOSERS)[-2:]
    return end[-1:] in STOPS or ARMENIAN_STOP.match(end) is not None


def ends_sentence(text: str) -> bool:
    """Whether a text ends as a sentence does, statement or not."""
    return ends_statement(text) or text.rstrip(CLOSERS)[-1:] in ASIDES


@cache
def table() -> Table:
    """Read the table once a process; of a phrase that stands there twice the first kind counts."""
    whole: dict[Words, str] = {}
    slotted: defaultdict[Words, list[tuple[Words, str]]] = defaultdict(list)
    words: defaultdict[str, set[Words]] = defaultdict(set)
    leads: dict[Words, str] = {}
    for kind, _, phrase in rows():
        folded = _folded(phrase)
        if kind in LEADS:
            leads[folded] = LEADS[kind]
        elif kind in WORDED:
            words[kind].add(folded)
        elif SLOTS.isdisjoint(folded):
            whole.setdefault(folded, kind)
        else:
            slotted[folded[: 1 if folded[1] in SLOTS else 2]].append((folded, kind))
    whole = dict.fromkeys(words["network"], "network") | whole
    compact: dict[str, str] = {}
    for phrase_words, kind in whole.items():
        letters = "".join(phrase_words)
        if len(letters) > PREFIX:
            compact.setdefault(letters, kind)
    networks = words["network"] | words["homonym"]
    return Table(
        whole=dict.fromkeys(words["homonym"], "homonym") | whole,
        slotted=slotted,
        compact=compact,
        prefixes=frozenset(letters[:PREFIX] for letters in compact),
        lengths=sorted({len(letters) for letters in compact}, reverse=True),
        leads=leads,
        credits=frozenset(words["credit"]),
        agencies=frozenset(words["agency"]),
        names=frozenset(words["network"]),
        networks=frozenset(networks),
        share=frozenset().union(*(network for network in networks if len(network) == 1), *words["share"]),
        time=frozenset().union(*words["time"]),
    )


def _folded(phrase: str) -> Words:
    parts = phrase.split()
    if SLOTS.isdisjoint(parts):
        return tuple(tokens(phrase))
    return tuple(word for part in parts for word in ([part] if part in SLOTS else tokens(part)))


def rows() -> list[tuple[str, str, str]]:
    """Rows of the packaged table: (kind, language, phrase)."""
    text = (files("pipeline.clean") / "furniture.tsv").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return [(kind, language, phrase) for kind, language, phrase in lines]
