"""The map: where the places lie that articles name.

The tiles below it come from Elastic over the internet. Without them it still reads: circles with counts, and the name
of the country beside them, both from our own index. A country's name comes from articles that name one country only,
so that no label stands in another country because its articles name both.
"""

from __future__ import annotations

from typing import Any

from pipeline.workspace.objects import SavedObject, kuery, packed
from pipeline.workspace.views import ARTICLES

CENTRE = {"lat": 33.5, "lon": 45.0}  # degrees; from the Aegean to Afghanistan at this zoom
ZOOM = 3.7
COUNT = "doc_count"  # what Kibana calls the number of documents in a cell
REGION = "terms_of_regions"  # and the value of `regions` that most documents of a cell have
DARK, LIGHT, RIM = "#343741", "#FFFFFF", "#2B6CB0"


def place_map() -> SavedObject:
    """The map with its base, the names of countries, and the circles above them."""
    tiles = {
        "id": "base",
        "label": "Base map (needs the internet)",
        "type": "EMS_VECTOR_TILE",
        "sourceDescriptor": {"type": "EMS_TMS", "isAutoSelect": True},
        "style": {"type": "TILE"},
        "alpha": 0.7,
        "visible": True,
        "minZoom": 0,
        "maxZoom": 24,
    }
    region = {"type": "terms", "field": "regions", "label": "Country"}
    countries = grid(1, "Countries", [{"type": "count"}, region], NAMES)
    circles = grid(2, "Articles", [{"type": "count", "label": "Articles"}], CIRCLES)
    state = {
        "center": CENTRE,
        "zoom": ZOOM,
        "timeFilters": {"from": "now-7d", "to": "now"},
        "refreshConfig": {"isPaused": True, "interval": 0},
        "query": kuery(""),
        "filters": [],
        "settings": {"autoFitToDataBounds": False, "backgroundColor": LIGHT, "initialLocation": "LAST_SAVED_LOCATION"},
    }
    return SavedObject(
        "map",
        "wireroom-map-places",
        {
            "title": "Places named",
            "description": "Where the named places lie. Circles count articles; zoom in to split them. Names of"
            " countries come from the articles themselves and stay when the base map cannot be loaded.",
            "layerListJSON": packed([tiles, {**countries, "query": kuery("countries_named : 1")}, circles]),
            "mapStateJSON": packed(state),
            "uiStateJSON": packed({"isLayerTOCOpen": False, "openTOCDetails": []}),
        },
        {f"layer_{number}_source_index_pattern": ARTICLES for number in (1, 2)},
    )


def grid(number: int, label: str, metrics: list[dict[str, str]], style: dict[str, Any]) -> dict[str, Any]:
    """A layer of cells, each drawn at the middle of the places in it."""
    return {
        "id": f"cells-{number}",
        "label": label,
        "type": "GEOJSON_VECTOR",
        "sourceDescriptor": {
            "type": "ES_GEO_GRID",
            "id": f"source-{number}",
            "geoField": "locations",
            "requestType": "point",
            "resolution": "COARSE",
            "metrics": metrics,
            "indexPatternRefName": f"layer_{number}_source_index_pattern",
            "applyGlobalQuery": True,
            "applyGlobalTime": True,
            "applyForceRefresh": True,
        },
        "style": {"type": "VECTOR", "isTimeAware": True, "properties": style},
        "joins": [],
        "alpha": 0.85,
        "visible": True,
        "minZoom": 0,
        "maxZoom": 24,
    }


def fixed(**options: object) -> dict[str, Any]:
    """The same for every cell."""
    return {"type": "STATIC", "options": options}


def by(field: str, **options: object) -> dict[str, Any]:
    """Drawn by what a cell counts."""
    return {"type": "DYNAMIC", "options": {"field": {"name": field, "origin": "source"}, **options}}


NAMES = {
    "fillColor": fixed(color=LIGHT),
    "lineColor": fixed(color=LIGHT),
    "lineWidth": fixed(size=0),
    "iconSize": fixed(size=16),
    "labelText": by(REGION),
    "labelColor": fixed(color=DARK),
    "labelSize": fixed(size=13),
    "labelPosition": {"options": {"position": "BOTTOM"}},
}
CIRCLES = {
    "fillColor": by(COUNT, color="Blues"),
    "lineColor": fixed(color=RIM),
    "lineWidth": fixed(size=1),
    "iconSize": by(COUNT, minSize=9, maxSize=24),
    "labelText": by(COUNT),
    "labelColor": fixed(color=DARK),
    "labelSize": fixed(size=12),
}

PLACES = place_map()
