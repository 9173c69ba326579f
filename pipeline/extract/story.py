"""Which parts of a page belong to its story: the lead above the picture, not the stories that follow below."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline import urls
from pipeline.fold import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

CELL_PARAGRAPHS = 3  # in one cell: data tables have none
MAIN_CHARACTERS = 500  # of an <article> that is the page's own; others are teasers or further stories
WHOLE_CHARACTERS = 500  # of another story, not only its teaser
LEAD_CLASS = re.compile(r"(?:^|[\s_-])(?:lead|introtext|spot)(?:$|[\s_-])")
"""What content systems call the first paragraph where it stands apart from the others."""
LEAD_LETTERS = 40  # that it must share with the page's description, which is the same text, often cut
LONGEST_LEAD = 1_500  # characters
TOP = 2_000  # characters of the text among which the lead is looked for


def open_layout_tables(tree: HtmlElement) -> None:
    """Turn tables that lay out a page into plain blocks: trafilatura makes one line of what stands in a cell."""
    for table in list(tree.iter("table")):
        paragraphs = max((len(cell.findall("p")) for cell in table.iter("td")), default=0)
        if paragraphs >= CELL_PARAGRAPHS or next(table.iter("h1"), None) is not None:
            for element in (table, *table.iter("tbody", "tr", "td", "th")):
                element.tag = "div"


def drop_others(tree: HtmlElement, url: str) -> list[str]:
    """Take stories of other addresses out of the tree, as endless scroll appends them; give the texts of whole ones."""
    main, *others = [*tree.iter("article")] or [tree]
    own, nested = len(main.text_content()), set(main.iter("article"))
    told: list[str] = []
    for article in others:
        text = "\n".join(filter(None, (" ".join(piece.split()) for piece in article.itertext())))
        is_whole, is_inside = len(text) >= WHOLE_CHARACTERS, article in nested
        if own - len(text) * is_inside < MAIN_CHARACTERS or (is_inside and not is_whole):
            continue
        if _leads_elsewhere(article, url):
            told.extend([text] * is_whole)
            article.clear(keep_tail=True)
    return told


def _leads_elsewhere(article: HtmlElement, url: str) -> bool:
    """Whether the headline of an article is a link to another page."""
    heading = next(article.iter("h1", "h2", "h3"), None)
    if heading is None:
        return False
    link = next(iter((*heading.iter("a"), *heading.iterancestors("a"))), None)
    try:
        return link is not None and urls.canonical(link.get("href", ""), url) != urls.canonical(url)
    except ValueError:
        return False


def lead(tree: HtmlElement, description: str, text: str) -> str:
    """The first paragraph where extraction missed it: an element called so that begins like the page's description."""
    wanted = _letters(description)[:LEAD_LETTERS]
    if len(wanted) < LEAD_LETTERS or wanted in _letters(text[:TOP]):
        return ""
    return next((found for found in _leads(tree) if _letters(found[: 4 * LEAD_LETTERS]).startswith(wanted)), "")


def _leads(tree: HtmlElement) -> Iterator[str]:
    for element in tree.iter("p", "h2", "div"):
        if LEAD_CLASS.search(element.get("class", "")):
            text = " ".join(element.text_content().split())
            if len(text) <= LONGEST_LEAD:
                yield text


def _letters(text: str) -> str:
    return "".join(tokens(text))
