"""The newsroom on loopback: one address an outlet, conditional requests (RFC 9110, section 13), two editions."""

from __future__ import annotations

import socketserver
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from threading import Thread
from urllib.parse import unquote

import yaml

from pipeline.model import Source
from pipeline.newsroom import stories, syndication
from pipeline.newsroom.press import Press
from pipeline.newsroom.site import DISALLOWED, Site
from pipeline.newsroom.stories import SECOND, Outlet

LOOPBACK = "127.0.0.1"
HTML = "text/html; charset=utf-8"
BARE_HTML = "text/html"  # for old encodings: only the page says its charset
TEXT = "text/plain; charset=utf-8"
IDLE_SECONDS = 10  # a connection that says nothing is closed
STOP_SECONDS = 0.02  # how often a server looks whether it should end


@dataclass(frozen=True, slots=True)
class Resource:
    """What stands at one path."""

    kind: str  # Content-Type
    body: bytes
    modified: datetime | None = None

    @property
    def tags(self) -> dict[str, str]:
        """Its validators."""
        tags = {"ETag": f'"{blake2b(self.body, digest_size=10).hexdigest()}"'}
        if self.modified:
            tags["Last-Modified"] = _http_date(self.modified)
        return tags


@dataclass(frozen=True, slots=True)
class Request:
    """One request that was answered."""

    outlet: str
    method: str
    path: str
    status: int


class Newsroom:
    """A running newsroom: use `with Newsroom.serve(now) as newsroom`.

    `requests` lists what was asked; `edition` is 1 until `advance()`. The times of all stories are relative to `now`.
    """

    def __init__(self, outlets: tuple[Outlet, ...], roots: tuple[str, ...], now: datetime) -> None:
        self.requests: list[Request] = []
        self.edition = 1
        self._now = now
        self._outlets = dict(zip(roots, outlets, strict=True))
        self._furniture = stories.furniture()
        self._places = self._publish()

    @classmethod
    @contextmanager
    def serve(cls, now: datetime, hosts: Sequence[str] = (LOOPBACK,)) -> Iterator[Newsroom]:
        """Serve all outlets on free ports of these hosts, in turn, until the block ends; `now` is aware."""
        outlets = stories.outlets()
        with ExitStack() as stack:
            addresses = [stack.enter_context(_Address(host)) for _, host in zip(outlets, cycle(hosts), strict=False)]
            newsroom = cls(outlets, tuple(address.root for address in addresses), now)
            for address in addresses:
                address.newsroom = newsroom
                Thread(target=address.serve_forever, args=(STOP_SECONDS,), daemon=True).start()
            try:
                yield newsroom
            finally:
                with ThreadPoolExecutor(len(addresses)) as pool:  # each waits for its own loop to look up
                    list(pool.map(_Address.shutdown, addresses))

    def advance(self) -> None:
        """Publish the second edition: one story corrected, one story new."""
        self.edition = SECOND
        self._places = self._publish()

    def find(self, root: str, path: str) -> Resource | None:
        """What stands at this path of the outlet at `root`."""
        return self._places.get(root + unquote(path))

    def outlet_at(self, root: str) -> str:
        """Id of the outlet that is served at `root`."""
        return self._outlets[root].id

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every feed, the dead ones too, due at each run."""
        return tuple(
            Source(
                id=name,
                feed=root + path,
                name=outlet.name,
                home=f"{root}/",
                country=outlet.country,
                languages=(outlet.language,),
                timezone=outlet.timezone,
                affiliation=outlet.affiliation,
                interval_minutes=0,
            )
            for root, outlet in self._outlets.items()
            for name, path in _feeds(outlet)
        )

    def sources_yaml(self) -> str:
        """The same as the text of a `sources.yaml`."""
        keys = ("id", "feed", "name", "home", "country", "timezone", "affiliation", "interval_minutes")
        rows = [
            {**{key: getattr(source, key) for key in keys}, "languages": list(source.languages)}
            for source in self.sources
        ]
        text: str = yaml.safe_dump(rows, allow_unicode=True, sort_keys=False)
        return text

    def gold(self) -> dict[str, str]:
        """By URL: the own text of every story with a good page, its paragraphs joined by line feeds."""
        return {
            site.url(story): "\n".join(site.paragraphs(story))
            for site in self._sites()
            for story in site.stories
            if story.page == "good" and story.linked
        }

    def counts(self, edition: int = 1) -> dict[str, int]:
        """How much of each a pass over this edition meets, after a pass over the one before.

        `feed-*` add up to the sources, `entry-*` to the entries of the feeds that are not `feed-unchanged`.
        """
        counts: Counter[str] = Counter()
        for outlet in self._outlets.values():
            counts.update(f"feed-{what}" for what in (outlet.extra_feeds or {}).values())
            if edition > 1 and not any(story.changes_in(edition) for story in outlet.stories):
                counts["feed-unchanged"] += 1
            else:
                counts["feed-broken" if outlet.broken else "feed-good"] += 1
                counts.update(_entries(outlet, edition))
        return dict(counts)

    def _sites(self) -> Iterator[Site]:
        for root, outlet in self._outlets.items():
            yield Site(outlet, root, self._now, self.edition, self._furniture[outlet.language])

    def _publish(self) -> dict[str, Resource]:
        """By URL: all bytes of this edition."""
        return {site.root + unquote(path): resource for site in self._sites() for path, resource in _resources(site)}


def _feeds(outlet: Outlet) -> Iterator[tuple[str, str]]:
    """Source id and path of each feed of an outlet, the good one first."""
    yield outlet.id, outlet.feed_path
    for path, what in (outlet.extra_feeds or {}).items():
        yield f"{outlet.id}-{what}-feed", path


def _entries(outlet: Outlet, edition: int) -> Iterator[str]:
    """What each entry of the outlet's feed is, as keys of `Newsroom.counts`."""
    for story in outlet.stories:
        if story.edition > edition:
            continue
        if not story.linked:
            yield "entry-linkless"
        elif story.edition == edition:
            yield f"entry-{story.page}"
        elif story.changes_in(edition):
            yield "entry-corrected"
        else:
            yield "entry-known"
        if story.twice:
            yield "entry-repeated"


def _resources(site: Site) -> Iterator[tuple[str, Resource]]:
    """Everything of a site, by path and query."""
    outlet = site.outlet
    yield outlet.feed_path, Resource(syndication.KINDS[outlet.feed], syndication.feed(site), site.newest())
    press = Press(site)
    front = press.home().encode()
    yield "/", Resource(HTML, front)
    for path, what in (outlet.extra_feeds or {}).items():
        if what == "html":
            yield path, Resource(HTML, front)
    if outlet.robots:
        yield "/robots.txt", Resource(TEXT, f"User-agent: *\nDisallow: {DISALLOWED}\n".encode())
    kind = HTML if outlet.charset == "utf-8" else BARE_HTML
    for story in site.stories:
        if story.page == "missing":
            continue
        text = "" if story.page == "empty" else press.page(story)
        body = text.encode(outlet.charset, "xmlcharrefreplace")
        yield site.path(story), Resource(kind, body, site.updated(story))


def _http_date(time: datetime) -> str:
    return format_datetime(time.astimezone(UTC), usegmt=True)


class _Address(ThreadingHTTPServer):
    """One listening address of one outlet."""

    daemon_threads = True
    request_queue_size = 64
    newsroom: Newsroom

    def __init__(self, host: str) -> None:
        super().__init__((host, 0), _Handler)
        self.root = f"http://{host}:{self.server_port}"

    def server_bind(self) -> None:
        """Bind without asking any name server who 127.0.0.1 is, as HTTPServer does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()[:2]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Newsroom"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet
    server: _Address

    def do_GET(self) -> None:
        found = self.server.newsroom.find(self.server.root, self.path)
        if found is None:
            self._answer(HTTPStatus.NOT_FOUND, Resource(HTML, b"<!DOCTYPE html><title>404</title><h1>404</h1>\n"))
        elif self._unchanged(found):
            self._answer(HTTPStatus.NOT_MODIFIED, found)
        else:
            self._answer(HTTPStatus.OK, found)

    do_HEAD = do_GET  # noqa: N815 - the name http.server looks for

    def log_message(self, *_: object) -> None:
        """Say nothing: `Newsroom.requests` is the log."""

    def _unchanged(self, found: Resource) -> bool:
        """RFC 9110, section 13.2.2: If-None-Match decides alone where it is present."""
        asked = self.headers.get("If-None-Match")
        if asked is not None:
            known = [tag.strip().removeprefix("W/") for tag in asked.split(",")]
            return asked.strip() == "*" or found.tags["ETag"] in known
        since = self.headers.get("If-Modified-Since")
        if not since or not found.modified:
            return False
        try:
            return found.modified <= parsedate_to_datetime(since)
        except (TypeError, ValueError):  # no date, or one without a zone: as if it were absent
            return False

    def _answer(self, status: HTTPStatus, found: Resource) -> None:
        newsroom = self.server.newsroom
        newsroom.requests.append(Request(newsroom.outlet_at(self.server.root), self.command, self.path, status))
        self.send_response(status)
        for name, value in found.tags.items():
            self.send_header(name, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Type", found.kind)
            self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        if self.command != "HEAD" and status != HTTPStatus.NOT_MODIFIED:
            self.wfile.write(found.body)
