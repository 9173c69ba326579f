"""The digest of a page: small whatever the page holds, the same everywhere, and it tells which blocks a line is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.boilerplate import digest, letters, letters_of_lines
from pipeline.boilerplate.digest import BOTTOM, DEPTH, MOST_BYTES, TOP, remembered
from pipeline.boilerplate.letters import figures as figures_of
from pipeline.boilerplate.letters import hashed
from pipeline.model import Block
from tests.house import ROOT
from tests.outlet import FOOT, MAIN, Piece, own, page

TITLE = "Ferry of the river paper sinks"


def blocks(*texts: str, slot: str = MAIN) -> list[Block]:
    return [Piece(text, slot).block for text in texts]


def keys(lines: Sequence[str], made_of: Sequence[Block]) -> list[list[int]]:
    """The hashes by which each marked line is known."""
    read = remembered(digest(TITLE, lines, made_of))
    return [[read.keys[place] for place in places] for _, places in read.marked()]


def hashes(*texts: str) -> list[int]:
    return [hashed(letters(text)) for text in texts]


# What counts of a text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 comments", "3 COMMENTS."),
        ("Le 20 juin 2026 à 8 h 30", "le 5 juin 2031, à 11 h 05"),
        ("نُشِرَ في ٢٠ تشرين الثاني", "نشر في 3 تشرين الثاني"),
        ("می\u200cشود ۱۲", "میشود ۳۴۵"),
        ("שָׁלוֹם 5", "שלום 77!"),
        ("e\u0301t\u00e9 +33 1 23", "ÉTÉ 0033-1-99"),
        ("Yazı_No 7", "yazı no: 81"),
        ("1. İlk gün", "2) ilk gün"),
    ],
)
def test_two_lines_are_one_whatever_their_case_marks_spaces_signs_and_numbers(one: str, other: str) -> None:
    assert letters(one) == letters(other)
    assert "0" in letters(one)


@pytest.mark.parametrize(("one", "other"), [("5 views", "views"), ("الجسر", "الجسور"), ("\u0430", "a")])
def test_other_letters_are_another_line(one: str, other: str) -> None:
    assert letters(one) != letters(other)


@given(st.lists(st.text(st.characters(exclude_characters="\n"), max_size=20), min_size=1, max_size=6))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_the_letters_of_lines_are_those_of_each_line(lines: list[str]) -> None:
    assert letters_of_lines("\n".join(lines)).split("\n") == [letters(line) for line in lines]


# Size and form


BOXES = st.lists(st.integers(1, 0xFFFF), max_size=30).map(tuple)
LINE = st.text(st.characters(exclude_characters="\n"), max_size=40)
BLOCK = st.builds(Block, LINE.map(letters), BOXES, st.booleans())


@given(st.text(), st.lists(LINE, max_size=200), st.lists(BLOCK, max_size=400), st.integers(0, 5))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_a_digest_is_small_and_reads_back_what_was_written(
    title: str, lines: list[str], made_of: list[Block], spare: int
) -> None:
    written = digest(title, lines, made_of, spare)
    read = remembered(written)

    assert len(written) <= MOST_BYTES
    assert digest(title, list(lines), tuple(made_of), spare) == written
    assert (read.lines, read.spare, read.top) == (len(lines), spare, min(len(lines), TOP))
    assert (read.headline != 0) == (len(letters(title)) >= 12)
    numbers = [number for number, _ in read.marked()]
    assert numbers == [
        number for number in range(len(lines)) if number < TOP or number >= max(TOP, len(lines) - BOTTOM)
    ]
    assert len(read.keys) == len(read.slots) == len(read.links)
    held = {(hashed(block.letters), block.boxes[:DEPTH], block.link) for block in made_of if block.letters}
    told = set(zip(read.keys, read.slots, read.links, strict=True))
    whole = {(hashed(letters(line)), (), False) for line in lines}
    if len(held) <= 100 and len({slot for _, slot, _ in held}) <= 60:
        figures = {(hashed(figures_of(line)), read.main[:DEPTH], False) for line in lines}
        assert held <= told <= held | whole | figures


@given(st.lists(LINE.map(letters), min_size=1, max_size=30))
@settings(deadline=None, derandomize=True)
def test_a_line_that_is_a_block_is_known_by_it(texts: list[str]) -> None:
    made_of = [Block(text, (number + 1,)) for number, text in enumerate(texts)]

    read = remembered(digest(TITLE, texts, made_of))

    for text, (_, places) in zip(texts, read.marked(), strict=True):
        assert [read.keys[place] for place in places] == ([hashed(text)] if text.strip("0") else [])


def test_a_page_of_nothing_has_a_digest() -> None:
    read = remembered(digest("", [], []))

    assert (read.headline, read.lines, read.keys, list(read.marked()), read.main) == (0, 0, (), [], ())


@pytest.mark.parametrize(
    "line", ["\ud83d lone \udc00 halves", "\0 nothing \0", "\U0010ffff\u202e end", "ﷺ" * 2_000, "1" * 9_000]
)
def test_any_characters_are_remembered(line: str) -> None:
    read = remembered(digest(line, [line], blocks(line)))

    assert (read.lines, list(read.keys)) == (1, hashes(line))


def test_twenty_thousand_blocks_are_remembered_by_the_smallest_hashes_whatever_their_order() -> None:
    many = [Block(f"block{'abcdefghij'[number % 10] * (number // 10)}", (1, 2, 3)) for number in range(20_000)]
    started = process_time()

    read = remembered(digest(TITLE, [], many))

    assert process_time() - started < 10, "half a second where nothing else runs"
    assert list(read.keys) == sorted({hashed(block.letters) for block in many})[: len(read.keys)]
    assert remembered(digest(TITLE, [], many[::-1])).keys == read.keys
    assert len(read.keys) > 300


def test_lines_keep_their_blocks_where_there_are_too_many() -> None:
    lines = own(1, paragraphs=100)
    many = blocks(*lines, *own(2, paragraphs=2_000))

    read = remembered(digest(TITLE, lines, many))

    assert all(len(places) == 1 for _, places in read.marked())
    assert read.main == many[0].boxes


def test_lines_of_many_blocks_share_the_room_there_is_and_the_last_go_without() -> None:
    rows = [own(seed, paragraphs=12) for seed in range(1, 30)]

    found = keys(["".join(row) for row in rows], blocks(*(cell for row in rows for cell in row)))

    assert [len(each) for each in found] == [12] * 16 + [0] * 13


def test_slots_beyond_the_first_64_of_a_page_are_not_known() -> None:
    many = [Piece(line, f"slot{number:b}").block for number, line in enumerate(own(1, paragraphs=70))]

    read = remembered(digest(TITLE, [], many))

    assert read.slots.count(()) == 6
    assert len(set(read.slots)) == 65


def test_a_digest_is_the_same_in_every_process() -> None:
    program = (
        "from pipeline.boilerplate import digest; from tests.outlet import FOOT, Piece, own\n"
        "made_of = [Piece(line, slot, link).block for slot in (FOOT, 'body a b') for link in (True, False)"
        " for line in own(len(slot), 'tr', 90)]\n"
        "print(digest('A headline of the river', own(3, 'hy', 90) + own(9, 'tr', 50), made_of).hex())"
    )

    def told(seed: str) -> str:
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        asked = [sys.executable, "-c", program]
        return subprocess.run(asked, env=environment, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own

    assert told("1") == told("2")
    assert len(told("3")) > 1_000


# Which blocks a line is made of


def test_a_line_is_known_by_the_blocks_it_joins() -> None:
    """A row of a table, or a text between line breaks that was put into one."""
    cells = ("Bridge", "open since 8 o'clock", "two lanes")

    assert keys(["| Bridge | open since 9 o'clock | two lanes |"], blocks("Above", *cells, "Below")) == [hashes(*cells)]


def test_a_line_that_is_part_of_a_block_is_known_by_the_block() -> None:
    """Sentences of a text without paragraphs, cut where extraction saw an element inside the line."""
    whole = "Köprü sabah açıldı. Vapur ise iki saat geç kalktı."

    assert (
        keys(["Köprü sabah açıldı.", "Vapur ise iki saat geç kalktı."], blocks("Giriş", whole)) == [hashes(whole)] * 2
    )


def test_a_line_that_begins_and_ends_inside_blocks_is_known_by_both() -> None:
    texts = ("پردەکە کرایەوە بۆ خەڵک", "ڕێگاکەش ئەمڕۆ دەکرێتەوە")

    assert keys(["بۆ خەڵک ڕێگاکەش ئەمڕۆ"], blocks(*texts)) == [hashes(*texts)]


@pytest.mark.parametrize("line", ["Nowhere on this page", "Bridge"])
def test_a_line_that_stands_in_no_block_is_known_by_itself(line: str) -> None:
    """A short one is not looked for inside of blocks: it would be found by chance."""
    read = remembered(digest(TITLE, [line], blocks("The old Bridge is open")))

    assert list(read.keys)[:1] == hashes(line)
    assert read.slots[0] == ()


def test_a_line_of_too_many_blocks_is_known_as_a_whole() -> None:
    cells = own(4, paragraphs=13)

    assert keys(["".join(cells)], blocks(*cells)) == [hashes("".join(cells))]
    assert keys(["".join(cells[:12])], blocks(*cells)) == [hashes(*cells[:12])]


@pytest.mark.parametrize("line", ["2026", "12:30 - 14:00", "* * *", ""])
def test_a_line_of_numbers_and_signs_is_known_by_nothing(line: str) -> None:
    assert keys([line], blocks("2026", "12:30", "14:00", "* * *")) == [[]]


def test_blocks_without_letters_between_those_of_a_line_do_not_count() -> None:
    assert keys(["The bridge. The ferry."], blocks("The bridge.", "***", "—", "The ferry.")) == [
        hashes("The bridge.", "The ferry.")
    ]


def test_of_equal_blocks_a_line_is_the_one_that_comes_next_on_the_page() -> None:
    menu, text = "body menu", "body text"
    made_of = [
        Piece("Reaction", menu),
        Piece("The ferry has sunk.", text),
        Piece("Reaction", text),
        Piece("Tears.", text),
    ]

    read = remembered(
        digest(TITLE, ["The ferry has sunk.", "Reaction", "Reaction", "Tears."], [each.block for each in made_of])
    )

    assert [read.slots[places[0]] == made_of[2].block.boxes for _, places in read.marked()] == [True, True, False, True]


def test_a_line_that_stands_above_the_one_before_is_found_too() -> None:
    texts = ("Opening words of the report", "Closing words of the report")

    assert keys(["Closing words of the", "Opening words of the"], blocks(*texts)) == [
        hashes(texts[1]),
        hashes(texts[0]),
    ]


# The main slot


def test_the_main_slot_is_where_most_of_the_text_stands() -> None:
    lines = [*(Piece(line, FOOT) for line in own(2, paragraphs=2)), *(Piece(line) for line in own(1))]

    assert remembered(page(1, *lines).digest).main == Piece("").block.boxes


def test_links_are_no_text_and_make_no_main_slot() -> None:
    links = [Piece(line, FOOT, link=True) for line in own(2, paragraphs=9)]

    assert remembered(page(1, *links, *own(1)).digest).main == Piece("").block.boxes
    assert remembered(page(1, *links).digest).main == ()


def test_of_a_deep_page_the_24_innermost_boxes_are_kept() -> None:
    deep = Block(letters(own(1)[0]), tuple(range(1, 40)))

    assert remembered(digest(TITLE, own(1)[:1], [deep])).main == tuple(range(1, 25))
    assert remembered(digest(TITLE, own(1)[:1], [deep])).slots == [(1, 2, 3)]


@pytest.mark.parametrize(
    ("told", "is_figures"),
    [
        ("US dollar: 1,460 dinars", True),
        ("بغداد ٣٥ / ٢٢", True),
        ("Աղստև 12 / 4", True),
        ("Tevlî 40 kesên din çûn gundê xwe yê kevn", False),
        ("In 2014 the city fell, and three years later it was free again", False),
    ],
)
def test_a_line_of_figures_in_the_text_is_known_by_its_numbers_too(told: str, is_figures: bool) -> None:  # noqa: FBT001 - a column
    lines = [*own(1), told]
    read = remembered(digest(TITLE, lines, [Block(letters(line), (1, 2, 3)) for line in lines]))

    *_, (_, places) = read.marked()

    assert len(places) == 1 + is_figures
