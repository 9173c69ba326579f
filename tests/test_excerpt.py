"""The excerpt: people see why an article was found, in its own script."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.excerpt import AROUND, Excerpt, excerpt, names_any
from pipeline.model import Article, Mention
from pipeline.query import parse

SENTENCE = "وقال قائد في الحشد الشعبي إن القوات انتشرت غرب الموصل."
ARABIC = Article(
    "1",
    "https://x.example/1",
    title="انتشار جديد غرب الموصل",
    text=f"بدأت العملية فجر اليوم.\n{SENTENCE}\nولم تسجل خسائر.",
    mentions=(Mention("pmf", "الحشد الشعبي", SENTENCE, 36, 48, "text"),),
)
LONG = Article(
    "2",
    "https://x.example/2",
    title="Floods",
    text="rain fell on the hills " * 40 + "before Peshmerga came" + " and left" * 60,
)


def hits(found: Excerpt) -> list[str]:
    return [found.text[start:end] for start, end in found.marks]


def test_a_word_is_marked_in_the_letters_of_the_article() -> None:
    article = Article("3", "u", text="Türkiye, IŞİD ve PKK'nın varlığını görüştü.")

    assert hits(excerpt(article, parse("isid pkk"))) == ["IŞİD", "PKK"]


def test_a_latin_name_shows_where_an_arabic_article_names_the_actor() -> None:
    found = excerpt(ARABIC, parse("PMF"), ("pmf",))

    assert hits(found) == ["الحشد الشعبي"]
    assert found.text == SENTENCE


def test_an_actor_asked_for_by_id_shows_its_sentence() -> None:
    assert hits(excerpt(ARABIC, None, ("pmf",))) == ["الحشد الشعبي"]


def test_words_in_the_text_come_before_the_actor() -> None:
    assert hits(excerpt(ARABIC, parse("خسائر"), ("pmf",))) == ["خسائر"]


def test_a_hit_in_the_title_alone_shows_the_title() -> None:
    found = excerpt(ARABIC, parse("انتشار"))

    assert found.text == ARABIC.title
    assert hits(found) == ["انتشار"]


def test_without_words_the_article_shows_its_beginning() -> None:
    found = excerpt(LONG, None)

    assert found.text.startswith("rain fell on the hills")
    assert found.text.endswith(" …")
    assert found.marks == ()


def test_a_word_names_an_actor_whose_names_hold_it() -> None:
    assert names_any(parse("pmf OR football"), ["Popular Mobilization Forces", "PMF"])
    assert not names_any(parse("NOT pmf"), ["PMF"])
    assert not names_any(None, ["PMF"])


def test_a_long_text_is_cut_at_spaces_around_its_first_hit() -> None:
    found = excerpt(LONG, parse("peshmerga"))

    assert hits(found) == ["Peshmerga"]
    assert found.text.startswith("… ")
    assert found.text.endswith(" …")
    assert len(found.text) < 3 * AROUND
    assert set(found.text.strip("… ").split()) <= set(LONG.text.split())


def test_phrases_and_prefixes_are_marked_whole() -> None:
    article = Article("4", "u", text="The border guard of the region met guardsmen.")

    assert hits(excerpt(article, parse('"border guard" OR guards*'))) == ["border guard", "guardsmen"]


def test_what_stands_behind_not_is_never_marked() -> None:
    article = Article("5", "u", text="Peshmerga and police")

    assert hits(excerpt(article, parse("peshmerga NOT army"))) == ["Peshmerga"]


def test_a_mention_whose_alias_is_not_in_its_sentence_is_shown_unmarked() -> None:
    article = Article("6", "u", text="x", mentions=(Mention("pkk", "PKK", "another sentence", 0, 3, "text"),))

    assert excerpt(article, None, ("pkk",)) == Excerpt("another sentence")


def test_an_article_without_text_has_an_empty_excerpt() -> None:
    assert excerpt(Article("7", "u"), parse("pkk")) == Excerpt("")


@settings(deadline=None, derandomize=True)
@given(text=st.text(max_size=600), words=st.lists(st.sampled_from(["pkk", "a*", '"a b"', "الحشد"]), max_size=3))
def test_marks_always_lie_in_the_excerpt_in_order(text: str, words: list[str]) -> None:
    found = excerpt(Article("8", "u", text=text), parse(" OR ".join(words)))

    flat = [at for mark in found.marks for at in mark]
    assert flat == sorted(flat)
    assert all(0 <= at <= len(found.text) for at in flat)
