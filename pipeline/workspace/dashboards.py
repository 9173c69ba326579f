"""A dashboard: panels on a grid, controls above them, a time range to begin with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from pipeline.workspace.objects import SAVE_YOUR_OWN, SavedObject, kuery, packed


@dataclass(frozen=True, slots=True)
class Panel:
    """An object on a dashboard, so many grid columns wide; `since` is a time range of its own, back from now."""

    shows: SavedObject
    width: int
    since: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels side by side, so many grid rows high (20 pixels each)."""

    height: int
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Control:
    """A list to choose values of a field from."""

    field: str
    title: str
    of: SavedObject


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What a dashboard is called, what it shows, and from when."""

    id: str
    title: str
    description: str
    rows: tuple[Row, ...]
    since: str
    refresh_minutes: int
    controls: tuple[Control, ...] = ()


def dashboard(told: Dashboard) -> SavedObject:
    """The dashboard with its panels by reference, so that each stands in the library too."""
    numbered = [(f"p{number}", panel, place) for number, (panel, place) in enumerate(_placed(told.rows), 1)]
    shown = {f"{key}:panel_{key}": panel.shows for key, panel, _ in numbered}
    listed = {f"controlGroup_c{order}:optionsListDataView": each.of for order, each in enumerate(told.controls, 1)}
    return SavedObject(
        "dashboard",
        f"wireroom-{told.id}",
        {
            "title": told.title,
            "description": f"{told.description} {SAVE_YOUR_OWN}",
            "panelsJSON": packed([_panel(*each) for each in numbered]),
            "optionsJSON": packed(OPTIONS),
            "timeRestore": True,
            "timeFrom": told.since,
            "timeTo": "now",
            "refreshInterval": {"pause": False, "value": told.refresh_minutes * 60_000},
            "version": 1,
            "kibanaSavedObjectMeta": {"searchSourceJSON": packed({"query": kuery(""), "filter": []})},
            **({"controlGroupInput": _control_group(told.controls)} if told.controls else {}),
        },
        {**shown, **listed},
    )


OPTIONS = {
    "hidePanelTitles": False,
    "syncColors": True,  # a language has one colour on all panels
    "syncCursor": True,
    "syncTooltips": False,
    "useMargins": True,
}


def _placed(rows: Sequence[Row]) -> Iterator[tuple[Panel, dict[str, int]]]:
    """Each panel with its place on the grid: rows from the top, panels from the left."""
    for row, top in zip(rows, accumulate((row.height for row in rows), initial=0), strict=False):
        lefts = accumulate((panel.width for panel in row.panels), initial=0)
        for panel, left in zip(row.panels, lefts, strict=False):
            yield panel, {"x": left, "y": top, "w": panel.width, "h": row.height}


def _panel(key: str, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    own_time = {"timeRange": {"from": panel.since, "to": "now"}} if panel.since else {}
    return {
        "type": panel.shows.type,
        "panelIndex": key,
        "panelRefName": f"panel_{key}",
        "gridData": {**place, "i": key},
        "embeddableConfig": own_time,
    }


def _control_group(controls: Sequence[Control]) -> dict[str, Any]:
    """The controls; each narrows what the ones behind it offer."""
    ignored = ("ignoreFilters", "ignoreQuery", "ignoreTimerange", "ignoreValidations")
    return {
        "chainingSystem": "HIERARCHICAL",
        "controlStyle": "oneLine",
        "showApplySelections": False,
        "ignoreParentSettingsJSON": packed(dict.fromkeys(ignored, False)),
        "panelsJSON": packed({f"c{order}": _control(order, each) for order, each in enumerate(controls, 1)}),
    }


def _control(order: int, control: Control) -> dict[str, Any]:
    return {
        "order": order - 1,
        "width": "medium",
        "grow": True,
        "type": "optionsListControl",
        "explicitInput": {
            "id": f"c{order}",
            "fieldName": control.field,
            "title": control.title,
            "selectedOptions": [],
        },
    }
