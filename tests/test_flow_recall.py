"""The outlet memory as it flows: pages teach each other whatever their order, and no crash leaves one untaught."""

from __future__ import annotations

import shutil
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import flow
from pipeline.archive import Archived
from pipeline.boilerplate import WINDOW, digest, letters, recalls
from pipeline.clean import whole
from pipeline.flow.process import process, store_readings
from pipeline.flow.recall import (
    AROUND,
    MOST_MARKS,
    UNSETTLED,
    Mark,
    cleaned,
    known_to,
    mark,
    moved,
    pieces,
    reached,
    save,
    sweeps,
    unsettled,
)
from pipeline.flow.replay import Again, replay
from pipeline.flow.run import Run
from pipeline.flow.settle import settle
from pipeline.model import Article, Block, Changes, Known, Outlet, Page, Place, Source, Stored, StoreError
from pipeline.readers import NamedStages, Readers, Reading, read
from pipeline.stores.sqlite import SqliteStore
from pipeline.watchlist import Config
from tests.memory_store import MemoryStore
from tests.trial import NOW, Contended, Trial, equal_parts, html, minutes, page, shuffled, story, trial

KHABAR, XEBER = (Source(name, f"https://{name}.example/feed") for name in ("khabar", "xeber"))
APPEALS = {
    "en": "Readers who give three coins a month keep the river boats of this paper afloat, and hear of floods first.",
    "tr": "Bu gazeteyi ayda üç lira veren okurları yaşatıyor; siz de bugün katılın, haberi herkesten önce okuyun.",
    "ar": "يعيش هذا الموقع بثلاثة دنانير يدفعها القراء كل شهر، انضموا إليهم اليوم لتصلكم الأخبار قبل غيركم.",
}
Batch = Sequence[tuple[Archived, Reading]]


def printed(
    slug: str,
    hours: float,
    *appeals: str,
    outlet: str = "khabar",
    seed: int = 0,
    seen: float = 2000,
    dated: bool = True,
) -> Page:
    """A page of its own words above the appeals, published and looked at so many hours after NOW."""
    own = story(seed or int("".join(filter(str.isdigit, slug))), "en", paragraphs=5)[1:]
    body = html([*own, *appeals], NOW + timedelta(hours=hours) if dated else None, " ".join(own[0].split()[:7]))
    return page(f"https://{outlet}.example/{slug}", body, NOW + timedelta(hours=seen), outlet)


def row() -> list[Page]:
    """An outlet that changes its appeal after 40 of 70 pages, and a smaller one that prints three of its stories."""
    khabar = [printed(f"{number}", 7 * number, APPEALS["en" if number < 40 else "tr"]) for number in range(1, 71)]
    undated = [printed(f"{number}", 0, APPEALS["tr"], dated=False) for number in (81, 82)]
    edited = printed("20", 7 * 60, APPEALS["tr"], seen=2001)  # published anew, far from where it stood
    advertised = printed("33", 7 * 33, APPEALS["en"], seen=2001)
    sold = page(
        advertised.url, advertised.answer.body.replace(b"</main>", b"</main><p>Buy a boat</p>"), advertised.answer.at
    )
    xeber = [printed(f"x{number}", 7 * number + 1, APPEALS["ar"], outlet="xeber", seed=number) for number in (5, 6, 7)]
    return [*khabar, *undated, edited, sold, *xeber]


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers(1, lambda: flow.reading(Config("config", sources=(KHABAR, XEBER)))) as opened:
        yield opened


@pytest.fixture(scope="module")
def stages(readers: Readers) -> NamedStages:
    return readers.stages()


@pytest.fixture(scope="module")
def readings(stages: NamedStages) -> list[tuple[Archived, Reading]]:
    """All pages, read as each stands alone."""
    extract, _ = flow.reading(Config("config"))
    pages = [replace(each, entry=replace(each.entry, number=number)) for number, each in enumerate(row(), 1)]
    return [
        (Archived(each, Place("file", number), number + 1), read(each, extract, stages))
        for number, each in enumerate(pages)
    ]


def found_in(folder: Path, store: type[SqliteStore] = SqliteStore) -> Trial:
    folder.mkdir(exist_ok=True)
    return trial(folder, KHABAR, XEBER, store=store)


def arrive(found: Trial, batches: Sequence[Batch], stages: NamedStages, *, settling: bool = True) -> Trial:
    """Let batches be stored, ten minutes apart, each settled before the next comes, or all at the end."""
    for number, batch in enumerate(batches, 1):
        run = found.run(f"run-{number}")
        store_readings(run, batch, lambda: stages)
        if settling or number == len(batches):
            settle(run, lambda: stages)
        found.at += minutes(10)
    return found


def split(items: Sequence[tuple[Archived, Reading]], cuts: Collection[int]) -> list[Batch]:
    return [items[start:end] for start, end in pairwise([0, *sorted(cuts), len(items)])]


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory, readings: Batch, stages: NamedStages) -> Trial:
    """What is stored when all pages come in one batch."""
    return arrive(found_in(tmp_path_factory.mktemp("at-once")), [readings], stages)


def by_slug(found: Trial) -> dict[str, Article]:
    return {article.url.rsplit("/", 1)[1]: article for article in found.articles}


# What pages learn


def test_an_early_page_is_cleaned_again_when_others_show_what_the_outlet_repeats(
    tmp_path: Path, readings: Batch, stages: NamedStages
) -> None:
    found = arrive(found_in(tmp_path), [readings[:1]], stages)
    alone = by_slug(found)["1"]
    arrive(found, [readings[1:4]], stages)
    taught = by_slug(found)["1"]

    assert APPEALS["en"] in alone.text
    assert taught.text == alone.text.replace(f"\n{APPEALS['en']}", "")
    [gone] = [piece for piece in taught.removed if piece.reason == "outlet-repeats"]
    assert (gone.text, gone.pages) == (APPEALS["en"], 2)
    assert len({article.text.count("\n") for article in found.articles}) == 1


def test_a_page_that_is_cleaned_again_stays_the_article_it_was(
    tmp_path: Path, readings: Batch, stages: NamedStages
) -> None:
    found = arrive(found_in(tmp_path), [readings[:1]], stages)
    alone = by_slug(found)["1"]
    arrive(found, [readings[1:4]], stages)
    taught = by_slug(found)["1"]

    kept = replace(alone, text=taught.text, removed=taught.removed, recalled=taught.recalled, bands=taught.bands)
    assert taught == kept
    assert taught.bands != alone.bands


def test_every_page_ends_without_what_its_outlet_repeats(at_once: Trial) -> None:
    assert len(at_once.articles) == 75
    assert not [article.url for article in at_once.articles for appeal in APPEALS.values() if appeal in article.text]


def test_outlets_do_not_teach_each_other(tmp_path: Path, stages: NamedStages) -> None:
    extract, _ = flow.reading(Config("config"))
    pages = [printed("1", 1, APPEALS["en"]), printed("2", 2, APPEALS["en"], outlet="xeber")]
    batch = [(Archived(each, Place("file", 0), 1), read(each, extract, stages)) for each in pages]

    found = arrive(found_in(tmp_path), [batch], stages)

    assert all(article.text.endswith(APPEALS["en"]) for article in found.articles)


def test_the_store_would_tell_a_fresh_page_what_it_tells_the_stored_one(at_once: Trial) -> None:
    for article in at_once.articles:
        assert known_to(at_once.store, replace(article, recalled=b"")) == article.recalled

    stranger = replace(at_once.articles[0], id="0" * 64, outlet=Outlet("nobody"))
    assert known_to(at_once.store, stranger) == b""


# One set of pages, one store


@settings(deadline=None, derandomize=True, max_examples=12)
@given(data=st.data())
def test_the_store_depends_on_the_pages_not_on_their_order(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory, readings: Batch, stages: NamedStages, at_once: Trial
) -> None:
    given_ = shuffled(readings, data.draw(st.integers(0, 999)))
    cuts = data.draw(st.sets(st.integers(1, len(given_) - 1), max_size=6))
    settling = data.draw(st.booleans())

    found = arrive(found_in(tmp_path_factory.mktemp("order")), split(given_, cuts), stages, settling=settling)

    assert equal_parts(found.articles) == equal_parts(at_once.articles)
    assert unsettled(found.run("after")) == frozenset()


def test_one_after_the_other_gives_the_same_store(
    tmp_path: Path, readings: Batch, stages: NamedStages, at_once: Trial
) -> None:
    found = arrive(found_in(tmp_path), split(readings[::-1], range(1, len(readings))), stages)

    assert equal_parts(found.articles) == equal_parts(at_once.articles)


def once(stages: NamedStages) -> Readers:
    """Readers for one replay, which ends them."""
    return Readers(1, lambda: (flow.reading(Config("config"))[0], stages))


def test_a_store_made_again_from_the_archive_is_the_same(tmp_path: Path, readers: Readers, stages: NamedStages) -> None:
    found = found_in(tmp_path)
    pages = shuffled(row(), 3)
    for number, part in enumerate((pages[:30], pages[30:]), 1):
        found.write(f"run-{number}", part)
        process(found.run(f"run-{number}"), readers)
        settle(found.run(f"run-{number}"), readers.stages)
        found.at += minutes(10)
    lost, found.store = found.articles, SqliteStore.open(f"sqlite:///{tmp_path}/emptied.db")

    day = datetime.max.replace(tzinfo=UTC).date()
    replay(found.run("replay"), Again(NOW.date(), day), once(stages), print)

    assert equal_parts(found.articles) == equal_parts(lost)
    told: list[str] = []
    replay(found.run("again"), Again(NOW.date(), day, dry_run=True), once(stages), told.append)
    assert told == []


def learned_otherwise(found: Trial, stages: NamedStages, rule: Callable[[bytes], bytes]) -> None:
    """Make of the stored articles what older rules of learning would have made of them."""
    stored = found.store.articles([article.id for article in found.articles])
    older = (cleaned(each.value, rule(each.value.recalled), lambda: stages) for each in stored.values())
    changed = (
        replace(old, value=new) for old, new in zip(stored.values(), older, strict=True) if isinstance(new, Article)
    )
    assert found.store.save(Changes(articles=tuple(changed))) == frozenset()


OLDER = {
    "nothing was learned": lambda _: b"",
    "all was thought a slot's": lambda told: told[:1] + b"\x10" * len(told[1:]),
}


@pytest.fixture
def archived(tmp_path: Path, readers: Readers) -> Trial:
    """A store in which a run has read and settled an archive."""
    found = found_in(tmp_path)
    found.write("run-1", row())
    process(found.run("run-1"), readers)
    settle(found.run("run-1"), readers.stages)
    return found


@pytest.mark.parametrize("rule", OLDER.values(), ids=OLDER)
def test_after_a_replay_every_page_is_told_what_the_rules_of_today_say(
    rule: Callable[[bytes], bytes], archived: Trial, stages: NamedStages
) -> None:
    before = equal_parts(archived.articles)
    learned_otherwise(archived, stages, rule)
    assert sum(each != before[key] for key, each in equal_parts(archived.articles).items()) > 60
    day = datetime.max.replace(tzinfo=UTC).date()

    replay(archived.run("replay"), Again(NOW.date(), day), once(stages), print)

    assert equal_parts(archived.articles) == before
    assert unsettled(archived.run("after")) == frozenset()


def test_the_dry_run_tells_what_would_be_learned_otherwise_line_by_line(archived: Trial, stages: NamedStages) -> None:
    learned_otherwise(archived, stages, OLDER["nothing was learned"])
    before = equal_parts(archived.articles)
    day, told = datetime.max.replace(tzinfo=UTC).date(), list[str]()

    replay(archived.run("replay"), Again(NOW.date(), day, dry_run=True), once(stages), told.append)

    assert [line for line in told if line.startswith("https://khabar.example/5: ") and "removed" in line] == [
        f"https://khabar.example/5: removed: + outlet-repeats: {APPEALS['en'][:60]}… ({len(APPEALS['en'])} characters)"
    ]
    assert len([line for line in told if ": removed: + outlet-repeats: " in line]) == len(archived.articles)
    assert not [line for line in told if "removed: -" in line or "Removed(" in line]
    assert len(set(told)) == len(told)
    assert equal_parts(archived.articles) == before


def test_settling_again_writes_nothing(tmp_path: Path, readings: Batch, stages: NamedStages) -> None:
    found = arrive(found_in(tmp_path), [readings[:10]], stages)
    ids = [article.id for article in found.articles]
    before = found.store.articles(ids)
    found.at -= minutes(9)  # within the overlap, so that all are looked at again

    assert settle(found.run("run-2"), lambda: stages) == 0
    assert found.store.articles(ids) == before


# Read again


def test_a_page_that_was_taught_and_still_says_the_same_is_unchanged(
    tmp_path: Path, readings: Batch, stages: NamedStages
) -> None:
    found = arrive(found_in(tmp_path), [readings[:6]], stages)
    before = by_slug(found)["3"]
    later, fresh = readings[2]
    assert isinstance(fresh, Article)
    at = NOW + timedelta(hours=3000)
    again = replace(fresh, fetched_at=at, readings=(replace(fresh.readings[0], fetched_at=at),))
    store_readings(found.run("run-7"), [(later, again)], lambda: stages)

    assert [(each.fate, each.reason) for each in found.outcomes("run-1")] == [("kept", "new")] * 6
    after = by_slug(found)["3"]
    assert replace(after, readings=before.readings) == before
    assert len(after.readings) == 2
    assert unsettled(found.run("run-7")) == frozenset()


def test_what_changes_around_an_article_is_remembered_and_teaches_its_neighbours(
    tmp_path: Path, readings: Batch, stages: NamedStages
) -> None:
    appeal = APPEALS["en"]

    def with_blocks(number: int, *blocks: str, hours: int = 2000) -> tuple[Archived, Reading]:
        """A page that says the same among other blocks; the fourth alone has the appeal in its text."""
        archived, reading = readings[number - 1]
        assert isinstance(reading, Article)
        text = reading.text if number == 4 else reading.text.replace(f"\n{appeal}", "")
        around = [Block(letters(each), (), link=False) for each in blocks]
        remembered = digest(reading.title, whole(replace(reading, text=text)).text.split("\n"), around)
        looked = replace(reading.readings[0], fetched_at=NOW + timedelta(hours=hours))
        return archived, replace(reading, text=text, digest=remembered, readings=(looked,))

    found = arrive(found_in(tmp_path), [[with_blocks(number) for number in (1, 2, 3, 4)]], stages)
    before = by_slug(found)
    run = found.run("run-2")
    store_readings(run, [with_blocks(number, appeal, hours=2001) for number in (1, 2, 3)], lambda: stages)

    assert {each.id for each in unsettled(run)} == {before[slug].id for slug in "123"}
    assert all(by_slug(found)[slug].digest != before[slug].digest for slug in "123")
    assert {(article.revision, article.ingested_at) for article in found.articles} == {(1, NOW)}
    settle(run, lambda: stages)
    assert appeal in before["4"].text
    assert appeal not in by_slug(found)["4"].text
    assert unsettled(run) == frozenset()


# Crashes, other workers, bugs


@dataclass
class Fuse:
    """How many writes are left until the store goes away."""

    writes: float = float("inf")


class Dying(SqliteStore):
    """A store that goes away after so many writes."""

    fuse = Fuse()

    def save(self, changes: Changes) -> frozenset[str]:
        if self.fuse.writes <= 0:
            raise StoreError("store: gone away")
        self.fuse.writes -= 1
        return super().save(changes)


def test_a_crash_before_any_write_of_a_settling_leaves_nothing_unsettled(
    tmp_path: Path, readings: Batch, stages: NamedStages, at_once: Trial
) -> None:
    begun = arrive(found_in(tmp_path / "begun"), [readings[:25]], stages)
    store_readings(begun.run("run-2"), readings[25:], lambda: stages)
    begun.store.close()
    for writes in count():
        folder = tmp_path / str(writes)
        shutil.copytree(tmp_path / "begun", folder)
        found = found_in(folder, Dying)
        found.at = begun.at
        Dying.fuse = Fuse(writes)
        try:
            settle(found.run("run-2"), lambda: stages)
        except StoreError:
            Dying.fuse = Fuse()
            settle(found.run("run-3"), lambda: stages)
        else:
            break
        assert equal_parts(found.articles) == equal_parts(at_once.articles), f"killed after {writes} writes"
        assert unsettled(found.run("run-3")) == frozenset()
    assert writes > 6


@pytest.mark.parametrize("writes", range(6))
def test_a_replay_that_dies_is_settled_by_the_next_run(
    writes: int, tmp_path: Path, stages: NamedStages, at_once: Trial
) -> None:
    found = found_in(tmp_path, Dying)
    found.write("run-1", row())
    asked = Again(NOW.date(), datetime.max.replace(tzinfo=UTC).date())
    Dying.fuse = Fuse(writes)
    with pytest.raises(StoreError):
        replay(found.run("replay"), asked, once(stages), print)
    Dying.fuse = Fuse()
    stored = {article.id for article in found.articles}

    settle(found.run("run-2"), lambda: stages)

    assert unsettled(found.run("run-2")) == frozenset()
    if len(stored) == len(at_once.articles):
        assert equal_parts(found.articles) == equal_parts(at_once.articles)


@pytest.mark.parametrize(("times", "settled"), [(2, True), (100, False)])
def test_what_another_worker_touches_meanwhile_is_looked_at_again(
    times: int, *, settled: bool, tmp_path: Path, readings: Batch, stages: NamedStages
) -> None:
    found = found_in(tmp_path, Contended)
    assert isinstance(found.store, Contended)
    store_readings(found.run("run-1"), readings[:6], lambda: stages)
    found.store.times = times

    if settled:
        settle(found.run("run-1"), lambda: stages)
        assert not [article for article in found.articles if APPEALS["en"] in article.text]
    else:
        with pytest.raises(RuntimeError, match="6 articles kept changing while they were cleaned again"):
            settle(found.run("run-1"), lambda: stages)


class Marking(SqliteStore):
    """A store in which another worker marks something a little earlier, so many `times`."""

    times = 0

    def save(self, changes: Changes) -> frozenset[str]:
        if self.times and changes.states:
            self.times -= 1
            theirs = f'[["xeber", "", "{self.times}"]]'
            super().save(Changes(states=((UNSETTLED, Stored(theirs, self.state(UNSETTLED).version)),)))
        return super().save(changes)


@pytest.mark.parametrize(("times", "ends"), [(2, True), (50, True), (200, False)])
def test_marks_of_two_workers_are_both_kept(times: int, *, ends: bool, tmp_path: Path) -> None:
    found = found_in(tmp_path, Marking)
    assert isinstance(found.store, Marking)
    found.store.times = times
    article = Article("a", "https://khabar.example/a", outlet=Outlet("khabar"), published_at=NOW)

    if ends:
        assert save(found.run("run-1"), Changes(articles=(Stored(article),)), [mark(article)]) == frozenset()
        assert unsettled(found.run("run-1")) == {mark(article), Mark("xeber", None, "0")}
        assert [each.id for each in found.articles] == []  # it was never ingested
        assert set(found.store.articles(["a"])) == {"a"}
    else:
        with pytest.raises(RuntimeError, match="other workers kept marking"):
            save(found.run("run-1"), Changes(), [mark(article)])


class Raced(Marking, Dying):
    """A store in which another worker marks something a little earlier, and that goes away after so many writes."""


@pytest.mark.parametrize("writes", range(6))
def test_whatever_is_stored_is_marked_wherever_a_worker_dies(writes: int, tmp_path: Path) -> None:
    found = found_in(tmp_path, Raced)
    assert isinstance(found.store, Raced)
    found.store.times, found.store.fuse = 2, Fuse(writes)
    article = Article("a", "https://khabar.example/a", outlet=Outlet("khabar"), published_at=NOW)

    with suppress(StoreError):
        save(found.run("run-1"), Changes(articles=(Stored(article),)), [mark(article)])

    assert mark(article) in unsettled(found.run("run-1")) or not found.store.articles(["a"])
    assert (writes > 5) == bool(found.store.articles(["a"]))


def test_a_mark_that_another_worker_settles_before_its_article_comes_is_written_again(tmp_path: Path) -> None:
    article = Article("a", "https://khabar.example/a", outlet=Outlet("khabar"), published_at=NOW)

    class Settling(SqliteStore):
        def save(self, changes: Changes) -> frozenset[str]:
            if changes.articles:
                super().save(Changes(states=((UNSETTLED, Stored("[]", self.state(UNSETTLED).version)),)))
            return super().save(changes)

    found = found_in(tmp_path, Settling)

    save(found.run("run-1"), Changes(articles=(Stored(article),)), [mark(article)])

    assert unsettled(found.run("run-1")) == {mark(article)}


def test_a_bug_in_a_stage_leaves_its_article_as_it_is_and_the_run_goes_on(
    tmp_path: Path, readings: Batch, stages: NamedStages
) -> None:
    def faulty(article: Article) -> Article:
        if article.recalled and article.url.endswith("/2"):
            raise ValueError("a bug in a stage")
        return article

    found = arrive(found_in(tmp_path), [readings[:5]], [*stages, ("faulty", faulty)])

    assert [slug for slug, article in by_slug(found).items() if APPEALS["en"] in article.text] == ["2"]
    [note] = found.notes
    assert note.startswith("https://khabar.example/2: not cleaned again: Traceback")


# What it costs


@dataclass
class Watched:
    """A store that writes down what it is asked for."""

    store: MemoryStore
    asked: list[tuple[object, ...]] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., object]:
        found: Callable[..., object] = getattr(self.store, name)
        return found

    def remembered(self, *asked: object) -> list[Known]:
        self.asked.append(asked)
        return self.store.remembered(*asked)  # type: ignore[arg-type] # as it was asked

    def articles(self, ids: Collection[str]) -> dict[str, Stored[Article]]:
        self.loaded.extend(ids)
        return self.store.articles(ids)


def watched(found: Trial) -> tuple[Watched, Run]:
    seen = Watched(MemoryStore())
    return seen, replace(found.run("run-1"), store=seen)  # type: ignore[arg-type] # it passes on what it lacks


def test_where_nobody_is_told_anything_new_nothing_is_built_and_no_neighbour_is_loaded(
    tmp_path: Path, readings: Batch
) -> None:
    def never() -> NamedStages:
        raise AssertionError("built for nothing")

    seen, run = watched(found_in(tmp_path))
    _, alone = readings[0]
    assert isinstance(alone, Article)
    store_readings(run, readings[:1], never)
    settle(run, never)
    seen.loaded.clear()
    far = replace(alone, id="f" * 64, published_at=NOW, ingested_at=NOW, outlet=Outlet("elsewhere"))
    save(run, Changes(articles=(Stored(far),)), [mark(far)])

    settle(replace(run, clock=lambda: NOW + timedelta(hours=1)), never)

    assert set(seen.loaded) <= {far.id, alone.id}


def test_a_small_outlet_is_read_at_once_and_each_outlet_for_itself(tmp_path: Path) -> None:
    seen, run = watched(found_in(tmp_path))
    marks = [Mark("khabar", NOW + timedelta(days=day), "a") for day in (0, 29, 400)]
    save(run, Changes(), [*marks, Mark("khabar", None, "b"), Mark("xeber", NOW, "c")])

    settle(run, list)

    assert seen.asked == [("khabar", None, None, AROUND + 4), ("xeber", NOW, NOW, AROUND + 1)]


class Rowed:
    """A store that holds the pages of one outlet and knows no more than to give them."""

    def __init__(self, pages: Sequence[Known]) -> None:
        self.pages = pages
        self.read = 0

    def remembered(self, _: str, since: datetime, until: datetime, beyond: int) -> list[Known]:
        """Pages around a time."""
        first = bisect_left(self.pages, since, key=lambda page: page.published_at or since)
        last = bisect_right(self.pages, until, key=lambda page: page.published_at or since)
        found = self.pages[max(0, first - beyond) : last + beyond]
        self.read += len(found)
        return list(found)


def placed(pages: Sequence[Known], places: Collection[int]) -> list[Mark]:
    return [Mark("khabar", pages[place].published_at, pages[place].id) for place in sorted(places)]


def window(place: int, count: int) -> range:
    """The places of a page and the 50 nearest to it."""
    begin = max(0, min(place - WINDOW // 2, count - WINDOW - 1))
    return range(begin, min(begin + WINDOW + 1, count))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.integers(1, 1200),
    st.sets(st.integers(0, 1199), min_size=1, max_size=20),
    st.sets(st.integers(0, 1199), max_size=4),
)
def test_in_pieces_everybody_is_reached_and_has_the_same_neighbours(
    length: int, single: set[int], rows: set[int]
) -> None:
    pages = [Known(f"{number:04}", NOW + minutes(number // 3), b"", b"") for number in range(length)]
    near = {place + step for place in rows for step in range(60)}
    marks = placed(pages, {place for place in single | near if place < length})
    place_of = {page.id: place for place, page in enumerate(pages)}
    marked = {place_of[each.id] for each in marks}

    heard: set[int] = set()
    for piece, among in pieces(Rowed(pages), marks):  # type: ignore[arg-type] # all that is asked of it
        assert len(piece) <= 2 * (AROUND + len(marks)) + 3
        for first, last in reached(piece, among):
            for place in range(first, last + 1):
                at = place_of[piece[place].id]
                assert [piece[near] for near in window(place, len(piece))] == [
                    pages[near] for near in window(at, length)
                ]
                heard.add(at)

    assert {place for place in range(length) if not marked.isdisjoint(window(place, length))} <= heard


def test_what_lies_between_marks_is_not_read_and_marks_that_stand_close_share_a_piece() -> None:
    pages = [Known(f"{number:05}", NOW + minutes(number), b"", b"") for number in range(20_000)]
    apart, close = Rowed(pages), Rowed(pages)

    far = [len(among) for _, among in pieces(apart, placed(pages, range(0, 20_000, 5000)))]  # type: ignore[arg-type] # as above
    near = [len(among) for _, among in pieces(close, placed(pages, range(5000, 5000 + MOST_MARKS)))]  # type: ignore[arg-type] # as above

    assert far == [1, 1, 1, 1]
    assert apart.read < 4 * 2 * (AROUND + 5)
    assert near == [MOST_MARKS]
    assert close.read == 2 * (AROUND + MOST_MARKS) + 1


def test_a_sweep_holds_so_many_marks_at_most() -> None:
    marks = [Mark("khabar", NOW, f"{number:04}") for number in range(600)]

    assert [len(sweep) for sweep in sweeps(shuffled(marks, 1))] == [256, 256, 88]


# Who is reached


def known(number: int, version: int = 0) -> Known:
    """A page that shares one of three lines with others; another version of it shares another."""
    lines = (
        f"Own words of page {number:b}".replace("0", "a").replace("1", "b"),
        f"Shared line {'klm'[(number + version) % 3]}",
    )
    return Known(f"{number:03}", NOW + minutes(number // 2), digest(lines[0], lines, ()), b"")


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    st.sets(st.integers(0, 160), min_size=1),
    st.sets(st.integers(0, 160), max_size=30),
    st.sets(st.integers(0, 160), max_size=6),
    st.sets(st.integers(0, 160), max_size=6),
)
def test_whoever_is_told_something_new_is_reached(
    held: set[int], came: set[int], went: set[int], changed: set[int]
) -> None:
    before = {number: known(number) for number in held}
    after = {number: known(number, int(number in changed)) for number in (held | came) - went}
    marks = [
        Mark("khabar", known(number).published_at, known(number).id)
        for number in sorted(before.keys() | after.keys())
        if before.get(number) != after.get(number)
    ]
    old, new = (
        {page.id: told for page, told in recalls([pages[number] for number in sorted(pages)], 0, len(pages) - 1)}
        for pages in (before, after)
    )
    order = [after[number] for number in sorted(after)]

    ranks = {rank for first, last in reached(order, marks) for rank in range(first, last + 1)}

    assert all(0 <= rank < len(order) for rank in ranks)
    assert {page.id for page in order if old.get(page.id) != new[page.id]} <= {order[rank].id for rank in ranks}


@pytest.mark.parametrize("number", [0, 1, 25, 50, 51, 75, 100, 149, 150])
def test_a_newcomer_reaches_about_fifty_pages(number: int) -> None:
    order = [known(each) for each in range(151)]

    [(first, last)] = reached(order, [Mark("khabar", order[number].published_at, order[number].id)])

    assert first <= number <= last
    assert last - first <= WINDOW + WINDOW // 2


def test_stretches_that_lie_close_together_are_one() -> None:
    order = [known(number) for number in range(400)]
    marks = [Mark("khabar", order[number].published_at, order[number].id) for number in (100, 180, 300)]

    assert list(reached(order, marks)) == [(75, 205), (275, 325)]
    assert list(reached([], marks)) == []


def test_an_article_that_moves_is_marked_where_it_was_and_where_it_is() -> None:
    old = Article("a", "https://khabar.example/a", outlet=Outlet("khabar"), published_at=NOW, digest=b"1")
    later = replace(old, published_at=NOW + timedelta(hours=1))

    assert moved(None, old) == (mark(old),)
    assert moved(old, replace(old, text="anders", recalled=b"1")) == ()
    assert moved(old, replace(old, published_at=NOW + timedelta(milliseconds=1))) == ()
    assert moved(old, replace(old, digest=b"2")) == (mark(old),)
    assert moved(old, later) == (mark(old), mark(later))
    assert moved(old, replace(old, outlet=Outlet("xeber"))) == (mark(old), Mark("xeber", NOW, "a"))
