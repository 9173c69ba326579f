"""Which of the articles that a search finds are best: by the formula of the other store, counted in their own words.

The server proposes: it keeps lengths to an eighth only, and cannot add up a phrase or the words of a prefix over the
fields of an article. Those that it likes most are then put in order exactly as SQLite does it, so that both stores show
the same articles first. Stems play no part in this: SQLite has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from pipeline.model import Article
from pipeline.query import Term, fields, occurrences
from pipeline.stores.elastic.documents import length, second

Query = dict[str, Any]

# As in the other store: a name in the title says what an article is about; names of actors count like the text.
WEIGHTS = {"title": 5.0, "text": 1.0, "actor_names": 1.0}
K1, B, RAREST = 1.2, 0.75, 1e-6
"""What bm25() of SQLite's FTS5 has in its source; the last is how rare a term is that stands in most articles."""

PROPOSED = 80  # articles that the server proposes: with 50 four of 68 searches differed by more than two of ten
LONG = 40  # words of a query from which on the server proposes the newest: each takes some of its 1,024 clauses
EXPANSIONS = 100  # words that prefixes of a query propose by, all together
SATURATED = {"source": "params.most * _score / (_score + params.half)"}
HALF = 5.0  # the score of a prefix that is worth half the most; from 2 to 20 nothing changed


@dataclass(frozen=True, slots=True)
class Ranking:
    """How good articles are for these terms; of all articles it takes how many hold each, and their mean length."""

    terms: Sequence[Term]
    holding: Sequence[int]
    articles: int
    mean: float

    def proposals(self) -> list[Query]:
        """What makes the server like an article more."""
        if sum(len(term.tokens) for term in self.terms) > LONG:
            return []
        expansions = EXPANSIONS // len(self.terms)
        return [
            _prefix(term, self._rarity(held), expansions) if term.prefix else _phrase(term)
            for term, held in zip(self.terms, self.holding, strict=True)
        ]

    def best_first(self, articles: Iterable[Article]) -> list[Article]:
        """Articles in order: equally good ones newest first and then by id."""
        return sorted(articles, key=lambda each: (-self._score(each), -second(each.published_at), each.id))

    def _score(self, article: Article) -> float:
        """BM25 over the fields of an article as one (BM25F, Robertson and Zaragoza 2009)."""
        title, *others = told = fields(article)
        long = K1 * (1 - B + B * length(article, told) / self.mean)
        score = 0.0
        for term, held in zip(self.terms, self.holding, strict=True):
            often = WEIGHTS["title"] * _times(term, title) + sum(_times(term, field) for field in others)
            score += self._rarity(held) * often * (K1 + 1) / (often + long)
        return score

    def _rarity(self, held: int) -> float:
        return max(RAREST, log((self.articles - held + 0.5) / (held + 0.5)))


def _times(term: Term, field: Sequence[str]) -> int:
    """How often a term stands in a field; a single word is counted fast."""
    first, *others = term.tokens
    if others:
        return sum(1 for _ in occurrences(term, field))
    return sum(word.startswith(first) for word in field) if term.prefix else field.count(first)


def _phrase(term: Term) -> Query:
    """The words of a term wherever they stand, since the length of all fields counts; a phrase once more as one."""
    weighted = [f"{field}^{weight}" for field, weight in WEIGHTS.items()]
    words = " ".join(term.tokens)
    together: Query = {"combined_fields": {"query": words, "operator": "and", "fields": weighted}}
    if len(term.tokens) == 1:
        return together
    return {"bool": {"should": [together, {"multi_match": {"query": words, "type": "phrase", "fields": weighted}}]}}


def _prefix(term: Term, rarity: float, expansions: int) -> Query:
    """Words that begin so, none of them worth more than the prefix itself is."""
    if len(term.tokens) > 1:
        return _phrase(Term(term.tokens[:-1]))
    words = [
        {
            "prefix": {
                field: {"value": term.tokens[0], "rewrite": f"top_terms_blended_freqs_{expansions}", "boost": weight}
            }
        }
        for field, weight in WEIGHTS.items()
    ]
    script = {**SATURATED, "params": {"most": (K1 + 1) * rarity, "half": HALF}}
    return {"script_score": {"query": {"bool": {"should": words}}, "script": script}}
