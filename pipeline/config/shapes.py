"""The form of each file, as pydantic models that turn into the values of `model` and `watchlist`.

A key that is absent stays absent on the way: defaults stand in the dataclasses and nowhere else.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from pipeline import model, watchlist
from pipeline.config import values
from pipeline.config.countries import zones

UNSET: Any = None  # never validated and never handed on

MINUTES_A_YEAR = 525_600
SECONDS_A_DAY = 86_400
HOURS_A_YEAR = 8_760
DAYS_A_CENTURY = 36_500
MONTHS_A_CENTURY = 1_200
FRESH_DAYS = 2  # runs look for unread pages in the archive of today and yesterday, whatever else they know
MOST_WORKERS = 64  # processes of one run; each holds its own parser tables


def expanded(text: str, info: ValidationInfo) -> str:
    """A secret, its `${NAME}` taken from the environment."""
    return values.secret(text, info.context or {})


def proxied(text: str, info: ValidationInfo) -> str:
    """A proxy's address, its `${NAME}` taken from the environment."""
    return values.proxy(text, info.context or {})


Affiliation = Literal["state", "party", "militia", "public", "private", "independent", "exile", "unknown"]
Country = Annotated[str, AfterValidator(values.country)]
Host = Annotated[str, AfterValidator(values.host)]
Id = Annotated[str, AfterValidator(values.identifier)]
Language = Annotated[str, AfterValidator(values.language)]
Line = Annotated[str, AfterValidator(values.one_line)]
Network = Annotated[str, AfterValidator(values.network)]
PageLine = Annotated[str, AfterValidator(values.page_line)]
Phrase = Annotated[str, AfterValidator(values.filled)]
RegionId = Annotated[str, AfterValidator(values.region_id)]
Url = Annotated[str, AfterValidator(values.url)]
Phrases = dict[Language, tuple[Phrase, ...]]


class Shape(BaseModel):
    """Keys that are known, values of the right type, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def known(cls, value: object) -> object:
        """Name a key that is not known together with those that are, which pydantic's own message leaves out."""
        for key in value if isinstance(value, dict) else ():
            if key not in cls.model_fields:
                raise PydanticCustomError("unknown_key", "unknown key", {"key": key, "known": sorted(cls.model_fields)})
        return value

    def given(self) -> dict[str, Any]:
        """What the file says, without what it leaves to the defaults."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Sections(Shape):
    """A mapping whose parts may stand empty, as when all lines below a key are comments."""

    @model_validator(mode="before")
    @classmethod
    def full(cls, value: object) -> object:
        """Leave out the keys without a value."""
        return {key: part for key, part in value.items() if part is not None} if isinstance(value, dict) else value


class FetchSettings(Shape):
    """`fetch` of settings.yaml."""

    interval_minutes: int = Field(default=UNSET, ge=0, le=MINUTES_A_YEAR)
    floor_minutes: int = Field(default=UNSET, ge=0, le=MINUTES_A_YEAR)
    delay_seconds: float = Field(default=UNSET, ge=0, le=SECONDS_A_DAY)
    allow_networks: tuple[Network, ...] = UNSET
    proxy: Annotated[str, AfterValidator(proxied)] | None = UNSET
    user_agent: Line = UNSET


class ProcessSettings(Shape):
    """`process` of settings.yaml."""

    workers: int = Field(default=UNSET, ge=1, le=MOST_WORKERS)


class AlertSettings(Shape):
    """`alerts` of settings.yaml."""

    max_age_hours: float = Field(default=UNSET, ge=0, le=HOURS_A_YEAR)


class RetentionSettings(Shape):
    """`retention` of settings.yaml."""

    outcomes_days: int | None = Field(default=UNSET, ge=1, le=DAYS_A_CENTURY)
    articles_months: int | None = Field(default=UNSET, ge=1, le=MONTHS_A_CENTURY)
    archive_days: int | None = Field(default=UNSET, ge=FRESH_DAYS, le=DAYS_A_CENTURY)


class Settings(Sections):
    """settings.yaml."""

    fetch: FetchSettings = FetchSettings()
    process: ProcessSettings = ProcessSettings()
    alerts: AlertSettings = AlertSettings()
    retention: RetentionSettings = RetentionSettings()

    def value(self) -> watchlist.Settings:
        """The settings, defaults filled in."""
        return watchlist.Settings(
            fetch=watchlist.FetchSettings(**self.fetch.given()),
            process=watchlist.ProcessSettings(**self.process.given()),
            alerts=watchlist.AlertSettings(**self.alerts.given()),
            retention=watchlist.RetentionSettings(**self.retention.given()),
        )


class Source(Shape):
    """One item of sources.yaml."""

    id: Id
    feed: Url
    name: Phrase = UNSET
    home: Url = UNSET
    country: Country = UNSET
    languages: tuple[Language, ...] = UNSET
    timezone: Annotated[str, AfterValidator(values.zone)] = UNSET
    affiliation: Affiliation = UNSET
    owner: str = UNSET
    enabled: bool = UNSET
    interval_minutes: int = Field(default=UNSET, ge=0, le=MINUTES_A_YEAR)
    sisters: tuple[Host, ...] = UNSET
    notes: str = UNSET
    kind: Literal["feed", "sitemap", "page"] = UNSET
    selectors: dict[Phrase, Phrase] = UNSET
    headers: dict[Annotated[str, AfterValidator(values.header_name)], Annotated[str, AfterValidator(expanded)]] = UNSET

    def value(self) -> model.Source:
        """The source; its time zone is its country's where it names none."""
        given = self.given()
        given.setdefault("timezone", zones().get(given.get("country", ""), ""))
        for pairs in {"selectors", "headers"} & given.keys():
            given[pairs] = tuple(given[pairs].items())
        return model.Source(**given)


class Actor(Shape):
    """One item of actors.yaml."""

    id: Id
    kind: str = UNSET
    country: Annotated[str, AfterValidator(values.country_or_none)] = UNSET
    qid: Annotated[str, Field(pattern=r"^Q[1-9][0-9]*$")] = UNSET
    names: dict[Language, Phrase] = UNSET
    aliases: Phrases = UNSET
    weak: Phrases = UNSET
    needs: Phrases = UNSET
    never: Phrases = UNSET
    never_as: dict[Phrase, Id] = UNSET
    case: tuple[Phrase, ...] = UNSET
    unverified: tuple[Phrase, ...] = UNSET
    source: str = UNSET
    checked: str = UNSET

    def value(self) -> watchlist.Actor:
        """The actor, without what is kept for the reader of the file only."""
        kept_in_the_file = {"unverified", "source", "checked"}
        return watchlist.Actor(**{key: value for key, value in self.given().items() if key not in kept_in_the_file})


class Region(Shape):
    """One item of `places` in regions.yaml."""

    id: RegionId
    name: Phrase
    kind: str = UNSET
    parents: tuple[RegionId, ...] = UNSET
    lat: float = Field(default=UNSET, ge=-90, le=90)
    lon: float = Field(default=UNSET, ge=-180, le=180)
    names: Phrases = UNSET
    needs: tuple[Phrase, ...] = UNSET
    case: tuple[Phrase, ...] = UNSET
    notes: str = UNSET

    @model_validator(mode="after")
    def point(self) -> Region:
        """Latitude and longitude come together."""
        if ("lat" in self.model_fields_set) != ("lon" in self.model_fields_set):
            raise ValueError("expected both lat and lon, or neither; found one of them")
        return self

    def value(self) -> watchlist.Region:
        """The place, without the notes."""
        return watchlist.Region(**{key: value for key, value in self.given().items() if key != "notes"})


class Regions(Sections):
    """regions.yaml."""

    places: tuple[Region, ...] = ()
    exclusions: Phrases = Field(default_factory=dict)


class OutletFilter(Shape):
    """`outlets` of a rule."""

    id: tuple[Id, ...] = UNSET
    country: tuple[Country, ...] = UNSET
    affiliation: tuple[Affiliation, ...] = UNSET
    affiliation_not: tuple[Affiliation, ...] = UNSET


class Rule(Shape):
    """One item of `rules` in alerts.yaml."""

    id: Id
    actors: tuple[Id, ...] = UNSET
    regions: tuple[RegionId, ...] = UNSET
    languages: tuple[Language, ...] = UNSET
    outlets: OutletFilter = OutletFilter()
    query: str = UNSET
    send: tuple[Id, ...] = Field(min_length=1)
    mute: tuple[Id, ...] = UNSET

    def value(self) -> watchlist.Rule:
        """The rule."""
        return watchlist.Rule(**self.given() | {"outlets": watchlist.OutletFilter(**self.outlets.given())})


class Destination(Shape):
    """One value of `destinations` in alerts.yaml."""

    terminal: bool = UNSET
    file: Annotated[str, AfterValidator(values.path)] = UNSET

    @model_validator(mode="after")
    def one(self) -> Destination:
        """A destination is one thing."""
        if bool(self.terminal) == bool(self.file):
            raise ValueError("expected either terminal: true or file: PATH")
        return self

    def value(self, name: str) -> watchlist.Destination:
        """The destination under its id."""
        return watchlist.Destination(name, **self.given())


class Alerts(Sections):
    """alerts.yaml."""

    rules: tuple[Rule, ...] = ()
    destinations: dict[Id, Destination] = Field(default_factory=dict)


class Boilerplate(Sections):
    """One item of boilerplate.yaml."""

    outlet: Id
    keep: tuple[PageLine, ...] = ()
    drop: tuple[PageLine, ...] = ()

    def value(self) -> watchlist.Forced:
        """The lines of the outlet."""
        return watchlist.Forced(frozenset(self.keep), frozenset(self.drop))
