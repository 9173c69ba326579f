"""How the database is opened, laid out and brought up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from pipeline.model import StoreError

APPLICATION = 0x57495245  # "WIRE" in the header tells our files from other programs' (PRAGMA application_id)
BUSY_SECONDS = 30.0  # one batch of articles takes well below a second
CACHE_KIB = 16384  # pages a connection keeps in memory; 64 MB made neither writing nor searching faster
CHECKPOINT_PAGES = 16000  # 64 MB of log: a page that several batches touch is copied into the database once
LOG_BYTES = 96 << 20  # a log that one big write made longer is cut again

FIRST_FETCHED = "coalesce(json_extract(readings, '$[0].fetched_at'), fetched_at, ingested_at, '')"
"""When an article was first fetched, as far as it is known. What an index is made of never changes."""

Step = tuple[str, ...]
"""SQL statements that lead from one schema version to the next."""

FIRST: Step = (
    """CREATE TABLE IF NOT EXISTS articles (
        id TEXT NOT NULL UNIQUE, url TEXT NOT NULL, title TEXT,
        language TEXT NOT NULL, language_confidence REAL NOT NULL,
        published_at TEXT, published_from TEXT NOT NULL, fetched_at TEXT, ingested_at TEXT,
        outlet TEXT, actors TEXT NOT NULL, actor_names TEXT NOT NULL, regions TEXT NOT NULL, locations TEXT NOT NULL,
        story TEXT, lead INTEGER NOT NULL, copy_of TEXT, first_outlet TEXT, flags TEXT NOT NULL,
        archive TEXT, extractor TEXT, revision INTEGER NOT NULL,
        text TEXT NOT NULL, mentions TEXT NOT NULL, removed TEXT NOT NULL,
        bands TEXT NOT NULL, readings TEXT NOT NULL, version INTEGER NOT NULL, position INTEGER PRIMARY KEY)""",
    "CREATE INDEX IF NOT EXISTS articles_story ON articles (story)",
    "CREATE INDEX IF NOT EXISTS articles_ingested ON articles (ingested_at, id)",
    """CREATE TABLE IF NOT EXISTS outcomes (
        run TEXT NOT NULL, source TEXT NOT NULL, url TEXT NOT NULL, stage TEXT NOT NULL, fate TEXT NOT NULL,
        reason TEXT NOT NULL, at TEXT NOT NULL, entry INTEGER NOT NULL, count INTEGER NOT NULL,
        PRIMARY KEY (run, source, entry)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS visits (
        source TEXT PRIMARY KEY, run TEXT NOT NULL, visited_at TEXT, status INTEGER, next_visit TEXT,
        etag TEXT NOT NULL, last_modified TEXT NOT NULL, validated_url TEXT NOT NULL, unconditional_at TEXT,
        errors INTEGER NOT NULL, entries INTEGER NOT NULL, new INTEGER NOT NULL, kept INTEGER NOT NULL,
        reason TEXT NOT NULL, known TEXT NOT NULL, pending TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 1)""",
    "CREATE TABLE IF NOT EXISTS states (key TEXT PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 1)",
    """CREATE TABLE IF NOT EXISTS seen (
        id TEXT PRIMARY KEY, first_seen TEXT NOT NULL, fate TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS claims (
        key TEXT PRIMARY KEY, rule TEXT NOT NULL, article TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL,
        alert TEXT NOT NULL, delivered_at TEXT)""",
    "CREATE INDEX IF NOT EXISTS claims_article ON claims (article)",
    "CREATE INDEX IF NOT EXISTS claims_open ON claims (at, key) WHERE alert <> '' AND delivered_at IS NULL",
    """CREATE TABLE IF NOT EXISTS bands_new (
        number INTEGER PRIMARY KEY AUTOINCREMENT, band TEXT NOT NULL, position INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS bands_new_band ON bands_new (band, position)",
    """CREATE TABLE IF NOT EXISTS bands_recent (
        band TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (band, position)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS bands_old (
        band TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (band, position)) WITHOUT ROWID""",
    # Contentless: the words stand once, in `articles`; what is fed here is folded already.
    """CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
        title, text, names, facets, content='', tokenize='unicode61 remove_diacritics 0')""",
    "CREATE TABLE IF NOT EXISTS folding (digest TEXT NOT NULL)",
)
PAGES: Step = (
    """CREATE TABLE IF NOT EXISTS pages (
        position INTEGER PRIMARY KEY, outlet_id TEXT NOT NULL, at TEXT NOT NULL, article_id TEXT NOT NULL,
        digest BLOB NOT NULL, recalled BLOB NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS pages_outlet ON pages (outlet_id, at, article_id)",
)
VIEWS: Step = (
    # For people; `position` grows with the time of publication, so that ordering by it is reading the table backwards.
    """CREATE VIEW IF NOT EXISTS news AS SELECT
        id, title, published_at, json_extract(outlet, '$.id') AS outlet, json_extract(outlet, '$.name') AS outlet_name,
        json_extract(outlet, '$.country') AS country, json_extract(outlet, '$.affiliation') AS affiliation,
        language, actors, regions, story, lead, copy_of, first_outlet,
        (SELECT count(*) - 1 FROM articles AS other WHERE other.story = articles.story) AS copies,
        url, text, position FROM articles""",
    """CREATE VIEW IF NOT EXISTS places AS SELECT
        articles.id AS id, title, published_at, json_extract(outlet, '$.id') AS outlet,
        json_extract(outlet, '$.name') AS outlet_name, json_extract(outlet, '$.country') AS country, language, actors,
        json_extract(place.value, '$.lat') AS latitude, json_extract(place.value, '$.lon') AS longitude,
        articles.position AS position FROM articles, json_each(articles.locations) AS place""",
)
AGE: Step = (f"CREATE INDEX IF NOT EXISTS articles_first_fetched ON articles ({FIRST_FETCHED})",)
STEPS: tuple[Step, ...] = (FIRST, PAGES, VIEWS, AGE)
"""Step n leads from version n to n + 1; version 0 is an empty file. A released step never changes: add another."""


def connect(path: Path, timeout: float = BUSY_SECONDS) -> sqlite3.Connection:
    """A connection in autocommit mode.

    synchronous=NORMAL: each commit is in the system's hands when it returns, so that the death of our process loses
    nothing. A power cut may take the last commits, whole ones; the archive was synced before them and the next run
    reads what they held again (https://www.sqlite.org/pragma.html#pragma_synchronous).
    """
    db = sqlite3.connect(path, timeout=timeout, isolation_level=None)
    try:
        for pragma in (
            "synchronous = NORMAL",
            f"cache_size = -{CACHE_KIB}",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
            f"journal_size_limit = {LOG_BYTES}",
        ):
            db.execute(f"PRAGMA {pragma}")
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One write transaction: all of it, or nothing where an exception passes."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def prepare(db: sqlite3.Connection, path: Path, steps: Sequence[Step] = STEPS) -> None:
    """Bring the database to the newest version, a copy of an older one kept beside it.

    Raises StoreError for a database of a newer version or of another program.
    """
    if _header(db) == (APPLICATION, len(steps)):
        return
    with writing(db):  # so that what is read here was written by one program at one time
        _refuse_strangers(db, path, len(steps))
    db.execute("PRAGMA journal_mode = WAL")
    with writing(db):  # nobody else writes meanwhile, so the copy holds all
        _refuse_strangers(db, path, len(steps))
        _, version = _header(db)
        if version < len(steps) and _tables(db):
            _copy(path, path.with_name(f"{path.name}.backup-v{version}"))
        for statement in (statement for step in steps[version:] for statement in step):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {len(steps)}")


def _header(db: sqlite3.Connection) -> tuple[int, int]:
    """Whose database it is and its schema version; 0 and 0 for an empty one."""
    (application,), (version,) = (
        db.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
    )
    return application, version


def _refuse_strangers(db: sqlite3.Connection, path: Path, newest: int) -> None:
    application, version = _header(db)
    if application != APPLICATION and (application or version or _tables(db)):
        raise StoreError(f"store {path} is the database of another program; name another --store")
    if version > newest:
        raise StoreError(
            f"store {path} has schema version {version}, this program knows {newest} at most; "
            f"use the newer Wireroom that wrote it or name another --store"
        )


def _tables(db: sqlite3.Connection) -> int:
    (count,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return int(count)


def _copy(path: Path, to: Path) -> None:
    """Copy the database as it was last committed; a copy that a crash cut off never bears the final name."""
    part = to.with_name(f"{to.name}.part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
    part.replace(to)
