"""A search as one query, and its answers, read page by page from the index as it stood at the first."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

from elastic_transport import TransportError
from elasticsearch import ApiError

from pipeline.model import Article, Hit
from pipeline.query import And, Node, Not, Or, Search, Term, fields, matches, terms
from pipeline.stores.elastic.documents import UNDATED, read_article, second
from pipeline.stores.elastic.ranking import PROPOSED, WEIGHTS, Ranking

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

Query = dict[str, Any]
Where = dict[str, Any]
"""Where a search looks: its parameters for an index or for a point in time."""

EVERYTHING: Query = {"match_all": {}}
NOTHING: Query = {"match_none": {}}
ASIDE = 10  # more than are asked for are read at once, since copies of one story are passed over
MOST = 200  # articles read at once
KEEP = "2m"  # a reader who stands still for longer begins again
UNREAD = ["stem"]  # fields of a document that nobody reads back

NEWEST = [{"second": "desc"}, {"id": "asc"}]
BEST = [{"_score": "desc"}, *NEWEST]


def hits(client: Elasticsearch, index: str, search: Search) -> Generator[Hit, None, None]:
    """All hits in the order of the sort, one per story unless all are asked for; the limit is the caller's."""
    shown: set[str] = set()
    for page in _pages(client, index, search):
        for start in range(0, len(page), search.limit or MOST):  # what is not shown need not be counted
            part = page[start : start + (search.limit or MOST)]
            copies = _copies(client, index, {article.story for article in part})
            for article in part:
                if search.every or article.story not in shown:
                    yield Hit(article, copies.get(article.story, 1) - 1)
                if article.story:
                    shown.add(article.story)


def query(search: Search) -> Query:
    """What an article must be to be found; more than enough where a phrase goes on."""
    filters = {
        "actors": search.actors,
        "regions": search.regions,
        "outlet.country": search.countries,
        "outlet.id": search.outlets,
        "language": search.languages,
    }
    wanted = [one_of(field, values) for field, values in filters.items() if values]
    span = {"gte": second(search.since)} if search.since else {"gt": UNDATED} if search.until else {}
    if search.until:
        span["lt"] = second(search.until)
    if span:
        wanted.append({"range": {"second": span}})
    if search.query:
        wanted.append(_found(search.query))
    return {"bool": {"filter": wanted or [EVERYTHING]}}


def one_of(field: str, values: Sequence[str]) -> Query:
    """Documents with one of these values in a field; "" is that of a field that is not there."""
    wanted: Query = {"terms": {field: list(values)}}
    return wanted if "" not in values else _in_any([wanted, {"bool": {"must_not": [_there(field)]}}])


def _there(field: str) -> Query:
    return {"exists": {"field": field}}


def _found(node: Node, *, surely: bool = False) -> Query:
    """What a tree finds: where a phrase goes on (`_goes_on`) too much, or nothing where only what is sure may be."""
    match node:
        case Term():
            return NOTHING if surely and _goes_on(node) else _in_any([_in_field(node, field) for field in WEIGHTS])
        case And(parts):
            return {"bool": {"filter": [_found(part, surely=surely) for part in parts]}}
        case Or(parts):
            return _in_any([_found(part, surely=surely) for part in parts])
    return {"bool": {"must_not": [_found(node.part, surely=not surely)]}}


def _in_any(parts: list[Query]) -> Query:
    return {"bool": {"should": parts}}


def _in_field(term: Term, field: str) -> Query:
    """The words of a term in a row in a field; they are folded, which folding again does not change."""
    *firsts, last = term.tokens
    if not firsts:
        return {"prefix" if term.prefix else "term": {field: {"value": last}}}
    if term.prefix:
        return {"bool": {"filter": [_in_field(Term((*firsts,)), field), _in_field(Term((last,), prefix=True), field)]}}
    return {"match_phrase": {field: {"query": " ".join(term.tokens)}}}


def _goes_on(node: Node | None) -> bool:
    """Whether a phrase in a tree ends in a prefix.

    The server takes no more words that begin so than clauses, on a small machine 1,024, so it is asked for articles
    with the phrase and such a word anywhere in the field, and they are read to see which are meant.
    """
    match node:
        case Term(tokens, prefix):
            return prefix and len(tokens) > 1
        case And(parts) | Or(parts):
            return any(map(_goes_on, parts))
        case Not(part):
            return _goes_on(part)
    return False


def _pages(client: Elasticsearch, index: str, search: Search) -> Iterator[list[Article]]:
    """The articles in order; where all are wanted, what is written meanwhile is not among them."""
    with nullcontext(living(index)) if search.limit else standing(client, index) as view:
        if search.sort == "best" and (asked := list(terms(search.query))):
            yield from _best(client, view, search, asked)
            return
        size = min(search.limit + ASIDE, MOST) if search.limit and not _goes_on(search.query) else MOST
        for page in pages(client, view, query(search), NEWEST, size=size, source_excludes=UNREAD):
            yield _meant(search, page)


def _meant(search: Search, page: Sequence[Mapping[str, Any]]) -> list[Article]:
    """The articles of a page, without those that only a reader can tell from what was looked for."""
    articles = [read_article(each["_source"]) for each in page]
    if not _goes_on(search.query):
        return articles
    return [article for article in articles if matches(search.query, fields(article))]


def _best(client: Elasticsearch, view: Where, search: Search, asked: list[Term]) -> Iterator[list[Article]]:
    """What the server proposes; the first page in exact order, and whoever reads on has the others as proposed."""
    ranking = _ranking(client, view, asked)
    wanted = {"bool": {"filter": [query(search)], "should": ranking.proposals()}}
    options: dict[str, Any] = {"search_type": "dfs_query_then_fetch"}  # a word is as rare as in all months together
    proposed = pages(client, view, wanted, BEST, size=PROPOSED, source_excludes=UNREAD, **options)
    for number, page in enumerate(proposed):
        articles = _meant(search, page)
        yield articles if number else ranking.best_first(articles)


def _ranking(client: Elasticsearch, view: Where, asked: list[Term]) -> Ranking:
    """What the formula has to know of all articles, those that the filters leave out included."""
    told = client.search(
        size=0,
        query=EVERYTHING,
        track_total_hits=True,
        aggregations={
            "words": {"avg": {"field": "words"}},
            "terms": {"filters": {"filters": [_found(term) for term in asked]}},
        },
        **view,
    )
    articles = told["hits"]["total"]["value"]
    if not articles:
        return Ranking(asked, [0] * len(asked), 0, 1.0)
    counted = told["aggregations"]
    return Ranking(
        asked, [each["doc_count"] for each in counted["terms"]["buckets"]], articles, counted["words"]["value"]
    )


@contextmanager
def standing(client: Elasticsearch, index: str) -> Iterator[Where]:
    """A view of an index as it is now, however it is written to meanwhile."""
    view = client.open_point_in_time(index=index, keep_alive=KEEP, ignore_unavailable=True)["id"]
    try:
        yield {"pit": {"id": view, "keep_alive": KEEP}}
    finally:
        with suppress(ApiError, TransportError):  # it ends by itself a little later
            client.close_point_in_time(id=view)


def _copies(client: Elasticsearch, index: str, stories: set[str]) -> dict[str, int]:
    """How many articles each of these stories has."""
    named = [story for story in stories if story]
    if not named:
        return {}
    told = client.search(
        index=index,
        ignore_unavailable=True,
        size=0,
        query={"terms": {"story": named}},
        aggregations={"stories": {"terms": {"field": "story", "size": len(named)}}},
    )
    return {each["key"]: each["doc_count"] for each in told["aggregations"]["stories"]["buckets"]}


def living(index: str) -> Where:
    """An index, or what stands behind an alias, as it is when it is asked; nothing where there is none."""
    return {"index": index, "ignore_unavailable": True}


def pages(
    client: Elasticsearch,
    where: Where,
    asked: Query,
    order: Sequence[dict[str, Any]],
    *,
    most: int | None = None,
    size: int = MOST,
    **options: Any,  # noqa: ANN401 - of a search
) -> Iterator[list[dict[str, Any]]]:
    """What a query finds by a total order, `size` documents at once, `most` at most."""
    after: dict[str, Any] = {}
    left = most
    while left is None or left > 0:
        wanted = size if left is None else min(left, size)
        told = client.search(
            query=asked, sort=list(order), size=wanted, track_total_hits=False, **where, **options, **after
        )
        found = told["hits"]["hits"]
        yield found
        if len(found) < wanted:
            return
        left = None if left is None else left - wanted
        after = {"search_after": found[-1]["sort"]}


def documents(
    client: Elasticsearch,
    where: Where,
    asked: Query,
    order: Sequence[dict[str, Any]],
    **options: Any,  # noqa: ANN401 - of `pages`
) -> Iterator[dict[str, Any]]:
    """As `pages`, one document after the other."""
    return chain.from_iterable(pages(client, where, asked, order, **options))
