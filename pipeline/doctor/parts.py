"""One examination a part: each says in a sentence how it is, or raises with what to do about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipeline import schedule
from pipeline.doctor.findings import NoteworthyError, named
from pipeline.model import Changes, Retry, Stored, StoreError
from pipeline.opening import with_sources

if TYPE_CHECKING:
    from pipeline.archive import Archive
    from pipeline.stores import Store
    from pipeline.watchlist import Config, Destination

LEAP = timedelta(minutes=5)  # a clock further behind what it wrote itself has been set back
PROBE = "doctor"  # the state that is written to see whether one can be


def nobody() -> None:
    """Tell nobody that another run is waited for: nothing here does so."""


def config(found: list[Config], settings: Config) -> str:
    """Keep the configuration for the other examinations and count what it holds."""
    found.append(settings)
    sources = with_sources(settings).sources or ()
    enabled = sum(source.enabled for source in sources)
    counts = f"{len(settings.actors)} actors, {len(settings.regions)} regions, {len(settings.rules)} rules"
    return f"{settings.folder}: {enabled} of {len(sources)} sources enabled, {counts}"


def store(found: list[Store], url: str, opened: Store, now: datetime) -> str:
    """Keep the store, write a word to it and count its articles."""
    found.append(opened)
    version = opened.state(PROBE).version
    opened.save(Changes(states=((PROBE, Stored(now.isoformat(), version)),)))
    return f"{url}: writable, {opened.count()} articles"


def memory(opened: Store) -> str:
    """Tell of articles that were stored before pages were remembered."""
    count = opened.unremembered()
    if count:
        raise NoteworthyError(
            f"{count} articles have no memory of their page, so that they neither teach nor learn what their outlet "
            "repeats: `wireroom replay --since DAY` gives it to those that were fetched since that day."
        )
    return "every article's page is remembered"


def archive(opened: Archive, now: datetime) -> str:
    """Write to the archive and look for torn files of the last two days."""
    from pipeline.archive import Damaged

    opened.check()
    files = opened.files()
    recent = opened.files(since=(now - timedelta(days=1)).date())
    torn = [file for file in recent if any(isinstance(found, Damaged) for found in opened.pages(file))]
    if torn:
        raise NoteworthyError(
            f"{torn[0]} is cut off at its end, as a crash or a full disk leaves it. What stands before is read; "
            "delete nothing, the pages behind are asked for again."
        )
    return f"{opened.url}: writable, {len(files)} files"


def clock(opened: Store, now: datetime) -> str:
    """Compare the clock with the times that it wrote earlier."""
    latest = max((each.value.visited_at for each in opened.visits().values() if each.value.visited_at), default=None)
    if latest and latest > now + LEAP:
        raise StoreError(
            f"it says {now:%Y-%m-%d %H:%M} UTC, before the last visit ({latest:%Y-%m-%d %H:%M}). Set it right."
        )
    return f"{now:%Y-%m-%d %H:%M} UTC"


def sources(opened: Store, settings: Config, now: datetime) -> str:
    """Tell which enabled sources fail."""
    visits = opened.visits()
    failing = [
        f"{source.id} ({stored.value.reason})"
        for source in settings.sources or ()
        if source.enabled
        and (stored := visits.get(source.id)) is not None
        and schedule.state(source, stored.value, now, settings.settings.fetch) in ("failing", "gone")
    ]
    if failing:
        raise NoteworthyError(
            f"{len(failing)} fail: {named(failing)}. `wireroom sources ID` tells more; they are tried again by "
            "themselves."
        )
    return f"{len(visits)} visited, none failing"


def claims(opened: Store) -> str:
    """Tell of alerts that nobody has accepted."""
    waiting = opened.undelivered()
    if waiting:
        since = f"{waiting[0].at:%Y-%m-%d %H:%M} UTC"
        raise StoreError(f"{len(waiting)} wait for delivery, the oldest since {since}; the next run sends them.")
    return "all delivered"


def destination(asked: Destination) -> str:
    """Tell where alerts go, without sending one."""
    from pipeline.notify import check

    try:
        return check(asked)
    except Retry as fault:
        raise StoreError(f"{fault.reason}. Correct alerts.yaml or the rights of the file.") from fault
