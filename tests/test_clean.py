"""Article to article inside one page: characters, repeats, a second article, leaked scripts, and what stays."""

from __future__ import annotations

import unicodedata
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.clean import Clean, LongEnough
from pipeline.clean.characters import one_line, repair
from pipeline.model import Article, Drop, Outlet, Removed
from tests.pages import SENTENCE

BODY = [
    "Engineers opened the old bridge on Sunday after three months of work on its northern pillars.",
    "The mayor said traffic would be counted for a month, and lorries have to use the ring road until then.",
    "Shopkeepers in the old town had complained all summer that nobody came across the river any more.",
    "A second bridge is planned further south, but the money for it has not been found yet, he added.",
]
TITLE = "Old bridge reopens to cars"
FIRST = [*BODY, f"The ministry was content. {SENTENCE.strip()}", f"The council was not. {SENTENCE.strip()}"]


def cleaned(*lines: str, title: str = TITLE, outlet: str = "") -> Article:
    return Clean()(Article("id", "u", title=title, text="\n".join(lines), outlet=Outlet("port", outlet)))


def kept(*lines: str, title: str = TITLE) -> list[str]:
    return cleaned(*lines, title=title).text.split("\n")


def test_a_clean_article_is_left_as_it_is() -> None:
    article = Article("id", "u", title=TITLE, text="\n".join(BODY), flags=("feed-text",))

    assert Clean()(article) == article


def test_an_empty_text_stays_empty_and_is_not_flagged() -> None:
    assert cleaned("") == cleaned("\u202e \ufeff") == Article("id", "u", title=TITLE, outlet=Outlet("port"))


def test_cleaning_twice_changes_nothing() -> None:
    once = cleaned(TITLE, *BODY, BODY[0], "Share this article", "Latest newsRelated news")

    assert Clean()(once) == once


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("one\r\ntwo\rthree\u2028four\u2029five\x0bsix\x85seven", "one\ntwo\nthree\nfour\nfive\nsix\nseven"),
        ("a\xa0b\u202fc\u3000d\te  f", "a b c d e f"),
        ("  lines  \n\n \n trimmed ", "lines\ntrimmed"),
        ("con\u00adtrol\x07led\x00 \ufeffand\u200b unseen\ufffc", "controlled and unseen"),
        ("\u202eover\u202cride \u2067isolate\u2069 \u200fmark\u200e \u061cletter", "override isolate mark letter"),
        ("half \ud83d pair \ufdd0 \U000e0041tag", "half pair tag"),
        ("e\u0301te\u0301", "été"),
        ("می\u200cشود خانه\u200cها", "می\u200cشود خانه\u200cها"),
        ("👩\u200d🌾 sows", "👩\u200d🌾 sows"),
        ("ئەو\u200d", "ئەو\u200d"),
        ("", ""),
    ],
)
def test_characters_are_mended(text: str, mended: str) -> None:
    assert repair(text) == mended
    assert one_line(text) == mended.replace("\n", " ")


def test_a_title_is_mended_too() -> None:
    assert cleaned(*BODY, title=" Old\u202e bridge\n\x1breopens ").title == "Old bridge reopens"


@given(st.text(max_size=200))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_mending_any_text_twice_changes_nothing_and_hides_nothing(text: str) -> None:
    mended = repair(text)

    assert repair(mended) == mended
    assert unicodedata.is_normalized("NFC", mended)
    assert all(line == line.strip() and line for line in mended.split("\n") if mended)
    assert not {"Cc", "Cs"} & {unicodedata.category(char) for char in mended if char != "\n"}
    assert not set(mended) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


@pytest.mark.parametrize(
    "first",
    [
        TITLE,
        TITLE.upper(),
        f"«{TITLE}»",
        "Old bridge re-opens to cars",
        f"Traffic{TITLE}",
        f"{TITLE} - Post",
        "Old-bridge reopens, to cars!",
    ],
)
def test_the_headline_above_the_text_is_removed(first: str) -> None:
    found = cleaned(first, *BODY)

    assert found.text.split("\n") == BODY
    assert found.removed == (Removed(first, "headline", line=0),)


def test_the_headline_may_stand_below_a_caption_or_at_the_end() -> None:
    caption = "The bridge last week. Picture by the ministry of transport."

    assert kept(TITLE, caption, TITLE, *BODY) == [caption, *BODY]
    assert kept(*BODY, TITLE) == BODY


@pytest.mark.parametrize("first", ["Old bridge", "Bridge", "A new bridge for the old town", f"{TITLE} {BODY[0]}"])
def test_a_line_that_only_resembles_the_headline_stays(first: str) -> None:
    assert kept(first, *BODY)[0] == first


def test_a_short_headline_does_not_remove_what_holds_it() -> None:
    assert kept("Rain", "Rain fell", *BODY, "Rain", title="Rain") == ["Rain fell", *BODY, "Rain"]


def test_a_text_that_is_only_its_headline_stays() -> None:
    found = cleaned(TITLE)

    assert (found.text, found.removed, found.flags) == (TITLE, (), ())


def test_a_paragraph_that_stands_twice_stands_once() -> None:
    found = cleaned(*BODY[:2], BODY[0].upper().replace(",", " -"), *BODY[2:], BODY[1])

    assert found.text.split("\n") == BODY
    assert [removed.reason for removed in found.removed] == ["repeat", "repeat"]


def test_a_quote_box_that_repeats_a_paragraph_or_part_of_one_goes_wherever_it_stands() -> None:
    quote = "nobody came across the river any more" + " and that the old town had complained all summer long"
    paragraph = f"Shopkeepers said that {quote}, and some of them closed."

    assert kept(f"“{quote}”", BODY[0], "HIGHLIGHT", paragraph, BODY[0]) == [BODY[0], paragraph]


@pytest.mark.parametrize(
    "line", ["And the river flows.", "Mayor: No.", "Q: Why not?", "Easter fair, 23 March to 14 April, town hall"]
)
def test_short_lines_may_repeat(line: str) -> None:
    lines = [line, BODY[0], line, BODY[1], line]

    assert kept(*lines) == lines


def test_long_texts_are_not_searched_for_quotes_but_for_repeats() -> None:
    many = [
        f"Paragraph {number} tells of one more village that was reached by the convoy, and of its wells."
        for number in range(500)
    ]

    assert kept(*many, many[7]) == many


SECOND = [
    "Harvest begins two weeks early in the valley",
    "Farmers at work near the old mill. Picture by the cooperative.",
    "Updated 28 September 2020",
    "Harvest begins two weeks early in the valley",
    "Farmers began to bring in the wheat on Monday, two weeks before the usual time.",
]


def test_a_second_article_goes_with_all_that_follows() -> None:
    found = cleaned(*FIRST, *SECOND, BODY[0])

    assert "Harvest" not in found.text
    assert found.removed == (Removed("\n".join((*SECOND, BODY[0])), "second-article", line=len(FIRST)),)


def test_it_goes_even_if_it_is_longer_than_the_first() -> None:
    assert kept(*FIRST, *SECOND, *(f"Wheat {number}. {SENTENCE}" for number in range(40))) == FIRST


@pytest.mark.parametrize(
    "second",
    [
        [SECOND[0], SECOND[1], SECOND[3], SECOND[4]],
        [SECOND[0], SECOND[2], SECOND[4]],
        [SECOND[4], SECOND[2], SECOND[4]],
        ["Wheat", SECOND[2], "Wheat"],
    ],
)
def test_without_headline_dateline_and_headline_again_nothing_is_cut_off(second: list[str]) -> None:
    assert kept(*FIRST, *second, "The end.")[-1] == "The end."


def test_an_article_that_begins_so_is_no_second_one() -> None:
    assert kept(*SECOND, title="Another headline altogether") == [SECOND[0], *SECOND[1:2], SECOND[3], SECOND[4]]


CODE = [
    "window.dataLayer = window.dataLayer || [];",
    "tag.push(function() {",
    "var x = 1",
    "return;",
    "});",
    "} else {",
]


def test_a_script_that_leaked_into_the_text_is_removed() -> None:
    prose = "The mayor is to speak again on Monday, when the council meets in the town hall."

    found = cleaned(*BODY, *CODE, prose, "</script><script>")

    assert found.text.split("\n") == [*BODY, prose]
    assert {removed.reason for removed in found.removed} == {"script"}


def test_a_line_of_program_text_that_is_quoted_stays() -> None:
    lines = [*BODY, "The page said: document.write('closed');", "She typed </script> and laughed."]

    assert kept(*lines) == lines


def test_an_article_of_which_most_would_go_stays_whole_and_is_flagged() -> None:
    lines = [
        "Share this article",
        "Advertisement",
        "3 min read",
        "Read Mode",
        "Bridge closed.",
        "Follow us on Facebook",
    ]

    found = cleaned(*lines)

    assert found.text.split("\n") == lines
    assert (found.removed, found.flags) == ((), ("mostly-furniture",))


def test_repeats_go_even_then() -> None:
    found = cleaned(TITLE, "Share this article", "Advertisement", "Read Mode", "Bridge closed.")

    assert found.removed == (Removed(TITLE, "headline", line=0),)
    assert found.flags == ("mostly-furniture",)


def test_neighbours_that_went_for_one_reason_are_told_as_one_piece() -> None:
    found = cleaned(TITLE, "Share this article", "3 min read", *BODY, "Advertisement")

    assert found.removed == (
        Removed(TITLE, "headline", line=0),
        Removed("Share this article\n3 min read", "widget", line=1),
        Removed("Advertisement", "widget", line=7),
    )


def test_the_name_of_the_outlet_alone_on_a_line_goes() -> None:
    assert cleaned("Harbour Post", *BODY, outlet="Harbour Post").text.split("\n") == BODY


def test_a_line_without_words_is_no_name_and_stays() -> None:
    assert kept(*BODY[:2], "* * *", *BODY[2:]) == [*BODY[:2], "* * *", *BODY[2:]]


def test_a_text_of_fifty_characters_is_long_enough() -> None:
    article = Article("id", "u", text="ب" * 50)

    assert LongEnough()(article) is article


@pytest.mark.parametrize("text", ["", "Updates follow.", "ب" * 49])
def test_a_shorter_text_is_dropped(text: str) -> None:
    with pytest.raises(Drop) as dropped:
        LongEnough()(Article("id", "u", text=text))

    assert dropped.value.reason == "too-short"


@given(
    st.lists(
        st.sampled_from([*BODY, *CODE, *SECOND, TITLE, "Latest news", "Leave a Reply", "Name", "- Teaser", "Share", ""])
    ),
    st.sampled_from([TITLE, "", "x"]),
)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_nothing_is_lost_untold(lines: list[str], title: str) -> None:
    found = cleaned(*lines, title=title)

    told = [line for removed in found.removed for line in removed.text.split("\n")]
    assert sorted([*filter(None, found.text.split("\n")), *told]) == sorted(filter(None, lines))
    assert bool(found.text) == any(lines)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "word and word. " * 200_000,
            "Latest news\n" * 20_000,
            "a.B" * 500_000,
            "{" * 500_000,
            " " * 500_000,
            ":" * 500_000,
        ),
        *(
            "window.x(function(){\n" * 10_000,
            "Join our " * 100_000,
            f"{BODY[0]}\n" * 10_000,
            "Latest newsRelated news" * 50_000,
        ),
        *("read more " * 15 + "\n",) * 2,
    ],
    ids=lambda text: text[:12],
)
def test_x14_hostile_texts_end_in_bounded_time(text: str) -> None:
    started = process_time()

    Clean()(Article("id", "u", title=TITLE, text=text))

    assert process_time() - started < 5, "linear expressions need well under a second"
