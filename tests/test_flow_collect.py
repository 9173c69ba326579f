"""Collecting: every poll and entry ends once, nothing is asked for twice, one bad source costs itself only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import flow
from pipeline.archive import Archived
from pipeline.fetch import Web
from pipeline.intake import PAGE_ATTEMPTS
from pipeline.model import Answer, Changes, Fate, Outcome, Source, Stored, StoreError
from pipeline.stores.sqlite import SqliteStore
from pipeline.watchlist import Config, RetentionSettings
from tests.local_server import LocalServer, Reply, Request, Route
from tests.trial import LOOPBACK, NOW, Trial, html, minutes, page, rss, story, table, trial

HTML = {"Content-Type": "text/html"}
PAGE = Reply(html(story(1, "fa")), headers=HTML)
ROBOTS = Reply(b"User-agent: *\nDisallow: /print/\n")


def feed(*paths: str) -> Callable[[Request], Reply]:
    """A feed that links to these paths of its own server, and answers 304 to whoever knows it."""

    def answer(request: Request) -> Reply:
        host = request.header("host")
        body = rss(f"http://{host}{path}" if path else "" for path in paths)
        tag = f'"{len(body)}"'
        if request.header("if-none-match") == tag:
            return Reply(status=304)
        return Reply(body, headers={"ETag": tag})

    return answer


def khabar(server: LocalServer, path: str = "/feed", name: str = "khabar") -> Source:
    return Source(name, server.url(path))


def said(outcomes: list[Outcome]) -> list[tuple[str, str, str]]:
    return [(each.stage, each.fate.value, each.reason) for each in outcomes]


def archived(khabar: Trial) -> list[str]:
    """Paths of the archived pages, in order."""
    found = [each for file in khabar.archive.files() for each in khabar.archive.pages(file)]
    return [each.page.url.partition("/")[2].partition("/")[2] for each in found if isinstance(each, Archived)]


def test_a_poll_and_each_entry_have_one_outcome_and_their_sum_is_right(tmp_path: Path) -> None:
    paths = ("/good", "/good?utm_source=rss", "", "/missing", "/print/1", "/photo", "/short")
    routes: dict[str, Route] = {
        "/feed": feed(*paths),
        "/front": Reply(b"<html><body>News</body></html>", headers=HTML),
        "/robots.txt": ROBOTS,
        "/good": PAGE,
        "/photo": Reply(b"\x89PNG", headers={"Content-Type": "image/png"}),
        "/short": Reply(html(["Kurte nûçe."]), headers=HTML),
    }
    with LocalServer(routes) as server:
        sources = [khabar(server, path, path[1:]) for path in ("/feed", "/front", "/gone")]
        found = trial(tmp_path, *sources)
        found.collect("run-1")

    outcomes = found.process("run-1")

    assert table(outcomes) == {
        ("feed", "kept", ""): 1,
        ("feed", "dropped", "not-a-feed"): 1,
        ("feed", "dropped", "http-404"): 1,
        ("entry", "dropped", "duplicate-url"): 1,
        ("entry", "dropped", "no-link"): 1,
        ("fetch", "dropped", "http-404"): 1,
        ("fetch", "dropped", "robots"): 1,
        ("fetch", "dropped", "not-html"): 1,
        ("length", "dropped", "too-short"): 1,
        ("store", "kept", "new"): 1,
    }
    assert sorted((each.source, each.entry) for each in outcomes) == [
        *(("feed", number) for number in range(len(paths) + 1)),
        ("front", 0),
        ("gone", 0),
    ]


def test_a_second_run_asks_conditionally_and_for_no_page(tmp_path: Path) -> None:
    with LocalServer({"/feed": feed("/1", "/2"), "*": PAGE}) as server:
        found = trial(tmp_path, khabar(server))
        found.collect("run-1")
        found.process("run-1")
        before = len(server.requests)
        found.at += timedelta(hours=2)

        again = found.collect("run-2")

        assert said(again) == [("feed", "unchanged", "not-modified")]
        assert server.targets[before:] == ["/feed"]
        assert server.requests[-1].header("if-none-match") is not None


def test_a_feed_that_tells_the_same_in_full_asks_for_no_page_either(tmp_path: Path) -> None:
    with LocalServer({"/feed": lambda request: Reply(feed("/1", "/2")(request).body), "*": PAGE}) as server:
        found = trial(tmp_path, khabar(server))
        found.collect("run-1")
        found.process("run-1")
        found.at += timedelta(hours=2)

        again = found.collect("run-2")

        assert said(again) == [("feed", "kept", ""), *[("entry", "unchanged", "known")] * 2]
        assert server.targets.count("/1") == 1


def test_a_source_that_is_not_due_is_left_alone(tmp_path: Path) -> None:
    with LocalServer({"/feed": feed("/1"), "*": PAGE}) as server:
        found = trial(tmp_path, khabar(server))
        found.collect("run-1")
        found.process("run-1")
        found.at += minutes(5)

        assert found.collect("run-2") == []
        assert server.targets.count("/feed") == 1


def test_a_page_that_is_gone_is_never_asked_for_again(tmp_path: Path) -> None:
    with LocalServer({"/feed": lambda request: Reply(feed("/gone")(request).body)}) as server:
        found = trial(tmp_path, khabar(server))
        assert ("fetch", "dropped", "http-404") in said(found.collect("run-1"))

        for run in range(2, 5):
            found.at += timedelta(hours=24)
            assert said(found.collect(f"run-{run}")) == [("feed", "kept", ""), ("entry", "unchanged", "known")]

        assert server.targets.count("/gone") == 1


def test_a_busy_page_is_asked_for_again_after_its_time_though_the_feed_is_unchanged(tmp_path: Path) -> None:
    with LocalServer({"/feed": feed("/1", "/2"), "/1": Reply(status=503), "*": PAGE}) as server:
        found = trial(tmp_path, khabar(server))
        first = found.collect("run-1")
        [promise] = found.store.visits()["khabar"].value.pending
        found.process("run-1")

        found.at += minutes(9)
        early = found.collect("run-2")
        found.at = NOW + timedelta(hours=2)
        server.routes["/1"] = PAGE
        late = found.collect("run-3")

    assert said(first) == [("feed", "kept", ""), ("fetch", "retry", "http-503")]
    assert (promise.url, promise.attempts, promise.not_before) == (server.url("/1"), 1, NOW + minutes(10))
    assert early == []
    assert said(late) == [("feed", "unchanged", "not-modified")]
    assert server.targets.count("/1") == 2
    assert archived(found)[-1].endswith("/1")
    assert found.store.visits()["khabar"].value.pending == ()


def test_a_source_that_owes_pages_is_not_polled_before_it_is_due(tmp_path: Path) -> None:
    with LocalServer({"/feed": feed("/1"), "/1": Reply(status=503)}) as server:
        found = trial(tmp_path, khabar(server))
        found.collect("run-1")
        found.at += minutes(11)

        again = found.collect("run-2")

        assert said(again) == [("fetch", "retry", "http-503")]
        assert (server.targets.count("/feed"), server.targets.count("/1")) == (1, 2)


def test_a_promise_that_waits_is_counted_where_the_feed_still_tells_of_it(tmp_path: Path) -> None:
    busy = Reply(status=503, headers={"Retry-After": "86400"})
    with LocalServer({"/feed": lambda request: Reply(feed("/1")(request).body), "/1": busy}) as server:
        found = trial(tmp_path, khabar(server))
        found.collect("run-1")
        found.at += timedelta(hours=2)

        again = found.collect("run-2")

        assert said(again) == [("feed", "kept", ""), ("entry", "retry", "waiting")]
        assert server.targets.count("/1") == 1


def test_a_page_is_given_up_after_its_last_attempt(tmp_path: Path) -> None:
    with LocalServer({"/feed": feed("/1"), "/1": Reply(status=503)}) as server:
        found = trial(tmp_path, khabar(server))
        fates = []
        for run in range(1, PAGE_ATTEMPTS + 3):
            fates += [each.fate for each in found.collect(f"run-{run}") if each.stage == "fetch"]
            found.at += timedelta(hours=12)

        assert fates == [Fate.RETRY] * (PAGE_ATTEMPTS - 1) + [Fate.FAILED]
        assert server.targets.count("/1") == PAGE_ATTEMPTS
        assert found.store.visits()["khabar"].value.pending == ()


def test_two_feeds_that_tell_of_one_page_ask_for_it_once(tmp_path: Path) -> None:
    routes: dict[str, Route] = {"/all": feed("/1", "/2"), "/politics": feed("/2", "/3"), "*": PAGE}
    with LocalServer(routes) as server:
        found = trial(tmp_path, khabar(server, "/all", "all"), khabar(server, "/politics", "politics"))
        found.collect("run-1")
        outcomes = found.process("run-1")

        assert sorted(target for target in server.targets if target[1:].isdigit()) == ["/1", "/2", "/3"]
        assert table(outcomes)["entry", "dropped", "duplicate-url"] == 1
        assert table(outcomes).total() == 2 + 4


def test_a_page_that_another_feed_waits_for_is_left_to_that_one(tmp_path: Path) -> None:
    busy = Reply(status=503, headers={"Retry-After": "86400"})
    with LocalServer({"/all": feed("/1"), "/politics": Reply(status=500), "/1": busy}) as server:
        found = trial(tmp_path, khabar(server, "/all", "all"), khabar(server, "/politics", "politics"))
        found.collect("run-1")
        server.routes["/politics"] = feed("/1")
        found.at += timedelta(hours=2)

        found.collect("run-2")

        assert server.targets.count("/1") == 1
        assert table(found.outcomes("run-2")) == {
            ("feed", "unchanged", "not-modified"): 1,
            ("feed", "kept", ""): 1,
            ("entry", "dropped", "duplicate-url"): 1,
        }


class Faulty(Web):
    """A web with a bug that one feed and one page bring out."""

    async def feed(self, source: Source, conditional: tuple[tuple[str, str], ...] = (), issuer: str = "") -> Answer:
        if source.id == "cursed":
            raise RuntimeError("a bug in reading خبر")
        return await super().feed(source, conditional, issuer)

    async def page(self, url: str) -> Answer:
        if url.endswith("/cursed"):
            raise RuntimeError("a bug in reading a page")
        return await super().page(url)


def test_a_bug_in_one_source_costs_one_failed_outcome_and_the_others_go_on(tmp_path: Path) -> None:
    with LocalServer({"/feed": feed("/1"), "*": PAGE}) as server:
        found = trial(tmp_path, khabar(server, name="cursed"), khabar(server))
        outcomes = found.collect("run-1", Faulty)

        assert said(outcomes) == [("feed", "failed", "internal-error"), ("feed", "kept", "")]
        assert archived(found) != []
        assert any("RuntimeError: a bug in reading خبر" in note for note in found.notes)
        found.at += minutes(2)
        assert found.collect("run-2", Faulty) == []  # as after any other fault, it is left alone for a while


def test_a_bug_in_one_page_costs_that_page_and_not_those_behind_it(tmp_path: Path) -> None:
    with LocalServer({"/feed": feed("/1", "/cursed", "/2"), "*": PAGE}) as server:
        found = trial(tmp_path, khabar(server))
        found.collect("run-1", Faulty)
        outcomes = found.process("run-1")

        assert [each for each in said(outcomes) if each[1] == "failed"] == [("fetch", "failed", "internal-error")]
        assert server.targets[-1] == "/2"
        assert table(outcomes).total() == 1 + 3
        assert any("RuntimeError: a bug in reading a page" in note for note in found.notes)
        found.at += timedelta(hours=2)
        assert said(found.collect("run-2", Faulty)) == [("feed", "unchanged", "not-modified")]


class Away(SqliteStore):
    """A store that goes away after so many writes."""

    left = 1_000_000

    def save(self, changes: Changes) -> frozenset[str]:
        self.left -= 1
        if self.left < 0:
            raise StoreError("store: gone away")
        return super().save(changes)


def away(folder: Path, *sources: Source) -> tuple[Trial, Away]:
    found = trial(folder, *sources, store=Away)
    assert isinstance(found.store, Away)
    return found, found.store


def test_outcomes_are_kept_beside_the_archive_while_the_store_is_away_and_stored_by_the_next_run(
    tmp_path: Path,
) -> None:
    with LocalServer({"/feed": feed("/1", "/gone", "/2"), "/1": PAGE, "/2": PAGE}) as server:
        found, store = away(tmp_path, khabar(server))
        store.left = 1  # for the visit
        with pytest.raises(StoreError):
            found.collect("run-1")
        spooled = [each for _, outcomes in found.archive.spooled() for each in outcomes]
        store.left = 1_000
        found.at += minutes(1)

        flow.one_pass(found.run("run-2"), None, {})

        assert said(spooled) == [("fetch", "dropped", "http-404")]
        assert found.archive.spooled() == []
        assert sorted(server.targets) == sorted(["/feed", "/robots.txt", "/1", "/gone", "/robots.txt", "/2"])
        both = table([*found.outcomes("run-1"), *found.outcomes("run-2")])
        assert both == {("feed", "kept", ""): 1, ("fetch", "dropped", "http-404"): 1, ("store", "kept", "new"): 2}
        found.at += timedelta(hours=2)
        server.routes["/feed"] = lambda request: Reply(feed("/gone")(request).body)
        assert said(found.collect("run-3")) == [("feed", "kept", ""), ("entry", "unchanged", "known")]


def test_a_store_that_is_away_from_the_start_costs_the_poll_only(tmp_path: Path) -> None:
    with LocalServer({"/feed": feed("/1"), "*": PAGE}) as server:
        found, store = away(tmp_path, khabar(server), khabar(server, name="sister"))
        store.left = 0
        with pytest.raises(StoreError, match="gone away"):
            found.collect("run-1")
        store.left = 1_000

        flow.one_pass(found.run("run-2"), None, {})

        assert set(said(found.outcomes("run-1"))) == {("feed", "kept", "")}
        assert found.store.count() == 1


def test_a_run_that_died_does_not_make_the_next_one_ask_a_busy_page_early(tmp_path: Path) -> None:
    with LocalServer({"/feed": feed("/1", "/2"), "/1": Reply(status=503), "*": PAGE}) as server:
        found, store = away(tmp_path, khabar(server))
        store.left = 2  # the visit and what became of /1; the next write would take the promise of /2 off
        with pytest.raises(StoreError):
            found.collect("run-1")
        store.left = 1_000
        found.at += minutes(1)

        found.process("run-2")
        assert found.collect("run-2") == []
        found.at += minutes(10)
        assert said(found.collect("run-3")) == [("fetch", "retry", "http-503")]
        assert server.targets.count("/2") == 1


def test_the_pages_of_a_run_that_died_are_not_asked_for_again(tmp_path: Path) -> None:
    with LocalServer({"/feed": feed("/1", "/2", "/3"), "*": PAGE}) as server:
        found, store = away(tmp_path, khabar(server))
        store.left = 1
        with pytest.raises(StoreError):
            found.collect("run-1")
        store.left = 1_000

        flow.one_pass(found.run("run-2"), None, {})

        assert sorted(server.targets) == ["/1", "/2", "/3", "/feed", "/robots.txt"]
        assert found.store.visits()["khabar"].value.kept == 3
        assert found.store.visits()["khabar"].value.pending == ()


class Overtaken(SqliteStore):
    """A store in which another worker records its visit a little earlier."""

    def save(self, changes: Changes) -> frozenset[str]:
        theirs = (Stored(replace(each.value, run="run-2"), each.version) for each in changes.visits)
        super().save(Changes(visits=tuple(theirs)))
        return super().save(changes)


def test_a_visit_that_another_worker_wrote_meanwhile_is_left_to_that_one(tmp_path: Path) -> None:
    with LocalServer({"/feed": feed("/1"), "*": PAGE}) as server:
        found = trial(tmp_path, khabar(server), store=Overtaken)
        found.collect("run-1")

        assert server.targets == ["/feed"]
        assert found.notes == ["khabar: another worker polled it meanwhile; left to that one"]


def test_a_feed_that_cannot_be_reached_is_asked_again_later(tmp_path: Path) -> None:
    with LocalServer({}) as server:
        nobody = khabar(server)
    found = trial(tmp_path, nobody)

    assert said(found.collect("run-1")) == [("feed", "retry", "connection")]
    assert found.store.visits()["khabar"].value.errors == 1


def test_an_archive_that_cannot_be_written_ends_the_run_and_loses_nothing(tmp_path: Path) -> None:
    with LocalServer({"/feed": feed("/1"), "*": PAGE}) as server:
        found = trial(tmp_path, khabar(server))
        (tmp_path / "archive").write_text("in the way")
        with pytest.raises(StoreError, match=r"archive .* nothing is lost"):
            found.collect("run-1")
        (tmp_path / "archive").unlink()

        flow.one_pass(found.run("run-2"), None, {})

        assert server.targets.count("/feed") == 1
        assert found.store.count() == 1


def test_a_feed_of_50_000_items_is_cut_and_the_sum_is_right(tmp_path: Path) -> None:
    with LocalServer({"*": PAGE}) as server:
        server.routes["/feed"] = Reply(rss(server.url(f"/{number % 10}") for number in range(50_000)))
        found = trial(tmp_path, khabar(server))
        found.collect("run-1")

        outcomes = found.process("run-1")

        assert table(outcomes).total() == 1 + 50_000
        assert table(outcomes)["entry", "dropped", "over-limit"] == 48_000
        assert table(outcomes)["entry", "dropped", "duplicate-url"] == 1_990
        assert len(server.requests) == 1 + 1 + 10
        assert found.store.visits()["khabar"].value.entries == 50_000


def test_one_source_that_a_person_asks_for_is_polled_though_not_due_and_though_disabled(tmp_path: Path) -> None:
    with LocalServer({"/feed": feed("/1"), "*": PAGE}) as server:
        resting = Source("resting", server.url("/feed"), enabled=False)
        found = trial(tmp_path, khabar(server), resting)
        asked = [flow.one_pass(found.run(f"run-{number}"), "resting", {}) for number in (1, 2)]

        assert [each.pages for each in asked] == [1, 0]
        assert server.targets.count("/feed") == 2
        assert found.store.visits().keys() == {"resting"}


def test_without_sources_a_pass_ends_well(tmp_path: Path) -> None:
    found = trial(tmp_path)
    found.config = Config("config", LOOPBACK)

    assert flow.one_pass(found.run("run-1"), None, {}) == flow.Pass(0, {}, 0)


def test_progress_is_told_source_by_source(tmp_path: Path) -> None:
    with LocalServer({"/feed": Reply(rss(()))}) as server:
        found = trial(tmp_path, khabar(server), khabar(server, name="sister"))
        ticks: list[tuple[str, int, int]] = []
        run = found.run("run-1")

        flow.one_pass(
            flow.Run(
                run.config, run.store, run.archive, "run-1", run.clock, run.note, lambda *told: ticks.append(told)
            ),
            None,
            {},
        )

    assert ticks == [("collect", 1, 2), ("collect", 2, 2)]


@pytest.mark.parametrize(("days", "left"), [(90, 0), (None, 1)])
def test_outcomes_are_kept_as_long_as_the_settings_say(days: int | None, left: int, tmp_path: Path) -> None:
    found = trial(tmp_path, settings=replace(LOOPBACK, retention=RetentionSettings(days)))
    found.store.save(Changes(outcomes=(Outcome("run-0", "khabar", "", "feed", Fate.KEPT, "", NOW),)))
    found.at += timedelta(days=91)
    found.write("run-1.0", [page("https://khabar.example/1", html(story(1), found.at), found.at)])

    flow.one_pass(found.run("run-1"), None, {})

    assert len(found.outcomes("run-0")) == left


def test_ids_of_runs_sort_by_time_and_differ_within_a_second() -> None:
    later = flow.new_id(NOW + timedelta(seconds=1))
    first, second = flow.new_id(NOW), flow.new_id(NOW)

    assert first != second
    assert max(first, second) < later
