"""Mistakes of people and faults of disks: one clear sentence, the right exit code, no traceback, nothing lost."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.model import Changes, Stored
from tests.command_line import Desk, Typed, article, typed

GOOD = {
    "settings": "fetch:\n  delay_seconds: 5\n",
    "sources": '- id: port\n  feed: "https://port.example/feed"\n',
    "actors": "- id: pkk\n  names: {en: PKK}\n",
    "regions": "- id: dukan-camp\n  name: Dukan camp\n",
    "boilerplate": "- outlet: port\n  keep: [Stay with us]\n",
    "alerts": "rules:\n- id: mountains\n  actors: [pkk]\n  send: [desk]\ndestinations:\n  desk: {terminal: true}\n",
}
SENTENCE = re.compile(r"wireroom: .+\n")


def told_once(told: Typed, code: int) -> str:
    """The one sentence of a command that did nothing."""
    assert (told.code, told.out) == (code, "")
    assert SENTENCE.fullmatch(told.err), told.err
    assert "Traceback" not in told.err
    return told.err.removeprefix("wireroom: ").rstrip("\n")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path).write(**GOOD)


@pytest.fixture
def kept(desk: Desk) -> Desk:
    """A desk whose store holds one article."""
    store = desk.opened()
    store.save(Changes(articles=(Stored(article("https://desk.example/1", text="A story that stays.")),)))
    store.close()
    return desk


def pragma(desk: Desk, statement: str) -> list[tuple[int]]:
    with closing(sqlite3.connect(desk.database)) as db:
        return db.execute(f"PRAGMA {statement}").fetchall()


# Every file of the configuration, through a real command


def test_the_good_files_are_good(desk: Desk) -> None:
    assert desk.typed("setup").code == 0


@pytest.mark.parametrize(
    ("stem", "more", "line", "said"),
    [
        # a key that nobody knows
        ("settings", "  speed: 5\n", 3, "speed"),
        ("sources", "  colour: red\n", 3, "colour"),
        ("actors", "  colour: red\n", 3, "colour"),
        ("regions", "  colour: red\n", 3, "colour"),
        ("alerts", "colours: {}\n", 7, "colours"),
        ("boilerplate", "  remove: [x]\n", 3, "boilerplate[0].remove"),
        # a value of another type
        ("settings", "  interval_minutes: often\n", 3, "fetch.interval_minutes: expected a whole number"),
        ("sources", "  enabled: yes\n", 3, "sources[0].enabled: expected true or false"),
        ("actors", "  aliases: PKK\n", 3, "actors[0].aliases"),
        ("regions", "  lat: north\n", 3, "lat: expected a number"),
        ("alerts", "  log: {file: 5}\n", 7, "destinations.log.file: expected text"),
        ("boilerplate", "  drop: Share\n", 3, "drop: expected a list, found 'Share'; write [Share]"),
        ("boilerplate", "  drop: [Photo: Ann]\n", 3, "drop[0]: expected text, found keys with values; put quotes"),
        ("boilerplate", "  drop: ['']\n", 3, "drop[0]: expected a text with at least one letter"),
        # a line that is to stay and to go
        ("boilerplate", "  drop: [STAY WITH US!]\n", 3, "'STAY WITH US!' is kept on line 2"),
        # an id twice
        ("settings", "fetch:\n  delay_seconds: 3\n", 3, "this key stands twice, first on line 1"),
        ("sources", '- id: port\n  feed: "https://b.example/"\n', 3, "stands twice, first on line 1"),
        ("actors", "- id: pkk\n  names: {en: Pkk}\n", 3, "stands twice, first on line 1"),
        ("regions", "- id: dukan-camp\n  name: Camp\n", 3, "stands twice, first on line 1"),
        ("alerts", "  desk: {terminal: true}\n", 7, "this key stands twice, first on line 6"),
        ("boilerplate", "- outlet: port\n", 3, "the outlet 'port' stands twice, first on line 1"),
        # what names something that is not there
        ("alerts", "  log: {file: a}\nrules: []\n", 8, "this key stands twice"),
        ("boilerplate", "- outlet: prot\n", 3, "no outlet of sources.yaml has the id 'prot'; did you mean port?"),
        # no YAML at all
        ("settings", "  - [\n", 3, "this is not YAML"),
        ("sources", "\t- id: x\n", 3, "this is not YAML"),
        ("actors", "# \x07\n", 3, "control character U+0007"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key(desk: Desk, stem: str, more: str, line: int, said: str) -> None:
    desk.write(**{stem: GOOD[stem] + more})

    sentence = told_once(desk.typed("setup"), 2)

    assert sentence.startswith(f"{desk.config}/{stem}.yaml, line ")
    assert said in sentence
    assert re.search(rf"line {line}\b", sentence)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("actors: [pkkk]", "no actor of actors.yaml has the id"),
        ("regions: [atlantis]", "no region"),
        ("outlets: {id: [nobody]}", "no outlet of sources.yaml has the id"),
        ("query: 'pkk AND'", "AND needs a word after it"),
        ("when: now", "when"),
    ],
)
def test_a_rule_about_nothing_is_told_with_its_line(desk: Desk, rule: str, said: str) -> None:
    desk.write(alerts=f"rules:\n- id: mountains\n  {rule}\n  send: [desk]\ndestinations:\n  desk: {{terminal: true}}\n")

    sentence = told_once(desk.typed("setup"), 2)

    assert sentence.startswith(f"{desk.config}/alerts.yaml, line 3, rules[0].")
    assert said in sentence


@pytest.mark.parametrize(
    "command", [("run",), ("sources",), ("alerts",), ("setup",), ("replay", "--since", "2026-11-21")]
)
def test_a_mistake_stops_every_command_before_it_touches_anything(desk: Desk, command: tuple[str, ...]) -> None:
    desk.write(settings="fetch: {speed: 5}\n")

    told_once(desk.typed(*command), 2)

    assert not desk.database.exists()
    assert not desk.archive.exists()


def test_a_secret_that_the_environment_lacks_is_told_by_name(desk: Desk) -> None:
    desk.write(sources=GOOD["sources"] + '  headers: {Authorization: "Bearer ${PORT_TOKEN}"}\n')

    assert "PORT_TOKEN" in told_once(desk.typed("run"), 2)


def test_a_password_in_an_address_is_refused_and_not_repeated(desk: Desk) -> None:
    desk.write(sources='- id: port\n  feed: "https://me:s3cret@port.example/feed"\n')

    sentence = told_once(desk.typed("run"), 2)

    assert "line 2" in sentence
    assert "s3cret" not in sentence


def test_a_file_instead_of_the_folder_is_told(desk: Desk) -> None:
    told = typed("run", "--config", desk.config / "settings.yaml", "--store", desk.store)

    assert "there is no such folder" in told_once(told, 2)


# Where the store should be


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgres://host/db", "expected sqlite:///relative/path.db"),
        ("wireroom.db", "expected sqlite:///relative/path.db"),
        ("sqlite://wireroom.db", "expected sqlite:///relative/path.db"),
        ("sqlite:///", "expected sqlite:///FILE"),
        ("elasticsearch+http://host", "expected elasticsearch+https://host:9200"),
        ("", "expected sqlite:///relative/path.db"),
    ],
)
def test_a_store_of_another_form_is_wrong_use(desk: Desk, url: str, said: str) -> None:
    told = typed("run", "--config", desk.config, "--archive", desk.archive, "--store", url)

    assert said in told_once(told, 2)


@pytest.mark.parametrize("command", [("run",), ("setup",), ("sources",), ("alerts",)])
@pytest.mark.parametrize("place", ["folder", "in-a-file", "nowhere"])
def test_a_store_that_cannot_be_written_is_told(desk: Desk, command: tuple[str, ...], place: str) -> None:
    (desk.folder / "folder").mkdir()
    (desk.folder / "file").write_text("in the way")
    path = {"folder": desk.folder / "folder", "in-a-file": desk.folder / "file" / "x.db", "nowhere": "/proc/none/x.db"}

    told = typed(*command, "--config", desk.config, "--archive", desk.archive, "--store", f"sqlite:///{path[place]}")

    sentence = told_once(told, 1)
    assert str(path[place]) in sentence
    assert "name another --store" in sentence


def test_the_file_of_another_program_is_refused_and_not_touched(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.database)) as db:
        db.execute("CREATE TABLE recipes (name)")
    before = desk.database.read_bytes()

    assert "is the database of another program" in told_once(desk.typed("run"), 1)
    assert desk.database.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_without_the_right_to_write_can_still_be_searched(kept: Desk) -> None:
    kept.database.chmod(0o400)
    kept.folder.chmod(0o500)

    assert "read-only" in told_once(kept.typed("alerts"), 1)
    assert kept.searched("story", "--json").rows[0]["url"] == "https://desk.example/1"


# A store of another version


@pytest.mark.parametrize("command", [("run",), ("search",), ("alerts",), ("setup",), ("check", "0" * 64)])
def test_a_store_of_a_newer_version_is_refused_and_not_touched(kept: Desk, command: tuple[str, ...]) -> None:
    pragma(kept, "user_version = 99")
    before = kept.database.read_bytes()

    told = kept.searched() if command == ("search",) else kept.typed(*command)

    assert "has schema version 99" in told_once(told, 1)
    assert "use the newer Wireroom that wrote it" in told.err
    assert kept.database.read_bytes() == before


def test_a_store_of_an_older_version_is_brought_up_to_date_and_a_copy_kept(kept: Desk) -> None:
    [(newest,)] = pragma(kept, "user_version")
    with closing(sqlite3.connect(kept.database)) as db:
        db.executescript("DROP VIEW news; DROP VIEW places")  # which the last step makes
    pragma(kept, f"user_version = {newest - 1}")

    told = kept.searched("story", "--json")

    assert [row["text"] for row in told.rows] == ["A story that stays."]
    assert pragma(kept, "user_version") == [(newest,)]
    copy = kept.database.with_name(f"wireroom.db.backup-v{newest - 1}")
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (newest - 1,)
        assert db.execute("SELECT text FROM articles").fetchone() == ("A story that stays.",)


# Where the archive should be


@pytest.mark.parametrize(
    ("url", "said", "code"),
    [
        ("nowhere://bucket/pages", "Protocol not known", 2),
        ("file-in-the-way", "correct the rights or see that it can be reached, then run again", 1),
    ],
)
def test_an_archive_that_cannot_be_used_is_told(desk: Desk, url: str, said: str, code: int) -> None:
    (desk.folder / "file-in-the-way").write_text("")
    archive = url if ":" in url else str(desk.folder / url)

    told = typed("setup", "--config", desk.config, "--store", desk.store, "--archive", archive)

    assert said in told_once(told, code)
    assert archive in told.err
