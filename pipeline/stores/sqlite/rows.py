"""Values to rows and back. A column bears the name of its key or field; lists and objects are JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from pipeline import document
from pipeline.model import Article, Claim, Fate, Known, Outcome, Seen, Visit
from pipeline.records import moment, read_outcome, read_stamp, read_visit, stamp, timestamp, visit_document

Row = tuple[Any, ...]

PAGE = ("outlet_id", "at", "article_id", "digest", "recalled")
ARTICLE = tuple(name for name in document.document(Article("", ""), private=True) if name not in PAGE)
"""Columns of an article: the keys of its document, but for what stands in PAGE."""
VISIT = tuple(field.name for field in fields(Visit))
OUTCOME = tuple(field.name for field in fields(Outcome))
SEEN = tuple(field.name for field in fields(Seen))
CLAIM = ("key", *(field.name for field in fields(Claim)))

_ARTICLE_JSON = frozenset(
    {"outlet", "actors", "actor_names", "mentions", "regions", "locations", "removed", "flags", "archive", "extractor"}
    | {"bands", "readings"}
)
_VISIT_JSON = frozenset({"known", "pending"})

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def article_row(article: Article) -> Row:
    """An article as the columns ARTICLE."""
    told = document.document(article, private=True)
    return _sound(
        _encode(told[name]) if name in _ARTICLE_JSON and told[name] is not None else told[name] for name in ARTICLE
    )


def read_article(row: Row) -> Article:
    """The inverse of `article_row`, so without digest and recall; what follows its columns is passed over."""
    told = dict(zip(ARTICLE, row, strict=False))
    parsed = {name: json.loads(told[name]) for name in _ARTICLE_JSON if told[name] is not None}
    return document.article({**told, **parsed, "lead": bool(told["lead"])})


def page_row(article: Article) -> Row:
    """What is remembered of an article's page as the columns PAGE; "" is the time of one without date."""
    at = stamp(article.published_at) or ""
    return *_sound((article.outlet.id, at, article.id)), article.digest, article.recalled


def read_page(row: Row) -> Known:
    """What is remembered of a page, of its columns from `at` on."""
    at, key, digest, recalled = row
    return Known(key, read_stamp(at), digest, recalled)


def visit_row(visit: Visit) -> Row:
    """A visit as the columns VISIT."""
    told = visit_document(visit)
    return _sound(_encode(told[name]) if name in _VISIT_JSON else told[name] for name in VISIT)


def read_visit_row(row: Row) -> Visit:
    """The inverse of `visit_row`; what follows its columns is passed over."""
    told = dict(zip(VISIT, row, strict=False))
    return read_visit({**told, **{name: json.loads(told[name]) for name in _VISIT_JSON}})


def outcome_row(outcome: Outcome) -> Row:
    """An outcome as the columns OUTCOME."""
    told = {name: getattr(outcome, name) for name in OUTCOME}
    return _sound({**told, "at": timestamp(outcome.at)}.values())


def read_outcome_row(row: Row) -> Outcome:
    """The inverse of `outcome_row`."""
    return read_outcome(dict(zip(OUTCOME, row, strict=True)))


def seen_row(seen: Seen) -> Row:
    """What was seen as the columns SEEN."""
    return _sound((seen.id, timestamp(seen.first_seen), seen.fate, seen.reason))


def read_seen(row: Row) -> Seen:
    """The inverse of `seen_row`."""
    key, first_seen, fate, reason = row
    return Seen(key, moment(first_seen), Fate(fate), reason)


def claim_row(claim: Claim) -> Row:
    """A claim as the columns CLAIM."""
    delivered_at = stamp(claim.delivered_at)
    return _sound((claim.key, claim.rule, claim.article, claim.kind, timestamp(claim.at), claim.alert, delivered_at))


def read_claim(row: Row) -> Claim:
    """The inverse of `claim_row`."""
    _, rule, article, kind, at, alert, delivered_at = row
    return Claim(rule, article, kind, moment(at), alert, read_stamp(delivered_at))


def _sound(values: Iterable[Any]) -> Row:
    """The values with half surrogate pairs, which UTF-8 cannot say, replaced by question marks."""
    return tuple(value.encode(errors="replace").decode() if isinstance(value, str) else value for value in values)
