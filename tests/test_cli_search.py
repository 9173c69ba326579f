"""`wireroom search`: which articles the options leave, in which order, and what is told of a mistake."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.document import document
from pipeline.model import Article, Changes, Stored
from tests import shelf
from tests.command_line import Desk, Typed, article, spawned
from tests.shelf import ACTORS, DAY, HOUR, NOW, VISIT, WALL, WALL_COPY

TALKS = replace(
    shelf.TALKS, text="Komisyon üyeleri Kandil yolunu konuştu. [bold]Kapalı[/bold] oturum :fire: iki saat sürdü."
)
UNDATED = article(
    "https://desk.example/undated", title="A note without a date", text="Nobody knows when.", language="en"
)
STORED = (WALL, WALL_COPY, VISIT, TALKS, UNDATED)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    made = Desk(tmp_path_factory.mktemp("search")).write(actors=ACTORS)
    store = made.opened()
    store.save(Changes(articles=tuple(Stored(each) for each in STORED)))
    store.close()
    return made


def found(desk: Desk, *words: str) -> list[str]:
    """The paths of the hits, in order."""
    told = desk.searched(*words, "--json")
    assert told.code == 0
    return [row["url"].split("/", 2)[2] for row in told.rows]


def names(*articles: Article) -> list[str]:
    return [each.url.split("/", 2)[2] for each in articles]


# What is found


def test_without_words_all_articles_come_newest_first_one_a_story(desk: Desk) -> None:
    assert found(desk) == names(WALL_COPY, VISIT, TALKS, UNDATED)


def test_all_prints_every_copy(desk: Desk) -> None:
    assert found(desk, "--all") == names(WALL_COPY, WALL, VISIT, TALKS, UNDATED)


@pytest.mark.parametrize(
    ("words", "hits"),
    [
        (("pmf",), (WALL_COPY, VISIT)),
        (("isid",), (TALKS,)),
        (("می‌تواند",), (VISIT,)),
        (('"الحشد الشعبي"', "NOT", "کرمانشاه"), (WALL_COPY,)),
        (("kandil", "OR", "کرمانشاه"), (VISIT, TALKS)),
        (("kandil OR کرمانشاه",), (VISIT, TALKS)),
        (("komis*",), (TALKS,)),
        (("NOT", "pmf"), (TALKS, UNDATED)),
        (("wall",), ()),
    ],
)
def test_words_find_in_title_text_and_names(desk: Desk, words: tuple[str, ...], hits: tuple[Article, ...]) -> None:
    told = desk.searched("--json", *words)

    assert told.code == 0
    assert [row["url"] for row in told.rows] == [each.url for each in hits]


@pytest.mark.parametrize(
    ("options", "hits"),
    [
        (("--actor", "pkk"), (TALKS,)),
        (("--actor", "pkk", "--actor", "pmf"), (WALL_COPY, VISIT, TALKS)),
        (("--region", "IQ-AN"), (WALL,)),
        (("--region", "IQ", "--region", "IR"), (WALL_COPY, VISIT, TALKS)),
        (("--country", "IQ", "--actor", "pmf"), (WALL,)),
        (("--country", "tr"), (TALKS,)),
        (("--outlet", "galil"), (WALL_COPY,)),
        (("--language", "fa", "--language", "tr"), (VISIT, TALKS)),
        (("--language", "ar", "--region", "IR"), ()),
        (("kandil", "--actor", "pmf"), ()),
    ],
)
def test_repeated_options_mean_or_and_different_ones_and(
    desk: Desk, options: tuple[str, ...], hits: tuple[Article, ...]
) -> None:
    assert found(desk, *options) == names(*hits)


@pytest.mark.parametrize(
    ("options", "hits"),
    [
        (("--since", "7d"), (WALL_COPY, VISIT)),
        (("--since", "3h"), (WALL_COPY,)),
        (("--since", "90m"), (WALL_COPY,)),
        (("--until", "2d"), (VISIT, TALKS)),
        (("--since", "5d", "--until", "1d"), (VISIT,)),
        (("--since", f"{NOW - 4 * DAY:%Y-%m-%d}", "--until", f"{NOW - DAY:%Y-%m-%d}"), (VISIT,)),
        (("--since", f"{NOW - 2 * HOUR:%Y-%m-%dT%H:%M:%SZ}", "--all"), (WALL_COPY, WALL)),
        (("--until", f"{NOW - 3 * DAY:%Y-%m-%dT%H:%M:%SZ}"), (TALKS,)),
        (("--since", "0001-01-01"), (WALL_COPY, VISIT, TALKS)),
        (("--since", "9999-12-31"), ()),
        (("--until", "1960-01-01"), ()),
    ],
)
def test_since_is_inclusive_until_exclusive_and_both_act_on_the_publication(
    desk: Desk, options: tuple[str, ...], hits: tuple[Article, ...]
) -> None:
    assert found(desk, *options) == names(*hits)


def test_a_date_is_taken_in_utc_wherever_the_machine_stands(desk: Desk) -> None:
    at = f"{NOW - 2 * HOUR:%Y-%m-%dT%H:%M:%S}"

    told = spawned("search", "--all", "--json", "--since", at, *desk.places[:4], environ={"TZ": "Asia/Tehran"})

    assert [row["url"] for row in told.rows] == [WALL_COPY.url, WALL.url]


def test_limit_counts_what_is_printed_and_0_is_no_limit(desk: Desk) -> None:
    assert found(desk, "--limit", "2") == names(WALL_COPY, VISIT)
    assert found(desk, "--limit", "0") == found(desk)
    assert found(desk, "--limit", "2", "--all") == names(WALL_COPY, WALL)


def test_twenty_are_printed_where_nothing_is_said(tmp_path: Path) -> None:
    desk = Desk(tmp_path).write()
    store = desk.opened()
    many = [article(f"https://desk.example/{n}", text=f"story {n}", published_at=NOW - n * HOUR) for n in range(25)]
    store.save(Changes(articles=tuple(map(Stored, many))))
    store.close()

    assert found(desk) == names(*many[:20])
    assert len(found(desk, "--limit", "0")) == 25


def test_best_puts_first_what_speaks_of_it_most(desk: Desk) -> None:
    assert found(desk, "حشد", "OR", "شعبی", "--all", "--sort", "best")[0] == names(VISIT)[0]
    assert found(desk, "حشد", "OR", "شعبی", "--all") == names(WALL_COPY, WALL, VISIT)


# What is printed


def test_json_is_one_object_a_line_with_every_public_field(desk: Desk) -> None:
    told = desk.searched("--all", "--json", "--limit", "0")
    rows = {row["url"]: row for row in told.rows}

    assert all(list(row) == list(document(Article("", ""))) for row in rows.values())
    assert rows[WALL.url] == document(WALL)
    assert rows[UNDATED.url]["published_at"] is None
    assert rows[UNDATED.url]["copy_of"] is None
    assert rows[UNDATED.url]["actors"] == []
    assert "الحشد" in told.out, "letters stay letters"
    assert told.err == ""


def test_a_hit_is_shown_with_its_title_outlet_copies_and_address(desk: Desk) -> None:
    told = desk.searched("pmf")

    first = told.out.split("\n\n")[0].split("\n")
    assert first[0] == f"1. \u2068{WALL_COPY.title}\u2069"
    assert f"{WALL_COPY.published_at:%Y-%m-%d %H:%M} UTC" in first[1]
    assert "(IL, private)" in first[1]
    assert "first at tigris, 1 copy more" in first[1]
    assert "actors: pmf" in first[1]
    assert first[3].strip() == WALL_COPY.url


def test_the_words_are_marked_where_they_stand_in_the_text(desk: Desk) -> None:
    assert "⟦Kandil⟧ yolunu" in desk.searched("kandil").out
    assert "⟦حشد شعبی⟧" in desk.searched("حشد شعبي", "--outlet", "alborz").out.replace("⟦حشد⟧ ⟦شعبی⟧", "⟦حشد شعبی⟧")


def test_an_actor_that_only_its_other_names_match_is_shown_in_its_sentence(desk: Desk) -> None:
    assert "إن ⟦الحشد الشعبي⟧ بدأ" in desk.searched("PMF", "--outlet", "tigris").out
    assert "إن ⟦الحشد الشعبي⟧ بدأ" in desk.searched("--actor", "pmf", "--outlet", "tigris").out


def test_brackets_and_colons_of_a_text_are_no_markup(desk: Desk) -> None:
    assert "[bold]Kapalı[/bold] oturum :fire:" in desk.searched("kandil").out


def test_an_article_without_a_date_says_so(desk: Desk) -> None:
    assert re.search(r"undated +The Desk \(IQ, private\)", desk.searched("nobody knows").out)


# What is told of a mistake, and of nothing


def test_no_hits_are_no_error(desk: Desk) -> None:
    told = desk.searched("zeppelin")

    assert (told.code, told.out) == (0, "")
    assert "nothing found" in told.err


def test_no_hits_as_json_are_an_empty_output(desk: Desk) -> None:
    told = desk.searched("zeppelin", "--json")

    assert told == Typed(0, "", "")


def test_an_actor_nobody_tracks_is_told_with_the_one_that_was_meant(desk: Desk) -> None:
    told = desk.searched("--actor", "pkkk")

    assert told.code == 0
    assert "pkkk is no actor of" in told.err
    assert "did you mean pkk?" in told.err


def test_a_search_needs_no_configuration(desk: Desk) -> None:
    told = spawned("search", "pmf", "--json", "--store", desk.store, "--config", "/nowhere")

    assert (told.code, len(told.rows)) == (0, 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pkk AND",), "AND needs a word after it"),
        (("(pkk",), "never closed"),
        (("pkk)",), "never opened"),
        (('"pkk',), "quote is never closed"),
        (("OR pkk",), "OR needs a word before it"),
    ],
)
def test_a_mistake_in_the_words_is_told_with_its_place(desk: Desk, words: tuple[str, ...], said: str) -> None:
    told = desk.searched(*words)

    assert (told.code, told.out) == (2, "")
    assert said in told.err
    assert re.search(r"\(character \d+: ", told.err)
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "yesterday"), "--since yesterday: expected 7d, 12h or a date"),
        (("--since", "7"), "--since 7: expected"),
        (("--since", "-7d"), "--since -7d: expected"),
        (("--until", "2026-13-01"), "--until 2026-13-01: expected"),
        (("--since", "99999999999d"), "expected 7d, 12h or a date"),
        (("--since", "0001-01-01T00:00:00+14:00"), "expected 7d, 12h or a date"),
        (("--sort", "oldest"), "--sort oldest: expected newest or best"),
        (("--limit", "-1"), "--limit"),
        (("--limit", "many"), "--limit"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_a_mistake_in_an_option_is_told_and_is_wrong_use(desk: Desk, options: tuple[str, ...], said: str) -> None:
    told = desk.searched(*options)

    assert (told.code, told.out) == (2, "")
    assert said in told.err
    assert "Traceback" not in told.err
