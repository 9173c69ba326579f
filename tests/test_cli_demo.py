"""`wireroom demo`: the whole pipeline on the bundled newsroom, a closing screen that is true, nothing else touched."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.model import Changes, Stored
from pipeline.newsroom import Newsroom
from pipeline.newsroom.expected import expected
from tests.command_line import Desk, Typed, article, spawned
from tests.house import ROOT

CONFIG = ("--config", ROOT / "config")
ROW = re.compile(r"^(\w+) +(\w+) +(?:([\w-]+) +)?(\d+) *$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A demo in a folder where an earlier one had left its store and a stray file."""

    folder: Path
    told: Typed

    def part(self, heading: str) -> str:
        """What stands below the line that begins so, up to the next heading."""
        below = re.split(rf"(?m)^{re.escape(heading)}.*\n", self.told.out, maxsplit=1)[1]
        return re.split(r"(?m)^(?:first pass|second pass|wireroom search|one of|what to type)", below)[0]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("demo")
    (folder / "var" / "demo" / "archive").mkdir(parents=True)
    (folder / "var" / "demo" / "archive" / "stray.txt").write_text("of an earlier demo")
    filled(folder / "var" / "demo")
    return Shown(folder, spawned("demo", *CONFIG, folder=folder))


def filled(folder: Path) -> Desk:
    """A desk whose store holds one article."""
    desk = Desk(folder)
    store = desk.opened()
    store.save(Changes(articles=(Stored(article("https://desk.example/earlier", text="A story of zeppelins.")),)))
    store.close()
    return desk


def test_it_ends_well_and_says_nothing_of_trouble(shown: Shown) -> None:
    assert shown.told.code == 0
    assert shown.told.err == ""


def test_both_passes_give_the_outcomes_that_this_newsroom_must_give(shown: Shown) -> None:
    with Newsroom.serve(datetime.now(UTC)) as newsroom:
        for edition, heading in ((1, "first pass"), (2, "second pass")):
            table = {row[:3]: int(row[3]) for row in ROW.findall(shown.part(heading))}
            counted = expected(newsroom, edition)

            assert table == counted
            assert f"{sum(counted.values())} outcomes = " in shown.part(heading)


def test_it_shows_a_latin_search_with_an_arabic_and_a_persian_hit_marked(shown: Shown) -> None:
    found = shown.part("wireroom search PMF")

    assert " ar " in found
    assert " fa " in found
    assert re.search("⟦[^⟧]*الحشد الشعبي⟧", found)
    assert re.search("⟦[^⟧]*حشد شعبی⟧", found)


def test_it_shows_an_alert_with_alias_and_sentence(shown: Shown) -> None:
    first, sentence, *_ = shown.part("one of").split("\n")
    alias = first.split(", named ")[1].strip("\u2068\u2069")

    assert re.match(r"ALERT [\w-]+: ", first)
    assert alias in sentence


def test_the_next_commands_can_be_typed_as_they_stand(shown: Shown) -> None:
    search, check, run = (line.strip() for line in shown.part("what to type next").rstrip("\n").split("\n"))

    for line in (search, check):
        told = spawned(*shlex.split(line)[1:], folder=shown.folder)
        assert (told.code, bool(told.out)) == (0, True), line
    assert run.startswith("wireroom run")


def test_what_an_earlier_demo_left_is_gone(shown: Shown) -> None:
    left = [each.name for each in (shown.folder / "var" / "demo").rglob("*")]
    store = f"sqlite:///{shown.folder}/var/demo/wireroom.db"

    assert "stray.txt" not in left
    assert spawned("search", "zeppelins", "--json", "--store", store).out == ""


def test_it_writes_below_var_demo_only(shown: Shown) -> None:
    assert [each.name for each in shown.folder.iterdir()] == ["var"]
    assert [each.name for each in (shown.folder / "var").iterdir()] == ["demo"]


def test_a_store_with_articles_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    desk = filled(tmp_path)
    before = desk.database.read_bytes()

    told = spawned("demo", *CONFIG, "--store", desk.store, "--archive", desk.archive, folder=tmp_path)

    assert (told.code, told.out) == (2, "")
    assert told.err == f"wireroom: --store {desk.store}: the demo only runs into a store without articles.\n"
    assert desk.database.read_bytes() == before
    assert not desk.archive.exists()
    assert not (tmp_path / "var").exists()


def test_a_mistake_in_the_configuration_ends_it_before_anything_is_emptied(tmp_path: Path) -> None:
    (tmp_path / "var" / "demo").mkdir(parents=True)
    (tmp_path / "var" / "demo" / "kept").write_text("")
    desk = Desk(tmp_path).write(settings="fetch: {speed: 5}")

    told = spawned("demo", "--config", desk.config, folder=tmp_path)

    assert (told.code, told.out) == (2, "")
    assert "speed" in told.err
    assert (tmp_path / "var" / "demo" / "kept").exists()
