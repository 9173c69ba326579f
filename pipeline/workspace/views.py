"""The data views: which indices there are to look at, by which time, and how their fields are called and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.workspace.objects import SavedObject, packed

LANGUAGES = {
    "ar": "Arabic",
    "az": "Azerbaijani",
    "ckb": "Sorani Kurdish",
    "en": "English",
    "fa": "Persian",
    "fr": "French",
    "he": "Hebrew",
    "hy": "Armenian",
    "kmr": "Kurmanji Kurdish",
    "tr": "Turkish",
    "und": "unknown",
}
# Those that the region's news name most; any other is shown by its code. Names as in the gazetteer.
COUNTRIES = {
    "AE": "United Arab Emirates",
    "AF": "Afghanistan",
    "AM": "Armenia",
    "AZ": "Azerbaijan",
    "BH": "Bahrain",
    "CN": "China",
    "CY": "Cyprus",
    "DE": "Germany",
    "EG": "Egypt",
    "FR": "France",
    "GB": "United Kingdom",
    "GE": "Georgia",
    "GR": "Greece",
    "IL": "Israel",
    "IN": "India",
    "IQ": "Iraq",
    "IR": "Iran",
    "JO": "Jordan",
    "KW": "Kuwait",
    "LB": "Lebanon",
    "LY": "Libya",
    "OM": "Oman",
    "PK": "Pakistan",
    "PS": "Palestinian Territories",
    "QA": "Qatar",
    "RU": "Russia",
    "SA": "Saudi Arabia",
    "SD": "Sudan",
    "SY": "Syria",
    "TR": "Türkiye",
    "UA": "Ukraine",
    "US": "United States",
    "YE": "Yemen",
}
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
OUR_OWN = ("bands", "digest", "readings", "recalled", "second", "stem.*", "unremembered")
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


ARTICLE_FORMATS = {
    "language": names(LANGUAGES),
    "outlet.country": names(COUNTRIES),
    "regions": names(COUNTRIES),
    "url": {"id": "url", "params": {"type": "a"}},
}

# An alias names the same indices before, during and after a re-index; `news-*` would count an article twice meanwhile.
ARTICLES = data_view(
    View(
        "articles",
        "Articles",
        "news",
        ARTICLE_LABELS,
        time="published_at",
        formats=ARTICLE_FORMATS,
        hidden=OUR_OWN,
        runtime={"countries_named": ("long", COUNTRIES_NAMED)},
    )
)
ARRIVALS = data_view(
    View(
        "arrivals",
        "Articles, by the time they arrived",
        "news",
        {**ARTICLE_LABELS, "lag_hours": "Hours from publication to index"},
        time="ingested_at",
        formats={**ARTICLE_FORMATS, "lag_hours": {"id": "number", "params": {"pattern": "0,0.0"}}},
        hidden=OUR_OWN,
        runtime={"lag_hours": ("double", LAG_HOURS)},
    )
)
OUTCOMES = data_view(View("outcomes", "Outcomes of runs", "wireroom-outcomes", OUTCOME_LABELS, time="at"))
# Without a time field on purpose: a time range would hide the very sources that have been silent for longer.
VISITS = data_view(
    View("visits", "Sources and their last visits", "wireroom-visits", VISIT_LABELS, hidden=("known", "pending"))
)

VIEWS = (ARTICLES, ARRIVALS, OUTCOMES, VISITS)
