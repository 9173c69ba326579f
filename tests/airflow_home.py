"""Airflow in a process of its own with a home of its own: what it imports, sets and warns of touches no other test."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tests.house import ROOT

DAGS, POOLS = ROOT / "dags", ROOT / "config" / "pools.json"
SECONDS = 300  # far more than any answer here takes on a busy machine
TOLD = 4_000  # characters of Airflow's log that a test shows when it fails
Answer = TypeVar("Answer")


def environment(home: Path) -> dict[str, str]:
    """What has to be set before the first import of Airflow."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    }


def enter(environ: Mapping[str, str], log: Path) -> None:
    """Become the process that imports Airflow: nothing of Wireroom's environment, what is printed goes to a file."""
    for name in [name for name in os.environ if name.startswith(("WIREROOM_", "AIRFLOW_", "COV_"))]:
        del os.environ[name]
    os.environ.update(environ)
    with log.open("ab", buffering=0) as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    sys.path.append(str(DAGS))


class Airflow:
    """Answers what functions of `tests.dag_answers` find out, each in turn, in the one process that has Airflow."""

    def __init__(self, home: Path) -> None:
        self.log = home / "printed.log"
        self._pool = ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), initializer=enter, initargs=(environment(home), self.log)
        )

    def ask(self, question: Callable[..., Answer], *told: object) -> Answer:
        """What the function gives there; raises what it raises there."""
        try:
            return self._pool.submit(question, *told).result(SECONDS)
        except Exception as error:
            error.add_note(self.log.read_text(encoding="utf-8", errors="replace")[-TOLD:])
            raise

    def heard(self, question: Callable[..., Answer], *told: object) -> tuple[Answer, str]:
        """What the function gives there, and what was printed and logged meanwhile."""
        before = self.log.stat().st_size if self.log.exists() else 0
        answer = self.ask(question, *told)
        with self.log.open("rb") as printed:
            printed.seek(before)
            return answer, printed.read().decode("utf-8", "replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()
