"""Reading processes: results in order, and a page that breaks its reader costs one outcome and nothing else."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from pipeline import flow
from pipeline.archive import Archived
from pipeline.flow.run import chunks
from pipeline.model import Article, Drop, Fate, Page, Place, StoreError
from pipeline.readers import NamedStages, Reader, Readers, Unread, read, read_again
from pipeline.watchlist import Config
from tests.house import ROOT
from tests.trial import SENTENCES, page

DIES, HANGS, FAULTY, SHORT = "می‌میرد", "يتوقف", "hatalı", "qısa"
WAIT = 60  # seconds until a test gives up


def plain(page: Page) -> Article:
    """Extract a page that is its own text."""
    text = page.answer.body.decode()
    if not text:
        raise Drop("empty")
    return Article(page.url, page.url, text=text)


def checked(article: Article) -> Article:
    """A stage that ends as its article says."""
    if article.text == DIES:
        os._exit(1)
    while article.text == HANGS:
        pass
    if article.text == FAULTY:
        raise ValueError("a bug on ծննդավայր")
    if article.text == SHORT:
        raise Drop("too-short")
    return replace(article, language="fa")


def stages() -> tuple[Reader, NamedStages]:
    return plain, (("checked", checked),)


def pages(*texts: str) -> list[Archived]:
    return [
        Archived(page(f"https://khabar.example/{number}", text.encode()), Place("file", number), number + 1)
        for number, text in enumerate(texts)
    ]


def readers(seconds: float = 60) -> Readers:
    return Readers(2, stages, seconds=seconds)


def texts(results: Sequence[tuple[Archived, Article | Unread]]) -> list[str]:
    """What was read, or why not."""
    return [result.reason if isinstance(result, Unread) else result.text for _, result in results]


@pytest.fixture(scope="module")
def two() -> Iterator[Readers]:
    with readers() as opened:
        yield opened


def test_a_page_passes_the_stages_in_order() -> None:
    twice: NamedStages = [(name, lambda article: replace(article, text=article.text * 2)) for name in "ab"]

    assert read(pages("نان")[0].page, plain, twice) == replace(plain(pages("نان")[0].page), text="نان" * 4)


@pytest.mark.parametrize(
    ("text", "stage", "fate", "reason"),
    [
        ("", "extract", Fate.DROPPED, "empty"),
        (SHORT, "checked", Fate.DROPPED, "too-short"),
        (FAULTY, "checked", Fate.FAILED, "internal-error"),
    ],
)
def test_a_page_that_gives_no_article_says_where_and_why(text: str, stage: str, fate: Fate, reason: str) -> None:
    result = read(pages(text)[0].page, *stages())

    assert isinstance(result, Unread)
    assert (result.stage, result.fate, result.reason) == (stage, fate, reason)
    assert ("ValueError: a bug on ծննդավայր" in result.trace) is (fate is Fate.FAILED)


def test_an_article_passes_stages_again_and_a_bug_ends_it_alone() -> None:
    article = plain(pages("نان")[0].page)

    assert read_again(article, stages()[1]) == replace(article, language="fa")
    assert isinstance(read_again(replace(article, text=FAULTY), stages()[1]), Unread)


def test_the_stages_that_reading_processes_inherit_are_built_once_and_serve_here_too() -> None:
    built: list[tuple[Reader, NamedStages]] = []

    def build() -> tuple[Reader, NamedStages]:
        built.append(stages())
        return built[-1]

    with Readers(1, build) as opened:
        assert opened.stages() is built[0][1]
        assert texts(list(opened.read(pages("ekmek")))) == ["ekmek"]
    assert opened.stages() is built[0][1]
    assert len(built) == 1


def test_a_fault_of_the_disk_is_not_taken_for_a_bad_page() -> None:
    def pages_until_the_disk_fails() -> Iterator[Archived]:
        yield from pages("برف")
        raise StoreError("archive: disk")

    with readers() as opened, pytest.raises(StoreError, match="disk"):
        list(opened.read(pages_until_the_disk_fails()))


def test_results_come_in_the_order_of_the_pages_in_every_script(two: Readers) -> None:
    given = [f"{SENTENCES[language]} {number}" for number in range(12) for language in SENTENCES]

    results = list(two.read(pages(*given)))

    assert texts(results) == given
    assert [archived.place.offset for archived, _ in results] == list(range(len(given)))
    assert {result.language for _, result in results if isinstance(result, Article)} == {"fa"}


def test_reading_nothing_starts_no_process() -> None:
    def never() -> tuple[Reader, NamedStages]:
        raise AssertionError("built for nothing")

    with Readers(2, never) as opened:
        assert list(opened.read([])) == []


def test_pages_are_taken_as_they_are_needed(two: Readers) -> None:
    taken = []

    def many() -> Iterator[Archived]:
        for number, archived in enumerate(pages(*["xəbər"] * 200)):
            taken.append(number)
            yield archived

    results = two.read(many())
    next(results)

    assert len(taken) < 50


def test_a_page_whose_reader_dies_costs_one_outcome() -> None:
    given = ["nûçe 1", "nûçe 2", DIES, *[f"nûçe {number}" for number in range(3, 40)], DIES, "nûçe 40"]
    with readers() as opened:
        results = list(opened.read(pages(*given)))

        assert texts(results) == ["worker-died" if text == DIES else text for text in given]
        assert [each for _, each in results if isinstance(each, Unread)] == [
            Unread("extract", Fate.FAILED, "worker-died")
        ] * 2
        assert texts(list(opened.read(pages("ועוד אחד")))) == ["ועוד אחד"]


def test_a_page_that_never_ends_costs_one_outcome() -> None:
    with readers(seconds=0.2) as opened:
        assert texts(list(opened.read(pages("avant", HANGS, "après")))) == ["avant", "worker-died", "après"]


def test_a_bug_costs_one_outcome_and_the_process_lives_on(two: Readers) -> None:
    assert texts(list(two.read(pages("öncə", FAULTY, "sonra")))) == ["öncə", "internal-error", "sonra"]


def test_processes_that_inherit_nothing_read_the_same() -> None:
    """As on systems where forking is not safe: there, what is handed over has to be picklable."""
    with Readers(1, stages, start="spawn") as opened:
        assert texts(list(opened.read(pages("haber", SHORT)))) == ["haber", "too-short"]
    assert pickle.dumps(flow.readers(Config("config"))._build)  # noqa: SLF001 - what is handed over


@pytest.mark.parametrize("signals", [(signal.SIGKILL,), (signal.SIGINT, signal.SIGKILL)])
def test_reading_processes_end_with_the_one_that_started_them(signals: tuple[signal.Signals, ...]) -> None:
    """Even where it is killed; and Ctrl-C, which goes to all of them, prints no traceback of theirs."""
    script = (
        "from tests.test_readers import pages, readers\n"
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, lambda *_: print('stopping', flush=True))\n"
        "opened = readers()\n"
        "print(len(list(opened.read(pages('a', 'b')))), flush=True)\n"
        "while True: signal.pause()\n"
    )
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "2\n"
        for each in signals:
            if each is signal.SIGINT:
                os.killpg(process.pid, each)
                assert process.stdout.readline() == "stopping\n"
            else:
                process.kill()
        told, complaints = process.communicate(timeout=WAIT)  # ends when nobody holds the pipes any more

    assert (told, complaints) == ("", "")


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (3, [3]), (4, [4]), (9, [4, 4, 1])])
def test_batches_hold_so_many_results_at_most(count: int, sizes: list[int]) -> None:
    results = [(archived, Unread("extract", Fate.DROPPED, "empty")) for archived in pages(*["՞"] * count)]

    found = list(chunks(iter(results), 4))

    assert [len(batch) for batch in found] == sizes
    assert [each for batch in found for each in batch] == results
