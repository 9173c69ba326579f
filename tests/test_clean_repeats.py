"""What an article says twice: paragraphs that go although a few letters differ, and lines that may be said again."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.clean import repeats
from pipeline.clean.lines import Line, left, split

MIDDLE = [
    "Engineers opened the old bridge on Sunday after three months of work on its northern pillars.",
    "The mayor said traffic would be counted for a month, and lorries have to use the ring road until then.",
]
LONG = (
    "The ministry of transport said on Friday that the old bridge, closed since spring after a flood had damaged two "
    "of its pillars, would open to cars again on Sunday, while lorries have to wait for the ring road."
)


def kept(*lines: str) -> list[str]:
    found = split("\n".join(lines))
    return [line.text for line in left(found, repeats.paragraphs(found))]


def goes(one: str, other: str) -> bool:
    """Whether the second of two paragraphs goes as a repeat of the first, and nothing else."""
    lines = [one, *MIDDLE, other]
    found = kept(*lines)
    assert found in (lines, lines[:-1])
    return found != lines


# Per language: a paragraph, the same with a slip, the same of another place, and a short line that may repeat.
TEXTS = {
    "ar": (
        "قال وزير النقل إن الجسر القديم في البصرة سيفتح أمام السيارات صباح الأحد بعد 3 أشهر من أعمال الصيانة.",
        "«قال وزير النقل إن الجسر القديم في البصرة سيُفتح أمام السيارات صباح الأحد بعد ٣ أشهر من أعمال الصيانه»",
        "قال وزير النقل إن الجسر القديم في ميسان سيفتح أمام السيارات صباح الأحد بعد 3 أشهر من أعمال الصيانة.",
        "يا نهر، احملني إلى البيت",
    ),
    "fa": (
        "وزیر راه گفت پل قدیمی اهواز پس از 3 ماه کار بازگشایی می\u200cشود و خودروها می\u200cتوانند از آن بگذرند.",
        "وزیر راه گفت پل قدیمی اهواز پس از 3 ماه کار بازگشائی میشود و خودروها می توانند از آن بگذرند.",
        "وزیر راه گفت پل قدیمی دزفول پس از 3 ماه کار بازگشایی می\u200cشود و خودروها می\u200cتوانند از آن بگذرند.",
        "ای رود، مرا به خانه ببر",
    ),
    "ckb": (
        "وەزیری گواستنەوە ڕایگەیاند پردە کۆنەکەی سلێمانی دوای 3 مانگ کار بەیانی یەکشەممە بۆ ئۆتۆمبێل دەکرێتەوە.",
        "وەزیری گواستنەوە ڕایگەیاند پردە کۆنەکەی سلێمانی دوای 3 مانگ کار بەیانی یەکشەمە بۆ ئۆتۆمبێل دەکرێتەوە",
        "وەزیری گواستنەوە ڕایگەیاند پردە کۆنەکەی هەولێر دوای 3 مانگ کار بەیانی یەکشەممە بۆ ئۆتۆمبێل دەکرێتەوە.",
        "ئەی ڕووبار، بمبەرەوە ماڵەوە",
    ),
    "kmr": (
        "Wezîrê veguhastinê got ku pira kevn a Dihokê piştî 3 mehên kar sibeha yekşemê ji bo otomobîlan vedibe.",
        "Wezîrê veguhastinê got ku pira kevn a Dihokê piştî 3 mehên kar sibeha yekşemê ji bo otomobilan vedbie.",
        "Wezîrê veguhastinê got ku pira kevn a Zaxoyê piştî 3 mehên kar sibeha yekşemê ji bo otomobîlan vedibe.",
        "Ey çem, min bibe malê",
    ),
    "tr": (
        "Ulaştırma bakanı, Diyarbakır'daki eski köprünün 3 aylık çalışmanın ardından pazar sabahı açılacağını söyledi.",
        "Ulaştırma bakanı, Diyarbakır’daki eski köprünün 3 aylık çalışmanın ardından pazar sabahı açılcağını söyledi.",
        "Ulaştırma bakanı, Mardin'deki eski köprünün 3 aylık çalışmanın ardından pazar sabahı açılacağını söyledi.",
        "Ey nehir, beni eve götür",
    ),
    "he": (
        "שר התחבורה אמר כי הגשר הישן בחיפה ייפתח לתנועה ביום ראשון בבוקר לאחר 3 חודשי עבודה על עמודיו הצפוניים.",
        "שר התחבורה אמר כי הגשר הישן בחיפה ייפתח לתנועה ביום ראשון בבוקר לאחר 3 חודשי עבודה על עמודיו הצפונים",
        "שר התחבורה אמר כי הגשר הישן בעכו ייפתח לתנועה ביום ראשון בבוקר לאחר 3 חודשי עבודה על עמודיו הצפוניים.",
        "הו נהר, קח אותי הביתה",
    ),
    "hy": (
        "Տրանսպորտի նախարարն ասաց, որ Գյումրու հին կամուրջը 3 ամսվա աշխատանքից հետո կիրակի առավոտյան կբացվի։",
        "Տրանսպորտի նախարարն ասաց, որ Գյումրու հին կամուրջը 3 ամսվա աշխատանքից հետո կիրակի առավոտյն կբացվի:",
        "Տրանսպորտի նախարարն ասաց, որ Վանաձորի հին կամուրջը 3 ամսվա աշխատանքից հետո կիրակի առավոտյան կբացվի։",
        "Ով գետ, տար ինձ տուն",
    ),
    "az": (
        "Nəqliyyat naziri Gəncədəki köhnə körpünün 3 aylıq işdən sonra bazar günü səhər maşınlara açılacağını dedi.",
        "Nəqliyyat naziri Gəncədəki köhnə körpünün 3 aylıq işdən sonra bazar günü səhər maşinlara açılacagını dedi",
        "Nəqliyyat naziri Şəkidəki köhnə körpünün 3 aylıq işdən sonra bazar günü səhər maşınlara açılacağını dedi.",
        "Ey çay, məni evə apar",
    ),
    "fr": (
        "Le ministre des Transports a déclaré que le vieux pont de Lyon rouvrirait dimanche après 3 mois de travaux.",
        "« Le ministre des transports a declaré que le vieux pont de Lyon rouvirait dimanche après 3 mois de travaux »",
        "Le ministre des Transports a déclaré que le vieux pont de Nantes rouvrirait dimanche après 3 mois de travaux.",
        "Ô rivière, ramène-moi chez moi",
    ),
    "en": (
        "The government of Basra province said 3,000 people had crossed the old bridge on foot since Sunday morning.",
        "“The goverment of Basra province said 3000 people had crossed the old bridge on foot since Sunday mornnig”",
        "The government of Anbar province said 3,000 people had crossed the old bridge on foot since Sunday morning.",
        "And the river flows home",
    ),
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_paragraph_with_a_slip_goes_and_one_of_another_place_stays(language: str) -> None:
    first, slip, other, refrain = TEXTS[language]

    assert kept(first, refrain, slip, refrain, other, refrain) == [first, refrain, refrain, other, refrain]
    assert kept(slip, first) == [slip]


@pytest.mark.parametrize("language", TEXTS)
def test_a_paragraph_with_another_number_stays(language: str) -> None:
    first = TEXTS[language][0]

    assert not goes(first, first.replace("3", "4", 1))


@pytest.mark.parametrize(
    ("word", "other"),
    [
        *(("million", "billion"), ("Iran", "Iraq"), ("Sunday", "Monday"), ("Nigeria", "Niger"), ("eastern", "western")),
        *(
            ("covid19", "covid18"),
            ("A320neo", "A321neo"),
            ("15th", "16th"),
            ("15", "16"),
            ("15", "fifteen"),
            ("not", "now"),
        ),
        *(
            ("1,500", "1,000"),
            ("2-1", "1-2"),
            ("1-11", "11-1"),
            ("12", "1 2"),
            ("Barzani", "Talabani"),
            ("was", "was not"),
        ),
    ],
)
def test_words_that_one_letter_tells_apart_are_no_slips(word: str, other: str) -> None:
    said = "The council of the old town said that {} was what counted most to the people of the valley."

    assert not goes(said.format(word), said.format(other))


@pytest.mark.parametrize(
    ("word", "other"),
    [
        *(("government", "goverment"), ("Mohammed", "Mohamed"), ("received", "recieved"), ("reopened", "re-opened")),
        *(
            ("1,500,000", "1500000"),
            ("1.500", "1 500"),
            ("mayor’s", "mayors"),
            ("harbour", "harbours"),
            ("réunion", "Reunion"),
        ),
    ],
)
def test_slips_of_the_pen_make_no_other_paragraph(word: str, other: str) -> None:
    said = "The council of the old town said that {} was what counted most to the people of the valley."

    assert goes(said.format(word), said.format(other))
    assert goes(f"{word} {said}", f"{other} {said}")
    assert goes(f"{said} {word}", f"{said} {other}")


def test_three_slips_are_one_paragraph_and_four_are_two() -> None:
    three = LONG.replace("ministry", "ministery").replace("closed", "closd").replace("pillars", "pilars")

    assert goes(LONG, three)
    assert not goes(LONG, three.replace("damaged", "damagde"))


@pytest.mark.parametrize(
    ("old", "new", "is_repeat"),
    [
        ("said on", "announced on", True),
        ("had damaged", "damaged", True),
        ("would open", "would then open", True),
        ("on Friday", "on Thursday", False),
        ("the old bridge", "the Mosul bridge", False),
        ("two of", "2 of", False),
        ("after a flood had", "when floods", False),
        ("said on Friday that the", "announced on Friday that an", False),
    ],
)
def test_in_a_long_paragraph_one_plain_word_may_have_been_changed(old: str, new: str, is_repeat: bool) -> None:  # noqa: FBT001 - a column of the table
    assert goes(LONG, LONG.replace(old, new)) is is_repeat
    assert not goes(*(text[: len(LONG) // 2] for text in (LONG, LONG.replace("said on", "announced on"))))


def test_without_capitals_no_word_is_known_to_be_plain() -> None:
    long = " ".join(TEXTS["ar"][0].split() * 2)

    assert not goes(long, long.replace("السيارات", "الحافلات", 1))


@pytest.mark.parametrize(
    "template",
    [
        "Weather in {}: sunny in the morning, some clouds in the afternoon, a light wind from the north, dry at night.",
        "{} province: schools stay closed until the end of the week, roads are open, and no one was hurt in the storm.",
        "The minister of {} said that the talks had been useful and that both sides would meet again before summer.",
        "- {}: two places won, one lost, turnout higher than four years ago, the count of votes from abroad goes on.",
        "طقس {}: مشمس صباحا وغائم جزئيا بعد الظهر مع رياح شمالية خفيفة وجفاف في الليل وانخفاض في درجات الحرارة.",
    ],
)
def test_the_lines_of_a_list_all_stay(template: str) -> None:
    places = ["Basra", "Mosul", "Erbil", "Kirkuk", "Duhok", "بغداد", "أربيل", "Van"]
    lines = [template.format(place) for place in places]

    assert kept(*lines) == lines


def test_items_of_a_list_go_only_where_they_are_equal() -> None:
    item = "- The government said that three roads to the north would be opened again before the end of the year"

    assert kept(item, item.replace("government", "goverment"), item) == [item, item.replace("government", "goverment")]


@pytest.mark.parametrize(
    "line",
    [
        "What would you do in your first hundred days in office to bring prices down in the north?",
        "“What would you do in your first hundred days in office to bring prices down in the north?”",
        "ماذا ستفعل في أول مئة يوم من توليك المنصب من أجل خفض الأسعار في المحافظات الشمالية؟",
        "Ի՞նչ կանեք պաշտոնավարման առաջին հարյուր օրում հյուսիսում գները իջեցնելու համար, հարցրեց նա բոլորին։",
        "| Basra | 12 mm | 31 degrees | sunny | light wind from the north | dry at night | 14 mm | 30 degrees |",
        "Mayor of the old town: No.",
    ],
)
def test_questions_rows_and_short_lines_may_be_repeated(line: str) -> None:
    lines = [line, MIDDLE[0], line, MIDDLE[1], line]

    assert kept(*lines) == lines


def test_a_whole_paragraph_that_asks_at_its_end_may_not() -> None:
    paragraph = f"{LONG} But who is going to pay for all that, the people ask?"

    assert goes(paragraph, paragraph)


def test_a_paragraph_is_known_by_its_beginning_or_its_end() -> None:
    changed = f"Ministery{LONG[12:]}"

    assert goes(LONG, LONG.replace("ring road", "rign road"))
    assert goes(LONG.replace("The ministry", "Ministry"), changed)


def test_a_few_words_may_be_written_in_one_and_many_may_not() -> None:
    assert goes(f"{LONG} {'re opened ' * 9}", f"{LONG} {'reopened ' * 9}")
    assert goes(f"{LONG} {'reopened ' * 9}", f"{LONG} {'re opened ' * 9}")
    assert not goes(f"{LONG} {'re opened ' * 50}", f"{LONG} {'reopened ' * 50}")


def test_in_a_text_beyond_measure_only_equal_paragraphs_go() -> None:
    many = [
        f"Village {number} was reached by the convoy on the road along the river before the night."
        for number in range(1_000)
    ]

    assert kept(*many, LONG, LONG.replace("pillars", "pilars"), LONG)[1_000:] == [
        LONG,
        LONG.replace("pillars", "pilars"),
    ]


ENTRY = ["Minister speaks to the crowd", "10:3{} am on Friday", "Minister speaks to the crowd", MIDDLE[0]]
FIRST = [LONG, *MIDDLE, LONG.replace("Friday", "Monday")]


def entries(number: int, dateline: str = ENTRY[1]) -> list[str]:
    return [line.format(entry) for entry in range(number) for line in (ENTRY[0], dateline, *ENTRY[2:])]


def second(*lines: str) -> list[int]:
    return list(repeats.second_article(split("\n".join(lines))))


def test_entries_of_a_live_blog_that_tell_the_hour_are_no_second_article() -> None:
    assert second(*FIRST, *entries(3)) == []
    assert second(*FIRST, *entries(2)) == list(range(4, 12))
    assert second(*FIRST, *entries(3, "Updated 2{} November 2026")) == list(range(4, 16))


WORDS = st.sampled_from("the old bridge opens again government goverment 3 1,000 1000 Basra Mosul re-opened".split())  # noqa: SIM905 - as read
LINES = st.lists(st.lists(WORDS, min_size=12, max_size=16).map(" ".join), max_size=8)


@given(LINES)
@settings(deadline=None, derandomize=True, max_examples=300)
def test_the_first_of_all_stays_and_a_second_look_changes_nothing(lines: list[str]) -> None:
    once = kept(*lines)

    assert once[:1] == [line for line in lines if line in once][:1]
    assert kept(*once) == once
    assert kept(*lines, *lines) == once


@pytest.mark.parametrize("words", [12, 60])
@pytest.mark.parametrize("change", ["one", "three", "seams", "end"])
def test_five_thousand_near_equal_lines_are_compared_in_bounded_time(words: int, change: str) -> None:
    def line(number: int) -> Line:
        said = [f"word{'abcdefghij'[place % 10]}" for place in range(words)]
        other = "".join("abcdefghij"[int(digit)] for digit in str(number))
        for place in {"one": (5,), "three": (4, 6, words - 5), "seams": (), "end": (words - 2,)}[change]:
            said[place] += other
        said[6:6] = ["ab"] * number if change == "seams" and number < words else []
        return Line(number, " ".join(said), tuple(said), "")

    lines = [line(number) for number in range(5_000)]
    started = process_time()

    repeats.paragraphs(lines)

    assert process_time() - started < 2, "a second where nothing else runs"
