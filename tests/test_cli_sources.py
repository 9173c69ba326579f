"""`wireroom sources` and `wireroom setup`: who is read, how it went and what repeats there, and a store made ready."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from rich.cells import cell_len

from pipeline.model import Article, Changes, Outlet, Removed, Stored, Visit
from tests.command_line import Desk, article, typed

NOW = datetime.now(UTC).replace(microsecond=0)
KEYS = ["id", "feed", "state", "last_visit", "status", "next_visit", "entries", "new", "kept", "reason"]
SOURCES = """
- {id: fine, feed: "https://fine.example/feed"}
- {id: broken, feed: "https://broken.example/feed"}
- {id: closed, feed: "https://closed.example/feed"}
- {id: late, feed: "https://late.example/feed", interval_minutes: 30}
- {id: fresh, feed: "https://fresh.example/feed"}
- {id: asleep, feed: "https://asleep.example/feed", enabled: false, name: "خبرنامه [/قدیم]", owner: ":fire:",
   country: IR, languages: [fa, az], affiliation: state, notes: "moved [bold]twice[/bold], see [1]"}
- {id: six, feed: "http://[2001:db8::1]/feed"}
"""


def visit(source: str, **fields: object) -> Visit:
    made = Visit(source, "run-1", NOW - timedelta(minutes=10), 200, NOW + timedelta(hours=1))
    return replace(made, **fields)  # type: ignore[arg-type]  # the caller names fields of a Visit


VISITS = (
    visit("fine", entries=30, new=4, kept=3),
    visit("broken", status=None, errors=5, reason="timeout"),
    visit("closed", status=410, validated_url="https://closed.example/feed", next_visit=None, reason="http-410"),
    visit("late", status=304, next_visit=NOW - timedelta(minutes=1), reason="not-modified"),
    visit("asleep"),
    visit("removed-from-the-file"),
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    made = Desk(tmp_path_factory.mktemp("sources")).write(sources=SOURCES)
    store = made.opened()
    store.save(Changes(visits=tuple(map(Stored, VISITS))))
    store.close()
    return made


def test_json_is_one_object_a_source_in_the_order_of_the_file(desk: Desk) -> None:
    told = desk.typed("sources", "--json")

    assert (told.code, told.err) == (0, "")
    assert [list(row) for row in told.rows] == [KEYS] * 7
    assert [row["id"] for row in told.rows] == ["fine", "broken", "closed", "late", "fresh", "asleep", "six"]


def test_json_tells_what_the_last_visit_brought(desk: Desk) -> None:
    fine, broken, *_ = desk.typed("sources", "--json").rows

    assert fine == {
        "id": "fine",
        "feed": "https://fine.example/feed",
        "state": "ok",
        "last_visit": f"{NOW - timedelta(minutes=10):%Y-%m-%dT%H:%M:%SZ}",
        "status": 200,
        "next_visit": f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "entries": 30,
        "new": 4,
        "kept": 3,
        "reason": "",
    }
    assert (broken["status"], broken["state"], broken["reason"]) == (None, "failing", "timeout")


def test_each_source_has_one_state(desk: Desk) -> None:
    states = {row["id"]: row["state"] for row in desk.typed("sources", "--json").rows}

    assert states == {
        "fine": "ok",
        "broken": "failing",
        "closed": "gone",
        "late": "due",
        "fresh": "new",
        "asleep": "disabled",
        "six": "new",
    }


def test_what_was_never_visited_is_null_and_what_sleeps_has_no_next_visit(desk: Desk) -> None:
    rows = {row["id"]: row for row in desk.typed("sources", "--json").rows}

    assert [rows["fresh"][key] for key in KEYS[3:]] == [None, None, None, 0, 0, 0, ""]
    assert rows["asleep"]["next_visit"] is None
    assert rows["closed"]["next_visit"] is None


def test_the_table_has_a_row_a_source_and_counts_the_states(desk: Desk) -> None:
    told = desk.typed("sources")

    assert told.code == 0
    assert [line.split()[0] for line in told.lines[1:-1]] == [row["id"] for row in desk.typed("sources", "--json").rows]
    assert told.lines[-1] == "7 sources: 1 disabled, 1 due, 1 failing, 1 gone, 2 new, 1 ok"


def test_one_source_is_told_with_all_that_the_file_says_of_it_letter_by_letter(desk: Desk) -> None:
    told = desk.typed("sources", "asleep")

    facts = {line[:12].strip(): line[12:].strip() for line in told.lines}
    assert facts["name"] == "خبرنامه [/قدیم]"
    assert facts["owner"] == ":fire:"
    assert facts["notes"] == "moved [bold]twice[/bold], see [1]"
    assert (facts["languages"], facts["timezone"], facts["enabled"]) == ("fa, az", "Asia/Tehran", "no")
    assert "http://[2001:db8::1]/feed" in desk.typed("sources", "six").out


def test_one_source_as_json_is_one_line(desk: Desk) -> None:
    [row] = desk.typed("sources", "late", "--json").rows

    assert (row["id"], row["status"]) == ("late", 304)


# What an outlet repeats


def report(number: int, *removed: Removed, outlet: str = "fine", story: str = "") -> Article:
    """A stored article, the newer the higher its number."""
    url = f"https://{outlet}.example/{number}"
    fields = {"outlet": Outlet(outlet), "published_at": NOW - timedelta(days=9) + timedelta(minutes=number)}
    return article(url, text="Text.", removed=removed, **fields, **({"story": story} if story else {}))


def repeats(tmp_path: Path, *articles: Article, words: tuple[str, ...] = ("fine",)) -> list[str]:
    """What is told below the facts of a source whose store holds these articles."""
    desk = Desk(tmp_path).write(sources=SOURCES)
    store = desk.opened()
    store.save(Changes(articles=tuple(map(Stored, articles))))
    store.close()
    told = desk.typed("sources", *words)
    assert (told.code, told.err) == (0, "")
    return told.out.split("\n\n")[1].split("\n")


def cells(row: str) -> list[str]:
    """The cells of a row, which stand at least two spaces apart."""
    return re.split(r" {2,}", row.strip())


def test_the_lines_that_an_outlet_repeats_are_told_most_frequent_first(tmp_path: Path) -> None:
    heading, head, *rows = repeats(
        tmp_path,
        report(1, Removed("Call us: 12", "outlet-repeats", 0, 20), Removed("Read next", "slot", 3)),
        report(2, Removed("Follow us\nCALL US: 13", "outlet-repeats", 0, 5), Removed("Share", "widget", 4)),
        report(3, Removed("Call us: 14", "outlet-repeats", 2, 2), Removed("تابعنا", "slot", 3)),
        report(4),
        report(5, Removed("Of another outlet", "outlet-repeats", 2, 2), outlet="late"),
    )

    assert heading == "what it repeats (lines removed from its newest 4 articles)"
    assert cells(head) == ["articles", "reason", "pages", "line"]
    assert list(map(cells, rows)) == [
        ["3", "outlet-repeats", "20+", "Call us: 14"],
        ["1", "outlet-repeats", "5+", "Follow us"],
        ["1", "slot", "Read next"],
        ["1", "slot", "\u2068تابعنا\u2069"],
    ]


def test_a_line_that_stands_twice_in_an_article_counts_once(tmp_path: Path) -> None:
    twice = Removed("Call us", "outlet-repeats", 0, 5), Removed("Call us", "outlet-repeats", 3, 5)

    heading, _, row = repeats(tmp_path, report(1, *twice))

    assert heading.endswith("(lines removed from its newest 1 article)")
    assert cells(row)[0] == "1"


def test_copies_of_one_story_count_one_by_one(tmp_path: Path) -> None:
    piece = Removed("Call us", "outlet-repeats", 0, 5)

    _, _, row = repeats(tmp_path, *(report(number, piece, story="one") for number in range(3)))

    assert cells(row)[0] == "3"


def test_only_the_newest_fifty_articles_tell(tmp_path: Path) -> None:
    old, new = Removed("Old footer", "outlet-repeats", 0, 5), Removed("New footer", "outlet-repeats", 0, 5)

    _, _, row = repeats(tmp_path, *(report(number, old if number < 10 else new) for number in range(60)))

    assert cells(row) == ["50", "outlet-repeats", "5+", "New footer"]


def test_of_many_lines_twenty_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    pieces = [Removed(f"Line {chr(97 + number)}", "outlet-repeats", number, 2) for number in range(23)]

    *_, last, more = repeats(tmp_path, report(1, *pieces))

    assert cells(last)[-1] == "Line t"
    assert more == "and 3 more"


def test_an_outlet_that_repeats_nothing_says_so(tmp_path: Path) -> None:
    assert repeats(tmp_path, report(1, Removed("Share", "widget", 0))) == [
        "what it repeats (lines removed from its newest 1 article)",
        "nothing so far",
    ]


def test_it_is_told_how_to_force_a_line(desk: Desk) -> None:
    *_, where, how = desk.typed("sources", "fine").lines

    assert where == f"To keep or to drop one of its lines by force, name it in {desk.config}/boilerplate.yaml:"
    [entry] = yaml.safe_load(how)
    assert entry.keys() == {"outlet", "keep", "drop"}
    assert entry["outlet"] == "fine"


def test_what_it_repeats_is_no_part_of_the_row(tmp_path: Path) -> None:
    desk = Desk(tmp_path).write(sources=SOURCES)
    store = desk.opened()
    store.save(Changes(articles=(Stored(report(1, Removed("Call us", "outlet-repeats", 0, 5))),)))
    store.close()

    [row] = desk.typed("sources", "fine", "--json").rows

    assert list(row) == KEYS


@pytest.mark.parametrize("width", [80, 120])
def test_long_lines_stay_whole_on_a_terminal(tmp_path: Path, width: int) -> None:
    line = (
        "تابعوا آخر أخبار النهر والقرى التي على ضفتيه في تطبيقنا الجديد الذي يعمل بلا إنترنت وبلا إعلانات ومجانا للجميع"
    )
    repeats(tmp_path, report(1, Removed(line, "outlet-repeats", 0, 20)))

    told = re.sub(r"\x1b\[[0-9;]*m", "", Desk(tmp_path).shown("sources", "fine", width=width))

    assert max(map(cell_len, told.split("\n"))) <= width
    assert line in " ".join(told.split())


def test_a_source_nobody_configured_is_wrong_use(desk: Desk) -> None:
    told = desk.typed("sources", "nobody")

    assert (told.code, told.out) == (2, "")
    assert told.err == f"wireroom: sources nobody: no such id in {desk.config}/sources.yaml.\n"


@pytest.mark.parametrize("command", ["sources", "run"])
def test_commands_that_need_sources_say_so_where_the_file_is_missing(tmp_path: Path, command: str) -> None:
    told = Desk(tmp_path).write(settings="").typed(command)

    assert (told.code, told.out) == (2, "")
    assert "sources.yaml: not there" in told.err


def test_an_empty_list_of_sources_is_no_mistake(tmp_path: Path) -> None:
    told = Desk(tmp_path).write(sources="[]").typed("sources", "--json")

    assert (told.code, told.out) == (0, "")


# setup


def test_setup_makes_store_and_archive_ready_and_may_be_repeated(tmp_path: Path) -> None:
    desk = Desk(tmp_path).write(sources=SOURCES)

    first, second = desk.typed("setup"), desk.typed("setup")

    assert first == second
    assert first.code == 0
    assert "7 sources" in first.lines[0]
    assert first.lines[1] == f"store    {desk.store}: ready, 0 articles"
    assert first.lines[2] == f"archive  {desk.archive}: ready"
    assert list(desk.archive.iterdir()) == []
    with sqlite3.connect(desk.database) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    db.close()
    assert {"articles", "outcomes", "visits"} <= tables


def test_setup_leaves_what_is_stored_alone(desk: Desk) -> None:
    before = desk.typed("sources", "--json")

    assert desk.typed("setup").code == 0
    assert desk.typed("sources", "--json") == before


@pytest.mark.parametrize("command", ["setup", "search", "sources", "alerts", "doctor"])
def test_a_server_that_is_not_there_is_told_in_a_sentence(desk: Desk, command: str) -> None:
    archive = () if command == "search" else ("--archive", desk.archive)
    told = typed(command, "--config", desk.config, "--store", "elasticsearch+http://127.0.0.1:1", *archive)

    assert told.code == 1
    assert "store http://127.0.0.1:1 cannot be reached; start it, correct --store" in told.out + told.err
    assert "Traceback" not in told.err
