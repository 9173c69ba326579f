"""Airflow's services as `config/start_airflow.py` starts them, in a home and a folder of their own."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar

import psutil

from tests.house import ROOT

STARTER = ROOT / "config" / "start_airflow.py"
ENVIRONMENT = {
    key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "COV_", "PYTEST", "WIREROOM_"))
}
PATIENCE = 180.0  # seconds; all of it is needed on a machine that is busy with other things
LOOK = 0.1  # seconds
Found = TypeVar("Found")


def until(looked: Callable[[], Found | None], what: str, every: float = LOOK) -> Found:
    """What a look gives as soon as that is something; a failure where it never is."""
    ends = time.monotonic() + PATIENCE
    while not (found := looked()):
        assert time.monotonic() < ends, f"not within {PATIENCE:.0f} s: {what}"
        time.sleep(every)
    return found


def starter() -> dict[str, Any]:
    """The names in the starter; what it imports from beside it is found as when it is run."""
    sys.path.insert(0, str(STARTER.parent))
    try:
        return runpy.run_path(str(STARTER))
    finally:
        sys.path.remove(str(STARTER.parent))


@dataclass
class Services:
    """One start of them. All that it starts works in its folder, by which it is found again."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    python: tuple[str, ...] = (sys.executable,)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = subprocess.Popen(  # noqa: S603 - a program of our own
                [*self.python, str(STARTER), *self.words],
                cwd=self.folder,
                env={**ENVIRONMENT, "AIRFLOW_HOME": str(self.home), **self.environ},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    @property
    def home(self) -> Path:
        """Airflow's home."""
        return self.folder / "home"

    @property
    def _out(self) -> Path:
        return self.folder / "stdout.txt"

    @property
    def _err(self) -> Path:
        return self.folder / "stderr.txt"

    @property
    def out(self) -> str:
        """What it printed."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """What it told on stderr."""
        return self._err.read_text()

    @property
    def url(self) -> str:
        """Where the web interface is, once it is ready."""
        until(lambda: self.out.endswith("\n") or self.process.poll() is not None, "ready")
        assert self.process.poll() is None, self.err
        return next(word for word in self.out.split() if word.startswith("http://"))

    def ask(self, path: str, posted: object = None) -> Any:  # noqa: ANN401 - JSON
        """What the REST API answers, to what is posted where there is such."""
        with closing(HTTPConnection(self.url.removeprefix("http://"), timeout=30)) as connection:
            body = json.dumps(posted) if posted else None
            connection.request("POST" if body else "GET", f"/api/v2{path}", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        assert answer.status == HTTPStatus.OK, (path, answer.status, text)
        return json.loads(text)

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        return self.process.wait(PATIENCE)

    def left(self) -> list[psutil.Process]:
        """All processes that work in its folder, itself and its guard too."""
        return list(self._found())

    def service(self, name: str) -> psutil.Process:
        """One of the four, once it runs."""

        def look() -> psutil.Process | None:
            with suppress(psutil.Error):
                for each in psutil.Process(self.process.pid).children():
                    if name.replace("-", "") in " ".join(each.cmdline()).replace("_", "").replace("-", ""):
                        return each
            return None

        return until(look, f"a {name}")

    def _found(self) -> Iterator[psutil.Process]:
        for each in psutil.process_iter():
            with suppress(psutil.Error):
                if each.cwd() == str(self.folder) and each.status() != psutil.STATUS_ZOMBIE:
                    yield each


@contextmanager
def started(folder: Path, *words: str, **environ: str) -> Iterator[Services]:
    """A start of them, of which nothing is left after the block, whatever becomes of it."""
    services = Services(folder, environ, words)
    try:
        yield services
    finally:
        for each in services.left():
            with suppress(psutil.Error):
                each.kill()
        services.process.wait()
