"""The saved searches: lists of articles or sources, as Discover shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.workspace.objects import SAVE_YOUR_OWN, SavedObject, kuery, packed
from pipeline.workspace.views import ARTICLES, VISITS

INDEX = "kibanaSavedObjectMeta.searchSourceJSON.index"
PILL = "kibanaSavedObjectMeta.searchSourceJSON.filter[0].meta.index"
ARTICLE_COLUMNS: dict[str, int | None] = {
    "title": 520,
    "outlet.name": 160,
    "language": 100,
    "actors": 180,
    "regions": 220,
    "url": None,
}
"""Column and width in pixels; without a width a column takes what is left."""


@dataclass(frozen=True, slots=True)
class Search:
    """What a saved search is called and finds, and how it shows it."""

    id: str
    title: str
    description: str
    of: SavedObject = ARTICLES
    columns: Mapping[str, int | None] = field(default_factory=lambda: ARTICLE_COLUMNS)
    sort: tuple[str, str] = ("published_at", "desc")
    query: str = ""
    pill: tuple[str, str | bool] | None = None
    """Field and value of a filter that people change or switch off with a click."""


def search(told: Search) -> SavedObject:
    """The saved search."""
    source = {
        "query": kuery(told.query),
        "filter": [filter_pill(*told.pill)] if told.pill else [],
        "highlightAll": True,
        "version": True,
        "indexRefName": INDEX,
    }
    widths = {column: {"width": width} for column, width in told.columns.items() if width}
    return SavedObject(
        "search",
        f"wireroom-search-{told.id}",
        {
            "title": told.title,
            "description": f"{told.description} {SAVE_YOUR_OWN}",
            "columns": list(told.columns),
            "sort": [list(told.sort)],
            "grid": {"columns": widths},
            "hideChart": False,
            "isTextBasedQuery": False,
            "timeRestore": False,
            "kibanaSavedObjectMeta": {"searchSourceJSON": packed(source)},
        },
        {INDEX: told.of, **({PILL: told.of} if told.pill else {})},
    )


def filter_pill(field: str, value: str | bool) -> dict[str, Any]:  # noqa: FBT001 - the value that is looked for
    """The filter "field is value", as the search bar shows it."""
    return {
        "meta": {
            "alias": None,
            "disabled": False,
            "indexRefName": PILL,
            "key": field,
            "negate": False,
            "params": {"query": value},
            "type": "phrase",
        },
        "query": {"match_phrase": {field: value}},
        "$state": {"store": "appState"},
    }


LATEST = search(Search("latest", "Latest", "All articles, newest first."))
ACTOR = search(
    Search(
        "actor",
        "Actor X",
        "Articles that name one actor, by whatever name and in whatever script. X is the IRGC: for another one click"
        " the filter below the search bar, choose Edit filter, and pick an actor from the list.",
        pill=("actors", "irgc"),
    )
)
LEADS = search(
    Search(
        "leads",
        "One per story",
        "Only the first article of each story. A story whose first article does not match the search or lies outside"
        " the time range is hidden here: switch the filter off to see all its articles.",
        columns={**ARTICLE_COLUMNS, "story": 220},
        pill=("lead", True),
    )
)
NON_STATE = search(
    Search(
        "non-state",
        "Non-state outlets",
        "Articles of outlets that no state owns, those of unknown affiliation included.",
        columns={
            "title": 520,
            "outlet.name": 160,
            "outlet.affiliation": 140,
            "outlet.country": 160,
            "actors": 180,
            "url": None,
        },
        query='not outlet.affiliation : "state"',
    )
)
REMOVED = search(
    Search(
        "removed",
        "Removed",
        "Articles from which cleaning took something out, what it was and why: to judge whether it takes too much.",
        columns={"title": 360, "outlet.name": 160, "removed.reason": 180, "removed.text": None, "url": 280},
        query="removed.reason : *",
    )
)
SOURCES = search(
    Search(
        "sources",
        "Sources, by when they were last asked",
        "Every source that was ever asked, those that are asked no more first, and what its last visit brought. Not"
        " narrowed by the time range. Whether a source gives anything stands in the list of silent sources.",
        of=VISITS,
        columns={"source": 180, "visited_at": 200, "new": 100, "errors": 110, "reason": 140, "next_visit": None},
        sort=("visited_at", "asc"),
    )
)
FAILING = search(
    Search(
        "failing",
        "Sources that fail",
        "Sources whose last visit failed, those with most errors in a row first. Not narrowed by the time range.",
        of=VISITS,
        columns={"source": 180, "errors": 110, "reason": 160, "status": 110, "visited_at": 200, "next_visit": None},
        sort=("errors", "desc"),
        query="errors >= 1",
    )
)

SEARCHES = (LATEST, ACTOR, LEADS, NON_STATE, REMOVED, SOURCES, FAILING)
