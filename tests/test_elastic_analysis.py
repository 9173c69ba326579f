"""The words of Elasticsearch are those of `fold` and so of SQLite: by the rules alone, and on a real server."""

from __future__ import annotations

import json
import random
import re
import sys
from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fold import TABLE, fold, tokens
from pipeline.stores.elastic.analysis import LETTERS, LONGEST_WORD, SEAMS, STEMMED, analysis
from tests.elastic_server import Address
from tests.test_fold import ANY_TEXT, SCRIPTS, sqlite_tokens

HIGHEST_TERM = 32_766  # bytes; Lucene refuses a document with a longer one
TOKENS_A_REQUEST = 1_000_000

FOLDED = [
    ("قالت هيئة الحشد الشعبي إنّ «المقاتلين» انسحبوا… ٢٠٢٦", "قالت هييه الحشد الشعبي ان المقاتلين انسحبوا 2026"),
    ("نیروهای حزب‌الله در کرمانشاه، ۱۴۰۵", "نيروهاي حزب الله در كرمانشاه 1405"),
    ("هێزی پێشمەرگە لە هەولێر کۆبوونەوە؛", "هيزي پيشمهرگه له ههولير كوبوونهوه"),
    ("Hêzên Pêşmerge li Hewlêrê civiyan", "hezen pesmerge li hewlere civiyan"),
    ("IĞDIR’da PKK'nın IŞİD’e İlişkin", "igdir da pkk nin isid e iliskin"),
    ("דובר צה״ל: הַחַיָּלִים נסוגו, 'מעריב'", "דובר צה ל החילים נסוגו מעריב"),
    ("Ինչո՞ւ են ԶԻՆՎՈՐՆԵՐԸ Երևանում։", "ինչու են զինվորները երեւանում"),
    ("Əliyev: «Qarabağ bizimdir!» — ŞUŞA", "eliyev qarabag bizimdir susa"),
    ("L’Œuvre, où l’État s’arrête… 50 %", "l oeuvre ou l etat s arrete 50"),
    ("The so-called “state”—ﬁghters’ ½ \U0001d5d4rmy 👍🏽ok", "the so called state fighters 1 2 army ok"),
]
"""A line of each language: what a page says, and the words that are searched."""

STEMS = [
    ("ar", "قالت وزارة الداخليـة إن المقاتلين هاجموا القرى في ٢٠٢٦", "قالت زار داخل مقاتل هاجموا قر 2026"),
    ("ar", "القرى\u200cالبعيدة", "قر بعيد"),
    ("fa", "نیروهای امنیتی در شهرهای مرزی می‌روند ۱۴۰۴", "نيرو امنيت شهر مرز روند 1404"),
    ("ckb", "پێشمەرگەکان لە شارەکانی هەولێر ١٢", "پێشمەرگ شارەک هەولێر 12"),
    ("ckb", "پێشمه‌رگه لە شاره‌کان", "پێشمەرگ شارە"),
    ("tr", "Kılıçdaroğlu'nun Diyarbakır’daki evlerinde saldırıları ve", "kılıçdaroğlu diyarbakır ev saldırı"),
    ("hy", "Հայաստանի քաղաքներում զինվորները և Երևանում", "հայաստ քաղ զին երև"),
    ("fr", "L’armée d'Alep et les combattants qu’elle attaquait", "arme alep combatant ataquait"),
    ("en", "The fighters’ attacks in the villages were the minister’s", "fighter attack villag were minist"),
]


def rules() -> dict[str, str]:
    """What the `fold` char filter is told, read back: letter to folding."""
    sides = [rule.split("=>") for rule in analysis()["char_filter"]["fold"]["mappings"]]
    read = {_unescaped(letter): _unescaped(folded) for letter, folded in sides}
    assert len(read) == len(sides), "a letter has two rules"
    return read


def _unescaped(side: str) -> str:
    assert re.fullmatch(r"(\\u[0-9a-f]{4})*", side)
    return bytes.fromhex(side.replace("\\u", "")).decode("utf-16-be")


def seams() -> set[int]:
    """The code points that the pattern makes a space."""
    pattern = analysis()["char_filter"]["seams"]["pattern"]
    (low, high), *stretches = [
        (int(low, 16), int(high, 16)) for low, high in re.findall(r"\\x\{(\w+)\}-\\x\{(\w+)\}", pattern)
    ]
    assert re.fullmatch(r"\[(\\x\{\w+\}-\\x\{\w+\})&&\[(\\x\{\w+\}-\\x\{\w+\})+\]\]", pattern)
    return {code for start, end in stretches for code in range(start, end + 1) if low <= code <= high}


def test_rules_and_pattern_fold_every_code_point_as_the_table_does() -> None:
    by_rule, spaces = rules(), seams()

    folded = [" " if code in spaces else by_rule.get(chr(code), chr(code)) for code in range(sys.maxunicode + 1)]

    assert folded == [TABLE[code] for code in range(sys.maxunicode + 1)]


def test_a_rule_ends_in_what_no_rule_or_pattern_changes() -> None:
    by_rule, spaces = rules(), seams()

    targets = {char for folded in by_rule.values() for char in folded}

    assert targets.isdisjoint(by_rule)
    assert spaces.isdisjoint(map(ord, targets))
    assert all(len(letter) == 1 for letter in by_rule)  # the longest match is the only one


def test_stretches_do_not_overlap_and_leave_what_a_page_in_our_languages_holds_to_rules() -> None:
    bounds = sorted(tuple(int(end, 16) for end in stretch.split("-")) for stretch in (SEAMS + LETTERS).split())

    assert all(low[1] < high[0] for low, high in pairwise(bounds))
    assert bounds[0] > (0x2189, 0)


def test_the_settings_are_made_alike_each_time() -> None:
    assert json.dumps(analysis()) == json.dumps(analysis())


@pytest.fixture(scope="module")
def index(elastic: Address, elastic_prefix: str) -> str:
    """An index with our analyzers and one text in it."""
    name = f"{elastic_prefix}analysis"
    status, answer = elastic.ask(
        "PUT",
        f"/{name}",
        {
            "settings": {"analysis": analysis(), "index.analyze.max_token_count": TOKENS_A_REQUEST},
            "mappings": {"properties": {"text": {"type": "text", "analyzer": "news_fold"}}},
        },
    )
    assert status == 200, answer
    return name


def server_tokens(elastic: Address, index: str, texts: Sequence[str], analyzer: str = "news_fold") -> list[list[str]]:
    """The words that the server makes of each text, told apart by their places in all texts together."""
    found: list[list[str]] = [[] for _ in texts]
    starts = list(_starts(texts))
    for word, start, _ in marked(elastic, index, texts, analyzer):
        found[bisect(starts, start) - 1].append(word)
    return found


def marked(elastic: Address, index: str, texts: Sequence[str], analyzer: str) -> list[tuple[str, int, int]]:
    """Each word with the place it came from, in UTF-16 units."""
    status, answer = elastic.ask("POST", f"/{index}/_analyze", {"analyzer": analyzer, "text": list(texts)})
    assert status == 200, answer
    return [(each["token"], each["start_offset"], each["end_offset"]) for each in answer["tokens"]]


def _starts(texts: Sequence[str]) -> Iterator[int]:
    """Where each text begins; the server puts a gap of one unit between texts."""
    at = 0
    for text in texts:
        yield at
        at += len(text.encode("utf-16-be", "surrogatepass")) // 2 + 1


def test_a_line_of_each_language_becomes_the_words_that_are_searched(elastic: Address, index: str) -> None:
    found = server_tokens(elastic, index, [line for line, _ in FOLDED])

    assert found == [words.split() for _, words in FOLDED]


def test_every_letter_with_a_rule_parts_joins_or_changes_words_as_in_sqlite(elastic: Address, index: str) -> None:
    others = random.Random(5).sample(range(sys.maxunicode + 1), 4000)  # noqa: S311 - a sample, not a secret
    texts = [form.format(char) for char in (*rules(), *map(chr, others)) for form in ("a{}b", "{}")]

    found = server_tokens(elastic, index, texts)

    assert found == [tokens(text) for text in texts] == sqlite_tokens([fold(text) for text in texts])


def test_thousands_of_texts_become_the_words_of_sqlite(elastic: Address, index: str) -> None:
    chance = random.Random(7)  # noqa: S311 - as above
    alphabets = (SCRIPTS, *(line for line, _ in FOLDED), "".join(rules()), "".join(map(chr, range(0x20, 0x3000))))
    texts = ["".join(chance.choices(chance.choice(alphabets), k=chance.randrange(40))) for _ in range(4000)]

    found = server_tokens(elastic, index, texts)

    assert found == [tokens(text) for text in texts] == sqlite_tokens([fold(text) for text in texts])


@settings(deadline=None, derandomize=True, max_examples=60)
@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=60))
def test_any_text_becomes_the_words_of_sqlite(elastic: Address, index: str, texts: list[str]) -> None:
    assert server_tokens(elastic, index, texts) == sqlite_tokens([fold(text) for text in texts])


def test_words_that_are_folded_already_stay_as_they_are(elastic: Address, index: str) -> None:
    words = [fold(line) for line, _ in FOLDED]

    assert server_tokens(elastic, index, words) == [line.split() for line in words]


def test_a_word_knows_the_letters_it_came_from(elastic: Address, index: str) -> None:
    text = "\U0001f534 IŞİD, PKK'nın s\u0327traße حزب‌الله"

    found = marked(elastic, index, [text], "news_fold")

    units = text.encode("utf-16-be")
    assert [(word, units[2 * start : 2 * end].decode("utf-16-be")) for word, start, end in found] == [
        ("isid", "IŞİD"),
        ("pkk", "PKK"),
        ("nin", "nın"),
        ("strasse", "s\u0327traße"),
        ("حزب", "حزب"),
        ("الله", "الله"),
    ]


@pytest.mark.parametrize("letters", ["x" * 12_000, "문" * 12_000, "문" * (LONGEST_WORD - 1) + "𠀀" * 9, "𠀀" * 12_000])
def test_of_a_word_without_end_the_start_is_taken(elastic: Address, index: str, letters: str) -> None:
    status, answer = elastic.ask("POST", f"/{index}/_doc?refresh=true", {"text": f"before {letters} after"})
    assert status == 201, answer
    _, found = elastic.ask("POST", f"/{index}/_search", {"query": {"match_phrase": {"text": f"{letters} after"}}})

    assert [hit["_id"] for hit in found["hits"]["hits"]] == [answer["_id"]]
    [(start, *_)] = marked(elastic, index, [letters], "news_fold")
    assert len(start.encode(errors="surrogatepass")) <= HIGHEST_TERM  # half a pair may stand at its end


@pytest.mark.parametrize(("language", "line", "stems"), STEMS)
def test_a_language_has_its_stems(elastic: Address, index: str, language: str, line: str, stems: str) -> None:
    assert server_tokens(elastic, index, [line], f"news_{language}") == [stems.split()]


def test_every_language_with_a_stemmer_is_shown_above() -> None:
    assert {language for language, *_ in STEMS} == set(STEMMED)
