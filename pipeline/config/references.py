"""What one value of the configuration says of another: ids stand once, and every id that is named exists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from pipeline.config.file import File, Where
from pipeline.config.values import folded, meant, quoted, region_like
from pipeline.model import ConfigError, Source
from pipeline.query import parse
from pipeline.watchlist import Actor, Destination, Phrases, Region, Rule

SHOWN = 12  # known ids that a message lists; with more it only names the file


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of one kind: where they come from, for a message, and which there are."""

    kind: str
    home: str
    known: Collection[str]

    def check(self, file: File, where: Where, ids: Iterable[str]) -> None:
        """Raise ConfigError at the first that is not known."""
        for position, name in enumerate(ids):
            if not self.holds(name):
                raise file.error((*where, position), self.missing(name))

    def holds(self, name: str) -> bool:
        """Whether the id is known."""
        return name in self.known

    def missing(self, name: str) -> str:
        """The clause for an id that nobody knows."""
        if not self.known:
            return f"no {self.kind} has the id {quoted(name)}, since {self.home} holds none"
        listed = f"; known are {', '.join(sorted(self.known))}" if len(self.known) <= SHOWN else ""
        return f"no {self.kind} of {self.home} has the id {quoted(name)}{meant(name, self.known) or listed}"


@dataclass(frozen=True, slots=True)
class RegionIds(Ids):
    """Region ids; without a gazetteer those of shipped data are judged by their form."""

    gazetteer: bool

    def holds(self, name: str) -> bool:
        """Whether the id is known, or could be."""
        return name in self.known or (not self.gazetteer and region_like(name))


def once(file: File, where: Where, ids: Iterable[str], key: str = "id", remedy: str = "ids are unique") -> None:
    """Raise ConfigError at the second of two equal ids, which stand under `key`."""
    first: dict[str, Where] = {}
    for position, name in enumerate(ids):
        place = (*where, position, key)
        if name in first:
            line = file.lines[first[name]]
            raise file.error(place, f"the {key} {quoted(name)} stands twice, first on line {line}; {remedy}")
        first[name] = place


def check_actors(file: File, actors: Sequence[Actor]) -> None:
    """Ids once, every actor with a name to find, `case` and `never_as` about names and actors that exist."""
    once(file, (), (actor.id for actor in actors))
    known = Ids("actor", file.path.name, {actor.id for actor in actors})
    for position, actor in enumerate(actors):
        if not (actor.names or actor.aliases or actor.weak):
            raise file.error((position,), f"the actor {actor.id} has no names, aliases or weak names; add one")
        check_case(
            file, (position,), actor.case, {*actor.names.values(), *phrases(actor.aliases), *phrases(actor.weak)}
        )
        for phrase, other in actor.never_as.items():
            if not known.holds(other):
                raise file.error((position, "never_as", phrase), known.missing(other))


def check_case(file: File, where: Where, case: Sequence[str], names: Collection[str]) -> None:
    """A name that counts in exactly this case is one of the names."""
    for position, name in enumerate(case):
        if name not in names:
            raise file.error(
                (*where, "case", position), f"{quoted(name)} is none of the names beside it{meant(name, names)}"
            )


def phrases(groups: Phrases) -> Iterator[str]:
    """The phrases of all languages."""
    return chain.from_iterable(groups.values())


def check_regions(file: File, places: Sequence[Region], known: RegionIds) -> None:
    """Ids once, parents known, `case` about names of the place."""
    once(file, ("places",), (place.id for place in places))
    for position, place in enumerate(places):
        where = ("places", position)
        known.check(file, (*where, "parents"), place.parents)
        check_case(file, where, place.case, {place.name, *phrases(place.names)})


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule may name; `outlets` is None where the folder has no sources.yaml."""

    actors: Ids
    regions: RegionIds
    destinations: Ids
    outlets: Ids | None


def known(
    sources: Sequence[Source] | None, actors: Sequence[Actor], regions: RegionIds, destinations: Sequence[Destination]
) -> Known:
    """What the files hold."""
    return Known(
        Ids("actor", "actors.yaml", {actor.id for actor in actors}),
        regions,
        Ids("destination", "destinations", {destination.id for destination in destinations}),
        outlets(sources),
    )


def outlets(sources: Sequence[Source] | None) -> Ids | None:
    """The ids of outlets; None where the folder has no sources.yaml, so that any may be named."""
    return None if sources is None else Ids("outlet", "sources.yaml", {source.id for source in sources})


def check_rules(file: File, rules: Sequence[Rule], known: Known) -> None:
    """Ids once, everything named exists, the query can be read."""
    once(file, ("rules",), (rule.id for rule in rules))
    for position, rule in enumerate(rules):
        where = ("rules", position)
        known.actors.check(file, (*where, "actors"), rule.actors)
        known.regions.check(file, (*where, "regions"), rule.regions)
        known.destinations.check(file, (*where, "send"), rule.send)
        if known.outlets:
            known.outlets.check(file, (*where, "outlets", "id"), rule.outlets.id)
            known.outlets.check(file, (*where, "mute"), rule.mute)
        try:
            parse(rule.query)
        except ConfigError as error:
            raise file.error((*where, "query"), str(error)) from None


class Forcing(Protocol):
    """What boilerplate.yaml says of one outlet."""

    @property
    def outlet(self) -> str:
        """Its id."""

    @property
    def keep(self) -> Sequence[str]:
        """Lines that stay."""

    @property
    def drop(self) -> Sequence[str]:
        """Lines that go."""


def check_boilerplate(file: File, items: Sequence[Forcing], outlets: Ids | None) -> None:
    """Outlets exist and stand once, and no line is both kept and dropped, however it is written."""
    once(file, (), (item.outlet for item in items), "outlet", "put all of its lines into one entry")
    for position, item in enumerate(items):
        if outlets and not outlets.holds(item.outlet):
            raise file.error((position, "outlet"), outlets.missing(item.outlet))
        kept = {folded(line): place for place, line in reversed(tuple(enumerate(item.keep)))}
        for place, line in enumerate(item.drop):
            if (first := kept.get(folded(line))) is not None:
                at = file.line((position, "keep", first))
                problem = f"{quoted(line)} is kept on line {at}; take it out of keep or of drop"
                raise file.error((position, "drop", place), problem)
