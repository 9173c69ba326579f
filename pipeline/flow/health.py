"""Which sources are not well, since when and what to do about it, for the log of the daily upkeep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from pipeline import schedule
from pipeline.flow.run import Run
from pipeline.model import Source, Stored, Visit
from pipeline.watchlist import FetchSettings

LATE = timedelta(days=1)  # a source that is due for longer is asked by nobody
WORST_FIRST = ("gone", "failing", "due", "new")
COLUMNS = ("source", "state", "since", "reason", "what to do")

MOVED = "look for its new address on the outlet's site and correct `feed` in sources.yaml"
WAIT = "nothing: it is asked again by itself, ever more slowly; if it lasts, open it in a browser"
REMEDIES: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("http-401", "http-403", "bot-challenge"), "it refuses us: ask the outlet, or try another network")
    | dict.fromkeys(("http-404", "not-a-feed", "empty", "no-entries", "redirect-loop", "too-many-redirects"), MOVED)
    | dict.fromkeys(("timeout", "connection", "tls", "paused", "http-429"), WAIT)
    | {
        "dns": "its name leads nowhere: if the outlet has moved, correct `feed` in sources.yaml",
        "private-address": "if that network is yours, name it in fetch.allow_networks of settings.yaml",
        "internal-error": "a bug: report it with the traceback in the log of the run",
    }
)
GONE = f"it is not asked any more: {MOVED}, or set enabled: false"
UNASKED = "no run asks it although it is due: see that `wireroom run`, or the DAG wireroom_ingest, is at work"
NEW = "nothing: the next run asks it"
OTHER = "`wireroom sources ID` tells more; it is asked again by itself"


class Ill(NamedTuple):
    """A source that is not well."""

    source: str
    state: str  # as `wireroom sources` says it
    since: datetime | None  # its last full answer, or visit where nobody asks it; None: never
    reason: str  # of the last poll, a word of docs/operate.md
    remedy: str


def ill(
    sources: Iterable[Source], visits: Mapping[str, Stored[Visit]], now: datetime, manners: FetchSettings
) -> list[Ill]:
    """The enabled sources that are not well, the worst first; nothing is read from anywhere."""
    found = []
    for source in sources:
        visit = visits[source.id].value if source.id in visits else Visit(source.id)
        state = schedule.state(source, visit, now, manners)
        if state in WORST_FIRST and not (state == "due" and now - (visit.next_visit or now) < LATE):
            since = visit.visited_at if state == "due" else visit.unconditional_at
            found.append(Ill(source.id, state, since, visit.reason, _remedy(state, visit.reason)))
    return sorted(found, key=lambda each: (WORST_FIRST.index(each.state), each.source))


def report(run: Run) -> Iterator[str]:
    """The lines of the report: a row a source that is not well, and how many there are."""
    enabled = [source for source in run.config.sources or () if source.enabled]
    rows = ill(enabled, run.store.visits(), run.now(), run.config.settings.fetch)
    if not rows:
        yield f"all {len(enabled)} enabled sources are well"
        return
    yield from _table([COLUMNS, *map(_row, rows)])
    states = ", ".join(f"{count} {state}" for state, count in Counter(row.state for row in rows).items())
    yield f"{len(rows)} of {len(enabled)} enabled sources are not well: {states}"


def _remedy(state: str, reason: str) -> str:
    if state == "failing":
        return WAIT if reason.startswith("http-5") else REMEDIES.get(reason, OTHER)
    return {"gone": GONE, "due": UNASKED}.get(state, NEW)


def _row(found: Ill) -> tuple[str, ...]:
    since = f"{found.since:%Y-%m-%d %H:%M}" if found.since else "never"
    return found.source, found.state, since, found.reason, found.remedy


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Columns as wide as their widest entry; ids, states and reasons are ASCII."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{entry:<{width}}" for entry, width in zip(row, widths, strict=True)).rstrip()
