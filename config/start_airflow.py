"""`make airflow`: Airflow's four services on SQLite in one terminal, until Ctrl-C; nothing is left when it ends.

What the services find in their environment, on which port, when they start and start again; their processes are in
`airflow_sessions.py` beside it.
"""  # noqa: INP001 - a script

from __future__ import annotations

import argparse
import errno
import fcntl
import http.client
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from airflow_sessions import LEAVE, LOOK, Sessions, bound, listens

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"  # whoever reaches the port is an administrator
PORT, PORT_MOST = 8080, 65_535
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
LAST_LINES = 15  # of a log, shown where a service is given up
HEALTH_LOOK = 0.5  # seconds between two questions for its health
SLOW_START = 180.0  # seconds; 20 on two free cores
FINISH = 10.0  # seconds that services, and the tasks that run, have to end after Ctrl-C
SETTLED = 60.0  # seconds after which a service counts as well started
WAITS = (1.0, 2.0, 4.0)  # seconds before a service that died is started again; after one death more it is over
STAMP = "cleaned"  # a file in a home of ours, as old as the last cleaning of its history
DEFAULTS = {
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    # More than all slots of config/pools.json, or alerts wait for shards; each worker takes 20 to 40 MB when idle, too.
    "AIRFLOW__CORE__PARALLELISM": "6",
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
FORCED = {
    "AIRFLOW__API__HOST": HOST,
    "AIRFLOW__API__ACCESS_CONTROL_ALLOW_ORIGINS": "",  # web pages in this machine's browser are strangers, too
    "AIRFLOW__API__SSL_CERT": "",  # our addresses say http
    "AIRFLOW__API__SSL_KEY": "",
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
}
"""What holds whatever the environment says."""
OTHER_DATABASE = ("AIRFLOW__DATABASE__", "AIRFLOW__CORE__SQL_ALCHEMY_", "AIRFLOW_CONFIG")
"""How the names begin of what makes a database of another Airflow ours."""


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
    wanted: int | None  # a port
    asked: Asked
    given: Mapping[str, str]  # the environment of this program
    sessions: Sessions
    port: int = PORT
    services: list[Service] = field(default_factory=list)
    answers: bool = False  # the api-server, once: before that the scheduler's tasks would fail for want of it
    cleaning: subprocess.Popen[bytes] | None = None
    cleaned: float = 0.0  # when that was looked after last, by the monotonic clock

    def prepare(self) -> None:
        """Make the database or bring it up to date, with our pools in it; raises Failed."""
        self._run("db", "migrate")  # it writes the secrets that the services share as well
        self._run("pools", "import", str(ROOT / "config" / "pools.json"))
        if self._is_old():
            self._stamp.touch()
            self._run(*cleaning())
        self.port = self.wanted or free_port()  # as late as can be: another start may be choosing, too
        self.services = [Service(name, self._log(name)) for name in SERVICES]

    def look(self) -> None:
        """Start what is to be started, notice what died, clean up; raises Failed where a service keeps dying."""
        now = time.monotonic()
        for service in self.services:
            if service.process and service.process.poll() is not None:
                if self._lost_its_port(service):
                    self._move()
                    break
                self._bury(service, now)
            elif not service.process and now >= service.again and (self.answers or service.name != "scheduler"):
                words = (service.name, *SERVICES[service.name])
                service.process, service.since = self.sessions.start(words, service.log, self._environ), now
        self._keep_tidy()

    def is_healthy(self, since: datetime) -> bool:
        """Whether our own api-server says so of all, by signs of life that they gave after that moment."""
        server = next(service.process for service in self.services if service.name == "api-server")
        if not server or not listens(server.pid, self.port):
            return False  # whoever answers there is another
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
    def _environ(self) -> dict[str, str]:
        return environment(self.home, self.port, self.given)

    @property
    def _stamp(self) -> Path:
        return self.home / STAMP

    def _is_old(self) -> bool:
        return time.time() - self._stamp.stat().st_mtime > ONE_DAY

    def _log(self, name: str) -> Path:
        return self.home / "log" / f"{name}.log"

    def _run(self, *words: str) -> None:
        """Run one command to its end; raises Failed with the end of its log where that is a bad one."""
        if self.asked.once:
            return
        log = self._log("prepare")
        process = self.sessions.start(words, log, self._environ)
        while process.poll() is None and not self._in_a_hurry():  # half a migration could not be gone on with
            with suppress(subprocess.TimeoutExpired):
                process.wait(LOOK)
        code = process.poll()
        self.sessions.end((process,), 0.0, lambda: True)
        if code and not self.asked.once:
            raise Failed(f"`airflow {' '.join(words[:2])}` failed, {log} says:\n{tail(log)}")

    def _lost_its_port(self, service: Service) -> bool:
        """Whether it died as someone took the port after it was chosen; where none was asked for, another will do."""
        return service.name == "api-server" and not (self.wanted or self.answers) and obstacle(self.port) is not None

    def _move(self) -> None:
        """Go to another port with all services, which know the old one."""
        lost, self.port = self.port, free_port()
        tell(f"somebody else took port {lost} just now; all start again with port {self.port}")
        running = [service.process for service in self.services if service.process]
        self.sessions.end(running, LEAVE, self._in_a_hurry)
        for service in self.services:
            service.process = None

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
        with suppress(OSError):  # a full disk, a stamp that is gone: no reason to end
            self._clean()

    def _clean(self) -> None:
        """Delete old history beside the services, where that is due."""
        if not self.cleaning and self._is_old():
            self._stamp.touch()
            self.cleaning = self.sessions.start(cleaning(), self._log("clean"), self._environ)


def cleaning() -> tuple[str, ...]:
    """The command that deletes history; with all tables it ends with errors (and says 0)."""
    before = datetime.now(UTC) - HISTORY
    return (
        *("db", "clean", "--clean-before-timestamp", before.isoformat(), "--tables", TABLES),
        *("--skip-archive", "--error-on-cleanup-failure", "--yes"),
    )


def tail(log: Path) -> str:
    """The last lines of a log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
    return "\n".join(f"  {line}" for line in lines)


def cause(code: int) -> str:
    """How a process ended, in words."""
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def environment(home: Path, port: int, given: Mapping[str, str]) -> dict[str, str]:
    """What the services, and so all tasks, find in their environment; Airflow's or ours that is empty is not set."""
    url, direct = f"http://{HOST}:{port}", unproxied(given)
    return {
        **DEFAULTS,
        **{name: value for name, value in given.items() if value or not name.startswith(("AIRFLOW", "WIREROOM_"))},
        **FORCED,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "NO_PROXY": direct,
        "PYTHONDONTWRITEBYTECODE": "",  # without byte code each task would compile Airflow anew
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), given.get("PYTHONPATH")))),
        "no_proxy": direct,
    }


def unproxied(given: Mapping[str, str]) -> str:
    """Whom to ask without a proxy: those given by either name, of which a client reads only one, and ourselves."""
    hosts = [host.strip() for name in ("NO_PROXY", "no_proxy") for host in given.get(name, "").split(",")]
    return "*" if "*" in hosts else ",".join(dict.fromkeys(filter(None, (*hosts, HOST))))  # "*" counts alone only


def obstacle(port: int) -> OSError | None:
    """Why we cannot listen there, if so."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError as error:
            return error
    return None


def free_port() -> int:
    """The usual port, or any that is free where somebody listens there."""
    if not obstacle(PORT):
        return PORT
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


def refusal(port: int, error: OSError) -> str:
    """Why a port that was asked for cannot be had, in one sentence."""
    if error.errno == errno.EACCES:
        return f"--port {port}: this user may not listen there; ask for one from 1024, or leave --port out"
    taken = "somebody listens there already" if error.errno == errno.EADDRINUSE else error.strerror
    return f"--port {port}: {taken}; leave --port out for a free one"


def check(port: int | None, given: Mapping[str, str]) -> None:
    """Refuse a port that cannot be had and an environment made for another Airflow; raises Failed."""
    for name in sorted(given):
        if given[name] and name.startswith(OTHER_DATABASE):
            raise Failed(
                f"{name} is set, but `make airflow` keeps its own SQLite database: unset it here, or use docker "
                "compose for PostgreSQL"
            )
    if port is not None and not 1 <= port <= PORT_MOST:
        raise Failed(f"--port {port}: expected a number from 1 to {PORT_MOST}")
    if port and (error := obstacle(port)):
        raise Failed(refusal(port, error))


def locked(home: Path) -> IO[str]:
    """The lock of this home, ours from now on; raises Failed where another start has it, or another Airflow lives."""
    stamp = home / STAMP
    try:
        if not stamp.exists() and any((home / name).exists() for name in ("airflow.cfg", "airflow.db")):
            raise Failed(
                f"AIRFLOW_HOME {home} is another Airflow's, whose history would be deleted here: leave AIRFLOW_HOME "
                "out, or name a new folder"
            )
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        (home / "log").mkdir(exist_ok=True)
        lock = (home / "lock").open("a+", encoding="utf-8")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not stamp.exists():  # before there is a database, and be it half made
            stamp.touch()
        lock.truncate(0)
        lock.write(f"{os.getpid()}")
        lock.flush()
    except BlockingIOError:
        lock.seek(0)
        raise Failed(f"Airflow runs already on {home}, started by process {lock.read()}") from None
    except OSError as error:
        told = f"{error.filename or home}: {error.strerror}"
        raise Failed(f"AIRFLOW_HOME {told}; expected a folder that can be written to") from error
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
        check(told.port, os.environ)
        lock = locked(home)
    except Failed as failed:
        tell(f"{failed}")
        return 2
    with lock:
        airflow = Airflow(home, told.port, Asked(), os.environ, Sessions(lock))
        try:
            serve(airflow)
        except (Failed, OSError) as failed:
            tell(f"{failed}")
            return 1
        finally:
            airflow.end()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
