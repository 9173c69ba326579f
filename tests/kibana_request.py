"""What Kibana would ask Elasticsearch for a panel, a search or a control of the workspace.

No Kibana runs here: this follows what its requests look like, as far as the workspace uses it. Left out is what Kibana
asks in a second request (the bucket for all other values) and what only speeds it up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.kql import Kql, Query
from tests.workspace_file import Saved, view_of, workspace

INTERVALS = {"now-24h": "30m", "now-7d": "3h", "now-14d": "6h", "now-30d": "12h"}
"""What "auto" comes to: about fifty bars."""
ORDERED_BY = {"count": "_count", "sum": "{}", "unique_count": "{}", "max": "{}", "median": "{}.50"}
MIDDLE_EAST = {"top_left": {"lat": 44.0, "lon": 20.0}, "bottom_right": {"lat": 20.0, "lon": 70.0}}
PRECISION = 5  # of the cells at the zoom that the map begins with
SAMPLE = 500  # rows that Discover asks for
OFFERED = 10  # values in an open control

Body = dict[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A request: which index, and the body of `_search`."""

    index: str
    body: Body


def chart(saved: Saved, since: str) -> Asked:
    """What a Lens chart asks."""
    (layer,) = saved.layers.values()
    columns = [(key, layer["columns"][key]) for key in layer["columnOrder"]]
    asked = {"size": 0, "track_total_hits": True, "aggs": _buckets(columns, since)}
    return _asked(view_of(saved), since, [saved.attributes["state"]["query"]], asked)


def search(saved: Saved, since: str) -> Asked:
    """What a saved search asks, in Discover or on a dashboard."""
    view = workspace()[view_of(saved)].attributes
    asked = {
        "size": SAMPLE,
        "track_total_hits": True,
        "sort": [{field: {"order": order, "unmapped_type": "boolean"}} for field, order in saved.attributes["sort"]],
        "fields": [{"field": "*"}],
        "_source": {"excludes": [each["value"] for each in view["sourceFilters"]]},
        "highlight": {"pre_tags": ["@"], "post_tags": ["@"], "fields": {"*": {}}, "fragment_size": 2147483647},
    }
    pills = [pill["query"] for pill in saved.source["filter"] if not pill["meta"]["disabled"]]
    return _asked(view_of(saved), since, [saved.source["query"]], asked, pills)


def grid(saved: Saved, layer: Body, since: str) -> Asked:
    """What a layer of the map asks, at the zoom that it begins with."""
    source = layer["sourceDescriptor"]
    field = source["geoField"]
    metrics = {
        f"terms_of_{each['field']}": {"terms": {"field": each["field"], "size": 1}}
        for each in source["metrics"]
        if each["type"] == "terms"
    }
    cells = {
        "geotile_grid": {"field": field, "precision": PRECISION, "bounds": MIDDLE_EAST, "size": 65_535},
        "aggs": {"gridCentroid": {"geo_centroid": {"field": field}}, **metrics},
    }
    seen = [{"geo_bounding_box": {field: MIDDLE_EAST}}, {"exists": {"field": field}}]
    query = [layer["query"]] if "query" in layer else []
    return _asked(view_of(saved), since, query, {"size": 0, "aggs": {"gridSplit": cells}}, seen)


def control(dashboard: Saved, key: str, since: str) -> Asked:
    """What a control asks when it is opened."""
    field = dashboard.controls[key]["explicitInput"]["fieldName"]
    offered = {"terms": {"field": field, "size": OFFERED, "order": {"_count": "desc"}, "shard_size": OFFERED}}
    asked = {"size": 0, "aggs": {"suggestions": offered, "unique_terms": {"cardinality": {"field": field}}}}
    return _asked(dashboard.references[f"controlGroup_{key}:optionsListDataView"], since, [], asked)


def rows(saved: Saved, answer: Body) -> list[Row]:
    """The rows of a chart's table that hold any document: a value for each column."""
    (layer,) = saved.layers.values()
    columns = [(key, layer["columns"][key]) for key in layer["columnOrder"]]
    whole = {**answer.get("aggregations", {}), "doc_count": answer["hits"]["total"]["value"]}
    return [row for row, documents in _rows(columns, whole) if documents]


def _asked(
    view: str, since: str, queries: Sequence[dict[str, str]], asked: Body, filters: Sequence[Query] = ()
) -> Asked:
    told = workspace()[view].attributes
    time = told.get("timeFieldName")
    narrowed = [{"range": {time: {"gte": since, "lte": "now"}}}] if time else []
    meant = [Kql(each["query"]).query for each in queries]
    assert all(each["language"] == "kuery" for each in queries)
    query = {"bool": {"filter": [*narrowed, *meant, *filters]}}
    return Asked(told["title"], {**asked, "query": query, "runtime_mappings": told["runtimeFieldMap"]})


def _buckets(columns: Sequence[tuple[str, Body]], since: str) -> Body:
    """The aggregations of the columns: buckets within each other, values in each of them, since one may rank it."""
    values = {key: told for key, told in columns if not told["isBucketed"]}
    inner = {key: _value(told) for key, told in values.items() if told["operationType"] != "count"}
    for key, told in reversed([(key, told) for key, told in columns if told["isBucketed"]]):
        split = _times(told, since) if told["operationType"] == "date_histogram" else _terms(told, values)
        measured = {each: aggregation for each, aggregation in inner.items() if each in values}
        inner = {**measured, key: {**split, "aggs": inner}}
    return inner


def _times(told: Body, since: str) -> Body:
    params = told["params"]
    automatic = params["interval"] == "auto"
    length = {"fixed_interval": INTERVALS[since]} if automatic else {"calendar_interval": params["interval"]}
    bounds = {"extended_bounds": {"min": since, "max": "now"}} if params["includeEmptyRows"] else {}
    # The name of a format is needed for bounds in words, as Kibana sends numbers.
    told_as = {"format": "strict_date_optional_time", "time_zone": "Asia/Baghdad", "min_doc_count": 0}
    return {"date_histogram": {"field": told["sourceField"], **length, **bounds, **told_as}}


def _terms(told: Body, values: dict[str, Body]) -> Body:
    params = told["params"]
    ranked = params["orderBy"]["columnId"]
    path = f"{ranked}>filtered" if "filter" in values[ranked] else ranked
    order = ORDERED_BY[values[ranked]["operationType"]].format(path)
    only = {"include": params["include"][0]} if "include" in params else {}
    order_by = {"order": {order: params["orderDirection"]}}
    return {"terms": {"field": told["sourceField"], "size": params["size"], **order_by, **only}}


def _value(told: Body) -> Body:
    field, operation = told["sourceField"], told["operationType"]
    aggregation = {
        "max": {"max": {"field": field}},
        "median": {"percentiles": {"field": field, "percents": [50]}},
        "percentile": {"percentiles": {"field": field, "percents": [told["params"].get("percentile")]}},
        "sum": {"sum": {"field": field}},
        "unique_count": {"cardinality": {"field": field}},
    }[operation]
    if "filter" in told:
        return {"filter": Kql(told["filter"]["query"]).query, "aggs": {"filtered": aggregation}}
    return aggregation


def _rows(columns: Sequence[tuple[str, Body]], level: Body) -> Iterator[tuple[Row, int]]:
    key, told = columns[0]
    if not told["isBucketed"]:
        yield {key: _read(told, level, key) for key, told in columns}, level["doc_count"]
        return
    for bucket in level[key]["buckets"]:
        for row, documents in _rows(columns[1:], bucket):
            yield {key: bucket.get("key_as_string", bucket["key"]), **row}, documents


def _read(told: Body, level: Body, key: str) -> float | None:
    if told["operationType"] == "count":
        return float(level["doc_count"])
    held = level[key].get("filtered", level[key])
    value = next(iter(held["values"].values())) if "values" in held else held["value"]
    return None if value is None else float(value)
