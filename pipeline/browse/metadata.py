"""What Datasette is told of the store: titles, what columns mean, which facets there are, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.browse.facets import KINDS, SHOWN
from pipeline.browse.tiles import DEEPEST

DATABASE = "wireroom"
"""Name of the store in addresses, whatever its file is called."""
PAGE = 40  # articles on a page

PUBLIC = frozenset({"articles", "outcomes", "visits"})
"""Tables that are shown; the others may change with any version."""
SECRET = frozenset({"states", "seen", "claims", "bands_new", "bands_recent", "bands_old"})
"""Tables that SQL does not read either: what a run knows of its own work. Searching needs the rest."""

SETTINGS: Mapping[str, Any] = {
    "default_page_size": PAGE,
    "sql_time_limit_ms": 3_000,
    "default_facet_size": SHOWN,
    "suggest_facets": False,  # looks at every row of every column
    "allow_download": False,
    "default_cache_ttl": 0,  # a run may write beside
}

NEWS = {
    "id": "SHA-256 of the canonical address of the page",
    "title": "headline",
    "published_at": "when the outlet published it, UTC",
    "outlet": "id of the outlet, as in sources.yaml",
    "outlet_name": "its name",
    "country": "of the outlet, ISO 3166-1",
    "affiliation": "of the outlet: state, party, militia, public, private, independent, exile, unknown",
    "language": "of the text",
    "actors": "ids of the tracked actors that it names, a JSON list",
    "regions": "ids of the places that it names, their parents included, a JSON list",
    "story": "id of the story; articles that share it tell the same",
    "lead": "1 for the first article of its story",
    "copy_of": "the article that it copies",
    "first_outlet": "who told the story first",
    "copies": "how many more articles its story has",
    "url": "the original page",
    "text": "its own text, what surrounded it removed",
    "position": "grows with published_at; order by it for newest first",
}
PLACES = {
    **{name: NEWS[name] for name in ("id", "title", "published_at", "outlet", "outlet_name", "country", "language")},
    "actors": NEWS["actors"],
    "latitude": "of a place that it names, degrees",
    "longitude": "of the same place, degrees",
    "position": NEWS["position"],
}


def metadata(title: str) -> dict[str, Any]:
    """The metadata of a store, https://docs.datasette.io/en/stable/metadata.html."""
    return {
        "title": title,
        "databases": {
            DATABASE: {
                "title": title,
                "description": "Articles, and what became of every feed and entry. Read-only. In SQL, "
                "news_search('words') gives a search of Wireroom as an FTS5 query: select title from news where "
                "position in (select rowid from words where words match news_search('peshmerga OR pkk')).",
                "tables": {
                    "news": {
                        "title": "Articles",
                        "description": "One row an article, for reading.",
                        "columns": NEWS,
                        "sort_desc": "position",
                        "sortable_columns": ["position"],
                        "facets": [{"newest": column} for column in KINDS],
                    },
                    "places": {
                        "title": "Places",
                        "description": "One row an article and place that it names.",
                        "columns": PLACES,
                        "sort_desc": "position",
                        "sortable_columns": ["position"],
                    },
                    "articles": {"description": "The stored articles as they are; news is easier to read."},
                    "outcomes": {"description": "How each feed poll and each entry ended, run by run."},
                    "visits": {"description": "When each feed was last asked, and what it answered."},
                },
            }
        },
        "plugins": {
            "datasette-cluster-map": {
                "container": "#map",
                "tile_layer": "/tiles/{z}/{x}/{y}.svg",
                "tile_layer_options": {"maxZoom": DEEPEST, "attribution": "Places: GeoNames, CC BY 4.0"},
            }
        },
    }
