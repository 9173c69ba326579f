"""Which places an article names, and where on the map they lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from pipeline.annotate.claims import (
    ANYWHERE,
    MENTIONS,
    Claim,
    Context,
    Field,
    Key,
    Role,
    claimed,
    claims,
    needs,
    overlaps,
    read,
)
from pipeline.match import Found, Matcher, longest
from pipeline.model import Article, Location, RegionMention, replace
from pipeline.watchlist import Region


class Regions:
    """Stage, after `Actors`: fills `regions`, `region_mentions` and `locations`.

    A name inside the mention of an actor names no place (Kurdistan Workers' Party). A region with `needs` counts where
    one of these words stands in the article. Of several regions of one name it is the one of which a parent is named in
    the article by a name of its own; then the one that shares parents with most places named so; then the one in the
    outlet's country; then the first in the list.
    """

    def __init__(self, regions: Sequence[Region]) -> None:
        """Build the matcher; raises ConfigError for a name without a letter or digit."""
        self._regions = tuple(regions)
        self._by_id = {region.id: region for region in reversed(self._regions)}
        names = (
            claims(Claim(owner, Role.STRONG), _names(region), region.case) for owner, region in enumerate(self._regions)
        )
        spoken_for = needs([region.needs for region in self._regions])
        self._matcher: Matcher[Key] = Matcher(chain(spoken_for, chain.from_iterable(names)), places=True)

    def __call__(self, article: Article) -> Article:
        """Annotate an article; what it held of regions before is replaced."""
        mentions = list(islice(self._mentions(article), MENTIONS))
        named = [self._by_id[id_] for id_ in dict.fromkeys(mention.id for mention in mentions)]
        parents = dict.fromkeys(chain.from_iterable(region.parents for region in named))
        derived = [RegionMention(id_, self._name(id_)) for id_ in parents if all(id_ != region.id for region in named)]
        return replace(
            article,
            regions=tuple(dict.fromkeys(chain.from_iterable((region.id, *region.parents) for region in named))),
            region_mentions=(*mentions, *derived),
            locations=tuple(dict.fromkeys(_locations(region for region in named if region.id not in parents))),
        )

    def _mentions(self, article: Article) -> Iterator[RegionMention]:
        """Give what is named, title first."""
        fields = read(article, self._matcher)
        context = Context(fields)
        chosen = [(field, longest(self._places(article, field, context))) for field in fields]
        sure = dict.fromkeys(one.keys[0] for _, found in chosen for one in found if len(one.keys) == 1)
        choice = _Choice([self._regions[owner] for owner in sure], article.outlet.country)
        for field, found in chosen:
            for one in found:
                region = choice.likeliest([self._regions[owner] for owner in one.keys])
                alias = field.text[one.start : one.end]
                yield RegionMention(region.id, region.name, alias, one.start, one.end, field.where)

    def _places(self, article: Article, field: Field, context: Context) -> Iterator[Found[int]]:
        """Give what may name a place: not inside an actor's name, and with the words the place needs."""
        actors = sorted((one.start, one.end) for one in article.mentions if one.where == field.where)
        for found in field.found:
            owners = tuple(
                claim.owner
                for claim in claimed(found)
                if not self._regions[claim.owner].needs or context.words(claim.owner, field, found, [ANYWHERE])
            )
            if owners and not any(overlaps(actors, found)):
                yield Found(owners, found.start, found.end)

    def _name(self, id_: str) -> str:
        """Give the name of a region; its id where it is not in the list."""
        return self._by_id[id_].name if id_ in self._by_id else id_


class _Choice:
    """Chooses among regions of one name, by the places that an article names beyond doubt."""

    def __init__(self, sure: Sequence[Region], country: str) -> None:
        self._sure = {region.id: {region.id, *region.parents} for region in sure}
        self._country = country

    def likeliest(self, regions: Sequence[Region]) -> Region:
        """Give the best backed region, of equals the first."""
        return regions[0] if len(regions) == 1 else max(regions, key=self._backing)

    def _backing(self, region: Region) -> tuple[bool, int, bool]:
        """Tell whether a parent is named, how many places share a parent, and whether it is in the outlet's country."""
        near = sum(not places.isdisjoint(region.parents) for places in self._sure.values())
        return (
            not self._sure.keys().isdisjoint(region.parents),
            near,
            self._country in (region.id, *region.parents),
        )


def _names(region: Region) -> Iterator[str]:
    """Give the names of a region in all languages."""
    return chain([region.name], chain.from_iterable(region.names.values()))


def _locations(regions: Iterable[Region]) -> Iterator[Location]:
    """Give the coordinates of the regions that have some."""
    for region in regions:
        if region.lat is not None and region.lon is not None:
            yield Location(region.lat, region.lon)
