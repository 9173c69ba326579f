"""The stored article as plain JSON values under its public names (docs/design.md, "Stored article"), and back.

Every key is always there: what an article does not have is null or []. Times are in UTC with whole seconds, so a
fraction of a second does not survive the way there and back, nor does what only the stages on the way need.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from pipeline.model import Article, Location, Mention, Outlet, Place, Reading, Removed
from pipeline.records import moment, read_stamp, stamp, timestamp

Document = dict[str, Any]


def document(article: Article, *, private: bool = False) -> Document:
    """What a store and `--json` say of an article; with `private` also what stores keep for themselves."""
    public: Document = {
        "id": article.id,
        "url": article.url,
        "title": article.title or None,
        "text": article.text,
        "language": article.language,
        "language_confidence": article.language_confidence,
        "published_at": stamp(article.published_at),
        "published_from": article.published_from,
        "fetched_at": stamp(article.fetched_at),
        "ingested_at": stamp(article.ingested_at),
        "outlet": _outlet(article.outlet),
        "actors": list(article.actors),
        "actor_names": list(article.actor_names),
        "mentions": [_mention(each) for each in article.mentions],
        "regions": list(article.regions),
        "locations": [{"lat": each.lat, "lon": each.lon} for each in article.locations],
        "story": article.story or None,
        "lead": article.lead,
        "copy_of": article.copy_of or None,
        "first_outlet": article.first_outlet or None,
        "removed": [_removed(each) for each in article.removed],
        "flags": list(article.flags),
        "archive": {"file": article.archive.file, "offset": article.archive.offset} if article.archive else None,
        "extractor": dict(zip(("name", "version"), article.extractor, strict=True)) if any(article.extractor) else None,
        "revision": article.revision,
    }
    return {**public, **_private(article)} if private else public


def article(document: Mapping[str, Any]) -> Article:
    """The article of a document; KeyError where a public key is missing."""
    archive, extractor = document["archive"], document["extractor"]
    return Article(
        id=document["id"],
        url=document["url"],
        title=document["title"] or "",
        text=document["text"],
        language=document["language"],
        language_confidence=document["language_confidence"],
        published_at=read_stamp(document["published_at"]),
        published_from=document["published_from"],
        fetched_at=read_stamp(document["fetched_at"]),
        ingested_at=read_stamp(document["ingested_at"]),
        outlet=_read_outlet(document["outlet"]),
        actors=tuple(document["actors"]),
        actor_names=tuple(document["actor_names"]),
        mentions=tuple(_read_mention(each) for each in document["mentions"]),
        regions=tuple(document["regions"]),
        locations=tuple(Location(**each) for each in document["locations"]),
        story=document["story"] or "",
        lead=document["lead"],
        copy_of=document["copy_of"] or "",
        first_outlet=document["first_outlet"] or "",
        removed=tuple(_read_removed(each) for each in document["removed"]),
        flags=tuple(document["flags"]),
        archive=Place(**archive) if archive else None,
        extractor=(extractor["name"], extractor["version"]) if extractor else ("", ""),
        revision=document["revision"],
        bands=tuple(document.get("bands", ())),
        readings=tuple(Reading(moment(each["fetched_at"]), each["digest"]) for each in document.get("readings", ())),
        digest=b64decode(document.get("digest", "")),
        recalled=b64decode(document.get("recalled", "")),
    )


def _private(article: Article) -> Document:
    return {
        "bands": list(article.bands),
        "readings": [{"fetched_at": timestamp(each.fetched_at), "digest": each.digest} for each in article.readings],
        "digest": b64encode(article.digest).decode(),
        "recalled": b64encode(article.recalled).decode(),
    }


def _mention(mention: Mention) -> Document:
    return {
        "actor": mention.actor,
        "alias": mention.alias,
        "sentence": mention.sentence,
        "start": mention.start,
        "end": mention.end,
        "in": mention.where,
    }


def _read_mention(told: Mapping[str, Any]) -> Mention:
    return Mention(told["actor"], told["alias"], told["sentence"], told["start"], told["end"], told["in"])


def _removed(piece: Removed) -> Document:
    return {
        "text": piece.text,
        "reason": piece.reason,
        "line": piece.line,
        "pages": piece.pages,
        "url": piece.url or None,
    }


def _read_removed(told: Mapping[str, Any]) -> Removed:
    """The removed piece; of those that an older version wrote only text and reason are known."""
    return Removed(told["text"], told["reason"], told.get("line"), told.get("pages", 0), told.get("url") or "")


def _outlet(outlet: Outlet) -> Document | None:
    """The outlet as an object, its languages as a list; null where none is known."""
    if outlet == Outlet(""):
        return None
    return {
        "id": outlet.id,
        "name": outlet.name or None,
        "country": outlet.country or None,
        "languages": list(outlet.languages),
        "affiliation": outlet.affiliation,
    }


def _read_outlet(told: Mapping[str, Any] | None) -> Outlet:
    if told is None:
        return Outlet("")
    name, country = told["name"] or "", told["country"] or ""
    return Outlet(told["id"], name, country, tuple(told["languages"]), told["affiliation"])
