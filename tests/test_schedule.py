"""When a feed is asked again, rule by rule (the ids are those of docs/design.md)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import schedule
from pipeline.feeds import CUT_OFF
from pipeline.model import Answer, Drop, Entry, Fate, Feed, Retry, Source, Visit
from pipeline.schedule import Poll
from pipeline.watchlist import FetchSettings

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
HTTP_NOW = "Sat, 21 Nov 2026 08:00:00 GMT"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SETTINGS = FetchSettings()
SOURCE = Source("port", "https://port.example/feed")
FIXED = replace(SOURCE, interval_minutes=30)
NEWS = Feed((Entry("https://port.example/1"),))


def answer(status: int = 200, url: str = SOURCE.feed, **headers: str) -> Answer:
    """An answer; a header's name is written with underscores."""
    return Answer(url, status, tuple((name.replace("_", "-"), value) for name, value in headers.items()), b"", NOW)


def good(feed: Feed = NEWS, new: int = 1, **headers: str) -> Poll:
    return Poll(answer(200, **headers), feed, new=new)


def unchanged(**headers: str) -> Poll:
    return Poll(answer(304, **headers))


def bad(status: int, **headers: str) -> Poll:
    return Poll(answer(status, **headers))


def after(poll: Poll, visit: Visit | None = None, source: Source = FIXED, now: datetime = NOW) -> Visit:
    return schedule.after(source, visit or Visit(source.id), poll, now, SETTINGS)


def wait(poll: Poll, visit: Visit | None = None, source: Source = FIXED) -> timedelta:
    """How long a poll keeps us away."""
    planned = after(poll, visit, source).next_visit
    assert planned is not None
    return planned - NOW


# ---------------------------------------------------------------- conditional requests


@pytest.mark.parametrize(
    ("etag", "last_modified"),
    [
        ('W/"a,b c"', "Sat, 21 Nov 2026 07:00:00 GMT"),
        ('"\\"odd\\""', ""),
        ("unquoted-ü", ""),
        ("", "yesterday, or so"),
        ("", ""),
    ],
)
def test_c1_c2_validators_go_back_byte_for_byte_and_both_of_them(etag: str, last_modified: str) -> None:
    visit = after(good(etag=etag, last_modified=last_modified))
    expected = (("If-None-Match", etag), ("If-Modified-Since", last_modified))

    assert schedule.conditional(SOURCE, visit, NOW + HOUR) == tuple(pair for pair in expected if pair[1])


def test_c3_every_200_brings_new_validators_even_without_news() -> None:
    visit = after(good(etag='"1"', last_modified=HTTP_NOW))
    later = after(good(new=0, etag='"2"'), visit)

    assert (later.etag, later.last_modified) == ('"2"', "")


@pytest.mark.parametrize(
    "poll",
    [
        Poll(answer(200, etag='"2"'), fault=Drop("not-a-feed")),
        good(Feed((Entry("https://port.example/1"),), flags=("ill-formed", CUT_OFF)), etag='"2"'),
    ],
)
def test_c4_a_body_that_could_not_be_read_whole_leaves_no_validators(poll: Poll) -> None:
    visit = after(poll, after(good(etag='"1"', last_modified=HTTP_NOW)))

    assert schedule.conditional(SOURCE, visit, NOW + HOUR) == ()


def test_c4_a_repaired_body_is_a_body_that_was_read() -> None:
    visit = after(good(replace(NEWS, flags=("ill-formed",)), etag='"1"'))

    assert schedule.conditional(SOURCE, visit, NOW + HOUR) == (("If-None-Match", '"1"'),)


def test_c5_a_304_keeps_validators_or_takes_the_new_ones_and_its_freshness() -> None:
    visit = after(good(etag='"1"', last_modified="then"))

    kept = after(unchanged(), visit)
    taken = after(unchanged(etag='"2"', cache_control="max-age=7200"), visit)

    assert (kept.etag, kept.last_modified, kept.errors) == ('"1"', "then", 0)
    assert (taken.etag, taken.last_modified) == ('"2"', "then")
    assert taken.next_visit == NOW + 2 * HOUR


def test_c6_a_visit_tells_all_that_the_next_one_needs() -> None:
    visit = after(good(etag='"1"', last_modified="then"), source=FIXED)

    assert visit == Visit(
        source="port",
        visited_at=NOW,
        status=200,
        next_visit=NOW + 30 * MINUTE,
        etag='"1"',
        last_modified="then",
        validated_url=SOURCE.feed,
        unconditional_at=NOW,
        new=1,
    )


def test_c6_what_a_visit_says_of_entries_is_left_alone() -> None:
    entry = Entry("https://port.example/1")
    visit = replace(Visit("port"), entries=7, kept=5, known=(("id", "print"),), pending=(entry,), run="r")

    seen = after(bad(500), visit)

    assert (seen.entries, seen.kept, seen.known, seen.pending, seen.run) == (7, 5, (("id", "print"),), (entry,), "r")


def test_c8_once_in_eight_days_everything_is_asked_for() -> None:
    visit = after(good(etag='"1"'))

    assert schedule.conditional(SOURCE, visit, NOW + 6 * DAY)
    assert not schedule.conditional(SOURCE, visit, NOW + 8 * DAY)
    assert not schedule.conditional(SOURCE, after(unchanged(), visit, now=NOW + 8 * DAY - HOUR), NOW + 8 * DAY)
    assert schedule.conditional(SOURCE, after(good(etag='"1"'), visit, now=NOW + 8 * DAY), NOW + 9 * DAY)


def test_c9_validators_of_servers_without_a_clock_are_not_kept() -> None:
    assert after(good(etag='"1"', last_modified="then", expires="0")).etag == ""
    assert after(good(etag='"1"', last_modified="Tue, 19 Jan 2038 03:14:07 GMT")).last_modified == ""


def test_s3_validators_remember_the_url_that_issued_them() -> None:
    redirected = Poll(answer(200, "https://www.port.example/rss", etag='"1"'), NEWS)

    assert after(redirected).validated_url == "https://www.port.example/rss"


@pytest.mark.parametrize("poll", [bad(404), bad(503), Poll(fault=Retry("timeout")), Poll(fault=Drop("too-large"))])
def test_s11_a_fault_keeps_validators(poll: Poll) -> None:
    visit = after(poll, after(good(etag='"1"')))

    assert schedule.conditional(SOURCE, visit, NOW + HOUR) == (("If-None-Match", '"1"'),)


# ---------------------------------------------------------------- how often


def test_p1_the_first_interval_is_that_of_the_settings() -> None:
    assert 54 * MINUTE <= wait(good(), source=SOURCE) <= 66 * MINUTE


@pytest.mark.parametrize("new", [0, 1, 9])
def test_p1_a_source_may_fix_its_own_interval(new: int) -> None:
    visit = after(good(new=new))

    assert visit.next_visit == NOW + 30 * MINUTE
    assert wait(good(new=new), visit) == 30 * MINUTE


@pytest.mark.parametrize(
    ("source", "settings_"),
    [(replace(SOURCE, interval_minutes=0), SETTINGS), (SOURCE, FetchSettings(interval_minutes=0))],
)
def test_p1_an_interval_of_zero_is_always_due(source: Source, settings_: FetchSettings) -> None:
    polls = [good(cache_control="max-age=3600"), unchanged(), bad(404), bad(500), Poll(fault=Retry("timeout"))]
    visits = [schedule.after(source, Visit("port"), poll, NOW, settings_) for poll in polls]

    assert visits[0].next_visit == NOW
    assert all(schedule.due(source, visit, NOW, settings_) for visit in visits)


def test_p1_the_interval_of_the_settings_does_not_hurry_a_source_that_has_its_own() -> None:
    assert not schedule.due(FIXED, after(good()), NOW + MINUTE, FetchSettings(interval_minutes=0))
    assert not schedule.due(SOURCE, after(good(), source=SOURCE), NOW + MINUTE, SETTINGS)


def test_s7_s8_even_an_interval_of_zero_waits_when_a_server_asks() -> None:
    eager = replace(SOURCE, interval_minutes=0)
    polls = [bad(429, retry_after="3600"), bad(503), Poll(fault=Retry("paused", wait=3600))]

    for poll in polls:
        visit = after(poll, source=eager)
        assert not schedule.due(eager, visit, NOW + MINUTE)
        assert schedule.due(eager, visit, NOW + HOUR)


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({}, 30),
        ({"cache_control": "max-age=7200"}, 120),
        ({"cache_control": 'public, MAX-AGE="7200"'}, 120),
        ({"cache_control": "max-age=60"}, 30),
        ({"cache_control": "max-age=315360000"}, 1440),
        ({"cache_control": "max-age=" + "9" * 400}, 1440),
        ({"cache_control": "no-cache, max-age=315360000"}, 30),
        ({"cache_control": "no-store", "expires": "Sat, 21 Nov 2026 20:00:00 GMT"}, 30),
        ({"cache_control": "max-age=soon", "expires": "Sat, 21 Nov 2026 10:00:00 GMT"}, 120),
        ({"expires": "Sat, 21 Nov 2026 10:00:00 GMT"}, 120),
        ({"expires": "Sat, 21 Nov 2026 10:00:00 GMT", "date": "Sat, 21 Nov 2026 07:00:00 GMT"}, 180),
        ({"expires": "Sat, 21 Nov 2026 10:00:00 GMT", "date": "today"}, 120),
        ({"cache_control": "max-age=3600", "expires": "Sat, 21 Nov 2026 20:00:00 GMT"}, 60),
        ({"expires": "-1"}, 30),
        ({"expires": "Sat, 21 Nov 2009 10:00:00 GMT"}, 30),
        ({"expires": "Sat, 21 Nov 2026 10:00:00 +99999999999999"}, 30),
    ],
)
def test_p2_p3_a_server_may_ask_for_a_longer_interval_up_to_a_day(headers: dict[str, str], minutes: int) -> None:
    assert wait(Poll(answer(200, **headers), NEWS)) == minutes * MINUTE
    assert wait(unchanged(**headers)) == minutes * MINUTE


@pytest.mark.parametrize(("ttl", "minutes"), [(None, 30), (5, 30), (90, 90), (999_999, 1440)])
def test_p2_a_feed_may_ask_for_a_longer_interval_up_to_a_day(ttl: int | None, minutes: int) -> None:
    assert wait(good(replace(NEWS, ttl_minutes=ttl))) == minutes * MINUTE


def test_p5_sources_are_spread_and_each_keeps_its_place() -> None:
    sources = [Source(f"port-{n}", f"https://port.example/{n}") for n in range(100)]
    waits = [wait(good(), source=source) for source in sources]

    assert waits == [wait(good(), source=source) for source in sources]
    assert all(54 * MINUTE <= each <= 66 * MINUTE for each in waits)
    assert max(sum(low <= each < low + MINUTE for each in waits) for low in waits) < 25


def test_p1_p6_a_busy_feed_is_asked_more_often_and_a_quiet_one_less() -> None:
    def run(poll: Poll, times: int) -> list[timedelta]:
        visit, now, waits = Visit("port"), NOW, []
        for _ in range(times):
            visit = schedule.after(SOURCE, visit, poll, now, SETTINGS)
            assert visit.next_visit is not None
            waits.append(visit.next_visit - now)
            now = visit.next_visit
        return waits

    busy, quiet = run(good(new=3), 8), run(unchanged(), 40)

    assert busy == sorted(busy, reverse=True)
    assert busy[-1] == 15 * MINUTE
    assert quiet == sorted(quiet)
    assert 0.9 * DAY <= quiet[-1] <= 1.1 * DAY


@pytest.mark.parametrize("poll", [bad(500), bad(503), Poll(fault=Retry("paused", wait=600))])
def test_p6_what_kept_us_away_does_not_become_the_interval(poll: Poll) -> None:
    visit = after(poll, after(good(), source=SOURCE), SOURCE)

    assert 54 * MINUTE <= wait(good(), visit, SOURCE) <= 66 * MINUTE


def test_p7_errors_back_off_from_an_hour_to_a_day_and_one_good_answer_ends_it() -> None:
    visit, waits = Visit("port"), []
    for _ in range(7):
        visit = after(Poll(fault=Retry("timeout")), visit)
        assert visit.next_visit is not None
        waits.append((visit.next_visit - NOW) / HOUR)

    assert waits == [1, 2, 4, 8, 16, 24, 24]
    assert after(bad(500), replace(visit, errors=100_000)).next_visit == NOW + DAY
    assert after(good(), visit).errors == 0
    assert after(good(), visit).next_visit == NOW + 30 * MINUTE


# ---------------------------------------------------------------- what answers mean


@pytest.mark.parametrize(
    ("poll", "fate", "reason"),
    [
        (good(), Fate.KEPT, ""),
        (good(new=0), Fate.KEPT, ""),
        (good(Feed(())), Fate.DROPPED, "no-entries"),
        (Poll(answer(200), fault=Drop("not-a-feed")), Fate.DROPPED, "not-a-feed"),
        (Poll(answer(200), fault=Drop("empty")), Fate.DROPPED, "empty"),
        (Poll(fault=Drop("private-address")), Fate.DROPPED, "private-address"),
        (Poll(fault=Retry("timeout")), Fate.RETRY, "timeout"),
        (unchanged(), Fate.UNCHANGED, "not-modified"),
        (bad(301), Fate.DROPPED, "http-301"),
        (bad(401), Fate.DROPPED, "http-401"),
        (bad(403), Fate.DROPPED, "http-403"),
        (bad(403, cf_mitigated="Challenge"), Fate.DROPPED, "bot-challenge"),
        (bad(404), Fate.DROPPED, "http-404"),
        (bad(410), Fate.DROPPED, "http-410"),
        (bad(408), Fate.RETRY, "http-408"),
        (bad(429), Fate.RETRY, "http-429"),
        (bad(500), Fate.RETRY, "http-500"),
        (bad(503), Fate.RETRY, "http-503"),
        (bad(204), Fate.DROPPED, "http-204"),
    ],
)
def test_s1_s10_every_poll_ends_with_a_fate_and_a_reason(poll: Poll, fate: Fate, reason: str) -> None:
    assert schedule.verdict(poll) == (fate, reason)
    assert after(poll).reason == reason
    assert after(poll).status == (poll.answer.status if poll.answer else None)
    assert after(poll).errors == (0 if fate in (Fate.KEPT, Fate.UNCHANGED) else 1)


@pytest.mark.parametrize(
    "poll",
    [
        *(good(Feed(())), Poll(answer(200), fault=Drop("empty")), Poll(answer(200), fault=Drop("not-a-feed"))),
        *(bad(301), bad(404), bad(500), Poll(fault=Drop("redirect-loop")), Poll(fault=Retry("dns"))),
    ],
)
def test_s1_s4_s6_s11_faults_of_every_kind_back_off_by_an_hour(poll: Poll) -> None:
    assert wait(poll) == HOUR


def test_s5_gone_is_gone_until_a_person_gives_another_address() -> None:
    visit = after(bad(410), after(good(etag='"1"')))

    assert visit.next_visit is None
    assert schedule.state(FIXED, visit, NOW + 400 * DAY) == "gone"
    assert not schedule.due(FIXED, visit, NOW + 400 * DAY)
    assert not schedule.due(replace(FIXED, interval_minutes=0), visit, NOW + 400 * DAY)
    moved = replace(FIXED, feed="https://port.example/new")
    assert schedule.due(moved, visit, NOW)
    assert schedule.conditional(moved, visit, NOW) == ()
    assert after(good(), visit, moved).errors == 0


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7200", 2 * HOUR),
        (" 7200 ", 2 * HOUR),
        ("Sat, 21 Nov 2026 10:00:00 GMT", 2 * HOUR),
        ("Sat, 21 Nov 2026 10:00:00", 2 * HOUR),
        ("30", 10 * MINUTE),
        ("9" * 400, 48 * HOUR),
        ("Sat, 21 Nov 2099 10:00:00 GMT", 48 * HOUR),
        ("", 10 * MINUTE),
        ("0", 10 * MINUTE),
        ("-5", 10 * MINUTE),
        ("٣٠", 10 * MINUTE),
        (HTTP_NOW, 10 * MINUTE),
        ("Sat, 21 Nov 2009 10:00:00 GMT", 10 * MINUTE),
        ("in a while", 10 * MINUTE),
        ("Sat, 99 Nov 2026 10:00:00 GMT", 10 * MINUTE),
    ],
)
def test_s7_a_busy_server_is_left_alone_as_long_as_it_asks(status: int, value: str, expected: timedelta) -> None:
    assert wait(bad(status, retry_after=value)) == expected


def test_s7_a_busy_server_that_names_no_time_gets_ten_minutes_doubling_to_a_day() -> None:
    waits = [wait(bad(429), Visit("port", errors=errors)) / MINUTE for errors in range(9)]

    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 1440]


def test_s8_a_host_that_asked_another_feed_to_wait_is_no_fault_of_this_one() -> None:
    earlier = after(good(etag='"1"'))
    visit = after(Poll(fault=Retry("paused", wait=600.0)), earlier)

    assert visit.next_visit == NOW + 10 * MINUTE
    assert (visit.errors, visit.status, visit.etag) == (0, 200, '"1"')
    assert wait(Poll(fault=Retry("paused", wait=1e9))) == 48 * HOUR
    assert wait(Poll(fault=Retry("paused"))) == timedelta()


def test_a_fault_that_names_a_time_is_heard() -> None:
    assert wait(Poll(fault=Retry("connection", wait=7200.0))) == 2 * HOUR
    assert wait(Poll(fault=Retry("connection", wait=1.0))) == HOUR


@pytest.mark.parametrize("status", [401, 403])
def test_s9_a_refusal_is_asked_again_slowly(status: int) -> None:
    assert wait(bad(status)) == DAY


# ---------------------------------------------------------------- due, and what people see


def test_a_source_is_due_when_its_time_has_come() -> None:
    visit = after(good())

    assert schedule.due(FIXED, None, NOW)
    assert schedule.due(FIXED, Visit("port"), NOW)
    assert not schedule.due(FIXED, visit, NOW + 29 * MINUTE)
    assert schedule.due(FIXED, visit, NOW + 30 * MINUTE)
    assert schedule.due(FIXED, replace(visit, next_visit=None), NOW)


def test_a_disabled_source_is_never_due() -> None:
    disabled = replace(FIXED, enabled=False)
    owing = replace(after(good()), pending=(Entry("https://port.example/1"),))

    assert not schedule.due(disabled, None, NOW)
    assert not schedule.due(disabled, owing, NOW + DAY)


def test_a_clock_that_was_wrong_for_a_while_silences_no_feed() -> None:
    ahead = after(good(), now=NOW + 400 * DAY)

    assert schedule.due(FIXED, ahead, NOW)


def test_pages_that_were_promised_make_a_source_due_but_not_its_feed() -> None:
    entry = Entry("https://port.example/1")
    owing = replace(after(good()), pending=(replace(entry, not_before=NOW + 10 * MINUTE),))

    assert not schedule.due(FIXED, owing, NOW + 9 * MINUTE)
    assert schedule.due(FIXED, owing, NOW + 10 * MINUTE)
    assert schedule.due(FIXED, replace(owing, pending=(entry,)), NOW)
    assert not schedule.feed_due(FIXED, owing, NOW + 10 * MINUTE)


@pytest.mark.parametrize(
    ("source", "visit", "word"),
    [
        (replace(FIXED, enabled=False), None, "disabled"),
        (FIXED, None, "new"),
        (FIXED, Visit("port"), "new"),
        (FIXED, after(good()), "ok"),
        (FIXED, after(bad(404)), "ok"),
        (FIXED, after(bad(404), Visit("port", errors=2)), "failing"),
        (FIXED, after(bad(410)), "gone"),
        (FIXED, after(good(), now=NOW - HOUR), "due"),
        (replace(FIXED, interval_minutes=0), after(good()), "due"),
    ],
)
def test_the_state_of_a_source_is_one_word(source: Source, visit: Visit | None, word: str) -> None:
    assert schedule.state(source, visit, NOW + MINUTE, SETTINGS) == word


# ---------------------------------------------------------------- anything at all


HEADERS = st.dictionaries(
    st.sampled_from(["etag", "last_modified", "cache_control", "expires", "date", "retry_after", "cf_mitigated"]),
    st.text(max_size=30)
    | st.sampled_from(["max-age=1", "no-cache", HTTP_NOW, "0", "-1", "Sat, 21 Nov 99999 08:00:00 GMT"]),
)
ANSWERS = st.builds(
    lambda status, headers: answer(status, **headers), st.integers(100, 599) | st.sampled_from([200, 304, 429]), HEADERS
)
FAULTS: st.SearchStrategy[Drop | Retry] = st.one_of(
    st.builds(Drop, st.just("too-large")),
    st.builds(partial(Retry, "timeout"), wait=st.none() | st.floats(0, 1e8)),
)
FEEDS = st.builds(
    partial(replace, NEWS), ttl_minutes=st.none() | st.integers(1, 10**9), flags=st.sampled_from([(), (CUT_OFF,)])
)
POLLS = st.builds(Poll, st.none() | ANSWERS, st.none() | FEEDS, st.none() | FAULTS, st.integers(0, 50)).filter(
    lambda poll: bool(poll.answer or poll.fault)
)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.lists(POLLS, min_size=1, max_size=12), st.none() | st.integers(1, 10_000))
def test_whatever_is_answered_a_source_is_asked_again_neither_at_once_nor_never(
    polls: list[Poll], minutes: int | None
) -> None:
    source, visit, now = replace(SOURCE, interval_minutes=minutes), Visit("port"), NOW
    least = min(10, minutes or 10) * MINUTE
    most = max(53 * HOUR, (minutes or 0) * MINUTE)
    for poll in polls:
        visit = schedule.after(source, visit, poll, now, SETTINGS)
        assert visit.next_visit is None or least <= visit.next_visit - now <= most
        assert visit.errors >= 0
        now = visit.next_visit or now + DAY
