"""Other articles on the page of an article, as endless scroll and lists of posts put them below or above it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from pipeline.clean.phrases import RUNS, YEAR, table
from pipeline.clean.repeats import LIVE_ENTRIES
from pipeline.extract import jsonld, prose
from pipeline.extract.identity import Identity
from pipeline.fold import tokens

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAIN_CHARACTERS = 500  # of an <article> that is the page's own; others are teasers or further stories
MAIN_SHARE = 0.5  # of it that must be its own beside the stories inside, or it is a frame around its parts
WHOLE_CHARACTERS = 500  # of another story, not only its teaser; links, of which lists of teasers are made, do not count
ATTRIBUTES = (
    *("data-url", "data-href", "data-permalink", "data-link", "data-canonical-url", "data-article-url"),
    "itemid",
)
"""Where programs that load one story after the other note whose address each has."""
FRONT_PAGE = re.compile(r"(?:https?://[^/]*/)?")
"""The address of no article, or none."""
HEADINGS = ("h1", "h2", "h3")
FIRST_HEADINGS = 3  # of a story, among which its headline is: a kicker may come before
POST_TITLE = re.compile(r"(?:post|entry|article)-?title", re.IGNORECASE)
DATELINE_WITHIN = 8  # lines of a story that is not marked as one
COMMENT = re.compile(r"(?:^|[\s_-])comments?(?:$|[\s_-])", re.IGNORECASE)
LIVE = re.compile(r"live[-_]?blog", re.IGNORECASE)
LIVE_MARKS = "boolean(//*[contains(@itemtype, 'LiveBlogPosting')] | //script[contains(., 'LiveBlogPosting')])"
"""https://schema.org/LiveBlogPosting"""
ENTRY_CHARACTERS = 100  # of an entry of a live blog, links aside: teasers in a list of the newest tell the hour too
OPENING, HOUR_CHARACTERS = 6, 60  # pieces of text above an entry among which its hour stands; characters of such
HOUR = re.compile(r"\d{1,2} ?[:.\u0589h] ?\d\d(?!\d)")
"""10:15, in the digits of any script; as 10.15, 10h15, and with the Armenian full stop."""
HOUR_NUMBERS = 2

# Limits against pages that are made to be costly: all text of a post is read.
MOST_POSTS = 200
NESTED = 3  # posts inside each other
DEEPEST = 100  # elements around a headline


@dataclass(frozen=True, slots=True)
class Other:
    """Another article that stood whole on the page."""

    text: str
    url: str  # its own address, canonical and of the same site; "" where it gives none


def drop(tree: HtmlElement, own: Identity) -> list[Other]:
    """Take other stories out of the tree, and teasers of such beside the page's own; give them, teasers in one.

    The page's own is the first whole one that holds the page's address or headline, else the first <article>. Others
    are those with another address, and those under a main headline of their own beside that of the page. Entries of a
    live blog, parts of a daily brief and comments of readers are not other stories.
    """
    marked = _marked(tree)
    posts = [_Post.read(element) for element in marked or _unmarked(tree)]
    if len(posts) < 2:  # noqa: PLR2004 - the page's own and another
        return []
    linked = _linked(tree) if sum(post.is_whole for post in posts) > 1 else {}
    known = ((post, any(map(own.is_own_address, post.addresses(own, linked)))) for post in posts if post.is_whole)
    main = next((post for post, is_own in known if is_own or post.is_headed(own)), posts[0] if marked else None)
    if main is None:
        return []
    candidates = _beside(main, posts) if marked else _listed(main, posts)
    others = {post.element: post for post in candidates if _is_other(post, main, own, linked)}
    tops = [post for post in others.values() if others.keys().isdisjoint(post.element.iterancestors())]
    if not tops or _is_live(tree, main.element, posts):
        return []
    going = _unframed(main, tops)
    told = [_told(post, own, linked) for post in going if post.is_whole]
    teasers = Other(_text(post.element for post in going if not post.is_whole), "")
    for post in going:
        post.element.clear(keep_tail=True)
    return [*told, teasers] if teasers.text else told


def _told(post: _Post, own: Identity, linked: Mapping[str, str]) -> Other:
    address = post.address(own, linked)
    return Other(post.text, address if own.is_of_site(address) else "")


@dataclass(frozen=True, slots=True)
class _Post:
    """A part of a page that may be a story."""

    element: HtmlElement
    headings: Sequence[HtmlElement]
    size: int  # characters that a reader sees
    prose: int  # those outside links

    @classmethod
    def read(cls, element: HtmlElement) -> _Post:
        size = len(_words(element)) - sum(len(_words(each)) for each in element.iter(*prose.UNREAD))
        linked = sum(len(_words(each)) for each in element.iter("a")) if size >= ENTRY_CHARACTERS else 0
        headings = list(islice(element.iter(*HEADINGS), FIRST_HEADINGS))
        return cls(element, headings, size, size - linked)

    @property
    def is_whole(self) -> bool:
        return self.prose >= WHOLE_CHARACTERS

    @property
    def text(self) -> str:
        return _text([self.element])

    @property
    def is_entry(self) -> bool:
        """Whether it is long enough for an entry of a live blog, and headed as such: by an hour, and by no date."""
        if self.prose < ENTRY_CHARACTERS:
            return False
        pieces = islice(filter(str.strip, self.element.itertext()), OPENING)
        opening = [piece.strip() for piece in pieces if len(piece) <= HOUR_CHARACTERS]
        is_headed = any(HOUR.match(_words(heading)) for heading in self.headings[:1])
        return (is_headed or any(map(_tells_hour, opening))) and not any(map(_tells_year, opening))

    def is_headed(self, own: Identity) -> bool:
        """Whether it stands under the page's own headline."""
        return any(own.is_own_headline(_words(heading)) for heading in self.headings)

    def address(self, own: Identity, linked: Mapping[str, str]) -> str:
        """The canonical address it gives as its own, the surest first; "" where it gives none."""
        return next(self.addresses(own, linked), "")

    def addresses(self, own: Identity, linked: Mapping[str, str]) -> Iterator[str]:
        """All addresses it gives; `linked` are those that the page's JSON-LD gives, by headline."""
        links = self._links(linked) if self.is_whole else _headline_links(self.element)
        return (address for address in map(own.address, links) if not FRONT_PAGE.fullmatch(address))

    def _links(self, linked: Mapping[str, str]) -> Iterator[str]:
        if self.headings:
            yield from filter(None, map(self.element.get, ATTRIBUTES))
            for part in self.element.iterfind(".//*[@itemprop='mainEntityOfPage']"):
                yield from filter(None, map(part.get, ("itemid", "content", "href")))
            yield from _headline_links(self.element)
            yield from (linked.get(_words(heading), "") for heading in self.headings)


def _marked(tree: HtmlElement) -> list[HtmlElement]:
    posts = islice(tree.iter("article"), MOST_POSTS)
    return [post for post in posts if sum(1 for _ in post.iterancestors("article")) < NESTED]


def _unmarked(tree: HtmlElement) -> list[HtmlElement]:
    """Elements that may hold one post each where the page marks none: all around one main or linked headline."""
    headings = (each for each in tree.iter(*HEADINGS) if each.tag == "h1" or next(_headline_links(each), ""))
    titles = (each for each in headings if each.tag != "h3" or POST_TITLE.search(each.get("class", "")))
    chains = [[title, *islice(title.iterancestors(), DEEPEST)] for title in islice(titles, MOST_POSTS)]
    held = Counter(element for chain in chains for element in chain)
    alone = ([element for element in chain if held[element] == 1] for chain in chains if len(chains) > 1)
    return [elements[-1] for elements in alone if elements]


def _beside(main: _Post, posts: Sequence[_Post]) -> Iterator[_Post]:
    """The articles that may go: whole ones anywhere, teasers outside the main one.

    None where the page's own is too short to be one.
    """
    around, inside = {main.element, *main.element.iterancestors()}, {*main.element.iter("article")}
    for post in posts if main.size >= MAIN_CHARACTERS else ():
        may_go = post.element not in around and (post.is_whole or post.element not in inside)
        if may_go and not COMMENT.search(post.element.get("class", "")):
            yield post


def _unframed(main: _Post, others: Sequence[_Post]) -> Sequence[_Post]:
    """The other stories, without those inside the main one where little of it would be left: it is made of them."""
    inside = {post.element for post in others if main.element in post.element.iterancestors()}
    left = main.size - sum(post.size for post in others if post.element in inside)
    if left >= max(MAIN_CHARACTERS, MAIN_SHARE * main.size):
        return others
    return [post for post in others if post.element not in inside]


def _listed(main: _Post, posts: Sequence[_Post]) -> Iterator[_Post]:
    """The unmarked posts that may go: whole ones with a dateline in one list with the main one."""
    parent, tag = main.element.getparent(), main.element.tag
    for post in posts:
        is_listed = post.element.getparent() is parent and post.element.tag == tag
        if post is not main and is_listed and post.is_whole and _is_dated(post):
            yield post


def _is_dated(post: _Post) -> bool:
    lines = post.text.split("\n")[:DATELINE_WITHIN]
    return post.element.find(".//time") is not None or any(table().tells_time(tuple(tokens(line))) for line in lines)


def _is_other(post: _Post, main: _Post, own: Identity, linked: Mapping[str, str]) -> bool:
    if post.is_headed(own):
        return False
    address = post.address(own, linked)
    if address:
        return not own.is_own_address(address)
    is_headed = post.is_whole and any(heading.tag == "h1" for heading in post.headings)
    return is_headed and main.is_headed(own) and main.element not in post.element.iterancestors()


def _headline_links(element: HtmlElement) -> Iterator[str]:
    """The link of the first headline in an element, inside or around it."""
    for heading in islice(element.iter(*HEADINGS), 1):
        for link in islice((*heading.iter("a"), *heading.iterancestors("a")), 1):
            yield link.get("href", "")


def _text(elements: Iterable[HtmlElement]) -> str:
    from lxml.html import tostring

    markup = "".join(tostring(element, encoding="unicode", with_tail=False) for element in elements)
    return prose.text_of_fragment(markup) if markup else ""


def _words(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _linked(tree: HtmlElement) -> dict[str, str]:
    """Addresses of the articles that the page's JSON-LD lists, by headline."""
    scripts = (script for script in tree.iter("script") if "ld+json" in script.get("type", "").lower())
    return jsonld.addresses(script.text or "" for script in scripts)


def _is_live(tree: HtmlElement, main: HtmlElement, posts: Sequence[_Post]) -> bool:
    """Whether the page is a live blog: by its markup, by the classes around its entries, or by hours above them."""
    around = (f"{each.get('class', '')} {each.get('id', '')}" for each in (main, *main.iterancestors()))
    is_marked = any(map(LIVE.search, around)) or bool(tree.xpath(LIVE_MARKS))
    return is_marked or sum(post.is_entry for post in posts) >= LIVE_ENTRIES


def _tells_hour(text: str) -> bool:
    """Whether a text is an hour and words for times alone: "10:15 GMT"."""
    parts = [part for word in tokens(text) for part in RUNS.findall(word)]
    words = [part for part in parts if not part.isdigit()]
    return HOUR.search(text) is not None and len(parts) - len(words) == HOUR_NUMBERS and table().time.issuperset(words)


def _tells_year(text: str) -> bool:
    words = tuple(tokens(text))
    return any(map(YEAR.fullmatch, words)) and table().tells_time(words)
