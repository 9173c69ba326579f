"""Countries, provinces, districts and cities, from a table that ships with the program.

Names of provinces, districts and cities: GeoNames (geonames.org), CC BY 4.0; of countries: Unicode CLDR. The table is
made by `pipeline/gazetteer/build.py`. It stands in the order in which one name is claimed by several places: the first
wins where nothing in the article decides.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from pipeline.watchlist import Region

FILE = Path(__file__).with_name("places.tsv")
# Country names that are words or first names too count only with their capital.
CAPITALISED = ("Turkey", "Jordan", "Georgia", "Chad", "Mali", "Niger", "Togo", "US")


class Row(NamedTuple):
    """A line of the table."""

    id: str
    name: str
    kind: str
    parents: tuple[str, ...] = ()
    lat: float | None = None
    lon: float | None = None
    names: tuple[str, ...] = ()


def line(row: Row) -> str:
    """The line of a row: id, name, kind, parents, latitude, longitude, names; lists separated by |."""
    place = ("" if row.lat is None else f"{row.lat:.4f}", "" if row.lon is None else f"{row.lon:.4f}")
    return "\t".join((row.id, row.name, row.kind, "|".join(row.parents), *place, "|".join(row.names))) + "\n"


@cache
def places() -> tuple[Region, ...]:
    """All shipped places, in the order of the table."""
    return tuple(map(_region, FILE.read_text(encoding="utf-8").splitlines()))


def _region(told: str) -> Region:
    id_, name, kind, parents, lat, lon, names = told.split("\t")
    shown = tuple(names.split("|")) if names else ()
    return Region(
        id=id_,
        name=name,
        kind=kind,
        parents=tuple(parents.split("|")) if parents else (),
        lat=float(lat) if lat else None,
        lon=float(lon) if lon else None,
        names={"": shown},
        case=tuple(each for each in shown if each in CAPITALISED),
    )
