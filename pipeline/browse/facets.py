"""Facets that stay fast: counted over the newest hits only."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from datasette.database import QueryInterrupted
from datasette.facets import Facet

from pipeline.browse.asked import Asked, Pair, address, read, toggled, told, without
from pipeline.browse.direction import direction
from pipeline.model import ConfigError

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

# What is chosen comes first, so that it can be taken away again however rare it is.
_COUNTED = (
    "WITH inside AS MATERIALIZED "
    "(SELECT {columns}, position FROM ({sql}) ORDER BY position DESC LIMIT {newest}) "
    "SELECT {value} AS value, count(*) AS count, {label} AS label, language, (SELECT count(*) FROM inside) AS looked, "
    "{value} IN (SELECT value FROM json_each(:chosen)) AS selected FROM inside{rows} "
    "WHERE {value} IS NOT NULL GROUP BY {value} HAVING count >= {least} OR selected "
    "ORDER BY selected DESC, count DESC, {value} LIMIT {limit}"
)
_LABELS = {"outlet": "outlet_name", "story": "title"}


class Newest(Facet):  # type: ignore[misc]  # Datasette has no types
    """How often each value of a column stands in the newest hits; `{"newest": "actors"}` in metadata asks for it.

    Values of one kind mean any of them, so each kind is counted without its own filter: the number beside a value is
    that of its articles under all that is asked for besides, whether or not it is chosen already.
    """

    type = "newest"

    async def facet_results(self) -> tuple[list[dict[str, Any]], list[str]]:
        """The facets in the order of the metadata, and the names of those that took too long."""
        results, late = [], []
        try:
            asked = read(self.request.query_string, datetime.now(UTC))
        except ConfigError:  # the page tells it
            return [], []
        for kind in self._kinds():
            size, chosen = self.get_facet_size(), [value for key, value in asked.pairs if key == kind.parameter]
            sql, parameters = self._besides(kind, asked)
            try:
                rows = await self.ds.execute(
                    self.database,
                    statement(kind, sql, size + 1),
                    {**parameters, "chosen": json.dumps(chosen)},
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
                    "results": self._results(kind, rows.rows[:size], asked.pairs),
                    "truncated": len(rows.rows) > size,
                    "newest_only": any(row["looked"] == NEWEST for row in rows.rows),
                }
            )
        return results, late

    def _kinds(self) -> Iterator[Kind]:
        asked = (each["config"].get("column") or each["config"]["simple"] for each in self.get_configs())
        return (KINDS[column] for column in dict.fromkeys(asked) if column in KINDS)

    def _besides(self, kind: Kind, asked: Asked) -> tuple[str, dict[str, object]]:
        """The rows of the table and their parameters, as if nothing were asked for of this kind."""
        besides = told(without(asked.pairs, kind.parameter), datetime.now(UTC))
        if besides.pairs == asked.pairs:
            return self.sql, dict(self.params)
        return self.sql.replace(asked.found, besides.found), {**self.params, **besides.parameters()}

    def _results(self, kind: Kind, rows: Sequence[sqlite3.Row], said: Sequence[Pair]) -> list[dict[str, Any]]:
        """What is told of each value; one that is chosen is there even where it stands in no hit."""
        found = {str(row["value"]): (row["count"], row["label"], row["language"]) for row in rows}
        absent = {value: (0, value, "") for key, value in said if key == kind.parameter and value not in found}
        return [
            {
                "value": value,
                "label": self.ds.wireroom.show(kind.parameter, str(label or value)),
                "count": count,
                "toggle_url": self.ds.urls.path(address(self.request.path, toggled(said, (kind.parameter, value)))),
                "selected": (kind.parameter, value) in said,
                "direction": direction(language) if kind.column == "story" else "auto",
            }
            for value, (count, label, language) in {**absent, **found}.items()
        ]


def statement(kind: Kind, sql: str, limit: int) -> str:
    """The counting of one facet as SQL, over the newest of the rows that `sql` selects."""
    label = _LABELS.get(kind.column, kind.column)
    value = "each.value" if kind.lists else f"inside.{kind.column}"
    return _COUNTED.format(
        columns=", ".join(dict.fromkeys((kind.column, label, "language"))),
        sql=sql,
        newest=NEWEST,
        value=value,
        label=value if kind.lists else label,
        rows=f", json_each(inside.{kind.column}) AS each" if kind.lists else "",
        least=2 if kind.column == "story" else 1,  # a story that one article tells is no group
        limit=limit,
    )
