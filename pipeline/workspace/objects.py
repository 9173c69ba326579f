"""One saved object of Kibana: what it is called, what it holds, and which others it refers to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Attributes = Mapping[str, Any]

CORE_VERSION = "8.8.0"
# Of the shapes written here: a Kibana carries older ones forward and refuses those that are newer than itself.
TYPE_VERSIONS = {
    "index-pattern": "8.0.0",  # a data view
    "search": "10.5.0",
    "lens": "8.9.0",
    "map": "8.4.0",
    "dashboard": "10.2.0",
}

SAVE_YOUR_OWN = "`wireroom setup` brings it back as it was shipped: save what you change under another name."
"""What people are told who could change an object in place; an import overwrites what bears our ids."""


@dataclass(frozen=True, slots=True)
class SavedObject:
    """An object; `references` are the objects that its attributes mean, by the name they use there."""

    type: str
    id: str
    attributes: Attributes
    references: Mapping[str, SavedObject] = field(default_factory=dict)


def line(saved: SavedObject) -> str:
    """The line of an object in the file."""
    told = {
        "type": saved.type,
        "id": saved.id,
        "attributes": saved.attributes,
        "references": [{"type": to.type, "id": to.id, "name": name} for name, to in sorted(saved.references.items())],
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": TYPE_VERSIONS[saved.type],
    }
    return packed(told) + "\n"


def packed(value: object) -> str:
    """A value as JSON, the same letters every time; Kibana keeps parts of its objects as such strings."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def kuery(query: str) -> dict[str, str]:
    """A query in Kibana's own language."""
    return {"query": query, "language": "kuery"}
