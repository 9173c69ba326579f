"""Whether Airflow, where it is used, has what the DAGs ask for; its command is asked, nothing of it is imported."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pipeline.doctor.findings import NoteworthyError, named
from pipeline.model import ConfigError

POOLS = "pools.json"
HOME = "AIRFLOW_HOME"
OUR_HOME, OUR_PROGRAMS = ".airflow", ".venv-airflow/bin"  # beside the configuration's folder: of `make airflow`
PATIENCE = 60.0  # seconds; the command takes three on a free machine


def home(environ: Mapping[str, str], folder: Path) -> str:
    """Where Airflow keeps itself; "" where it is not used."""
    ours = folder.absolute().parent / OUR_HOME
    return environ.get(HOME) or (str(ours) if ours.is_dir() else "")


def found(environ: Mapping[str, str], folder: Path, python: str = sys.executable) -> str:
    """The command beside the Python that runs this, else of `make airflow`, else of the path in `environ`; "" for none.

    Another on the path may be of another version, with another database.
    """
    ours = folder.absolute().parent / OUR_PROGRAMS
    places = (str(Path(python).parent), str(ours), environ.get("PATH", ""))  # "" is no place; None would be our path
    return next((command for place in places if (command := shutil.which("airflow", path=place))), "")


def pools(environ: Mapping[str, str], at: str, command: str, file: Path) -> str:
    """See that Airflow has all pools of a file: a task whose pool is missing waits for ever, and nobody is told."""
    if not command:
        raise NoteworthyError(f"{at} is there, but no command `airflow` to ask whether the pools of {file} are")
    wanted = _wanted(file)
    missing = sorted(wanted.difference(_existing({**environ, HOME: at}, command)))
    if missing:
        raise ConfigError(
            f"it lacks the pool{'s' * (len(missing) > 1)} {named(missing)}, so that tasks wait for ever: "
            f"`AIRFLOW_HOME={at} airflow pools import {file}`."
        )
    return f"{at}: has the {len(wanted)} pools of {file}"


def _wanted(file: Path) -> frozenset[str]:
    """The names of the pools in a file; raises ConfigError. A configuration of one's own need not hold it."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NoteworthyError(
            f"{file} is not there, so nobody looks whether Airflow has the pools of the DAGs: put the file that came "
            "with Wireroom beside your configuration."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{file}: cannot be read ({error.strerror}); put back the file that came with Wireroom"
        ) from None
    except ValueError as error:
        raise ConfigError(f"{file}: is not JSON ({error}); put back the file that came with Wireroom") from None
    if not isinstance(told, dict):
        raise ConfigError(f'{file}: expected pools as {{"name": {{"slots": 3}}}}')
    return frozenset(told)


def _existing(environ: Mapping[str, str], command: str) -> set[str]:
    """The names of Airflow's pools; where its database is out of reach, as in a task, that is worth knowing only."""
    try:
        done = subprocess.run(  # noqa: S603 - what the operator installed
            [command, "pools", "list", "--output", "json"],
            env=dict(environ),
            capture_output=True,
            check=True,
            timeout=PATIENCE,
        )
        return {str(pool["pool"]) for pool in _list_in(done.stdout.decode("utf-8", "replace"))}
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, KeyError):
        raise NoteworthyError(
            "it does not tell its pools here: a task's process never reaches its database, and neither does anybody "
            "before its first start. Elsewhere `airflow pools list` should name those of config/pools.json."
        ) from None


def _list_in(told: str) -> list[dict[str, object]]:
    """The list in what the command printed, where warnings may stand before it."""
    lines = told.splitlines()
    begin = next((number for number, line in enumerate(lines) if line.startswith("[")), len(lines))
    pools: list[dict[str, object]] = json.loads("\n".join(lines[begin:]))
    return pools
