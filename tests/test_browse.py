"""`wireroom browse` without a browser: what its pages hold, what they find, and what they refuse."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest
from lxml import html

if os.environ.get("WIREROOM_CI") != "1":
    pytest.importorskip("datasette", reason="pip install -e '.[browse]'")

from datasette.database import QueryInterrupted, Results
from datasette.plugins import DEFAULT_PLUGINS, pm
from datasette.utils.asgi import NotFound, Request

from pipeline import gazetteer
from pipeline.browse import direction, feed, listen, metadata, pins, shield, tiles, timeline, window
from pipeline.browse.article import Run, marked
from pipeline.browse.asked import Asked, read
from pipeline.browse.facets import NEWEST, Newest
from pipeline.browse.labels import Labels, country, language
from pipeline.browse.plugin import BUG, LATE, told
from pipeline.cli.options import load_config
from pipeline.model import Article, ConfigError, Mention
from pipeline.watchlist import Region
from tests.browser import Json
from tests.command_line import ENVIRONMENT, Desk, article, spawned
from tests.house import ROOT
from tests.shelf import (
    ACTORS,
    AL_QAIM,
    DAY,
    DRONES,
    HOSTILE,
    HOUR,
    NOW,
    ROAD,
    SCHOOL,
    SHELF,
    TALKS,
    UNDATED,
    VISIT,
    WALL,
    WALL_COPY,
    WATER,
    add,
    shelved,
)

ATOM = "{http://www.w3.org/2005/Atom}"
SECONDS = 60
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Window:
    """Datasette on a desk, asked in this process."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.datasette = window(desk.database, load_config(desk.config), gazetteer.places())
        self._app = self.datasette.app()

    def answer(self, path: str, *, headers: Mapping[str, str] = NO_HEADERS, **parameters: Json) -> httpx.Response:
        """What it answers."""
        return asyncio.run(self._ask(path, headers, parameters))

    async def _ask(self, path: str, headers: Mapping[str, str], parameters: dict[str, object]) -> httpx.Response:
        query = f"?{urlencode(parameters, doseq=True)}" if parameters else ""
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            return await client.get(f"{path}{query}")

    def page(self, path: str, **parameters: Json) -> Json:
        """A page as a tree."""
        answer = self.answer(path, **parameters)
        assert answer.status_code == 200, answer.text
        return tree(answer.text)

    def told(self, path: str, **parameters: Json) -> Json:
        """An answer in JSON."""
        answer = self.answer(path, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Window:
    return Window(shelved(tmp_path_factory.mktemp("browse")))


def tree(page: str) -> Json:
    """A page as a tree."""
    return html.document_fromstring(page)


def ids(page: Json) -> list[str]:
    """The articles of a list, in order."""
    return [str(link).rpartition("/")[2] for link in page.xpath("//h2/a/@href")]


def text(found: list[Json]) -> list[str]:
    return [" ".join(each.text_content().split()) for each in found]


# The list and its search


def test_everybody_begins_at_the_newest_articles(shown: Window) -> None:
    answer = shown.answer("/")

    assert (answer.status_code, answer.headers["location"]) == (302, "/wireroom/news")
    expected = (WALL_COPY, WALL, *SHELF[2:])
    assert ids(shown.page("/wireroom/news")) == [each.id for each in expected]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, ()),
        ({"_search": "pmf"}, ("pmf",)),
        ({"_search": "PMF NOT كرمانشاه"}, ("pmf", "NOT", "كرمانشاه")),
        ({"_search": '"الحشد الشعبي" OR kandil'}, ('"الحشد الشعبي"', "OR", "kandil")),
        ({"_search": "isid"}, ("isid",)),
        ({"_search": 'צה"ל'}, ('צה"ל',)),
        ({"_search": "می‌تواند"}, ("می‌تواند",)),
        ({"_search": "دهوك*"}, ("دهوك*",)),
        ({"_search": "NOT pmf"}, ("NOT", "pmf")),
        ({"_search": "nowhere"}, ("nowhere",)),
        ({"_search": "—"}, ("—",)),
        ({"_actor": "pmf"}, ("--actor", "pmf")),
        ({"_actor": ["pmf", "pkk"]}, ("--actor", "pmf", "--actor", "pkk")),
        ({"_region": "IQ", "_country": "iq"}, ("--region", "IQ", "--country", "iq")),
        ({"_outlet": "galil", "_language": "ar"}, ("--outlet", "galil", "--language", "ar")),
        ({"_since": "4d", "_until": "90m"}, ("--since", "4d", "--until", "90m")),
        ({"_search": "pmf", "_since": "2d"}, ("pmf", "--since", "2d")),
    ],
)
def test_it_finds_what_wireroom_search_finds(shown: Window, asked: Json, words: tuple[str, ...]) -> None:
    expected = shown.desk.searched(*words, "--all", "--json", "--limit", "0").rows

    page = shown.page("/wireroom/news", **asked)

    assert ids(page) == [row["id"] for row in expected]
    assert [row["id"] for row in shown.told("/wireroom/news.json", _shape="objects", **asked)["rows"]] == ids(page)
    assert text(page.xpath("//h1[@class='count']"))[0].split()[0] == str(len(expected))


def test_a_story_is_asked_for_by_its_id(shown: Window) -> None:
    assert ids(shown.page("/wireroom/news", _story=WALL.id)) == [WALL_COPY.id, WALL.id]
    assert ids(shown.page("/wireroom/news", _story=WALL.id, _outlet="tigris")) == [WALL.id]


def test_the_words_are_marked_where_they_stand(shown: Window) -> None:
    page = shown.page("/wireroom/news", _search="kandil OR pmf")

    marks = {
        page_id: text(hit.xpath(".//mark")) for page_id, hit in zip(ids(page), page.xpath("//article"), strict=True)
    }
    assert marks[TALKS.id] == ["Kandil"]
    assert marks[WALL.id] == ["الحشد الشعبي"], "the sentence that names the actor so called"


def test_a_list_goes_on_where_a_page_ends(tmp_path: Path) -> None:
    desk = Desk(tmp_path).write(actors=ACTORS)
    many = [article(f"https://desk.example/{n}", title=f"n{n}", published_at=NOW - n * DAY) for n in range(90)]
    add(desk, *many)
    shown, path, seen = Window(desk), "/wireroom/news?_country=IQ", list[str]()

    while path:
        page = shown.page(path)
        seen += ids(page)
        path = next(iter(page.xpath("//a[@rel='next']/@href")), "")

    assert seen == [each.id for each in many]
    back = page.xpath("//a[@rel='prev']/@href")
    assert ids(shown.page(back[0])) == seen[40:80]
    assert shown.page(back[0]).xpath("//a[@rel='prev']/@href") == ["/wireroom/news?_country=IQ"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"_search": '"never closed'}, "this quote is never closed"),
        ({"_search": "PMF AND"}, "AND needs a word after it"),
        ({"_since": "yesterday"}, "since yesterday: expected 7d, 12h or a date"),
    ],
)
def test_a_mistake_is_told_where_it_was_made(shown: Window, asked: Json, sentence: str) -> None:
    page = shown.page("/wireroom/news", **asked)

    assert sentence in text(page.xpath("//*[@role='alert']"))[0]
    assert ids(page) == []
    assert page.xpath("//input[@type='search']/@value") == [asked.get("_search", "")]
    for path in ("/wireroom/news.json", "/timeline.json", "/map.json"):
        answer = shown.answer(path, **asked)
        assert answer.status_code == 400
        assert sentence in answer.json()["error"]
    assert sentence in tree(shown.answer("/feed.atom", **asked).text).text_content()


@pytest.mark.parametrize("path", ["/wireroom/news", "/wireroom/news.json", "/wireroom/places"])
@pytest.mark.parametrize("number", ["x", "-1", "1e3", "99999999999999999999", "٣"])
def test_a_page_that_no_number_names_is_refused(shown: Window, path: str, number: str) -> None:
    answer = shown.answer(path, _search="pmf", _nocount="1", _next=number)

    assert answer.status_code == 400
    assert "_next takes a number" in answer.text


def test_an_order_that_there_is_not_is_refused_with_a_sentence(
    shown: Window, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = shown.answer("/wireroom/news", _sort="title")

    assert (answer.status_code, capfd.readouterr().err) == (400, "")
    assert "Cannot sort table by title" in answer.text


@pytest.mark.parametrize("path", ["/timeline", "/map"])
def test_a_slip_loses_neither_words_nor_filters(shown: Window, path: str) -> None:
    page = tree(shown.answer(path, _search='pmf "half', _actor="pmf").text)

    assert page.xpath("//input[@type='search']/@value") == ['pmf "half']
    assert page.xpath("//form[@role='search']//input[@type='hidden']/@value") == ["pmf"]
    assert page.xpath("//p[@class='chips']/a/@href")[0] == f"{path}?_actor=pmf", "a click takes the slip away"


def test_what_is_asked_for_can_be_taken_away_again(shown: Window) -> None:
    page = shown.page("/wireroom/news", _search="wall", _actor="pmf", _language="ar")

    chips = dict(zip(text(page.xpath("//p[@class='chips']/a")), page.xpath("//p[@class='chips']/a/@href"), strict=True))
    assert chips["remove actor Popular Mobilization Forces"] == "/wireroom/news?_search=wall&_language=ar"
    assert chips["remove language Arabic"] == "/wireroom/news?_search=wall&_actor=pmf"
    assert page.xpath("//form[@role='search']//input[@type='hidden']/@name") == ["_actor", "_language"]


# Facets


def facets(page: Json) -> dict[str, dict[str, int]]:
    return {
        each.find("h2").text.strip(): {
            " ".join(row.find("a/bdi").text_content().split()): int(row.findtext("b").replace(",", ""))
            for row in each.xpath(".//li[a]")
        }
        for each in page.xpath("//section[@class='facet']")
    }


def test_facets_count_actors_regions_countries_languages_outlets_and_stories(shown: Window) -> None:
    found = facets(shown.page("/wireroom/news"))

    assert found["Actors"] == {"Popular Mobilization Forces": 3, "PKK": 1, "<i>x</i>": 1}
    assert found["Regions"]["Iraq"] == 4
    assert found["Countries of outlets"]["Iraq"] == 3
    assert found["Languages"]["Arabic"] == 3
    assert found["Languages"]["Sorani Kurdish"] == 1
    assert found["Outlets"]["חדשות הגליל"] == 2
    assert list(found["Stories"].values()) == [2], "an article that stands alone is no group"


def test_facets_count_what_is_asked_for_and_a_value_leads_there(shown: Window) -> None:
    page = shown.page("/wireroom/news", _search="pmf")
    links = {each.get("title"): each.get("href") for each in page.xpath("//section[@class='facet']//a")}

    assert list(facets(page)["Languages"].values()) == [2, 1, 1]
    assert facets(page)["Languages"]["Arabic"] == 2
    assert links["tigris"] == "/wireroom/news?_search=pmf&_outlet=tigris"
    chosen = shown.page(links["tigris"])
    assert ids(chosen) == [WALL.id]
    assert chosen.xpath("//a[@class='chosen']/@href") == ["/wireroom/news?_search=pmf"]


LINKED = {
    "Actors": "_actor",
    "Regions": "_region",
    "Countries of outlets": "_country",
    "Languages": "_language",
    "Outlets": "_outlet",
    "Stories": "_story",
}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"_actor": "pmf"},
        {"_language": "ar", "_actor": "pmf"},
        {"_country": ["iq", "IL"], "_search": "pmf"},
        {"_outlet": "galil", "_region": "IQ"},
        {"_story": WALL.id, "_language": ["ar", "fa"]},
    ],
    ids=str,
)
def test_the_number_beside_a_value_is_that_of_its_articles_under_all_that_is_asked_besides(
    shown: Window, asked: Json
) -> None:
    page = shown.page("/wireroom/news", **asked)

    for facet in page.xpath("//section[@class='facet']"):
        for value in facet.xpath(".//li[a]"):
            link = urlsplit(value.find("a").get("href"))
            chosen = value.find("a").get("class") == "chosen"
            kind, name = LINKED[facet.find("h2").text.strip()], value.find("a").get("title")
            assert (kind, name) in parse_qsl(link.query) or chosen
            besides = [pair for pair in parse_qsl(link.query) if pair[0] != kind]
            alone = shown.page(f"/wireroom/news?{urlencode([*besides, (kind, name)])}")
            assert len(ids(alone)) == int(value.findtext("b")), (kind, name)


def test_what_is_chosen_leaves_the_others_there_and_is_taken_away_by_a_click(shown: Window) -> None:
    page = shown.page("/wireroom/news", _actor="pmf", _language="fa")

    assert facets(page)["Actors"] == {"Popular Mobilization Forces": 1}
    assert facets(page)["Languages"] == {"Persian": 1, "Arabic": 2}, "chosen first"
    [chosen] = page.xpath("//section[@class='facet']//a[@title='fa']")
    assert (chosen.get("aria-current"), chosen.get("href")) == ("true", "/wireroom/news?_actor=pmf")
    assert "remove" in chosen.text_content()
    [other] = page.xpath("//section[@class='facet']//a[@title='ar']")
    assert len(ids(shown.page(other.get("href")))) == 3, "one more click, and both languages are there"


def test_a_choice_that_finds_nothing_can_be_taken_away(shown: Window) -> None:
    page = shown.page("/wireroom/news", _actor=["pmf", "nobody"], _outlet="lori")

    assert facets(page)["Actors"] == {"Popular Mobilization Forces": 0, "nobody": 0}
    assert facets(page)["Outlets"]["lori"] == 0


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Window:
    """More articles than facets count, and a place that only the oldest names."""
    desk = Desk(tmp_path_factory.mktemp("crowded")).write()
    last = article("https://desk.example/last", published_at=NOW - 999 * DAY, locations=(AL_QAIM,))
    add(desk, last, *(article(f"https://desk.example/{n}", published_at=NOW - n * HOUR) for n in range(NEWEST)))
    return Window(desk)


def test_facets_of_many_hits_say_that_they_count_the_newest(crowded: Window) -> None:
    page = crowded.page("/wireroom/news", _country="IQ")

    assert "of the newest 5,000" in page.xpath("//section[@class='facet']/h2")[0].text_content()
    assert facets(page)["Countries of outlets"] == {"Iraq": NEWEST}


def test_facets_are_in_the_json_too(shown: Window) -> None:
    told = shown.told("/wireroom/news.json", _actor="pmf")["facet_results"]

    assert [(each["value"], each["count"]) for each in told["actors"]["results"]] == [
        ("pmf", 3),
        ("<i>x</i>", 1),
        ("pkk", 1),
    ]
    assert list(told) == ["actors", "regions", "country", "language", "outlet", "story"]


def test_a_facet_that_takes_too_long_is_left_out_and_named() -> None:
    class Slow:
        """A Datasette whose questions never end in time."""

        def setting(self, name: str) -> int:
            return {"default_facet_size": 12, "max_returned_rows": 1000, "facet_time_limit_ms": 1}[name]

        async def execute(self, *_: object, **__: object) -> None:
            raise QueryInterrupted(None, "select 1", None)

    request = Request.fake("/wireroom/news?_facet_newest=actors&_facet_newest=country&_facet_newest=nothing")
    facet = Newest(Slow(), request, "wireroom", sql="select 1")

    assert asyncio.run(facet.facet_results()) == ([], ["actors", "country"])


# The article


def test_an_article_is_shown_whole_with_its_actors_marked(shown: Window) -> None:
    page = shown.page(f"/article/{WALL.id}")

    assert text(page.xpath("//h1")) == [WALL.title]
    assert text(page.xpath("//div[@class='text']/p")) == WALL.text.split("\n")
    assert [(each.get("title"), each.text) for each in page.xpath("//mark")] == [("pmf", "الحشد الشعبي")] * 2
    assert [each.text for each in page.xpath("//h1/mark")] == ["الحشد الشعبي"]
    assert "صحيفة دجلة" in text(page.xpath("//p[@class='meta']"))[0]
    assert "Iraq" in text(page.xpath("//p[@class='meta']"))[0]
    assert "party" in text(page.xpath("//p[@class='meta']"))[0]
    assert "date from the page" in page.text_content()


def test_removed_lines_stand_struck_in_their_place_with_the_reason(shown: Window) -> None:
    page = shown.page(f"/article/{WALL.id}")

    kinds = [each.tag for each in page.xpath("//div[@class='text']/*")]
    assert kinds == ["p", "details", "p", "details"]
    first, last, other = page.xpath("//details")
    assert text(first.xpath(".//del")) == ["اشترك في قناتنا", "تابعنا"]
    assert text(first.xpath("summary")) == ["2 lines removed: outlet repeats, on at least 7 other pages"]
    assert first.get("open") is not None
    assert last.get("open") is None, "five lines in a row are folded"
    assert text(other.xpath("summary|.//del")) == ["links only", "أخبار أخرى"]
    assert other.xpath("ancestor::section/h2/text()") == ["Removed elsewhere on the page"]


def test_the_original_is_a_click_away_and_learns_nothing_of_us(shown: Window) -> None:
    [link] = shown.page(f"/article/{WALL.id}").xpath("//a[@class='original']")

    assert link.get("href") == WALL.url
    assert {"noreferrer", "noopener"} <= set(link.get("rel").split())


def test_the_others_of_its_story_are_listed(shown: Window) -> None:
    page = shown.page(f"/article/{WALL.id}")

    assert page.xpath("//section[@class='story']//li/a/@href") == [f"/article/{WALL_COPY.id}"]
    assert shown.page(f"/article/{TALKS.id}").xpath("//section[@class='story']") == []
    assert "copies are listed, too" in shown.page("/wireroom/news").text_content()
    assert "1 more of this story" in shown.page("/wireroom/news", _outlet="tigris").text_content()


def test_of_a_story_that_all_tell_some_are_listed_and_a_link_leads_to_the_rest(tmp_path: Path) -> None:
    desk = Desk(tmp_path).write()
    told = [article(f"https://desk.example/{n}", title=f"n{n}", story="s", published_at=NOW) for n in range(23)]
    add(desk, *told)
    shown = Window(desk)

    page = shown.page(f"/article/{told[0].id}")

    assert len(page.xpath("//section[@class='story']//li")) == 20
    [link] = page.xpath("//section[@class='story']//p/a")
    assert link.text_content() == "All 23 articles of this story"
    assert len(ids(shown.page(link.get("href")))) == 23


def test_an_article_that_lacks_nearly_everything_is_shown(shown: Window) -> None:
    page = shown.page(f"/article/{UNDATED.id}")

    assert text(page.xpath("//h1")) == [UNDATED.url]
    assert "undated" in page.text_content()
    assert "feed-text" in page.text_content()
    assert page.xpath("//div[@class='text']/@lang") == []


@pytest.mark.parametrize("path", [f"/article/{'0' * 64}", "/article/../x", "/nothing", "/wireroom/nothing"])
def test_what_is_not_there_is_said_so(shown: Window, path: str, capfd: pytest.CaptureFixture[str]) -> None:
    answer = shown.answer(path)

    assert answer.status_code == 404
    assert "No such page" in answer.text
    assert capfd.readouterr().err == ""


def test_a_line_is_cut_into_runs_by_what_lies_inside_it() -> None:
    mentions = [
        Mention("a", "", "", 2, 4, "text"),
        Mention("b", "", "", 2, 4, "text"),
        Mention("a", "", "", 2, 4, "text"),
        Mention("c", "", "", 3, 6, "text"),
        Mention("d", "", "", 6, 8, "text"),
        Mention("e", "", "", 7, 12, "text"),
        Mention("f", "", "", 5, 5, "text"),
    ]

    assert marked("xxABxxCD", mentions) == (Run("xx"), Run("AB", ("a", "b")), Run("xx"), Run("CD", ("d",)))
    assert marked("CDxx", mentions[4:5], at=6) == (Run("CD", ("d",)), Run("xx"))
    assert marked("", mentions) == ()


# Directions and languages


@pytest.mark.parametrize(
    ("it", "direction"),
    [(WALL, "rtl"), (VISIT, "rtl"), (ROAD, "rtl"), (WATER, "rtl"), (SCHOOL, "ltr"), (TALKS, "ltr"), (UNDATED, "auto")],
    ids=lambda value: value.language if isinstance(value, Article) else value,
)
def test_text_says_its_language_and_runs_its_way(shown: Window, it: Article, direction: str) -> None:
    page = shown.page(f"/article/{it.id}")
    [body] = page.xpath("//div[@class='text']")

    assert body.get("dir") == direction
    assert body.get("lang") == (it.language if it.language != "und" else None)
    assert page.xpath("//h1/@dir") == ([direction] if it.title else []), "an address is shown as one"
    assert {each.get("dir") for each in body.xpath("p")} == {direction}
    assert page.xpath("//a[@class='outlet']/bdi")


def test_a_foreign_word_at_the_beginning_turns_no_text(shown: Window) -> None:
    page = shown.page(f"/article/{DRONES.id}")

    assert page.xpath("//h1/@dir") == ["rtl"]
    assert page.xpath("//div[@class='text']/p/@dir") == ["rtl", "rtl", "rtl"]
    assert page.xpath("//del/../@dir") == ["rtl", "auto"], (
        "what holds no letter of the article's is not in its language"
    )
    listed = shown.page("/wireroom/news", _outlet="voice")
    assert listed.xpath("//article/h2/@dir|//article/p[@class='excerpt']/@dir") == ["rtl", "rtl"]


@pytest.mark.parametrize(
    ("code", "way"),
    [
        ("ar", "rtl"),
        ("ckb", "rtl"),
        ("yi", "rtl"),
        ("kmr", "ltr"),
        ("hy", "ltr"),
        ("ru", "ltr"),
        ("und", "auto"),
        ("q9", "auto"),
    ],
)
def test_each_language_has_its_way(code: str, way: str) -> None:
    assert direction.direction(code) == way
    assert direction.turned("PKK", code) == ("\u200fPKK" if way == "rtl" else "PKK")


def test_cells_of_tables_run_their_own_way_and_lead_to_articles(shown: Window) -> None:
    page = shown.page("/wireroom/articles", id=WALL.id)

    assert page.xpath("//td/bdi[@dir='auto']/text()")[0] == WALL.title
    assert f"/article/{WALL.id}" in page.xpath("//td/a/@href")


def test_a_long_cell_is_cut(tmp_path: Path) -> None:
    desk = Desk(tmp_path).write()
    add(desk, article("https://desk.example/long", text="خبر " * 2000))

    cell = Window(desk).page("/wireroom/articles").xpath("//td[contains(@class, 'col-text')]")[0].text_content()

    assert 2000 < len(cell) < 2100
    assert cell.endswith("…")


# Strangers' text


@pytest.mark.parametrize(
    "path", ["/wireroom/news", f"/article/{HOSTILE.id}", "/wireroom/articles", "/map", "/timeline"]
)
def test_text_from_outside_stays_text(shown: Window, path: str) -> None:
    answer = shown.answer(path)
    page = tree(answer.text)

    assert "alert(" not in "".join(page.xpath("//script/text()|//@onload|//@onerror|//@onclick"))
    assert "<b>Evil" not in answer.text
    assert "<script>alert" not in answer.text
    assert not page.xpath("//img[contains(@src, 'stranger')]|//style[contains(., 'display:none}')]|//i[.='x']|//u")
    assert "49" not in text(page.xpath("//div[@class='text']/p"))


def test_a_hostile_article_reads_as_it_was_written(shown: Window) -> None:
    page = shown.page(f"/article/{HOSTILE.id}")

    assert text(page.xpath("//h1")) == [HOSTILE.title]
    assert text(page.xpath("//div[@class='text']/p")) == HOSTILE.text.split("\n")
    assert [each.get("title") for each in page.xpath("//mark")] == ["<i>x</i>"]
    assert page.xpath("//h1/@lang") == [], "what is no language tag is none"


def test_an_address_of_another_scheme_is_no_link(tmp_path: Path) -> None:
    desk = Desk(tmp_path).write()
    odd = article("javascript:alert(1)", title="odd")
    add(desk, odd)

    page = Window(desk).page(f"/article/{odd.id}")

    assert page.xpath("//a[@class='original']") == []
    assert not [each for each in page.xpath("//a/@href") if each.startswith("javascript")]


# The shield


@pytest.mark.parametrize("path", ["/wireroom/news", f"/article/{WALL.id}", "/nothing", "/feed.atom", "/wireroom"])
def test_every_answer_forbids_what_comes_from_elsewhere(shown: Window, path: str) -> None:
    headers = shown.answer(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))

    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not re.search(r"https?:|\*", headers["content-security-policy"])
    assert headers["x-content-type-options"] == "nosniff"


def test_pages_to_read_run_no_script(shown: Window) -> None:
    for path in ("/wireroom/news", f"/article/{WALL.id}"):
        assert shown.answer(path).headers["content-security-policy"].endswith("script-src 'none'")
        assert shown.page(path).xpath("//script|//@style") == []


def test_the_scripts_of_the_map_bear_a_number_that_nobody_can_guess(shown: Window) -> None:
    first, second = shown.answer("/map"), shown.answer("/map")
    nonces = [set(tree(each.text).xpath("//script[@nonce]/@nonce")) for each in (first, second)]

    assert all(len(each) == 1 for each in nonces)
    assert nonces[0] != nonces[1]
    assert f"'nonce-{nonces[0].pop()}'" in first.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost", True),
        ("127.0.0.1:8001", True),
        ("[::1]:8001", True),
        ("LOCALHOST:1", True),
        ("", True),
        ("stranger.example", False),
        ("stranger.example:8001", False),
        ("127.0.0.1.stranger.example", False),
        ("localhost.stranger.example:80", False),
    ],
)
def test_only_who_names_this_machine_is_answered(host: str, ours: bool) -> None:  # noqa: FBT001 - a table
    assert shield.addressed_to_us(host.lower()) is ours


SQL = "/wireroom.json?sql=select+length(randomblob(700000000))"


@pytest.mark.parametrize(
    ("path", "site", "mode", "dest", "status"),
    [
        (SQL, "cross-site", "no-cors", "image", 403),
        (SQL, "cross-site", "navigate", "document", 403),
        (SQL, "same-site", "cors", "empty", 403),  # another port of this machine
        ("/wireroom/news.json", "cross-site", "cors", "empty", 403),
        ("/wireroom/news.json", "cross-site", "navigate", "document", 403),
        ("/wireroom/news", "cross-site", "navigate", "iframe", 403),
        ("/wireroom/news?_where=1", "cross-site", "navigate", "document", 403),
        ("/map.json", "cross-site", "navigate", "document", 403),
        ("/wireroom", "cross-site", "navigate", "document", 403),
        ("/", "cross-site", "navigate", "document", 302),
        ("/wireroom/news?_search=pmf&_since=", "cross-site", "navigate", "document", 200),
        (f"/article/{WALL.id}", "same-site", "navigate", "document", 200),
        ("/timeline", "cross-site", "navigate", "document", 200),
        ("/wireroom/news.json", "same-origin", "cors", "empty", 200),
        ("/wireroom?sql=select+1", "none", "navigate", "document", 200),
    ],
)
def test_a_strangers_page_may_lead_to_pages_to_read_and_do_nothing_else(
    shown: Window, path: str, site: str, mode: str, dest: str, status: int
) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}

    assert shown.answer(path, headers=headers).status_code == status


@pytest.mark.parametrize(
    "path", ["/wireroom", "/wireroom/articles", "/wireroom?sql=select+33+as+latitude,+44+as+longitude"]
)
def test_no_page_runs_a_script_that_stands_in_it_without_our_number(shown: Window, path: str) -> None:
    answer = shown.answer(path)
    [number] = re.findall(r"'nonce-([^']+)'", answer.headers["content-security-policy"])
    scripts = tree(answer.text).xpath("//script[not(@src)]")

    assert "'unsafe-inline'" not in answer.headers["content-security-policy"].partition("script-src")[2]
    assert scripts
    assert {each.get("nonce") for each in scripts} == {number}
    assert "cluster" not in answer.text, "the script of the map follows links of any scheme"


def test_a_page_under_a_strangers_name_is_refused(shown: Window) -> None:
    answer = shown.answer("/wireroom/news.json", headers={"host": "stranger.example:8001"})

    assert answer.status_code == 421
    assert "open it as http://127.0.0.1" in answer.text


# Read-only


@pytest.mark.parametrize(
    "sql", ["drop table articles", "delete from articles", "attach database '/tmp/x.db' as x", "pragma user_version=9"]
)
def test_sql_cannot_write(shown: Window, sql: str) -> None:
    assert shown.answer("/wireroom", sql=sql).status_code == 400
    assert len(ids(shown.page("/wireroom/news"))) == len(SHELF)


def test_nothing_in_the_program_can_write_through_the_window(shown: Window) -> None:
    database = shown.datasette.get_database("wireroom")

    with pytest.raises(sqlite3.OperationalError, match="read-only"):
        database.connect(write=True)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        asyncio.run(database.execute_fn(lambda db: db.execute("DELETE FROM articles")))


def test_sql_may_search_as_people_do(shown: Window) -> None:
    sql = "select id from news where position in (select rowid from words where words match news_search('{}'))"

    assert {row["id"] for row in shown.told("/wireroom.json", sql=sql.format("isid OR kandil"), _shape="array")} == {
        TALKS.id
    }
    answer = shown.answer("/wireroom.json", sql=sql.format('"open'))
    assert answer.status_code == 400
    assert "this quote is never closed" in answer.json()["error"]


def test_sql_cannot_fill_the_memory(shown: Window) -> None:
    for sql in ("select length(randomblob(700000000))", "select hex(zeroblob(30000000))"):
        answer = shown.answer("/wireroom.json", sql=sql)
        assert answer.status_code == 400
        assert "too big" in answer.json()["error"]


def test_a_search_in_sql_is_no_longer_than_people_write(shown: Window) -> None:
    answer = shown.answer("/wireroom.json", sql="select news_search(printf('%.*c', 20000000, 'a'))")

    assert answer.status_code == 200
    assert "a search takes at most 10,000 characters" in answer.text


def test_sql_that_never_ends_is_stopped_with_a_sentence(shown: Window) -> None:
    settings = shown.datasette
    before, settings.sql_time_limit_ms = settings.sql_time_limit_ms, 50
    try:
        endless = "with recursive a(n) as (select 1 union all select n + 1 from a) select max(n) from a"
        answer = shown.answer("/wireroom", sql=endless)
    finally:
        settings.sql_time_limit_ms = before

    assert answer.status_code == 400
    assert LATE in tree(answer.text).text_content()


def test_the_file_itself_is_not_given_away(shown: Window) -> None:
    assert shown.answer("/wireroom.db").status_code == 403


def test_what_a_run_writes_is_seen_at_once(tmp_path: Path) -> None:
    shown = Window(shelved(tmp_path / "beside"))
    store = shown.desk.opened()
    page = shown.page("/wireroom/news")
    store.close()

    new = article("https://desk.example/new", title="Just in", published_at=NOW)
    add(shown.desk, new)

    assert ids(shown.page("/wireroom/news")) == [new.id, *ids(page)]


def test_a_store_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "50 % of #1? نعم"
    shown = Window(shelved(folder))

    assert len(ids(shown.page("/wireroom/news"))) == len(SHELF)
    assert shown.answer("/wireroom").status_code == 200


def test_only_plugins_that_are_known_stay(shown: Window) -> None:
    del shown
    names = {name for name, plugin in pm.list_name_plugin() if plugin} - set(DEFAULT_PLUGINS)

    assert {each.partition(".")[0] for each in names} <= {"cluster_map", "leaflet", "vega", "pipeline"} | names & {
        "datasette_cluster_map",
        "datasette_leaflet",
        "datasette_vega",
    }
    assert "datasette.handle_exception" not in {name for name, plugin in pm.list_name_plugin() if plugin}


# Tables and what they say


def test_public_tables_are_described_and_no_others_are_there(shown: Window, capfd: pytest.CaptureFixture[str]) -> None:
    told = shown.told("/wireroom.json")

    assert {each["name"] for each in told["tables"]} == {"articles", "outcomes", "visits"}
    assert {each["name"] for each in told["views"]} == {"news", "places"}
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("path", ["/wireroom/claims", "/wireroom/claims.json", "/wireroom/seen", "/wireroom/pages.csv"])
def test_a_private_table_is_not_there(shown: Window, path: str) -> None:
    assert shown.answer(path).status_code == 404


@pytest.mark.parametrize(
    "sql",
    ["select * from claims", "select count(*) from seen", "select title from news where id in (select id from seen)"],
)
def test_sql_does_not_read_a_private_table(shown: Window, sql: str) -> None:
    answer = shown.answer("/wireroom.json", sql=sql)

    assert answer.status_code == 400
    assert answer.json()["rows"] == []
    assert re.fullmatch("access to .* is prohibited|not authorized", answer.json()["error"])


def test_a_row_of_a_private_table_is_not_shown(shown: Window) -> None:
    answer = shown.answer("/wireroom/states/lease")

    assert answer.status_code == 403
    assert "This table is private to Wireroom" in answer.text


def test_every_column_of_the_views_is_described(shown: Window) -> None:
    for view, described in (("news", metadata.NEWS), ("places", metadata.PLACES)):
        assert shown.told(f"/wireroom/{view}.json")["columns"] == list(described)


def test_the_view_says_what_the_article_says(shown: Window) -> None:
    [row] = shown.told("/wireroom/news.json", _outlet="tigris", _shape="array")

    assert (row["id"], row["title"], row["text"], row["url"]) == (WALL.id, WALL.title, WALL.text, WALL.url)
    assert (row["outlet"], row["outlet_name"], row["country"]) == ("tigris", "صحيفة دجلة", "IQ")
    assert (row["affiliation"], row["language"], row["copies"]) == ("party", "ar", 1)
    assert (json.loads(row["actors"]), json.loads(row["regions"])) == (["pmf"], ["IQ", "IQ-AN"])


def test_csv_holds_every_hit(shown: Window, crowded: Window) -> None:
    def listed(window: Window, **asked: Json) -> list[str]:
        [link] = window.page("/wireroom/news", **asked).xpath("//a[.='CSV']/@href")
        return re.findall("^([0-9a-f]{64}),", window.answer(link).text, re.MULTILINE)

    assert listed(shown, _actor="pmf") == [WALL_COPY.id, WALL.id, VISIT.id]
    assert len(set(listed(crowded))) == NEWEST + 1
    lines = list(csv.reader(shown.answer("/articles.csv", _outlet="tigris").text.splitlines(keepends=True)))
    assert lines[0] == list(metadata.NEWS)
    assert dict(zip(*lines, strict=True))["text"] == WALL.text
    assert shown.answer("/articles.csv", _search='"').status_code == 400


# The feed


def test_a_search_is_a_feed(shown: Window) -> None:
    answer = shown.answer("/feed.atom", _actor="pmf")
    tree = ET.fromstring(answer.text)  # noqa: S314 - our own

    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert tree.findtext(f"{ATOM}title") == "Wireroom: Popular Mobilization Forces"
    assert tree.find(f"{ATOM}link[@rel='self']").get("href") == "http://localhost/feed.atom?_actor=pmf"  # type: ignore[union-attr]
    entries = tree.findall(f"{ATOM}entry")
    assert [each.findtext(f"{ATOM}id") for each in entries] == [each.url for each in (WALL_COPY, WALL, VISIT)]
    wall = entries[1]
    assert wall.get(feed.XML_LANG) == "ar"
    assert wall.findtext(f"{ATOM}content") == WALL.text
    assert wall.findtext(f"{ATOM}author/{ATOM}name") == "صحيفة دجلة"
    assert wall.find(f"{ATOM}link").get("href") == WALL.url  # type: ignore[union-attr]
    assert tree.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")


def test_a_feed_without_entries_is_one_all_the_same(shown: Window) -> None:
    tree = ET.fromstring(shown.answer("/feed.atom", _search="nowhere").text)  # noqa: S314 - our own

    assert tree.findall(f"{ATOM}entry") == []
    assert tree.findtext(f"{ATOM}updated")


def test_a_feed_holds_what_xml_can_say(shown: Window) -> None:
    tree = ET.fromstring(shown.answer("/feed.atom").text)  # noqa: S314 - our own
    contents = [each.text for each in tree.iter(f"{ATOM}content")]

    assert len(contents) == len(SHELF)
    assert "Nobody knows when." in contents
    assert {each.text for each in tree.iter(f"{ATOM}updated")} >= {"1970-01-01T00:00:00Z"}


# The timeline


def test_the_timeline_counts_the_days_of_a_search(shown: Window) -> None:
    told = shown.told("/timeline.json", _actor="pmf")
    days = {f"{each.published_at:%Y-%m-%d}" for each in (WALL, WALL_COPY, VISIT)}

    assert {step["time"] for step in told if step["articles"]} == days
    assert sum(step["articles"] for step in told) == 3
    assert sum(step["articles"] for step in shown.told("/timeline.json")) == len(SHELF) - 1, "all but the undated"
    assert sum(step["articles"] for step in shown.told("/timeline.json", _story=WALL.id)) == 2


def test_a_bar_of_the_timeline_leads_to_its_day(shown: Window) -> None:
    page = shown.page("/timeline", _search="kandil", _since="90d")
    [link] = page.xpath("//ol[@class='bars']//a/@href")

    assert ids(shown.page(link)) == [TALKS.id]
    assert page.xpath("//script") == [], "one bar needs no other chart"
    assert "Nothing found" in shown.page("/timeline", _search="nowhere").text_content()


def test_the_chart_of_vega_is_offered_where_there_is_something_to_chart(shown: Window) -> None:
    page = shown.page("/timeline")

    assert any("vega" in each for each in page.xpath("//script/@src"))
    assert page.xpath("//*[contains(@class, 'export-links')]//a/@href") == ["/timeline.json"]
    assert page.xpath("//table[@class='rows-and-columns']")


def test_days_without_articles_are_there_and_long_times_are_months() -> None:
    day = (datetime(2026, 12, 30, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days

    assert timeline.steps([]) == []
    assert [(step.time, step.articles) for step in timeline.steps([(day, 2), (day + 3, 1)])] == [
        ("2026-12-30", 2),
        ("2026-12-31", 0),
        ("2027-01-01", 0),
        ("2027-01-02", 1),
    ]
    months = timeline.steps([(day + 3, 1), (day, 2), (day - 200, 4), (-719_162, 1)])
    assert [step.time for step in months[:3]] == ["0001-01", "0001-02/2026-05", "2026-06"]
    assert [(step.time, step.articles) for step in months[3:]] == [
        *((f"2026-{month:02}", 0) for month in range(7, 12)),
        *(("2026-12", 2), ("2027-01", 1)),
    ]
    assert (months[1].articles, months[1].since, months[1].until) == (0, "0001-02-01", "2026-06-01")
    assert (months[-2].since, months[-2].until) == ("2026-12-01", "2027-01-01")


def test_empty_months_of_some_years_are_all_there() -> None:
    found = timeline.steps([(0, 1), (365 * 19, 1)])

    assert len(found) == 12 * 19
    assert {step.articles for step in found[1:-1]} == {0}


def test_the_timeline_ends_with_the_calendar(tmp_path: Path) -> None:
    desk = Desk(tmp_path).write()
    far = article("https://desk.example/far", published_at=datetime(9999, 12, 31, 23, tzinfo=UTC))
    add(desk, far)
    shown = Window(desk)

    assert shown.told("/timeline.json") == [{"time": "9999-12-31", "articles": 1}]
    [link] = shown.page("/timeline").xpath("//ol[@class='bars']//a/@href")
    assert ids(shown.page(link)) == [far.id]
    add(desk, article("https://desk.example/near", published_at=NOW))
    assert shown.told("/timeline.json")[-1] == {"time": "9999-12", "articles": 1}


@pytest.mark.parametrize("span", [{"_since": "52h"}, {"_since": "100h", "_until": "31h"}, {"_until": "50h"}])
def test_a_bar_finds_what_it_counts_and_nothing_beyond_the_search(tmp_path: Path, span: Json) -> None:
    desk = Desk(tmp_path).write()
    add(desk, *(article(f"https://desk.example/{n}", published_at=NOW - n * 7 * HOUR) for n in range(20)))
    shown = Window(desk)
    found = shown.page("/timeline", **span).xpath("//ol[@class='bars']//a")
    bars = [(int(each.get("title").rpartition(": ")[2]), each.get("href")) for each in found]

    assert [len(ids(shown.page(link))) for _, link in bars] == [count for count, _ in bars]
    assert sum(count for count, _ in bars) == len(ids(shown.page("/wireroom/news", **span)))


# The map


def test_the_map_holds_each_place_of_each_hit(shown: Window) -> None:
    told = shown.told("/map.json", _outlet="tigris")

    assert [(row["latitude"], row["longitude"]) for row in told["rows"]] == [(34.38, 41.09), (33.34, 44.4)]
    assert {row["popup"]["link"] for row in told["rows"]} == {f"/article/{WALL.id}"}
    assert told["rows"][0]["popup"]["title"] == f"\u200f{WALL.title}"
    assert told["next_url"] is None
    assert len(shown.told("/map.json")["rows"]) == 4
    assert len(shown.told("/wireroom/places.json", _language="ckb")["rows"]) == 1


def test_a_map_without_places_needs_no_script(shown: Window) -> None:
    page = shown.page("/map", _search="kandil")

    assert page.xpath("//script") == []
    assert "0 mentions of places" in page.text_content()


def test_places_are_found_behind_thousands_of_articles_that_name_none(crowded: Window) -> None:
    assert "1 mention of a place;" in crowded.page("/map", _country="IQ").text_content()


def test_where_all_take_too_long_places_are_looked_for_among_the_newest_articles() -> None:
    class Slow:
        """A database that takes long over all articles."""

        async def execute(self, sql: str, *_: object, custom_time_limit: int | None, **__: object) -> Results:
            if custom_time_limit:
                raise QueryInterrupted(None, sql, None)
            return Results([sql], False, ())  # noqa: FBT003 - the signature is Datasette's

    [sql], among = asyncio.run(pins.found(Slow(), Asked()))

    assert among == NEWEST
    assert f"LIMIT {NEWEST})" in str(sql)


def test_the_ground_of_the_map_is_our_own(shown: Window) -> None:
    scripts = "".join(shown.page("/map").xpath("//script/text()"))

    assert "/tiles/{z}/{x}/{y}.svg" in scripts
    assert (
        "http" not in scripts.replace("https://www.openstreetmap.org", "openstreetmap")
        or "openstreetmap" not in scripts
    )
    x, y = (int(each / tiles.SIZE) for each in tiles.pixel(33.34, 44.40, 7))
    tile = shown.answer(f"/tiles/7/{x}/{y}.svg")
    assert tile.headers["content-type"] == "image/svg+xml"
    assert "Baghdad" in tile.text
    ET.fromstring(tile.text)  # noqa: S314 - our own
    west = shown.answer(f"/tiles/7/{x - 128}/{y}.svg")
    assert west.text == tile.text, "the world goes round"


@pytest.mark.parametrize("path", ["/tiles/13/0/0.svg", "/tiles/2/0/4.svg", "/tiles/2/x/0.svg", "/tiles/2/0/-1.svg"])
def test_beyond_the_edge_there_is_no_tile(shown: Window, path: str) -> None:
    assert shown.answer(path).status_code == 404


def test_names_on_the_ground_leave_each_other_room_and_cross_edges() -> None:
    places = [
        Region("AA", "<Aland>", kind="country"),
        Region("a", "Alpha", "city", ("AA",), 0.1, 0.1),
        Region("b", "Beta", "city", ("AA",), 0.1, 0.11),
        Region("c", "Gamma", "city", ("AA",), 0.1, 40.0),
        Region("BB", "Nowhere", kind="country"),
    ]
    ground = tiles.Ground(places)
    x, y = (int(each / tiles.SIZE) for each in tiles.pixel(0.1, 0.1, 6))
    near = ground.tile(6, x, y)

    assert "Alpha" in near
    assert "Beta" not in near, "there is no room beside Alpha"
    assert "Nowhere" not in ground.tile(0, 0, 0), "a country without cities has no middle"
    assert "&lt;Aland&gt;" in ground.tile(0, 0, 0)
    assert "Alpha" not in ground.tile(2, 2, 1), "cities are named from near only"
    edge = tiles.Ground([Region("d", "Longname", "city", ("CC",), 10.0, 45 - 0.02)])
    x, y = (int(each / tiles.SIZE) for each in tiles.pixel(10.0, 44.98, 8))
    assert all("Longname" in edge.tile(8, column, y) for column in (x, x + 1))


# Names and faults


def test_ids_are_shown_by_their_names() -> None:
    labels = Labels.of(
        None, [Region("IQ-BG", "Baghdad", "province"), Region("b", "Baghdad", "city"), Region("s", "Sinjar")]
    )

    assert [labels.region(each) for each in ("IQ-BG", "b", "s", "IQ", "zz9")] == [
        *("Baghdad (province)", "Baghdad", "Sinjar", "Iraq", "zz9"),
    ]
    assert labels.actor("pmf") == "pmf"
    assert labels.named(None) == ()
    assert (country("TR"), country("??")) == ("Türkiye", "??")
    assert (language("ckb"), language("hy"), language("q9")) == ("Sorani Kurdish", "Armenian", "q9")
    assert labels.show("_outlet", "x") == "x"


@pytest.mark.parametrize(
    ("fault", "status", "sentence"),
    [
        (ConfigError("search words: no"), 400, "search words: no"),
        (NotFound("not here"), 404, "not here"),
        (QueryInterrupted(None, "select 1", None), 400, LATE),
        (sqlite3.DatabaseError("odd"), 503, "store x.db cannot be used"),
        (KeyError("x"), 500, BUG),
    ],
)
def test_a_fault_is_told_in_one_sentence(fault: Exception, status: int, sentence: str) -> None:
    assert told(fault, Path("x.db"))[0] == status
    assert str(told(fault, Path("x.db"))[1]).startswith(sentence)


def test_a_bug_is_a_sentence_on_the_page_and_a_traceback_in_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = Window(shelved(tmp_path / "broken"))
    broken.datasette.ground = None

    answer = broken.answer("/tiles/1/0/0.svg")

    assert answer.status_code == 500
    assert BUG in tree(answer.text).text_content()
    assert "AttributeError" in capfd.readouterr().err


def test_a_store_that_went_away_is_named(tmp_path: Path) -> None:
    shown = Window(shelved(tmp_path / "gone"))
    shutil.rmtree(tmp_path / "gone")

    answer = shown.answer("/timeline.json")

    assert answer.status_code == 503
    assert "wireroom.db cannot be opened" in answer.json()["error"]


def test_a_search_reads_only_what_it_knows() -> None:
    asked = read("_search=+PMF+&_actor=&_facet=x&other=1&_since=2d", NOW)

    assert asked.pairs == (("_search", "PMF"), ("_since", "2d"))
    assert asked.search.since == NOW - timedelta(days=2)
    assert Asked().clauses() == ([], {})


# The command


@pytest.fixture(scope="module")
def desk(shown: Window) -> Desk:
    return shown.desk


def test_it_tells_its_address_answers_and_ends_with_ctrl_c(desk: Desk) -> None:
    command = [sys.executable, "-m", "pipeline", "browse", "--port", "0", *desk.places]
    with subprocess.Popen(  # noqa: S603 - a command of our own
        command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        page = httpx.get(f"{address}wireroom/news", timeout=SECONDS, trust_env=False)
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0
        assert "Traceback" not in process.stderr.read()
    assert "الحشد الشعبي" in page.text
    assert "server" not in page.headers


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"--port {port}: Address already in use; name another one, or 0"):
            listen(port)


def test_a_missing_extra_is_one_sentence_with_the_remedy(desk: Desk) -> None:
    told = desk.spawned("browse", before="import sys; sys.modules['datasette'] = None")

    assert (told.code, told.out) == (2, "")
    assert told.err == "wireroom: browse needs datasette: `pip install '.[browse]'` in Wireroom's folder.\n"


def test_no_store_is_one_sentence_and_makes_none(tmp_path: Path) -> None:
    told = Desk(tmp_path).typed("browse")

    assert told.code == 2
    assert "there is no such store" in told.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["https://kibana.example:5601", ""])
def test_on_elasticsearch_it_tells_the_address_of_kibana(address: str) -> None:
    store = ("--store", "elasticsearch+https://es.example:9200")
    told = spawned("browse", *store, environ={"WIREROOM_KIBANA_URL": address} if address else {})

    assert (told.code, told.out) == ((0, f"{address}\n") if address else (2, ""))
    assert ("set WIREROOM_KIBANA_URL" in told.err) is not bool(address)


def names_by(desk: Desk) -> Callable[[], object]:
    from pipeline.cli.browse import names

    return lambda: names(desk.config)


def test_without_a_readable_configuration_ids_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = Desk(tmp_path).write(actors="- {id: pmf, colour: red}")

    assert names_by(broken)() is None
    assert "shown by their ids" in capsys.readouterr().err
