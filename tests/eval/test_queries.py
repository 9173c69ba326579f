"""Searches in ten languages, spelled as people type them, find what a reader of the articles says they must."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.annotate import Actors
from pipeline.config import load
from pipeline.gazetteer import places
from pipeline.model import Article, Changes, Outlet, Stored
from pipeline.query import Search, parse
from pipeline.stores import Store
from pipeline.stores.sqlite import SqliteStore
from tests.elastic_store import opening
from tests.house import ROOT
from tests.memory_store import MemoryStore
from tests.trial import NOW

TABLE: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("queries.yaml").read_text("utf-8"))
QUERIES: list[dict[str, str]] = TABLE["queries"]
LANGUAGES = ("ar", "fa", "ckb", "kmr", "tr", "he", "hy", "az", "fr", "en")
HOUR = timedelta(hours=1)
KINDS = {"actor": "actors", "country": "countries", "outlet": "outlets", "language": "languages"}


@cache
def articles() -> tuple[Article, ...]:
    """The articles of the table, newest first, with the actors that the shipped configuration finds in them."""
    name_actors = Actors(load(ROOT / "config", {}, places()).actors)
    return tuple(name_actors(_article(number, *each)) for number, each in enumerate(TABLE["articles"].items()))


def _article(number: int, key: str, told: dict[str, str]) -> Article:
    outlet, country = told["outlet"].split()
    language = key.rstrip("0123456789")
    return Article(
        key,
        f"https://{outlet}.example/{key}",
        title=told["title"],
        text=told["text"],
        language=language,
        published_at=NOW - number * HOUR,
        ingested_at=NOW,
        outlet=Outlet(outlet, country=country, languages=(language,)),
        story=told.get("story", key),
    )


@pytest.fixture(scope="module", params=["memory", "sqlite", pytest.param("elastic", marks=pytest.mark.es)])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with all articles."""
    if request.param == "elastic":
        address, prefix = (request.getfixturevalue(name) for name in ("elastic", "elastic_prefix"))
        with opening(address, f"{prefix}queries-") as open_elastic:
            yield _filled(open_elastic())
    elif request.param == "sqlite":
        with closing(SqliteStore.open(f"sqlite:///{tmp_path_factory.mktemp('queries') / 'store.db'}")) as sqlite:
            yield _filled(sqlite)
    else:
        yield _filled(MemoryStore())


def _filled(store: Store) -> Store:
    assert store.save(Changes(articles=tuple(map(Stored, articles())))) == frozenset()
    return store


def search(query: dict[str, str]) -> Search:
    """A query of the table; all that it finds, every copy of a story."""
    filters = {name: (query[kind],) for kind, name in KINDS.items() if kind in query}
    return replace(Search(parse(query["words"]), limit=0, every=True), **filters)  # type: ignore[arg-type] # tuples of strings


def found(store: Store, search: Search) -> list[str]:
    return [hit.article.id for hit in store.search(search)]


def show(query: dict[str, str]) -> str:
    """A query as the name of its test."""
    return " ".join(value for kind, value in query.items() if kind != "finds")


@pytest.mark.parametrize("query", QUERIES, ids=show)
def test_a_search_finds_what_a_reader_finds(store: Store, query: dict[str, str]) -> None:
    order = [article.id for article in articles()]
    expected = sorted(query["finds"].split(), key=order.index)

    assert found(store, search(query)) == expected  # newest first
    assert sorted(found(store, replace(search(query), sort="best"))) == sorted(expected)


@pytest.mark.parametrize("query", QUERIES, ids=show)
def test_one_stands_for_its_story_the_newest(store: Store, query: dict[str, str]) -> None:
    stories = {article.id: article.story for article in articles()}
    firsts: dict[str, str] = {}
    for key in found(store, search(query)):
        firsts.setdefault(stories[key], key)

    assert found(store, replace(search(query), every=False)) == list(firsts.values())


def test_the_table_asks_in_all_languages_and_seldom_for_nothing() -> None:
    finding = [query for query in QUERIES if query["finds"]]

    assert len(finding) >= 80
    assert len(articles()) >= 60
    for language in LANGUAGES:
        mine = [query for query in finding if language in (key.rstrip("0123456789") for key in query["finds"].split())]
        assert len(mine) >= 5, language
    assert {article.id for article in articles()} >= {key for query in QUERIES for key in query["finds"].split()}
