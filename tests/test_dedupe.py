from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedupe import BANDS, RIVALS, ROWS, SHORT, WINDOW, Fingerprint, Placing, group, near
from pipeline.model import Article, Outlet, replace

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FERRY = (
    "The ferry between the two harbours stopped at dawn when its second engine failed, and fishermen took the school "
    "children home in their own boats before the wind turned and the last light went out over the bay."
)


def drawing(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a draw to be repeated, no secret


def prose(seed: int, words: int = 120) -> list[str]:
    """Words drawn from a thousand: two draws share no run of three."""
    lot = drawing(seed)
    return [
        f"{lot.choice('bdgklmnprst')}{lot.choice('aeiou')}{lot.choice('lmnrst')}{lot.randrange(2)}".replace(
            "0", "a"
        ).replace("1", "i")
        for _ in range(words)
    ]


def article(id_: str, text: str | list[str], outlet: str = "one", title: str = "", hours: float = 0.0) -> Article:
    text = text if isinstance(text, str) else " ".join(text)
    at = NOON + timedelta(hours=hours)
    return Fingerprint()(Article(id=id_, url=id_, title=title, text=text, outlet=Outlet(outlet), published_at=at))


def share_a_term(first: Article, second: Article) -> bool:
    return not set(first.bands).isdisjoint(second.bands)


def test_a_text_gets_a_fixed_number_of_short_terms() -> None:
    bands = article("a", prose(1)).bands

    assert len(set(bands)) == 1 + BANDS
    assert {len(band) for band in bands} == {8}


def test_terms_stay_as_they_are_stored() -> None:
    """A change here makes the stored fingerprints worthless; only a replay of everything would mend that."""
    assert article("a", FERRY).bands[:3] == ("zfA0QrD3", "R50x8Pvz", "CA5p9oHQ")
    assert article("a", "Too short to judge by").bands == ("5R8_5CCq",)


@pytest.mark.parametrize(
    ("written", "otherwise"),
    [
        ("أُعيدَ فتحُ المَعبر إلى المدرسة", "اعيد فتح المعبر الي المدرسه"),
        ("می‌توان کتابی خرید", "مي توان كتابي خريد"),
        ("ڕۆژی یەکشەممە کرایەوە", "رۆژی يەكشەممە كرایەوە"),
        ("Deriyê sînor hat girtin", "DERIYE SINOR HAT GIRTIN"),
        ("İstanbul'da ışıklar söndü", "ISTANBUL DA IŞIKLAR SONDU"),
        ("הַגְּבוּל נִפְתַּח מחדש", "הגבול נפתח, מחדש!"),
        ("Անցակետը վերաբացվեց", "ԱՆՑԱԿԵՏԸ ՎԵՐԱԲԱՑՎԵՑ։"),
        ("Əliyev görüşdü", "eliyev goruşdu"),
        ("L’été à Genève", "l'ete a geneve"),
        ("“Seventeen”—days, they said", "seventeen days they said"),
    ],
)
def test_letters_written_otherwise_give_the_same_fingerprint(written: str, otherwise: str) -> None:
    rest = " ".join(prose(2))

    assert article("a", f"{rest} {written} {rest}").bands == article("b", f"{rest} {otherwise} {rest}").bands
    assert article("a", written).bands == article("b", otherwise).bands


def test_only_the_text_counts() -> None:
    assert article("a", prose(3), "one", "A title").bands == article("b", prose(3), "two", "Another").bands


def test_a_short_text_has_one_term_and_no_text_none() -> None:
    assert len(article("a", prose(1, SHORT - 1)).bands) == 1
    assert len(article("a", prose(1, SHORT)).bands) == 1 + BANDS
    assert article("a", "").bands == article("a", " — !\n").bands == ()


@pytest.mark.parametrize(("words", "replaced"), [(60, 0.1), (60, 0.2), (400, 0.1), (400, 0.2)])
def test_texts_share_a_term_no_less_often_than_the_formula_says(words: int, replaced: float) -> None:
    lot, met, expected, tries = drawing(words), 0, 0.0, 150
    for seed in range(tries):
        text, other = prose(seed, words), prose(1_000 + seed, words)
        edited = [new if lot.random() < replaced else old for old, new in zip(text, other, strict=True)]
        one, two = (set(zip(each, each[1:], each[2:], strict=False)) for each in (text, edited))
        met += share_a_term(article("a", text), article("b", edited))
        expected += 1 - (1 - (len(one & two) / len(one | two)) ** ROWS) ** BANDS
        assert not share_a_term(article("a", text), article("b", other))

    assert met / tries > expected / tries - 0.03


def test_a_cut_a_credit_line_and_another_order_make_a_copy() -> None:
    text, outlet = prose(4), "two"

    assert near(article("a", text), article("b", text[:60], outlet))
    assert near(article("a", text), article("b", [*prose(5, 12), *text, *prose(6, 12)], outlet))
    assert near(article("a", text), article("b", [*text[80:], *text[40:80], *text[:40]], outlet))
    assert near(article("a", text), article("b", text))


def test_a_retold_third_is_no_copy() -> None:
    assert not near(article("a", prose(4)), article("b", [*prose(5, 80), *prose(4)[:40]]))


def test_a_round_up_is_no_copy_of_what_it_carries() -> None:
    carried = [prose(seed, 100) for seed in range(6)]
    round_up = article("r", [word for text in carried for word in text])

    assert not any(near(round_up, article("a", text)) for text in carried)


def test_numbers_tell_a_template_from_a_copy() -> None:
    said = (
        "The dollar was sold for {} dinars and bought for {} dinars this morning while a gram of gold reached {} dinars"
    )
    said += " and silver {} dinars in the shops around the old bridge as every day of the week except for Friday."
    monday = article("a", said.format(1450, 1440, 98, 12))

    assert not near(monday, article("b", said.format(1462, 1451, 97, 12)))
    assert near(monday, article("b", said.format(1450, 1440, 98, 13)))
    assert near(monday, article("b", said.format(1450, 1440, "٩٨", "۱۲")))
    assert near(monday, article("b", said.format("many", 1440, "few", 12)))


def test_a_toll_that_rose_is_another_text() -> None:
    said = f"{FERRY} Rescuers counted {{}} missing."

    assert not near(article("a", said.format(3)), article("b", said.format(5)))


def test_what_returns_after_a_week_is_no_copy() -> None:
    week = WINDOW / timedelta(hours=1)

    assert near(article("a", prose(1)), article("b", prose(1), hours=week))
    assert not near(article("a", prose(1)), article("b", prose(1), hours=week + 0.1))


def test_undated_texts_are_compared_with_undated_ones_only() -> None:
    undated = replace(article("a", prose(1)), published_at=None)

    assert near(undated, replace(undated, id="b"))
    assert not near(undated, article("b", prose(1)))


def test_a_short_text_is_a_copy_of_an_equal_one_only() -> None:
    flash = article("a", "Explosion heard in the harbour, no word of victims yet", title="Explosion")

    assert near(flash, article("b", "EXPLOSION heard in the harbour: no word of victims yet", "two", "Blast"))
    assert not near(flash, article("b", "Explosion heard in the harbour, two victims", "two", "Blast"))
    assert not near(flash, article("b", [*flash.text.split(), *prose(1, 30)], "two", "Blast"))


def test_what_an_outlet_says_below_every_video_is_no_story() -> None:
    stub = article("a", "Watch the whole report on our channel", title="The flood")

    assert not near(stub, article("b", stub.text, title="The harvest"))
    assert near(stub, article("b", stub.text, title="The  Flood!"))


def test_empty_texts_are_no_copies() -> None:
    nothing = article("a", "")

    assert not near(nothing, article("b", ""))
    assert not near(nothing, article("b", prose(1)))
    assert group([nothing, article("b", "")]).keys() == {"a", "b"}


@given(st.lists(st.sampled_from("ab12 ٣،"), max_size=80), st.lists(st.sampled_from("ab12 ٣،"), max_size=80))
@settings(deadline=None, derandomize=True)
def test_nearness_is_mutual(first: list[str], second: list[str]) -> None:
    one, two = article("a", " ".join(first)), article("b", " ".join(second), "two")

    assert near(one, two) == near(two, one)


def test_a_story_is_led_by_its_oldest_article() -> None:
    text = prose(1)
    first, second, third = (
        article("c", text, "sana"),
        article("a", text, "aa", hours=1),
        article("b", text, "ina", hours=2),
    )

    assert group([third, first, second, article("d", prose(2), "irna")]) == {
        "c": Placing("c", lead=True, copy_of="", first_outlet="sana"),
        "a": Placing("c", lead=False, copy_of="c", first_outlet="sana"),
        "b": Placing("c", lead=False, copy_of="c", first_outlet="sana"),
        "d": Placing("d", lead=True, copy_of="", first_outlet="irna"),
    }


def test_of_articles_of_one_moment_the_id_decides() -> None:
    assert group([article("b", prose(1)), article("a", prose(1))])["b"] == Placing("a", False, "a", "one")  # noqa: FBT003 - lead


def test_a_late_original_leads_the_story_anew() -> None:
    """Two halves are two stories until the whole text arrives that is older than both."""
    text = prose(1)
    halves = [article("b", text[:60], hours=5), article("c", text[60:], hours=6)]
    whole = article("z", text, "agency")

    assert [placing.story for placing in group(halves).values()] == ["b", "c"]
    assert group([*halves, whole]) == {
        "z": Placing("z", lead=True, copy_of="", first_outlet="agency"),
        "b": Placing("z", lead=False, copy_of="z", first_outlet="agency"),
        "c": Placing("z", lead=False, copy_of="z", first_outlet="agency"),
    }


def test_a_young_text_joins_the_stories_it_stands_between() -> None:
    """It is a copy of the older one; the other joins the story, but points to nothing: it is no copy of the first."""
    text = prose(1)
    placings = group([article("a", text[:60]), article("b", text[60:], hours=1), article("c", text, hours=2)])

    assert {key: (placing.story, placing.copy_of) for key, placing in placings.items()} == {
        "a": ("a", ""),
        "b": ("a", ""),
        "c": ("a", "a"),
    }


def test_a_story_may_last_longer_than_a_copy_is_looked_for() -> None:
    days = [article(f"{day:02}", prose(1), hours=24 * day) for day in range(12)]
    placings = group(days)

    assert {placing.story for placing in placings.values()} == {"00"}
    assert placings["07"].copy_of == "00"
    assert placings["08"].copy_of == "01"


def test_an_exact_copy_is_found_among_more_templates_than_are_compared() -> None:
    lot, body = drawing(9), prose(1)
    for at in range(5, len(body), 20):
        body[at] = "{}"
    filled = (" ".join(body).format(*lot.sample(range(10**6), 6)) for _ in range(4 * RIVALS))
    templates = [article(f"{number:03}", text, hours=number / 100) for number, text in enumerate(filled)]
    copy = article("copy", templates[7].text, "two", hours=24)
    placings = group([*templates, copy])

    assert share_a_term(templates[0], templates[-1])
    assert placings["copy"].copy_of == "007"
    assert len({placing.story for placing in placings.values()}) == len(templates)


def stories_by_all_pairs(articles: list[Article]) -> dict[str, Placing]:
    """What `group` should give, from its definition: every pair compared."""
    ordered = sorted(articles, key=lambda each: (each.published_at or NOON, each.id))
    stories = {each.id: {each.id} for each in ordered}
    copy_of = dict.fromkeys(stories, "")
    for older, younger in combinations(ordered, 2):
        if share_a_term(older, younger) and near(older, younger):
            copy_of[younger.id] = copy_of[younger.id] or older.id
            joined = stories[older.id] | stories[younger.id]
            stories.update(dict.fromkeys(joined, joined))
    order = {each.id: number for number, each in enumerate(ordered)}
    leads = {each.id: ordered[min(order[member] for member in stories[each.id])] for each in ordered}
    return {
        each.id: Placing(leads[each.id].id, each is leads[each.id], copy_of[each.id], leads[each.id].outlet.id)
        for each in ordered
    }


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(1, 4), st.integers(0, 12)),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
@settings(deadline=None, derandomize=True, max_examples=60)
def test_stories_are_those_of_comparing_all_pairs_in_whatever_order(
    drawn: list[tuple[int, int, int, int]],
    lot: random.Random,
) -> None:
    """Pieces of three texts, alone or two in one article, over two weeks."""
    articles = [
        article(
            f"{number}",
            prose(seed)[30 * start : 30 * (start + parts)] + prose(seed + 1)[: 30 * (4 - parts)],
            hours=24 * day,
        )
        for number, (seed, start, parts, day) in enumerate(drawn)
    ]
    expected = stories_by_all_pairs(articles)

    assert group(articles) == expected
    assert group(lot.sample(articles, len(articles))) == expected
