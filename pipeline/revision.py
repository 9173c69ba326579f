"""What is stored when a page was read, for the first time or again: the newest reading's content, and a history.

The result depends on which readings there were, not on the order in which they came (docs/design.md, guarantee 2). A
reading of a moment that is known already is a replay under newer rules, not another look at the page.
"""

from __future__ import annotations

from itertools import chain

from pipeline.model import Article, Fate, Reading, replace

READINGS = 50
"""Readings kept of an article: a page is looked at again a few times; what changes more often (a live blog) keeps its
first and its newest readings, and the count of its texts goes on."""


def merge(old: Article | None, new: Article) -> tuple[Article, Fate, str]:
    """Merge an article as it was just read, its one reading in `readings`, into what is stored under its id.

    Gives what to store, the fate of the page and the reason: kept as `new` or `changed`; unchanged as `same`, or as
    `older` where a newer reading is stored. An unchanged article differs in `readings`, `revision`, `digest` and a
    provisional `published_at` at most; it is `old` itself where the reading was known. Its place among copies stays
    until the settling.
    """
    (reading,) = new.readings
    if old is None:
        return replace(new, revision=1), Fate.KEPT, "new"
    history = _recorded(old.readings, reading)
    readings = history if len(history) <= READINGS else (history[0], *history[2:])
    if reading not in readings:
        return old, Fate.UNCHANGED, "older"
    forgotten = old.revision - _texts(old.readings)
    stored = _dated(replace(old, readings=readings, revision=_texts(history) + forgotten))
    stored = old if stored == old else stored
    if reading != readings[-1]:
        return stored, Fate.UNCHANGED, "older"
    read = _dated(
        replace(
            new,
            readings=readings,
            revision=stored.revision,
            story=old.story,
            lead=old.lead,
            copy_of=old.copy_of,
            first_outlet=old.first_outlet,
        ),
    )
    if not same(stored, read):
        return read, Fate.KEPT, "changed"
    return stored if stored.digest == read.digest else replace(stored, digest=read.digest), Fate.UNCHANGED, "same"


def attempted(stored: Article, new: Article) -> tuple[Fate, str] | None:
    """Fate and reason of a page that an interrupted attempt has stored, as they were then; None where none has.

    A store that writes articles and outcomes one after the other can die between the two. That the article lies at
    this very page's place in the archive tells that it was kept, and its readings whether it was its first.
    """
    if stored.archive != new.archive:
        return None
    return Fate.KEPT, "new" if stored.readings[0].fetched_at == new.readings[0].fetched_at else "changed"


def same(first: Article, second: Article) -> bool:
    """Tell whether two articles agree in all that two equal stores must agree in.

    That is every stored field but `fetched_at`, `ingested_at`, `archive`, the history of readings, `published_at`
    where it only says when we fetched the page, and `digest`: what stands around the article changes with every fetch.
    """
    return _lasting(first) == _lasting(second)


def _lasting(article: Article) -> Article:
    """What is told of the article, whenever and wherever we read it, without what is not stored."""
    return replace(
        article,
        published_at=None if article.published_from == "fetched" else article.published_at,
        fetched_at=None,
        ingested_at=None,
        archive=None,
        readings=(),
        digest=b"",
        blocks=(),
        region_mentions=(),
        origins=(),
        declared_language="",
    )


def _dated(article: Article) -> Article:
    """A page that gives no date was published when it was first read, at the latest."""
    if article.published_from != "fetched":
        return article
    return replace(article, published_at=article.readings[0].fetched_at)


def _recorded(readings: tuple[Reading, ...], new: Reading) -> tuple[Reading, ...]:
    """The history with one more reading, by time.

    Where that moment is known, newer rules read the same page otherwise: then they read every page of that text so.
    """
    others = {each.fetched_at: each.digest for each in readings}
    replayed = others.pop(new.fetched_at, new.digest)
    kept = (Reading(at, new.digest if digest == replayed else digest) for at, digest in others.items())
    return tuple(sorted(chain(kept, (new,)), key=lambda each: each.fetched_at))


def _texts(readings: tuple[Reading, ...]) -> int:
    return len({each.digest for each in readings})
