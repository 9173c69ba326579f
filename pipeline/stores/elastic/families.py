"""The index families of the store: what their indices are called, how they are set and what their fields are.

Everything of a family stands in one index template, since a component template whose mapping names an analyzer that
it does not bring is refused. A mapping or an analyzer never changes in place: `wireroom setup --reindex` fills new
indices.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from pipeline.stores.elastic.analysis import STEMMED, analysis

SCHEMA = 1
"""Number of the mappings below; raise it with every change to them."""
PRIORITY = 500  # above the templates that come with Elasticsearch (100 to 200)
LONGEST_KEYWORD = 1024  # characters; without it one value over 32,766 bytes would have the document refused
LONGEST_TITLE = 512
LONGEST_URL = 2048  # characters, as pipeline.urls takes them
REFRESH_SECONDS = 5.0

Fields = dict[str, Any]

KEYWORD: Fields = {"type": "keyword", "ignore_above": LONGEST_KEYWORD}
URL: Fields = {"type": "keyword", "ignore_above": LONGEST_URL}
DATE: Fields = {"type": "date", "format": "strict_date_optional_time"}
INTEGER: Fields = {"type": "integer"}
KEPT_INTEGER: Fields = {"type": "integer", "index": False, "doc_values": False}
KEPT_TEXT: Fields = {"type": "text", "index": False}
KEPT_OBJECT: Fields = {"type": "object", "enabled": False}
KEPT_BYTES: Fields = {"type": "binary", "doc_values": True}  # read by themselves, without the long texts beside them
FOLDED: Fields = {"type": "text", "analyzer": "news_fold", "index_options": "offsets"}

ARTICLE: Fields = {
    "id": KEYWORD,
    "url": URL,
    "title": {**FOLDED, "fields": {"raw": {"type": "keyword", "ignore_above": LONGEST_TITLE}}},
    "text": FOLDED,
    "stem": {
        "properties": {
            language: {"type": "text", "analyzer": f"news_{language}", "index_options": "offsets"}
            for language in STEMMED
        }
    },
    "language": KEYWORD,
    "language_confidence": {"type": "float"},
    "published_at": DATE,
    "published_from": KEYWORD,
    "fetched_at": DATE,
    "ingested_at": DATE,
    "outlet": {
        "properties": {"id": KEYWORD, "name": KEYWORD, "country": KEYWORD, "languages": KEYWORD, "affiliation": KEYWORD}
    },
    "actors": KEYWORD,
    "actor_names": {"type": "text", "analyzer": "news_fold"},
    "mentions": {
        "properties": {
            "actor": KEYWORD,
            "alias": KEYWORD,
            "sentence": KEPT_TEXT,
            "start": KEPT_INTEGER,
            "end": KEPT_INTEGER,
            "in": KEYWORD,
        }
    },
    "regions": KEYWORD,
    "locations": {"type": "geo_point"},
    "story": KEYWORD,
    "lead": {"type": "boolean"},
    "copy_of": KEYWORD,
    "first_outlet": KEYWORD,
    "removed": {
        "properties": {
            "text": KEPT_TEXT,
            "reason": KEYWORD,
            "line": KEPT_INTEGER,
            "pages": KEPT_INTEGER,
            "url": KEPT_TEXT,
        }
    },
    "flags": KEYWORD,
    "archive": KEPT_OBJECT,
    "extractor": {"properties": {"name": KEYWORD, "version": KEYWORD}},
    "revision": INTEGER,
    # this store's own
    "bands": {**KEYWORD, "doc_values": False},
    "readings": KEPT_OBJECT,
    "digest": KEPT_BYTES,
    "recalled": KEPT_BYTES,
    "unremembered": {"type": "boolean"},
    "second": {"type": "long"},  # of publication; sorts articles without date, too
    "words": INTEGER,  # how long it is, for ranking
}
OUTCOME: Fields = {
    **dict.fromkeys(("run", "source", "stage", "fate", "reason"), KEYWORD),
    "url": URL,
    "at": DATE,
    "entry": INTEGER,
    "count": INTEGER,
}
VISIT: Fields = {
    **dict.fromkeys(("source", "run", "reason"), KEYWORD),
    **dict.fromkeys(("visited_at", "next_visit", "unconditional_at"), DATE),
    **dict.fromkeys(("status", "errors", "entries", "new", "kept"), INTEGER),
    **dict.fromkeys(("etag", "last_modified", "validated_url"), KEPT_TEXT),
    **dict.fromkeys(("known", "pending"), KEPT_OBJECT),
}
STATE: Fields = {"key": KEYWORD, "value": KEPT_TEXT}
SEEN: Fields = {**dict.fromkeys(("id", "fate", "reason"), KEYWORD), "first_seen": DATE}
MONTH: Fields = {"id": KEYWORD, "month": KEYWORD}
CLAIM: Fields = {
    **dict.fromkeys(("key", "rule", "article", "kind"), KEYWORD),
    **dict.fromkeys(("at", "delivered_at"), DATE),
    "alert": KEPT_TEXT,
    "waiting": {"type": "boolean"},
}

SEARCHED = ["title", "text", "actor_names", "stem.*"]
"""What words without a field mean in Kibana's search bar."""


@dataclass(frozen=True)
class Family:
    """Indices of one mapping; `monthly` ones bear a month behind the name."""

    name: str
    fields: Fields
    monthly: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    def pattern(self, prefix: str = "") -> str:
        """What matches all its indices, and no index of another family."""
        return f"{prefix}{self.name}-*" if self.monthly else f"{prefix}{self.name}"

    def template_name(self, prefix: str = "") -> str:
        """What its index template is called."""
        return prefix + (self.name if self.name.startswith("wireroom") else f"wireroom-{self.name}")

    def template(self, prefix: str = "") -> dict[str, Any]:
        """The index template, as `PUT _index_template` takes it."""
        template: dict[str, Any] = {
            "settings": {
                "number_of_shards": 1,
                "auto_expand_replicas": "0-1",  # a single node stays green
                "refresh_interval": f"{REFRESH_SECONDS:.0f}s",  # unset, an idle index would stop refreshing
                "codec": "best_compression",
                **self.settings,
            },
            "mappings": {"dynamic": "strict", "_meta": self.meta, "properties": self.fields},
        }
        if self.monthly:
            template["aliases"] = {f"{prefix}{self.name}": {}}
        return {
            "index_patterns": [self.pattern(prefix)],
            "priority": PRIORITY,
            "version": SCHEMA,
            "allow_auto_create": self.monthly,  # months begin by themselves, whatever `action.auto_create_index` says
            "template": template,
        }

    @cached_property
    def meta(self) -> dict[str, Any]:
        """What tells our indices from other people's, and those of one rule from those of another."""
        told = json.dumps([self.fields, self.settings], sort_keys=True)
        return {"wireroom": SCHEMA, "rules": hashlib.sha256(told.encode()).hexdigest()[:16]}


@cache
def families() -> tuple[Family, ...]:
    """All families, the articles first; the table of letters is folded when they are first asked for."""
    news = {"analysis": analysis(), "query.default_field": SEARCHED}
    return (
        Family("news", ARTICLE, monthly=True, settings=news),
        Family("wireroom-outcomes", OUTCOME, monthly=True),
        Family("wireroom-visits", VISIT),
        Family("wireroom-states", STATE),
        Family("wireroom-seen", SEEN),
        Family("wireroom-months", MONTH),
        Family("wireroom-claims", CLAIM),
    )
