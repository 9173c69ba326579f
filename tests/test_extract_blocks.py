"""The blocks of a page: every line of it with the slot it stands in, and whether it is a link."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.boilerplate import digest, letters
from pipeline.extract import blocks, prose
from pipeline.extract.blocks import MOST_RUNS, Run
from pipeline.model import Block
from tests.pages import SENTENCE, article, document


def runs(body: str) -> list[Run]:
    return blocks.runs(prose.parse(f"<html><head><title>Not read</title></head><body>{body}</body></html>"))


def texts(body: str) -> list[str]:
    return [run.text for run in runs(body)]


def slots(body: str) -> list[tuple[int, ...]]:
    return [run.boxes for run in runs(body)]


def linked(body: str) -> list[bool]:
    return [block.link for block in blocks.blocks(runs(body), str)]


# Lines


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("<p>One</p><p>Two</p>", ["One", "Two"]),
        ("one<div>two<div>three</div>four</div>five", ["one", "two", "three", "four", "five"]),
        ("<div>İlk satır<br>ikinci<br/><br>üçüncü</div>", ["İlk satır", "ikinci", "üçüncü"]),
        ("<p>خبر <b>عاجل</b><i>جدا</i> <a href=x>هنا</a>.</p>", ["خبر عاجلجدا هنا."]),
        ("<table><tr><td>Պուրակ<td>12</tr><tr><td>Կամուրջ</table>", ["Պուրակ", "12", "Կամուրջ"]),
        ("<ul><li>bir<li><a href=x>iki</a></ul>son", ["bir", "iki", "son"]),
        ("<p>  spaced\n\t out\xa0  words </p><p> \n </p>", ["spaced out words"]),
        ("<p>before<script>var a = '<p>no</p>'</script> after</p>", ["before after"]),
        ("<p>kept <style>p {}</style>text</p><noscript>no</noscript>tail", ["kept text", "tail"]),
        ("<p>one<!-- a comment --> line<?php no ?></p>", ["one line"]),
        ("<p>می\u200cشود &zwnj;و</p>", ["می\u200cشود \u200cو"]),
        ("<article><h1>כותרת</h1><section>גוף</section></article><aside>סוף", ["כותרת", "גוף", "סוף"]),
        ("<nav>Ana sayfa</nav><form>Ad<input>Posta</form><footer>Künye</footer>son", ["AdPosta", "son"]),
        ("<my-box><p>own</p>element</my-box>", ["own", "element"]),
        ("", []),
    ],
)
def test_a_page_is_read_line_by_line(body: str, lines: list[str]) -> None:
    assert texts(body) == lines


def test_blocks_hold_letters_and_masked_digits_of_each_line() -> None:
    found = blocks.blocks(runs("<p>12 Comments!</p><p>* * *</p><p>خبر ٣</p>"), str)

    assert [block.letters for block in found] == ["0comments", "", "خبر0"]
    assert blocks.blocks([], str) == ()


def test_what_was_changed_before_the_page_was_parsed_is_restored() -> None:
    page = prose.shield("<p>می‌شود</p><p>نیم‌روز</p>")

    found = blocks.blocks(blocks.runs(prose.parse(page.html)), page.restore)

    assert [block.letters for block in found] == [letters("می‌شود"), letters("نیم‌روز")]


# Slots


def test_a_slot_is_its_elements_with_classes_innermost_first() -> None:
    text, teaser, again = slots('<main><p>text</p></main><aside class="box"><p>teaser</p><p>again</p></aside>')

    assert teaser == again != text
    assert len(text) == len(teaser) == 3, "p, main or aside, body"
    assert text[-1] == teaser[-1]
    assert text[0] != teaser[0], "a p is told by all that is around it"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ('class="teaser big"', 'class="big  teaser"', True),
        ('class="teaser" id="a" data-x="1"', 'data-x="2" id="b" class="teaser"', True),
        ('class="post-12 item3"', 'class="post-34567 item1"', True),
        ('class=""', "", True),
        ('class="teaser"', 'class="teasers"', False),
        ('class="teaser"', "", False),
    ],
)
def test_order_of_classes_and_attributes_and_numbers_do_not_make_a_slot(one: str, other: str, is_same: bool) -> None:  # noqa: FBT001 - a column
    assert (slots(f"<div {one}>x</div>") == slots(f"<div {other}>x</div>")) == is_same


def test_inline_elements_do_not_make_a_slot() -> None:
    plain, wrapped, tail = slots("<p>plain</p><span class=a><b><p>wrapped</p></b></span><p><i>tail</i></p>")

    assert plain == wrapped == tail


def test_text_behind_an_element_stands_where_text_before_it_stood() -> None:
    before, inside, after = slots("<div class=a>before<ul><li>inside</ul>after</div>")

    assert before == after == inside[2:]


def test_of_many_elements_around_a_line_the_24_innermost_count() -> None:
    [deep] = slots("<div>" * 60 + "deep" + "</div>" * 60)

    assert len(deep) == 24


def test_every_box_is_a_number_of_16_bits_above_zero() -> None:
    boxes = {box for number in range(600) for slot in slots(f"<div class='{'ab' * number}'>x</div>") for box in slot}

    assert min(boxes) >= 1
    assert max(boxes) <= 0xFFFF


# Links


@pytest.mark.parametrize(
    ("body", "is_link"),
    [
        ("<a href=x>Nûçeyên dawî</a>", True),
        ("<li>- <a href=x><b>آخر الأخبار</b></a> »</li>", True),
        ("<a href=x><div>a whole box</div></a>", True),
        ("<p>Read <a href=x>more</a> of this</p>", False),
        ("<p><a href=x>half</a>half</p>", True),
        ("<p>plain</p>", False),
        ("<p><a>one</a> and <a>another</a></p>", True),
        ("<a href=x></a><p>behind</p>", False),
    ],
)
def test_a_block_is_a_link_where_half_of_it_is(body: str, is_link: bool) -> None:  # noqa: FBT001 - a column
    assert linked(body) == [is_link]


# Strangers' pages


def test_thirty_megabytes_are_read_up_to_a_bound() -> None:
    page = prose.parse("<html><body>" + f"<p>{SENTENCE * 15}</p>" * (30 * 2**20 // (15 * len(SENTENCE))))
    small = prose.parse("<html><body>" + "<p>a<b>b</b></p>" * 500_000)
    started = process_time()

    found, many = blocks.blocks(blocks.runs(page), str), blocks.runs(small)
    told = digest("The old bridge is open", [SENTENCE, "nowhere " * 9], found)

    assert process_time() - started < 20, "two seconds where nothing else runs"
    assert len(found) == len(many) == MOST_RUNS
    assert len(told) < 2048


@pytest.mark.parametrize(
    "body",
    [
        "<div class=a>" * 100_000 + SENTENCE,
        "<b>" * 100_000 + SENTENCE,
        "<a href=x>" * 100_000 + SENTENCE,
        "<table><tr><td>x" * 100_000,
        "</div>" * 100_000 + SENTENCE,
        "<p>" * 100_000 + SENTENCE,
        "<script>" * 100_000,
        f"<div class='{'x1 ' * 100_000}'>{SENTENCE}",
        f"<p>{'word ' * 1_000_000}",
    ],
    ids=lambda body: body[:12],
)
def test_x100000_nested_or_broken_elements_end_in_bounded_time(body: str) -> None:
    started = process_time()

    found = blocks.blocks(runs(body), str)

    assert process_time() - started < 10, "a second where nothing else runs"
    assert len(found) <= 100_000


PIECES = [
    "<p>",
    "</p>",
    "<div class='a 1'>",
    "</div>",
    "<a href=x>",
    "</a>",
    "<br>",
    "<td>",
    "<script>",
    "</script>",
    "é",
    "\0",
    " ",
    "٣",
    "<!--",
    "-->",
    "\x1c",
]


@given(st.lists(st.sampled_from(PIECES), max_size=30))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_any_page_gives_a_block_for_each_run(pieces: list[str]) -> None:
    found = runs("".join(pieces))

    assert [block.letters for block in blocks.blocks(found, str)] == [letters(run.text) for run in found]
    assert all(run.text == " ".join(run.text.split()) != "" for run in found)
    assert all(0 <= run.linked <= len(run.text) for run in found)


def test_an_article_brings_the_blocks_of_its_whole_page() -> None:
    around = "<aside><a href=x>Imprint</a></aside></body>"

    found = article(document(f"<p>{SENTENCE * 3}</p>").replace("</body>", around))

    assert Block("imprint", found.blocks[-1].boxes, link=True) == found.blocks[-1]
    assert letters(SENTENCE * 3) in [block.letters for block in found.blocks]
