"""The committed workspace as its tests read it: from the file alone, the way Kibana would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipeline.stores.elastic.families import families
from tests.house import ROOT

FILE = ROOT / "config" / "kibana" / "wireroom.ndjson"


@dataclass(frozen=True)
class Saved:
    """An object of the file; the strings with JSON inside are unpacked."""

    whole: dict[str, Any]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.whole["id"])

    @property
    def type(self) -> str:
        """Its type."""
        return str(self.whole["type"])

    @property
    def attributes(self) -> dict[str, Any]:
        """What it holds."""
        found = self.whole["attributes"]
        assert isinstance(found, dict)
        return found

    @property
    def references(self) -> dict[str, str]:
        """The ids that its names mean."""
        return {each["name"]: each["id"] for each in self.whole["references"]}

    @property
    def layers(self) -> dict[str, dict[str, Any]]:
        """The tables of a Lens chart."""
        found = self.attributes["state"]["datasourceStates"]["formBased"]["layers"]
        assert isinstance(found, dict)
        return found

    @property
    def source(self) -> dict[str, Any]:
        """What a search asks for."""
        found = self.attributes["kibanaSavedObjectMeta"]["searchSourceJSON"]
        assert isinstance(found, dict)
        return found

    @property
    def grids(self) -> list[dict[str, Any]]:
        """The layers of a map that show data."""
        return [each for each in self.attributes["layerListJSON"] if each["type"] != "EMS_VECTOR_TILE"]

    @property
    def controls(self) -> dict[str, dict[str, Any]]:
        """The controls of a dashboard."""
        return self.attributes.get("controlGroupInput", {}).get("panelsJSON") or {}


def unpacked(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same with what strings under a key in ...JSON hold; raises ValueError where one holds none."""
    if isinstance(value, list):
        return [unpacked(each) for each in value]
    if isinstance(value, dict):
        packed = {key for key in value if key.endswith(("JSON", "fieldAttrs", "Map", "sourceFilters"))}
        return {key: unpacked(json.loads(told) if key in packed else told) for key, told in value.items()}
    return value


@cache
def workspace() -> dict[str, Saved]:
    """All objects by their ids, in the order of the file."""
    lines = [unpacked(json.loads(line)) for line in FILE.read_text(encoding="utf-8").splitlines()]
    return {each["id"]: Saved(each) for each in lines}


def of_type(type_: str) -> list[Saved]:
    """All objects of a type."""
    return [each for each in workspace().values() if each.type == type_]


@cache
def fields(view: str) -> dict[str, dict[str, Any]]:
    """The fields behind a data view, as our index template maps them, and those it works out itself."""
    told = workspace()[view].attributes
    family = next(each for each in families() if each.name == told["title"])
    runtime = {name: {"type": script["type"]} for name, script in told["runtimeFieldMap"].items()}
    return dict(_flat(family.fields)) | runtime


def _flat(properties: dict[str, Any], before: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, told in properties.items():
        if "properties" in told:
            yield from _flat(told["properties"], f"{before}{name}.")
        else:
            yield f"{before}{name}", told
            yield from _flat(told.get("fields", {}), f"{before}{name}.")


def view_of(saved: Saved) -> str:
    """The one data view that a chart, search or map looks at."""
    views = {id_ for id_ in saved.references.values() if workspace()[id_].type == "index-pattern"}
    assert len(views) == 1, f"{saved.id} looks at {sorted(views)}"
    return views.pop()
