"""The API keys that `wireroom setup` makes: each may do its own work and no more, and lapses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

LASTING = "90d"
SOON = timedelta(days=14)
"""A key that lapses within this time is told of, and gets its successor: both work meanwhile."""

ARTICLES, STATE, OUTCOMES = ["news-*", "news"], ["wireroom-*"], ["wireroom-outcomes-*"]
LOOK = ["read", "view_index_metadata"]
WORKER: list[dict[str, Any]] = [
    # `maintenance` lets a worker refresh: settling reads what was just written (docs/design.md)
    {"names": ARTICLES + STATE, "privileges": [*LOOK, "create_doc", "index", "auto_configure", "maintenance"]},
    # retention.outcomes_days, and how far files were read that nobody reads again
    {"names": [*OUTCOMES, "wireroom-outcomes", "wireroom-states"], "privileges": ["delete"]},
]
RIGHTS: dict[str, list[dict[str, Any]]] = {
    "worker": WORKER,
    # the months tell in which index an article lives, for `wireroom check ID`
    "reader": [{"names": [*ARTICLES, "wireroom-months*"], "privileges": LOOK}],
    "upkeep": [  # retention.articles_months; it keeps others out, as every run, and alerts what waits
        *WORKER,
        {"names": [*ARTICLES, *OUTCOMES], "privileges": ["delete_index", "monitor"]},
        {"names": ["wireroom-months"], "privileges": ["delete"]},
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
    """Make the keys that are not there, lapse soon or have the rights of an older version; give all.

    Whoever asks must be a user, not a key itself.
    """
    for role, indices in RIGHTS.items():
        name = f"wireroom-{role}"
        until = max(_living(client, name, _digest(indices), now + SOON), default=None)
        if until:
            yield Key(role, until)
            continue
        rights = {role: {"cluster": ["monitor"], "indices": indices}}
        made = client.security.create_api_key(
            name=name, expiration=LASTING, role_descriptors=rights, metadata={"rights": _digest(indices)}
        )
        yield Key(role, _time(made["expiration"]), made["encoded"])


def lapses(client: Elasticsearch) -> datetime | None:
    """Until when the key works that a client asks with; None for one without end. Only a key may ask this."""
    held = client.security.authenticate()["api_key"]["id"]
    [told] = client.security.get_api_key(id=held, owner=True)["api_keys"]
    return _time(told["expiration"]) if "expiration" in told else None


def _living(client: Elasticsearch, name: str, rights: str, then: datetime) -> Iterator[datetime]:
    """Until when each key of that name and with these rights works that works after a time."""
    for each in client.security.get_api_key(name=name)["api_keys"]:
        ours = not each["invalidated"] and each["metadata"].get("rights") == rights
        if ours and "expiration" in each and _time(each["expiration"]) > then:
            yield _time(each["expiration"])


def _digest(indices: list[dict[str, Any]]) -> str:
    """What tells the rights of one version from those of another."""
    return hashlib.sha256(json.dumps(indices).encode()).hexdigest()[:16]


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(microsecond=0)
