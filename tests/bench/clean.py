"""Cost of cleaning and of learning what outlets repeat, as a share of extraction, and the memory it needs.

    python tests/bench/clean.py                        # generated outlets
    python tests/bench/clean.py --pages pages.jsonl.gz # real pages: lines {"outlet", "url", "html"}

Bounds: CPU time of reading the blocks of the page, remembering, comparing with the outlet's other pages and cleaning at
most 0.15 times that of `trafilatura.extract` alone on the same pages (comments off); a digest of at most 2,048 bytes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import NamedTuple, TypeVar

import trafilatura

sys.path.insert(0, str(Path(__file__).parents[2]))

from pipeline import boilerplate
from pipeline.clean import Clean, Remember
from pipeline.extract import Extract, blocks, prose
from pipeline.model import Article, Drop, Entry, Known, Source
from tests.bench.press import page

COST_MOST, BYTES_MOST = 0.15, 2_048
PAGES_AN_OUTLET = 25
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EXTRACTION = "trafilatura"
Result = TypeVar("Result")


class Html(NamedTuple):
    """A page to measure."""

    outlet: str
    url: str
    html: str


class Clock:
    """CPU seconds by what they were spent on."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def timed(self, name: str, work: Callable[[], Result]) -> Result:
        """What work gives; its time is noted under a name."""
        start = time.process_time()
        result = work()
        self.seconds[name] += time.process_time() - start  # type: ignore[assignment]  # a Counter of seconds
        return result


def generated(count: int) -> Iterator[Html]:
    """Pages of the bench press, 25 an outlet."""
    for number in range(count):
        outlet = f"outlet-{number // PAGES_AN_OUTLET}.example"
        yield Html(outlet, f"https://{outlet}/n/{number}", page(number, NOW).decode())


def real(path: Path) -> Iterator[Html]:
    """Pages of a file of JSON lines, gzipped."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            yield Html(line["outlet"], line["url"], line["html"])


def read(held: Html, clock: Clock) -> Article | None:
    """The article of a page, remembered; what extraction costs beyond trafilatura is not asked for here."""
    clock.timed(EXTRACTION, lambda: trafilatura.extract(held.html, include_comments=False))
    tree = prose.parse(held.html)
    clock.timed("blocks", lambda: blocks.blocks(blocks.runs(tree), str))
    try:
        article = Extract().html(held.url, held.html, Source(held.outlet, ""), Entry(held.url))
    except Drop:
        return None
    return clock.timed("remember", lambda: Remember()(article))


def main() -> int:
    """Print the shares; 1 where a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="generated pages")
    parser.add_argument("--pages", type=Path, help="real pages instead: a gzipped file of JSON lines")
    args = parser.parse_args()
    clock, outlets = Clock(), defaultdict[str, list[Article]](list)
    read(Html("", "", "<p>The first call pays for what is loaded late.</p>" * 9), Clock())
    for held in real(args.pages) if args.pages else generated(args.count):
        article = read(held, clock)
        if article:
            outlets[held.outlet].append(article)
    clean = Clean()
    for articles in outlets.values():
        row = [Known(each.id, None, each.digest, b"") for each in articles]
        told = clock.timed("compare", lambda row=row: list(boilerplate.recalls(row, 0, len(row) - 1)))  # type: ignore[misc]  # bound now
        for each, (_, recalled) in zip(articles, told, strict=True):
            article = replace(each, recalled=recalled)
            clock.timed("clean", lambda article=article: clean(article))  # type: ignore[misc]  # bound now
    return not told_all(clock, [len(each.digest) for articles in outlets.values() for each in articles])


def told_all(clock: Clock, sizes: list[int]) -> bool:
    """Print all figures; tell whether the bounds hold."""
    extraction = clock.seconds.pop(EXTRACTION)
    print(f"trafilatura.extract alone {1_000 * extraction / len(sizes):.1f} ms a page, {len(sizes)} pages")
    for name, seconds in clock.seconds.items():
        print(f"{name:25} {seconds / extraction:.3f} of it")
    cost = sum(clock.seconds.values()) / extraction
    print(f"cleaning and learning     {cost:.3f} of it, bound {COST_MOST}")
    print(f"memory of a page          {fmean(sizes):.0f} bytes, at most {max(sizes)}, bound {BYTES_MOST}")
    return cost <= COST_MOST and max(sizes) <= BYTES_MOST


if __name__ == "__main__":
    raise SystemExit(main())
