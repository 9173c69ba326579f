"""The embedded store: one SQLite file with FTS5, its write-ahead log and its lock beside it.

Tables `articles`, `outcomes` and `visits` and views `news` and `places` are for people, too (Datasette, the sqlite3
shell); all others are private and may change with any version.
"""

from pipeline.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
