"""What Airflow costs beside the pipeline that it runs: its real services, as `config/start_airflow.py` starts them.

    python tests/bench/airflow.py                            # 1,000 generated sources, then the bundled newsroom
    python tests/bench/airflow.py --sources 0 --config DIR   # only a first load, of a sources.yaml that somebody serves

Bounds: a run over 1,000 sources that have nothing new, in 8 shards, costs at most 12 CPU seconds beside those of
`wireroom run` on the same and those of the idle services: all tasks of the run and of the alerts that it wakes, the
start of each in a process of its own included. A first load takes at most 30 s more than `wireroom run`, and leaves
the same store; so do four runs that are triggered at once, one after the other.
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
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import quote

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from pipeline.newsroom import Newsroom
from tests.airflow_services import Services, started, until
from tests.bench.press import LANGUAGES, sentences
from tests.bench.run import ROOT, Figures, configured, measured, proportional_set
from tests.command_line import Desk
from tests.trial import LONG_AGO, equal_parts, html, rss

OVERHEAD_MOST, LATER_MOST = 12.0, 30.0  # CPU seconds; seconds
SHARDS, OVERLAPPING = 8, 4
INGEST, ALERTS = "wireroom_ingest", "wireroom_alerts"
AS_HERE = {  # constants of the DAGs, so that nothing runs but what is triggered, and alerts when woken
    f"{INGEST}.py": {"SCHEDULE": "None", "SHARDS": f"{SHARDS}"},
    f"{ALERTS}.py": {"SLOW": '"0 0 29 2 *"'},
    "wireroom_upkeep.py": {"SCHEDULE": "None"},
}
SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer")
LOOK = 1.0  # seconds between two questions, at work as when idle: each costs the api-server some milliseconds
PATIENCE = 3_600.0  # seconds for one run, on any machine
NEWSROOM_HOSTS = tuple(f"127.4.0.{number}" for number in range(1, 33))  # so that all shards have something to do
OPEN_FILES = 4_096  # addresses that listen, and connections
Row = dict[str, Any]


class Outlets:
    """Generated sources with one story each, every one on an address of its own, served from a thread.

    Use `with Outlets.serve(count) as outlets`; `unchanged` counts the answers that said so.
    """

    def __init__(self) -> None:
        self.unchanged = 0
        self.sources = ""

    @classmethod
    @contextmanager
    def serve(cls, count: int) -> Iterator[Outlets]:
        """Serve so many until the block ends."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES if hard < 0 else min(OPEN_FILES, hard), hard))
        outlets, loop = cls(), asyncio.new_event_loop()
        thread = Thread(target=loop.run_forever, daemon=True)
        thread.start()
        hosts = [f"127.3.{number // 250}.{number % 250 + 1}" for number in range(count)]
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(outlets.answer, hosts, 0), loop).result()
        roots = ["http://{}:{}".format(*each.getsockname()) for each in server.sockets]
        outlets.sources = "".join(
            f"- {{id: outlet-{number}, feed: '{root}/feed.xml', interval_minutes: 0}}\n"
            for number, root in enumerate(roots)
        )
        try:
            yield outlets
        finally:
            loop.call_soon_threadsafe(server.close)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer all requests of a connection."""
        address = "{}:{}".format(*writer.get_extra_info("sockname"))
        with suppress(asyncio.IncompleteReadError, ConnectionError), closing(writer):
            while head := await reader.readuntil(b"\r\n\r\n"):
                status, body = self.found(address, head.lower())
                length = f"Content-Length: {len(body)}\r\n" if status != "304 Not Modified" else ""
                writer.write(f'HTTP/1.1 {status}\r\nETag: "1"\r\n{length}\r\n'.encode() + body)
                await writer.drain()

    def found(self, address: str, head: bytes) -> tuple[str, bytes]:
        """Status and body: the feed, unchanged for who has it, the story, and nothing else."""
        path = head.split()[1]
        if path == b"/feed.xml":
            if b"if-none-match:" not in head:
                return "200 OK", rss([f"http://{address}/story"], datetime.now(UTC))
            self.unchanged += 1
            return "304 Not Modified", b""
        if path == b"/story":
            dice = random.Random(address)
            language = dice.choice(LANGUAGES)
            return "200 OK", html([sentences(dice, language, 4) for _ in range(4)], datetime.now(UTC))
        return "404 Not Found", b"not here"


class Cost(NamedTuple):
    """CPU seconds of one run over sources with nothing new, and how many tasks it had."""

    total: float  # of the services, from trigger to end
    idle: float  # of the services, as long, with nothing to do
    plain: float  # of `wireroom run` on the same store
    tasks: int

    @property
    def overhead(self) -> float:
        """What Airflow adds."""
        return self.total - self.idle - self.plain


class Bench:
    """The services, and the desk on which they work: where a link leads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._link = Desk(folder / "current")
        dags = folder / "dags"
        shutil.copytree(ROOT / "dags", dags, ignore=shutil.ignore_patterns("__pycache__"))
        for name, constants in AS_HERE.items():
            for constant, value in constants.items():
                rewrite(dags / name, constant, value)
        self.environ = {
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "WIREROOM_CONFIG": str(self._link.config),
            "WIREROOM_STORE": self._link.store,
            "WIREROOM_ARCHIVE": str(self._link.archive),
        }

    def desk(self, name: str, sources: str) -> Desk:
        """A new desk with these sources and an empty store."""
        folder = self._folder / name
        folder.mkdir()
        configured(folder, sources)
        return Desk(folder)

    def work_on(self, desk: Desk) -> None:
        """Let all tasks from now on work on this desk."""
        self._link.folder.unlink(missing_ok=True)
        self._link.folder.symlink_to(desk.folder)


def rewrite(path: Path, constant: str, value: str) -> None:
    """Give a constant of a DAG another value."""
    text, times = re.subn(rf"(?m)^{constant} = .*$", f"{constant} = {value}", path.read_text(encoding="utf-8"))
    if times != 1:
        raise SystemExit(f"{path.name}: expected one line that begins with {constant} =, found {times}")
    path.write_text(text, encoding="utf-8")


def plain_run(desk: Desk) -> Figures:
    """`wireroom run` there."""
    return measured([sys.executable, "-m", "pipeline", "run", *desk.places], desk.folder)


def cpu(services: Services) -> float:
    """CPU seconds of all that was started, dead ones included; looked at while nobody comes or goes."""
    root = psutil.Process(services.process.pid)
    while True:
        found = [root, *root.children(recursive=True)]
        with suppress(psutil.NoSuchProcess):
            seconds = sum(sum(each.cpu_times()[:4]) for each in found)  # of itself and of children it has buried
            if found == [root, *root.children(recursive=True)]:
                return float(seconds)


def memory(services: Services, name: str) -> float:
    """MB of a service and its children, shared pages divided among those that share them."""
    service = services.service(name)
    return sum(proportional_set(each.pid) for each in (service, *service.children(recursive=True))) / 1024


def runs(services: Services, dag: str) -> list[Row]:
    """All runs of a DAG, the newest first."""
    found: list[Row] = services.ask("GET", f"/dags/{dag}/dagRuns?order_by=-run_after")["dag_runs"]
    return found


def at_rest(services: Services) -> bool:
    """Whether nothing runs or waits; a run that failed ends the bench."""
    states = {run["state"] for dag in (INGEST, ALERTS) for run in runs(services, dag)}
    if "failed" in states:
        raise SystemExit("a run failed; its tasks' logs are gone with this bench, `wireroom run` may tell more")
    return not states - {"success"}


def wait(done: Callable[[], bool]) -> float:
    """Ask now and then, until it is so; the seconds that it took."""
    began = time.monotonic()
    while not done():
        if time.monotonic() - began > PATIENCE:
            raise SystemExit(f"not within {PATIENCE:.0f} s")
        time.sleep(LOOK)
    return time.monotonic() - began


def trigger(services: Services, times: int = 1) -> list[Row]:
    """Trigger so many runs at once, and wait for them and for the alerts that the last one wakes; the ended runs."""
    known = len(runs(services, ALERTS))
    with ThreadPoolExecutor(times) as pool:
        path = f"/dags/{INGEST}/dagRuns"
        asked = list(pool.map(lambda _: services.ask("POST", path, {"logical_date": None}), range(times)))
    wait(lambda: at_rest(services) and len(runs(services, ALERTS)) > known)
    ids = {run["dag_run_id"] for run in asked}
    return [run for run in runs(services, INGEST) if run["dag_run_id"] in ids]


def count_tasks(services: Services, run: Row) -> int:
    """How many task instances a run had."""
    path = f"/dags/{run['dag_id']}/dagRuns/{quote(run['dag_run_id'])}/taskInstances"
    return int(services.ask("GET", path)["total_entries"])


def moment(run: Row, name: str) -> datetime:
    """When a run was queued (`queued_at`), began or ended."""
    return datetime.fromisoformat(run[name])


def nothing_new(services: Services, bench: Bench, count: int, rounds: int) -> bool:
    """Print what a run over sources with nothing new costs; tell whether the bound holds."""
    with Outlets.serve(count) as outlets:
        desk = bench.desk("outlets", outlets.sources)
        bench.work_on(desk)
        trigger(services)
        trigger(services)  # the first one with nothing new warms up
        costs = [one_round(services, desk, outlets, count) for _ in range(rounds)]
    total, idle, plain, tasks = (median(each) for each in zip(*costs, strict=True))
    overhead = median(each.overhead for each in costs)
    each_time = ", ".join(f"{cost.overhead:.1f}" for cost in costs)
    print(f"nothing new  {count:,} sources in {SHARDS} shards, {tasks:.0f} tasks; medians of {rounds} rounds, CPU s")
    print(f"  services   {total:.1f} in all, {(total - idle) / tasks:.2f} a task; {idle:.1f} when idle as long")
    print(f"  plain run  {plain:.1f}")
    print(f"  overhead   {overhead:.1f} ({each_time}), bound {OVERHEAD_MOST:.0f}; {overhead / tasks:.2f} a task")
    print(f"             {overhead / plain:.2f} times the plain run")
    return overhead <= OVERHEAD_MOST


def one_round(services: Services, desk: Desk, outlets: Outlets, count: int) -> Cost:
    """What a run costs, the same time with nothing to do, and a plain run on a copy of the same store."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(desk.folder, name, dirs_exist_ok=True)
        plain = plain_run(Desk(Path(name))).cpu
    unchanged, before, began = outlets.unchanged, cpu(services), time.monotonic()
    run = trigger(services)[0]
    between, ends = cpu(services), 2 * time.monotonic() - began
    wait(lambda: at_rest(services) and bool(runs(services, ALERTS)) and time.monotonic() >= ends)
    after = cpu(services)
    if outlets.unchanged - unchanged != count:
        raise SystemExit(f"{outlets.unchanged - unchanged} of {count} sources answered that they are unchanged")
    tasks = count_tasks(services, run) + count_tasks(services, runs(services, ALERTS)[0])
    return Cost(between - before, after - between, plain, tasks)


def first_load(services: Services, bench: Bench, sources: str) -> bool:
    """Print how much later a first load ends, and what four overlapping triggers do; tell whether all is as it must."""
    quiet, desk, crowded = (bench.desk(name, sources) for name in ("quiet", "load", "crowded"))
    plain = plain_run(quiet).wall
    bench.work_on(desk)
    asked = datetime.now(UTC)
    later = (moment(trigger(services)[0], "end_date") - asked).total_seconds() - plain
    expected = held(quiet)
    same = held(desk) == expected
    print(f"first load   {len(expected)} articles; `wireroom run` {plain:.1f} s, Airflow {later:.1f} s more", end="")
    print(f", bound {LATER_MOST:.0f} ({later / plain + 1:.2f} times); {'equal' if same else 'DIFFERENT'} stores")
    bench.work_on(crowded)
    asked = datetime.now(UTC)
    ran = sorted(trigger(services, OVERLAPPING), key=lambda run: moment(run, "start_date"))
    apart = all(moment(a, "end_date") <= moment(b, "start_date") for a, b in zip(ran, ran[1:], strict=False))
    alike = held(crowded) == expected
    print(f"overlapping  {OVERLAPPING} runs, seconds after the trigger:", end="")
    for run in ran:
        print(
            "", *(f"{(moment(run, name) - asked).total_seconds():.1f}" for name in ("start_date", "end_date")), end=","
        )
    print(f" {'one by one' if apart else 'AT ONCE'}; {'equal' if alike else 'DIFFERENT'} stores")
    return later <= LATER_MOST and same and apart and alike


def held(desk: Desk) -> dict[str, Row]:
    """What its store holds, in all in which two stores must agree."""
    with closing(desk.opened()) as store:
        return equal_parts(store.ingested(LONG_AGO))


def resting(services: Services, began: float, seconds: float) -> None:
    """Print what the services need when nobody asks for anything."""
    ready = time.monotonic() - began if services.url else 0.0
    until(
        lambda: services.ask("GET", "/dags")["total_entries"] == len(list((ROOT / "dags").glob("*_[!p]*.py"))), "DAGs"
    )
    before = cpu(services)
    time.sleep(seconds)
    cores = (cpu(services) - before) / seconds
    parts = {name: memory(services, name) for name in SERVICES}
    told = ", ".join(f"{name} {size:.0f}" for name, size in parts.items())
    print(f"idle         ready after {ready:.0f} s; {cores:.2f} cores; {sum(parts.values()):.0f} MB ({told})")


def main() -> int:
    """Print the figures; 1 where a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=1_000, help="generated ones with nothing new; 0: none")
    parser.add_argument("--rounds", type=int, default=3, help="of those")
    parser.add_argument("--idle", type=float, default=30.0, help="seconds for which the idle services are watched")
    parser.add_argument("--config", type=Path, help="folder of a sources.yaml to load, instead of the bundled newsroom")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, Newsroom.serve(datetime.now(UTC), NEWSROOM_HOSTS) as newsroom:
        bench, began = Bench(Path(name)), time.monotonic()
        with started(Path(name, "services"), **bench.environ) as services:
            resting(services, began, args.idle)
            sound = not args.sources or nothing_new(services, bench, args.sources, args.rounds)
            served = (args.config / "sources.yaml").read_text(encoding="utf-8") if args.config else ""
            sound &= first_load(services, bench, served or newsroom.sources_yaml())
    return not sound


if __name__ == "__main__":
    raise SystemExit(main())
