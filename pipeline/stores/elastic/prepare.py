"""What `wireroom setup` makes in a server, and what every command looks at before it trusts one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from elasticsearch import BadRequestError

from pipeline.model import ConfigError
from pipeline.stores.elastic.documents import article_document, read_article
from pipeline.stores.elastic.families import PRIORITY, SCHEMA, Family, families
from pipeline.stores.elastic.faults import error_kind
from pipeline.stores.elastic.lease import Lease
from pipeline.stores.elastic.search import EVERYTHING, documents, standing
from pipeline.stores.elastic.writing import Writer, creation, demand_all_sound, unnumbered

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

OLDEST = (8, 19)  # server version
SETUP = "`wireroom setup` as a user with the rights of a superuser makes them"
A_MONTH = "2026.11"  # any
HIDDEN = {"bool": {"must_not": [EVERYTHING]}}
"""Filter of an alias behind which nothing is seen yet."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index that bears a name of ours, or stands behind one."""

    name: str
    meta: dict[str, Any]  # what it says of itself; {} where it says nothing
    aliases: dict[str, Any]

    def is_behind(self, alias: str) -> bool:
        """Whether readers of the alias see it: not while it is being filled."""
        return self.name == alias or "filter" not in self.aliases.get(alias, {"filter": None})


def check(client: Elasticsearch, url: str, prefix: str = "", *, reading: bool = False) -> None:
    """Raise ConfigError unless the server is one that we know, prepared by this version of ours.

    Who is only `reading` articles needs to know these, and may meet older rules: they are being filled anew.
    """
    check_server(client, url)
    templates, held = _templates(client, url, prefix), _held(client, prefix)
    for family in families()[:1] if reading else families():
        name, ours = family.template_name(prefix), list(_of(family, held, prefix))
        if name not in templates:
            raise ConfigError(f"store {url}: has no index template {name}; {SETUP}.")
        demand_ours(url, f"index template {name}", templates[name], family, reading=reading)
        for index in ours:
            demand_ours(url, f"index {index.name}", index.meta, family, reading=reading)
        if not (ours or family.monthly or client.indices.exists(index=f"{prefix}{family.name}")):
            raise ConfigError(
                f"store {url}: index {prefix}{family.name} is gone, and with it what was known; restore it from a "
                "snapshot, or begin without it by `wireroom setup`."
            )


def check_server(client: Elasticsearch, url: str) -> None:
    """Raise ConfigError for a server that is too old; the client raises for one that is not Elasticsearch."""
    version = str(client.info()["version"]["number"])
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise ConfigError(f"store {url}: the server is Elasticsearch {version}; {oldest} or newer is needed.")


def demand_ours(url: str, name: str, meta: dict[str, Any], family: Family, *, reading: bool = False) -> None:
    """Raise ConfigError for an index or template that others made, or we under other rules; those may be read."""
    schema = meta.get("wireroom")
    if not isinstance(schema, int):
        raise ConfigError(
            f"store {url}: {name} was not made by wireroom, and its name is ours; rename or remove it, or use "
            "another server. Nothing was written."
        )
    if schema > SCHEMA:
        raise ConfigError(
            f"store {url}: {name} is of a newer wireroom (schema {schema}, this one knows {SCHEMA}); use that one. "
            "Nothing was written."
        )
    if meta != family.meta and not reading:
        raise ConfigError(
            f"store {url}: {name} was made under other rules than this version's; `wireroom setup --reindex` brings "
            "it up to date while people go on reading."
        )


def prepare(
    client: Elasticsearch,
    url: str,
    now: datetime,
    prefix: str = "",
    *,
    reindex: bool = False,
    waiting: Callable[[], None] = lambda: None,
) -> list[str]:
    """Make templates and first indices; with `reindex` fill anew what other rules made. Gives what was filled anew.

    Raises ConfigError, before anything is written, where an index of others bears a name of ours, or where one of ours
    was made under other rules and is not to be filled anew. Runs are kept out while that is done; where one is at work
    `waiting` is called and waited for it.
    """
    check_server(client, url)
    if not any(_outdated(client, url, prefix, reindex=reindex)):
        _make(client, now, prefix)
        return []
    with Lease(client, url, f"{prefix}wireroom-states").held(waiting):
        whole, unfinished = _outdated(client, url, prefix, reindex=reindex)  # the run before may have made more
        _make(client, now, prefix)
        for index in unfinished:
            client.indices.delete(index=index)
            client.indices.put_settings(index=f"{unnumbered(index)}*", settings={"index.blocks.write": None})
        for family, index in sorted(whole, key=lambda each: _number(each[1])):  # so that the newest stays the newest
            _refill(client, family, index, prefix)
    return [index for _, index in whole]


def _outdated(
    client: Elasticsearch, url: str, prefix: str, *, reindex: bool
) -> tuple[list[tuple[Family, str]], list[str]]:
    """The indices of other rules that are to be filled anew, and those that an attempt to do so left unfinished.

    Raises ConfigError where nothing may be written, or anything is outdated and not to be filled anew.
    """
    templates, held = _templates(client, url, prefix), _held(client, prefix)
    whole, unfinished = list[tuple[Family, str]](), list[str]()
    for family in families():
        name, alias, ours = family.template_name(prefix), prefix + family.name, list(_of(family, held, prefix))
        if name in templates:
            _is_outdated(url, f"index template {name}", templates[name], family, mend=True)
        old = [each for each in ours if _is_outdated(url, f"index {each.name}", each.meta, family, mend=reindex)]
        read = {unnumbered(each.name) for each in ours if each.is_behind(alias)}
        left = [each for each in ours if not each.is_behind(alias) and unnumbered(each.name) in read]
        whole += [(family, each.name) for each in old if each not in left]
        unfinished += [each.name for each in left]
    return whole, unfinished


def _is_outdated(url: str, name: str, meta: dict[str, Any], family: Family, *, mend: bool) -> bool:
    """Whether older rules made it; raises ConfigError where others or newer ones did, or it is not to be mended."""
    try:
        demand_ours(url, name, meta, family)
    except ConfigError:
        schema = meta.get("wireroom")
        if not mend or not isinstance(schema, int) or schema > SCHEMA:
            raise
        return True
    return False


def _make(client: Elasticsearch, now: datetime, prefix: str) -> None:
    """Put the templates, and make the first index of each family that has none."""
    for family in families():
        client.indices.put_index_template(name=family.template_name(prefix), body=family.template(prefix))
    held = _held(client, prefix)
    for family in families():
        if not any(True for _ in _of(family, held, prefix)):
            name = f"{prefix}{family.name}"
            try:
                client.indices.create(index=f"{name}-{now:%Y.%m}" if family.monthly else name)
            except BadRequestError as error:
                if error_kind(error.body) != "resource_already_exists_exception":  # by another one who sets up
                    raise


def _refill(client: Elasticsearch, family: Family, old: str, prefix: str) -> None:
    """Fill a new index from an old one, unseen, and put it in its place in one step: readers meet no gap."""
    held = client.indices.get_alias(index=[old, f"{unnumbered(old)}-r*"])
    new, alias = f"{unnumbered(old)}-r{max(map(_number, held)) + 1}", prefix + family.name
    template = family.template(prefix)["template"]
    unseen = {alias: {"filter": HIDDEN}} if family.monthly else {}
    client.indices.create(index=new, settings=template["settings"], mappings=template["mappings"], aliases=unseen)
    client.indices.add_block(index=old, block="write")
    client.indices.refresh(index=old)  # or what was written last would not be read
    written = Writer(client).write(creation(new, key, told) for key, told in _documents(client, family, old))
    demand_all_sound(written)
    client.indices.refresh(index=new)
    if client.count(index=new)["count"] != client.count(index=old)["count"]:
        raise RuntimeError(f"{new} does not hold all that {old} holds")
    client.indices.update_aliases(actions=[{"remove_index": {"index": old}}, {"add": {"index": new, "alias": alias}}])


def _number(index: str) -> int:
    """How often an index was filled."""
    return int(index.rpartition("-r")[2]) if unnumbered(index) != index else 1


def _documents(client: Elasticsearch, family: Family, index: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """All documents of an index as today's rules write them, with their ids."""
    with standing(client, index) as view:
        for each in documents(client, view, EVERYTHING, ({"_shard_doc": "asc"},)):
            told = each["_source"]
            yield each["_id"], article_document(read_article(told)) if family.name == "news" else told


def _templates(client: Elasticsearch, url: str, prefix: str) -> dict[str, dict[str, Any]]:
    """What our index templates say of themselves, by name; raises ConfigError where one of others outranks them."""
    parts = ("index_patterns", "priority", "template.mappings._meta")
    told = client.indices.get_index_template(
        filter_path=["index_templates.name", *(f"index_templates.index_template.{part}" for part in parts)]
    )
    ours = {family.template_name(prefix): family.pattern(prefix).replace("*", A_MONTH) for family in families()}
    found = dict[str, dict[str, Any]]()
    for each in told.get("index_templates", []):
        name, template = each["name"], each["index_template"]
        if name in ours:
            found[name] = _meta(template.get("template", {}))
        elif template.get("priority", 0) >= PRIORITY:
            _demand_apart(url, name, template["index_patterns"], ours.values())
    return found


def _demand_apart(url: str, name: str, patterns: Iterable[str], indices: Iterable[str]) -> None:
    for index in indices:
        if any(fnmatchcase(index, pattern) for pattern in patterns):
            raise ConfigError(
                f"store {url}: index template {name} of others would rule our index {index}; lower its priority below "
                f"{PRIORITY}, or narrow its patterns. Nothing was written."
            )


def _held(client: Elasticsearch, prefix: str) -> list[Index]:
    """The indices that bear names of ours, or stand behind one."""
    told = client.indices.get(
        index=[f"{prefix}news", f"{prefix}news-*", f"{prefix}wireroom-*"],
        features=["aliases", "mappings"],
        filter_path=["*.aliases", "*.mappings._meta"],
        ignore_unavailable=True,
        allow_no_indices=True,
    )
    return [Index(name, _meta(each), each.get("aliases", {})) for name, each in told.items()]


def _of(family: Family, held: Iterable[Index], prefix: str) -> Iterator[Index]:
    """Those of a family."""
    alias, months = prefix + family.name, r"-\d{4}\.\d{2}" if family.monthly else ""
    bears = re.compile(rf"{re.escape(alias)}{months}(-r\d+)?$")
    return (index for index in held if alias in (index.name, *index.aliases) or bears.match(index.name))


def _meta(told: Any) -> dict[str, Any]:  # noqa: ANN401 - what a server holds
    meta = told.get("mappings", {}).get("_meta", {})
    return meta if isinstance(meta, dict) else {}
