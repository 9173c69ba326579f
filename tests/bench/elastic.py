"""How fast the store in Elasticsearch writes and searches, on a server of its own with a heap of 1 GB.

    python tests/bench/elastic.py                      # 100,000 articles, some five minutes
    python tests/bench/elastic.py --articles 500000    # the full figure

The articles are those of `store.py`. Bounds: at least 500 of them a second through the store, with all that a run
writes beside them; at least five times the articles a second of `wireroom run` on generated pages; 95 %
of all searches below 100 ms: two words and an actor in 30 days, phrases, prefixes, the newest and the best first, one
per story. Disk per article is told for both stores.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from pipeline.query import Search, parse
from pipeline.stores.elastic import ElasticStore
from pipeline.stores.elastic.connection import Access, connect
from pipeline.stores.elastic.prepare import prepare
from pipeline.stores.sqlite import SqliteStore
from tests.bench.run import configured, press, wireroom_run
from tests.bench.store import ALPHABETS, NOW, World, fill, milliseconds, show
from tests.elastic_server import Address, Server

INDEXED_LEAST, MULTIPLE_LEAST, SEARCH_MOST = 500.0, 5.0, 100.0  # a second; of the pipeline's rate; milliseconds
DAYS = 60.0
WARMING = 20  # searches of each kind before those that are timed
BATCH = 200
MEASURED = 10_000  # articles that are timed, and that lie in SQLite for the comparison
FILLERS, SHARE = 2, 5_000  # processes that write the others, and how many of them in a row


def opened(address: Address) -> ElasticStore:
    """The store, with the rights of a superuser."""
    return ElasticStore(connect(Access(address.url, user=address.user, password=address.password)), address.url)


def pipeline_rate(pages: int) -> float:
    """Articles a second of `wireroom run` on generated pages, into the embedded store."""
    with tempfile.TemporaryDirectory() as name, press(pages, Path(name) / "press.yaml"):
        configured(Path(name), (Path(name) / "press.yaml").read_text())
        figures, kept = wireroom_run(Path(name))
        return kept / figures.wall


def fill_rest(address: Address, world: World, count: int) -> None:
    """Write the articles that are not timed, from several processes."""
    starts = range(MEASURED, count, SHARE)
    shares = [[range(start, min(start + SHARE, count)) for start in starts[each::FILLERS]] for each in range(FILLERS)]
    context = get_context("fork")
    fillers = [context.Process(target=fill_share, args=(address, world, count, share)) for share in shares]
    for each in fillers:
        each.start()
    for each in fillers:
        each.join()
        if each.exitcode:
            raise SystemExit(f"a process that wrote articles ended with {each.exitcode}")


def fill_share(address: Address, world: World, count: int, share: list[range]) -> None:
    """Write these articles."""
    world.luck = random.Random(share[0].start if share else 0)
    with closing(opened(address)) as store:
        for numbers in share:
            fill(store, world.articles(count, DAYS, numbers), BATCH)


def searches(world: World, count: int) -> Iterator[tuple[str, list[Search]]]:
    """So many searches of each kind, all drawn as the articles were."""
    usual = [world.search() for _ in range(count)]
    words = [world.words[world.luck.choice(list(ALPHABETS))].draw(world.luck, 2) for _ in range(count)]
    lately = partial(Search, since=NOW - timedelta(days=30), sort="best")
    yield "two words, actor, 30 days", usual
    yield "same, best first", [replace(each, sort="best") for each in usual]
    yield "two words, best first", [Search(parse(" ".join(each)), sort="best") for each in words]
    yield "phrase", [Search(parse(f'"{" ".join(each)}"')) for each in words]
    yield "phrase, 30 days, best first", [lately(parse(f'"{" ".join(each)}"')) for each in words]
    yield "prefix", [Search(parse(f"{each[0][:4]}*")) for each in words]
    yield "prefix, 30 days, best first", [lately(parse(f"{each[0][:4]}*")) for each in words]
    yield "actor", [Search(actors=each.actors) for each in usual]


def search_all(store: ElasticStore, world: World, count: int) -> float:
    """Search, print a line a kind; 95 % of all searches took so many milliseconds. A server that just began is slow."""
    all_times = []
    for _, asked in searches(world, WARMING):
        milliseconds([partial(store.search, each) for each in asked])
    for kind, asked in searches(world, count):
        times, found = milliseconds([partial(store.search, each) for each in asked])
        show(kind, times, found)
        all_times += times
    all_times.sort()
    return all_times[int(0.95 * (len(all_times) - 1))]


def bytes_held(address: Address) -> float:
    """Bytes on the disk of all that is Wireroom's."""
    address.ask("POST", "/news,wireroom-*/_flush?force=true")
    return float(address.ask("GET", "/news,wireroom-*/_stats/store")[1]["_all"]["primaries"]["store"]["size_in_bytes"])


def sqlite_bytes(world: World, count: int) -> float:
    """Bytes an article of the same articles in the other store, its log written back."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "bench.db")
        with closing(SqliteStore.open(f"sqlite:///{path}")) as store:
            fill(store, world.articles(count, DAYS), BATCH)
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return sum(each.stat().st_size for each in Path(name).iterdir()) / count


def main() -> int:
    """Print the figures; 1 where a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--searches", type=int, default=100, help="of each kind")
    parser.add_argument("--pages", type=int, default=400, help="of the run that the rate is compared with; 0: none")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    pipeline = pipeline_rate(options.pages) if options.pages else 0.0
    world = World(options.seed)
    measured = min(options.articles, MEASURED)
    with Server(heap="1g", java="") as started, closing(opened(started.address)) as store:
        address = started.address
        with connect(Access(address.url, user=address.user, password=address.password)) as client:
            prepare(client, address.url, NOW)
        seconds, busy = fill(store, world.articles(measured, DAYS), BATCH)
        rate = measured / seconds
        cost = f"{1000 * busy / measured:.2f} ms of our CPU each"
        print(f"indexing   {rate:,.0f} articles/s, bound {INDEXED_LEAST:.0f}; {cost}")
        if pipeline:
            print(f"           {rate / pipeline:.1f} times `wireroom run` ({pipeline:.1f}/s), bound {MULTIPLE_LEAST}")
        begun = time.perf_counter()
        fill_rest(address, world, options.articles)
        held = store.count()
        print(f"filled     {held:,} articles; the rest in {time.perf_counter() - begun:,.0f} s")
        slow = search_all(store, world, options.searches)
        print(f"searching  {slow:.1f} ms for 95 % of all, bound {SEARCH_MOST:.0f}")
        tell_disk(address, held, sqlite_bytes(World(options.seed), measured))
    sound = rate >= INDEXED_LEAST and (not pipeline or rate >= MULTIPLE_LEAST * pipeline) and slow <= SEARCH_MOST
    return not sound


def tell_disk(address: Address, held: int, sqlite: float) -> None:
    """Disk an article on both stores."""
    as_written = bytes_held(address) / held
    address.ask("POST", "/news,wireroom-*/_forcemerge?max_num_segments=1")
    merged = bytes_held(address) / held
    print(f"disk       {as_written / 1024:.1f} KiB an article, {as_written / sqlite:.2f} times SQLite")
    print(f"           {merged / 1024:.1f} KiB merged, {merged / sqlite:.2f} times SQLite ({sqlite / 1024:.1f} KiB)")


if __name__ == "__main__":
    raise SystemExit(main())
