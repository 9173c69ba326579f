"""Times, entries, outcomes and claims as plain JSON values, the same in the archive, in the spool and in a store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from pipeline.model import Claim, Entry, Fate, Outcome

TIMES_OF_AN_ENTRY = frozenset({"published", "updated", "not_before"})


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with whole seconds: 2026-11-21T08:00:00Z."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"  # strftime pads no early year


def moment(text: str) -> datetime:
    """The aware datetime of a timestamp; ValueError where it is none."""
    return datetime.fromisoformat(text).astimezone(UTC)


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


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """What an outcome says."""
    return {**asdict(outcome), "at": timestamp(outcome.at)}


def read_outcome(document: Mapping[str, Any]) -> Outcome:
    """The inverse of `outcome_document`; KeyError or ValueError where it is none."""
    told = {each.name: document[each.name] for each in fields(Outcome)}
    return Outcome(**{**told, "fate": Fate(told["fate"]), "at": moment(told["at"])})


def claim_document(claim: Claim) -> dict[str, Any]:
    """Which rule spoke of what, and when; not in which words."""
    return {"rule": claim.rule, "article": claim.article, "kind": claim.kind, "at": timestamp(claim.at)}


def read_claim(document: Mapping[str, Any]) -> Claim:
    """The claim as one whose alert was delivered; KeyError or ValueError where it is none."""
    at = moment(document["at"])
    return Claim(document["rule"], document["article"], document["kind"], at, delivered_at=at)
