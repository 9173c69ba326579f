"""`make airflow` with stand-ins for Airflow's commands: what starts, what is said, and that nothing is ever left."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import proxy_bypass

import psutil  # noqa: TC002 - as TC001
import pytest

from tests.airflow_services import Services, started, starter, until
from tests.house import ROOT

# The commands leave their words and their environment behind, each a line. The scheduler has a task, which leaves the
# process group and hears no signal, as a task of Airflow's.
STAND_IN = """
import json, os, signal, sys, time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

name, home = sys.argv[1], Path(os.environ["AIRFLOW_HOME"])
with (home / "said.jsonl").open("a") as said:
    said.write(json.dumps({"words": sys.argv[1:], "environ": dict(os.environ)}) + chr(10))
if name in os.environ.get("DYING", ""):
    sys.exit("the wheel came off")
if name in ("db", "pools"):
    time.sleep(float(os.environ.get("SLOW", 0)))
    (home / f"{name}-done").touch()
    sys.exit()
if name == "api-server":
    while os.environ.get("LATE") and not Path(os.environ["LATE"]).exists():
        time.sleep(0.05)
    class Health(BaseHTTPRequestHandler):
        def do_GET(self):
            now, lines = datetime.now(timezone.utc).isoformat(), (home / "said.jsonl").read_text().splitlines()
            runs = [json.loads(line)["words"][0] for line in lines]
            told = {
                name.replace("-", "_"): {
                    "status": "healthy" if name in runs else None,
                    f"latest_{name.replace('-', '_')}_heartbeat": now,
                }
                for name in ("scheduler", "triggerer", "dag-processor")
            }
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"metadatabase": {"status": "healthy"}, **told}).encode())
        def log_message(self, *_): pass
    HTTPServer(("127.0.0.1", int(os.environ["AIRFLOW__API__PORT"])), Health).serve_forever()
if name == "scheduler":
    if not os.fork():
        os.setpgid(0, 0)
        name = "task"
if name in ("task", os.environ.get("STUBBORN")):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    time.sleep(60)
"""
OURS = "127.0.0.1"
LONG = 10_000_001  # bytes of a log
Start = Callable[..., Services]


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Start:
    """Starts it with the stand-ins, in the same home each time."""
    package = tmp_path / "stand-ins" / "airflow"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(STAND_IN)

    def one(*words: str, folder: str = "work", **environ: str) -> Services:
        held = {"PYTHONPATH": str(package.parent), "AIRFLOW_HOME": str(tmp_path / "home"), **environ}
        block = started(tmp_path / folder, *words, **held)
        services = block.__enter__()
        request.addfinalizer(lambda: block.__exit__(None, None, None))
        return services

    return one


def said(services: Services) -> list[tuple[list[str], dict[str, str]]]:
    """Words and environment of all commands so far."""
    lines = (services.folder.parent / "home" / "said.jsonl").read_text().splitlines()
    return [(told["words"], told["environ"]) for told in map(json.loads, lines)]


def task_of(services: Services) -> psutil.Process:
    """The task that the scheduler runs."""
    return until(lambda: next(iter(services.service("scheduler").children()), None), "a task")


def test_it_prepares_starts_the_four_and_says_where(start: Start) -> None:
    services = start()

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", services.url)
    assert re.fullmatch(r"Airflow is ready after \d+ s: .*Ctrl-C stops it\.\n", services.out)
    words = [words for words, _ in said(services)]
    assert words[0] == ["db", "migrate"]
    assert words[1] == ["pools", "import", str(ROOT / "config" / "pools.json")]
    assert sorted(words[2:5]) == [["api-server"], ["dag-processor"], ["triggerer", "--skip-serve-logs"]]
    assert words[5:] == [["scheduler", "--skip-serve-logs"]]  # whose tasks need an api-server that answers


def test_the_tasks_find_what_a_person_set_and_absolute_paths_for_the_rest(start: Start) -> None:
    given = {"WIREROOM_STORE": "elasticsearch+https://es:9200", "AIRFLOW__CORE__PARALLELISM": "16"}
    empty = {"WIREROOM_ARCHIVE": "", "WIREROOM_CONFIG": "", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": ""}
    services = start(**given, **empty, PYTHONDONTWRITEBYTECODE="1", NO_PROXY="es", no_proxy="corp")

    url, (_, environ) = services.url, said(services)[-1]
    assert given.items() <= environ.items()
    assert environ["WIREROOM_ARCHIVE"] == f"{ROOT}/var/archive"
    assert environ["WIREROOM_CONFIG"] == f"{ROOT}/config"
    assert environ["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"{url}/execution/"
    assert environ["NO_PROXY"] == environ["no_proxy"] == f"es,corp,{OURS}"
    assert environ["PYTHONPATH"].startswith(f"{ROOT}{os.pathsep}")
    assert not environ["PYTHONDONTWRITEBYTECODE"]  # as if it were not set
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" not in environ


def test_nothing_in_the_environment_lets_others_in_or_leads_the_services_astray(tmp_path: Path) -> None:
    given = {
        "AIRFLOW__API__ACCESS_CONTROL_ALLOW_ORIGINS": "https://elsewhere.example",
        "AIRFLOW__API__BASE_URL": "https://elsewhere.example",
        "AIRFLOW__API__HOST": "0.0.0.0",  # noqa: S104 - what is not to be
        "AIRFLOW__API__PORT": "80",
        "AIRFLOW__API__SSL_CERT": "cert.pem",
        "AIRFLOW__API__SSL_KEY": "key.pem",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "https://elsewhere.example/execution/",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    }
    environ = starter()["environment"](tmp_path, 8081, given)

    assert {name: environ[name] for name in given} == {
        "AIRFLOW__API__ACCESS_CONTROL_ALLOW_ORIGINS": "",
        "AIRFLOW__API__BASE_URL": f"http://{OURS}:8081",
        "AIRFLOW__API__HOST": OURS,
        "AIRFLOW__API__PORT": "8081",
        "AIRFLOW__API__SSL_CERT": "",
        "AIRFLOW__API__SSL_KEY": "",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{OURS}:8081/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    }


@pytest.mark.parametrize(
    ("given", "direct"),
    [
        ({}, OURS),
        ({"no_proxy": "corp, es"}, f"corp,es,{OURS}"),
        ({"NO_PROXY": f"es,{OURS}", "no_proxy": "corp,es"}, f"es,{OURS},corp"),
        ({"NO_PROXY": "es", "no_proxy": "*"}, "*"),
    ],
)
def test_no_proxy_stands_between_a_task_and_the_api_server(
    given: dict[str, str], direct: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = starter()["environment"](tmp_path, 8080, given | {"http_proxy": "http://proxy.example:3128"})
    for name in ("http_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, environ[name])

    assert environ["NO_PROXY"] == environ["no_proxy"] == direct
    assert proxy_bypass(f"{OURS}:8080")


def test_shards_in_their_pools_leave_a_worker_for_alerts() -> None:
    pools = json.loads((ROOT / "config" / "pools.json").read_text(encoding="utf-8"))

    slots = sum(pool["slots"] for pool in pools.values())
    assert slots < int(starter()["DEFAULTS"]["AIRFLOW__CORE__PARALLELISM"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whoever_ends_it_ends_all_that_it_started(start: Start, number: signal.Signals) -> None:
    services = start()
    assert task_of(services) in services.left()
    services.process.send_signal(number)

    assert services.ended() == 0
    assert services.left() == []


def test_who_presses_ctrl_c_again_waits_for_nobody(start: Start) -> None:
    services = start(STUBBORN="scheduler")
    assert services.url
    asked = time.monotonic()
    services.process.send_signal(signal.SIGINT)
    until(lambda: "stopping" in services.err, "an answer")
    services.process.send_signal(signal.SIGINT)

    assert services.ended() == 0
    assert time.monotonic() - asked < 9
    assert services.left() == []


def test_a_database_is_not_left_half_made(start: Start, tmp_path: Path) -> None:
    services = start(SLOW="1")
    until((tmp_path / "home" / "said.jsonl").exists, "the first command")
    services.process.send_signal(signal.SIGINT)

    assert services.ended() == 0
    assert (tmp_path / "home" / "db-done").exists()
    assert [words[:2] for words, _ in said(services)] == [["db", "migrate"]]


def test_killed_it_leaves_nothing_and_the_next_start_succeeds(start: Start) -> None:
    services = start(STUBBORN="triggerer")
    assert services.url
    services.process.kill()
    after = start(folder="other")

    assert after.url
    assert services.left() == []


def test_a_second_start_on_the_same_home_is_refused_and_harms_nothing(start: Start) -> None:
    services = start()
    assert services.url
    second = start(folder="other")

    assert second.ended() == 2
    assert second.err.count("\n") == 1
    assert f"started by process {services.process.pid}" in second.err
    assert services.process.poll() is None


def test_a_home_that_is_no_folder_is_refused_in_one_sentence(start: Start, tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    services = start()

    assert services.ended() == 2
    assert services.err.startswith(f"airflow: AIRFLOW_HOME {tmp_path}/home: ")


def test_what_cannot_be_made_in_the_home_is_told_in_one_sentence(start: Start, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "log").touch()
    services = start()

    assert services.ended() == 2
    assert services.err.startswith(f"airflow: AIRFLOW_HOME {tmp_path}/home/log: ")
    assert services.err.count("\n") == 1


@pytest.mark.parametrize("file", ["airflow.cfg", "airflow.db"])
def test_the_home_of_another_airflow_is_refused_and_left_as_it_is(start: Start, tmp_path: Path, file: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / file).touch()
    services = start()

    assert services.ended() == 2
    assert services.err.startswith(f"airflow: AIRFLOW_HOME {tmp_path}/home is another Airflow's")
    assert services.err.count("\n") == 1
    assert [each.name for each in (tmp_path / "home").iterdir()] == [file]


@pytest.mark.parametrize(
    "name",
    [
        "AIRFLOW_CONFIG",
        "AIRFLOW__CORE__SQL_ALCHEMY_CONN",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET",
    ],
)
def test_whatever_names_another_database_is_refused(name: str) -> None:
    ours = starter()

    with pytest.raises(ours["Failed"], match=rf"^{name} is set, but `make airflow` keeps its own SQLite database"):
        ours["check"](None, {name: "elsewhere"})


def test_the_database_of_another_airflow_is_refused_before_anything_is_made(start: Start, tmp_path: Path) -> None:
    services = start(AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="postgresql://elsewhere.example/airflow")

    assert services.ended() == 2
    assert services.err.startswith("airflow: AIRFLOW__DATABASE__SQL_ALCHEMY_CONN is set, but `make airflow` keeps ")
    assert services.err.count("\n") == 1
    assert not (tmp_path / "home").exists()


def test_a_number_that_is_no_port_is_refused_in_one_sentence(start: Start) -> None:
    services, ours = start("--port", "99999"), starter()

    assert services.ended() == 2
    assert services.err == "airflow: --port 99999: expected a number from 1 to 65535\n"
    for port in (-1, 0, 65_536):
        with pytest.raises(ours["Failed"], match=f"--port {port}: expected"):
            ours["check"](port, {})


def test_a_port_below_1024_is_not_said_to_be_taken() -> None:
    told = starter()["refusal"](80, PermissionError(errno.EACCES, "Permission denied"))

    assert told.startswith("--port 80: this user may not listen there; ask for one from 1024")


def test_a_port_that_is_taken_is_refused_where_it_was_asked_for(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        services = start("--port", str(port))

        assert services.ended() == 2
        assert services.err.startswith(f"airflow: --port {port}: somebody listens there already")


def test_another_port_is_taken_where_somebody_was_faster(start: Start, tmp_path: Path) -> None:
    services, told = start(LATE=str(tmp_path / "late")), tmp_path / "home" / "said.jsonl"
    until(lambda: told.exists() and '["api-server"]' in told.read_text(), "an api-server")
    lost = int(said(services)[-1][1]["AIRFLOW__API__PORT"])
    with socket.create_server((OURS, lost)) as faster:
        (tmp_path / "late").touch()

        assert services.url != f"http://{OURS}:{lost}"
        faster.settimeout(0)
        with pytest.raises(BlockingIOError):  # nobody took it for ours
            faster.accept()
    words, environ = said(services)[-1]
    assert words[0] == "scheduler"
    assert environ["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"{services.url}/execution/"
    assert f"somebody else took port {lost} just now" in services.err
    assert "died" not in services.err


def test_a_service_that_dies_is_started_again_without_what_it_had_started(start: Start) -> None:
    services = start()
    assert services.url
    scheduler, task = services.service("scheduler"), task_of(services)
    scheduler.kill()

    until(lambda: scheduler != services.service("scheduler"), "another scheduler")
    assert task not in services.left()
    assert "the scheduler died (SIGKILL); it starts again in 1 s\n" in services.err


def test_a_service_that_keeps_dying_is_given_up_with_its_last_words(start: Start) -> None:
    services = start(DYING="triggerer")

    assert services.ended() == 1
    assert "the triggerer died 4 times in a row" in services.err
    assert services.err.endswith("  the wheel came off\n")
    assert services.left() == []


def test_a_database_that_cannot_be_prepared_is_told_with_the_last_words(start: Start) -> None:
    services = start(DYING="db")

    assert services.ended() == 1
    assert re.search(r"`airflow db migrate` failed, \S+ says:\n  the wheel came off\n$", services.err)
    assert services.left() == []


def test_history_is_cleaned_when_a_day_has_passed(start: Start, tmp_path: Path) -> None:
    stamp, long_ago = tmp_path / "home" / "cleaned", time.time() - 2 * 86_400
    stamp.parent.mkdir()
    stamp.touch()
    os.utime(stamp, (long_ago, long_ago))
    services = start()

    assert services.url
    assert said(services)[2][0][:3] == ["db", "clean", "--clean-before-timestamp"]
    assert stamp.stat().st_mtime > long_ago


def test_a_long_log_begins_anew(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "home" / "log" / "prepare.log"
    log.parent.mkdir(parents=True)
    with log.open("wb") as long:
        long.truncate(LONG)
    services = start(DYING="db")

    assert services.ended() == 1
    assert log.read_text() == "the wheel came off\n"
    assert log.with_suffix(".log.1").stat().st_size == LONG


def test_a_long_log_goes_on_where_the_disk_does_not_take_a_copy(tmp_path: Path) -> None:
    log = tmp_path / "triggerer.log"
    log.with_suffix(".log.1").mkdir()  # fails, as a full disk would
    with log.open("wb") as long:
        long.truncate(LONG)
    starter()["bound"](log)

    assert log.stat().st_size == LONG


def test_without_airflow_one_sentence_says_what_to_type(tmp_path: Path) -> None:
    services = Services(tmp_path, python=(sys.executable, "-S"))

    assert services.ended() == 2
    assert services.err.count("\n") == 1
    assert "pip install '.[airflow]'" in services.err
