"""A pass in parts: shards side by side end in the store of one pass, and what stops half-way is gone on with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import flow, urls
from pipeline.alerts import Message
from pipeline.flow.run import part_of
from pipeline.model import Changes, Entry, Outcome, Source, Stored, StoreError, Turn, Visit, Work
from pipeline.shards import Shard, shards, sources_of
from pipeline.stores.sqlite import SqliteStore
from tests.local_server import LocalServer, Reply, Request, Route
from tests.trial import NOW, Trial, equal_parts, html, minutes, page, rss, rule, story, table, trial

LANGUAGES = ("ar", "fa", "ckb", "kmr", "tr", "he", "hy", "az", "fr", "en")
LONG = minutes(60)
KHABAR = Source("khabar", "https://khabar.example/feed")
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


def attempt(found: Trial, shard: Shard, number: int = 1, batch: str = "run-1") -> flow.Run:
    return found.run(flow.part_id(batch, shard.name, number))


def in_parts(found: Trial, count: int, batch: str = "run-1") -> None:
    """All steps of a scheduled run, one after the other."""
    flow.begin(found.run(batch))
    for shard in shards(count):
        flow.collect_part(attempt(found, shard, batch=batch), shard, LONG)
        flow.process_part(attempt(found, shard, batch=batch), shard)
    flow.settle_parts(found.run(batch))


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


@pytest.mark.parametrize("interrupted", ["by-hand", "run-0.1of1.1", "run-0.2of7.1"])
def test_what_an_interrupted_run_of_no_such_part_archived_is_not_asked_for_again(
    tmp_path: Path, press: list[LocalServer], interrupted: str
) -> None:
    found = trial(tmp_path, sources(press)[0], store=Away)
    with pytest.raises(StoreError):
        flow.collect_part(found.run(interrupted), Shard(1, 1), LONG)
    assert isinstance(found.store, Away)
    found.store.away = False

    in_parts(found, 2)
    asked = pages_asked(press), press[0].targets.count("/feed")
    found.at += timedelta(hours=3)
    in_parts(found, 2, "run-2")

    assert asked == ({f"{HOSTS[0]}/{number}": 1 for number in range(3)}, 1)
    assert table(found.outcomes(interrupted)) == {("feed", "kept", ""): 1, ("store", "kept", "new"): 3}
    assert (pages_asked(press), press[0].targets.count("/feed")) == (asked[0], 2)


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
    assert {visit.value.kept for visit in found.store.visits().values()} == {3}
    assert flow.settle_parts(found.run("run-3")) == {}


def test_a_part_that_is_done_hides_no_file_of_another(tmp_path: Path) -> None:
    found = trial(tmp_path, KHABAR)
    for seed, shard in enumerate(shards(2)):
        found.write(attempt(found, shard).id, [page(f"https://khabar.example/{seed}", html(story(seed, "ckb")))])
    found.at += timedelta(days=3)

    assert [flow.process_part(attempt(found, shard), shard) for shard in shards(2)] == [1, 1]


def test_what_was_fetched_under_a_clock_that_was_days_behind_is_read(tmp_path: Path, press: list[LocalServer]) -> None:
    found, (shard,) = trial(tmp_path, sources(press)[0]), shards(1)
    flow.settle_parts(found.run("run-0"))

    found.at = NOW - timedelta(days=3)
    flow.collect_part(attempt(found, shard), shard, LONG)
    found.at = NOW

    assert flow.process_part(attempt(found, shard), shard) == 3


@pytest.mark.parametrize("batch", ["run-2", "run-1"])  # the same again: the scheduler's database was made anew
def test_when_the_time_is_up_what_was_promised_waits_for_the_next_run(
    tmp_path: Path, press: list[LocalServer], batch: str
) -> None:
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
    one, other = attempt(found, shard), attempt(found, shard, batch=batch)
    flow.collect_part(one, shard, minutes(2))
    first = said(found.outcomes(one.id))

    flow.collect_part(other, shard, LONG)
    flow.settle_parts(found.run(batch))

    assert first == [("feed", "kept", ""), ("entry", "retry", "postponed")]
    assert said(found.outcomes(other.id)) == [("store", "kept", "new")]
    assert said(found.outcomes(one.id)) == [first[0], *[("store", "kept", "new")] * 2, first[1]]
    assert found.store.visits()["outlet-0"].value.pending == ()
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
    assert found.notes == ["the time was up before 4 of 4 sources were asked; they stay due"]


def test_who_has_waited_longest_is_asked_first(tmp_path: Path, press: list[LocalServer]) -> None:
    waited = {"lately": 1, "longest": 9, "never": None, "long": 5, "offered": None}
    press[0].routes |= {f"/{name}": Reply(rss([])) for name in waited}
    found = trial(tmp_path, *(Source(name, press[0].url(f"/{name}")) for name in waited))
    visits = [Visit(name, visited_at=NOW - timedelta(hours=since)) for name, since in waited.items() if since]
    found.store.save(Changes(visits=tuple(map(Stored, [*visits, Visit("offered")]))))

    flow.collect_part(attempt(found, Shard(1, 1)), Shard(1, 1), LONG)

    asked = [target[1:] for target in press[0].targets if target != "/robots.txt"]
    assert asked == ["never", "offered", "longest", "long", "lately"]


class Queue(SqliteStore):
    """A store in which every turn is waited for."""

    trial: Trial

    @contextmanager
    def exclusive(self, *turns: Turn) -> Iterator[None]:
        """Hold these turns, more than an hour later."""
        self.trial.at += minutes(70)
        with super().exclusive(*turns):
            yield


def test_the_time_counts_from_when_the_turn_is_had(tmp_path: Path, press: list[LocalServer]) -> None:
    found, (shard,) = trial(tmp_path, *sources(press), store=Queue), shards(1)
    assert isinstance(found.store, Queue)
    found.store.trial = found

    flow.collect_part(attempt(found, shard), shard, minutes(1))

    assert sum(pages_asked(press).values()) == 12
    assert found.notes == []


class HeldError(Exception):
    """A turn that somebody else has."""


def held() -> None:
    raise HeldError


class Impatient(SqliteStore):
    """A store that waits for nobody."""

    @classmethod
    def open(cls, url: str, waiting: Callable[[], None] = held) -> SqliteStore:
        """The store, with which to wait is an error."""
        return super().open(url, waiting)


def test_while_a_source_is_asked_others_of_its_shard_are_kept_out(tmp_path: Path, press: list[LocalServer]) -> None:
    found, (shard,) = trial(tmp_path, sources(press)[0]), shards(1)
    answer, free = press[0].routes["/feed"], list[Turn]()
    assert callable(answer)

    def feed(request: Request) -> Reply:
        with closing(Impatient.open(f"sqlite:///{tmp_path}/wireroom.db")) as other:
            for turn in (Turn(Work.COLLECT, "1of1"), Turn(Work.COLLECT), Turn(Work.COLLECT, "2of2"), Turn(Work.WRITE)):
                with suppress(HeldError), other.exclusive(turn):
                    free.append(turn)
        reply = answer(request)
        assert isinstance(reply, Reply)
        return reply

    press[0].routes["/feed"] = feed
    flow.collect_part(attempt(found, shard), shard, LONG)

    assert free == [Turn(Work.COLLECT, "2of2"), Turn(Work.WRITE)]


def test_alerts_do_not_wait_for_what_is_being_fetched(tmp_path: Path) -> None:
    found = trial(tmp_path, KHABAR, store=Impatient, **rule())
    flow.begin(found.run("run-1"))
    found.write("run-1", [page("https://khabar.example/1", html(story(1, "ar"), NOW - minutes(5)))])
    flow.settle_parts(found.run("run-1"))
    sent: list[Message] = []

    with (
        closing(SqliteStore.open(f"sqlite:///{tmp_path}/wireroom.db")) as fetching,
        fetching.exclusive(Turn(Work.COLLECT, "1of4")),
    ):
        assert flow.settle_and_alert(found.run("run-2"), {"desk": sent.append}) == 1

    assert [message.id for message in sent] == [f"peshmerga/{urls.article_id('https://khabar.example/1')}/new"]
    assert flow.settle_and_alert(found.run("run-3"), {"desk": sent.append}) == 0


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("behind", [0, 10])
def test_copies_that_a_part_stored_are_one_story_and_one_alert_whatever_its_clock_showed(
    tmp_path: Path, behind: int, *, settled: bool
) -> None:
    found, sent, (shard,) = trial(tmp_path, KHABAR, **rule()), list[Message](), shards(1)
    flow.begin(found.run("run-0"))
    flow.settle_parts(found.run("run-0"))
    assert flow.settle_and_alert(found.run("run-0"), {"desk": sent.append}) == 0
    copies = [page(f"https://khabar.example/{each}", html(story(1, "fa"), NOW - minutes(each))) for each in (1, 2)]
    found.write(attempt(found, shard).id, copies)

    found.at = NOW - minutes(behind)
    assert flow.process_part(attempt(found, shard), shard) == 2
    found.at = NOW + minutes(1)
    if settled:  # else nobody came to it: the run was killed
        flow.settle_parts(found.run("run-1"))

    assert [flow.settle_and_alert(found.run("run-1"), {"desk": sent.append}) for _ in range(2)] == [1, 0]
    assert len({article.story for article in found.articles}) == 1


def test_offers_that_were_met_are_taken_off_when_all_is_settled(tmp_path: Path) -> None:
    found, (shard,) = trial(tmp_path, KHABAR), shards(1)
    met, other = (Entry(f"https://khabar.example/{number}", offered=True) for number in (1, 2))
    found.store.save(Changes(visits=(Stored(Visit("khabar", "run-0", pending=(met, other))),)))
    found.write(attempt(found, shard).id, [page(met.url, html(story(1, "he")))])
    assert flow.process_part(attempt(found, shard), shard) == 1

    assert flow.settle_parts(found.run("run-1")) == {}

    assert found.store.visits()["khabar"].value.pending == (other,)


def test_a_run_tells_its_part() -> None:
    assert part_of(flow.part_id("20261121T080000Z-abcdef", "3of8", 2)) == "3of8"
    assert part_of("20261121T080000Z-abcdef") == ""


def test_no_two_attempts_have_one_id_whoever_counts_them() -> None:
    assert len({flow.part_id("20261121T080000Z-abcdef", "3of8", 1) for _ in range(9)}) == 9
