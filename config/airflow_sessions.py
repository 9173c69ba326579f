"""Processes of which nothing is left: each service is the head of a session, and a guard knows of all.

Airflow's tasks leave the process group of the scheduler that started them, but not its session: what is to be ended is
looked for there. The guard, forked before anything else, ends the sessions where this program was killed and could not.
"""  # noqa: INP001 - of a script

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

LOG_MOST = 10_000_000  # bytes of a log before it becomes `.log.1`
LOOK = 0.2  # seconds between two looks at everything
LEAVE = 2.0  # seconds that the api-server has after all others, who told it how they ended; it needs 0.1, and lingers


class Sessions:
    """The sessions that are ours, each with the process at its head, and the guard that knows of them."""

    def __init__(self, lock: IO[str]) -> None:
        self._heads: dict[int, subprocess.Popen[bytes]] = {}
        self._guard, self._pipe = guard(lock)

    def start(self, words: Collection[str], log: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start `airflow WORDS` at the head of a new session; what it says goes to the end of the log."""
        bound(log)
        with log.open("ab") as said:
            head = subprocess.Popen(  # noqa: S603 - commands of our own
                [sys.executable, "-m", "airflow", *words],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env=environ,
                start_new_session=True,
            )
        self._heads[head.pid] = head
        self._tell_guard()
        return head

    def end(self, heads: Collection[subprocess.Popen[bytes]], seconds: float, hurry: Callable[[], bool]) -> None:
        """End these sessions; they have so many seconds for it, or until someone is in a hurry."""
        end([head.pid for head in heads], seconds, hurry, lambda: [head.poll() for head in heads])
        for head in heads:
            head.wait()
            self._heads.pop(head.pid, None)
        self._tell_guard()

    def close(self) -> None:
        """End whatever is left, the guard too."""
        self.end(tuple(self._heads.values()), 0.0, lambda: True)
        with suppress(BrokenPipeError):
            self._pipe.close()
        os.waitpid(self._guard, 0)

    def _tell_guard(self) -> None:
        with suppress(BrokenPipeError):  # somebody killed it
            self._pipe.write(f"{' '.join(map(str, self._heads))}\n")
            self._pipe.flush()


def guard(lock: IO[str]) -> tuple[int, IO[str]]:
    """Fork a process that ends the sessions last written into the pipe as soon as nobody holds its other end.

    It lets go of the lock at once, so that the next start can begin, which waits here until an earlier guard is done.
    """
    own = Path(lock.name).with_name("guard").open("w")
    fcntl.flock(own, fcntl.LOCK_EX)
    reading, writing = os.pipe()
    if child := os.fork():
        own.close()
        os.close(reading)
        return child, os.fdopen(writing, "w")
    os.setsid()
    os.close(writing)
    lock.close()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # who reads what we say must see that we are gone
        os.dup2(nowhere, standard)
    with os.fdopen(reading) as told:
        last = list(told)[-1:]
    end([int(each) for line in last for each in line.split()], LEAVE, lambda: False)
    os._exit(0)


def end(
    sessions: Collection[int], seconds: float, hurry: Callable[[], bool], reap: Callable[[], object] = lambda: None
) -> None:
    """Ask the heads of these sessions to end, wait so long or until someone is in a hurry, kill whatever is left."""
    until = time.monotonic() + seconds
    if seconds:
        for head in sessions:
            send(head, signal.SIGTERM)
    while any(head in sessions for head in living(sessions)) and time.monotonic() < until and not hurry():
        reap()
        time.sleep(LOOK)
    while left := living(sessions):
        for each in left:
            send(each, signal.SIGKILL)
        reap()
        time.sleep(LOOK / 4)


def living(sessions: Collection[int]) -> list[int]:
    """All processes of these sessions, the dead whom nobody has buried yet left out."""
    import psutil

    found = []
    for process in psutil.process_iter() if sessions else ():
        with suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getsid(process.pid) in sessions and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def send(process: int, number: signal.Signals) -> None:
    """Send a signal to whoever may be gone."""
    with suppress(ProcessLookupError):
        os.kill(process, number)


def listens(session: int, port: int) -> bool:
    """Whether a process of this session listens there."""
    import psutil

    for process in living((session,)):
        with suppress(psutil.Error):
            for each in psutil.Process(process).net_connections("tcp"):
                if each.status == psutil.CONN_LISTEN and each.laddr.port == port:
                    return True
    return False


def bound(log: Path) -> None:
    """Begin a log anew where it is long and the disk has room; what it held stands beside it once."""
    with suppress(OSError):
        if log.stat().st_size > LOG_MOST:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)  # its writer appends
