"""Ground for the map that comes from no stranger: countries and cities of the gazetteer by name, drawn as tiles.

A tile is a square of 256 pixels of the Web Mercator projection, the world at zoom 0 being one tile
(https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames). Names are placed once a zoom, so that one which crosses the
edge of a tile goes on in the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import escape
from math import asinh, atan, degrees, floor, pi, radians, sinh, tan
from statistics import fmean
from typing import NamedTuple

from pipeline.watchlist import Region

SIZE = 256  # pixels
DEEPEST = 12  # zoom; a city fills the screen there
CITIES = 4  # zoom from which cities are named
LATITUDES = 85.0511  # the projection ends there
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
SPACING = ((4, 10), (7, 5), (DEEPEST, 1))
"""Degrees between two lines of the grid, up to a zoom."""


class Style(NamedTuple):
    """How a name is written."""

    pixels: int
    colour: str
    letter: float  # its width, in parts of the size
    more: str = ""


COUNTRY = Style(13, "#8f8770", 0.95, ' letter-spacing="2" text-anchor="middle"')
CITY = Style(11, "#6e6a60", 0.6)


class Mark(NamedTuple):
    """A name on the ground; its place in pixels of its zoom, counted from the north-west corner of the world."""

    x: float
    y: float
    name: str
    style: Style

    @property
    def box(self) -> Box:
        """Left, top, right and bottom of the name, with its dot and some air."""
        width, height = len(self.name) * self.style.pixels * self.style.letter, self.style.pixels
        left = self.x - width / 2 if self.style is COUNTRY else self.x - 4
        return left - 4, self.y - height, left + width + 14, self.y + height

    def touches(self, box: Box) -> bool:
        """Whether its box has a point in common with another."""
        left, top, right, bottom = self.box
        return left < box[2] and box[0] < right and top < box[3] and box[1] < bottom

    @property
    def svg(self) -> str:
        """The name, beside the dot of a city."""
        x = self.x if self.style is COUNTRY else self.x + 6
        size, colour, _, more = self.style
        return (
            f'<text x="{x:.1f}" y="{self.y + size / 3:.1f}" font-size="{size}" fill="{colour}"{more}>'
            f"{escape(self.name)}</text>"
        )


class Ground:
    """Tiles of some places: the countries where their cities lie, the cities in the order given, big ones first."""

    def __init__(self, places: Iterable[Region]) -> None:
        known = tuple(places)
        self._cities = [
            (each.name, each.lat, each.lon) for each in known if each.lat is not None and each.lon is not None
        ]
        self._countries = list(_countries(known))
        self._marks = lru_cache(maxsize=DEEPEST + 1)(self._placed)

    def tile(self, zoom: int, column: int, row: int) -> str:
        """One tile as SVG; beyond the edge of the world it is empty."""
        left, top = column * SIZE, row * SIZE
        box = (left, top, left + SIZE, top + SIZE)
        names = "".join(mark.svg for mark in self._marks(min(zoom, DEEPEST)) if mark.touches(box))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left} {top} {SIZE} {SIZE}" width="{SIZE}" '
            f'height="{SIZE}" font-family="Helvetica, Arial, sans-serif"><rect x="{left}" y="{top}" width="{SIZE}" '
            f'height="{SIZE}" fill="#f6f3ea"/><path d="{"".join(_grid(zoom, left, top))}" stroke="#e8e2d2"/>'
            f'<path d="{self._dots(zoom, box)}" stroke="#c3bba4" stroke-width="{4 if zoom >= CITIES else 3}" '
            f'stroke-linecap="round"/>{names}</svg>'
        )

    def _dots(self, zoom: int, box: Box) -> str:
        """A dot for each city, named or not: where they stand thick is the shape of the land."""
        left, top, right, bottom = box
        found = (pixel(lat, lon, zoom) for _, lat, lon in self._cities)
        return "".join(f"M{x:.1f} {y:.1f}h0" for x, y in found if left - 4 < x < right + 4 and top - 4 < y < bottom + 4)

    def _placed(self, zoom: int) -> list[Mark]:
        """The names that find room at a zoom, countries before cities."""
        wanted = [(place, COUNTRY) for place in self._countries]
        wanted += [(place, CITY) for place in self._cities if zoom >= CITIES]
        placed: list[Mark] = []
        near: dict[tuple[int, int], list[Mark]] = defaultdict(list)
        for (name, lat, lon), style in wanted:
            mark = Mark(*pixel(lat, lon, zoom), name, style)
            cells = list(_cells(mark))
            if not any(mark.touches(other.box) for cell in cells for other in near[cell]):
                placed.append(mark)
                for cell in cells:
                    near[cell].append(mark)
        return placed


def pixel(lat: float, lon: float, zoom: int) -> tuple[float, float]:
    """Where a place stands, in pixels from the north-west corner of the world at a zoom."""
    world = SIZE << zoom
    return (lon + 180) / 360 * world, (1 - asinh(tan(radians(lat))) / pi) / 2 * world


def _place(x: float, y: float, zoom: int) -> tuple[float, float]:
    """The inverse of `pixel`."""
    world = SIZE << zoom
    return degrees(atan(sinh(pi * (1 - 2 * y / world)))), x / world * 360 - 180


def _countries(places: tuple[Region, ...]) -> Iterator[tuple[str, float, float]]:
    """Each country in the middle of its cities."""
    cities: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for each in places:
        if each.lat is not None and each.lon is not None and each.parents:
            cities[each.parents[-1]].append((each.lat, each.lon))
    for each in places:
        if each.kind == "country" and each.id in cities:
            lats, lons = zip(*cities[each.id], strict=True)
            yield each.name, fmean(lats), fmean(lons)


def _cells(mark: Mark) -> Iterator[tuple[int, int]]:
    """The squares of the size of a tile that a name lies in."""
    left, top, right, bottom = (floor(edge / SIZE) for edge in mark.box)
    return ((x, y) for x in range(left, right + 1) for y in range(top, bottom + 1))


def _grid(zoom: int, left: int, top: int) -> Iterator[str]:
    """Meridians and parallels through a tile."""
    step = next((degrees_ for most, degrees_ in SPACING if zoom <= most), 1)
    north, west = _place(left, top, zoom)
    south, east = _place(left + SIZE, top + SIZE, zoom)
    for lon in range(floor(west / step) * step, floor(east) + 1, step):
        yield f"M{pixel(0, lon, zoom)[0]:.1f} {top}v{SIZE}"
    for lat in range(floor(south / step) * step, floor(north) + 1, step):
        if abs(lat) < LATITUDES:
            yield f"M{left} {pixel(lat, 0, zoom)[1]:.1f}h{SIZE}"
