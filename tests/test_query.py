"""The search language: what is read, what is refused and where it points, and what matches."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.model import Article, ConfigError
from pipeline.query import (
    DEPTH,
    LONGEST,
    TOKENS,
    And,
    Node,
    Not,
    Or,
    Term,
    days,
    fields,
    matches,
    occurrences,
    parse,
    terms,
    when,
)

PIECES = ["pmf", "صه", '"', "(", ")", " ", "AND", "OR", "NOT", "*", "-", "'", 'צה"ל', "İ", "\u200c", "\n", "“"]


def term(*tokens: str, prefix: bool = False) -> Term:
    return Term(tokens, prefix)


A, B, C = term("a"), term("b"), term("c")


@pytest.mark.parametrize(
    ("words", "tree"),
    [
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a b AND c", And((A, B, C))),
        ("a OR b", Or((A, B))),
        ("a b OR c", Or((And((A, B)), C))),
        ("a OR b AND c", Or((A, And((B, C))))),
        ("a (b OR c)", And((A, Or((B, C))))),
        ("(a)(b)", And((A, B))),
        ("((a))", A),
        ("NOT a", Not(A)),
        ("a NOT b", And((A, Not(B)))),
        ("a AND NOT b", And((A, Not(B)))),
        ("NOT a OR b", Or((Not(A), B))),
        ("NOT (a OR b)", Not(Or((A, B)))),
        ("NOT (NOT a)", Not(Not(A))),
        ('"a b"', term("a", "b")),
        ('a"b c"', And((A, term("b", "c")))),
        ('"a" "b"', And((A, B))),
        ("a*", term("a", prefix=True)),
        ("a*b", term("a", "b")),
        ('"a*"', A),
    ],
)
def test_a_query_is_read_as_the_grammar_says(words: str, tree: Node) -> None:
    assert parse(words) == tree


@pytest.mark.parametrize("words", ["a or b", "a and b", "not a", "a Or b", '"OR"', '"a AND b"'])
def test_only_upper_case_words_outside_quotes_are_operators(words: str) -> None:
    assert "Or(" not in repr(parse(words))
    assert "Not(" not in repr(parse(words))
    assert any(word in repr(parse(words)) for word in ("'or'", "'and'", "'not'"))


@pytest.mark.parametrize(
    ("words", "tokens"),
    [
        ("PKK'nın", ("pkk", "nin")),  # Turkish: an apostrophe before the case ending
        ("İstanbul", ("istanbul",)),
        ("Ağrı’da", ("agri", "da")),
        ("Əliyev", ("eliyev",)),
        ('צה"ל', ("צה", "ל")),  # Hebrew: gershayim typed as a quote
        ("צה״ל", ("צה", "ל")),
        ("می‌توان", ("مي", "توان")),  # Persian: a zero-width non-joiner
        ("الحَشْد", ("الحشد",)),
        ("كوردستان", ("كوردستان",)),
        ("کوردستان", ("كوردستان",)),
        ("Երեւան", ("երեւան",)),
        ("l'Iran", ("l", "iran")),
        ("Pêşmerge", ("pesmerge",)),
        ("F-16", ("f", "16")),
    ],
)
def test_a_word_is_folded_and_becomes_a_phrase_where_it_falls_apart(words: str, tokens: tuple[str, ...]) -> None:
    assert parse(words) == Term(tokens)
    assert parse(f'"{words}"') == Term(tokens)
    assert parse(f"{words}*") == Term(tokens, prefix=True)


def test_a_quote_between_hebrew_letters_belongs_to_the_word_wherever_it_stands() -> None:
    assert parse('"דובר צה"ל אמר"') == term("דובר", "צה", "ל", "אמר")
    assert parse('מנכ"ל OR ("רמטכ"ל")') == Or((term("מנכ", "ל"), term("רמטכ", "ל")))


@pytest.mark.parametrize("words", ["", "  \n", "-", "...", "*", '""', '" "', "- ! ?", "NOT -", "(-)", "- OR !", "“”"])
def test_what_folds_to_nothing_is_passed_over_and_nothing_left_matches_everything(words: str) -> None:
    assert parse(words) is None


@pytest.mark.parametrize("words", ["a -", "- a", "a OR -", "- AND a", "a AND (- OR !)", "a NOT -", '"" a'])
def test_a_word_that_folds_to_nothing_takes_its_operator_with_it(words: str) -> None:
    assert parse(words) == A


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ('a "b c', 'this quote is never closed; add the closing one or leave it out (character 3: "b c)'),
        ('"', "this quote is never closed"),
        ("a (b OR c", 'this parenthesis is never closed; add ")" or leave it out (character 3: (b OR c)'),
        ("(", "this parenthesis is never closed"),
        ("a) b", 'this parenthesis was never opened; add "(" before it or leave it out (character 2: ) b)'),
        (")", "this parenthesis was never opened"),
        ("()", "nothing stands between these parentheses (character 1: ())"),
        ("a OR", "OR needs a word after it; write it in lower case to look for the word itself (character 3: OR)"),
        ("OR a", "OR needs a word before it; write it in lower case to look for the word itself (character 1: OR a)"),
        ("AND a", "AND needs a word before it"),
        ("a AND AND b", "AND needs a word after it"),
        ("a OR AND b", "OR needs a word after it"),
        ("(OR a)", "OR needs a word before it"),
        ("(a OR)", "OR needs a word after it"),
        ("NOT", "NOT needs a word after it"),
        ("a NOT", "NOT needs a word after it"),
        ("NOT NOT a", "NOT needs a word after it"),
        ("a NOT OR b", "NOT needs a word after it"),
    ],
)
def test_what_the_grammar_does_not_know_is_refused_with_its_place(words: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(words)

    assert str(refused.value).startswith(f"search words: {complaint}")


def test_parentheses_may_nest_but_not_without_end() -> None:
    assert parse("(" * DEPTH + "a" + ")" * DEPTH) == A
    assert parse("(a) " * (2 * DEPTH)) == And((A,) * (2 * DEPTH))
    with pytest.raises(ConfigError, match=rf"nested deeper than {DEPTH}.*character {DEPTH + 1}:"):
        parse("(" * 100_000)


def test_a_query_has_room_for_many_words_but_not_for_a_book() -> None:
    assert parse(" OR ".join("a" * TOKENS)) == Or((A,) * TOKENS)
    for words in (" ".join("a" * (TOKENS + 1)), f'"{"a " * (TOKENS + 1)}"', "a-" * 100_000):
        with pytest.raises(ConfigError, match=f"at most {TOKENS} words"):
            parse(words)


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@example('"א"ב"ג')
@example("NOT (NOT (")
def test_whatever_is_typed_is_read_or_refused_in_one_sentence(words: str) -> None:
    try:
        told = str(matches(parse(words), []))
    except ConfigError as refused:
        told = str(refused)

    assert told in {"True", "False"} or told.startswith("search words: ")


FIELDS = [["a", "b", "c"], ["abc", "d", "a"], []]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", True),
        ("a", True),
        ("x", False),
        ("a d", True),  # terms may match in different fields
        ("a x", False),
        ("x OR d", True),
        ("x OR y", False),
        ("NOT x", True),
        ("NOT a", False),
        ("a NOT x", True),
        ("a NOT d", False),
        ("NOT (x OR a)", False),
        ('"a b"', True),
        ('"b c"', True),
        ('"a b c"', True),
        ('"a b c d"', False),
        ('"a c"', False),
        ('"b a"', False),
        ('"c abc"', False),  # a phrase stays inside one field
        ("ab*", True),
        ("ab", False),
        ("abcd*", False),
        ("bc*", False),  # a prefix, not any part
    ],
)
def test_a_tree_matches_what_it_says(words: str, *, found: bool) -> None:
    assert matches(parse(words), FIELDS) is found


def test_the_last_word_of_a_phrase_may_be_a_prefix() -> None:
    assert matches(term("d", "a", prefix=True), [["d", "abc"]])
    assert not matches(term("ab", "d", prefix=True), [["abc", "d"]])


def test_a_word_that_no_language_has_is_refused() -> None:
    assert parse("é" * LONGEST) == term("e" * LONGEST)
    with pytest.raises(ConfigError, match=f"at most {LONGEST} characters.*character 5: "):
        parse("pmf " + "é" * (LONGEST + 1))


def test_a_term_is_found_each_time_it_stands_in_a_field_also_where_it_overlaps_itself() -> None:
    field = ["a", "a", "a", "ab", "b", "a"]

    assert [list(occurrences(each, field)) for each in (A, term("a", "a"), term("a", "a", prefix=True))] == [
        [0, 1, 2, 5],
        [1, 2],
        [1, 2, 3],
    ]


def test_the_terms_that_an_article_may_have_matched_are_those_not_behind_not() -> None:
    assert list(terms(parse("a (b OR NOT c) NOT a"))) == [A, B]
    assert list(terms(None)) == []


def test_an_article_is_searched_in_title_text_and_each_name_apart() -> None:
    article = Article("", "", title="Erbil’de", text="PMF\nالموصل", actor_names=("Asa'ib Ahl al-Haq", "عصائب"))

    assert [[*field] for field in fields(article)] == [
        ["erbil", "de"],
        ["pmf", "الموصل"],
        ["asa", "ib", "ahl", "al", "haq"],
        ["عصايب"],
    ]
    assert matches(parse('erbil "al haq"'), fields(article))
    assert not matches(parse('"haq عصائب"'), fields(article))


NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("7d", NOW - timedelta(days=7)),
        ("12h", NOW - timedelta(hours=12)),
        ("30m", NOW - timedelta(minutes=30)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T03:00:00+03:00", datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_a_time_is_a_span_before_now_or_a_date_in_utc_where_it_names_no_zone(text: str, found: datetime) -> None:
    assert when(text, "--since", NOW) == found


@pytest.mark.parametrize("text", ["", "yesterday", "d", "-1d", "9999999999d", "2026-13-01"])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match=f"--since {text}: expected 7d, 12h or a date such as 2026-11-21"):
        when(text, "--since", NOW)


def test_a_stretch_of_days_is_told_with_both_ends_or_as_a_mistake() -> None:
    names = ("--since", "--until")

    assert days("2026-11-20", "2026-11-21", names) == (date(2026, 11, 20), date(2026, 11, 21))
    with pytest.raises(ConfigError, match=r"^--until 2026-11-20 lies before --since 2026-11-21: expected the later"):
        days("2026-11-21", "2026-11-20", names)
    with pytest.raises(ConfigError, match=r"^--since yesterday: expected a day such as 2026-11-21\.$"):
        days("yesterday", "2026-11-20", names)
