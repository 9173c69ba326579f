"""Who may work at the same time."""

from __future__ import annotations

import pytest

from pipeline.model import ALL_WORK, Turn, Work, contend, demanded


@pytest.mark.parametrize(
    ("one", "other", "may_not"),
    [
        (Turn(Work.WRITE, "1of2"), Turn(Work.WRITE, "1of2"), True),
        (Turn(Work.WRITE, "1of2"), Turn(Work.WRITE, "2of2"), False),
        (Turn(Work.WRITE, "1of2"), Turn(Work.WRITE), True),
        (Turn(Work.WRITE), Turn(Work.WRITE), True),
        (Turn(Work.WRITE), Turn(Work.COLLECT), False),
        (Turn(Work.WRITE, "1of2"), Turn(Work.COLLECT, "1of2"), False),
    ],
)
def test_a_work_or_a_part_of_it_is_done_by_one_at_a_time(one: Turn, other: Turn, *, may_not: bool) -> None:
    assert contend(one, other) == contend(other, one) == may_not


def test_who_names_no_turn_wants_them_all() -> None:
    assert demanded(()) == ALL_WORK == {Turn(Work.COLLECT), Turn(Work.WRITE)}
    assert demanded([Turn(Work.WRITE, "1of2")] * 2) == {Turn(Work.WRITE, "1of2")}


@pytest.mark.parametrize("part", ["../1of2", "1/2", "Part", "a.b", "ی", "1of2\n", "a" * 65])
def test_a_part_has_a_name_that_every_store_can_hold(part: str) -> None:
    with pytest.raises(ValueError, match="is no name of a part: up to 64 of a to z, 0 to 9 and -"):
        demanded([Turn(Work.WRITE, "1of2"), Turn(Work.WRITE, part)])
    assert demanded([Turn(Work.WRITE, "a" * 64)])
