"""Whose page it is that `wireroom check` looks at: whose memory and whose lines by force count."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from operator import eq
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pipeline import urls
from pipeline.cli import options
from pipeline.model import ConfigError, Outlet, Source

if TYPE_CHECKING:
    from pipeline.stores import Store
    from pipeline.watchlist import Config

Publisher = tuple[Source, str]
"""A source, and what told that the page is its."""


def named(source: str, settings: Config) -> Publisher:
    """The source that a person named; raises ConfigError."""
    found = _configured(source, settings)
    if found is None:
        raise ConfigError(f"--source {source}: no such id in {settings.folder}/sources.yaml.")
    return found, "--source"


def of_page(url: str, store: Store | None, settings: Config) -> Publisher:
    """The source of the stored article of this URL, as it is configured today or was then; else what the URL tells."""
    key = urls.article_id(url) if url else ""
    stored = store.articles([key]).get(key) if store else None
    if stored is None:
        return _of_url(url, settings)
    outlet = stored.value.outlet
    return _configured(outlet.id, settings) or _former(outlet), "stored article"


def _of_url(url: str, settings: Config) -> Publisher:
    """The configured source on the host of a URL, else one made of the host; says so where several are as near.

    Nearest is the source of which home or feed has most of the first steps of its path in common with the URL.
    """
    host = urls.outlet_host(url) if url else ""
    there = [source for source in settings.sources or () if host and host in _hosts(source)]
    if not there:
        return Source(host or "file", ""), "host of the URL" if host else ""
    shared = {source.id: _shared(url, source) for source in there}
    nearest = [source for source in there if shared[source.id] == max(shared.values())]
    taken = next((source for source in nearest if source.enabled), nearest[0])
    if len(nearest) > 1:
        possible = ", ".join(source.id for source in nearest)
        options.warn(f"this page may be of {possible}: taken for one of {taken.id}; --source ID names another")
    return taken, "sources.yaml"


def _configured(source: str, settings: Config) -> Source | None:
    return next((each for each in settings.sources or () if each.id == source), None)


def _former(outlet: Outlet) -> Source:
    """A source that is configured no longer."""
    return Source(
        outlet.id,
        "",
        name=outlet.name,
        country=outlet.country,
        languages=outlet.languages,
        affiliation=outlet.affiliation,
    )


def _hosts(source: Source) -> set[str]:
    return {*source.sisters, *(urls.outlet_host(each) for each in (source.home, source.feed) if each)}


def _shared(url: str, source: Source) -> int:
    """How many first steps of the path a URL has in common with home or feed of a source, on whatever host."""
    path = _steps(url)
    return max(sum(1 for _ in takewhile(bool, map(eq, path, _steps(each)))) for each in (source.home, source.feed))


def _steps(url: str) -> Sequence[str]:
    return [step for step in unquote(urlsplit(url).path).split("/") if step]
