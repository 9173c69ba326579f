"""A real scheduler on the bundled newsroom: it triggers, it is killed at work, and leaves what one quiet run leaves."""

from __future__ import annotations

import json
import re
import resource
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
import yaml

from pipeline.newsroom import Newsroom
from pipeline.newsroom.server import Request
from tests.airflow_services import Services, started, until
from tests.command_line import Desk
from tests.house import ROOT
from tests.trial import LONG_AGO, equal_parts

pytestmark = pytest.mark.airflow

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.9", "127.0.0.3")  # one in each of the four shards
SETTINGS = "fetch: {delay_seconds: 0, allow_networks: [127.0.0.0/8]}\nprocess: {workers: 1}\n"
RULES = """
rules:
- {{id: kurdish-groups, actors: [pkk, hpg, ypg], send: [log]}}
- {{id: pmf, actors: [pmf], send: [log]}}
- {{id: everything, send: [log]}}
destinations: {{log: {{file: {file}}}}}
"""
LATER = ("kamurj", "sanabil", "sepidar", "two-rivers", "xezer-guzgusu", "zagros-diary")  # outlets added in mid-story
EARLIER_PAGES = 12  # pages of theirs that are answered before the newsroom stands still
OFTEN = "SCHEDULE = timedelta(seconds=10)"
FASTER = {
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "20",
}
ENDS = {"success", "failed"}
Row = dict[str, Any]


class Wire(list[Request]):
    """The newsroom's log of requests, in which all is still after so many of some pages until it goes on."""

    def __init__(self, some: set[tuple[str, str]], number: int) -> None:
        super().__init__()
        self.still, self.goes_on = threading.Event(), threading.Event()
        self._pages, self._number = some, number

    def append(self, request: Request) -> None:
        super().append(request)
        if len([each for each in self if (each.outlet, each.path) in self._pages]) > self._number:
            self.still.set()
            self.goes_on.wait()


@dataclass
class Story:
    """What happened when, for whoever reads the test's output."""

    path: Path
    began: float = field(default_factory=time.monotonic)

    def tell(self, sentence: str) -> None:
        line = f"{time.monotonic() - self.began:6.1f} s  {sentence}\n"
        with self.path.open("a") as written:
            written.write(line)
        sys.stdout.write(line)

    def tell_run(self, services: Services, run: Row) -> None:
        """One run and its tasks."""
        tries = Counter(f"{each['state']} at try {each['try_number']}" for each in tasks(services, run))
        took = datetime.fromisoformat(run["end_date"]) - datetime.fromisoformat(run["start_date"])
        told = ", ".join(f"{count} {what}" for what, count in tries.items())
        self.tell(f"{run['dag_id']} {run['run_type']} {run['state']} in {took.total_seconds():.0f} s; tasks: {told}")


def pages(newsroom: Newsroom) -> set[tuple[str, str]]:
    """Outlet and path of the good pages of the outlets that are added later."""
    homes = {source.home for source in newsroom.sources}
    places = [(home.removesuffix("/"), url) for url in newsroom.gold() for home in homes if url.startswith(home)]
    found = {(newsroom.outlet_at(root), url.removeprefix(root)) for root, url in places}
    return {(outlet, path) for outlet, path in found if outlet in LATER}


def runs(services: Services, dag: str, *states: str) -> list[Row]:
    """The runs of a DAG in these states, oldest first."""
    found = services.ask(f"/dags/{dag}/dagRuns?order_by=start_date")["dag_runs"]
    return [run for run in found if run["state"] in states]


def tasks(services: Services, run: Row) -> list[Row]:
    """The task instances of a run."""
    path = f"/dags/{run['dag_id']}/dagRuns/{quote(run['dag_run_id'])}/taskInstances"
    found: list[Row] = services.ask(path)["task_instances"]
    return found


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom.serve(datetime.now(UTC), HOSTS) as running:
        yield running


def desk(folder: Path, newsroom: Newsroom, left_out: tuple[str, ...] = ()) -> Desk:
    """Write the configuration of a desk, without the sources of some outlets."""
    folder.mkdir(exist_ok=True)
    shipped = {stem: (ROOT / "config" / f"{stem}.yaml").read_text(encoding="utf-8") for stem in ("actors", "regions")}
    rows = [row for row in yaml.safe_load(newsroom.sources_yaml()) if row["id"] not in left_out]
    sources, alerts = yaml.safe_dump(rows, allow_unicode=True), RULES.format(file=folder / "alerts.jsonl")
    return Desk(folder).write(sources=sources, settings=SETTINGS, alerts=alerts, **shipped)


def often(folder: Path) -> Path:
    """The DAGs as they are, but for how often feeds are asked; without upkeep, which a first start runs at once."""
    shutil.copytree(ROOT / "dags", folder, ignore=shutil.ignore_patterns("__pycache__", "wireroom_upkeep.py"))
    ingest = folder / "wireroom_ingest.py"
    text, times = re.subn(r"(?m)^SCHEDULE = .*$", OFTEN, ingest.read_text(encoding="utf-8"))
    assert times == 1
    ingest.write_text(text, encoding="utf-8")
    return folder


def left_in(place: Desk) -> tuple[dict[str, dict[str, Any]], Counter[tuple[str, str]]]:
    """What a store holds, in all in which two stores must agree, and how often each rule told of each story."""
    store = place.opened()
    articles = list(store.ingested(LONG_AGO))
    assert store.undelivered() == []
    store.close()
    stories = {article.id: article.story for article in articles}
    alerts = map(json.loads, (place.folder / "alerts.jsonl").read_text(encoding="utf-8").splitlines())
    return equal_parts(articles), Counter((alert["rule"], stories[alert["article"]]) for alert in alerts)


def crash(services: Services) -> int:
    """Kill the scheduler and all that it started, without a warning; how many these were."""
    scheduler = services.service("scheduler")
    lost = [scheduler, *scheduler.children(recursive=True)]
    for each in lost:
        with suppress(psutil.Error):
            each.kill()
    return len(lost)


def listening(services: Services) -> set[str]:
    """The addresses on which anything of it listens."""
    return {
        f"http://{connection.laddr.ip}:{connection.laddr.port}"
        for each in services.left()
        for connection in each.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


def asked(looked: Callable[[], Any], what: str) -> Any:  # noqa: ANN401 - JSON
    """What the REST API gives as soon as that is something; each question costs the api-server some CPU time."""
    return until(looked, what, every=1.0)


def at_work(services: Services, name: str) -> Callable[[], Row | None]:
    """Looks for a run of which tasks of that name are running."""

    def look() -> Row | None:
        for run in runs(services, "wireroom_ingest", "running"):
            if [each for each in tasks(services, run) if each["task_id"] == name and each["state"] == "running"]:
                return run
        return None

    return look


def two_runs_and_their_alerts(services: Services, story: Story) -> None:
    """The scheduler triggers twice by its clock, and alerts each time by the asset."""
    assert {services.url} == listening(services)
    story.tell(services.out.strip())
    first = asked(lambda: runs(services, "wireroom_ingest", *ENDS)[1:2], "two runs")
    woken = asked(
        lambda: [run for run in runs(services, "wireroom_alerts", *ENDS) if run["run_type"] == "asset_triggered"],
        "alerts",
    )
    for run in (*runs(services, "wireroom_ingest", *ENDS)[:1], *first, *woken):
        story.tell_run(services, run)
        assert run["state"] == "success"
        assert run["run_type"] in ("scheduled", "asset_triggered")


def crashed_at_work(services: Services, newsroom: Newsroom, place: Desk, story: Story) -> Row:
    """More sources are added, and while their pages are fetched the scheduler dies with all its tasks."""
    wire = newsroom.requests = Wire(pages(newsroom), EARLIER_PAGES)
    desk(place.folder, newsroom)
    story.tell(f"{len(LATER)} sources were added; the newsroom stands still after {EARLIER_PAGES} of their pages")
    until(wire.still.is_set, "pages of the new sources")
    interrupted: Row = asked(at_work(services, "shard.collect"), "a shard that collects")
    story.tell(f"killed the scheduler and {crash(services) - 1} processes that it had started")
    wire.goes_on.set()
    until(lambda: "the scheduler died (SIGKILL)" in services.err, "the news")
    services.service("scheduler")
    story.tell(f"told: {services.err.splitlines()[-1]}")
    return interrupted


def recovered(services: Services, run: Row, story: Story) -> None:
    """The run comes to its end, and so do the alerts after it."""
    path = f"/dags/wireroom_ingest/dagRuns/{quote(run['dag_run_id'])}"
    ended = asked(lambda: (now := services.ask(path))["state"] in ENDS and now, "the run that was interrupted")
    story.tell_run(services, ended)
    assert ended["state"] == "success"
    settled = {each["task_id"]: each for each in tasks(services, ended)}["settle"]
    woken = asked(
        lambda: [run for run in runs(services, "wireroom_alerts", *ENDS) if run["start_date"] >= settled["end_date"]],
        "alerts",
    )
    story.tell_run(services, woken[0])


def test_the_scheduler_triggers_alerts_and_after_a_crash_nothing_is_lost_or_doubled(
    tmp_path: Path, newsroom: Newsroom
) -> None:
    story = Story(tmp_path / "story.txt")
    quiet, place = desk(tmp_path / "quiet", newsroom), desk(tmp_path / "work", newsroom, LATER)
    environ = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(often(tmp_path / "dags")),
        "WIREROOM_CONFIG": str(place.config),
        "WIREROOM_STORE": place.store,
        "WIREROOM_ARCHIVE": str(place.archive),
    }
    with started(tmp_path / "services", **environ, **FASTER) as services:
        assert quiet.spawned("run").code == 0
        story.tell("`wireroom run` on all sources has ended, for comparison")
        two_runs_and_their_alerts(services, story)
        recovered(services, crashed_at_work(services, newsroom, place, story), story)
        services.process.send_signal(signal.SIGTERM)
        assert services.ended() == 0
        assert services.left() == []
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        story.tell(f"SIGTERM: no process is left; {used.ru_utime + used.ru_stime:.0f} CPU seconds in all")

    articles, alerts = left_in(place)
    assert (articles, alerts) == left_in(quiet)
    assert set(alerts.values()) == {1}
    times = Counter((each.outlet, each.path) for each in newsroom.requests)
    repeated = sum(times[page] - 1 for page in pages(newsroom))
    assert repeated <= len(HOSTS)  # what was under way
    told = f"{len(articles)} articles and {len(alerts)} alerts, as of one quiet run; each alert once"
    story.tell(f"{told}; {repeated} pages were asked for twice")
