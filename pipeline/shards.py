"""Which sources are worked on together: those that share a host are, so that one task paces all requests to it.

The split is a function of the configured hosts alone: no state tells who has which source, and every task comes to the
same answer by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from pipeline import urls
from pipeline.model import Source


class Shard(NamedTuple):
    """One of so many parts of all sources, counted from 1."""

    number: int
    of: int

    @property
    def name(self) -> str:
        """How runs and turns call it: 3of8."""
        return f"{self.number}of{self.of}"


def shards(count: int) -> tuple[Shard, ...]:
    """All parts of a split; ValueError where there is none."""
    if count < 1:
        raise ValueError(f"{count} shards")
    return tuple(Shard(number, count) for number in range(1, count + 1))


def sources_of(sources: Sequence[Source], shard: Shard) -> tuple[Source, ...]:
    """The sources of a shard, in their order; the shards of one count hold each source once."""
    return tuple(source for source, place in zip(sources, _places(sources), strict=True) if _number(place, shard))


def _number(place: str, shard: Shard) -> bool:
    """Whether a group of hosts falls to this shard; the hash is the same in every process and release."""
    hashed = int.from_bytes(sha256(place.encode()).digest()[:8], "big")
    return hashed % shard.of + 1 == shard.number


def _places(sources: Iterable[Source]) -> Iterator[str]:
    """The name of each source's group: the first, by alphabet, of all hosts that tie it to others and those to more."""
    hosts = [_hosts(source) for source in sources]
    leader = {host: host for each in hosts for host in each}

    def first(host: str) -> str:
        while leader[host] != host:
            host = leader[host]
        return host

    for each in hosts:
        together = sorted({first(host) for host in each})
        for other in together[1:]:
            leader[other] = together[0]
    yield from (first(each[0]) for each in hosts)


def _hosts(source: Source) -> tuple[str, ...]:
    """The hosts of a source: of its feed, its home and its sisters; its id where it has none."""
    named = (urls.outlet_host(source.feed), urls.outlet_host(source.home), *source.sisters)
    return tuple(filter(None, named)) or (source.id,)
