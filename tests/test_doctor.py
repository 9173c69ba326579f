"""The doctor as a task calls it: places by name, findings as values, and Airflow asked by its command."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.doctor import Finding, Findings, Mark, examine
from pipeline.doctor.airflow import found, home
from pipeline.model import Changes, Stored, Visit
from pipeline.stores.sqlite import SqliteStore

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
FEEDS_AND_PAGES = '{"feeds": {"slots": 3}, "pages": {"slots": 1}}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration, beside which Airflow has its home."""
    config = tmp_path / "config"
    config.mkdir()
    (tmp_path / ".airflow").mkdir()
    (config / "sources.yaml").write_text('- {id: khabar, feed: "https://khabar.example/feed"}\n')
    (config / "alerts.yaml").write_text("destinations: {desk: {terminal: true}}\n")
    (config / "pools.json").write_text(FEEDS_AND_PAGES)
    return config


def looked_at(folder: Path, command: str = "", environ: Mapping[str, str] | None = None) -> Findings:
    store, archive = f"sqlite:///{folder.parent}/wireroom.db", str(folder.parent / "archive")
    return examine(environ or {}, folder, store, archive, NOW, command=command)


def airflow(folder: Path, *pools: str, says: str = "", code: int = 0) -> str:
    """A command that knows these pools, as Airflow 3.3.2 tells them, and was asked for nothing else."""
    told = says or json.dumps([{"pool": pool, "slots": "1", "description": "", "team_name": None} for pool in pools])
    script = folder.parent / "airflow"
    script.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        'assert sys.argv[1:] == ["pools", "list", "--output", "json"]\n'
        f"print({told!r}.replace('HOME', os.environ['AIRFLOW_HOME']))\nsys.exit({code})\n"
    )
    script.chmod(0o755)
    return str(script)


def of_airflow(findings: Findings) -> Finding:
    [finding] = [row for row in findings.rows if row.part == "airflow"]
    return finding


def test_a_task_gets_findings_and_the_lines_that_a_person_would_read(folder: Path) -> None:
    findings = looked_at(folder)

    assert (findings.faults, findings.verdict) == (0, "everything is in order")
    assert {row.part: row.mark for row in findings.rows} == dict.fromkeys(
        ("config", "store", "archive", "memory", "clock", "alerts", "sources", "alerts to desk"), Mark.SOUND
    ) | {"airflow": Mark.NOTE}  # its home is there, its command is not
    lines = list(findings.lines())
    assert lines[0].startswith(f"ok     config: {folder}: 1 of 1 sources enabled, 0 actors, ")
    assert lines[-1] == "everything is in order"


def test_secrets_and_places_come_from_the_environment_that_is_handed_over(folder: Path) -> None:
    (folder / "settings.yaml").write_text("fetch: {proxy: 'http://${USER_OF}:${USER_OF}@proxy.example:3128'}\n")

    assert looked_at(folder, environ={"USER_OF": "leyla"}).faults == 0
    [fault, *_] = looked_at(folder, environ={"PATH": ""}).rows
    assert (fault.mark, fault.part) == (Mark.FAULT, "config")
    assert "USER_OF" in fault.told


def test_the_time_is_the_callers(folder: Path) -> None:
    store = SqliteStore.open(f"sqlite:///{folder.parent}/wireroom.db")
    store.save(Changes(visits=(Stored(Visit("khabar", "run-1", NOW + timedelta(days=9))),)))
    store.close()

    findings = looked_at(folder)

    assert findings.faults == 1
    assert list(findings.lines())[-1] == "1 fault"
    assert any(line.startswith("FAULT  clock: it says 2026-11-21 08:00 UTC") for line in findings.lines())


@pytest.mark.parametrize(
    ("archive", "told"),
    [
        ("ftp://127.0.0.1:1/pages", "archive ftp://127.0.0.1:1/pages: "),
        ("ftp://u:s3cret@127.0.0.1/", "archive: the URL "),
    ],
)
def test_an_archive_that_cannot_be_opened_is_a_fault_beside_the_others(folder: Path, archive: str, told: str) -> None:
    findings = examine({}, folder, f"sqlite:///{folder.parent}/wireroom.db", archive, NOW, command="")

    [fault] = [row for row in findings.rows if row.mark is Mark.FAULT]
    assert (fault.part, fault.told[: len(told)]) == ("archive", told)
    assert "s3cret" not in " ".join(findings.lines())


# Airflow


def test_pools_that_airflow_has_are_in_order(folder: Path) -> None:
    finding = of_airflow(looked_at(folder, airflow(folder, "default_pool", "feeds", "pages")))

    assert finding.mark is Mark.SOUND
    assert finding.told == f"{folder.parent}/.airflow: has the 2 pools of {folder}/pools.json"


def test_a_pool_that_airflow_lacks_is_a_fault_with_its_remedy(folder: Path) -> None:
    for pools, told in ((("feeds",), "it lacks the pool pages, "), ((), "it lacks the pools feeds, pages, ")):
        finding = of_airflow(looked_at(folder, airflow(folder, "default_pool", *pools)))

        assert finding.mark is Mark.FAULT
        assert finding.told.startswith(told)
        assert f"`AIRFLOW_HOME={folder.parent}/.airflow airflow pools import {folder}/pools.json`" in finding.told


def test_warnings_before_the_list_are_passed_over(folder: Path) -> None:
    says = 'a warning of HOME\n[{"pool": "feeds"}, {"pool": "pages"}]'

    assert of_airflow(looked_at(folder, airflow(folder, says=says))).mark is Mark.SOUND


@pytest.mark.parametrize(
    ("says", "code"), [("no such table", 1), ("nothing that looks like a list", 0), ("[1, 2]", 0), ("[{", 0)]
)
def test_a_database_out_of_reach_is_worth_knowing_and_no_fault(folder: Path, says: str, code: int) -> None:
    findings = looked_at(folder, airflow(folder, says=says, code=code))

    assert findings.faults == 0
    assert of_airflow(findings).mark is Mark.NOTE
    assert "a task's process never reaches its database" in of_airflow(findings).told


def test_a_command_that_does_not_start_is_worth_knowing(folder: Path) -> None:
    assert of_airflow(looked_at(folder, str(folder / "no-such-command"))).mark is Mark.NOTE


@pytest.mark.parametrize(
    ("written", "told"),
    [("", "cannot be read (Is a directory)"), ("{feeds:", "is not JSON"), ("[]", "expected pools as")],
)
def test_a_file_of_pools_that_is_none_is_a_fault(folder: Path, written: str, told: str) -> None:
    pools = folder / "pools.json"
    pools.unlink()
    pools.write_text(written) if written else pools.mkdir()

    finding = of_airflow(looked_at(folder, airflow(folder, "feeds")))

    assert finding.mark is Mark.FAULT
    assert finding.told.startswith(f"{pools}: {told}")


def test_a_configuration_without_the_file_of_pools_is_worth_knowing(folder: Path) -> None:
    (folder / "pools.json").unlink()

    finding = of_airflow(looked_at(folder, airflow(folder, "feeds")))

    assert finding.mark is Mark.NOTE
    assert "pools.json is not there" in finding.told


def test_airflow_is_used_where_its_home_is_named_or_stands_beside_the_configuration(folder: Path) -> None:
    assert home({"AIRFLOW_HOME": "/srv/airflow"}, folder) == "/srv/airflow"
    assert home({}, folder) == str(folder.parent / ".airflow")
    (folder.parent / ".airflow").rmdir()
    assert home({}, folder) == ""

    assert "airflow" not in {row.part for row in looked_at(folder, airflow(folder)).rows}


def test_the_command_beside_this_python_goes_before_one_of_the_path_that_is_handed_over(folder: Path) -> None:
    script, beside = airflow(folder), folder / "bin" / "airflow"
    path, python = {"PATH": f"{folder}:{folder.parent}"}, str(beside.with_name("python"))

    assert found(path, folder, python) == script
    ours = folder.parent / ".venv-airflow" / "bin" / "airflow"
    ours.parent.mkdir(parents=True)
    ours.symlink_to(script)
    assert found(path, folder, python) == str(ours)
    ours.unlink()
    assert found({"PATH": str(folder)}, folder, python) == ""

    beside.parent.mkdir()
    beside.symlink_to(script)
    assert found(path, folder, python) == found({}, folder, python) == str(beside)


def test_a_path_that_is_not_handed_over_is_not_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    airflow(folder)
    monkeypatch.setenv("PATH", str(folder.parent))
    monkeypatch.chdir(folder.parent)

    assert found({}, folder, str(folder / "python")) == found({"PATH": ""}, folder, str(folder / "python")) == ""
