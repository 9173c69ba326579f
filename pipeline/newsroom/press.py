"""Writes the pages of a site as its content system does; the systems themselves are data, `systems/`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape

from pipeline.newsroom.dates import spoken
from pipeline.newsroom.site import Site
from pipeline.newsroom.stories import Story

LISTED = 4  # headlines in a box
ALSO_AFTER = 2  # paragraphs before an inline "Read also" line
SUMMARY = 180  # characters of a teaser
PLAIN = '<a href="{url}">{title}</a>'


class Press:
    """Writes the pages of one site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.system = site.outlet.system
        self.furniture = {f"w_{name}": escape(word) for name, word in site.words.items()}
        self.facts = {story.slug: _facts(site, story) for story in site.stories}

    def page(self, story: Story) -> str:
        """A story's whole page."""
        data = _linked_data(self.site, story)
        facts = {
            **self.facts[story.slug],
            "lead": escape(story.paragraphs[0]),
            "body": self._body(story),
            "below": self._below(story),
            "sections": self._each(self.system.section, self.site.outlet.sections),
            "tags": self._each(self.system.tag, story.tags),
            "jsonld": _json(data),
            "state": _json({"props": {"pageProps": data}, "page": "/news/[slug]"}),
        }
        return self.system.frame.substitute(facts, **self.furniture, **self._boxes(story))

    def home(self) -> str:
        """The front page: the feed's address and all headlines."""
        outlet = self.site.outlet
        name, feed = escape(outlet.name), escape(self.site.root + outlet.feed_path)
        return (
            f'<!DOCTYPE html>\n<html lang="{outlet.language}" dir="{outlet.direction}"><head><meta charset="utf-8">'
            f'<title>{name}</title><link rel="alternate" href="{feed}"></head>'
            f"<body><h1>{name}</h1><ul>\n{self._headlines(self.site.stories, PLAIN)}\n</ul></body></html>\n"
        )

    def _body(self, story: Story) -> str:
        """The paragraphs with the faults that the story shows: headline again, inline link, a paragraph twice."""
        own = self.site.paragraphs(story)
        lines = [self.system.paragraph.format(text=escape(text)) for text in own[self.system.lead_apart :]]
        if story.also:
            word = escape(self.site.words["also"])
            lines.insert(ALSO_AFTER, self.system.also.format(word=word, **self.facts[story.also]))
        if story.headline_first:
            lines.insert(0, self.system.paragraph.format(text=escape(story.title)))
        if story.repeat is not None:
            lines.append(self.system.paragraph.format(text=escape(own[story.repeat])))
        return "\n".join(lines)

    def _below(self, story: Story) -> str:
        if not story.scroll:
            return ""
        other = self.site.find(story.scroll)
        body = "\n".join(self.system.paragraph.format(text=escape(text)) for text in self.site.paragraphs(other))
        return self.system.below.format(body=body, **self.facts[story.scroll])

    def _boxes(self, story: Story) -> dict[str, str]:
        """Lists of other stories: newest, most read (the longest will do), related (what follows), neighbours."""
        place = self.site.stories.index(story)
        others = [*self.site.stories[:place], *self.site.stories[place + 1 :]]
        around = [*self.site.stories[place + 1 :], *self.site.stories[:place]]
        popular = sorted(others, key=lambda other: (-sum(map(len, other.paragraphs)), other.slug))
        return {
            "latest": self._headlines(others[:LISTED], self.system.headline),
            "popular": self._headlines(popular[:LISTED], self.system.headline),
            "related": self._headlines(around[: LISTED - 1], self.system.headline),
            "previous": self._headlines(around[:1], PLAIN),
            "next": self._headlines(around[-1:], PLAIN),
        }

    def _headlines(self, stories: Iterable[Story], form: str) -> str:
        return "\n".join(form.format(**self.facts[story.slug]) for story in stories)

    def _each(self, form: str, texts: Iterable[str]) -> str:
        return "\n".join(form.format(text=escape(text), root=self.site.root) for text in texts)


def markup(site: Site, story: Story) -> str:
    """A story's own text as the HTML that a feed carries."""
    return "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in site.paragraphs(story))


def summary(story: Story) -> str:
    """The teaser: the beginning of the text, cut at a word."""
    text = story.paragraphs[0]
    return text if len(text) <= SUMMARY else text[:SUMMARY].rsplit(" ", 1)[0] + " …"


def _facts(site: Site, story: Story) -> dict[str, str]:
    """What templates and forms say of one story and its outlet, escaped for HTML."""
    outlet, published = site.outlet, site.published(story)
    return {
        "language": outlet.language,
        "direction": outlet.direction,
        "charset": outlet.charset,
        "site": escape(outlet.name),
        "slogan": escape(outlet.slogan),
        "root": site.root,
        "feed": site.root + outlet.feed_path,
        "path": escape(site.path(story)),
        "url": escape(site.url(story)),
        "number": str(story.number),
        "year": str(published.year),
        "title": escape(story.title),
        "summary": escape(summary(story)),
        "author": escape(story.author),
        "section": escape(story.section),
        "keywords": escape(", ".join(story.tags)),
        "published": spoken(published, outlet.language),
        "published_at": published.isoformat(),
        "updated_at": site.updated(story).isoformat(),
    }


def _linked_data(site: Site, story: Story) -> dict[str, object]:
    """The story as schema.org says it."""
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.title,
        "datePublished": site.published(story).isoformat(),
        "dateModified": site.updated(story).isoformat(),
        "inLanguage": site.outlet.language,
        "author": {"@type": "Person", "name": story.author},
        "publisher": {"@type": "Organization", "name": site.outlet.name},
        "mainEntityOfPage": site.url(story),
    }


def _json(data: object) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
