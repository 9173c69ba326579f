"""The bundled newsroom: what it publishes, how its pages and feeds look, and how it answers."""

from __future__ import annotations

import json
import re
import socket
from calendar import timegm
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from pipeline import config, urls
from pipeline.model import Fate, Source
from pipeline.newsroom import Newsroom
from pipeline.newsroom.dates import jalali, new_year, spoken
from pipeline.newsroom.expected import expected
from pipeline.newsroom.press import Press, summary
from pipeline.newsroom.site import Site
from pipeline.newsroom.stories import Outlet, Story, furniture, outlets
from pipeline.newsroom.syndication import feed

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
LANGUAGES = {"ar", "fa", "ckb", "kmr", "tr", "he", "az", "hy", "fr", "en"}
OUTLETS = {outlet.id: outlet for outlet in outlets()}
STORIES = [(outlet, story) for outlet in OUTLETS.values() for story in outlet.stories]
ARTICLES = [(outlet, story) for outlet, story in STORIES if story.page == "good" and story.linked]
WIRE = ("sanabil/joint-patrols", "difat-dijla/joint-patrols-next-week", "al-marfaa/joint-patrols-iraq")

SCRIPTS = {
    **dict.fromkeys(("ar", "fa", "ckb"), re.compile(r"[\u0600-\u06ff]")),
    **dict.fromkeys(("kmr", "tr", "az", "fr", "en"), re.compile(r"[A-Za-z\u00c0-\u024f\u0259\u018f\u1e00-\u1eff]")),
    "he": re.compile(r"[\u05d0-\u05ea]"),
    "hy": re.compile(r"[\u0531-\u0587]"),
}
SPELLINGS = {
    "ar": "ةىأإ",
    "fa": "گچپی\u200c",
    "ckb": "ێۆەڕ",
    "kmr": "êîûş",
    "tr": "ığşç",
    "he": "םןץ",
    "az": "əığş",
    "hy": "եու։",
    "fr": "éèàç",
    "en": "the",
}
"""By language: signs that every correctly spelt article of some length holds most of."""

NAMES = {
    "ar": (
        "الحشد الشعبي",
        "البيشمركة",
        "حزب العمال الكردستاني",
        "كتائب حزب الله",
        "داعش",
        "الحوثيون",
        "الجيش الإسرائيلي",
    ),
    "fa": ("سپاه پاسداران انقلاب اسلامی", "حشد شعبی", "نیروی قدس", "پیشمرگه", "حزب کارگران کردستان", "عصائب اهل الحق"),
    "ckb": ("پێشمەرگە", "پەکەکە", "حەشدی شەعبی", "داعش", "حکومەتی هەرێمی کوردستان"),
    "kmr": ("Hêzên Sûriya Demokratîk", "PKK", "Heşda Şeibî", "Pêşmerge", "YPG", "Artêşa Tirkiyeyê"),
    "tr": ("PKK'nın", "Haşdi Şabi'ye", "SDG", "Türk Silahlı Kuvvetleri'nin", "Cumhurbaşkanı Erdoğan", "IŞİD", "MİT"),
    "he": ('צה"ל', "חיזבאללה", "כוח קודס", "משמרות המהפכה", "גדודי חזבאללה", "אל-חשד א-שעבי"),
    "az": ("İslam İnqilabı Keşikçiləri Korpusu", "Nikol Paşinyan", "PKK", "Heyət Təhrir əş-Şam", "Ərdoğan"),
    "hy": ("Նիկոլ Փաշինյան", "Էրդողան", "ՀԱՊԿ", "Իսլամական հեղափոխության պահապանների կորպուս"),
    "fr": ("Hezbollah", "Tsahal", "peshmergas", "Hachd al-Chaabi", "Daech"),
    "en": ("Popular Mobilization Forces", "PMF", "SDF", "YPG", "Kata'ib Hezbollah", "Houthi", "US forces", "ISIS"),
}
"""By language: actors as its press writes them, clitics and endings included."""


def story_id(case: tuple[Outlet, Story]) -> str:
    outlet, story = case
    return f"{outlet.id}/{story.slug}"


every_story = pytest.mark.parametrize("case", STORIES, ids=story_id)
every_article = pytest.mark.parametrize("case", ARTICLES, ids=story_id)
every_outlet = pytest.mark.parametrize("outlet", OUTLETS.values(), ids=lambda outlet: outlet.id)


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    with Newsroom.serve(NOW) as running:
        yield running


@pytest.fixture(scope="module")
def web() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


def site(outlet: Outlet, edition: int = 1) -> Site:
    return Site(outlet, "http://127.0.0.1:1", NOW, edition, furniture()[outlet.language])


def page(outlet: Outlet, story: Story, edition: int = 1) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(Press(site(outlet, edition)).page(story))


def visible(tree: lxml_html.HtmlElement) -> str:
    return " ".join(" ".join(tree.xpath("//body//text()[not(ancestor::script)]")).split())


def one(outlet: str, slug: str) -> tuple[Outlet, Story]:
    return OUTLETS[outlet], site(OUTLETS[outlet]).find(slug)


def marked(mark: str) -> list[tuple[Outlet, Story]]:
    """Articles that show this peculiarity."""
    return [(outlet, story) for outlet, story in ARTICLES if getattr(story, mark) not in ("", None, False)]


def source(newsroom: Newsroom, name: str) -> Source:
    return next(source for source in newsroom.sources if source.id == name)


def read(newsroom: Newsroom, web: httpx.Client, name: str) -> Any:  # noqa: ANN401 - feedparser has no types
    return feedparser.parse(web.get(source(newsroom, name).feed).content)


# ---------------------------------------------------------------- what is published


def test_every_language_has_its_articles() -> None:
    counts = Counter(outlet.language for outlet, _ in ARTICLES)

    assert set(counts) == LANGUAGES
    assert min(counts.values()) >= 5
    assert min(counts["ar"], counts["fa"], counts["en"]) >= 8
    assert sum(counts.values()) >= 66


def test_there_are_many_outlets_and_six_content_systems() -> None:
    assert len(OUTLETS) >= 11
    assert len({outlet.system.frame.template for outlet in OUTLETS.values()}) == 6
    assert {outlet.feed for outlet in OUTLETS.values()} == {"rss", "atom", "json"}
    assert {outlet.affiliation for outlet in OUTLETS.values()} >= {"state", "private", "exile", "independent"}


@every_article
def test_an_article_has_the_length_of_a_news_report(case: tuple[Outlet, Story]) -> None:
    _, story = case

    assert 4 <= len(story.paragraphs) <= 9
    assert 120 <= len(" ".join(story.paragraphs).split()) <= 350
    assert all(paragraph == " ".join(paragraph.split()) and paragraph for paragraph in story.paragraphs)


@every_article
def test_an_article_is_written_in_its_own_script(case: tuple[Outlet, Story]) -> None:
    outlet, story = case
    text = " ".join((story.title, *story.paragraphs))
    letters = [character for character in text if character.isalpha()]
    own = sum(bool(SCRIPTS[outlet.language].match(letter)) for letter in letters)
    signs = SPELLINGS[outlet.language]

    assert own / len(letters) > 0.97
    assert sum(sign in text for sign in signs) >= len(signs) - 1


@every_article
def test_an_article_says_who_wrote_it_where_and_on_what(case: tuple[Outlet, Story]) -> None:
    outlet, story = case

    assert story.author
    assert story.section in outlet.sections
    assert 2 <= len(story.tags) <= 4
    assert 20 <= len(story.title) <= 110


def test_persian_and_arabic_keep_their_own_letters() -> None:
    persian = "".join("".join(story.paragraphs) for outlet, story in STORIES if outlet.language == "fa")
    arabic = "".join("".join(story.paragraphs) for outlet, story in STORIES if outlet.language == "ar")

    assert not set("يكىة") & set(persian)
    assert not set("یکگچپژ") & set(arabic)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_actors_appear_as_the_press_of_the_language_writes_them(language: str) -> None:
    text = "\n".join(
        "\n".join((story.title, *story.paragraphs, story.correction))
        for outlet, story in ARTICLES
        if outlet.language == language
    )

    assert [name for name in NAMES[language] if name not in text] == []


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_not_every_article_names_an_actor(language: str) -> None:
    named = [
        any(name.casefold() in "\n".join((story.title, *story.paragraphs)).casefold() for name in NAMES[language])
        for outlet, story in ARTICLES
        if outlet.language == language
    ]

    assert True in named
    assert False in named


def test_slugs_and_numbers_tell_stories_apart() -> None:
    for outlet in OUTLETS.values():
        assert len({story.slug for story in outlet.stories}) == len(outlet.stories)
        assert len({story.number for story in outlet.stories}) == len(outlet.stories)
    assert all(re.fullmatch(r"[a-z0-9-]+", story.slug) for _, story in STORIES)
    assert all(100_000 <= story.number <= 999_999 for _, story in STORIES)


@every_outlet
def test_links_between_stories_lead_somewhere(outlet: Outlet) -> None:
    first = {story.slug for story in outlet.stories if story.edition == 1}

    for story in outlet.stories:
        assert {story.also, story.scroll} - {""} <= first - {story.slug}
        assert story.repeat is None or story.repeat < len(story.paragraphs)


def test_most_stories_are_of_the_last_three_days_and_many_of_the_last_one() -> None:
    hours = [story.hours for _, story in ARTICLES]

    assert max(hours) < 24 * 4
    assert min(hours) > 0
    assert sum(each <= 72 for each in hours) / len(hours) > 0.85
    assert sum(each <= 24 for each in hours) >= 20


@every_outlet
def test_stories_come_newest_first(outlet: Outlet) -> None:
    assert all(newer.hours < older.hours for newer, older in pairwise(outlet.stories))


def test_furniture_has_the_same_words_in_every_language() -> None:
    words = furniture()

    assert set(words) == LANGUAGES
    assert len({frozenset(each) for each in words.values()}) == 1
    assert all(word.strip() for each in words.values() for word in each.values())
    assert {each["reply"] for each in words.values()} > {"Leave a Reply", "اترك تعليقاً", "Laisser un commentaire"}


def test_a_wire_story_is_reprinted_by_three_outlets_with_small_edits() -> None:
    reprints = [one(*case.split("/")) for case in WIRE]
    shingles = [set(re.findall(r"(?=(\w+ \w+ \w+))", " ".join(story.paragraphs))) for _, story in reprints]

    assert {outlet.language for outlet, _ in reprints} == {"ar"}
    assert len({outlet.id for outlet, _ in reprints}) == 3
    assert len({story.title for _, story in reprints}) == 3
    assert len({story.paragraphs for _, story in reprints}) == 3
    assert all(len(one & other) / min(len(one), len(other)) > 0.9 for one, other in combinations(shingles, 2))
    assert [story.hours for _, story in reprints] == sorted((story.hours for _, story in reprints), reverse=True)


def test_no_two_other_articles_share_a_paragraph() -> None:
    paragraphs = Counter(
        paragraph
        for outlet, story in ARTICLES
        if story_id((outlet, story)) not in WIRE
        for paragraph in story.paragraphs
    )

    assert [paragraph for paragraph, count in paragraphs.items() if count > 1] == []


def test_a_misspelt_key_of_a_story_is_an_error() -> None:
    from pipeline.newsroom.stories import _story

    with pytest.raises(KeyError, match="a-slug: titel"):
        _story({"slug": "a-slug", "hours": 1, "titel": "…"})


# ---------------------------------------------------------------- pages


@every_article
def test_a_page_holds_every_paragraph_of_its_article(case: tuple[Outlet, Story]) -> None:
    outlet, story = case
    text = visible(page(outlet, story, story.edition))

    assert all(paragraph in text for paragraph in story.paragraphs)
    assert story.title in text


@every_article
def test_a_page_is_surrounded_by_furniture_in_its_language(case: tuple[Outlet, Story]) -> None:
    outlet, story = case
    words = furniture()[outlet.language]
    tree = page(outlet, story, story.edition)
    text = visible(tree)

    for box in ("home", "latest", "popular", "related", "share", "reply", "comment_note", "newsletter_text", "rights"):
        assert words[box] in text, box
    assert all(section in text for section in outlet.sections)
    assert tree.xpath("//textarea")
    assert tree.get("lang") == outlet.language
    assert tree.get("dir") == outlet.direction


@every_article
def test_a_page_names_other_stories_of_its_outlet(case: tuple[Outlet, Story]) -> None:
    outlet, story = case
    links = page(outlet, story, story.edition).xpath("//a/@href")
    others = [other for other in outlet.stories if other is not story and other.edition == 1]
    shown = [other for other in others if site(outlet).url(other) in links]

    assert len(shown) >= min(4, len(others))


@every_article
def test_no_placeholder_is_left_on_a_page(case: tuple[Outlet, Story]) -> None:
    outlet, story = case
    written = Press(site(outlet, story.edition)).page(story)

    assert not re.search(r"\$\w|\{\w+\}", written)
    assert "None" not in written


@every_article
def test_a_page_carries_its_date(case: tuple[Outlet, Story]) -> None:
    outlet, story = case
    published = NOW - timedelta(hours=story.hours)
    head = Press(site(outlet, story.edition)).page(story)
    stamps = [
        datetime.fromisoformat(stamp) for stamp in re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", head)
    ]

    assert published.replace(microsecond=0) in stamps
    assert spoken(site(outlet).published(story), outlet.language) in head


def test_times_are_in_the_zone_of_the_outlet() -> None:
    zones = {name: site(outlet).published(outlet.stories[0]).utcoffset() for name, outlet in OUTLETS.items()}

    assert zones["sepidar"] == timedelta(hours=3, minutes=30)
    assert zones["kamurj"] == timedelta(hours=4)
    assert zones["eastern-corridor"] == timedelta(0)


def test_a_headline_stands_again_as_first_line() -> None:
    for outlet, story in marked("headline_first"):
        text = visible(page(outlet, story))
        first = story.paragraphs[1 if outlet.system.lead_apart else 0]

        assert f"{story.title} {first}" in text

    assert len(marked("headline_first")) >= 4


def test_a_paragraph_stands_on_the_page_once_more() -> None:
    for outlet, story in marked("repeat"):
        assert story.repeat is not None
        text = visible(page(outlet, story))

        assert text.count(story.paragraphs[story.repeat]) == 2
        assert f"{story.paragraphs[-1]} {story.paragraphs[story.repeat]}" in text

    assert len({outlet.language for outlet, _ in marked("repeat")}) >= 6


def test_a_line_inside_the_text_leads_to_another_article() -> None:
    for outlet, story in marked("also"):
        other = site(outlet).find(story.also)
        line = f"{furniture()[outlet.language]['also']} {other.title}"

        assert visible(page(outlet, story)).replace(story.title, "").count(line) == 1

    assert len({outlet.language for outlet, _ in marked("also")}) >= 6


def test_endless_scroll_appends_a_second_article() -> None:
    for outlet, story in marked("scroll"):
        other, tree = site(outlet).find(story.scroll), page(outlet, story)
        text = visible(tree)

        assert text.index(story.paragraphs[-1]) < text.index(other.paragraphs[0]) < text.index(other.paragraphs[-1])
        assert other.paragraphs[-1] in tree.xpath("string((//article)[last()])")

    assert len({outlet.system.frame.template for outlet, _ in marked("scroll")}) >= 4


def test_one_second_article_stands_inside_the_first() -> None:
    """A page in which only its own headline tells the second article from the first."""
    outlet, story = one("two-rivers", "marsh-buffaloes")

    assert page(outlet, story).xpath("count(//article//article)") == 1


def test_linked_data_says_headline_and_date() -> None:
    outlet, story = one("inbar", "north-exercise")
    data = json.loads(page(outlet, story).xpath("string(//script[@type='application/ld+json'])"))

    assert data["headline"] == story.title
    assert data["datePublished"] == "2026-11-21T05:00:00+02:00"
    assert data["@type"] == "NewsArticle"


def test_json_cannot_close_its_script_element() -> None:
    outlet, story = one("inbar", "north-exercise")
    hostile = replace(outlet, stories=(replace(story, title="a </script> b", scroll=""),))
    tree = page(hostile, hostile.stories[0])

    assert json.loads(tree.xpath("string(//script[@type='application/ld+json'])"))["headline"] == "a </script> b"


def test_each_content_system_leaves_its_own_marks() -> None:
    def marks(outlet: str, path: str) -> list[str]:
        found: list[str] = page(OUTLETS[outlet], OUTLETS[outlet].stories[-1]).xpath(path)
        return found

    assert marks("difat-dijla", "//article//div[@class='entry-content']/p")
    assert marks("sanabil", "//article[@role='article']//div[contains(@class,'field--name-body')]/p")
    assert marks("sepidar", "//p[@class='introtext']")
    assert not marks("sepidar", "//article")
    assert marks("zagros-diary", "//div[contains(@class,'post-body')]/br")
    assert marks("two-rivers", "//script[@id='__NEXT_DATA__']")
    assert marks("al-marfaa", "//table//table//font/b")


def test_a_teaser_is_cut_at_a_word() -> None:
    _, story = one("two-rivers", "mosul-library")
    short = replace(story, paragraphs=("A short one.",))

    assert summary(story).endswith(" …")
    assert story.paragraphs[0].startswith(summary(story).removesuffix(" …") + " ")
    assert len(summary(story)) <= 182
    assert summary(short) == "A short one."


# ---------------------------------------------------------------- feeds


@pytest.mark.parametrize("outlet", [each for each in OUTLETS.values() if each.feed != "json"], ids=lambda each: each.id)
def test_a_feed_lists_all_stories_with_their_dates(newsroom: Newsroom, web: httpx.Client, outlet: Outlet) -> None:
    entries = read(newsroom, web, outlet.id).entries
    stories = [story for story in outlet.stories if story.edition == 1]

    assert {entry.title for entry in entries} == {story.title for story in stories}
    times = {datetime.fromtimestamp(timegm(entry.published_parsed), UTC) for entry in entries}
    assert times == {(NOW - timedelta(hours=story.hours)).replace(microsecond=0) for story in stories}
    assert all(entry.summary for entry in entries)


@pytest.mark.parametrize("outlet", [each for each in OUTLETS.values() if each.feed != "json"], ids=lambda each: each.id)
def test_only_the_broken_feed_is_ill_formed(newsroom: Newsroom, web: httpx.Client, outlet: Outlet) -> None:
    assert bool(read(newsroom, web, outlet.id).bozo) == outlet.broken


def test_the_broken_feed_has_a_bare_ampersand_and_an_open_element() -> None:
    (outlet,) = [outlet for outlet in OUTLETS.values() if outlet.broken]
    text = feed(site(outlet)).decode()

    assert re.search(r"&(?!\w+;|#)", text)
    assert text.count("<category>") == text.count("</category>") + 1


def test_json_feed(newsroom: Newsroom, web: httpx.Client) -> None:
    answer = web.get(source(newsroom, "dogu-pusulasi").feed)
    items = answer.json()["items"]

    assert answer.headers["content-type"] == "application/feed+json"
    assert answer.json()["version"] == "https://jsonfeed.org/version/1.1"
    assert len(items) == len(OUTLETS["dogu-pusulasi"].stories)
    assert datetime.fromisoformat(items[0]["date_published"]) == NOW - timedelta(hours=4)
    assert all(item["url"] in newsroom.gold() for item in items)


def test_one_feed_is_in_an_old_encoding(newsroom: Newsroom, web: httpx.Client) -> None:
    place = source(newsroom, "al-marfaa")
    link = read(newsroom, web, "al-marfaa").entries[0].link
    article = web.get(link)

    assert web.get(place.feed).content.startswith(b'<?xml version="1.0" encoding="windows-1256"?>')
    assert article.headers["content-type"] == "text/html"
    assert b"charset=windows-1256" in article.content
    assert "البيشمركة" in article.content.decode("windows-1256")
    assert b"&#" not in article.content.split(b'<DIV class="story">')[1].split(b"</DIV>")[0]


def test_one_feed_carries_whole_articles(newsroom: Newsroom, web: httpx.Client) -> None:
    carried = {name for name in OUTLETS if any("content" in entry for entry in _entries(newsroom, web, name))}
    entry = next(entry for entry in _entries(newsroom, web, "eastern-corridor") if "Aras" in entry.title)

    assert carried == {"eastern-corridor"}
    assert entry.content[0].value.count("<p>") == 5


def test_one_feed_lists_an_address_twice(newsroom: Newsroom, web: httpx.Client) -> None:
    links = {name: Counter(entry.get("link") for entry in _entries(newsroom, web, name)) for name in OUTLETS}

    assert [name for name, each in links.items() if each and max(each.values()) > 1] == ["sanabil"]


def test_one_entry_has_no_link(newsroom: Newsroom, web: httpx.Client) -> None:
    without = [entry.title for name in OUTLETS for entry in _entries(newsroom, web, name) if not entry.get("link")]

    assert len(without) == 1


def _entries(newsroom: Newsroom, web: httpx.Client, name: str) -> list[Any]:
    entries: list[Any] = [] if OUTLETS[name].feed == "json" else read(newsroom, web, name).entries
    return entries


# ---------------------------------------------------------------- answering


def test_sources_are_ready_to_run(newsroom: Newsroom) -> None:
    hosts = {urlsplit(source.feed).netloc for source in newsroom.sources}

    assert len(newsroom.sources) == len({source.id for source in newsroom.sources}) == len(OUTLETS) + 2
    assert len(hosts) == len(OUTLETS)
    assert all(host.startswith("127.0.0.1:") for host in hosts)
    assert all(source.interval_minutes == 0 and source.enabled for source in newsroom.sources)
    assert all(source.country and source.languages and source.timezone for source in newsroom.sources)


def test_sources_as_yaml_are_a_valid_configuration(newsroom: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(newsroom.sources_yaml(), encoding="utf-8")

    assert config.load(tmp_path, {}).sources == newsroom.sources


def test_many_may_ask_at_once(newsroom: Newsroom) -> None:
    """Each with connections of its own: threads that share a pool may close what another reads from."""
    urls = [*newsroom.gold(), *newsroom.gold()]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(partial(httpx.get, trust_env=False, verify=False), urls))

    assert {answer.status_code for answer in answers} == {200}
    assert [str(answer.url) for answer in answers] == urls


def test_other_methods_are_refused(newsroom: Newsroom, web: httpx.Client) -> None:
    assert web.post(source(newsroom, "sanabil").home, content=b"").status_code == 501


def test_what_a_page_says_of_itself_is_where_it_stands(newsroom: Newsroom, web: httpx.Client) -> None:
    """Old layouts had no canonical link; all others name their own address."""
    for url in newsroom.gold():
        canonical = lxml_html.document_fromstring(web.get(url).content).xpath("string(//link[@rel='canonical']/@href)")

        assert canonical == ("" if "/news.php" in url else url)
        assert urls.canonical(url) == url


def test_every_good_page_answers_with_its_article(newsroom: Newsroom, web: httpx.Client) -> None:
    gold = newsroom.gold()

    assert len(gold) == newsroom.counts()["entry-good"]
    for url, text in gold.items():
        answer = web.get(url)
        charset = "utf-8" if "charset" in answer.headers["content-type"] else "windows-1256"

        assert answer.status_code == 200
        assert text.split("\n")[-1] in visible(lxml_html.document_fromstring(answer.content.decode(charset)))


def test_front_pages_announce_their_feeds(newsroom: Newsroom, web: httpx.Client) -> None:
    for each in newsroom.sources:
        tree = lxml_html.document_fromstring(web.get(each.home).content.decode())

        assert tree.xpath("string(//link[@rel='alternate']/@href)") in {source.feed for source in newsroom.sources}
        assert tree.xpath("string(//h1)") == each.name


def test_one_feed_is_gone_and_one_is_a_web_page(newsroom: Newsroom, web: httpx.Client) -> None:
    missing = web.get(source(newsroom, "difat-dijla-missing-feed").feed)
    other = web.get(source(newsroom, "dogu-pusulasi-html-feed").feed)

    assert missing.status_code == 404
    assert other.status_code == 200
    assert other.headers["content-type"].startswith("text/html")
    assert other.text.startswith("<!DOCTYPE html>")


def test_one_page_is_missing_one_empty_and_one_disallowed(newsroom: Newsroom, web: httpx.Client) -> None:
    def link(name: str, what: str) -> str:
        story = next(story for story in OUTLETS[name].stories if story.page == what)
        links = [entry.link for entry in _entries(newsroom, web, name) if entry.title == story.title]
        return str(links[0])

    empty, disallowed = link("xezer-guzgusu", "empty"), link("kamurj", "robots")
    robots = web.get(httpx.URL(disallowed).join("/robots.txt")).text

    assert web.get(link("inbar", "missing")).status_code == 404
    assert (web.get(empty).status_code, web.get(empty).content) == (200, b"")
    assert urlsplit(disallowed).path.startswith("/print/")
    assert "Disallow: /print/" in robots.splitlines()
    assert {empty, disallowed}.isdisjoint(newsroom.gold())


def test_one_outlet_has_no_robots_file(newsroom: Newsroom, web: httpx.Client) -> None:
    status = {each.id: web.get(f"{each.home}robots.txt").status_code for each in newsroom.sources}

    assert [name for name, code in status.items() if code == 404] == ["al-marfaa"]
    assert set(status.values()) == {200, 404}


def test_counts_add_up_to_what_the_feeds_hold(newsroom: Newsroom, web: httpx.Client) -> None:
    counts = newsroom.counts()
    entries = sum(len(_entries(newsroom, web, name)) for name in OUTLETS) + len(OUTLETS["dogu-pusulasi"].stories)

    assert sum(count for what, count in counts.items() if what.startswith("feed-")) == len(newsroom.sources)
    assert sum(count for what, count in counts.items() if what.startswith("entry-")) == entries
    faults = {what: count for what, count in counts.items() if not what.endswith("-good")}
    assert set(faults.values()) == {1}
    assert faults.keys() == {
        *("feed-missing", "feed-html", "feed-broken"),
        *("entry-missing", "entry-empty", "entry-robots", "entry-linkless", "entry-repeated"),
    }


def test_a_second_pass_meets_little_that_is_new(newsroom: Newsroom) -> None:
    counts = newsroom.counts(2)

    assert sum(count for what, count in counts.items() if what.startswith("feed-")) == len(newsroom.sources)
    assert counts["feed-unchanged"] == len(OUTLETS) - 2
    assert counts["entry-good"] == counts["entry-corrected"] == 1
    assert not {"entry-missing", "entry-empty", "entry-robots", "entry-linkless"} & counts.keys()


@pytest.mark.parametrize("edition", [1, 2])
def test_every_poll_and_entry_has_an_expected_outcome(newsroom: Newsroom, edition: int) -> None:
    table = expected(newsroom, edition)

    assert sum(table.values()) == sum(newsroom.counts(edition).values())
    assert {fate for _, fate, _ in table} <= {fate.value for fate in Fate}
    assert table["store", "kept", "new"] == (len(newsroom.gold()) if edition == 1 else 1)
    assert table["feed", "dropped", "http-404"] == table["feed", "dropped", "not-a-feed"] == 1


def test_a_known_tag_is_answered_with_304(newsroom: Newsroom, web: httpx.Client) -> None:
    url = source(newsroom, "sanabil").feed
    first = web.get(url)
    again = web.get(url, headers={"If-None-Match": first.headers["etag"]})

    assert (first.status_code, again.status_code) == (200, 304)
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(
    ("tag", "status"),
    [("W/{tag}", 304), ('"other", {tag}', 304), ("*", 304), ('"other"', 200), ("", 200)],
)
def test_tags_are_compared_weakly(newsroom: Newsroom, web: httpx.Client, tag: str, status: int) -> None:
    url = source(newsroom, "sanabil").feed
    known = tag.format(tag=web.get(url).headers["etag"])

    assert web.get(url, headers={"If-None-Match": known}).status_code == status


@pytest.mark.parametrize(
    ("since", "status"),
    [(timedelta(0), 304), (timedelta(hours=1), 304), (timedelta(seconds=-1), 200)],
)
def test_a_page_is_sent_again_only_when_it_changed_since(
    newsroom: Newsroom, web: httpx.Client, since: timedelta, status: int
) -> None:
    url = next(iter(newsroom.gold()))
    modified = parsedate_to_datetime(web.get(url).headers["last-modified"])
    asked = format_datetime(modified + since, usegmt=True)

    assert web.get(url, headers={"If-Modified-Since": asked}).status_code == status


def test_a_tag_decides_alone_where_both_are_sent(newsroom: Newsroom, web: httpx.Client) -> None:
    url = source(newsroom, "sanabil").feed
    modified = web.get(url).headers["last-modified"]

    assert web.get(url, headers={"If-None-Match": '"x"', "If-Modified-Since": modified}).status_code == 200


@pytest.mark.parametrize("since", ["yesterday", "Sat, 21 Nov 2026 08:00:00", ""])
def test_a_date_that_is_none_is_as_if_absent(newsroom: Newsroom, web: httpx.Client, since: str) -> None:
    url = source(newsroom, "sanabil").feed

    assert web.get(url, headers={"If-Modified-Since": since}).status_code == 200


def test_what_has_no_date_is_never_unmodified(newsroom: Newsroom, web: httpx.Client) -> None:
    home = source(newsroom, "sanabil").home
    answer = web.get(home, headers={"If-Modified-Since": format_datetime(NOW + timedelta(days=1), usegmt=True)})

    assert answer.status_code == 200
    assert "last-modified" not in answer.headers


def test_last_modified_is_when_the_newest_story_went_out(newsroom: Newsroom, web: httpx.Client) -> None:
    answer = web.get(source(newsroom, "eastern-corridor").feed)

    assert parsedate_to_datetime(answer.headers["last-modified"]) == NOW - timedelta(hours=4.5)


def test_head_says_the_length_and_sends_nothing(newsroom: Newsroom, web: httpx.Client) -> None:
    url = source(newsroom, "bilur").feed
    head = web.head(url)

    assert head.content == b""
    assert int(head.headers["content-length"]) == len(web.get(url).content)


def test_a_connection_serves_many_requests(newsroom: Newsroom) -> None:
    place = urlsplit(source(newsroom, "bilur").feed)
    asked = f"HEAD {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode()
    with (
        socket.create_connection((place.hostname, place.port), timeout=5) as connection,
        connection.makefile("rb") as file,
    ):
        for _ in range(3):
            connection.sendall(asked)
            lines = list(iter(file.readline, b"\r\n"))

            assert lines[0] == b"HTTP/1.1 200 OK\r\n"


def test_an_address_may_be_asked_in_either_spelling(newsroom: Newsroom, web: httpx.Client) -> None:
    """Persian addresses arrive percent-encoded in upper or lower case."""
    url = next(url for url in newsroom.gold() if "/fa/news/" in url)
    lower = re.sub("%[0-9A-F]{2}", lambda match: match.group().lower(), url)

    assert lower != url
    assert web.get(url).content == web.get(lower).content


def test_every_request_is_logged() -> None:
    with Newsroom.serve(NOW) as newsroom, httpx.Client() as web:
        url = source(newsroom, "kamurj").feed
        tag = web.get(url).headers["etag"]
        web.get(url, headers={"If-None-Match": tag})
        web.head(f"{source(newsroom, 'inbar').home}nothing")

        logged = [(each.outlet, each.method, each.path, each.status) for each in newsroom.requests]
    assert logged == [
        ("kamurj", "GET", "/hy/rss.xml", 200),
        ("kamurj", "GET", "/hy/rss.xml", 304),
        ("inbar", "HEAD", "/nothing", 404),
    ]


def test_nothing_listens_after_the_end() -> None:
    with Newsroom.serve(NOW) as newsroom:
        urls = [source.feed for source in newsroom.sources]

    for url in urls:
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)


def test_two_newsrooms_at_one_time_do_not_meet() -> None:
    with Newsroom.serve(NOW) as one, Newsroom.serve(NOW - timedelta(days=9)) as other, httpx.Client() as web:
        assert not {source.feed for source in one.sources} & {source.feed for source in other.sources}
        texts = [web.get(source(each, "zagros-diary").feed).text for each in (one, other)]
    assert ["2026-11-21" in text for text in texts] == [True, False]


# ---------------------------------------------------------------- the second edition


@pytest.fixture
def editions() -> Iterator[tuple[Newsroom, httpx.Client]]:
    with Newsroom.serve(NOW) as running, httpx.Client() as client:
        yield running, client


def test_an_article_is_corrected_between_two_polls(editions: tuple[Newsroom, httpx.Client]) -> None:
    newsroom, web = editions
    before = {entry.link: entry for entry in _entries(newsroom, web, "two-rivers")}
    newsroom.advance()
    after = {entry.link: entry for entry in _entries(newsroom, web, "two-rivers")}
    changed = [link for link in before if before[link].updated != after[link].updated]

    assert before.keys() == after.keys()
    assert len(changed) == 1
    assert "drone" in changed[0]
    assert before[changed[0]].published == after[changed[0]].published
    assert "Kata'ib Hezbollah" in newsroom.gold()[changed[0]]
    assert "Kata&#x27;ib Hezbollah" in web.get(changed[0]).text


def test_one_article_appears_between_two_polls(editions: tuple[Newsroom, httpx.Client]) -> None:
    newsroom, web = editions
    before = newsroom.gold()
    newsroom.advance()
    (new,) = newsroom.gold().keys() - before.keys()

    assert len(newsroom.gold()) == len(before) + 1
    assert "كتائب حزب الله" in newsroom.gold()[new]
    assert web.get(new).status_code == 200
    assert web.get(source(newsroom, "sanabil").feed).text.count("<item>") == 7


def test_feeds_that_did_not_change_stay_304(editions: tuple[Newsroom, httpx.Client]) -> None:
    newsroom, web = editions
    tags = {each.id: (each.feed, web.get(each.feed).headers.get("etag", "")) for each in newsroom.sources}
    newsroom.advance()
    status = {name: web.get(url, headers={"If-None-Match": tag}).status_code for name, (url, tag) in tags.items()}
    dates = {
        name: web.get(source(newsroom, name).feed).headers["last-modified"]
        for name in ("two-rivers", "sanabil", "inbar")
    }

    assert {name for name, code in status.items() if code == 200} == {"two-rivers", "sanabil"}
    assert parsedate_to_datetime(dates["two-rivers"]) == NOW
    assert parsedate_to_datetime(dates["sanabil"]) == NOW - timedelta(minutes=3)
    assert parsedate_to_datetime(dates["inbar"]) == NOW - timedelta(hours=5)


def test_advancing_twice_is_advancing_once(editions: tuple[Newsroom, httpx.Client]) -> None:
    newsroom, _ = editions
    newsroom.advance()
    gold = newsroom.gold()
    newsroom.advance()

    assert newsroom.gold() == gold
    assert newsroom.edition == 2


def test_the_first_edition_does_not_show_what_comes_later(newsroom: Newsroom) -> None:
    later = [story for _, story in STORIES if story.edition > 1 or story.correction]

    assert len(later) == 2
    assert not any(
        story.correction and story.correction in text for text in newsroom.gold().values() for story in later
    )


# ---------------------------------------------------------------- dates in words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ar", "21 تشرين الثاني 2026 - 08:00"),
        ("fa", "۳۰ آبان ۱۴۰۵ - 08:00"),
        ("ckb", "21 تشرینی دووەم 2026 - 08:00"),
        ("tr", "21 Kasım 2026 - 08:00"),
        ("he", "21 נובמבר 2026 - 08:00"),
        ("az", "21 noyabr 2026 - 08:00"),
        ("hy", "21 նոյեմբերի 2026 - 08:00"),
        ("fr", "21 novembre 2026 - 08:00"),
        ("en", "21 November 2026 - 08:00"),
    ],
)
def test_a_date_is_written_in_the_words_of_the_language(language: str, words: str) -> None:
    digits = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹") if language == "fa" else {}

    assert spoken(NOW, language) == words.translate(digits)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 21), (1405, 8, 30)),
        (date(2026, 3, 21), (1405, 1, 1)),
        (date(2026, 3, 20), (1404, 12, 29)),
        (date(2025, 3, 20), (1403, 12, 30)),
        (date(2024, 3, 20), (1403, 1, 1)),
        (date(2026, 9, 22), (1405, 6, 31)),
        (date(2026, 9, 23), (1405, 7, 1)),
        (date(1979, 2, 11), (1357, 11, 22)),
    ],
)
def test_known_days_of_the_persian_calendar(day: date, expected: tuple[int, int, int]) -> None:
    assert jalali(day) == expected


def test_leap_years_of_the_persian_calendar() -> None:
    leap = [year for year in range(1354, 1413) if (new_year(year + 1) - new_year(year)).days == 366]

    assert leap == [1354, 1358, 1362, 1366, 1370, 1375, 1379, 1383, 1387, 1391, 1395, 1399, 1403, 1408, 1412]


@settings(deadline=None, derandomize=True)
@given(day=st.dates(date(1960, 1, 1), date(2090, 1, 1)))
def test_the_next_day_is_the_next_day_in_the_persian_calendar(day: date) -> None:
    year, month, number = jalali(day)
    following = jalali(day + timedelta(days=1))

    assert following in {(year, month, number + 1), (year, month + 1, 1), (year + 1, 1, 1)}
    assert 1 <= month <= 12
    assert 1 <= number <= 31
