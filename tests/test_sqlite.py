"""What is SQLite's own: the file, its versions, its faults, what survives kill -9, and the word index."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.document import document
from pipeline.model import (
    Article,
    Changes,
    ConfigError,
    Known,
    Outlet,
    Removed,
    Stored,
    StoreError,
    Turn,
    Visit,
    Work,
)
from pipeline.query import DEPTH, TOKENS, Search, parse
from pipeline.stores.sqlite import SqliteStore, bands, index, pages, schema
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

    newest = len(schema.STEPS)
    with pytest.raises(StoreError, match=rf"schema version 99, this program knows {newest} at most; use the newer"):
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
    newest = len(schema.STEPS)
    with raw(path) as db:
        schema.prepare(db, path, steps)
        schema.prepare(db, path, steps)
        assert db.execute("PRAGMA user_version").fetchone() == (newest + 2,)
        assert db.execute("SELECT first_outlet FROM articles").fetchall() == [("x",)]
        assert _columns(db, "visits")[-1] == "colour"

    assert sorted(each.name for each in tmp_path.iterdir()) == ["store.db", f"store.db.backup-v{newest}"]
    with opened(tmp_path / f"store.db.backup-v{newest}") as copy:
        assert found(copy, "flood") == ["a1"]
        assert copy.articles(["a1"])["a1"].value.first_outlet == ""


# An article as version 1 of the schema held it, when `removed` told text and reason only and no page was remembered.
OF_VERSION_1 = """
    INSERT INTO articles (
        id, url, title, language, language_confidence, published_at, published_from, fetched_at, ingested_at, outlet,
        actors, actor_names, regions, locations, story, lead, copy_of, first_outlet, flags, archive, extractor,
        revision, text, mentions, removed, bands, readings, version, position)
    VALUES (
        'a1', 'https://sabah.example/1', 'Sel', 'tr', 0.9, '2026-11-21T08:00:00Z', 'page', NULL, '2026-11-21T08:05:00Z',
        '{"id":"sabah","name":null,"country":"TR","languages":["tr"],"affiliation":"private"}',
        '[]', '[]', '[]', '[]', NULL, 1, NULL, NULL, '[]', NULL, NULL,
        1, 'Sel suları çekildi.', '[]', '[{"text":"Son haberler","reason":"widget"}]', '["0:ab"]', '[]', 3, 77)
"""


def test_a_store_of_version_1_is_read_on_and_remembers_pages_from_now_on(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with raw(path) as db:
        schema.prepare(db, path, schema.STEPS[:1])
        db.execute(OF_VERSION_1)

    with opened(path) as store:
        stored = store.articles(["a1"])["a1"]
        assert stored.version == "3"
        assert stored.value.removed == (Removed("Son haberler", "widget"),)
        assert (stored.value.digest, stored.value.recalled) == (b"", b"")
        assert store.remembered("sabah", EIGHT, EIGHT, 9) == []

        now = replace(stored.value, digest=b"\x00digest", recalled=b"\x01")
        assert store.save(Changes(articles=(replace(stored, value=now),))) == frozenset()
        assert store.remembered("sabah", EIGHT, EIGHT, 9) == [Known("a1", EIGHT, b"\x00digest", b"\x01")]
        assert store.articles(["a1"])["a1"].value == now
    with raw(tmp_path / "store.db.backup-v1") as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (1,)
        assert copy.execute("SELECT id, version FROM articles").fetchall() == [("a1", 3)]


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


PART_HOLDER = """
from tests.test_sqlite import *
with opened(Path({path!r})) as store, store.exclusive(Turn(Work.WRITE, "1of3")):
    print("held", flush=True)
    signal.pause()
"""
WAITER = """
from tests.test_sqlite import *
with closing(SqliteStore(Path({path!r}), waiting=lambda: print("waiting", flush=True))) as store:
    with store.exclusive(Turn(Work.COLLECT), Turn(Work.WRITE)):
        print("it was free")
"""


def test_a_killed_worker_frees_its_part_and_no_other_and_a_killed_waiter_leaves_nothing(tmp_path: Path) -> None:
    path, told = tmp_path / "store.db", list[str]()
    first, second, third = (Turn(Work.WRITE, f"{number}of3") for number in (1, 2, 3))
    with (
        closing(SqliteStore(path, waiting=lambda: pytest.fail("there is nobody to wait for"))) as store,
        closing(SqliteStore(path, waiting=lambda: told.append("waiting"))) as other,
        store.exclusive(second),
        started(PART_HOLDER.format(path=str(path))) as holder,
        started(WAITER.format(path=str(path))) as waiter,
    ):
        assert holder.stdout
        assert waiter.stdout
        assert (holder.stdout.readline(), waiter.stdout.readline()) == ("held\n", "waiting\n")
        waiter.kill()
        waiter.wait(timeout=20)
        with other.exclusive(third), closing(SqliteStore(path)) as collecting, collecting.exclusive(Turn(Work.COLLECT)):
            assert told == []
        killing = threading.Timer(0.1, holder.kill)
        killing.start()
        with other.exclusive(first):  # the second is held still
            assert told == ["waiting"]
        killing.join()


def test_the_locks_of_parts_are_files_that_stay_one_for_each(tmp_path: Path) -> None:
    with opened(tmp_path / "store.db") as store:
        for part in ("1of2", "2of2", "1of2", ""):
            with store.exclusive(Turn(Work.WRITE, part)):
                pass

    assert sorted(path.name for path in tmp_path.glob("*.lock")) == [
        "store.db.lock",
        "store.db.write-1of2.lock",
        "store.db.write-2of2.lock",
        "store.db.write.lock",
    ]


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


# What is remembered of pages


def test_pages_stay_in_step_with_their_articles_whatever_changes(tmp_path: Path) -> None:
    luck, path = random.Random(5), tmp_path / "store.db"  # noqa: S311 - a test, no secret
    with opened(path) as store:
        for _ in range(60):
            stored = store.articles([f"{number:02x}" for number in range(20)])
            wanted = [f"{number:02x}" for number in luck.sample(range(20), 6)]
            drawn = [
                replace(
                    article(key, at=luck.choice([None, EIGHT, EIGHT + timedelta(minutes=1)])),
                    outlet=Outlet(luck.choice(["", "sabah", "yeni", "\ud83d"])),
                    digest=luck.choice([b"", b"one", b"other"]),
                    recalled=luck.choice([b"", b"more"]),
                )
                for key in wanted
            ]
            new = (Stored(each, stored[each.id].version if each.id in stored else None) for each in drawn)
            assert store.save(Changes(articles=tuple(new))) == frozenset()
            held = [each.value for each in store.articles(wanted).values()]
            assert {_bytes(each) for each in held} == {_bytes(each) for each in drawn}
    with raw(path) as db:
        kept = db.execute("SELECT position, outlet_id, at, article_id FROM pages ORDER BY position").fetchall()
        told = db.execute(
            "SELECT position, coalesce(outlet ->> '$.id', ''), coalesce(published_at, ''), id FROM articles "
            "WHERE position IN (SELECT position FROM pages) ORDER BY position"
        ).fetchall()

    assert kept == told
    assert len(kept) > 10


def _bytes(article: Article) -> tuple[str, bytes, bytes]:
    return article.id, article.digest, article.recalled


def test_an_article_that_changes_elsewhere_leaves_its_page_unwritten(tmp_path: Path) -> None:
    """Placing a story writes its articles again; what is remembered of them is most of their bytes."""
    path = tmp_path / "store.db"
    with opened(path) as store:
        put(store, replace(article("a1"), outlet=Outlet("sabah"), digest=b"digest"))
        with raw(path) as db:
            db.execute("CREATE TRIGGER read_only BEFORE DELETE ON pages BEGIN SELECT raise(ABORT, 'written'); END")
        stored = store.articles(["a1"])["a1"]
        changed = replace(stored.value, story="a1", text="another", removed=(Removed("a line", "slot", 0),))

        assert store.save(Changes(articles=(replace(stored, value=changed),))) == frozenset()
        assert store.articles(["a1"])["a1"].value == changed


def test_pages_around_a_time_are_found_by_the_index_without_sorting_an_outlet(tmp_path: Path) -> None:
    opened_once(tmp_path / "store.db")
    asked = {"outlet": "sabah", "since": "", "until": "", "beyond": 1}
    with raw(tmp_path / "store.db") as db:
        plan = str(db.execute(f"EXPLAIN QUERY PLAN {pages.AROUND}", asked).fetchall())

    assert plan.count("USING INDEX pages_outlet (outlet_id=? AND at") == 3
    assert "TEMP B-TREE" not in plan


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
