"""What is SQLite's own: the file, its versions, its faults, what survives kill -9, and the word index."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.document import document
from pipeline.model import Article, Changes, ConfigError, Outlet, Stored, StoreError, Visit
from pipeline.query import DEPTH, TOKENS, Search, parse
from pipeline.stores.sqlite import SqliteStore, bands, index, schema
from pipeline.stores.sqlite.faults import explain
from pipeline.stores.sqlite.index import Placed
from pipeline.stores.sqlite.search import NEWEST
from tests.house import ROOT

EIGHT = datetime(2026, 11, 21, 8, tzinfo=UTC)


def article(key: str, text: str = "", at: datetime | None = EIGHT) -> Article:
    return Article(key, f"https://x.example/{key}", text=text, published_at=at, ingested_at=at)


def put(store: SqliteStore, *articles: Article) -> None:
    assert store.save(Changes(articles=tuple(map(Stored, articles)))) == frozenset()


def found(store: SqliteStore, words: str = "") -> list[str]:
    return [hit.article.id for hit in store.search(Search(parse(words), limit=0))]


@contextmanager
def opened(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore.open(f"sqlite:///{path}")) as store:
        yield store


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as any other program sees it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield db


# The file


def test_three_slashes_name_a_file_from_here_and_its_folders_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = SqliteStore.open("sqlite:///var/deep/store.db")
    monkeypatch.chdir("/")

    put(store, article("a1"))
    assert found(store) == ["a1"]
    store.close()
    assert (tmp_path / "var/deep/store.db").is_file()


def test_four_slashes_name_a_file_from_the_root(tmp_path: Path) -> None:
    SqliteStore.open(f"sqlite:///{tmp_path / 'store.db'}").close()

    assert (tmp_path / "store.db").is_file()


@pytest.mark.parametrize(
    "url", ["", "store.db", "sqlite:store.db", "sqlite://store.db", "sqlite:///", "sqlite:////", "postgres:///x"]
)
def test_another_url_is_a_mistake_of_the_person(url: str) -> None:
    with pytest.raises(ConfigError, match=r"expected sqlite:///FILE .* or sqlite:////FILE"):
        SqliteStore.open(url)


def test_people_can_read_articles_outcomes_and_visits(tmp_path: Path) -> None:
    told = replace(article("a1", "نص"), outlet=Outlet("sabah", country="TR"), actors=("pkk", "pmf"))
    with opened(tmp_path / "store.db") as store:
        put(store, told)
    with raw(tmp_path / "store.db") as db:
        public = list(document(told))
        row = db.execute(f"SELECT {', '.join(public)} FROM articles").fetchone()  # noqa: S608 - our own names
        actors = db.execute("SELECT value FROM articles, json_each(actors) ORDER BY value").fetchall()
        columns = {table: _columns(db, table) for table in ("outcomes", "visits")}

    values = dict(zip(public, row, strict=True))
    assert (values["id"], values["text"], values["published_at"]) == ("a1", "نص", "2026-11-21T08:00:00Z")
    assert values["outlet"] == '{"id":"sabah","name":null,"country":"TR","languages":[],"affiliation":"unknown"}'
    assert actors == [("pkk",), ("pmf",)]
    assert columns["outcomes"][:7] == ["run", "source", "url", "stage", "fate", "reason", "at"]
    assert columns["visits"] == [*(field.name for field in fields(Visit)), "version"]


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})")]


# Versions


def test_a_store_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    opened_once(path)
    with raw(path) as db:
        db.execute("PRAGMA user_version = 99")
    before = path.read_bytes()

    with pytest.raises(StoreError, match=r"schema version 99, this program knows 1 at most; use the newer Wireroom"):
        SqliteStore.open(f"sqlite:///{path}")
    assert path.read_bytes() == before


def opened_once(path: Path) -> None:
    with opened(path):
        pass


def test_an_older_store_is_brought_up_to_date_and_a_copy_of_it_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with opened(path) as store:
        put(store, article("a1", "flood"))
    steps = (*schema.STEPS, ("ALTER TABLE visits ADD COLUMN colour TEXT",), ("UPDATE articles SET first_outlet = 'x'",))
    with raw(path) as db:
        schema.prepare(db, path, steps)
        schema.prepare(db, path, steps)
        assert db.execute("PRAGMA user_version").fetchone() == (3,)
        assert db.execute("SELECT first_outlet FROM articles").fetchall() == [("x",)]
        assert _columns(db, "visits")[-1] == "colour"

    assert sorted(each.name for each in tmp_path.iterdir()) == ["store.db", "store.db.backup-v1"]
    with opened(tmp_path / "store.db.backup-v1") as copy:
        assert found(copy, "flood") == ["a1"]
        assert copy.articles(["a1"])["a1"].value.first_outlet == ""


def test_a_step_that_fails_leaves_the_older_store_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with opened(path) as store:
        put(store, article("a1", "flood"))
    with raw(path) as db, pytest.raises(sqlite3.OperationalError):
        schema.prepare(db, path, (*schema.STEPS, ("DELETE FROM articles", "SELECT nonsense")))

    with opened(path) as store:
        assert found(store, "flood") == ["a1"]


def test_a_store_whose_version_was_lost_is_mended_and_a_copy_kept(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with opened(path) as store:
        put(store, article("a1", "flood"))
    with raw(path) as db:
        db.execute("PRAGMA user_version = 0")

    with opened(path) as store:
        assert found(store, "flood") == ["a1"]
    assert (tmp_path / "store.db.backup-v0").is_file()


def test_a_new_store_leaves_no_copy(tmp_path: Path) -> None:
    (tmp_path / "store.db").touch()
    opened_once(tmp_path / "store.db")

    assert [each.name for each in tmp_path.iterdir()] == ["store.db"]


def test_many_may_make_the_same_store_at_once(tmp_path: Path) -> None:
    program = f"from tests.test_sqlite import *; opened_once(Path({str(tmp_path / 'store.db')!r}))"
    processes = [started(program) for _ in range(4)]
    for process in processes:
        process.communicate(timeout=60)

    assert [process.returncode for process in processes] == [0] * 4


def started(program: str) -> subprocess.Popen[str]:
    """Another process that runs this program."""
    command = [sys.executable, "-c", program]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program


# Faults


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.mkdir(), "cannot be opened or created: see that its folder may be written"),
        (lambda path: path.write_text("Dear diary, " * 100), "is not a store: the file holds something else"),
        (lambda path: foreign(path, "CREATE TABLE songs (title)"), "is the database of another program"),
        (lambda path: foreign(path, "PRAGMA application_id = 7"), "is the database of another program"),
        (lambda path: foreign(path, "PRAGMA user_version = 1"), "is the database of another program"),
    ],
)
def test_a_file_that_is_no_store_is_told_and_left_alone(
    tmp_path: Path, spoil: Callable[[Path], object], told: str
) -> None:
    path = tmp_path / "store.db"
    spoil(path)
    before = path.read_bytes() if path.is_file() else None

    with pytest.raises(StoreError, match=told) as fault:
        SqliteStore.open(f"sqlite:///{path}")
    assert str(path) in str(fault.value)
    assert "\n" not in str(fault.value)
    assert before == (path.read_bytes() if path.is_file() else None)


def foreign(path: Path, statement: str) -> None:
    with raw(path) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute(statement)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match=r"file/deep/store.db cannot be created: .*name another --store"):
        SqliteStore.open(f"sqlite:///{tmp_path}/file/deep/store.db")


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ("max_page_count = 1", "cannot grow: its disk is full; free some room and run again"),
        ("query_only = 1", "cannot be written: its file, folder or disk is read-only"),
    ],
)
def test_a_disk_that_takes_no_more_is_told_and_nothing_is_half_written(tmp_path: Path, limit: str, told: str) -> None:
    path = tmp_path / "store.db"
    with opened(path) as store:
        put(store, article("a1", "before"))

    def limited(path: Path) -> sqlite3.Connection:
        db = schema.connect(path)
        db.execute(f"PRAGMA {limit}")
        return db

    with closing(SqliteStore(path, connect=limited)) as store:
        with pytest.raises(StoreError, match=told):
            put(store, article("a2", "after " * 9_000), article("a3"))
        assert found(store) == ["a1"]
    with opened(path) as store:
        put(store, article("a2", "after"))
        assert found(store, "before OR after") == ["a1", "a2"]


def test_a_store_that_another_program_keeps_locked_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with (
        opened(path) as writer,
        closing(SqliteStore(path, connect=lambda path: schema.connect(path, timeout=0.01))) as store,
        raw(path) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="stayed locked by another program for too long"):
            put(store, article("a1"))
        assert found(store) == []  # reading goes on
        other.execute("ROLLBACK")
        put(writer, article("a1"))
        assert found(store) == ["a1"]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with opened(path) as store:
        put(store, *(article(f"a{number}", "flood " * 500) for number in range(50)))
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(1) * (len(content) - 4096)
    path.write_bytes(content)

    with pytest.raises(StoreError, match="is damaged: put back a copy, or move it away and rebuild it"):
        SqliteStore.open(f"sqlite:///{path}")


def test_an_unknown_complaint_is_told_with_its_own_words() -> None:
    told = str(explain(Path("store.db"), sqlite3.OperationalError("no such module: fts5")))

    assert told.startswith("store store.db cannot be used")
    assert "no such module: fts5" in told


def test_a_bug_of_ours_is_not_told_as_a_fault_of_the_disk(tmp_path: Path) -> None:
    with opened(tmp_path / "store.db") as store:
        pass

    with pytest.raises(sqlite3.ProgrammingError):
        store.count()


def test_a_lock_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "store.db.lock").mkdir()

    with (
        opened(tmp_path / "store.db") as store,
        pytest.raises(StoreError, match=r"store.db.lock cannot be opened"),
        store.exclusive(),
    ):
        pytest.fail("the lock is a folder")


# kill -9


WRITER = """
from tests.test_sqlite import *
with opened(Path({path!r})) as store:
    for number in range(100_000):
        put(store, *(article(f"{{number:05x}}{{part}}", f"flood number{{number}}") for part in range(3)))
        print(number, flush=True)
"""


def test_what_was_written_before_kill_9_is_there_and_nothing_by_halves(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with started(WRITER.format(path=str(path))) as writer:
        assert writer.stdout
        told = [int(writer.stdout.readline()) for _ in range(20)][-1]
        writer.send_signal(signal.SIGKILL)
        told = max([told, *map(int, writer.stdout)])

    with opened(path) as store:
        kept = found(store, "flood")
        assert store.count() == len(kept)
        assert len(kept) in {3 * (told + 1), 3 * (told + 2)}
        assert all(len(found(store, f"number{number}")) == 3 for number in range(0, told + 1, 7))
        put(store, article("fffff", "flood"))


HOLDER = """
from tests.test_sqlite import *
with opened(Path({path!r})) as store, store.exclusive():
    child = os.fork()  # a worker that outlives its parent
    if child == 0:
        print(os.getpid(), flush=True)
        signal.pause()
    os.waitpid(child, 0)
"""


def test_a_killed_run_leaves_the_store_free_although_its_worker_lives_on(tmp_path: Path) -> None:
    path, told = tmp_path / "store.db", list[str]()
    with started(HOLDER.format(path=str(path))) as holder:
        assert holder.stdout
        worker = int(holder.stdout.readline())
        try:
            holder.send_signal(signal.SIGKILL)
            holder.wait(timeout=20)
            with closing(SqliteStore(path, waiting=lambda: told.append("waiting"))) as store, store.exclusive():
                os.kill(worker, 0)  # it does live
        finally:
            os.kill(worker, signal.SIGKILL)

    assert told == []


# The word index


@pytest.mark.parametrize("key", ["abcde000", "abcde00", "not hexadecimal"])
def test_articles_of_one_second_whose_ids_begin_alike_stand_in_the_order_of_their_ids(tmp_path: Path, key: str) -> None:
    keys = [f"{key}{number:x}" for number in (7, 3, 15, 1, 0, 9, 12)]
    with opened(tmp_path / "store.db") as store:
        for each in keys:
            put(store, article(each, "flood"))

        assert found(store) == found(store, "flood") == sorted(keys)


def test_more_articles_of_one_second_than_there_are_slots_are_all_kept(tmp_path: Path) -> None:
    keys = {f"abcde{number:03}" for number in range(40)}
    with opened(tmp_path / "store.db") as store:
        put(store, *(article(each, "flood") for each in keys))
        put(store, article("abcdd", "flood"), article("abcdf", "flood"))

        assert len(found(store, "flood")) == 42
        assert set(found(store)) == {*keys, "abcdd", "abcdf"}


def test_an_index_that_was_fed_under_another_folding_is_fed_anew(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with opened(path) as store:
        put(store, article("a1", "Kâtibin sözü"), article("a2", "söz"))
    with raw(path) as db:
        db.execute("UPDATE folding SET digest = 'of another version'")
        db.execute("INSERT INTO words (words) VALUES ('delete-all')")
        db.execute("INSERT INTO words (rowid, text) VALUES (1, 'kâtibin sözü')")

    with opened(path) as store:
        assert found(store, "katibin") == ["a1"]
        assert found(store, "soz*") == ["a1", "a2"]
        stored = store.articles(["a1"])["a1"]
        store.save(Changes(articles=(replace(stored, value=replace(stored.value, text="başka")),)))
        assert found(store, "katibin") == []


def test_what_is_taken_out_of_the_index_is_gone_word_by_word(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    strange = "PKK'nın\u0000 \ud83d İSTANBUL 🙂 می‌گذرند ـ ﷺ ½ \ue000 צה\"ל 𐀀 \u0345ß"
    with opened(path) as store:
        put(store, replace(article("a1", strange), title=strange, actor_names=(strange, "", strange)))
        stored = store.articles(["a1"])["a1"]
        store.save(Changes(articles=(replace(stored, value=article("a1", at=EIGHT + timedelta(days=1))),)))
    with raw(path) as db:
        db.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, words, row)")
        left = [term for (term,) in db.execute("SELECT term FROM temp.terms")]

    assert sorted(left) == sorted(index.facets(article("a1")))


def test_bands_are_found_wherever_their_trees_have_moved_them(tmp_path: Path) -> None:
    luck = random.Random(3)  # noqa: S311 - a test, no secret
    held, filled, path = dict[int, Placed](), set[str](), tmp_path / "store.db"
    opened_once(path)
    with raw(path) as db:
        for _ in range(400):
            position, some = luck.randrange(60), tuple(f"band {luck.randrange(200)}" for _ in range(luck.randrange(8)))
            new = Placed(replace(article("a1"), bands=some), position)
            bands.feed(db, [(held.get(position), new)], new=20, recent=100)
            held[position] = new
            filled |= {tree for tree in bands.TREES if db.execute(f"SELECT 1 FROM {tree}").fetchone()}  # noqa: S608 - our own names
        found = {band: sorted(_holders(db, band)) for band in (f"band {number}" for number in range(200))}

    assert found == {
        band: sorted(position for position, placed in held.items() if band in placed.article.bands) for band in found
    }
    assert filled == set(bands.TREES)


def _holders(db: sqlite3.Connection, *wanted: str) -> list[int]:
    return [position for (position,) in db.execute(bands.HOLDERS, (json.dumps(wanted),))]


@pytest.mark.parametrize(
    "shape",
    [
        "(a {})",
        "(a OR {})",
        "(a OR NOT {})",
        "(a NOT {})",
        "(NOT {})",
        "(a b NOT c NOT {} OR d)",
        "(NOT a NOT {} OR NOT b)",
    ],
)
def test_the_deepest_query_that_is_read_can_be_asked(tmp_path: Path, shape: str) -> None:
    words = "x"
    for _ in range(DEPTH):
        words = shape.format(words)
    filtered = Search(parse(f"y {words} OR z NOT {words}"), actors=("pkk", "pmf"), languages=("ar",))
    with opened(tmp_path / "store.db") as store:
        put(store, replace(article("a1", "b c d x y"), actors=("pkk",), language="ar"))

        assert [hit.article.id for hit in store.search(filtered)] in ([], ["a1"])


@pytest.mark.parametrize("join", [" ", " OR ", " NOT ", " OR NOT ", "* ", "-"])
def test_the_longest_query_that_is_read_can_be_asked(tmp_path: Path, join: str) -> None:
    with opened(tmp_path / "store.db") as store:
        put(store, article("a1", "a " * TOKENS))

        assert found(store, join.join("a" * TOKENS)) == ([] if join == " NOT " else ["a1"])


@pytest.mark.parametrize(
    "words", ["title", "text:a", "near(a b)", "a^b", '"a" + "b"', "facets : every", "every", "{a}"]
)
def test_the_syntax_of_the_index_is_nothing_but_words(tmp_path: Path, words: str) -> None:
    with opened(tmp_path / "store.db") as store:
        put(store, article("a1", "something else"), article("a2", words))

        assert found(store, words) == ["a2"]


def test_the_newest_are_read_from_the_end_of_the_index_without_sorting(tmp_path: Path) -> None:
    opened_once(tmp_path / "store.db")
    with raw(tmp_path / "store.db") as db:
        plan = str(db.execute(f"EXPLAIN QUERY PLAN {NEWEST}", ("a", 0, 1)).fetchall())

    assert "VIRTUAL TABLE" in plan
    assert "B-TREE" not in plan
