"""When a source is due, and what an answer does to its next visit: pure functions of source, visit, answer and time.

Rule ids (C1 and so on) are those of docs/design.md. Times are aware datetimes, nothing here reads a clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus

from pipeline.feeds import CUT_OFF
from pipeline.model import Answer, Drop, Fate, Feed, Retry, Source, Visit
from pipeline.watchlist import FetchSettings

CEILING = timedelta(hours=24)  # of an interval, of back-off and of what a server may wish, as Miniflux
JITTER = 0.1  # share of an adaptive interval, as lemon24/reader
FASTER, SLOWER = 0.5, 1.25  # what news and no news do to an adaptive interval: quick to wake up, slow to doze off
FIRST_BACK_OFF = timedelta(hours=1)  # doubling, as Media Cloud
FIRST_PAUSE = timedelta(minutes=10)  # where a busy server names no time, doubling, as NetNewsWire
LONGEST_PAUSE = timedelta(hours=48)  # that a server may ask for, as FreshRSS
FULL_ANSWER = timedelta(days=8)  # without one, some servers say 304 for ever, as NetNewsWire found
FAILING = 3  # errors in a row

BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
PAUSED = "paused"
"""Reason of a poll that was not sent, because its host had asked another one to stay away (S8)."""
Headers = tuple[tuple[str, str], ...]

_MAX_AGE = re.compile(r"\bmax-age\s*=\s*\"?([0-9]{1,12})")
_FORBIDS_KEEPING = re.compile(r"\bno-(?:cache|store)\b")


@dataclass(frozen=True, slots=True)
class Poll:
    """How one poll of a feed went: an answer and the feed in it, or the fault; `new` entries were not known."""

    answer: Answer | None = None
    feed: Feed | None = None
    fault: Drop | Retry | None = None
    new: int = 0


def due(source: Source, visit: Visit | None, now: datetime, settings: FetchSettings | None = None) -> bool:
    """Tell whether a source has work: its feed is due, or pages that it promised are."""
    owing = visit is not None and any(entry.not_before is None or entry.not_before <= now for entry in visit.pending)
    return feed_due(source, visit, now, settings) or (owing and source.enabled)


def feed_due(source: Source, visit: Visit | None, now: datetime, settings: FetchSettings | None = None) -> bool:
    """Tell whether a feed may be asked now; an interval of 0 (source or settings) overrules our own back-off only."""
    if not source.enabled:
        return False
    if visit is None or visit.visited_at is None:
        return True
    if _gone(source, visit):
        return False
    planned = visit.next_visit or now
    if planned <= now or planned - now > LONGEST_PAUSE:  # nobody plans that far: the clock was wrong
        return True
    return _own_interval(source, settings) == 0 and visit.status not in BUSY and visit.reason != PAUSED


def conditional(source: Source, visit: Visit, now: datetime) -> Headers:
    """Request headers that ask for news only, for `visit.validated_url` and no other (C1, C2, S3).

    Once in 8 days, a little earlier for some sources, there are none (C8).
    """
    if visit.unconditional_at is None or now - visit.unconditional_at >= FULL_ANSWER * (_spread(source) - JITTER):
        return ()
    headers = (("If-None-Match", visit.etag), ("If-Modified-Since", visit.last_modified))
    return tuple((name, value) for name, value in headers if value)


def verdict(poll: Poll) -> tuple[Fate, str]:
    """Fate and reason of a poll, for its outcome (S1, S10)."""
    if poll.fault:
        return Fate.RETRY if isinstance(poll.fault, Retry) else Fate.DROPPED, poll.fault.reason
    status = _status(poll) or 0
    if status == HTTPStatus.OK:
        return (Fate.KEPT, "") if poll.feed and poll.feed.entries else (Fate.DROPPED, "no-entries")
    if status == HTTPStatus.NOT_MODIFIED:
        return Fate.UNCHANGED, "not-modified"
    if poll.answer and poll.answer.header("cf-mitigated").lower() == "challenge":
        return Fate.DROPPED, "bot-challenge"
    passing = status in PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Fate.RETRY if passing else Fate.DROPPED, f"http-{status}"


def after(source: Source, visit: Visit, poll: Poll, now: datetime, settings: FetchSettings) -> Visit:
    """Give the visit as it is after a poll: what was answered, what to send next time, and when that is.

    Fields that tell of entries (`entries`, `kept`, `known`, `pending`) are left alone.
    """
    fate, reason = verdict(poll)
    seen = replace(visit, visited_at=now, status=_status(poll), reason=reason, new=poll.new)
    if reason == PAUSED:
        return replace(seen, status=visit.status, next_visit=now + _pause_of(poll.fault))
    if seen.status == HTTPStatus.GONE:  # S5; known by its URL, so that a corrected one is asked
        return replace(
            seen, errors=visit.errors + 1, next_visit=None, etag="", last_modified="", validated_url=source.feed
        )
    seen = _validated(seen, poll, now)
    if fate in (Fate.KEPT, Fate.UNCHANGED):
        wait = _interval(source, visit, poll.new, settings)
        return replace(seen, errors=0, next_visit=now + (wait and max(wait, _wish(poll, now))))
    errors = visit.errors + 1
    return replace(seen, errors=errors, next_visit=now + _back_off(poll, errors, now))


def state(source: Source, visit: Visit | None, now: datetime, settings: FetchSettings | None = None) -> str:
    """Give one word: disabled, new, gone, failing (three errors in a row or more), due or ok."""
    if not source.enabled:
        return "disabled"
    if visit is None or visit.visited_at is None:
        return "new"
    if _gone(source, visit):
        return "gone"
    if visit.errors >= FAILING:
        return "failing"
    return "due" if feed_due(source, visit, now, settings) else "ok"


def retry_after(value: str, now: datetime) -> timedelta | None:
    """How long a Retry-After header asks to stay away, at most 48 h; None where it names no time to come (S7)."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        wait = timedelta(seconds=int(value[:12]))
    else:
        until = _http_date(value)
        wait = until - now if until else timedelta()
    return min(wait, LONGEST_PAUSE) if wait > timedelta() else None


def _status(poll: Poll) -> int | None:
    return poll.answer.status if poll.answer else None


def _gone(source: Source, visit: Visit) -> bool:
    return visit.status == HTTPStatus.GONE and visit.validated_url == source.feed


def _pause_of(fault: Drop | Retry | None) -> timedelta:
    """How long the world asked us to wait, at most 48 h."""
    seconds = fault.wait if isinstance(fault, Retry) else None
    return min(timedelta(seconds=seconds or 0), LONGEST_PAUSE)


def _validated(visit: Visit, poll: Poll, now: datetime) -> Visit:
    """Keep what proves the next request's body unchanged (C1, C3, C4, C5, C9)."""
    answer = poll.answer
    if answer is None or answer.status not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
        return visit
    etag, last_modified = answer.header("etag"), answer.header("last-modified")
    if answer.status == HTTPStatus.NOT_MODIFIED:
        return replace(visit, etag=etag or visit.etag, last_modified=last_modified or visit.last_modified)
    if poll.feed is None or CUT_OFF in poll.feed.flags or answer.header("expires").strip() == "0":
        etag = last_modified = ""
    if "2038" in last_modified:  # the end of 32-bit time: the server has no clock
        last_modified = ""
    return replace(visit, etag=etag, last_modified=last_modified, validated_url=answer.url, unconditional_at=now)


def _interval(source: Source, visit: Visit, new: int, settings: FetchSettings) -> timedelta:
    """The source's own interval, or the last one made shorter by news and longer without (P1, P5, P6)."""
    own = _own_interval(source, settings)
    if own is not None:
        return timedelta(minutes=own)
    spread = _spread(source)
    interval = timedelta(minutes=settings.interval_minutes)
    if visit.visited_at and visit.next_visit and not visit.errors and visit.reason != PAUSED:
        interval = (visit.next_visit - visit.visited_at) / spread * (FASTER if new else SLOWER)
    return max(min(interval, CEILING) * spread, timedelta(minutes=settings.floor_minutes))


def _own_interval(source: Source, settings: FetchSettings | None) -> int | None:
    """Minutes that a person fixed, 0 for always due; None where the interval adapts."""
    if source.interval_minutes is None and settings is not None and settings.interval_minutes == 0:
        return 0
    return source.interval_minutes


def _spread(source: Source) -> float:
    """Give 0.9 to 1.1, always the same for one source, so that sources do not come at once (P5)."""
    share = int.from_bytes(sha256(source.id.encode()).digest()[:4]) / 2**32
    return 1 + JITTER * (2 * share - 1)


def _wish(poll: Poll, now: datetime) -> timedelta:
    """How long server and feed wish to be left alone, at most a day (P2, P3; RFC 9111, 4.2)."""
    minutes = poll.feed.ttl_minutes if poll.feed else None
    fresh = _freshness(poll.answer, now) if poll.answer else timedelta()
    return min(max(fresh, timedelta(minutes=minutes or 0)), CEILING)


def _freshness(answer: Answer, now: datetime) -> timedelta:
    control = ",".join(value for name, value in answer.headers if name == "cache-control").lower()
    if _FORBIDS_KEEPING.search(control):
        return timedelta()
    max_age = _MAX_AGE.search(control)
    if max_age:
        return timedelta(seconds=int(max_age[1]))
    expires = _http_date(answer.header("expires"))
    return expires - (_http_date(answer.header("date")) or now) if expires else timedelta()


def _back_off(poll: Poll, errors: int, now: datetime) -> timedelta:
    """How long to stay away after the n-th error in a row (P7, S6, S7, S9, S11)."""
    doublings = 1 << min(errors - 1, 10)
    if poll.answer and poll.answer.status in BUSY:
        named = retry_after(poll.answer.header("retry-after"), now)
        return max(named, FIRST_PAUSE) if named else min(FIRST_PAUSE * doublings, CEILING)
    if poll.answer and poll.answer.status in REFUSED:
        return CEILING
    return max(min(FIRST_BACK_OFF * doublings, CEILING), _pause_of(poll.fault))


def _http_date(value: str) -> datetime | None:
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
