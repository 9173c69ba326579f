"""A pass in parts: shards side by side end in the store of one pass, and what stops half-way is gone on with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline import flow, urls
from pipeline.alerts import Message
from pipeline.flow.run import part_of
from pipeline.model import Changes, Fate, Outcome, Source, StoreError, Turn, Work
from pipeline.shards import Shard, shards, sources_of
from pipeline.stores.sqlite import SqliteStore
from tests.local_server import LocalServer, Reply, Request, Route
from tests.trial import NOW, Trial, equal_parts, html, minutes, page, rss, rule, story, table, trial

LANGUAGES = ("ar", "fa", "ckb", "kmr", "tr", "he", "hy", "az", "fr", "en")
LONG = minutes(60)
HOSTS = tuple(f"127.0.0.{number}" for number in range(2, 6))


def outlet(number: int, pages: int = 3) -> LocalServer:
    """An outlet on an address of its own, in a language of its own."""

    def feed(request: Request) -> Reply:
        return Reply(rss(f"http://{request.header('host')}/{each}" for each in range(pages)))

    def article(request: Request) -> Reply:
        text = html(story(100 * number + int(request.target[1:]), LANGUAGES[number]))
        return Reply(text, headers={"Content-Type": "text/html"})

    routes: dict[str, Route] = {"/feed": feed, "/robots.txt": Reply(status=404), "*": article}
    return LocalServer(routes, address=HOSTS[number])


@pytest.fixture
def press() -> Iterator[list[LocalServer]]:
    with ExitStack() as stack:
        yield [stack.enter_context(outlet(number)) for number in range(len(HOSTS))]


def sources(press: list[LocalServer]) -> tuple[Source, ...]:
    return tuple(Source(f"outlet-{number}", server.url("/feed")) for number, server in enumerate(press))


def attempt(found: Trial, shard: Shard, number: int = 1) -> flow.Run:
    return found.run(flow.part_id("run-1", shard.name, number))


def in_parts(found: Trial, count: int) -> None:
    """All steps of a scheduled run, one after the other."""
    flow.begin(found.run("run-1"))
    for shard in shards(count):
        flow.collect_part(attempt(found, shard), shard, LONG)
        flow.process_part(attempt(found, shard), shard)
    flow.settle_parts(found.run("run-1"))


def pages_asked(press: list[LocalServer]) -> Counter[str]:
    return Counter(f"{server.address}{target}" for server in press for target in server.targets if target[1:].isdigit())


@pytest.mark.parametrize("count", [1, 2, 7])
def test_parts_end_in_the_store_and_the_outcomes_of_one_pass(
    tmp_path: Path, press: list[LocalServer], count: int
) -> None:
    whole, parts = (trial(tmp_path / name, *sources(press)) for name in ("whole", "parts"))
    flow.one_pass(whole.run("run-1"), None, {})

    in_parts(parts, count)

    assert equal_parts(parts.articles) == equal_parts(whole.articles)
    assert (
        table(parts.outcomes("run-1"))
        == table(whole.outcomes("run-1"))
        == {
            ("feed", "kept", ""): 4,
            ("store", "kept", "new"): 12,
        }
    )
    assert {name: each.value.kept for name, each in parts.store.visits().items()} == dict.fromkeys(
        (f"outlet-{number}" for number in range(4)), 3
    )


def test_a_shard_asks_and_reads_for_its_own_sources_only(tmp_path: Path, press: list[LocalServer]) -> None:
    found = trial(tmp_path, *sources(press))
    one, other = shards(2)
    mine = {source.id for source in sources_of(sources(press), one)}
    assert mine < {source.id for source in sources(press)}

    for shard in (one, other):
        flow.collect_part(attempt(found, shard), shard, LONG)
    read = flow.process_part(attempt(found, one), one)

    assert read == 3 * len(mine)
    assert {article.outlet.id for article in found.articles} == mine
    assert {each.source for each in found.outcomes("run-1.1of2")} == mine


class Away(SqliteStore):
    """A store that is away when the pages of a source are archived and its promises are to be taken off."""

    away = True

    def save(self, changes: Changes) -> frozenset[str]:
        """Write, or not."""
        if self.away and any(each.value.visited_at and not each.value.pending for each in changes.visits):
            raise StoreError("the store is away")
        return super().save(changes)


def test_a_shard_that_is_tried_again_asks_for_no_page_twice(tmp_path: Path, press: list[LocalServer]) -> None:
    found = trial(tmp_path, sources(press)[0], store=Away)
    (shard,) = shards(1)
    with pytest.raises(StoreError):
        flow.collect_part(attempt(found, shard), shard, LONG)
    assert isinstance(found.store, Away)
    found.store.away = False

    flow.collect_part(attempt(found, shard, 2), shard, LONG)
    flow.process_part(attempt(found, shard, 2), shard)

    assert pages_asked(press) == {f"{HOSTS[0]}/{number}": 1 for number in range(3)}
    assert press[0].targets.count("/feed") == 1
    assert table(found.outcomes("run-1")) == {("feed", "kept", ""): 1, ("store", "kept", "new"): 3}


def test_what_shards_of_another_split_left_is_read_before_settling(tmp_path: Path, press: list[LocalServer]) -> None:
    found = trial(tmp_path, *sources(press))
    old = Shard(1, 1)
    flow.collect_part(attempt(found, old), old, LONG)
    for shard in shards(2):
        assert flow.process_part(attempt(found, shard), shard) == 0

    left = flow.settle_parts(found.run("run-2"))

    [(interrupted, pages)] = left.items()
    assert interrupted.startswith("run-1.1of1.1-")
    assert pages == 12
    assert len(found.articles) == 12


def test_when_the_time_is_up_what_was_promised_waits_for_the_next_run(tmp_path: Path, press: list[LocalServer]) -> None:
    found = trial(tmp_path, sources(press)[0])
    slow = press[0].routes["*"]
    assert callable(slow)

    def article(request: Request) -> Reply:
        found.at += minutes(1)
        answer = slow(request)
        assert isinstance(answer, Reply)
        return answer

    press[0].routes["*"] = article
    (shard,) = shards(1)
    flow.collect_part(attempt(found, shard), shard, minutes(2))
    first = found.outcomes("run-1")

    flow.collect_part(found.run("run-2"), shard, LONG)
    flow.settle_parts(found.run("run-2"))

    assert said(first) == [("feed", "kept", ""), ("entry", "retry", "postponed")]
    assert said(found.outcomes("run-2")) == [("store", "kept", "new")]
    assert said(found.outcomes("run-1")) == [*said(first)[:1], *[("store", "kept", "new")] * 2, said(first)[1]]
    assert press[0].targets.count("/feed") == 1
    assert set(pages_asked(press).values()) == {1}


def said(outcomes: list[Outcome]) -> list[tuple[str, str, str]]:
    return [(each.stage, each.fate.value, each.reason) for each in outcomes]


def test_a_source_whose_turn_comes_too_late_stays_due(tmp_path: Path, press: list[LocalServer]) -> None:
    found = trial(tmp_path, *sources(press))
    (shard,) = shards(1)

    flow.collect_part(attempt(found, shard), shard, minutes(0))

    assert found.outcomes("run-1") == []
    assert [source.id for source in flow.due_sources(found.run("run-2"))] == [each.id for each in sources(press)]


def test_alerts_do_not_wait_for_what_is_being_fetched(tmp_path: Path) -> None:
    found = trial(tmp_path, Source("khabar", "https://khabar.example/feed"), **rule())
    flow.begin(found.run("run-1"))
    found.write("run-1", [page("https://khabar.example/1", html(story(1, "ar"), NOW - minutes(5)))])
    flow.settle_parts(found.run("run-1"))
    sent: list[Message] = []
    fetching = SqliteStore.open(f"sqlite:///{tmp_path}/wireroom.db")

    with fetching.exclusive(Turn(Work.COLLECT, "1of4")):
        assert flow.settle_and_alert(found.run("run-2"), {"desk": sent.append}) == 1
    fetching.close()

    assert [message.id for message in sent] == [f"peshmerga/{urls.article_id('https://khabar.example/1')}/new"]
    assert flow.settle_and_alert(found.run("run-3"), {"desk": sent.append}) == 0


def test_offers_that_were_met_are_taken_off_when_all_is_settled(tmp_path: Path) -> None:
    found = trial(tmp_path, Source("khabar", "https://khabar.example/feed"))
    found.write("run-1.1of1.1", [page("https://khabar.example/1", html(story(1, "he")))])

    assert flow.settle_parts(found.run("run-2")) == {"run-1.1of1.1": 1}
    assert flow.settle_parts(found.run("run-3")) == {}
    assert [each.fate for each in found.outcomes("run-1")] == [Fate.KEPT]


def test_a_run_tells_its_part() -> None:
    assert part_of(flow.part_id("20261121T080000Z-abcdef", "3of8", 2)) == "3of8"
    assert part_of("20261121T080000Z-abcdef") == ""
