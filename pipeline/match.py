"""Find names in text, in any script: one automaton over folded text, bounded by tokens, the longest first.

A name stands where its folded tokens stand in a row. Beside the name as it is, these are read:

- Attachments, cut by rule for the language of the text: Arabic and Hebrew words in front (والحشد, ושבחמאס; the article
  that melts into its preposition: للحشد, לצבא), Persian, Sorani, Kurmanji, Turkish, Azerbaijani and Armenian endings.
  Endings after an apostrophe, a hyphen or a zero-width non-joiner, and French l' d' qu', need no rule: these are seams.
- Joined forms: a seam inside a name or inside the text may be missing on the other side (Kata'ib = Kataib, צה"ל = צהל,
  پێشمه‌رگه = پێشمەرگە), a hyphen inside a long name too (al-Qaeda = Alqaeda), and in Arabic script two words of a name
  may be written as one (نصرالله).

Names of places are read more strictly: not in small letters where they have a capital, nor behind an article that is
not theirs, since a hit is no town of Hit and القطر no Qatar.

Adjective endings are not cut (Turkish -lı, Persian -ی after a consonant, Armenian -ական): an Iranian is not Iran.
Neither is Arabic س, which goes before verbs only: سحلب is a drink, not Aleppo.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, starmap
from typing import Generic, TypeVar

from ahocorasick_rs import AhoCorasick

from pipeline.fold import folded, tokens
from pipeline.model import ConfigError

Key = TypeVar("Key", bound=Hashable)

PREFIXED_LETTERS = 3
"""Letters of the shortest name that may follow an attached word (Tashaphyne keeps a stem of 3)."""
ENDED_LETTERS = 4
"""Letters of the shortest name that may take a bare ending; capitals with a small ending (PKKnın) may be shorter."""
HYPHENATED_LETTERS = 7
"""Letters of the shortest name that is also tried without its hyphens: Al-Ain must not become Alain."""
JOINED_LETTERS = 5
"""Letters of the shortest word that two words of a name in Arabic script are joined to."""
ATTACHED_LETTERS = 12
"""Letters that may be attached on one side; the longest rule has nine, and a page may hold one word of a megabyte."""

PREFIXES = {
    "ar": "[وف]?(?:[بكل]|[بك]?ال|لل)?",
    "he": "ו?(?:[כלמ]?ש)?[בכלמ]?ה?",
}
"""Words attached in front, as regular expressions over folded text, for the whole of what stands before the name."""
PLACE_PREFIXES = PREFIXES | {"ar": "[وف]?[بكل]?"}
"""Words attached in front of places: no Arabic article, which belongs to the name where a place has it."""
MELTING = {
    "ar": ("ال", "[وف]?ل"),
    "he": ("ה", "ו?(?:[כלמ]?ש)?[בכל]"),
}
"""Articles that lose their first letter, and the attached words after which they do."""
ENDINGS = {
    # plural, with ezafe or indefinite; plural of persons; ezafe after a vowel (سیدالشهدای)
    "fa": "ها(?:يي?)?|ان|(?<=[او])ي",
    # definite or plural or indefinite, ezafe, "too", and the adverbs of place or "and"
    "ckb": "(?:ه?ك(?:ه|ان)|ان|يك)?ي?ش?(?:ه?دا|ه?وه|و)?",
    # ezafe and oblique, with a glide after a vowel
    "kmr": "y?(?:e|a|en|an)",
    # plural, then case, with a buffer consonant; case vowels alone only after five letters (Kars is not in karşı)
    "tr": "(?:l[ae]r)?(?:n?[iu]n|[yn][aeiu]|n?[dt][ae](?:n|ki)?|y?l[ae])|l[ae]r[aei]?|(?<=[^ ]{5})[aeiu]",
    "az": "(?:l[ae]r)?(?:n?[iu]n|[yn]?[aeiu]|n?d[ae](?:n|ki)?|l[ae])|l[ae]r",
    # plural, then article or case, with a glide after a vowel
    "hy": "(?:ն?եր)?(?:[ըն]|յ?(?:ին?|ից|ով|ում))|ն?եր",
}
"""Bare endings, as regular expressions over folded text, for the whole of what stands after the name."""
_UNKNOWN = ("", "und")
"""Languages that say nothing: the attachments of all may be cut."""
_QUOTES = "'`´’‘‛ʹʻʼʾʿ׳"
_SEAM = re.compile(
    rf"""[{_QUOTES}"״”“\u200c](?:
        (?<=[^\W\d_]{{2}}[{_QUOTES}])(?=[^\W\d_])(?!(?:[stdm]|ll|re|ve)\b)  # Kata'ib, but not Iran's, d'Iran, they've
        |(?<=[א-ת][{_QUOTES}"״”“])[{_QUOTES}"״”“]?(?=[א-ת])                 # צה"ל, also with two apostrophes
        |(?<=[هھ]\u200c)(?=[\u0620-\u06ff])                                   # پێشمه‌رگه, heh and ZWNJ for ە
    )""",
    re.IGNORECASE | re.VERBOSE,
)
"""What may stand inside a word of the text or be left out."""
_HYPHEN = re.compile(r"[-‐‑־](?<=[^\W\d_].)(?=[^\W\d_])")
_PREFIXING = re.compile("[א-ת\u0620-\u06ff]")
_ARABIC = re.compile("[\u0620-\u06ff]")
_INNER_ARTICLE = re.compile("(?<=[^ ]{2})(?=ال[^ ]{2})")
_SPACES = re.compile("  +")
_BREAK = re.compile(r"[\n!?؟;؛:։]|[^\W\d_]{4}\.\s")
"""Where a line or a sentence ends: no name goes on there. Initials and ranks (Donald J., Gen.) are shorter words."""


@dataclass(frozen=True, slots=True)
class Name(Generic[Key]):
    """A phrase that stands for `key`; with `case` only in exactly its own capitals and small letters."""

    key: Key
    phrase: str
    case: bool = False


@dataclass(frozen=True, slots=True)
class Found(Generic[Key]):
    """Names that stand at one place: their keys, each once, and offsets in code points of the original.

    The span covers the name as it stands, with the seams inside it and without what is attached to it; of an article
    that melted into its preposition (للحشد) what is left of it.
    """

    keys: tuple[Key, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Form(Generic[Key]):
    """One way in which names are written: its folded text, whether its article lost a letter, and the names."""

    text: str
    melted: bool
    names: list[Name[Key]]

    @property
    def letters(self) -> int:
        """Number of characters without spaces."""
        return len(self.text) - self.text.count(" ")


@dataclass(frozen=True, slots=True)
class _Rules:
    """What may be attached to a name in a text of one language: matchers of the whole attachment, None for nothing."""

    prefix: re.Pattern[str] | None
    melting: re.Pattern[str] | None
    ending: re.Pattern[str] | None


class _Reading:
    """A text as the automaton reads it: folded, single spaces between its words and around it, and the way back."""

    def __init__(self, text: str, base: int = 0, seams: Sequence[tuple[int, int]] = ()) -> None:
        """Read a text that stands at `base` in the original, without its seams (spans in it)."""
        self._text = text
        self._base = base
        self._removed = [place - count for count, place in enumerate(chain.from_iterable(starmap(range, seams)))]
        kept = zip((0, *(end for _, end in seams)), (*(start for start, _ in seams), len(text)), strict=True)
        self._folded = folded("".join(text[start:end] for start, end in kept) if seams else text)
        self._padded = f" {self._folded.text} "
        self.haystack = _SPACES.sub(" ", self._padded)

    @cached_property
    def _gaps(self) -> tuple[list[int], list[int]]:
        """Where in the haystack spaces were left out before a word, and how many up to there, from none on."""
        places: list[int] = []
        counts = [0]
        for gap in _SPACES.finditer(self._padded):
            places.append(gap.start() - counts[-1] + 1)
            counts.append(counts[-1] + gap.end() - gap.start() - 1)
        return places, counts

    def _place(self, position: int) -> int:
        """Give the offset in the text without seams of a letter of the haystack."""
        places, counts = self._gaps
        return self._folded.starts[position + counts[bisect_right(places, position)] - 1]

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Give the span in the original of a span of the haystack; None where seams were left out, but none in it."""
        first, last = self._place(start), self._place(end - 1)
        before, within = bisect_right(self._removed, first), bisect_right(self._removed, last)
        if self._removed and before == within:
            return None
        first, last = first + before, last + within + 1
        while last < len(self._text) and unicodedata.category(self._text[last])[0] == "M":
            last += 1
        return self._base + first, self._base + last


class Matcher(Generic[Key]):
    """Finds many names in one pass. Built once; raises ConfigError for a name without any letter or digit."""

    def __init__(self, names: Iterable[Name[Key]], *, places: bool = False) -> None:
        """Build the automaton; with `places` the names are those of places and read more strictly."""
        forms: dict[tuple[str, bool], _Form[Key]] = {}
        for name in names:
            for text, melted in _forms(name.phrase):
                forms.setdefault((text, melted), _Form(text, melted, [])).names.append(name)
        self._places = places
        self._forms = list(forms.values())
        patterns = (_pattern(form, alone=places and (f"ال{form.text}", False) in forms) for form in self._forms)
        self._automaton = AhoCorasick(patterns, store_patterns=False)

    def find(self, text: str, language: str = "") -> list[Found[Key]]:
        """Find names in a text of a language ("" or "und": unknown): the longest first, none overlapping another."""
        return longest(self.candidates(text, language))

    def candidates(self, text: str, language: str = "") -> list[Found[Key]]:
        """Find all names, also those that overlap or lie inside another, by where they begin, then end."""
        spans: dict[tuple[int, int], dict[Key, None]] = {}
        rules = _rules(language, places=self._places)
        for reading in _readings(text):
            for form, start, end in self._standing(reading.haystack, rules):
                span = reading.span(start, end)
                if span is not None:
                    written = text[slice(*span)]
                    ending = text[span[1]] if reading.haystack[end] != " " else ""
                    keys = [name.key for name in form.names if self._counts(name, form, written, ending)]
                    spans.setdefault(span, {}).update(dict.fromkeys(keys))
        return [Found(tuple(keys), *span) for span, keys in sorted(spans.items()) if keys]

    def _counts(self, name: Name[Key], form: _Form[Key], written: str, ending: str) -> bool:
        """Tell whether a name counts as it is written; `ending` is the first letter attached behind it, if any."""
        if (" " in form.text and _BREAK.search(written)) or (name.case and _letters(written) != _letters(name.phrase)):
            return False
        if (ending or self._places) and written.islower() and not name.phrase.islower():
            return False
        return not ending or form.letters >= ENDED_LETTERS or (written.isupper() and ending.islower())

    def _standing(self, haystack: str, rules: _Rules) -> Iterator[tuple[_Form[Key], int, int]]:
        """Give the forms that fill words of the haystack but for what the rules let be attached to them."""
        for index, found, end in self._automaton.find_matches_as_indexes(haystack, overlapping=True):
            form = self._forms[index]
            start = found + (haystack[found] == " ")
            if haystack[end] != " ":
                space = haystack.find(" ", end, end + ATTACHED_LETTERS + 1)
                if not _whole(rules.ending, haystack, end, space):
                    continue
            if haystack[start - 1] != " " or form.melted:
                space = haystack.rfind(" ", max(0, start - ATTACHED_LETTERS - 1), start)
                if not _whole(rules.melting if form.melted else rules.prefix, haystack, space + 1, start):
                    continue
            yield form, start, end


def longest(found: Iterable[Found[Key]]) -> list[Found[Key]]:
    """Choose the longest, of equals the first, then the longest that overlap none chosen; by where they begin."""
    starts: list[int] = []
    chosen: list[Found[Key]] = []
    for one in sorted(found, key=lambda one: (one.start - one.end, one.start)):
        at = bisect_left(starts, one.start)
        clear_left = at == 0 or chosen[at - 1].end <= one.start
        clear_right = at == len(starts) or starts[at] >= one.end
        if clear_left and clear_right:
            starts.insert(at, one.start)
            chosen.insert(at, one)
    return chosen


def _forms(phrase: str) -> Iterator[tuple[str, bool]]:
    """Give the folded ways of writing a name, each once, with whether its article lost its first letter."""
    words = tokens(phrase)
    if not words:
        raise ConfigError(
            f"The name {phrase!r} has no letter or digit, so nothing can match it: write it or delete it."
        )
    texts = dict.fromkeys((" ".join(words), " ".join(tokens(_SEAM.sub("", phrase.replace("\u200c", ""))))))
    if sum(map(len, words)) >= HYPHENATED_LETTERS:
        texts[" ".join(tokens(_HYPHEN.sub("", phrase)))] = None
    if _ARABIC.match(words[0]):
        texts |= dict.fromkeys(_spaced(words))
    for text in [text for text in texts if text.endswith("ություն")]:
        texts[text.removesuffix("ուն") + "ան"] = None  # Armenian abstract nouns change before a case: -ության
    for text in texts:
        yield text, False
        for article, _ in MELTING.values():
            if text.startswith(article) and len(text) >= len(article) + PREFIXED_LETTERS:
                yield text[1:], True


def _pattern(form: _Form[Key], *, alone: bool) -> str:
    """Give what the automaton looks for: only a form that may follow an attached word may begin inside a word.

    A place that is also known with the article (الرقة) takes nothing in front without it: ورقة is paper.
    """
    attachable = _PREFIXING.match(form.text) and form.letters >= PREFIXED_LETTERS and not alone
    return form.text if attachable else f" {form.text}"


def _spaced(words: list[str]) -> Iterator[str]:
    """Give the ways of spacing a name in Arabic script: two words as one (حزبالله), one as two (سيد الشهدا)."""
    yield _INNER_ARTICLE.sub(" ", " ".join(words))
    for at in range(1, len(words)):
        pair = words[at - 1] + words[at]
        if len(pair) >= JOINED_LETTERS:
            yield " ".join((*words[: at - 1], pair, *words[at + 1 :]))


def _letters(text: str) -> str:
    """Give letters and digits only: quotes, hyphens and soft marks inside a name say nothing about its case."""
    return "".join(char for char in unicodedata.normalize("NFC", text) if char.isalnum())


def _whole(pattern: re.Pattern[str] | None, haystack: str, start: int, end: int) -> bool:
    """Tell whether the pattern covers exactly this part of the haystack; no end or no pattern: it does not."""
    return pattern is not None and pattern.fullmatch(haystack, start, end) is not None


@lru_cache
def _rules(language: str, *, places: bool) -> _Rules:
    """Give what may be attached in a language, in an unknown one what may be attached in any."""

    def either(sources: dict[str, str]) -> re.Pattern[str] | None:
        chosen = sources.values() if language in _UNKNOWN else [sources[language]] if language in sources else []
        return re.compile("|".join(f"(?:{source})" for source in chosen)) if chosen else None

    melting = {code: attached for code, (_, attached) in MELTING.items()}
    return _Rules(either(PLACE_PREFIXES if places else PREFIXES), either(melting), either(ENDINGS))


@lru_cache(maxsize=4)
def _readings(text: str) -> tuple[_Reading, ...]:
    """Read a text as it stands, and each line in which words have seams once more with these words joined.

    The last few are kept: actors and regions are looked for in the same title and text.
    """
    lines: dict[int, list[tuple[int, int]]] = {}
    for seam in _SEAM.finditer(text):
        base = text.rfind("\n", 0, seam.start()) + 1
        lines.setdefault(base, []).append((seam.start() - base, seam.end() - base))
    ends = {base: text.find("\n", base) for base in lines}
    joined = (_Reading(text[base : ends[base] if ends[base] >= 0 else None], base, lines[base]) for base in lines)
    return (_Reading(text), *joined)
