"""Other articles on the page of an article: what goes, what stays, and whose address is given back."""

from __future__ import annotations

from time import process_time

import pytest

from pipeline.clean import Clean
from pipeline.extract import others, prose
from pipeline.extract.identity import Identity
from pipeline.extract.others import Other
from pipeline.model import Article, Removed
from tests.pages import PARAGRAPHS, SENTENCE, URL, article, document

OTHER = "The second story tells of something else entirely, of a harvest and of rain. "
BODY = f"<div><p>{OTHER * 4}</p><p>{OTHER * 4}</p></div>"
APPENDED = f"<h2><a href='/news/2'>The harvest is in</a></h2>{BODY}"
NEXT = "https://port.example/news/2"
HEADLINE = "The old bridge opens again on Sunday"
HEAD = f"<meta property='og:title' content='{HEADLINE}'>"
ARABIC = "افتتاح الجسر القديم يوم الأحد أمام السيارات"


def page(*articles: str, head: str = HEAD) -> str:
    """A page with several <article> elements."""
    return f"<html><head>{head}</head><body><main>{''.join(articles)}</main></body></html>"


def marked(body: str, attributes: str = "") -> str:
    return f"<article {attributes}>{body}</article>"


def dropped(html: str, url: str = URL, titles: tuple[str, ...] = (HEADLINE,)) -> tuple[list[str], str]:
    """The addresses of what goes, and the text that stays."""
    tree = prose.parse(html)
    gone = others.drop(tree, Identity(tree, url, titles))
    return [other.url for other in gone], " ".join(" ".join(tree.itertext()).split())


def test_a_story_that_scrolls_in_below_is_taken_out_told_and_offered() -> None:
    found = article(page(marked(PARAGRAPHS), marked(APPENDED)))

    assert "harvest" not in found.text
    assert [(removed.reason, removed.url) for removed in found.removed] == [("second-article", NEXT)]
    assert found.removed[0].text.split("\n") == ["The harvest is in", *[(OTHER * 4).strip()] * 2]


def test_it_is_taken_out_of_the_first_story_too() -> None:
    found = article(document(f"{PARAGRAPHS}{marked(APPENDED)}After all."))

    assert "harvest" not in found.text
    assert "Paragraph 4" in found.text


def test_the_link_may_stand_around_the_headline() -> None:
    appended = APPENDED.replace("<h2><a href='/news/2'>", "<a href='/news/2'><h2>").replace("</a></h2>", "</h2></a>")

    assert dropped(page(marked(PARAGRAPHS), marked(appended)))[0] == [NEXT]


def test_teasers_below_a_story_go_and_are_told_but_not_offered() -> None:
    teaser = "<h3><a href='/news/2'>The harvest is in</a></h3>"
    correction = "<h3><a href='/news/3'>Correction: the bridge opens on Monday</a></h3><p>Not on Sunday.</p>"

    found = article(page(marked(PARAGRAPHS), marked(teaser), marked(APPENDED), marked(correction)))

    assert "harvest" not in found.text
    assert "Correction" not in found.text
    assert [(removed.reason, removed.url) for removed in found.removed] == [
        ("second-article", NEXT),
        ("second-article", ""),
    ]
    assert found.removed[1].text.split("\n") == [
        "The harvest is in",
        "Correction: the bridge opens on Monday",
        "Not on Sunday.",
    ]


def test_a_short_post_that_leads_to_no_other_page_is_left_to_extraction() -> None:
    gone, left = dropped(page(marked(PARAGRAPHS), marked("<h3>Correction</h3><p>Not on Sunday.</p>")))

    assert gone == []
    assert left.endswith("Correction Not on Sunday.")


def test_a_teaser_without_words_is_not_told() -> None:
    picture = marked("<h3><a href='/news/2'><img src='bridge.jpg'></a></h3>")

    assert dropped(page(marked(PARAGRAPHS), picture))[0] == []


@pytest.mark.parametrize(
    "appended",
    [
        APPENDED.replace("/news/2", URL),
        APPENDED.replace("/news/2", "#comments"),
        APPENDED.replace("/news/2", "javascript:void(0)"),
        APPENDED.replace("/news/2", "/"),
        APPENDED.replace("<a href='/news/2'>", "<b>"),
        APPENDED.replace("h2", "p"),
        APPENDED.replace("The harvest is in", HEADLINE),
        APPENDED.replace("/news/2", f"{URL}/page-2"),
        APPENDED.replace("/news/2", f"{URL}?entry=7"),
    ],
)
def test_a_part_that_leads_nowhere_else_is_the_storys_own(appended: str) -> None:
    gone, left = dropped(page(marked(PARAGRAPHS), marked(appended)))

    assert gone == []
    assert "harvest and of rain" in left


def test_a_list_of_stories_is_left_as_it_is() -> None:
    assert dropped(page(marked(f"<p>{SENTENCE}</p>"), marked(APPENDED)))[0] == []


def test_an_embedded_teaser_inside_the_story_is_left_to_extraction() -> None:
    embedded = "<article><h3><a href='/news/2'>The harvest is in</a></h3></article>"

    gone, left = dropped(document(PARAGRAPHS + embedded))

    assert gone == []
    assert "harvest" in left


def test_a_story_is_not_taken_out_of_a_frame_that_holds_little_else() -> None:
    assert dropped(document(marked(APPENDED)))[0] == []


@pytest.mark.parametrize("opening", [f"<p>{SENTENCE}</p>", PARAGRAPHS], ids=("brief", "list"))
def test_the_parts_of_a_brief_are_its_text_and_no_other_stories(opening: str) -> None:
    parts = [marked(APPENDED.replace("/news/2", f"/news/{number}")) for number in range(2, 8)]
    below = marked(APPENDED.replace("/news/2", "/news/9"))

    gone, left = dropped(page(marked(f"<h1>{HEADLINE}</h1>{opening}{''.join(parts)}"), below))

    assert gone == ["https://port.example/news/9"]
    assert left.count("The harvest is in") == 6


def test_several_stories_inside_a_longer_one_are_taken_out_of_it() -> None:
    inside = marked(APPENDED) + marked(APPENDED.replace("/news/2", "/news/3"))

    gone, left = dropped(document(PARAGRAPHS * 2 + inside))

    assert gone == [NEXT, "https://port.example/news/3"]
    assert "harvest" not in left


def test_a_story_inside_another_that_goes_is_told_once() -> None:
    inner = marked(APPENDED.replace("/news/2", "/news/3"))

    gone, left = dropped(page(marked(PARAGRAPHS), marked(APPENDED + inner)))

    assert gone == [NEXT]
    assert "harvest" not in left


@pytest.mark.parametrize(
    "attribute",
    [
        *(
            "data-url='/news/2'",
            "data-href='/news/2'",
            f"itemid='{NEXT}'",
            "data-permalink='/news/2?utm_source=scroll'",
        ),
        "data-url='' itemid='/news/2'",
    ],
)
def test_the_address_may_stand_beside_the_headline(attribute: str) -> None:
    assert dropped(page(marked(PARAGRAPHS), marked(f"<h2>The harvest is in</h2>{BODY}", attribute)))[0] == [NEXT]


@pytest.mark.parametrize(
    "mark",
    [
        f"<meta itemprop='mainEntityOfPage' content='{NEXT}'>",
        f"<link itemprop='mainEntityOfPage' href='{NEXT}'>",
        f"<meta itemprop='mainEntityOfPage' itemid='{NEXT}'>",
    ],
)
def test_the_address_may_stand_in_microdata(mark: str) -> None:
    assert dropped(page(marked(PARAGRAPHS), marked(f"{mark}<h2>The harvest is in</h2>{BODY}")))[0] == [NEXT]


@pytest.mark.parametrize("key", [f'"url": "{NEXT}"', f'"mainEntityOfPage": {{"@id": "{NEXT}"}}'])
def test_the_address_may_stand_in_json_ld_beside_the_headline(key: str) -> None:
    said = f'[{{"@type": "NewsArticle", "headline": "The harvest is in", {key}}}, {{"@type": "WebSite", "url": "/"}}]'
    head = f"{HEAD}<script type='application/ld+json'>{said}</script>"

    assert dropped(page(marked(PARAGRAPHS), marked(f"<h2>The harvest is in</h2>{BODY}"), head=head))[0] == [NEXT]


def test_an_address_in_an_attribute_alone_makes_no_teaser_of_a_part() -> None:
    slide = "<article data-url='/pictures/2'><h3>The northern pillar</h3><p>It was built in 1931.</p></article>"
    widget = marked(BODY, "data-url='/widgets/2'")

    assert "northern pillar" in dropped(page(marked(PARAGRAPHS), slide))[1]
    assert dropped(page(marked(PARAGRAPHS), widget))[0] == []


def test_a_story_of_another_site_goes_but_is_not_offered() -> None:
    elsewhere = APPENDED.replace("/news/2", "https://other.example/news/2")
    sister = APPENDED.replace("/news/2", "https://sport.port.example/2")

    assert dropped(page(marked(PARAGRAPHS), marked(elsewhere)))[0] == [""]
    assert dropped(page(marked(PARAGRAPHS), marked(sister)))[0] == ["https://sport.port.example/2"]


@pytest.mark.parametrize(
    ("own", "url", "head"),
    [
        (f"<h1><a href='/news/1'>Bridge</a></h1>{PARAGRAPHS}", URL, ""),
        (f"<h1><a href='http://www.port.example/news/1/?utm_source=x'>Bridge</a></h1>{PARAGRAPHS}", URL, ""),
        (f"<h2>Region</h2><h1>{HEADLINE}</h1>{PARAGRAPHS}", URL, ""),
        (f"<h1><a href='/news/1'>Bridge</a></h1>{PARAGRAPHS}", "https://port.example/?p=1", "canonical"),
        (f"<h1><a href='/news/1'>Bridge</a></h1>{PARAGRAPHS}", "https://port.example/?p=1", "og:url"),
    ],
)
def test_the_pages_own_story_need_not_be_the_first(own: str, url: str, head: str) -> None:
    head = {
        "canonical": f"<link rel='canonical' href='{URL}'>",
        "og:url": f"<meta property='og:url' content='{URL}'>",
        "": "",
    }[head]
    teaser = marked("<h3><a href='/news/3'>Rain</a></h3>")

    gone, left = dropped(page(marked(APPENDED), teaser, marked(own), head=head), url)

    assert gone == [NEXT, ""]
    assert left.startswith("Bridge Paragraph 1" if "Bridge" in own else "Region")
    assert left.endswith("said.")


def test_numbers_in_a_query_tell_stories_apart() -> None:
    appended = APPENDED.replace("/news/2", "/show?id=2")

    gone, _ = dropped(page(marked(PARAGRAPHS), marked(appended)), "https://port.example/show?id=1")

    assert gone == ["https://port.example/show?id=2"]


def test_a_story_under_a_main_headline_of_its_own_goes_even_without_an_address() -> None:
    own, other = marked(f"<h1>{HEADLINE}</h1>{PARAGRAPHS}"), f"<h1>The harvest is in</h1>{BODY}"

    assert dropped(page(own, marked(other)))[0] == [""]
    assert dropped(page(own, marked(other.replace("h1", "h2"))))[0] == []
    assert dropped(page(own, marked(other.replace("The harvest is in", HEADLINE))))[0] == []
    assert dropped(page(marked(PARAGRAPHS), marked(other)))[0] == []
    assert dropped(page(marked(f"<h1>{HEADLINE}</h1>{PARAGRAPHS}{marked(other)}")))[0] == []


@pytest.mark.parametrize(
    ("head", "around"),
    [
        ("", "<div class='article live-blog'>{}</div>"),
        ("", "<div id='LiveBlog'>{}</div>"),
        ("", "<div itemscope itemtype='https://schema.org/LiveBlogPosting'>{}</div>"),
        ('<script type="application/ld+json">{"@type": "LiveBlogPosting"}</script>', "<div>{}</div>"),
    ],
)
def test_the_entries_of_a_live_blog_are_its_text(head: str, around: str) -> None:
    entries = [f"<h2><a href='/entry/{number}'>10:3{number} Update {number}</a></h2>{BODY}" for number in range(3)]

    gone, left = dropped(page(around.format("".join(map(marked, entries))), head=head))

    assert gone == []
    assert left.count("of a harvest") == 3 * 8


def updates(hour: str, count: int = 3, body: str = BODY) -> str:
    """A page with entries that are headed by an hour and have addresses of their own."""
    entry = "<h2><a href='/p/10{}'>The ministers arrive</a></h2>"
    entries = [marked(hour + entry.format(number) + body, "class='update'") for number in range(count)]
    return page(marked(f"<h1>{HEADLINE}</h1>{PARAGRAPHS}"), *entries)


@pytest.mark.parametrize(
    "hour",
    [
        *("١٠:١٥ صباحا بتوقيت بغداد", "ساعت ۱۰:۱۵", "کاتژمێر ١٠:١٥", "Saet 10:15", "Saat 10.15"),
        *("בשעה 10:15", "ժամը 10։15", "saat 10:15", "à 10h15", "10:15 a.m. GMT"),
    ],
)
def test_entries_headed_by_an_hour_are_the_pages_text_in_ten_languages(hour: str) -> None:
    gone, left = dropped(updates(f"<time datetime='2026-11-21T10:15Z'>{hour}</time>"))

    assert gone == []
    assert left.count("The ministers arrive") == 3


def test_the_hour_of_an_entry_may_stand_in_its_headline_and_the_entry_be_short() -> None:
    html = updates("<span>Desk</span>", body=f"<p>{OTHER * 2}</p>").replace("The min", "10:15 - The min")

    gone, left = dropped(html)

    assert gone == []
    assert left.count("10:15 - The ministers arrive") == 3


@pytest.mark.parametrize(
    ("opening", "count", "body", "gone"),
    [
        ("<time>10:15</time>", 2, BODY, 2),
        ("<time>21 November 2026, 10:15</time>", 3, BODY, 3),
        ("<b>10:15</b> <i>21.11.2026</i>", 3, BODY, 3),
        ("<b>11/21</b>", 3, BODY, 3),
        ("<b>Room 10:15</b>", 3, BODY, 3),
        ("<time>10:15</time>", 3, "", 1),
    ],
    ids=("two", "dated", "dated apart", "day", "other words", "teasers, told as one"),
)
def test_other_stories_are_told_by_their_date_and_teasers_by_their_size(
    opening: str, count: int, body: str, gone: int
) -> None:
    assert len(dropped(updates(opening, count, body))[0]) == gone


def test_comments_are_left_to_extraction_which_leaves_them_out() -> None:
    comment = f"<article class='comment-body'><h3><a href='https://blog.example/'>Reader</a></h3>{BODY}</article>"
    html = document(f"{PARAGRAPHS}<div id='comments'><ol class='comment-list'><li>{comment}</li></ol></div>", HEAD)

    assert dropped(html)[0] == []
    assert "harvest" not in article(html).text


def posts(*bodies: str, tag: str = "div", date: str = "<p>21 November 2026</p>") -> str:
    """A list of posts that no <article> marks."""
    return "".join(f"<{tag} class='post'>{body.replace('</h2>', '</h2>' + date)}</{tag}>" for body in bodies)


OWN_POST = f"<h2><a href='/news/1'>Bridge</a></h2>{PARAGRAPHS}"


def test_of_posts_that_no_article_marks_only_that_of_the_page_stays() -> None:
    third = f"<h3 class='post-title'><a href='/news/3'>Rain at last</a></h3><time>Friday</time>{BODY}"

    gone, left = dropped(page(posts(APPENDED, OWN_POST, third, tag="section")))

    assert gone == [NEXT, "https://port.example/news/3"]
    assert left.startswith("Bridge 21 November 2026 Paragraph 1")
    assert "harvest" not in left


@pytest.mark.parametrize(
    "html",
    [
        posts(OWN_POST, APPENDED, date=""),
        "".join(f"<section>{posts(post)}<h1>{place}</h1></section>" for place, post in enumerate((OWN_POST, APPENDED))),
        posts(OWN_POST) + posts(APPENDED, tag="section"),
        posts(OWN_POST.replace("Bridge", "<h2><a href='/news/1'>Bridge</a></h2>"), APPENDED),
        posts(OWN_POST, APPENDED.replace("h2", "h3")),
        posts(OWN_POST, APPENDED.replace(OTHER * 4, OTHER)),
        posts(OWN_POST.replace("/news/1", "/news/9"), APPENDED),
        posts(OWN_POST, APPENDED.replace(OTHER, f"<a href='/tag'>{OTHER}</a>")),
        posts(f"<h1>{HEADLINE}</h1><h1>Again</h1>{PARAGRAPHS}", APPENDED),
    ],
)
def test_what_is_not_surely_a_list_of_posts_is_left_as_it_is(html: str) -> None:
    gone, left = dropped(page(html))

    assert gone == []
    assert "harvest" in left


def test_scripts_make_no_story_whole_and_stand_in_no_text() -> None:
    script = f"<script>{OTHER * 8}</script>"
    teaser = marked(f"<h2><a href='/news/2'>The harvest is in</a></h2>{script}")

    assert article(page(marked(PARAGRAPHS), teaser)).removed[0].text == "The harvest is in"
    found = article(page(marked(PARAGRAPHS), marked(APPENDED + script)))
    assert found.removed[0].text.count("of a harvest") == 8


def test_a_headline_is_known_in_every_script() -> None:
    own, html = f"<h1>{ARABIC}</h1>{PARAGRAPHS}", marked(APPENDED)

    gone, left = dropped(page(html, marked(own)), titles=(f"{ARABIC} | المرفأ",))

    assert gone == [NEXT]
    assert left.startswith(ARABIC)


def test_a_short_headline_tells_no_story_from_another() -> None:
    gone, _ = dropped(page(marked(APPENDED), marked(f"<h1>Live</h1>{PARAGRAPHS}")), titles=("Live", "Live: the bridge"))

    assert gone == []


def test_what_extraction_took_out_stays_told_after_cleaning() -> None:
    removed = (Removed("The harvest is in", "second-article", url=NEXT),)

    assert Clean()(Article("", "", text="A text.", removed=removed)).removed == removed


def test_an_other_story_is_a_value() -> None:
    assert Other("text", NEXT) == Other("text", NEXT)


@pytest.mark.parametrize(
    "html",
    [
        "<article>" * 100_000 + SENTENCE * 1_000,
        f"<article><h2><a href='/news/2'>Rain</a></h2>{OTHER * 8}</article>" * 5_000,
        f"<div><h2><a href='/news/2'>Rain</a></h2>{OTHER * 8}</div>" * 5_000,
        "<div>" * 100_000 + "<h1>Rain</h1>" * 1_000,
    ],
    ids=("nested", "articles", "posts", "deep"),
)
def test_pages_that_are_made_to_be_costly_are_read_in_bounded_time(html: str) -> None:
    tree = prose.parse(page(html))
    started = process_time()

    others.drop(tree, Identity(tree, URL, (HEADLINE,)))

    assert process_time() - started < 2
