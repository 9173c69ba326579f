"""Feeds from anybody, in any state: what they say, what they do not get away with."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline import feeds
from pipeline.feeds.markup import MOST_ENTRIES, tame
from pipeline.feeds.plain import plain
from pipeline.model import Drop, Entry, Feed

GOLDEN = Path(__file__).parent / "golden" / "feeds"
URL = "https://feeds.example/all/rss.xml"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def told(feed: Feed) -> dict[str, Any]:
    """A feed as JSON has it, without what is empty."""

    def filled(values: dict[str, Any]) -> dict[str, Any]:
        return {
            key: value.isoformat() if isinstance(value, datetime) else value for key, value in values.items() if value
        }

    entries = [filled(asdict(entry)) for entry in feed.entries]
    return filled({**asdict(feed), "entries": entries, "flags": list(feed.flags)})


def rss(items: str, head: str = "") -> bytes:
    """An RSS feed around some items."""
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Port</title>{head}{items}</channel></rss>'.encode()


def atom(inside: str, root: str = 'xmlns="http://www.w3.org/2005/Atom"') -> bytes:
    """An Atom feed with one entry."""
    return f"<feed {root}><title>Port</title><entry>{inside}</entry></feed>".encode()


def item(inside: str) -> Entry:
    """The one entry of an RSS feed."""
    (entry,) = feeds.parse(rss(f"<item>{inside}</item>"), URL).entries
    return entry


def entry_of(body: bytes) -> Entry:
    """The one entry of any feed."""
    (entry,) = feeds.parse(body, URL).entries
    return entry


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.expected.json")), ids=lambda path: path.name.partition(".")[0])
def test_golden_feeds_give_what_stands_beside_them(path: Path) -> None:
    name = path.name.partition(".")[0]
    (source,) = (each for each in GOLDEN.glob(f"{name}.*") if each != path)
    label = "text/xml; charset=utf-8" if "said-to-be-utf-8" in name else ""

    feed = feeds.parse(source.read_bytes(), URL, label, timezone="Asia/Baghdad")

    assert told(feed) == json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("body", "reason", "detail"),
    [
        (b"", "empty", ""),
        (b" \r\n\t", "empty", ""),
        (b"\xef\xbb\xbf", "empty", ""),
        (b"\x00" * 64, "empty", ""),
        (b"<!DOCTYPE html><title>Port</title>", "not-a-feed", "html"),
        (b"<p>One moment</p><body>", "not-a-feed", "body"),
        ("<html><body>مطلب یافت نشد <rss></rss></body></html>".encode(), "not-a-feed", "html"),
        (b'<?xml version="1.0"?><urlset xmlns="x"></urlset>', "not-a-feed", "urlset"),
        (b"<opml version='2.0'></opml>", "not-a-feed", "opml"),
        (b"<rssx></rssx>", "not-a-feed", "text"),
        (b'<rss version="2.0', "not-a-feed", "text"),
        ("الخدمة متوقفة".encode(), "not-a-feed", "text"),
        (b'{"error": "not found"}', "not-a-feed", "json"),
        (b'{"version": "https://jsonfeed.org/version/1.1"', "not-a-feed", "json"),
        (b'{"a":' * 200_000, "not-a-feed", "json"),
        (b"[1, 2]", "not-a-feed", "text"),
        (b"x" * 70_000 + b"<rss></rss>", "not-a-feed", "text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not-a-feed", "text"),
    ],
)
def test_s1_what_is_no_feed_is_dropped_with_its_cause(body: bytes, reason: str, detail: str) -> None:
    with pytest.raises(Drop) as dropped:
        feeds.parse(body, URL, "application/rss+xml")

    assert (dropped.value.reason, dropped.value.detail) == (reason, detail)


@pytest.mark.parametrize(
    "body",
    [
        rss(""),
        b"<rss/>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'></feed>",
        b'{"version": "https://jsonfeed.org/version/1"}',
    ],
)
def test_s1_a_feed_without_entries_is_a_feed(body: bytes) -> None:
    feed = feeds.parse(body, URL)

    assert feed.entries == ()
    assert feed.flags == ()


def test_entries_are_numbered_in_the_order_of_the_feed() -> None:
    feed = feeds.parse(rss("".join(f"<item><title>Nr {n}</title></item>" for n in (3, 1, 2))), URL)

    assert [(entry.number, entry.title) for entry in feed.entries] == [(1, "Nr 3"), (2, "Nr 1"), (3, "Nr 2")]


# ---------------------------------------------------------------- limits and attacks


@pytest.mark.parametrize("close", ["</channel></rss>", ""])
def test_x8_a_feed_of_50_000_items_is_cut_after_2_000(close: str) -> None:
    items = "".join(f"<item><title>Nr {n}</title><link>/{n}</link></item>" for n in range(50_000))

    feed = feeds.parse(f"<rss><channel>{items}{close}".encode(), URL)

    assert len(feed.entries) == MOST_ENTRIES
    assert feed.entries[-1].title == "Nr 1999"
    assert feed.cut == 48_000
    assert feed.flags == ()


def test_x8_a_json_feed_is_cut_after_2_000() -> None:
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [{"id": str(n)} for n in range(2_003)]})

    feed = feeds.parse(body.encode(), URL)

    assert (len(feed.entries), feed.cut) == (MOST_ENTRIES, 3)


def test_x8_an_entry_of_too_many_tags_ends_the_reading() -> None:
    feed = feeds.parse(rss("<item><title>One</title>" + "<x/>" * 100_000 + "</item><item/><item/>"), URL)

    assert [entry.title for entry in feed.entries] == ["One"]
    assert feed.cut == 2


@pytest.mark.parametrize(
    "inside",
    [
        "<a>" * 200_000 + "</a>" * 200_000,
        "<description>" + "<a>" * 200_000 + "</a>" * 200_000 + "</description>",
        "<description>" + "<a>" * 200_000,
        "<image>" * 200_000,
        "".join(f"<category>{n}</category>" for n in range(50_000)),
        "<title " + "".join(f'a{n}="1" ' for n in range(50_000)) + ">x</title>",
        f"<author>{'a' * 1_000_000}</author>",
        "<title>" + "<![CDATA[" * 200_000,
        "<title b='" * 200_000,
        "<a <" * 200_000,
        "<!--" * 200_000,
        "&" * 200_000,
        f"<pubDate>{'1' * 1_000_000}</pubDate><ttl>{'9' * 100_000}</ttl>",
        f"<summary>{'&lt;script&gt;' * 50_000}</summary>",
    ],
    ids=lambda inside: inside[:20],
)
def test_x8_x14_what_is_built_to_be_slow_is_read_like_anything_else(inside: str) -> None:
    feed = feeds.parse(rss(f"<item><guid>https://port.example/1</guid>{inside}"), URL)

    assert feed.entries[0].url == "https://port.example/1"


def test_x7_entities_are_not_expanded() -> None:
    laughs = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
    body = f'<!DOCTYPE rss [<!ENTITY lol0 "lol">{laughs}]>'.encode() + rss("<item><title>&lol9; x</title></item>")[21:]

    assert entry_of(body).title == "&lol9; x"


@pytest.mark.parametrize("target", ["file:///etc/hostname", "http://127.0.0.1:9/", "expect://id"])
def test_x7_nothing_outside_is_read(target: str) -> None:
    body = (
        f'<!DOCTYPE rss SYSTEM "{target}" [<!ENTITY x SYSTEM "{target}">]><rss><item><title>a&x;b</title></item></rss>'
    )

    assert entry_of(body.encode()).title == "a&x;b"


def test_x7_many_plain_references_are_no_attack() -> None:
    assert item(f"<description>{'&amp;' * 200_000}</description>").content == "&" * 200_000


def test_a_feed_is_never_opened_as_a_file_or_address(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(rss("<item><title>secret</title></item>"))

    with pytest.raises(Drop, match="not-a-feed"):
        feeds.parse(str(secret).encode(), URL)


# ---------------------------------------------------------------- charsets


ARABIC = "وصلت القافلة إلى المرفأ القديم صباح اليوم، وبدأ العمال تفريغ الشاحنات الأربعين عند الجسر"
PERSIAN = "شهردار گفت پل بزرگ شهر تا فردا باز مي شود و کاميون ها از همان راه مي گذرند و چراغ ها روشن مي مانند"
TURKISH = "Belediye başkanı, iskelenin iki gün kapalı kalacağını ve ışıkların söndürüleceğini söyledi; işçiler çağrıldı"
HEBREW = "ראש העיר הודיע כי הגשר ייפתח מחדש לתנועה לאחר תיקון של שבועיים ליד הנמל הישן"
SORANI = "پردەکە دوای دوو هەفتە کرایەوە و بارهەڵگرەکان دەستیان بە هاتوچۆ کرد"
ARMENIAN = "Կամուրջը կրկին բաց է երկու շաբաթ անց"


@pytest.mark.parametrize(
    ("text", "charset", "label", "declared", "language", "guessed"),
    [
        (ARABIC, "utf-8", "iso-8859-1", "windows-1256", "", False),
        (SORANI, "utf-8", "windows-1256", "", "", False),
        (ARMENIAN, "utf-8-sig", "", "utf-16", "", False),
        (SORANI, "utf-16", "utf-8", "", "", False),
        (ARMENIAN, "utf-16-le", "", "utf-8", "", False),
        (ARABIC, "utf-16-be", "", "", "", False),
        (ARABIC, "windows-1256", "windows-1256", "utf-8", "", False),
        (PERSIAN, "windows-1256", "", "windows-1256", "", False),
        (PERSIAN, "windows-1256", "iso-8859-1", "windows-1256", "", False),
        (ARABIC, "iso8859-6", "iso-8859-6", "", "", False),
        (TURKISH, "windows-1254", "", "iso-8859-9", "", False),
        (TURKISH, "iso8859-9", "iso-8859-9", "", "", False),
        (HEBREW, "iso8859-8", "", "ISO-8859-8-I", "", False),
        (HEBREW, "windows-1255", "windows-1255", "", "", False),
        (ARABIC, "windows-1256", "utf-8", "utf-8", "", True),
        (PERSIAN, "windows-1256", "utf-8", "", "fa", True),
        (TURKISH, "windows-1254", "utf-8", "", "tr", True),
        (HEBREW, "windows-1255", "no-such-charset", "", "he", True),
        (ARABIC, "windows-1256", "", "", "", True),
    ],
)
def test_x9_the_charset_is_found_whatever_the_labels_say(
    text: str, charset: str, label: str, declared: str, language: str, *, guessed: bool
) -> None:
    encoding = f' encoding="{declared}"' if declared else ""
    head = f"<language>{language}</language>" if language else ""
    feed = f'<?xml version="1.0"{encoding}?><rss><channel>{head}<item><title>{text}</title></item></channel></rss>'

    read = feeds.parse(feed.encode(charset), URL, f"application/rss+xml; charset={label}" if label else "")

    assert read.entries[0].title == text
    assert read.flags == (("charset-guessed",) if guessed else ())


def test_x9_a_broken_byte_is_replaced_and_told() -> None:
    body = rss(f"<item><title>{SORANI}\udcff!</title></item>".replace("\udcff", "\x00")).replace(b"\x00", b"\xff")

    feed = feeds.parse(body, URL)

    assert feed.entries[0].title == f"{SORANI}\ufffd!"
    assert feed.flags == ("charset-guessed",)


# ---------------------------------------------------------------- broken XML


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (rss("<item><title>Port &nbsp;&amp;&nbsp; Stadt</title></item>"), "Port & Stadt"),
        (rss("<item><title>Port & Stadt</title></item>"), "Port & Stadt"),
        (rss("<item><title>Port &unheard; x</title></item>"), "Port &unheard; x"),
        (rss("<item><title>3 < 5</title></item>"), "3 < 5"),
        (rss("<item><title>Port\x0b \x01x</title></item>"), "Port x"),
        (rss("<item><title>Port<link>/a</link></item>"), "Port"),
        (rss("<item><title>Port</title><item><title>Other</title></item>"), "Port"),
        (rss("<item><title>Port</title><image><title>Logo</title></item>"), "Port"),
        (b"Notice: x in y<rss><item><title>Port</title></item></rss>", "Port"),
        (b"<rss><channel><item><title>Port</title>", "Port"),
        (b"<rss><channel><item><title>Port", "Port"),
    ],
)
def test_x10_a_broken_feed_is_read_and_marked(body: bytes, title: str) -> None:
    feed = feeds.parse(body, URL)

    assert feed.entries[0].title == title
    assert "ill-formed" in feed.flags


@pytest.mark.parametrize(
    "body",
    [
        b"\n\n\n<?xml version='1.0'?><rss><item><dc:title>Port</dc:title></item></rss>",
        b"<rss><item><title>Port</title></item></rss>\n<!-- served from cache --><script>1</script>",
        b"<RSS><Channel><ITEM><TITLE>Port</TITLE></ITEM></Channel></RSS>",
        b"<rss><channel></channel></rss><item><title>Port</title></item>",
        b"<!-- <html> --><rss><item><title><!-- x -->Po<![CDATA[rt]]></title></item></rss>",
        b"<rss><item><title>Port</title></title></item></image></rss>",
        b"<atom:feed><atom:entry><atom:title>Port</atom:title></atom:entry></atom:feed>",
        b"<n:feed xmlns:n='http://www.w3.org/2005/Atom'><n:entry><n:title>Port</n:title></n:entry></n:feed>",
        b"<n:feed><entry><title>Port</title><n:title>Other</n:title></entry></n:feed></feed>",
        b"<channel><item><title>Port</title></item></channel>",
        b"<rss a='><title>x</title><channel><item><title>Port</title></item></channel>",
        b"<rss><item><image><title>Logo</title><link>/l</link></image><title>Port</title></item></rss>",
        b"<rss xmlns:xml='bad' xmlns:x='a b' xmlns:y='http://www.w3.org/2000/xmlns/'><item><title>Port</title></item></rss>",
        b"<feed><entry><title>Port</title><source><title>Other</title></source></entry></feed>",
        b"<rss><item><title>Port</title><media:title>Picture</media:title><q:title>Other</q:title></item></rss>",
        b"<rss><channel><image><title>Logo</title><link>/l</link></image><item><title>Port</title></item></channel></rss>",
    ],
)
def test_x10_what_only_looks_odd_is_read_as_it_was_meant(body: bytes) -> None:
    assert entry_of(body).title == "Port"


def test_x10_markup_that_was_not_escaped_is_text() -> None:
    entry = item("<title>A <b>bold</b> bridge</title><description>One<br>two <p>three <img src='a>b'></description>")

    assert entry.title == "A bold bridge"
    assert entry.summary == "One two three b'>"


def test_c4_a_feed_whose_end_is_missing_says_so() -> None:
    whole = rss("<item><title>One</title></item><item><title>Two</title></item>")

    assert feeds.parse(whole, URL).flags == ()
    assert feeds.parse(whole[:-30], URL).flags == ("ill-formed", "cut-off")


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Port &amp; Stadt", "Port & Stadt"),
        ("  زێڕ \n\t و   زیو ", "زێڕ و زیو"),
        ("می‌شود", "می‌شود"),
        ("<p>One</p><p>two</p>", "One two"),
        ("wo<b>r</b>d", "word"),
        ("One<br/>two<li>three", "One two three"),
        ("<script>alert(1)</script>x<style>p{}</style><!-- y -->", "x"),
        ("before <script>never closed", "before"),
        ("before <!-- never closed", "before"),
        ('x <a href="y" onclick="z', "x"),
        ("5 < 7 > 3", "5 < 7 > 3"),
        ("\u202eevil\u2066x\u2069\u202a\ufeff\x07\x9b", "evilx"),
        ("a\x85b\u2028c", "a b c"),
        ("&#x41;&#65;&nbsp;&rlm;x", "AA \u200fx"),
        (f"&#{'9' * 5_000};&#x{'f' * 5_000};", "\ufffd\ufffd"),
    ],
)
def test_x11_html_becomes_one_line_of_text(html: str, text: str) -> None:
    assert plain(html) == text


def test_x11_titles_and_summaries_are_safe_for_a_terminal() -> None:
    entry = item("<title>&#x202e;Port\x1b[31m &lt;b&gt;red&lt;/b&gt;</title><description>&#x9b;2J x</description>")

    assert entry.title == "Port[31m red"
    assert entry.summary == "›2J x"


def test_long_titles_are_cut_by_characters() -> None:
    entry = item(f"<title>{'ژ' * 3_000}</title><guid>{'ژ' * 3_000}</guid>")

    assert entry.title == "ژ" * 1_000
    assert len(entry.guid) == 2_048


def test_content_is_kept_as_html_when_it_says_more_than_the_summary() -> None:
    full = "<p>پردەکە کرایەوە.</p><p>کارەکان تەواو بوون.</p>"
    entry = item(f"<description>پردەکە کرایەوە.</description><content:encoded><![CDATA[{full}]]></content:encoded>")

    assert entry.summary == "پردەکە کرایەوە."
    assert entry.content == full


def test_content_no_longer_than_the_summary_is_left_out() -> None:
    entry = item("<description>The bridge is open.</description><content:encoded>Open.</content:encoded>")

    assert entry.content == ""


def test_a_long_description_is_the_article() -> None:
    words = "<p>" + "The bridge is open again. " * 100 + "</p>"
    entry = item(f"<description><![CDATA[{words}]]></description>")

    assert entry.content == words.strip()
    assert len(entry.summary) == 2_000
    assert entry.summary.startswith("The bridge is open again. The")


def test_plain_text_content_is_made_html() -> None:
    entry = entry_of(atom('<summary>s</summary><content type="text">3 &lt; 5 &amp; more</content>'))

    assert entry.content == "3 &lt; 5 &amp; more"


def test_xhtml_content_keeps_its_markup_and_its_references() -> None:
    entry = entry_of(atom('<content type="xhtml"><div>a &lt; <b>b</b><![CDATA[ < c]]></div></content><title>t</title>'))

    assert entry.content == "<div>a &lt; <b>b</b> &lt; c</div>"
    assert entry.summary == "a < b < c"
    assert entry.title == "t"


def test_text_may_hold_what_ends_cdata() -> None:
    assert item("<title>a ]]&gt; b</title>").title == "a ]]> b"


def test_the_language_is_that_of_the_entry_then_of_the_feed() -> None:
    feed = feeds.parse(
        rss("<item><title>a</title><dc:language>ckb</dc:language></item><item/>", "<language>ku</language>"), URL
    )

    assert feed.language == "ku"
    assert [entry.language for entry in feed.entries] == ["ckb", "ku"]


# ---------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("inside", "url"),
    [
        ("<link>https://port.example/1?a=1&amp;b=2#top</link>", "https://port.example/1?a=1&b=2"),
        ("<link>https://port.example/1?a=1&b=2</link>", "https://port.example/1?a=1&b=2"),
        ("<link><![CDATA[\n https://port.example/\n1 ]]></link>", "https://port.example/1"),
        ("<link>https://port.example/خبر</link>", "https://port.example/%D8%AE%D8%A8%D8%B1"),
        ("<link>/1</link>", "https://feeds.example/1"),
        ("<link>1.html</link>", "https://feeds.example/all/1.html"),
        ("<link>//other.example/1</link>", "https://other.example/1"),
        ("<link xml:base='https://port.example/news/'>1</link>", "https://port.example/news/1"),
        ("<link>https://port.example/1</link><guid>https://port.example/2</guid>", "https://port.example/1"),
        ("<link/><guid>https://port.example/2</guid>", "https://port.example/2"),
        ("<guid isPermaLink='true'>https://port.example/2</guid>", "https://port.example/2"),
        ("<guid isPermaLink='false'>https://port.example/2</guid>", ""),
        ("<guid>12345</guid>", ""),
        ("<atom:link href='https://port.example/3'/>", "https://port.example/3"),
        ("<link href=https://port.example/3></link>", "https://port.example/3"),
        ("<atom:link rel='self' href='/self'/><link>/1</link>", "https://feeds.example/1"),
        ("<link>javascript:alert(1)</link>", ""),
        ("<link>data:text/html,x</link>", ""),
        ("<link>file:///etc/hostname</link>", ""),
        ("<link>http://desk:word@port.example/</link>", ""),
        ("<link>https://</link>", ""),
        ("<title>No link</title>", ""),
        ("<link>http://bad host/</link>", "http://bad host/"),
        (f"<link>http://port.example/{'a' * 9_000}</link>", "http://port.example/" + "a" * 2_029),
    ],
)
def test_x12_links_are_made_absolute_and_lead_to_the_web_only(inside: str, url: str) -> None:
    assert item(inside).url == url


@pytest.mark.parametrize(
    ("inside", "root", "url"),
    [
        ("<link href='1'/>", "xml:base='https://port.example/a/'", "https://port.example/a/1"),
        ("<link href='1'/>", "xml:base='/a/'", "https://feeds.example/a/1"),
        ("<link href='/x' rel='enclosure'/><link href='/1' rel='alternate'/>", "", "https://feeds.example/1"),
        ("<id>https://port.example/1</id>", "", "https://port.example/1"),
        ("<id>tag:port.example,2026:1</id>", "", ""),
    ],
)
def test_x12_links_of_atom_follow_xml_base(inside: str, root: str, url: str) -> None:
    assert entry_of(atom(inside, root)).url == url


# ---------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sat, 21 Nov 2026 08:30:15 +0300", "2026-11-21T05:30:15"),
        ("Sat, 21 Nov 2026 08:30:15 +03:30", "2026-11-21T05:00:15"),
        ("Sat, 21 Nov 2026 08:30 GMT", "2026-11-21T08:30:00"),
        ("Sat, 21 Nov 2026 08:30:00 GMT+3", "2026-11-21T05:30:00"),
        ("21 Nov 26 08:30 EST", "2026-11-21T13:30:00"),
        ("21 Nov 95 08:30 Z", "1995-11-21T08:30:00"),
        ("Sat, 21 Nov 2026 23:59:60 UT", "2026-11-21T23:59:59"),
        ("Sat, 21 Nov 2026 24:00:00 UTC", "2026-11-22T00:00:00"),
        ("2026-11-21T08:30:15Z", "2026-11-21T08:30:15"),
        ("2026-11-21T08:30:15.123456789+03:00", "2026-11-21T05:30:15.123456"),
        ("2026-11-21T08:30:15 +0300", "2026-11-21T05:30:15"),
        ("2026/11/21 08:30 pm UTC", "2026-11-21T20:30:00"),
        ("20261121T083015Z", "2026-11-21T08:30:15"),
        ("Sat Nov 21 08:30:15 2026", "2026-11-21T08:30:15"),
        ("November 21, 2026 12:05 a.m", "2026-11-21T00:05:00"),
        ("21.11.2026 08:30", "2026-11-21T08:30:00"),
        ("11/21/2026", "2026-11-21T00:00:00"),
        ("٢١/١١/٢٠٢٦ ٠٨:٣٠ م", "2026-11-21T20:30:00"),
        ("۲۱\u200f/۱۱\u200f/۲۰۲۶", "2026-11-21T00:00:00"),
        ("السبت، 21 تشرين الثاني، 2026 08:30", "2026-11-21T08:30:00"),
        ("21 نوفمبر 2026", "2026-11-21T00:00:00"),
        ("21 جويلية 2026", "2026-07-21T00:00:00"),
        ("۲۱ ژانویهٔ ۲۰۲۶", "2026-01-21T00:00:00"),
        ("21ی تشرینی دووەم 2026", None),
        ("21 تشرینی دووەم 2026", "2026-11-21T00:00:00"),
        ("21 Mijdar 2026", "2026-11-21T00:00:00"),
        ("21 Kewçêr 2026", "2026-10-21T00:00:00"),
        ("Cmt, 21 KASIM 2026 08:30 TRT", "2026-11-21T05:30:00"),
        ("21 noyabr 2026", "2026-11-21T00:00:00"),
        ("21 בנובמבר 2026", "2026-11-21T00:00:00"),
        ("21 նոյեմբերի 2026", "2026-11-21T00:00:00"),
        ("21 décembre 2026", "2026-12-21T00:00:00"),
        ("sam., 21 févr. 2026", "2026-02-21T00:00:00"),
        ("yesterday", None),
        ("31 Feb 2026", None),
        ("21 Smarch 2026", None),
        ("21 ـ 2026", None),
        ("0000-00-00 00:00:00", None),
        ("1970-01-01T00:00:00Z", None),
        ("1405/08/30", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("31 Dec 9999 24:00:00", None),
        ("Sat, 21 Nov 2026 08:30:00 +9999", None),
        ("", None),
    ],
)
def test_dates_are_read_in_every_language_and_given_in_utc(text: str, expected: str | None) -> None:
    published = item(f"<pubDate>{text}</pubDate>").published

    assert published == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)


def test_a_date_without_a_zone_is_in_the_outlets() -> None:
    def read(words: str) -> datetime | None:
        feed = feeds.parse(rss(f"<item><pubDate>{words}</pubDate></item>"), URL, timezone="Asia/Tehran")
        return feed.entries[0].published

    assert read("2026-11-21 08:30") == datetime(2026, 11, 21, 5, tzinfo=UTC)
    assert read("21 Nov 2026 08:30 IRDT") == datetime(2026, 11, 21, 5, tzinfo=UTC)
    assert read("2026-11-21 08:30Z") == datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


def test_a_date_far_in_the_future_is_no_date() -> None:
    def read(moment: datetime, now: datetime | None) -> datetime | None:
        return (
            feeds.parse(rss(f"<item><pubDate>{moment.isoformat()}</pubDate></item>"), URL, now=now).entries[0].published
        )

    tomorrow, next_week = NOW + timedelta(days=1), NOW + timedelta(days=7)
    assert read(tomorrow, NOW) == tomorrow
    assert read(next_week, NOW) is None
    assert read(next_week, None) == next_week


def test_published_is_what_comes_nearest_to_it() -> None:
    both = entry_of(atom("<updated>2026-11-21T09:00:00Z</updated><published>2026-11-21T08:00:00Z</published>"))
    one = entry_of(atom("<updated>2026-11-21T09:00:00Z</updated>"))
    created = entry_of(atom("<created>2026-11-21T07:00:00Z</created><updated>2026-11-21T09:00:00Z</updated>"))

    assert (both.published, both.updated) == (
        datetime(2026, 11, 21, 8, tzinfo=UTC),
        datetime(2026, 11, 21, 9, tzinfo=UTC),
    )
    assert one.published == one.updated
    assert created.published == datetime(2026, 11, 21, 7, tzinfo=UTC)


# ---------------------------------------------------------------- the feed's own wishes


@pytest.mark.parametrize(
    ("head", "minutes"),
    [
        ("<ttl>30</ttl>", 30),
        ("<ttl> 30 </ttl>", 30),
        ("<ttl>0</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<ttl>٣٠</ttl>", None),
        ("<ttl>999999999</ttl>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", 60),
        ("<sy:updatePeriod> Daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 360),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 60),
        ("<sy:updatePeriod>never</sy:updatePeriod>", None),
        ("<ttl>30</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", 60),
        ("", None),
    ],
)
def test_p4_ttl_and_syndication_are_read_in_minutes(head: str, minutes: int | None) -> None:
    assert feeds.parse(rss("<item/>", head), URL).ttl_minutes == minutes


# ---------------------------------------------------------------- JSON Feed


def test_a_json_feed_takes_what_it_can_use() -> None:
    items: list[object] = [
        {"url": "/1", "id": 1, "title": "<b> & ü", "content_text": "a\nb <c>", "summary": "x < y"},
        {"external_url": "https://port.example/2", "title": None, "tags": {}},
        "no entry",
    ]
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "A & B", "items": items})

    feed = feeds.parse(f"\ufeff {body}".encode(), URL, "application/feed+json")

    assert feed.title == "A & B"
    assert [entry.url for entry in feed.entries] == ["https://feeds.example/1", "https://port.example/2"]
    assert (feed.entries[0].title, feed.entries[0].summary) == ("<b> & ü", "x < y")
    assert feed.entries[0].content == "a<br>\nb &lt;c&gt;"
    assert feed.entries[0].guid == "1"


# ---------------------------------------------------------------- fingerprints


def test_a_fingerprint_moves_with_what_an_outlet_changes_and_with_nothing_else() -> None:
    entry = Entry("https://port.example/1", "Port", NOW, NOW, "summary", "<p>content</p>", "g", "en", 1)
    print_ = feeds.fingerprint(entry)

    assert print_ == "99c5eb3911fff806"
    assert feeds.fingerprint(replace(entry, number=9, attempts=2, not_before=NOW, guid="h", language="fr")) == print_
    changes: list[dict[str, Any]] = [
        {"title": "Hafen"},
        {"summary": "x"},
        {"content": ""},
        {"published": None},
        {"updated": NOW + timedelta(seconds=1)},
        {"title": "Por", "summary": "tsummary"},
    ]
    assert len({print_, *(feeds.fingerprint(replace(entry, **change)) for change in changes)}) == len(changes) + 1


# ---------------------------------------------------------------- anything at all


BITS = st.sampled_from(
    (
        *(
            "<rss>",
            "<feed xmlns='http://www.w3.org/2005/Atom'>",
            "<rdf:RDF>",
            "<channel>",
            "<item>",
            "</item>",
            "<entry>",
        ),
        *(
            "</entry>",
            "</channel>",
            "</rss>",
            "</feed>",
            "<title>",
            "</title>",
            "<link>",
            "</link>",
            "<link href='x'/>",
        ),
        *("<content type='xhtml'>", "</content>", "<description>", "</description>", "<pubDate>", "</pubDate>", "<p>"),
        *(
            "<content:encoded>",
            "</content:encoded>",
            "<![CDATA[",
            "]]>",
            "<!--",
            "-->",
            "<?x",
            "?>",
            "<!DOCTYPE rss [",
            "]>",
        ),
        *(
            "&amp;",
            "&nbsp;",
            "&#0;",
            "&#x110000;",
            "&#xd800;",
            "&",
            "<",
            ">",
            '"',
            "'",
            "=",
            "/",
            "\x00",
            "\x0b",
            "\ufffe",
        ),
        *(
            "21 Nov 2026",
            "http://[",
            "می‌شود",
            "\u202e",
            "{",
            "}",
            "<ttl>",
            "<source>",
            "<image>",
            "xml:base='http://[x'",
        ),
        *("<title type='text' mode='base64'>", "<a:title xmlns:a='b'>", "<rss xmlns:q='q'>", "<q:item>", "</q:item>"),
    )
)
PATCHWORK = st.lists(BITS | st.text(max_size=8), max_size=40).map("".join)


@settings(deadline=None, derandomize=True, max_examples=400)
@given(st.binary(max_size=400) | PATCHWORK.map(lambda text: ("<rss>" + text).encode("utf-8", "replace")))
@example(b"<rss><item><link>http://[</link></item></rss>")
def test_any_bytes_give_a_feed_or_a_drop_and_always_the_same(body: bytes) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the detector of charsets may warn about bytes that are no text
            feed = feeds.parse(body, URL, "text/xml")
    except Drop as dropped:
        assert dropped.reason in ("empty", "not-a-feed")  # noqa: PT017 - a drop is one of two good ends
        return
    assert [entry.number for entry in feed.entries] == list(range(1, len(feed.entries) + 1))
    assert all(entry.title == plain(entry.title.replace("&", "&amp;").replace("<", "&lt;")) for entry in feed.entries)
    assert feed == feeds.parse(body, URL, "text/xml")


@settings(deadline=None, derandomize=True, max_examples=400)
@given(PATCHWORK)
@example("<item><title>a ]\x00]> b</title></item>")
@example("<item xml:lang='\x00\ufffe'></item>")
@example("</rss><rss xmlns:a='b}c'>")
def test_what_markup_writes_is_always_well_formed(text: str) -> None:
    tamed = tame("<rss>" + text)

    ET.fromstring(tamed.xml)  # noqa: S314 - its input is what makes it safe, which is tested here


def test_feedparser_is_only_loaded_for_a_feed() -> None:
    program = "import sys, pipeline.feeds; sys.exit('feedparser' in sys.modules or 'lxml' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603 - our own program
