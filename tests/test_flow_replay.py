"""Replay: the store follows the rules of today, and can be made again from the archive alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import flow
from pipeline.flow import recall
from pipeline.flow.process import process
from pipeline.flow.recall import Mark
from pipeline.flow.replay import MOST_UNSETTLED, Again, replay
from pipeline.flow.run import BATCH
from pipeline.flow.settle import settle
from pipeline.model import Article, Changes, Fate, Page, Removed, Source
from pipeline.newsroom import Newsroom
from pipeline.readers import Readers
from pipeline.watchlist import Actor, Config
from tests.trial import (
    NOW,
    PESHMERGA,
    SENTENCES,
    Contended,
    Particular,
    Trial,
    emptied,
    equal_parts,
    html,
    page,
    story,
    trial,
)

SOURCES = (Source("khabar", "https://khabar.example/feed", name="خبر"), Source("xeber", "https://xeber.example/feed"))
BRIDGE = Actor("old-bridge", names={"en": "Old Bridge"}, aliases={"en": ("old bridge",), "tr": ("eski köprü",)})
DAY = NOW.date()
Tally = Counter[tuple[Fate, str]]


@pytest.fixture(scope="module")
def blind() -> Iterator[Readers]:
    """Readers that know no actor."""
    with Readers(2, lambda: flow.reading(Config("config", sources=SOURCES))) as opened:
        yield opened


def pages() -> list[Page]:
    """One page a language, a second look at the first of them a day later, and a copy at another outlet."""
    found = [page(f"https://khabar.example/{language}", html(story(1, language))) for language in SENTENCES]
    copy = page("https://xeber.example/1", html(story(1, "en")[:-1], NOW + timedelta(hours=1)), source="xeber")
    second = html([*story(1, "ar"), SENTENCES["ar"][:70]])
    return [*found, copy, page("https://khabar.example/ar", second, NOW + timedelta(days=1))]


def first_pass(folder: Path, readers: Readers) -> Trial:
    found = trial(folder, *SOURCES, actors=())
    found.write("run-1", pages())
    process(found.run("run-1"), readers)
    settle(found.run("run-1"), readers.stages)
    return found


def again(
    found: Trial, *, since: date = DAY, until: date = DAY, outlet: str = "", failed: bool = False, dry_run: bool = False
) -> tuple[Tally, list[str]]:
    """Replay under the present configuration; what became of the pages, and what was told."""
    told: list[str] = []
    readers = Readers(2, lambda: flow.reading(found.config))
    asked = Again(since, until, outlet, failed=failed, dry_run=dry_run)
    return replay(found.run("replay"), asked, readers, told.append), told


def test_a_new_actor_is_found_in_stored_articles_and_is_no_revision(tmp_path: Path, blind: Readers) -> None:
    found = first_pass(tmp_path, blind)
    before = {article.id: article for article in found.articles}
    found.config = replace(found.config, actors=(PESHMERGA, BRIDGE))

    tally, told = again(found, until=DAY + timedelta(days=1))

    actors = {article.language: article.actors for article in found.articles}
    assert actors["fa"] == ("peshmerga",)
    assert set(actors["en"]) == {"old-bridge", "peshmerga"}
    assert actors["hy"] == ()
    assert tally[Fate.KEPT, "changed"] == sum(map(bool, (article.actors for article in found.articles)))
    assert told == []
    for article in found.articles:
        unlike = replace(before[article.id], actors=article.actors, actor_names=article.actor_names)
        unlike = replace(unlike, mentions=article.mentions, ingested_at=article.ingested_at)
        assert unlike == article


def test_replay_under_the_same_rules_changes_nothing(tmp_path: Path, blind: Readers) -> None:
    found = first_pass(tmp_path, blind)
    ids = [article.id for article in found.articles]
    before = found.store.articles(ids)

    tally, _ = again(found, until=DAY + timedelta(days=1))

    assert found.store.articles(ids) == before
    assert tally == {(Fate.UNCHANGED, "same"): 11, (Fate.UNCHANGED, "older"): 1}
    assert list(found.store.outcomes("replay")) == []


def test_an_article_whose_source_was_removed_keeps_its_outlet(tmp_path: Path, blind: Readers) -> None:
    found = first_pass(tmp_path, blind)
    outlets = {article.id: article.outlet for article in found.articles}
    found.config = replace(found.config, sources=SOURCES[1:], actors=(PESHMERGA,))

    tally, _ = again(found)

    assert tally[Fate.KEPT, "changed"] > 1
    assert {article.id: article.outlet for article in found.articles} == outlets


def test_articles_that_are_missing_are_created_and_placed_among_their_copies(tmp_path: Path, blind: Readers) -> None:
    found = first_pass(tmp_path, blind)
    rebuilt = emptied(found, tmp_path)

    tally, _ = again(rebuilt, until=DAY + timedelta(days=1))

    assert tally[Fate.KEPT, "new"] == len(found.articles) == 11
    assert equal_parts(rebuilt.articles) == equal_parts(found.articles)
    assert any(article.copy_of for article in rebuilt.articles)


def test_what_replay_reads_is_known_to_the_next_run(tmp_path: Path, blind: Readers) -> None:
    found = first_pass(tmp_path, blind)
    rebuilt = emptied(found, tmp_path)
    again(rebuilt)

    seen = rebuilt.store.seen([article.id for article in found.articles])

    assert {each.first_seen for each in seen.values()} == {NOW}
    assert len(seen) == 11


def test_the_dry_run_tells_each_change_and_writes_nothing(tmp_path: Path, blind: Readers) -> None:
    found = first_pass(tmp_path, blind)
    before = equal_parts(found.articles)
    found.config = replace(found.config, actors=(BRIDGE,))

    _, told = again(found, dry_run=True)

    assert sorted(told) == [
        "https://khabar.example/en: actors: nothing -> old-bridge",
        "https://khabar.example/tr: actors: nothing -> old-bridge",
        "https://xeber.example/1: actors: nothing -> old-bridge",
    ]
    assert equal_parts(found.articles) == before


def test_the_dry_run_tells_what_would_be_created(tmp_path: Path) -> None:
    found = trial(tmp_path, *SOURCES, actors=())
    found.write("run-1", pages()[:1])

    tally, told = again(found, dry_run=True)

    assert tally == {(Fate.KEPT, "new"): 1}
    [line] = told
    assert line.startswith("https://khabar.example/ar: would be created: ")
    assert found.articles == []


def test_a_long_change_is_told_in_short(tmp_path: Path, blind: Readers) -> None:
    found = first_pass(tmp_path, blind)
    stored = found.store.articles([article.id for article in found.articles if article.language == "hy"])
    changed = [replace(each, value=replace(each.value, text="")) for each in stored.values()]
    found.store.save(Changes(articles=tuple(changed)))

    _, [line] = again(found, dry_run=True)

    length = len("\n".join(story(1, "hy")))
    assert line == f"https://khabar.example/hy: text:  -> {story(1, 'hy')[0][:60]}… ({length} characters)"


def test_of_what_is_removed_text_and_reason_are_compared_line_by_line(tmp_path: Path, blind: Readers) -> None:
    found = first_pass(tmp_path, blind)
    stored = found.store.articles([article.id for article in found.articles if article.language == "kmr"])
    was = (Removed("Bixwîne\nBixwîne jî", "links", 3, 5), Removed("Hemû maf parastî ne", "widget", 9))
    [(each, headline)] = [(each, piece) for each in stored.values() for piece in each.value.removed]
    moved = replace(headline, line=7, pages=2)
    found.store.save(Changes(articles=(replace(each, value=replace(each.value, removed=(moved, *was))),)))

    _, told = again(found, dry_run=True)

    assert told == [
        "https://khabar.example/kmr: removed: - links: Bixwîne",
        "https://khabar.example/kmr: removed: - links: Bixwîne jî",
        "https://khabar.example/kmr: removed: - widget: Hemû maf parastî ne",
    ]


def test_one_outlet_alone_can_be_replayed(tmp_path: Path, blind: Readers) -> None:
    found = first_pass(tmp_path, blind)
    found.config = replace(found.config, actors=(BRIDGE,))

    tally, _ = again(found, outlet="xeber")

    assert tally == {(Fate.KEPT, "changed"): 1}
    assert {article.outlet.id for article in found.articles if article.actors} == {"xeber"}


def test_pages_without_an_article_alone_can_be_replayed(tmp_path: Path) -> None:
    found = trial(tmp_path, *SOURCES, actors=())
    found.write("run-1", [*pages()[:3], page("https://khabar.example/pdf", b"%PDF-1.7")])

    extract, stages = flow.reading(found.config)

    def faulty(page: Page) -> Article:
        if page.url.endswith("/fa"):
            raise ValueError("a bug")
        return extract(page)

    with Readers(1, lambda: (faulty, stages)) as readers:
        process(found.run("run-1"), readers)
    assert len(found.articles) == 2

    tally, _ = again(found, failed=True)

    assert Counter(fate for fate, _ in tally.elements()) == {Fate.KEPT: 1, Fate.DROPPED: 1}
    assert len(found.articles) == 3


def test_only_pages_that_were_fetched_on_these_days_are_read(tmp_path: Path, blind: Readers) -> None:
    found = first_pass(tmp_path, blind)

    assert [
        again(found, since=DAY + timedelta(days=first), until=DAY + timedelta(days=last))[0].total()
        for first, last in ((0, 0), (1, 1), (0, 1), (2, 9), (-9, -1))
    ] == [11, 1, 12, 0, 0]


def test_progress_counts_pages(tmp_path: Path) -> None:
    found, ticks = trial(tmp_path, *SOURCES, actors=()), list[tuple[str, int, int]]()
    found.write("run-1", [page(f"https://khabar.example/{number}", html(story(number))) for number in range(BATCH + 1)])

    run = replace(found.run("replay"), tick=lambda *told: ticks.append(told))
    replay(run, Again(DAY, DAY), Readers(1, lambda: flow.reading(found.config)), print)

    assert ticks == [("replay", BATCH, 0), ("replay", BATCH + 1, 0)]


def test_a_long_replay_settles_on_the_way(tmp_path: Path) -> None:
    found = trial(tmp_path, *SOURCES, actors=())
    found.write("run-1", pages()[:3])
    others = [Mark("nobody", NOW, f"{number}") for number in range(MOST_UNSETTLED)]
    recall.save(found.run("run-1"), Changes(), others)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    run = replace(found.run("replay"), tick=stop)
    with pytest.raises(KeyboardInterrupt):
        replay(run, Again(DAY, DAY), Readers(1, lambda: flow.reading(found.config)), print)

    assert len(found.articles) == 3
    assert recall.unsettled(run) == frozenset()


@pytest.mark.parametrize(("times", "ends"), [(2, True), (100, False)])
def test_what_another_worker_changes_meanwhile_is_merged_again(times: int, *, ends: bool, tmp_path: Path) -> None:
    found = trial(tmp_path, *SOURCES, actors=(), store=Contended)
    found.write("run-1", pages()[:2])
    assert isinstance(found.store, Contended)
    found.store.times = times

    if ends:
        again(found)
        assert not any(article.title.startswith("Theirs") for article in found.articles)
    else:
        with pytest.raises(RuntimeError, match="kept changing"):
            again(found)


def test_what_the_store_does_not_take_costs_its_own_page(tmp_path: Path) -> None:
    found = trial(tmp_path, *SOURCES, actors=(), store=Particular)
    assert isinstance(found.store, Particular)
    found.store.refused = SENTENCES["he"]
    found.write("run-1", pages()[:8])

    tally, _ = again(found)

    assert (tally.total(), tally[Fate.FAILED, "refused-by-store"]) == (8, 1)
    assert {article.language for article in found.articles} == set(list(SENTENCES)[:8]) - {"he"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """The bundled newsroom, read in both editions."""
    folder = tmp_path_factory.mktemp("demo")
    with Newsroom.serve(datetime.now(UTC)) as newsroom:
        found = trial(folder, *newsroom.sources)
        found.at = datetime.now(UTC)
        flow.one_pass(found.run("run-1"), None, {})
        newsroom.advance()
        flow.one_pass(found.run("run-2"), None, {})
    return found


def test_a_store_that_is_made_again_from_the_archive_equals_the_one_that_was_lost(demo: Trial, tmp_path: Path) -> None:
    rebuilt = emptied(demo, tmp_path)

    tally, _ = again(rebuilt, since=date.min, until=date.max)

    assert tally[Fate.KEPT, "changed"] >= 1
    assert equal_parts(rebuilt.articles) == equal_parts(demo.articles)


def test_the_first_run_after_a_store_was_made_again_reads_nothing_a_second_time(tmp_path: Path) -> None:
    found = trial(tmp_path, *SOURCES)
    found.write("run-1", [page("https://khabar.example/1", html([SENTENCES["ar"]] * 4), NOW, "khabar")])
    rebuilt = emptied(found, tmp_path)
    again(rebuilt)

    with Readers(1, lambda: flow.reading(found.config)) as readers:
        assert process(rebuilt.run("run-2"), readers).total() == 0


@pytest.mark.parametrize("part", [{"outlet": "khabar"}, {"failed": True}])
def test_what_was_replayed_in_part_is_read_whole_by_the_next_run(tmp_path: Path, part: dict[str, Any]) -> None:
    found = trial(tmp_path, *SOURCES)
    found.write("run-1", [page("https://khabar.example/1", html([SENTENCES["ar"]] * 4), NOW, "khabar")])
    rebuilt = emptied(found, tmp_path)
    again(rebuilt, **part)

    with Readers(1, lambda: flow.reading(found.config)) as readers:
        assert process(rebuilt.run("run-2"), readers).total() == 1
