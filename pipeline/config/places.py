"""The hand list of places and the shipped ones, made into one list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from pipeline.fold import fold
from pipeline.watchlist import Phrases, Region


def together(places: Iterable[Region], shipped: Iterable[Region], excluded: Iterable[str]) -> tuple[Region, ...]:
    """The hand list first, then what is shipped in its own order, which decides between places of one name.

    A place under a shipped id adds its names there and wins in what else it says. A name that folds like an excluded
    one is taken out of what is shipped.
    """
    words = {fold(word).strip() for word in excluded}
    ours = {place.id: place for place in places}
    theirs = {region.id: without(region, words) for region in shipped}
    added = {id_: joined(ours[id_], region) for id_, region in theirs.items() if id_ in ours}
    return (*(place for id_, place in ours.items() if id_ not in theirs), *(theirs | added).values())


def without(region: Region, words: Collection[str]) -> Region:
    """The region without the names that are words."""
    kept = {
        language: tuple(name for name in names if fold(name).strip() not in words)
        for language, names in region.names.items()
    }
    return region if kept == region.names else replace(region, names=kept)


def joined(place: Region, shipped: Region) -> Region:
    """The shipped region with what the hand list says of it."""
    return replace(
        shipped,
        name=place.name,
        kind=place.kind or shipped.kind,
        parents=place.parents or shipped.parents,
        lat=shipped.lat if place.lat is None else place.lat,
        lon=shipped.lon if place.lon is None else place.lon,
        names=merged(shipped.names, place.names),
        needs=place.needs or shipped.needs,
        case=tuple(dict.fromkeys(shipped.case + place.case)),
    )


def merged(one: Phrases, other: Phrases) -> Mapping[str, tuple[str, ...]]:
    """The phrases of both, by language."""
    return {
        language: tuple(dict.fromkeys((*one.get(language, ()), *other.get(language, ()))))
        for language in {**one, **other}
    }
