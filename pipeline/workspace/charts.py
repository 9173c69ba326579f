"""The charts, by kind, as Lens keeps them: each a table of one layer and a way to draw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.workspace.columns import Column
from pipeline.workspace.objects import SavedObject, kuery

LAYER = "table"


@dataclass(frozen=True, slots=True)
class Table:
    """What is drawn: documents of a data view that a query finds, in buckets, outermost first, with values for each."""

    of: SavedObject
    buckets: tuple[Column, ...]
    values: tuple[Column, ...]
    query: str = ""

    @property
    def columns(self) -> dict[str, Column]:
        """All columns by their ids, buckets first."""
        buckets = {f"bucket-{number}": each for number, each in enumerate(self.buckets, 1)}
        return {**buckets, **{f"value-{number}": each for number, each in enumerate(self.values, 1)}}

    @property
    def value_ids(self) -> list[str]:
        """The ids of the values."""
        return list(self.columns)[len(self.buckets) :]


@dataclass(frozen=True, slots=True)
class Caption:
    """What a chart is called, and the sentence that explains it."""

    id: str
    title: str
    description: str


def bars(caption: Caption, table: Table, *, kind: str = "bar_stacked", legend: str = "bottom") -> SavedObject:
    """Bars over the first bucket, split by the second where there is one; `kind` may be a line or lie down."""
    split = {"splitAccessor": "bucket-2"} if table.buckets[1:] else {}
    colours = [{"forAccessor": key, "color": each.colour} for key, each in table.columns.items() if each.colour]
    layer = {
        **_drawn(),
        "seriesType": kind,
        "showGridlines": False,
        "xAccessor": "bucket-1",
        "accessors": table.value_ids,
        **split,
        **({"yConfig": colours} if colours else {}),
    }
    several = bool(split) or len(table.values) > 1
    drawn = {
        "preferredSeriesType": kind,
        "legend": {"isVisible": several, "position": legend},
        "valueLabels": "hide",
        "fittingFunction": "Linear" if kind == "line" else "None",
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": not several, "yRight": False},
        "layers": [layer],
    }
    return _lens(caption, table, "lnsXY", drawn)


def rows(caption: Caption, table: Table) -> SavedObject:
    """A table with a row for each innermost bucket."""
    columns = [
        {
            "columnId": key,
            "isTransposed": False,
            "oneClickFilter": key not in table.value_ids,  # a click on a name narrows the dashboard to it
            **({"width": each.width} if each.width else {}),
        }
        for key, each in table.columns.items()
    ]
    return _lens(
        caption, table, "lnsDatatable", {**_drawn(), "columns": columns, "paging": {"size": 20, "enabled": True}}
    )


def cloud(caption: Caption, table: Table) -> SavedObject:
    """Words, the more there are the larger."""
    drawn = {
        **_drawn(),
        "tagAccessor": "bucket-1",
        "valueAccessor": "value-1",
        "minFontSize": 14,
        "maxFontSize": 54,
        "orientation": "single",
        "showLabel": False,
    }
    return _lens(caption, table, "lnsTagcloud", drawn)


def number(caption: Caption, table: Table, colour: str) -> SavedObject:
    """One number, large; nothing found is 0, not a gap."""
    values = tuple(each.or_zero() for each in table.values)
    drawn = {**_drawn(), "metricAccessor": "value-1", "color": colour}
    return _lens(caption, replace(table, values=values), "lnsMetric", drawn)


def heat(caption: Caption, table: Table) -> SavedObject:
    """A field for each pair of buckets, the first downwards, the second across, the darker the more."""
    grid = {
        "type": "heatmap_grid",
        "isCellLabelVisible": True,
        "isXAxisLabelVisible": True,
        "isXAxisTitleVisible": False,
        "isYAxisLabelVisible": True,
        "isYAxisTitleVisible": False,
    }
    drawn = {
        **_drawn(),
        "shape": "heatmap",
        "xAccessor": "bucket-2",
        "yAccessor": "bucket-1",
        "valueAccessor": "value-1",
        "gridConfig": grid,
        "legend": {"type": "heatmap_legend", "isVisible": False, "position": "right"},
    }
    return _lens(caption, table, "lnsHeatmap", drawn)


def _drawn() -> dict[str, str]:
    return {"layerId": LAYER, "layerType": "data"}


def _lens(caption: Caption, table: Table, kind: str, drawn: Mapping[str, Any]) -> SavedObject:
    layer = {
        "columns": {key: each.told for key, each in table.columns.items()},
        "columnOrder": list(table.columns),
        "incompleteColumns": {},
    }
    return SavedObject(
        "lens",
        f"wireroom-lens-{caption.id}",
        {
            "title": caption.title,
            "description": caption.description,
            "visualizationType": kind,
            "state": {
                "datasourceStates": {"formBased": {"layers": {LAYER: layer}}},
                "visualization": drawn,
                "query": kuery(table.query),
                "filters": [],
                "internalReferences": [],
                "adHocDataViews": {},
            },
        },
        {f"indexpattern-datasource-layer-{LAYER}": table.of},
    )
