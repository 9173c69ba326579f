"""Names in texts of ten languages: whole words, what is attached to them, the longest first, original offsets."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import match
from pipeline.fold import fold
from pipeline.match import Found, Matcher, Name, longest
from pipeline.model import ConfigError


def written(names: list[str], text: str, language: str = "en") -> list[str]:
    """Give the names found, as they are written."""
    matcher = Matcher([Name(name, name) for name in names])
    return [text[found.start : found.end] for found in matcher.find(text, language)]


def test_a_name_is_found_in_any_case_and_spelling_with_its_offsets() -> None:
    text = "the KILIÇ front, and Kılıç Front men"
    matcher = Matcher([Name("front", "Kiliç front")])
    assert matcher.find(text, "tr") == [Found(("front",), 4, 15), Found(("front",), 21, 32)]


def test_a_name_inside_a_longer_word_is_not_found() -> None:
    assert written(["Iran", "Oman", "Mali"], "Tirana, a woman in Romania, Somalia") == []


def test_the_longest_name_leaves_no_shorter_one_in_it() -> None:
    names = ["Hezbollah", "Kataib Hezbollah", "Harakat Hezbollah al-Nujaba", "Nujaba"]
    text = "Kataib Hezbollah and Harakat Hezbollah al-Nujaba; Hezbollah, Nujaba"
    assert written(names, text) == ["Kataib Hezbollah", "Harakat Hezbollah al-Nujaba", "Hezbollah", "Nujaba"]


def test_of_two_that_overlap_the_longer_stands_and_of_equals_the_first() -> None:
    assert written(["red river valley", "valley towns"], "red river valley towns") == ["red river valley"]
    assert written(["red river", "river mouth", "mouth end"], "red river mouth end") == ["river mouth"]
    assert longest([Found((1,), 4, 8), Found((2,), 0, 5), Found((3,), 8, 13)]) == [
        Found((2,), 0, 5),
        Found((3,), 8, 13),
    ]


def test_candidates_hold_what_lies_inside_another() -> None:
    matcher = Matcher([Name("a", "Quds Force"), Name("b", "Quds"), Name("c", "quds")])
    assert matcher.candidates("Quds Force") == [Found(("b", "c"), 0, 4), Found(("a",), 0, 10)]


def test_one_phrase_may_stand_for_several_keys_each_once() -> None:
    names = [Name("one", "Taeb"), Name("two", "Ta'eb"), Name("two", "TAEB"), Name("three", "Taeb", case=True)]
    assert Matcher(names).find("Taeb") == [Found(("one", "two", "three"), 0, 4)]


def test_punctuation_between_the_words_of_a_name_does_not_matter() -> None:
    text = 'Corps‘ “Ammar” headquarters, the Dev-Sol, Donald  J. Trump, the U.S.\u00a0Navy and "Ahl al-Haq"'
    names = ["Corps Ammar headquarters", "Dev Sol", "Donald J Trump", "U S Navy", "Ahl-al-Haq"]
    assert written(names, text) == [
        "Corps‘ “Ammar” headquarters",
        "Dev-Sol",
        "Donald  J. Trump",
        "U.S.\u00a0Navy",
        "Ahl al-Haq",
    ]


@pytest.mark.parametrize("end", ["\n", "? ", "! ", "؟ ", "; ", "؛ ", ": ", "։ ", "land. "])
def test_no_name_goes_on_after_a_line_or_a_sentence(end: str) -> None:
    assert written(["Quds Force", "Qudsland Force"], f"He named Quds{end}Force was used.") == []


def test_marks_that_nobody_sees_belong_to_the_name_they_stand_in() -> None:
    assert written(["حماس", "Erdogan"], "وقالت حماسُ إن Erdog\u0306an\u0301, Er\u00addo\u200egan", "ar") == [
        "حماسُ",
        "Erdog\u0306an\u0301",
        "Er\u00addo\u200egan",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("TAK said", ["TAK"]),
        ("Tak said, tak said, (TAK's)", ["TAK"]),
        ("T\u00adAK", ["T\u00adAK"]),
        ("MİT, MIT, mit, Mit", ["MİT"]),
        ("IŞİD'in ışidi IŞIDI", ["IŞİD"]),
    ],
)
def test_a_name_bound_to_its_case_counts_in_no_other(text: str, found: list[str]) -> None:
    matcher = Matcher([Name(name, name, case=True) for name in ("TAK", "MİT", "IŞİD")])
    assert [text[one.start : one.end] for one in matcher.find(text, "tr")] == found


@pytest.mark.parametrize(
    ("language", "name", "text", "found"),
    [
        ("ar", "حزب الله", "وحزب الله بحزب الله فلحزب الله كحزب الله", ["حزب الله"] * 4),
        ("ar", "الحشد الشعبي", "والحشد الشعبي فبالحشد الشعبي كالحشد الشعبي", ["الحشد الشعبي"] * 3),
        ("ar", "الحشد", "قال للحشد وللحشد", ["لحشد"] * 2),
        ("ar", "قسد", "والقسد وبالقسد وللقسد", ["قسد"] * 3),
        ("ar", "حلب", "سحلب يحلب حلبي حلبها", []),
        ("ar", "ري", "وري", []),
        ("he", "חמאס", "לחמאס ושבחמאס מהחמאס כשחמאס", ["חמאס"] * 4),
        ("he", "הצבא הסורי", "הצבא הסורי לצבא הסורי ושבצבא הסורי", ["הצבא הסורי", "צבא הסורי", "צבא הסורי"]),
        ("he", "עזה", "בעזה ועזה העזות", ["עזה"] * 2),
        ("fa", "حوثی", "حوثی‌ها حوثیها حوثیهای حوثیان حوثیگری", ["حوثی"] * 4),
        ("fa", "سیدالشهدا", "سیدالشهدای عراق", ["سیدالشهدا"]),
        ("fa", "ایران", "ایرانی ایرانیان", []),
        ("ckb", "پەکەکە", "پەکەکەی پەکەکەیش پەکەکەوە", ["پەکەکە"] * 3),
        ("ckb", "پێشمەرگە", "پێشمەرگەکان پێشمەرگەکانی پێشمەرگەیەک", ["پێشمەرگە"] * 2),
        ("ckb", "هەولێر", "لە هەولێرەوە لە هەولێردا هەولێری", ["هەولێر"] * 3),
        ("kmr", "Pêşmerge", "Pêşmergeyan pêşmergeyên Pêşmergeya", ["Pêşmerge", "Pêşmerge"]),
        ("kmr", "Partiya Karkerên Kurdistan", "Partiya Karkerên Kurdistanê", ["Partiya Karkerên Kurdistan"]),
        ("kmr", "PKK", "PKK'ê PKKê pkkê", ["PKK"] * 2),
        ("tr", "Hizbullah", "Hizbullah'ın Hizbullahın Hizbullaha Hizbullahtan", ["Hizbullah"] * 4),
        ("tr", "Kürdistan İşçi Partisi", "Kürdistan İşçi Partisine", ["Kürdistan İşçi Partisi"]),
        ("tr", "PKK", "PKK’nın PKKnın PKKNIN PKKlı", ["PKK"] * 2),
        ("tr", "Irak", "Iraktan Irakta Iraklı ırakta", ["Irak"] * 2),
        ("tr", "Kars", "Karşı Karsta", ["Kars"]),
        ("az", "İraq", "İraqda İraqın İraqa İraqdakı İraqlı", ["İraq"] * 4),
        ("az", "husi", "husilər Husilərin husilərdən", ["husi"] * 3),
        ("hy", "Հեզբոլլահ", "Հեզբոլլահը Հեզբոլլահի Հեզբոլլահից Հեզբոլլահական", ["Հեզբոլլահ"] * 3),
        ("hy", "Սիրիա", "Սիրիայում Սիրիայից Սիրիայի", ["Սիրիա"] * 3),
        ("hy", "հութի", "հութիները հութիների", ["հութի"] * 2),
        ("hy", "Բանվորական կուսակցություն", "Բանվորական կուսակցության", ["Բանվորական կուսակցության"]),
        ("fr", "Iran", "l'Iran d’Iran qu‘Iran jusqu'Iran", ["Iran"] * 4),
        ("en", "Guards", "the Guards' the Guards’s the Guards‘", ["Guards"] * 3),
        ("az", "PKK", "PKK-nın", ["PKK"]),
    ],
)
def test_what_is_attached_to_a_name_is_cut(language: str, name: str, text: str, found: list[str]) -> None:
    assert [fold(one) for one in written([name], text, language)] == [fold(one) for one in found]


def test_the_whole_word_is_read_before_anything_is_cut() -> None:
    assert written(["والي", "الي"], "والي", "ar") == ["والي"]
    assert written(["Irak", "Irakta"], "Irakta", "tr") == ["Irakta"]


@pytest.mark.parametrize(
    ("language", "name", "text"),
    [
        ("ar", "بدر", "البدري وبدران وبدرة مبدر"),
        ("ar", "اليمن", "يمني ويمنيون واليمنيون"),
        ("ar", "حماس", "بحماسة وحماسي"),
        ("he", "רפח", "רפחים ארפח"),
        ("he", "לבנון", "לבנונים הלבנונית"),
        ("fa", "عراق", "عراقی عراقیان عراقچی"),
        ("ckb", "ئێران", "ئێرانییەکان ئێرانچی"),
        ("kmr", "Îran", "Îranî îranîyan"),
        ("tr", "Bolu", "Bolum boluyorum bölür"),
        ("tr", "Suriye", "Suriyeli Suriyeliler suriyeye"),
        ("az", "Livan", "livanlı Livanlılar"),
        ("hy", "Իրան", "իրանական իրանցի Իրանցիներ"),
        ("en", "Iran", "Iranian Irans"),
        ("fr", "Iran", "Iranien iraniens"),
    ],
)
def test_what_only_looks_attached_makes_another_word(language: str, name: str, text: str) -> None:
    assert written([name], text, language) == []


def test_short_names_take_no_bare_ending_unless_they_stand_out_in_capitals() -> None:
    assert written(["Kars", "Van", "ABD", "IS"], "Karstan Vanda ABDye ABDYE ISin", "tr") == ["Kars", "ABD", "IS"]


def test_names_of_places_are_read_more_strictly() -> None:
    text = "Hit, hit, HIT; قطر والقطر وبقطر وللقطر؛ الرقة وللرقة ورقة رقة"
    names = ["Hit", "قطر", "رقة", "الرقة"]
    matcher = Matcher([Name(name, name) for name in names], places=True)
    found = [text[one.start : one.end] for one in matcher.find(text, "ar")]
    assert found == ["Hit", "HIT", "قطر", "قطر", "الرقة", "لرقة", "رقة"]
    assert written(names, text, "ar") == [*["Hit", "hit", "HIT"], *["قطر"] * 4, "الرقة", "لرقة", "رقة", "رقة"]


def test_names_of_all_languages_are_looked_for_in_every_text() -> None:
    names = ["Partiya Karkerên Kurdistanê", "حزب العمال الكردستاني", "PKK", "Փաշինյան"]
    text = "Partiya Karkerên Kurdistanê (PKK, Arapça حزب العمال الكردستاني) ile Փաշինյան"
    assert written(names, text, "tr") == [names[0], names[2], names[1], names[3]]


def test_a_name_stands_between_any_punctuation() -> None:
    for sign in "()[]«»“”‘’'\"/\\|-–—…,.;:!?،؛؟۔՝։#@*_+=<>~`^%&\u00a0\u3000\u200c👍":
        assert written(["Houthi"], f"x{sign}Houthi{sign}x") == ["Houthi"], sign


def test_only_what_the_language_attaches_is_cut_and_in_an_unknown_one_all() -> None:
    texts = {"ar": ("والحشد", "الحشد"), "he": ("לחמאס", "חמאס"), "tr": ("Iraktan", "Irak"), "hy": ("Իրանը", "Իրան")}
    for own, (text, name) in texts.items():
        assert written([name], text, own) == written([name], text, "und") == written([name], text, "") == [name]
        for other in set(texts) - {own} | {"en", "de"}:
            assert written([name], text, other) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Kataib Hezbollah", "Kata'ib Hezbollah"),
        ("Kata'ib Hezbollah", "Kataib Hezbollah"),
        ("Kata`ib Hezbollah", "Kataʾib Hezbollah"),
        ("Sanaa", "Sana'a"),
        ('צה"ל', "צהל"),
        ("צהל", "צה''ל"),
        ("צה״ל", 'צה"ל'),
        ("פשמרגה", "פשמרג'ה"),
        ("پێشمەرگە", "پێشمه‌رگه"),
        ("خامنه‌ای", "خامنهای"),
        ("حزب الله لبنان", "حزبالله لبنان"),
        ("حزب الله", "حزب‌الله"),
        ("سیدالشهدا", "سید الشهدا"),
        ("عبد الله محمد", "عبدالله محمد"),
        ("al-Qaeda", "Alqaeda"),
        ("Haşd-i Şabi", "Haşdi Şabi"),
        ("אל-קאעידה", "אלקאעידה"),
    ],
)
def test_a_seam_may_be_missing_on_either_side(name: str, text: str) -> None:
    lines = f"They're here\nand {text}, Iran's\nbut Syria's {text}"
    assert written([name], lines, "en") == [text, text]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Al-Ain", "Alain spoke"),
        ("Were", "they say we're"),
        ("Irans", "Iran's"),
        ("diran", "d'Iran"),
        ("Iran", "I ran, I-ran, I'ran"),
        ("پ ك ك", "پكك"),
        ("ابها", "آب‌ها"),
    ],
)
def test_no_seam_is_bridged_that_parts_two_words(name: str, text: str) -> None:
    assert written([name], text, "en") == []


def test_a_name_of_signs_only_is_a_mistake_in_one_sentence() -> None:
    with pytest.raises(ConfigError, match=r"The name '\* - ' has no letter or digit"):
        Matcher([Name("x", "* - ")])


def test_without_names_nothing_is_found() -> None:
    assert Matcher([]).find("Anything") == []


def test_rules_are_written_in_folded_letters() -> None:
    sources = [
        *match.PLACE_PREFIXES.values(),
        *match.PREFIXES.values(),
        *match.ENDINGS.values(),
        *(rule for _, rule in match.MELTING.values()),
    ]
    # a letter that never comes out of the folding would be a dead rule
    letters = {char for source in sources for char in source if char.isalpha()}
    assert {char for char in letters if fold(char) != char} == set()


def test_a_word_of_a_megabyte_takes_its_time_once() -> None:
    text = "حلب" * 300_000 + " حلب"
    assert Matcher([Name("x", "حلب"), Name("y", "lab")]).find(text, "ar") == [Found(("x",), 900_001, 900_004)]


NAMES = ["Hezbollah", "Kata'ib Hezbollah", "PKK", "حزب الله", "الحشد الشعبي", "خامنه‌ای", 'צה"ל', "Իրան", "ß", "İran"]
PIECES = [
    *NAMES,
    "Kataib",
    "'",
    " ",
    "-",
    "\u200c",
    "\u0651",
    "\u0301",
    "و",
    "ل",
    "ب",
    "da",
    "ın",
    "ի",
    "x",
    "\n",
    ".",
    "ﬃ",
    "\ud800",
]


@settings(deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.sampled_from(["", "ar", "he", "tr", "hy", "en"]))
def test_what_is_found_reads_like_the_name_and_lies_apart(text: str, language: str) -> None:
    end = 0
    for found in Matcher([Name(name, name) for name in NAMES]).find(text, language):
        assert end <= found.start < found.end <= len(text)
        end = found.end
        letters = _letters(text[found.start : found.end])
        assert any(letters in (_letters(name), _letters(name)[1:]) for name in found.keys)


SPANS = st.builds(lambda start, size: Found((0,), start, start + size), st.integers(0, 30), st.integers(1, 9))


@settings(deadline=None, derandomize=True)
@given(st.lists(SPANS, max_size=12))
def test_the_longest_lie_apart_and_whatever_else_there_was_overlaps_one_as_long(spans: list[Found[int]]) -> None:
    chosen = longest(spans)
    assert chosen == sorted(chosen, key=lambda one: one.start)
    assert all(left.end <= right.start for left, right in pairwise(chosen))
    for span in spans:
        rivals = [one for one in chosen if one.start < span.end and span.start < one.end]
        assert any(one.end - one.start >= span.end - span.start for one in rivals)


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=40), st.text(max_size=40))
def test_a_name_between_spaces_is_always_found(before: str, after: str) -> None:
    text = f"{before} | Kataib Hezbollah | {after}"
    start = len(before) + 3
    assert Found(("k",), start, start + 16) in Matcher([Name("k", "Kata'ib Hezbollah")]).find(text)


def _letters(text: str) -> str:
    return re.sub(" ", "", fold(text))
