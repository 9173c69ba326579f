"""The feeds of the newsroom: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1."""

from __future__ import annotations

import json
from email.utils import format_datetime
from html import escape

from pipeline.newsroom.press import markup, summary
from pipeline.newsroom.site import Site
from pipeline.newsroom.stories import Story

KINDS = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}
"""Media types, without a charset: the document says it."""


def feed(site: Site) -> bytes:
    """The outlet's feed in the form and encoding that it uses."""
    stories = [story for story in site.stories for _ in range(2 if story.twice else 1)]
    text = {"rss": _rss, "atom": _atom, "json": _json}[site.outlet.feed](site, stories)
    if site.outlet.broken:  # an ampersand that is not escaped, and an element that is not closed
        text = text.replace("&amp;", "&").replace("</category>", "", 1)
    return text.encode(site.outlet.charset, "xmlcharrefreplace")


def _rss(site: Site, stories: list[Story]) -> str:
    outlet = site.outlet
    items = "".join(_item(site, story) for story in stories)
    return (
        f'<?xml version="1.0" encoding="{outlet.charset}"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>\n'
        f"<title>{escape(outlet.name)}</title><link>{site.root}/</link>"
        f"<description>{escape(outlet.slogan)}</description><language>{outlet.language}</language>"
        f"<lastBuildDate>{format_datetime(site.newest())}</lastBuildDate>\n{items}</channel></rss>\n"
    )


def _item(site: Site, story: Story) -> str:
    link = f"<link>{escape(site.url(story))}</link>" if story.linked else ""
    whole = f"<content:encoded><![CDATA[{markup(site, story)}]]></content:encoded>" if site.outlet.full else ""
    return (
        f'<item><title>{escape(story.title)}</title>{link}<guid isPermaLink="false">{_identity(site, story)}</guid>'
        f"<pubDate>{format_datetime(site.published(story))}</pubDate><dc:creator>{escape(story.author)}</dc:creator>"
        f"<category>{escape(story.section)}</category>"
        f"<description>{escape(summary(story))}</description>{whole}</item>\n"
    )


def _atom(site: Site, stories: list[Story]) -> str:
    outlet = site.outlet
    entries = "".join(
        f'<entry><id>{_identity(site, story)}</id><title type="text">{escape(story.title)}</title>'
        f'<link rel="alternate" type="text/html" href="{escape(site.url(story))}"/>'
        f"<published>{site.published(story).isoformat()}</published>"
        f"<updated>{site.updated(story).isoformat()}</updated><author><name>{escape(story.author)}</name></author>"
        f'<category term="{escape(story.section)}"/><summary type="text">{escape(summary(story))}</summary></entry>\n'
        for story in stories
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}"><id>tag:{outlet.id},2026:feed</id>'
        f"<title>{escape(outlet.name)}</title><subtitle>{escape(outlet.slogan)}</subtitle>"
        f'<link rel="self" href="{site.root}{outlet.feed_path}"/><link href="{site.root}/"/>'
        f"<updated>{site.newest().isoformat()}</updated>\n{entries}</feed>\n"
    )


def _json(site: Site, stories: list[Story]) -> str:
    outlet = site.outlet
    items = [
        {
            "id": _identity(site, story),
            "url": site.url(story),
            "title": story.title,
            "summary": summary(story),
            "date_published": site.published(story).isoformat(),
            "date_modified": site.updated(story).isoformat(),
            "authors": [{"name": story.author}],
            "tags": [story.section, *story.tags],
        }
        for story in stories
    ]
    head = {"version": "https://jsonfeed.org/version/1.1", "title": outlet.name, "description": outlet.slogan}
    places = {"home_page_url": f"{site.root}/", "feed_url": site.root + outlet.feed_path, "language": outlet.language}
    return json.dumps({**head, **places, "items": items}, ensure_ascii=False, indent=1)


def _identity(site: Site, story: Story) -> str:
    """A name that stays when the address moves (RFC 4151)."""
    return f"tag:{site.outlet.id},2026:{story.number}"
