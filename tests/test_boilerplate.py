"""The outlet memory: which lines of a page its outlet's other pages vouch for, and how much of it that may take."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.boilerplate import WINDOW, carried, digest, recalls, told
from pipeline.boilerplate.digest import Remembered, remembered
from pipeline.boilerplate.window import Row, Window
from pipeline.clean import Clean, Remember, whole
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
from tests.pages import article

EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def pages(count: int, *shared: str | Piece, holding: int | None = None) -> list[Article]:
    """So many pages, the first `holding` of them (all where it is None) with shared lines below their own."""
    held = count if holding is None else holding
    return [page(seed, *own(seed), *(shared if seed < held else ())) for seed in range(count)]


def texts(articles: Sequence[Article]) -> list[list[str]]:
    return [article.text.split("\n") for article in articles]


# Who vouches for a line


def joined(seed: int) -> str:
    """A paragraph of 180 letters."""
    return " ".join(own(seed, paragraphs=2))


@pytest.mark.parametrize(
    ("line", "others", "slot", "stays"),
    [
        (joined(70), 2, MAIN, True),
        (joined(70), 4, MAIN, True),
        (joined(70), 5, MAIN, False),
        (joined(70), 2, FOOT, False),
        (own(70)[0], 2, MAIN, False),
    ],
)
def test_a_long_paragraph_that_follow_ups_of_a_story_share_stays(
    line: str,
    others: int,
    slot: str,
    stays: bool,  # noqa: FBT001 - a column
) -> None:
    found = taught([page(seed, *own(seed), *([Piece(line, slot)] if seed <= others else [])) for seed in range(9)])

    assert (line in found[0].text) == stays


def test_where_it_stands_on_all_known_pages_it_is_no_background() -> None:
    assert [gone(article) for article in taught(pages(3, joined(70)))] == [[(joined(70), "outlet-repeats")]] * 3


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
    copies = [replace(page(seed, *own(7), Piece(APPEAL, FOOT), title=headline(7))) for seed in range(3)]

    assert [article.recalled for article in recalled(copies)] == [b""] * 3
    assert all(article.removed == () for article in taught(copies))


def test_pages_of_one_series_vouch_for_each_other_though_their_headlines_are_alike() -> None:
    briefs = [page(seed, *own(seed), Piece(APPEAL, FOOT), title="What the river towns say today") for seed in range(5)]

    assert [gone(article) for article in taught(briefs)] == [[(APPEAL, "outlet-repeats")]] * 5


def test_readings_of_one_address_are_one_voice() -> None:
    again = [replace(page(seed, *own(seed), Piece(APPEAL, FOOT)), id="same") for seed in range(5)]

    assert [article.recalled for article in recalled(again)] == [b""] * 5


def test_figures_in_the_text_that_differ_from_day_to_day_stay() -> None:
    rates = [[f"US dollar: 1,4{day}0 dinars", f"Euro: 1,6{day}5 dinars"] for day in range(6)]
    pages_of_rates = [page(day, *own(day), *rates[day]) for day in range(6)]
    hotline = [page(day, *own(day), Piece("Call 0770 123 456", FOOT)) for day in range(6)]

    assert [article.removed for article in taught(pages_of_rates)] == [()] * 6
    assert all(gone(article) for article in taught(hotline))


@pytest.mark.parametrize(("title", "stays"), [("The river rose again", True), ("News", False), ("", False)])
def test_pages_of_one_headline_are_one_voice_unless_it_is_too_short_to_tell(title: str, stays: bool) -> None:  # noqa: FBT001 - a column
    twins = [Remember()(replace(read(seed, *own(seed), Piece(APPEAL, FOOT)), title=title)) for seed in (90, 91)]

    found = taught([*pages(12, Piece(APPEAL, FOOT), holding=1), *twins])

    assert (APPEAL in found[0].text) == stays


def test_a_headline_is_the_same_whatever_its_case_marks_and_numbers() -> None:
    titles = ("Crue : 12 villages évacués", "CRUE, 340 VILLAGES E\u0301VACUE\u0301S !")
    twins = [page(seed, *own(seed, "fr"), Piece(APPEAL, FOOT), title=title) for seed, title in enumerate(titles)]

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

    assert all(
        set(wire).isdisjoint(article.text.split("\n")) or "mostly-repeats" in article.flags
        for article in taught(attacker)
    )
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
    cells = ["Water at the old bridge", "Wind above the harbour", "Snow on the eastern pass"]

    def joining(seed: int, *told: str, slot: str) -> Article:
        told_of = read(seed, *own(seed), around=[Piece(cell, slot) for cell in told])
        return Remember()(replace(told_of, text="\n".join((*own(seed), " | ".join(told)))))

    half = joining(9, cells[0], cells[2], slot=FOOT)
    found = taught([*(joining(seed, *cells[:2], slot=f"{ASIDE} row") for seed in (1, 2, 3)), half])

    assert [gone(article) for article in found] == [[(" | ".join(cells[:2]), "outlet-repeats")]] * 3 + [[]]


LAYOUTS: dict[str, Callable[[list[str], str], str]] = {
    "paragraphs": lambda text, line: "".join(f"<p>{each}</p>" for each in (*text, line)),
    "div in div": lambda text, line: "".join(f"<div><div>{each}</div></div>" for each in (*text, line)),
    "line breaks": lambda text, line: f"{'<br>'.join(text)}<br><br>{line}",
    "spans": lambda text, line: "".join(f"<span>{each}</span><br/>" for each in (*text, line)),
    "inline": lambda text, line: "".join(f"<p><b>{each[:9]}</b><i>{each[9:]}</i></p>" for each in (*text, line)),
    "row": lambda text, line: f"<p>{'<p>'.join(text)}<table><tr><td>{'<td>'.join(line.split(' ', 2))}</table>",
    "table": lambda text, line: f"<table><tr><td><p>{'<p>'.join(text)}</td></tr><tr><td>{line}</td></tr></table>",
    "list": lambda text, line: f"<p>{'</p><p>'.join(text)}</p><ul><li>{line}</li></ul>",
    "quote": lambda text, line: f"<p>{'</p><p>'.join(text)}</p><blockquote><p>{line}</p></blockquote>",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("language", ["fa", "he", "az"])
def test_extracted_lines_are_known_whatever_elements_lay_them_out(layout: str, language: str) -> None:
    def extracted(seed: int) -> Article:
        body = LAYOUTS[layout](own(seed, language), READERS[language].format(10 * seed, seed))
        html = f"<title>{headline(seed, language)}</title><body><div class=content>{body}</div></body>"
        return article(html, url=f"https://port.example/news/{seed}")

    found = taught([Remember()(extracted(seed)) for seed in range(4)])

    assert texts(found) == [own(seed, language) for seed in range(4)]
    assert {reason for each in found for _, reason in gone(each)} == {"outlet-repeats"}


# What stands in the slot of links and repeated text


BYLINE = "body end author byline"
BIOGRAPHIES = {
    "en": "Mara Vale writes about rivers and the people who live on them",
    "fa": "نیلوفر رودی از رودها و مردم کنار آن‌ها می‌نویسد",
    "he": "נועה נהרי כותבת על נהרות ועל האנשים שגרים לצידם",
    "kmr": "Berfîn Çem li ser çeman û mirovên li rex wan dinivîse",
}


@pytest.mark.parametrize("language", BIOGRAPHIES)
def test_a_biography_that_no_other_page_has_goes_from_where_biographies_stand(language: str) -> None:
    slot, known = BYLINE, [BIOGRAPHIES[language], f"{BIOGRAPHIES[language]} - a b"]
    signed = [page(seed, *own(seed, language), Piece(known[seed % 2], slot)) for seed in range(4)]
    fresh = own(70, language)[0]

    found = taught([*signed, page(50, *own(50, language), Piece(fresh, slot))])

    assert gone(found[-1]) == [(fresh, "slot")]
    assert found[-1].text.split("\n") == own(50, language)


def teasers(seed: int, slot: str, count: int = 3) -> list[Piece]:
    return [Piece(headline(1000 * (seed + 1) + each), f"{slot} link", link=True) for each in range(count)]


@pytest.mark.parametrize(
    ("slot", "goes"),
    [
        ("body aside list link", True),
        ("body aside list item", True),
        ("body aside list item words", True),
        ("body aside list item words end", False),
        ("body other", False),
    ],
)
def test_what_stands_among_teasers_goes_up_to_three_boxes_deep(slot: str, goes: bool) -> None:  # noqa: FBT001 - a column
    told = [
        page(seed, *own(seed), Piece(own(900 + seed)[0], slot), around=teasers(seed, "body aside list"))
        for seed in range(3)
    ]

    assert [gone(article) for article in taught(told)] == [
        [(own(900 + seed)[0], "slot")] if goes else [] for seed in range(3)
    ]


def test_before_two_other_stories_are_known_no_slot_is_judged() -> None:
    told = [
        page(seed, *own(seed), Piece(own(900 + seed)[0], "body aside list"), around=teasers(seed, "body aside list"))
        for seed in range(2)
    ]

    assert all(article.removed == () for article in taught(told))


def test_two_teasers_make_no_slot() -> None:
    told = [
        page(
            seed,
            *own(seed),
            Piece(own(900 + seed)[0], "body aside list words"),
            around=teasers(seed, "body aside list", 1),
        )
        for seed in range(4)
    ]

    assert all(article.removed == () for article in taught(told))


def test_what_stands_right_in_the_text_is_the_text_however_often_its_slot_repeats() -> None:
    slot = f"{MAIN} byline"
    signed = [page(seed, *own(seed), Piece(APPEAL, slot)) for seed in range(4)]

    assert taught([*signed, page(50, *own(50), Piece(own(70)[0], slot))])[-1].removed == ()


def test_where_most_blocks_are_neither_links_nor_repeated_nothing_goes() -> None:
    words = [[Piece(line, f"{ASIDE} list words") for line in own(800 + seed, paragraphs=5)] for seed in range(3)]
    told = [
        page(seed, *own(seed), words[seed][0], around=[*words[seed][1:], *teasers(seed, f"{ASIDE} list")])
        for seed in range(3)
    ]

    assert all(article.removed == () for article in taught(told))


def test_a_new_line_goes_from_among_lines_that_the_outlet_repeats() -> None:
    calls = [Piece(READERS[language].format(2, 3), FOOT) for language in ("az", "kmr", "fr")]
    fresh = Piece("Every ferry of the river paper sails for its readers this spring", FOOT)

    found = taught(
        [page(9, *own(9), fresh, around=calls), *(page(seed, *own(seed), around=calls) for seed in range(4))]
    )

    assert gone(found[0]) == [(fresh.text, "slot")]


def test_the_main_slot_is_no_slot_of_teasers_whatever_links_stand_around() -> None:
    told = [page(seed, *own(seed), around=teasers(seed, MAIN, 9)) for seed in range(6)]

    assert all(article.removed == () for article in taught(told))


def test_a_link_inside_the_text_is_judged_with_the_links_of_its_slot() -> None:
    told = [
        page(seed, own(seed)[0], teasers(seed, MAIN)[0], *own(seed)[1:], around=teasers(seed, MAIN)[1:])
        for seed in range(3)
    ]
    under = [
        page(seed, own(seed)[0], Piece(headline(800 + seed), MAIN, link=True), *own(seed)[1:]) for seed in range(3)
    ]

    assert [gone(article) for article in taught(told)] == [[(headline(1000 * (seed + 1)), "slot")] for seed in range(3)]
    assert all(article.removed == () for article in taught(under))


def test_slots_alone_take_two_fifths_of_a_text_at_most() -> None:
    signed = [page(seed, *own(seed), Piece(APPEAL, BYLINE), Piece(READERS["fr"], BYLINE)) for seed in range(5)]
    mostly = page(50, *own(50, paragraphs=4), *(Piece(line, BYLINE) for line in own(51, paragraphs=4)))
    partly = page(50, *own(50, paragraphs=4), *(Piece(line, BYLINE) for line in own(51, paragraphs=2)))

    assert taught([*signed, mostly])[-1].removed == ()
    assert gone(taught([*signed, partly])[-1]) == [(line, "slot") for line in own(51, paragraphs=2)]


# Too much may not go


FLASHES = {
    "ar": "أعلن الدفاع المدني فجر اليوم إعادة فتح الجسر القديم أمام المشاة فقط.",
    "tr": "Eski köprü bu sabah yalnızca yayalara yeniden açıldı, dedi valilik.",
    "hy": "Հին կամուրջն այս առավոտ նորից բացվել է միայն հետիոտների համար։",
    "ckb": "پردە کۆنەکە ئەم بەیانییە تەنها بۆ پیادە دووبارە کرایەوە.",
}


@pytest.mark.parametrize("language", FLASHES)
def test_a_flash_of_one_sentence_keeps_its_sentence(language: str) -> None:
    furniture = [READERS[language].format(4, 5), READERS["az"].format(6, 7), READERS["kmr"].format(1, 2)]
    around = [Piece(line, FOOT) for line in furniture]

    found = taught([page(40, FLASHES[language], *around), *pages(5, *around)])

    assert found[0].text == FLASHES[language]
    assert gone(found[0]) == [(line, "outlet-repeats") for line in furniture]


def test_where_most_would_go_only_what_stands_on_a_third_of_the_stories_goes() -> None:
    everywhere, seldom = [Piece(line.format(3, 4), FOOT) for line in READERS.values()], Piece(own(77)[0], FOOT)
    told = [page(seed, *own(seed, paragraphs=2), *everywhere) for seed in range(5)]
    mostly = page(50, *own(50, paragraphs=2), seldom, *everywhere)

    found = taught([*told, mostly, page(60, *own(60), seldom)])

    assert found[5].text.split("\n") == [*own(50, paragraphs=2), seldom.text]
    assert found[5].flags == ()


def test_where_even_that_leaves_no_sentence_nothing_goes_and_the_page_is_flagged() -> None:
    everywhere = [Piece(line.format(3, 4), FOOT) for line in READERS.values()]
    found = taught([page(50, "See below", *everywhere), *pages(5, *everywhere)])

    assert found[0].flags == ("mostly-repeats",)
    assert found[0].removed == ()


def test_what_two_stories_share_never_empties_a_page() -> None:
    shared = [Piece(line, FOOT) for line in own(77, paragraphs=9)]

    found = taught([page(1, *own(1, paragraphs=2), *shared), page(2, *own(2, paragraphs=2), *shared), *pages(5)[3:]])

    assert [article.flags for article in found[:2]] == [("mostly-repeats",)] * 2


def test_an_outlet_that_publishes_one_text_only_keeps_it() -> None:
    found = taught([page(seed, *own(1), title=headline(seed)) for seed in range(6)])

    assert texts(found) == [own(1)] * 6
    assert {article.flags for article in found} == {("mostly-repeats",)}


@pytest.mark.parametrize("language", ["en", "ar", "az"])
def test_where_an_appeal_was_taken_for_the_text_the_prose_beside_it_becomes_the_text(language: str) -> None:
    appeal = [READERS[each].format(1, 2) for each in ("fr", "kmr", language)]
    begging = [Remember()(beside(read(seed, *appeal, title=headline(seed)), *own(seed, language))) for seed in range(5)]

    found = taught(begging)

    assert texts(found) == [own(seed, language) for seed in range(5)]
    assert [gone(article) for article in found] == [[(line, "outlet-repeats") for line in appeal]] * 5


def test_prose_beside_the_text_that_others_have_too_does_not_become_the_text() -> None:
    appeal, other = [READERS[each].format(1, 2) for each in ("fr", "kmr", "en")], own(40, paragraphs=1)
    begging = [Remember()(beside(read(seed, *appeal), *own(seed), *other)) for seed in range(5)]
    empty = Remember()(beside(read(50, *appeal), *other))

    found = taught([*begging, empty])

    assert texts(found[:5]) == [own(seed) for seed in range(5)]
    assert found[5].text.split("\n") == appeal
    assert (found[5].flags, gone(found[5])) == (("mostly-repeats",), [(other[0], "beside")])


def test_prose_beside_a_sound_text_is_told_and_left_out() -> None:
    [found] = taught([Remember()(beside(read(1, *own(1)), *own(2)))])

    assert found.text.split("\n") == own(1)
    assert gone(found) == [(line, "beside") for line in own(2)]


def test_a_new_layout_is_learned_within_ten_pages() -> None:
    def printed(seed: int) -> Article:
        old = seed < 60
        slot, lines = ("body foot", ("fr", "kmr")) if old else ("body layout end", ("az", "en"))
        main = MAIN if old else "body layout words"
        return page(seed, *(Piece(line, main) for line in own(seed)), *(Piece(READERS[each], slot) for each in lines))

    known = [printed(seed) for seed in range(70)]
    as_they_came = [taught(known[: seed + 1])[-1] for seed in range(57, 70)]

    assert [len(article.text.split("\n")) for article in as_they_came] == [4] * 3 + [6] * 2 + [4] * 8
    assert texts(taught(known)) == [own(seed) for seed in range(70)]


# The fifty nearest


def shared_lines(seed: int) -> Sequence[Piece]:
    """Lines by which pages of one period, of every third or fifth place, resemble each other; some are links."""
    chance = random.Random(seed)  # noqa: S311 - seeded
    period = READERS["fr" if seed < 70 else "tr"]
    lines = [Piece(period, FOOT), Piece(READERS["kmr"], ASIDE), Piece(APPEAL, MAIN), *teasers(seed // 5, ASIDE, 2)]
    return chance.sample(lines, chance.randint(0, len(lines)))


@pytest.fixture(scope="module")
def outlet() -> list[Known]:
    """130 pages, some of them copies of the one before."""
    titles = [headline(seed - 1 if seed % 9 == 0 else seed) for seed in range(130)]
    return row(
        [page(seed, *own(seed, paragraphs=2), *shared_lines(seed), title=title) for seed, title in enumerate(titles)]
    )


def nearest(count: int, place: int) -> range:
    """The places of a page and the 50 nearest to it: as many on each side, more on one where the other ends."""
    return min(
        (range(begin, begin + WINDOW + 1) for begin in range(max(1, count - WINDOW))),
        key=lambda window: abs(window.start + WINDOW // 2 - place),
    )


@given(st.integers(1, 130), st.data())
@settings(deadline=None, derandomize=True, max_examples=60)
def test_what_is_known_of_a_page_depends_on_the_fifty_nearest_alone(
    outlet: list[Known], count: int, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, count - 1))
    last = data.draw(st.integers(first, min(count - 1, first + 60)))
    known = outlet[:count]

    found = list(recalls(known, first, last))

    assert [each.id for each, _ in found] == [each.id for each in known[first : last + 1]]
    for place in {first, (first + last) // 2, last}:
        window = nearest(count, place)
        [(_, alone)] = recalls(known[window.start : window.stop], place - window.start, place - window.start)
        assert found[place - first][1] == alone


def test_the_first_page_profits_from_the_fiftieth_and_not_from_the_one_after() -> None:
    def first_of(count: int) -> Article:
        last = page(99, *own(99), Piece(APPEAL, FOOT))
        return taught(
            [
                *pages(1, Piece(APPEAL, FOOT)),
                *pages(count - 3)[1:],
                page(98, *own(98), Piece(APPEAL, FOOT)),
                last,
                last,
            ][:count]
        )[0]

    assert APPEAL not in first_of(51).text
    assert APPEAL in first_of(53).text


def test_of_no_pages_and_of_one_nothing_is_known() -> None:
    assert list(recalls([], 0, -1)) == []
    assert [article.recalled for article in recalled(pages(1, APPEAL))] == [b""]


SLOTS = [(), (1, 2), (2,), (3,), (5, 1)]


def remembers(chance: random.Random) -> Remembered:
    """Anything a page may hold, from few keys and slots so that pages meet."""
    count = chance.randint(0, 8)
    keys, slots = chance.choices(range(1, 6), k=count), chance.choices(SLOTS[:4], k=count)
    return Remembered(chance.randint(0, 4), 0, 0, 0, (chance.randint(1, 3), 4), b"", keys, slots, [False] * count)


@given(st.integers(0, 10_000))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_a_window_counts_stories_as_one_who_counts_them_anew(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - seeded
    held = [remembers(chance) for _ in range(24)]
    begin = chance.randint(0, 23)
    end = chance.randint(begin, 30)
    window = Window(Row(held, [""] * len(held)), begin, end)

    headlines = [each.headline for each in held[begin:end]]
    stories: dict[object, set[tuple[int, tuple[int, ...]]]] = {}
    for place, each in list(enumerate(held))[begin:end]:
        is_shared = each.headline and headlines.count(each.headline) < 4
        told = zip(each.keys, each.slots, strict=True)
        stories.setdefault(each.headline if is_shared else (place,), set()).update(told)

    assert len(window) == len(stories)
    for key in range(1, 7):
        assert window.stories_with(key) == sum(any(key == one for one, _ in story) for story in stories.values())
    for slot in SLOTS:
        filling = [key for story in stories.values() for key, its in story if its == slot]
        again = sum(filling.count(key) > 1 for key in filling)
        stands = sum(any(its == slot for _, its in story) for story in stories.values())
        assert window.stories_with_slotted(2, slot) == filling.count(2)
        assert window.repeats(slot) == window.repeats(slot) == (stands, again / len(filling) if filling else 0)
    assert [window.is_main(box) for box in range(1, 6)] == [
        any(box in each.main for each in held[begin:end]) for box in range(1, 6)
    ]


# What a recall says, and for how long


def test_a_recall_stays_the_same_while_nothing_of_consequence_changes() -> None:
    said = [recalled(pages(51, Piece(APPEAL, FOOT), holding=others + 1))[0].recalled for others in range(51)]
    changes = [others for others in range(1, 51) if said[others] != said[others - 1]]

    assert changes == [2, 5, 10, 17, 20], "two voices are needed, 17 are a third"
    assert said[0] == b""


@pytest.mark.parametrize(("others", "least"), [(1, 1), (3, 2), (6, 5), (12, 10), (30, 20)])
def test_a_removed_line_says_on_how_many_other_pages_it_stands_at_least(others: int, least: int) -> None:
    [piece] = taught(pages(others + 1, Piece("Told by the river desk", FOOT)))[0].removed

    assert piece.pages == least


def test_a_long_text_is_known_from_its_top_and_from_its_end() -> None:
    lines = own(1, paragraphs=150)
    long = page(1, *lines[:70], Piece(APPEAL, FOOT), *lines[70:140], Piece(READERS["fr"], FOOT), *lines[140:])
    middle = page(2, *own(2, paragraphs=100), Piece(APPEAL, FOOT), *own(3, paragraphs=50))

    found = taught([long, middle, *pages(4, Piece(APPEAL, FOOT), Piece(READERS["fr"], FOOT))])

    assert [(piece.line, piece.text) for piece in found[0].removed] == [(70, APPEAL), (141, READERS["fr"])]
    assert found[1].removed == ()


def test_a_text_beyond_all_measure_loses_the_right_lines() -> None:
    lines = [f"Line {'abcdefgh'[each % 8] * (each % 97)} of the register" for each in range(70_000)]
    register = replace(
        pages(1)[0], text="", digest=digest("The whole register", [*lines, APPEAL], [Piece(APPEAL, FOOT).block])
    )
    [(_, known), *_] = recalls(row([register, *pages(4, Piece(APPEAL, FOOT))[1:]]), 0, 0)

    assert [number for number, line in told(replace(register, recalled=known)).lines.items() if line.pages] == [70_000]


def test_a_fresh_reading_of_a_page_is_known_by_the_lines_it_has_kept() -> None:
    old = recalled(pages(4, Piece(APPEAL, FOOT), Piece(READERS["fr"], FOOT)))[0]
    new = page(0, own(0)[0], Piece(READERS["fr"], FOOT), "An edit that nobody has seen before.", Piece(APPEAL, FOOT))

    fresh = replace(new, recalled=carried(old, new))

    assert carried(old, old) == old.recalled
    assert [line for line, _ in gone(Clean()(fresh))] == [READERS["fr"], APPEAL]


def test_nothing_is_carried_where_nothing_was_known_or_nothing_is_left() -> None:
    old, other = recalled(pages(4, Piece(APPEAL, FOOT)))[0], page(9, *own(9))

    assert carried(replace(old, recalled=b""), old) == b""
    assert carried(old, replace(old, digest=b"")) == b""
    assert carried(old, other) == b""


def test_equal_lines_are_carried_in_their_order_and_the_last_stands_for_more() -> None:
    twice = [Piece(APPEAL, FOOT), Piece(APPEAL, FOOT)]
    old = recalled([page(seed, *own(seed), *twice) for seed in range(4)])[0]
    new = page(0, *own(0), *twice, Piece(APPEAL, FOOT), "1 2 3")

    assert carried(old, new) == old.recalled[:5] + old.recalled[5:6] * 3 + b"\0"


def test_an_article_that_was_not_remembered_is_told_nothing() -> None:
    assert told(read(1, *own(1))) == ({}, False, 0)
    assert len(told(page(1, *own(1))).lines) == 4
    assert remembered(page(1, *own(1)).digest).lines == 4


def test_a_digest_of_another_version_and_what_was_told_of_it_are_as_good_as_none() -> None:
    article = taught(pages(6, Piece(APPEAL, FOOT)))[0]
    older = replace(whole(article), digest=b"\x00" + article.digest[1:])

    assert APPEAL in Clean()(older).text
    assert carried(older, article) == carried(article, older) == b""
