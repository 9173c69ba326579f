"""The DAGs as Airflow reads them: what runs after what, how often it is tried, what operators are told."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests import dag_answers as dags
from tests.airflow_home import DAGS, POOLS, Airflow
from tests.dag_answers import DagFacts, TaskFacts
from tests.house import ROOT

pytestmark = pytest.mark.airflow

SHAPE = {
    "wireroom_ingest": {
        "begin": {"shard.collect", "shard.process"},
        "shard.collect": {"shard.process"},
        "shard.process": {"settle"},
        "settle": {"report"},
        "report": set(),
    },
    "wireroom_alerts": {"alert": set()},
    "wireroom_replay": {"plan": {"replay"}, "replay": set()},
    "wireroom_upkeep": {"expire": set(), "deliver": set(), "health": set(), "doctor": set(), "logs": set()},
}
HEAVY = {"trafilatura", "feedparser", "elasticsearch", "lxml", "pipeline"}
PARSE_SECONDS = 2.0  # of wall time a file, on a busy machine too; Airflow reads it again for every task
URL, KEY = "elasticsearch+https://search.example:9200", "key-of-the-connection"
NOT_EMPTY = "expected a string that is not empty; leave the key out to use the environment"
RUN = {"dag_id": "wireroom_ingest", "dag_run_id": "scheduled__2026-11-21T08:00:00+00:00", "state": "running"}


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    with Airflow(tmp_path_factory.mktemp("airflow")) as process:
        yield process


@pytest.fixture(scope="module")
def facts(airflow: Airflow) -> dict[str, DagFacts]:
    return airflow.ask(dags.facts)


def tasks(facts: dict[str, DagFacts]) -> list[tuple[str, TaskFacts]]:
    return [(f"{dag_id}.{task_id}", task) for dag_id, dag in facts.items() for task_id, task in dag.tasks.items()]


# what Airflow reads


def test_every_file_is_read_without_an_error_and_fast_and_loads_nothing_heavy(airflow: Airflow) -> None:
    errors, seconds, modules = airflow.ask(dags.reading)

    assert errors == {}
    assert {Path(file).stem for file in seconds} == SHAPE.keys()
    assert max(seconds.values()) < PARSE_SECONDS
    assert not HEAVY & modules


def test_the_dags_hold_these_tasks_in_this_order(facts: dict[str, DagFacts]) -> None:
    shape = {dag_id: {name: task.downstream for name, task in dag.tasks.items()} for dag_id, dag in facts.items()}

    assert shape == SHAPE


def test_two_readings_give_the_same_so_that_airflow_counts_one_version(airflow: Airflow) -> None:
    first = airflow.ask(dags.serialized)

    assert first == airflow.ask(dags.serialized)
    assert all(os.fspath(DAGS) in text for text in first.values())  # nothing was left out
    assert not any(" at 0x" in text for text in first.values())


def test_a_dag_imports_the_public_parts_of_airflow_and_the_pipeline_only_inside_a_task() -> None:
    for path in DAGS.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        guarded = {id(each) for node in tree.body if isinstance(node, ast.If) for each in ast.walk(node)}
        top = {id(each) for each in tree.body}
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                root = name.partition(".")[0]
                late = id(node) not in top or id(node) in guarded
                assert root in sys.stdlib_module_names | {"wireroom_policy"} or name.startswith("airflow.sdk") or late
                assert root != "pipeline" or name in {"pipeline", "pipeline.checkpoints", "pipeline.model"}, path


def test_ruff_finds_no_idiom_of_an_older_airflow() -> None:
    command = (sys.executable, "-m", "ruff", "check", "--select", "AIR", "--preview", "--no-cache", "dags")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - a command of our own

    assert done.returncode == 0, done.stdout


# what holds of all of them


def test_runs_follow_one_another_and_hours_that_passed_are_not_made_up_for(facts: dict[str, DagFacts]) -> None:
    for dag in facts.values():
        assert dag.active == 1
        assert not dag.catchup
        assert dag.start is not None
        assert dag.longest is not None
        assert dag.tags == {"wireroom"}


def test_every_task_is_tried_again_later_and_later_and_ended_before_its_run(facts: dict[str, DagFacts]) -> None:
    for name, task in tasks(facts):
        longest = facts[name.partition(".")[0]].longest
        assert task.retries == 2, name
        assert task.delay == timedelta(seconds=30), name
        assert task.longest, name
        assert longest, name
        assert task.longest < longest, name


def test_a_mistake_of_a_person_is_not_tried_again(facts: dict[str, DagFacts]) -> None:
    for name, task in tasks(facts):
        assert task.policy == [("wireroom_policy.Stop", "fail"), ("wireroom_policy.Again", "retry")], name


def test_every_pool_that_a_task_waits_for_is_made_before_the_start(facts: dict[str, DagFacts]) -> None:
    pools = json.loads(POOLS.read_text(encoding="utf-8"))
    named = {task.pool for _, task in tasks(facts)} - {"default_pool"}

    assert named == pools.keys()
    for pool in pools.values():
        assert pool["slots"] >= 1
        assert not pool["include_deferred"]
        assert pool["description"]


def test_what_fetches_and_what_reads_wait_in_pools_of_their_own(facts: dict[str, DagFacts]) -> None:
    pools = {name: task.pool for name, task in tasks(facts) if task.pool != "default_pool"}

    assert pools == {
        "wireroom_ingest.shard.collect": "feeds",
        "wireroom_ingest.shard.process": "pages",
        "wireroom_replay.replay": "pages",
    }


def test_alerts_go_before_all_that_waits_for_a_slot(facts: dict[str, DagFacts]) -> None:
    weights = {name: task.weight for name, task in tasks(facts)}

    assert weights["wireroom_alerts.alert"] == max(weights.values())
    assert weights["wireroom_ingest.settle"] == weights["wireroom_ingest.report"]
    assert weights["wireroom_ingest.settle"] > weights["wireroom_ingest.shard.collect"]


def test_every_dag_and_task_says_what_it_does_and_what_to_do_when_it_fails(facts: dict[str, DagFacts]) -> None:
    for name, task in tasks(facts):
        assert "**If it fails**" in task.doc, name
        assert "\n    " not in task.doc, name  # Markdown would show it as code
    assert all(len(dag.doc) > 200 and "**Red" in dag.doc for dag in facts.values())


def test_documentation_names_only_commands_and_tasks_that_exist(facts: dict[str, DagFacts]) -> None:
    told = " ".join([*(dag.doc for dag in facts.values()), *(task.doc for _, task in tasks(facts))])
    commands = {word.split("`")[0].split()[0] for word in told.split("`wireroom ")[1:]}

    assert commands == {"doctor", "sources", "alerts"}


# ingest


def test_shards_go_on_without_each_other_and_the_report_speaks_as_long_as_anything_began(
    facts: dict[str, DagFacts],
) -> None:
    rules = {name: task.rule for name, task in facts["wireroom_ingest"].tasks.items()}

    assert rules == {
        "begin": "all_success",
        "shard.collect": "all_success",
        "shard.process": "all_done_min_one_success",
        "settle": "all_done",
        "report": "all_done",
    }


def test_a_shard_that_did_not_do_all_of_its_work_is_named_with_what_became_of_its_steps(airflow: Airflow) -> None:
    states = {f"shard.{step}_{number}": "success" for step in ("process", "collect") for number in range(12)}
    done: dict[int, dict[str, str | None]] = {number: {} for number in range(12)}
    others = {"begin": "success", "settle": "failed", "report": "running"}

    assert list(airflow.ask(dags.shards, states | others).items()) == list(done.items())
    assert airflow.ask(dags.shards, states | {"shard.collect_2": "failed"}) == done | {2: {"collect": "failed"}}
    assert airflow.ask(dags.shards, states | {"shard.collect_0": "skipped", "shard.process_0": None}) == done | {
        0: {"collect": "skipped", "process": None}
    }


def test_a_run_has_the_shards_that_it_began_with_however_many_there_are_now(airflow: Airflow) -> None:
    failed = {"begin": "failed", "shard.collect": "upstream_failed", "shard.process": "upstream_failed"}
    fewer = {"shard.collect_0": "success", "shard.collect_1": "removed", "shard.process_1": "removed"}

    assert airflow.ask(dags.shards, failed) == {}
    assert airflow.ask(dags.shards, fewer) == {0: {}}


def test_a_late_run_is_told_in_one_line_with_what_to_do(airflow: Airflow) -> None:
    [line] = airflow.ask(dags.overdue, {"dag_run": RUN, "deadline": {}}, 20)

    assert line.startswith(
        "wireroom_ingest: the run scheduled__2026-11-21T08:00:00+00:00 has not succeeded within 20 minutes"
    )
    assert "running now" in line


def test_the_deadline_counts_from_when_the_run_was_queued_whatever_its_date(
    airflow: Airflow, facts: dict[str, DagFacts]
) -> None:
    stored = json.loads(airflow.ask(dags.serialized)["wireroom_ingest"])["dag"]["deadline"]

    assert [each["reference"]["reference_type"] for each in stored] == ["DagRunQueuedAtDeadline"]
    assert [each["interval"] for each in stored] == [20 * 60]
    assert "20 minutes after it was queued" in facts["wireroom_ingest"].doc


def test_the_run_leads_to_its_articles(airflow: Airflow) -> None:
    stored = json.loads(airflow.ask(dags.serialized)["wireroom_ingest"])["dag"]["tasks"]
    links = {task["__var"]["task_id"]: task["__var"].get("_operator_extra_links") for task in stored}

    assert {name for name, link in links.items() if link == {"Outcomes of this run": "view"}} == {"settle", "report"}


# alerts


def test_alerts_are_woken_by_the_asset_and_by_a_slow_clock(airflow: Airflow) -> None:
    stored = airflow.ask(dags.serialized)
    timetable = json.loads(stored["wireroom_alerts"])["dag"]["timetable"]

    assert timetable["__type"].endswith("AssetOrTimeSchedule")
    assert '"*/15 * * * *"' in json.dumps(timetable)
    assert "wireroom-articles" in json.dumps(timetable)
    assert stored["wireroom_ingest"].count('"outlets"') == 1


# replay


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "2026-11-20"},
        {"since": "2026-11-20", "until": "2026-11-21", "outlet": "nahr-ar", "dry_run": False},
        {"since": "2026-11-20", "until": None, "outlet": ""},
    ],
)
def test_a_replay_takes_these_parameters(airflow: Airflow, asked: dict[str, object]) -> None:
    assert airflow.ask(dags.refused, asked) == ""


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-02-31"}, "since"),
        ({"since": None}, "since"),
        ({"since": "2026-11-20", "until": "later"}, "until"),
        ({"since": "2026-11-20", "outlet": "../etc"}, "outlet"),
        ({"since": "2026-11-20", "outlet": 7}, "outlet"),
        ({"since": "2026-11-20", "dry_run": "yes"}, "dry_run"),
    ],
)
def test_a_replay_with_a_parameter_out_of_range_is_refused_when_it_is_triggered(
    airflow: Airflow, asked: dict[str, object], name: str
) -> None:
    assert airflow.ask(dags.refused, asked).startswith(f"Invalid input for param {name}: ")


def test_a_replay_lets_others_go_on_after_a_day_and_after_a_week_where_it_is_of_years(airflow: Airflow) -> None:
    assert [airflow.ask(dags.longest_span, days) for days in (1, 100, 365, 700)] == [1, 1, 4, 7]


# upkeep


def test_logs_that_are_old_go_with_the_folders_they_leave_empty(airflow: Airflow, tmp_path: Path) -> None:
    old, new = tmp_path / "dag_id=a" / "run_id=1", tmp_path / "dag_id=a" / "run_id=2"
    kept, elsewhere = tmp_path / "notes.txt", tmp_path.parent / "elsewhere.log"
    for path in (old / "attempt=1.log", old / "attempt=2.log", new / "attempt=1.log", kept, elsewhere):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (new / "empty").mkdir()  # a task that begins may have made it just now
    (tmp_path / "latest").symlink_to(tmp_path.parent)
    (tmp_path / "linked.log").symlink_to(elsewhere)
    for path in (old / "attempt=1.log", old / "attempt=2.log", old, kept, elsewhere):
        os.utime(path, (1_000, 1_000))

    assert airflow.ask(dags.swept, tmp_path, 1_000_000.0, "*.log") == 2
    assert {path.name for path in tmp_path.rglob("*") if not path.is_symlink()} == {
        "dag_id=a",
        "run_id=2",
        "attempt=1.log",
        "empty",
        "notes.txt",
    }
    assert elsewhere.exists()


def test_a_log_that_somebody_else_deletes_meanwhile_is_no_fault(airflow: Airflow, tmp_path: Path) -> None:
    for name in ("attempt=1.log", "attempt=2.log", "attempt=3.log"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1_000, 1_000))

    assert airflow.ask(dags.swept_beside_another, tmp_path, 1_000_000.0) == 2
    assert not list(tmp_path.iterdir())


# the connection


def test_without_a_connection_the_environment_counts(airflow: Airflow) -> None:
    around = {"WIREROOM_STORE": "sqlite:////srv/wireroom.db", "WIREROOM_ES_API_KEY": "key-of-the-environment"}

    assert airflow.ask(dags.environ, None, around) == around


def test_the_connection_wins_over_the_environment(airflow: Airflow) -> None:
    extra = {"store": URL, "archive": "s3://pages", "config": "/srv/config", "ca": "/srv/ca.pem", "kibana": "https://k"}
    around = {"WIREROOM_STORE": "sqlite:////srv/wireroom.db", "WIREROOM_DESK": "stays"}

    assert airflow.ask(dags.environ, {"conn_type": "generic", "extra": {**extra, "api_key": KEY}}, around) == {
        "WIREROOM_STORE": URL,
        "WIREROOM_ARCHIVE": "s3://pages",
        "WIREROOM_CONFIG": "/srv/config",
        "WIREROOM_ES_CA": "/srv/ca.pem",
        "WIREROOM_KIBANA_URL": "https://k",
        "WIREROOM_ES_API_KEY": KEY,
        "WIREROOM_DESK": "stays",
    }


def test_credentials_of_the_connection_replace_all_of_the_environment(airflow: Airflow) -> None:
    around = {"WIREROOM_ES_API_KEY": "key-of-the-environment", "WIREROOM_ES_CA": "/srv/ca.pem"}
    user = {"conn_type": "generic", "login": "desk", "password": "its-password"}

    assert airflow.ask(dags.environ, user, around) == {
        "WIREROOM_ES_CA": "/srv/ca.pem",
        "WIREROOM_ES_USERNAME": "desk",
        "WIREROOM_ES_PASSWORD": "its-password",
    }
    assert airflow.ask(dags.environ, {"conn_type": "generic", "extra": {"store": URL}}, around) == {
        **around,
        "WIREROOM_STORE": URL,
    }


def test_a_password_without_a_user_is_an_api_key(airflow: Airflow) -> None:
    assert airflow.ask(dags.environ, {"conn_type": "generic", "password": KEY}, {}) == {"WIREROOM_ES_API_KEY": KEY}


def test_no_log_shows_a_secret_of_connection_or_environment(airflow: Airflow) -> None:
    extra = {"api_key": "secret-of-the-extra", "store": URL}
    airflow.ask(dags.environ, {"conn_type": "generic", "extra": extra}, {})
    airflow.ask(dags.environ, {"conn_type": "generic", "login": "desk", "password": "secret-of-the-user"}, {})
    airflow.ask(dags.environ, None, {"WIREROOM_ES_API_KEY": "secret-around"})

    shown = airflow.ask(dags.hidden, "secret-of-the-extra", "secret-of-the-user", "secret-around", URL)
    assert shown == ["***", "***", "***", URL]


@pytest.mark.parametrize(
    ("connection", "what"),
    [
        (
            {"extra": {"stor": URL}},
            "extra.stor: unknown key; expected one of store, archive, config, kibana, ca, api_key",
        ),
        ({"extra": {"store": 9200}}, f"extra.store: {NOT_EMPTY}"),
        ({"extra": {"store": ""}}, f"extra.store: {NOT_EMPTY}"),
        ({"extra": {"api_key": " "}}, f"extra.api_key: {NOT_EMPTY}"),
        ({"extra": "store"}, 'extra is no JSON; expected an object such as {"store": "sqlite:////srv/wireroom.db"}'),
        ({"extra": "[1]"}, 'extra: expected an object such as {"store": "sqlite:////srv/wireroom.db"}'),
        (
            {"host": "search.example"},
            'host is not read; say all of it in extra: {"store": "elasticsearch+https://host:9200"}',
        ),
        ({"login": "desk", "extra": {"api_key": KEY}}, "holds an api_key beside a login or password; keep one of them"),
    ],
)
def test_a_mistake_in_the_connection_is_told_in_one_sentence(
    airflow: Airflow, connection: dict[str, object], what: str
) -> None:
    from pipeline.model import ConfigError

    with pytest.raises(ConfigError) as told:
        airflow.ask(dags.environ, {"conn_type": "generic", **connection}, {})

    assert f"{told.value}" == f"Airflow connection wireroom_store: {what}."
