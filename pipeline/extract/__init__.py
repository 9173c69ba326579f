"""A page as the web answered it, or its decoded HTML, to an article: text, headline, date, declared language.

Every choice is told in `Article.origins`: (field, where it came from).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from pipeline import urls
from pipeline.clean.lines import BESIDE
from pipeline.clean.repeats import SECOND_ARTICLE
from pipeline.extract import (
    blocks,
    charset,
    dates,
    embedded,
    headline,
    metadata,
    others,
    prose,
    story,
)
from pipeline.extract.identity import Identity
from pipeline.extract.opinion import Opinion
from pipeline.model import Article, Block, Drop, Entry, Page, Reading, Removed, Source

__all__ = ["Extract"]

FEED_TEXT = "feed-text"
"""Flag of an article whose text is the feed's, because the page gave none worth having."""
PAGE, JSON = "page", "json"
"""Where a text was found: among the elements of the page, or in the data that its programs show (`embedded`)."""
DIGEST = 32  # hex digits kept of the SHA-256 of a text: 128 bits tell the readings of one page apart

MARKUP = re.compile(r"<[a-zA-Z!?/]")
OTHER_XML = re.compile(r"\s*(?:<\?xml[^>]{0,200}>)?\s*<(?:rss|feed|urlset|sitemapindex|rdf:RDF|svg)\b")
OTHER_BYTES = (
    *(b"%PDF-", b"%!PS", b"{\\rtf", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"RIFF", b"II*\0", b"MM\0*", b"\0\0\0"),
    *(b"PK\x03\x04", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"\xd0\xcf\x11\xe0", b"ID3", b"OggS", b"wOF"),
)
"""How documents, pictures, archives, sound and fonts begin."""
MAGIC = 3  # bytes that stand for the whole of such a file: too few to be markup


class Extract:
    """Pages to articles; nothing is remembered from one page to the next."""

    def page(self, page: Page) -> Article:
        """Read a page as the web answered it; raises Drop("not-html") or Drop("empty") and nothing else.

        The article is flagged `charset-guessed` where its encoding was, and `feed-text` where the text is the feed's.
        """
        body, languages = page.answer.body, page.source.languages
        if body.startswith(OTHER_BYTES):
            decoded = charset.Decoded(body[:MAGIC].decode("latin-1"), "binary")
        else:
            decoded = charset.decode(body, page.answer.header("content-type"), languages)
        article = _article(page.url, decoded.text, page.source, page.entry, page.answer.at)
        origins = (*article.origins, ("charset", decoded.charset))
        return replace(article, origins=origins, flags=article.flags + (charset.GUESSED,) * decoded.guessed)

    def html(self, url: str, html: str, source: Source, entry: Entry, fetched_at: datetime | None = None) -> Article:
        """Read decoded HTML; raises as `page`. Without `fetched_at` no date is too far in the future.

        A `url` that is no web address gives an article without id; lone surrogates, as JSON brings them, are replaced.
        """
        return _article(url, html.encode("utf-8", "replace").decode(), source, entry, fetched_at)


def _article(url: str, html: str, source: Source, entry: Entry, fetched_at: datetime | None) -> Article:
    read = _read(url, html)
    text, flags = _or_feed(read.text, entry)
    if not text:
        raise Drop("not-html" if html.strip() and not read.is_html else "empty")
    title_from, title = headline.choose(read.facts, entry.title, (source.id, source.name, urls.outlet_host(url)))
    published = dates.decide(read.facts.dates, entry, source, url, fetched_at)
    origins = {
        "title": title_from,
        "published_at": published.where or published.source,
        "text": "feed" if flags else read.source,
    }
    return Article(
        id=_id(url),
        url=url,
        title=title,
        text=text,
        published_at=published.at,
        published_from=published.source,
        fetched_at=fetched_at,
        outlet=source.outlet,
        removed=(
            *(Removed(other.text, SECOND_ARTICLE, url=other.url) for other in read.others),
            *(Removed(line, BESIDE) for line in read.beside),
        ),
        flags=flags,
        extractor=("trafilatura", prose.trafilatura().__version__),
        readings=(Reading(fetched_at, sha256(text.encode()).hexdigest()[:DIGEST]),) if fetched_at else (),
        origins=tuple(origins.items()),
        blocks=read.blocks,
        declared_language=read.facts.language or entry.language,
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What HTML holds: its facts, its text and where that was found, and what else stands on the page."""

    is_html: bool = False
    facts: metadata.Facts = field(default_factory=metadata.Facts)
    text: str = ""
    source: str = PAGE
    others: tuple[others.Other, ...] = ()
    beside: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()


def _read(url: str, html: str) -> _Read:
    if not MARKUP.search(html) or _is_other(html):
        return _Read()
    shielded = prose.shield(html)
    tree = prose.parse(shielded.html)
    facts = metadata.read(tree)
    story.open_layout_tables(tree)
    own = Identity(tree, url, (*(title for _, title in facts.titles), *facts.headings[:1]))
    told = tuple(replace(other, text=shielded.restore(other.text)) for other in others.drop(tree, own))
    linked = embedded.take(tree)
    runs = blocks.runs(tree)
    whole = blocks.blocks(runs, shielded.restore)
    chosen = Opinion(runs, whole, shielded.restore)
    text, source, unseen = chosen.text(tree), PAGE, ""
    if embedded.may_miss(text):
        body = embedded.body(linked, tree, own)
        if embedded.is_missed(body, text):
            text, source = body, JSON
        elif not embedded.is_part(text, body):
            unseen = body
    text = "\n".join(filter(None, (story.lead(tree, facts.description, text), text)))
    restore = shielded.restore
    return _Read(
        is_html=True,
        facts=facts.restored(restore),
        text=restore(text),
        source=source,
        others=told,
        beside=(*chosen.beside(text), *filter(None, restore(unseen).split("\n"))),
        blocks=whole,
    )


def _is_other(html: str) -> bool:
    """Whether this is JSON or an XML document of another kind."""
    return html.lstrip()[:1] in ("{", "[") or OTHER_XML.match(html) is not None


def _or_feed(text: str, entry: Entry) -> tuple[str, tuple[str, ...]]:
    """The text of the page, or that of the feed where the page has next to none; and flags."""
    if entry.content and len(text) < embedded.SHORT:
        told = prose.text_of_fragment(entry.content)
        if len(told) > 2 * len(text):
            return told, (FEED_TEXT,)
    return text, ()


def _id(url: str) -> str:
    try:
        return urls.article_id(url)
    except ValueError:
        return ""
