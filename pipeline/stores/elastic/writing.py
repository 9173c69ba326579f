"""Writes in bulk: create-only or compare-and-set, bounded in size, each item's answer told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from time import sleep
from typing import TYPE_CHECKING, Any

from elasticsearch.helpers import streaming_bulk

from pipeline.stores.elastic.faults import TOO_MANY, UNAVAILABLE, ItemError

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

ITEMS = 200  # of one request
BYTES = 10 << 20  # of one request; the server refuses 100 MB
TIMES = 6  # that an item which the server has no room for is tried again: after 1, 2, 4 ... seconds
FIRST_NAP, LONGEST_NAP = 1.0, 16.0  # seconds
SHARD_AWAITED = "10s"  # less than the client waits for its answer, so that the server can say what is missing
CONFLICT, BAD_REQUEST = 409, 400
EXPECTED = (CONFLICT, BAD_REQUEST)
PASSING = (TOO_MANY, UNAVAILABLE)

NUMBER = re.compile(r"-r\d+$")

Action = dict[str, Any]
Item = tuple[str, str]  # index, id


@dataclass
class Written:
    """What became of the items of a write that were not written."""

    conflicts: set[Item] = field(default_factory=set)  # existing or changed meanwhile
    refused: dict[Item, str] = field(default_factory=dict)  # what the server cannot take for what it says


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes to one server; `nap` is how long it first waits for one that has no room, in seconds."""

    client: Elasticsearch
    nap: float = FIRST_NAP

    def create(self, index: str, documents: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Create documents by id; give the ids that exist. A document that the server cannot take is a bug of ours."""
        written = self.write(creation(index, key, told) for key, told in documents.items())
        demand_all_sound(written)
        return {key for _, key in written.conflicts}

    def write(self, actions: Iterable[Action]) -> Written:
        """Write all; raises what the client raises where the server is away, ItemError where it has no room."""
        written, stream = Written(), iter(actions)
        while left := list(islice(stream, ITEMS)):
            for time in range(TIMES + 1):
                left = [action for action, fault in self._tried(left, written) if fault and not _raised(fault, time)]
                if not left:
                    break
                sleep(min(self.nap * 2**time, LONGEST_NAP))
        return written

    def _tried(self, actions: list[Action], written: Written) -> Iterator[tuple[Action, ItemError | None]]:
        """Each action of a request with the fault that its item met, if any; conflicts and refusals are noted."""
        answers = streaming_bulk(
            self.client,
            actions,
            chunk_size=ITEMS,
            max_chunk_bytes=BYTES,
            raise_on_error=False,
            timeout=SHARD_AWAITED,
        )
        for action, (_, answer) in zip(actions, answers, strict=True):
            (told,) = answer.values()
            item, status = (unnumbered(told["_index"]), told["_id"]), told["status"]
            if status == CONFLICT:
                written.conflicts.add(item)
            elif status == BAD_REQUEST:
                written.refused[item] = _why(told["error"])
            yield action, ItemError(status, told["error"]) if "error" in told and status not in EXPECTED else None


def _raised(fault: ItemError, time: int) -> bool:
    """Raise a fault that will not pass, or has not for too long."""
    if fault.status not in PASSING or time == TIMES:
        raise fault
    return False


def unnumbered(index: str) -> str:
    """The name of an index without the number that it bears where it was filled anew."""
    return NUMBER.sub("", index)


def creation(index: str, key: str, told: Mapping[str, Any]) -> Action:
    """A document that is written only where its id is free."""
    return {"_op_type": "create", "_index": index, "_id": key, "_source": told}


def change(index: str, key: str, told: Mapping[str, Any], version: tuple[int, int]) -> Action:
    """A document that is written only over this version: sequence number and primary term."""
    number, term = version
    return {
        "_op_type": "index",
        "_index": index,
        "_id": key,
        "if_seq_no": number,
        "if_primary_term": term,
        "_source": told,
    }


def version(told: Mapping[str, Any]) -> str:
    """The version of a document as the server told it."""
    return f"{told['_seq_no']}:{told['_primary_term']}"


def read_version(text: str) -> tuple[int, int] | None:
    """Sequence number and primary term; None for what no document was ever read at."""
    number, _, term = text.partition(":")
    return (int(number), int(term)) if number.isdecimal() and term.isdecimal() else None


def demand_all_sound(written: Written) -> None:
    """Raise RuntimeError where the server could not take what we made ourselves."""
    for (index, key), why in written.refused.items():
        raise RuntimeError(f"{index} refused {key}: {why}")


def _why(error: Mapping[str, Any]) -> str:
    cause = error.get("caused_by") or {}
    return ": ".join(str(each["reason"]) for each in (error, cause) if each.get("reason"))[:300]
