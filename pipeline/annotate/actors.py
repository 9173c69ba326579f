"""Which tracked actors an article names, and where."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from pipeline.annotate.claims import (
    MENTIONS,
    TITLE,
    Claim,
    Context,
    Field,
    Key,
    Role,
    Span,
    claimed,
    claims,
    folded_name,
    needs,
    overlaps,
    read,
)
from pipeline.annotate.sentences import Sentences
from pipeline.match import Found, Matcher, Name, longest
from pipeline.model import Article, Mention, replace
from pipeline.watchlist import Actor, Phrases

Owned = Found[int]
"""A place whose only key is the actor it means."""
Rank = tuple[int, int]
"""How well a claim is backed: the kind of evidence, then how much of it."""

_INTRODUCED, _CONTEXT, _PLAIN = 3, 2, 1


class Actors:
    """Stage: fills `actors`, `actor_names` and `mentions`.

    A strong name is a mention. A weak name is one where a word of the actor's `needs` stands in its paragraph or in the
    title (for a name in the title: in the first paragraph), or where a name that only this actor bears stood earlier
    (for a name in the title: anywhere). A phrase of `never` or `never_as` takes all of the actor's own names in it
    that are not longer; that of `never_as` names the other actor, where it is tracked.

    Where several actors claim one place, an actor introduced earlier comes first, of these the one named last; then
    the one with most words of context; then a strong before a weak name, then the first in the list. Of places that
    overlap the longest stands.
    """

    def __init__(self, actors: Sequence[Actor]) -> None:
        """Build the matcher; raises ConfigError for a name without a letter or digit."""
        self._actors = tuple(actors)
        self._names = tuple(actor.all_names for actor in self._actors)
        spoken_for = needs([_phrases(actor.needs) for actor in self._actors])
        self._matcher: Matcher[Key] = Matcher(chain(spoken_for, _claims(self._actors)))

    def __call__(self, article: Article) -> Article:
        """Annotate an article; what it held of actors before is replaced."""
        mentions = tuple(islice(self._mentions(article), MENTIONS))
        ids = tuple(dict.fromkeys(mention.actor for mention in mentions))
        names = chain.from_iterable(
            names for actor, names in zip(self._actors, self._names, strict=True) if actor.id in ids
        )
        return replace(article, actors=ids, actor_names=tuple(dict.fromkeys(names)), mentions=mentions)

    def _mentions(self, article: Article) -> Iterator[Mention]:
        """Give what is named, title first."""
        standing = [(field, list(_standing(field, article.language))) for field in read(article, self._matcher)]
        judge = _Judge(standing)
        for field, candidates in standing:
            sentences = Sentences(field.text)
            for one in longest(judge.decide(field, candidates)):
                alias, sentence = field.text[one.start : one.end], sentences.around(one.start, one.end)
                yield Mention(self._actors[one.keys[0]].id, alias, sentence, one.start, one.end, field.where)


class _Judge:
    """Decides whom a name means in one article."""

    def __init__(self, standing: Sequence[tuple[Field, Sequence[Found[Key]]]]) -> None:
        """Learn who is introduced where by a name that nobody else claims."""
        self._introduced: dict[int, list[int]] = defaultdict(list)
        self._context = Context([field for field, _ in standing])
        for field, candidates in standing:
            strong = [found for found in candidates if any(claim.role is Role.STRONG for claim in claimed(found))]
            for found in longest(strong):
                owners = {claim.owner for claim in claimed(found)}
                if len(owners) == 1:
                    self._introduced[owners.pop()].append(field.base + found.start)

    def decide(self, field: Field, candidates: Iterable[Found[Key]]) -> Iterator[Owned]:
        """Give the candidates that mean somebody, each with the actor it means most likely."""
        for found in candidates:
            ranks = ((self._rank(field, found, claim), claim) for claim in claimed(found))
            ranked = [(*rank, -claim.role, -claim.owner) for rank, claim in ranks if rank]
            if ranked:
                yield Found((-max(ranked)[-1],), found.start, found.end)

    def _rank(self, field: Field, found: Found[Key], claim: Claim) -> Rank | None:
        """Weigh a claim; None where nothing backs it."""
        places = self._introduced[claim.owner]
        earlier = bisect_left(places, field.base + found.start)
        if earlier:
            return _INTRODUCED, places[earlier - 1]
        if claim.role is Role.STRONG and len(found.keys) == 1:
            return _PLAIN, 0  # nobody else claims it: no need to look for more
        paragraph = field.paragraph(found.start)
        if places and paragraph == TITLE:
            return _INTRODUCED, -places[0]
        if words := self._context.words(claim.owner, field, found, (paragraph, TITLE if paragraph else 1)):
            return _CONTEXT, words
        return (_PLAIN, 0) if claim.role is Role.STRONG else None


def _standing(field: Field, language: str) -> Iterator[Found[Key]]:
    """Give what names an actor in this language, without the names that a phrase of `never` takes from it."""
    never = _never(field)
    for found in field.found:
        own = list(claimed(found))
        fallen = {
            claim
            for claim in own
            if claim.role is Role.NEVER
            or claim.language not in ("", language)
            or any(end - start >= found.end - found.start for start, end in overlaps(never.get(claim.owner, ()), found))
        }
        if len(fallen) < len(own):
            yield Found(tuple(key for key in found.keys if key not in fallen), found.start, found.end)


def _never(field: Field) -> Mapping[int, Sequence[Span]]:
    """Give by actor where phrases stand that are not it."""
    phrases: dict[int, list[Found[Key]]] = defaultdict(list)
    for found in field.found:
        for claim in claimed(found):
            if claim.role is Role.NEVER:
                phrases[claim.owner].append(found)
    return {owner: [(found.start, found.end) for found in longest(places)] for owner, places in phrases.items()}


def _claims(actors: Sequence[Actor]) -> Iterator[Name[Key]]:
    """Give the names of all actors, and the phrases that are not."""
    numbers = {actor.id: owner for owner, actor in enumerate(actors)}
    for owner, actor in enumerate(actors):
        yield from _own_names(owner, actor)
        yield from claims(Claim(owner, Role.NEVER), (*_phrases(actor.never), *actor.never_as))
        for phrase, other in actor.never_as.items():
            yield from claims(Claim(numbers[other], Role.STRONG), [phrase]) if other in numbers else ()


def _own_names(owner: int, actor: Actor) -> Iterator[Name[Key]]:
    """Give the names of an actor, strong and weak.

    What folds alike and is weak in one language, strong in another (القاعدة in Arabic, القاعده in Persian) is strong in
    articles of the latter only, unless its case tells it apart. A shown name that is weak does not become strong by
    being shown; a spelling that stands in `case` only is as weak or strong as the name it spells.
    """
    weak = _phrases(actor.weak)
    unsure = {folded_name(phrase) for phrase in weak}
    local = unsure.difference(folded_name(phrase) for phrase in actor.case)
    strong: list[str] = []
    for language, phrases in actor.aliases.items():
        shared = [phrase for phrase in phrases if folded_name(phrase) in local]
        yield from claims(Claim(owner, Role.STRONG, language), shared)
        strong.extend(phrase for phrase in phrases if phrase not in shared)
    strong.extend(name for name in actor.names.values() if name not in weak and folded_name(name) not in local)
    for phrase in actor.case:
        (weak if folded_name(phrase) in unsure else strong).append(phrase)
    yield from claims(Claim(owner, Role.STRONG), strong, actor.case)
    yield from claims(Claim(owner, Role.WEAK), weak, actor.case)


def _phrases(phrases: Phrases) -> list[str]:
    """Give the phrases of all languages."""
    return list(chain.from_iterable(phrases.values()))
