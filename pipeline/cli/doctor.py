"""`wireroom doctor`: check everything a run needs, and say what to do about each fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import typer

from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, ConfigFolder, StoreUrl
from pipeline.model import Changes, ConfigError, Retry, Stored, StoreError

if TYPE_CHECKING:
    from pipeline.archive import Archive
    from pipeline.stores import Store
    from pipeline.watchlist import Config, Destination

LEAP = timedelta(minutes=5)  # a clock further behind what it wrote itself has been set back
PROBE = "doctor"  # the state that it writes to see whether it can


SOUND, NOTE, FAULT = ("ok   ", "green"), ("note ", "yellow"), ("FAULT", "bold red")
"""Marks with their colours."""


class NoteworthyError(Exception):
    """Nothing to do here, but worth knowing: the world's fault, or one that mends itself."""


@dataclass
class Findings:
    """What was checked: sentences by part, and whether any is a fault."""

    rows: list[tuple[tuple[str, str], str, str]] = field(default_factory=list)

    def check(self, part: str, examine: Callable[[], str]) -> None:
        """Keep what an examination says; a fault is what it raises."""
        try:
            self.rows.append((SOUND, part, examine()))
        except NoteworthyError as note:
            self.rows.append((NOTE, part, str(note)))
        except (ConfigError, StoreError) as fault:
            self.rows.append((FAULT, part, str(fault)))

    @property
    def faults(self) -> int:
        """How many parts are at fault."""
        return sum(mark == FAULT for mark, _, _ in self.rows)


def doctor(
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,
) -> None:
    """Check config, store, archive, clock and destinations; exit 1 where something is at fault."""
    findings = Findings()
    now = datetime.now(UTC)
    with ExitStack() as stack:
        settings: list[Config] = []
        stores: list[Store] = []
        findings.check("config", lambda: examine_config(settings, options.load_config(config)))
        findings.check(
            "store", lambda: examine_store(stores, store, stack.enter_context(options.open_store(store)), now)
        )
        findings.check("archive", lambda: examine_archive(options.open_archive(archive)))
        for opened in stores:
            if store.startswith(options.ELASTIC):
                findings.check("server", partial(examine_server, store))
                findings.check("key", partial(examine_key, store, now))
            findings.check("memory", partial(examine_memory, opened))
            findings.check("clock", partial(examine_clock, opened, now))
            findings.check("alerts", partial(examine_claims, opened))
            for each in settings:
                findings.check("sources", partial(examine_sources, opened, each, now))
        for each in settings:
            for part, examine in destinations(each):
                findings.check(part, examine)
    print_findings(findings)
    if findings.faults:
        raise typer.Exit(1)


def examine_config(found: list[Config], settings: Config) -> str:
    """Keep the configuration for the other examinations and count what it holds."""
    found.append(settings)
    enabled = sum(source.enabled for source in settings.sources or ())
    counts = f"{len(settings.actors)} actors, {len(settings.regions)} regions, {len(settings.rules)} rules"
    if settings.sources is None:
        raise ConfigError(f"{settings.folder}/sources.yaml: not there. Say which feeds to read, four lines a source.")
    return f"{settings.folder}: {enabled} of {len(settings.sources)} sources enabled, {counts}"


def examine_store(found: list[Store], url: str, opened: Store, now: datetime) -> str:
    """Keep the store, write a word to it and count its articles."""
    found.append(opened)
    version = opened.state(PROBE).version
    opened.save(Changes(states=((PROBE, Stored(now.isoformat(), version)),)))
    return f"{url}: writable, {opened.count()} articles"


def examine_server(url: str) -> str:
    """Tell how a server is, which of its indices lack data, and whether its disk is full."""
    from pipeline.stores.elastic.health import look

    with options.open_server(url) as (client, _):
        health = look(client)
    if health.full:
        raise StoreError(f"the disk is full, so that {named(health.full)} take no more; free room there.")
    if health.red:
        raise StoreError(
            f"a shard of {named(health.red)} is missing; `GET _cluster/allocation/explain` tells why. Runs wait for it."
        )
    if health.status != "green":
        raise NoteworthyError(f"Elasticsearch {health.version}, {health.status}: copies of shards are missing.")
    return f"Elasticsearch {health.version}, {health.status}"


def examine_key(url: str, now: datetime) -> str:
    """Tell until when the API key in use works."""
    from pipeline.stores.elastic.keys import SOON, lapses

    with options.open_server(url) as (client, access):
        if not access.key:
            return f"none in use, asks as user {access.user}"
        until = lapses(client)
    if until is None:
        raise NoteworthyError("never lapses; `wireroom setup` as a user makes keys that do.")
    if until < now + SOON:
        raise NoteworthyError(f"lapses on {until:%Y-%m-%d}; `wireroom setup` as a user makes its successor.")
    return f"works until {until:%Y-%m-%d}"


def named(names: Sequence[str]) -> str:
    """A line's worth of names, and how many more there are."""
    most = 5
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def examine_memory(opened: Store) -> str:
    """Tell of articles that were stored before pages were remembered."""
    count = opened.unremembered()
    if count:
        raise NoteworthyError(
            f"{count} articles have no memory of their page, so that they neither teach nor learn what their outlet "
            "repeats: `wireroom replay --since DAY` gives it to those that were fetched since that day."
        )
    return "every article's page is remembered"


def examine_archive(archive: Archive) -> str:
    """Write to the archive and look for torn files of the last two days."""
    from pipeline.archive import Damaged

    archive.check()
    files = archive.files()
    recent = archive.files(since=(datetime.now(UTC) - timedelta(days=1)).date())
    torn = [file for file in recent if any(isinstance(found, Damaged) for found in archive.pages(file))]
    if torn:
        raise NoteworthyError(
            f"{torn[0]} is cut off at its end, as a crash or a full disk leaves it. What stands before is read; "
            "delete nothing, the pages behind are asked for again."
        )
    return f"{archive.url}: writable, {len(files)} files"


def examine_clock(opened: Store, now: datetime) -> str:
    """Compare the clock with the times that it wrote earlier."""
    latest = max((each.value.visited_at for each in opened.visits().values() if each.value.visited_at), default=None)
    if latest and latest > now + LEAP:
        raise StoreError(
            f"it says {now:%Y-%m-%d %H:%M} UTC, before the last visit ({latest:%Y-%m-%d %H:%M}). Set it right."
        )
    return f"{now:%Y-%m-%d %H:%M} UTC"


def examine_sources(opened: Store, settings: Config, now: datetime) -> str:
    """Tell which enabled sources fail."""
    from pipeline import schedule

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


def examine_claims(opened: Store) -> str:
    """Tell of alerts that nobody has accepted."""
    waiting = opened.undelivered()
    if waiting:
        since = f"{waiting[0].at:%Y-%m-%d %H:%M} UTC"
        raise StoreError(f"{len(waiting)} wait for delivery, the oldest since {since}; the next run sends them.")
    return "all delivered"


def destinations(settings: Config) -> Iterator[tuple[str, Callable[[], str]]]:
    """An examination for each destination."""
    for destination in settings.destinations:
        yield f"alerts to {destination.id}", partial(examine_destination, destination)


def examine_destination(destination: Destination) -> str:
    """Tell where alerts go, without sending one."""
    from pipeline.notify import check

    try:
        return check(destination)
    except Retry as fault:
        raise StoreError(f"{fault.reason}. Correct alerts.yaml or the rights of the file.") from fault


def print_findings(findings: Findings) -> None:
    """Print a line a part, faults marked."""
    from rich.text import Text

    from pipeline.cli.screen import console

    out = console()
    for mark, part, told in findings.rows:
        out.print(Text.assemble(mark, f"  {part}: {told}"))
    count = f"{findings.faults} fault{'s' if findings.faults > 1 else ''}"
    out.print(count if findings.faults else "everything is in order", style="bold")
