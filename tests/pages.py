"""What the tests of extraction share: a page around some HTML, and the article it becomes."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.extract import Extract
from pipeline.model import Answer, Article, Entry, Page, Source

URL = "https://port.example/news/1"
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
SENTENCE = "The old bridge across the river will be open to cars again on Sunday morning, the ministry said. "
PARAGRAPHS = "".join(f"<p>Paragraph {number} of the report. {SENTENCE * 2}</p>" for number in range(1, 5))
SOURCE = Source("port", "https://port.example/feed", name="Harbour Post")


def page(
    body: bytes, content_type: str = "text/html", source: Source = SOURCE, entry: Entry | None = None, url: str = URL
) -> Page:
    """A page as the web answered it."""
    answer = Answer(url, 200, (("content-type", content_type),) if content_type else (), body, NOW)
    return Page(url, answer, entry or Entry(url), source, "run-1")


def document(body: str = PARAGRAPHS, head: str = "", language: str = "en") -> str:
    """A whole HTML document around an article."""
    return f'<!DOCTYPE html><html lang="{language}"><head>{head}</head><body><article>{body}</article></body></html>'


def article(html: str, source: Source = SOURCE, entry: Entry | None = None, url: str = URL) -> Article:
    """The article that decoded HTML becomes."""
    return Extract().html(url, html, source, entry or Entry(url), NOW)


def origin(article: Article, field: str) -> str:
    """Where a field of an article came from."""
    return dict(article.origins)[field]
