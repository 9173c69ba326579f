"""What an operator wants to know of a server beside what every command checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

FULL = "index.blocks.read_only_allow_delete"  # what a server sets on its indices when its disk is full


@dataclass(frozen=True, slots=True)
class Health:
    """A server as it is now, and what of our indices suffers."""

    version: str
    status: str  # green, yellow (copies are missing) or red (data are missing)
    red: tuple[str, ...]  # names of indices
    full: tuple[str, ...]


def look(client: Elasticsearch, prefix: str = "") -> Health:
    """Ask a server how it is."""
    names = [f"{prefix}news-*", f"{prefix}wireroom-*"]
    told = client.cluster.health(index=names, level="indices")
    blocks = client.indices.get_settings(index=names, name=FULL, flat_settings=True)
    return Health(
        client.info()["version"]["number"],
        told["status"],
        tuple(sorted(name for name, each in told.get("indices", {}).items() if each["status"] == "red")),
        tuple(sorted(name for name, each in blocks.items() if each["settings"].get(FULL) == "true")),
    )
