"""The running text of a page or of a feed's content, with zero-width non-joiners kept."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pipeline.clean.characters import ZWNJ

if TYPE_CHECKING:
    from types import ModuleType

    from lxml.html import HtmlElement

REFERENCE = re.compile(r"&(?:zwnj|#0{0,6}8204|#[xX]0{0,6}200[cC]);?")
IN_JSON = ("\\u200c", "\\u200C")
STAND_INS = tuple(map(chr, range(0x14600, 0x14647)))
"""Anatolian hieroglyphs: letters to every filter on the way (printable, stable under NFC), and on no page of news."""

FORBIDDEN = re.compile(
    r"&#(?:0{0,6}(?:[1-8]|1[124-9]|2\d|3[01])(?!\d)|[xX]0{0,6}(?:[1-8bcefBCEF]|1[\da-fA-F]|[fF]{3}[eEfF])(?![\da-fA-F]));?"
)
"""References to characters that XML 1.0 forbids: one of them, and trafilatura finds nothing on the page."""
BLOCK = re.compile(
    r"<(?=/?(?:address|article|blockquote|br|dd|div|d[lt]|figcaption|h[1-6r]|li|[ou]l|p|pre|section|table|tr)\b)",
    re.IGNORECASE,
)
"""Where a line begins or ends."""
UNREAD = ("script", "style", "iframe", "noscript", "template")


@dataclass(frozen=True, slots=True)
class Shielded:
    """HTML in which another character stands for ZWNJ; `mark` is "" where there was none."""

    html: str
    mark: str = ""

    def restore(self, text: str) -> str:
        """Put ZWNJ back into a text that was taken from this HTML."""
        return text.replace(self.mark, ZWNJ) if self.mark else text


def shield(html: str) -> Shielded:
    """Replace every ZWNJ by a stand-in: trafilatura deletes it, and می‌توان would become میتوان."""
    if not (ZWNJ in html or "\\u200" in html or REFERENCE.search(html)):
        return Shielded(html)
    mark = next((mark for mark in STAND_INS if mark not in html), ZWNJ)
    for spelling in (ZWNJ, *IN_JSON):
        html = html.replace(spelling, mark)
    return Shielded(REFERENCE.sub(mark, html), mark)


def parse(html: str) -> HtmlElement:
    """The tree of a page, parsed as trafilatura does it; a piece of one, which it refuses, is put into a page."""
    html = FORBIDDEN.sub(" ", html)
    load = trafilatura().load_html
    tree: HtmlElement | None = load(html)
    return tree if tree is not None else load(f"<html><body>{html}</body></html>")


def text_of_page(tree: HtmlElement, *, fast: bool = False) -> str:
    """The text of a page, paragraphs separated by line feeds, reader comments left out; "" where there is none.

    `fast` leaves out what trafilatura compares its own answer with.
    """
    return trafilatura().extract(tree, include_comments=False, fast=fast) or ""


def text_of_fragment(markup: str) -> str:
    """All text of a piece of HTML, a line for each block: what a feed carries has no furniture around it."""
    blocks = BLOCK.sub("\n<", " ".join(markup.split()))
    tree = parse(f"<html><body><div>{blocks}</div></body></html>")
    for element in list(tree.iter(*UNREAD)):
        element.clear(keep_tail=True)
    lines = (" ".join(line.split()) for line in tree.text_content().split("\n"))
    return "\n".join(filter(None, lines))


@cache
def trafilatura() -> ModuleType:
    """The library, loaded with the first page; what it would log of bad pages becomes their outcomes."""
    import trafilatura as library

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return library
