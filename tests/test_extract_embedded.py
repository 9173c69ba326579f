"""The body of an article in the JSON of its page: where it is found, whose it is, when it is taken."""

from __future__ import annotations

import json
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extract import embedded, prose
from pipeline.extract.identity import Identity
from pipeline.model import Entry, Removed
from tests.pages import PARAGRAPHS, SENTENCE, URL, article, document, origin

HEADLINE = "The old bridge opens again on Sunday"
TOLD = [
    f"Told {number}: lorries have to use the ring road until the end of the year, the mayor said."
    for number in range(8)
]
MARKUP = "".join(f"<p>{line}</p>" for line in TOLD)
FOREIGN = "<p>Farmers began to bring in the wheat on Monday, two weeks before the usual time of the year.</p>" * 12
MENU = "".join(
    f"<ul><li><a href='/{name}'>{name} and other news</a></li></ul>" for name in ("Home", "Sport", "Weather")
)
NOTICE = "<p>We use cookies to remember your choice and to count visits; you may refuse them at any time below.</p>" * 3


def linked(*nodes: object) -> str:
    return f"<script type='application/ld+json'>{json.dumps(nodes[0] if len(nodes) == 1 else nodes)}</script>"


def state(value: object, before: str = "window.__INITIAL_STATE__ = ", after: str = ";") -> str:
    return f"<script>{before}{json.dumps(value)}{after}</script>"


def data(value: object, mark: str = "id='__NEXT_DATA__'") -> str:
    return f"<script type='application/json' {mark}>{json.dumps(value)}</script>"


def news(**more: object) -> dict[str, object]:
    return {"@type": "NewsArticle", "url": URL, "articleBody": "\n".join(TOLD)} | more


def body(*scripts: str, url: str = URL, titles: tuple[str, ...] = (HEADLINE,)) -> list[str]:
    """The lines that the scripts of a page without any text give."""
    tree = prose.parse(f"<html><head>{''.join(scripts)}</head><body><p>Loading</p></body></html>")
    return embedded.body(embedded.take(tree), tree, Identity(tree, url, titles)).split("\n")


@pytest.mark.parametrize(
    "script",
    [
        linked(news()),
        linked({"@type": "WebSite", "url": "https://port.example/"}, news()),
        linked({"@context": "https://schema.org", "@graph": [{"@type": "Person"}, {"mainEntity": [news()]}]}),
        linked(news(url="", mainEntityOfPage={"@id": URL})),
        linked(news(url="http://www.port.example/news/1/")),
        linked(news(url="", headline=HEADLINE)),
        linked(news(url="https://amp.example/else")),
        linked(news(articleBody=MARKUP)),
        linked(news(articleBody=MARKUP.replace("<", "&lt;").replace(">", "&gt;"))),
        f"<script type='application/ld+json'><!-- {json.dumps(news())} --></script>",
        data({"props": {"pageProps": {"article": {"title": HEADLINE, "body": MARKUP}}}}),
        data(
            {"props": {"pageProps": {"post": {"link": "/news/1", "content": {"rendered": MARKUP, "protected": False}}}}}
        ),
        data({"title": {"rendered": f"{HEADLINE}"}, "content": {"rendered": MARKUP}}, "class='wp'"),
        state(
            {"ROOT": {"Article:7": {"__typename": "Article", "headline": HEADLINE, "text": MARKUP}}},
            "window.__APOLLO_STATE__=",
        ),
        state({"article": {"url": URL, "html": MARKUP}}, "window['__PRELOADED_STATE__'] = "),
        state(json.dumps({"article": {"url": URL, "html": MARKUP}}), "var page = JSON.parse(", ");"),
        state({"url": URL, "body": {"blocks": [{"type": "paragraph", "text": line} for line in TOLD]}}, "var page = "),
        state({"url": URL, "body": {"content": [{"type": "paragraph", "text": line} for line in TOLD]}}, "var page = "),
        state({"url": URL, "content": TOLD}, "function(){return {a:1}};var a={b: 2}; window.post="),
        state({"url": URL, "a": 1, "content": MARKUP}).replace('"a": 1', '"a": undefined'),
        state(
            {
                "headlines": {"basic": HEADLINE},
                "content_elements": [
                    {"type": "image", "content": "https://port.example/bridge.jpg"},
                    *({"type": "text", "content": line} for line in TOLD[:6]),
                    {"type": "interstitial_link", "content": "Read also: a harvest"},
                    {
                        "type": "list",
                        "items": [{"type": "text", "content": TOLD[6]}, {"type": "text", "content": TOLD[7]}],
                    },
                ],
            },
            "Fusion.contextPath='/x';Fusion.globalContent=",
        ),
    ],
)
def test_a_body_is_found_wherever_content_systems_put_it(script: str) -> None:
    assert body(script) == TOLD


def test_pieces_of_a_paragraph_are_put_together() -> None:
    bold = {"type": "text", "marks": [{"type": "bold"}], "text": TOLD[0][9:]}
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": TOLD[0][:9]}, bold]}
    quote = {
        "nodeType": "quote",
        "content": [{"nodeType": "paragraph", "content": [{"nodeType": "text", "value": TOLD[1]}]}],
    }

    assert body(data({"title": HEADLINE, "body": {"type": "doc", "content": [paragraph, quote]}})) == TOLD[:2]


def test_what_nuxt_writes_as_one_list_of_values_is_put_together() -> None:
    values = [
        ["ShallowReactive", 1],
        {"article": 2, "again": 1},
        {"title": 3, "body": 4, "live": -1},
        HEADLINE,
        [5, 6],
        *TOLD[:2],
    ]

    assert body(data(values, "id='__NUXT_DATA__'")) == TOLD[:2]


def test_of_several_articles_the_pages_own_is_taken() -> None:
    others = [news(url=f"https://port.example/news/{number}", articleBody=FOREIGN) for number in (2, 3)]

    assert body(linked(others[0], news(), others[1])) == TOLD
    assert body(data({"latest": others, "current": {"title": HEADLINE, "content": MARKUP}})) == TOLD


def test_the_longest_of_its_own_is_taken() -> None:
    assert (
        body(linked(news(articleBody=TOLD[0] * 2)), data({"url": URL, "content": MARKUP, "text": TOLD[0] * 3})) == TOLD
    )


@pytest.mark.parametrize(
    "scripts",
    [
        (linked(news(url="/news/2", headline="Harvest")), linked(news(url="/news/3", headline="Rain"))),
        (data({"title": "The harvest is in", "body": MARKUP}),),
        (data({"url": "https://port.example/news/2", "body": MARKUP}),),
        (data({"url": f"{URL}#comment-7", "text": MARKUP}),),
        (data({"url": ["x"], "title": 7, "body": MARKUP}),),
        (data({"title": HEADLINE, "text": "The bridge last week"}),),
        (data({"title": HEADLINE, "body": json.dumps([{"type": "tag", "value": MARKUP}])}),),
        (data({"title": HEADLINE, "body": ["div", {}, ["p", MARKUP]]}),),
        (data({"title": HEADLINE, "body": [{"type": "video", "content": MARKUP}, {"type": "text"}, 7]}),),
        (data({"title": HEADLINE, "body": {"other": MARKUP}}),),
        (state({"url": URL, "body": MARKUP}).replace("<script", "<script type='text/template'"),),
        ('<script>window.__STATE__ = {"url": "' + URL + '", "body": "' + TOLD[0] * 3 + "</script>",),
        (
            "<script type='application/ld+json'>not JSON, articleBody</script>",
            "<script></script>",
            "<script>a = {b: 1}</script>",
        ),
    ],
)
def test_what_is_not_surely_the_pages_body_is_not_taken(scripts: tuple[str, ...]) -> None:
    assert body(*scripts) == [""]


def test_entities_and_unprintable_characters_are_mended() -> None:
    text = f"{TOLD[0]} Fish &amp; chips\ud83d &lt; 5\x00.\r\n\t\n  {TOLD[1]}"

    assert body(linked(news(articleBody=text))) == [f"{TOLD[0]} Fish & chips < 5 .", TOLD[1]]


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "<p>Loading, please wait.</p>",
        MENU * 4,
        NOTICE,
        f"<div>{MENU}</div><article><h1>{HEADLINE}</h1>{NOTICE}</article>",
    ],
    ids=("nothing", "short", "menus", "notice", "frame"),
)
def test_a_page_that_shows_no_article_gives_that_of_its_json(shown: str) -> None:
    head = f"<title>{HEADLINE}</title>" + data({"title": HEADLINE, "body": MARKUP})

    found = article(f"<html><head>{head}</head><body>{shown}</body></html>")

    assert found.text.split("\n") == TOLD
    assert origin(found, "text") == "json"


@pytest.mark.parametrize(
    "told",
    [
        news(articleBody=f"{SENTENCE * 8}{'More of it stands here, for subscribers of the paper only. ' * 40}"),
        news(articleBody="<p>A summary of what the page tells at length.</p>" * 4),
        news(url="/news/2", headline="The harvest is in", articleBody=FOREIGN),
    ],
)
def test_an_article_that_the_page_shows_stays(told: dict[str, object]) -> None:
    other = news(url="/news/3", headline="Rain")

    found = article(document(PARAGRAPHS, linked(told, other)))

    assert found.text.startswith("Paragraph 1")
    assert len(found.text.split("\n")) == 4
    assert origin(found, "text") == "page"


def test_the_body_of_a_page_that_shows_about_as_much_of_something_else_is_kept_beside_it() -> None:
    notice = (
        "We store a few small files on your device to learn how often you come to read us, now and in time to come. "
    )
    told = [f"Paragraph {number} of the harvest report. {SENTENCE}".strip() for number in range(3)]

    found = article(document(f"<p>{notice * 3}</p>", linked(news(articleBody="\n".join(told)))))

    assert found.text == (notice * 3).strip()
    assert found.removed == tuple(Removed(line, "beside") for line in told)


def test_a_body_of_which_the_page_shows_the_beginning_is_not_kept_beside_it() -> None:
    told = [f"Paragraph {number} of the harvest report. {SENTENCE}".strip() for number in range(4)]

    found = article(document("".join(f"<p>{line}</p>" for line in told), linked(news(articleBody="\n".join(told)))))

    assert found.text.split("\n") == told
    assert found.removed == ()


def test_bodies_of_several_articles_are_not_glued_to_each_other() -> None:
    others = [news(url=f"/news/{number}", headline=f"Story {number}", articleBody=FOREIGN) for number in (2, 3)]

    found = article(f"<html><head>{linked(*others)}</head><body><p>{SENTENCE}</p></body></html>")

    assert found.text == SENTENCE.strip()


def test_the_feed_is_the_last_resort() -> None:
    html = f"<html><head>{linked(news())}</head><body><p>Loading</p></body></html>"

    assert article(html, entry=Entry(URL, content=FOREIGN)).text.split("\n") == TOLD
    assert origin(article(html.replace("articleBody", "x"), entry=Entry(URL, content=FOREIGN)), "text") == "feed"


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("ar", "أعلنت وزارة النقل أن الجسر القديم سيفتح أمام السيارات صباح الأحد بعد ثلاثة أشهر من العمل."),
        (
            "fa",
            "وزارت راه اعلام کرد پل قدیمی پس از سه ماه کار صبح یکشنبه باز می\u200cشود و خودروها می\u200cگذرند.",
        ),
        ("ckb", "وەزارەتی گواستنەوە ڕایگەیاند پردە کۆنەکە دوای سێ مانگ کار بەیانی یەکشەممە دەکرێتەوە."),
        ("kmr", "Wezareta veguhastinê ragihand ku pira kevn piştî sê mehên kar sibeha yekşemê vedibe."),
        ("tr", "Ulaştırma Bakanlığı, eski köprünün üç aylık çalışmanın ardından pazar sabahı açılacağını duyurdu."),
        ("he", "משרד התחבורה הודיע כי הגשר הישן ייפתח לתנועה ביום ראשון בבוקר לאחר שלושה חודשי עבודה."),
        ("hy", "Տրանսպորտի նախարարությունը հայտնեց, որ հին կամուրջը կբացվի կիրակի առավոտյան։"),
        ("az", "Nəqliyyat Nazirliyi köhnə körpünün üç aylıq işdən sonra bazar günü səhər açılacağını bildirdi."),
        ("fr", "Le ministère des Transports a annoncé que le vieux pont rouvrira dimanche matin après trois mois."),
    ],
)
def test_every_language_is_read_from_escaped_json(language: str, sentence: str) -> None:
    lines = [f"{number}. {sentence}" for number in range(4)]
    head = linked(news(articleBody="\n".join(lines)))

    found = article(f"<html lang='{language}'><head>{head}</head><body><p>...</p></body></html>")

    assert found.text.split("\n") == lines


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([URL, HEADLINE, MARKUP]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *embedded.BODIES,
                    *embedded.ADDRESSES,
                    *embedded.HEADLINES,
                    *embedded.PIECES,
                    *embedded.KINDS,
                    "@graph",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(VALUES, st.sampled_from([linked, state, data]))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_no_json_makes_it_fail_and_what_it_gives_is_text(value: object, script: object) -> None:
    assert callable(script)
    text = "\n".join(body(script(value), script([["Reactive", 1], value, 0, 1, value])))

    assert text.encode().decode() == text
    assert all(line == " ".join(line.split()) for line in text.split("\n"))


@given(
    st.text(alphabet='{}[]":,=\\u_Nan1 truefalse&<p>\ud800\x00', max_size=80),
    st.sampled_from(["", "application/json", "application/ld+json"]),
)
@settings(deadline=None, derandomize=True, max_examples=300)
def test_no_script_makes_it_fail(script: str, kind: str) -> None:
    assert (
        body(f"<script type='{kind}'>window.x = {{\"articleBody\": {script}".replace("\ud800", "\\ud800")) is not None
    )


DEEP = 100_000


@pytest.mark.parametrize(
    "script",
    [
        "[" * DEEP,
        '{"articleBody":' * DEEP,
        "[" * 900 + '{"articleBody": "x"}' + "]" * 900,
        '{"a": NaN, "articleBody": Infinity, "articleBody": [NaN], "url": ' + "9" * DEEP + "}",
        json.dumps([news() for _ in range(5_000)]),
        json.dumps(news(articleBody=[{"text": "<p>x</p>"}] * 50_000)),
        json.dumps(news(articleBody=[[[[{"content": ["x"] * 50}] * 50] * 50] * 5])),
        json.dumps([{"url": f"https://port.example/{number}?a=1", "body": "x"} for number in range(30_000)]),
        '= {"a' * 500_000,
        '={"' * 900_000,
        ":undefined," * 250_000,
        "=   " * 700_000,
        '{"articleBody": "' + "x" * 30_000_000 + '"}',
        json.dumps([["Reactive", 1], {"body": 1, "url": 2}, URL, *([[1] * 50] * 1_000)]),
        json.dumps([["Reactive", 1], {"body": 3, "url": 2, "type": 3}, URL, *([at, at] for at in range(4, 1_000)), 3]),
    ],
    ids=lambda script: script[:24],
)
@pytest.mark.parametrize("kind", ["application/ld+json", "application/json", ""])
def test_scripts_that_are_made_to_be_costly_are_read_in_bounded_time(script: str, kind: str) -> None:
    program = script if kind else f"window.x = {script}"
    tree = prose.parse(f"<html><head><script type='{kind}'>{program}</script></head><body>x</body></html>")
    started = process_time()

    embedded.body(embedded.take(tree), tree, Identity(tree, URL, (HEADLINE,)))

    assert process_time() - started < 3
