"""`wireroom check`: what one page would become, where each field came from, what was removed; nothing is written."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.cells import cell_len

from pipeline import flow
from pipeline.config import load
from pipeline.model import Answer, Article, Changes, Entry, Outlet, Page, Removed, Stored
from tests.command_line import Desk, Typed, article, typed
from tests.local_server import LocalServer, Reply

SOURCES = """
- {id: river-post, feed: "https://riverpost.example/feed", home: "https://www.riverpost.example/", country: IQ,
   affiliation: private, sisters: [sister.example]}
"""
ACTORS = "- {id: pkk, names: {en: PKK}}\n"
PARAGRAPHS = (
    "Villagers along the upper river have started to rebuild the mill that was burnt down two winters ago.",
    "The PKK had used its cellar as a store, says the owner, who came back with his sons when the fighters had left.",
    "It will grind the wheat of eleven villages, and the women of the valley want to bake for the market in town.",
)
PAGE = (
    '<html lang="en"><head><title>The mill turns again</title>'
    '<meta property="article:published_time" content="2026-11-20T06:30:00Z"></head><body><article>'
    f"<h1>The mill turns again</h1>{''.join(f'<p>{each}</p>' for each in (*PARAGRAPHS, PARAGRAPHS[0]))}"
    "</article></body></html>"
)
URL = "https://www.riverpost.example/2026/mill"
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    settings = "fetch: {delay_seconds: 0, allow_networks: [127.0.0.0/8]}"
    return Desk(tmp_path).write(sources=SOURCES, actors=ACTORS, settings=settings)


@pytest.fixture
def page(tmp_path: Path) -> str:
    path = tmp_path / "page.html"
    path.write_text(PAGE, encoding="utf-8")
    return str(path)


def fields(told: Typed) -> dict[str, tuple[str, str]]:
    """Value and origin by field; the columns of a pipe are as wide as their longest value, two spaces apart."""
    table = told.out.split("\n\n")[0].split("\n")
    head = next(line for line in table if line.startswith("field "))
    value, origin = head.index("value"), head.index("from")
    return {line[:value].strip(): (line[value:origin].strip(), line[origin:].strip()) for line in table}


def test_a_saved_page_is_shown_with_the_origin_of_each_field(desk: Desk, page: str) -> None:
    told = desk.typed("check", page, "--url", URL)
    found = fields(told)

    assert told.code == 0
    assert found["title"] == ("The mill turns again", "h1")
    assert found["url"][0] == URL
    assert found["published_at"][0] == "2026-11-20T06:30:00Z"
    assert found["published_at"][1] == "article:published_time"
    assert found["language"][0] == "en"
    assert re.fullmatch(r"\d+% sure", found["language"][1])
    assert found["outlet"] == ("river-post, IQ, private", "sources.yaml")
    assert found["text"] == (f"{len(chr(10).join(PARAGRAPHS))} characters", "page")
    assert found["actors"] == ("pkk", "actors.yaml")
    assert found["extractor"][0].startswith("trafilatura ")


def text_of(told: Typed) -> list[str]:
    """The lines of the page, which stand below the fields."""
    return told.out.removesuffix("\n").split("\n\n")[1].split("\n")


def test_the_text_the_removals_and_the_names_follow(desk: Desk, page: str) -> None:
    told = desk.typed("check", page, "--url", URL)

    headline, *text = text_of(told)
    assert headline == "- ⟦headline⟧ The mill turns again"
    assert text == [*PARAGRAPHS, f"- ⟦repeats a paragraph above⟧ {PARAGRAPHS[0]}"]
    named = told.out.split("\nnamed\n")[1]
    assert named == f"  pkk: PKK - {PARAGRAPHS[1]}\n"


@pytest.mark.parametrize(
    ("url", "outlet", "origin"),
    [
        (URL, "river-post, IQ, private", "sources.yaml"),
        ("https://m.riverpost.example/mill", "river-post, IQ, private", "sources.yaml"),
        ("https://sister.example/mill", "river-post, IQ, private", "sources.yaml"),
        ("https://www.other.example/mill", "other.example, unknown", "host of the URL"),
        ("", "file, unknown", ""),
    ],
)
def test_the_outlet_is_the_source_on_that_host_or_the_host(
    desk: Desk, page: str, url: str, outlet: str, origin: str
) -> None:
    assert fields(desk.typed("check", page, "--url", url))["outlet"] == (outlet, origin)


SHARED = """
- {id: ford-tr, feed: "https://feeds.ford.example/tr/rss.xml", home: "https://www.ford.example/", enabled: false}
- {id: ford-fa, feed: "https://feeds.ford.example/fa/rss.xml", home: "https://www.ford.example/"}
- {id: ford-ar, feed: "https://feeds.ford.example/ar/news.xml", home: "https://www.ford.example/"}
- {id: ford-ar-sport, feed: "https://feeds.ford.example/ar/sport.xml", home: "https://ford.example/ar/%d9%83%d8%b1%d8%a9/"}
"""


@pytest.mark.parametrize(
    ("path", "outlet"),
    [
        ("/tr/2026/1", "ford-tr"),
        ("/fa/", "ford-fa"),
        ("/ar/كرة/1", "ford-ar-sport"),
    ],
)
def test_of_the_outlets_on_one_host_the_one_with_the_longest_path_in_common_is_taken(
    desk: Desk, page: str, path: str, outlet: str
) -> None:
    told = desk.write(sources=SHARED).typed("check", page, "--url", f"https://m.ford.example{path}")

    assert fields(told)["outlet"] == (f"{outlet}, unknown", "sources.yaml")
    assert told.err == ""


@pytest.mark.parametrize(
    ("path", "possible", "taken"),
    [
        ("/ar/2026/1", "ford-ar, ford-ar-sport", "ford-ar"),
        ("/2026/1", "ford-tr, ford-fa, ford-ar, ford-ar-sport", "ford-fa"),
        ("/arabic/1", "ford-tr, ford-fa, ford-ar, ford-ar-sport", "ford-fa"),
    ],
)
def test_of_outlets_that_are_as_near_the_first_that_is_read_is_taken_and_all_are_told(
    desk: Desk, page: str, path: str, possible: str, taken: str
) -> None:
    told = desk.write(sources=SHARED).typed("check", page, "--url", f"https://ford.example{path}")

    assert fields(told)["outlet"][0] == f"{taken}, unknown"
    assert told.err == (
        f"wireroom: this page may be of {possible}: taken for one of {taken}; --source ID names another\n"
    )


def test_where_none_of_them_is_read_the_first_is_taken(desk: Desk, page: str) -> None:
    desk.write(sources=SHARED.replace('"}', '", enabled: false}'))

    assert fields(desk.typed("check", page, "--url", "https://ford.example/1"))["outlet"][0] == "ford-tr, unknown"


@pytest.mark.parametrize("url", ["https://ford.example/tr/1", "https://www.riverpost.example/1", ""])
def test_a_person_names_the_outlet(desk: Desk, page: str, url: str) -> None:
    stored(desk, article(url, outlet=Outlet("ford-tr")) if url else article("https://ford.example/2"))

    told = desk.write(sources=SHARED).typed("check", page, "--url", url, "--source", "ford-fa")

    assert fields(told)["outlet"] == ("ford-fa, unknown", "--source")
    assert told.err == ""


@pytest.mark.parametrize("sources", [SHARED, "[]"])
def test_an_outlet_that_is_no_source_cannot_be_named(desk: Desk, page: str, sources: str) -> None:
    told = desk.write(sources=sources).typed("check", page, "--source", "ford-hy")

    assert (told.code, told.out) == (2, "")
    assert f"--source ford-hy: no such id in {desk.config}/sources.yaml" in told.err


def test_a_page_that_is_stored_stays_with_its_outlet(desk: Desk, page: str) -> None:
    url = "https://ford.example/tr/1"
    stored(desk, article(url, outlet=Outlet("ford-fa", "Ford", "IR", ("fa",), "private")))

    told = desk.write(sources=SHARED).typed("check", page, "--url", f"{url}?utm_source=feed")
    former = desk.write(sources=SOURCES).typed("check", page, "--url", url)

    assert fields(told)["outlet"] == ("ford-fa, unknown", "stored article"), "as it is configured today"
    assert fields(former)["outlet"] == ("ford-fa, IR, private", "stored article"), "as it was configured"
    assert told.err == former.err == ""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty|not-html"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "empty|not-html"),
        (b"<html><body><p>Three words only.</p></body></html>", "too-short"),
    ],
)
def test_a_page_that_gives_no_article_says_why(desk: Desk, tmp_path: Path, body: bytes, reason: str) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(body)

    told = desk.typed("check", str(path))

    assert told.code == 0
    assert re.match(rf"would be dropped: ({reason})\n", told.out)


def test_a_page_of_the_web_is_asked_for_as_in_a_run(desk: Desk) -> None:
    body = PAGE.encode()
    routes = {"/mill": Reply(body, headers={"Content-Type": "text/html"}), "/busy": Reply(status=503)}
    with LocalServer(routes) as server:
        told = desk.typed("check", server.url("/mill"))
        gone, busy = desk.typed("check", server.url("/gone")), desk.typed("check", server.url("/busy"))

        assert server.targets[:2] == ["/robots.txt", "/mill"]

    assert fields(told)["outlet"] == ("127.0.0.1, unknown", "host of the URL")
    assert "\n".join(PARAGRAPHS) in told.out
    assert (gone.code, gone.out.split(" (")[0]) == (0, "dropped: http-404")
    assert (busy.code, busy.out) == (1, "")
    assert "http-503; it may answer later" in busy.err


def test_a_private_address_is_never_asked(desk: Desk) -> None:
    with LocalServer({"*": Reply(PAGE.encode())}) as server:
        told = desk.write(settings="fetch: {delay_seconds: 0}").typed("check", server.url("/mill"))

        assert server.requests == []

    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("dropped: private-address (")


def stored(desk: Desk, *articles: Article) -> None:
    """Put articles into the store of a desk."""
    store = desk.opened()
    store.save(Changes(articles=tuple(map(Stored, articles))))
    store.close()


def checked(desk: Desk, text: str = "", **fields: object) -> Typed:
    """What is told of a stored article."""
    kept = article(URL, text=text, **fields)
    stored(desk, kept)
    return desk.typed("check", kept.id)


def test_a_stored_article_is_shown_by_its_id(desk: Desk) -> None:
    told = checked(desk, "دەقی هەواڵ", title="پەیمان", language="ckb", removed=(Removed("Share", "widget", 1),))

    assert told.code == 0
    assert "پەیمان" in fields(told)["title"][0]
    assert text_of(told) == ["دەقی هەواڵ", "- ⟦widget⟧ Share"]


# What was removed, at its place and with its reason


def test_removed_lines_stand_where_they_stood_on_the_page(desk: Desk) -> None:
    told = checked(
        desk,
        "One.\nTwo.\n- a list item\nThree.",
        removed=(
            Removed("Search", "widget", 0),
            Removed("Related\nMore of it", "outlet-repeats", 3, 10),
            Removed("Tags", "outlet-repeats", 5, 1),
            Removed("One.", "repeat", 8),
        ),
    )

    assert text_of(told) == [
        "- ⟦widget⟧ Search",
        "One.",
        "Two.",
        "- ⟦outlet repeats, on at least 10 other pages⟧ Related",
        "- ⟦same⟧ More of it",
        "- ⟦outlet repeats, on at least 1 other page⟧ Tags",
        "- a list item",
        "Three.",
        "- ⟦repeats a paragraph above⟧ One.",
    ]
    assert fields(told)["removed"] == ("5 of 9 lines", "outlet-repeats 3, widget 1, repeat 1")


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        (Removed("x", "widget", 1), "widget"),
        (Removed("x", "slot", 1), "slot: the place on the page where teasers stand"),
        (Removed("x", "links", 1), "links only"),
        (Removed("x", "headline", 1), "headline"),
        (Removed("x", "script", 1), "leaked script"),
        (Removed("x", "configured", 1), "boilerplate.yaml"),
        (Removed("x", "beside", 1), "prose beside the text"),
        (Removed("x", "second-article", 1), "second article"),
        (Removed("x", "of-a-later-version", 1), "of-a-later-version"),
    ],
)
def test_every_reason_is_told_in_words(desk: Desk, piece: Removed, words: str) -> None:
    assert text_of(checked(desk, "Text.", removed=(piece,))) == ["Text.", f"- ⟦{words}⟧ x"]


def test_an_article_found_beside_the_text_comes_after_it_with_its_own_address(desk: Desk) -> None:
    other = Removed("Another story.\nIts second paragraph.", "second-article", url="https://riverpost.example/2")

    told = checked(desk, "Text.", removed=(other, Removed("Share", "widget", 1)))

    assert text_of(told) == ["Text.", "- ⟦widget⟧ Share"]
    assert told.out.split("\n\n")[2] == (
        "removed elsewhere on the page\n"
        "- ⟦second article, https://riverpost.example/2⟧ Another story.\n- ⟦same⟧ Its second paragraph.\n"
    )


def test_lines_from_right_to_left_are_isolated_from_their_reason(desk: Desk) -> None:
    told = checked(desk, "نص الخبر.", removed=(Removed("تابعنا\nעקבו אחרינו", "widget", 0),))

    assert text_of(told) == ["- ⟦widget⟧ \u2068تابعنا\u2069", "- ⟦same⟧ \u2068עקבו אחרינו\u2069", "نص الخبر."]


def test_what_an_older_version_removed_has_no_place_and_comes_last(desk: Desk) -> None:
    told = checked(desk, "Text.", removed=(Removed("Share", "widget"),))

    assert text_of(told) == ["Text."]
    assert told.out.endswith("\n\nremoved elsewhere on the page\n- ⟦widget⟧ Share\n")


def test_a_page_of_which_nothing_is_left_still_shows_what_went(desk: Desk) -> None:
    assert text_of(checked(desk, "", removed=(Removed("Share", "widget", 0),))) == ["- ⟦widget⟧ Share"]


def test_an_article_of_which_nothing_was_removed_is_its_text(desk: Desk) -> None:
    told = checked(desk, "One.\nTwo.")

    assert text_of(told) == ["One.", "Two."]
    assert fields(told)["removed"] == ("", "")


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("mostly-furniture", "by its wording more than half of this is furniture, so nothing was taken"),
        ("mostly-repeats", "most of this stands on other pages of the outlet too, so nothing was taken"),
        ("feed-text", "this is the feed's"),
        ("charset-guessed", "it was guessed"),
        ("of-a-later-version", ""),
    ],
)
def test_a_flag_is_explained_in_a_sentence(desk: Desk, flag: str, said: str) -> None:
    told = checked(desk, "Text.", flags=(flag,))

    [sentence] = [line for line in told.lines if line.startswith(f"{flag}: ")]
    assert said in sentence


@pytest.mark.parametrize("width", [80, 120])
def test_on_a_terminal_removed_lines_are_dimmed_struck_and_marked_all_the_same(desk: Desk, width: int) -> None:
    long = "تابعوا آخر أخبار النهر والقرى التي على ضفتيه في تطبيقنا الجديد الذي يعمل بلا إنترنت " * 3
    kept = article(URL, text="Text.", removed=(Removed("Share", "widget", 0), Removed(long.strip(), "slot", 2)))
    stored(desk, kept)

    told = desk.shown("check", kept.id, width=width)

    assert "- \x1b[33m⟦widget⟧\x1b[0m \x1b[2;9mShare\x1b[0m\nText.\n- \x1b[33m⟦slot: " in told
    plain = re.sub(r"\x1b\[[0-9;]*m", "", told)
    assert max(map(cell_len, plain.split("\n"))) <= width
    assert " ".join(long.split()) in " ".join(plain.split())


# What other pages of the outlet tell

APPEAL = "The River Post lives on what its readers give, and on nothing else: eleven villages pay for it."


WORDS = ("white", "green", "old", "upper", "little", "silver")


def told_page(number: int) -> str:
    """A page of the outlet with two paragraphs of its own, and the appeal that stands below all its stories."""
    word = WORDS[number]
    own = (
        f"<p>Story {word} of the river: the {word} ferry will cross again from Sunday, its owner told us.</p>"
        f"<p>He has mended the {word} hull with wood from the {word} valley, and asks for no more.</p>"
    )
    return (
        f'<html lang="en"><head><title>The {word} ferry</title>'
        f'<meta property="article:published_time" content="2026-11-1{number}T06:30:00Z"></head>'
        f'<body><article><h1>The {word} ferry</h1>{own}<p class="appeal">{APPEAL}</p></article></body></html>'
    )


@pytest.fixture
def known(desk: Desk) -> Desk:
    """A desk whose store holds five pages of the outlet."""
    settings = load(desk.config, {})
    reader, stages = flow.reading(settings)
    source = next(iter(settings.sources or ()))
    for number in range(5):
        url = f"https://www.riverpost.example/2026/{WORDS[number]}"
        answer = Answer(url, 200, (("content-type", "text/html"),), told_page(number).encode(), NOW)
        read = reader(Page(url, answer, Entry(url), source, "run-1"))
        for _, stage in stages:
            read = stage(read)
        stored(desk, read)
    return desk


@pytest.fixture
def sixth(tmp_path: Path) -> str:
    path = tmp_path / "sixth.html"
    path.write_text(told_page(5), encoding="utf-8")
    return str(path)


def test_a_page_is_cleaned_against_what_the_store_knows_of_its_outlet(known: Desk, sixth: str) -> None:
    told = known.typed("check", sixth, "--url", "https://www.riverpost.example/2026/silver")

    assert told.code == 0
    assert text_of(told)[-1] == f"- ⟦outlet repeats, on at least 5 other pages⟧ {APPEAL}"
    assert fields(told)["outlet memory"][0] == "knows some of these lines"


@pytest.mark.parametrize("url", ["", "https://other.example/2026/silver"])
def test_other_outlets_tell_nothing(known: Desk, sixth: str, url: str) -> None:
    told = known.typed("check", sixth, "--url", url)

    assert text_of(told)[-1] == APPEAL
    assert fields(told)["outlet memory"][0] == "knows none of these lines"


def test_without_a_store_a_page_is_judged_alone(desk: Desk, sixth: str) -> None:
    told = desk.typed("check", sixth, "--url", "https://www.riverpost.example/2026/silver")

    assert text_of(told)[-1] == APPEAL
    assert not desk.database.exists()


def test_the_store_is_left_as_it_was(known: Desk, sixth: str) -> None:
    before = known.database.read_bytes()

    assert known.typed("check", sixth, "--url", "https://www.riverpost.example/2026/silver").code == 0

    assert known.database.read_bytes() == before
    assert sorted(path.name for path in known.folder.iterdir()) == ["config", "sixth.html", "wireroom.db"]


def test_a_line_is_kept_or_dropped_by_force(known: Desk, sixth: str) -> None:
    known.write(
        boilerplate=f"""
- outlet: river-post
  keep: ["{APPEAL.upper()}"]
  drop: ["He has mended the silver hull with wood from the silver valley — and asks for no more"]
"""
    )

    told = known.typed("check", sixth, "--url", "https://www.riverpost.example/2026/silver")

    *_, dropped, kept = text_of(told)
    assert dropped == (
        "- ⟦boilerplate.yaml⟧ He has mended the silver hull with wood from the silver valley, and asks for no more."
    )
    assert kept == APPEAL


@pytest.mark.parametrize("target", ["page", "id", "url"])
def test_nothing_is_written(desk: Desk, page: str, target: str) -> None:
    before = sorted(desk.folder.rglob("*"))
    asked = {"page": page, "id": "0" * 64, "url": "http://127.0.0.1:9/x"}

    desk.typed("check", asked[target])

    assert sorted(desk.folder.rglob("*")) == before


def test_a_store_of_another_form_is_wrong_use(desk: Desk, page: str) -> None:
    told = typed("check", page, "--config", desk.config, "--store", "postgres://host/db")

    assert (told.code, told.out) == (2, "")
    assert "expected sqlite:///" in told.err


def test_a_store_that_is_not_there_is_told_instead_of_made(desk: Desk) -> None:
    told = desk.typed("check", "0" * 64)

    assert told.code == 2
    assert f"--store {desk.store}: there is no such store" in told.err


def test_an_id_that_is_not_stored_is_told(desk: Desk) -> None:
    desk.opened().close()

    told = desk.typed("check", "0" * 64)

    assert (told.code, told.out) == (2, "")
    assert "no article of this id" in told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("missing.html",), "check missing.html: no such file, and no http(s) URL"),
        (("/",), "no such file, and no http(s) URL"),
        (("",), "no such file, and no http(s) URL"),
        (("ftp://host.example/x",), "no http(s) URL (not-http)"),
        (("https://user:word@host.example/x",), "no http(s) URL (userinfo)"),
        (("page.html", "--url", "nonsense"), "--url nonsense: expected an http(s) URL"),
        ((), "Missing argument"),
    ],
)
def test_what_is_no_page_is_wrong_use(desk: Desk, page: str, words: tuple[str, ...], said: str) -> None:
    told = desk.typed("check", *(page if word == "page.html" else word for word in words))

    assert (told.code, told.out) == (2, "")
    assert said in told.err
    assert "Traceback" not in told.err


def test_a_page_of_an_outlet_needs_a_configuration(tmp_path: Path, page: str) -> None:
    told = typed("check", page, "--config", str(tmp_path / "none"))

    assert told.code == 2
    assert "there is no such folder" in told.err
