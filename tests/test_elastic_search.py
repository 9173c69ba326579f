"""A search on Elasticsearch: the question it becomes, how far its answers are read, and what the best of them are."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.model import Article, Changes, Hit, Outlet, Stored
from pipeline.query import LONGEST, TOKENS, Search, Term, parse, terms
from pipeline.stores.elastic import ElasticStore
from pipeline.stores.elastic.analysis import LONGEST_WORD
from pipeline.stores.elastic.connection import Access, connect
from pipeline.stores.elastic.documents import length
from pipeline.stores.elastic.keys import RIGHTS
from pipeline.stores.elastic.ranking import LONG, Ranking
from pipeline.stores.elastic.search import MOST, Query, hits, query
from tests.elastic_server import Address
from tests.elastic_store import client_of, opening
from tests.trial import NOW

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

MINUTE = timedelta(minutes=1)
NINETIES = datetime(1990, 1, 1, tzinfo=UTC)


# The question


def asked(words: str) -> Query:
    """What the words alone become."""
    found = query(Search(parse(words)))["bool"]["filter"]
    assert len(found) == 1
    question: Query = found[0]
    return question


def in_any_field(kind: str, value: object) -> Query:
    return {"bool": {"should": [{kind: {field: value}} for field in ("title", "text", "actor_names")]}}


IRAQ, WORD = in_any_field("term", {"value": "iraq"}), in_any_field("term", {"value": "basra"})


def test_no_words_and_no_filters_ask_for_everything() -> None:
    assert query(Search()) == {"bool": {"filter": [{"match_all": {}}]}}


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("Iraq", IRAQ),
        ("irá*", in_any_field("prefix", {"value": "ira"})),
        ('"PKK\'nın açıklaması"', in_any_field("match_phrase", {"query": "pkk nin aciklamasi"})),
        ("Iraq Basra", {"bool": {"filter": [IRAQ, WORD]}}),
        ("Iraq OR Basra", {"bool": {"should": [IRAQ, WORD]}}),
        ("NOT Iraq", {"bool": {"must_not": [IRAQ]}}),
        ("Iraq NOT Basra", {"bool": {"filter": [IRAQ, {"bool": {"must_not": [WORD]}}]}}),
    ],
)
def test_a_term_is_looked_for_in_each_field_and_operators_join_terms(words: str, question: Query) -> None:
    assert asked(words) == question


def test_a_phrase_that_goes_on_is_asked_for_as_its_words_in_one_field_and_behind_not_as_nothing() -> None:
    phrase, start = {"match_phrase": {"title": {"query": "l arm"}}}, {"prefix": {"title": {"value": "re"}}}

    assert asked("l'arm-re*")["bool"]["should"][0] == {"bool": {"filter": [phrase, start]}}
    assert asked("NOT l'arm-re*") == {"bool": {"must_not": [{"match_none": {}}]}}
    assert asked("NOT (NOT l'arm-re*)") == {"bool": {"must_not": [{"bool": {"must_not": [asked("l'arm-re*")]}}]}}


def test_values_of_one_filter_are_alternatives_and_filters_add_up() -> None:
    search = Search(actors=("pkk", "pmf"), countries=("IQ",), languages=("ar",), regions=("SY",), outlets=("sabah",))

    assert query(search)["bool"]["filter"] == [
        {"terms": {"actors": ["pkk", "pmf"]}},
        {"terms": {"regions": ["SY"]}},
        {"terms": {"outlet.country": ["IQ"]}},
        {"terms": {"outlet.id": ["sabah"]}},
        {"terms": {"language": ["ar"]}},
    ]


@pytest.mark.parametrize(
    ("search", "span"),
    [
        (Search(since=NINETIES), {"gte": 631_152_000}),
        (Search(since=NINETIES + timedelta(seconds=0.2)), {"gte": 631_152_001}),  # the first whole second
        (Search(until=NINETIES), {"gt": -(1 << 38), "lt": 631_152_000}),  # an article without date is in no span
        (Search(since=NINETIES, until=NINETIES + MINUTE), {"gte": 631_152_000, "lt": 631_152_060}),
    ],
)
def test_a_span_of_time_counts_whole_seconds(search: Search, span: dict[str, int]) -> None:
    assert query(search)["bool"]["filter"] == [{"range": {"second": span}}]


def test_sorting_changes_nothing_about_what_is_found() -> None:
    assert query(Search(parse("Iraq"), sort="best")) == query(Search(parse("Iraq")))


# The best of them


def article(name: str, text: str = "", **changed: object) -> Article:
    """An article of its own id, a minute older than the next longer name."""
    made = Article(name, f"https://x.example/{name}", text=text, published_at=NOW + len(name) * MINUTE, ingested_at=NOW)
    return replace(made, **changed)  # type: ignore[arg-type] # any field


def ranking(words: str, holding: tuple[int, ...], articles: int = 1_000, mean: float = 10.0) -> Ranking:

    return Ranking(list(terms(parse(words))), holding, articles, mean)


@pytest.mark.parametrize(
    ("words", "better", "worse"),
    [
        ("kirkuk", article("a", "kirkuk kirkuk and more"), article("b", "kirkuk and more of it")),
        ("kirkuk", article("a", "far away", title="kirkuk"), article("b", "kirkuk kirkuk", title="far away")),
        ("kirkuk", article("a", "kirkuk"), article("b", "kirkuk " + "and more " * 20)),
        ("pmf", article("a", "so far", actor_names=("PMF",)), article("b", "PMF so far and no further than that")),
        ('"old bridge"', article("a", "old bridge old bridge x"), article("b", "old bridge bridge old x x")),
        ("bri*", article("a", "bridge brigade x"), article("b", "bridge x x")),
    ],
)
def test_more_often_in_the_title_or_in_fewer_words_is_better(words: str, better: Article, worse: Article) -> None:
    assert ranking(words, (50,)).best_first([worse, better]) == [better, worse]


def test_a_rare_word_counts_more_than_a_common_one_and_one_of_most_articles_hardly() -> None:
    rare, common = article("rare", "amerli said"), article("common", "iraq said")

    assert ranking("amerli OR iraq", (3, 400)).best_first([common, rare]) == [rare, common]
    assert ranking("amerli OR iraq", (400, 3)).best_first([rare, common]) == [common, rare]
    assert ranking("said OR iraq", (990, 900)).best_first([common, rare])[0] == common


def test_equally_good_articles_stand_newest_first_then_by_id_and_those_without_date_last() -> None:
    undated = article("0", "kirkuk", published_at=None)
    same = [undated, article("b", "kirkuk"), article("a", "kirkuk"), article("newer", "kirkuk")]

    assert [each.id for each in ranking("kirkuk", (4,)).best_first(same)] == ["newer", "a", "b", "0"]


def test_the_length_of_an_article_counts_all_words_that_the_other_store_indexes() -> None:
    names, places = ("PMF", "الحشد الشعبي"), ("IQ", "IQ-NI", "IQ")

    assert length(article("a")) == 4  # what every article has: itself, outlet, country, language
    assert length(article("a", "PKK'nın sözü", title="Söz")) == 8
    assert length(article("a", actors=("pmf",), actor_names=names, regions=places)) == 4 + 3 + 1 + 1 + 2


def test_of_a_long_list_of_words_nothing_is_proposed_by() -> None:
    assert len(ranking("a OR b", (1, 1)).proposals()) == 2
    assert len(ranking(" OR ".join("a" * LONG), (1,) * LONG).proposals()) == LONG
    assert ranking(" OR ".join("a" * (LONG + 1)), (1,) * (LONG + 1)).proposals() == []


# On a real server


@pytest.fixture
def store(elastic: Address, elastic_prefix: str) -> Iterator[ElasticStore]:
    with opening(elastic, elastic_prefix) as open_store:
        yield open_store()


def put(store: ElasticStore, *articles: Article) -> None:
    assert store.save(Changes(articles=tuple(map(Stored, articles)))) == frozenset()


def found(store: ElasticStore, words: str = "", **changed: object) -> list[str]:
    search = replace(Search(parse(words)), **changed)  # type: ignore[arg-type] # any field
    return [hit.article.id for hit in store.search(search)]


@pytest.mark.parametrize("sort", ["newest", "best"])
def test_whoever_asks_for_all_gets_each_once_however_many_pages_there_are(store: ElasticStore, sort: str) -> None:
    count = 2 * MOST + 50
    put(
        store,
        *(article(f"{number:04}", "flood in basra", published_at=NOW - number * MINUTE) for number in range(count)),
    )

    assert found(store, "basra", sort=sort, limit=0) == [f"{number:04}" for number in range(count)]
    assert found(store, "basra", sort=sort, limit=MOST + 1) == [f"{number:04}" for number in range(MOST + 1)]


@pytest.mark.parametrize("sort", ["newest", "best"])
def test_where_no_month_is_left_nothing_is_found(elastic: Address, elastic_prefix: str, sort: str) -> None:
    with client_of(elastic) as client:
        assert list(hits(client, f"{elastic_prefix}nowhere-news", Search(parse("flood"), sort=sort))) == []


def test_a_story_of_many_copies_leaves_room_for_others(store: ElasticStore) -> None:
    copies = [article(f"{number:04}", "flood", story="flood", published_at=NOW) for number in range(MOST + 50)]
    put(store, *copies, *(article(f"other{number}", "no flood", published_at=NINETIES) for number in range(3)))

    for sort in ("newest", "best"):
        reading = store.search(Search(parse("flood"), sort=sort, limit=3))
        assert [(hit.article.id, hit.copies) for hit in reading] == [("0000", MOST + 49), ("other0", 0), ("other1", 0)]


@dataclass
class Watched:
    """A client that counts the views it opened and has not closed."""

    client: Elasticsearch
    views: list[str] = field(default_factory=list)

    def open_point_in_time(self, **options: Any) -> Any:  # noqa: ANN401 - as the client's
        """Open and count."""
        told = self.client.open_point_in_time(**options)
        self.views.append(told["id"])
        return told

    def close_point_in_time(self, *, id: str) -> None:  # noqa: A002 - as the client's
        """Close and count."""
        assert self.client.close_point_in_time(id=id)["succeeded"]
        self.views.remove(id)

    def options(self, **_: object) -> Watched:
        """Whatever is asked otherwise is watched, too."""
        return self

    def search(self, **options: Any) -> Any:  # noqa: ANN401 - as the client's
        """As it is."""
        return self.client.search(**options)


@pytest.mark.parametrize("sort", ["newest", "best"])
def test_the_view_of_a_search_is_closed_at_its_end_and_when_the_reader_leaves(
    store: ElasticStore, elastic: Address, elastic_prefix: str, sort: str
) -> None:
    put(store, *(article(f"{number}", "word") for number in range(5)))
    assert len(found(store)) == 5
    with client_of(elastic) as client:
        watched = Watched(client)

        def reading() -> Iterator[Hit]:
            return hits(watched, f"{elastic_prefix}news", Search(parse("word"), sort=sort, limit=0))  # type: ignore[arg-type] # all that a search asks of a client

        left = reading()
        next(left)
        assert len(watched.views) == 1
        assert len(list(reading())) == 5
        assert len(watched.views) == 1
        assert len(list(islice(reading(), 2))) == 2
        del left
        gc.collect()

    assert watched.views == []


def test_the_key_of_a_reader_is_enough_to_search(store: ElasticStore, elastic: Address, elastic_prefix: str) -> None:
    put(store, article("a", "flood in basra", outlet=Outlet("sabah")), article("b", "flood in amara"))
    assert found(store, "basra") == ["a"]
    rights = [{**each, "names": [elastic_prefix + name for name in each["names"]]} for each in RIGHTS["reader"]]
    with client_of(elastic) as user:
        role = {"reader": {"cluster": ["monitor"], "indices": rights}}
        made = user.security.create_api_key(name=f"{elastic_prefix}reader", expiration="1h", role_descriptors=role)
        reader = ElasticStore(connect(Access(elastic.url, key=made["encoded"])), elastic.url, prefix=elastic_prefix)
        try:
            assert found(reader, "basra") == ["a"]
            assert found(reader, "flood bas*", sort="best") == ["a"]
            assert list(reader.articles(["b", "c"])) == ["b"]
        finally:
            reader.close()
            user.security.invalidate_api_key(ids=[made["id"]])


def test_a_phrase_whose_last_word_goes_on_in_thousands_of_ways_misses_none(store: ElasticStore) -> None:
    words = [" ".join(f"up to w{number}x{each}" for each in range(1_300)) for number in range(20)]
    put(store, *(article(f"{number}", text) for number, text in enumerate(words)))

    everyone = sorted(f"{number}" for number in range(20))
    assert sorted(found(store, "to-w*")) == sorted(found(store, "up-to-w*", sort="best")) == everyone
    assert sorted(found(store, "w*")) == sorted(found(store, "w*", sort="best")) == everyone
    assert found(store, "up-w*") == []
    assert found(store, "to-w7x12*") == ["7"]


def test_phrases_that_go_on_are_told_from_words_apart_also_behind_not(store: ElasticStore) -> None:
    put(
        store,
        article("1", "l'armée recule"),
        article("22", "l'eau, puis une armée", title="Retrait"),
        article("333", "eau", title="l'arme", actor_names=("l'",)),
    )

    assert found(store, "l'arm*") == ["333", "1"]
    assert found(store, "NOT l'arm*") == ["22"]
    assert found(store, "NOT (NOT l'arm*) recule") == ["1"]
    assert found(store, "retrait OR l'armé*", sort="best") == ["22", "333", "1"]
    assert found(store, "eau NOT l'arm*") == ["22"]


@pytest.mark.parametrize("letters", ["é", "문", "𠀀"])
def test_the_longest_word_that_can_be_asked_for_is_found_and_no_part_of_a_longer_one(
    store: ElasticStore, letters: str
) -> None:
    word, endless = letters * LONGEST, letters * (LONGEST_WORD + 100)
    put(store, article("1", f"{word} end"), article("22", f"{word}x end"), article("333", f"- {endless}-end"))

    assert found(store, f"{word} OR {letters * 100}") == ["1"]
    assert found(store, f'"{word} end"') == ["1"]
    assert found(store, f"{word}*") == ["333", "22", "1"]
    assert found(store, f"{word}* end", sort="best") == ["333", "22", "1"]
    assert found(store, f"{word}-e*") == ["1"]


@pytest.mark.parametrize("join", [" ", " OR ", " NOT ", "-"])
@pytest.mark.parametrize("sort", ["newest", "best"])
def test_as_many_words_as_the_grammar_takes_can_be_asked(store: ElasticStore, join: str, sort: str) -> None:
    put(store, article("a", "a " * TOKENS))

    assert found(store, join.join("a" * TOKENS), sort=sort) == ([] if join == " NOT " else ["a"])


def test_a_term_keeps_its_order_in_a_list_of_terms() -> None:
    assert ranking("b OR (a NOT c)", (1, 1)).terms == [Term(("b",)), Term(("a",))]
