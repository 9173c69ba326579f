"""How fast the embedded store writes and searches: `python tests/bench/store.py --articles 200000`.

The articles come from a seed: 300 words drawn by Zipf's law from the vocabulary of one of five languages, one to four
of fifty actors, every eighth a reprint, spread evenly over some days. The search is the analyst's usual one: two words
and an actor in the last 30 days, newest first, one per story. Its words and actors are drawn as those of the articles
were, so that common ones, which are slow to search, are common. Its target: 95 % below 50 ms. What an outlet's pages
leave for cleaning is asked as settling asks: 100 pages of an outlet and 50 on each side. Its target: 95 % below 3 ms.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from itertools import accumulate, islice
from pathlib import Path

from pipeline.model import Article, Changes, Fate, Mention, Outcome, Outlet, Place, Reading, Seen, Stored
from pipeline.query import Search, parse
from pipeline.stores import Store
from pipeline.stores.sqlite import SqliteStore

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
ALPHABETS = {
    "en": "abcdefghijklmnopqrstuvwxyz",
    "tr": "abcçdefgğhıijklmnoöprsştuüvyz",
    "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "he": "אבגדהוזחטיכלמנסעפצקרשת",
    "hy": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
}
VOCABULARY = 20_000  # words a language
WORDS = 300
ACTORS, NAMES, OUTLETS, BANDS = 50, 20, 200, 25
REPRINT = 8  # every so many articles
DIGEST, RECALLED = 1_200, 30  # bytes; noise, which nothing can make smaller
PAGES, BEYOND = 100, 50  # pages of an outlet that a run brought, and those asked for on each side


@dataclass(frozen=True, slots=True)
class Zipf:
    """Values of which the n-th is drawn 1/n as often as the first."""

    values: Sequence[str]
    weights: Sequence[float]

    @classmethod
    def of(cls, values: Sequence[str]) -> Zipf:
        """Values with their weights summed up."""
        return cls(values, list(accumulate(1 / rank for rank in range(1, len(values) + 1))))

    def draw(self, luck: random.Random, count: int) -> list[str]:
        """Values drawn with replacement."""
        return luck.choices(self.values, cum_weights=self.weights, k=count)


class World:
    """Everything that is drawn from, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.luck, self.noise = random.Random(seed), random.Random(seed)
        self.words = {language: self._vocabulary(letters) for language, letters in ALPHABETS.items()}
        self.actors = Zipf.of([f"actor-{number}" for number in range(ACTORS)])
        self.names = {actor: tuple(" ".join(self._any_words(2)) for _ in range(NAMES)) for actor in self.actors.values}

    def articles(self, count: int, days: float, numbers: range | None = None) -> Iterator[Article]:
        """Articles in the order of publication; of `count` those with these numbers."""
        step, story = timedelta(days=days) / count, ""
        for number in range(count) if numbers is None else numbers:
            url = f"https://outlet-{number % OUTLETS}.example/{number}"
            key = sha256(url.encode()).hexdigest()
            story = story if number % REPRINT == 1 else key
            yield self._article(key, url, NOW - timedelta(days=days) + number * step, story)

    def search(self) -> Search:
        """Two words and an actor in the last 30 days."""
        language = self.luck.choice(list(ALPHABETS))
        words = " ".join(self.words[language].draw(self.luck, 2))
        return Search(parse(words), actors=(*self.actors.draw(self.luck, 1),), since=NOW - timedelta(days=30))

    def window(self, count: int, days: float) -> tuple[str, datetime, datetime]:
        """An outlet and a span of time, anywhere in these days, in which it published some PAGES of `count`."""
        span = timedelta(days=days) * min(1.0, OUTLETS * PAGES / count)
        since = NOW - timedelta(days=days) + (timedelta(days=days) - span) * self.noise.random()
        return f"outlet-{self.noise.randrange(OUTLETS)}", since, since + span

    def _article(self, key: str, url: str, at: datetime, story: str) -> Article:
        language = self.luck.choice(list(ALPHABETS))
        words = self.words[language].draw(self.luck, WORDS)
        actors = tuple(sorted(set(self.actors.draw(self.luck, self.luck.randint(1, 4)))))
        sentence = " ".join(words[20:40])
        return Article(
            key,
            url,
            title=" ".join(words[:10]),
            text=" ".join(words),
            language=language,
            language_confidence=0.99,
            published_at=at,
            published_from="page",
            fetched_at=at,
            ingested_at=at,
            outlet=Outlet(f"outlet-{int(key, 16) % OUTLETS}", "An outlet", "IQ", (language,), "private"),
            actors=actors,
            actor_names=tuple(name for actor in actors for name in self.names[actor]),
            mentions=tuple(Mention(actor, words[20], sentence, 120, 130, "text") for actor in actors),
            regions=("IQ", "IQ-BG"),
            story=story,
            archive=Place("2026/11/21/run-0.warc.gz", 4096),
            extractor=("trafilatura", "2.0"),
            bands=tuple(f"{band}:{self.luck.getrandbits(64):016x}" for band in range(BANDS)),
            readings=(Reading(at, key),),
            digest=self.noise.randbytes(DIGEST),
            recalled=self.noise.randbytes(RECALLED),
        )

    def _vocabulary(self, letters: str) -> Zipf:
        drawn = ("".join(self.luck.choices(letters, k=self.luck.randint(2, 11))) for _ in range(3 * VOCABULARY))
        return Zipf.of(list(islice(dict.fromkeys(drawn), VOCABULARY)))

    def _any_words(self, count: int) -> list[str]:
        return self.words[self.luck.choice(list(ALPHABETS))].draw(self.luck, count)


def fill(store: Store, articles: Iterator[Article], batch: int) -> tuple[float, float]:
    """Write articles with what a run writes beside them; give the seconds the store took, by the clock and of CPU."""
    seconds, busy, written = 0.0, 0.0, 0
    while chunk := list(islice(articles, batch)):
        changes = Changes(
            articles=tuple(map(Stored, chunk)),
            seen=tuple(Seen(article.id, NOW, Fate.KEPT) for article in chunk),
            outcomes=tuple(
                Outcome("run", "outlet", article.url, "store", Fate.KEPT, "", NOW, written + number)
                for number, article in enumerate(chunk)
            ),
        )
        started, idle = time.perf_counter(), time.process_time()
        store.save(changes)
        seconds += time.perf_counter() - started
        busy += time.process_time() - idle
        written += len(chunk)
    return seconds, busy


def milliseconds(questions: Iterable[Callable[[], Iterable[object]]]) -> tuple[list[float], int]:
    """Sorted times of these questions, and how many answers they gave in all."""
    times, found = [], 0
    for ask in questions:
        started = time.perf_counter()
        found += len(list(ask()))
        times.append(1000 * (time.perf_counter() - started))
    return sorted(times), found


def update(store: SqliteStore, ids: Sequence[str], **changed: object) -> float:
    """Seconds to read these articles and write them with something changed."""
    started = time.perf_counter()
    stored = store.articles(ids)
    lost = store.save(
        Changes(articles=tuple(Stored(replace(each.value, **changed), each.version) for each in stored.values()))  # type: ignore[arg-type] # any field
    )
    assert not lost
    return time.perf_counter() - started


def show(what: str, times: list[float], found: int) -> None:
    """One line of percentiles."""
    half, most, worst = (times[int(share * (len(times) - 1))] for share in (0.5, 0.95, 1))
    print(
        f"{what:<32} p50 {half:7.1f} ms   p95 {most:7.1f} ms   worst {worst:7.1f} ms   hits {found / len(times):5.1f}"
    )


def main() -> None:
    """Fill a store (or use one filled before) and print what writing and searching take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=200_000)
    parser.add_argument("--days", type=float, default=60)
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--searches", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="database to fill once and use again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder) / "bench.db"
        known, world = path.exists(), World(options.seed)
        with closing(SqliteStore.open(f"sqlite:///{path.absolute()}")) as store:
            if not known:
                seconds, busy = fill(store, world.articles(options.articles, options.days), options.batch)
                cost = f"{1000 * busy / options.articles:.2f} ms of CPU each"
                print(f"writing   {options.articles / seconds:,.0f} articles/s (target 1,000); {cost}")
            asked = [world.window(store.count(), options.days) for _ in range(options.searches)]
            show("pages of an outlet", *milliseconds([partial(store.remembered, *each, BEYOND) for each in asked]))
            report(store, world, options.searches)
        size = path.stat().st_size / store_count(path)
        print(f"disk      {size / 1024:.1f} KiB an article;  peak memory {peak():.0f} MB")


def report(store: SqliteStore, world: World, count: int) -> None:
    """Search and update."""
    searches = [world.search() for _ in range(count)]
    for what, asked in (
        ("two words, actor, 30 days", searches),
        ("same, not one per story", [replace(each, every=True) for each in searches]),
        ("two words", [Search(each.query) for each in searches]),
        ("actor", [Search(actors=each.actors) for each in searches]),
        ("same as first, best first", [replace(each, sort="best") for each in searches[:50]]),
    ):
        show(what, *milliseconds([partial(store.search, each) for each in asked]))
    ids = [hit.article.id for hit in store.search(Search(limit=200))]
    print(f"placing   {len(ids) / update(store, ids, first_outlet='other'):,.0f} articles/s (words unchanged)")
    print(f"editing   {len(ids) / update(store, ids, title='another title'):,.0f} articles/s (words changed)")
    bands = [article.value.bands for article in store.articles(ids).values()]
    started = time.perf_counter()
    for each in bands:
        store.banded(each)
    print(f"banded    {1000 * (time.perf_counter() - started) / len(bands):.2f} ms an article with {BANDS} bands")


def store_count(path: Path) -> int:
    """How many articles a database holds."""
    with closing(SqliteStore.open(f"sqlite:///{path.absolute()}")) as store:
        return store.count()


def peak() -> float:
    """Peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
