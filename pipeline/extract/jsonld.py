"""Structured data inside a page (JSON-LD, https://schema.org/NewsArticle): headline and time of publication."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Limits against pages that are made to be costly; real pages stay far below them.
MOST_SCRIPTS = 12
SCRIPT_CHARACTERS = 400_000
MOST_NODES = 300

WRAPPINGS = (("<!--", "-->"), ("//<![CDATA[", "//]]>"), ("<![CDATA[", "]]>"))
"""What old content systems put around a script so that older browsers do not show it."""
INSIDE = ("@graph", "mainEntity", "mainEntityOfPage")


@dataclass(frozen=True, slots=True)
class Linked:
    """What the structured data says of the article; "" where it is silent."""

    headline: str = ""
    published: str = ""


def read(scripts: Iterable[str]) -> Linked:
    """Read the first article of the scripts; a page without one is read for a date that any of its nodes tells.

    What is no JSON, too long or too deep is passed over.
    """
    nodes = list(_nodes(scripts))
    articles = [node for node in nodes if _is_article(node)]
    headline = next(filter(None, (_word(node.get("headline")) for node in articles)), "")
    dates = (_word(node.get("datePublished")) for node in (*articles, *nodes))
    return Linked(headline, next(filter(None, dates), ""))


def addresses(scripts: Iterable[str]) -> dict[str, str]:
    """Addresses of the articles in the scripts, by headline, both as written; the first of a headline counts."""
    found: dict[str, str] = {}
    for node in filter(_is_article, _nodes(scripts)):
        page = node.get("mainEntityOfPage")
        links = (node.get("url"), page, page.get("@id") if isinstance(page, dict) else None)
        found.setdefault(_word(node.get("headline")), next(filter(None, map(_word, links)), ""))
    return found


def _nodes(scripts: Iterable[str]) -> Iterator[dict[str, object]]:
    """Objects of the scripts in order of appearance: the outermost, those of a graph or list, main entities."""
    waiting: list[object] = []
    for _, script in zip(range(MOST_SCRIPTS), scripts, strict=False):
        if len(script) <= SCRIPT_CHARACTERS:
            waiting.append(parsed(script))
    waiting.reverse()
    for _ in range(MOST_NODES):
        if not waiting:
            return
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(reversed(node))
        elif isinstance(node, dict):
            yield node
            waiting.extend(node[key] for key in reversed(INSIDE) if key in node)


def parsed(script: str) -> object:
    """The JSON of a script, out of what is wrapped around it; None where it is none, or too deep."""
    script = script.strip()
    for start, end in WRAPPINGS:
        script = script.removeprefix(start).removesuffix(end)
    try:
        return json.loads(script.strip().rstrip(";"), strict=False)
    except (ValueError, RecursionError):
        return None


def _is_article(node: dict[str, object]) -> bool:
    """Article, NewsArticle, ReportageNewsArticle, ... all end alike; blogs post."""
    types = node.get("@type")
    words = types if isinstance(types, list) else [types]
    return any(isinstance(word, str) and word.endswith(("Article", "Posting", "Report")) for word in words)


def _word(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
