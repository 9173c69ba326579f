"""Articles that a page carries besides its own: asked for once, in the next pass, and never for their sake another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import flow, urls
from pipeline.archive import Archived
from pipeline.flow.offers import MOST, MOST_OWED, forget_met, offered
from pipeline.flow.process import process, store_readings
from pipeline.flow.replay import Again, replay
from pipeline.model import Article, Changes, Entry, Fate, Outlet, Place, Reading, Removed, Seen, Source, Stored, Visit
from pipeline.readers import Readers
from pipeline.stores.sqlite import SqliteStore
from pipeline.watchlist import Config
from tests.local_server import LocalServer, Reply
from tests.test_flow_collect import feed
from tests.trial import NOW, Trial, html, minutes, page, story, table, trial

KHABAR = Source("khabar", "https://khabar.example/feed", sisters=("sport.example",))


def found_in(folder: Path, *pending: Entry, store: type[SqliteStore] = SqliteStore) -> Trial:
    """A trial in which the source was visited once."""
    found = trial(folder, KHABAR, Source("xeber", "https://xeber.example/feed"), store=store)
    found.store.save(
        Changes(visits=(Stored(Visit("khabar", "run-1")), Stored(Visit("xeber", "run-1", pending=pending))))
    )
    return found


def carrying(*addresses: str, reason: str = "second-article", is_offered: bool = False) -> tuple[Archived, Article]:
    """A page with other articles of these addresses, and what was read of it."""
    made = page("https://www.khabar.example/1", b"")
    made = replace(made, source=KHABAR, entry=replace(made.entry, offered=is_offered))
    removed = tuple(Removed("A second story.", reason, url=address) for address in addresses)
    key = urls.article_id(made.url)
    article = Article(
        key,
        made.url,
        text="own",
        outlet=Outlet("khabar"),
        removed=removed,
        fetched_at=NOW,
        readings=(Reading(NOW, "digest"),),
    )
    return Archived(made, Place("file", 0), 1), article


def promised(found: Trial, source: str = "khabar") -> list[str]:
    return [entry.url for entry in found.store.visits()[source].value.pending]


def read(found: Trial, *batch: tuple[Archived, Article]) -> None:
    store_readings(found.run("run-1"), batch, list)


def test_an_article_that_stood_on_another_page_is_promised_to_the_next_pass(tmp_path: Path) -> None:
    found = found_in(tmp_path)

    read(found, carrying("https://khabar.example/2", "https://m.khabar.example/3", "https://sport.example/4"))

    assert promised(found) == ["https://khabar.example/2", "https://m.khabar.example/3", "https://sport.example/4"]
    assert {entry.offered for entry in found.store.visits()["khabar"].value.pending} == {True}
    assert promised(found, "xeber") == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://xeber.example/2",
        "https://evil.khabar.example/2",
        "ftp://khabar.example/2",
        "https://me:pw@khabar.example/2",
    ],
)
def test_nothing_is_promised_without_an_address_of_the_outlet_itself(address: str, tmp_path: Path) -> None:
    found = found_in(tmp_path)

    read(found, carrying(address))

    assert promised(found) == []


def test_what_was_removed_for_another_reason_is_no_article(tmp_path: Path) -> None:
    found = found_in(tmp_path)

    read(found, carrying("https://khabar.example/2", reason="links"))

    assert promised(found) == []


def test_what_was_met_or_is_promised_already_is_not_promised_again(tmp_path: Path) -> None:
    found = found_in(tmp_path, Entry("https://khabar.example/3?utm_source=rss"))
    met = Seen(urls.article_id("https://khabar.example/2"), NOW, Fate.DROPPED)
    found.store.save(Changes(seen=(met,)))
    batch = [carrying(*(f"https://khabar.example/{number}" for number in (1, 2, 3, 4)))]

    read(found, *batch)

    assert promised(found) == ["https://khabar.example/1", "https://khabar.example/4"]
    assert offered(found.run("run-1"), batch) == ()


@pytest.mark.parametrize(("carried", "owed"), [(MOST, MOST), (MOST + 1, 0)])
def test_a_list_of_articles_is_not_followed(carried: int, owed: int, tmp_path: Path) -> None:
    found = found_in(tmp_path)
    addresses = [f"https://khabar.example/{number}" for number in range(carried)]

    read(found, carrying(*addresses, addresses[0]))

    assert len(promised(found)) == owed


def test_made_up_addresses_do_not_flood_a_source(tmp_path: Path) -> None:
    own = Entry("https://khabar.example/own")
    found = found_in(tmp_path, own)
    [stored] = found.store.visits(["khabar"]).values()
    found.store.save(Changes(visits=(replace(stored, value=replace(stored.value, pending=(own,))),)))
    flood = [carrying(*(f"https://khabar.example/{page}-{number}" for number in range(MOST))) for page in range(30)]

    read(found, *flood[:8])
    read(found, *flood[8:])

    assert len(promised(found)) == MOST_OWED + 1
    assert promised(found)[0] == own.url
    assert offered(found.run("run-1"), flood) == ()


class Asked(SqliteStore):
    """A store in which another worker asks the feed a little earlier, so many `times`."""

    times = 0

    def save(self, changes: Changes) -> frozenset[str]:
        if self.times and changes.visits:
            self.times -= 1
            theirs = (replace(each, value=replace(each.value, entries=self.times)) for each in changes.visits)
            pending = self.visits()["khabar"].value.pending
            super().save(
                Changes(visits=tuple(replace(each, value=replace(each.value, pending=pending)) for each in theirs))
            )
        return super().save(changes)


@pytest.mark.parametrize(("times", "ends"), [(2, True), (100, False)])
def test_an_offer_is_not_lost_to_a_worker_that_asks_the_feed_meanwhile(
    times: int, *, ends: bool, tmp_path: Path
) -> None:
    found = found_in(tmp_path, store=Asked)
    assert isinstance(found.store, Asked)
    found.store.times = times
    batch = carrying("https://khabar.example/2", "https://khabar.example/3")

    if ends:
        read(found, batch)
        assert promised(found) == ["https://khabar.example/2", "https://khabar.example/3"]
        assert table(found.outcomes("run-1")) == {("store", "kept", "new"): 1}
    else:
        with pytest.raises(RuntimeError, match="1 articles or visits kept changing"):
            read(found, batch)


def test_an_offered_page_offers_nothing_and_a_source_that_was_never_asked_owes_nothing(tmp_path: Path) -> None:
    found = found_in(tmp_path)
    archived, article = carrying("https://khabar.example/3")
    unknown = replace(archived, page=replace(archived.page, source=Source("gone", "")))

    assert offered(found.run("run-1"), [carrying("https://khabar.example/2", is_offered=True)]) == ()
    assert offered(found.run("run-1"), [(unknown, article)]) == ()


def test_an_offer_that_was_met_meanwhile_is_forgotten(tmp_path: Path) -> None:
    found = found_in(tmp_path)
    read(found, carrying("https://khabar.example/2", "https://khabar.example/3"))
    found.store.save(Changes(seen=(Seen(urls.article_id("https://khabar.example/2"), NOW, Fate.KEPT),)))
    before = found.store.visits(["xeber"])

    forget_met(found.run("run-1"))

    assert promised(found) == ["https://khabar.example/3"]
    assert found.store.visits(["xeber"]) == before


@pytest.fixture
def server() -> Iterator[LocalServer]:
    """An outlet whose first page carries the second and third story, which carries the fourth."""
    with LocalServer({}) as running:

        def carrying_page(*paths: str) -> Reply:
            told = []
            for level, path in enumerate(paths, 1):
                own, mark = story(int(path[1:]), paragraphs=9)[1:], f"h{min(level, 2)}"
                body = "".join(f"<p>{paragraph}</p>" for paragraph in own)
                headline = f"<{mark}><a href='{path}'>{' '.join(own[0].split()[:8])}</a></{mark}>"
                told.append(f"<article>{headline}{body}</article>")
            head, _, _ = html(["x"]).decode().partition("<body>")
            return Reply(f"{head}<body><main>{''.join(told)}</main></body></html>".encode(), headers=HTML)

        running.routes.update(
            {
                "/feed": feed("/1", "/5"),
                "/1": carrying_page("/1", "/2", "/5"),
                "/2": carrying_page("/2", "/4"),
                "/5": carrying_page("/5"),
                "/4": carrying_page("/4"),
            }
        )
        yield running


HTML = {"Content-Type": "text/html"}


def test_the_next_pass_asks_for_what_was_offered_and_every_entry_has_one_outcome(
    tmp_path: Path, server: LocalServer
) -> None:
    found = trial(tmp_path, Source("khabar", server.url("/feed")))
    found.collect("run-1")
    assert table(found.process("run-1")) == {("feed", "kept", ""): 1, ("store", "kept", "new"): 2}
    assert promised(found) == [server.url("/2")]

    found.at += minutes(1)  # the feed is not due, the page is
    found.collect("run-2")
    assert table(found.process("run-2")) == {("store", "kept", "new"): 1}
    found.at += timedelta(hours=2)
    found.collect("run-3")

    assert promised(found) == []
    assert table(found.process("run-3")) == {("feed", "unchanged", "not-modified"): 1}
    assert [target for target in server.targets if target[1:].isdigit()] == ["/1", "/5", "/2"]


def test_what_a_feed_promises_meanwhile_is_asked_for_once(tmp_path: Path, server: LocalServer) -> None:
    found = trial(tmp_path, Source("khabar", server.url("/feed")))
    found.collect("run-1")
    found.process("run-1")
    server.routes["/feed"] = feed("/2", "/1", "/5")
    found.at += timedelta(hours=2)
    found.collect("run-2")

    outcomes = found.process("run-2")

    assert table(outcomes)["store", "kept", "new"] == 1
    assert sorted(each.entry for each in outcomes) == [0, 1, 2, 3]
    assert server.targets.count("/2") == 1


def test_replay_offers_nothing(tmp_path: Path, server: LocalServer) -> None:
    found = trial(tmp_path, Source("khabar", server.url("/feed")))
    found.collect("run-1")

    with Readers(1, lambda: flow.reading(Config("config"))) as readers:
        replay(found.run("replay"), Again(NOW.date(), NOW.date()), readers, print)

    assert len(found.articles) == 2
    assert promised(found) == []


def test_a_run_that_dies_before_it_forgets_asks_for_nothing_twice(tmp_path: Path, server: LocalServer) -> None:
    found = trial(tmp_path, Source("khabar", server.url("/feed")))
    found.collect("run-1")
    found.process("run-1")
    [stored] = found.store.visits().values()
    late = Entry(server.url("/5"), offered=True)
    found.store.save(Changes(visits=(replace(stored, value=replace(stored.value, pending=(late,))),)))

    found.at += minutes(1)
    found.collect("run-2")

    assert promised(found) == []
    assert found.outcomes("run-2") == []
    assert server.targets.count("/5") == 1
    with Readers(1, lambda: flow.reading(Config("config"))) as readers:
        assert process(found.run("run-2"), readers).total() == 0
