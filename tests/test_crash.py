"""Runs as processes: killed at twelve points and run once more, or two at once, they leave the store of a quiet run."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from select import select
from typing import Any

import pytest
import yaml

from pipeline.model import Outcome
from pipeline.newsroom import Newsroom
from pipeline.newsroom.server import Request
from pipeline.stores.sqlite import SqliteStore
from tests.trial import LONG_AGO, equal_parts, start, table

OUTLETS = ("sanabil", "difat-dijla", "al-marfaa", "two-rivers", "dogu-pusulasi", "bilur", "chra", "inbar")
SETTINGS = "fetch: {delay_seconds: 0, allow_networks: [127.0.0.0/8]}\nalerts: {max_age_hours: 1000}\n"
ACTORS = """
- {id: peshmerga, names: {en: Peshmerga}, aliases: {ar: [البيشمركة], ckb: [پێشمەرگە], kmr: [Pêşmerge], tr: [Peşmerge]}}
- {id: isis, names: {en: Islamic State}, aliases: {ar: [داعش], ckb: [داعش], tr: [IŞİD], en: [ISIS]}}
- {id: hezbollah, names: {en: Hezbollah}, aliases: {ar: [حزب الله], he: [חיזבאללה], en: [Hezbollah]}}
- {id: pkk, names: {en: PKK}, aliases: {tr: [PKK], kmr: [PKK], en: [PKK], ckb: [پەکەکە]}}
"""
ALERTS = """
rules:
  - {id: armed, actors: [peshmerga, isis, hezbollah, pkk], send: [screen, log]}
  - {id: all, send: [screen, log]}
destinations: {screen: {terminal: true}, log: {file: alerts.jsonl}}
"""
BETWEEN_LOOKS = 0.002  # seconds
SMALL_PIPE = 4096  # bytes: a run whose alerts nobody reads stands still after a few of them
WAIT = 120  # seconds until a test gives up


@dataclass(frozen=True)
class Left:
    """What runs left in their folder, and what they asked the newsroom for."""

    articles: dict[str, dict[str, Any]]
    outcomes: list[Outcome]
    alerts: Counter[str]  # ids of delivered alerts
    pages: Counter[tuple[str, str]]  # requests by (outlet, path); robots.txt, which each process asks anew, left out


class Wire(list[Request]):
    """The newsroom's log of requests, which does something when the n-th comes, before it is answered."""

    def __init__(self, number: int, act: Callable[[], object]) -> None:
        super().__init__()
        self._number = number
        self._act = act

    def append(self, request: Request) -> None:
        super().append(request)
        if len(self) == self._number:
            self._act()


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    with Newsroom.serve(datetime.now(UTC)) as running:
        yield running


def configure(folder: Path, newsroom: Newsroom) -> Path:
    """Write a configuration in which feeds are not due again at once, since what is promised has to be enough."""
    rows = [row for row in yaml.safe_load(newsroom.sources_yaml()) if row["id"].startswith(OUTLETS)]
    for row in rows:
        del row["interval_minutes"]
    config = folder / "config"
    config.mkdir()
    for name, text in (
        ("sources", yaml.safe_dump(rows, allow_unicode=True)),
        ("settings", SETTINGS),
        ("actors", ACTORS),
        ("alerts", ALERTS),
    ):
        (config / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def finish(process: subprocess.Popen[str]) -> None:
    """Let a run come to its end, which has to be a good one."""
    _, complaints = process.communicate(timeout=WAIT)
    assert (process.returncode, "Traceback" in complaints) == (0, False), complaints


def left_in(folder: Path, newsroom: Newsroom) -> Left:
    store = SqliteStore.open(f"sqlite:///{folder}/wireroom.db")
    with closing(sqlite3.connect(folder / "wireroom.db")) as db:
        runs = [run for (run,) in db.execute("SELECT DISTINCT run FROM outcomes ORDER BY run")]
    alerts = (folder / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    left = Left(
        equal_parts(store.ingested(LONG_AGO)),
        [outcome for run in runs for outcome in store.outcomes(run)],
        Counter(json.loads(line)["id"] for line in alerts),
        Counter((each.outlet, each.path) for each in newsroom.requests if each.path != "/robots.txt"),
    )
    assert store.undelivered() == []
    store.close()
    return left


@pytest.fixture(scope="module")
def undisturbed(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Left:
    """What one run leaves that nobody disturbs."""
    newsroom.requests = []
    folder = configure(tmp_path_factory.mktemp("undisturbed"), newsroom)
    finish(start(folder))
    return left_in(folder, newsroom)


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)


def killed(process: subprocess.Popen[str]) -> None:
    """Wait until the killed run is gone, and all that it had started."""
    process.communicate(timeout=WAIT)
    assert process.returncode == -signal.SIGKILL


def assert_nothing_is_lost(folder: Path, newsroom: Newsroom, undisturbed: Left, repeated: int) -> None:
    """One more run, then compare."""
    finish(start(folder))
    left = left_in(folder, newsroom)

    assert left.articles == undisturbed.articles
    assert table(left.outcomes) == table(undisturbed.outcomes)
    assert (left.pages - undisturbed.pages).total() <= repeated
    assert undisturbed.pages - left.pages == Counter()
    assert left.alerts.keys() == undisturbed.alerts.keys()
    assert (left.alerts - undisturbed.alerts).total() <= 1


def test_the_undisturbed_run_has_enough_to_lose(undisturbed: Left) -> None:
    articles = list(undisturbed.articles.values())

    assert len(articles) > 33
    assert any(article["copy_of"] for article in articles)
    assert any(piece["reason"] == "outlet-repeats" for article in articles for piece in article["removed"])
    assert len({article["url"] for article in articles}) == len(articles)
    assert len(undisturbed.alerts) > 30
    assert set(undisturbed.pages.values()) == {1}
    assert set(undisturbed.alerts.values()) == {1}


@pytest.mark.parametrize("number", [2, 13, 27, 41, 55])
def test_a_run_that_dies_while_it_collects_loses_nothing_and_repeats_what_was_under_way(
    number: int, tmp_path: Path, newsroom: Newsroom, undisturbed: Left
) -> None:
    process = start(configure(tmp_path, newsroom))
    newsroom.requests = Wire(number, lambda: kill(process))
    killed(process)

    assert_nothing_is_lost(tmp_path, newsroom, undisturbed, repeated=1)  # all outlets share one host


@pytest.mark.parametrize(
    ("what", "many"),
    [
        ("articles", 1),
        ("articles", 33),
        ("pages WHERE recalled <> x''", 1),  # while pages are cleaned again
        ("states WHERE key = 'unsettled' AND value <> '[]'", 1),
        ("articles WHERE copy_of IS NOT NULL", 1),
        ("claims", 1),
        ("claims WHERE delivered_at IS NOT NULL", 7),
    ],
)
def test_a_run_that_dies_while_it_processes_loses_nothing_and_asks_for_nothing(
    what: str, many: int, tmp_path: Path, newsroom: Newsroom, undisturbed: Left
) -> None:
    newsroom.requests = []
    process = start(configure(tmp_path, newsroom), pipesize=SMALL_PIPE)
    watch(process, tmp_path / "wireroom.db", f"SELECT count(*) FROM {what}", many)  # noqa: S608 - our own words
    killed(process)

    assert_nothing_is_lost(tmp_path, newsroom, undisturbed, repeated=0)


def watch(process: subprocess.Popen[str], path: Path, question: str, many: int) -> None:
    """Kill a run as soon as its store answers with so many."""
    while process.poll() is None:
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
                [(found,)] = db.execute(question)
        except sqlite3.OperationalError:  # not there yet
            found = 0
        if found >= many:
            kill(process)
            return
        try:
            process.wait(BETWEEN_LOOKS)
        except subprocess.TimeoutExpired:
            continue


def test_two_runs_at_once_both_end_well_and_nothing_is_done_twice(
    tmp_path: Path, newsroom: Newsroom, undisturbed: Left
) -> None:
    waits = threading.Event()
    newsroom.requests = Wire(1, lambda: waits.wait(WAIT))  # whoever came first is held up until the other has spoken
    folder = configure(tmp_path, newsroom)
    runs = [start(folder), start(folder)]
    [second], _, _ = select([run.stderr for run in runs if run.stderr], [], [], WAIT)

    assert second.readline() == "wireroom: another run is at work on this store; waiting for it\n"
    waits.set()
    for run in runs:
        finish(run)

    left = left_in(folder, newsroom)
    assert left.articles == undisturbed.articles
    assert table(left.outcomes) == table(undisturbed.outcomes)
    assert left.pages == undisturbed.pages
    assert left.alerts == undisturbed.alerts
