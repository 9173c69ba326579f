"""A run in a temporary folder on real parts: a store in SQLite, WARC files, and the web as far as loopback goes."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, TypeVar

from pipeline import urls
from pipeline.archive import Archive
from pipeline.document import document
from pipeline.fetch import Web
from pipeline.flow import Run, reading
from pipeline.flow.collect import collect
from pipeline.flow.process import process
from pipeline.model import Answer, Article, Changes, Entry, Outcome, Page, Refused, Source, replace
from pipeline.readers import Readers
from pipeline.stores import Store
from pipeline.stores.sqlite import SqliteStore
from pipeline.watchlist import Actor, Config, Destination, FetchSettings, ProcessSettings, Rule, Settings
from tests.house import ROOT

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
LOOPBACK = Settings(FetchSettings(delay_seconds=0, allow_networks=("127.0.0.0/8",)), ProcessSettings(workers=2))
SENTENCES = {
    "ar": "قال المتحدث إن البيشمركة انتشرت قرب الجسر القديم بعد اجتماع طويل مع وجهاء القرى في الوادي الشرقي",
    "fa": "سخنگوی استانداری گفت پیشمرگه می‌خواهد پاسگاه تازه‌ای کنار رودخانه بسازد و راه روستا را باز کند",
    "ckb": "وتەبێژی پێشمەرگە رایگەیاند هێزەکان لە نزیک پردەکە جێگیر بوون و رێگای گوندەکان دەکرێتەوە",
    "kmr": "Berdevkê Pêşmerge got hêz li nêzî pira kevn bi cih bûn û rêya gundan dê sibê bê vekirin",
    "tr": "Sözcü Peşmerge birliklerinin eski köprünün yanına yerleştiğini ve köy yolunun yarın açılacağını söyledi",
    "he": "דובר הפשמרגה אמר שהכוחות נפרסו ליד הגשר הישן ושהדרך אל הכפרים תיפתח מחר בבוקר לתנועה",
    "hy": "Փեշմերգայի խոսնակն ասաց որ ուժերը տեղակայվել են հին կամրջի մոտ և գյուղի ճանապարհը վաղը կբացվի",
    "az": "Sözçü Peşmerqe dəstələrinin köhnə körpünün yanında yerləşdiyini və kənd yolunun sabah açılacağını bildirdi",
    "fr": "Le porte-parole des peshmergas dit que les forces tiennent le vieux pont et que la route rouvrira demain",
    "en": "A spokesman for the Peshmerga said forces held the old bridge and the village road would reopen tomorrow",
}
PESHMERGA = Actor(
    "peshmerga",
    names={"en": "Peshmerga"},
    aliases={"en": ("Peshmerga",), "ar": ("البيشمركة",), "fa": ("پیشمرگه",), "ckb": ("پێشمەرگە",)},
)
Item = TypeVar("Item")


LEFT_OPEN: list[Store] = []


def _close(store: Store) -> None:
    """Close a store where it was opened: garbage is collected on any thread, such as a server's."""
    if threading.current_thread() is threading.main_thread():
        store.close()
    else:
        LEFT_OPEN.append(store)


@dataclass
class Trial:
    """What stays from run to run; `at` is what every clock shows."""

    folder: Path
    config: Config
    store: Store
    at: datetime = NOW
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Close the store with the trial, and those whose trials ended on a thread that may not close them."""
        while LEFT_OPEN:
            LEFT_OPEN.pop().close()
        weakref.finalize(self, _close, self.store)

    @property
    def archive(self) -> Archive:
        """The archive, as a new process sees it."""
        return Archive(str(self.folder / "archive"))

    def run(self, name: str) -> Run:
        """A run of that name."""
        return Run(self.config, self.store, self.archive, name, lambda: self.at, self.notes.append)

    def collect(self, name: str, web: type[Web] = Web, *, forced: bool = False) -> list[Outcome]:
        """Ask all sources that are due, as a pass does; give what became of polls and pages so far."""
        from pipeline.flow import due_sources

        run = self.run(name)

        async def ask() -> None:
            async with web(self.config.settings.fetch, now=lambda: self.at) as opened:
                await collect(run, due_sources(run), opened, forced=forced)

        asyncio.run(ask())
        return self.outcomes(name)

    def process(self, name: str, readers: Readers | None = None) -> list[Outcome]:
        """Read what is left in the archive."""
        with readers or Readers(1, lambda: reading(self.config)) as opened:
            process(self.run(name), opened)
        return self.outcomes(name)

    def outcomes(self, name: str) -> list[Outcome]:
        """The outcomes of a run."""
        return list(self.store.outcomes(name))

    def write(self, name: str, pages: Iterable[Page]) -> None:
        """Put pages into the archive as a run of that name."""
        with self.archive.writer(name) as writer:
            for number, page in enumerate(pages, 1):
                writer.add(replace(page, run=name, entry=replace(page.entry, number=number)))

    @property
    def articles(self) -> list[Article]:
        """All stored articles."""
        return list(self.store.ingested(LONG_AGO))


class Contended(SqliteStore):
    """A store in which another worker is a little faster, so many `times`."""

    times = 0

    def save(self, changes: Changes) -> frozenset[str]:
        """Write, after the other worker has touched the same articles."""
        if self.times and changes.articles:
            self.times -= 1
            held = self.articles([each.value.id for each in changes.articles])
            touched = (held.get(each.value.id, each) for each in changes.articles)
            theirs = (replace(each, value=replace(each.value, title=f"Theirs {self.times}")) for each in touched)
            super().save(Changes(articles=tuple(theirs)))
        return super().save(changes)


class Particular(SqliteStore):
    """A store that takes no article in whose text something stands, and goes on with the others."""

    refused = "nothing"

    def save(self, changes: Changes) -> frozenset[str]:
        """Write what it takes; where there is something else, only articles of it."""
        refused = {each.value.id for each in changes.articles if self.refused in each.value.text}
        if refused:
            others = tuple(each for each in changes.articles if each.value.id not in refused)
            super().save(Changes(articles=others))
            raise Refused(dict.fromkeys(refused, "number out of range"))
        return super().save(changes)


def emptied(found: Trial, folder: Path) -> Trial:
    """The same archive and configuration with a store that holds nothing."""
    return Trial(found.folder, found.config, SqliteStore.open(f"sqlite:///{folder}/emptied.db"), found.at)


def trial(folder: Path, *sources: Source, store: type[SqliteStore] = SqliteStore, **changes: Any) -> Trial:  # noqa: ANN401 - any field of a Config
    """A store, an archive and a configuration in this folder."""
    config = replace(Config("config", LOOPBACK, sources, actors=(PESHMERGA,)), **changes)
    return Trial(folder, config, store.open(f"sqlite:///{folder}/wireroom.db"))


def rule(name: str = "peshmerga", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of a Rule
    """The changes to a configuration that give it one rule, with its destinations."""
    made = replace(Rule(name, actors=("peshmerga",), send=("desk",)), **changes)
    return {"rules": (made,), "destinations": tuple(Destination(each, terminal=True) for each in made.send)}


def table(outcomes: Iterable[Outcome]) -> Counter[tuple[str, str, str]]:
    """The outcome table: how many of each (stage, fate, reason)."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for each in outcomes:
        counts[each.stage, each.fate.value, each.reason] += each.count
    return counts


def equal_parts(articles: Iterable[Article]) -> dict[str, dict[str, Any]]:
    """By id what two equal stores must agree in (docs/design.md, guarantee 2)."""
    found = {article.id: document(article, private=True) for article in articles}
    for told in found.values():
        for name in ("fetched_at", "ingested_at", "archive", "readings"):
            del told[name]
        if told["published_from"] == "fetched":
            del told["published_at"]
    return found


def rss(links: Iterable[str], published: datetime = NOW) -> bytes:
    """A feed of these links; "" makes an item without one."""
    date = format_datetime(published)
    items = (
        f"<item><title>{link[-9:]}</title>{f'<link>{link}</link>' if link else ''}<pubDate>{date}</pubDate></item>"
        for link in links
    )
    return f'<rss version="2.0"><channel><title>Khabar</title>{"".join(items)}</channel></rss>'.encode()


def story(seed: int, language: str = "en", paragraphs: int = 4) -> list[str]:
    """Paragraphs that nobody else wrote: the language's words in an order of their own."""
    chance, words = random.Random(f"{seed}/{language}"), SENTENCES[language].split()  # noqa: S311 - seeded
    opening = f"{SENTENCES[language]}."
    return [opening, *(" ".join(chance.sample(words, len(words))) + "." for _ in range(paragraphs - 1))]


def html(paragraphs: Sequence[str], published: datetime | None = NOW, title: str = "") -> bytes:
    """An article page, dated where `published` is given."""
    dated = f'<meta property="article:published_time" content="{published.isoformat()}">' if published else ""
    body = "".join(f"<p>{each}</p>" for each in paragraphs)
    headline = title or " ".join(paragraphs[-1].split()[:6])
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{headline}</title>{dated}</head>'
        f"<body><main><article><h1>{headline}</h1>{body}</article></main></body></html>"
    ).encode()


def page(url: str, body: bytes, at: datetime = NOW, source: str = "khabar") -> Page:
    """A page as it is archived."""
    answer = Answer(url, 200, (("content-type", "text/html; charset=utf-8"),), body, at)
    return Page(urls.canonical(url), answer, Entry(url, number=1), Source(source, ""), "run-1")


def shuffled(items: Iterable[Item], seed: int) -> list[Item]:
    """The items in another order."""
    found = list(items)
    random.Random(seed).shuffle(found)  # noqa: S311 - seeded
    return found


def minutes(number: float) -> timedelta:
    """A stretch of time."""
    return timedelta(minutes=number)


def start(folder: Path, *, stdout: int = subprocess.PIPE, pipesize: int = -1) -> subprocess.Popen[str]:
    """Start `wireroom run` on `folder`/config with store and archive in `folder`."""
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", "run"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "WIREROOM_CONFIG": "config",
            "WIREROOM_STORE": "sqlite:///wireroom.db",
            "WIREROOM_ARCHIVE": "archive",
        },
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        pipesize=pipesize,
    )
