"""Names to show for the ids that articles bear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from pipeline.excerpt import names_any
from pipeline.language import NAMES, UNKNOWN
from pipeline.query import Node
from pipeline.watchlist import Actor, Config, Region

NO_LANGUAGE = "unknown language"


@dataclass(frozen=True, slots=True)
class Labels:
    """What actors, regions, countries and languages are called in English; an unknown id is its own name."""

    actors: Mapping[str, Actor] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config | None, regions: Iterable[Region]) -> Labels:
        """The names of a configuration where there is one, and of these regions."""
        known = {each.id: each for each in (*regions, *(config.regions if config else ()))}.values()
        shared = Counter(each.name for each in known)
        actors = {each.id: each for each in config.actors} if config else {}
        return cls(actors, {each.id: _region(each, alone=shared[each.name] == 1) for each in known})

    def actor(self, id_: str) -> str:
        """The name of an actor."""
        return self.actors[id_].name if id_ in self.actors else id_

    def region(self, id_: str) -> str:
        """The name of a region."""
        return self.regions.get(id_) or country(id_)

    def show(self, parameter: str, value: str) -> str:
        """The name of what a parameter of an address filters by."""
        named = {"_actor": self.actor, "_region": self.region, "_country": country, "_language": language}
        return named[parameter](value) if parameter in named else value

    def named(self, query: Node | None) -> tuple[str, ...]:
        """The actors that bear a name which a word of the query matches."""
        return tuple(each.id for each in self.actors.values() if names_any(query, each.all_names))


def _region(region: Region, *, alone: bool) -> str:
    """The name of a region; a province that is called like its city says that it is one."""
    return region.name if alone or region.kind in ("", "city", "country") else f"{region.name} ({region.kind})"


def country(code: str) -> str:
    """The name of a country by its ISO 3166-1 code."""
    return _english()[0].get(code, code)


def language(code: str) -> str:
    """The name of a language by its ISO 639 code."""
    return NO_LANGUAGE if code == UNKNOWN else NAMES.get(code) or _english()[1].get(code, code)


def is_language(code: str) -> bool:
    """Whether a code names a language."""
    return code != UNKNOWN and (code in NAMES or code in _english()[1])


@cache
def _english() -> tuple[Mapping[str, str], Mapping[str, str]]:
    from babel import Locale

    english = Locale("en")
    return dict(english.territories), dict(english.languages)
