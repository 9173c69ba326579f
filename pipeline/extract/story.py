"""Which parts of a page belong to its story: the lead that stands above the picture, not the stories that follow below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline import urls
from pipeline.fold import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

MAIN_CHARACTERS = 500  # of an <article> that is the page's own; others after it are teasers or further stories
TOLD_CHARACTERS = 500  # of one that is worth telling: a whole story, no teaser
LEADS = "//*[contains(@class,'lead') or contains(@class,'introtext') or contains(@class,'summary') or contains(@class,'spot')]"
"""What content systems call the first paragraph where it stands apart from the others."""
LEAD_LETTERS = 40  # that it must share with the page's description, which is the same text, often cut
LONGEST_LEAD = 1_500  # characters


def drop_others(tree: HtmlElement, url: str) -> list[str]:
    """Take the stories of other addresses out of the tree, as endless scroll appends them; give the texts of whole ones."""
    main, *others = [*tree.iter("article")] or [tree]
    if not others or len(main.text_content()) < MAIN_CHARACTERS:
        return []
    inside = set(main.iter("article"))
    told = []
    for article in others:
        if article not in inside and article.getparent() is not None and _leads_elsewhere(article, url):
            told.append("\n".join(filter(None, (" ".join(text.split()) for text in article.itertext()))))
            article.drop_tree()
    return [text for text in told if len(text) >= TOLD_CHARACTERS]


def _leads_elsewhere(article: HtmlElement, url: str) -> bool:
    """Whether the headline of an article is a link to another page."""
    heading = next(article.iter("h1", "h2", "h3"), None)
    if heading is None:
        return False
    link = next(heading.iter("a"), None)
    link = link if link is not None else next(heading.iterancestors("a"), None)
    try:
        return link is not None and urls.canonical(link.get("href", ""), url) != urls.canonical(url)
    except ValueError:
        return False


def lead(tree: HtmlElement, description: str, text: str) -> str:
    """The first paragraph where extraction missed it: an element named so that begins like the page's description."""
    wanted = _letters(description)[:LEAD_LETTERS]
    if len(wanted) < LEAD_LETTERS or wanted in _letters(text):
        return ""
    return next((found for found in _leads(tree) if _letters(found[: 4 * LEAD_LETTERS]).startswith(wanted)), "")


def _leads(tree: HtmlElement) -> Iterator[str]:
    for element in tree.xpath(LEADS):
        text = " ".join(element.text_content().split())
        if len(text) <= LONGEST_LEAD:
            yield text


def _letters(text: str) -> str:
    return "".join(tokens(text))
