"""Kibana's query language as far as our workspace uses it, turned into Elasticsearch's own; anything else is refused.

Words without a field are refused on purpose: what they mean depends on the index.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

Query = dict[str, Any]

TOKEN = re.compile(r'\s*("[^"*\\]*"|[()]|<=|>=|[:<>]|[^\s():<>"*\\]+|\*)')
RANGES = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
WORDS = frozenset({"and", "or", "not", "(", ")", ":", "*", *RANGES})


@dataclass
class Kql:
    """One query: what Elasticsearch is asked, and the fields that it names."""

    text: str
    query: Query = field(init=False)
    fields: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self._tokens = list(_tokens(self.text))
        self.query = self._either() if self._tokens else {"match_all": {}}
        assert not self._tokens, f"{self.text}: nobody knows what {self._tokens[0]} means there"

    def _either(self) -> Query:
        found = [self._both()]
        while self._take("or"):
            found.append(self._both())
        return any_of(found)

    def _both(self) -> Query:
        found = [self._one()]
        while self._take("and"):
            found.append(self._one())
        return found[0] if len(found) == 1 else {"bool": {"filter": found}}

    def _one(self) -> Query:
        if self._take("not"):
            return {"bool": {"must_not": [self._one()]}}
        if self._take("("):
            return self._closed(self._either())
        name = self._word()
        self.fields.add(name)
        operator = self._next()
        if operator in RANGES:
            return {"range": {name: {RANGES[operator]: self._word()}}}
        assert operator == ":", f"{self.text}: {name} stands alone"
        if self._take("("):
            values = [self._value(name)]
            while self._take("or"):
                values.append(self._value(name))
            return self._closed(any_of(values))
        return {"exists": {"field": name}} if self._take("*") else self._value(name)

    def _value(self, name: str) -> Query:
        word = self._word()
        quoted = word.startswith('"')
        return {"match_phrase": {name: word.strip('"')}} if quoted else {"match": {name: word}}

    def _closed(self, query: Query) -> Query:
        assert self._take(")"), f"{self.text}: a bracket stays open"
        return query

    def _word(self) -> str:
        word = self._next()
        assert word not in WORDS, f"{self.text}: {word} stands where a name or a value is due"
        return word

    def _take(self, token: str) -> bool:
        found = self._tokens[:1] == [token]
        del self._tokens[:found]
        return found

    def _next(self) -> str:
        assert self._tokens, f"{self.text}: ends too soon"
        return self._tokens.pop(0)


def any_of(queries: list[Query]) -> Query:
    """What matches one of them at least."""
    return queries[0] if len(queries) == 1 else {"bool": {"should": queries, "minimum_should_match": 1}}


def _tokens(text: str) -> list[str]:
    found, end = [], 0
    while text[end:].strip():
        token = TOKEN.match(text, end)
        assert token, f"{text}: {text[end:]} is not understood"
        found.append(token[1])
        end = token.end()
    return found
