"""What the lease document says, and who of its holders is taken for alive."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model import ALL_WORK, Turn, Work
from pipeline.stores.elastic.holders import Holder, Watch, read, written

PART = Holder(frozenset({Turn(Work.WRITE, "1of2")}), 1)
TURNS = st.builds(Turn, st.sampled_from(Work), st.sampled_from(["", "1of2", "2of2"]))
HOLDERS = st.dictionaries(
    st.text("/-{09az", min_size=1),
    st.builds(Holder, st.frozensets(TURNS, min_size=1), st.integers(1, 10**9)),
)


class Clock:
    """A clock that a test moves."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@settings(deadline=None, derandomize=True, max_examples=25)
@given(HOLDERS)
def test_what_is_written_is_read_again(holders: dict[str, Holder]) -> None:
    assert read(written(holders), 7) == holders
    assert (written(holders) == "") == (not holders)


def test_what_the_release_before_wrote_is_one_holder_of_everything_that_moves_with_the_document() -> None:
    assert read("", 7) == {}
    assert read("host/17/abcd", 7) == {"host/17/abcd": Holder(ALL_WORK, 7)}


@pytest.mark.parametrize(
    ("turns", "kept_out"),
    [
        ([Turn(Work.WRITE, "1of2")], True),
        ([Turn(Work.WRITE, "2of2")], False),
        ([Turn(Work.COLLECT, "1of2"), Turn(Work.WRITE)], True),
        ([Turn(Work.COLLECT)], False),
        (ALL_WORK, True),
    ],
)
def test_a_holder_keeps_out_who_wants_what_it_has(turns: list[Turn], *, kept_out: bool) -> None:
    assert PART.keeps_out(turns) == kept_out


def test_a_holder_that_does_not_move_is_dead_after_its_time_and_one_that_moves_is_not() -> None:
    clock = Clock()
    watch = Watch(20, 5, clock)
    for second in range(41):
        clock.now = 1_000.0 + second
        living = watch.living({"still": PART, "moves": PART._replace(beat=second // 15)})
        assert set(living) == ({"still", "moves"} if second <= 20 else {"moves"})
    clock.now += 1
    assert set(watch.living({"still": PART._replace(beat=2)})) == {"still"}  # it only slept


def test_who_could_not_look_for_long_begins_to_watch_anew() -> None:
    clock = Clock()
    watch = Watch(20, 5, clock)
    for pause in (0, 5, 5, 5, 5.5, 5, 5, 5, 5):
        clock.now += pause
        assert watch.living({"still": PART})
    clock.now += 0.1
    assert not watch.living({"still": PART})
