"""The committed Kibana workspace, checked by rules, since no Kibana runs here: every reference, field and version.

The rules are those that Elastic's own packages are checked by. The fields come from the index templates, not from a
copy of them.
"""

from __future__ import annotations

import re
import runpy
import shutil
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from pipeline import config, gazetteer, workspace
from pipeline.stores.elastic.families import families
from pipeline.watchlist import Region
from pipeline.workspace.views import OUR_OWN, told_apart
from tests import workspace_file
from tests.house import ROOT
from tests.kql import Kql
from tests.workspace_file import FILE, Saved, fields, of_type, view_of

REGIONS = config.load(ROOT / "config", {}, gazetteer=gazetteer.places()).regions
SAVED = list(workspace_file.workspace().values())
WIDE = 48  # columns of a dashboard's grid
NEWEST = {"index-pattern": "8.0.0", "search": "10.5.0", "lens": "8.9.0", "map": "8.4.0", "dashboard": "10.2.0"}
"""What Kibana 8.17 writes; 8.19 reads nothing newer than its own, which is at least this."""
NUMBERS = {"double", "float", "integer", "long"}
CATEGORIES = {"boolean", "keyword"}
FITTING = {
    "date_histogram": {"date"},
    "terms": CATEGORIES,
    "unique_count": CATEGORIES,
    "sum": NUMBERS,
    "median": NUMBERS,
    "percentile": NUMBERS,
    "max": {*NUMBERS, "date"},
}
RECORDS = "___records___"  # what Lens calls the field of a count


def named(saved: Saved) -> str:
    return saved.id


def every(type_: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("saved", of_type(type_), ids=named)


each_object = pytest.mark.parametrize("saved", SAVED, ids=named)


def keys_below(value: Any, key: str) -> Iterator[Any]:  # noqa: ANN401 - any JSON
    """What stands under a key, however deep."""
    if isinstance(value, list):
        for each in value:
            yield from keys_below(each, key)
    elif isinstance(value, dict):
        if key in value:
            yield value[key]
        for each in value.values():
            yield from keys_below(each, key)


def columns(chart: Saved) -> dict[str, dict[str, Any]]:
    (layer,) = chart.layers.values()
    found = layer["columns"]
    assert isinstance(found, dict)
    return found


def version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def fits(view: str, field: str, types: set[str]) -> bool:
    """Whether a field exists, is of one of these types, and can be searched, sorted and counted by."""
    told = fields(view).get(field, {"type": "no such field"})
    return told["type"] in types and told.get("index", True) and told.get("doc_values", True)


# The file


def test_the_committed_file_is_what_the_builder_builds() -> None:
    assert FILE.read_bytes() == workspace.ndjson(REGIONS), "make kibana"


def test_building_twice_gives_the_same_bytes() -> None:
    assert workspace.ndjson(REGIONS) == workspace.ndjson(REGIONS)


def copied(folder: Path) -> tuple[Path, str]:
    """Builder and file, an old one, in a copy of the configuration."""
    ours = Path(shutil.copytree(ROOT / "config", folder / "config"), "kibana")
    (ours / FILE.name).write_text("old")
    return ours, str(ours / "build.py")


def test_the_builder_puts_a_whole_file_in_its_place(tmp_path: Path) -> None:
    folder, script = copied(tmp_path)

    runpy.run_path(script, run_name="__main__")

    assert (folder / FILE.name).read_bytes() == FILE.read_bytes()
    assert {path.name for path in folder.iterdir()} == {"build.py", FILE.name}


def test_a_builder_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    folder, script = copied(tmp_path)
    (folder / FILE.name).with_suffix(".new").mkdir()

    with pytest.raises(IsADirectoryError):
        runpy.run_path(script, run_name="__main__")

    assert (folder / FILE.name).read_text() == "old"


def test_the_file_stays_small_enough_to_be_read_in_a_review_and_imported_at_once() -> None:
    assert FILE.stat().st_size < 200_000


def test_type_and_id_of_every_object_are_its_own() -> None:
    assert len(SAVED) == len(FILE.read_bytes().splitlines())
    assert [each.id for each in SAVED if not each.id.startswith("wireroom-")] == []


def test_a_title_names_one_object_of_a_type_only() -> None:
    titles = Counter((each.type, each.attributes.get("name") or each.attributes["title"]) for each in SAVED)

    assert [title for title, count in titles.items() if count > 1] == []


@each_object
def test_people_are_told_what_it_shows(saved: Saved) -> None:
    described = saved.attributes.get("description", "a data view has a name only.")

    assert described.endswith(".")
    assert saved.attributes["title"]


@pytest.mark.parametrize("saved", [*of_type("search"), *of_type("dashboard")], ids=named)
def test_people_are_told_that_an_import_overwrites_what_they_change(saved: Saved) -> None:
    assert saved.attributes["description"].endswith("save what you change under another name.")


@each_object
def test_no_version_is_newer_than_the_oldest_kibana_reads(saved: Saved) -> None:
    assert version(saved.whole["typeMigrationVersion"]) <= version(NEWEST[saved.type])
    assert saved.whole["coreMigrationVersion"] == "8.8.0"


# References


@each_object
def test_every_reference_leads_to_an_object_above_it(saved: Saved) -> None:
    above = {each.id: each.type for each in SAVED[: SAVED.index(saved)]}

    assert {each["id"]: each["type"] for each in saved.whole["references"]}.items() <= above.items()
    assert len(saved.references) == len(saved.whole["references"])


@each_object
def test_every_name_of_a_reference_is_used_and_every_used_one_is_there(saved: Saved) -> None:
    used = [*keys_below(saved.attributes, "indexRefName"), *keys_below(saved.attributes, "indexPatternRefName")]
    if saved.type == "lens":
        used += [f"indexpattern-datasource-layer-{layer}" for layer in saved.layers]
    if saved.type == "dashboard":
        used += [f"{each['panelIndex']}:{each['panelRefName']}" for each in saved.attributes["panelsJSON"]]
        used += [f"controlGroup_{key}:optionsListDataView" for key in saved.controls]

    assert sorted(used) == sorted(saved.references)


# Data views


def test_the_data_views_look_at_aliases_and_indices_of_the_store() -> None:
    titles = {each.id: each.attributes["title"] for each in of_type("index-pattern")}

    assert titles == {
        "wireroom-articles": "news",
        "wireroom-arrivals": "news",
        "wireroom-outcomes": "wireroom-outcomes",
        "wireroom-visits": "wireroom-visits",
    }
    aliases = [alias for each in families() for alias in each.template()["template"].get("aliases", {})]
    assert {"news", "wireroom-outcomes"} <= set(aliases)


@every("index-pattern")
def test_a_data_view_knows_its_time_by_a_date_of_the_index(saved: Saved) -> None:
    time = saved.attributes.get("timeFieldName")

    assert (time is None) == (saved.id == "wireroom-visits"), "a time range would hide sources that nobody asks"
    assert time is None or fits(saved.id, time, {"date"})


@every("index-pattern")
def test_what_a_data_view_says_of_fields_is_of_fields_that_are_there(saved: Saved) -> None:
    known, told = fields(saved.id), saved.attributes

    assert set(told["fieldAttrs"]) <= set(known)
    assert set(told["fieldFormatMap"]) <= set(known)
    hidden = [each["value"] for each in told["sourceFilters"]]
    assert [pattern for pattern in hidden if not any(fnmatch(field, pattern) for field in known)] == []


def test_the_fields_that_discover_leaves_out_are_the_stores_own() -> None:
    public = {name.partition(".")[0] for name in fields("wireroom-articles")} - {"countries_named"}
    hidden = {name.partition(".")[0] for name in OUR_OWN}

    assert public - hidden == set(documented())


def documented() -> list[str]:
    from pipeline.document import document
    from pipeline.model import Article

    return list(document(Article("id", "https://desk.example/")))


def shown(view: str, field: str) -> dict[str, str]:
    """The names that a data view shows in place of a field's values."""
    told = workspace_file.workspace()[view].attributes["fieldFormatMap"][field]
    assert told["id"] == "static_lookup"
    return {each["key"]: each["value"] for each in told["params"]["lookupEntries"]}


def test_every_region_is_shown_by_a_name_of_its_own() -> None:
    regions = shown("wireroom-articles", "regions")

    assert regions.keys() == {place.id for place in REGIONS} > {place.id for place in gazetteer.places()}
    assert len(set(regions.values())) == len(regions)
    assert (regions["IQ"], regions["IQ-NI"], regions["gn-99072"]) == ("Iraq", "Nineveh", "Mosul")
    assert (regions["gn-98182"], regions["IQ-BG"]) == ("Baghdad", "Baghdad (province, Iraq)")


def test_a_place_whose_name_is_taken_is_told_by_what_and_where_it_is() -> None:
    places = [
        Region("LB", "Lebanon", "country"),
        Region("gn-1", "Tripoli", "city", ("LB-T", "LB")),
        Region("LB-T", "Tripoli", "province", ("LB",)),
        Region("gn-2", "Tripoli", "village"),
        Region("gn-3", "Tripoli", "village"),
    ]

    assert list(told_apart(places).values()) == [
        "Lebanon",
        "Tripoli",
        "Tripoli (province, Lebanon)",
        "Tripoli (village)",
        "Tripoli (gn-3)",
    ]


def test_countries_and_languages_are_shown_by_name_on_every_view_of_articles() -> None:
    countries = {place.id: place.name for place in REGIONS if place.kind == "country"}

    for view in ("wireroom-articles", "wireroom-arrivals"):
        assert shown(view, "outlet.country") == countries
        assert countries.items() <= shown(view, "regions").items()
        assert set(shown(view, "language")) == {"ar", "az", "ckb", "en", "fa", "fr", "he", "hy", "kmr", "tr", "und"}


@every("search")
def test_a_list_of_articles_leads_to_them(saved: Saved) -> None:
    view = view_of(saved)

    if view != "wireroom-visits":
        assert "url" in saved.attributes["columns"]
        assert workspace_file.workspace()[view].attributes["fieldFormatMap"]["url"]["id"] == "url"


# Fields


@every("lens")
def test_a_chart_asks_for_fields_that_fit(saved: Saved) -> None:
    for column in columns(saved).values():
        if column["operationType"] == "count":
            assert column["sourceField"] == RECORDS
        else:
            assert fits(view_of(saved), column["sourceField"], FITTING[column["operationType"]]), column["sourceField"]


@every("lens")
def test_a_column_is_told_to_be_of_the_type_that_its_field_has(saved: Saved) -> None:
    for column in columns(saved).values():
        of_date = column["sourceField"] != RECORDS and fields(view_of(saved))[column["sourceField"]]["type"] == "date"
        expected = "date" if of_date else "string" if column["operationType"] == "terms" else "number"

        assert column["dataType"] == expected
        assert column["isBucketed"] == (column["operationType"] in ("terms", "date_histogram"))


@every("search")
def test_a_search_shows_and_sorts_by_fields_that_are_there(saved: Saved) -> None:
    view, told = view_of(saved), saved.attributes
    hidden = [each["value"] for each in workspace_file.workspace()[view].attributes["sourceFilters"]]

    assert set(told["columns"]) <= set(fields(view)) - set(hidden)
    assert [field for field, _ in told["sort"] if not fits(view, field, {"date", "integer"})] == []
    assert set(told["grid"]["columns"]) <= set(told["columns"])
    for pill in saved.source["filter"]:
        assert fits(view, pill["meta"]["key"], CATEGORIES)
        assert pill["query"] == {"match_phrase": {pill["meta"]["key"]: pill["meta"]["params"]["query"]}}


@every("map")
def test_a_map_counts_points_and_labels_them_with_what_it_counted(saved: Saved) -> None:
    for layer in saved.grids:
        source = layer["sourceDescriptor"]
        counted = {f"{each['type']}_of_{each['field']}" for each in source["metrics"] if "field" in each}
        drawn = {each["name"] for each in keys_below(layer["style"], "field")}

        assert fits(view_of(saved), source["geoField"], {"geo_point"})
        assert all(fits(view_of(saved), each["field"], CATEGORIES) for each in source["metrics"] if "field" in each)
        assert drawn <= counted | {"doc_count"}


def test_the_map_reads_without_its_base() -> None:
    (saved,) = of_type("map")
    labels = [layer["style"]["properties"]["labelText"] for layer in saved.grids]

    assert [each["options"]["field"]["name"] for each in labels] == ["terms_of_regions", "doc_count"]
    assert [each["type"] for each in saved.attributes["layerListJSON"]].index("EMS_VECTOR_TILE") == 0


@every("dashboard")
def test_a_control_offers_values_of_a_keyword(saved: Saved) -> None:
    for key, control in saved.controls.items():
        assert control["explicitInput"]["id"] == key
        view = saved.references[f"controlGroup_{key}:optionsListDataView"]
        assert fits(view, control["explicitInput"]["fieldName"], {"keyword"})


@every("dashboard")
def test_a_control_acts_on_every_panel(saved: Saved) -> None:
    chosen = {each["explicitInput"]["fieldName"] for each in saved.controls.values()}
    shown = [workspace_file.workspace()[id_] for id_ in saved.references.values()]

    for panel in shown:
        if panel.type != "index-pattern":
            assert chosen <= set(fields(view_of(panel))), f"a choice would leave nothing in {panel.id}"


def queries(saved: Saved) -> Iterator[str]:
    """All of Kibana's queries in an object."""
    for told in keys_below(saved.attributes, "query"):
        if isinstance(told, str) and told:
            yield told


asking = [each for each in SAVED if each.type in ("lens", "search", "map")]


@pytest.mark.parametrize("saved", asking, ids=named)
def test_a_query_names_fields_that_can_be_searched(saved: Saved) -> None:
    pills = [pill["meta"]["params"]["query"] for pill in saved.source["filter"]] if saved.type == "search" else []
    known = {name for name, told in fields(view_of(saved)).items() if told.get("index", True)}

    for query in set(queries(saved)) - set(pills):
        assert Kql(query).fields <= known, query


# Charts


@every("lens")
def test_columns_stand_in_order_buckets_first(saved: Saved) -> None:
    (layer,) = saved.layers.values()
    bucketed = [layer["columns"][key]["isBucketed"] for key in layer["columnOrder"]]

    assert set(layer["columnOrder"]) == set(layer["columns"])
    assert bucketed == sorted(bucketed, reverse=True)
    assert not all(bucketed)


@every("lens")
def test_what_is_drawn_and_ranked_by_is_a_column(saved: Saved) -> None:
    known, drawn = columns(saved), saved.attributes["state"]["visualization"]
    single = ("xAccessor", "yAccessor", "splitAccessor", "tagAccessor", "valueAccessor", "metricAccessor")
    used = [accessor for key in (*single, "forAccessor", "columnId") for accessor in keys_below(drawn, key)]
    used += [accessor for accessors in keys_below(drawn, "accessors") for accessor in accessors]
    ranked = [told["params"]["orderBy"]["columnId"] for told in known.values() if told["operationType"] == "terms"]

    assert set(used) == set(known)
    assert all(not known[key]["isBucketed"] for key in ranked)
    assert set(keys_below(drawn, "layerId")) == set(saved.layers)


# Dashboards


@every("dashboard")
def test_panels_lie_side_by_side_on_the_grid(saved: Saved) -> None:
    panels = saved.attributes["panelsJSON"]
    places = [each["gridData"] for each in panels]

    assert [each["panelIndex"] for each in panels] == [each["i"] for each in places]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= WIDE for place in places)
    assert sum(place["w"] * place["h"] for place in places) == WIDE * max(place["y"] + place["h"] for place in places)
    assert [(one["i"], other["i"]) for one, other in combinations(places, 2) if overlap(one, other)] == []


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    return across and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]


@every("dashboard")
def test_a_panel_is_of_the_type_that_it_shows(saved: Saved) -> None:
    for panel in saved.attributes["panelsJSON"]:
        shown = workspace_file.workspace()[saved.references[f"{panel['panelIndex']}:{panel['panelRefName']}"]]
        assert panel["type"] == shown.type


def test_all_charts_and_the_map_stand_on_a_dashboard() -> None:
    shown = {id_ for each in of_type("dashboard") for id_ in each.references.values()}

    assert {each.id for each in SAVED if each.type in ("lens", "map")} <= shown


def test_the_dashboards_begin_where_their_readers_look_first() -> None:
    begins = {each.attributes["title"]: each.attributes["timeFrom"] for each in of_type("dashboard")}

    assert begins == {"Newsroom": "now-7d", "Pipeline health": "now-24h"}


def test_the_newsroom_is_narrowed_by_actor_region_country_and_language() -> None:
    desk = workspace_file.workspace()["wireroom-desk"]

    assert [each["explicitInput"]["fieldName"] for each in desk.controls.values()] == [
        "actors",
        "regions",
        "outlet.country",
        "language",
    ]


def test_the_searches_are_those_that_people_were_promised() -> None:
    titles = [each.attributes["title"] for each in of_type("search")]

    assert titles[:5] == ["Latest", "Actor X", "One per story", "Non-state outlets", "Removed"]


def test_actor_x_is_an_actor_of_the_shipped_watchlist() -> None:
    (pill,) = workspace_file.workspace()["wireroom-search-actor"].source["filter"]
    shipped = config.load(ROOT / "config", {}, gazetteer=gazetteer.places())

    assert pill["meta"]["params"]["query"] in {actor.id for actor in shipped.actors}
    assert not pill["meta"]["disabled"]


# The little parser that stands in for Kibana's


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", {"match_all": {}}),
        ('fate : "kept"', {"match_phrase": {"fate": "kept"}}),
        ("lead: true", {"match": {"lead": "true"}}),
        ("removed.reason : *", {"exists": {"field": "removed.reason"}}),
        ("errors >= 1", {"range": {"errors": {"gte": "1"}}}),
        ("not a : b and c < 2", {"bool": {"filter": [
            {"bool": {"must_not": [{"match": {"a": "b"}}]}}, {"range": {"c": {"lt": "2"}}}]}}),
        ('(a : ("x" or "y"))', {"bool": {"should": [
            {"match_phrase": {"a": "x"}}, {"match_phrase": {"a": "y"}}], "minimum_should_match": 1}}),
    ],
)  # fmt: skip
def test_a_query_is_turned_into_elasticsearchs_own(text: str, query: dict[str, Any]) -> None:
    assert Kql(text).query == query


@pytest.mark.parametrize(
    "text", ["loose", "a : b c", "a : x*", "(a : b", 'a : "x', "a :", "a : (b and c)", "not", "a < *"]
)
def test_a_query_beyond_that_is_refused(text: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(text)):
        Kql(text)
