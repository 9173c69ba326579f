"""From one store to the other and back: what was archived is read again, and what was said stays said."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline import flow
from pipeline.alerts import Message
from pipeline.flow.replay import Again, replay
from pipeline.model import Page, Source
from pipeline.readers import Readers
from pipeline.stores import Store
from pipeline.stores.sqlite import SqliteStore
from pipeline.watchlist import Destination, Rule
from tests.elastic_server import Address
from tests.elastic_store import opening
from tests.trial import NOW, SENTENCES, Trial, equal_parts, html, page, story, trial

OUTLETS = ("sanabil", "dijla", "pusula")
SOURCES = tuple(Source(name, f"https://{name}.example/feed", enabled=False) for name in OUTLETS)
RULES = (Rule("armed", actors=("peshmerga",), send=("desk",)), Rule("all", send=("desk", "log")))
LANGUAGES = tuple(SENTENCES)
DESTINATIONS = (Destination("desk", terminal=True), Destination("log", terminal=True))


@dataclass
class Desk:
    """A trial whose alerts are written down, by destination, rule and article."""

    trial: Trial
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    passes: int = 0

    def listen(self, destination: str) -> Callable[[Message], None]:
        return lambda message: self.heard.append((destination, message.rule, message.url))

    def run(self, *printed: tuple[str, int]) -> list[tuple[str, str, str]]:
        """Archive what outlets print an hour later, each a story by its number, and make a pass; give what was said."""
        self.passes += 1
        name = f"run-{self.passes}"
        self.trial.at += timedelta(hours=1)
        self.trial.write(name, [newspaper(outlet, number, self.trial.at) for outlet, number in printed])
        self.heard.clear()
        flow.one_pass(self.trial.run(name), None, {each.id: self.listen(each.id) for each in DESTINATIONS})
        return sorted(self.heard)

    def move(self, store: Store) -> None:
        """Go over to an empty store, which is filled from the archive."""
        left = equal_parts(self.trial.articles)
        said = alerted(self.trial.store, left)
        self.trial = Trial(self.trial.folder, self.trial.config, store, self.trial.at)
        today = NOW.date()
        with Readers(1, lambda: flow.reading(self.trial.config)) as readers:
            replay(self.trial.run("replay"), Again(today, today), readers, self.trial.notes.append)
        assert equal_parts(self.trial.articles) == left
        assert alerted(store, left) == said
        assert store.undelivered() == []


def alerted(store: Store, articles: Collection[str]) -> list[str]:
    """The keys of the alerts of these articles; who accepted each is of no interest any more."""
    return [claim.key for claim in store.claims(articles) if ">" not in claim.kind]


def newspaper(outlet: str, number: int, at: datetime) -> Page:
    """The story of a number as an outlet prints it at a time, with an introduction of its own."""
    first, *rest = story(number, LANGUAGES[number % len(LANGUAGES)], paragraphs=6)
    return page(f"https://{outlet}.example/{number}", html([f"{outlet}: {first}", *rest], at), at, outlet)


@pytest.fixture
def elastic_store(elastic: Address, elastic_prefix: str) -> Iterator[Store]:
    with opening(elastic, elastic_prefix) as one_more:
        yield one_more()


def test_a_story_that_was_alerted_of_is_not_alerted_of_again_in_another_store_or_back_in_the_first(
    tmp_path: Path, elastic_store: Store
) -> None:
    desk = Desk(trial(tmp_path, *SOURCES, rules=RULES, destinations=DESTINATIONS))
    assert desk.run() == []  # the rules begin to listen
    said = desk.run(*((OUTLETS[number % 3], number) for number in range(10)))
    assert {(to, rule) for to, rule, _ in said} == {("desk", "armed"), ("desk", "all"), ("log", "all")}
    assert {url for _, rule, url in said if rule == "all"} == {article.url for article in desk.trial.articles}

    desk.move(elastic_store)
    assert desk.run() == []
    assert desk.run(("dijla", 0)) == []
    assert {url for _, _, url in desk.run(("pusula", 10))} == {"https://pusula.example/10"}

    desk.move(SqliteStore.open(f"sqlite:///{tmp_path}/back.db"))
    assert desk.run() == []
    assert desk.run(("pusula", 1), ("sanabil", 10)) == []
    copies = {article.url for article in desk.trial.articles if article.copy_of}
    assert copies == {f"https://{printed}" for printed in ("dijla.example/0", "pusula.example/1", "sanabil.example/10")}
