"""WARC in, WARC out: every page as it was answered, with the feed entry that led to it, on any fsspec URL.

A page is a `response` record and a `metadata` record beside it (WARC 1.1, ISO 28500:2017), each a gzip member of its
own, so that a reader can start at any page. Files are named YYYY/MM/DD/RUN-PART.warc.gz by the UTC day of the fetch; a
file is written by one run only, so that a tail cut off by a crash never has anything behind it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, Self, TypeVar, cast

from isal import isal_zlib

from pipeline.model import Answer, Claim, ConfigError, Outcome, Page, Place, Source, StoreError
from pipeline.records import (
    claim_document,
    entry_document,
    outcome_document,
    read_claim,
    read_entry,
    read_outcome,
    timestamp,
)

if TYPE_CHECKING:
    from warcio.recordloader import ArcWarcRecord

GZIP_LEVEL = 2  # of ISA-L: 0.4 ms a page against 1.6 ms at zlib's level 1 and 7 ms at warcio's fixed 9
GZIP = isal_zlib.MAX_WBITS + 16
BROKEN_GZIP = cast("type[Exception]", isal_zlib.error)  # its stub says that this is an exception, not a class of such
SLICE = 1 << 16
SUFFIX = ".warc.gz"
OURS = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}/[^/]+-[0-9]{3,}" + re.escape(SUFFIX))
USERINFO = re.compile(r"://(?:[^/]*|[^/:\[]*:[^@]*)@")
"""A name or password before the host (RFC 3986 3.2.1), also one with a slash that should have been escaped. An @ in the
path behind a port looks like that, and is refused rather than a secret told."""
CONTAINER = re.compile(r"(?:^|::)(?:abfss?|az)://[^/:@]+@[^/:@]+(?:/|$)")  # Azure's own form: container@account
FIRST_DAY = date.min + timedelta(days=1)  # that a file of ours can be of
SPOOL, CLAIMS = "outcomes", "claims"  # folders beside those of the years
# What described the transfer and not the body that we keep, and what might be a secret.
NOT_KEPT = frozenset(
    {"content-encoding", "transfer-encoding", "content-length", "set-cookie", "connection", "keep-alive"}
)

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Archived:
    """A page of the archive, where it lies, and where reading goes on (bytes)."""

    page: Page
    place: Place
    next_offset: int


@dataclass(frozen=True, slots=True)
class Damaged:
    """Where a file stops being readable: a crash or a full disk cut it off."""

    file: str
    offset: int


class Archive:
    """All WARC files below one fsspec URL."""

    def __init__(self, url: str) -> None:
        """Take any fsspec URL or a local path; nothing is created before the first page.

        Raises ConfigError for a URL that is none or holds a secret, StoreError where its server is out of reach.
        """
        import fsspec

        _refuse_secrets(url)
        self.url = url
        try:
            with _told(url):
                self._files, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as fault:
            raise ConfigError(
                f"archive {url}: {fault}. Use a folder or an fsspec URL whose package is installed."
            ) from fault
        self._local = "file" in _protocols(self._files)

    def writer(self, run: str) -> Writer:
        """A writer of one run's pages."""
        return Writer(self, run)

    def files(self, since: date | None = None, until: date | None = None) -> list[str]:
        """Names of the WARC files of these UTC days (both inclusive), in the order of their days and runs."""
        with _told(self.url):
            if not self._files.exists(self._root):
                return []
            self._files.invalidate_cache(self._root)
            folders = self._from(since) if since else [self._root]
            found = [self._name(path) for folder in folders for path in self._files.find(folder)]
        first, last = since or date.min, until or date.max
        return sorted(name for name in found if name.endswith(SUFFIX) and first <= _day(name) <= last)

    def _from(self, since: date) -> list[str]:
        """The folders of the days from this one on: years of pages before it are not walked through."""
        first, folders = since.isoformat().replace("-", "/"), [self._root]
        for length in (4, 7, 10):  # years, months, days
            inside = [
                each
                for folder in folders
                for each in self._files.ls(folder, detail=True)
                if each["type"] == "directory"
            ]
            named = [each["name"] for each in inside if self._name(each["name"]).replace("/", "").isdigit()]
            folders = [path for path in named if self._name(path) >= first[:length]]
        return folders

    def _name(self, path: str) -> str:
        return path[len(self._root) :].strip("/")

    def expire(self, before: date) -> list[str]:
        """Remove the files of the UTC days before this one, oldest first, and folders left empty; give the files.

        A file with another name than a writer gives stays, and so does what lies beside the pages.
        """
        gone = [name for name in self.files(FIRST_DAY, before - timedelta(days=1)) if OURS.fullmatch(name)]
        with _told(self.url):
            for name in gone:
                with suppress(FileNotFoundError):
                    self._files.rm_file(f"{self._root}/{name}")
            days = {name.rpartition("/")[0] for name in gone}
            months = {day.rpartition("/")[0] for day in days}
            years = {month.rpartition("/")[0] for month in months}
            for folder in (*days, *months, *years):
                self._remove_empty(folder)
        return gone

    def _remove_empty(self, folder: str) -> None:
        """Remove a folder with nothing in it; an object store has none, and says that it is not there."""
        path = f"{self._root}/{folder}"
        self._files.invalidate_cache()
        with suppress(FileNotFoundError):
            if not self._files.ls(path, detail=False):
                self._files.rmdir(path)

    def pages(self, file: str, offset: int = 0) -> Iterator[Archived | Damaged]:
        """Pages of one file from a page's offset on; `Damaged` comes last where the file does not end well."""
        with _told(self.url), self._files.open(f"{self._root}/{file}", "rb") as stream:
            stream.seek(offset)
            response: bytes | None = None
            place = offset
            try:
                for member, end in _members(stream, offset):
                    record = _record(member)
                    if record.rec_type == "response":
                        response = member
                    elif record.rec_type == "metadata" and response is not None:
                        yield Archived(_page(_record(response), record), Place(file, place), end)
                        response, place = None, end
            except (EOFError, BROKEN_GZIP, ValueError, KeyError):
                yield Damaged(file, place)
            else:
                if response is not None:
                    yield Damaged(file, place)

    def spool(self, run: str, outcomes: Iterable[Outcome]) -> None:
        """Keep outcomes beside the pages while the store is away."""
        self._append(SPOOL, run, map(outcome_document, outcomes))

    def spooled(self) -> list[tuple[str, list[Outcome]]]:
        """Spool files by name with what they hold."""
        return [(name, list(_sound(read_outcome, lines))) for name, lines in self._kept(SPOOL)]

    def unspool(self, name: str) -> None:
        """Forget a spool file whose outcomes are stored."""
        with _told(self.url):
            self._files.rm_file(name)

    def record(self, run: str, claims: Collection[Claim]) -> None:
        """Keep claims beside the pages, when they are made and again when their alert was delivered.

        So a store that is made anew repeats no alert, and owes those that wait.
        """
        if claims:
            self._append(CLAIMS, run, map(claim_document, claims))

    def recorded(self) -> Iterator[Claim]:
        """All claims as they were recorded, run by run; one comes twice where its alert was delivered."""
        for _, lines in self._kept(CLAIMS):
            yield from _sound(read_claim, lines)

    def _append(self, folder: str, run: str, told: Iterable[dict[str, Any]]) -> None:
        """Add lines to a run's file in a folder beside the pages; an object store takes the file whole."""
        lines = "".join(json.dumps(each) + "\n" for each in told)
        name = f"{self._root}/{folder}/{run}.jsonl"
        with _told(self.url):
            self._files.makedirs(f"{self._root}/{folder}", exist_ok=True)
            earlier = b"" if self._local or not self._files.exists(name) else self._files.cat_file(name)
            with self._files.open(name, "ab" if self._local else "wb") as stream:
                stream.write(earlier + lines.encode())

    def _kept(self, folder: str) -> Iterator[tuple[str, list[str]]]:
        """The files of a folder beside the pages, by name, with their lines."""
        with _told(self.url):
            for name in sorted(self._files.glob(f"{self._root}/{folder}/*.jsonl")):
                yield str(name), self._files.cat_file(name).decode("utf-8", "replace").splitlines()

    def check(self) -> None:
        """Write and remove a file of one block; raises StoreError where that fails."""
        probe = f"{self._root}/.writable-{secrets.token_hex(8)}"  # of this call alone: others may check meanwhile
        with _told(self.url):
            self._files.makedirs(self._root, exist_ok=True)
            try:
                self._files.pipe_file(probe, bytes(4096))
            except OSError:
                with suppress(OSError):
                    self._files.rm_file(probe)
                raise
            self._files.rm_file(probe)

    def create(self, name: str) -> tuple[str, BinaryIO]:
        """Open a new file for writing, unbuffered on local disks; an existing one is never touched."""
        path = f"{self._root}/{name}"
        if self._files.exists(path):
            raise StoreError(f"archive {self.url}: {name} exists already; two runs of one name cannot share it.")
        self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
        stream = open(path, "xb", buffering=0) if self._local else self._files.open(path, "wb")  # noqa: SIM115, PTH123 - the writer closes it
        return path, cast("BinaryIO", stream)

    @property
    def local(self) -> bool:
        """Whether the archive lies on a local disk: files can be appended to and synchronised."""
        return self._local


class Writer:
    """Appends pages of one run; on a local disk one has reached the system when `add` returns, the disk after `flush`.

    Elsewhere an object is complete only when closed: `flush` closes it, the next page opens another.
    """

    def __init__(self, archive: Archive, run: str) -> None:
        self._archive = archive
        self._run = run
        self._part = 0
        self._name = ""
        self._stream: BinaryIO | None = None
        self._offset = 0
        self._dirty = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, page: Page) -> Place:
        """Append one page; raises StoreError where the disk is full or cannot be written."""
        data = b"".join(map(_packed, _records(page)))
        with _told(self._archive.url):
            stream = self._open(page.answer.at)
            place = Place(self._name, self._offset)
            self._offset += len(data)
            self._dirty = True
            view = memoryview(data)
            while view:
                view = view[stream.write(view) :]
        return place

    def flush(self) -> None:
        """Make what was added durable: fsync on a local disk, elsewhere the object is closed."""
        if self._stream is None or not self._dirty:
            return
        self._dirty = False
        with _told(self._archive.url):
            if self._archive.local:
                os.fsync(self._stream.fileno())
            else:
                self.close()

    def close(self) -> None:
        """Make durable and close."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        with _told(self._archive.url), stream:
            if self._archive.local:
                os.fsync(stream.fileno())

    def _open(self, at: datetime) -> BinaryIO:
        day = f"{at.astimezone(UTC):%Y/%m/%d}"
        if self._stream is not None and not self._name.startswith(day):
            self.close()
        if self._stream is None:
            self._part += 1
            self._name = f"{day}/{self._run}-{self._part:03d}{SUFFIX}"
            path, self._stream = self._archive.create(self._name)
            self._offset = 0
            if self._archive.local:
                _sync_folder(path)
        return self._stream


def _sync_folder(path: str) -> None:
    """A new file survives a power cut only when its folder is on the disk too."""
    folder = os.open(os.path.dirname(path), os.O_RDONLY)  # noqa: PTH120 - beside os.open
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Turn a fault of the disk or the object store into one sentence."""
    try:
        yield
    except OSError as fault:
        what = fault.strerror or str(fault)
        raise StoreError(
            f"archive {url}: {what}. Free space, correct the rights or see that it can be reached, then run again: "
            "nothing is lost."
        ) from fault


def _refuse_secrets(url: str) -> None:
    """Raise ConfigError where a URL holds a name or password; the message never repeats those."""
    if USERINFO.search(CONTAINER.sub("", url)):
        raise ConfigError(
            "archive: the URL holds a name or password before the @; put them into the environment, where the package "
            "of its kind looks for them: ftp for FSSPEC_FTP_USERNAME and FSSPEC_FTP_PASSWORD, sftp for "
            "FSSPEC_SFTP_USERNAME and FSSPEC_SFTP_PASSWORD, s3 for AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )


def _protocols(files: object) -> tuple[str, ...]:
    named = getattr(files, "protocol", ())
    return (named,) if isinstance(named, str) else tuple(named)


def run_of(file: str) -> str:
    """The id of the run that wrote a file."""
    return file.rpartition("/")[2].removesuffix(SUFFIX).rpartition("-")[0]


def _day(name: str) -> date:
    """The UTC day in a file's name; a file that is not ours is older than any of ours."""
    with suppress(ValueError):
        return date.fromisoformat(name[:10].replace("/", "-"))
    return date.min


def _members(stream: BinaryIO, offset: int) -> Iterator[tuple[bytes, int]]:
    """Content and end offset of each gzip member; EOFError where the last one is cut off."""
    unpacker, parts, rest = isal_zlib.decompressobj(GZIP), [], b""
    while block := rest or stream.read(SLICE):
        parts.append(unpacker.decompress(block))
        rest = unpacker.unused_data
        offset += len(block) - len(rest)
        if unpacker.eof:
            yield b"".join(parts), offset
            unpacker, parts = isal_zlib.decompressobj(GZIP), []
    if parts:
        raise EOFError


def _packed(record: ArcWarcRecord) -> bytes:
    from warcio.warcwriter import WARCWriter

    plain = BytesIO()
    WARCWriter(plain, gzip=False, warc_version="1.1").write_record(record)
    packer = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, GZIP)
    return packer.compress(plain.getbuffer()) + packer.flush()


def _records(page: Page) -> tuple[ArcWarcRecord, ArcWarcRecord]:
    from warcio.recordbuilder import RecordBuilder
    from warcio.statusandheaders import StatusAndHeaders

    answer, build = page.answer, RecordBuilder(warc_version="1.1")
    kept = [(name, value) for name, value in answer.headers if name not in NOT_KEPT]
    head = StatusAndHeaders(str(answer.status), [*kept, ("content-length", str(len(answer.body)))], protocol="HTTP/1.1")
    said = {"WARC-Date": timestamp(answer.at)}
    response = build.create_warc_record(
        answer.url,
        "response",
        payload=BytesIO(answer.body),
        length=len(answer.body),  # warcio would spool a body of unknown length into a temporary file
        http_headers=head,
        warc_headers_dict=said,
    )
    about = {"WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID"), "WARC-Date": timestamp(answer.at)}
    told = json.dumps(
        {
            "url": page.url,
            "source": page.source.id,
            "run": page.run,
            "redirects": answer.redirects,
            "entry": entry_document(page.entry),
        },
        ensure_ascii=False,
    ).encode()
    metadata = build.create_warc_record(
        answer.url,
        "metadata",
        payload=BytesIO(told),
        length=len(told),
        warc_content_type="application/json",
        warc_headers_dict=about,
    )
    return response, metadata


def _record(member: bytes) -> ArcWarcRecord:
    """Parse one record; ValueError where it is none."""
    from warcio.archiveiterator import WARCIterator
    from warcio.exceptions import ArchiveLoadFailed

    try:
        return next(WARCIterator(BytesIO(member)))
    except (ArchiveLoadFailed, StopIteration) as fault:
        raise ValueError("not a WARC record") from fault


def _page(response: ArcWarcRecord, metadata: ArcWarcRecord) -> Page:
    told: dict[str, Any] = json.loads(metadata.content_stream().read())
    answer = Answer(
        url=response.rec_headers.get_header("WARC-Target-URI"),
        status=int(response.http_headers.get_statuscode()),
        headers=tuple((name.lower(), value) for name, value in response.http_headers.headers),
        body=response.raw_stream.read(),
        at=datetime.fromisoformat(response.rec_headers.get_header("WARC-Date")),
        redirects=tuple((int(status), str(url)) for status, url in told["redirects"]),
    )
    return Page(told["url"], answer, read_entry(told["entry"]), Source(told["source"], ""), told["run"])


def _sound(read: Callable[[Any], Value], lines: Iterable[str]) -> Iterator[Value]:
    """What lines of JSON say; one that a crash cut off is passed over."""
    for line in lines:
        with suppress(ValueError, KeyError):
            yield read(json.loads(line))
