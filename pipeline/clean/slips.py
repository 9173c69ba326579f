"""Whether two paragraphs are one but for slips: what an editor mends, not what a template fills in anew.

Two paragraphs that differ in a number or a name are two facts, however alike: casualties by province, weather by city,
results. So the numbers must be the same, however they are written (1,000 or 1000), words may be written in one or
apart (می شود, میشود), and of the others at most three may differ, each by a slip: one letter added, left out or
wrong, or two swapped, in a word of five letters or more and not at its beginning. One letter there makes other words
(million and billion, Sunday and Monday), in short words too (Iran and Iraq); those who mistype seldom mistype the
first (one misspelling in thirteen: Pollock and Zamora, CACM 27(4), 1984). In a paragraph of thirty words or more one
other word may have been changed, added or struck out, if it is written in small letters in a script that writes names
with capitals; where no script tells names from words, only the slips count.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import compress, count
from operator import ne

from pipeline.clean.lines import Line
from pipeline.clean.phrases import Words
from pipeline.fold import tokens

MOST_SLIPS = 3
MOST_SEAMS = 40  # places where two paragraphs part, words written in one among them: each costs what is left of them
TYPO_LETTERS = 5
LONG_WORDS = 30
THOUSAND = 3  # digits
ANCHORS = (slice(0, 4), slice(4, 8), slice(-8, -4), slice(-4, None))
"""Words, counted from both ends, by which near paragraphs are found: three slips leave one of four places whole."""
MOST_ALIKE = 4  # paragraphs kept by one anchor: a list of a thousand like lines must not be compared pair by pair
MOST_PARAGRAPHS = 1_000  # of an article; in what is longer only equal ones are found
ITEM = "- "

Change = tuple[str, str]
"""A word of one paragraph and what stands for it in the other, "" for nothing."""
STEPS = ((1, 1), (1, 0), (0, 1))
"""Words that a change takes on both sides: another word, one more, one less."""


class Before:
    """The paragraphs of an article that came before, found again exactly or nearly in time linear in their length."""

    def __init__(self) -> None:
        self._words: set[Words] = set()
        self._anchored: defaultdict[tuple[int, Words], list[Line]] = defaultdict(list)

    def holds(self, line: Line) -> bool:
        """Whether the line stands there before; if not, it is kept. An item of a list counts only where it is equal."""
        if line.words in self._words:
            return True
        self._words.add(line.words)
        if line.text.startswith(ITEM) or len(self._words) > MOST_PARAGRAPHS:
            return False
        places = [self._anchored[place, line.words[anchor]] for place, anchor in enumerate(ANCHORS)]
        like = {other.number: other for place in places for other in place}
        if any(_is_one(other, line) for other in like.values()):
            return True
        for place in places:
            if len(place) < MOST_ALIKE:
                place.append(line)
        return False


def _is_one(one: Line, other: Line) -> bool:
    """Whether two paragraphs are one but for slips."""
    changes = _changes(_wording(one), _wording(other)) if _numbers(one) == _numbers(other) else None
    if changes is None:
        return False
    changed = [change for change in changes if not _is_typo(*change)]
    is_long = min(len(one.words), len(other.words)) >= LONG_WORDS
    return len(changed) <= is_long and all(_is_plain(one, left) and _is_plain(other, right) for left, right in changed)


def _numbers(line: Line) -> list[str]:
    """The numbers of a line, thousands joined however they were set apart."""
    numbers: list[str] = []
    before = ""
    for word in line.words:
        if len(word) == THOUSAND and word.isdigit() and before.isdigit():
            numbers[-1] += word
        elif word.isdigit():
            numbers.append(word)
        before = word
    return numbers


def _wording(line: Line) -> Words:
    return tuple(word for word in line.words if not word.isdigit())


def _changes(one: Words, other: Words) -> list[Change] | None:
    """How the words differ, read side by side; None where they part for more than a word, or too often."""
    changes: list[Change] = []
    for _ in range(MOST_SEAMS):
        if one == other:
            return changes
        same = next(compress(count(), map(ne, one, other)), min(len(one), len(other)))
        one, other = one[same:], other[same:]
        if "".join(one[:2]) in other[:1]:
            one, other = one[2:], other[1:]
        elif "".join(other[:2]) in one[:1]:
            one, other = one[1:], other[2:]
        else:
            step = next(((left, right) for left, right in STEPS if one[left:][:1] == other[right:][:1]), None)
            if step is None or len(changes) == MOST_SLIPS:
                return None
            left, right = step
            changes.append(("".join(one[:left]), "".join(other[:right])))
            one, other = one[left:], other[right:]
    return None


def _is_typo(one: str, other: str) -> bool:
    """Whether two words differ by one letter, or by two that are swapped, behind their first."""
    if min(len(one), len(other)) < TYPO_LETTERS or abs(len(one) - len(other)) > 1 or not (one + other).isalpha():
        return False
    at = next(compress(count(), map(ne, one, other)), min(len(one), len(other)))
    rest, other_rest = one[at:], other[at:]
    is_letter = rest[1:] in (other_rest, other_rest[1:]) or rest == other_rest[1:]
    is_swap = rest[:2] == other_rest[:2][::-1] and rest[2:] == other_rest[2:]
    return at > 0 and (is_letter or is_swap)


def _is_plain(line: Line, word: str) -> bool:
    """Whether a folded word is written in small letters; "" is, since there is none."""
    if not word.isalpha():
        return not word
    return any(written.islower() and word in tokens(written) for written in line.text.split())
