"""The command line itself: help, the three places, exit codes, streams and pipes, and what a start costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pipeline import __version__
from pipeline.cli import app
from pipeline.model import Changes, Stored
from tests.command_line import ENVIRONMENT, Desk, article, spawned, typed
from tests.house import ROOT

ROOT_COMMAND: Any = typer.main.get_command(app)
PLACES = {"--config", "--store", "--archive"}
HEAVY = (
    *("trafilatura", "lxml", "feedparser", "httpx", "httpcore", "warcio", "fsspec", "langdetect", "numpy", "babel"),
    *("ahocorasick_rs", "yaml", "protego", "sqlite3", "asyncio", "multiprocessing", "pipeline.stores.sqlite"),
    *("pipeline.config", "pipeline.flow", "pipeline.extract", "pipeline.fold", "pipeline.newsroom"),
)
LEAD = "import json, sys\ntry:\n    from pipeline.cli import main\n    main()\nfinally:\n"


def imported(*words: str) -> set[str]:
    """The modules that a command has imported when it ends."""
    code = f"{LEAD}    sys.stderr.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(  # noqa: S603 - a command of our own
        [sys.executable, "-c", code, *words], cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=True
    )
    return set(json.loads(done.stderr))


NAMES = list(ROOT_COMMAND.commands)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A store with more hits than a pipe holds."""
    made = Desk(tmp_path_factory.mktemp("start")).write()
    store = made.opened()
    many = (article(f"https://desk.example/{n}", title=f"خبر {n}", text=f"متن خبر {n}. " * 400) for n in range(60))
    store.save(Changes(articles=tuple(map(Stored, many))))
    store.close()
    return made


# What a start costs


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("search", "--help"), ("run", "--help")])
def test_help_imports_nothing_that_only_work_needs(words: tuple[str, ...]) -> None:
    assert imported(*words) & set(HEAVY) == set()


def test_a_search_imports_no_reader_of_pages_and_no_client(desk: Desk) -> None:
    found = imported("search", "خبر", "--json", "--store", desk.store)

    assert found & {"trafilatura", "lxml", "httpx", "feedparser", "warcio", "langdetect", "asyncio"} == set()


# Help and the shape of the commands


def test_help_lists_every_command_and_needs_nothing() -> None:
    short, long = typed("-h"), typed("--help")

    assert short == long
    assert short.code == 0
    assert set(NAMES) >= {"demo", "run", "search", "check", "extract", "sources", "alerts", "replay", "setup", "doctor"}
    assert all(f" {name} " in short.out for name in NAMES)


def test_the_version_is_told() -> None:
    assert typed("--version").out == f"wireroom {__version__}\n"


def test_without_a_command_the_help_is_shown_and_it_is_wrong_use() -> None:
    told = typed()

    assert told.code == 2
    assert "Usage: wireroom" in told.out + told.err


@pytest.mark.parametrize("name", NAMES)
def test_every_command_takes_the_three_places_after_its_name(name: str) -> None:
    options = {option for parameter in ROOT_COMMAND.commands[name].params for option in parameter.opts}

    assert options >= PLACES


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_a_help_of_its_own(name: str) -> None:
    told = typed(name, "--help")

    assert told.code == 0
    assert f"Usage: wireroom {name}" in told.out
    assert "[[" not in told.out


@pytest.mark.parametrize(
    "words", [("nonsense",), ("search", "--nonsense"), ("--store", "x", "search"), ("extract", "x")]
)
def test_wrong_use_is_told_on_stderr_with_exit_code_2(words: tuple[str, ...]) -> None:
    told = typed(*words)

    assert (told.code, told.out) == (2, "")
    assert "Usage: wireroom" in told.err
    assert "Traceback" not in told.err


# Places from the environment


def test_the_places_may_come_from_the_environment_and_the_words_win(desk: Desk, tmp_path: Path) -> None:
    other = Desk(tmp_path).write()
    other.opened().close()
    environ = {"WIREROOM_STORE": desk.store, "WIREROOM_CONFIG": str(desk.config), "WIREROOM_ARCHIVE": "/nowhere"}

    assert len(spawned("search", "--json", environ=environ).rows) == 20
    assert spawned("search", "--json", "--store", other.store, environ=environ).out == ""


def test_the_store_is_var_wireroom_db_of_the_folder_where_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()

    told = spawned("setup", folder=tmp_path)

    assert told.code == 0
    assert (tmp_path / "var" / "wireroom.db").is_file()
    assert (tmp_path / "var" / "archive").is_dir()


# Streams


def test_a_reader_that_goes_away_ends_a_command_quietly(desk: Desk) -> None:
    for words in (("--json",), ()):
        command = [sys.executable, "-m", "pipeline", "search", "--limit", "0", "--store", desk.store, *words]
        with subprocess.Popen(  # noqa: S603 - a command of our own
            command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as running:
            assert running.stdout
            assert running.stderr
            assert running.stdout.readline()
            running.stdout.close()
            assert running.stderr.read() == b""
        assert running.returncode == 1


@pytest.mark.parametrize("charset", ["ascii", "latin-1"])
@pytest.mark.parametrize("words", [("--json",), ()])
def test_letters_reach_a_pipe_as_utf_8_whatever_the_locale(desk: Desk, charset: str, words: tuple[str, ...]) -> None:
    told = spawned("search", *words, "--limit", "1", "--store", desk.store, environ={"PYTHONIOENCODING": charset})

    assert told.code == 0
    assert "خبر" in told.out


def test_a_word_that_is_no_utf_8_is_a_word_like_any_other() -> None:
    command: list[str | bytes] = [sys.executable, "-m", "pipeline", "search", b"\xff\xfe", "--sort", b"\xff"]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=False)  # noqa: S603 - our own

    assert done.returncode == 2
    assert b"expected newest or best" in done.stderr


# A bug


def test_a_bug_is_told_as_one_with_its_traceback_and_exit_code_70(desk: Desk) -> None:
    broken = "import pipeline.cli.options as options\noptions.open_store = lambda *_, **__: 1 / 0"

    told = spawned("search", "--store", desk.store, before=broken)

    assert (told.code, told.out) == (70, "")
    assert "ZeroDivisionError" in told.err
    assert told.err.endswith("This is a bug in wireroom, not a mistake of yours.\n")
