"""Facets that stay fast: counted over the newest hits only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from datasette.database import QueryInterrupted
from datasette.facets import Facet

from pipeline.browse.asked import ASKED, address, toggled

NEWEST = 5_000
"""Hits that are counted: all of most searches. Counting 200,000 articles took seconds in facets of Datasette's own."""
SHOWN = 12  # values of a facet


class Kind(NamedTuple):
    """A facet: its column of the view `news`, whether that holds a list, and the parameter that filters by it."""

    column: str
    parameter: str
    lists: bool = False


KINDS = {
    each.column: each
    for each in (
        Kind("actors", "_actor", lists=True),
        Kind("regions", "_region", lists=True),
        Kind("country", "_country"),
        Kind("language", "_language"),
        Kind("outlet", "_outlet"),
        Kind("story", "_story"),
    )
}

_INSIDE = "SELECT {columns}, position FROM ({sql}) ORDER BY position DESC LIMIT {newest}"
_PLAIN = (
    "SELECT {column} AS value, count(*) AS count, {label} AS label FROM (" + _INSIDE + ") "  # noqa: S608 - our own names
    "WHERE value IS NOT NULL GROUP BY value HAVING count >= {least} ORDER BY count DESC, value LIMIT {limit}"
)
_LISTS = (
    "SELECT each.value AS value, count(*) AS count, each.value AS label "
    "FROM (" + _INSIDE + ") AS inside, json_each(inside.{column}) AS each "
    "GROUP BY each.value ORDER BY count DESC, each.value LIMIT {limit}"
)
_LABELS = {"outlet": "outlet_name", "story": "title"}


class Newest(Facet):  # type: ignore[misc]  # Datasette has no types
    """How often each value of a column stands in the newest hits; `{"newest": "actors"}` in metadata asks for it."""

    type = "newest"

    async def facet_results(self) -> tuple[list[dict[str, Any]], list[str]]:
        """The facets in the order of the metadata, and the names of those that took too long."""
        results, late = [], []
        for kind in self._kinds():
            size = self.get_facet_size()
            try:
                rows = await self.ds.execute(
                    self.database,
                    statement(kind, self.sql, size + 1),
                    self.params,
                    truncate=False,
                    custom_time_limit=self.ds.setting("facet_time_limit_ms"),
                )
            except QueryInterrupted:
                late.append(kind.column)
                continue
            results.append(
                {
                    "name": kind.column,
                    "type": self.type,
                    "hideable": False,
                    "toggle_url": "",
                    "results": [self._result(kind, row) for row in rows.rows[:size]],
                    "truncated": len(rows.rows) > size,
                }
            )
        return results, late

    def _kinds(self) -> Iterator[Kind]:
        asked = (each["config"].get("column") or each["config"]["simple"] for each in self.get_configs())
        return (KINDS[column] for column in dict.fromkeys(asked) if column in KINDS)

    def _result(self, kind: Kind, row: sqlite3.Row) -> dict[str, Any]:
        said = [(key, value) for key, value in parse_qsl(self.request.query_string) if key in ASKED]
        pair = (kind.parameter, str(row["value"]))
        label = row["label"] or row["value"]
        return {
            "value": row["value"],
            "label": self.ds.wireroom.show(kind.parameter, label),
            "count": row["count"],
            "toggle_url": self.ds.urls.path(address(self.request.path, toggled(said, pair))),
            "selected": pair in said,
        }


def statement(kind: Kind, sql: str, limit: int) -> str:
    """The counting of one facet as SQL, over the newest of the rows that `sql` selects."""
    label = _LABELS.get(kind.column, kind.column)
    columns = ", ".join(dict.fromkeys((kind.column, label)))
    return (_LISTS if kind.lists else _PLAIN).format(
        column=kind.column,
        columns=columns,
        label=label,
        sql=sql,
        newest=NEWEST,
        least=2 if kind.column == "story" else 1,  # a story that one article tells is no group
        limit=limit,
    )
