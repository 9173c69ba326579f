"""Alerting: one alert for a rule and a story, claimed before it is sent, and sent again to whoever has not taken it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline import flow, urls
from pipeline.alerts import Message, to_json
from pipeline.flow.alert import alert, preview, rule_starts
from pipeline.flow.process import process
from pipeline.flow.replay import Again, replay
from pipeline.flow.settle import CHUNK, settle
from pipeline.model import Article, Changes, Claim, Page, Retry, Source, Stored, StoreError
from pipeline.notify import Sender
from pipeline.readers import Readers
from pipeline.stores.sqlite import SqliteStore
from pipeline.watchlist import Config
from tests.trial import LONG_AGO, NOW, PESHMERGA, Trial, emptied, html, minutes, page, rule, story, trial

SOURCES = tuple(Source(name, f"https://{name}.example/feed", affiliation="private") for name in ("sanabil", "dijla"))
RULES = rule()
TWO = rule(send=("desk", "log"))


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers(1, lambda: flow.reading(Config("config", sources=SOURCES, actors=(PESHMERGA,)))) as opened:
        yield opened


@dataclass
class Phone:
    """A destination that keeps what it takes, and refuses while it is told to."""

    refuses: int = 0
    messages: list[Message] = field(default_factory=list)
    dies: bool = False

    def __call__(self, message: Message) -> None:
        if self.dies:
            raise KeyboardInterrupt
        if self.refuses:
            self.refuses -= 1
            raise Retry("the line is busy")
        self.messages.append(message)

    @property
    def ids(self) -> list[str]:
        return [message.id for message in self.messages]


def article(slug: str, outlet: str = "sanabil", seed: int = 1, *, at: float = 0, age: float = 1, cut: int = 0) -> Page:
    """A page that names the Peshmerga, looked at `at` hours after NOW and `age` hours old then."""
    text, seen = story(seed, "ar", paragraphs=6), NOW + timedelta(hours=at)
    body = html(text[: len(text) - cut], seen - timedelta(hours=age))
    return page(f"https://{outlet}.example/{slug}", body, seen, outlet)


def arrive(found: Trial, readers: Readers, *pages: Page) -> flow.Run:
    """Let pages come in a run of their own, up to the point where alerts are evaluated."""
    run = found.run(f"run-{len(found.archive.files()) + 1}")
    rule_starts(run)
    found.write(run.id, pages)
    process(run, readers)
    settle(run, readers.stages)
    return run


def later(found: Trial, hours: float) -> None:
    found.at = NOW + timedelta(hours=hours)


def key(page: Page, name: str = "peshmerga") -> str:
    return f"{name}/{urls.article_id(page.url)}/new"


def test_a_new_story_that_names_an_actor_alerts_once(tmp_path: Path, readers: Readers) -> None:
    found, desk, first = trial(tmp_path, *SOURCES, **RULES), Phone(), article("1")
    run = arrive(found, readers, first, article("2", seed=2))

    assert alert(run, {"desk": desk}) == 2

    message = next(message for message in desk.messages if message.id == key(first))
    assert (message.rule, message.alias, message.actor_name) == ("peshmerga", "البيشمركة", "Peshmerga")
    assert message.alias in message.sentence
    assert (message.outlet, message.url) == ("sanabil", first.url)
    assert found.store.undelivered() == []


def test_a_second_run_alerts_nobody(tmp_path: Path, readers: Readers) -> None:
    found, desk = trial(tmp_path, *SOURCES, **RULES), Phone()
    run = arrive(found, readers, article("1"))
    alert(run, {"desk": desk})

    assert alert(run, {"desk": desk}) == 0
    later(found, 1)
    assert alert(found.run("run-2"), {"desk": desk}) == 0
    assert len(desk.messages) == 1


def test_a_reprint_alerts_nobody_whether_it_comes_with_the_story_or_later(tmp_path: Path, readers: Readers) -> None:
    found, desk, first = trial(tmp_path, *SOURCES, **RULES), Phone(), article("1", age=2)
    run = arrive(found, readers, article("copy", "dijla", cut=1), first)
    sent = alert(run, {"desk": desk})
    later(found, 3)
    run = arrive(found, readers, article("late", "dijla", cut=2, at=3))

    assert (sent, alert(run, {"desk": desk})) == (1, 0)
    assert desk.ids == [key(first)]


def test_an_older_original_that_comes_late_alerts_nobody_again(tmp_path: Path, readers: Readers) -> None:
    found, desk, first = trial(tmp_path, *SOURCES, **RULES), Phone(), article("1", cut=1)
    alert(arrive(found, readers, first), {"desk": desk})
    later(found, 3)

    run = arrive(found, readers, article("original", "dijla", at=3, age=5))

    assert alert(run, {"desk": desk}) == 0
    assert {each.first_outlet for each in found.articles} == {"dijla"}


def test_stories_that_merge_keep_all_their_claims(tmp_path: Path, readers: Readers) -> None:
    found, desk = trial(tmp_path, *SOURCES, **RULES), Phone()
    left, right = story(5, "ar", paragraphs=8), story(6, "ar", paragraphs=8)
    dated = NOW - timedelta(hours=1)
    alert(
        arrive(
            found,
            readers,
            page("https://sanabil.example/left", html(left, dated), NOW, "sanabil"),
            page("https://dijla.example/right", html(right, dated), NOW, "dijla"),
        ),
        {"desk": desk},
    )
    later(found, 1)
    both = html([*left[:5], *right[1:6]], NOW)

    run = arrive(found, readers, page("https://dijla.example/both", both, found.at, "dijla"))

    assert alert(run, {"desk": desk}) == 0
    assert len({each.story for each in found.articles}) == 1
    assert len(desk.messages) == 2


def test_a_rule_that_is_added_later_begins_with_its_first_run(tmp_path: Path, readers: Readers) -> None:
    found, desk = trial(tmp_path, *SOURCES, **RULES), Phone()
    alert(arrive(found, readers, article("1")), {"desk": desk})
    later(found, 1)
    found.config = replace(found.config, rules=(*found.config.rules, replace(found.config.rules[0], id="second")))
    second = article("2", seed=2, at=1)

    alert(arrive(found, readers, second), {"desk": desk})

    assert sorted(desk.ids[1:]) == sorted([key(second), key(second, "second")])


def test_an_article_that_was_old_when_first_seen_alerts_nobody(tmp_path: Path, readers: Readers) -> None:
    found, desk = trial(tmp_path, *SOURCES, **RULES), Phone()
    fresh = article("fresh", age=23.9)

    assert alert(arrive(found, readers, article("old", seed=2, age=24.1), fresh), {"desk": desk}) == 1
    assert desk.ids == [key(fresh)]


def test_an_article_of_an_interrupted_run_still_alerts(tmp_path: Path, readers: Readers) -> None:
    found, desk, first = trial(tmp_path, *SOURCES, **RULES), Phone(), article("1")
    arrive(found, readers, first)
    later(found, 40)

    assert alert(found.run("run-2"), {"desk": desk}) == 1
    assert desk.ids == [key(first)]


def test_a_destination_that_fails_is_sent_the_same_alert_by_the_next_run_and_no_other_is(
    tmp_path: Path, readers: Readers
) -> None:
    found, desk, log, first = trial(tmp_path, *SOURCES, **TWO), Phone(refuses=1), Phone(), article("1")
    run = arrive(found, readers, first)

    assert alert(run, {"desk": desk, "log": log}) == 0
    assert (desk.ids, log.ids) == ([], [key(first)])
    assert found.notes == [f"alert {key(first)} to desk: the line is busy; it is sent again with the next run"]
    later(found, 1)
    assert alert(found.run("run-2"), {"desk": desk, "log": log}) == 1
    assert (desk.ids, log.ids) == ([key(first)], [key(first)])
    assert desk.messages == log.messages
    assert found.store.undelivered() == []


def test_a_crash_between_claim_and_delivery_delays_the_alert_only(tmp_path: Path, readers: Readers) -> None:
    found, desk, log, first = trial(tmp_path, *SOURCES, **TWO), Phone(), Phone(dies=True), article("1")
    run = arrive(found, readers, first)
    with pytest.raises(KeyboardInterrupt):
        alert(run, {"desk": desk, "log": log})
    assert [claim.key for claim in found.store.undelivered()] == [key(first)]
    log.dies = False

    assert alert(found.run("run-2"), {"desk": desk, "log": log}) == 1
    assert (desk.ids, log.ids) == ([key(first)], [key(first)])


class Forgetful(SqliteStore):
    """A store that goes away when an alert's delivery is to be recorded."""

    away = True

    def delivered(self, key: str, at: datetime) -> None:
        if self.away:
            raise StoreError("store: gone away")
        super().delivered(key, at)


def test_a_crash_between_acceptance_and_record_repeats_nothing_that_was_recorded(
    tmp_path: Path, readers: Readers
) -> None:
    found, desk = trial(tmp_path, *SOURCES, store=Forgetful, **RULES), Phone()
    run = arrive(found, readers, article("1"))
    with pytest.raises(StoreError):
        alert(run, {"desk": desk})
    assert isinstance(found.store, Forgetful)
    found.store.away = False

    assert alert(found.run("run-2"), {"desk": desk}) == 1
    assert len(desk.messages) == 1


def test_an_alert_of_a_rule_that_is_gone_is_not_sent_any_more(tmp_path: Path, readers: Readers) -> None:
    found, desk = trial(tmp_path, *SOURCES, **RULES), Phone(refuses=1)
    alert(arrive(found, readers, article("1")), {"desk": desk})
    found.config = replace(found.config, rules=())

    alert(found.run("run-2"), {"desk": desk})

    assert desk.messages == []
    assert found.store.undelivered() == []


def test_a_clock_that_was_wrong_once_silences_no_rule(tmp_path: Path, readers: Readers) -> None:
    found, desk, senders = trial(tmp_path, *SOURCES, **RULES), Phone(), dict[str, Sender]()
    later(found, 100_000)
    alert(arrive(found, readers), senders)
    later(found, 0)

    run = arrive(found, readers, article("1"))

    assert rule_starts(run) == {"peshmerga": NOW}
    assert alert(run, {"desk": desk}) == 1


def test_without_rules_nothing_happens(tmp_path: Path, readers: Readers) -> None:
    found = trial(tmp_path, *SOURCES)

    assert alert(arrive(found, readers, article("1")), {}) == 0
    assert list(preview(found.run("run-2"), LONG_AGO)) == []


def test_a_preview_tells_each_story_once_sends_nothing_and_claims_nothing(tmp_path: Path, readers: Readers) -> None:
    found, first = trial(tmp_path, *SOURCES, **RULES), article("1", age=2)
    arrive(found, readers, first, article("copy", "dijla", cut=1), article("2", seed=2))

    told = [message.id for message in preview(found.run("run-2"), LONG_AGO)]

    assert len(told) == 2
    assert key(first) in told
    assert found.store.claims([each.id for each in found.articles]) == []
    desk = Phone()
    assert alert(found.run("run-2"), {"desk": desk}) == 2
    assert len(list(preview(found.run("run-3"), LONG_AGO))) == 2  # said or not
    assert list(preview(found.run("run-3"), NOW + minutes(1))) == []


def test_a_preview_of_many_articles_tells_a_story_once(tmp_path: Path) -> None:
    found = trial(tmp_path, *SOURCES, **RULES)
    one = Article("", "https://sanabil.example", published_at=NOW, ingested_at=NOW, actors=("peshmerga",), story="0")
    many = tuple(Stored(replace(one, id=str(number))) for number in range(CHUNK + 1))
    found.store.save(Changes(articles=many))

    assert len(list(preview(found.run("run-1"), LONG_AGO))) == 1


class Shared(SqliteStore):
    """A store in which another worker makes each claim a little earlier."""

    def claim(self, claim: Claim) -> bool:
        super().claim(claim)
        return super().claim(claim)


def test_an_alert_that_another_worker_has_claimed_is_left_to_that_one(tmp_path: Path, readers: Readers) -> None:
    found, desk = trial(tmp_path, *SOURCES, store=Shared, **RULES), Phone()

    assert alert(arrive(found, readers, article("1")), {"desk": desk}) == 0
    assert desk.messages == []


def blind(found: Trial) -> Readers:
    """Readers that know no actor."""
    return Readers(1, lambda: flow.reading(replace(found.config, actors=())))


def replayed(found: Trial) -> None:
    with Readers(1, lambda: flow.reading(found.config)) as opened:
        replay(found.run("replay"), Again(NOW.date(), NOW.date()), opened, found.notes.append)


def test_replay_alerts_nobody_neither_now_nor_with_the_next_run(tmp_path: Path) -> None:
    found, desk = trial(tmp_path, *SOURCES, **RULES), Phone()
    with blind(found) as unknowing:
        alert(arrive(found, unknowing, article("1")), {"desk": desk})
    found.at += minutes(1)  # so that the alerts of the next run look back over all of it

    replayed(found)

    assert [each.actors for each in found.articles] == [("peshmerga",)]
    assert alert(found.run("run-2"), {"desk": desk}) == 0
    assert desk.messages == []


def test_replay_of_what_the_rules_have_not_heard_takes_no_alert_away(tmp_path: Path, readers: Readers) -> None:
    found, desk, second = trial(tmp_path, *SOURCES, **RULES), Phone(), article("2", seed=2, at=1)
    alert(arrive(found, readers, article("1")), {"desk": Phone()})
    later(found, 1)
    with blind(found) as unknowing:
        arrive(found, unknowing, second)  # the run dies here

    replayed(found)

    assert alert(found.run("run-3"), {"desk": desk}) == 1
    assert desk.ids == [key(second)]


def test_a_store_that_is_made_anew_repeats_no_alert_and_goes_on_with_new_ones(tmp_path: Path, readers: Readers) -> None:
    found, desk, first = trial(tmp_path, *SOURCES, **RULES), Phone(), article("1")
    alert(arrive(found, readers, first), {"desk": desk})
    later(found, 1)
    anew = emptied(found, tmp_path)

    replayed(anew)
    run = arrive(anew, readers, article("reprint", "dijla", cut=1, at=1), article("2", seed=2, at=1))

    assert alert(run, {"desk": desk}) == 1
    assert desk.ids == [key(first), key(article("2"))]
    assert anew.store.undelivered() == []


def test_what_an_interrupted_run_claimed_and_did_not_record_is_recorded_with_its_delivery(
    tmp_path: Path, readers: Readers
) -> None:
    found, desk, first = trial(tmp_path, *SOURCES, **RULES), Phone(), article("1")
    arrive(found, readers, first)
    words = Phone()
    alert(replace(found.run("elsewhere"), archive=emptied(found, tmp_path).archive), {"desk": words})
    [message] = words.messages
    lost = Claim("peshmerga", urls.article_id(first.url), "edit", NOW + minutes(1), to_json(message))
    found.store.claim(lost)  # and here the run dies
    later(found, 1)

    assert alert(found.run("run-2"), {"desk": desk}) == 1
    assert lost.key in {claim.key for claim in found.archive.recorded()}


def test_an_alert_that_waits_when_its_store_is_left_is_delivered_by_the_next_one(
    tmp_path: Path, readers: Readers
) -> None:
    found, first = trial(tmp_path, *SOURCES, **RULES), article("1")
    alert(arrive(found, readers, first), {"desk": Phone(refuses=1)})
    later(found, 1)
    anew, desk = emptied(found, tmp_path), Phone()

    replayed(anew)

    assert alert(anew.run("run-2"), {"desk": desk}) == 1
    assert desk.ids == [key(first)]
    assert alert(anew.run("run-3"), {"desk": desk}) == 0
