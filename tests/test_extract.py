"""Pages to articles: text, headline, date and language in ten languages, and what ends as no article."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline import urls
from pipeline.clean import Clean
from pipeline.clean.characters import ZWNJ
from pipeline.extract import Extract
from pipeline.language import DetectLanguage
from pipeline.model import Article, Drop, Entry, Reading, Source
from tests.pages import NOW, PARAGRAPHS, SENTENCE, SOURCE, URL, article, document, origin, page

GOLDEN = Path(__file__).parent / "golden" / "pages"
PERSIAN = "وزارت نیرو گفت می‌توان آب را دوباره وصل کرد و خانه‌های روستا از فردا آب خواهند داشت. "
FULL = "<p>" + SENTENCE * 8 + "</p>"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.html")), ids=lambda path: path.stem)
def test_golden_pages_give_the_text_that_stands_beside_them(path: Path) -> None:
    title, language, published, outlet, _, *text = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    source = Source("own", "", name=outlet, languages=(language,))

    found = DetectLanguage()(Clean()(Extract().page(page(path.read_bytes(), source=source))))

    assert found.text.split("\n") == text
    assert (found.title, found.language) == (title, language)
    assert (found.published_from == "page") == (published != "-")
    assert found.published_at == (NOW if published == "-" else datetime.fromisoformat(published))


def test_an_article_carries_what_is_known_of_it() -> None:
    source = Source("port", "", name="Harbour Post", country="IQ", languages=("en",), affiliation="private")

    found = article(document(head='<meta property="og:title" content="Bridge reopens on Sunday">'), source)

    assert (found.id, found.url) == (urls.article_id(URL), URL)
    assert found.outlet == source.outlet
    assert found.title == "Bridge reopens on Sunday"
    assert found.declared_language == "en"
    assert found.extractor[0] == "trafilatura"
    assert re.fullmatch(r"\d+\.\d+.*", found.extractor[1])
    assert found.fetched_at == NOW
    assert dict(found.origins) == {"title": "og:title", "published_at": "fetched", "text": "page"}


def test_the_encoding_is_told_where_the_page_came_as_bytes() -> None:
    found = Extract().page(page(document().encode("utf-16")))

    assert origin(found, "charset") == "utf-16-le"
    assert found.flags == ()


def test_an_encoding_that_was_a_guess_is_flagged() -> None:
    body = document(f"<p>{'Le préfet a fermé le pont à la circulation. ' * 9}</p>", language="fr").encode("cp1252")

    found = Extract().page(page(body))

    assert found.flags == ("charset-guessed",)
    assert "préfet a fermé" in found.text


def test_one_text_has_one_digest_and_another_text_another() -> None:
    same, again = article(document()), article(document(head="<meta name='x' content='y'>"))
    other = article(document(PARAGRAPHS.replace("bridge", "tunnel")))

    assert same.readings == again.readings == (Reading(NOW, same.readings[0].digest),)
    assert same.readings[0].digest != other.readings[0].digest


def test_without_a_time_of_fetching_there_is_no_reading_and_no_date() -> None:
    found = Extract().html(URL, document(), SOURCE, Entry(URL))

    assert (found.readings, found.published_at, found.published_from) == ((), None, "fetched")


def test_an_address_that_is_none_gives_an_article_without_id() -> None:
    found = article(document(), url="no address")

    assert (found.id, found.url) == ("", "no address")
    assert "Paragraph 1" in found.text


def test_the_language_of_the_feed_counts_where_the_page_names_none() -> None:
    html = document().replace(' lang="en"', "")

    assert article(html, entry=Entry(URL, language="ckb")).declared_language == "ckb"
    assert article(document(), entry=Entry(URL, language="ckb")).declared_language == "en"


@pytest.mark.parametrize(
    "spelling", [ZWNJ, "&zwnj;", "&zwnj", "&#8204;", "&#08204;", "&#x200c;", "&#x200C;", "&#X200C;"]
)
def test_zero_width_non_joiners_survive_however_they_are_written(spelling: str) -> None:
    body = f"<p>{PERSIAN * 6}</p>".replace(ZWNJ, spelling)

    found = article(document(body, f'<meta property="og:title" content="{PERSIAN.strip()}">', "fa"))

    assert found.text == (PERSIAN * 6).strip()
    assert found.title == PERSIAN.strip()


def test_a_non_joiner_inside_json_survives_too() -> None:
    data = json.dumps({"@type": "NewsArticle", "headline": PERSIAN.strip()})

    found = article(document(head=f'<script type="application/ld+json">{data}</script>'))

    assert found.title == PERSIAN.strip()


def test_the_character_that_stands_for_a_non_joiner_is_one_that_the_page_does_not_hold() -> None:
    found = article(document(f"<p>\U00014600 {PERSIAN * 6}</p>"))

    assert found.text == f"\U00014600 {(PERSIAN * 6).strip()}"


def test_a_page_of_all_such_characters_is_still_read() -> None:
    every = "".join(map(chr, range(0x14600, 0x14647)))

    assert "وزارت نیرو" in article(document(f"<p>{every} {PERSIAN * 6}</p>")).text


@pytest.mark.parametrize("reference", ["&#1;", "&#8;", "&#11;", "&#x0B;", "&#12;", "&#31;", "&#x1f;", "&#xFFFE;"])
def test_a_reference_to_a_forbidden_character_does_not_cost_the_page(reference: str) -> None:
    found = article(document(f"<p>Before{reference}after. {SENTENCE * 4}</p>"))

    assert found.text.startswith("Before after.")


@pytest.mark.parametrize("reference", ["&#12345;", "&#10;", "&#x1F600;", "&#160;", "&#9;"])
def test_other_references_stand(reference: str) -> None:
    assert article(document(f"<p>Before {reference}. {SENTENCE * 4}</p>")).text.startswith("Before")


def test_a_fragment_is_read_like_a_page() -> None:
    assert article(f"<p>{SENTENCE}</p>").text == SENTENCE.strip()


@pytest.mark.parametrize(
    "body",
    [
        b"%PDF-1.7 <</Type /Catalog>>",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"\xff\xd8\xff\xe0 JFIF <html>",
        b"PK\x03\x04 word/document.xml <w:p>",
        b"\x1f\x8b\x08 <p>",
        b'{"html": "<p>text</p>"}',
        b'\xef\xbb\xbf [{"a": "<b>"}]',
        b'<?xml version="1.0"?><rss version="2.0"><channel><item><title>A</title></item></channel></rss>',
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry/></feed>",
        b"<svg xmlns='http://www.w3.org/2000/svg'><title>A chart</title></svg>",
        b"User-agent: *",
        "الخدمة متوقفة".encode(),
    ],
)
def test_what_is_no_page_is_dropped_as_such(body: bytes) -> None:
    with pytest.raises(Drop) as dropped:
        Extract().page(page(body, "text/html; charset=utf-8"))

    assert dropped.value.reason == "not-html"


@pytest.mark.parametrize("body", [b"", b" \r\n", b"\xef\xbb\xbf", b"<html><body></body></html>", b"<!-- nothing -->"])
def test_a_page_that_holds_nothing_is_dropped_as_empty(body: bytes) -> None:
    with pytest.raises(Drop) as dropped:
        Extract().page(page(body))

    assert dropped.value.reason == "empty"


@pytest.mark.parametrize("body", [b"", b"%PDF-1.7", b"<html><body><p>Please log in to read on.</p></body></html>"])
def test_the_text_of_the_feed_stands_in_for_a_page_without_one(body: bytes) -> None:
    entry = Entry(URL, title="Bridge reopens", content=FULL + "<ul><li>One</li><li>Two</li></ul><script>x()</script>")

    found = Extract().page(page(body, entry=entry))

    assert found.text.split("\n") == [(SENTENCE * 8).strip(), "One", "Two"]
    assert found.title == "Bridge reopens"
    assert found.flags == ("feed-text",)
    assert origin(found, "text") == "feed"


def test_the_text_of_the_feed_keeps_its_words_and_lines_apart() -> None:
    entry = Entry(URL, content=f"<div>{PERSIAN}<br>Second<p>Third <b>bold</b>\n word</p></div><td>a</td><hr/>End")

    assert Extract().page(page(b"", entry=entry)).text.split("\n") == [
        PERSIAN.strip(),
        "Second",
        "Third bold word",
        "a",
        "End",
    ]


def test_a_page_with_enough_text_beats_the_feed() -> None:
    found = article(document(), entry=Entry(URL, content=FULL * 9))

    assert found.text.startswith("Paragraph 1")
    assert found.flags == ()


def test_a_short_page_beats_a_feed_that_says_hardly_more() -> None:
    found = article(document(f"<p>{SENTENCE}</p>"), entry=Entry(URL, content=f"<p>{SENTENCE}</p>"))

    assert (found.text, found.flags) == (SENTENCE.strip(), ())


def test_comments_of_readers_are_left_out() -> None:
    comments = '<div id="comments"><ol class="commentlist"><li class="comment"><p>I was there too.</p></li></ol></div>'

    assert "I was there too" not in article(document(PARAGRAPHS + comments)).text


def test_lone_surrogates_of_a_json_line_are_replaced() -> None:
    found = article(document(f"<p>Half \ud83d a pair. {SENTENCE * 4}</p>"))

    assert found.text.startswith("Half ? a pair.")


def read(body: bytes, content_type: str = "text/html", content: str = "") -> Article | str:
    try:
        return Extract().page(page(body, content_type, entry=Entry(URL, title="From the feed", content=content)))
    except Drop as dropped:
        return dropped.reason


def test_a_page_of_ten_thousand_nested_elements_ends_in_an_article_or_a_drop() -> None:
    found = read(f"<html><body>{'<div>' * 10_000}{SENTENCE * 9}".encode())

    assert found == "empty" or (isinstance(found, Article) and "bridge" in found.text)


PIECES = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<div>",
            "</div>",
            "<table>",
            "<td>",
            "<article>",
            "</article>",
            "<script>",
            "<!--",
            "-->",
            "<h1>",
        ),
        *(
            "<a href='http://['>",
            "<time datetime='9999-12-31T23:59:59-12:00'>",
            "<html lang=",
            "&#1;",
            "&#8204;",
            "&#x110000;",
        ),
        *(
            "<meta property='article:published_time' content='0001-01-01'>",
            "<meta property='og:title' content='",
            "</h1>",
        ),
        *(
            '<script type="application/ld+json">{"@type":"NewsArticle","headline":[1],"datePublished":{}}</script>',
            "\0",
            "<",
        ),
        *(
            SENTENCE,
            PERSIAN,
            "\u202e",
            "<svg>",
            "<p class='lead'>",
            "<template>",
            "<select>",
            "<frameset>",
            "<svg><title>",
        ),
    ]
)


@given(st.lists(PIECES, max_size=40), st.sampled_from(["", "<p>feed</p>", "\0<"]))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_mangled_html_gives_an_article_or_a_drop(pieces: list[str], content: str) -> None:
    found = read("".join(pieces).encode(), content=content)

    assert found in ("empty", "not-html") or (isinstance(found, Article) and found.text and found.published_at)


@given(
    st.binary(max_size=200),
    st.sampled_from(["", "text/html; charset=utf-16", "x; charset=hex", "text/html; charset=ö"]),
)
@example(b"<html>\xff\xfe\x00", "text/html; charset=windows-1256")
@settings(deadline=None, derandomize=True, max_examples=150)
def test_any_bytes_give_an_article_or_a_drop(body: bytes, content_type: str) -> None:
    found = read(body, content_type)

    assert found in ("empty", "not-html") or (isinstance(found, Article) and found.text.encode())


def test_times_are_whole_seconds_in_utc() -> None:
    head = '<meta property="article:published_time" content="2026-11-20T10:00:00.750+03:00">'

    assert article(document(head=head)).published_at == datetime(2026, 11, 20, 7, tzinfo=UTC)
