"""What `wireroom setup` makes in a server, and what every command looks at before it trusts one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipeline.model import ConfigError
from pipeline.stores.elastic.documents import article_document, read_article
from pipeline.stores.elastic.families import SCHEMA, Family, families
from pipeline.stores.elastic.search import EVERYTHING, documents, standing
from pipeline.stores.elastic.writing import Writer, creation, demand_all_sound, unnumbered

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

OLDEST = (8, 19)  # server version
SETUP = "`wireroom setup` as a user with the rights of a superuser makes them"
HIDDEN = {"bool": {"must_not": [EVERYTHING]}}
"""Filter of an alias behind which nothing is seen yet."""


def check(client: Elasticsearch, url: str, prefix: str = "") -> None:
    """Raise ConfigError unless the server is one that we know, prepared by this version of ours."""
    check_server(client, url)
    templates, found = _templates(client, prefix), _metas(client, prefix)
    for family in families():
        name = family.template_name(prefix)
        if name not in templates:
            raise ConfigError(f"store {url}: has no index template {name}; {SETUP}.")
        demand_ours(url, f"index template {name}", templates[name], family)
        for index, meta in _of(family, found, prefix).items():
            demand_ours(url, f"index {index}", meta, family)


def check_server(client: Elasticsearch, url: str) -> None:
    """Raise ConfigError for a server that is too old; the client raises for one that is not Elasticsearch."""
    version = str(client.info()["version"]["number"])
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise ConfigError(f"store {url}: the server is Elasticsearch {version}; {oldest} or newer is needed.")


def demand_ours(url: str, name: str, meta: dict[str, Any], family: Family) -> None:
    """Raise ConfigError for an index or template that others made, or we under other rules."""
    if "wireroom" not in meta:
        raise ConfigError(
            f"store {url}: {name} was not made by wireroom, and its name is ours; rename or remove it, or use "
            "another server. Nothing was written."
        )
    if meta["wireroom"] > SCHEMA:
        raise ConfigError(
            f"store {url}: {name} is of a newer wireroom (schema {meta['wireroom']}, this one knows {SCHEMA}); "
            "use that one. Nothing was written."
        )
    if meta != family.meta:
        raise ConfigError(
            f"store {url}: {name} was made under other rules than this version's; `wireroom setup --reindex` brings "
            "it up to date while people go on reading."
        )


def prepare(client: Elasticsearch, url: str, now: datetime, prefix: str = "", *, reindex: bool = False) -> list[str]:
    """Make templates and first indices; with `reindex` fill anew what other rules made. Gives what was filled anew.

    Raises ConfigError, before anything is written, where an index of others bears a name of ours, or where one of ours
    was made under other rules and is not to be filled anew.
    """
    check_server(client, url)
    found = _metas(client, prefix)
    old = [
        (family, index)
        for family in families()
        for index, meta in _of(family, found, prefix).items()
        if _is_old(url, index, meta, family, reindex=reindex)
    ]
    for family in families():
        client.indices.put_index_template(name=family.template_name(prefix), body=family.template(prefix))
    for family, index in old:
        _refill(client, family, index, prefix)
    for family in families():
        name = f"{prefix}{family.name}"
        first = f"{name}-{now:%Y.%m}" if family.monthly else name
        if not client.indices.exists(index=name):
            client.indices.create(index=first)
    return [index for _, index in old]


def _is_old(url: str, index: str, meta: dict[str, Any], family: Family, *, reindex: bool) -> bool:
    """Whether an index has to be filled anew and may be; raises ConfigError where it has to be and may not."""
    try:
        demand_ours(url, f"index {index}", meta, family)
    except ConfigError:
        if not reindex or meta.get("wireroom", SCHEMA + 1) > SCHEMA:
            raise
        return True
    return False


def _refill(client: Elasticsearch, family: Family, old: str, prefix: str) -> None:
    """Fill a new index from an old one, unseen, and put it in its place in one step: readers meet no gap."""
    number = int(old.rpartition("-r")[2]) + 1 if unnumbered(old) != old else 2
    new = f"{unnumbered(old)}-r{number}"
    alias = f"{prefix}{family.name}" if family.monthly else unnumbered(old)
    client.options(ignore_status=404).indices.delete(index=new)  # of an attempt that was broken off
    template = family.template(prefix)["template"]
    unseen = {alias: {"filter": HIDDEN}} if family.monthly else {}
    client.indices.create(index=new, settings=template["settings"], mappings=template["mappings"], aliases=unseen)
    client.indices.add_block(index=old, block="write")
    written = Writer(client).write(creation(new, key, told) for key, told in _documents(client, family, old))
    demand_all_sound(written)
    client.indices.refresh(index=new)
    if client.count(index=new)["count"] != client.count(index=old)["count"]:
        raise RuntimeError(f"{new} does not hold all that {old} holds")
    client.indices.update_aliases(actions=[{"remove_index": {"index": old}}, {"add": {"index": new, "alias": alias}}])


def _documents(client: Elasticsearch, family: Family, index: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """All documents of an index as today's rules write them, with their ids."""
    with standing(client, index) as view:
        for each in documents(client, view, EVERYTHING, ({"_shard_doc": "asc"},)):
            told = each["_source"]
            yield each["_id"], article_document(read_article(told)) if family.name == "news" else told


def _templates(client: Elasticsearch, prefix: str) -> dict[str, dict[str, Any]]:
    """What our index templates say of themselves, by name."""
    told = client.options(ignore_status=404).indices.get_index_template(
        name=f"{prefix}wireroom-*",
        filter_path=["index_templates.name", "index_templates.index_template.template.mappings._meta"],
    )
    return {
        each["name"]: _meta(each.get("index_template", {}).get("template", {}))
        for each in told.get("index_templates", [])
    }


def _metas(client: Elasticsearch, prefix: str) -> dict[str, dict[str, Any]]:
    """What the indices that bear names of ours say of themselves; {} for those that say nothing."""
    names = [f"{prefix}news-*", f"{prefix}wireroom-*"]
    told = client.indices.get_mapping(index=names, ignore_unavailable=True, allow_no_indices=True)
    return {index: _meta(each) for index, each in told.items()}


def _of(family: Family, found: dict[str, dict[str, Any]], prefix: str) -> dict[str, dict[str, Any]]:
    """Those of a family."""
    months = r"-\d{4}\.\d{2}" if family.monthly else ""
    name = re.compile(rf"{re.escape(prefix + family.name)}{months}(-r\d+)?$")
    return {index: meta for index, meta in found.items() if name.match(index)}


def _meta(told: Any) -> dict[str, Any]:  # noqa: ANN401 - what a server holds
    meta = told.get("mappings", {}).get("_meta", {})
    return meta if isinstance(meta, dict) else {}
