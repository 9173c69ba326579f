"""Parts of a story that extraction misses or runs together."""

from __future__ import annotations

import pytest

from pipeline.extract import prose, story
from tests.pages import PARAGRAPHS, SENTENCE, article, document

OTHER = "The second story tells of something else entirely, of a harvest and of rain. "
LEAD = "The ministry of transport said on Friday that the old bridge, closed since spring, would be open again soon."


def text(html: str) -> str:
    return article(html).text


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


def test_paragraphs_in_a_cell_may_be_set_apart_by_breaks_only() -> None:
    paragraphs = [f"{number}. {SENTENCE * 2}".strip() for number in range(4)]
    cell = "<br><br>".join(paragraphs)

    found = text(f"<html><body><table><tr><td>{cell}</td></tr></table></body></html>")

    assert found.split("\n") == paragraphs


def test_the_headline_in_a_table_shows_that_it_lays_out_the_page() -> None:
    html = f"<html><body><table><tr><td><h1>Bridge</h1>{SENTENCE * 6}</td></tr></table></body></html>"

    assert text(html).split("\n") == ["Bridge", (SENTENCE * 6).strip()]


def test_a_table_of_figures_stays_a_table() -> None:
    table = "<table><tr><th>City</th><th>Rain</th></tr><tr><td>Basra</td><td>12 mm</td></tr></table>"

    assert "| Basra | 12 mm |" in text(document(PARAGRAPHS + table))
