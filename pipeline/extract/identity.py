"""What tells the article of a page from others on it: the addresses and headlines that the page gives as its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline import urls
from pipeline.fold import tokens

if TYPE_CHECKING:
    from lxml.html import HtmlElement

HEADLINE_LETTERS = 8  # shorter ones ("News", "Live") head many pages
LONG_HEADLINE = 16  # letters by which a headline is known inside a title that also names the site
OWN_LINKS = "/html/head/link[@rel='canonical']/@href | /html/head/meta[@property='og:url']/@content"
MOST_LINKS = 4


@dataclass(frozen=True)
class Identity:
    """The article of a page, as it may be named elsewhere on that page; read when first asked for: few pages need it.

    `url` is the address that was asked for, `titles` are all that the page gives its article.
    """

    tree: HtmlElement
    url: str
    titles: Sequence[str]

    @cached_property
    def addresses(self) -> frozenset[str]:
        """Its addresses as asked for and as the head gives them, without what differs between forms of one address."""
        links = (self.url, *map(str, self.tree.xpath(OWN_LINKS)[:MOST_LINKS]))
        return frozenset(_bare(address) for address in map(self.address, links) if address)

    @cached_property
    def headlines(self) -> frozenset[str]:
        """Its titles, folded letters only."""
        return frozenset("".join(tokens(title)) for title in self.titles)

    def address(self, link: str) -> str:
        """The canonical URL of a link on the page; "" where it is none."""
        try:
            return urls.canonical(link, self.url) if link else ""
        except ValueError:
            return ""

    def is_own_address(self, address: str) -> bool:
        """Whether a canonical URL is the page's: scheme, `www.`, `m.` and a last slash aside.

        What lies below the page's own path, or adds a query to it, is a part of it: an entry of a live blog, page two.
        """
        bare = _bare(address)
        parts = tuple(own + sign for own in self.addresses if "/" in own and "?" not in own for sign in "/?")
        return bare in self.addresses or bare.startswith(parts)

    def is_of_site(self, address: str) -> bool:
        """Whether a canonical URL is on the page's host, or on one above or below it."""
        here, there = f".{urls.outlet_host(self.url)}", f".{urls.outlet_host(address)}"
        return here.endswith(there) or there.endswith(here)

    def is_own_headline(self, headline: str) -> bool:
        """Whether a headline is the page's, as one of its titles gives it, with the name of the site or without."""
        letters = "".join(tokens(headline))
        if len(letters) < HEADLINE_LETTERS:
            return False
        return letters in self.headlines or (
            len(letters) >= LONG_HEADLINE and any(letters in title for title in self.headlines)
        )


def _bare(address: str) -> str:
    """An address without what differs between its forms: scheme, port and `www.`, a last slash."""
    path = address.split("/", 3)[3]
    return f"{urls.outlet_host(address)}/{path}".rstrip("/")
