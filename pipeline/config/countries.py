"""Country codes and the one time zone taken for each, from the tables of the time zone database."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from types import MappingProxyType

# Where zone.tab does not put the zone first that most of a country's press lives in (its order is geographic).
PRESS = MappingProxyType(
    {
        "AU": "Australia/Sydney",
        "BR": "America/Sao_Paulo",
        "CA": "America/Toronto",
        "RU": "Europe/Moscow",
        "UA": "Europe/Kyiv",
        "UZ": "Asia/Tashkent",
    }
)


@cache
def zones() -> MappingProxyType[str, str]:
    """Every ISO 3166-1 alpha-2 code with an IANA zone, "" for two islands where nobody lives."""
    first = dict.fromkeys((code for code, *_ in rows("iso3166.tab")), "")
    for code, _, zone, *_ in rows("zone.tab"):
        first[code] = first[code] or zone
    return MappingProxyType(first | PRESS)


def rows(table: str) -> list[list[str]]:
    """The rows of a tab separated table of the tzdata package, without comments."""
    text = (files("tzdata") / "zoneinfo" / table).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
