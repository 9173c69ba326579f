"""What people configured, as frozen values: actors, regions, alert rules, destinations and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.model import Source

Phrases = Mapping[str, tuple[str, ...]]
"""Literal phrases by language code."""

USER_AGENT = "Wireroom/0.1 (+https://github.com/wireroom/wireroom)"


@dataclass(frozen=True, slots=True)
class Actor:
    """One tracked actor: its names, and the contexts in which a name does or does not mean it."""

    id: str
    kind: str = ""
    country: str = ""  # ISO 3166-1 alpha-2, XX for none
    qid: str = ""  # Wikidata
    names: Mapping[str, str] = field(default_factory=dict)  # language: the name to show
    aliases: Phrases = field(default_factory=dict)  # strong: one is enough
    weak: Phrases = field(
        default_factory=dict
    )  # counts only with a word of `needs`, or a strong name of the same actor, near
    needs: Phrases = field(default_factory=dict)
    never: Phrases = field(default_factory=dict)  # readings that hold a name but do not mean this actor
    never_as: Mapping[str, str] = field(default_factory=dict)  # phrase: the other actor it means
    case: tuple[str, ...] = ()  # names that count in exactly this case

    @property
    def name(self) -> str:
        """The name to show: English, else the first, else the id."""
        return self.names.get("en") or next(iter(self.names.values()), self.id)

    @property
    def all_names(self) -> tuple[str, ...]:
        """Everything it is called, weak names too, each once."""
        phrases = (phrase for phrases in (*self.aliases.values(), *self.weak.values()) for phrase in phrases)
        return tuple(dict.fromkeys((*self.names.values(), *phrases)))


@dataclass(frozen=True, slots=True)
class Region:
    """A country, province, city or hand-listed place."""

    id: str  # ISO 3166-1, ISO 3166-2, gn-NUMBER or a kebab word
    name: str
    kind: str = ""
    parents: tuple[str, ...] = ()  # ids, nearest first, complete: no tree has to be walked
    lat: float | None = None
    lon: float | None = None
    names: Phrases = field(default_factory=dict)
    needs: tuple[str, ...] = ()  # words of which one must stand in the article
    case: tuple[str, ...] = ()  # names that count in exactly this case


@dataclass(frozen=True, slots=True)
class OutletFilter:
    """Which outlets a rule listens to; an empty field asks for nothing."""

    id: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    affiliation: tuple[str, ...] = ()
    affiliation_not: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """When to tell whom; every filled condition must hold."""

    id: str
    actors: tuple[str, ...] = ()  # any of
    regions: tuple[str, ...] = ()  # any of
    languages: tuple[str, ...] = ()
    outlets: OutletFilter = OutletFilter()
    query: str = ""  # in the search syntax
    send: tuple[str, ...] = ()  # destination ids
    mute: tuple[str, ...] = ()  # outlet ids


@dataclass(frozen=True, slots=True)
class Destination:
    """Where alerts go: the terminal, or a file of JSON lines."""

    id: str
    terminal: bool = False
    file: str = ""


@dataclass(frozen=True, slots=True)
class Forced:
    """Lines of one outlet that cleaning keeps or drops whatever it has learned, as a person wrote them."""

    keep: frozenset[str] = frozenset()
    drop: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Manners and limits of fetching; numbers nobody changes are constants beside the code."""

    interval_minutes: int = 60
    floor_minutes: int = 15
    delay_seconds: float = 5.0  # between two requests to one host
    allow_networks: tuple[str, ...] = ()  # CIDR blocks reachable although not public
    proxy: str | None = field(default=None, repr=False)
    user_agent: str = USER_AGENT


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Limits of alerting."""

    max_age_hours: float = 24.0


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """How pages are read."""

    workers: int = 2  # processes


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """How long things are kept; None for ever."""

    outcomes_days: int | None = 90
    articles_months: int | None = None  # whole ones, beside the month of the first fetch
    archive_days: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """`settings.yaml`."""

    fetch: FetchSettings = FetchSettings()
    process: ProcessSettings = ProcessSettings()
    alerts: AlertSettings = AlertSettings()
    retention: RetentionSettings = RetentionSettings()


@dataclass(frozen=True, slots=True)
class Config:
    """Everything in the configuration folder; `sources` is None where the folder has no sources.yaml."""

    folder: str
    settings: Settings = Settings()
    sources: tuple[Source, ...] | None = None
    actors: tuple[Actor, ...] = ()
    regions: tuple[Region, ...] = ()
    rules: tuple[Rule, ...] = ()
    destinations: tuple[Destination, ...] = ()
    exclusions: tuple[str, ...] = ()  # words that are also place names, of all languages
    boilerplate: Mapping[str, Forced] = field(default_factory=dict)  # outlet id: lines
