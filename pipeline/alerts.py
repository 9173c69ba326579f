"""Which settled articles a rule speaks of, once per story, and what it says of them (docs/design.md, guarantee 3)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from pipeline import query
from pipeline.model import Alert, Article, Claim, Mention
from pipeline.records import moment, timestamp
from pipeline.watchlist import AlertSettings, Rule

NEW = "new"
"""Kind of the alert for a story in which a rule first finds what it asks for."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was seen and said before, which decides whether an alert is due."""

    started: Mapping[str, datetime]  # by rule id: the first run that knew the rule
    first_seen: Mapping[str, datetime]  # by article id
    claims: Iterable[Claim] = ()  # on any article of the stories in question
    stories: Mapping[str, str] = field(default_factory=dict)  # by id of a claimed article: its present story


@dataclass(frozen=True, slots=True)
class Message:
    """One alert in words, the same for every sender; what is not known is ""."""

    id: str  # the alert's key: a message that comes twice has the same
    rule: str
    kind: str
    story: str
    article: str
    url: str
    title: str
    outlet: str
    outlet_name: str
    outlet_country: str  # ISO 3166-1 alpha-2
    outlet_affiliation: str
    actor: str
    actor_name: str
    alias: str  # the actor as the article writes it
    sentence: str  # in which it does, in the original script
    published_at: datetime
    seen_at: datetime


def due(articles: Iterable[Article], rules: Sequence[Rule], past: Past, settings: AlertSettings) -> list[Alert]:
    """The alerts that are due for these articles, those of the oldest first; at most one for a rule and a story.

    An article counts from `max_age_hours` before it was first seen, and only for rules that had started by then.
    Raises KeyError for an article without `first_seen`, ConfigError for a query that does not parse.
    """
    claims = (claim for claim in past.claims if claim.kind == NEW)
    spoken = {(claim.rule, past.stories.get(claim.article, claim.article)) for claim in claims}
    listeners = [_Listener(rule, past.started[rule.id]) for rule in rules if rule.id in past.started]
    most = timedelta(hours=settings.max_age_hours)
    candidates = [_Candidate(article, past.first_seen[article.id]) for article in articles]
    found = []
    for candidate in sorted((each for each in candidates if each.age <= most), key=lambda each: each.order):
        for listener in listeners:
            told = (listener.rule.id, candidate.story)
            if told not in spoken and listener.wants(candidate):
                spoken.add(told)
                found.append(_alert(listener.rule, candidate))
    return found


def message(alert: Alert, names: Mapping[str, str], seen_at: datetime) -> Message:
    """An alert in words; `names` gives the name to show of an actor id, `seen_at` when the article was first met."""
    article, mention = alert.article, alert.mention or Mention("", "", "", 0, 0, "")
    return Message(
        id=alert.key,
        rule=alert.rule,
        kind=alert.kind,
        story=article.story or article.id,
        article=article.id,
        url=article.url,
        title=article.title,
        outlet=article.outlet.id,
        outlet_name=article.outlet.name or article.outlet.id,
        outlet_country=article.outlet.country,
        outlet_affiliation=article.outlet.affiliation,
        actor=mention.actor,
        actor_name=names.get(mention.actor, mention.actor),
        alias=mention.alias,
        sentence=mention.sentence,
        published_at=article.published_at or seen_at,
        seen_at=seen_at,
    )


def to_json(told: Message) -> str:
    """A message as one line of JSON: its fields by name, null for what is not known, times as 2026-11-21T08:00:00Z."""
    values = {each.name: getattr(told, each.name) for each in fields(told)}
    times = {name: timestamp(value) for name, value in values.items() if isinstance(value, datetime)}
    return json.dumps({name: times.get(name, value) or None for name, value in values.items()}, ensure_ascii=False)


def from_json(line: str) -> Message:
    """The message that `to_json` wrote; ValueError or TypeError where it did not."""
    values: dict[str, Any] = {name: value or "" for name, value in json.loads(line).items()}
    times = {name: moment(values[name]) for name in ("published_at", "seen_at")}
    return Message(**{**values, **times})


class _Candidate:
    """An article with what rules ask of it, worked out once, words only where a rule asks for them."""

    def __init__(self, article: Article, first_seen: datetime) -> None:
        published_at = article.published_at or first_seen
        self.article = article
        self.first_seen = first_seen
        self.age = first_seen - published_at
        self.order = (published_at, article.id)
        self.story = article.story or article.id
        self.actors = frozenset(article.actors)
        self.regions = frozenset(article.regions)

    @cached_property
    def words(self) -> list[Sequence[str]]:
        return query.fields(self.article)


class _Listener:
    """A rule made ready: every filled condition must hold, the cheapest are asked first."""

    def __init__(self, rule: Rule, started: datetime) -> None:
        self.rule = rule
        self._started = started
        self._query = query.parse(rule.query)
        self._actors = frozenset(rule.actors)
        self._regions = frozenset(rule.regions)

    def wants(self, candidate: _Candidate) -> bool:
        return (
            candidate.first_seen >= self._started
            and (not self._actors or not self._actors.isdisjoint(candidate.actors))
            and (not self._regions or not self._regions.isdisjoint(candidate.regions))
            and self._hears(candidate.article)
            and (self._query is None or query.matches(self._query, candidate.words))
        )

    def _hears(self, article: Article) -> bool:
        """Whether the rule listens to this outlet and language."""
        outlet, asked = article.outlet, self.rule.outlets
        return (
            outlet.id not in self.rule.mute
            and article.language in (self.rule.languages or (article.language,))
            and outlet.id in (asked.id or (outlet.id,))
            and outlet.country in (asked.country or (outlet.country,))
            and outlet.affiliation in (asked.affiliation or (outlet.affiliation,))
            and outlet.affiliation not in asked.affiliation_not
        )


def _alert(rule: Rule, candidate: _Candidate) -> Alert:
    """Quote the first mention of an actor that the rule asks for, of any where it asks for none; titles come first."""
    article = candidate.article
    quoted = (each for each in article.mentions if not rule.actors or each.actor in rule.actors)
    mention = min(quoted, key=lambda each: (each.where != "title", each.start), default=None)
    claim = Claim(rule.id, article.id, NEW, candidate.first_seen)
    return Alert(claim.key, rule.id, NEW, article, mention, rule.send)
