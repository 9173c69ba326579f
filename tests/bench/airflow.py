"""What Airflow costs beside the pipeline that it runs: its real services, as `config/start_airflow.py` starts them.

    python tests/bench/airflow.py                            # 1,000 generated sources, then the bundled newsroom
    python tests/bench/airflow.py --sources 0 --config DIR   # only a first load, of a sources.yaml that somebody serves

Bounds: a run over 1,000 sources that have nothing new, in 8 shards, costs at most 12 CPU seconds beside those of
`wireroom run` on the same and those of the idle services: all tasks of the run and of the alerts that it wakes, what
each loads anew included. A first load takes at most 30 s more than `wireroom run`, and leaves the same store; so do
four runs that are triggered at once and wait for each other.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any, NamedTuple

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from pipeline.newsroom import Newsroom
from tests.airflow_services import Services, started, until
from tests.bench.press import LANGUAGES, sentences
from tests.bench.run import ROOT, Figures, configured, measured, proportional_set
from tests.command_line import Desk
from tests.trial import LONG_AGO, equal_parts, html, rss

OVERHEAD_MOST, LATER_MOST = 12.0, 30.0  # CPU seconds; seconds
SHARDS, OVERLAPPING, DAGS = 8, 4, 4
INGEST, ALERTS = "wireroom_ingest", "wireroom_alerts"
AS_HERE = (  # nothing runs but what is triggered, and alerts when woken
    (INGEST, "SCHEDULE", "None"),
    (INGEST, "SHARDS", f"{SHARDS}"),
    (ALERTS, "SLOW", '"0 0 29 2 *"'),
    ("wireroom_upkeep", "SCHEDULE", "None"),
)
SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer")
IDLE = 30.0  # seconds for which the services are watched when nobody asks for anything
LOOK = 1.0  # seconds between two questions, at work as when idle: each costs the api-server some milliseconds
PATIENCE = 3_600.0  # seconds for one run, on any machine
NEWSROOM_HOSTS = tuple(f"127.4.0.{number}" for number in range(1, 33))  # so that all shards have something to do
SOURCE = "- {{id: outlet-{0}, feed: 'http://{0}:{1}/feed.xml', interval_minutes: 0}}\n"
Row = dict[str, Any]


class Outlets:
    """Generated outlets with a feed of one story each; `unchanged` counts the answers that said so."""

    def __init__(self) -> None:
        self.unchanged = 0

    def serve(self, count: int) -> str:
        """Serve so many until the bench ends, each on an address of its own; their `sources.yaml`."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        loop = asyncio.new_event_loop()
        Thread(target=loop.run_forever, daemon=True).start()
        hosts = [f"127.3.{number // 250}.{number % 250 + 1}" for number in range(count)]
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self.answer, hosts, 0), loop).result()
        return "".join(SOURCE.format(*each.getsockname()) for each in server.sockets)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer all requests of a connection."""
        root = "http://{}:{}".format(*writer.get_extra_info("sockname"))
        with suppress(asyncio.IncompleteReadError, ConnectionError), closing(writer):
            while head := await reader.readuntil(b"\r\n\r\n"):
                status, body = self.found(root, head.lower())
                length = f"Content-Length: {len(body)}\r\n" if body else ""
                writer.write(f'HTTP/1.1 {status}\r\nETag: "1"\r\n{length}\r\n'.encode() + body)
                await writer.drain()

    def found(self, root: str, head: bytes) -> tuple[str, bytes]:
        """Status and body: the feed, unchanged for who has it, the story, and nothing else."""
        path = head.split()[1]
        if path == b"/feed.xml" and b"if-none-match:" in head:
            self.unchanged += 1
            return "304 Not Modified", b""
        if path == b"/feed.xml":
            return "200 OK", rss([f"{root}/story"], datetime.now(UTC))
        if path == b"/story":
            dice = random.Random(root)
            language = dice.choice(LANGUAGES)
            return "200 OK", html([sentences(dice, language, 4) for _ in range(4)], datetime.now(UTC))
        return "404 Not Found", b"not here"


class Cost(NamedTuple):
    """CPU seconds of one run over sources with nothing new, and how many tasks it had."""

    total: float  # of the services, from trigger to end
    idle: float  # of the services, as long, with nothing to do
    plain: float  # of `wireroom run` on the same store
    overhead: float  # what of the total is neither
    tasks: int


class Bench:
    """The place of the services, with DAGs and desks of its own. They work on the desk to which a link leads."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._link = folder, Desk(folder / "current")
        shutil.copytree(ROOT / "dags", folder / "dags", ignore=shutil.ignore_patterns("__pycache__"))
        for name, constant, value in AS_HERE:
            path = folder / "dags" / f"{name}.py"
            text, times = re.subn(rf"(?m)^{constant} = .*$", f"{constant} = {value}", path.read_text(encoding="utf-8"))
            assert times == 1, f"{path.name}: {times} lines begin with {constant} =, expected one"
            path.write_text(text, encoding="utf-8")

    def services(self) -> AbstractContextManager[Services]:
        """Start them; nothing of them is left after the block."""
        return started(
            self._folder / "services",
            AIRFLOW__CORE__DAGS_FOLDER=str(self._folder / "dags"),
            WIREROOM_CONFIG=str(self._link.config),
            WIREROOM_STORE=self._link.store,
            WIREROOM_ARCHIVE=str(self._link.archive),
        )

    def desk(self, name: str, sources: str) -> Desk:
        """A new desk with these sources and an empty store."""
        desk = Desk(self._folder / name)
        desk.folder.mkdir()
        configured(desk.folder, sources)
        return desk

    def work_on(self, desk: Desk) -> None:
        """Let all tasks from now on work on this desk."""
        self._link.folder.unlink(missing_ok=True)
        self._link.folder.symlink_to(desk.folder)


def plain_run(desk: Desk) -> Figures:
    """`wireroom run` there."""
    return measured([sys.executable, "-m", "pipeline", "run", *desk.places], desk.folder)


def held(desk: Desk) -> dict[str, Row]:
    """What its store holds, in all in which two stores must agree."""
    with closing(desk.opened()) as store:
        return equal_parts(store.ingested(LONG_AGO))


def cpu(services: Services) -> float:
    """CPU seconds of all that was started, dead ones included; looked at while nobody comes or goes."""
    root = psutil.Process(services.process.pid)
    while True:
        found = [root, *root.children(recursive=True)]
        with suppress(psutil.NoSuchProcess):
            spent = sum(sum(each.cpu_times()[:4]) for each in found)  # of itself and of children it has buried
            if found == [root, *root.children(recursive=True)]:
                return float(spent)


def memory(services: Services, name: str) -> float:
    """MB of a service and its children, shared pages divided among those that share them."""
    service = services.service(name)
    return sum(proportional_set(each.pid) for each in (service, *service.children(recursive=True))) / 1024


def runs(services: Services, dag: str) -> list[Row]:
    """All runs of a DAG, the newest first."""
    return list(services.ask(f"/dags/{dag}/dagRuns?order_by=-run_after")["dag_runs"])


def count_tasks(services: Services) -> int:
    """How many task instances there were, of all runs."""
    return int(services.ask("/dags/~/dagRuns/~/taskInstances?limit=1")["total_entries"])


def at_rest(services: Services) -> bool:
    """Whether nothing runs or waits; a run that failed ends the bench."""
    states = {run["state"]: run["dag_id"] for dag in (INGEST, ALERTS) for run in runs(services, dag)}
    assert "failed" not in states, f"a run of {states['failed']} failed"
    return not states.keys() - {"success"}


def wait(done: Callable[[], bool]) -> None:
    """Ask now and then, until it is so."""
    gives_up = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < gives_up, f"not within {PATIENCE:.0f} s"
        time.sleep(LOOK)


def trigger(services: Services, times: int = 1) -> list[Row]:
    """Trigger so many runs without a pause, wait for them and for alerts that they wake; the runs in their order."""
    known = len(runs(services, ALERTS))
    for _ in range(times):  # four requests side by side, and Airflow on SQLite answers some with 500
        services.ask(f"/dags/{INGEST}/dagRuns", {"logical_date": None})
    wait(lambda: at_rest(services) and len(runs(services, ALERTS)) > known)
    return sorted(runs(services, INGEST), key=lambda run: str(run["start_date"]))[-times:]


def span(run: Row, since: datetime) -> tuple[float, float]:
    """Seconds until a run began, and until it ended."""
    start, end = (datetime.fromisoformat(run[name]) - since for name in ("start_date", "end_date"))
    return start.total_seconds(), end.total_seconds()


def resting(services: Services, began: float) -> None:
    """Print what the services need when nobody asks for anything."""
    ready = time.monotonic() - began if services.url else 0.0
    until(lambda: services.ask("/dags")["total_entries"] == DAGS, "all DAGs")
    before = cpu(services)
    time.sleep(IDLE)
    cores = (cpu(services) - before) / IDLE
    parts = {name: memory(services, name) for name in SERVICES}
    told = ", ".join(f"{name} {size:.0f}" for name, size in parts.items())
    print(f"idle         ready after {ready:.0f} s; {cores:.2f} cores; {sum(parts.values()):.0f} MB ({told})")


def nothing_new(services: Services, bench: Bench, count: int, rounds: int) -> bool:
    """Print what a run over sources with nothing new costs; tell whether the bound holds."""
    outlets = Outlets()
    desk = bench.desk("outlets", outlets.serve(count))
    bench.work_on(desk)
    trigger(services)
    trigger(services)  # the first one with nothing new warms up
    costs = [one_round(services, desk) for _ in range(rounds)]
    assert outlets.unchanged == (1 + 2 * rounds) * count, "some sources did not answer that nothing is new"
    total, idle, plain, overhead, tasks = (median(column) for column in zip(*costs, strict=True))
    print(f"nothing new  {count:,} sources in {SHARDS} shards, {tasks:.0f} tasks; CPU s, medians of {rounds}")
    print(f"  services   {total:.1f}, as long idle {idle:.1f}, a plain run {plain:.1f}")
    print(f"  overhead   {overhead:.1f}, bound {OVERHEAD_MOST:.0f}; {overhead / plain:.2f} times the plain run", end="")
    print(f", {overhead / tasks:.2f} a task, {(total - idle) / tasks:.2f} with its work")
    return bool(overhead <= OVERHEAD_MOST)


def one_round(services: Services, desk: Desk) -> Cost:
    """What a run costs, as long a time with nothing to do, and a plain run on a copy of the same store."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(desk.folder, name, dirs_exist_ok=True)
        plain = plain_run(Desk(Path(name))).cpu
    tasks, before, began = count_tasks(services), cpu(services), time.monotonic()
    trigger(services)
    between, ends = cpu(services), 2 * time.monotonic() - began
    wait(lambda: at_rest(services) and bool(runs(services, ALERTS)) and time.monotonic() >= ends)  # asks as trigger did
    total, idle = between - before, cpu(services) - between
    return Cost(total, idle, plain, total - idle - plain, count_tasks(services) - tasks)


def first_load(services: Services, bench: Bench, sources: str) -> bool:
    """Print how much later a first load ends, and what overlapping triggers do; tell whether all is as it must be."""
    quiet, desk, crowded = (bench.desk(name, sources) for name in ("quiet", "load", "crowded"))
    plain = plain_run(quiet).wall
    expected = held(quiet)
    bench.work_on(desk)
    asked = datetime.now(UTC)
    later = span(trigger(services)[0], asked)[1] - plain
    same = held(desk) == expected
    print(f"first load   {len(expected)} articles; `wireroom run` {plain:.1f} s, Airflow {later:.1f} s more", end="")
    print(f", bound {LATER_MOST:.0f} ({later / plain + 1:.2f} times); {'equal' if same else 'DIFFERENT'} stores")
    bench.work_on(crowded)
    asked = datetime.now(UTC)
    spans = [span(run, asked) for run in trigger(services, OVERLAPPING)]
    apart = all(first[1] <= second[0] for first, second in pairwise(spans))
    alike = held(crowded) == expected
    told = ", ".join(f"{start:.1f} to {end:.1f}" for start, end in spans)
    print(f"overlapping  {told} s: {'one by one' if apart else 'AT ONCE'}; {'equal' if alike else 'DIFFERENT'} stores")
    return later <= LATER_MOST and same and apart and alike


def main() -> int:
    """Print the figures; 1 where a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=1_000, help="generated ones with nothing new; 0: none")
    parser.add_argument("--rounds", type=int, default=3, help="of those")
    parser.add_argument("--config", type=Path, help="folder of the sources to load, instead of the bundled newsroom")
    args = parser.parse_args()
    given = (args.config / "sources.yaml").read_text(encoding="utf-8") if args.config else ""
    with tempfile.TemporaryDirectory() as name, Newsroom.serve(datetime.now(UTC), NEWSROOM_HOSTS) as newsroom:
        bench, began = Bench(Path(name)), time.monotonic()
        with bench.services() as services:
            resting(services, began)
            bench.work_on(bench.desk("first", newsroom.sources_yaml()))
            trigger(services)  # the first run after a start takes longer
            sound = not args.sources or nothing_new(services, bench, args.sources, args.rounds)
            sound &= first_load(services, bench, given or newsroom.sources_yaml())
    return not sound


if __name__ == "__main__":
    raise SystemExit(main())
