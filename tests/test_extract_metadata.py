"""What a page says of itself: meta elements, structured data, times, headings."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extract import jsonld, metadata, prose
from pipeline.extract.jsonld import Linked
from pipeline.extract.metadata import Facts
from tests.pages import document

WHEN = "2026-11-20T08:00:00+03:00"


def facts(head: str = "", body: str = "<p>text</p>") -> Facts:
    return metadata.read(prose.parse(document(body, head)))


def linked(*data: object) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(each)}</script>' for each in data)


def test_a_page_that_says_nothing_gives_nothing() -> None:
    assert metadata.read(prose.parse("<html><body><p>a</p><p>b</p></body></html>")) == Facts()


def test_titles_come_in_the_order_of_trust() -> None:
    found = facts(
        '<title>Bridge | Post</title><meta name="twitter:title" content="Bridge!">'
        '<meta property="og:title" content=" Bridge "><meta property="og:title" content="Second">',
        "<h1>The <b>bridge</b>\nreopens</h1><h1></h1><h1>c</h1><h1>d</h1>",
    )

    assert found.titles == (("og:title", "Bridge"), ("twitter:title", "Bridge!"), ("<title>", "Bridge | Post"))
    assert found.headings == ("The bridge reopens", "c")


def test_the_title_of_a_picture_is_none_of_the_page() -> None:
    assert facts("<title>Bridge</title>", "<svg><title>Icon</title></svg>").titles == (("<title>", "Bridge"),)


def test_site_language_and_description_are_read() -> None:
    found = facts(
        '<meta property="og:site_name" content="Harbour Post"><meta property="og:locale" content="ar_IQ">'
        '<meta name="Description" content="What happened.">'
    )

    assert (found.site, found.language, found.description) == ("Harbour Post", "en", "What happened.")
    bare = metadata.read(
        prose.parse('<html><head><meta http-equiv="content-language" content="fa"></head><p>a<p>b</html>')
    )
    assert bare.language == "fa"


@pytest.mark.parametrize(
    "tag",
    [
        '<meta property="article:published_time" content="{}">',
        '<meta property="ARTICLE:PUBLISHED_TIME" content="{}">',
        '<meta itemprop="datePublished" content="{}">',
        '<meta name="parsely-pub-date" content="{}">',
        '<meta name="DC.date.issued" content="{}">',
        '<meta name="pubdate" content="{}">',
        '<meta name="date" content="{}">',
    ],
)
def test_the_time_of_publication_stands_under_many_names(tag: str) -> None:
    ((_, said),) = facts(tag.format(WHEN)).dates

    assert said == WHEN


def test_the_time_of_a_change_is_none_of_publication() -> None:
    assert facts(f'<meta property="article:modified_time" content="{WHEN}">').dates == ()


def test_named_times_come_before_vague_ones() -> None:
    found = facts(f'<meta name="date" content="2026"><meta property="article:published_time" content="{WHEN}">')

    assert found.dates == (("article:published_time", WHEN), ("date", "2026"))


@pytest.mark.parametrize(
    "data",
    [
        {"@type": "NewsArticle", "headline": "Bridge", "datePublished": WHEN},
        [{"@type": "Organization", "name": "Post"}, {"@type": ["Thing", "ReportageNewsArticle"], "headline": "Bridge"}],
        {"@graph": [{"@type": "WebSite"}, {"@type": "BlogPosting", "headline": " Bridge ", "datePublished": WHEN}]},
        {"@type": "WebPage", "mainEntity": {"@type": "Article", "headline": "Bridge"}},
    ],
)
def test_the_article_of_structured_data_is_found_wherever_it_stands(data: object) -> None:
    assert jsonld.read([json.dumps(data)]).headline == "Bridge"


def test_a_date_of_the_page_does_where_no_article_has_one() -> None:
    graph = {"@graph": [{"@type": "NewsArticle", "headline": "Bridge"}, {"@type": "WebPage", "datePublished": WHEN}]}

    assert jsonld.read([json.dumps(graph)]) == Linked("Bridge", WHEN)


def test_the_date_of_the_article_comes_before_that_of_the_page() -> None:
    page, article = {"@type": "WebPage", "datePublished": "2001"}, {"@type": "NewsArticle", "datePublished": WHEN}

    assert jsonld.read([json.dumps([page, article])]).published == WHEN


@pytest.mark.parametrize(
    "script",
    [
        "<!-- {} -->",
        "<![CDATA[ {} ]]>",
        "//<![CDATA[\n{}\n//]]>",
        "\n  {} ;\n",
    ],
)
def test_old_wrappings_of_a_script_are_taken_off(script: str) -> None:
    data = json.dumps({"@type": "NewsArticle", "headline": "Bridge"})

    assert jsonld.read([script.replace("{}", data)]).headline == "Bridge"


def test_line_breaks_inside_strings_are_forgiven() -> None:
    assert jsonld.read(['{"@type": "NewsArticle", "headline": "Two\nlines"}']).headline == "Two\nlines"


@pytest.mark.parametrize(
    "script",
    ["", "{", "null", "7", '"text"', "[[[[]]]]", '{"@type": 5}', '{"@type": "NewsArticle", "headline": {"a": 1}}'],
)
def test_what_holds_no_article_is_passed_over(script: str) -> None:
    assert jsonld.read([script]) == Linked()


def test_costly_scripts_are_passed_over() -> None:
    article = json.dumps({"@type": "NewsArticle", "headline": "Bridge"})
    deep = "[" * 100_000 + "]" * 100_000
    long = json.dumps({"@type": "NewsArticle", "headline": "x" * 500_000})
    many = json.dumps([{"@type": "Thing"}] * 1_000 + [{"@type": "NewsArticle", "headline": "Far"}])

    assert jsonld.read([deep, long, article]).headline == "Bridge"
    assert jsonld.read([many]) == Linked()
    assert jsonld.read(["{}"] * 12 + [article]) == Linked()


def test_structured_data_fills_what_the_head_leaves_open() -> None:
    data = {"@type": "NewsArticle", "headline": "Bridge", "datePublished": WHEN}

    found = facts(linked(data))

    assert found.titles == (("JSON-LD headline", "Bridge"),)
    assert found.dates == (("JSON-LD datePublished", WHEN),)
    assert facts(linked({"@type": "NewsArticle"})).titles == ()


def test_structured_data_is_not_read_where_the_head_says_all() -> None:
    head = f'<meta property="og:title" content="Title"><meta name="pubdate" content="{WHEN}">'

    found = facts(head + linked({"@type": "NewsArticle", "headline": "Bridge", "datePublished": "2001-01-01"}))

    assert (found.titles, found.dates) == ((("og:title", "Title"),), (("pubdate", WHEN),))


@pytest.mark.parametrize(
    "mark", ["pubdate", 'itemprop="datePublished"', 'class="entry-date published"', 'class="Posted-on"']
)
def test_a_time_that_is_marked_comes_before_others(mark: str) -> None:
    found = facts(body=f'<time datetime="2001-01-01">old</time><time datetime="{WHEN}" {mark}>today</time>')

    assert found.dates == (("<time>", WHEN), ("<time>", "2001-01-01"), ("<time>", WHEN))


def test_an_unmarked_time_counts_inside_the_article_only() -> None:
    outside = prose.parse(f'<html><body><aside><time datetime="{WHEN}">x</time></aside><p>a</p></body></html>')

    assert metadata.read(outside).dates == ()
    assert facts(body=f'<time>undated</time><time datetime="{WHEN}">x</time>').dates == (("<time>", WHEN),)


@pytest.mark.parametrize(
    "element",
    [
        f'<span itemprop="datePublished" content="{WHEN}">today</span>',
        f'<abbr itemprop="datePublished" datetime="{WHEN}">today</abbr>',
        f'<div itemprop="datePublished"> {WHEN}\n</div>',
    ],
)
def test_microdata_on_any_element_is_the_last_resort(element: str) -> None:
    assert facts(body=element).dates == (("itemprop datePublished", WHEN),)


def test_values_of_any_length_are_cut() -> None:
    found = facts(f'<meta property="og:title" content="{"x" * 50_000}"><meta name="empty" content=" ">')

    assert found.titles == (("og:title", "x" * 1_000),)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_any_json_is_read_without_an_error(data: object) -> None:
    assert isinstance(jsonld.read([json.dumps(data), json.dumps({"@graph": data, "@type": data})]), Linked)
