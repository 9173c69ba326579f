"""Keeps one test server: started beside it, this process does what its parent writes, and ends it with its parent.

It needs the standard library only, since it runs as a file of its own. The parent holds the other end of its standard
input: when that is closed, by whatever death, the server is stopped and its folder deleted. Each line that comes is
answered by one line, the exit code of the server or "up".
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PATIENCE = 20  # seconds a server may take to stop before it is killed
ADOPT = 36  # prctl(2), PR_SET_CHILD_SUBREAPER: children of a killed launcher become ours, so that we can wait for them
DIE_ALONG = 1  # prctl(2), PR_SET_PDEATHSIG: should this process be killed, so is its child


@dataclass(frozen=True)
class Plan:
    """What to run in which folder, and, where root asks, as which user and group."""

    folder: str
    command: Sequence[str]
    environ: Mapping[str, str]
    user: int
    group: int

    @property
    def identity(self) -> dict[str, Any]:
        """What to tell `subprocess`; only root may become another."""
        return {"user": self.user, "group": self.group, "extra_groups": []} if os.geteuid() == 0 else {}

    def __str__(self) -> str:
        """As an argument of this program."""
        return json.dumps(asdict(self))


class Keeper:
    """The one process, at most, that runs."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it in a session of its own, which no Ctrl-C reaches."""
        with Path(self._plan.folder, "output.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a command of our own
                self._plan.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._plan.folder,
                env=self._plan.environ,
                start_new_session=True,
                **self._plan.identity,
                preexec_fn=lambda: _prctl(DIE_ALONG, signal.SIGKILL),  # noqa: PLW1509 - no threads here
            )

    def end(self, how: signal.Signals) -> None:
        """Send the signal to all it started and wait until none of them is left."""
        if not self._process:
            return
        group = self._process.pid
        with suppress(ProcessLookupError):
            os.killpg(group, how)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        self._process.wait()
        with suppress(ChildProcessError):
            while True:
                os.waitpid(-group, 0)

    def answer(self, word: str) -> object:
        """Do one thing that the parent wants."""
        if word == "start":
            self.start()
        elif word in ("stop", "kill"):
            self.end(signal.SIGTERM if word == "stop" else signal.SIGKILL)
        code = self._process.poll() if self._process else None
        return "up" if code is None else code


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":  # elsewhere a killed keeper leaves its server behind
        ctypes.CDLL(None).prctl(option, value)


def main(plan: Plan) -> None:
    """Serve the parent until it is gone."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit())
    _prctl(ADOPT, 1)
    keeper = Keeper(plan)
    try:
        for line in sys.stdin:
            sys.stdout.write(f"{keeper.answer(line.strip())}\n")
            sys.stdout.flush()
    finally:
        keeper.end(signal.SIGKILL)
        shutil.rmtree(plan.folder, ignore_errors=True)


if __name__ == "__main__":
    main(Plan(**json.loads(sys.argv[1])))
