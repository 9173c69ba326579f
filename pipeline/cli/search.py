"""`wireroom search`: articles by words, actor, region, outlet and time."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import options
from pipeline.cli.options import ArchiveUrl, AsJson, ConfigFolder, StoreUrl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipeline.model import Hit
    from pipeline.query import Node, Search

Many = list[str]


def search(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORDS", help='Words, "a phrase", word*, AND OR NOT ( ).')
    ] = None,
    actor: Annotated[Many, typer.Option(metavar="ID", help="Named actor; repeat for any of several.")] = [],  # noqa: B006 - typer copies it
    region: Annotated[Many, typer.Option(metavar="ID", help="Named region: IQ, IQ-NI, gn-99072, qandil ...")] = [],  # noqa: B006
    country: Annotated[Many, typer.Option(metavar="CC", help="Country of the outlet.")] = [],  # noqa: B006
    outlet: Annotated[Many, typer.Option(metavar="ID", help="Outlet.")] = [],  # noqa: B006
    language: Annotated[Many, typer.Option(metavar="CODE", help="Language of the article.")] = [],  # noqa: B006
    since: Annotated[str, typer.Option(metavar="WHEN", help="7d, 12h or a date (UTC): published at or after.")] = "",
    until: Annotated[str, typer.Option(metavar="WHEN", help="Published before.")] = "",
    sort: Annotated[str, typer.Option(metavar="newest|best", help="Order.")] = "newest",
    limit: Annotated[int, typer.Option(min=0, help="How many to print; 0 = all.")] = 20,
    every: Annotated[bool, typer.Option("--all", help="Every article, not one per story.")] = False,
    as_json: AsJson = False,
    config: ConfigFolder = options.DEFAULT_CONFIG,
    store: StoreUrl = options.DEFAULT_STORE,
    archive: ArchiveUrl = options.DEFAULT_ARCHIVE,  # noqa: ARG001 - the three places stand after every command
) -> None:
    """Find articles; without words, all that the filters leave. Newest first, one per story."""
    from pipeline.query import Search, parse, when

    if sort not in ("newest", "best"):
        raise options.ConfigError(f"--sort {sort}: expected newest or best.")
    now = datetime.now(UTC)
    asked = Search(
        query=parse(" ".join(words or ())),
        actors=tuple(actor),
        regions=tuple(region),
        countries=tuple(each.upper() for each in country),
        outlets=tuple(outlet),
        languages=tuple(language),
        since=when(since, "--since", now) if since else None,
        until=when(until, "--until", now) if until else None,
        sort=sort,
        limit=limit,
        every=every,
    )
    if options.is_missing(store):
        options.warn(f"nothing found: there is no store {store} yet; `wireroom run` makes one")
        return
    with options.open_store(store, reading=True) as opened, closing(opened.search(asked)) as hits:
        found = print_hits(asked, hits, actors_named(asked.query, config), as_json=as_json)
    if not found and not as_json:
        options.warn("nothing found" + unknown_actors(actor, config))


def unknown_actors(asked: Many, config: Path) -> str:
    """What to say of actor ids that the configuration does not know; "" where it knows all or cannot be read."""
    if not asked:
        return ""
    try:
        known = {each.id for each in options.load_config(config).actors}
    except options.ConfigError:
        return ""
    strange = [each for each in asked if each not in known]
    if not strange:
        return ""
    from difflib import get_close_matches

    near = get_close_matches(strange[0], known, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f": {', '.join(strange)} is no actor of {config}/actors.yaml{meant}"


def actors_named(query: Node | None, config: Path) -> Callable[[], tuple[str, ...]]:
    """Look up, when it is first asked for, which actors bear a name that a term of the query matches."""

    @cache
    def named() -> tuple[str, ...]:
        from pipeline.excerpt import names_any

        try:
            known = options.load_config(config).actors
        except options.ConfigError:
            return ()
        return tuple(actor.id for actor in known if names_any(query, actor.all_names))

    return named


def print_hits(
    asked: Search, hits: Iterable[Hit], naming: Callable[[], tuple[str, ...]] = tuple, *, as_json: bool = False
) -> int:
    """Print hits as they come; give their number.

    `naming` gives the actors that a word of the query names: where only they made the hit, their sentence is shown.
    """
    from pipeline.cli.screen import print_hit
    from pipeline.document import document
    from pipeline.excerpt import excerpt

    number = 0
    for number, hit in enumerate(hits, 1):
        if as_json:
            typer.echo(json.dumps(document(hit.article), ensure_ascii=False))
        else:
            shown = excerpt(hit.article, asked.query, asked.actors)
            if not shown.marks:
                shown = excerpt(hit.article, asked.query, naming())
            print_hit(hit, shown, number)
    return number
