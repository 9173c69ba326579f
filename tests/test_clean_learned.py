"""What is known of a page is acted on, an operator has the last word, and nothing is lost: all can be cleaned again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.boilerplate.digest import remembered
from pipeline.clean import Clean, Remember, whole
from pipeline.model import Article, Removed
from pipeline.watchlist import Forced
from tests.outlet import APPEAL, ASIDE, FOOT, READERS, Piece, beside, gone, headline, own, page, read, taught
from tests.pages import SENTENCE, article, document

TEASERS = {
    "ar": ("الفيضان يغلق طريق القرى", "وزير النقل يزور الجسر"),
    "fa": ("سیل راه روستاها را بست", "وزیر راه از پل دیدن کرد"),
    "ckb": ("لافاو ڕێگای گوندەکانی داخست", "وەزیر سەردانی پردەکەی کرد"),
    "kmr": ("Lehiyê rêya gundan girt", "Wezîr serdana pirê kir"),
    "tr": ("Sel köy yollarını kapattı", "Bakan köprüyü gezdi"),
    "he": ("השיטפון סגר את דרכי הכפרים", "שר התחבורה ביקר בגשר"),
    "hy": ("Ջրհեղեղը փակեց գյուղերի ճանապարհը", "Նախարարն այցելեց կամուրջ"),
    "az": ("Sel kənd yollarını bağladı", "Nazir körpüyə baxış keçirdi"),
    "fr": ("La crue coupe la route des villages", "Le ministre visite le pont"),
    "en": ("Flood cuts off the village road", "Minister visits the bridge"),
}


def link(text: str, slot: str = "body main text") -> Piece:
    return Piece(text, slot, link=True)


def cleaned(*lines: str | Piece) -> Article:
    """A page of which no other page is known."""
    return Clean()(page(1, *lines))


# Links


@pytest.mark.parametrize("language", TEASERS)
def test_links_in_a_row_go_wherever_they_stand(language: str) -> None:
    first, second = TEASERS[language]
    text = own(1, language)

    found = cleaned(text[0], link(first), link(second), *text[1:])

    assert found.text.split("\n") == text
    assert found.removed == (Removed(f"{first}\n{second}", "links", line=1),)


@pytest.mark.parametrize("language", TEASERS)
def test_a_single_link_may_be_a_heading_but_not_below_the_text(language: str) -> None:
    first, second = TEASERS[language]
    text = own(1, language)

    found = cleaned(text[0], link(first), *text[1:], link(second))

    assert found.text.split("\n") == [text[0], first, *text[1:]]
    assert gone(found) == [(second, "links")]


@pytest.mark.parametrize(
    "line", ["The bridge is open again.", "Կամուրջը բաց է։", "پل دوباره باز شد.", "דרך הכפרים נפתחה.”"]
)
def test_a_link_that_ends_a_statement_is_a_sentence(line: str) -> None:
    assert cleaned(*own(1), link(line), link(f"So far: {line}")).removed == ()


def test_a_short_line_is_no_paragraph_that_links_could_stand_above() -> None:
    short, heading = "By our own staff in the town", TEASERS["fr"][0]

    assert gone(cleaned(*own(1), link(heading), short)) == [(heading, "links")]
    assert gone(cleaned(*own(1), link(heading), own(2)[0], short)) == []


def test_what_goes_anyway_does_not_part_a_row_of_links() -> None:
    one, two = TEASERS["tr"]
    pages = [page(seed, own(seed)[0], link(one), Piece(APPEAL, FOOT), link(two), *own(seed)[1:]) for seed in range(1)]
    others = [page(seed, *own(seed), Piece(APPEAL, FOOT)) for seed in range(3, 6)]

    assert gone(taught([*pages, *others])[0]) == [(one, "links"), (APPEAL, "outlet-repeats"), (two, "links")]


def test_a_page_of_links_keeps_them_and_is_flagged() -> None:
    found = cleaned(*(link(headline(seed).rstrip(".")) for seed in range(20, 26)))

    assert (found.removed, found.flags) == ((), ("mostly-repeats",))


def test_links_that_are_most_of_a_page_go_where_what_others_have_goes_too() -> None:
    links = [link(headline(seed).rstrip(".")) for seed in range(20, 26)]
    found = taught([page(seed, own(seed)[0], *links[seed:], Piece(APPEAL, FOOT)) for seed in range(5)])

    assert [article.text.split("\n") for article in found] == [[own(seed)[0]] for seed in range(5)]
    assert {reason for _, reason in gone(found[0])} == {"links", "outlet-repeats"}


def test_a_line_of_which_half_the_blocks_are_links_is_one() -> None:
    around = [Piece("Follow the ferry of the paper", ASIDE), link("Ferry pictures of the day", ASIDE)]
    text = "\n".join((*own(1), "Follow the ferry of the paper Ferry pictures of the day"))

    assert gone(Clean()(Remember()(replace(read(1, *own(1), around=around), text=text))))[0][1] == "links"
    assert Clean()(Remember()(replace(read(1, *own(1), around=[*around[:1] * 2]), text=text))).removed == ()


# An operator's word


def forced(*articles: Article, keep: str = "", drop: str = "") -> list[Article]:
    """The pages, cleaned as the others tell and as an operator forces."""
    lines = Forced(frozenset(filter(None, [keep])), frozenset(filter(None, [drop])))
    return taught(articles, {"river": lines, "elsewhere": Forced(drop=frozenset(own(1)))})


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("Comments (12)", "COMMENTS - 3"),
        ("عدد القراءات: ١٢", "عدد القراءات 4087"),
        ("Köprü haberleri [5]", "KÖPRÜ HABERLERİ 77"),
        ("Réactions à l’article", "reactions a l'article"),
        ("شبكة النهر ٢", "شَبَكَةُ النَّهْرِ 9"),
        ("تازه‌های رود", "تازه های رود…"),
    ],
)
def test_a_forced_line_is_found_whatever_its_case_accents_signs_and_numbers(written: str, line: str) -> None:
    [found] = forced(page(1, *own(1), line, own(2)[0]), drop=written)

    assert gone(found) == [(line, "configured")]


@pytest.mark.parametrize("line", ["Comments", "No comments (12)", "Comments (12) and links"])
def test_a_forced_line_is_a_whole_one(line: str) -> None:
    [found] = forced(page(1, *own(1), line, own(2)[0]), drop="Comments (12)")

    assert found.removed == ()


def test_a_line_of_the_text_goes_where_an_operator_drops_it() -> None:
    [found] = forced(page(1, *own(1)), drop=own(1)[2].upper())

    assert found.removed == (Removed(own(1)[2], "configured", line=2),)
    assert found.text.split("\n") == [*own(1)[:2], own(1)[3]]


def test_another_outlet_is_not_touched() -> None:
    assert forced(page(1, *own(1)), drop="Anything else")[0].removed == ()


@pytest.mark.parametrize("line", ["Share this article", "© 2026 River Post", "var x = function() {"])
def test_a_kept_line_stays_whatever_it_looks_like(line: str) -> None:
    lines = [*own(1), line, *own(2)]

    [found] = forced(page(1, *lines), keep=f"{line}!")

    assert found.text.split("\n") == lines


def test_a_kept_line_stays_whatever_the_outlet_repeats() -> None:
    pages = [page(seed, *own(seed), Piece(APPEAL, FOOT), link("The river, hour by hour", FOOT)) for seed in range(4)]

    assert [gone(each) for each in forced(*pages, keep=READERS["en"].format(7, 8))] == [
        [("The river, hour by hour", "outlet-repeats")]
    ] * 4
    assert all(APPEAL not in each.text for each in forced(*pages, keep="Another line"))


def test_a_kept_headline_and_a_kept_repeat_stay() -> None:
    lines = [headline(1), *own(1), own(1)[0]]

    assert forced(page(1, *lines), keep=headline(1))[0].text.split("\n") == lines[:-1]
    assert forced(page(1, *lines), keep=own(1)[0])[0].text.split("\n") == lines[1:]


def test_the_last_line_of_an_article_is_never_dropped() -> None:
    [found] = forced(page(1, own(1)[0]), drop=own(1)[0])

    assert (found.text, found.removed, found.flags) == (own(1)[0], (), ())


def test_where_an_operator_drops_every_line_only_the_last_stays() -> None:
    lines = [headline(1), *own(1)]
    dropping = {"river": Forced(drop=frozenset(own(1)))}

    [found] = taught([page(1, *lines)], dropping)

    assert (found.text, found.flags) == (lines[-1], ())
    assert gone(found) == [(headline(1), "headline"), *((line, "configured") for line in own(1)[:-1])]


def test_a_dropped_line_beside_the_text_does_not_become_the_text() -> None:
    appeal = [READERS[language].format(1, 2) for language in ("fr", "kmr", "en")]
    begging = [
        Remember()(beside(read(seed, *appeal, title=headline(seed)), *own(seed), APPEAL[:-9])) for seed in range(5)
    ]

    found = forced(*begging, drop=own(3)[0])

    assert found[3].text.split("\n") == own(3)[1:]
    assert gone(found[3])[3:] == [(own(3)[0], "configured"), (APPEAL[:-9], "beside")]
    assert found[2].text.split("\n") == own(2)


def test_the_headline_is_no_text_beside_an_appeal_either() -> None:
    appeal = [READERS[language].format(1, 2) for language in ("fr", "kmr", "en")]
    begging = [
        Remember()(beside(read(seed, *appeal, title=headline(seed)), headline(seed), *own(seed))) for seed in range(5)
    ]

    found = forced(*begging)

    assert found[3].text.split("\n") == own(3)
    assert gone(found[3])[-1] == (headline(3), "headline")


def test_a_line_beside_the_text_is_told_as_dropped_and_stands_below_it_where_it_is_kept() -> None:
    aside = Remember()(beside(read(1, *own(1)), *own(2)))

    [dropped], [kept] = forced(aside, drop=own(2)[1]), forced(aside, keep=own(2)[1])

    assert gone(dropped) == [(line, "configured" if number == 1 else "beside") for number, line in enumerate(own(2))]
    assert kept.text.split("\n") == [*own(1), own(2)[1]]


def test_the_lines_of_a_page_that_was_not_remembered_are_forced_too() -> None:
    lines = {"port": Forced(drop=frozenset({"Told to the desk"}))}

    found = Clean(lines)(article(document(f"<p>{SENTENCE * 3}</p><p>Told to the desk</p>")))

    assert found.text == (SENTENCE * 3).strip()


# Nothing is lost


LINES = (
    *(
        "",
        "\u200b",
        "* * *",
        "Share this story",
        "Latest news",
        "3 min read",
        "Leave a Reply",
        "- Teaser",
        "Report.Read more",
    ),
    *(
        headline(1),
        *own(1),
        *own(1)[:2],
        *own(2, "fa"),
        *own(3, "he"),
        READERS["hy"],
        APPEAL,
        "var x = {",
        "});",
        "window.a = {};",
    ),
    *("Kısa\r\nsatır", "half \ud83d pair", "20 November 2026", " \u2028 ", "a" * 300),
)
TEXT = st.lists(st.sampled_from(LINES), max_size=14).map("\n".join) | st.text(max_size=60)
BYTES = st.sampled_from([pages | more for pages in range(6) for more in (0, 0x08, 0x10, 0x20)])
FORCED = {"river": Forced(frozenset({LINES[3], own(1)[1]}), frozenset({LINES[4], own(1)[0]}))}


def known(article: Article, told: bytes) -> Article:
    """The article with a recall made of these bytes, repeated for all its lines."""
    lines = len(remembered(article.digest).counts)
    return replace(article, recalled=bytes((1 + told[0] % 2, *(told * lines)[:lines])))


@given(TEXT, st.lists(TEXT, max_size=3), st.lists(BYTES, min_size=1, max_size=9).map(bytes), st.booleans())
@settings(deadline=None, derandomize=True, max_examples=300)
def test_from_what_was_removed_and_the_rest_comes_the_page_as_it_was(
    text: str,
    spare: list[str],
    told: bytes,
    is_forced: bool,  # noqa: FBT001 - drawn
) -> None:
    aside = replace(read(1), text=text, removed=tuple(Removed(each, "beside") for each in spare))
    page_of = known(Remember()(replace(aside, removed=(*aside.removed, Removed("Other", "second-article")))), told)

    found = Clean(FORCED if is_forced else {})(page_of)

    assert whole(found) == page_of
    assert found.text or not Remember()(replace(aside, removed=())).text


@given(TEXT, st.lists(st.lists(BYTES, min_size=1, max_size=9).map(bytes), min_size=2, max_size=2))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_cleaning_again_gives_what_the_recall_says_whatever_was_said_before(text: str, told: list[bytes]) -> None:
    one, other = (known(Remember()(replace(read(1), text=text)), each) for each in told)

    found = Clean()(one)
    again = Clean()(whole(found))
    another = Clean()(replace(whole(found), recalled=other.recalled))
    back = Clean()(replace(whole(another), recalled=one.recalled))

    assert found == again == back
    assert another == Clean()(other)


def test_remembering_brings_a_page_into_lines_and_lets_its_blocks_go() -> None:
    raw = replace(read(1, *own(1)), text="One.\r\n\n two\u200b \n", title=" The\tferry\n sinks ")

    found = Remember()(raw)

    assert (found.text, found.title, found.blocks) == ("One.\ntwo", "The ferry sinks", ())
    assert raw.blocks
    assert found.digest


def test_prose_beside_the_text_becomes_its_last_lines() -> None:
    found = Remember()(beside(read(1, *own(1)), "  ", f" {own(2)[0]} "))

    assert found.text.split("\n") == [*own(1), own(2)[0]]
    assert found.removed == ()


def test_an_article_without_text_keeps_what_stands_beside_it_apart() -> None:
    found = Clean()(Remember()(beside(read(1), own(2)[0])))

    assert (found.text, found.flags) == ("", ())
    assert found.removed == (Removed(own(2)[0], "beside", line=0),)


@pytest.mark.parametrize("stop", [".", "", "؟"])
def test_background_stays_where_outlets_write_no_full_stops_and_where_it_asks(stop: str) -> None:
    shared = f"قال المتحدث إن القوات ستبقى في المدينة حتى نهاية العام وإن الجسر سيفتح قريباً أمام الجميع{stop}"

    def told(seed: int) -> Article:
        lines = [line.rstrip(".") + stop for line in own(seed, "ar", paragraphs=4)]
        return page(seed, *lines[:2], *([shared] if seed < 3 else []), *lines[2:])

    found = taught([told(seed) for seed in range(12)])

    assert [shared in article.text for article in found] == [True] * 3 + [False] * 9


def test_background_stays_in_texts_without_a_page_too() -> None:
    shared = " ".join(own(99, paragraphs=2))
    texts = [
        [*own(seed)[:2], *([shared] if seed < 3 else []), *own(seed)[2:], "Read by the river"] for seed in range(12)
    ]
    articles = [Article(f"{seed:04}", "", headline(seed), "\n".join(lines)) for seed, lines in enumerate(texts)]

    found = taught([Remember()(article) for article in articles])

    assert [shared in article.text for article in found] == [True] * 3 + [False] * 9
    assert not any("Read by the river" in article.text for article in found)
