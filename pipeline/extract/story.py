"""Parts of a story that extraction misses or runs together: the lead above the picture, paragraphs in a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.fold import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

CELL_PARAGRAPHS = 3  # in one cell, each an element or set apart by two breaks: data tables have none
LEAD_CLASS = re.compile(r"(?:^|[\s_-])(?:lead|introtext|spot)(?:$|[\s_-])")
"""What content systems call the first paragraph where it stands apart from the others."""
LEAD_LETTERS = 40  # that it must share with the page's description, which is the same text, often cut
LONGEST_LEAD = 1_500  # characters
TOP = 2_000  # characters of the text among which the lead is looked for


def open_layout_tables(tree: HtmlElement) -> None:
    """Turn tables that lay out a page into plain blocks: trafilatura makes one line of what stands in a cell."""
    for table in list(tree.iter("table")):
        paragraphs = max(map(_paragraphs, table.iter("td")), default=0)
        if paragraphs >= CELL_PARAGRAPHS or next(table.iter("h1"), None) is not None:
            for element in (table, *table.iter("tbody", "tr", "td", "th")):
                element.tag = "div"


def _paragraphs(cell: HtmlElement) -> int:
    return max(len(cell.findall("p")), len(cell.findall("br")) // 2)


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
