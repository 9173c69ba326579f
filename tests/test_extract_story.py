"""Which parts of a page belong to its story."""

from __future__ import annotations

import pytest

from pipeline.clean import Clean
from pipeline.extract import prose, story
from pipeline.model import Article, Removed
from tests.pages import PARAGRAPHS, SENTENCE, URL, article, document

OTHER = "The second story tells of something else entirely, of a harvest and of rain. "
APPENDED = f"<h2><a href='/news/2'>The harvest is in</a></h2><div><p>{OTHER * 4}</p><p>{OTHER * 4}</p></div>"
LEAD = "The ministry of transport said on Friday that the old bridge, closed since spring, would be open again soon."


def text(html: str) -> str:
    return article(html).text


def test_a_story_that_scrolls_in_below_is_taken_out_and_told() -> None:
    found = article(f"<html><body><article>{PARAGRAPHS}</article><article>{APPENDED}</article></body></html>")

    assert "harvest" not in found.text
    assert [removed.reason for removed in found.removed] == ["second-article"]
    assert found.removed[0].text.startswith("The harvest is in\nThe second story")


def test_it_is_taken_out_of_the_first_story_too() -> None:
    found = article(document(f"{PARAGRAPHS}<article>{APPENDED}</article>After all."))

    assert "harvest" not in found.text
    assert "Paragraph 4" in found.text


def test_the_link_may_stand_around_the_headline() -> None:
    appended = APPENDED.replace("<h2><a href='/news/2'>", "<a href='/news/2'><h2>").replace("</a></h2>", "</h2></a>")

    assert "harvest" not in text(
        f"<html><body><article>{PARAGRAPHS}</article><article>{appended}</article></body></html>"
    )


def test_teasers_below_a_story_go_without_a_word() -> None:
    teaser = "<article><h3><a href='/news/2'>The harvest is in</a></h3></article>"

    found = article(f"<html><body><article>{PARAGRAPHS}</article>{teaser * 3}</body></html>")

    assert "harvest" not in found.text
    assert found.removed == ()


@pytest.mark.parametrize(
    "appended",
    [
        APPENDED.replace("/news/2", URL),
        APPENDED.replace("/news/2", "#comments"),
        APPENDED.replace("/news/2", "javascript:void(0)"),
        APPENDED.replace("<a href='/news/2'>", "<b>"),
        APPENDED.replace("h2", "p"),
    ],
)
def test_a_part_that_leads_nowhere_else_is_the_storys_own(appended: str) -> None:
    tree = prose.parse(f"<html><body><article>{PARAGRAPHS}</article><article>{appended}</article></body></html>")

    assert story.drop_others(tree, URL) == []
    assert "harvest" in tree.text_content()


def test_a_list_of_stories_is_left_as_it_is() -> None:
    tree = prose.parse(f"<html><body><article><p>{SENTENCE}</p></article><article>{APPENDED}</article></body></html>")

    assert story.drop_others(tree, URL) == []


def test_an_embedded_teaser_inside_the_story_is_left_to_extraction() -> None:
    embedded = "<article><h3><a href='/news/2'>The harvest is in</a></h3></article>"
    tree = prose.parse(document(PARAGRAPHS + embedded))

    assert story.drop_others(tree, URL) == []
    assert "harvest" in tree.text_content()


def test_a_story_is_not_taken_out_of_a_frame_that_holds_little_else() -> None:
    tree = prose.parse(document(f"<article>{APPENDED}</article>"))

    assert story.drop_others(tree, URL) == []


@pytest.mark.parametrize(
    "element", ["<p class='introtext'>{}</p>", "<div class='item-lead'>{}</div>", "<h2 class='spot'>{}</h2>"]
)
def test_a_lead_that_stands_apart_is_put_before_the_text(element: str) -> None:
    html = f"""<html><head><meta name="description" content="{LEAD[:90]} ..."></head><body>
        <div class="head">{element.format(LEAD)}</div><aside><p>x</p></aside>
        <div class="body"><div itemprop="articleBody">{PARAGRAPHS}</div></div></body></html>"""

    assert text(html).split("\n")[:2] == [LEAD, f"Paragraph 1 of the report. {SENTENCE * 2}".strip()]


def lead(body: str, description: str = LEAD, extracted: str = "") -> str:
    return story.lead(prose.parse(document(body)), description, extracted)


def test_a_lead_that_is_in_the_text_is_not_repeated() -> None:
    assert lead(f"<p class='lead'>{LEAD}</p>", extracted=f"Harbour.\n{LEAD}") == ""


@pytest.mark.parametrize(
    ("body", "description"),
    [
        (f"<p class='lead'>{LEAD}</p>", "A short one"),
        (f"<p class='lead'>{LEAD}</p>", OTHER),
        (f"<p class='misleading'>{LEAD}</p>", LEAD),
        (f"<p>{LEAD}</p>", LEAD),
        (f"<div class='lead'>{LEAD}{PARAGRAPHS * 2}</div>", LEAD),
    ],
)
def test_what_is_not_surely_the_lead_is_left_out(body: str, description: str) -> None:
    assert lead(body, description) == ""


def test_a_table_that_lays_out_the_page_does_not_run_its_paragraphs_together() -> None:
    paragraphs = [f"{number}. {SENTENCE * 2}".strip() for number in range(4)]
    cell = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)

    found = text(f"<html><body><table><tbody><tr><td>{cell}</td></tr></tbody></table></body></html>")

    assert found.split("\n") == paragraphs


def test_the_headline_in_a_table_shows_that_it_lays_out_the_page() -> None:
    html = f"<html><body><table><tr><td><h1>Bridge</h1>{SENTENCE * 6}</td></tr></table></body></html>"

    assert text(html).split("\n") == ["Bridge", (SENTENCE * 6).strip()]


def test_a_table_of_figures_stays_a_table() -> None:
    table = "<table><tr><th>City</th><th>Rain</th></tr><tr><td>Basra</td><td>12 mm</td></tr></table>"

    assert "| Basra | 12 mm |" in text(document(PARAGRAPHS + table))


def test_what_extraction_took_out_stays_told_after_cleaning() -> None:
    removed = (Removed("The harvest is in", "second-article"),)

    assert Clean()(Article("", "", text="A text.", removed=removed)).removed == removed
