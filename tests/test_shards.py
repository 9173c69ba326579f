from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model import Source
from pipeline.shards import Shard, shards, sources_of

HOSTS = st.sampled_from([f"outlet-{number}.example" for number in range(12)])
SOURCES = st.lists(
    st.builds(
        lambda number, feed, home, sisters: Source(
            f"s{number}", f"https://{feed}/rss", home=home and f"https://{home}/", sisters=tuple(sisters)
        ),
        st.integers(0, 999),
        HOSTS,
        st.one_of(st.just(""), HOSTS),
        st.lists(HOSTS, max_size=2),
    ),
    max_size=15,
)


def alone(host: str, number: int = 0) -> Source:
    return Source(f"{host}-{number}", f"https://{host}/feed/{number}")


def shard_of(source: Source, sources: list[Source], count: int) -> int:
    (number,) = (each.number for each in shards(count) if source in sources_of(sources, each))
    return number


@given(SOURCES, st.integers(1, 9))
@settings(deadline=None, derandomize=True)
def test_each_source_is_in_exactly_one_shard_and_keeps_its_order(sources: list[Source], count: int) -> None:
    parts = [sources_of(sources, each) for each in shards(count)]

    assert sorted(map(id, (source for part in parts for source in part))) == sorted(map(id, sources))
    for part in parts:
        places = [next(place for place, each in enumerate(sources) if each is source) for source in part]
        assert places == sorted(places)


@given(SOURCES, st.integers(1, 9))
@settings(deadline=None, derandomize=True)
def test_sources_that_share_a_host_are_never_apart(sources: list[Source], count: int) -> None:
    for shard in shards(count):
        here = {host for source in sources_of(sources, shard) for host in hosts(source)}
        elsewhere = [source for source in sources if source not in sources_of(sources, shard)]
        assert not here & {host for source in elsewhere for host in hosts(source)}


def hosts(source: Source) -> set[str]:
    return {url.split("/")[2] for url in (source.feed, source.home) if url} | set(source.sisters)


@given(SOURCES, st.integers(1, 9), st.randoms(use_true_random=False))
@settings(deadline=None, derandomize=True)
def test_the_order_of_the_configuration_changes_no_shard(sources: list[Source], count: int, random: object) -> None:
    shuffled = list(sources)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for shard in shards(count):
        assert set(sources_of(sources, shard)) == set(sources_of(shuffled, shard))


def test_shards_are_the_same_in_every_process_and_release() -> None:
    names = ["qandil.example", "sinjar.example", "tigris.example", "zagros.example", "khabur.example"]
    sources = [alone(name) for name in names]

    assert [shard_of(source, sources, 4) for source in sources] == [2, 4, 4, 4, 4]


def test_a_new_outlet_moves_no_other() -> None:
    sources = [alone(f"outlet-{number}.example") for number in range(40)]
    before = {source.id: shard_of(source, sources, 8) for source in sources}
    more = [*sources, alone("newcomer.example")]

    assert {source.id: shard_of(source, more, 8) for source in sources} == before


def test_many_outlets_spread_evenly() -> None:
    sources = [alone(f"outlet-{number}.example") for number in range(1_000)]

    sizes = [len(sources_of(sources, each)) for each in shards(8)]

    assert min(sizes) > 90
    assert max(sizes) < 160


def test_feeds_of_one_outlet_with_and_without_www_are_together() -> None:
    sources = [alone("www.river.example"), alone("river.example", 1), alone("m.river.example", 2)]

    assert len({shard_of(source, sources, 64) for source in sources}) == 1


def test_outlets_that_a_third_one_ties_are_together() -> None:
    first, last = alone("a-river.example"), alone("z-river.example")
    tie = Source("tie", "https://feeds.example/river", home="https://z-river.example/", sisters=("a-river.example",))

    assert len({shard_of(source, [first, last, tie], 64) for source in (first, last, tie)}) == 1
    assert len({shard_of(source, [first, last], 64) for source in (first, last)}) == 2


def test_a_source_without_a_host_has_its_place_all_the_same() -> None:
    odd = Source("odd", "not an address")

    assert shard_of(odd, [odd], 4) in range(1, 5)


def test_a_shard_is_named_for_runs_and_turns() -> None:
    assert Shard(3, 8).name == "3of8"


def test_nothing_is_split_into_no_shards() -> None:
    with pytest.raises(ValueError, match="0 shards"):
        shards(0)
