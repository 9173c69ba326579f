"""Fingerprints, near copies and stories: one text printed by several outlets, or twice by one.

A text counts as the set of its three-word shingles over folded letters. MinHash turns the set into BANDS exact terms,
so that any store finds candidates by equality; `near` decides from the texts themselves. Chance that two texts of
shingle Jaccard J share a term, 1 - (1 - J^ROWS)^BANDS:

    J        0.01    0.05   0.2    0.35   0.4    0.5     0.8
    chance   0.002   0.06   0.62   0.96   0.985  0.999   1

Shingles and limits: on real reprints of thirteen Arabic papers (issue 6) three words at Jaccard 0.35 to 0.4, numbers
compared, find 94 to 96 % at precision 0.99; five words at 0.7 find 41 %, a simhash of 64 bits 14 %.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from heapq import merge, nlargest
from itertools import groupby, islice
from zlib import crc32

from pipeline.fold import tokens
from pipeline.model import Article, replace

BANDS = 24
"""Terms an article: 16 lose 0.7 % more of the edits in tests/eval; 32 find 0.2 % more, but every term is a row at a
random place of an index, about 20 µs each with 200,000 articles in SQLite."""
ROWS = 2
"""Minima a term: 3 would need 72 terms to find as much at 0.35; with 1 a shared turn of phrase makes a candidate (of
85,000 pairs of unrelated English pages 1.5 %, with 2 0.01 %)."""
SHORT = 20
"""Words; a text below has too few shingles to judge by, only an exact copy counts."""
OF_SHORTER = 0.42
"""Least share of the shorter text's shingles: a copy keeps half (0.46 to 0.57 in tests/eval), a retelling a third."""
OF_BOTH = 0.2
"""Least Jaccard: a round-up that carries five whole stories must not make one story of them."""
OTHER_NUMBERS = 0.4
"""Share of the numbers between equal words that makes a template filled anew: price lists repeat up to half of theirs,
an editor changes one in three at most (tests/eval)."""
WINDOW = timedelta(days=7)
"""Furthest apart: agency texts are reprinted within days; what comes back later is a season's template."""
RIVALS = 50
"""Stories compared a term, and members a story: bounds the work on an outlet that prints one template all day.
Results are those of comparing all pairs as long as an article shares each term with no more stories than that."""

_PRINTS = 1_000
"""Texts held ready for comparing while grouping, about 45 kB each."""
_BINS = BANDS * ROWS
_EMPTY = 1 << 32  # above every CRC-32
_UNDATED = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Placing:
    """Where an article stands among its copies: the fields of the same name of `Article`."""

    story: str  # id of the oldest article of the story
    lead: bool  # whether that is this one
    copy_of: str  # id of the oldest article that this one is near to and younger than, or ""
    first_outlet: str  # outlet id of the lead


class Fingerprint:
    """Stage that fills `bands`: a term of 8 characters for the whole folded text, and from SHORT words on BANDS more.

    The first finds exact copies even among more templates than `group` compares; an empty text has no term.
    """

    def __call__(self, article: Article) -> Article:
        """Fingerprint the text; title, language and outlet play no part."""
        words = tokens(article.text)
        if len(words) < SHORT:
            return replace(article, bands=(_term(words),) if words else ())
        minima = list(map(str, _minima(_shingles(words))))
        terms = (_term([str(first), *minima[first : first + ROWS]]) for first in range(0, _BINS, ROWS))
        return replace(article, bands=(_term(words), *terms))


def near(first: Article, second: Article) -> bool:
    """Tell whether one is a copy of the other, from texts, dates and (for short texts of one outlet) titles.

    Symmetric. A text below SHORT words is a copy only of an equal one; that one outlet repeats it under another
    headline makes it the outlet's stub, not a copy.
    """
    return _near(first, second, _read)


def group(articles: Sequence[Article]) -> dict[str, Placing]:
    """Place each article in its story: what is connected by near copies, told apart by (published_at, id).

    A function of the set: the order of the sequence plays no part. Candidates are found by shared `bands`. To place
    stored and new articles together pass whole stories: the new, those that share a band with them, and the rest of
    the stories of these.
    """
    stories = _Stories(sorted(articles, key=_age))
    copied = [stories.add(number) for number in range(len(stories.articles))]
    placings = {}
    for number, (article, original) in enumerate(zip(stories.articles, copied, strict=True)):
        lead = stories.articles[stories.story(number)]
        copy_of = "" if original is None else stories.articles[original].id
        placings[article.id] = Placing(lead.id, lead is article, copy_of, lead.outlet.id)
    return placings


class _Stories:
    """Stories as they grow, article by article in order of age; an article is its number in that order."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self.articles = articles
        self._published = [_published(article) for article in articles]
        self._parents = list(range(len(articles)))  # towards the oldest of the story
        self._met: defaultdict[str, dict[int, list[int]]] = defaultdict(dict)  # members by term and story, latest last
        self._read = lru_cache(_PRINTS)(_read)

    def story(self, number: int) -> int:
        """Find the oldest article of the story."""
        while (parent := self._parents[number]) != number:
            self._parents[number] = number = self._parents[parent]
        return number

    def add(self, number: int) -> int | None:
        """Join the next article with the stories it is near to; give the oldest article it is a copy of."""
        found = [self._original(number, members) for members in self._rivals(number)]
        originals = [original for original in found if original is not None]
        stories = [self.story(original) for original in originals]
        joined = min(stories, default=number)
        for story in (*stories, number):
            self._parents[story] = joined
        for band in self.articles[number].bands:
            members = self._met[band].pop(joined, [])
            members.append(number)
            self._met[band][joined] = members
        return min(originals, default=None)

    def _rivals(self, number: int) -> Iterable[list[Iterator[int]]]:
        """For each story met under the article's terms: its members there, term by term, oldest of the window first."""
        since = bisect_left(self._published, self._published[number] - WINDOW)
        rivals: defaultdict[int, list[Iterator[int]]] = defaultdict(list)
        likeness: defaultdict[int, float] = defaultdict(float)  # a term that few stories share says most
        for met in (self._met[band] for band in self.articles[number].bands):
            for met_as, members in islice(reversed(met.items()), RIVALS):
                story = self.story(met_as)
                recent = range(bisect_left(members, since), len(members))
                rivals[story].append(map(members.__getitem__, recent))
                likeness[story] += 1 / len(met)
        return [rivals[story] for story in nlargest(RIVALS, rivals, key=lambda story: (likeness[story], story))]

    def _original(self, number: int, members: list[Iterator[int]]) -> int | None:
        """Find the oldest of a story's members that the article is near to."""
        oldest = islice((member for member, _ in groupby(merge(*members))), RIVALS)
        article = self.articles[number]
        return next((member for member in oldest if _near(self.articles[member], article, self._read)), None)


@dataclass(frozen=True, slots=True)
class _Print:
    """What of a text is compared."""

    short: str  # the folded text where it is too short for shingles
    shingles: frozenset[int]
    slots: Counter[tuple[str, str]]  # the words on either side of each number
    numbers: Counter[tuple[str, str, str]]  # the same with the number


def _near(first: Article, second: Article, read: Callable[[str], _Print]) -> bool:
    if abs(_published(first) - _published(second)) > WINDOW:
        return False
    one, other = read(first.text), read(second.text)
    if one.short or other.short:
        stub = first.outlet.id == second.outlet.id and tokens(first.title) != tokens(second.title)
        return one.short == other.short and not stub
    shared = len(one.shingles & other.shingles)
    either = len(one.shingles) + len(other.shingles) - shared
    shorter = min(len(one.shingles), len(other.shingles))
    return shared >= OF_SHORTER * shorter and shared >= OF_BOTH * either > 0 and not _template(one, other)


def _template(one: _Print, other: _Print) -> bool:
    """Tell whether the numbers that stand between equal words differ: weather, prices, a toll that rose."""
    comparable = (one.slots & other.slots).total()
    differing = comparable - (one.numbers & other.numbers).total()
    return differing > 0 and differing >= OTHER_NUMBERS * comparable


def _read(text: str) -> _Print:
    words = tokens(text)
    if len(words) < SHORT:
        return _Print(" ".join(words), frozenset(), Counter(), Counter())
    around = ["", *(word if word.isalpha() else "#" for word in words), ""]
    numbers = [(around[at], word, around[at + 2]) for at, word in enumerate(words) if not word.isalpha()]
    slots = Counter((before, after) for before, _, after in numbers)
    return _Print("", frozenset(_shingles(words)), slots, Counter(numbers))


def _shingles(words: list[str]) -> set[int]:
    """Hash all runs of three words; CRC-32 is the fastest stable hash at hand, one long text in 10,000 has a clash."""
    return {crc32(" ".join(run).encode()) for run in zip(words, words[1:], words[2:], strict=False)}


def _minima(shingles: Iterable[int]) -> list[int]:
    """MinHash in one pass: the least hash of each of _BINS bins.

    An empty bin borrows from the next filled one and adds how far that is, so that borrowed minima agree as often as
    own ones (Shrivastava and Li, "Densifying One Permutation Hashing via Rotation", ICML 2014).
    """
    least = {shingle % _BINS: shingle for shingle in sorted(shingles, reverse=True)}  # the last to come is the least
    ring = [least.get(at, _EMPTY) for at in range(_BINS)] * 2  # the last bins borrow from the first
    for at in reversed(range(len(ring) - 1)):
        if ring[at] == _EMPTY:
            ring[at] = ring[at + 1] + _EMPTY
    return ring[:_BINS]


def _term(parts: Iterable[str]) -> str:
    return urlsafe_b64encode(blake2b(" ".join(parts).encode(), digest_size=6).digest()).decode()


def _published(article: Article) -> datetime:
    return article.published_at or _UNDATED


def _age(article: Article) -> tuple[datetime, str]:
    return _published(article), article.id
