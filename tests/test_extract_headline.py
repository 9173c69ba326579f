"""Which title is the headline."""

from __future__ import annotations

import pytest

from pipeline.extract.headline import choose, tidy
from pipeline.extract.metadata import Facts

HEADLINE = "Old bridge reopens to cars on Sunday"
TITLES = {
    "ar": "الجسر القديم يفتح أمام السيارات",
    "fa": "پل قدیمی یکشنبه باز می‌شود",
    "ckb": "پردە کۆنەکە دەکرێتەوە یەکشەممە",
    "kmr": "Pira kevn roja yekşemê vedibe",
    "tr": "Eski köprü pazar günü açılıyor",
    "he": "הגשר הישן נפתח ביום ראשון",
    "hy": "Հին կամուրջը կբացվի կիրակի",
    "az": "Köhnə körpü bazar günü açılır",
    "fr": "Le vieux pont rouvre dimanche",
    "en": HEADLINE,
}


def chosen(facts: Facts, feed: str = "") -> tuple[str, str]:
    return choose(facts, feed, ("port", "Harbour Post", "port.example"))


def test_the_visible_headline_is_taken_where_another_title_vouches_for_it() -> None:
    facts = Facts(titles=(("og:title", "Old bridge reopens to cars: what you must know"),), headings=(HEADLINE,))

    assert chosen(facts) == ("h1", HEADLINE)


def test_the_feed_can_vouch_too() -> None:
    assert chosen(Facts(headings=("Politics", HEADLINE)), "Old bridge reopens to cars") == ("h1", HEADLINE)


def test_a_logo_is_no_headline() -> None:
    facts = Facts(titles=(("og:title", HEADLINE),), headings=("Harbour Post", "The Harbour Post and Courier"))

    assert chosen(facts) == ("og:title", HEADLINE)


def test_a_name_of_the_site_is_no_headline_even_if_it_is_all_that_titles_share() -> None:
    facts = Facts((("<title>", "The Free Harbour Post"),), ("The Free Harbour Post",), site="The Free Harbour Post")

    assert chosen(facts, HEADLINE) == ("feed", HEADLINE)


def test_a_whole_article_inside_a_heading_is_no_headline() -> None:
    facts = Facts(titles=(("og:title", HEADLINE),), headings=(f"{HEADLINE} " * 20,))

    assert chosen(facts) == ("og:title", HEADLINE)


def test_two_words_are_too_few_to_vouch() -> None:
    facts = Facts(titles=(("<title>", "Breaking news"),), headings=("Breaking news",))

    assert chosen(facts) == ("<title>", "Breaking news")


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
@pytest.mark.parametrize(
    "form",
    [
        "{} | Harbour Post",
        "{} - Harbour Post",
        "{} – HARBOUR POST",
        "{} :: port.example",
        "Harbour Post | {}",
        "{} « Post",
    ],
)
def test_the_name_of_the_outlet_is_cut_off(title: str, form: str) -> None:
    facts = Facts(titles=(("<title>", form.format(title)),), site="Post")

    assert chosen(facts) == ("<title>", title)


@pytest.mark.parametrize("form", ["{} - Middle East", "{} | World | News", "Live: World | {}"])
def test_what_another_title_lacks_is_cut_off(form: str) -> None:
    assert chosen(Facts(titles=(("og:title", form.format(HEADLINE)),)), HEADLINE) == ("og:title", HEADLINE)


@pytest.mark.parametrize(
    "title", ["Iraq - Turkey pipeline reopens", "What now? | An analysis", "One / two", "Up 3 - 1"]
)
def test_a_headline_with_a_dash_of_its_own_stays_whole(title: str) -> None:
    assert chosen(Facts(titles=(("og:title", title),))) == ("og:title", title)


def test_a_title_that_is_only_the_name_of_the_site_is_passed_over() -> None:
    facts = Facts(titles=(("og:title", "Harbour Post"), ("<title>", f"{HEADLINE} | Harbour Post")), site="Harbour Post")

    assert chosen(facts) == ("<title>", HEADLINE)


def test_the_feed_is_believed_where_the_page_has_no_title() -> None:
    assert chosen(Facts(), f" {HEADLINE}\n") == ("feed", HEADLINE)
    assert chosen(Facts(headings=("Politics",)), HEADLINE) == ("feed", HEADLINE)


def test_any_heading_is_better_than_none() -> None:
    assert chosen(Facts(headings=("Politics",))) == ("h1", "Politics")
    assert chosen(Facts()) == ("h1", "")


def test_a_title_is_plain_text_in_one_line() -> None:
    assert tidy("The &quot;old&quot;\u202e bridge\n\t\x07re\u00adopens &amp; more") == 'The "old" bridge reopens & more'
    assert tidy("AT&T up") == "AT&T up"
    assert tidy("می\u200cشود") == "می\u200cشود"
    assert tidy("x" * 2_000) == "x" * 500
