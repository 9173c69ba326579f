from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model import Article, Fate, Outlet, Place, Reading, Removed, replace
from pipeline.revision import READINGS, attempted, merge, same

MORNING = datetime(2026, 11, 21, 8, tzinfo=UTC)


def read(text: str, hour: int, *, published: datetime | None = None, digest: str = "") -> Article:
    """The article of a page that was fetched `hour` hours after MORNING; without `published` it gives no date."""
    fetched_at = MORNING + timedelta(hours=hour)
    return Article(
        id="a",
        url="https://example.org/a",
        title="Ferry",
        text=text,
        published_at=published or fetched_at,
        published_from="page" if published else "fetched",
        fetched_at=fetched_at,
        ingested_at=fetched_at + timedelta(minutes=1),
        outlet=Outlet("harbour"),
        archive=Place(f"{hour:02}.warc.gz", 10 * hour),
        readings=(Reading(fetched_at, digest or text),),
        origins=(("title", "page"),),
    )


def stored(*pages: Article) -> Article:
    """What a store holds after these pages, in this order."""
    article: Article | None = None
    for page in pages:
        article, _, _ = merge(article, page)
    assert article is not None
    return article


def history(article: Article) -> list[tuple[float, str]]:
    return [((each.fetched_at - MORNING) / timedelta(hours=1), each.digest) for each in article.readings]


def test_a_page_read_for_the_first_time_is_new() -> None:
    page = read("The ferry sank.", 1)

    assert merge(None, page) == (page, Fate.KEPT, "new")
    assert stored(page).revision == 1


def test_a_page_read_twice_from_the_archive_changes_nothing() -> None:
    old = stored(read("one", 1))
    result, fate, reason = merge(old, read("one", 1))

    assert result is old
    assert (fate, reason) == (Fate.UNCHANGED, "same")


def test_a_page_that_still_says_the_same_is_kept_as_it_was() -> None:
    old = stored(read("one", 1, published=MORNING))
    result, fate, reason = merge(old, read("one", 2, published=MORNING))

    assert (fate, reason) == (Fate.UNCHANGED, "same")
    assert replace(result, readings=old.readings) == old
    assert history(result) == [(1, "one"), (2, "one")]


def test_a_changed_page_is_a_new_revision_with_its_place_among_copies() -> None:
    old = replace(stored(read("one", 1)), story="s", lead=False, copy_of="s", first_outlet="agency")
    new = read("two", 3)
    result, fate, reason = merge(old, new)

    assert (fate, reason) == (Fate.KEPT, "changed")
    assert (result.text, result.revision) == ("two", 2)
    assert (result.fetched_at, result.ingested_at, result.archive) == (new.fetched_at, new.ingested_at, new.archive)
    assert (result.story, result.lead, result.copy_of, result.first_outlet) == ("s", False, "s", "agency")


def test_a_text_that_comes_back_is_no_further_revision() -> None:
    result = stored(read("one", 1), read("two", 2), read("one", 3))

    assert (result.text, result.revision) == ("one", 2)


def test_what_changes_beside_the_text_is_stored_without_a_revision() -> None:
    result, fate, _ = merge(stored(read("one", 1)), replace(read("one", 2), title="Ferry sank"))

    assert (fate, result.title, result.revision) == (Fate.KEPT, "Ferry sank", 1)


def test_an_older_page_that_arrives_late_only_adds_to_the_history() -> None:
    old = stored(read("two", 2, published=MORNING))
    result, fate, reason = merge(old, read("one", 1))

    assert (fate, reason) == (Fate.UNCHANGED, "older")
    assert (result.text, result.fetched_at, result.revision) == ("two", old.fetched_at, 2)
    assert history(result) == [(1, "one"), (2, "two")]


def test_a_page_without_a_date_was_published_when_it_was_first_read() -> None:
    for pages in ((1, 2, 3), (3, 1, 2), (2, 3, 1)):
        assert stored(*(read(f"{hour}", hour) for hour in pages)).published_at == MORNING + timedelta(hours=1)


def test_a_date_that_the_page_gives_later_is_believed() -> None:
    result = stored(read("one", 1), read("one", 2, published=MORNING))

    assert (result.published_at, result.published_from) == (MORNING, "page")


def test_replay_under_newer_rules_changes_the_content_but_raises_no_revision() -> None:
    old = stored(read("one", 1), read("one", 2), read("two", 3))
    assert old.revision == 2

    result, fate, reason = merge(old, read("uno", 1))
    assert (fate, reason, result.revision) == (Fate.UNCHANGED, "older", 2)
    assert history(result) == [(1, "uno"), (2, "uno"), (3, "two")]

    result, fate, reason = merge(result, read("due", 3))
    assert (fate, reason, result.text, result.revision) == (Fate.KEPT, "changed", "due", 2)


def test_rules_that_read_two_revisions_alike_lower_the_count() -> None:
    result = stored(read("one", 1), read("one.", 2), read("one", 2))

    assert (result.text, result.revision) == ("one", 1)


def test_rules_that_change_only_what_is_removed_are_a_change() -> None:
    old = stored(read("one", 1))
    result, fate, _ = merge(old, replace(read("one", 1), removed=(Removed("Share", "widget"),)))

    assert (fate, result.revision) == (Fate.KEPT, 1)


def test_what_stands_around_an_article_is_known_as_it_was_seen_last_and_is_no_change() -> None:
    old = stored(replace(read("one", 2), digest=b"ferries"))

    result, fate, reason = merge(old, replace(read("one", 3), digest=b"boats"))
    assert (fate, reason, result.digest, result.fetched_at) == (Fate.UNCHANGED, "same", b"boats", old.fetched_at)

    result, fate, reason = merge(result, replace(read("one", 1), digest=b"rafts"))
    assert (fate, reason, result.digest) == (Fate.UNCHANGED, "older", b"boats")


def test_what_its_neighbours_tell_of_an_article_is_part_of_it() -> None:
    old = stored(replace(read("one", 1), recalled=b"told"))

    assert merge(old, replace(read("one", 2), recalled=b"told"))[1:] == (Fate.UNCHANGED, "same")
    assert merge(old, read("one", 2))[1:] == (Fate.KEPT, "changed")


def test_a_live_blog_keeps_its_first_and_its_newest_readings_and_the_count_of_all() -> None:
    blog = stored(*(read(f"{hour}", hour) for hour in range(READINGS + 10)))

    assert blog.revision == READINGS + 10
    assert len(blog.readings) == READINGS
    assert [hour for hour, _ in history(blog)[:2]] == [0, 11]
    assert blog.published_at == MORNING


def test_replaying_a_reading_that_was_forgotten_changes_nothing() -> None:
    blog = stored(*(read(f"{hour}", hour) for hour in range(READINGS + 10)))
    result, fate, reason = merge(blog, read("five", 5))

    assert result is blog
    assert (fate, reason) == (Fate.UNCHANGED, "older")


def test_a_page_that_an_interrupted_attempt_stored_was_new_or_changed_and_no_other_was() -> None:
    first, second, third = read("one", 1), read("two", 2), read("two", 3)

    assert attempted(stored(first), first) == (Fate.KEPT, "new")
    assert attempted(stored(first, second), second) == (Fate.KEPT, "changed")
    assert attempted(stored(first, second, third), second) == (Fate.KEPT, "changed")
    assert attempted(stored(first), second) is None
    assert attempted(stored(first, second), first) is None
    assert attempted(stored(first, second), third) is None


def test_a_page_that_newer_rules_read_otherwise_was_new_all_the_same() -> None:
    old = stored(read("one", 1), replace(read("one", 2, published=MORNING), archive=None))

    assert attempted(replace(old, archive=read("one", 1).archive), read("uno", 1)) == (Fate.KEPT, "new")


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=8),
    st.data(),
)
@settings(deadline=None, derandomize=True)
def test_what_is_stored_does_not_depend_on_the_order_of_arrival(
    drawn: list[tuple[str, bool]],
    data: st.DataObject,
) -> None:
    pages = [read(text, hour, published=MORNING if dated else None) for hour, (text, dated) in enumerate(drawn)]
    in_order = stored(*pages)
    as_drawn = stored(*data.draw(st.permutations(pages)), *data.draw(st.lists(st.sampled_from(pages))))

    assert same(as_drawn, in_order)
    assert as_drawn.readings == in_order.readings
    assert as_drawn.published_at == in_order.published_at
    assert in_order.revision == len({text for text, _ in drawn})


EXEMPT = {
    "fetched_at": MORNING,
    "ingested_at": MORNING,
    "archive": None,
    "readings": (),
    "digest": b"another",
    "blocks": ("x",),
    "published_at": MORNING - timedelta(days=1),
    "region_mentions": ("x",),
    "origins": ("x",),
    "declared_language": "fr",
}


@pytest.mark.parametrize("name", [each.name for each in fields(Article)])
def test_two_stores_agree_in_all_but_when_and_where_a_page_was_fetched(name: str) -> None:
    page = read("one", 1)
    changes = {name: EXEMPT.get(name, "something else")}

    assert same(page, replace(page, **changes)) == (name in EXEMPT)  # type: ignore[arg-type]


def test_a_date_of_the_page_is_not_exempt() -> None:
    assert not same(read("one", 1, published=MORNING), read("one", 1, published=MORNING + timedelta(hours=1)))
