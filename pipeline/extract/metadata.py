"""What a page says of itself beside its text: titles, site name, publication dates, language, as written there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.extract import jsonld

if TYPE_CHECKING:
    from lxml.html import HtmlElement

Said = tuple[str, str]
"""(where it stands, what it says)."""

TITLES = ("og:title", "twitter:title", "parsely-title", "dc.title")
SITES = ("og:site_name", "application-name")
DESCRIPTIONS = ("og:description", "description", "twitter:description")
LANGUAGES = ("content-language", "og:locale", "dc.language")
# Names in use for the time of first publication, the most trusted first; those of modification are left out on purpose.
DATES = (
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "dcterms.issued",
    "dc.date.issued",
    "dcterms.created",
    "dc.date.created",
    "article.published",
    "cxenseparse:recs:publishtime",
    "publish-date",
    "publish_date",
    "publishdate",
    "published",
    "pubdate",
    "publication_date",
    "rbpubdate",
    "dcterms.date",
    "dc.date",
    "date",
)
PUBLISHED_MARKS = ("publish", "posted", "entry-date", "post-date", "pubdate")
"""What classes of a <time> say where it tells of publication."""

MOST_HEADINGS = 3
MOST_TIMES = 20
VALUE_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page says of itself, the most trusted first."""

    titles: tuple[Said, ...] = ()
    headings: tuple[str, ...] = ()  # the first h1 elements
    site: str = ""
    dates: tuple[Said, ...] = ()
    language: str = ""  # BCP 47, as written
    description: str = ""

    def restored(self, restore: Callable[[str], str]) -> Facts:
        """The same facts, what readers see put through `restore`."""
        return replace(
            self,
            titles=tuple((where, restore(title)) for where, title in self.titles),
            headings=tuple(map(restore, self.headings)),
            site=restore(self.site),
            description=restore(self.description),
        )


def read(tree: HtmlElement) -> Facts:
    """Read the facts of a parsed page in one walk; JSON-LD only where the head is silent, since it costs more."""
    found: defaultdict[str, list[HtmlElement]] = defaultdict(list)
    for element in tree.iter("h1", "meta", "script", "time", "title"):
        found[element.tag].append(element)
    metas = _metas(found["meta"])
    titles, dates = _said(metas, TITLES), _said(metas, DATES)
    if not (titles and dates):
        scripts = (script for script in found["script"] if "ld+json" in script.get("type", "").lower())
        said = jsonld.read(script.text or "" for script in scripts)
        titles += [("JSON-LD headline", said.headline)] if said.headline else []
        dates += [("JSON-LD datePublished", said.published)] if said.published else []
    dates = dates or list(_times(found["time"])) or list(_microdata(tree))
    titles += [("<title>", text) for text in map(_text, found["title"][:1]) if text]
    return Facts(
        titles=tuple(titles),
        headings=tuple(filter(None, map(_text, found["h1"][:MOST_HEADINGS]))),
        site=_first(metas, SITES),
        dates=tuple(dates),
        language=tree.get("lang") or _first(metas, LANGUAGES),
        description=_first(metas, DESCRIPTIONS),
    )


def _metas(elements: Iterable[HtmlElement]) -> dict[str, str]:
    """Contents of the meta elements by lower-case name; the first of a name counts."""
    metas: dict[str, str] = {}
    for element in elements:
        content = (element.get("content") or "").strip()
        if content:
            for attribute in ("property", "name", "itemprop", "http-equiv"):
                metas.setdefault((element.get(attribute) or "").lower(), content[:VALUE_CHARACTERS])
    return metas


def _said(metas: Mapping[str, str], names: Iterable[str]) -> list[Said]:
    return [(name, metas[name]) for name in names if name in metas]


def _first(metas: Mapping[str, str], names: Iterable[str]) -> str:
    return next((metas[name] for name in names if name in metas), "")


def _times(elements: Iterable[HtmlElement]) -> Iterator[Said]:
    """Moments of the <time> elements: those that say they are of publication, then the first inside the article."""
    moments = [element for element in elements if element.get("datetime")][:MOST_TIMES]
    marked = [element for element in moments if _is_of_publication(element)]
    inside = (element for element in moments if next(element.iterancestors("article", "main"), None) is not None)
    for element in (*marked, *inside):
        yield "<time>", element.get("datetime", "")[:VALUE_CHARACTERS]


def _is_of_publication(element: HtmlElement) -> bool:
    if element.get("pubdate") is not None or element.get("itemprop", "").lower() == "datepublished":
        return True
    classes = element.get("class", "").lower()
    return any(mark in classes for mark in PUBLISHED_MARKS)


def _microdata(tree: HtmlElement) -> Iterator[Said]:
    """Microdata on any other element (https://schema.org/datePublished): its machine-readable value, else its text."""
    for element in tree.iterfind(".//*[@itemprop='datePublished']"):
        yield "itemprop datePublished", element.get("content") or element.get("datetime") or _text(element)


def _text(element: HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())[:VALUE_CHARACTERS]
