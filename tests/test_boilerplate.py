"""The outlet memory: which lines of a page its outlet's other pages vouch for, and how much of it that may take."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.boilerplate import WINDOW, carried, digest, recalls, told
from pipeline.boilerplate.digest import Remembered, remembered
from pipeline.boilerplate.window import Window
from pipeline.clean import Clean, Remember
from pipeline.model import Article, Known
from tests.outlet import (
    APPEAL,
    ASIDE,
    FOOT,
    MAIN,
    READERS,
    Piece,
    beside,
    gone,
    headline,
    own,
    page,
    read,
    recalled,
    row,
    taught,
)

EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def pages(count: int, *shared: str | Piece, holding: int | None = None) -> list[Article]:
    """So many pages, the first `holding` of them (all where it is None) with shared lines below their own."""
    held = count if holding is None else holding
    return [page(seed, *own(seed), *(shared if seed < held else ())) for seed in range(count)]


def texts(articles: Sequence[Article]) -> list[list[str]]:
    return [article.text.split("\n") for article in articles]


# Who vouches for a line


@pytest.mark.parametrize("language", READERS)
def test_a_line_that_stands_on_two_other_pages_goes_whatever_its_numbers(language: str) -> None:
    lines = [READERS[language].format(1000 * seed + 3, seed) for seed in range(3)]
    lines[2] = lines[2].translate(EASTERN)

    found = taught([page(seed, *own(seed, language), Piece(line, FOOT)) for seed, line in enumerate(lines)])

    assert texts(found) == [own(seed, language) for seed in range(3)]
    assert [gone(article) for article in found] == [[(line, "outlet-repeats")] for line in lines]
    assert {piece.pages for article in found for piece in article.removed} == {2}


@pytest.mark.parametrize(
    ("count", "holding", "goes"), [(3, 2, True), (10, 2, True), (11, 2, False), (11, 3, True), (60, 2, False)]
)
def test_from_ten_other_stories_on_two_of_them_must_hold_a_line(count: int, holding: int, goes: bool) -> None:  # noqa: FBT001 - a column
    found = taught(pages(count, Piece(APPEAL, FOOT), holding=holding))

    assert [APPEAL in article.text for article in found[:holding]] == [not goes] * holding


def test_a_line_that_stands_nowhere_else_stays() -> None:
    lone = "Only this page of the paper has ever carried a line about the ferry of its founder."

    found = taught([*pages(11), page(99, *own(99), Piece(lone, FOOT))])

    assert lone in found[-1].text
    assert all(article.removed == () for article in found)


def test_one_other_page_may_take_an_eighth_of_the_text() -> None:
    short, long = "Told by the river desk", f"{APPEAL} {APPEAL}"

    assert [APPEAL in article.text for article in taught(pages(2, Piece(long, FOOT)))] == [True, True]
    assert [gone(article) for article in taught(pages(2, Piece(short, FOOT)))] == [[(short, "outlet-repeats")]] * 2


def test_one_other_page_takes_nothing_of_the_main_slot() -> None:
    short = "Told by the river desk"

    assert [article.removed for article in taught(pages(2, short))] == [(), ()]
    assert [gone(article) for article in taught(pages(3, short))] == [[(short, "outlet-repeats")]] * 3


def test_copies_of_one_story_do_not_vouch_for_each_other() -> None:
    copies = [replace(page(seed, *own(7), Piece(APPEAL, FOOT), title=headline(7))) for seed in range(4)]

    assert [article.recalled for article in recalled(copies)] == [b""] * 4
    assert all(article.removed == () for article in taught(copies))


@pytest.mark.parametrize(("title", "stays"), [("The river rose again", True), ("News", False), ("", False)])
def test_pages_of_one_headline_are_one_voice_unless_it_is_too_short_to_tell(title: str, stays: bool) -> None:  # noqa: FBT001 - a column
    twins = [Remember()(replace(read(seed, *own(seed), Piece(APPEAL, FOOT)), title=title)) for seed in (90, 91)]

    found = taught([*pages(12, Piece(APPEAL, FOOT), holding=1), *twins])

    assert (APPEAL in found[0].text) == stays


def test_a_headline_is_the_same_whatever_its_case_marks_and_numbers() -> None:
    titles = ("Sel: 12 köy boşaltıldı", "SEL, 340 KÖY BOŞALTILDI!")
    twins = [page(seed, *own(seed, "tr"), Piece(APPEAL, FOOT), title=title) for seed, title in enumerate(titles)]

    assert [article.recalled for article in recalled(twins)] == [b"", b""]


def test_copies_hold_together_what_each_of_them_holds() -> None:
    second = "The ferry of the river paper leaves at noon, and takes its readers with it."
    twins = [page(seed, *own(seed), Piece(line, FOOT), title=headline(7)) for seed, line in enumerate((APPEAL, second))]

    found = taught([page(5, *own(5), Piece(APPEAL, FOOT), Piece(second, FOOT), *own(6)), *twins, *pages(3)[2:]])

    assert [line for line, _ in gone(found[0])] == [APPEAL, second]


def test_a_page_does_not_vouch_for_itself() -> None:
    echo = [Piece(APPEAL, slot) for slot in (FOOT, ASIDE, f"{ASIDE} list", f"{FOOT} list")]

    found = taught([page(50, *own(50), Piece(APPEAL, FOOT), around=echo), *pages(5)])

    assert APPEAL in found[0].text


def test_an_outlet_does_not_hear_what_another_prints() -> None:
    victim, wire = pages(12), own(3)
    attacker = [page(seed, *own(3), Piece(APPEAL, FOOT)) for seed in range(100, 160)]

    assert all(set(wire).isdisjoint(article.text.split("\n")) or "mostly-repeats" in article.flags for article in taught(attacker))
    assert taught(victim)[3].text.split("\n") == wire


def test_a_paragraph_of_the_main_slot_stays_where_others_show_it_as_a_teaser() -> None:
    opening = own(30)[0]
    teasing = [page(seed, *own(seed), around=[Piece(opening, ASIDE)]) for seed in range(4)]
    quoting = [page(seed, *own(seed), opening) for seed in range(4)]

    assert taught([page(30, *own(30)), *teasing])[0].text.split("\n") == own(30)
    assert gone(taught([page(30, *own(30)), *quoting])[0]) == [(opening, "outlet-repeats")]


def test_a_line_outside_the_main_slot_is_looked_for_everywhere() -> None:
    bearing = [page(seed, *own(seed), around=[Piece(APPEAL, f"{ASIDE} box")]) for seed in range(4)]

    assert gone(taught([page(30, *own(30), Piece(APPEAL, FOOT)), *bearing])[0]) == [(APPEAL, "outlet-repeats")]


def test_a_line_made_of_blocks_goes_where_all_of_them_stand_elsewhere() -> None:
    cells = ["Water at the old bridge", "Wind above the harbour"]
    table = [Piece(cell, "body table row cell") for cell in cells]
    joined = " | ".join(cells)
    cut = [Remember()(replace(read(seed, *own(seed), around=table), text="\n".join((*own(seed), joined)))) for seed in (1, 2, 3)]
    half = Remember()(replace(read(9, *own(9), around=[table[0], Piece("Snow on the pass", FOOT)]), text="\n".join((*own(9), f"{cells[0]} | Snow on the pass"))))

    found = taught([*cut, half])

    assert [gone(article) for article in found] == [[(joined, "outlet-repeats")]] * 3 + [[]]
