"""What to do with each entry of a feed: ask for its page, wait, or end it here with an outcome. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline import feeds, urls
from pipeline.model import Drop, Entry, Fate, Feed, Retry, Seen, Visit
from pipeline.schedule import PAUSED

# A page that cannot be had is asked for six times within eleven hours: outages of an outlet rarely last longer,
# and each wait doubles (RFC 9110, section 10.2.3, leaves the length to the client).
PAGE_ATTEMPTS = 6
FIRST_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Promise:
    """An entry with the id of its article; where it has none, the reason why it ends here."""

    entry: Entry  # its URL absolute, as the feed promised it: some servers answer nothing else
    id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """An entry that needs no page, or whose page ended in the worst way: one outcome. `count` entries share it."""

    entry: Entry
    fate: Fate
    reason: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Intake:
    """All entries of an answer and all promises left over from earlier ones, each in exactly one place."""

    fetch: tuple[Entry, ...] = ()
    waiting: tuple[Entry, ...] = ()  # asked for in vain before, not due yet
    ended: tuple[Ended, ...] = ()
    known: tuple[tuple[str, str], ...] = ()  # (article id, fingerprint) of the answer, for the next visit


def promises(feed: Feed) -> tuple[Promise, ...]:
    """The entries of an answer with their article ids; the second of two with one URL ends here."""
    taken: set[str] = set()
    return tuple(_promise(entry, taken) for entry in feed.entries)


def _promise(entry: Entry, taken: set[str]) -> Promise:
    if not entry.url:
        return Promise(entry, reason="no-link")
    try:
        entry, article = replace(entry, url=urls.absolute(entry.url)), urls.article_id(entry.url)
    except ValueError:
        return Promise(entry, reason="bad-url")
    if article in taken:
        return Promise(entry, reason="duplicate-url")
    taken.add(article)
    return Promise(entry, article)


def leftovers(visit: Visit, settled: Iterable[int]) -> Visit:
    """The visit without the promises that an interrupted run has settled, named by their entry numbers."""
    done = set(settled)
    return replace(visit, pending=tuple(entry for entry in visit.pending if entry.number not in done))


def offers(visit: Visit) -> dict[str, Entry]:
    """What pages of the source offered and nobody has asked for yet, by article id."""
    return {urls.article_id(entry.url): entry for entry in visit.pending if entry.offered}


def wanted(visit: Visit, seen: Container[str]) -> Visit:
    """The visit without the offers that were met in another way; no feed has promised them, so they have no outcome."""
    met = [entry for key, entry in offers(visit).items() if key in seen]
    return replace(visit, pending=tuple(entry for entry in visit.pending if entry not in met))


def decide(answer: Feed | None, visit: Visit, seen: Mapping[str, Seen], now: datetime) -> Intake:
    """Sort the entries of an answer (None: there was no new one) and the pending ones of the visit.

    An entry is asked for when its article was never met, or when the feed tells of it otherwise than last time.
    """
    pending = {urls.article_id(entry.url): entry for entry in visit.pending}
    told = dict(visit.known)
    fetch: list[Entry] = []
    waiting: list[Entry] = []
    ended: list[Ended] = []
    known: list[tuple[str, str]] = []
    for promise in promises(answer) if answer else ():
        entry = promise.entry
        if promise.reason:
            ended.append(Ended(entry, Fate.DROPPED, promise.reason))
            continue
        print_ = feeds.fingerprint(entry)
        known.append((promise.id, print_))
        earlier = pending.pop(promise.id, None)
        if earlier is not None:
            entry = replace(entry, attempts=earlier.attempts, not_before=earlier.not_before)
        elif promise.id in seen and told.get(promise.id, print_) == print_:
            ended.append(Ended(entry, Fate.UNCHANGED, "known"))
            continue
        (fetch if _is_due(entry, now) else waiting).append(entry)
    if answer is None:
        known = list(visit.known)
    elif answer.cut:
        ended.append(Ended(Entry("", number=len(answer.entries) + 1), Fate.DROPPED, "over-limit", answer.cut))
    ended.extend(Ended(entry, Fate.RETRY, "waiting") for entry in waiting)
    for entry in _numbered(pending.values(), len(answer.entries) + 2 if answer else 1):
        (fetch if _is_due(entry, now) else waiting).append(entry)
    return Intake(tuple(fetch), tuple(waiting), tuple(ended), tuple(known))


def again(entry: Entry, fault: Retry, now: datetime) -> Entry | None:
    """The promise after one more vain attempt, with its next time; None when it is given up.

    A request that was never sent, since its host wants to be left alone, is no attempt.
    """
    if fault.reason == PAUSED:
        return replace(entry, not_before=now + timedelta(seconds=fault.wait or 0))
    attempts = entry.attempts + 1
    if attempts >= PAGE_ATTEMPTS:
        return None
    wait = max(FIRST_WAIT * 2**entry.attempts, timedelta(seconds=fault.wait or 0))
    return replace(entry, attempts=attempts, not_before=now + wait)


def fault_outcome(entry: Entry, fault: Drop | Retry, left: Entry | None) -> Ended:
    """The outcome of a page that could not be had."""
    if isinstance(fault, Drop):
        return Ended(entry, Fate.DROPPED, fault.reason)
    return Ended(entry, Fate.RETRY if left else Fate.FAILED, fault.reason)


def _is_due(entry: Entry, now: datetime) -> bool:
    return entry.not_before is None or entry.not_before <= now


def _numbered(entries: Iterable[Entry], first: int) -> Iterator[Entry]:
    """Leftovers get numbers behind those of the answer: an outcome is unique by run, source and number."""
    return (replace(entry, number=number) for number, entry in enumerate(entries, first))
