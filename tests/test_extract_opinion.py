"""Which text of a page is its article's: the quick answer where it is sound, else the thorough one; what is left."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from pipeline.extract import blocks, prose
from pipeline.extract.opinion import Opinion
from tests.outlet import headline, own
from tests.pages import article


class Chosen(NamedTuple):
    """The text of a page, and the prose beside it."""

    text: str
    spare: tuple[str, ...] = ()


class Asked(NamedTuple):
    """What was chosen, and whether the quick answer is sound."""

    chosen: Chosen
    is_sound: bool


def ask(body: str) -> Asked:
    page = prose.shield(f"<html><body>{body}</body></html>")
    tree, again = prose.parse(page.html), prose.parse(page.html)
    runs = blocks.runs(tree)
    opinion = Opinion(runs, blocks.blocks(runs, page.restore), page.restore)
    text = opinion.text(tree)
    return Asked(
        Chosen(page.restore(text), tuple(opinion.beside(text))), opinion.is_sound(prose.text_of_page(again, fast=True))
    )


def paragraphs(*lines: str) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


def listed(count: int) -> str:
    """So many short lines that are no prose."""
    return "<ul>" + "".join(f"<li>{headline(seed)}</li>" for seed in range(50, 50 + count)) + "</ul>"


def table(count: int) -> str:
    """A table of so many rows, of a few words each, and the text of the page in its last cell."""
    rows = "".join(f"<tr><td>{headline(seed)[:20]}</td><td>{headline(seed)[-16:]}</td></tr>" for seed in range(count))
    return f"<table><tr><td><table>{rows}</table></td><td>{'<br><br>'.join(own(1))}</td></tr></table>"


LANGUAGES = ("ar", "fa", "ckb", "kmr", "he", "hy", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_quick_answer_that_holds_the_prose_of_the_page_is_taken(language: str) -> None:
    lines = [" ".join(own(seed, language, paragraphs=2)) for seed in range(4)]

    chosen, is_sound = ask(f"<article>{paragraphs(*lines)}</article>")

    assert is_sound
    assert chosen == Chosen("\n".join(lines))


@pytest.mark.parametrize("language", ["tr", "az", "fr", "en"])
def test_where_it_leaves_out_most_of_the_prose_the_thorough_answer_is_taken(language: str) -> None:
    above, text = own(1, language, paragraphs=3), own(2, language, paragraphs=12)

    chosen, is_sound = ask(f"<article>{paragraphs(*above)}</article><div>{paragraphs(*text)}</div>")

    assert not is_sound
    assert chosen == Chosen("\n".join((*above, *text)))


def test_where_most_of_it_is_no_prose_the_thorough_answer_is_taken() -> None:
    few, many = (ask(f"<article>{paragraphs(*own(1))}{listed(count)}</article>") for count in (3, 40))

    assert (few.is_sound, many.is_sound) == (True, False)


def test_a_table_that_lays_out_the_page_may_hold_less_that_is_no_prose() -> None:
    few, several = ask(table(2)), ask(table(9))
    same = ask(f"<article>{paragraphs(*own(1))}{listed(6)}</article>")

    assert (few.is_sound, several.is_sound, same.is_sound) == (True, False, True)
    assert all(line in several.chosen.text for line in own(1))


def test_prose_that_even_the_thorough_answer_leaves_out_is_kept_beside() -> None:
    lines = own(2, paragraphs=5)

    chosen, is_sound = ask(
        f"<article>{paragraphs(own(1)[0])}</article><section class=comments>{paragraphs(*lines)}</section>"
    )

    assert not is_sound
    assert chosen == Chosen(own(1)[0], tuple(lines))


def test_of_little_prose_beside_a_text_nothing_is_kept() -> None:
    lines = own(2, paragraphs=2)

    chosen, is_sound = ask(
        f"<article>{paragraphs(*own(1, paragraphs=12))}</article><section class=comments>{paragraphs(*lines)}</section>"
    )

    assert (is_sound, chosen.spare) == (True, ())


def test_beside_a_short_text_which_may_be_an_appeal_even_a_flash_is_kept() -> None:
    appeal, flash = own(2, paragraphs=3), "The bridge at Amedi is closed, the ministry says in a statement"

    chosen, is_sound = ask(f"<div><div>{flash}</div></div><article>{paragraphs(*appeal)}</article>")

    assert (is_sound, chosen.spare) == (True, (flash,))


def test_short_lines_and_links_are_no_prose() -> None:
    links = "".join(f"<p><a href=x>{line}</a></p>" for line in own(2, paragraphs=9))
    short = paragraphs(*(headline(seed) for seed in range(20)))

    chosen, is_sound = ask(f"<article>{paragraphs(*own(1))}</article><aside>{links}{short}</aside>")

    assert (is_sound, chosen.spare) == (True, ())


def test_prose_that_stands_twice_on_a_page_is_kept_beside_once() -> None:
    lines = paragraphs(*own(2)) * 3

    chosen, _ = ask(f"<article>{paragraphs(own(1)[0])}</article><section class=comments>{lines}</section>")

    assert sorted(chosen.spare) == sorted(own(2))


def test_prose_of_eight_thousand_characters_is_kept_beside_at_most() -> None:
    lines = [" ".join(own(seed, paragraphs=10)) for seed in range(100, 115)]

    chosen, _ = ask(f"<article>{paragraphs(own(1)[0])}</article><section class=comments>{paragraphs(*lines)}</section>")

    assert chosen.spare == tuple(lines[:7])
    assert sum(map(len, chosen.spare)) <= 8_000


def test_a_flash_too_short_for_prose_is_found() -> None:
    assert ask("<p>Köprü açıldı.</p>").chosen == Chosen("Köprü açıldı.")
    assert ask("").chosen == Chosen("")


def test_prose_is_compared_with_its_zero_width_non_joiners() -> None:
    lines = [line.replace("می‌", "می&zwnj;") for line in own(1, "fa", paragraphs=5)]

    chosen, is_sound = ask(f"<article>{paragraphs(*lines)}</article>")

    assert "\u200c" in chosen.text
    assert is_sound


def test_an_article_tells_the_prose_beside_its_text() -> None:
    lines = own(2, "fa", paragraphs=5)
    body = f"<article>{paragraphs(own(1, 'fa')[0])}</article><section class=comments>{paragraphs(*lines)}</section>"

    found = article(f"<html><body>{body}</body></html>")

    assert [(piece.text, piece.reason) for piece in found.removed] == [(line, "beside") for line in lines]
    assert found.text == own(1, "fa")[0]
