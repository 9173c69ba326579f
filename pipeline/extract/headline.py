"""Which of a page's titles is the headline, without the name of the outlet that many pages add to it."""

from __future__ import annotations

import html
import re
from collections.abc import Collection

from pipeline.clean.characters import one_line
from pipeline.extract.metadata import Facts, Said
from pipeline.fold import tokens

SEPARATOR = re.compile(r" ?[|»«] ?| [-–—·•:/]{1,2} ")
"""What stands between a headline and the name of the site."""
ALIKE = 0.6
"""Share of the words of the shorter of two titles that must stand in the other for them to mean one headline."""
FEWEST_WORDS = 3  # of a title that vouches for another, and of one that is vouched for
STRETCH = 4  # how many times longer the longer of two like titles may be
LONGEST = 500  # characters


def choose(facts: Facts, feed_title: str, outlet: Collection[str]) -> Said:
    """Give (where, headline): h1 where another title vouches for it, og:title and its like, <title>, the feed, any h1.

    The visible headline comes first because social and search titles are often worded otherwise; but an h1 may be the
    logo of the site, so another title must share most of its words. `outlet` are the outlet's names.
    """
    titles = [(where, tidy(title)) for where, title in facts.titles]
    headings = list(filter(None, map(tidy, facts.headings)))
    names = set(map(_compact, (facts.site, *outlet))) - {""}
    others = [title for _, title in titles] + [tidy(feed_title)]
    for heading in headings:
        if _compact(heading) not in names and any(_is_alike(heading, other) for other in others):
            return "h1", heading
    known = {_compact(other) for other in others if len(tokens(other)) >= FEWEST_WORDS}
    for where, title in titles:
        bare = _without_names(title, names, known)
        if _compact(bare) not in names | {""}:
            return where, bare
    return ("feed", tidy(feed_title)) if tidy(feed_title) else ("h1", next(iter(headings), ""))


def tidy(title: str) -> str:
    """A title as plain text in one line, at most 500 characters; entities that were escaped twice are opened."""
    return one_line(html.unescape(title) if "&" in title else title)[:LONGEST]


def _compact(title: str) -> str:
    """The folded letters and digits of a title: what two spellings of it share."""
    return "".join(tokens(title))


def _is_alike(one: str, other: str) -> bool:
    left, right = tokens(one), tokens(other)
    shorter, longer = sorted((len(left), len(right)))
    if not FEWEST_WORDS <= shorter <= longer <= shorter * STRETCH:
        return False
    return len({*left} & {*right}) >= ALIKE * min(len({*left}), len({*right}))


def _without_names(title: str, names: Collection[str], known: Collection[str]) -> str:
    """Cut a title where one side is a name of the site, or where the other is a title that stands elsewhere too."""
    for cut in SEPARATOR.finditer(title):
        head, tail = title[: cut.start()], title[cut.end() :]
        if _compact(tail) in names or _compact(head) in known:
            return head
        if _compact(head) in names or _compact(tail) in known:
            return tail
    return title
