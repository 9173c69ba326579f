"""The API keys that `wireroom setup` makes: each may do its own work and no more, and lapses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

LASTING = "90d"

ARTICLES, STATE = ["news-*", "news"], ["wireroom-*"]
LOOK = ["read", "view_index_metadata"]
RIGHTS: dict[str, list[dict[str, Any]]] = {
    # `maintenance` lets a worker refresh: settling reads what was just written (docs/design.md)
    "worker": [
        {"names": ARTICLES + STATE, "privileges": [*LOOK, "create_doc", "index", "auto_configure", "maintenance"]}
    ],
    # the months tell in which index an article lives, for `wireroom check ID`
    "reader": [{"names": [*ARTICLES, "wireroom-months*"], "privileges": LOOK}],
    "upkeep": [
        {"names": ARTICLES[:1] + STATE, "privileges": ["delete_index", "view_index_metadata", "monitor"]},
    ],
}
"""What each key may do with which indices, beside seeing that the cluster is there (`monitor`)."""


@dataclass(frozen=True, slots=True)
class Key:
    """An API key; `secret` is known only when it is made."""

    role: str
    until: datetime
    secret: str = field(default="", repr=False)


def make(client: Elasticsearch, now: datetime) -> Iterator[Key]:
    """Make the keys that are not there or have lapsed; give all. Whoever asks must be a user, not a key itself."""
    for role, indices in RIGHTS.items():
        name = f"wireroom-{role}"
        until = max(_living(client, name, now), default=None)
        if until:
            yield Key(role, until)
            continue
        rights = {role: {"cluster": ["monitor"], "indices": indices}}
        made = client.security.create_api_key(name=name, expiration=LASTING, role_descriptors=rights)
        yield Key(role, _time(made["expiration"]), made["encoded"])


def _living(client: Elasticsearch, name: str, now: datetime) -> Iterator[datetime]:
    """Until when each key of that name works."""
    for each in client.security.get_api_key(name=name)["api_keys"]:
        if not each["invalidated"] and "expiration" in each and _time(each["expiration"]) > now:
            yield _time(each["expiration"])


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(microsecond=0)
