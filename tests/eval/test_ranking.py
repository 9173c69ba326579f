"""How alike both stores rank: the first ten of the best, on 2,400 generated articles of four languages and five months.

Lengths, titles and actors differ as those of outlets do, words follow Zipf's law and are made of syllables, so that
many begin alike. Of each query as many of the first ten as are told below must be found on both.

2026-11-21, 68 searches that find anything: mean 1.000, least 1.000, all in the very same order.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from statistics import fmean

import pytest

from pipeline.model import Article, Changes, Outlet, Stored
from pipeline.query import Search, parse
from pipeline.stores import Store
from pipeline.stores.sqlite import SqliteStore
from tests.bench.press import LANGUAGES, WORDS, weights
from tests.elastic_server import Address
from tests.elastic_store import opening
from tests.trial import NOW

ARTICLES, DAYS, AT_ONCE, SEED = 2_400, 150, 400, 7
ACTORS = 12
QUERIES, ALIKE, MEAN = 60, 0.8, 0.98
LUCK = random.Random(SEED)  # noqa: S311 - a draw to be repeated, no secret


def drawn(luck: random.Random, language: str, count: int) -> list[str]:
    """So many words of a language, common ones more often."""
    words = WORDS[language]
    return luck.choices(words, cum_weights=weights(len(words)), k=count)


NAMES = [
    tuple(" ".join(drawn(LUCK, luck_language, 2)) for luck_language in LANGUAGES * LUCK.randint(1, 4))
    for _ in range(ACTORS)
]


def articles() -> Iterator[Article]:
    """The corpus, oldest first; the text of some names an actor, too."""
    luck = random.Random(SEED)  # noqa: S311 - as above
    for number in range(ARTICLES):
        language = luck.choice(LANGUAGES)
        text = drawn(luck, language, int(min(900, max(40, luck.lognormvariate(5.0, 0.6)))))
        actors = sorted({int(luck.triangular(0, ACTORS, 0)) for _ in range(luck.choice((0, 0, 1, 1, 2, 3)))})
        for actor in actors:
            text[luck.randrange(len(text))] = luck.choice(NAMES[actor])
        at = NOW - timedelta(days=DAYS) + number * timedelta(days=DAYS) / ARTICLES
        yield Article(
            f"{number:064x}",
            f"https://outlet.example/{number}",
            title=" ".join(drawn(luck, language, luck.randint(4, 14))),
            text=" ".join(text),
            language=language,
            published_at=at,
            fetched_at=at,
            ingested_at=at,
            outlet=Outlet(f"outlet-{number % 40}", country=luck.choice(("IQ", "TR", "IR"))),
            actors=tuple(f"actor-{actor}" for actor in actors),
            actor_names=tuple(name for actor in actors for name in NAMES[actor]),
            regions=tuple(luck.sample(("IQ", "SY", "TR", "IR", "LB"), luck.randint(0, 3))),
        )


def searches() -> Iterator[Search]:
    """Words common and rare, two of them, phrases, beginnings, names, and with filters."""
    luck = random.Random(SEED)  # noqa: S311 - as above
    corpus = list(articles())
    for language, rank in zip(LANGUAGES * 2, (0, 3, 11, 40, 90, 250, 700, 1900), strict=True):
        one, two, three = (WORDS[language][each] for each in (rank, rank // 2 + 5, rank + 90))
        yield Search(parse(one))
        yield Search(parse(f"{one} {two}"))
        yield Search(parse(f"{one} OR {three}"), languages=(language,))
        yield Search(parse(f"{one} NOT {two}"), since=NOW - timedelta(days=70))
    for language in LANGUAGES:
        first, second, third = WORDS[language][:3]
        yield Search(parse(f'"{first} {second}"'))
        yield Search(parse(f'"{third} {first}" OR {second}'), countries=("IQ",))
        yield Search(parse(f"{WORDS[language][30][:2]}*"))
        yield Search(parse(f"{WORDS[language][40][:4]}*"))
        yield Search(parse(f"{second} {WORDS[language][50][:3]}*"))
    for number in range(4):
        name = NAMES[number][number]
        yield Search(parse(f'"{name}"'))
        yield Search(parse(name), regions=("IQ",))
        yield Search(parse(f'"{name}" {WORDS[LANGUAGES[number]][number]}'))
        article = luck.choice(corpus)
        yield Search(parse(f'"{article.title[:20].rpartition(" ")[0]}"'), actors=article.actors)


@pytest.fixture(scope="module")
def stores(elastic: Address, elastic_prefix: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Store]]:
    """Both stores with all articles."""
    path = tmp_path_factory.mktemp("ranking") / "store.db"
    with (
        closing(SqliteStore.open(f"sqlite:///{path}")) as embedded,
        opening(elastic, f"{elastic_prefix}ranking-") as open_store,
    ):
        stores: list[Store] = [embedded, open_store()]
        for store in stores:
            corpus = articles()
            while some := tuple(map(Stored, islice(corpus, AT_ONCE))):
                assert store.save(Changes(articles=some)) == frozenset()
        yield stores


def test_both_stores_show_the_same_articles_first(stores: list[Store]) -> None:
    shared: dict[str, float] = {}
    for number, search in enumerate(searches()):
        first, second = (best(store, search) for store in stores)
        assert len(first) == len(second)
        if first:
            shared[f"{number} {search.query}"] = len(set(first) & set(second)) / len(first)

    assert len(shared) >= QUERIES
    assert {query: share for query, share in shared.items() if share < ALIKE} == {}
    assert fmean(shared.values()) >= MEAN


def best(store: Store, search: Search) -> list[str]:
    return [hit.article.id for hit in store.search(replace(search, sort="best", limit=10))]
