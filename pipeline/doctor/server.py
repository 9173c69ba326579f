"""How an Elasticsearch server is, and until when the key to it works."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pipeline.doctor.findings import NoteworthyError, named
from pipeline.model import StoreError
from pipeline.opening import open_server


def health(url: str, environ: Mapping[str, str]) -> str:
    """Tell how a server is, which of its indices lack data, and whether its disk is full."""
    from pipeline.stores.elastic.health import look

    with open_server(url, environ) as (client, _):
        seen = look(client)
    if seen.full:
        raise StoreError(f"the disk is full, so that {named(seen.full)} take no more; free room there.")
    if seen.red:
        raise StoreError(
            f"a shard of {named(seen.red)} is missing; `GET _cluster/allocation/explain` tells why. Runs wait for it."
        )
    if seen.status != "green":
        raise NoteworthyError(f"Elasticsearch {seen.version}, {seen.status}: copies of shards are missing.")
    return f"Elasticsearch {seen.version}, {seen.status}"


def key(url: str, environ: Mapping[str, str], now: datetime) -> str:
    """Tell until when the API key in use works."""
    from pipeline.stores.elastic.keys import SOON, lapses

    with open_server(url, environ) as (client, access):
        if not access.key:
            return f"none in use, asks as user {access.user}"
        until = lapses(client)
    if until is None:
        raise NoteworthyError("never lapses; `wireroom setup` as a user makes keys that do.")
    if until < now + SOON:
        raise NoteworthyError(f"lapses on {until:%Y-%m-%d}; `wireroom setup` as a user makes its successor.")
    return f"works until {until:%Y-%m-%d}"
