"""Times, entries, visits, outcomes and claims as plain JSON values, the same wherever they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from pipeline.model import Claim, Entry, Fate, Outcome, Visit

TIMES_OF_A_VISIT = frozenset({"visited_at", "next_visit", "unconditional_at"})
TIMES_OF_AN_ENTRY = frozenset({"published", "updated", "not_before"})


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with whole seconds: 2026-11-21T08:00:00Z."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"  # strftime pads no early year


def moment(text: str) -> datetime:
    """The aware datetime of a timestamp; ValueError where it is none."""
    return datetime.fromisoformat(text).astimezone(UTC)


def stamp(moment: datetime | None) -> str | None:
    """The timestamp of a moment that may not have been."""
    return timestamp(moment) if moment else None


def read_stamp(text: str | None) -> datetime | None:
    """The inverse of `stamp`; ValueError where it is none."""
    return moment(text) if text else None


def entry_document(entry: Entry) -> dict[str, Any]:
    """What an entry says, without its empty fields."""
    filled = {name: value for name, value in asdict(entry).items() if value not in ("", None, 0)}
    return {name: timestamp(value) if isinstance(value, datetime) else value for name, value in filled.items()}


def read_entry(document: Mapping[str, Any]) -> Entry:
    """The inverse of `entry_document`; a key of a newer version is passed over."""
    known = {each.name for each in fields(Entry)} & document.keys()
    told: dict[str, Any] = {
        name: moment(document[name]) if name in TIMES_OF_AN_ENTRY else document[name] for name in known
    }
    return Entry(**{"url": "", **told})


def visit_document(visit: Visit) -> dict[str, Any]:
    """What a visit says."""
    told = {each.name: getattr(visit, each.name) for each in fields(Visit)}
    told.update({name: stamp(told[name]) for name in TIMES_OF_A_VISIT})
    return {**told, "known": list(visit.known), "pending": [entry_document(entry) for entry in visit.pending]}


def read_visit(document: Mapping[str, Any]) -> Visit:
    """The inverse of `visit_document`."""
    told = {**document, **{name: read_stamp(document[name]) for name in TIMES_OF_A_VISIT}}
    told["known"] = tuple((key, fingerprint) for key, fingerprint in document["known"])
    told["pending"] = tuple(read_entry(entry) for entry in document["pending"])
    return Visit(**told)


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """What an outcome says."""
    return {**asdict(outcome), "at": timestamp(outcome.at)}


def read_outcome(document: Mapping[str, Any]) -> Outcome:
    """The inverse of `outcome_document`; KeyError or ValueError where it is none."""
    told = {each.name: document[each.name] for each in fields(Outcome)}
    return Outcome(**{**told, "fate": Fate(told["fate"]), "at": moment(told["at"])})


def claim_document(claim: Claim) -> dict[str, Any]:
    """What a claim says; once its alert was delivered, not in which words."""
    told = {**asdict(claim), "at": timestamp(claim.at), "delivered_at": stamp(claim.delivered_at)}
    return {**told, "alert": ""} if claim.delivered_at else told


def read_claim(document: Mapping[str, Any]) -> Claim:
    """The inverse of `claim_document`; KeyError or ValueError where it is none."""
    rule, article, kind, alert = (document[name] for name in ("rule", "article", "kind", "alert"))
    return Claim(rule, article, kind, moment(document["at"]), alert, read_stamp(document["delivered_at"]))
