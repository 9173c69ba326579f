"""What a scheduler's tasks call: places by name, parts by number, and one sentence of what each step did."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import checkpoints
from pipeline.browse.metadata import DATABASE
from pipeline.checkpoints import BROWSED, Checkpoint, Part, Pulse, Span
from pipeline.cli.browse import PORT
from pipeline.model import Changes, ConfigError, Fate, Outcome, StoreError, Turn, Work
from pipeline.stores.sqlite import SqliteStore
from pipeline.workspace.views import OUTCOMES
from tests.local_server import LocalServer, Reply
from tests.trial import html, rss, story

AT = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
BATCH = checkpoints.batch_id(AT, "scheduled__2026-11-21T16:00:00+00:00")


@pytest.fixture
def outlet() -> Iterator[LocalServer]:
    pages = [html(story(seed, "ar"), datetime.now(UTC) - timedelta(hours=1)) for seed in (1, 2)]
    with LocalServer(
        {f"/{number}": Reply(page, headers={"Content-Type": "text/html"}) for number, page in enumerate(pages)}
    ) as server:
        server.routes["/feed"] = Reply(rss([server.url("/0"), server.url("/1"), server.url("/gone")]))
        yield server


@pytest.fixture
def at(tmp_path: Path, outlet: LocalServer) -> Checkpoint:
    config = tmp_path / "config"
    config.mkdir()
    for name, told in {
        "settings": "fetch: {delay_seconds: 0, allow_networks: [127.0.0.0/8]}\n",
        "sources": f"- {{id: khabar, feed: {outlet.url('/feed')}}}\n",
        "actors": "- {id: peshmerga, names: {en: Peshmerga}, aliases: {ar: [البيشمركة]}}\n",
        "alerts": "rules: [{id: all, actors: [peshmerga], send: [log]}]\n"
        f"destinations: {{log: {{file: {tmp_path}/alerts.jsonl}}}}\n",
    }.items():
        (config / f"{name}.yaml").write_text(told, encoding="utf-8")
    environ = {
        "WIREROOM_CONFIG": str(config),
        "WIREROOM_STORE": f"sqlite:///{tmp_path}/wireroom.db",
        "WIREROOM_ARCHIVE": str(tmp_path / "archive"),
    }
    return Checkpoint(environ, BATCH, log(tmp_path).append)


LOGS: dict[Path, list[str]] = {}


def log(folder: Path) -> list[str]:
    return LOGS.setdefault(folder, [])


def ingest(at: Checkpoint, shards: int = 2, attempt: int = 1) -> checkpoints.Summary:
    for part in checkpoints.begin(at, shards):
        checkpoints.collect(at, part, attempt, 1.0)
        checkpoints.process(at, part, attempt)
    return checkpoints.settle(at)


def test_the_steps_of_a_run_end_in_a_table_of_all_that_became_of_it(
    at: Checkpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = ingest(at)

    assert summary.kept == 2
    assert [tuple(row.values()) for row in summary.outcomes] == [
        ("feed", "kept", "", 1),
        ("fetch", "dropped", "http-404", 1),
        ("store", "kept", "new", 2),
    ]
    assert "4 outcomes = 1 polls + 3 entries" in capsys.readouterr().out
    assert json.loads(json.dumps(summary.document()))["batch"] == BATCH


def test_alerts_go_out_once_however_often_the_task_runs(at: Checkpoint, tmp_path: Path) -> None:
    checkpoints.begin(at, 1)
    ingest(at)

    assert [checkpoints.alert(at) for _ in range(3)] == [2, 0, 0]
    assert len((tmp_path / "alerts.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_what_nobody_accepted_is_sent_again_on_its_own(at: Checkpoint, tmp_path: Path) -> None:
    ingest(at)
    (tmp_path / "alerts.jsonl").mkdir()
    assert checkpoints.alert(at) == 0
    (tmp_path / "alerts.jsonl").rmdir()

    assert [checkpoints.deliver(at) for _ in range(2)] == [2, 0]
    assert len((tmp_path / "alerts.jsonl").read_text(encoding="utf-8").splitlines()) == 2


COLLECTING, WRITING = ([Turn(work, f"{number}of2") for number in (1, 2)] for work in Work)
PART, DAY = Part(batch=BATCH, shard=1, shards=2), Span(since="2026-11-21", until="2026-11-21")


class HeldError(Exception):
    """A turn that somebody else has."""


def impatient(line: str) -> None:
    if line.endswith("waiting for it"):
        raise HeldError


@pytest.mark.parametrize(
    ("step", "turns"),
    [
        (lambda at: checkpoints.begin(at, 2), WRITING),
        (lambda at: checkpoints.collect(at, PART, 1, 0.0), [COLLECTING[0], WRITING[0]]),
        (lambda at: checkpoints.process(at, PART, 1), [COLLECTING[0], WRITING[0]]),
        (checkpoints.settle, [*COLLECTING, *WRITING]),
        (checkpoints.alert, WRITING),
        (checkpoints.deliver, WRITING),
        (lambda at: checkpoints.replay(at, DAY, "", dry_run=False), [*COLLECTING, *WRITING]),
        (checkpoints.expire, [*COLLECTING, *WRITING]),
        (checkpoints.health, []),
    ],
    ids=["begin", "collect", "process", "settle", "alert", "deliver", "replay", "expire", "health"],
)
def test_a_step_waits_for_those_whose_work_it_would_meet_and_for_nobody_else(
    at: Checkpoint, step: Callable[[Checkpoint], object], turns: list[Turn]
) -> None:
    hurried, waited_for = Checkpoint(at.environ, BATCH, impatient), []
    for turn in (*COLLECTING, *WRITING):
        with closing(SqliteStore.open(at.environ["WIREROOM_STORE"])) as other, other.exclusive(turn):
            try:
                step(hurried)
            except HeldError:
                waited_for.append(turn)

    assert waited_for == turns


def test_parts_carry_ids_and_nothing_else(at: Checkpoint) -> None:
    assert checkpoints.begin(at, 3) == [{"batch": BATCH, "shard": number, "shards": 3} for number in (1, 2, 3)]


def test_a_run_has_the_same_id_in_every_task_and_another_one_has_another() -> None:
    elsewhere = AT.astimezone(tz=None)

    assert BATCH.startswith("20261121T160000Z-")
    assert checkpoints.batch_id(elsewhere, "scheduled__2026-11-21T16:00:00+00:00") == BATCH
    assert checkpoints.batch_id(AT, "manual__2026-11-21T16:00:00+00:00") != BATCH


def test_a_mistake_in_the_configuration_ends_the_run_before_any_host_is_asked(
    at: Checkpoint, outlet: LocalServer
) -> None:
    (Path(at.environ["WIREROOM_CONFIG"]) / "sources.yaml").write_text("- {id: khabar}\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"sources\.yaml.*feed"):
        checkpoints.begin(at, 1)

    assert outlet.targets == []


def test_a_configuration_without_sources_is_a_mistake(at: Checkpoint) -> None:
    (Path(at.environ["WIREROOM_CONFIG"]) / "sources.yaml").unlink()

    with pytest.raises(ConfigError, match=r"sources\.yaml: not there"):
        checkpoints.begin(at, 1)


def test_a_store_that_cannot_be_used_is_told_in_one_sentence(at: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "wireroom.db").write_bytes(b"this is no database, and was never meant to be one" * 100)

    with pytest.raises(StoreError, match=r"wireroom\.db"):
        checkpoints.begin(at, 1)


def test_a_clock_that_went_backwards_loses_and_doubles_nothing(at: Checkpoint, tmp_path: Path) -> None:
    ingest(at)
    early = Checkpoint(at.environ, checkpoints.batch_id(AT - timedelta(days=3), "early"), at.tell, yesterday)

    summary = ingest(early)

    assert summary.kept == 0
    assert {row["fate"] for row in summary.outcomes if row["stage"] == "store"} == {"unchanged"}
    assert [checkpoints.alert(each) for each in (early, at)] == [2, 0]
    assert len((tmp_path / "alerts.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def yesterday() -> datetime:
    return datetime.now(UTC) - timedelta(days=3)


def test_pages_of_an_interrupted_run_are_told(at: Checkpoint, tmp_path: Path) -> None:
    [part] = checkpoints.begin(at, 1)
    checkpoints.collect(at, part, 1, 1.0)
    later = Checkpoint(at.environ, checkpoints.batch_id(AT, "later"), at.tell)

    checkpoints.settle(later)

    [line] = log(tmp_path)
    assert line.startswith(f"2 pages of the interrupted run {BATCH}.1of1.1-")
    assert line.endswith("were archived already and are stored now")


def test_replay_reads_the_days_of_a_span_and_alerts_nobody(at: Checkpoint, tmp_path: Path) -> None:
    ingest(at)
    with closing(sqlite3.connect(tmp_path / "wireroom.db")) as store, store:
        store.execute("UPDATE articles SET title = 'another'")
    today = datetime.now(UTC).date()
    span = Span(since=(today - timedelta(days=1)).isoformat(), until=today.isoformat())

    assert checkpoints.replay(at, span, "", dry_run=True) == 2
    assert sum("title" in line for line in log(tmp_path)) == 2
    assert checkpoints.replay(at, span, "khabar", dry_run=False) == 2
    assert checkpoints.alert(at) == 2
    assert checkpoints.replay(at, Span(since="2020-01-01", until="2020-12-31"), "", dry_run=False) == 0


def test_replay_of_an_outlet_that_is_none_is_a_mistake(at: Checkpoint) -> None:
    with pytest.raises(ConfigError, match=r"outlet kabar: no such id in .*sources\.yaml"):
        checkpoints.replay(at, Span(since="2026-11-01", until="2026-11-02"), "kabar", dry_run=True)


@given(st.dates(date(2000, 1, 1), date(2099, 1, 1)), st.integers(0, 4000), st.integers(1, 40))
@settings(deadline=None, derandomize=True)
def test_spans_hold_each_day_once_and_are_not_too_many(first: date, days: int, most: int) -> None:
    last = first + timedelta(days=days)

    spans = checkpoints.replay_spans(first.isoformat(), last.isoformat(), most)

    held = [(date.fromisoformat(each["since"]), date.fromisoformat(each["until"])) for each in spans]
    assert len(held) == min(days + 1, most)
    assert (held[0][0], held[-1][1]) == (first, last)
    assert all(end + timedelta(days=1) == start for (_, end), (start, _) in pairwise(held))
    assert all(start <= end for start, end in held)


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2026-11-21", "2026-11-20", "until 2026-11-20 lies before since 2026-11-21"),
        ("yesterday", "2026-11-20", "since yesterday: expected a day such as 2026-11-21"),
        ("2026-11-20", "2026-02-30", "until 2026-02-30: expected a day"),
    ],
)
def test_days_that_are_none_are_a_mistake(since: str, until: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        checkpoints.replay_spans(since, until, 30)


def test_upkeep_deletes_what_the_settings_want_no_longer(at: Checkpoint) -> None:
    ingest(at)
    settings_file = Path(at.environ["WIREROOM_CONFIG"]) / "settings.yaml"
    settings_file.write_text("retention: {outcomes_days: 1}\n", encoding="utf-8")
    then = datetime.now(UTC) - timedelta(days=2)
    with closing(SqliteStore.open(at.environ["WIREROOM_STORE"])) as store:
        store.save(Changes(outcomes=(Outcome("run-old", "khabar", "", "feed", Fate.KEPT, "", then),)))
        assert len(list(store.outcomes("run-old"))) == 1

        assert checkpoints.expire(at) == {"outcomes": 1, "files": 0, "articles": 0}

        assert list(store.outcomes("run-old")) == []
        assert len(list(store.outcomes(BATCH))) > 0


def test_upkeep_tells_which_sources_are_not_well(at: Checkpoint, outlet: LocalServer, tmp_path: Path) -> None:
    checkpoints.health(at)
    outlet.routes["/feed"] = Reply(status=410)
    ingest(at)
    checkpoints.health(at)

    told = " ".join(log(tmp_path))
    assert "1 of 1 enabled sources are not well: 1 new" in told
    assert "1 of 1 enabled sources are not well: 1 gone" in told


def test_upkeep_examines_all_that_a_run_needs(at: Checkpoint, tmp_path: Path) -> None:
    assert checkpoints.doctor(at) == 0

    (Path(at.environ["WIREROOM_CONFIG"]) / "actors.yaml").write_text("- {id: 7, names: none}\n", encoding="utf-8")

    assert checkpoints.doctor(at) == 1
    assert any("actors.yaml" in line for line in log(tmp_path))


def test_the_view_of_a_run_in_the_browser_is_where_browse_shows_it(at: Checkpoint) -> None:
    shown = checkpoints.view(at)

    assert shown.startswith(f"{BROWSED}/{DATABASE}/outcomes?run__startswith={BATCH}")
    assert BROWSED.endswith(f":{PORT}")


def test_the_view_of_a_run_in_kibana_asks_the_shipped_data_view() -> None:
    places = {"WIREROOM_STORE": "elasticsearch+https://es.example:9200"}
    assert checkpoints.view(Checkpoint(places, BATCH)) == ""

    assert (
        checkpoints.view(Checkpoint({**places, "WIREROOM_KIBANA_URL": "https://u:secret@kibana.example"}, BATCH)) == ""
    )
    shown = checkpoints.view(Checkpoint({**places, "WIREROOM_KIBANA_URL": "https://kibana.example/s/desk/"}, BATCH))

    assert shown.startswith("https://kibana.example/s/desk/app/discover#/")
    assert OUTCOMES.id in shown
    assert f"run:{BATCH}*" in shown


def test_names_that_are_not_set_mean_the_defaults() -> None:
    assert Checkpoint({}, BATCH).named("WIREROOM_STORE") == "sqlite:///var/wireroom.db"
    assert Checkpoint({"WIREROOM_ARCHIVE": ""}, BATCH).named("WIREROOM_ARCHIVE") == "var/archive"


def test_progress_is_told_now_and_then() -> None:
    told: list[str] = []
    always, seldom = Pulse(told.append, 0.0), Pulse(told.append, 3600.0)

    always.tick("collect", 3, 8)
    always.tick("read", 3, 0)
    seldom.tick("read", 4, 0)

    assert told == ["collect: 3 of 8", "read: 3"]
