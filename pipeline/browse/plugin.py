"""What Datasette asks of us: our search, facets, pages and words. Hooks: https://docs.datasette.io/en/stable/plugin_hooks.html."""

from __future__ import annotations

import re
import sqlite3
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasette import Response, hookimpl
from datasette.database import QueryInterrupted
from datasette.filters import FilterArguments
from datasette.utils.asgi import Base400, Request
from datasette.views.base import DatasetteError
from markupsafe import Markup, escape

from pipeline.browse import pages
from pipeline.browse.asked import PAGING, TABLES, Asked, pairs, read
from pipeline.browse.direction import OF_THE_RIGHT
from pipeline.browse.facets import NEWEST, Newest
from pipeline.browse.metadata import DATABASE, PAGE
from pipeline.browse.shield import App, shielded
from pipeline.model import ConfigError
from pipeline.query import Search, parse
from pipeline.stores.sqlite.faults import explain
from pipeline.stores.sqlite.search import expression

if TYPE_CHECKING:
    from datasette.app import Datasette

ID = re.compile("[0-9a-f]{64}")
IDS = frozenset({"id", "story", "copy_of", "article", "article_id"})
"""Columns that hold an article's id."""
NEVER = "0"  # a WHERE that nothing fulfils
INTERRUPTED = "SQL Interrupted"  # how Datasette calls it
MOST_WORDS = 10_000  # characters of a search in SQL: more than its 300 words have
PROHIBITED = re.compile(r"access to \S+ is prohibited|not authorized")
"""How SQLite says that a table may not be read."""
LATE = "This took too long; ask for less at once."
TOO_LONG = f"search words: a search takes at most {MOST_WORDS:,} characters; ask for less at once"
PRIVATE = "This table is private to Wireroom; articles, outcomes, visits, news and places are there to be read."
BUG = "This is a bug in wireroom, not a mistake of yours; the terminal shows where."


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Give SQL our search: `words MATCH news_search('...')`."""
    conn.create_function("news_search", 1, in_sql, deterministic=True)


def in_sql(words: object) -> str:
    """A search as FTS5 says it; of a mistake it is made to complain in our words, as of a column that is not there."""
    said = str(words)
    if len(said) > MOST_WORDS:
        return _complaint(TOO_LONG)
    try:
        return expression(Search(parse(said)))
    except ConfigError as mistake:
        return _complaint(str(mistake))


def _complaint(mistake: str) -> str:
    return '"{}" : x'.format(mistake.replace('"', '""'))


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def register_facet_classes() -> list[type]:
    """Facets over the newest hits."""
    return [Newest]


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def register_routes() -> list[tuple[str, Callable[..., Any]]]:
    """Our pages."""
    return list(pages.ROUTES)


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def asgi_wrapper() -> Callable[[App], App]:
    """The shield around all."""
    return shielded


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def filters_from_request(request: Request, database: str, table: str, datasette: Datasette) -> FilterArguments | None:
    """Narrow the views down to what is asked for; a mistake in it is told on the page, with no hit."""
    if database != DATABASE or table not in TABLES:
        return None
    pages.offset(request)
    try:
        asked = read(request.query_string, pages.now())
    except ConfigError as mistake:
        if request.url_vars["format"]:
            raise
        asked = Asked(words=request.args.get("_search") or "", pairs=pairs(request.query_string))
        return FilterArguments([NEVER], extra_context=_context(datasette, asked, str(mistake)))
    clauses, parameters = _clauses(asked, request)
    return FilterArguments(clauses, parameters, extra_context=_context(datasette, asked))


def _clauses(asked: Asked, request: Request) -> tuple[list[str], dict[str, object]]:
    """What narrows the table down; for a page that is read in our order, no further than its end and its facets."""
    if asked.pairs and "_nocount" in request.args and PAGING.issuperset(request.args):
        clause, parameters = asked.newest(max(NEWEST, pages.offset(request) + PAGE + 1))
        return [clause], parameters
    return asked.clauses()


def _context(datasette: Datasette, asked: Asked, mistake: str = "") -> dict[str, Any]:
    return {
        "asked": asked,
        "mistake": mistake,
        "entries": pages.entries(datasette, asked),
        "counted": pages.counted(datasette, asked),
    }


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def extra_template_vars(datasette: Datasette, request: Request) -> dict[str, Any]:
    """What our templates use."""
    return pages.surroundings(datasette, request)


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def render_cell(value: object, column: str, datasette: Datasette) -> Markup | None:
    """Link articles, and let text that runs from right to left do so without turning its neighbours."""
    if not isinstance(value, str):
        return None
    if column in IDS and ID.fullmatch(value):
        return Markup('<a href="/article/{}" title="{}">{}…</a>').format(value, value, value[:12])
    if OF_THE_RIGHT.search(value):
        most = datasette.setting("truncate_cells_html")
        cut = value if len(value) <= most else f"{value[:most]}…"
        return Markup('<bdi dir="auto">{}</bdi>').format(cut)
    return None


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def handle_exception(datasette: Datasette, request: Request, exception: Exception) -> Callable[[], Awaitable[Response]]:
    """Tell a fault in one sentence; only a bug shows its traceback, in the terminal."""

    async def answer() -> Response:
        status, sentence = told(exception, Path(datasette.get_database(DATABASE).path))
        if status == 500:  # noqa: PLR2004 - HTTP's own number
            sys.stderr.write("".join(traceback.format_exception(exception)))
        if request.path.endswith(".json"):
            return Response.json({"ok": False, "error": str(sentence), "status": status}, status=status)
        said = pairs(request.query_string)
        asked = Asked(words=" ".join(value for key, value in said if key == "_search"), pairs=said)
        context = {"status": status, "error": sentence, "asked": asked}
        body = await datasette.render_template("error.html", context, request=request)
        return Response.html(body, status=status)

    return answer


def told(exception: Exception, store: Path) -> tuple[int, str | Markup]:
    """The status and the sentence of a fault."""
    if PROHIBITED.fullmatch(_said(exception)):
        return 403, PRIVATE
    if isinstance(exception, DatasetteError):
        return _of_datasette(exception)
    if isinstance(exception, QueryInterrupted):
        return 400, LATE
    if isinstance(exception, ConfigError | Base400):
        return getattr(exception, "status", 400), _said(exception)
    if isinstance(exception, sqlite3.DatabaseError):
        return 503, str(explain(store, exception))
    return 500, BUG


def _said(fault: Exception) -> str:
    return str(fault.message if isinstance(fault, DatasetteError) else next(iter(fault.args), ""))


def _of_datasette(fault: DatasetteError) -> tuple[int, str | Markup]:
    """The status and the sentence of a mistake in an address; Datasette calls some a failure of its own."""
    status = fault.status if fault.status < 500 else 400  # noqa: PLR2004 - HTTP's own number
    return status, LATE if fault.title == INTERRUPTED else escape(fault.message)
