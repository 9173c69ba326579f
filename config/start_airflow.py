"""`make airflow`: Airflow's four services on SQLite in one terminal, until Ctrl-C; nothing is left when it ends.

Each service is the head of a session. Airflow's tasks leave the process group of the scheduler that started them, but
not its session: what is to be ended is looked for there. A guard, forked before anything else, ends the services where
this program was killed and could not.
"""  # noqa: INP001 - a script

from __future__ import annotations

import argparse
import fcntl
import http.client
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"  # whoever reaches the port is an administrator
PORT = 8080
SERVICES = {
    # Log servers would listen on all addresses; the api-server reads the same files.
    "api-server": (),
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
HISTORY = timedelta(days=14)  # of runs; the scheduler slows down with it (apache/airflow 54283)
TABLES = "dag_run,task_instance,task_instance_history,log,xcom,job,asset_event,deadline,callback"
ONE_DAY = 86_400.0  # seconds
LOG_MOST = 10_000_000  # bytes of a service's log before it becomes `.log.1`
LAST_LINES = 15  # of a log, shown where a service is given up
LOOK = 0.2  # seconds between two looks at everything
HEALTH_LOOK = 1.0  # seconds between two questions for its health
SLOW_START = 180.0  # seconds; 20 on two free cores
FINISH = 10.0  # seconds that services, and the tasks that run, have to end after Ctrl-C
LEAVE = 2.0  # seconds that the api-server has then, to which those told how they ended; it needs 0.1, and lingers
SETTLED = 60.0  # seconds after which a service counts as well started
WAITS = (1.0, 2.0, 4.0)  # seconds before a service that died is started again; after one death more it is over
DEFAULTS = {
    "AIRFLOW__API__HOST": HOST,
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__PARALLELISM": "4",  # 32 otherwise, 19 to 49 MB each
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "15",  # seconds until a new file is seen, 300 otherwise
    # After a scheduler died, its tasks start again when its last sign of life is 30 s old (SCHEDULER_HEALTH_CHECK_
    # THRESHOLD, left as it is: one that stands still for longer takes itself for dead) and somebody looks, which is
    # every 300 s otherwise.
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
    # A task asks an api-server that starts again every 1 to 4 s for 50 s; 5 times in 15 s otherwise, and then fails.
    "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "20",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "4",
    # A task whose own supervisor died: 300 s otherwise. It gives a sign of life every 5 s, and a busy machine is slow.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "120",
    "WIREROOM_ARCHIVE": str(ROOT / "var" / "archive"),
    "WIREROOM_CONFIG": str(ROOT / "config"),
    "WIREROOM_STORE": f"sqlite:///{ROOT / 'var' / 'wireroom.db'}",
}
"""What holds where the environment does not say otherwise."""


class Failed(Exception):  # noqa: N818 - what happened, in words
    """It cannot go on, in one sentence."""


class Asked:
    """Whether this program was asked to end, and whether a person is in a hurry: pressed Ctrl-C after that.

    No other signal means haste: a terminal that is closed sends its signal twice, and so do some that end programs.
    """

    def __init__(self) -> None:
        self.once = self.hurry = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._hear)

    def _hear(self, number: int, _: object) -> None:
        self.hurry = self.hurry or (self.once and number == signal.SIGINT)
        self.once = True


class Sessions:
    """The sessions that are ours, each with the process at its head, and the guard that knows of them."""

    def __init__(self, lock: IO[str]) -> None:
        self._heads: dict[int, subprocess.Popen[bytes]] = {}
        self._guard, self._pipe = guard(lock)

    def start(self, words: Collection[str], log: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start `airflow WORDS` at the head of a new session; what it says goes to the end of the log."""
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


@dataclass
class Service:
    """One of the four: its process, since when it runs, and its deaths in a row."""

    name: str
    log: Path
    process: subprocess.Popen[bytes] | None = None
    since: float = 0.0  # by the monotonic clock, as `again`
    again: float = 0.0  # when to start it
    deaths: int = 0


@dataclass
class Airflow:
    """Airflow with its home and its environment."""

    home: Path
    port: int
    asked: Asked
    environ: Mapping[str, str]
    sessions: Sessions
    services: list[Service] = field(default_factory=list)
    answers: bool = False  # the api-server, once: before that the scheduler's tasks would fail for want of it
    cleaning: subprocess.Popen[bytes] | None = None
    cleaned: float = 0.0  # when that was looked after last, by the monotonic clock

    def prepare(self) -> None:
        """Make the database or bring it up to date, with our pools in it; raises Failed."""
        (self.home / "log").mkdir(parents=True, exist_ok=True)
        self._run("db", "migrate")  # it writes the secrets that the services share as well
        self._run("pools", "import", str(ROOT / "config" / "pools.json"))
        if not self._stamp.exists():
            self._stamp.touch()
        if self._is_old():
            self._stamp.touch()
            self._run(*cleaning())
        self.services = [Service(name, self._log(name)) for name in SERVICES]

    def look(self) -> None:
        """Start what is to be started, notice what died, clean up; raises Failed where a service keeps dying."""
        now = time.monotonic()
        for service in self.services:
            if service.process and service.process.poll() is not None:
                self._bury(service, now)
            elif not service.process and now >= service.again and (self.answers or service.name != "scheduler"):
                words = (service.name, *SERVICES[service.name])
                service.process, service.since = self.sessions.start(words, service.log, self.environ), now
        self._keep_tidy()

    def is_healthy(self, since: datetime) -> bool:
        """Whether the api-server says so of all, by signs of life that they gave after that moment."""
        with suppress(OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            with closing(http.client.HTTPConnection(HOST, self.port, timeout=2)) as connection:
                connection.request("GET", "/api/v2/monitor/health")
                told = json.loads(connection.getresponse().read())
            self.answers = True
            lives = [told[name][f"latest_{name}_heartbeat"] for name in ("scheduler", "triggerer", "dag_processor")]
            return all(part["status"] == "healthy" for part in told.values()) and all(
                datetime.fromisoformat(life) > since for life in lives
            )
        return False

    def end(self) -> None:
        """End all services: last the api-server, to which tasks tell how they ended."""
        if self.asked.once:
            tell(f"stopping; tasks that run have {FINISH:.0f} seconds to end (Ctrl-C once more: none)")
        running = {service.name: service.process for service in self.services if service.process}
        last = running.pop("api-server", None)
        self.sessions.end(tuple(running.values()), FINISH, self._in_a_hurry)
        self.sessions.end((last,) if last else (), LEAVE, self._in_a_hurry)
        self.sessions.close()

    def _in_a_hurry(self) -> bool:
        return self.asked.hurry

    @property
    def _stamp(self) -> Path:
        """A file as old as the last cleaning."""
        return self.home / "cleaned"

    def _is_old(self) -> bool:
        return time.time() - self._stamp.stat().st_mtime > ONE_DAY

    def _log(self, name: str) -> Path:
        return self.home / "log" / f"{name}.log"

    def _run(self, *words: str) -> None:
        """Run one command to its end; raises Failed with the end of its log where that is a bad one."""
        if self.asked.once:
            return
        log = self._log("prepare")
        process = self.sessions.start(words, log, self.environ)
        while process.poll() is None and not self._in_a_hurry():  # half a migration could not be gone on with
            time.sleep(LOOK)
        code = process.poll()
        self.sessions.end((process,), 0.0, lambda: True)
        if code and not self.asked.once:
            raise Failed(f"`airflow {' '.join(words[:2])}` failed, {log} says:\n{tail(log)}")

    def _bury(self, service: Service, now: float) -> None:
        """Kill what a dead service left, and say when it is started again; raises Failed after too many deaths."""
        process = service.process
        if not process:
            return
        self.sessions.end((process,), 0.0, lambda: True)
        service.process = None
        service.deaths = 1 if now - service.since > SETTLED else service.deaths + 1
        if service.deaths > len(WAITS):
            raise Failed(
                f"the {service.name} died {service.deaths} times in a row, {service.log} says:\n{tail(service.log)}"
            )
        wait = WAITS[service.deaths - 1]
        service.again = now + wait
        tell(f"the {service.name} died ({cause(process.returncode)}); it starts again in {wait:.0f} s")

    def _keep_tidy(self) -> None:
        """Once a day history is cleaned, beside the services; once in a while logs are cut."""
        now = time.monotonic()
        if self.cleaning and (code := self.cleaning.poll()) is not None:
            self.sessions.end((self.cleaning,), 0.0, lambda: True)
            self.cleaning = None
            if code:
                tell(f"old history was not cleaned; it is tried again tomorrow. {self._log('clean')} says why")
        if now - self.cleaned < SETTLED:
            return
        self.cleaned = now
        for service in self.services:
            bound(service.log)
        if not self.cleaning and self._is_old():
            self._stamp.touch()
            self.cleaning = self.sessions.start(cleaning(), self._log("clean"), self.environ)


def cleaning() -> tuple[str, ...]:
    """The command that deletes history; with all tables it ends with errors (and says 0)."""
    before = datetime.now(UTC) - HISTORY
    return (
        *("db", "clean", "--clean-before-timestamp", before.isoformat(), "--tables", TABLES),
        *("--skip-archive", "--error-on-cleanup-failure", "--yes"),
    )


def bound(log: Path) -> None:
    """Begin a log anew where it is long; what it held stands beside it once."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_MOST:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)  # its writer appends


def tail(log: Path) -> str:
    """The last lines of a log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
    return "\n".join(f"  {line}" for line in lines)


def cause(code: int) -> str:
    """How a process ended, in words."""
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def environment(home: Path, port: int, given: Mapping[str, str]) -> dict[str, str]:
    """What the services, and so all tasks, find in their environment."""
    url = f"http://{HOST}:{port}"
    return {
        # Without byte code each task would compile Airflow anew.
        **DEFAULTS,
        **{name: value for name, value in given.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "NO_PROXY": ",".join(filter(None, (given.get("NO_PROXY") or given.get("no_proxy"), HOST))),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), given.get("PYTHONPATH")))),
    }


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            tried.bind((HOST, port))
            return True
    return False


def port_for(wanted: int | None) -> int:
    """The port that is wanted; where none is, the usual one, or any that is free; raises Failed."""
    if is_free(wanted or PORT):
        return wanted or PORT
    if wanted:
        raise Failed(f"--port {wanted}: somebody listens there already; leave --port out for a free one")
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


def locked(home: Path) -> IO[str]:
    """The lock of this home, ours from now on; raises Failed where another start has it."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (home / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise Failed(f"AIRFLOW_HOME {home}: {error.strerror}; expected a folder that can be written to") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise Failed(f"Airflow runs already on {home}, started by process {lock.read()}") from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}")
    lock.flush()
    return lock


def tell(sentence: str) -> None:
    """Tell the operator something, on stderr."""
    with suppress(OSError):  # the terminal is gone
        sys.stderr.write(f"airflow: {sentence}\n")
        sys.stderr.flush()


def serve(airflow: Airflow) -> None:
    """Prepare, start, say when all is ready, and look after it until someone asks for the end; raises Failed."""
    began, looked, ready, slow = time.monotonic(), 0.0, False, False
    tell(f"preparing its database and starting its services; their logs are in {airflow.home / 'log'}")
    airflow.prepare()
    since = datetime.now(UTC)
    while not airflow.asked.once:
        airflow.look()
        now = time.monotonic()
        if not ready and now - looked > HEALTH_LOOK:
            looked, ready = now, airflow.is_healthy(since)
            if ready:
                sys.stdout.write(
                    f"Airflow is ready after {now - began:.0f} s: http://{HOST}:{airflow.port} shows each run, to this "
                    "machine only and without a password. Ctrl-C stops it.\n"
                )
                sys.stdout.flush()
        if not ready and not slow and now - began > SLOW_START:
            slow = True
            tell(f"not ready after {SLOW_START:.0f} s; the logs in {airflow.home / 'log'} say why")
        time.sleep(LOOK)


def main() -> int:
    """The command line; its exit code: 0 stopped, 1 a service or a command failed, 2 wrong use."""
    parser = argparse.ArgumentParser(prog="config/start_airflow.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, help=f"of the web interface; {PORT} or any free one where left out")
    told = parser.parse_args()
    if not importlib.util.find_spec("airflow"):
        tell("not installed in this Python: `pip install '.[airflow]'` in Wireroom's folder, or `make airflow`")
        return 2
    home = Path(os.environ.get("AIRFLOW_HOME") or ROOT / ".airflow").absolute()
    try:
        port = port_for(told.port)
        lock = locked(home)
    except Failed as failed:
        tell(f"{failed}")
        return 2
    with lock:
        airflow = Airflow(home, port, Asked(), environment(home, port, os.environ), Sessions(lock))
        try:
            serve(airflow)
        except Failed as failed:
            tell(f"{failed}")
            return 1
        finally:
            airflow.end()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
