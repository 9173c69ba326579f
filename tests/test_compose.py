"""docker-compose.yml keeps its rules, and `make env` gives it its secrets. Docker itself does not run here."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.compose import ASKED, CHOICES, COMPOSE, LASTING, LATER, SERVICES, TEXT, gigabytes, make_env, variables
from tests.elastic_parts import TESTED
from tests.house import ROOT

AIRFLOW = {"airflow", "celery"}  # whose services have a file of tests of their own
OWN = {"elasticsearch", "kibana", "kibana-password", "setup", "wireroom", "embedded"}


def test_each_service_is_looked_at_here_or_belongs_to_airflow() -> None:
    assert {name for name, each in SERVICES.items() if not AIRFLOW & set(each.get("profiles", []))} == OWN


def test_server_and_window_are_of_the_version_that_is_tested() -> None:
    images = {SERVICES[name]["image"] for name in OWN if "image" in SERVICES[name]}

    assert images == {f"elasticsearch:{TESTED.version}", f"kibana:{TESTED.version}"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", TESTED.version)


def test_what_is_no_image_is_built_here_with_the_client_and_not_run_by_root() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    last = dockerfile.rpartition("FROM ")[2]  # which Docker builds where no target is named

    assert {SERVICES[name].get("build") for name in OWN if "image" not in SERVICES[name]} == {"."}
    assert "--constraint requirements.lock '.[elastic]'" in last
    assert re.findall(r"^USER (.*)$", dockerfile, re.MULTILINE) == ["wireroom", "wireroom"]
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["python:3.11.14-slim-bookworm", "source", "source"]


def test_what_runs_for_long_has_a_health_check_and_comes_back() -> None:
    assert LASTING.keys() & OWN == {"elasticsearch", "kibana", "wireroom", "embedded"}
    for name, each in LASTING.items():
        assert each["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}, name
        assert {"interval", "timeout"} <= each["healthcheck"].keys(), name


def test_what_runs_once_stays_ended() -> None:
    once = {name: each["restart"] for name, each in SERVICES.items() if name not in LASTING}

    assert once == {"kibana-password": "no", "setup": "no", "airflow-init": "no"}


def test_nothing_starts_before_what_it_needs_is_well() -> None:
    needed = {
        name: {other: told["condition"] for other, told in each["depends_on"].items()}
        for name, each in SERVICES.items()
        if "depends_on" in each and name in OWN
    }

    assert needed == {
        "kibana-password": {"elasticsearch": "service_healthy"},
        "kibana": {"kibana-password": "service_completed_successfully"},
        "setup": {"elasticsearch": "service_healthy", "kibana": "service_healthy"},
        "wireroom": {"elasticsearch": "service_healthy"},
    }


@pytest.mark.parametrize(("name", "absent"), variables())
def test_no_secret_has_a_default(name: str, absent: str) -> None:
    assert absent.startswith(":-") if name in CHOICES else absent == (":-" if name == LATER else ASKED)


def test_no_secret_is_written_down() -> None:
    secret = re.compile("(PASSWORD|KEY|SECRET|TOKEN|AUTH)$", re.IGNORECASE)
    for each in SERVICES.values():
        for name, value in each.get("environment", {}).items():
            variable = r"\$\{\w+:[?-][^}]*\}"
            assert not secret.search(name) or re.fullmatch(variable, value), name
            assert all(re.fullmatch(variable, told) for told in re.findall(r"://[^@/:]*:([^@]+)@", value)), name


def test_nothing_is_reached_from_outside_this_host() -> None:
    ports = {name: each["ports"] for name, each in SERVICES.items() if "ports" in each}

    assert ports == {
        "elasticsearch": ["${WIREROOM_BIND:-127.0.0.1}:9200:9200"],
        "kibana": ["127.0.0.1:5601:5601"],
        "airflow-apiserver": ["${WIREROOM_BIND:-127.0.0.1}:8080:8080"],
        "redis": ["${WIREROOM_BIND:-127.0.0.1}:6379:6379"],
    }
    assert not any("network_mode" in each for each in SERVICES.values())


def test_security_is_on_under_the_free_licence() -> None:
    told = SERVICES["elasticsearch"]["environment"]

    assert told["xpack.security.enabled"] == "true"
    assert told["xpack.license.self_generated.type"] == "basic"  # `trial` takes its features back after 30 days
    assert SERVICES["kibana"]["environment"]["XPACK_ENCRYPTEDSAVEDOBJECTS_ENCRYPTIONKEY"]


def test_each_signs_in_as_who_may_do_its_work_only() -> None:
    assert SERVICES["kibana"]["environment"]["ELASTICSEARCH_USERNAME"] == "kibana_system"
    assert SERVICES["setup"]["environment"]["WIREROOM_ES_USERNAME"] == "elastic"
    assert not any("PASSWORD" in name for name in SERVICES["wireroom"]["environment"])


def test_what_lasts_lies_in_named_volumes_or_in_var_and_the_configuration_is_only_read() -> None:
    mounts = {mount for each in SERVICES.values() for mount in each.get("volumes", [])}
    of_this_folder = {mount for mount in mounts if mount.startswith(".")}

    assert of_this_folder == {
        "./config:/wireroom/config:ro",
        "./dags:/wireroom/dags:ro",
        "./var:/wireroom/var",
        "./var/airflow:/wireroom/var/airflow",
    }
    assert {mount.partition(":")[0] for mount in mounts - of_this_folder} == COMPOSE["volumes"].keys()


def test_what_the_program_writes_belongs_to_who_made_env() -> None:
    others = {"postgres": "postgres", "redis": "redis"}  # what these write is theirs alone
    for name, each in SERVICES.items():
        assert each.get("user") == (f"${{WIREROOM_USER{ASKED}}}" if "build" in each else others.get(name)), name


def test_secrets_of_the_configuration_reach_the_program_and_those_of_the_servers_do_not() -> None:
    told = {name for name, each in SERVICES.items() if each.get("env_file")}

    assert told == {"setup", "wireroom", "embedded", "airflow-scheduler", "airflow-worker"}
    assert all(SERVICES[name]["env_file"] == [{"path": "secrets.env", "required": False}] for name in told)


def test_the_memory_that_people_are_told_of_is_what_the_containers_may_take() -> None:
    lasting = gigabytes(LASTING.keys() & OWN - {"embedded"})
    docs = (ROOT / "docs" / "elasticsearch.md").read_text(encoding="utf-8")

    assert f"in {lasting:g} GB of memory" in TEXT
    assert f"{lasting:g} GB of memory" in docs


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_held_small(name: str) -> None:
    each = SERVICES[name]

    assert re.fullmatch(r"\d+[mg]", each["mem_limit"])
    assert each["cap_drop"] == ["ALL"]
    assert each["security_opt"] == ["no-new-privileges:true"]
    assert not each.get("privileged")
    assert each.get("read_only") is (None if name in {"elasticsearch", "kibana"} else True)


def test_the_store_is_chosen_by_the_service() -> None:
    stores = {name: each.get("environment", {}).get("WIREROOM_STORE") for name, each in SERVICES.items()}

    assert stores["setup"] == stores["wireroom"] == "elasticsearch+http://elasticsearch:9200"
    assert stores["embedded"] is None
    assert {name: SERVICES[name]["profiles"] for name in OWN if "profiles" in SERVICES[name]} == {
        "setup": ["setup"],
        "wireroom": ["worker"],
        "embedded": ["embedded"],
    }


def test_the_password_of_kibana_is_set_by_a_request_that_is_sound_json() -> None:
    command = SERVICES["kibana-password"]["command"][0].replace("$$", "$")
    shell = f"curl() {{ printf '%s\\n' \"$@\"; }}; {command}"
    environ = {"ELASTIC_PASSWORD": "a1", "KIBANA_PASSWORD": "b2", "PATH": "/usr/bin:/bin"}

    done = subprocess.run(["bash", "-c", shell], env=environ, capture_output=True, text=True, check=True)  # noqa: S603, S607 - the file's own command

    assert "elastic:a1" in done.stdout.splitlines()
    assert '{"password": "b2"}' in done.stdout.splitlines()


def test_make_env_writes_every_secret_that_is_asked_for(tmp_path: Path) -> None:
    told = make_env(tmp_path)

    assert told.keys() == {name for name, _ in variables()} - CHOICES
    assert told.pop(LATER) == ""
    assert re.fullmatch(r"[1-9]\d*:\d+", told.pop("WIREROOM_USER"))
    assert re.fullmatch("[A-Za-z0-9_-]{43}=", told.pop("AIRFLOW_FERNET_KEY"))
    assert all(re.fullmatch("[A-Za-z0-9]{32,64}", value) for value in told.values())
    assert len(told["KIBANA_ENCRYPTION_KEY"]) >= 32
    assert len(set(told.values())) == len(told)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {".env", "var"}


@pytest.mark.parametrize("folder", ["var", "var/airflow"])
def test_make_env_makes_the_folders_that_the_containers_write_into_before_docker_does(
    folder: str, tmp_path: Path
) -> None:
    told = make_env(tmp_path)

    made = (tmp_path / folder).stat()
    assert f"{made.st_uid}:{made.st_gid}" == told["WIREROOM_USER"]
    make_env(tmp_path)
    assert (tmp_path / folder).stat().st_ino == made.st_ino


def test_make_env_a_second_time_changes_nothing(tmp_path: Path) -> None:
    make_env(tmp_path)
    before = (tmp_path / ".env").read_bytes()

    make_env(tmp_path)

    assert (tmp_path / ".env").read_bytes() == before


def test_make_env_keeps_what_a_person_wrote_and_fills_what_is_empty(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# ours\nELASTIC_PASSWORD=chosen\nKIBANA_PASSWORD=\nWIREROOM_ES_API_KEY=abc==\n")

    told = make_env(tmp_path)

    assert (told["ELASTIC_PASSWORD"], told[LATER]) == ("chosen", "abc==")
    assert len(told["KIBANA_PASSWORD"]) == 32
    text = (tmp_path / ".env").read_text()
    assert text.startswith("# ours\n")
    assert text.count("KIBANA_PASSWORD=") == 1
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_secrets_are_neither_committed_nor_sent_to_the_builder() -> None:
    assert {".env", ".env.new", "secrets.env", "var/"} <= set((ROOT / ".gitignore").read_text(encoding="utf-8").split())
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert {each for each in ignored if each.startswith("!")} == {
        "!README.md",
        "!pipeline",
        "!pyproject.toml",
        "!requirements.lock",
    }
    assert re.search(r"^env:\n\t\$\(PYTHON\) config/env\.py$", (ROOT / "Makefile").read_text(), re.MULTILINE)
