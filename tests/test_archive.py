"""The archive: what is fetched comes back byte for byte, and a torn file gives all that stands before the tear."""

from __future__ import annotations

import os
import resource
import signal
import socket
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from pipeline.archive import Archive, Archived, Damaged
from pipeline.model import Answer, Claim, ConfigError, Entry, Fate, Outcome, Page, Source, StoreError

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
BODY = "<html><p>می‌توان گفت که نیروهای مرزی بازگشتند</p></html>".encode()


def page(number: int = 1, body: bytes = BODY, at: datetime = NOW) -> Page:
    url = f"https://khabar.example/news/{number}"
    headers = (("content-type", "text/html; charset=utf-8"), ("content-encoding", "gzip"), ("set-cookie", "session=1"))
    answer = Answer(url, 200, headers, body, at, redirects=((301, "http://khabar.example/1"),))
    entry = Entry(url, "خبر مرزی", published=NOW, summary="کوتاه", number=number)
    return Page(url, answer, entry, Source("khabar", "https://khabar.example/feed"), "run-1")


def written(root: Path, count: int = 3) -> tuple[Archive, str]:
    archive = Archive(str(root))
    with archive.writer("run-1") as writer:
        for number in range(1, count + 1):
            writer.add(page(number))
    return archive, archive.files()[0]


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Files may have so many bytes: the system's own refusal, as a full disk gives it."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_a_page_comes_back_byte_for_byte_with_its_entry(tmp_path: Path) -> None:
    archive, file = written(tmp_path, 1)

    [found] = archive.pages(file)

    assert isinstance(found, Archived)
    assert found.page.answer.body == BODY
    assert found.page.answer.url == "https://khabar.example/news/1"
    assert found.page.answer.status == 200
    assert found.page.answer.at == NOW
    assert found.page.answer.redirects == ((301, "http://khabar.example/1"),)
    assert found.page.entry == page().entry
    assert (found.page.source.id, found.page.run, found.page.url) == ("khabar", "run-1", page().url)


def test_headers_keep_what_describes_the_body_and_no_cookie(tmp_path: Path) -> None:
    archive, file = written(tmp_path, 1)

    [found] = archive.pages(file)

    assert isinstance(found, Archived)
    assert dict(found.page.answer.headers) == {
        "content-type": "text/html; charset=utf-8",
        "content-length": str(len(BODY)),
    }


def test_files_are_standard_warc_that_warcio_reads_with_sound_digests(tmp_path: Path) -> None:
    _, file = written(tmp_path, 2)

    with (tmp_path / file).open("rb") as stream:
        records = ArchiveIterator(stream, check_digests="raise")
        types = [(record.rec_type, record.content_stream().read() != b"") for record in records]

    assert types == [("response", True), ("metadata", True)] * 2


def test_reading_goes_on_at_the_offset_a_page_names(tmp_path: Path) -> None:
    archive, file = written(tmp_path)
    first = next(archive.pages(file))
    assert isinstance(first, Archived)

    rest = [found.page.entry.number for found in archive.pages(file, first.next_offset) if isinstance(found, Archived)]

    assert rest == [2, 3]


def test_a_place_in_the_archive_leads_to_its_page(tmp_path: Path) -> None:
    archive, file = written(tmp_path)
    second = list(archive.pages(file))[1]
    assert isinstance(second, Archived)

    again = next(archive.pages(second.place.file, second.place.offset))

    assert isinstance(again, Archived)
    assert again.page == second.page


@settings(deadline=None, derandomize=True, max_examples=60)
@given(cut=st.integers(min_value=1, max_value=2_500))
def test_a_truncated_file_gives_every_whole_page_and_says_where_it_ends(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    root = tmp_path_factory.mktemp("archive")
    archive, file = written(root)
    ends = [found.next_offset for found in archive.pages(file) if isinstance(found, Archived)]
    size = (root / file).stat().st_size
    os.truncate(root / file, max(size - cut, 0))

    found = list(archive.pages(file))

    whole = [each for each in found if isinstance(each, Archived)]
    assert len(whole) == sum(end <= size - cut for end in ends)
    if size - cut not in (0, *ends) and size > cut:
        assert found[-1] == Damaged(file, ends[len(whole) - 1] if whole else 0)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(noise=st.binary(max_size=400), at=st.integers(min_value=0, max_value=1_500))
def test_noise_in_a_file_never_raises(tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int) -> None:
    root = tmp_path_factory.mktemp("archive")
    archive, file = written(root)
    data = (root / file).read_bytes()
    (root / file).write_bytes(data[:at] + noise + data[at + len(noise) :])

    assert all(isinstance(found, Archived | Damaged) for found in archive.pages(file))


def test_pages_are_filed_under_the_utc_day_of_their_fetch(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    with archive.writer("run-1") as writer:
        writer.add(page(at=datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)))
        writer.add(page(at=datetime(2026, 11, 21, 0, 0, 1, tzinfo=UTC)))

    assert archive.files() == ["2026/11/20/run-1-001.warc.gz", "2026/11/21/run-1-002.warc.gz"]
    assert archive.files(since=date(2026, 11, 21)) == ["2026/11/21/run-1-002.warc.gz"]
    assert archive.files(until=date(2026, 11, 20)) == ["2026/11/20/run-1-001.warc.gz"]


def test_an_archive_that_was_never_written_has_no_files(tmp_path: Path) -> None:
    assert Archive(str(tmp_path / "none")).files() == []
    assert not (tmp_path / "none").exists()


def test_strange_files_in_the_folder_are_passed_over(tmp_path: Path) -> None:
    archive, file = written(tmp_path)
    (tmp_path / "notes.txt").write_text("not ours")
    (tmp_path / "old.warc.gz").write_bytes(b"")

    assert archive.files(since=date(2026, 1, 1)) == [file]


def test_a_page_has_reached_the_system_before_the_next_is_asked_for(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    writer = archive.writer("run-1")
    writer.add(page(1))

    assert len([each for each in archive.pages(archive.files()[0]) if isinstance(each, Archived)]) == 1
    writer.close()


def test_a_file_of_another_run_is_never_touched(tmp_path: Path) -> None:
    written(tmp_path)

    with pytest.raises(StoreError, match="exists already"), Archive(str(tmp_path)).writer("run-1") as writer:
        writer.add(page())


def test_on_an_object_store_each_flush_closes_an_object() -> None:
    archive = Archive("memory://flushed")
    with archive.writer("run-1") as writer:
        writer.add(page(1))
        writer.flush()
        writer.flush()
        assert len(archive.files()) == 1
        writer.add(page(2))

    assert [len(list(archive.pages(file))) for file in archive.files()] == [1, 1]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_rights_is_one_clear_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)

    with pytest.raises(StoreError, match="Permission denied"):
        Archive(str(tmp_path / "archive")).check()


def test_a_path_through_a_file_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreError, match="nothing is lost"), Archive(str(tmp_path / "file")).writer("run-1") as writer:
        writer.add(page())


def test_a_full_disk_is_one_clear_sentence_and_keeps_what_was_written(tmp_path: Path) -> None:
    with disk_of(2_500), pytest.raises(StoreError, match="Free space"):
        written(tmp_path, 9)

    archive = Archive(str(tmp_path))
    found = list(archive.pages(archive.files()[0]))
    assert isinstance(found[0], Archived)
    assert isinstance(found[-1], Damaged)


def test_an_unknown_kind_of_url_is_one_clear_sentence() -> None:
    with pytest.raises(ConfigError, match="nowhere://bucket"):
        Archive("nowhere://bucket/pages")


def test_a_server_out_of_reach_is_one_clear_sentence() -> None:
    with socket.socket() as taken:  # and not listened at: who asks there is refused
        taken.bind(("127.0.0.1", 0))
        url = f"ftp://127.0.0.1:{taken.getsockname()[1]}/pages"

        with pytest.raises(StoreError, match=rf"archive {url}: Connection refused.*that it can be reached"):
            Archive(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://leyla:s3cret@archive.example/pages",
        "ftp://leyla:s3cret@archive.example",
        "ftp://s3cret@archive.example/pages",
        "ftp://leyla:s3cret/with/slashes@archive.example/pages",
        "ftp://leyla:3/s3cret@archive.example/pages",
        "simplecache::sftp://leyla:s3cret@archive.example:22/pages",
        "nowhere://leyla:s3cret@archive.example/pages",
        "abfs://leyla:s3cret@account.dfs.core.windows.net/pages",
    ],
)
def test_a_secret_in_a_url_is_refused_and_never_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match="before the @; put them into the environment") as refused:
        Archive(url)

    assert "s3cret" not in str(refused.value)
    assert "leyla" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "nowhere://[::1]:22/a@b",
        "nowhere://bucket/a:b@c",
        "simplecache::abfs://container@account.dfs.core.windows.net/pages",
        "az://container@account.dfs.core.windows.net",
    ],
)
def test_an_at_sign_elsewhere_is_none_of_a_secret(url: str) -> None:
    with pytest.raises(ConfigError) as refused:  # the package is not installed
        Archive(url)

    assert str(refused.value).startswith(f"archive {url}: ")


def test_a_folder_may_hold_an_at_sign(tmp_path: Path) -> None:
    for url in (f"{tmp_path}/a:b@c", f"file://{tmp_path}/a:b@c"):
        Archive(url).check()

    assert list((tmp_path / "a:b@c").iterdir()) == []


def test_two_who_check_at_once_do_not_meet(tmp_path: Path) -> None:
    def check(_: int) -> None:
        archive = Archive(str(tmp_path))
        for _ in range(200):
            archive.check()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(check, range(2))) == [None, None]

    assert list(tmp_path.iterdir()) == []


def test_a_check_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    with disk_of(1_000), pytest.raises(StoreError, match="Free space"):
        Archive(str(tmp_path)).check()

    assert list(tmp_path.iterdir()) == []


def test_what_a_check_left_behind_is_no_page(tmp_path: Path) -> None:
    archive, file = written(tmp_path)
    (tmp_path / ".writable-0123456789abcdef").write_bytes(bytes(4096))

    assert archive.files() == archive.files(since=NOW.date()) == [file]
    assert archive.expire(date(2026, 11, 21)) == []


@pytest.mark.parametrize("where", ["{}", "memory://{}"])
def test_outcomes_are_spooled_while_the_store_is_away(tmp_path: Path, where: str) -> None:
    archive = Archive(where.format(tmp_path))
    outcome = Outcome("run-1", "khabar", "https://khabar.example/1", "fetch", Fate.DROPPED, "http-404", NOW, 4)

    archive.spool("run-1", [outcome])
    archive.spool("run-1", [outcome])
    [(name, outcomes)] = archive.spooled()
    assert outcomes == [outcome, outcome]

    archive.unspool(name)
    assert archive.spooled() == []


def test_a_torn_line_of_the_spool_is_passed_over(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    archive.spool("run-1", [Outcome("run-1", "khabar", "u", "feed", Fate.KEPT, "http-200", NOW)])
    with (tmp_path / "outcomes" / "run-1.jsonl").open("a") as stream:
        stream.write('{"run": "run-1", "sou')

    [(_, outcomes)] = archive.spooled()

    assert [outcome.reason for outcome in outcomes] == ["http-200"]


@pytest.mark.parametrize("where", ["{}", "memory://{}"])
def test_claims_come_back_as_they_were_recorded_run_by_run(tmp_path: Path, where: str) -> None:
    archive = Archive(where.format(tmp_path))
    claims = [Claim("irgc", str(number), "new", NOW, "an alert") for number in range(3)]
    delivered = replace(claims[0], alert="", delivered_at=NOW)

    archive.record("run-2", claims[2:])
    archive.record("run-1", claims[:2])
    archive.record("run-1", [replace(claims[0], delivered_at=NOW)])
    archive.record("run-3", [])

    assert list(archive.recorded()) == [*claims[:2], delivered, claims[2]]
    assert archive.files() == []
    assert archive.spooled() == []


def test_an_archive_without_claims_tells_of_none(tmp_path: Path) -> None:
    assert list(Archive(str(tmp_path / "nothing")).recorded()) == []


# What is old


def of_days(url: str, *days: str) -> Archive:
    """An archive with a file of each of these days, written by one run."""
    archive = Archive(url)
    with archive.writer("run-1") as writer:
        for day in days:
            writer.add(page(at=datetime.fromisoformat(f"{day}T23:59:59Z")))
    return archive


def test_files_of_the_days_before_a_day_go_oldest_first_and_the_folders_they_leave_empty(tmp_path: Path) -> None:
    days = ("2026-10-31", "2025-12-31", "2026-11-18", "2026-11-19")
    archive = of_days(str(tmp_path), *days)
    archive.spool("run-1", [])
    archive.record("run-1", [Claim("rule", "a1", "new", NOW)])

    gone = archive.expire(date(2026, 11, 19))

    assert [name[:10] for name in gone] == ["2025/12/31", "2026/10/31", "2026/11/18"]
    assert [name[:10] for name in archive.files()] == ["2026/11/19"]
    left = {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_dir()}
    assert left == {"2026", "2026/11", "2026/11/19", "outcomes", "claims"}
    assert len(list(archive.recorded())) == len(archive.spooled()) == 1
    assert archive.expire(date(2026, 11, 19)) == []


def test_only_files_that_a_writer_named_go(tmp_path: Path) -> None:
    archive = of_days(str(tmp_path), "2020-01-01")
    strangers = (
        "mine.warc.gz",
        "2020/01/01/run-1-001.warc.gz.part",
        "2020/01/01/copy.warc.gz",
        "2020/01/01/deeper/run-1-001.warc.gz",
        "2020/13/01/run-1-001.warc.gz",
        "backup/2020/01/01/run-1-001.warc.gz",
        "٢٠٢٠/٠١/٠١/run-1-001.warc.gz",
    )
    for name in strangers:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert archive.expire(date(2026, 1, 1)) == ["2020/01/01/run-1-001.warc.gz"]

    assert {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_file()} == set(strangers)


def test_files_of_an_object_store_expire_too() -> None:
    archive = of_days("memory://expiring", "2026-10-31", "2026-11-19")

    assert [name[:10] for name in archive.expire(date(2026, 11, 1))] == ["2026/10/31"]
    assert [name[:10] for name in Archive("memory://expiring").files()] == ["2026/11/19"]


def test_an_archive_without_a_page_has_nothing_to_expire(tmp_path: Path) -> None:
    assert Archive(str(tmp_path / "none")).expire(date(2026, 11, 19)) == []


def test_a_file_that_may_not_be_removed_is_told(tmp_path: Path) -> None:
    class Listed(Archive):
        def files(self, since: date | None = None, until: date | None = None) -> list[str]:  # noqa: ARG002 - of any day
            """What was a file when it was listed."""
            return ["2020/01/01/run-1-001.warc.gz"]

    (tmp_path / "2020/01/01/run-1-001.warc.gz").mkdir(parents=True)  # so that nobody can remove it as a file

    with pytest.raises(StoreError, match=r"archive .*: Is a directory"):
        Listed(str(tmp_path)).expire(date(2026, 1, 1))
