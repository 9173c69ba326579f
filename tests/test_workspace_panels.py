"""Each panel of the workspace asks a real server about the demo's articles, and gets rows.

No Kibana runs here. What it would ask is worked out by `tests/kibana_request.py` from the committed file; the answers
are compared with what the articles themselves say, so that a panel which shows something shows the right thing.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pytest

from pipeline import config, gazetteer
from pipeline.cli import demo
from pipeline.model import Article, Changes, Fate, Outcome, Stored, Visit
from pipeline.newsroom import Newsroom
from pipeline.stores.elastic import ElasticStore
from pipeline.stores.elastic.prepare import prepare
from tests.elastic_server import Address
from tests.elastic_store import client_of
from tests.house import ROOT
from tests.kibana_request import OFFERED, Asked, Row, chart, control, grid, rows, search
from tests.workspace_file import Saved, of_type, view_of, workspace

WEEK = "now-7d"
SILENT = timedelta(days=40)
TROUBLE = {Fate.RETRY: "timeout", Fate.FAILED: "error"}
"""What the demo's newsroom does not do: a feed that does not answer, and a fault of ours."""


@dataclass(frozen=True)
class Desk:
    """A store that the demo filled, and what the pipeline itself says is in it."""

    server: Address
    prefix: str
    articles: tuple[Article, ...]
    outcomes: tuple[Outcome, ...]
    """Those of today."""
    older: tuple[Outcome, ...]

    @property
    def of_90_days(self) -> tuple[Outcome, ...]:
        """All outcomes."""
        return self.outcomes + self.older

    def ask(self, asked: Asked) -> dict[str, Any]:
        """The server's answer; a request that it refuses is told whole."""
        status, answer = self.server.ask("POST", f"/{self.prefix}{asked.index}/_search", asked.body)
        assert status == 200, answer
        assert answer["_shards"]["failed"] == 0, answer
        assert isinstance(answer, dict)
        return answer

    def table(self, id_: str, since: str = WEEK) -> list[Row]:
        """The rows of a chart."""
        saved = workspace()[id_]
        return rows(saved, self.ask(chart(saved, since)))

    def counts(self, id_: str, since: str = WEEK) -> dict[Any, float]:
        """The first value of each row, by its buckets."""
        return {
            tuple(value for key, value in row.items() if key.startswith("bucket")): row["value-1"]
            for row in self.table(id_, since)
        }


@pytest.fixture(scope="module")
def desk(elastic: Address, elastic_prefix: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    prefix, archive = f"{elastic_prefix}kibana-", str(tmp_path_factory.mktemp("archive"))
    now = datetime.now(UTC)
    settings = config.load(ROOT / "config", {}, gazetteer=gazetteer.places())
    prepare(client_of(elastic), elastic.url, now, prefix)
    with closing(ElasticStore(client_of(elastic), elastic.url, prefix=prefix)) as store:
        with Newsroom.serve(now) as newsroom:
            passes = demo.poll_twice(demo.demo_config(settings, newsroom), store, archive, newsroom, [])
        trouble = tuple(
            Outcome(run_of(now), "far-away", "", "feed", fate, reason, now, number)
            for number, (fate, reason) in enumerate(TROUBLE.items())
        )
        quiet = tuple(
            Outcome(run_of(now), source, "", "feed", fate, reason, now)
            for source, fate, reason in (
                ("asked-in-vain", Fate.KEPT, ""),  # its feed was read, and held nothing new
                ("fell-silent", Fate.UNCHANGED, "not-modified"),
            )
        )
        older = (Outcome(run_of(now - SILENT), "fell-silent", "", "store", Fate.KEPT, "new", now - SILENT, 1),)
        silent = Visit("far-away", visited_at=now - SILENT, errors=3, reason="timeout")
        store.save(Changes(outcomes=(*trouble, *quiet, *older), visits=(Stored(silent),)))
        elastic.ask("POST", f"/{prefix}*/_refresh")
        articles = tuple(store.ingested(now - timedelta(days=1)))
        outcomes = tuple(outcome for _, outcomes in passes for outcome in outcomes)
        yield Desk(elastic, prefix, articles, (*outcomes, *trouble, *quiet), older)


def run_of(now: datetime) -> str:
    """The id of the run that began then."""
    return f"{now:%Y%m%dT%H%M%SZ}"


def panels() -> Iterator[Any]:
    """Every panel of every dashboard, with the time range that it begins with."""
    for dashboard in of_type("dashboard"):
        for panel in dashboard.attributes["panelsJSON"]:
            shown = workspace()[dashboard.references[f"{panel['panelIndex']}:{panel['panelRefName']}"]]
            since = panel["embeddableConfig"].get("timeRange", {}).get("from", dashboard.attributes["timeFrom"])
            yield pytest.param(shown, since, id=f"{dashboard.id}-{shown.id}")


PANELS = list(panels())


def of_kind(kind: str) -> list[Any]:
    return [panel for panel in PANELS if panel.values[0].type == kind]


# Every panel


@pytest.mark.parametrize(("saved", "since"), of_kind("lens"))
def test_a_chart_has_rows_and_no_column_of_it_is_empty(desk: Desk, saved: Saved, since: str) -> None:
    table = rows(saved, desk.ask(chart(saved, since)))

    assert table
    for column in table[0]:
        assert any(row[column] for row in table), column


@pytest.mark.parametrize("saved", of_type("search"), ids=lambda saved: saved.id)
def test_a_search_has_rows_and_no_column_of_it_is_empty(desk: Desk, saved: Saved) -> None:
    hits = desk.ask(search(saved, WEEK))["hits"]["hits"]
    shown = {field for hit in hits for field, values in hit["fields"].items() if any(value != "" for value in values)}

    assert set(saved.attributes["columns"]) <= shown
    assert [hit["sort"] for hit in hits] == sorted(
        (hit["sort"] for hit in hits), reverse=saved.attributes["sort"][0][1] == "desc"
    )


@pytest.mark.parametrize(("saved", "since"), of_kind("search"))
def test_a_search_on_a_dashboard_has_rows(desk: Desk, saved: Saved, since: str) -> None:
    assert desk.ask(search(saved, since))["hits"]["hits"]


@pytest.mark.parametrize(("saved", "since"), of_kind("map"))
def test_every_layer_of_the_map_has_cells_where_it_begins(desk: Desk, saved: Saved, since: str) -> None:
    for layer in saved.grids:
        cells = desk.ask(grid(saved, layer, since))["aggregations"]["gridSplit"]["buckets"]

        assert cells
        assert all(cell["gridCentroid"]["location"] for cell in cells)


CONTROLS = [
    pytest.param(dashboard, key, id=dashboard.controls[key]["explicitInput"]["fieldName"])
    for dashboard in of_type("dashboard")
    for key in dashboard.controls
]


@pytest.mark.parametrize(("dashboard", "key"), CONTROLS)
def test_a_control_offers_values(desk: Desk, dashboard: Saved, key: str) -> None:
    offered = desk.ask(control(dashboard, key, dashboard.attributes["timeFrom"]))["aggregations"]

    assert 1 < len(offered["suggestions"]["buckets"]) <= offered["unique_terms"]["value"]
    assert len(offered["suggestions"]["buckets"]) <= OFFERED


@pytest.mark.parametrize(("dashboard", "key"), CONTROLS)
def test_a_choice_in_a_control_narrows_every_panel_and_empties_none(desk: Desk, dashboard: Saved, key: str) -> None:
    since, field = dashboard.attributes["timeFrom"], dashboard.controls[key]["explicitInput"]["fieldName"]
    (first, *_) = desk.ask(control(dashboard, key, since))["aggregations"]["suggestions"]["buckets"]
    chosen = {"term": {field: first["key"]}}

    for id_ in set(dashboard.references.values()):
        saved = workspace()[id_]
        for asked in requests(saved, since):
            whole = desk.ask(asked)["hits"]["total"]["value"]
            asked.body["query"]["bool"]["filter"].append(chosen)
            assert 0 < desk.ask(asked)["hits"]["total"]["value"] < whole, (id_, chosen)


def requests(saved: Saved, since: str) -> list[Asked]:
    """All that one object of a dashboard asks."""
    if saved.type == "map":
        return [grid(saved, layer, since) for layer in saved.grids]
    return [{"lens": chart, "search": search}[saved.type](saved, since)] if saved.type in ("lens", "search") else []


@pytest.fixture
def analyst(desk: Desk) -> Iterator[Desk]:
    """The same as it is for a user that the docs tell how to make."""
    text = (ROOT / "docs" / "elasticsearch.md").read_text(encoding="utf-8")
    role, user = (json.loads(told) for told in re.findall(r"-d '(\{.*?\})'", text, re.DOTALL))
    (rights,) = role["elasticsearch"]["indices"]
    ours = {"indices": [{**rights, "names": [desk.prefix + name for name in rights["names"]]}]}
    name = f"{desk.prefix}analyst"
    assert desk.server.ask("PUT", f"/_security/role/{name}", ours)[0] == 200
    assert desk.server.ask("POST", f"/_security/user/{name}", {**user, "roles": [name]})[0] == 200
    yield replace(desk, server=replace(desk.server, user=name, password=user["password"]))
    desk.server.ask("DELETE", f"/_security/user/{name}")
    desk.server.ask("DELETE", f"/_security/role/{name}")


def test_an_analyst_may_look_at_every_panel_and_change_nothing(analyst: Desk) -> None:
    for panel in PANELS:
        for asked in requests(*panel.values):
            assert analyst.ask(asked)["hits"]["total"]["value"]
            fields = analyst.server.ask("GET", f"/{analyst.prefix}{asked.index}/_field_caps?fields=*")
            assert fields[0] == 200

    for index in ("news", "wireroom-visits"):
        assert analyst.server.ask("POST", f"/{analyst.prefix}{index}/_doc", {"source": "x"})[0] == 403
    for kept_inside in ("wireroom-claims", "wireroom-states", "wireroom-seen"):
        assert analyst.server.ask("POST", f"/{analyst.prefix}{kept_inside}/_search", {})[0] == 403


# What the panels of the newsroom say


def week(desk: Desk) -> list[Article]:
    """The articles of the time range that the newsroom begins with."""
    since = datetime.now(UTC) - timedelta(days=7)
    return [each for each in desk.articles if each.published_at and since <= each.published_at <= datetime.now(UTC)]


def test_the_large_numbers_count_articles_stories_actors_and_outlets(desk: Desk) -> None:
    of_week = week(desk)
    numbers = {
        id_: desk.counts(f"wireroom-lens-{id_}")[()] for id_ in ("articles", "stories", "actors-named", "outlets-heard")
    }

    assert numbers == {
        "articles": len(of_week),
        "stories": len({each.story for each in of_week}),
        "actors-named": len({actor for each in of_week for actor in each.actors}),
        "outlets-heard": len({each.outlet.id for each in of_week}),
    }


def test_the_timeline_holds_every_article_once(desk: Desk) -> None:
    by_language = Counter[str]()
    for (_, language), count in desk.counts("wireroom-lens-timeline").items():
        by_language[language] += int(count)

    assert by_language == Counter(each.language for each in week(desk))
    assert {(language,): count for language, count in by_language.items()} == desk.counts("wireroom-lens-languages")


def test_the_top_actors_are_those_that_most_articles_name(desk: Desk) -> None:
    named = Counter(actor for each in week(desk) for actor in each.actors)
    table = desk.table("wireroom-lens-actors")

    assert {row["bucket-1"]: row["value-1"] for row in table} == named
    assert [row["value-1"] for row in table] == sorted(named.values(), reverse=True)
    for row in table:
        latest = max(each.published_at for each in week(desk) if each.published_at and row["bucket-1"] in each.actors)
        assert row["value-3"] == latest.timestamp() * 1000


def test_the_top_outlets_stand_with_their_country(desk: Desk) -> None:
    published = Counter((each.outlet.name, each.outlet.country) for each in week(desk))

    assert desk.counts("wireroom-lens-outlets") == published


def test_the_cloud_holds_names_as_they_were_written_in_any_script(desk: Desk) -> None:
    shown = {name for (name,) in desk.counts("wireroom-lens-aliases")}
    written = {mention.alias for each in desk.articles for mention in each.mentions}

    assert shown <= written
    assert len(shown) == min(60, len(written))
    for script in ("[\u0600-\u06ff]", "[A-Za-z]"):
        assert any(re.match(script, name) for name in shown), script


def test_actors_meet_countries_only_and_as_often_as_the_articles_say(desk: Desk) -> None:
    named = Counter((actor, region) for each in week(desk) for actor in each.actors for region in each.regions)
    shown = desk.counts("wireroom-lens-actors-by-country")

    assert {len(region) for _, region in shown} == {2}
    assert shown == {pair: named[pair] for pair in shown}


def test_the_label_of_a_country_stands_in_it(desk: Desk) -> None:
    (saved,) = of_type("map")
    labels, _ = saved.grids
    cells = desk.ask(grid(saved, labels, WEEK))["aggregations"]["gridSplit"]["buckets"]
    countries = {
        each["terms_of_regions"]["buckets"][0]["key"]: each["gridCentroid"]["location"] for each in reversed(cells)
    }

    assert len(countries) > 3
    for country, middle in countries.items():
        assert len(country) == 2
        assert middle in Surroundings.of(country)


@dataclass(frozen=True)
class Surroundings:
    """The box around all shipped places of a country, and a little more."""

    south: float
    north: float
    west: float
    east: float

    @classmethod
    def of(cls, country: str) -> Surroundings:
        places = [each for each in gazetteer.places() if country in (each.id, *each.parents)]
        lat = [each.lat for each in places if each.lat is not None]
        lon = [each.lon for each in places if each.lon is not None]
        return cls(min(lat) - 1, max(lat) + 1, min(lon) - 1, max(lon) + 1)

    def __contains__(self, place: dict[str, float]) -> bool:
        return self.south <= place["lat"] <= self.north and self.west <= place["lon"] <= self.east


def test_the_circles_count_every_article_with_a_place_in_sight(desk: Desk) -> None:
    (saved,) = of_type("map")
    _, circles = saved.grids
    counted = desk.ask(grid(saved, circles, WEEK))["hits"]["total"]["value"]
    in_sight = [
        each for each in week(desk) if any(20 <= place.lat <= 44 and 20 <= place.lon <= 70 for place in each.locations)
    ]

    assert counted == len(in_sight) > 10


# What the searches find


def found(desk: Desk, id_: str) -> set[str]:
    return {hit["fields"]["id"][0] for hit in desk.ask(search(workspace()[id_], WEEK))["hits"]["hits"]}


def test_the_searches_find_what_they_say(desk: Desk) -> None:
    of_week = week(desk)

    assert found(desk, "wireroom-search-latest") == {each.id for each in of_week}
    assert found(desk, "wireroom-search-actor") == {each.id for each in of_week if "irgc" in each.actors}
    assert found(desk, "wireroom-search-leads") == {each.id for each in of_week if each.lead}
    assert found(desk, "wireroom-search-non-state") == {
        each.id for each in of_week if each.outlet.affiliation != "state"
    }
    assert found(desk, "wireroom-search-removed") == {each.id for each in of_week if each.removed}
    assert {each.id for each in of_week if each.lead} < {each.id for each in of_week}


def test_what_the_store_keeps_for_itself_is_not_shown(desk: Desk) -> None:
    (hit, *_) = desk.ask(search(workspace()["wireroom-search-latest"], WEEK))["hits"]["hits"]

    assert {"title", "text"} <= set(hit["_source"])
    assert not {"bands", "digest", "readings", "recalled", "second", "stem", "unremembered"} & {
        key for key, value in hit["_source"].items() if value
    }


def test_the_source_that_was_asked_longest_ago_stands_first_whatever_the_time_range(desk: Desk) -> None:
    listed = desk.ask(search(workspace()["wireroom-search-sources"], "now-24h"))["hits"]["hits"]
    failing = desk.ask(search(workspace()["wireroom-search-failing"], "now-24h"))["hits"]["hits"]

    assert listed[0]["fields"]["source"] == failing[0]["fields"]["source"] == ["far-away"]
    assert len(listed) > len(failing) > 1
    assert all(hit["fields"]["errors"][0] >= 1 for hit in failing)


# What the panels of the pipeline's health say


def test_the_fates_add_up_to_all_outcomes(desk: Desk) -> None:
    table = desk.table("wireroom-lens-fates", "now-24h")
    order = [told["label"] for key, told in columns("wireroom-lens-fates").items() if key.startswith("value")]
    shown = {fate: sum(row[f"value-{number}"] or 0 for row in table) for number, fate in enumerate(order, 1)}

    assert shown == Counter(each.fate.value for each in desk.outcomes for _ in range(each.count))
    assert set(shown) == set(Fate)


def columns(id_: str) -> dict[str, dict[str, Any]]:
    (layer,) = workspace()[id_].layers.values()
    found = layer["columns"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("fate", ["kept", "dropped", "retry", "failed"])
def test_the_number_of_a_fate_counts_entries(desk: Desk, fate: str) -> None:
    ended = [each for each in desk.outcomes if each.fate == fate and (fate != "kept" or each.stage != "feed")]

    assert desk.counts(f"wireroom-lens-fate-{fate}", "now-24h") == {(): sum(each.count for each in ended)}


def test_trouble_is_told_by_reason_and_by_source(desk: Desk) -> None:
    trouble = [each for each in desk.outcomes if each.fate in ("dropped", "retry", "failed")]
    reasons, sources = Counter[Any](), Counter[Any]()
    for each in trouble:
        reasons[(each.reason,)] += each.count
        sources[each.source, each.fate.value, each.reason] += each.count

    assert desk.counts("wireroom-lens-reasons", "now-24h") == reasons
    assert desk.counts("wireroom-lens-outcomes-by-source", "now-24h") == sources


def test_the_lag_is_counted_in_hours_from_publication_to_arrival(desk: Desk) -> None:
    lags: dict[str, list[float]] = {}
    for each in desk.articles:
        if each.published_from in ("page", "feed") and each.revision == 1 and each.published_at and each.ingested_at:
            hours = (each.ingested_at - each.published_at) / timedelta(hours=1)
            if hours < 72:
                lags.setdefault(each.outlet.name, []).append(hours)

    shown = desk.table("wireroom-lens-lag-by-outlet", "now-24h")
    assert {row["bucket-1"]: row["value-3"] for row in shown} == {name: len(hours) for name, hours in lags.items()}
    for row in shown:
        assert row["value-1"] == pytest.approx(median(lags[row["bucket-1"]]), rel=0.01)
        assert row["value-1"] <= row["value-2"]


def test_removed_text_is_counted_by_reason(desk: Desk) -> None:
    shown = Counter[str]()
    for (_, reason), count in desk.counts("wireroom-lens-removed", "now-24h").items():
        shown[reason] += int(count)

    assert shown == Counter(reason for each in desk.articles for reason in {piece.reason for piece in each.removed})


def silence(desk: Desk) -> dict[str, Row]:
    """The rows of the sources, in the order in which they stand."""
    return {row["bucket-1"]: row for row in desk.table("wireroom-lens-silent-sources", "now-90d")}


def test_a_source_that_answers_and_gives_nothing_stands_above_those_that_give(desk: Desk) -> None:
    gave = {source for source, row in silence(desk).items() if row["value-1"]}
    order = list(silence(desk))

    assert {"asked-in-vain", "far-away"} <= set(order[: -len(gave)])
    assert order[-len(gave)] == "fell-silent"
    assert gave == {each.source for each in desk.of_90_days if each.fate is Fate.KEPT and each.stage != "feed"}
    assert set(order) == {each.source for each in desk.of_90_days}


def test_the_silence_of_a_source_is_told_with_what_it_gave_and_when_it_was_asked(desk: Desk) -> None:
    kept, asked = dict[str, list[Outcome]](), dict[str, list[Outcome]]()
    for each in desk.of_90_days:
        (asked if each.stage == "feed" else kept if each.fate is Fate.KEPT else {}).setdefault(each.source, []).append(
            each
        )

    for source, row in silence(desk).items():
        gave = kept.get(source, [])
        in_vain = [each for each in asked[source] if each.fate not in (Fate.KEPT, Fate.UNCHANGED)]
        assert row["value-1"] == max((whole_second(each.at) for each in gave), default=None)
        assert (row["value-2"] or 0) == sum(each.count for each in gave)
        assert row["value-3"] == max(whole_second(each.at) for each in asked[source])
        assert (row["value-4"] or 0) == len(in_vain)


def whole_second(at: datetime) -> float:
    """A time as the server tells it: milliseconds."""
    return at.replace(microsecond=0).timestamp() * 1000


def test_outlets_by_day_count_what_arrived(desk: Desk) -> None:
    shown = Counter[str]()
    for (outlet, _), count in desk.counts("wireroom-lens-outlets-by-day", "now-14d").items():
        shown[outlet] += int(count)

    assert shown == Counter(each.outlet.name for each in desk.articles)


def test_every_chart_and_search_was_looked_at() -> None:
    assert {panel.values[0].id for panel in of_kind("lens")} == {each.id for each in of_type("lens")}
    assert {view_of(each) for each in workspace().values() if each.type in ("lens", "search", "map")} == {
        each.id for each in of_type("index-pattern")
    }
