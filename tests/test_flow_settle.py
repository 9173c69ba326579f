"""Settling: copies and stories depend on which pages there are, not on the order in which they came."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import flow, urls
from pipeline.flow import recall
from pipeline.flow.process import process
from pipeline.flow.run import chunks
from pipeline.flow.settle import settle
from pipeline.model import Article, Changes, Page, Refused, Source, StoreError
from pipeline.readers import Readers
from pipeline.stores.sqlite import SqliteStore
from pipeline.watchlist import Config
from tests.trial import NOW, SENTENCES, Contended, Trial, equal_parts, html, minutes, page, shuffled, story, trial

OUTLETS = ("sanabil", "dijla", "marfaa", "khabar", "pusula")
SOURCES = tuple(Source(name, f"https://{name}.example/feed") for name in OUTLETS)


def printed(outlet: str, slug: str, text: Sequence[str], *, hours: float, seen: float = 24) -> Page:
    """A page of an outlet, published and looked at so many hours after NOW."""
    body = html(text, NOW + timedelta(hours=hours))
    return page(f"https://{outlet}.example/{slug}", body, NOW + timedelta(hours=seen), outlet)


def reprint(text: Sequence[str], outlet: str) -> list[str]:
    """A wire story as another outlet prints it: an introduction of its own, the last paragraph cut."""
    return [f"{outlet}: {text[0]}", *text[1:-1]]


def wire(seed: int, language: str) -> list[Page]:
    """One story in four outlets, its original the oldest."""
    text = story(seed, language, paragraphs=6)
    return [
        printed(outlet, f"wire-{seed}", reprint(text, outlet) if hours else text, hours=hours)
        for hours, outlet in enumerate(OUTLETS[:4])
    ]


def leaver() -> list[Page]:
    """A reprint that its outlet turned into another story an hour later."""
    first, second = story(1, "ar", paragraphs=6), story(90, "ar", paragraphs=6)
    return [printed("pusula", "leaves", first, hours=2), printed("pusula", "leaves", second, hours=2, seen=25)]


def joiner() -> list[Page]:
    """A page of its own that became a reprint an hour later."""
    first, second = story(91, "tr", paragraphs=6), story(2, "tr", paragraphs=6)
    return [printed("pusula", "joins", first, hours=5), printed("pusula", "joins", second, hours=5, seen=25)]


def bridge() -> list[Page]:
    """Two stories that nothing joins but a third, which prints half of each."""
    first, second = story(5, "he", paragraphs=8), story(6, "he", paragraphs=8)
    return [
        printed("sanabil", "left", first, hours=1),
        printed("dijla", "right", second, hours=2),
        printed("marfaa", "both", [*first[:5], *second[1:6]], hours=3),
    ]


PAGES = (
    *wire(1, "ar"),
    *wire(2, "tr"),
    *wire(3, "fa"),
    *leaver(),
    *joiner(),
    *bridge(),
    *(printed("khabar", f"own-{language}", story(20, language), hours=1) for language in SENTENCES),
    page("https://khabar.example/undated", html(story(30, "hy"), None), NOW, "khabar"),
)


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers(2, lambda: flow.reading(Config("config", sources=SOURCES))) as opened:
        yield opened


def found_in(folder: Path) -> Trial:
    folder.mkdir(exist_ok=True)
    return trial(folder, *SOURCES)


def arrive(found: Trial, batches: Sequence[Sequence[Page]], readers: Readers) -> Trial:
    """Let the batches come one after the other, ten minutes apart, each settled before the next."""
    for batch in batches:
        name = f"run-{len(found.archive.files()) + 1}"
        found.write(name, batch)
        process(found.run(name), readers)
        settle(found.run(name), readers.stages)
        found.at += minutes(10)
    return found


def split(pages: Sequence[Page], seed: int) -> list[list[Page]]:
    """The pages in another order, in one to five batches."""
    chance, found = random.Random(seed), shuffled(pages, seed)  # noqa: S311 - seeded
    cuts = sorted(chance.sample(range(1, len(found)), chance.randrange(5)))
    return [found[start:end] for start, end in zip([0, *cuts], [*cuts, len(found)], strict=True)]


def by_slug(found: Trial) -> dict[str, Article]:
    return {article.url.removeprefix("https://").replace(".example", ""): article for article in found.articles}


def test_copies_point_to_the_oldest_and_the_oldest_leads(tmp_path: Path, readers: Readers) -> None:
    articles = by_slug(arrive(found_in(tmp_path), [wire(1, "ar")], readers))
    original = articles["sanabil/wire-1"]

    assert [article.url for article in articles.values() if article.lead] == [original.url]
    assert {article.story for article in articles.values()} == {original.id}
    assert {article.copy_of for article in articles.values()} == {"", original.id}
    assert {article.first_outlet for article in articles.values()} == {"sanabil"}
    assert original.copy_of == ""


def test_an_older_original_that_comes_late_leads_the_story_again(tmp_path: Path, readers: Readers) -> None:
    original, *reprints = wire(2, "tr")
    found = arrive(found_in(tmp_path), [reprints], readers)
    led_before = {article.first_outlet for article in found.articles}

    arrive(found, [[original]], readers)

    assert led_before == {"dijla"}
    assert {article.first_outlet for article in found.articles} == {"sanabil"}
    assert {article.story for article in found.articles} == {urls.article_id(original.url)}
    assert [article.url for article in found.articles if article.lead] == [original.url]


def test_a_story_falls_apart_when_what_joined_it_is_edited_away(tmp_path: Path, readers: Readers) -> None:
    left, right, both = bridge()
    found = arrive(found_in(tmp_path), [[left, right], [both]], readers)
    joined = {article.story for article in found.articles}
    other = printed("marfaa", "both", story(95, "he", paragraphs=8), hours=3, seen=25)

    arrive(found, [[other]], readers)

    assert len(joined) == 1
    assert {article.story for article in found.articles} == {article.id for article in found.articles}
    assert all(article.lead and not article.copy_of for article in found.articles)


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory, readers: Readers) -> Trial:
    """The store that all pages give when they come together, oldest first."""
    return arrive(found_in(tmp_path_factory.mktemp("at-once")), [PAGES], readers)


def test_the_example_holds_copies_and_stories_of_every_kind(at_once: Trial) -> None:
    articles = by_slug(at_once)

    assert len(articles) == len({one.url for one in PAGES})
    assert sum(bool(article.copy_of) for article in articles.values()) == 11
    assert articles["pusula/leaves"].lead
    assert articles["pusula/joins"].copy_of == articles["sanabil/wire-2"].id
    assert articles["marfaa/both"].story == articles["dijla/right"].story == articles["sanabil/left"].id
    assert articles["pusula/leaves"].revision == articles["pusula/joins"].revision == 2


@pytest.mark.parametrize("seed", range(8))
def test_any_order_in_any_batches_gives_the_same_store(
    seed: int, tmp_path: Path, readers: Readers, at_once: Trial
) -> None:
    found = arrive(found_in(tmp_path), split(PAGES, seed), readers)

    assert equal_parts(found.articles) == equal_parts(at_once.articles)


def test_one_page_at_a_time_gives_the_same_store(tmp_path: Path, readers: Readers, at_once: Trial) -> None:
    found = arrive(found_in(tmp_path), [[one] for one in reversed(PAGES)], readers)

    assert equal_parts(found.articles) == equal_parts(at_once.articles)


def test_settling_once_at_the_end_gives_the_same_store(tmp_path: Path, readers: Readers, at_once: Trial) -> None:
    found = found_in(tmp_path)
    for number, batch in enumerate(split(PAGES, 99), 1):
        found.write(f"run-{number}", batch)
        process(found.run(f"run-{number}"), readers)
        found.at += minutes(10)

    settle(found.run("run-9"), readers.stages)

    assert equal_parts(found.articles) == equal_parts(at_once.articles)


def test_settling_twice_changes_nothing(tmp_path: Path, readers: Readers) -> None:
    found = arrive(found_in(tmp_path), [wire(1, "ar")], readers)
    ids = [article.id for article in found.articles]
    before = found.store.articles(ids)
    found.at = NOW + minutes(1)  # within the overlap, so that all are looked at again

    assert settle(found.run("run-2"), readers.stages) == 0
    assert found.store.articles(ids) == before


def test_what_settled_long_ago_is_not_looked_at_again(tmp_path: Path, readers: Readers) -> None:
    found = arrive(found_in(tmp_path), [wire(1, "ar")], readers)
    misled = [
        replace(each, value=replace(each.value, story="")) for each in found.store.stories([found.articles[0].story])
    ]
    found.store.save(Changes(articles=tuple(misled)))

    assert settle(found.run("run-2"), readers.stages) == 0


def test_a_clock_that_was_wrong_once_leaves_nothing_unsettled(tmp_path: Path, readers: Readers) -> None:
    found = found_in(tmp_path)
    found.at = NOW + timedelta(days=4000)
    settle(found.run("run-0"), readers.stages)
    found.at = NOW

    arrive(found, [wire(1, "ar")], readers)

    assert sum(bool(article.copy_of) for article in found.articles) == 3


@pytest.mark.parametrize(("times", "settled"), [(2, True), (100, False)])
def test_what_another_worker_touches_meanwhile_is_placed_again(
    times: int, *, settled: bool, tmp_path: Path, readers: Readers
) -> None:
    found = trial(tmp_path, *SOURCES, store=Contended)
    found.write("run-1", wire(1, "ar"))
    process(found.run("run-1"), readers)
    assert isinstance(found.store, Contended)
    found.store.times = times

    if settled:
        assert settle(found.run("run-1"), readers.stages) == 3
    else:
        with pytest.raises(RuntimeError, match="kept changing"):
            settle(found.run("run-1"), readers.stages)


class Refusing(SqliteStore):
    """A store that takes articles as they come, and then no change of one of them."""

    refused = ""

    def save(self, changes: Changes) -> frozenset[str]:
        others = tuple(each for each in changes.articles if each.value.id != self.refused)
        lost = super().save(replace(changes, articles=others))
        if len(others) < len(changes.articles):
            raise Refused({self.refused: "number out of range"}, lost)
        return lost


def test_an_article_that_the_store_refuses_as_it_would_be_stays_as_it_is_and_the_run_goes_on(
    tmp_path: Path, readers: Readers
) -> None:
    found = trial(tmp_path, *SOURCES, store=Refusing)
    found.write("run-1", wire(1, "ar"))
    process(found.run("run-1"), readers)
    assert isinstance(found.store, Refusing)
    before = {each.id: each for each in found.articles}
    found.store.refused = max(before.values(), key=lambda each: each.published_at or NOW).id

    settle(found.run("run-1"), readers.stages)

    assert {each.id for each in found.articles if each == before[each.id]} >= {found.store.refused}
    assert any(each != before[each.id] for each in found.articles)
    assert any("number out of range; they stay as they are" in note for note in found.notes)
    assert recall.unsettled(found.run("run-2")) == frozenset()


class Torn(SqliteStore):
    """A store without transactions that goes away in the middle of a write: one of the articles is written."""

    written: int | None = None

    def save(self, changes: Changes) -> frozenset[str]:
        if self.written is None or not changes.articles:
            return super().save(changes)
        super().save(Changes(articles=(changes.articles[self.written % len(changes.articles)],)))
        raise StoreError("store: gone away")


@pytest.mark.parametrize("written", range(3))
def test_a_story_of_which_a_part_was_moved_when_the_store_went_away_is_settled_by_the_next_run(
    written: int, tmp_path: Path, readers: Readers
) -> None:
    other = printed("marfaa", "both", story(95, "hy", paragraphs=8), hours=3, seen=25)
    quiet = arrive(found_in(tmp_path / "quiet"), [bridge(), [other]], readers)
    found = trial(tmp_path, *SOURCES, store=Torn)
    assert isinstance(found.store, Torn)
    for batch in (bridge(), [other]):
        found.write(f"run-{batch[-1].answer.at:%d%H}", batch)
        process(found.run(f"run-{batch[-1].answer.at:%d%H}"), readers)
        found.store.written = written
        with pytest.raises(StoreError):
            settle(found.run("run-2"), readers.stages)
        found.store.written = None
        settle(found.run("run-3"), readers.stages)
        assert recall.unsettled(found.run("run-3")) == frozenset()
        found.at += timedelta(hours=1)
        settle(found.run("run-4"), readers.stages)  # from here on what came before is not looked at any more

    assert equal_parts(found.articles) == equal_parts(quiet.articles)


def test_chunks_are_lists_of_at_most_so_many() -> None:
    articles = [Article(str(number), "") for number in range(5)]

    assert [len(chunk) for chunk in chunks(articles, 2)] == [2, 2, 1]
    assert list(chunks([], 2)) == []
