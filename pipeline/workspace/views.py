"""The data views: which indices there are to look at, by which time, and how their fields are called and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pipeline import language
from pipeline.watchlist import Region
from pipeline.workspace.objects import SavedObject, packed

LANGUAGES = {**language.NAMES, language.UNKNOWN: "unknown"}
ARTICLE_LABELS = {
    "actors": "Actors",
    "copy_of": "Copy of",
    "first_outlet": "Told first by",
    "ingested_at": "Arrived",
    "language": "Language",
    "lead": "First of its story",
    "mentions.alias": "Named as",
    "outlet.affiliation": "Affiliation",
    "outlet.country": "Country of outlet",
    "outlet.name": "Outlet",
    "published_at": "Published",
    "regions": "Regions",
    "removed.reason": "Removed because",
    "removed.text": "Removed text",
    "story": "Story",
    "text": "Text",
    "title": "Title",
    "url": "Address",
}
OUTCOME_LABELS = {"at": "When", "count": "Entries", "fate": "Fate", "reason": "Reason", "source": "Source"}
VISIT_LABELS = {
    "errors": "Errors in a row",
    "kept": "Kept",
    "new": "New entries",
    "next_visit": "Next visit",
    "reason": "Reason",
    "source": "Source",
    "status": "HTTP status",
    "visited_at": "Last visit",
}
OUR_OWN = ("bands", "digest", "readings", "recalled", "second", "stem.*", "unremembered", "words")
"""What the store keeps for itself in an article; Discover leaves it out."""

# Both run once for each document of a query: no index holds what only these panels ask for.
LAG_HOURS = (
    "if (doc['published_at'].size() > 0 && doc['ingested_at'].size() > 0) {"
    " emit((doc['ingested_at'].value.toInstant().toEpochMilli()"
    " - doc['published_at'].value.toInstant().toEpochMilli()) / 3600000.0) }"
)
COUNTRIES_NAMED = (
    "long named = 0; for (def region : doc['regions']) { if (region.length() == 2) { named += 1 } } emit(named)"
)


@dataclass(frozen=True, slots=True)
class View:
    """What a data view is called, which indices it shows by which time, and what it says of their fields."""

    id: str
    name: str
    indices: str
    labels: Mapping[str, str]
    time: str = ""
    formats: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    runtime: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Type and Painless script of fields that are worked out as they are asked for."""


def data_view(told: View) -> SavedObject:
    """The data view."""
    runtime = {name: {"type": type_, "script": {"source": script}} for name, (type_, script) in told.runtime.items()}
    return SavedObject(
        "index-pattern",
        f"wireroom-{told.id}",
        {
            "title": told.indices,
            "name": told.name,
            **({"timeFieldName": told.time} if told.time else {}),
            "fieldAttrs": packed({name: {"customLabel": label} for name, label in told.labels.items()}),
            "fieldFormatMap": packed(told.formats),
            "runtimeFieldMap": packed(runtime),
            "sourceFilters": packed([{"value": name} for name in told.hidden]),
        },
    )


def names(known: Mapping[str, str]) -> dict[str, Any]:
    """A format that shows a name in place of its code; a code without one stays."""
    return {"id": "static_lookup", "params": {"lookupEntries": [{"key": key, "value": known[key]} for key in known]}}


def told_apart(places: Sequence[Region]) -> dict[str, str]:
    """A name of its own for each id: the first of a name bears it alone, any other with what and where it is."""
    known, shown, taken = {place.id: place.name for place in places}, dict[str, str](), set[str]()
    for place in places:
        around = (known[parent] for parent in place.parents if known.get(parent, place.name) != place.name)
        more = ", ".join(filter(None, (place.kind, *islice(around, 1)))) or place.id
        ways = (place.name, f"{place.name} ({more})", f"{place.name} ({place.id})")
        shown[place.id] = next(each for each in ways if each not in taken)
        taken.add(shown[place.id])
    return shown


def articles(places: Sequence[Region] = ()) -> SavedObject:
    """All articles, by the time they were published."""
    return data_view(
        View(
            "articles",
            "Articles",
            # An alias names the same indices before, during and after a re-index; `news-*` would count an article twice
            # meanwhile.
            "news",
            ARTICLE_LABELS,
            time="published_at",
            formats=article_formats(places, regions=places),
            hidden=OUR_OWN,
            runtime={"countries_named": ("long", COUNTRIES_NAMED)},
        )
    )


def arrivals(places: Sequence[Region] = ()) -> SavedObject:
    """All articles, by the time they arrived."""
    hours = {"lag_hours": {"id": "number", "params": {"pattern": "0,0.0"}}}
    return data_view(
        View(
            "arrivals",
            "Articles, by the time they arrived",
            "news",
            {**ARTICLE_LABELS, "lag_hours": "Hours from publication to index"},
            time="ingested_at",
            # No panel of it shows regions: of their names, 80 KB, one copy is enough.
            formats={**article_formats(places, regions=countries(places)), **hours},
            hidden=OUR_OWN,
            runtime={"lag_hours": ("double", LAG_HOURS)},
        )
    )


def article_formats(places: Sequence[Region], regions: Sequence[Region]) -> dict[str, dict[str, Any]]:
    """How fields of an article are shown: names for codes, and a link for the address."""
    return {
        "language": names(LANGUAGES),
        "outlet.country": names(told_apart(countries(places))),
        "regions": names(told_apart(regions)),
        "url": {"id": "url", "params": {"type": "a"}},
    }


def countries(places: Sequence[Region]) -> list[Region]:
    """Those of the places that are countries."""
    return [place for place in places if place.kind == "country"]


# What charts and searches refer to: a reference is an id, whatever names the view shows.
ARTICLES, ARRIVALS = articles(), arrivals()
OUTCOMES = data_view(View("outcomes", "Outcomes of runs", "wireroom-outcomes", OUTCOME_LABELS, time="at"))
# Without a time field on purpose: a time range would hide the very sources that were not asked for longer.
VISITS = data_view(
    View("visits", "Sources and their last visits", "wireroom-visits", VISIT_LABELS, hidden=("known", "pending"))
)


def views(places: Sequence[Region]) -> tuple[SavedObject, ...]:
    """All data views; `places` give the names that are shown for ids of regions."""
    return (articles(places), arrivals(places), OUTCOMES, VISITS)
