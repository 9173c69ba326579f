"""The intake: every entry of a feed is asked for, waits or ends, in exactly one of these ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import feeds, urls
from pipeline.intake import (
    FIRST_WAIT,
    PAGE_ATTEMPTS,
    Ended,
    Intake,
    again,
    decide,
    fault_outcome,
    leftovers,
    offers,
    promises,
    wanted,
)
from pipeline.model import Drop, Entry, Fate, Feed, Retry, Seen, Visit

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
VISIT = Visit("khabar")


def entry(name: int, /, **changes: Any) -> Entry:  # noqa: ANN401 - any field of an entry
    return replace(Entry(f"https://khabar.example/{name}", f"خبر {name}", number=name), **changes)


def feed(*entries: Entry, cut: int = 0) -> Feed:
    return Feed(tuple(entries), cut=cut)


def met(*entries: Entry) -> dict[str, Seen]:
    ids = [urls.article_id(each.url) for each in entries]
    return {each: Seen(each, NOW - timedelta(days=1), Fate.KEPT) for each in ids}


def visit_after(*entries: Entry) -> Visit:
    known = tuple((urls.article_id(each.url), feeds.fingerprint(each)) for each in entries)
    return replace(VISIT, known=known)


def ends(intake: Intake) -> list[tuple[int, Fate, str]]:
    return [(each.entry.number, each.fate, each.reason) for each in intake.ended]


def test_a_new_entry_is_asked_for() -> None:
    intake = decide(feed(entry(1)), VISIT, {}, NOW)

    assert intake.fetch == (entry(1),)
    assert intake.known == visit_after(entry(1)).known


def test_an_entry_that_was_met_and_is_told_the_same_is_unchanged() -> None:
    intake = decide(feed(entry(1)), visit_after(entry(1)), met(entry(1)), NOW)

    assert intake.fetch == ()
    assert ends(intake) == [(1, Fate.UNCHANGED, "known")]


def test_an_entry_that_another_feed_brought_before_is_unchanged() -> None:
    assert ends(decide(feed(entry(1)), VISIT, met(entry(1)), NOW)) == [(1, Fate.UNCHANGED, "known")]


def test_an_entry_that_the_feed_tells_otherwise_now_is_asked_for_again() -> None:
    corrected = entry(1, title="خبر 1 (تصحيح)")

    assert decide(feed(corrected), visit_after(entry(1)), met(entry(1)), NOW).fetch == (corrected,)


def test_tracking_parameters_do_not_make_another_article() -> None:
    tracked = entry(1, url="https://khabar.example/1?utm_source=rss")

    intake = decide(feed(tracked), VISIT, met(entry(1)), NOW)

    assert ends(intake) == [(1, Fate.UNCHANGED, "known")]


def test_a_page_is_asked_for_under_the_address_that_the_feed_gave() -> None:
    tracked = entry(1, url="HTTPS://khabar.example/1?utm_source=rss")

    assert [each.url for each in decide(feed(tracked), VISIT, {}, NOW).fetch] == [
        "https://khabar.example/1?utm_source=rss"
    ]


def test_the_second_of_two_entries_with_one_url_ends_as_a_duplicate() -> None:
    intake = decide(feed(entry(1), replace(entry(2), url=entry(1).url)), VISIT, {}, NOW)

    assert intake.fetch == (entry(1),)
    assert ends(intake) == [(2, Fate.DROPPED, "duplicate-url")]


def test_entries_without_a_usable_link_end_with_their_reason() -> None:
    intake = decide(feed(entry(1, url=""), entry(2, url="ftp://khabar.example/2")), VISIT, {}, NOW)

    assert ends(intake) == [(1, Fate.DROPPED, "no-link"), (2, Fate.DROPPED, "bad-url")]


def test_entries_beyond_the_limit_share_one_outcome() -> None:
    intake = decide(feed(entry(1), cut=48_000), VISIT, {}, NOW)

    assert [(each.reason, each.count, each.entry.number) for each in intake.ended] == [("over-limit", 48_000, 2)]


def test_a_page_that_failed_waits_for_its_time_and_keeps_its_count() -> None:
    waiting = entry(1, attempts=2, not_before=NOW + timedelta(minutes=5))
    visit = replace(VISIT, pending=(waiting,))

    early = decide(feed(entry(1)), visit, {}, NOW)
    late = decide(feed(entry(1)), visit, {}, NOW + timedelta(minutes=5))

    assert (early.fetch, early.waiting) == ((), (waiting,))
    assert ends(early) == [(1, Fate.RETRY, "waiting")]
    assert late.fetch == (waiting,)


def test_what_a_page_offered_is_asked_for_unless_it_was_met_meanwhile() -> None:
    offer, other, promise = entry(6, offered=True), entry(7, offered=True), entry(8)
    visit = replace(VISIT, pending=(offer, other, promise))

    assert list(offers(visit).values()) == [offer, other]
    assert wanted(visit, {}) == visit
    assert wanted(visit, met(other, promise)).pending == (offer, promise)
    assert [each.url for each in decide(None, visit, {}, NOW).fetch] == [offer.url, other.url, promise.url]


def test_what_a_page_offered_and_a_feed_promises_is_the_feeds() -> None:
    visit = replace(VISIT, pending=(entry(1, offered=True, number=0),))

    assert decide(feed(entry(1)), visit, {}, NOW).fetch == (entry(1),)


def test_promises_are_kept_while_the_feed_has_no_new_answer() -> None:
    visit = replace(visit_after(entry(9)), pending=(entry(7), entry(8, not_before=NOW + timedelta(hours=1))))

    intake = decide(None, visit, {}, NOW)

    assert [each.url for each in intake.fetch] == [entry(7).url]
    assert [each.url for each in intake.waiting] == [entry(8).url]
    assert intake.ended == ()
    assert intake.known == visit.known


def test_leftovers_are_numbered_behind_the_entries_of_the_answer() -> None:
    visit = replace(VISIT, pending=(entry(1),))

    intake = decide(feed(entry(5, number=1), entry(6, number=2), cut=3), visit, {}, NOW)

    assert sorted(each.number for each in (*intake.fetch, *(each.entry for each in intake.ended))) == [1, 2, 3, 4]


def test_what_an_interrupted_run_settled_is_not_asked_for_again() -> None:
    visit = replace(VISIT, pending=(entry(1), entry(2), entry(3)))

    assert leftovers(visit, [1, 3]).pending == (entry(2),)


def test_a_vain_attempt_waits_twice_as_long_each_time_and_is_given_up() -> None:
    waits, left = [], entry(1)
    for _ in range(PAGE_ATTEMPTS - 1):
        after = again(left, Retry("http-503"), NOW)
        assert after is not None
        assert after.not_before is not None
        waits.append(after.not_before - NOW)
        left = after

    assert waits == [FIRST_WAIT * 2**attempt for attempt in range(PAGE_ATTEMPTS - 1)]
    assert again(left, Retry("http-503"), NOW) is None


def test_a_server_that_names_a_time_is_left_alone_as_long() -> None:
    after = again(entry(1), Retry("http-429", wait=7_200), NOW)

    assert after is not None
    assert after.not_before == NOW + timedelta(hours=2)


def test_a_request_that_was_never_sent_is_no_attempt() -> None:
    after = again(entry(1, attempts=2), Retry("paused", wait=90), NOW)

    assert after == entry(1, attempts=2, not_before=NOW + timedelta(seconds=90))


def test_outcomes_of_pages_that_were_not_had() -> None:
    assert fault_outcome(entry(1), Drop("robots"), None) == Ended(entry(1), Fate.DROPPED, "robots")
    assert fault_outcome(entry(1), Retry("timeout"), entry(1)).fate is Fate.RETRY
    assert fault_outcome(entry(1), Retry("timeout"), None).fate is Fate.FAILED


NUMBERS = st.lists(st.integers(min_value=1, max_value=8), max_size=8)


@settings(deadline=None, derandomize=True)
@given(told=NUMBERS, known=NUMBERS, pending=st.sets(st.integers(min_value=1, max_value=12)), hours=st.integers(0, 1))
def test_every_entry_and_every_promise_ends_in_exactly_one_place(
    told: list[int], known: list[int], pending: set[int], hours: int
) -> None:
    answer = feed(*(entry(name, number=number) for number, name in enumerate(told, 1)))
    later = NOW + timedelta(hours=1)
    promised = tuple(entry(name, attempts=1, not_before=later if name % 2 else None) for name in sorted(pending))
    visit = replace(visit_after(*(entry(name) for name in known)), pending=promised)

    intake = decide(answer, visit, met(*(entry(name) for name in known)), NOW + timedelta(hours=hours))

    numbers = [each.number for each in intake.fetch] + [each.entry.number for each in intake.ended]
    assert len(numbers) == len(set(numbers))
    assert set(range(1, len(told) + 1)) <= set(numbers)
    kept = {each.url for each in (*intake.fetch, *intake.waiting)}
    assert {each.url for each in promised} <= kept
    assert len(promises(answer)) == len(told)
