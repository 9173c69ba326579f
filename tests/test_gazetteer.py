"""The shipped places: stable ids, whole parents, and no ordinary word among the names."""

from __future__ import annotations

import re

import pytest

from pipeline.fold import tokens
from pipeline.gazetteer import FILE, Row, line, places

ID = re.compile(r"[A-Z]{2}|[A-Z]{2}-[A-Z0-9]{1,3}|gn-[0-9]+|gaza-strip|west-bank")
BY_ID = {place.id: place for place in places()}


def names(region: str) -> tuple[str, ...]:
    return BY_ID[region].names[""]


def test_ids_are_of_the_patterns_that_cannot_clash_and_stand_once() -> None:
    assert len(BY_ID) == len(places())
    assert [place.id for place in places() if not ID.fullmatch(place.id)] == []


def test_parents_are_known_and_complete() -> None:
    for place in places():
        assert all(parent in BY_ID for parent in place.parents), place.id
        for parent in place.parents:
            assert set(BY_ID[parent].parents) <= set(place.parents), place.id


@pytest.mark.parametrize("place", ["IQ-AR", "IQ-DA", "IQ-SU", "gn-12218240"])
def test_the_provinces_of_the_kurdistan_region_have_it_as_parent(place: str) -> None:
    assert "IQ-KR" in BY_ID[place].parents


def test_mosul_gives_nineveh_and_iraq_and_stands_in_all_scripts() -> None:
    assert BY_ID["gn-99072"].parents == ("IQ-NI", "IQ")
    assert {"Mosul", "الموصل", "مووسڵ", "Մոսուլ", "מוסול"} <= set(names("gn-99072"))
    assert round(BY_ID["gn-99072"].lat or 0, 1) == 36.3


@pytest.mark.parametrize(
    ("region", "name"),
    [
        ("IQ", "العراق"),
        ("IQ", "عێراق"),
        ("SY", "سورية"),
        ("IR", "ایران"),
        ("TR", "Türkiye"),
        ("AM", "Հայաստան"),
        ("IL", "ישראל"),
        ("AZ", "Azərbaycan"),
        ("LB", "Liban"),
        ("US", "ABD"),
        ("IQ-NI", "Nineveh"),
        ("IQ-KR", "هەرێمی کوردستان"),
        ("SY-ID", "Idlib"),
    ],
)
def test_places_are_known_by_the_names_of_the_press(region: str, name: str) -> None:
    assert tokens(name) in [tokens(each) for each in names(region)]


@pytest.mark.parametrize("word", ["of", "van", "batman", "ordu", "hit", "خبر", "بيان", "ثورة", "مالي", "قوم", "גדה"])
def test_ordinary_words_are_no_places(word: str) -> None:
    bearers = [place.id for place in places() if tokens(word) in [tokens(each) for each in place.names[""]]]

    assert bearers == []


def test_a_row_is_written_as_it_is_read() -> None:
    row = Row("gn-1", "Somewhere", "city", ("IQ-NI", "IQ"), 36.3, 43.1, ("Somewhere", "مكان"))

    assert line(row) == "gn-1\tSomewhere\tcity\tIQ-NI|IQ\t36.3000\t43.1000\tSomewhere|مكان\n"


def test_the_table_is_small_and_free_of_empty_lines() -> None:
    rows = FILE.read_text(encoding="utf-8").splitlines()

    assert 1_500 < len(rows) < 3_000
    assert all(each.count("\t") == 6 for each in rows)
