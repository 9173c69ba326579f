"""From the files of a folder to one Config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from pipeline.config import file, references, sentences, shapes
from pipeline.config.file import File, Plain
from pipeline.config.places import together
from pipeline.model import ConfigError, Source
from pipeline.watchlist import Actor, Config, Destination, Forced, Region, Rule

Shaped = TypeVar("Shaped")
EMPTY: tuple[Plain, ...] = (None, (), {})  # an empty file, list or mapping: nothing of that kind


class Folder:
    """One configuration folder and the environment that its secrets come from."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self.path = path
        self.environ = environ

    def config(self, gazetteer: Sequence[Region]) -> Config:
        """Everything in the folder, checked one by one and against each other."""
        sources = self.sources() if self.has("sources") else None
        actors = self.actors()
        regions, known, exclusions = self.regions(gazetteer)
        rules, destinations = self.alerts(known, sources, actors)
        settings = self.shaped(self.file("settings"), shapes.Settings, {}).value()
        forced = self.boilerplate(sources)
        return Config(str(self.path), settings, sources, actors, regions, rules, destinations, exclusions, forced)

    def sources(self) -> tuple[Source, ...]:
        """sources.yaml."""
        read = self.file("sources")
        sources = tuple(shape.value() for shape in self.shaped(read, tuple[shapes.Source, ...], ()))
        references.once(read, (), (source.id for source in sources))
        return sources

    def actors(self) -> tuple[Actor, ...]:
        """actors.yaml."""
        read = self.file("actors")
        actors = tuple(shape.value() for shape in self.shaped(read, tuple[shapes.Actor, ...], ()))
        references.check_actors(read, actors)
        return actors

    def regions(self, gazetteer: Sequence[Region]) -> tuple[tuple[Region, ...], references.RegionIds, tuple[str, ...]]:
        """All regions, the ids a rule may name, and the exclusions; a file that is one list holds places only."""
        read = self.file("regions")
        read = read.under("places") if isinstance(read.value, tuple) else read
        shape = self.shaped(read, shapes.Regions, {})
        places = tuple(place.value() for place in shape.places)
        ids = {place.id for place in (*places, *gazetteer)}
        known = references.RegionIds("region", "regions.yaml and the shipped data", ids, bool(gazetteer))
        references.check_regions(read, places, known)
        exclusions = tuple(dict.fromkeys(chain.from_iterable(shape.exclusions.values())))
        return together(places, gazetteer, exclusions), known, exclusions

    def alerts(
        self, regions: references.RegionIds, sources: Sequence[Source] | None, actors: Sequence[Actor]
    ) -> tuple[tuple[Rule, ...], tuple[Destination, ...]]:
        """alerts.yaml."""
        read = self.file("alerts")
        shape = self.shaped(read, shapes.Alerts, {})
        rules = tuple(rule.value() for rule in shape.rules)
        destinations = tuple(destination.value(name) for name, destination in shape.destinations.items())
        references.check_rules(read, rules, references.known(sources, actors, regions, destinations))
        return rules, destinations

    def boilerplate(self, sources: Sequence[Source] | None) -> dict[str, Forced]:
        """boilerplate.yaml."""
        read = self.file("boilerplate")
        items = self.shaped(read, tuple[shapes.Boilerplate, ...], ())
        references.check_boilerplate(read, items, references.outlets(sources))
        return {item.outlet: item.value() for item in items}

    def has(self, stem: str) -> bool:
        """Whether the folder holds this file; raises ConfigError where only its name is nearly right."""
        if (self.path / f"{stem}.yaml").exists():
            return True
        if (self.path / f"{stem}.yml").exists():
            raise ConfigError(f"{self.path / stem}.yml: this file is not read; name it {stem}.yaml")
        return False

    def file(self, stem: str) -> File:
        """One file as plain values; an absent one reads as an empty one."""
        path = self.path / f"{stem}.yaml"
        return file.read(path) if self.has(stem) else File(path, None, {(): 1})

    def shaped(self, read: File, shape: type[Shaped], empty: Plain) -> Shaped:
        """The file's value in its form; raises ConfigError with the mistake that stands first in the file."""
        value = empty if read.value in EMPTY else read.value
        try:
            return TypeAdapter(shape).validate_python(value, context=self.environ)
        except ValidationError as error:
            first = min(error.errors(), key=lambda each: read.line(sentences.place(each)))
            raise read.error(sentences.place(first), sentences.problem(first)) from None
