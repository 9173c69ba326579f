"""Store to people: rules over what came since the last time, each alert claimed once and delivered at least once.

A claim is written before anything is sent, and each destination's acceptance after it: a crash between the two sends
one message again under the same id, to that destination only.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pipeline.alerts import Message, Past, due, from_json, to_json
from pipeline.alerts import message as worded
from pipeline.flow.run import ALERTED, Run, chunks
from pipeline.flow.settle import CHUNK
from pipeline.model import Alert, Article, Claim, Retry
from pipeline.notify import Sender

STARTED = "rules"
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def rule_starts(run: Run) -> dict[str, datetime]:
    """When each rule began to listen: the first run that saw it (guarantee 3).

    A new rule begins now, and so does one whose beginning lies ahead because the clock was wrong.
    """
    kept, now = run.store.state(STARTED), run.now()
    known = {rule: datetime.fromisoformat(at) for rule, at in json.loads(kept.value or "{}").items()}
    starts = {rule: min(at, now) for rule, at in known.items()} | {
        rule.id: now for rule in run.config.rules if rule.id not in known
    }
    if starts != known:
        run.save_state(STARTED, kept, json.dumps({rule: at.isoformat() for rule, at in starts.items()}))
    return starts


def alert(run: Run, senders: Mapping[str, Sender]) -> int:
    """Evaluate the rules on all that was ingested since the last time; give how many alerts were delivered."""
    cursor, now, starts = run.store.state(ALERTED), run.now(), rule_starts(run)
    desk, sent = Desk(run, senders), deliver(run, senders)
    lately = now - timedelta(hours=run.config.settings.alerts.max_age_hours)
    since = run.behind(cursor.value, lately if cursor.value else min(starts.values(), default=now))
    for chunk in chunks(run.store.ingested(since), CHUNK):
        claims = [
            Claim(found.rule, found.article.id, found.kind, now, to_json(told))
            for found, told in _due(run, chunk, starts)
        ]
        made = [claim for claim in claims if run.store.claim(claim)]
        run.archive.record(run.id, made)
        sent += desk.deliver(made)
    run.save_state(ALERTED, cursor, now.isoformat())
    return sent


def deliver(run: Run, senders: Mapping[str, Sender]) -> int:
    """Send what was claimed and not accepted everywhere; give how many all have now."""
    waiting, cursor = run.store.undelivered(), run.store.state(ALERTED)
    reached = datetime.fromisoformat(cursor.value) if cursor.value else LONG_AGO
    run.archive.record(run.id, [claim for claim in waiting if claim.at >= reached])  # an interrupted run may not have
    return Desk(run, senders).deliver(waiting, run.store.claims({claim.article for claim in waiting}))


def remember_claims(run: Run) -> int:
    """Bring the claims that earlier stores made, and that the archive kept, into this one; give how many were new.

    An alert that waited for its delivery waits here, too.
    """
    new, last = 0, {claim.key: claim for claim in run.archive.recorded()}
    for chunk in chunks(last.values(), CHUNK):
        known = {claim.key for claim in run.store.claims({claim.article for claim in chunk})}
        new += sum(run.store.claim(claim) for claim in chunk if claim.key not in known)
    return new


def preview(run: Run, since: datetime) -> Iterator[Message]:
    """What the rules would say of the articles ingested since then, claims and beginnings aside; sends nothing."""
    starts = dict.fromkeys((rule.id for rule in run.config.rules), LONG_AGO)
    told: set[tuple[str, str]] = set()
    for chunk in chunks(run.store.ingested(since), CHUNK):
        for _, message in _due(run, chunk, starts, claimed=False):
            if (message.rule, message.story) not in told:
                told.add((message.rule, message.story))
                yield message


def _due(
    run: Run,
    articles: Sequence[Article],
    starts: Mapping[str, datetime],
    *,
    claimed: bool = True,
) -> Iterator[tuple[Alert, Message]]:
    """The alerts due for these articles, put into words."""
    seen = run.store.seen([article.id for article in articles])
    first_seen = {
        article.id: seen[article.id].first_seen if article.id in seen else article.fetched_at or run.now()
        for article in articles
    }
    stories = {each.value.id: each.value.story for each in run.store.stories({article.story for article in articles})}
    claims = run.store.claims(stories) if claimed else ()
    names = {actor.id: actor.name for actor in run.config.actors}
    past = Past(starts, first_seen, claims, stories)
    for found in due(articles, run.config.rules, past, run.config.settings.alerts):
        yield found, worded(found, names, first_seen[found.article.id])


@dataclass(frozen=True, slots=True)
class Desk:
    """Hands alerts to their destinations and keeps who has accepted them."""

    run: Run
    senders: Mapping[str, Sender]

    def deliver(self, waiting: Sequence[Claim], said: Iterable[Claim] = ()) -> int:
        """Send each to every destination that has not accepted it, as `said` tells; give how many all have now."""
        accepted = {(each.rule, each.article, each.kind) for each in said}
        done = [each for each in waiting if self._deliver(each, accepted)]
        now = self.run.now()
        self.run.archive.record(self.run.id, [replace(each, delivered_at=now) for each in done])
        return len(done)

    def _deliver(self, claim: Claim, accepted: Container[tuple[str, str, str]]) -> bool:
        """Send one; each destination is tried, whatever the one before said; tell whether all have it now."""
        rule = next((rule for rule in self.run.config.rules if rule.id == claim.rule), None)
        waiting = [
            name
            for name in (rule.send if rule else ())
            if (claim.rule, claim.article, f"{claim.kind}>{name}") not in accepted
        ]
        answers = [self._send(claim, name) for name in waiting]
        done = all(answers)
        if done:
            self.run.store.delivered(claim.key, self.run.now())
        return done

    def _send(self, claim: Claim, destination: str) -> bool:
        try:
            self.senders[destination](from_json(claim.alert))
        except Retry as fault:
            self.run.note(f"alert {claim.key} to {destination}: {fault.reason}; it is sent again with the next run")
            return False
        now = self.run.now()
        self.run.store.claim(Claim(claim.rule, claim.article, f"{claim.kind}>{destination}", now, delivered_at=now))
        return True
