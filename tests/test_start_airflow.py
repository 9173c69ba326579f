"""`make airflow` with stand-ins for Airflow's commands: what starts, what is said, and that nothing is ever left."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil  # noqa: TC002 - as TC001
import pytest

from tests.airflow_services import Services, started, until
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
    services = start(**given, PYTHONDONTWRITEBYTECODE="1", NO_PROXY="es")

    url, (_, environ) = services.url, said(services)[-1]
    assert given.items() <= environ.items()
    assert environ["WIREROOM_ARCHIVE"] == f"{ROOT}/var/archive"
    assert environ["WIREROOM_CONFIG"] == f"{ROOT}/config"
    assert environ["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"{url}/execution/"
    assert environ["NO_PROXY"] == "es,127.0.0.1"
    assert environ["PYTHONPATH"].startswith(f"{ROOT}{os.pathsep}")
    assert "PYTHONDONTWRITEBYTECODE" not in environ


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


def test_a_port_that_is_taken_is_refused_where_it_was_asked_for(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        services = start("--port", str(port))

        assert services.ended() == 2
        assert services.err.startswith(f"airflow: --port {port}: somebody listens there already")


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


def test_without_airflow_one_sentence_says_what_to_type(tmp_path: Path) -> None:
    services = Services(tmp_path, python=(sys.executable, "-S"))

    assert services.ended() == 2
    assert services.err.count("\n") == 1
    assert "pip install '.[airflow]'" in services.err
