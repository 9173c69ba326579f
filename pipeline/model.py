"""The nouns of the pipeline, as frozen values, and the three ways in which work can end early.

Exceptions::

    Exception
    ├── ConfigError     a person's mistake: one sentence with file, line, key and remedy; exit code 2
    ├── StoreError      the store or the archive cannot be used now: one sentence; exit code 1
    │   └── Refused     the store cannot take some articles for what they say
    ├── Drop            expected and counted: this entry, page or article ends here
    └── Retry           the world's fault: the same work may succeed later
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

__all__ = [
    "ALL_WORK",
    "Alert",
    "Answer",
    "Article",
    "Block",
    "Changes",
    "Claim",
    "ConfigError",
    "Drop",
    "Entry",
    "Fate",
    "Feed",
    "Hit",
    "Known",
    "Location",
    "Mention",
    "Outcome",
    "Outlet",
    "Page",
    "Place",
    "Reading",
    "Refused",
    "RegionMention",
    "Removed",
    "Retry",
    "Seen",
    "Source",
    "Stage",
    "StoreError",
    "Stored",
    "Turn",
    "Visit",
    "Work",
    "contend",
    "demanded",
    "replace",
]

Value = TypeVar("Value")


class ConfigError(Exception):
    """A person's mistake, told in one sentence with file, line, key and what was expected."""


class StoreError(Exception):
    """The store or the archive cannot be used now; the sentence says which, why and what to do."""


class Refused(StoreError):  # noqa: N818 - the store's answer, as Drop and Retry are a stage's
    """The store cannot take these articles for what they say; the others of the write stand, but for those that lost.

    `why` is by article id.
    """

    def __init__(self, why: Mapping[str, str], lost: frozenset[str] = frozenset()) -> None:
        told = "; ".join(f"{key}: {reason}" for key, reason in sorted(why.items()))
        super().__init__(f"the store refused {len(why)} articles: {told}")
        self.why = why
        self.lost = lost


class Drop(Exception):  # noqa: N818 - an expected end, not an error
    """The entry, page or article ends here, expected and counted; `reason` is a word of docs/operate.md."""

    def __init__(self, reason: str, *, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


class Retry(Exception):  # noqa: N818 - the world's fault, not ours
    """The same work may succeed later, not before `wait` seconds have passed where the server named a time."""

    def __init__(self, reason: str, *, wait: float | None = None, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        self.status = status


class Fate(StrEnum):
    """How a feed poll or an entry ended in one run."""

    KEPT = "kept"
    UNCHANGED = "unchanged"
    DROPPED = "dropped"
    RETRY = "retry"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Source:
    """One feed of one outlet, as a person configured it."""

    id: str
    feed: str
    name: str = ""
    home: str = ""
    country: str = ""  # ISO 3166-1 alpha-2 of the outlet
    languages: tuple[str, ...] = ()  # BCP 47
    timezone: str = ""  # IANA name; the country's where empty
    affiliation: str = "unknown"
    owner: str = ""
    enabled: bool = True
    interval_minutes: int | None = None  # None: adaptive; 0: always due
    sisters: tuple[str, ...] = ()  # hosts
    notes: str = ""
    kind: str = "feed"
    selectors: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # may hold secrets

    @property
    def outlet(self) -> Outlet:
        """What an article says of where it was published."""
        return Outlet(self.id, self.name or self.id, self.country, self.languages, self.affiliation)


@dataclass(frozen=True, slots=True)
class Outlet:
    """Who published an article."""

    id: str
    name: str = ""
    country: str = ""
    languages: tuple[str, ...] = ()
    affiliation: str = "unknown"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a feed promised: one item, its link resolved, its HTML sanitised to plain text but for `content`."""

    url: str  # as given, made absolute; "" where the feed gave none
    title: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    summary: str = ""  # plain text
    content: str = ""  # HTML of the whole article where the feed carries it
    guid: str = ""
    language: str = ""  # of the entry or its feed, as declared
    number: int = 0  # position in the answer, from 1
    attempts: int = 0  # pages asked for in vain so far
    not_before: datetime | None = None  # earliest next attempt
    offered: bool = False  # by the page of another article, not by a feed


@dataclass(frozen=True, slots=True)
class Feed:
    """What one answer of a feed held."""

    entries: tuple[Entry, ...]
    title: str = ""
    language: str = ""
    ttl_minutes: int | None = None  # RSS ttl or sy:updatePeriod and sy:updateFrequency
    cut: int = 0  # entries beyond the limit, not in `entries`
    flags: tuple[str, ...] = ()  # for example "ill-formed"


@dataclass(frozen=True, slots=True)
class Visit:
    """When and how a feed was last seen, and what it left to do; the whole memory of one source."""

    source: str
    run: str = ""  # the run that wrote this
    visited_at: datetime | None = None
    status: int | None = None
    next_visit: datetime | None = None
    etag: str = ""  # byte for byte as sent
    last_modified: str = ""  # byte for byte as sent
    validated_url: str = ""  # the URL that issued the validators
    unconditional_at: datetime | None = None  # last full answer, for the 8-day rule
    errors: int = 0  # in a row
    entries: int = 0  # what the last answer held
    new: int = 0
    kept: int = 0
    reason: str = ""  # of the last poll
    known: tuple[tuple[str, str], ...] = ()  # (article id, fingerprint of the entry) of the last answer
    pending: tuple[Entry, ...] = ()  # promised by the feed, page not had yet


@dataclass(frozen=True, slots=True)
class Answer:
    """What the web answered, byte for byte, content coding removed."""

    url: str  # after redirects
    status: int
    headers: tuple[tuple[str, str], ...]  # names in lower case, in order
    body: bytes
    at: datetime
    redirects: tuple[tuple[int, str], ...] = ()  # (status, URL that answered so), in order

    def header(self, name: str) -> str:
        """Value of the first header of that name (any case), or ""."""
        return next((value for key, value in self.headers if key == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Page:
    """One article page as the web answered it, with the entry that led to it."""

    url: str  # asked for, canonical
    answer: Answer
    entry: Entry
    source: Source
    run: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page lies in the archive: file name relative to its root, offset in bytes."""

    file: str
    offset: int


@dataclass(frozen=True, slots=True)
class Removed:
    """A piece of text that cleaning took out, and why; pieces and the text together are all that the page gave."""

    text: str
    reason: str
    line: int | None = None  # of its first line among all that the page gave, from 0; None: it is none of them
    pages: int = 0  # other pages of the outlet that vouch for it
    url: str = ""  # address of its own, where a second article carries one


class Block(NamedTuple):
    """A run of text between two block-level boundaries of a page, anywhere on it."""

    letters: str  # its letters and masked digits, as `pipeline.boilerplate.letters` gives them
    boxes: tuple[int, ...] = ()  # its slot: 16-bit hashes of the paths to the elements around it, innermost first
    link: bool = False  # half of it and more is links


class Known(NamedTuple):
    """What is remembered of one page of an outlet."""

    id: str  # article id
    published_at: datetime | None
    digest: bytes
    recalled: bytes


@dataclass(frozen=True, slots=True)
class Mention:
    """An actor named in an article; `start` and `end` count code points of the title or the text."""

    actor: str
    alias: str  # as it stands in the article
    sentence: str
    start: int
    end: int
    where: str  # "title" or "text"


@dataclass(frozen=True, slots=True)
class RegionMention:
    """A place named in an article; a region that is only a parent has an empty alias and no offsets."""

    id: str
    name: str
    alias: str = ""
    start: int = 0
    end: int = 0
    where: str = ""


@dataclass(frozen=True, slots=True)
class Location:
    """Degrees, WGS 84."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One fetch of an article's page: when, and the digest of the text extracted from it."""

    fetched_at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Article:
    """What we believe: the stored article, plus what only the stages on its way need (last block)."""

    id: str  # lower-case hex sha256 of `url`
    url: str  # canonical
    title: str = ""
    text: str = ""  # paragraphs separated by one line feed
    language: str = "und"
    language_confidence: float = 0.0
    published_at: datetime | None = None
    published_from: str = "fetched"  # page, feed, url or fetched
    fetched_at: datetime | None = None
    ingested_at: datetime | None = None
    outlet: Outlet = Outlet("")
    actors: tuple[str, ...] = ()
    actor_names: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()
    regions: tuple[str, ...] = ()  # parents included
    locations: tuple[Location, ...] = ()
    story: str = ""
    lead: bool = True
    copy_of: str = ""
    first_outlet: str = ""
    removed: tuple[Removed, ...] = ()
    flags: tuple[str, ...] = ()
    archive: Place | None = None
    extractor: tuple[str, str] = ("", "")  # name, version
    revision: int = 1
    # stored for our own use, not part of the public document
    bands: tuple[str, ...] = ()  # LSH bands of near copies
    readings: tuple[Reading, ...] = ()
    digest: bytes = b""  # what the outlet's other pages are told of this one (pipeline.boilerplate)
    recalled: bytes = b""  # what they told of it when it was cleaned
    # on the way only
    blocks: tuple[Block, ...] = ()  # of the whole page
    region_mentions: tuple[RegionMention, ...] = ()
    origins: tuple[tuple[str, str], ...] = ()  # (field, where it came from), for `wireroom check`
    declared_language: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """That an article id was met once: outlives the article, so that it is neither fetched nor alerted again."""

    id: str
    first_seen: datetime
    fate: Fate
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one feed poll (`stage` feed, `entry` 0) or one entry ended in one run."""

    run: str
    source: str
    url: str
    stage: str
    fate: Fate
    reason: str
    at: datetime
    entry: int = 0  # the entry's number in its answer: at most one outcome each (run, source, entry)
    count: int = 1  # entries it stands for: those cut off by a limit share one outcome


@dataclass(frozen=True, slots=True)
class Claim:
    """That a rule has spoken of an article: created once, delivered at least once."""

    rule: str
    article: str  # article id
    kind: str  # new
    at: datetime
    alert: str = ""  # the alert as JSON, for delivery after a crash
    delivered_at: datetime | None = None

    @property
    def key(self) -> str:
        """Stable identity, also Message-ID and idempotency key of what is sent."""
        return f"{self.rule}/{self.article}/{self.kind}"


@dataclass(frozen=True, slots=True)
class Alert:
    """What a rule has to say of one article, ready to be sent."""

    key: str
    rule: str
    kind: str
    article: Article
    mention: Mention | None
    send: tuple[str, ...]  # destination ids


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result: the article that stands for its story, and how many more copies the story has."""

    article: Article
    copies: int = 0


@dataclass(frozen=True, slots=True)
class Stored(Generic[Value]):
    """A value with the version it was read at; `version` None asks for create-only when written."""

    value: Value
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What one write brings to a store, all or nothing where the store can."""

    articles: tuple[Stored[Article], ...] = ()
    visits: tuple[Stored[Visit], ...] = ()
    states: tuple[tuple[str, Stored[str]], ...] = ()  # (key, value): cursors, progress
    seen: tuple[Seen, ...] = ()  # create-only: the first stays
    outcomes: tuple[Outcome, ...] = ()  # create-only by (run, source, entry)


class Work(StrEnum):
    """A kind of work on a store that several processes may want to do at once."""

    COLLECT = "collect"  # feeds and pages to visits and the archive
    WRITE = "write"  # pages to articles


class Turn(NamedTuple):
    """A piece of work that one process at a time may do; `part` "" is all of it, others are apart from each other."""

    work: Work
    part: str = ""  # the name of a shard: lower-case letters, digits and hyphens


def contend(one: Turn, other: Turn) -> bool:
    """Whether two turns may not be taken at once: the same work, and the same part or all of it."""
    return one.work == other.work and (one.part == other.part or not (one.part and other.part))


ALL_WORK = frozenset(map(Turn, Work))
"""The turns of who wants a store to itself."""
PART = re.compile(r"[a-z0-9-]{0,64}")
"""What a part may be called: it becomes the name of a file, also where a and A name the same one."""


def demanded(turns: Collection[Turn]) -> frozenset[Turn]:
    """The turns that a store is asked for: these, or all there are where none is named; ValueError for a wrong name."""
    for turn in turns:
        if not PART.fullmatch(turn.part):
            raise ValueError(f"{turn.part!r} is no name of a part: up to 64 of a to z, 0 to 9 and -")
    return frozenset(turns) or ALL_WORK


Stage = Callable[[Article], Article]
"""One step of processing; drops by raising `Drop`, gets what it needs in its constructor."""
