"""`wireroom browse` as Chromium shows it: nothing is asked of strangers, each script runs its way, charts are drawn."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

import pytest

if os.environ.get("WIREROOM_CI") != "1":
    pytest.importorskip("datasette", reason="pip install -e '.[browse]'")

from pipeline.browse.direction import MARK
from tests.browser import PHONE, Browser, chromium
from tests.command_line import ENVIRONMENT, Desk
from tests.house import ROOT
from tests.local_server import LocalServer, Reply
from tests.shelf import DRONES, HOSTILE, SHELF, WALL, shelved

CONTRAST = 4.5  # WCAG 2.2, 1.4.3
RATIO = """
const light = colour => {
  const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).slice(0, 3)
    .map(each => each / 255).map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = each => {
  for (; each; each = each.parentElement) {
    const colour = getComputedStyle(each).backgroundColor;
    if (!colour.endsWith(', 0)')) return colour;
  }
  return 'rgb(255, 255, 255)';
};
return [...document.querySelectorAll(arguments[0])].map(each => {
  const [a, b] = [light(getComputedStyle(each).color), light(ground(each))].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
});
"""


class Site(NamedTuple):
    """A server in a process of its own, and what it serves."""

    address: str
    desk: Desk

    def url(self, path: str) -> str:
        """The address of a page."""
        return self.address + path.removeprefix("/")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    desk = shelved(tmp_path_factory.mktemp("site"))
    command = [sys.executable, "-m", "pipeline", "browse", "--port", "0", *desk.places]
    with subprocess.Popen(  # noqa: S603 - a command of our own
        command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        try:
            yield Site(process.stdout.readline().strip(), desk)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def phone() -> Iterator[Browser]:
    with chromium(PHONE) as opened:
        yield opened


PAGES = (
    "/wireroom/news",
    "/wireroom/news?_search=pmf&_since=90d",
    "/wireroom/news?_search=%22",
    *(f"/article/{each.id}" for each in (WALL, HOSTILE)),
    "/timeline",
    "/map",
    "/wireroom",
    "/wireroom?sql=select+33+as+latitude%2C+44+as+longitude",
    "/wireroom/places",
    "/wireroom/articles",
    "/nothing",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_without_complaint_and_asks_nothing_of_strangers(site: Site, browser: Browser, path: str) -> None:
    browser.looked()
    browser.open(site.url(path))
    browser.waits("document.readyState === 'complete'")
    looked = browser.looked()

    assert [each for each in looked.requests if not each.startswith((site.address, "data:"))] == []
    assert [each for each in looked.complaints if "404" not in each] == []
    assert browser.says("return document.title")


@pytest.mark.parametrize("path", [page for page in PAGES if not page.startswith(("/wireroom/p", "/wireroom?"))])
def test_a_page_fits_a_phone(site: Site, phone: Browser, path: str) -> None:
    phone.open(site.url(path))
    if path.startswith("/wireroom") and "news" not in path:  # Datasette's own tables scroll inside
        return

    assert phone.says("return innerWidth") == PHONE[0]
    assert phone.says("return document.documentElement.scrollWidth") <= PHONE[0]


def test_each_title_of_the_list_runs_its_way(site: Site, browser: Browser) -> None:
    browser.open(site.url("/wireroom/news"))

    found = browser.says(
        "return [...document.querySelectorAll('h2')].map(each => [each.lang, getComputedStyle(each).direction])"
    )

    directions = {language: direction for language, direction in found if language}
    assert directions == {"ar": "rtl", "fa": "rtl", "ckb": "rtl", "he": "rtl", "hy": "ltr", "tr": "ltr"}


@pytest.mark.parametrize("it", [each for each in SHELF if len(each.language) <= 3], ids=lambda it: it.language)
def test_an_article_begins_at_the_side_where_its_readers_begin(site: Site, browser: Browser, it: object) -> None:
    assert isinstance(it, type(WALL))
    browser.open(site.url(f"/article/{it.id}"))

    found = browser.says(
        """const line = document.querySelector('.text p'), range = document.createRange();
        range.selectNodeContents(line);
        const inner = range.getBoundingClientRect(), outer = line.getBoundingClientRect();
        return [getComputedStyle(line).direction, outer.right - inner.right < 2, inner.left - outer.left < 2]"""
    )

    right_to_left = it.language in {"ar", "fa", "ckb", "he"}
    assert found[0] == ("rtl" if right_to_left else "ltr")
    assert found[1 if right_to_left else 2] is True


def test_a_latin_word_at_the_beginning_turns_no_arabic_line(site: Site, browser: Browser) -> None:
    browser.open(site.url(f"/article/{DRONES.id}"))

    lines = browser.says(
        """return [...document.querySelectorAll('h1, .text > p, del')].map(each => {
          const line = each.closest('h1, p'), range = document.createRange();
          range.selectNodeContents(line);
          const inner = range.getBoundingClientRect(), outer = line.getBoundingClientRect();
          return [each.textContent, getComputedStyle(line).direction, outer.right - inner.right < 2];
        })"""
    )

    assert [line[1:] for line in lines if line[0] != "Download our app"] == [["rtl", True]] * 5
    assert [line[1] for line in lines if line[0] == "Download our app"] == ["ltr"]
    browser.open(site.url("/wireroom/news?_outlet=voice"))
    listed = "return [...document.querySelectorAll('article h2, .excerpt')].map(e => getComputedStyle(e).direction)"
    assert browser.says(listed) == ["rtl", "rtl"]


def test_a_name_from_the_right_does_not_turn_its_neighbours(site: Site, browser: Browser) -> None:
    browser.open(site.url(f"/article/{WALL.id}"))

    found = browser.says(
        "return [...document.querySelector('.meta').children].map(each => each.getBoundingClientRect().left)"
    )

    assert len(found) >= 4
    assert found == sorted(found), "outlet, country, affiliation, language stand in this order"


def test_marks_are_light_and_their_text_is_dark(site: Site, browser: Browser) -> None:
    browser.open(site.url(f"/article/{WALL.id}"))

    marks = browser.says("return [...document.querySelectorAll('mark')].map(each => [each.title, each.textContent])")

    assert marks == [["pmf", "الحشد الشعبي"]] * 2
    assert min(browser.says(RATIO, "mark, .text p, h1, .meta span, .gone summary, .tags a")) >= CONTRAST


def test_facets_can_be_read_and_say_what_is_chosen(site: Site, browser: Browser) -> None:
    browser.open(site.url("/wireroom/news?_actor=pmf"))
    chosen = "[...document.querySelectorAll('.facet [aria-current=true]')].map(each => each.innerText)"

    seen = ".facets a, .facets b, .facets h2, .facets .note, .facets span, .chips a, .chips span"
    assert min(browser.says(RATIO, seen)) >= CONTRAST
    assert browser.says("return document.querySelectorAll('h1').length") == 1
    assert browser.says(f"return {chosen}") == ["Popular Mobilization Forces remove"]
    browser.says("document.querySelector('.facet a[title=pkk]').click()")
    browser.waits(f"document.readyState === 'complete' && {chosen}.length === 2")
    assert browser.says("return document.querySelectorAll('article').length") == 4


def test_the_first_key_leads_past_the_top_of_the_page(site: Site, browser: Browser) -> None:
    browser.open(site.url("/wireroom/news"))

    browser.says("document.querySelector('a').focus()")

    assert browser.says("return document.activeElement.getAttribute('href')") == "#main"
    assert browser.says("return document.activeElement.getBoundingClientRect().width") > 50


def test_a_strangers_page_runs_no_sql_here(site: Site, browser: Browser) -> None:
    sql = site.url("/wireroom.json?sql=select+1")
    body = f'<!doctype html><img src="{sql}"><script>fetch("{sql}", {{mode: "no-cors"}})</script>'.encode()
    with LocalServer({"/": Reply(body, headers={"Content-Type": "text/html"})}) as stranger:
        browser.looked()
        browser.open(stranger.url("/"))
        browser.waits("document.readyState === 'complete'")
        looked = browser.looked()

    assert [each for each in looked.requests if each == sql]
    assert [each for each in looked.complaints if "403" in each]


PIN = """select 33 as latitude, 44 as longitude,
'{"title": "x", "link": "javascript:document.title=1+1"}' as popup"""


def test_a_link_to_sql_brings_no_script_of_its_own(site: Site, browser: Browser) -> None:
    browser.open(site.url(f"/wireroom?{urlencode({'sql': PIN})}"))
    browser.waits("document.querySelector('.CodeMirror')")  # Datasette's own scripts run
    title = browser.says("return document.title")

    browser.says(
        "const link = document.createElement('a'); link.href = 'javascript:document.title=1+1';"
        "document.body.append(link); link.click()"
    )

    assert browser.says("return new Promise(done => setTimeout(() => done(document.title), 0))") == title
    assert browser.says("return document.querySelector('.leaflet-container')") is None
    assert [each for each in browser.looked().complaints if "Content Security Policy" in each]


def test_removed_lines_are_struck_and_can_be_unfolded(site: Site, browser: Browser) -> None:
    browser.open(site.url(f"/article/{WALL.id}"))
    struck = "return [...document.querySelectorAll('del')].filter(each => each.checkVisibility()).map(each => "
    before = browser.says(struck + "getComputedStyle(each).textDecorationLine)")

    browser.says("document.querySelector('details:not([open]) summary').click()")

    assert before == ["line-through"] * 3
    assert len(browser.says(struck + "1)")) == 8


@pytest.mark.parametrize("words", ["pmf", 'دهوك* OR "صה"', "NOT pmf", 'kandil OR צה"ל'])
def test_the_search_box_finds_what_wireroom_search_finds(site: Site, browser: Browser, words: str) -> None:
    expected = site.desk.searched("--all", "--json", words)
    browser.open(site.url("/wireroom/news"))

    browser.says(
        "document.querySelector('input[type=search]').value = arguments[0];"
        "document.querySelector('form.search button').click()",
        words,
    )

    browser.waits("location.search.includes('_search') && document.readyState === 'complete'")
    found = browser.says("return [...document.querySelectorAll('h2 a')].map(each => each.pathname.split('/')[2])")
    assert found == [row["id"] for row in expected.rows]
    assert browser.says("return document.querySelector('input[type=search]').value") == words


def test_the_map_shows_places_on_a_ground_of_its_own(site: Site, browser: Browser) -> None:
    browser.looked()
    browser.open(site.url("/map?_language=ckb"))
    browser.waits("document.querySelector('.leaflet-marker-icon') && document.querySelector('.leaflet-tile-loaded')")

    browser.says("document.querySelector('.leaflet-marker-icon').click()")

    link = browser.waits("document.querySelector('.leaflet-popup-content a')?.textContent")
    assert link.removeprefix(MARK).startswith("ڕێگای نوێی دهۆک کرایەوە")
    looked = browser.looked()
    assert [each for each in looked.requests if "/tiles/" in each]
    assert [each for each in looked.requests if not each.startswith((site.address, "data:"))] == []
    assert looked.complaints == []


def test_a_title_on_the_map_stays_text(site: Site, browser: Browser) -> None:
    browser.open(site.url("/map?_outlet=evil"))
    browser.waits("document.querySelector('.leaflet-marker-icon')").clear()

    browser.says("document.querySelector('.leaflet-marker-icon').click()")

    shown = browser.waits("document.querySelector('.leaflet-popup-content strong')?.textContent")
    assert shown == HOSTILE.title


def test_the_timeline_has_bars_and_a_chart_to_play_with(site: Site, browser: Browser) -> None:
    browser.open(site.url("/timeline"))
    heights = browser.says(
        "return [...document.querySelectorAll('.bars b')].map(each => each.getBoundingClientRect().height)"
    )

    browser.waits("document.querySelector('.datasette-vega-inactive button')")
    browser.says("document.querySelector('.datasette-vega-inactive button').click()")
    browser.waits("document.querySelector('.datasette-vega input[value=bar]')")
    browser.says("document.querySelector('.datasette-vega input[value=bar]').click()")

    assert max(heights) > 100
    assert min(each for each in heights if each > 2) < max(heights) * 0.6, "two articles of one day stand twice as high"
    assert browser.waits("document.querySelector('.vega-embed canvas')?.width > 100")
    assert [each for each in browser.looked().requests if not each.startswith((site.address, "data:"))] == []
