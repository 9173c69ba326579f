"""The newest hits of a search as an Atom feed (RFC 4287)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from xml.etree import ElementTree as ET

from pipeline.model import Article
from pipeline.records import timestamp

NAMESPACE = "http://www.w3.org/2005/Atom"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
TYPE = "application/atom+xml; charset=utf-8"
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot say, https://www.w3.org/TR/xml/#charsets."""

ET.register_namespace("", NAMESPACE)


def atom(title: str, address: str, articles: Iterable[Article], now: datetime) -> bytes:
    """The feed of these articles, newest first; `address` is its own, and so its id."""
    feed = ET.Element(f"{{{NAMESPACE}}}feed")
    listed = list(articles)
    _add(feed, "title", title)
    _add(feed, "id", address)
    _add(feed, "link", rel="self", href=address)
    _add(feed, "updated", max(map(_updated, listed), default=timestamp(now)))
    for article in listed:
        _entry(feed, article)
    return bytes(ET.tostring(feed, "utf-8", xml_declaration=True))


def _entry(feed: ET.Element, article: Article) -> None:
    entry = _add(feed, "entry")
    if article.language != "und":
        entry.set(XML_LANG, article.language)
    _add(entry, "title", article.title or article.url)
    _add(entry, "id", article.url)
    _add(entry, "link", rel="alternate", href=article.url)
    _add(entry, "updated", _updated(article))
    if article.published_at:
        _add(entry, "published", timestamp(article.published_at))
    _add(_add(entry, "author"), "name", article.outlet.name or article.outlet.id or "unknown")
    for actor in article.actors:
        _add(entry, "category", term=actor)
    _add(entry, "content", article.text, type="text")


def _updated(article: Article) -> str:
    """When the article became what it is: an entry without this is no Atom."""
    at = article.published_at or article.ingested_at or article.fetched_at
    return timestamp(at) if at else "1970-01-01T00:00:00Z"


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    told = {key: FORBIDDEN.sub("", value) for key, value in attributes.items()}
    child = ET.SubElement(parent, f"{{{NAMESPACE}}}{name}", told)
    child.text = FORBIDDEN.sub("", text) or None
    return child
