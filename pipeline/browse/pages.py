"""Pages of our own: the article, the timeline, the map, and the feed."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from datasette import Response
from datasette.utils.asgi import AsgiStream, AsgiWriter, BadRequest, NotFound, Request
from datasette.views.table import TableView
from markupsafe import Markup

from pipeline.browse import article as shown
from pipeline.browse import feed, listing, pins, spreadsheet, timeline
from pipeline.browse.asked import Asked, address, read, toggled, within, without
from pipeline.browse.direction import direction, of_removed, tag
from pipeline.browse.facets import NEWEST
from pipeline.browse.metadata import DATABASE, PAGE
from pipeline.browse.shield import NONCE
from pipeline.browse.tiles import DEEPEST
from pipeline.model import Article
from pipeline.stores.sqlite import articles

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.database import Database

NEWS = f"/{DATABASE}/news"
DIGITS = 10  # of a page's number
TOLD = 20  # articles of a story that stand below one of them


async def home(request: Request) -> Response:
    """The newest articles are where everybody begins."""
    del request
    return Response.redirect(NEWS)


async def news(datasette: Datasette, request: Request) -> Response:
    """Datasette's table of articles, with our own count: its own would look up each hit in the biggest table."""
    route = {"kwargs": {"database": DATABASE, "table": "news", "format": None}}
    asked = b"&".join(filter(None, (request.scope["query_string"], b"_nocount=1")))
    scope = {**request.scope, "query_string": asked, "url_route": route}
    return await TableView(datasette).dispatch_request(Request(scope, request.receive))


def offset(request: Request) -> int:
    """How many articles stand before the page that is asked for; raises BadRequest."""
    page = request.args.get("_next") or "0"
    if not (page.isascii() and page.isdecimal() and len(page) < DIGITS):
        raise BadRequest("This page does not exist: _next takes a number.")
    return int(page)


async def article(datasette: Datasette, request: Request) -> Response:
    """One article with all that its page gave, and the others of its story."""
    id_ = request.url_vars["id"]
    database = datasette.get_database(DATABASE)
    found = (await database.execute_fn(partial(articles.by_id, ids=[id_]))).get(id_)
    if not found:
        raise NotFound("No article of this id is in the store.")
    it = found.value
    story = await database.execute_fn(partial(articles.of_stories, stories=[it.story])) if it.story else []
    others = [each.value for each in story if each.value.id != id_]
    context = {
        "article": it,
        "headline": shown.headline(it),
        "body": list(shown.body(it)),
        "beside": shown.beside(it),
        "story": others[:TOLD],
        "others": len(others),
    }
    return await _page(datasette, request, "article", context)


async def chart(datasette: Datasette, request: Request) -> Response:
    """How many articles a search finds over time, as a page or as JSON."""
    asked = read(request.query_string, now())
    rows = await datasette.get_database(DATABASE).execute(*timeline.statement(asked), truncate=False)
    steps = timeline.steps(((row[0], row[1]) for row in rows.rows), asked.search)
    if request.url_vars["format"]:
        return Response.json([{"time": step.time, "articles": step.articles} for step in steps])
    most = max((step.articles for step in steps), default=0)
    return await _page(datasette, request, "timeline", {"asked": asked, "steps": steps, "most": most})


async def places(datasette: Datasette, request: Request) -> Response:
    """The newest places that a search finds, as a page or as the JSON that datasette-cluster-map asks for."""
    asked = read(request.query_string, now())
    rows, among = await pins.found(datasette.get_database(DATABASE), asked)
    if request.url_vars["format"]:
        return Response.json({"rows": list(map(pins.pin, rows)), "count": len(rows), "next_url": None})
    told = {"asked": asked, "pins": len(rows), "most": pins.MOST, "among": among, "columns": ["latitude", "longitude"]}
    return await _page(datasette, request, "map", {**told, "database": DATABASE, "table": "places"})


async def atom(datasette: Datasette, request: Request) -> Response:
    """The newest hits of a search as a feed."""
    asked = read(request.query_string, now())
    where, parameters = asked.newest(PAGE)
    sql = f"SELECT id FROM news WHERE {where} ORDER BY position DESC"  # noqa: S608 - our own clauses
    database = datasette.get_database(DATABASE)
    ids = [row["id"] for row in (await database.execute(sql, parameters)).rows]
    found = await _articles(database, ids)
    title = ": ".join(("Wireroom", *filter(None, [described(datasette, asked)])))
    own = datasette.absolute_url(request, address("/feed.atom", asked.pairs))
    body = feed.atom(title, own, (found[id_] for id_ in ids if id_ in found), now())
    return Response(body.decode(), content_type=feed.TYPE)


async def table(datasette: Datasette, request: Request) -> AsgiStream:
    """All hits of a search for a spreadsheet; a fault on the way cuts the answer off, so that none passes for whole."""
    pieces = spreadsheet.pieces(datasette.get_database(DATABASE), read(request.query_string, now()))
    first = await anext(pieces)

    async def send(writer: AsgiWriter) -> None:
        await writer.write(first)
        async for piece in pieces:
            await writer.write(piece)

    name = {"Content-Disposition": 'attachment; filename="articles.csv"'}
    return AsgiStream(send, headers=name, content_type=spreadsheet.TYPE)


async def tile(datasette: Datasette, request: Request) -> Response:
    """A piece of the ground of the map."""
    zoom, column, row = (int(request.url_vars[name]) for name in ("zoom", "column", "row"))
    if zoom > DEEPEST or not (0 <= row < 1 << zoom):
        raise NotFound("The map ends here.")
    body = datasette.ground.tile(zoom, column % (1 << zoom), row)
    return Response(body, content_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})


ROUTES = (
    (r"^/$", home),
    (rf"^{NEWS}$", news),
    (r"^/article/(?P<id>[0-9a-f]{64})$", article),
    (r"^/timeline(\.(?P<format>json))?$", chart),
    (r"^/map(\.(?P<format>json))?$", places),
    (r"^/feed\.atom$", atom),
    (r"^/articles\.csv$", table),
    (r"^/tiles/(?P<zoom>\d{1,2})/(?P<column>-?\d{1,8})/(?P<row>\d{1,8})\.svg$", tile),
)


def described(datasette: Datasette, asked: Asked) -> str:
    """What was asked for, in a line."""
    return ", ".join(datasette.wireroom.show(key, value) for key, value in asked.pairs)


def surroundings(datasette: Datasette, request: Request) -> dict[str, Any]:
    """What every template of ours may use."""
    labels = datasette.wireroom
    nonce = request.scope.get(NONCE, "") if request else ""
    return {
        "labels": labels,
        "news": NEWS,
        "address": address,
        "toggled": toggled,
        "within": within,
        "newest": NEWEST,
        "tag": tag,
        "direction": direction,
        "of_removed": of_removed,
        "without": without,
        "page_size": PAGE,
        "nonce": nonce,
        "nonced": Markup('<script nonce="{}">').format(nonce),
        "without_map": without_map,
    }


def without_map(scripts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The scripts of a page but for that of the map, which makes a link of whatever a row calls one."""
    return [each for each in scripts if "cluster-map" not in each["url"]]


def entries(datasette: Datasette, asked: Asked) -> Callable[[list[sqlite3.Row]], Awaitable[list[listing.Entry]]]:
    """How the template of `news` makes entries of its rows."""

    async def of_rows(rows: list[sqlite3.Row]) -> list[listing.Entry]:
        copies = [(row["id"], row["copies"] or 0) for row in rows]
        found = await _articles(datasette.get_database(DATABASE), [id_ for id_, _ in copies])
        known = [each for each in copies if each[0] in found]
        return list(listing.entries(found, known, asked, datasette.wireroom))

    return of_rows


def counted(datasette: Datasette, asked: Asked) -> Callable[[], Awaitable[int]]:
    """How the template of `news` learns the number of hits."""

    async def number() -> int:
        sql, parameters = asked.counting()
        return int((await datasette.get_database(DATABASE).execute(sql, parameters)).first()[0])

    return number


async def _articles(database: Database, ids: list[str]) -> dict[str, Article]:
    stored = await database.execute_fn(partial(articles.by_id, ids=ids))
    return {id_: each.value for id_, each in stored.items()}


async def _page(datasette: Datasette, request: Request, name: str, context: dict[str, Any]) -> Response:
    # Its plugins add the scripts of the map and the chart to what Datasette calls a table.
    body = await datasette.render_template(f"{name}.html", context, request=request, view_name="table")
    return Response.html(body)


def now() -> datetime:
    """The time to the second, as addresses say it."""
    return datetime.now(UTC).replace(microsecond=0)
