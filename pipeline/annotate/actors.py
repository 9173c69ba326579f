"""Which tracked actors an article names, and where."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from pipeline.annotate.claims import (
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
        self._names = tuple(tuple(dict.fromkeys(_all_names(actor))) for actor in self._actors)
        spoken_for = needs([_phrases(actor.needs) for actor in self._actors])
        self._matcher: Matcher[Key] = Matcher(chain(spoken_for, _claims(self._actors)))

    def __call__(self, article: Article) -> Article:
        """Annotate an article; what it held of actors before is replaced."""
        fields = read(article, self._matcher)
        standing = [(field, list(_standing(field))) for field in fields]
        judge = _Judge(standing)
        mentions = tuple(
            mention
            for field, candidates in standing
            for mention in self._mentions(field, longest(judge.decide(field, candidates)))
        )
        ids = tuple(dict.fromkeys(mention.actor for mention in mentions))
        names = chain.from_iterable(
            names for actor, names in zip(self._actors, self._names, strict=True) if actor.id in ids
        )
        return replace(article, actors=ids, actor_names=tuple(dict.fromkeys(names)), mentions=mentions)

    def _mentions(self, field: Field, found: Iterable[Owned]) -> Iterator[Mention]:
        """Say of each place what it is evidence of."""
        sentences = Sentences(field.text)
        for one in found:
            alias, sentence = field.text[one.start : one.end], sentences.around(one.start, one.end)
            yield Mention(self._actors[one.keys[0]].id, alias, sentence, one.start, one.end, field.where)


class _Judge:
    """Decides whom a name means in one article."""

    def __init__(self, standing: Iterable[tuple[Field, Sequence[Found[Key]]]]) -> None:
        """Learn the context, and who is introduced where by a name that nobody else claims."""
        self._introduced: dict[int, list[int]] = defaultdict(list)
        standing = list(standing)
        self._context = Context(field for field, _ in standing)
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
        paragraph = field.paragraph(found.start)
        if places and paragraph == TITLE:
            return _INTRODUCED, -places[0]
        if words := self._context.words(claim.owner, field, found, (paragraph, TITLE if paragraph else 1)):
            return _CONTEXT, words
        return (_PLAIN, 0) if claim.role is Role.STRONG else None


def _standing(field: Field) -> Iterator[Found[Key]]:
    """Give what names an actor, without the names that a phrase of `never` takes from it."""
    never = _never(field)
    for found in field.found:
        fallen = {
            claim
            for claim in claimed(found)
            if claim.role is Role.NEVER
            or any(end - start >= found.end - found.start for start, end in overlaps(never[claim.owner], found))
        }
        if any(claim not in fallen for claim in claimed(found)):
            yield Found(tuple(key for key in found.keys if key not in fallen), found.start, found.end)


def _never(field: Field) -> Mapping[int, Sequence[Span]]:
    """Give by actor where phrases stand that are not it."""
    phrases: dict[int, list[Found[Key]]] = defaultdict(list)
    for found in field.found:
        for claim in claimed(found):
            if claim.role is Role.NEVER:
                phrases[claim.owner].append(found)
    spans = {owner: [(found.start, found.end) for found in longest(places)] for owner, places in phrases.items()}
    return defaultdict(list, spans)


def _claims(actors: Sequence[Actor]) -> Iterator[Name[Key]]:
    """Give the names of all actors, and the phrases that are not.

    A name to show that is weak does not become strong by being shown; a spelling that stands in `case` only is as weak
    or strong as the name it spells.
    """
    numbers = {actor.id: owner for owner, actor in enumerate(actors)}
    for owner, actor in enumerate(actors):
        strong, weak = _phrases(actor.aliases), _phrases(actor.weak)
        unsure = {folded_name(phrase) for phrase in weak}
        for phrase in (*actor.names.values(), *actor.case):
            (weak if folded_name(phrase) in unsure else strong).append(phrase)
        yield from claims(owner, strong, Role.STRONG, actor.case)
        yield from claims(owner, weak, Role.WEAK, actor.case)
        yield from claims(owner, (*_phrases(actor.never), *actor.never_as), Role.NEVER)
        for phrase, other in actor.never_as.items():
            yield from claims(numbers[other], [phrase], Role.STRONG) if other in numbers else ()


def _phrases(phrases: Phrases) -> list[str]:
    """Give the phrases of all languages."""
    return list(chain.from_iterable(phrases.values()))


def _all_names(actor: Actor) -> Iterator[str]:
    """Give every name of an actor: to show, strong, weak, in all languages."""
    return chain(actor.names.values(), _phrases(actor.aliases), _phrases(actor.weak))
