"""The Kibana workspace as a file: data views, saved searches, charts, a map and two dashboards, one object a line.

Everything is built from fixed ids and fixed words, so that two builds give the same bytes and an import that overwrites
changes nothing the second time. `config/kibana/wireroom.ndjson` is what `make kibana` builds. The shapes are those of
Kibana 8.17, which 8.19 and 9.x carry forward; no Kibana ran where they were made: the rules of
`tests/test_workspace.py` and the queries of `tests/test_workspace_panels.py` stand in for one.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.watchlist import Region
from pipeline.workspace import health, newsroom, places, searches
from pipeline.workspace.objects import SavedObject, line
from pipeline.workspace.views import views

__all__ = ["SavedObject", "ndjson", "objects"]


def objects(regions: Sequence[Region]) -> tuple[SavedObject, ...]:
    """All objects, each behind those that it refers to; the names of `regions` are shown in place of their ids."""
    return (
        *views(regions),
        *searches.SEARCHES,
        places.PLACES,
        *newsroom.CHARTS,
        *health.CHARTS,
        newsroom.DASHBOARD,
        health.DASHBOARD,
    )


def ndjson(regions: Sequence[Region]) -> bytes:
    """The file that Kibana imports: an object a line, keys sorted, UTF-8."""
    return "".join(map(line, objects(regions))).encode()
