"""From archive to store: every page is read once, and what tears or dies costs its own page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import flow, urls
from pipeline.archive import Archived
from pipeline.flow.process import process
from pipeline.flow.run import BATCH
from pipeline.model import Article, Changes, Drop, Fate, Outcome, Page, Source, StoreError
from pipeline.readers import NamedStages, Reader, Readers
from pipeline.stores.sqlite import SqliteStore
from pipeline.watchlist import Config
from tests.trial import NOW, SENTENCES, Contended, Particular, Trial, html, page, story, table, trial

KHABAR = Source("khabar", "https://khabar.example/feed", name="خبر", country="IR", languages=("fa",))
DIES, FAULTY = "می‌میرد", "հատուկ սխալ"


def checked(article: Article) -> Article:
    """A stage that ends as its article says."""
    if DIES in article.text:
        os._exit(1)
    if FAULTY in article.text:
        raise ValueError("a bug in a stage")
    return article


def stages() -> tuple[Reader, NamedStages]:
    extract, named = flow.reading(CONFIG)
    return extract, (*named, ("checked", checked))


CONFIG = Config("config", sources=(KHABAR,))


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers(2, stages) as opened:
        yield opened


def url(number: int) -> str:
    return f"https://khabar.example/{number}"


def pages(count: int, first: int = 1) -> list[Page]:
    languages = list(SENTENCES)
    return [
        page(url(number), html(story(number, languages[number % len(languages)])))
        for number in range(first, first + count)
    ]


def edited(number: int, body: bytes, hours: float) -> Page:
    """The same page, looked at so many hours later."""
    return page(url(number), body, NOW + timedelta(hours=hours))


def found_in(tmp_path: Path) -> Trial:
    return trial(tmp_path, KHABAR)


def read(found: Trial, name: str, readers: Readers) -> list[Outcome]:
    process(found.run(name), readers)
    return found.outcomes(name)


def test_every_page_becomes_an_article_and_an_outcome(tmp_path: Path, readers: Readers) -> None:
    found = found_in(tmp_path)
    found.write("run-1", pages(40))

    outcomes = read(found, "run-1", readers)

    assert table(outcomes) == {("store", "kept", "new"): 40}
    assert [each.entry for each in outcomes] == list(range(1, 41))
    assert {article.language for article in found.articles} == set(SENTENCES)
    assert {article.outlet.name for article in found.articles} == {"خبر"}
    assert {article.story == article.id and article.lead for article in found.articles} == {True}


def test_an_article_says_where_its_page_lies_in_the_archive(tmp_path: Path, readers: Readers) -> None:
    found = found_in(tmp_path)
    found.write("run-1", pages(3))
    read(found, "run-1", readers)

    for article in found.articles:
        assert article.archive
        archived = next(found.archive.pages(article.archive.file, article.archive.offset))
        assert isinstance(archived, Archived)
        assert archived.page.url == article.url


def test_what_was_read_is_not_read_again(tmp_path: Path, readers: Readers) -> None:
    found = found_in(tmp_path)
    found.write("run-1", pages(3))
    read(found, "run-1", readers)
    found.at += timedelta(hours=1)
    found.write("run-2", pages(2, first=4))

    assert table(read(found, "run-2", readers)) == {("store", "kept", "new"): 2}
    assert {article.ingested_at for article in found.articles} == {NOW, NOW + timedelta(hours=1)}


def test_a_torn_file_is_told_and_read_up_to_the_tear(tmp_path: Path, readers: Readers) -> None:
    found = found_in(tmp_path)
    found.write("run-1", pages(3))
    [file] = found.archive.files()
    path = tmp_path / "archive" / file
    path.write_bytes(path.read_bytes()[:-20])

    outcomes = read(found, "run-1", readers)

    assert [each.url for each in outcomes] == [url(1), url(2)]
    [note] = found.notes
    assert note.startswith(f"archive file {file} is cut off at byte ")
    found.notes.clear()
    read(found, "run-1", readers)
    assert found.notes == []  # told once


def test_a_page_whose_reader_dies_costs_one_failed_outcome(tmp_path: Path, readers: Readers) -> None:
    found = found_in(tmp_path)
    deadly = page(url(3), html([DIES, *story(3, "fa")]))
    found.write("run-1", [*pages(2), deadly, *pages(40, first=4)])

    outcomes = read(found, "run-1", readers)

    assert table(outcomes) == {("store", "kept", "new"): 42, ("extract", "failed", "worker-died"): 1}
    assert [each.url for each in outcomes if each.fate is Fate.FAILED] == [url(3)]


def test_a_bug_in_a_stage_costs_one_failed_outcome_and_is_told(tmp_path: Path, readers: Readers) -> None:
    found = found_in(tmp_path)
    found.write("run-1", [*pages(2), page(url(3), html([FAULTY, *story(3, "hy")]))])

    outcomes = read(found, "run-1", readers)

    assert table(outcomes) == {("store", "kept", "new"): 2, ("checked", "failed", "internal-error"): 1}
    [note] = found.notes
    assert note.startswith(f"{url(3)}: Traceback")
    assert "ValueError: a bug in a stage" in note


def test_a_page_without_an_article_ends_in_its_stage(tmp_path: Path, readers: Readers) -> None:
    found = found_in(tmp_path)
    found.write("run-1", [page(url(1), b"%PDF-1.7"), page(url(2), html(["Qısa mətn."])), page(url(3), b"")])

    ends = [(each.stage, each.fate) for each in read(found, "run-1", readers)]

    assert ends == [("extract", Fate.DROPPED), ("length", Fate.DROPPED), ("extract", Fate.DROPPED)]
    assert found.articles == []
    seen = found.store.seen([urls.article_id(url(number)) for number in (1, 2, 3)])
    assert [each.fate for each in seen.values()] == [Fate.DROPPED] * 3


def test_an_edited_page_is_a_revision_and_an_unchanged_one_is_not(tmp_path: Path, readers: Readers) -> None:
    found, first, second = found_in(tmp_path), story(1, "ckb"), story(2, "ckb")
    found.write("run-1", [edited(1, html(first), 0), edited(2, html(second), 0)])
    read(found, "run-1", readers)
    found.write("run-2", [edited(1, html([*first, SENTENCES["kmr"]]), 1), edited(2, html(second), 1)])

    outcomes = read(found, "run-2", readers)

    assert table(outcomes) == {("store", "kept", "changed"): 1, ("store", "unchanged", "same"): 1}
    revisions = {article.url: article.revision for article in found.articles}
    assert revisions == {url(1): 2, url(2): 1}
    assert next(article for article in found.articles if article.url == url(1)).text.endswith(SENTENCES["kmr"])


def test_two_looks_at_one_page_in_one_batch_are_two_revisions(tmp_path: Path, readers: Readers) -> None:
    found, paragraphs = found_in(tmp_path), story(1, "he")
    found.write("run-1", [edited(1, html(paragraphs), 0), edited(1, html([*paragraphs, SENTENCES["he"][:60]]), 1)])

    assert table(read(found, "run-1", readers)) == {("store", "kept", "new"): 1, ("store", "kept", "changed"): 1}
    assert [article.revision for article in found.articles] == [2]


def test_a_source_that_was_renamed_since_is_told_by_its_new_name(tmp_path: Path, readers: Readers) -> None:
    found = found_in(tmp_path)
    found.write("run-1", pages(1))
    found.config = replace(found.config, sources=(replace(KHABAR, name="Yeni Xəbər"),))

    read(found, "run-1", readers)

    assert [article.outlet.name for article in found.articles] == ["Yeni Xəbər"]


class Away(SqliteStore):
    """A store that goes away after so many articles."""

    room = 0

    def save(self, changes: Changes) -> frozenset[str]:
        self.room -= len(changes.articles)
        if self.room < 0:
            raise StoreError("store: gone away")
        return super().save(changes)


def test_a_run_that_died_is_gone_on_with_where_it_stopped(tmp_path: Path, readers: Readers) -> None:
    found = trial(tmp_path, KHABAR, store=Away)
    assert isinstance(found.store, Away)
    found.write("run-1", pages(BATCH + 8))
    found.store.room = BATCH
    with pytest.raises(StoreError):
        read(found, "run-1", readers)
    found.store.room = BATCH

    assert process(found.run("run-2"), readers) == {"run-1": 8}
    assert table(found.outcomes("run-1")) == {("store", "kept", "new"): BATCH + 8}


class Halved(SqliteStore):
    """A store that writes articles first, as one without transactions does, and goes away before it tells of them."""

    away = False

    def save(self, changes: Changes) -> frozenset[str]:
        if self.away and changes.articles:
            super().save(Changes(articles=changes.articles))
            raise StoreError("store: gone away")
        return super().save(changes)


def test_what_an_attempt_stored_that_died_before_it_told_of_it_ends_as_it_would_have(
    tmp_path: Path, readers: Readers
) -> None:
    found, paragraphs = trial(tmp_path, KHABAR, store=Halved), story(1, "az")
    assert isinstance(found.store, Halved)
    found.write("run-1", [edited(1, html(paragraphs), 0), edited(2, html(story(2, "fr")), 0)])
    read(found, "run-1", readers)
    looks = [(1, [*paragraphs, SENTENCES["az"]]), (2, story(2, "fr")), (3, story(3, "hy"))]
    found.write("run-2", [edited(number, html(text), 1) for number, text in looks])
    found.store.away = True
    with pytest.raises(StoreError):
        read(found, "run-2", readers)
    assert found.outcomes("run-2") == []
    attempted = found.articles
    found.store.away = False

    ends = [(each.fate.value, each.reason) for each in read(found, "run-2", readers)]

    assert ends == [("kept", "changed"), ("unchanged", "same"), ("kept", "new")]
    assert found.articles == attempted
    seen = found.store.seen([urls.article_id(url(3))])
    assert [(each.fate, each.reason) for each in seen.values()] == [(Fate.KEPT, "new")]


def test_what_the_store_does_not_take_costs_one_failed_outcome_and_is_told(tmp_path: Path) -> None:
    found = trial(tmp_path, KHABAR, store=Particular)
    assert isinstance(found.store, Particular)
    found.store.refused = FAULTY
    hostile = page(url(3), html([FAULTY, *story(3, "hy")]))
    found.write("run-1", [*pages(2), hostile, *pages(3, first=4)])

    outcomes = found.process("run-1")

    assert table(outcomes) == {("store", "kept", "new"): 5, ("store", "failed", "refused-by-store"): 1}
    assert [each.url for each in outcomes if each.fate is Fate.FAILED] == [url(3)]
    assert sorted(article.url for article in found.articles) == [url(number) for number in (1, 2, 4, 5, 6)]
    assert found.notes == [f"{url(3)}: the store refused it: number out of range"]
    assert found.process("run-1") == outcomes


@pytest.mark.parametrize(("times", "ends"), [(2, True), (100, False)])
def test_what_another_worker_changes_meanwhile_is_merged_again(
    times: int, *, ends: bool, tmp_path: Path, readers: Readers
) -> None:
    found = trial(tmp_path, KHABAR, store=Contended)
    assert isinstance(found.store, Contended)
    found.write("run-1", pages(2))
    found.store.times = times

    if ends:
        assert table(read(found, "run-1", readers)) == {("store", "kept", "new"): 2}
        assert not any(article.title.startswith("Theirs") for article in found.articles)
    else:
        with pytest.raises(RuntimeError, match="2 articles or visits kept changing"):
            read(found, "run-1", readers)


def test_a_clock_that_was_wrong_once_does_not_hide_the_archive(tmp_path: Path, readers: Readers) -> None:
    found = found_in(tmp_path)
    found.at = NOW + timedelta(days=4000)
    read(found, "run-0", readers)
    found.at = NOW
    found.write("run-1", pages(2))

    assert len(read(found, "run-1", readers)) == 2


def test_files_that_were_finished_days_ago_are_not_looked_at(tmp_path: Path, readers: Readers) -> None:
    found = found_in(tmp_path)
    found.write("run-1", pages(1))
    read(found, "run-1", readers)
    found.at += timedelta(days=3)
    read(found, "run-2", readers)
    found.write("run-3", pages(1, first=2))  # fetched three days ago, as a copy of another archive would be

    assert read(found, "run-3", readers) == []


def test_progress_counts_pages(tmp_path: Path, readers: Readers) -> None:
    found, ticks = found_in(tmp_path), list[tuple[str, int, int]]()
    found.write("run-1", pages(BATCH + 1))

    process(replace(found.run("run-1"), tick=lambda *told: ticks.append(told)), readers)

    assert ticks == [("read", BATCH, 0), ("read", BATCH + 1, 0)]


def test_stages_are_named_and_drop_by_raising() -> None:
    names = [name for name, _ in flow.stages(CONFIG)]
    length = dict(flow.stages(CONFIG))["length"]

    assert names == ["memory", "clean", "length", "language", "actors", "regions", "copies"]
    with pytest.raises(Drop, match="too-short"):
        length(Article("id", "url", text="kurt"))
