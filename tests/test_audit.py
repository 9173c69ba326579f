"""What cleaning took out, told to people: at its place, in words, and counted over an outlet."""

from __future__ import annotations

import pytest

from pipeline.audit import elsewhere, explained, repeated, standing
from pipeline.model import Article, Removed


def cleaned(text: str, *removed: Removed) -> Article:
    return Article("1", "https://desk.example/1", text=text, removed=removed)


def lines_of(article: Article) -> list[tuple[str, bool]]:
    """Every line of the page, and whether it was removed."""
    return [(line, piece is not None) for line, piece in standing(article)]


def test_removed_lines_stand_where_the_page_had_them() -> None:
    article = cleaned("Un\nDeux\nTrois", Removed("Partager", "widget", 4), Removed("Lire aussi\nÀ lire", "links", 1))

    assert lines_of(article) == [
        ("Un", False),
        ("Lire aussi", True),
        ("À lire", True),
        ("Deux", False),
        ("Partager", True),
        ("Trois", False),
    ]
    assert list(elsewhere(article)) == []


@pytest.mark.parametrize(("text", "kept"), [("", []), ("کورته", [("کورته", False)])])
def test_a_text_of_which_nothing_went_is_all_there(text: str, kept: list[tuple[str, bool]]) -> None:
    assert lines_of(cleaned(text)) == kept


def test_pieces_without_a_place_are_told_apart() -> None:
    piece = Removed("Manşet\nSpot", "headline")

    assert list(elsewhere(cleaned("Metin", piece))) == [("Manşet", piece), ("Spot", piece)]
    assert lines_of(cleaned("Metin", piece)) == [("Metin", False)]


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        (Removed("x", "widget"), "widget"),
        (Removed("x", "outlet-repeats", pages=1), "outlet repeats, on at least 1 other page"),
        (Removed("x", "outlet-repeats", pages=7), "outlet repeats, on at least 7 other pages"),
        (Removed("x", "second-article", url="https://a.example/2"), "second article, https://a.example/2"),
        (Removed("x", "of-a-later-version"), "of-a-later-version"),
    ],
)
def test_why_a_piece_went_is_told_in_words(piece: Removed, words: str) -> None:
    assert explained(piece) == words


def test_what_an_outlet_repeats_is_counted_once_an_article_the_most_frequent_first() -> None:
    newest = cleaned("a", Removed("مشاركة!\nاشترك", "outlet-repeats", pages=3), Removed("مشاركة", "slot"))
    older = cleaned("b", Removed("مشاركة", "outlet-repeats", pages=9), Removed("Follow us", "widget"))

    told = repeated([newest, older])

    assert [(each.line, each.articles, each.pages) for each in told] == [("مشاركة", 2, 9), ("اشترك", 1, 3)]
