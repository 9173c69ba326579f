"""Runs of the DAGs in one process, on outlets of our own: four hosts, one a shard, two pages each."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.checkpoints import batch_id
from pipeline.stores.sqlite import SqliteStore
from tests import dag_answers as dags
from tests.airflow_home import POOLS, Airflow
from tests.dag_answers import Hand, Ran
from tests.local_server import LocalServer, Reply
from tests.trial import LONG_AGO, html, rss, story

pytestmark = pytest.mark.airflow

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.9", "127.0.0.3")  # of shards 1, 2, 3 and 4 of four
PAGES = 2
SETTINGS = "fetch: {delay_seconds: 0, allow_networks: [127.0.0.0/8]}\nprocess: {workers: 1}\n"
ACTORS = "- {id: peshmerga, names: {en: Peshmerga}, aliases: {en: [Peshmerga]}}\n"
RULES = "rules: [{id: peshmerga, actors: [peshmerga], send: [desk]}]\ndestinations: {desk: {file: %s}}\n"
AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
NOBODY = Hand()
STEPS = [f"shard.{step}_{number}" for step in ("collect", "process") for number in range(4)]


@dataclass
class Desk:
    """Outlets that are served, and where their articles go."""

    airflow: Airflow
    folder: Path
    outlets: list[LocalServer]

    @property
    def environ(self) -> dict[str, str]:
        return {
            "WIREROOM_CONFIG": str(self.folder / "config"),
            "WIREROOM_STORE": f"sqlite:///{self.folder}/wireroom.db",
            "WIREROOM_ARCHIVE": str(self.folder / "archive"),
        }

    def run(
        self,
        dag: str,
        at: datetime,
        *,
        asked: dict[str, object] | None = None,
        hand: Hand = NOBODY,
        **around: str,
    ) -> tuple[Ran, str]:
        """Run a DAG as of that time; give how it ended and all that was logged."""
        return self.airflow.heard(dags.run, f"wireroom_{dag}", self.environ | around, at, asked or {}, hand)

    def write(self, **files: str) -> None:
        """Write files of the configuration."""
        (self.folder / "config").mkdir(exist_ok=True)
        for stem, text in files.items():
            (self.folder / "config" / f"{stem}.yaml").write_text(text, encoding="utf-8")

    def block(self, shard: int) -> Path:
        """Put a folder where a shard's lock file belongs, so that the shard cannot work."""
        path = self.folder / f"wireroom.db.collect-{shard}of4.lock"
        path.mkdir()
        return path

    @property
    def stored(self) -> set[str]:
        """The addresses of all articles."""
        store = SqliteStore.open(self.environ["WIREROOM_STORE"])
        try:
            found = [article.url for article in store.ingested(LONG_AGO)]
        finally:
            store.close()
        assert len(found) == len(set(found))
        return set(found)

    def published(self, *shards: int) -> set[str]:
        """The addresses of the pages of these shards, counted from 1."""
        return {self.outlets[shard - 1].url(f"/{number}") for shard in shards for number in range(PAGES)}

    @property
    def alerts(self) -> list[dict[str, str]]:
        """The alerts that were sent."""
        log = self.folder / "alerts.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def run_id(at: datetime) -> str:
    """What Airflow calls a run."""
    return f"manual__{at.isoformat()}"


def errors(printed: str) -> list[str]:
    """What was logged as an error."""
    return [line.strip() for line in re.findall(r"\[error +\] (.*?) +\[[a-z_.]+\]", printed)]


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    with Airflow(tmp_path_factory.mktemp("airflow")) as process:
        process.ask(dags.prepare)
        yield process


@pytest.fixture
def desk(airflow: Airflow, tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as stack:
        outlets = [stack.enter_context(LocalServer({}, address=host)) for host in HOSTS]
        made, now = Desk(airflow, tmp_path, outlets), datetime.now(UTC)
        for number, outlet in enumerate(outlets):
            feed = rss([outlet.url(f"/{page}") for page in range(PAGES)], now)
            outlet.routes["/feed.xml"] = Reply(feed, headers={"Content-Type": "application/rss+xml"})
            for page in range(PAGES):
                text = html(story(10 * number + page), now)
                outlet.routes[f"/{page}"] = Reply(text, headers={"Content-Type": "text/html; charset=utf-8"})
        sources = "".join(
            f"- {{id: paper-{number}, feed: '{outlet.url('/feed.xml')}', interval_minutes: 0}}\n"
            for number, outlet in enumerate(outlets)
        )
        made.write(sources=sources, settings=SETTINGS, actors=ACTORS, alerts=RULES % (tmp_path / "alerts.jsonl"))
        yield made


def test_runs_store_every_article_once_and_alert_of_it_once(desk: Desk) -> None:
    first, printed = desk.run("ingest", AT)

    assert first.state == "success"
    assert {state for state, _ in first.tasks.values()} == {"success"}
    assert set(first.tasks) == {"begin", "settle", "report", *STEPS}
    assert first.names["shard.collect_2"] == first.names["shard.process_2"] == "3of4"
    assert desk.stored == desk.published(1, 2, 3, 4)
    assert "12 outcomes = 4 polls + 8 entries" in printed
    assert "0 of 4 shards failed" in printed

    assert isinstance(first.told, dict)
    assert first.told["batch"] == batch_id(AT, f"wireroom_ingest/{run_id(AT)}")
    assert sum(row["count"] for row in first.told["outcomes"]) == 12
    assert first.view == first.told["view"]
    assert first.told["batch"] in f"{first.view}"

    sent, printed = desk.run("alerts", AT)
    assert sent.state == "success"
    assert "8 alerts delivered" in printed
    assert {alert["url"] for alert in desk.alerts} == desk.published(1, 2, 3, 4)

    asked = sum(len(outlet.requests) for outlet in desk.outlets)
    second, _ = desk.run("ingest", AT - timedelta(hours=3))  # the clock went backwards
    again, printed = desk.run("alerts", AT - timedelta(hours=3))
    assert (second.state, again.state) == ("success", "success")
    assert "0 alerts delivered" in printed
    assert len(desk.alerts) == 8
    assert desk.stored == desk.published(1, 2, 3, 4)
    assert sum(len(outlet.requests) for outlet in desk.outlets) <= asked + 2 * len(HOSTS)  # robots.txt and feed


def test_a_shard_that_fails_stops_no_other_and_loses_nothing(desk: Desk) -> None:
    at, in_the_way = AT + timedelta(hours=1), desk.block(3)

    ran, printed = desk.run("ingest", at, hand=Hand(remove={"shard.collect_3": desk.block(4)}))

    assert ran.state == "success"
    assert ran.ended("failed") == {"shard.collect_2", "shard.process_2"}
    assert ran.tasks["shard.collect_2"] == ("failed", 3)
    assert ran.tasks["shard.collect_3"] == ("success", 2)
    assert ran.tasks["settle"] == ("success", 1)
    assert ran.names["shard.collect_2"] == "3of4"
    assert desk.stored == desk.published(1, 2, 4)
    assert "shard 3of4: collect failed, its log is at http" in printed
    assert f"/runs/{run_id(at).replace(':', '%3A').replace('+', '%2B')}/" in printed
    assert "/tasks/shard.collect/mapped/2; process failed, its log is at http" in printed
    assert "1 of 4 shards failed" in printed
    assert sum("cannot be opened" in error for error in errors(printed)) == 7
    assert "Traceback" not in printed

    in_the_way.rmdir()
    desk.run("ingest", AT + timedelta(hours=2))
    assert desk.stored == desk.published(1, 2, 3, 4)


def test_the_run_fails_where_more_than_half_of_the_shards_did(desk: Desk) -> None:
    for shard in (1, 2, 3):
        desk.block(shard)

    ran, printed = desk.run("ingest", AT + timedelta(hours=3))

    assert ran.state == "failed"
    assert ran.ended("failed") == {"report"} | {name for name in STEPS if not name.endswith("_3")}
    assert ran.tasks["report"] == ("failed", 1)
    assert ran.tasks["settle"] == ("success", 1)
    assert "3 of 4 shards failed, more than 50%" in errors(printed)
    assert desk.stored == desk.published(4)


def test_a_stuck_shard_that_a_person_marks_skipped_counts_as_failed_and_the_others_are_settled(desk: Desk) -> None:
    ran, printed = desk.run("ingest", AT + timedelta(hours=9), hand=Hand(skip="shard.collect_2"))

    assert ran.state == "success"
    assert ran.ended("skipped") == {"shard.collect_2", "shard.process_2"}
    assert ran.tasks["settle"] == ran.tasks["report"] == ("success", 1)
    assert "shard 3of4: collect is skipped; process is skipped" in printed
    assert "1 of 4 shards failed" in printed
    assert desk.stored == desk.published(1, 2, 4)


def test_a_run_that_a_person_keeps_from_settling_is_red_and_its_report_names_no_log_that_is_not_there(
    desk: Desk,
) -> None:
    ran, printed = desk.run("ingest", AT + timedelta(hours=10), hand=Hand(skip="settle"))

    assert ran.state == "failed"
    assert ran.ended("failed") == {"report"}
    assert "Nothing was settled: settle is skipped" in errors(printed)


def test_a_task_of_a_run_that_is_not_over_can_be_cleared_and_its_deadline_counts_anew(airflow: Airflow) -> None:
    assert airflow.ask(dags.cleared, "wireroom_ingest", "begin") == (20 * 60, 20 * 60)


def test_a_mistake_in_the_configuration_ends_the_run_at_once_with_file_and_key(desk: Desk) -> None:
    desk.write(settings=f"{SETTINGS}fetsch: {{}}\n")

    ran, printed = desk.run("ingest", AT + timedelta(hours=4))

    assert ran.state == "failed"
    assert ran.tasks["begin"] == ("failed", 1)
    assert ran.ended("upstream_failed") == {"shard.collect", "shard.process"}
    assert (ran.tasks["settle"], ran.tasks["report"]) == (("skipped", 1), ("failed", 1))
    told, reported = [error for error in errors(printed) if not error.startswith("Task exited")]
    assert told.startswith(f"{desk.folder}/config/settings.yaml, line 3, fetsch: ")
    assert reported.startswith("Nothing was begun: begin failed, its log is at http")
    assert reported.endswith("/tasks/begin")
    assert "Traceback" not in printed
    assert not any(outlet.requests for outlet in desk.outlets)
    assert not list(desk.folder.glob("*.db"))


def test_a_store_that_cannot_be_opened_is_tried_three_times_and_told_in_one_sentence(desk: Desk) -> None:
    (desk.folder / "in-the-way").touch()

    ran, printed = desk.run(
        "ingest", AT + timedelta(hours=5), WIREROOM_STORE=f"sqlite:///{desk.folder}/in-the-way/wireroom.db"
    )

    assert ran.state == "failed"
    assert ran.tasks["begin"] == ("failed", 3)
    assert ran.ended("upstream_failed") == {"shard.collect", "shard.process"}
    assert (ran.tasks["settle"], ran.tasks["report"]) == (("skipped", 1), ("failed", 1))
    *told, reported = [error for error in errors(printed) if not error.startswith("Task exited")]
    assert len(told) == 3
    assert all("in-the-way" in error for error in told)
    assert reported.startswith("Nothing was begun: ")
    assert "Traceback" not in printed


def test_a_replay_says_what_would_change_and_writes_only_when_told_to(desk: Desk) -> None:
    at = AT + timedelta(hours=6)
    desk.run("ingest", at)
    since = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    until = f"{datetime.now(UTC):%Y-%m-%d}"
    elsewhere = f"sqlite:///{desk.folder}/another.db"

    dry, printed = desk.run("replay", at, asked={"since": since, "until": until}, WIREROOM_STORE=elsewhere)
    assert dry.state == "success"
    assert {name for name in dry.tasks if name.startswith("replay")} == {"replay_0", "replay_1"}
    assert set(dry.names.values()) == {f"{since} to {since}", f"{until} to {until}"}
    assert "8 pages would be read again" in printed

    wet, printed = desk.run(
        "replay",
        at + timedelta(minutes=1),
        asked={"since": since, "until": until, "dry_run": False},
        WIREROOM_STORE=elsewhere,
    )
    assert wet.state == "success"
    assert "8 pages read again" in printed
    assert not desk.alerts


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            {"since": "2026-11-20", "until": "2026-11-19"},
            "until 2026-11-19 lies before since 2026-11-20: expected the later of the two days.",
        ),
        (
            {"since": "2026-11-20", "untill": "2026-11-20"},
            "untill: no such parameter; expected one of since, until, outlet, dry_run.",
        ),
    ],
)
def test_a_replay_whose_parameters_make_no_sense_together_says_so(
    desk: Desk, asked: dict[str, object], told: str
) -> None:
    ran, printed = desk.run("replay", AT + timedelta(hours=7), asked=asked)

    assert ran.state == "failed"
    assert ran.tasks["plan"] == ("failed", 1)
    assert ran.ended("upstream_failed") == {"replay"}
    assert errors(printed)[0] == told


def test_upkeep_lets_go_of_old_logs_and_a_fault_that_doctor_finds_turns_no_other_task_red(desk: Desk) -> None:
    logs, day = desk.airflow.log.parent / "logs", "dag_processor/2020-01-01/dags-folder"
    ours = ["dag_id=wireroom_ingest/run_id=old/attempt=1.log", f"{day}/wireroom_ingest.py.log"]
    ours += ["executor_callbacks/wireroom_ingest/old/0199"]
    others = ["dag_id=sales/run_id=old/attempt=1.log", f"{day}/sales.py.log", "executor_callbacks/sales/old/0199"]
    for name in ours + others:
        path = logs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (1_000, 1_000))
        os.utime(path.parent, (1_000, 1_000))
    (desk.folder / "alerts.jsonl").mkdir()  # where a file would be appended to
    (desk.folder / "config" / POOLS.name).write_bytes(POOLS.read_bytes())

    ran, printed = desk.run("upkeep", AT + timedelta(hours=8))

    assert ran.state == "failed"
    assert ran.ended("success") == {"expire", "deliver", "health", "logs"}
    assert ran.tasks["doctor"] == ("failed", 1)
    assert f"alerts to desk: cannot append to {desk.folder}/alerts.jsonl" in printed
    assert "paper-3" in printed
    assert "3 logs from before" in printed
    assert not [name for name in ours if (logs / name).exists()]
    assert all((logs / name).exists() for name in others)
    assert not (logs / ours[0]).parent.exists()
    assert errors(printed)[0] == "Faults: 1. Each is told above, with what to do about it."
