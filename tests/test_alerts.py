from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.alerts import NEW, Message, Past, due, from_json, message, to_json
from pipeline.model import Alert, Article, Claim, ConfigError, Mention, Outlet, replace
from pipeline.watchlist import AlertSettings, OutletFilter, Rule

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = AlertSettings(max_age_hours=24)
NAMED = Mention("irgc", "الحرس الثوري", "قال الحرس الثوري إن السفينة غادرت.", 4, 16, "text")


def article(id_: str = "a", *, hours: float = 0.0, **changes: Any) -> Article:  # noqa: ANN401 - any field of Article
    plain = Article(
        id=id_,
        url=f"https://example.org/{id_}",
        title="السفينة غادرت",
        text="قال الحرس الثوري إن السفينة غادرت.",
        language="ar",
        published_at=NOON + timedelta(hours=hours),
        outlet=Outlet("harbour", "Harbour News", "IQ", ("ar",), "private"),
        actors=("irgc",),
        actor_names=("Islamic Revolutionary Guard Corps",),
        mentions=(NAMED,),
        regions=("IQ-BA", "IQ"),
        story=id_,
    )
    return replace(plain, **changes)


def past(*articles: Article, seen: datetime = NOON, **changes: Any) -> Past:  # noqa: ANN401 - any field of Past
    started = {"guards": NOON - timedelta(days=9), "ships": NOON - timedelta(days=9)}
    return Past(**{"started": started, "first_seen": dict.fromkeys((each.id for each in articles), seen), **changes})


def spoken(articles: list[Article], *rules: Rule, **changes: Any) -> list[str]:  # noqa: ANN401 - as past()
    return [alert.key for alert in due(articles, rules, past(*articles, **changes), DAY)]


GUARDS = Rule("guards", actors=("irgc", "pmf"), send=("desk",))


def test_a_new_story_that_names_a_tracked_actor_is_due() -> None:
    (alert,) = due([article()], [GUARDS], past(article()), DAY)

    assert alert == Alert("guards/a/new", "guards", NEW, article(), NAMED, ("desk",))


@pytest.mark.parametrize(
    ("asked", "speaks"),
    [
        ({"actors": ("pmf", "irgc")}, True),
        ({"actors": ("pmf",)}, False),
        ({"regions": ("IR", "IQ")}, True),
        ({"regions": ("IR",)}, False),
        ({"languages": ("fa", "ar")}, True),
        ({"languages": ("fa",)}, False),
        ({"outlets": OutletFilter(id=("harbour",))}, True),
        ({"outlets": OutletFilter(id=("bridge",))}, False),
        ({"outlets": OutletFilter(country=("IQ", "SY"))}, True),
        ({"outlets": OutletFilter(country=("SY",))}, False),
        ({"outlets": OutletFilter(affiliation=("private",))}, True),
        ({"outlets": OutletFilter(affiliation=("exile",))}, False),
        ({"outlets": OutletFilter(affiliation_not=("state", "militia"))}, True),
        ({"outlets": OutletFilter(affiliation_not=("private",))}, False),
        ({"mute": ("bridge",)}, True),
        ({"mute": ("harbour",)}, False),
        ({"query": "السفينه OR train"}, True),
        ({"query": "revolutionary guard"}, True),
        ({"query": "السفينة NOT غادرت"}, False),
        ({"actors": ("irgc",), "regions": ("IQ",), "query": "train"}, False),
        ({}, True),
    ],
)
def test_every_filled_condition_of_a_rule_must_hold(asked: dict[str, Any], speaks: bool) -> None:  # noqa: FBT001 - a table
    assert spoken([article()], Rule("guards", **asked)) == ["guards/a/new"] * speaks


def test_a_story_alerts_once_a_rule_and_its_oldest_due_article_speaks() -> None:
    copies = [article("c", hours=-1, story="b"), article("b", hours=-2, story="b"), article("d", hours=-1, story="d")]

    assert spoken(copies, GUARDS, Rule("ships", query="السفينة")) == [
        "guards/b/new",
        "ships/b/new",
        "guards/d/new",
        "ships/d/new",
    ]


def test_a_copy_speaks_where_the_lead_says_nothing_of_the_actor() -> None:
    lead = article("a", hours=-1, actors=(), mentions=())

    assert spoken([article("b", story="a"), lead], GUARDS) == ["guards/b/new"]


def test_a_story_that_was_told_is_not_told_again_by_a_copy() -> None:
    told = Claim("guards", "a", NEW, NOON)

    assert spoken([article("b", story="a")], GUARDS, claims=[told]) == []
    assert spoken([article("b", story="a")], Rule("ships"), claims=[told]) == ["ships/b/new"]
    assert spoken([article("b", story="a")], GUARDS, claims=[replace(told, kind="edit")]) == ["guards/b/new"]


def test_a_claim_follows_its_article_into_the_story_it_is_in_now() -> None:
    """The claim was made for b; since then an older original was found that leads b and c."""
    told = Claim("guards", "b", NEW, NOON)

    assert spoken([article("c", story="a")], GUARDS, claims=[told], stories={"b": "a"}) == []
    assert spoken([article("c", story="c")], GUARDS, claims=[told], stories={"b": "a"}) == ["guards/c/new"]


def test_what_was_old_when_it_was_first_seen_is_no_news() -> None:
    assert spoken([article(hours=-24)], GUARDS) == ["guards/a/new"]
    assert spoken([article(hours=-24.1)], GUARDS) == []


def test_age_counts_from_when_it_was_first_seen_not_from_now() -> None:
    assert spoken([article(hours=-100)], GUARDS, seen=NOON - timedelta(hours=90)) == ["guards/a/new"]


def test_an_article_without_a_date_counts_as_published_when_it_was_first_seen() -> None:
    assert spoken([article(published_at=None)], GUARDS) == ["guards/a/new"]


def test_a_rule_speaks_only_of_what_was_first_seen_after_it_started() -> None:
    minute = timedelta(minutes=1)

    assert spoken([article()], GUARDS, started={"guards": NOON}) == ["guards/a/new"]
    assert spoken([article()], GUARDS, started={"guards": NOON + minute}) == []
    assert spoken([article()], GUARDS, started={}) == []


def test_an_article_that_was_never_seen_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError, match="b"):
        due([article("b")], [GUARDS], past(article("a")), DAY)


def test_a_query_that_does_not_parse_is_told() -> None:
    with pytest.raises(ConfigError, match="never closed"):
        spoken([article()], Rule("guards", query='"open'))


def test_an_article_before_its_settling_is_a_story_of_its_own() -> None:
    unsettled = article(story="")

    assert spoken([unsettled], GUARDS) == ["guards/a/new"]
    assert message(Alert("k", "guards", NEW, unsettled, None, ()), {}, NOON).story == "a"


MENTIONS = (
    Mention("pmf", "الحشد", "…", 0, 5, "text"),
    replace(NAMED, start=90),
    replace(NAMED, start=40, alias="حرس"),
    replace(NAMED, start=50, where="title"),
)


@pytest.mark.parametrize(
    ("asked", "mentions", "quoted"),
    [
        (("irgc",), MENTIONS, MENTIONS[3]),
        (("irgc",), MENTIONS[:3], MENTIONS[2]),
        (("pmf",), MENTIONS, MENTIONS[0]),
        (("irgc", "pmf"), MENTIONS[:3], MENTIONS[0]),
        ((), MENTIONS[:3], MENTIONS[0]),
        ((), (), None),
    ],
)
def test_the_first_mention_of_what_was_asked_is_quoted_titles_first(
    asked: tuple[str, ...],
    mentions: tuple[Mention, ...],
    quoted: Mention | None,
) -> None:
    (alert,) = due(
        [article(actors=("irgc", "pmf"), mentions=mentions)], [Rule("guards", actors=asked)], past(article()), DAY
    )

    assert alert.mention == quoted


TOLD = Message(
    id="guards/a/new",
    rule="guards",
    kind="new",
    story="a",
    article="a",
    url="https://example.org/a",
    title="السفينة غادرت",
    outlet="harbour",
    outlet_name="Harbour News",
    outlet_country="IQ",
    outlet_affiliation="private",
    actor="irgc",
    actor_name="Islamic Revolutionary Guard Corps",
    alias="الحرس الثوري",
    sentence="قال الحرس الثوري إن السفينة غادرت.",
    published_at=NOON,
    seen_at=NOON + timedelta(minutes=5),
)


def test_a_message_says_who_is_named_by_which_name_in_which_sentence_and_where() -> None:
    (alert,) = due([article()], [GUARDS], past(article()), DAY)

    assert message(alert, {"irgc": "Islamic Revolutionary Guard Corps"}, NOON + timedelta(minutes=5)) == TOLD


def test_a_message_makes_do_with_what_is_known() -> None:
    bare = Alert("k", "r", NEW, Article("a", "https://example.org/a", outlet=Outlet("harbour")), None, ())
    told = message(bare, {}, NOON)

    assert (told.outlet_name, told.actor, told.actor_name, told.alias, told.sentence) == ("harbour", "", "", "", "")
    assert told.published_at == told.seen_at == NOON
    assert message(replace(bare, mention=NAMED), {}, NOON).actor_name == "irgc"


def test_a_message_is_one_line_of_json_and_back() -> None:
    told = replace(TOLD, title="", outlet_country="", sentence="two\nlines")
    line = to_json(told)

    assert "\n" not in line
    assert json.loads(line) == {
        "id": "guards/a/new",
        "rule": "guards",
        "kind": "new",
        "story": "a",
        "article": "a",
        "url": "https://example.org/a",
        "title": None,
        "outlet": "harbour",
        "outlet_name": "Harbour News",
        "outlet_country": None,
        "outlet_affiliation": "private",
        "actor": "irgc",
        "actor_name": "Islamic Revolutionary Guard Corps",
        "alias": "الحرس الثوري",
        "sentence": "two\nlines",
        "published_at": "2026-11-21T12:00:00Z",
        "seen_at": "2026-11-21T12:05:00Z",
    }
    assert from_json(line) == told
