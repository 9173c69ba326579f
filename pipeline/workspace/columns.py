"""The columns of a chart's table: what its rows are (buckets) and what is counted in them (values)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pipeline.workspace.objects import kuery

Order = Literal["asc", "desc"]
FIRST_VALUE = "value-1"
"""Id of the first value of every chart, by which its rows are ranked."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as Lens keeps it, and how wide a table shows it, in pixels."""

    told: Mapping[str, Any]
    width: int | None = None
    colour: str = ""

    def wide(self, pixels: int) -> Column:
        """The same, so wide."""
        return replace(self, width=pixels)

    def coloured(self, colour: str) -> Column:
        """The same, drawn in a colour."""
        return replace(self, colour=colour)

    def or_zero(self) -> Column:
        """The same, 0 where there is no document."""
        return replace(self, told={**self.told, "params": {**self.told["params"], "emptyAsNull": False}})


def over_time(field: str, label: str, interval: str = "auto") -> Column:
    """A bucket for each stretch of time, empty ones too."""
    params = {"interval": interval, "includeEmptyRows": True, "dropPartials": False}
    return Column(_bucket("date_histogram", "date", "interval", field, label, params))


def top(
    field: str,
    label: str,
    size: int,
    *,
    order: Order = "desc",
    other: bool = False,
    only: str = "",
) -> Column:
    """A bucket for each of the `size` values that rank first; with `other` one for the rest; `only` is a pattern."""
    params = {
        "size": size,
        "orderBy": {"type": "column", "columnId": FIRST_VALUE},
        "orderDirection": order,
        "otherBucket": other,
        "missingBucket": False,
        "parentFormat": {"id": "terms"},
        **({"include": [only], "includeIsRegex": True, "exclude": [], "excludeIsRegex": False} if only else {}),
    }
    return Column(_bucket("terms", "string", "ordinal", field, label, params))


def count(label: str) -> Column:
    """How many documents."""
    return Column(_value("count", "___records___", label))


def total(field: str, label: str, *, where: str = "") -> Column:
    """The sum of a number, of those documents only that a query finds."""
    return Column({**_value("sum", field, label), **_only(where)})


def distinct(field: str, label: str) -> Column:
    """How many different values, nearly."""
    return Column(_value("unique_count", field, label))


def median(field: str, label: str) -> Column:
    """The value with half of the documents on each side."""
    return Column(_value("median", field, label))


def percentile(field: str, label: str, percent: int) -> Column:
    """The value that so many of a hundred documents stay below."""
    told = _value("percentile", field, label)
    return Column({**told, "params": {**told["params"], "percentile": percent}})


def latest(field: str, label: str, *, where: str = "") -> Column:
    """The last of a time, of those documents only that a query finds; ranked by it upwards, none comes first."""
    return Column({**_value("max", field, label), "dataType": "date", **_only(where)})


def _bucket(
    operation: str, type_: str, scale: str, field: str, label: str, params: Mapping[str, Any]
) -> dict[str, Any]:
    told = _column(operation, field, label, params)
    return {**told, "dataType": type_, "isBucketed": True, "scale": scale}


def _value(operation: str, field: str, label: str) -> dict[str, Any]:
    told = _column(operation, field, label, {"emptyAsNull": True})
    return {**told, "dataType": "number", "isBucketed": False, "scale": "ratio"}


def _only(where: str) -> dict[str, Any]:
    return {"filter": kuery(where)} if where else {}


def _column(operation: str, field: str, label: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return {"operationType": operation, "sourceField": field, "label": label, "customLabel": True, "params": params}
