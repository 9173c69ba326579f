"""The commands on what a real run left: the bundled newsroom read twice into one store, which only answers after."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.document import document
from pipeline.model import Article
from pipeline.newsroom import Newsroom
from pipeline.newsroom.expected import expected
from tests.command_line import Desk, Typed, spawned, typed
from tests.house import ROOT

SOURCE_KEYS = ["id", "feed", "state", "last_visit", "status", "next_visit", "entries", "new", "kept", "reason"]
SETTINGS = "fetch: {delay_seconds: 0, allow_networks: [127.0.0.0/8]}\n"
RULES = """
rules:
- {id: kurdish-groups, actors: [pkk, hpg, ypg], send: [desk, log]}
- {id: pmf, actors: [pmf], outlets: {affiliation_not: [state]}, send: [log]}
destinations:
  desk: {terminal: true}
  log: {file: alerts.jsonl}
"""
LEARNED = {"outlet-repeats", "slot", "links", "beside"}
PARAGRAPH = 90  # characters: what the outlets of the bundled newsroom repeat is shorter
ISO = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, slots=True)
class Ran:
    """A desk after two runs over the first edition, and what they said."""

    desk: Desk
    newsroom: Newsroom
    first: Typed
    second: Typed
    before: str  # what a search for everything gave between them
    asked: int  # requests of the first run

    def typed(self, *words: str) -> Typed:
        return self.desk.typed(*words)

    def searched(self, *words: str) -> Typed:
        return self.desk.searched(*words)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    desk = Desk(tmp_path_factory.mktemp("newsroom"))
    shipped = {stem: (ROOT / "config" / f"{stem}.yaml").read_text(encoding="utf-8") for stem in ("actors", "regions")}
    with Newsroom.serve(datetime.now(UTC)) as newsroom:
        desk.write(sources=newsroom.sources_yaml(), settings=SETTINGS, alerts=RULES, **shipped)
        first, asked = desk.spawned("run"), len(newsroom.requests)
        before = everything(desk)
        yield Ran(desk, newsroom, first, desk.spawned("run"), before, asked)


def everything(desk: Desk) -> str:
    return desk.searched("--all", "--limit", "0", "--json").out


def table(printed: str) -> dict[tuple[str, str, str], int]:
    """Count of each (stage, fate, reason) of an outcome table; a row without a reason has three columns."""
    rows = re.findall(r"^(\w+) +(\w+) +(?:([\w-]+) +)?(\d+) *$", printed, re.MULTILINE)
    return {(stage, fate, reason): int(count) for stage, fate, reason, count in rows}


# run


def test_a_run_prints_what_became_of_every_poll_and_entry(ran: Ran) -> None:
    counted = expected(ran.newsroom, 1)
    polls = sum(count for (stage, _, _), count in counted.items() if stage == "feed")

    assert ran.first.code == 0
    assert table(ran.first.out) == counted
    total = sum(counted.values())
    assert f"{total} outcomes = {polls} polls + {total - polls} entries" in ran.first.out


def test_a_run_tells_nothing_on_stderr_that_a_pipe_would_need(ran: Ran) -> None:
    assert "outcomes" not in ran.first.err
    assert "ALERT" not in ran.first.err
    assert "Traceback" not in ran.first.err


def test_a_run_hands_its_alerts_to_the_terminal_and_to_the_file(ran: Ran) -> None:
    sent = [json.loads(line) for line in (ran.desk.folder / "alerts.jsonl").read_text().splitlines()]

    assert {alert["rule"] for alert in sent} == {"kurdish-groups", "pmf"}
    assert all(alert["alias"] in alert["sentence"] for alert in sent)
    assert ran.first.out.count("ALERT kurdish-groups") == sum(alert["rule"] == "kurdish-groups" for alert in sent)
    assert "ALERT pmf" not in ran.first.out
    assert len({(alert["rule"], alert["story"]) for alert in sent}) == len(sent)


def test_a_run_at_once_again_asks_for_no_page_and_changes_nothing(ran: Ran) -> None:
    feeds = {source.feed.split("/", 3)[3] for source in ran.newsroom.sources}
    again = ran.newsroom.requests[ran.asked :]

    assert ran.second.code == 0
    assert {request.path[1:] for request in again} <= feeds | {"robots.txt"}
    assert {fate for stage, fate, _ in table(ran.second.out) if stage != "feed"} <= {"unchanged", "dropped"}
    assert everything(ran.desk) == ran.before
    assert "ALERT" not in ran.second.out


# search


def test_latin_letters_find_an_arabic_and_a_persian_article_with_the_hit_marked(ran: Ran) -> None:
    found = ran.searched("PMF")
    languages = {row["language"] for row in ran.searched("PMF", "--json").rows}

    assert {"ar", "fa"} <= languages
    assert re.search("⟦[^⟧]*الحشد الشعبي⟧", found.out)
    assert "⟦حشد شعبی⟧" in found.out


def test_a_hit_of_a_real_article_has_exactly_the_public_fields(ran: Ran) -> None:
    for row in ran.searched("--json", "--limit", "0").rows:
        assert list(row) == list(document(Article("", "")))
        assert ISO.fullmatch(row["published_at"])
        assert set(row["archive"]) == {"file", "offset"}
        assert all(
            row[mention["in"]][mention["start"] : mention["end"]] == mention["alias"] for mention in row["mentions"]
        )


def test_a_wire_story_is_shown_once_with_its_copies_unless_all_are_asked_for(ran: Ran) -> None:
    once, every = (ran.searched("--json", "--limit", "0", *more).rows for more in ((), ("--all",)))
    stories = [row["story"] for row in every]

    assert [row["story"] for row in once] == list(dict.fromkeys(stories))
    assert len(every) == len(once) + 2
    assert "2 copies more" in ran.searched("--limit", "0").out


# sources


def test_sources_as_json_have_exactly_their_public_keys(ran: Ran) -> None:
    rows = ran.typed("sources", "--json").rows

    assert [row["id"] for row in rows] == [source.id for source in ran.newsroom.sources]
    for row in rows:
        assert list(row) == SOURCE_KEYS
        assert isinstance(row["status"], int)
        assert ISO.fullmatch(row["last_visit"])
        assert ISO.fullmatch(row["next_visit"])
        assert all(isinstance(row[name], int) for name in ("entries", "new", "kept"))


def test_sources_tell_how_each_kind_of_feed_answered(ran: Ran) -> None:
    rows = {row["id"]: row for row in ran.typed("sources", "--json").rows}
    missing = next(row for name, row in rows.items() if name.endswith("-missing-feed"))
    strange = next(row for name, row in rows.items() if name.endswith("-html-feed"))
    good = next(row for row in rows.values() if row["status"] == 304)

    assert (missing["status"], missing["reason"], missing["kept"]) == (404, "http-404", 0)
    assert (strange["status"], strange["reason"]) == (200, "not-a-feed")
    assert good["entries"] > 0
    assert good["new"] == 0


def test_what_outlets_repeat_is_learned_and_no_paragraph_goes_with_it(ran: Ran) -> None:
    rows = ran.searched("--all", "--json", "--limit", "0").rows
    learned = [(row, piece) for row in rows for piece in row["removed"] if piece["reason"] in LEARNED]

    assert {"outlet-repeats", "links"} <= {piece["reason"] for _, piece in learned}
    for row, piece in learned:
        assert piece["text"] not in row["text"].split("\n"), row["title"]
        assert len(piece["text"]) < PARAGRAPH or piece["reason"] == "links", piece["text"]


# check


def test_check_tells_what_is_stored_of_an_id_and_what_was_removed(ran: Ran) -> None:
    row = next(row for row in ran.searched("--json", "--limit", "0").rows if row["removed"] and row["mentions"])
    told = ran.typed("check", row["id"])

    assert told.code == 0
    for field in ("title", "url", "published_at", "language", "outlet", "actors"):
        assert re.search(rf"^{field} ", told.out, re.MULTILINE)
    assert all(line in told.out.split("\n") for line in row["text"].split("\n"))
    assert f"- ⟦{row['removed'][0]['reason']}" in told.out
    assert row["mentions"][0]["alias"] in told.out


def test_check_of_a_page_on_the_web_asks_for_it_and_writes_nothing(ran: Ran, tmp_path: Path) -> None:
    row = ran.searched("--json", "--limit", "1").rows[0]
    places = ("--config", ran.desk.config, "--store", f"sqlite:///{tmp_path}/s.db", "--archive", tmp_path / "archive")
    asked = len(ran.newsroom.requests)

    told = typed("check", row["url"], *places)

    assert told.code == 0
    assert row["title"] in told.out
    assert row["text"] in told.out
    assert ran.newsroom.requests[-1].status == 200
    assert len(ran.newsroom.requests) <= asked + 2  # robots.txt first
    assert list(tmp_path.iterdir()) == []


def test_check_tells_why_a_page_cannot_be_had(ran: Ran) -> None:
    root = ran.newsroom.sources[0].home
    walled = next(site for site in ran.newsroom.sources if ran.newsroom.find(site.home[:-1], "/robots.txt"))

    missing = ran.typed("check", f"{root}no-such-page")
    forbidden = ran.typed("check", f"{walled.home}print/100")

    assert missing.code == forbidden.code == 0
    assert missing.out.startswith("dropped: http-404 ")
    assert forbidden.out.startswith("dropped: robots")


def test_a_private_address_is_not_asked_where_the_settings_do_not_allow_it(ran: Ran, tmp_path: Path) -> None:
    asked = len(ran.newsroom.requests)

    told = Desk(tmp_path).write(settings="fetch: {delay_seconds: 0}").typed("check", ran.newsroom.sources[0].home)

    assert told.code == 0
    assert told.out.startswith("dropped: private-address")
    assert len(ran.newsroom.requests) == asked


# alerts


def test_the_dry_run_tells_the_alerts_that_were_sent_and_sends_none(ran: Ran) -> None:
    log = ran.desk.folder / "alerts.jsonl"
    sent = log.read_text()
    urls = sorted(json.loads(line)["url"] for line in sent.splitlines())

    told = ran.typed("alerts", "--dry-run")

    assert told.code == 0
    assert sorted(re.findall(r"http://\S+", told.out)) == urls
    assert f"{len(urls)} alerts would have been sent" in told.err
    assert log.read_text() == sent


def test_the_dry_run_looks_no_further_back_than_it_is_told(ran: Ran) -> None:
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"

    told = ran.typed("alerts", "--dry-run", "--since", tomorrow)

    assert (told.code, told.out) == (0, "")
    assert "0 alerts would have been sent" in told.err


# doctor


def test_doctor_finds_nothing_wrong_with_what_a_run_left(ran: Ran) -> None:
    told = ran.typed("doctor")

    assert told.code == 0
    assert "FAULT" not in told.out
    assert "everything is in order" in told.out
    parts = [line.split()[1].removesuffix(":") for line in told.lines[:-1]]
    assert parts == ["config", "store", "archive", "memory", "clock", "alerts", "sources", "alerts", "alerts"]


# replay


def yesterday() -> str:
    """A run just before midnight has archived its pages on the day before."""
    return (date.today() - timedelta(days=2)).isoformat()  # noqa: DTZ011 - two days cover any zone


def test_a_replay_under_the_same_rules_would_change_nothing(ran: Ran) -> None:
    told = ran.desk.spawned("replay", "--since", yesterday(), "--dry-run")

    assert told.code == 0
    [line] = told.lines
    assert "pages would be: " in line
    assert "unchanged same" in line
    assert "kept" not in line
    assert everything(ran.desk) == ran.before


def test_a_lost_store_is_rebuilt_from_the_archive_without_alerting(ran: Ran, tmp_path: Path) -> None:
    log = ran.desk.folder / "alerts.jsonl"
    sent = log.read_text()
    fresh = Desk(tmp_path)
    places = ("--config", ran.desk.config, "--store", fresh.store, "--archive", ran.desk.archive)

    told = spawned("replay", "--since", yesterday(), *places)
    found = fresh.searched("--all", "--limit", "0", "--json").rows

    assert told.code == 0
    assert "kept new" in told.out
    own = {"ingested_at", "fetched_at"}
    assert [{key: row[key] for key in row.keys() - own} for row in found] == [
        {key: row[key] for key in row.keys() - own} for row in map(json.loads, ran.before.splitlines())
    ]
    assert log.read_text() == sent
    assert "ALERT" not in told.out
