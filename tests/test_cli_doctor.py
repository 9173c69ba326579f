"""`wireroom doctor`: a line a part, and for each fault what to do about it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.archive import Archive
from pipeline.model import Answer, Article, Changes, Claim, Entry, Page, Source, Stored, Visit
from tests.command_line import Desk, Typed

NOW = datetime.now(UTC).replace(microsecond=0)
SOURCES = '- {id: alpha, feed: "https://alpha.example/feed"}\n- {id: beta, feed: "https://beta.example/feed"}\n'
RESOURCE = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"  # every write fails, as on a full disk


def alerts(file: Path) -> str:
    return f"destinations:\n  desk: {{terminal: true}}\n  log: {{file: {file}}}\n"


@pytest.fixture(autouse=True)
def without_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_HOME", raising=False)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A good setup that was in use: two visits, one archived page, one delivered alert."""
    made = Desk(tmp_path).write(sources=SOURCES, alerts=alerts(tmp_path / "alerts.jsonl"))
    store = made.opened()
    store.save(Changes(visits=tuple(Stored(visit(name)) for name in ("alpha", "beta"))))
    store.claim(Claim("rule", "0" * 64, "new", NOW, "{}", delivered_at=NOW))
    store.close()
    url = "https://alpha.example/1"
    answer = Answer(url, 200, (("content-type", "text/html"),), b"<p>page</p>", NOW)
    with Archive(str(made.archive)).writer("run-1") as writer:
        for number in (1, 2):
            writer.add(Page(url, answer, Entry(url, number=number), Source("alpha", ""), "run-1"))
    return made


def visit(source: str, at: datetime = NOW, errors: int = 0, reason: str = "") -> Visit:
    return Visit(source, "run-1", at, 200, NOW + timedelta(hours=1), errors=errors, reason=reason)


def replaced(desk: Desk, visit: Visit) -> None:
    store = desk.opened()
    store.save(Changes(visits=(Stored(visit, store.visits()[visit.source].version),)))
    store.close()


def fault(told: Typed, part: str) -> str:
    """The sentence of the one fault that was found."""
    [line] = [line for line in told.lines if line.startswith("FAULT")]
    assert told.code == 1
    assert told.lines[-1] == "1 fault"
    assert line.startswith(f"FAULT  {part}: ")
    return line.removeprefix(f"FAULT  {part}: ")


def note(told: Typed, part: str) -> str:
    """The sentence of the one thing worth knowing, where nothing is at fault."""
    [line] = [line for line in told.lines if line.startswith("note")]
    assert told.code == 0
    assert told.lines[-1] == "everything is in order"
    return line.removeprefix(f"note   {part}: ")


def test_a_good_setup_is_in_order_line_by_line(desk: Desk) -> None:
    told = desk.typed("doctor")

    assert (told.code, told.err) == (0, "")
    assert told.lines[0].startswith(f"ok     config: {desk.config}: 2 of 2 sources enabled, ")
    assert told.lines[1] == f"ok     store: {desk.store}: writable, 0 articles"
    assert told.lines[2] == f"ok     archive: {desk.archive}: writable, 1 files"
    assert told.lines[3] == "ok     memory: every article's page is remembered"
    assert told.lines[4].startswith(f"ok     clock: {NOW:%Y-%m-%d}")
    assert "ok     alerts: all delivered" in told.lines
    assert "ok     sources: 2 visited, none failing" in told.lines
    assert "ok     alerts to desk: printed on the terminal" in told.lines
    assert f"ok     alerts to log: appended to {desk.folder}/alerts.jsonl" in told.lines
    assert told.lines[-1] == "everything is in order"


def test_a_look_sends_nothing_and_leaves_no_probe_behind(desk: Desk) -> None:
    before = sorted(str(each) for each in desk.folder.rglob("*") if "wireroom.db" not in each.name)

    desk.typed("doctor")

    assert sorted(str(each) for each in desk.folder.rglob("*") if "wireroom.db" not in each.name) == before


def test_a_mistake_in_the_configuration_is_a_fault_and_the_rest_is_still_looked_at(desk: Desk) -> None:
    told = desk.write(actors="- {id: pkk, colour: red}").typed("doctor")

    said = fault(told, "config")
    assert f"{desk.config}/actors.yaml, line 1" in said
    assert "colour" in said
    assert "ok     archive: " in told.out


def test_a_folder_that_is_not_there_is_a_fault_with_its_remedy(tmp_path: Path) -> None:
    assert "make it, or name another with --config" in fault(Desk(tmp_path).typed("doctor"), "config")


def test_missing_sources_are_a_fault(desk: Desk) -> None:
    (desk.config / "sources.yaml").unlink()

    assert "sources.yaml: not there. Say which feeds to read" in fault(desk.typed("doctor"), "config")


def test_an_archive_that_cannot_be_written_is_a_fault(desk: Desk) -> None:
    os.rename(desk.archive, desk.folder / "moved")  # noqa: PTH104 - as a person would
    desk.archive.write_text("a file in the way")

    assert "correct the rights" in fault(desk.typed("doctor"), "archive")


def test_articles_from_before_pages_were_remembered_are_told_with_the_remedy_and_are_no_fault(desk: Desk) -> None:
    store = desk.opened()
    articles = (
        Article(str(number), f"https://alpha.example/{number}", digest=b"told" * (number > 2)) for number in range(5)
    )
    store.save(Changes(articles=tuple(map(Stored, articles))))
    store.close()

    said = note(desk.typed("doctor"), "memory")

    assert said.startswith("3 articles have no memory of their page")
    assert "`wireroom replay --since DAY` gives it" in said


def test_a_torn_file_of_the_archive_is_told_and_asks_for_nothing(desk: Desk) -> None:
    [file] = desk.archive.rglob("*.warc.gz")
    os.truncate(file, file.stat().st_size - 20)

    said = note(desk.typed("doctor"), "archive")

    assert said.startswith(str(file.relative_to(desk.archive)))
    assert "delete nothing" in said


def test_a_store_that_is_something_else_is_a_fault(desk: Desk) -> None:
    desk.database.write_text("not a database at all, " * 200)

    told = desk.typed("doctor")

    assert "is not a store" in fault(told, "store")
    assert "ok     archive: " in told.out


def test_a_full_disk_is_a_fault_of_the_store(desk: Desk) -> None:
    told = desk.spawned("doctor", before=RESOURCE)

    [line] = [line for line in told.lines if line.startswith("FAULT  store: ")]
    assert told.code == 1
    assert str(desk.database) in line
    assert "run again" in line
    assert "Traceback" not in told.err


def test_a_clock_that_was_set_back_is_a_fault(desk: Desk) -> None:
    replaced(desk, visit("alpha", NOW + timedelta(days=400)))

    said = fault(desk.typed("doctor"), "clock")

    assert f"before the last visit ({NOW + timedelta(days=400):%Y-%m-%d}" in said
    assert "Set it right" in said


def test_a_clock_a_minute_behind_is_none(desk: Desk) -> None:
    replaced(desk, visit("alpha", NOW + timedelta(minutes=1)))

    assert desk.typed("doctor").code == 0


def test_failing_sources_are_told_with_the_reason_and_are_no_fault(desk: Desk) -> None:
    replaced(desk, visit("beta", errors=3, reason="http-403"))

    assert note(desk.typed("doctor"), "sources").startswith("1 fail: beta (http-403). `wireroom sources ID` tells more")


def test_many_failing_sources_are_counted(tmp_path: Path) -> None:
    desk = Desk(tmp_path).write(
        sources="".join(f'- {{id: s{number}, feed: "https://s{number}.example/"}}\n' for number in range(9))
    )
    store = desk.opened()
    store.save(Changes(visits=tuple(Stored(visit(f"s{number}", errors=4, reason="timeout")) for number in range(9))))
    store.close()

    assert "s4 (timeout) and 4 more." in note(desk.typed("doctor"), "sources")


def test_a_disabled_source_does_not_fail(desk: Desk) -> None:
    replaced(desk, visit("beta", errors=30, reason="timeout"))
    desk.write(sources=SOURCES.replace('beta.example/feed"', 'beta.example/feed", enabled: false'))

    assert desk.typed("doctor").code == 0


def test_an_alert_that_waits_is_a_fault(desk: Desk) -> None:
    store = desk.opened()
    store.claim(Claim("rule", "1" * 64, "new", NOW - timedelta(days=2), json.dumps({"id": "x"})))
    store.close()

    said = fault(desk.typed("doctor"), "alerts")

    assert said.startswith(f"1 wait for delivery, the oldest since {NOW - timedelta(days=2):%Y-%m-%d}")
    assert "the next run sends them" in said


def test_a_file_that_alerts_cannot_be_appended_to_is_a_fault(desk: Desk) -> None:
    (desk.folder / "in-the-way").write_text("")
    told = desk.write(alerts=alerts(desk.folder / "in-the-way" / "log")).typed("doctor")

    assert "is in the way. Correct alerts.yaml or the rights of the file." in fault(told, "alerts to log")


def test_every_fault_is_told_at_once(desk: Desk) -> None:
    desk.write(settings="fetch: {speed: 5}")
    desk.database.write_text("something else, " * 300)
    [file] = desk.archive.rglob("*.warc.gz")
    os.truncate(file, 30)

    told = desk.typed("doctor")

    assert told.code == 1
    assert [line.split()[1] for line in told.lines if line.startswith("FAULT")] == ["config:", "store:"]
    assert told.lines[-1] == "2 faults"
