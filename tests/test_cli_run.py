"""`wireroom run` and `wireroom replay`: which sources and pages they take, how they end, and how they are stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.archive import Archive
from pipeline.model import Answer, Changes, Entry, Page, Source, Stored, Visit
from tests.command_line import ENVIRONMENT, Desk, article, spawned
from tests.house import ROOT
from tests.local_server import LocalServer, Reply

NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = f"{NOW:%Y-%m-%d}"
SETTINGS = "fetch: {delay_seconds: 0, allow_networks: [127.0.0.0/8]}\nprocess: {workers: 1}\n"
STORY = (
    "The harbour master of the southern port has asked the fishermen to keep their boats ashore until Sunday, because "
    "a storm is expected to cross the gulf on Friday night and the new breakwater is not finished yet, he told us."
)


def html(number: int) -> bytes:
    paragraphs = f"<p>{STORY}</p><p>Boat number {number} was brought in by its owner on Thursday morning.</p>"
    head = f"<html><head><title>Storm {number}</title></head>"
    return f"{head}<body><h1>Storm {number}</h1>{paragraphs}</body></html>".encode()


def rss(*urls: str) -> bytes:
    items = "".join(f"<item><title>Storm</title><link>{url}</link></item>" for url in urls)
    return f'<rss version="2.0"><channel><title>Port</title>{items}</channel></rss>'.encode()


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer({"/1": Reply(html(1)), "/2": Reply(html(2)), "/busy": Reply(status=503)}) as running:
        running.routes["/feed"] = Reply(rss(running.url("/1")))
        running.routes["/other"] = Reply(rss(running.url("/2")))
        yield running


@pytest.fixture
def desk(tmp_path: Path, server: LocalServer) -> Desk:
    sources = f"""
- {{id: port, feed: "{server.url("/feed")}"}}
- {{id: other, feed: "{server.url("/other")}", enabled: false}}
"""
    return Desk(tmp_path).write(sources=sources, settings=SETTINGS)


def saved(desk: Desk, changes: Changes) -> None:
    store = desk.opened()
    store.save(changes)
    store.close()


# run


def test_a_pass_takes_the_enabled_sources_that_are_due(desk: Desk, server: LocalServer) -> None:
    first, second = desk.spawned("run"), desk.spawned("run")

    assert (first.code, second.code) == (0, 0)
    assert "2 outcomes = 1 polls + 1 entries" in first.out
    assert "0 outcomes" in second.out, "an hour has not passed"
    assert [target for target in server.targets if target != "/robots.txt"] == ["/feed", "/1"]
    assert [row["title"] for row in desk.searched("--json").rows] == ["Storm 1"]


def test_a_source_that_is_asked_for_is_polled_alone_due_or_not_enabled_or_not(desk: Desk, server: LocalServer) -> None:
    told = [desk.spawned("run", "--source", "other") for _ in range(2)]

    assert [each.code for each in told] == [0, 0]
    assert server.targets.count("/other") == 2
    assert "/feed" not in server.targets
    assert server.targets.count("/2") == 1


def test_a_source_nobody_configured_is_wrong_use(desk: Desk, server: LocalServer) -> None:
    told = desk.typed("run", "--source", "prot")

    assert (told.code, told.out, server.requests) == (2, "", [])
    assert told.err == f"wireroom: --source prot: no such id in {desk.config}/sources.yaml.\n"


def test_a_feed_that_fails_is_reported_and_no_exit_code(desk: Desk, server: LocalServer) -> None:
    server.routes["/feed"] = Reply(status=500)

    told = desk.spawned("run")

    assert told.code == 0
    assert "http-500" in told.out


def test_an_entry_that_fails_is_exit_code_1(desk: Desk, server: LocalServer) -> None:
    promised = Entry(server.url("/busy"), number=1, attempts=5)
    visit = Visit("port", "run-1", NOW, 200, NOW + timedelta(hours=1), pending=(promised,))
    saved(desk, Changes(visits=(Stored(visit),)))

    told = desk.spawned("run")

    assert told.code == 1
    assert "failed" in told.out
    assert "http-503" in told.out


def test_a_full_disk_ends_the_run_with_a_sentence_and_the_next_run_has_it_all(desk: Desk, server: LocalServer) -> None:
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))"
    desk.typed("setup")
    size = max(each.stat().st_size for each in desk.folder.glob("wireroom.db*"))

    for limit in (100, size + 2_000):
        told = desk.spawned("run", before=full.format(limit))
        assert told.code == 1
        assert "Traceback" not in told.err
        assert told.err.splitlines()[-1].startswith("wireroom: ")
        assert "run again" in told.err

    server.routes["/feed"] = Reply(rss(server.url("/1"), server.url("/2")))
    assert desk.spawned("run", "--source", "port").code == 0
    assert sorted(row["title"] for row in desk.searched("--json").rows) == ["Storm 1", "Storm 2"]


def test_an_archive_that_cannot_be_written_is_told_and_nothing_is_lost(desk: Desk) -> None:
    desk.archive.write_text("in the way")
    told = desk.spawned("run")
    desk.archive.unlink()

    assert told.code == 1
    assert told.err.startswith(f"wireroom: archive {desk.archive}: ")
    assert len(told.err.splitlines()) == 1
    assert desk.spawned("run").code == 0
    assert [row["title"] for row in desk.searched("--json").rows] == ["Storm 1"]


def test_a_watch_goes_on_until_it_is_interrupted_and_that_is_no_failure(desk: Desk) -> None:
    command = [sys.executable, "-m", "pipeline", "run", "--watch", *desk.places]
    with subprocess.Popen(  # noqa: S603 - a command of our own
        command,
        cwd=ROOT,
        env={**ENVIRONMENT, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as running:
        assert running.stdout
        printed = iter(running.stdout.readline, b"")
        assert any(b"2 outcomes = 1 polls + 1 entries" in line for line in printed)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does
        _, err = running.communicate(timeout=60)

    assert running.returncode == 0
    assert err == b"wireroom: stopped\n"


# replay


@pytest.fixture
def replayed(tmp_path: Path) -> Desk:
    """A desk with three archived pages of two outlets and two days, and no store."""
    desk = Desk(tmp_path).write(settings=SETTINGS)
    with Archive(str(desk.archive)).writer("run-1") as writer:
        for number, (source, days) in enumerate((("port", 3), ("port", 1), ("bay", 1)), 1):
            url = f"https://{source}.example/{number}"
            answer = Answer(url, 200, (("content-type", "text/html"),), html(number), NOW - timedelta(days=days))
            writer.add(Page(url, answer, Entry(url, number=number), Source(source, ""), "run-1"))
    return desk


def day(back: int) -> str:
    return f"{NOW - timedelta(days=back):%Y-%m-%d}"


@pytest.mark.parametrize(
    ("options", "titles"),
    [
        (("--since", day(1)), ["Storm 2", "Storm 3"]),
        (("--since", day(3), "--until", day(3)), ["Storm 1"]),
        (("--since", day(5), "--outlet", "bay"), ["Storm 3"]),
    ],
)
def test_a_replay_takes_the_pages_of_these_days_and_outlets(
    replayed: Desk, options: tuple[str, ...], titles: list[str]
) -> None:
    told = replayed.spawned("replay", *options)

    assert told.code == 0
    assert f"{len(titles)} pages: {len(titles)} kept new\n" in told.out
    assert sorted(row["title"] for row in replayed.searched("--all", "--json").rows) == titles


def test_a_dry_run_tells_what_would_change_and_writes_nothing(replayed: Desk) -> None:
    told = replayed.spawned("replay", "--since", day(5), "--dry-run")

    assert told.code == 0
    assert "https://port.example/1: would be created: Storm 1" in told.lines
    assert told.lines[-1] == "3 pages would be: 3 kept new"
    assert replayed.searched("--json").out == ""


def test_failed_takes_only_what_gave_no_article_so_far(replayed: Desk) -> None:
    urls = ("https://port.example/2", "https://bay.example/3")
    saved(replayed, Changes(articles=tuple(Stored(article(url)) for url in urls)))

    told = replayed.spawned("replay", "--since", day(5), "--failed", "--dry-run")

    assert told.lines == ["https://port.example/1: would be created: Storm 1", "1 pages would be: 1 kept new"]


def test_a_new_rule_is_followed_field_by_field(replayed: Desk) -> None:
    saved(replayed, Changes(articles=(Stored(article("https://bay.example/3", title="Storm", text=STORY)),)))
    replayed.write(actors="- {id: harbour-master, names: {en: harbour master}}\n")

    dry = replayed.spawned("replay", "--since", day(5), "--outlet", "bay", "--dry-run")
    real = replayed.spawned("replay", "--since", day(5), "--outlet", "bay")

    assert "https://bay.example/3: title: Storm -> Storm 3" in dry.lines
    assert "https://bay.example/3: actors: nothing -> harbour-master" in dry.lines
    assert (real.code, real.out) == (0, "1 pages: 1 kept changed\n")
    assert [row["title"] for row in replayed.searched("--actor", "harbour-master", "--json").rows] == ["Storm 3"]


def test_a_truncated_file_gives_what_stands_before_the_tear(replayed: Desk) -> None:
    file = max(replayed.archive.rglob("*.warc.gz"))
    os.truncate(file, file.stat().st_size - 10)

    told = replayed.spawned("replay", "--since", day(5))

    assert told.code == 0
    assert told.out == "2 pages: 2 kept new\n"
    assert "is cut off at byte" in told.err


def test_days_without_pages_are_no_error(replayed: Desk) -> None:
    told = replayed.typed("replay", "--since", TODAY)

    assert (told.code, told.out) == (0, "no such page in the archive\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "Missing option '--since'"),
        (("--since", "7d"), "--since 7d: expected a day such as 2026-11-21"),
        (("--since", "2026-02-30"), "--since 2026-02-30: expected a day"),
        (("--since", "2026-11-01", "--until", "soon"), "--until soon: expected a day"),
        (("--since", "2026-11-02", "--until", "2026-11-01"), "--until 2026-11-01 lies before --since 2026-11-02"),
    ],
)
def test_a_day_that_is_none_is_wrong_use(replayed: Desk, options: tuple[str, ...], said: str) -> None:
    told = replayed.typed("replay", *options)

    assert (told.code, told.out) == (2, "")
    assert said in told.err
    assert not replayed.database.exists()


def test_an_unknown_option_of_a_run_is_wrong_use() -> None:
    assert spawned("run", "--skip-bad").code == 2
