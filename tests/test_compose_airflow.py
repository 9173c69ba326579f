"""Airflow's services in docker-compose.yml: one set of settings, no right too many, shell that does what it says."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.compose import CHOICES, COMPOSE, LASTING, SERVICES, TEXT, filled, gigabytes, make_env
from tests.house import ROOT
from tests.local_server import LocalServer, Reply

SETTINGS: dict[str, str] = COMPOSE["x-airflow-settings"]
OURS = {name: each for name, each in SERVICES.items() if name.startswith("airflow-")}
TASKS = {"airflow-scheduler", "airflow-worker"}  # where tasks run, as the executor is the local one or Celery
WATCHED = {"airflow-dag-processor", "airflow-triggerer"}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
DOCS = (ROOT / "docs" / "airflow.md").read_text(encoding="utf-8")
POOLS: dict[str, dict[str, Any]] = json.loads((ROOT / "config" / "pools.json").read_text(encoding="utf-8"))
SELF = {"AIRFLOW__CELERY__BROKER_URL": "redis", "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "airflow-apiserver"}
ADDRESSES = SELF | {"AIRFLOW__CELERY__RESULT_BACKEND": "redis", "WIREROOM_STORE": "elasticsearch"}


def shell(name: str, environ: dict[str, str], stubs: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command of a service, with functions of ours in place of programs that are not here."""
    words = [*SERVICES[name]["entrypoint"], *SERVICES[name]["command"]]
    words[-1] = f"{stubs}\n{words[-1].replace('$$', '$')}"
    environ = {"PATH": "/usr/bin:/bin", **environ}
    return subprocess.run(words, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 - the file's own command


def options() -> set[str]:
    """Every setting that the installed Airflow knows, by its name in the environment; Airflow is not imported."""
    found = importlib.util.find_spec("airflow")
    assert found
    assert found.submodule_search_locations
    told = Path(found.submodule_search_locations[0]) / "config_templates" / "config.yml"
    sections = yaml.safe_load(told.read_text(encoding="utf-8"))
    return {f"AIRFLOW__{section}__{option}".upper() for section, each in sections.items() for option in each["options"]}


def test_all_services_of_airflow_have_the_same_settings() -> None:
    for name, each in OURS.items():
        assert SETTINGS.items() <= each["environment"].items(), name
        assert not {
            variable for variable in each["environment"].keys() - SETTINGS.keys() if variable.startswith("AIRFLOW__")
        }


@pytest.mark.airflow
def test_each_setting_is_one_of_the_airflow_that_is_installed() -> None:
    provided = {"AIRFLOW__CELERY__BROKER_URL", "AIRFLOW__CELERY__RESULT_BACKEND", "AIRFLOW__CELERY__WORKER_CONCURRENCY"}

    assert SETTINGS.keys() - options() == provided  # these come with the provider, which only the image has


def test_settings_bring_no_examples_and_no_strangers() -> None:
    assert SETTINGS["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"
    assert "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS" not in SETTINGS  # would let in whoever asks
    assert SETTINGS["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == "admin:admin"


def test_what_makes_the_tasks_wait_leaves_room_for_the_alerts() -> None:
    assert sum(pool["slots"] for pool in POOLS.values()) < int(SETTINGS["AIRFLOW__CORE__PARALLELISM"])


def test_only_where_tasks_run_are_the_keys_of_the_store_and_the_archive() -> None:
    for name, each in OURS.items():
        told = {variable for variable in each["environment"] if variable.startswith("WIREROOM_")}
        assert told == (COMPOSE["x-tasks"]["environment"].keys() - SETTINGS.keys() if name in TASKS else set()), name
        assert ("./var:/wireroom/var" in each["volumes"]) == (name in TASKS), name


def test_tasks_find_the_store_that_the_worker_has() -> None:
    worker, tasks = SERVICES["wireroom"]["environment"], COMPOSE["x-tasks"]["environment"]

    assert {name: filled(value, {"WIREROOM_ES_API_KEY": "k"}) for name, value in worker.items()}.items() <= {
        name: filled(value, {"WIREROOM_ES_API_KEY": "k"}) for name, value in tasks.items()
    }.items()
    assert (tasks["WIREROOM_CONFIG"], tasks["WIREROOM_ARCHIVE"]) == ("/wireroom/config", "/wireroom/var/archive")


def test_dags_and_configuration_are_only_read() -> None:
    for name, each in OURS.items():
        assert {"./config:/wireroom/config:ro", "./dags:/wireroom/dags:ro"} <= set(each["volumes"]), name
        assert len(each["volumes"]) == 3


def test_the_logs_that_one_service_writes_are_those_that_another_shows() -> None:
    for setting in (
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER",
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE",
    ):
        assert SETTINGS[setting].startswith("/wireroom/var/airflow/")  # all else of the containers is read-only


def test_profiles_say_what_airflow_is_and_what_the_queue() -> None:
    assert {name for name, each in SERVICES.items() if each.get("profiles") == ["airflow"]} == {
        "postgres",
        *(OURS.keys() - {"airflow-worker"}),
    }
    assert {name for name, each in SERVICES.items() if each.get("profiles") == ["celery"]} == {
        "redis",
        "airflow-worker",
    }


def test_servers_are_pinned_to_a_patch() -> None:
    assert re.fullmatch(r"postgres:\d+\.\d+-\w+", SERVICES["postgres"]["image"])
    assert re.fullmatch(r"redis:\d+\.\d+\.\d+-\w+", SERVICES["redis"]["image"])


def test_airflow_is_built_from_the_lock_and_not_by_names_alone() -> None:
    stage = DOCKERFILE.split("FROM ")[2]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")

    assert stage.startswith("source AS airflow\n")
    assert "--constraint requirements.lock '.[airflow-services,elastic]'" in stage
    assert {str(each["build"]) for each in OURS.values()} == {"{'context': '.', 'target': 'airflow'}"}
    for package in ("apache-airflow-providers-celery", "asyncpg", "gunicorn", "psycopg2-binary", "redis"):
        assert re.search(rf"^{package}==", lock, re.MULTILINE), package


def test_what_airflow_writes_beside_var_is_gone_with_its_container() -> None:
    assert re.search(r"^ENV HOME=/tmp USER=\w+ AIRFLOW_HOME=/tmp/", DOCKERFILE, re.MULTILINE)
    assert all(each["tmpfs"] == ["/tmp"] for each in OURS.values())  # noqa: S108 - of the container


def test_nothing_of_airflow_starts_before_what_it_needs_is_well() -> None:
    prepared = {"airflow-init": "service_completed_successfully"}
    needed = {
        name: {other: told["condition"] for other, told in each["depends_on"].items()} for name, each in OURS.items()
    }

    assert needed == {
        "airflow-init": {"postgres": "service_healthy"},
        "airflow-apiserver": prepared,
        "airflow-scheduler": {
            **prepared,
            "elasticsearch": "service_healthy",
            "airflow-apiserver": "service_healthy",
            "redis": "service_healthy",
        },
        "airflow-dag-processor": prepared,
        "airflow-triggerer": prepared,
        "airflow-clean": prepared,
        "airflow-worker": {},  # on another machine it is alone
    }
    assert OURS["airflow-scheduler"]["depends_on"]["redis"]["required"] is False


def test_what_runs_for_long_is_looked_after_and_what_costs_seconds_is_looked_at_rarely() -> None:
    assert (OURS.keys() | {"postgres", "redis"}) - LASTING.keys() == {"airflow-init"}
    for name in OURS.keys() & LASTING.keys():
        check = OURS[name]["healthcheck"]
        assert check["test"][0] in {"CMD", "CMD-SHELL"}, name
        assert ("airflow" not in str(check["test"][:3])) or check["interval"] == "5m", name


def test_preparing_brings_pools_and_password_before_it_ends(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords.json"
    environ = {"AIRFLOW_PASSWORD": "a1B2", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords)}

    done = shell("airflow-init", environ, 'airflow() { echo "$@"; }')

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["db migrate", "pools import /wireroom/config/pools.json"]
    assert json.loads(passwords.read_text()) == {"admin": "a1B2"}
    assert passwords.stat().st_mode & 0o777 == 0o600


def test_nothing_starts_where_preparing_fails(tmp_path: Path) -> None:
    environ = {"AIRFLOW_PASSWORD": "a", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(tmp_path / "p")}

    assert shell("airflow-init", environ, 'airflow() { [ "$1" = db ]; }').returncode != 0


def test_cleaning_is_tried_each_day_and_tells_its_health_only_when_it_worked() -> None:
    stubs = 'airflow() { echo "$@"; return "$ENDS"; }; touch() { echo touch "$@"; }; sleep() { echo sleep "$1"; exit; }'

    worked, failed = (shell("airflow-clean", {"ENDS": ends}, stubs).stdout.splitlines() for ends in "01")

    assert worked[1:] == ["touch /tmp/cleaned", "sleep 1d"]
    assert failed[1:] == ["sleep 1d"]
    assert re.search(r"--clean-before-timestamp \d{4}-\d\d-\d\dT\S+\+00:00 ", worked[0])
    assert " --skip-archive --error-on-cleanup-failure --yes --tables " in worked[0]


def test_cleaning_takes_the_same_history_as_without_docker() -> None:
    script = (ROOT / "config" / "start_airflow.py").read_text(encoding="utf-8")
    days = re.findall(r"^HISTORY = timedelta\(days=(\d+)\)", script, re.MULTILINE)
    tables = re.findall(r'^TABLES = "(.*)"', script, re.MULTILINE)
    command = OURS["airflow-clean"]["command"][0]

    assert re.findall(r"'(\d+) days ago'", command) == days
    assert re.findall(r"--tables (\S+)", command) == tables


@pytest.mark.parametrize("name", sorted(WATCHED))
@pytest.mark.parametrize("state", ["healthy", "unhealthy", None])
def test_health_is_what_the_api_server_knows_of_that_very_service(name: str, state: str | None) -> None:
    alive = OURS[name]["environment"]["ALIVE"]
    told = {part: {"status": "unhealthy"} for part in ("dag_processor", "triggerer")} | {alive: {"status": state}}
    with LocalServer({"/api/v2/monitor/health": Reply(json.dumps(told).encode())}) as server:
        code = OURS[name]["healthcheck"]["test"][3].replace("http://airflow-apiserver:8080", server.url(""))

        done = subprocess.run([sys.executable, "-c", code], env={"ALIVE": alive}, capture_output=True, check=False)  # noqa: S603 - the file's own command

    assert (done.returncode == 0) == (state == "healthy")


@pytest.mark.parametrize(
    ("name", "path"), [("airflow-apiserver", "/api/v2/monitor/health"), ("airflow-scheduler", "/health")]
)
@pytest.mark.parametrize("status", [200, 503])
def test_health_of_a_server_is_its_own_answer(name: str, path: str, status: int) -> None:
    with LocalServer({path: Reply(b"{}", status)}) as server:
        code = re.sub(r"http://127\.0\.0\.1:\d+", server.url(""), OURS[name]["healthcheck"]["test"][3])

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)  # noqa: S603 - the file's own command

    assert (done.returncode == 0) == (status == 200)


def test_the_password_of_the_queue_is_no_argument(tmp_path: Path) -> None:
    folder, script = tmp_path / "tmp", SERVICES["redis"]["command"][0].replace("$$", "$")
    folder.mkdir()
    script = script.replace("/tmp/", f"{folder}/").replace("exec ", "echo ")  # noqa: S108 - of the container

    done = subprocess.run(  # noqa: S603 - the file's own command
        ["/bin/bash", "-euc", script], env={"REDISCLI_AUTH": "s3cret"}, capture_output=True, text=True, check=True
    )

    assert (folder / "redis.conf").read_text() == "requirepass s3cret\n"
    assert (folder / "redis.conf").stat().st_mode & 0o777 == 0o600
    assert done.stdout.startswith(f"redis-server {folder}/redis.conf ")
    assert "s3cret" not in done.stdout


@pytest.mark.parametrize("setting", ADDRESSES)
def test_a_second_machine_needs_one_address_and_the_first_machine_none(setting: str) -> None:
    told = OURS["airflow-worker"]["environment"][setting]
    host = r"(?:[@/])([\w.-]+):\d+"

    assert re.findall(host, filled(told, {"REDIS_PASSWORD": "p"})) == [ADDRESSES[setting]]
    assert re.findall(host, filled(told, {"REDIS_PASSWORD": "p", "WIREROOM_FIRST": "10.8.0.1"})) == ["10.8.0.1"]


@pytest.mark.parametrize("name", sorted(CHOICES | OURS.keys()))
def test_every_choice_and_every_service_is_documented(name: str) -> None:
    assert re.search(rf"\b{name}\b", DOCS)


def test_the_executor_is_a_choice_in_env() -> None:
    executor = SETTINGS["AIRFLOW__CORE__EXECUTOR"]

    assert filled(executor, {}) == "LocalExecutor"
    assert filled(executor, {"AIRFLOW_EXECUTOR": "CeleryExecutor"}) == "CeleryExecutor"


@pytest.mark.airflow
def test_keys_are_as_airflow_wants_them(tmp_path: Path) -> None:
    from cryptography.fernet import Fernet

    told = make_env(tmp_path)

    key = Fernet(told["AIRFLOW_FERNET_KEY"].encode())
    assert key.decrypt(key.encrypt(b"a connection")) == b"a connection"
    assert len(told["AIRFLOW_JWT_SECRET"]) >= 64  # RFC 7518, 3.2, for HS512


def test_the_memory_that_people_are_told_of_is_what_airflow_may_take() -> None:
    lasting = {name for name in LASTING if SERVICES[name].get("profiles") == ["airflow"]}

    assert f"Airflow in place of the worker, {gigabytes(lasting):g} GB more" in TEXT
    assert f"{gigabytes(lasting):g} GB of memory more" in DOCS
    assert f"{gigabytes({'redis', 'airflow-worker'}):.1f} GB" in DOCS
