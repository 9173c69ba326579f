"""Values to documents and back. A field bears the name of its key; times are ISO 8601 in UTC with whole seconds."""

from __future__ import annotations

from base64 import b64decode
from calendar import timegm
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline import document, query, records
from pipeline.model import Article, Claim, Fate, Known, Seen
from pipeline.records import moment, timestamp
from pipeline.stores.elastic.analysis import STEMMED

Document = dict[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNDATED = -(1 << 38)  # the second of an article without date: before the year 1
PAGE = ("id", "second", "digest", "recalled")
"""What is remembered of a page; read from the columns of the index, not from the document."""
OF_EVERY_ARTICLE = ("every", "country", "outlet", "language")
"""Filters that find each article by one word, in SQLite's index of words."""


def second(at: datetime | None) -> int:
    """The first whole second since 1970 that is not before a time; an article without date was before all others."""
    return timegm(at.utctimetuple()) + bool(at.microsecond) if at else UNDATED


def article_document(article: Article) -> Document:
    """An article, with its words once more for the stemmer of its language."""
    told = document.document(article, private=True)
    for name in ("digest", "recalled"):
        told[name] = told[name] or None
    if article.language in STEMMED:
        told["stem"] = {article.language: f"{article.title}\n{article.text}"}
    at = article.published_at
    told["second"] = timegm(at.utctimetuple()) if at else UNDATED
    told["words"] = length(article)
    told["unremembered"] = not (article.digest or article.recalled)
    return told


def length(article: Article, told: Sequence[Sequence[str]] = ()) -> int:
    """The words of an article as the other store counts them: a seam between names is one there, and a filter.

    Its fields need not be folded again where they are `told`.
    """
    words = sum(map(len, told or query.fields(article))) + max(0, len(article.actor_names) - 1)
    return words + len(OF_EVERY_ARTICLE) + len({*article.actors}) + len({*article.regions})


def read_article(told: Mapping[str, Any]) -> Article:
    """The inverse of `article_document`."""
    return document.article({**told, "digest": told["digest"] or "", "recalled": told["recalled"] or ""})


def read_page(columns: Mapping[str, list[Any]]) -> Known:
    """What is remembered of a page, of the columns PAGE of the index."""
    digest, recalled = (b64decode(columns.get(name, [""])[0]) for name in ("digest", "recalled"))
    at = columns["second"][0]
    return Known(columns["id"][0], None if at == UNDATED else EPOCH + timedelta(seconds=at), digest, recalled)


def seen_document(seen: Seen) -> Document:
    """What was seen."""
    return {**asdict(seen), "first_seen": timestamp(seen.first_seen)}


def read_seen(told: Mapping[str, Any]) -> Seen:
    """The inverse of `seen_document`."""
    return Seen(told["id"], moment(told["first_seen"]), Fate(told["fate"]), told["reason"])


def claim_document(claim: Claim) -> Document:
    """A claim with the words of its alert, and whether it waits to be delivered."""
    waiting = bool(claim.alert) and claim.delivered_at is None
    return {**records.claim_document(claim), "alert": claim.alert, "key": claim.key, "waiting": waiting}
