"""`wireroom check`: what one page would become, where each field came from, what was removed; nothing is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.model import Changes, Removed, Stored
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


def test_the_text_the_removals_and_the_names_follow(desk: Desk, page: str) -> None:
    told = desk.typed("check", page, "--url", URL)

    assert "\n" + "\n".join(PARAGRAPHS) + "\n" in told.out
    removed = told.out.split("\nremoved\n")[1].split("\n\n")[0]
    assert PARAGRAPHS[0] in removed
    assert re.match(r"  [a-z-]+: ", removed)
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


def test_a_stored_article_is_shown_by_its_id(desk: Desk) -> None:
    kept = article(URL, title="پەیمان", text="دەقی هەواڵ", language="ckb", removed=(Removed("Share", "widget"),))
    store = desk.opened()
    store.save(Changes(articles=(Stored(kept),)))
    store.close()

    told = desk.typed("check", kept.id)

    assert told.code == 0
    assert "پەیمان" in fields(told)["title"][0]
    assert "دەقی هەواڵ" in told.out
    assert "  widget: Share" in told.out


@pytest.mark.parametrize("target", ["page", "id", "url"])
def test_nothing_is_written(desk: Desk, page: str, target: str) -> None:
    before = sorted(desk.folder.rglob("*"))
    asked = {"page": page, "id": "0" * 64, "url": "http://127.0.0.1:9/x"}

    desk.typed("check", asked[target])

    assert sorted(desk.folder.rglob("*")) == before


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
