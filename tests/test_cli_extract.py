"""`wireroom extract`: one line out for each line in, all keys always there, and nothing that a line holds ends it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.boilerplate import digest, recalls
from pipeline.cli import options
from pipeline.cli.extract import Lines, written
from pipeline.cli.row import Row
from pipeline.flow import stages
from pipeline.model import Article, Known, Stage
from tests.command_line import ENVIRONMENT, Desk, Typed, spawned
from tests.house import ROOT
from tests.trial import shuffled

KEYS = ["id", "fate", "reason", "title", "text", "language", "published_at", "actors", "regions", "removed"]
ACTOR_KEYS = ["id", "alias", "start", "end", "sentence", "in"]
REGION_KEYS = ["id", "name", "alias", "start", "end", "in"]
ACTORS = """
- {id: pmf, names: {en: Popular Mobilization Forces, ar: الحشد الشعبي, fa: حشد شعبی}}
- {id: pkk, names: {en: PKK}}
- {id: idf, names: {en: Israel Defense Forces, he: צה"ל}}
"""
REGIONS = "- {id: dukan-camp, name: Dukan camp, parents: [IQ-SU, IQ], names: {en: [Dukan camp], ar: [مخيم دوكان]}}\n"

PARAGRAPHS = (
    "The council of the river districts met on Tuesday to hear what the engineers have found under the old bridge.",
    "Two pillars have lost a third of their footing since the flood of last spring, which the report calls the worst.",
    "Lorries will have to take the longer road through the Dukan camp until the summer. Shop owners ask for a ferry.",
    "A speaker of the Popular Mobilization Forces said its units would guard the detour for as long as it is in use.",
)
PAGE = (
    '<html lang="en"><head><title>Bridge to close for months - River Post</title>'
    '<meta property="article:published_time" content="2026-11-20T06:30:00+03:00"></head><body><nav>Home News</nav>'
    "<article><h1>Bridge to close for months</h1>"
    + "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    + "<p>Share this article on Facebook</p></article></body></html>"
)
SHORT = "<html><body><p>short</p></body></html>"
URL = "https://www.riverpost.example/2026/bridge"


Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("extract")).write(actors=ACTORS, regions=REGIONS)


@pytest.fixture(scope="module")
def filter_(desk: Desk) -> Lines:
    """The filter of the desk's rules, made once."""
    return Lines(stages(options.load_config(desk.config)))


@pytest.fixture
def answer(filter_: Lines) -> Ask:
    """Gives the answer to one line that is kept."""

    def ask(**asked: object) -> dict[str, Any]:
        row: dict[str, Any] = json.loads(written(one(filter_, lines({"id": "a", **asked}))))
        assert (row["id"], row["fate"], row["reason"]) == ("a", "kept", "")
        return row

    return ask


def one(filter_: Lines, line: bytes) -> dict[str, Any]:
    """The answer to a line that comes alone."""
    [row] = filter_.answers([line])
    return row


def lines(*asked: Mapping[str, Any] | bytes) -> bytes:
    """What is written to the filter; bytes as they are."""
    return b"".join((each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n" for each in asked)


def filtered(desk: Desk, *asked: Mapping[str, Any] | bytes) -> Typed:
    return desk.typed("extract", stdin=lines(*asked))


# What becomes of a line


def test_every_key_is_there_for_a_line_that_is_kept_dropped_or_failed(desk: Desk) -> None:
    told = filtered(desk, {"id": 1, "text": "PKK"}, {"id": 2, "html": SHORT}, b"{")

    assert [list(row) for row in told.rows] == [KEYS] * 3
    assert [row["fate"] for row in told.rows] == ["kept", "dropped", "failed"]
    assert [row["reason"] for row in told.rows] == ["", "too-short", "not-json"]


def test_a_page_becomes_its_own_text_with_title_time_and_language(answer: Ask) -> None:
    row = answer(url=URL, html=PAGE)

    assert row["title"] == "Bridge to close for months"
    assert row["text"].split("\n") == list(PARAGRAPHS)
    assert row["published_at"] == "2026-11-20T03:30:00Z"
    assert row["language"] == "en"


def test_a_page_that_is_none_is_dropped_with_its_reason_and_without_text(desk: Desk) -> None:
    told = filtered(desk, {"id": 1, "html": ""}, {"id": 2, "html": '{"json": true}'}, {"id": 3, "html": SHORT})

    assert told.code == 0
    assert [(row["fate"], row["reason"]) for row in told.rows] == [
        ("dropped", "empty"),
        ("dropped", "not-html"),
        ("dropped", "too-short"),
    ]
    assert all(row["text"] == row["title"] == "" and row["language"] == "und" for row in told.rows)


def test_title_and_text_skip_extraction_and_are_never_too_short(answer: Ask) -> None:
    row = answer(title="Kısa", text="PKK")

    assert (row["title"], row["text"]) == ("Kısa", "PKK")
    assert row["published_at"] is None


def test_a_text_without_words_is_kept_as_it_is(answer: Ask) -> None:
    assert answer(title="Only a title", text="")["text"] == ""


def test_null_is_as_good_as_absent(answer: Ask, desk: Desk) -> None:
    row = answer(html=None, url=None, outlet=None, feed=None, fetched_at=None, title=None, text="PKK spoke.")

    assert row["text"] == "PKK spoke."
    assert filtered(desk, {"id": 1, "html": None, "text": None}).rows[0]["reason"] == "neither-html-nor-text"


def test_furniture_and_repeats_are_removed_from_a_text_and_told_with_the_reason(answer: Ask) -> None:
    own = "The ferry will start on Monday and run every half hour, the council of the river districts said today."
    row = answer(
        title="Ferry to start", text=f"Ferry to start\n{own}\n{own}\nNo comments yet. Be the first to comment."
    )

    assert row["text"] == own
    assert all(list(removal) == ["text", "reason"] for removal in row["removed"])
    assert own in {removal["text"] for removal in row["removed"]}
    assert all(removal["reason"] for removal in row["removed"])


# Who and where


@pytest.mark.parametrize(
    ("text", "actor", "alias"),
    [
        ("قال ناطق إن الحشد الشعبي انسحب من البلدة.", "pmf", "الحشد الشعبي"),
        ("هیئتی از حشد شعبی می‌تواند فردا بازگردد.", "pmf", "حشد شعبی"),
        ('דובר צה"ל מסר הודעה.', "idf", 'צה"ל'),
        ("Komisyon PKK'nın çağrısını görüştü.", "pkk", "PKK"),
    ],
)
def test_an_actor_is_told_at_its_place_with_its_sentence(answer: Ask, text: str, actor: str, alias: str) -> None:
    told = f"A line before 🗞.\n{text}"
    [mention] = answer(title="x", text=told)["actors"]

    assert list(mention) == ACTOR_KEYS
    assert (mention["id"], mention["alias"], mention["in"]) == (actor, alias, "text")
    assert told[mention["start"] : mention["end"]] == alias
    assert mention["sentence"] == text


def test_offsets_count_code_points_of_the_text_that_is_given_out(answer: Ask) -> None:
    """What cleaning takes out before a name does not count."""
    own = "𐤀 Two families came back to the village, and the PKK has left it, a shepherd told us on the road."
    row = answer(title="Return", text=f"Return\nRead also: Another story\n{own}")
    [mention] = row["actors"]

    assert row["text"][mention["start"] : mention["end"]] == "PKK"


def test_a_name_in_the_title_has_its_offsets_there(answer: Ask) -> None:
    row = answer(title="What the PKK wants", text="Nothing is said of it here.")
    [mention] = row["actors"]

    assert (mention["in"], mention["sentence"]) == ("title", "What the PKK wants")
    assert row["title"][mention["start"] : mention["end"]] == "PKK"


def test_each_mention_is_an_object_of_its_own(answer: Ask) -> None:
    row = answer(title="PKK", text="The PKK spoke. The PKK left.")

    assert [(each["in"], each["start"]) for each in row["actors"]] == [("title", 0), ("text", 4), ("text", 19)]


def test_a_region_that_is_only_a_parent_comes_once_with_id_and_name(answer: Ask) -> None:
    row = answer(title="Camp", text="The Dukan camp was rebuilt. Families returned to the Dukan camp in autumn.")
    named = [region for region in row["regions"] if "alias" in region]
    parents = [region for region in row["regions"] if "alias" not in region]

    assert [(each["id"], each["alias"]) for each in named] == [("dukan-camp", "Dukan camp")] * 2
    assert all(list(each) == REGION_KEYS for each in named)
    assert all(row["text"][each["start"] : each["end"]] == each["alias"] for each in named)
    assert [list(each) for each in parents] == [["id", "name"]] * len(parents)
    assert sorted(each["id"] for each in parents) == ["IQ", "IQ-SU"]


# What a feed had said


def test_what_the_feed_said_stands_in_for_what_the_page_lacks(answer: Ask) -> None:
    bare = (
        PAGE.replace("article:published_time", "x")
        .replace("<h1>Bridge to close for months</h1>", "")
        .replace("Bridge to close for months - River Post", "")
    )
    feed = {"title": "The bridge, as the feed has it", "published": "2026-11-19T10:00:00+02:00"}
    row = answer(html=bare, url=URL, feed=feed, fetched_at="2026-11-21T08:00:00Z")

    assert row["title"] == "The bridge, as the feed has it"
    assert row["published_at"] == "2026-11-19T08:00:00Z"


@pytest.mark.parametrize(
    ("published", "read"),
    [
        ("2026-11-19T10:00:00Z", "2026-11-19T10:00:00Z"),
        ("2026-11-19T10:00:00", "2026-11-19T10:00:00Z"),
        ("Thu, 19 Nov 2026 10:00:00 +0200", "2026-11-19T08:00:00Z"),
        ("2026-11-19", "2026-11-19T00:00:00Z"),
        ("soon", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_the_time_of_a_feed_is_read_as_in_a_run(answer: Ask, published: str, read: str | None) -> None:
    assert answer(title="x", text="y", feed={"published": published})["published_at"] == read


def test_a_time_without_a_zone_is_utc_wherever_the_machine_stands(desk: Desk) -> None:
    asked = lines({"id": 1, "text": "y", "feed": {"published": "2026-11-19T10:00:00"}})

    told = spawned("extract", *desk.places, stdin=asked, environ={"TZ": "Asia/Tehran"})

    assert told.rows[0]["published_at"] == "2026-11-19T10:00:00Z"


def test_the_language_of_the_feed_decides_where_a_text_does_not(answer: Ask) -> None:
    assert answer(title="", text="PKK", feed={"language": "ku"})["language"] in {"kmr", "und"}


def test_a_page_without_a_url_or_with_a_strange_one_is_read_all_the_same(answer: Ask) -> None:
    for url in ({}, {"url": "no address"}, {"url": "file:///etc/passwd"}):
        assert answer(html=PAGE, outlet="river-post", **url)["text"].split("\n") == list(PARAGRAPHS)


# What lines of one outlet teach each other


APPEAL = "Readers who give three coins a month keep the river boats of this paper afloat, and hear of floods first."


def telling(number: int, *more: str, host: str = "riverpost.example") -> dict[str, Any]:
    """A page of an outlet with a report of its own and more paragraphs."""
    own = [" ".join(shuffled(f"{paragraph} {number}".split(), number)) for paragraph in PARAGRAPHS[:3]]
    body = "".join(f"<p>{each}</p>" for each in (*own, *more))
    title = f"Report {'abcdefghij'[number % 10] * 12} of the council {number // 10 * 'x'}"
    head, body = f"<head><title>{title}</title></head>", f"<article><h1>{title}</h1>{body}</article>"
    return {
        "id": number,
        "url": f"https://{host}/{number}",
        "html": f"<html>{head}<body>{body}</body></html>",
    }


def answers(filter_: Lines, *asked: Mapping[str, Any] | bytes) -> dict[Any, dict[str, Any]]:
    """What becomes of these lines, by id."""
    return {row["id"]: row for row in filter_.answers(lines(*asked).splitlines(keepends=True))}


def learned(rows: Mapping[Any, Mapping[str, Any]]) -> list[Any]:
    """Ids of the lines of which the outlet's appeal was taken out."""
    gone = {"text": APPEAL, "reason": "outlet-repeats"}
    assert all((gone in row["removed"]) != (APPEAL in row["text"]) for row in rows.values())
    return sorted(key for key, row in rows.items() if gone in row["removed"])


def test_lines_of_one_outlet_in_a_row_teach_each_other_in_both_directions(filter_: Lines) -> None:
    rows = answers(filter_, *(telling(number, APPEAL) for number in range(5)))

    assert learned(rows) == [0, 1, 2, 3, 4]
    assert all(len(row["text"].split("\n")) == 3 for row in rows.values())


def test_an_outlet_is_the_one_that_is_named_else_the_host_without_www(filter_: Lines) -> None:
    hosts = ("riverpost.example", "www.riverpost.example", "m.riverpost.example")
    asked = [telling(number, APPEAL, host=host) for number, host in enumerate(hosts)]
    named = [{**telling(number, APPEAL, host=f"{number}.example"), "outlet": "river"} for number in range(4, 7)]

    assert learned(answers(filter_, *asked, *named)) == [0, 1, 2, 4, 5, 6]


def test_a_row_ends_with_the_next_outlet(filter_: Lines) -> None:
    asked = [telling(number, APPEAL, host=f"{number % 2}.example") for number in range(6)]

    assert learned(answers(filter_, *asked)) == []


def test_a_line_of_no_outlet_is_answered_at_once_and_ends_no_row(filter_: Lines) -> None:
    nobody = {"id": "nobody", "title": "", "text": f"PKK\n{APPEAL}"}
    given_ = iter(lines(telling(1, APPEAL), telling(2, APPEAL), nobody, b"{", telling(3, APPEAL)).splitlines())
    told = filter_.answers(given_)

    assert [next(told)["id"], next(told)["reason"]] == ["nobody", "not-json"]
    assert json.loads(next(given_))["id"] == 3
    assert [row["id"] for row in told] == [1, 2]


def test_texts_and_pages_of_one_outlet_teach_each_other(filter_: Lines) -> None:
    texts = [
        {"id": f"t{number}", "outlet": "riverpost.example", "title": "", "text": f"{PARAGRAPHS[number]}\n{APPEAL}"}
        for number in range(2)
    ]

    rows = answers(filter_, telling(1), *texts, telling(2, APPEAL))

    assert [APPEAL in rows[key]["text"] for key in ("t0", "t1")] == [False, False]
    assert rows["t1"]["text"] == PARAGRAPHS[1]


def test_one_page_twice_does_not_vouch_for_itself(filter_: Lines) -> None:
    assert learned(answers(filter_, telling(1, APPEAL), {**telling(1, APPEAL), "id": 2})) == []


@pytest.mark.parametrize(
    ("addresses", "taught"),
    [
        (["1", "1", "1"], []),
        (["1", "1#top", "1?utm_source=feed"], []),
        (["1", "2", "3"], [0, 1, 2]),
    ],
)
def test_lines_of_one_url_are_one_page_whatever_they_say(
    filter_: Lines, addresses: list[str], taught: list[int]
) -> None:
    def short(number: int, address: str) -> dict[str, Any]:
        page = telling(number, APPEAL)
        title = re.search("<h1>(.*?)</h1>", page["html"])
        assert title
        return {**page, "url": f"https://riverpost.example/{address}", "html": page["html"].replace(title[1], "News")}

    assert learned(answers(filter_, *map(short, range(3), addresses))) == taught


def test_a_page_and_a_text_of_one_url_are_one_page(filter_: Lines) -> None:
    page = telling(1, APPEAL)
    texts = [{"id": number, "url": page["url"], "text": f"{PARAGRAPHS[number]}\n{APPEAL}"} for number in (2, 3)]

    assert learned(answers(filter_, page, *texts)) == []
    assert learned(answers(filter_, page, *({**text, "url": f"{text['url']}{text['id']}"} for text in texts))) != []


@pytest.mark.parametrize("url", ["river post", ""])
def test_what_is_no_url_tells_pages_apart_as_it_is_given(filter_: Lines, url: str) -> None:
    texts = [
        {"id": number, "outlet": "river", "url": url, "text": f"{PARAGRAPHS[number]}\n{APPEAL}"} for number in range(3)
    ]

    assert learned(answers(filter_, *texts)) == ([] if url else [0, 1, 2])


def test_at_most_fifty_lines_are_held_before_answers_flow(filter_: Lines) -> None:
    taken = 0

    def given_() -> Iterator[bytes]:
        nonlocal taken
        for number in range(120):
            taken += 1
            yield lines(telling(number, APPEAL))

    told = [(row["id"], taken) for row in filter_.answers(given_())]

    assert [number for number, _ in told] == list(range(120))
    assert (told[0], told[-1]) == ((0, 51), (119, 120))
    assert max(taken - number for number, taken in told) == 51


def test_each_line_passes_each_stage_once(desk: Desk) -> None:
    passed: list[str] = []

    def counted(name: str, stage: Stage) -> Stage:
        def count(article: Article) -> Article:
            passed.append(name)
            return stage(article)

        return count

    counting = [(name, counted(name, stage)) for name, stage in stages(options.load_config(desk.config))]

    answers(Lines(counting), *(telling(number, APPEAL) for number in range(4)))

    assert Counter(passed) == dict.fromkeys(("memory", "clean", "length", "language", "actors", "regions"), 4)


def test_a_page_is_long_enough_or_not_whatever_its_neighbours_say(filter_: Lines) -> None:
    flash = "Ferryboats standstill until evening, captains say"
    page = f"<html><head><title>x</title></head><body><article><h1>x</h1><p>{flash}</p>%s</article></body></html>"
    short = {**telling(9), "html": page % f"<p>{APPEAL}</p>"}

    rows = answers(filter_, *(telling(number, APPEAL) for number in range(5)), short)

    assert (rows[9]["fate"], rows[9]["text"]) == ("kept", flash)
    assert answers(filter_, {**short, "html": page % ""})[9]["reason"] == "too-short"


def test_a_bug_in_a_held_line_is_that_lines_outcome(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    def faulty(article: Article) -> Article:
        if article.url.endswith("/2"):
            raise ValueError("a bug on a held line")
        return article

    rows = answers(
        Lines([*stages(options.load_config(desk.config)), ("faulty", faulty)]),
        *(telling(number, APPEAL) for number in range(4)),
    )

    assert {key: row["reason"] for key, row in rows.items()} == {0: "", 1: "", 2: "internal-error", 3: ""}
    assert "ValueError: a bug on a held line" in capsys.readouterr().err


def test_in_a_long_row_each_page_is_told_what_the_fifty_nearest_know_and_what_was_told_is_forgotten() -> None:
    texts = [
        [f"Own words of {number:b}".replace("0", "a").replace("1", "b"), f"Shared {'klm'[number // 60]}"]
        for number in range(180)
    ]
    digests = [digest(own, [own, shared], ()) for own, shared in texts]
    row = Row[int]()
    told = [each for number in range(180) for each in row.add(number, str(number), digests[number])]
    kept = len(row._pages)  # noqa: SLF001 - what it holds is its promise
    told += row.rest()

    at_once = recalls([Known("", None, each, b"") for each in digests], 0, 179)
    assert told == [(number, recalled) for number, (_, recalled) in enumerate(at_once)]
    assert kept <= 100


# What cannot be read


UNREADABLE = [
    (b"not json", "not-json"),
    (b"", "not-json"),
    (b"   ", "not-json"),
    (b"\xff\xfe", "not-json"),
    (b'{"id": 1', "not-json"),
    (b'{"id": NaN, "text": "x"}', "not-json"),
    (b'{"id": 1e999, "text": "x"}', "not-json"),
    (b'{"id": ' + b"9" * 5000 + b', "text": "x"}', "not-json"),
    (b"[" * 100_000, "not-json"),
    (b"[1, 2]", "not-an-object"),
    (b"null", "not-an-object"),
    (b'"text"', "not-an-object"),
    (b"{}", "neither-html-nor-text"),
    (b'{"title": "x"}', "neither-html-nor-text"),
    (b'{"html": 7}', "html-is-no-string"),
    (b'{"text": ["x"]}', "text-is-no-string"),
    (b'{"title": 1, "text": "x"}', "title-is-no-string"),
    (b'{"url": 1, "text": "x"}', "url-is-no-string"),
    (b'{"outlet": {}, "text": "x"}', "outlet-is-no-string"),
    (b'{"feed": "rss", "text": "x"}', "feed-is-no-object"),
    (b'{"feed": {"title": 1}, "text": "x"}', "title-is-no-string"),
    (b'{"feed": {"published": 1732}, "text": "x"}', "published-is-no-string"),
    (b'{"fetched_at": "soon", "text": "x"}', "fetched_at-is-no-time"),
    (b'{"fetched_at": 5, "text": "x"}', "fetched_at-is-no-string"),
]


def test_lines_that_cannot_be_read_fail_and_the_filter_goes_on(desk: Desk) -> None:
    asked = [part for line, _ in UNREADABLE for part in (line, {"id": "next", "text": "PKK"})]

    told = filtered(desk, *asked)

    assert told.code == 1
    assert [(row["fate"], row["reason"]) for row in told.rows[::2]] == [("failed", reason) for _, reason in UNREADABLE]
    assert [(row["id"], row["fate"]) for row in told.rows[1::2]] == [("next", "kept")] * len(UNREADABLE)
    assert told.err == ""


def test_any_id_comes_back_as_it_was_given(desk: Desk) -> None:
    strange = [
        0,
        -1.5,
        "",
        "x" * 5000,
        None,
        True,
        [1, {"a": None}],
        {"a": 1},
        "\ud800",
        "a\nb",
        "\u2028",
        "١٢",
        10**30,
    ]

    told = filtered(desk, *({"id": key, "text": "PKK"} for key in strange), *({"id": key} for key in strange))

    assert [row["id"] for row in told.rows] == strange * 2
    assert [row["fate"] for row in told.rows] == ["kept"] * len(strange) + ["failed"] * len(strange)


def test_half_a_surrogate_pair_in_a_text_is_replaced_and_the_answer_is_utf_8(answer: Ask) -> None:
    row = answer(title="a\ud800b", text="The PKK left.\udfff")

    assert row["title"] == "a?b"
    assert row["actors"][0]["alias"] == "PKK"


def test_a_byte_order_mark_and_a_last_line_without_an_end_are_read(desk: Desk) -> None:
    told = desk.typed("extract", stdin=b'\xef\xbb\xbf{"id": 1, "text": "a"}\r\n{"id": 2, "text": "b"}')

    assert [(row["id"], row["fate"]) for row in told.rows] == [(1, "kept"), (2, "kept")]


def test_nothing_in_is_nothing_out(desk: Desk) -> None:
    assert desk.typed("extract") == Typed(0, "", "")


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    line=st.binary(max_size=80)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["id", "url", "html", "text", "feed", "published", "outlet"]), inner)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_line_gives_one_line_that_is_json(line: bytes) -> None:
    row = json.loads(written(one(Lines([]), line)))

    assert list(row) == KEYS
    assert row["fate"] in {"kept", "dropped", "failed"}
    assert row["reason"] != "internal-error"


# The filter among others


def test_an_answer_flows_before_the_next_line_is_written(desk: Desk) -> None:
    command = [sys.executable, "-m", "pipeline", "extract", *desk.places]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    with subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, **pipes) as running:  # type: ignore[call-overload]  # noqa: S603
        for number in range(3):
            running.stdin.write(json.dumps({"id": number, "text": "PKK"}) + "\n")
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["id"] == number
        running.stdin.close()
        assert running.wait() == 0


def test_letters_stay_utf_8_in_a_pipe_whatever_the_locale(desk: Desk) -> None:
    asked = lines({"id": 1, "title": "الحشد الشعبي", "text": "می‌تواند"})

    told = spawned("extract", *desk.places, stdin=asked, environ={"PYTHONIOENCODING": "ascii"})

    assert told.rows[0]["title"] == "الحشد الشعبي"
    assert "الحشد" in told.out


def test_it_needs_neither_store_nor_archive(desk: Desk, tmp_path: Path) -> None:
    store, archive = f"sqlite:///{tmp_path}/none.db", str(tmp_path / "none")

    told = spawned(
        "extract", "--config", desk.config, "--store", store, "--archive", archive, stdin=lines({"text": ""})
    )

    assert (told.code, list(tmp_path.iterdir())) == (0, [])
