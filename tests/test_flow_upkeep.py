"""Upkeep: what the settings want no longer goes, and nothing goes by mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline import flow
from pipeline.flow import recall
from pipeline.flow.alert import alert, remember_claims, rule_starts
from pipeline.flow.settle import settle
from pipeline.flow.upkeep import Expired, expire, expire_daily, months_before, sweep
from pipeline.model import Article, Changes, Claim, ConfigError, Fate, Outcome, Outlet, Reading, Source, Stored, Visit
from pipeline.stores import Store
from pipeline.stores.sqlite import SqliteStore
from pipeline.watchlist import RetentionSettings
from tests.elastic_store import opening
from tests.local_server import LocalServer, Reply
from tests.test_flow_collect import feed
from tests.trial import LOOPBACK, NOW, Trial, emptied, html, page, rule, story, trial

ALL = RetentionSettings(outcomes_days=90, articles_months=2, archive_days=30)
DAY = timedelta(days=1)
NEWS = 4
FOR_EVER = 1_000  # claims
TEXT = " ".join(story(1, "fa"))


class Guarded(SqliteStore):
    """A store whose key may not delete articles."""

    asked = 0

    def expire(self, before: date) -> int:
        """Refuse."""
        self.asked += 1
        raise ConfigError(f"this key may not delete what is older than {before}")


class Crashing(SqliteStore):
    """A store that a crash parts from its process as soon as articles are deleted."""

    gone = False

    def expire(self, before: date) -> int:
        """Delete, and be gone."""
        super().expire(before)
        self.gone = True
        raise KeyboardInterrupt

    def articles(self, ids: Collection[str]) -> dict[str, Stored[Article]]:
        """Articles by id, for who is there to ask."""
        if self.gone:
            self.gone = False
            raise KeyboardInterrupt
        return super().articles(ids)


class Mortal(SqliteStore):
    """A store from which a crash parts its process after so many claims."""

    left = FOR_EVER

    def claim(self, claim: Claim) -> bool:
        """Create the claim, while there is time."""
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return super().claim(claim)


def kept(folder: Path, retention: RetentionSettings = ALL, store: type[SqliteStore] = SqliteStore) -> Trial:
    return trial(folder, Source("khabar", ""), store=store, settings=replace(LOOPBACK, retention=retention))


def article(name: str, at: datetime, **changed: object) -> Article:
    """An article of its own that was published and fetched at a time."""
    made = Article(
        name,
        f"https://khabar.example/{name}",
        text=f"{TEXT} {name}",
        published_at=at,
        published_from="page",
        fetched_at=at,
        ingested_at=at,
        outlet=Outlet("khabar"),
        story=name,
        readings=(Reading(at, name),),
    )
    return replace(made, **changed)  # type: ignore[arg-type] # any field


def put(found: Trial, *articles: Article) -> None:
    assert not found.store.save(Changes(articles=tuple(map(Stored, articles))))


def news(found: Trial) -> None:
    """What came within the last hours."""
    put(found, *(article(f"news{hours}", found.at - timedelta(hours=hours)) for hours in range(NEWS)))


def old_and_new(found: Trial) -> Trial:
    """In the store and the archive something of today, of 40 days ago and of 140, all of it read and told of."""
    news(found)
    for days in (0, 40, 140):
        at = found.at - days * DAY
        put(found, article(f"a{days}", at))
        found.write(f"run-{days}", [page(f"https://khabar.example/a{days}", html(story(days)), at)])
        found.store.save(Changes(outcomes=(Outcome(f"run-{days}", "khabar", "", "feed", Fate.KEPT, "", at),)))
    return read(found)


def read(found: Trial, days: int = 1) -> Trial:
    """All of the archive was read, up to some days ago."""
    day = (found.at - days * DAY).date().isoformat()
    states = [("archive-day", day), *((f"archive/{file}", "done") for file in found.archive.files())]
    found.store.save(Changes(states=tuple((key, Stored(value)) for key, value in states)))
    return found


def days_left(found: Trial) -> tuple[list[int], list[int], list[int]]:
    """Of what was put there days ago: outcomes, files and articles that are there."""
    return (
        [days for days in (0, 40, 140) if found.outcomes(f"run-{days}")],
        sorted((NOW.date() - date.fromisoformat(file[:10].replace("/", "-"))).days for file in found.archive.files()),
        [days for days in (0, 40, 140) if found.store.articles([f"a{days}"])],
    )


def test_what_the_settings_want_no_longer_goes_and_is_counted(tmp_path: Path) -> None:
    found = old_and_new(kept(tmp_path))

    assert expire(found.run("upkeep")) == Expired(outcomes=1, files=2, articles=1)

    assert days_left(found) == ([0, 40], [0], [0, 40])
    assert expire(found.run("upkeep")) == Expired(0, 0, 0)
    assert found.notes == []


def test_what_is_kept_for_ever_stays(tmp_path: Path) -> None:
    found = old_and_new(kept(tmp_path, RetentionSettings(None, None, None)))

    assert expire(found.run("upkeep")) == Expired(0, 0, 0)

    assert days_left(found) == ([0, 40, 140],) * 3


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [
        (date(2026, 11, 30), 1, date(2026, 10, 1)),
        (date(2026, 1, 1), 1, date(2025, 12, 1)),
        (date(2026, 12, 31), 24, date(2024, 12, 1)),
        (date(2026, 5, 5), 1_200, date(1926, 5, 1)),
    ],
)
def test_whole_months_are_kept_beside_the_present_one(day: date, months: int, first: date) -> None:
    assert months_before(day, months) == first


def test_a_page_that_nobody_has_read_stays_however_old_it_is(tmp_path: Path) -> None:
    found = kept(tmp_path)
    found.store.save(Changes(states=(("archive-day", Stored((NOW - 200 * DAY).date().isoformat())),)))
    news(found)
    for days in (0, 40, 140):
        found.write(f"run-{days}", [page("https://khabar.example/1", html(story(1)), NOW - days * DAY)])

    assert expire(found.run("upkeep")).files == 0
    assert days_left(found)[1] == [0, 40, 140]


def test_no_file_goes_where_no_run_has_ever_read_one(tmp_path: Path) -> None:
    found = kept(tmp_path)
    news(found)
    found.write("run-old", [page("https://khabar.example/1", html(story(1)), NOW - 99 * DAY)])

    assert expire(found.run("upkeep")).files == 0


def test_how_far_files_were_read_is_forgotten_when_nobody_asks_any_more(tmp_path: Path) -> None:
    found = old_and_new(kept(tmp_path, RetentionSettings(None, None, None)))
    files = found.archive.files()

    expire(found.run("upkeep"))

    assert set(found.store.states([f"archive/{file}" for file in files])) == {f"archive/{files[-1]}"}
    found.process("run-later")
    assert found.outcomes("run-later") == []
    assert found.store.count() == 3 + NEWS


# Clocks and silence


def test_a_clock_years_ahead_deletes_nothing_although_sources_were_visited_by_it(tmp_path: Path) -> None:
    found = old_and_new(kept(tmp_path))
    found.at = NOW.replace(year=2040)
    put(found, article("undated", found.at, published_from="fetched"))
    found.store.save(Changes(visits=(Stored(Visit("khabar", "run-1", found.at)),)))
    state = found.store.state("archive-day")
    found.store.save(Changes(states=(("archive-day", Stored("2040-11-20", state.version)),)))

    expire(found.run("upkeep"))

    assert days_left(found) == ([0, 40], [0], [0, 40])
    [note] = found.notes
    assert note.startswith("the newest article is of 2026-11-21, and ages are counted from there")


def test_a_clock_that_was_set_back_deletes_less(tmp_path: Path) -> None:
    found = old_and_new(kept(tmp_path))
    found.at = NOW - 300 * DAY

    assert expire(found.run("upkeep")) == Expired(0, 0, 0)


def test_nothing_goes_while_nothing_comes(tmp_path: Path) -> None:
    found = old_and_new(kept(tmp_path))
    expire(found.run("upkeep"))
    found.at += 1_000 * DAY

    assert expire(found.run("upkeep")) == Expired(0, 0, 0)

    assert found.store.count() == 2 + NEWS
    assert "See that the clock is right and that sources are read." in found.notes[-1]


def test_nothing_goes_where_no_article_bears_a_date_of_its_own(tmp_path: Path) -> None:
    found = kept(tmp_path)
    put(found, *(article(f"a{days}", NOW - days * DAY, published_from="fetched") for days in (0, 40, 140)))

    assert expire(found.run("upkeep")) == Expired(0, 0, 0)
    assert found.store.count() == 3


def test_one_wrong_date_is_not_believed(tmp_path: Path) -> None:
    found = kept(tmp_path)
    put(found, *(article(f"a{hours}", NOW - timedelta(hours=hours)) for hours in range(9)))
    found.at = NOW + 900 * DAY
    put(found, article("wrong", NOW + 800 * DAY))

    assert expire(found.run("upkeep")).articles == 0


# Who may, and when


def test_upkeep_waits_until_nobody_is_at_work(tmp_path: Path) -> None:
    found = old_and_new(kept(tmp_path))

    with found.store.exclusive():
        with pytest.raises(RuntimeError):  # as whoever asks twice
            expire(found.run("upkeep"))
        assert sweep(found.run("pass")).articles == 1


def test_a_key_that_may_not_delete_articles_is_told_when_all_else_is_done(tmp_path: Path) -> None:
    found = old_and_new(kept(tmp_path, store=Guarded))

    with pytest.raises(ConfigError, match="may not delete what is older than 2026-09-01"):
        expire(found.run("upkeep"))

    assert days_left(found) == ([0, 40], [0], [0, 40, 140])


def test_a_key_is_not_asked_for_that_right_where_articles_are_kept_for_ever(tmp_path: Path) -> None:
    found = old_and_new(kept(tmp_path, RetentionSettings(90, None, 30), Guarded))

    assert expire(found.run("upkeep")) == Expired(1, 2, 0)


def test_a_pass_sweeps_once_a_day_and_goes_on_where_it_may_not(tmp_path: Path) -> None:
    found = old_and_new(kept(tmp_path, store=Guarded))
    assert isinstance(found.store, Guarded)

    for hours in (0, 2, 25):
        found.at = NOW + timedelta(hours=hours)
        expire_daily(found.run("pass"))

    assert found.store.asked == 2
    assert found.notes == ["this key may not delete what is older than 2026-09-01"] * 2
    assert days_left(found)[1] == [0]


# What others say of what goes


@pytest.fixture(params=["sqlite", pytest.param("elastic", marks=pytest.mark.es)])
def found(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trial]:
    made = kept(tmp_path)
    with ExitStack() as stack:
        if request.param == "elastic":
            address, prefix = (request.getfixturevalue(name) for name in ("elastic", "elastic_prefix"))
            store: Store = stack.enter_context(opening(address, prefix))()
            made = Trial(made.folder, made.config, store)
        yield made


def test_copies_of_an_article_that_goes_are_placed_as_if_it_had_never_been(found: Trial) -> None:
    edge = datetime.fromisoformat("2026-08-31T20:00:00Z")
    in_story = {"story": "lead", "lead": False, "copy_of": "lead", "first_outlet": "first", "bands": ("band",)}
    put(
        found,
        article("lead", edge, text=TEXT, outlet=Outlet("first"), first_outlet="first", bands=("band",)),
        article("copy", edge + DAY, text=TEXT, outlet=Outlet("second"), **in_story),
        article("later", edge + 2 * DAY, text=TEXT, outlet=Outlet("third"), **in_story),
    )
    news(found)

    assert expire(found.run("upkeep")).articles == 1

    left = {key: each.value for key, each in found.store.articles(["lead", "copy", "later"]).items()}
    places = {key: (each.story, each.lead, each.copy_of, each.first_outlet) for key, each in left.items()}
    assert places == {"copy": ("copy", True, "", "second"), "later": ("copy", False, "copy", "second")}
    assert left["copy"].ingested_at == edge + DAY


EDGE = datetime.fromisoformat("2026-08-31T20:00:00Z")  # the last evening of what goes
SPOKEN = Claim("peshmerga", "a0", "new", EDGE, delivered_at=EDGE)


def falling_apart(found: Trial, *claims: Claim) -> None:
    """A story that its first article alone held together, and claims on parts of it."""
    put(found, *(article(f"a{days}", EDGE + days * DAY, text=f"{days}", story="a0") for days in range(3)))
    news(found)
    for claim in claims:
        assert found.store.claim(claim)


def handed_down(found: Trial) -> dict[str, list[str]]:
    """The rules that have spoken of each article that stays, with the kind of alert."""
    held: dict[str, list[str]] = {"a1": [], "a2": []}
    for claim in found.store.claims(held):
        assert claim.delivered_at
        held[claim.article].append(f"{claim.rule}/{claim.kind}")
    return held


def test_a_story_that_was_alerted_of_is_not_news_again_when_its_first_article_is_gone(tmp_path: Path) -> None:
    month = replace(LOOPBACK, retention=RetentionSettings(None, 1, None))
    found = trial(tmp_path, Source("khabar", ""), settings=month, **rule())
    rule_starts(found.run("run"))
    sent: list[str] = []

    for number in range(7):
        found.at = datetime(2026, 10, 29, 8, tzinfo=UTC) + 6 * number * DAY
        copy = page(f"https://khabar.example/{number}", html(story(1, "ar"), found.at), found.at)
        found.write(f"run-{number}", [copy])
        found.process(f"run-{number}")
        settle(found.run(f"run-{number}"), lambda: flow.stages(found.config))
        if number == 6:
            put(found, *(article(f"news{each}", found.at) for each in range(9)))
            assert expire(found.run("upkeep")).articles == 1
        alert(found.run(f"run-{number}"), {"desk": lambda message: sent.append(message.url)})

    assert sent == ["https://khabar.example/0"]


def test_every_part_of_a_story_that_falls_apart_inherits_its_claims(found: Trial) -> None:
    waiting = Claim("dam", "a0", "new", EDGE, "the words")
    falling_apart(found, SPOKEN, replace(SPOKEN, kind="new>desk"), waiting)

    assert expire(found.run("upkeep")).articles == 1

    assert len({each.value.story for each in found.store.articles(["a1", "a2"]).values()}) == 2
    assert handed_down(found) == {each: ["dam/new", "peshmerga/new"] for each in ("a1", "a2")}
    assert found.store.undelivered() == [waiting]


def test_a_claim_on_what_stays_is_inherited_by_what_it_stayed_with(found: Trial) -> None:
    falling_apart(found, replace(SPOKEN, article="a2"))

    expire(found.run("upkeep"))

    assert handed_down(found) == {each: ["peshmerga/new"] for each in ("a1", "a2")}
    assert found.store.claims(["a0"]) == []


def test_a_claim_of_its_own_that_waits_for_delivery_goes_on_waiting(found: Trial) -> None:
    waiting = replace(SPOKEN, article="a1", alert="the words", delivered_at=None)
    falling_apart(found, SPOKEN, waiting)

    expire(found.run("upkeep"))

    assert found.store.undelivered() == [waiting]
    assert [claim.key for claim in found.archive.recorded()] == ["peshmerga/a2/new"]


def test_inherited_claims_are_brought_into_a_store_that_is_made_anew(tmp_path: Path) -> None:
    found = kept(tmp_path)
    falling_apart(found, SPOKEN)
    expire(found.run("upkeep"))
    expire(found.run("upkeep-2"))
    before = handed_down(found)

    found = emptied(found, tmp_path)

    assert remember_claims(found.run("replay")) == 2
    assert handed_down(found) == before
    assert found.store.undelivered() == []
    assert {each.name for each in (tmp_path / "archive" / "claims").iterdir()} == {"upkeep.jsonl"}


@pytest.mark.parametrize("claims", range(3))
def test_whatever_a_crash_left_of_inherited_claims_is_made_good_before_anything_goes(
    tmp_path: Path, claims: int
) -> None:
    found = kept(tmp_path, store=Mortal)
    falling_apart(found, SPOKEN)
    assert isinstance(found.store, Mortal)
    found.store.left = claims
    with ExitStack() as stack:
        if claims < 2:
            stack.enter_context(pytest.raises(KeyboardInterrupt))
        expire(found.run("upkeep"))
    assert found.store.articles(["a0"]) or claims == 2

    found.store.left = FOR_EVER
    expire(found.run("upkeep-2"))

    assert handed_down(found) == {each: ["peshmerga/new"] for each in ("a1", "a2")}
    assert {claim.article for claim in found.archive.recorded()} == {"a1", "a2"}


def test_stories_stay_whole_where_the_key_may_not_delete(tmp_path: Path) -> None:
    found = kept(tmp_path, store=Guarded)
    edge = datetime.fromisoformat("2026-08-31T20:00:00Z")
    news(found)
    both = {"text": TEXT, "bands": ("band",), "first_outlet": "khabar", "story": "lead"}
    put(found, article("lead", edge, **both), article("copy", edge + DAY, lead=False, copy_of="lead", **both))
    before = found.articles

    with pytest.raises(ConfigError):
        expire(found.run("upkeep"))

    assert found.articles == before
    assert recall.unsettled(found.run("upkeep")) == frozenset()


def test_what_a_crash_left_of_a_story_is_placed_by_the_next_run(tmp_path: Path) -> None:
    found = kept(tmp_path, store=Crashing)
    edge = datetime.fromisoformat("2026-08-31T20:00:00Z")
    news(found)
    put(found, article("lead", edge, text=TEXT, bands=("band",)))
    put(found, article("copy", edge + DAY, text=TEXT, story="lead", lead=False, copy_of="lead", bands=("band",)))

    with pytest.raises(KeyboardInterrupt):
        expire(found.run("upkeep"))
    settle(found.run("run-2"), lambda: flow.stages(found.config))

    [left] = [each for each in found.articles if each.id == "copy"]
    assert (left.story, left.lead, left.copy_of) == ("copy", True, "")


def test_a_page_whose_article_expired_is_not_fetched_again(tmp_path: Path) -> None:
    asked_for = Reply(html(story(1, "fa"), published=NOW - DAY), headers={"Content-Type": "text/html"})
    with LocalServer({"/feed": feed("/1"), "*": asked_for}) as server:
        settings = replace(LOOPBACK, retention=ALL)
        found = trial(tmp_path, Source("khabar", server.url("/feed")), settings=settings)
        found.collect("run-1")
        found.process("run-1")
        found.at += 150 * DAY
        news(found)
        assert expire(found.run("upkeep")).articles == 1
        before = len(server.requests)

        outcomes = found.collect("run-2")
        found.process("run-2")

    assert server.targets[before:] == ["/feed"]
    assert [(each.stage, each.reason) for each in outcomes] == [("feed", ""), ("entry", "known")]
    assert found.store.count() == NEWS
