"""A folder of YAML becomes one Config, or one sentence that says where the mistake is and what to do."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import load
from pipeline.model import ConfigError, Source
from pipeline.watchlist import Actor, Config, Destination, Forced, OutletFilter, Region, Rule, Settings

Load = Callable[..., Config]
Refusal = Callable[..., str]

IRAQ = Region("IQ", "Iraq", "country", names={"": ("Iraq", "العراق")})
ANBAR = Region(
    "IQ-AN", "Al Anbar", "province", ("IQ",), 33.4, 43.3, {"": ("Anbar", "الأنبار", "Central")}, case=("Anbar",)
)

SOURCE = "- id: al-mada\n  feed: https://almadapaper.net/feed/\n"
ACTOR = "- id: irgc\n  aliases: {en: [IRGC]}\n"
RULE = "rules:\n- id: guards\n  send: [desk]\n"
FORCED = "- outlet: al-mada\n  keep: [Stay with us]\n"
DESK = "destinations:\n  desk: {terminal: true}\n"


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    """Loads a folder that holds just the files given by stem."""

    def load_files(*, environ: dict[str, str] | None = None, gazetteer: Sequence[Region] = (), **files: str) -> Config:
        for stem, text in files.items():
            (tmp_path / f"{stem}.yaml").write_text(text, encoding="utf-8")
        return load(tmp_path, environ or {}, gazetteer)

    return load_files


@pytest.fixture
def refused(tmp_path: Path, loaded: Load) -> Refusal:
    """The sentence for a folder that cannot be loaded, its path cut off: `alerts.yaml, line 2, rules[0].send: ...`."""

    def sentence(**given: object) -> str:
        with pytest.raises(ConfigError) as caught:
            loaded(**given)
        told = str(caught.value)
        assert told.startswith(f"{tmp_path}/")
        assert "\n" not in told
        assert caught.value.__cause__ is None
        return told.removeprefix(f"{tmp_path}/")

    return sentence


def cases(block: str) -> pytest.MarkDecorator:
    """Parametrize with a table of text, one case a line: what is written => how the sentence begins."""
    rows = [row.split(" => ") for row in block.strip().splitlines()]
    return pytest.mark.parametrize(("written", "told"), [(written.strip(), told) for written, told in rows])


# What a folder gives


def test_an_empty_folder_gives_the_shipped_settings_and_nothing_else(loaded: Load, tmp_path: Path) -> None:
    assert loaded() == Config(str(tmp_path))


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]", "---\n", "null"])
def test_an_empty_file_or_list_means_none_of_that_kind(loaded: Load, text: str) -> None:
    config = loaded(settings=text, sources=text, actors=text, regions=text, alerts=text, boilerplate=text)
    assert config.sources == ()
    assert config.boilerplate == {}
    assert (config.actors, config.regions, config.rules, config.destinations) == ((), (), (), ())
    assert config.settings == Settings()


def test_sections_whose_lines_are_all_comments_are_empty(loaded: Load) -> None:
    config = loaded(
        settings="fetch:\n  # delay_seconds: 5\n", alerts="rules:\ndestinations:\n", regions="places:\nexclusions:\n"
    )
    assert config.settings == Settings()
    assert not any((config.rules, config.destinations, config.regions, config.exclusions))


def test_without_sources_yaml_there_are_no_sources_to_speak_of(loaded: Load) -> None:
    assert loaded(actors=ACTOR).sources is None


def test_settings_that_are_given_win_and_the_others_keep_their_defaults(loaded: Load) -> None:
    settings = loaded(
        settings="fetch: {interval_minutes: 0, delay_seconds: 0.5, allow_networks: [127.0.0.0/8, '::1/128']}\n"
        "retention: {outcomes_days: null}\nprocess: {workers: 4}\nalerts: {max_age_hours: 6}\n"
    ).settings
    assert settings.fetch.interval_minutes == 0
    assert settings.fetch.delay_seconds == 0.5
    assert settings.fetch.allow_networks == ("127.0.0.0/8", "::1/128")
    assert settings.fetch.floor_minutes == Settings().fetch.floor_minutes
    assert settings.retention.outcomes_days is None
    assert (settings.process.workers, settings.alerts.max_age_hours) == (4, 6.0)


def test_a_source_needs_an_id_and_a_feed_only(loaded: Load) -> None:
    assert loaded(sources=SOURCE).sources == (Source("al-mada", "https://almadapaper.net/feed/"),)


def test_every_key_of_a_source_arrives(loaded: Load) -> None:
    (source,) = (
        loaded(
            environ={"KEY": "s3cret"},
            sources=SOURCE
            + """
  name: المدى
  home: https://almadapaper.net/
  country: IQ
  languages: [ar, ckb]
  timezone: Asia/Dubai
  affiliation: private
  owner: "Dar al-Mada: a house"
  enabled: false
  interval_minutes: 0
  sisters: [almada.example]
  notes: NO news at 22:00
  kind: page
  selectors: {body: div.story}
  headers: {Authorization: "Bearer ${KEY}"}
""",
        ).sources
        or ()
    )
    assert source == Source(
        id="al-mada",
        feed="https://almadapaper.net/feed/",
        name="المدى",
        home="https://almadapaper.net/",
        country="IQ",
        languages=("ar", "ckb"),
        timezone="Asia/Dubai",
        affiliation="private",
        owner="Dar al-Mada: a house",
        enabled=False,
        interval_minutes=0,
        sisters=("almada.example",),
        notes="NO news at 22:00",
        kind="page",
        selectors=(("body", "div.story"),),
        headers=(("Authorization", "Bearer s3cret"),),
    )


@pytest.mark.parametrize(
    ("country", "zone"),
    [
        ("IQ", "Asia/Baghdad"),
        ("TR", "Europe/Istanbul"),
        ("NO", "Europe/Oslo"),
        ("RU", "Europe/Moscow"),
        ("US", "America/New_York"),
    ],
)
def test_the_time_zone_is_the_country_s_where_none_is_given(loaded: Load, country: str, zone: str) -> None:
    (source,) = loaded(sources=f"{SOURCE}  country: {country}\n").sources or ()
    assert source.timezone == zone


def test_an_actor_arrives_without_what_is_written_for_its_keepers(loaded: Load) -> None:
    (other, actor) = loaded(
        actors="""
- {id: pmf, names: {en: Popular Mobilization Forces}}
- id: basij
  kind: militia
  country: XX
  qid: Q4866865
  names: {en: Basij, "no": NO}
  aliases: {fa: [بسیج مستضعفین], he: ["בסיג'"]}
  weak: {fa: [بسیج], en: [BASIJ]}
  needs: {fa: [سپاه, "2020"]}
  never: {fa: [بسیج عمومی]}
  never_as: {بسیج مردمی عراق: pmf}
  case: [BASIJ]
  unverified: [بسیج مستضعفین]
  source: "names: EU"
  checked: 2026-11-21
"""
    ).actors
    assert other.name == "Popular Mobilization Forces"
    assert actor == Actor(
        id="basij",
        kind="militia",
        country="XX",
        qid="Q4866865",
        names={"en": "Basij", "no": "NO"},
        aliases={"fa": ("بسیج مستضعفین",), "he": ("בסיג'",)},
        weak={"fa": ("بسیج",), "en": ("BASIJ",)},
        needs={"fa": ("سپاه", "2020")},
        never={"fa": ("بسیج عمومی",)},
        never_as={"بسیج مردمی عراق": "pmf"},
        case=("BASIJ",),
    )


def test_a_rule_and_its_destinations_arrive(loaded: Load) -> None:
    config = loaded(
        sources=SOURCE,
        actors=ACTOR,
        alerts="""
rules:
- id: guards
  actors: [irgc]
  regions: [IQ, IQ-AN, gn-99072]
  languages: [ar]
  outlets: {id: [al-mada], country: [IQ], affiliation: [private], affiliation_not: [state]}
  query: drone AND NOT "football"
  send: [desk, log]
  mute: [al-mada]
destinations: {desk: {terminal: true}, log: {file: var/alerts.jsonl}}
""",
    )
    assert config.rules == (
        Rule(
            id="guards",
            actors=("irgc",),
            regions=("IQ", "IQ-AN", "gn-99072"),
            languages=("ar",),
            outlets=OutletFilter(("al-mada",), ("IQ",), ("private",), ("state",)),
            query='drone AND NOT "football"',
            send=("desk", "log"),
            mute=("al-mada",),
        ),
    )
    assert config.destinations == (Destination("desk", terminal=True), Destination("log", file="var/alerts.jsonl"))


def test_outlets_of_a_rule_are_not_checked_without_sources(loaded: Load) -> None:
    assert loaded(alerts=RULE + "  mute: [anybody]\n" + DESK).rules[0].mute == ("anybody",)


# What an outlet repeats, forced by hand


BOILERPLATE = """
- outlet: al-mada
  keep: [تابعنا على تلغرام, "Photo: AFP"]
  drop:
  - |
    Bizi Telegram'dan takip edin
  - "[Advertisement]"
  - بسیج می‌شویم
- {outlet: qandil.example, drop: ["Read more", "READ MORE!"]}
- outlet: silent
  keep:
  # - nothing yet
"""


def test_lines_arrive_by_outlet_as_a_person_wrote_them(loaded: Load) -> None:
    assert loaded(boilerplate=BOILERPLATE).boilerplate == {
        "al-mada": Forced(
            keep=frozenset({"تابعنا على تلغرام", "Photo: AFP"}),
            drop=frozenset({"Bizi Telegram'dan takip edin", "[Advertisement]", "بسیج می‌شویم"}),
        ),
        "qandil.example": Forced(drop=frozenset({"Read more", "READ MORE!"})),
        "silent": Forced(),
    }


def test_the_configuration_reaches_the_reading_processes_with_its_lines(loaded: Load) -> None:
    config = loaded(boilerplate=BOILERPLATE)
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301 - our own bytes


# Places


def test_the_hand_list_stands_before_shipped_places(loaded: Load) -> None:
    text = """
places:
- {id: qandil, name: Qandil, parents: [IQ-AN, IQ], lat: 36.5, lon: 45, names: {ckb: [قەندیل]}, notes: verify}
"""
    regions = loaded(regions=text, gazetteer=[ANBAR, IRAQ]).regions
    assert regions == (Region("qandil", "Qandil", "", ("IQ-AN", "IQ"), 36.5, 45.0, {"ckb": ("قەندیل",)}), ANBAR, IRAQ)


def test_a_file_that_is_one_list_holds_places(loaded: Load) -> None:
    assert [place.id for place in loaded(regions="- {id: qandil, name: Qandil}\n").regions] == ["qandil"]


def test_a_place_under_a_shipped_id_adds_its_names_there(loaded: Load) -> None:
    text = """
- {id: IQ-AN, name: Anbar, names: {tr: [Enbar]}, case: [Enbar], needs: [Iraq], kind: desert, lat: 33, lon: 42}
"""
    iraq, anbar = loaded(regions=text, gazetteer=[IRAQ, ANBAR]).regions
    assert iraq == IRAQ
    assert anbar.names == {"": ("Anbar", "الأنبار", "Central"), "tr": ("Enbar",)}
    assert (anbar.name, anbar.kind, anbar.parents, anbar.lat, anbar.lon) == ("Anbar", "desert", ("IQ",), 33.0, 42.0)
    assert (anbar.needs, anbar.case) == (("Iraq",), ("Anbar", "Enbar"))


def test_what_a_place_does_not_say_stays_as_shipped(loaded: Load) -> None:
    (anbar,) = loaded(regions="- {id: IQ-AN, name: Anbar}\n", gazetteer=[ANBAR]).regions
    assert (anbar.kind, anbar.parents, anbar.lat, anbar.lon, anbar.names) == (
        "province",
        ("IQ",),
        33.4,
        43.3,
        ANBAR.names,
    )


def test_an_excluded_name_is_taken_out_of_shipped_places_however_it_is_written(loaded: Load) -> None:
    config = loaded(regions="exclusions: {en: [central], ar: [الانبار], fa: [central]}\n", gazetteer=[IRAQ, ANBAR])
    assert config.exclusions == ("central", "الانبار")
    assert [region.names for region in config.regions] == [IRAQ.names, {"": ("Anbar",)}]


def test_a_name_of_the_hand_list_is_not_touched_by_exclusions(loaded: Load) -> None:
    text = "places: [{id: IQ-AN, name: Anbar, names: {en: [Central]}}]\nexclusions: {en: [Central]}\n"
    (anbar,) = loaded(regions=text, gazetteer=[ANBAR]).regions
    assert anbar.names == {"": ("Anbar", "الأنبار"), "en": ("Central",)}


# What cannot be read


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no-such: there is no such folder; make it, or name another with --config"):
        load(tmp_path / "no-such", {})


def test_a_file_with_the_other_ending_is_not_passed_over(refused: Refusal, tmp_path: Path) -> None:
    (tmp_path / "sources.yml").write_text(SOURCE, encoding="utf-8")
    assert refused() == "sources.yml: this file is not read; name it sources.yaml"


def test_a_folder_in_the_place_of_a_file_is_told(refused: Refusal, tmp_path: Path) -> None:
    (tmp_path / "alerts.yaml").mkdir()
    assert refused().startswith("alerts.yaml: cannot be read (Is a directory)")


def test_a_file_in_another_encoding_is_told_with_the_line(refused: Refusal, tmp_path: Path) -> None:
    (tmp_path / "actors.yaml").write_bytes("# names\n- id: Öcalan\n".encode("windows-1254"))
    assert refused() == "actors.yaml, line 2: the file is not UTF-8; save it in that encoding"


def test_broken_yaml_is_told_with_the_line(refused: Refusal) -> None:
    told = refused(alerts="rules:\n- id: a\n  send: [desk\ndestinations: {}\n")
    assert re.match(r"alerts\.yaml, line [34]: this is not YAML \(.+\); check quotes, brackets", told)


# Keys that nobody knows


@cases("""
    delay: 5   => delay: this key is not known; did you mean delay_seconds?
    proxies: x => proxies: this key is not known; did you mean proxy?; known are allow_networks, delay_seconds,
    retries: 3 => retries: this key is not known; known are allow_networks, delay_seconds, floor_minutes, interval_minu
""")
def test_an_unknown_setting_is_told(refused: Refusal, written: str, told: str) -> None:
    assert refused(settings=f"fetch:\n  {written}\n").startswith(f"settings.yaml, line 2, fetch.{told}")


def test_an_unknown_section_of_the_settings_is_told(refused: Refusal) -> None:
    assert refused(settings="retension: {}\n") == (
        "settings.yaml, line 1, retension: this key is not known; did you mean retention?; "
        "known are alerts, fetch, process, retention"
    )


def test_an_unknown_key_of_a_source_is_told(refused: Refusal) -> None:
    told = refused(sources=SOURCE + "  nmae: x\n")
    assert told.startswith(
        "sources.yaml, line 3, sources[0].nmae: this key is not known; did you mean name?; known are "
    )


def test_an_unknown_key_of_an_actor_is_told(refused: Refusal) -> None:
    told = refused(actors=ACTOR + ACTOR + "  alias: {}\n")
    assert told.startswith("actors.yaml, line 5, actors[1].alias: this key is not known; did you mean aliases?")


def test_an_unknown_key_of_a_place_is_told(refused: Refusal) -> None:
    told = refused(regions="places:\n- id: a\n  name: A\n  latitude: 1\n")
    assert told.startswith("regions.yaml, line 4, places[0].latitude: this key is not known; did you mean lat?")


@cases("""
    digest: 1h              => digest: this key is not known; known are actors, id,
    quiet: 22:00-06:00      => quiet: this key is not known; known are actors, id,
    outlets: {owner: [x]}   => outlets.owner: this key is not known; known are affiliation, affiliation_not, country, id
""")
def test_an_unknown_key_of_a_rule_is_told(refused: Refusal, written: str, told: str) -> None:
    assert refused(alerts=f"{RULE}  {written}\n").startswith(f"alerts.yaml, line 4, rules[0].{told}")


@pytest.mark.parametrize("key", ["url", "webhook", "secret"])
def test_destinations_of_a_later_day_are_unknown_keys(refused: Refusal, key: str) -> None:
    told = refused(alerts=f"destinations:\n  desk:\n    {key}: x\n")
    assert told == f"alerts.yaml, line 3, destinations.desk.{key}: this key is not known; known are file, terminal"


# Values of the wrong kind


@cases("""
    fetch: {interval_minutes: hourly} => , fetch.interval_minutes: expected a whole number, found 'hourly'
    fetch: {interval_minutes: 1.5}    => , fetch.interval_minutes: expected a whole number, found 1.5
    fetch: {interval_minutes: true}   => , fetch.interval_minutes: expected a whole number, found true
    fetch: {interval_minutes: -1}     => , fetch.interval_minutes: expected at least 0, found -1
    fetch: {delay_seconds: 1e9}       => , fetch.delay_seconds: expected at most 86400, found 1000000000.0
    fetch: {delay_seconds: "5"}       => , fetch.delay_seconds: expected a number, found '5'
    fetch: {user_agent: " "}          => , fetch.user_agent: expected a text on one line
    fetch: [1]                        => , fetch: expected keys with values, found a list
    process: {workers: 0}             => , process.workers: expected at least 1, found 0
    retention: {outcomes_days: 0}     => , retention.outcomes_days: expected at least 1, found 0
    retention: {articles_months: 0}   => , retention.articles_months: expected at least 1, found 0
    retention: {archive_days: 1}      => , retention.archive_days: expected at least 2, found 1
    retention: {archive_days: never}  => , retention.archive_days: expected a whole number, found 'never'
    just text                         => : expected keys with values, found 'just text'
""")
def test_a_setting_of_the_wrong_kind_is_told(refused: Refusal, written: str, told: str) -> None:
    assert refused(settings=f"# ours\n{written}\n") == f"settings.yaml, line 2{told}"


@cases("""
    name: true           => name: expected text, found true; put quotes around it
    name: 24             => name: expected text, found 24; put quotes around it
    name:                => name: expected text, found nothing
    name: {a: b}         => name: expected text, found keys with values; put quotes around a text that holds a colon
    name: [a]            => name: expected text, found a list; put quotes around a text in brackets
    name: "..."          => name: expected a text with at least one letter, found '...'; delete the entry or fill it
    languages: ar        => languages: expected a list, found 'ar'; write [ar]
    languages: [ar, 7]   => languages[1]: expected text, found 7; put quotes around it
    enabled: no          => enabled: expected true or false, found 'no'; write false
    enabled: On          => enabled: expected true or false, found 'On'; write true
    enabled: maybe       => enabled: expected true or false, found 'maybe'
    enabled: 1           => enabled: expected true or false, found 1
    interval_minutes: [] => interval_minutes: expected a whole number, found an empty list
    interval_minutes: -5 => interval_minutes: expected at least 0, found -5
    headers: [a]         => headers: expected keys with values, found another type
""")
def test_a_value_of_the_wrong_kind_in_a_source_is_told(refused: Refusal, written: str, told: str) -> None:
    assert refused(sources=f"{SOURCE}  {written}\n") == f"sources.yaml, line 3, sources[0].{told}"


@cases("""
    aliases: {en: IRGC}        => aliases.en: expected a list, found 'IRGC'; write [IRGC]
    aliases: [IRGC]            => aliases: expected keys with values, found a list
    aliases: {en: [IRGC, 313]} => aliases.en[1]: expected text, found 313; put quotes around it
    aliases: {en: [""]}        => aliases.en[0]: expected a text with at least one letter, found ''; delete the
    aliases: {iq: [x]}         => aliases.iq: expected a language code such as ar, fa, ckb or en, found 'iq'
    names: {en: [IRGC]}        => names.en: expected text, found a list
    qid: 271110                => qid: expected text, found 271110; put quotes around it
    qid: P31                   => qid: expected a Wikidata id such as Q271110, found 'P31'
    country: XY                => country: expected a country code of ISO 3166-1 such as IQ, found 'XY'
    never_as: {x: a b}         => never_as.x: expected an id of letters, digits and hyphens such as al-mada, found 'a b'
""")
def test_a_value_of_the_wrong_kind_in_an_actor_is_told(refused: Refusal, written: str, told: str) -> None:
    assert refused(actors=f"- id: a\n  {written}\n").startswith(f"actors.yaml, line 2, actors[0].{told}")


@cases("""
    lat: 91, lon: 0    => .lat: expected at most 90, found 91
    lat: 0, lon: -180.5 => .lon: expected at least -180, found -180.5
    lat: north, lon: 0 => .lat: expected a number, found 'north'
    lat: 9             => : expected both lat and lon, or neither; found one of them
    parents: [Iraq]    => .parents[0]: expected the id of a country (IQ), a province (IQ-NI), a GeoNames place
""")
def test_a_value_of_the_wrong_kind_in_a_place_is_told(refused: Refusal, written: str, told: str) -> None:
    assert refused(regions=f"places:\n- {{id: a, name: A, {written}}}\n").startswith(
        f"regions.yaml, line 2, places[0]{told}"
    )


@cases("""
    rules: [{id: a, send: desk}]             => rules[0].send: expected a list, found 'desk'; write [desk]
    rules: [{id: a, send: []}]               => rules[0].send: expected at least one entry, found an empty list
    rules: {a: b}                            => rules: expected a list, found keys with values
    destinations: [desk]                     => destinations: expected keys with values, found a list
    destinations: {a: terminal}              => destinations.a: expected keys with values, found 'terminal'
    destinations: {a: {terminal: yes}}       => destinations.a.terminal: expected true or false, found 'yes'; write true
    destinations: {a: {}}                    => destinations.a: expected either terminal: true or file: PATH
    destinations: {a: {terminal: false}}     => destinations.a: expected either terminal: true or file: PATH
    destinations: {a: {terminal: true, file: b}} => destinations.a: expected either terminal: true or file: PATH
    destinations: {a b: {terminal: true}}    => destinations.a b: expected an id of letters, digits and hyphens such as
""")
def test_a_value_of_the_wrong_kind_in_the_alerts_is_told(refused: Refusal, written: str, told: str) -> None:
    assert refused(alerts=f"\n\n{written}\n").startswith(f"alerts.yaml, line 3, {told}")


@cases("""
    lines: [x]       => lines: this key is not known; known are drop, keep, outlet
    drops: [x]       => drops: this key is not known; did you mean drop?; known are drop, keep, outlet
    drop: Read more  => drop: expected a list, found 'Read more'; write [Read more]
    drop: {a: b}     => drop: expected a list, found keys with values
    drop: [x, 12]    => drop[1]: expected text, found 12; put quotes around it
    drop: ["x: y", x: y] => drop[1]: expected text, found keys with values; put quotes around a text that holds a colon
    drop: [[Advertisement]] => drop[0]: expected text, found a list; put quotes around a text in brackets
    drop: [""]       => drop[0]: expected a text with at least one letter, found ''; delete the entry or fill it
    drop: ["* * *"]  => drop[0]: expected a text with at least one letter, found '* * *'; delete the entry or fill it
    drop: ["12"]     => drop[0]: expected a line with at least one letter, found '12'; numbers do not count
    drop: ["٢١:٣٠ / 7"] => drop[0]: expected a line with at least one letter, found '٢١:٣٠ / 7'; numbers do not count
    drop: [~]        => drop[0]: expected text, found nothing
    drop: ["a\\nb"]   => drop[0]: expected one line of a page, found several, 'a b'; make each an entry of its own
""")
def test_a_value_of_the_wrong_kind_in_the_boilerplate_is_told(refused: Refusal, written: str, told: str) -> None:
    assert refused(boilerplate=f"{FORCED}  {written}\n") == f"boilerplate.yaml, line 3, boilerplate[0].{told}"


@pytest.mark.parametrize(
    ("stem", "text", "told"),
    [
        ("boilerplate", FORCED + "- drop: [x]\n", "line 3, boilerplate[1].outlet"),
        ("sources", "- id: a\n- id: b\n  feed: https://b.example\n", "line 1, sources[0].feed"),
        ("sources", SOURCE + "- feed: https://b.example\n", "line 3, sources[1].id"),
        ("actors", ACTOR + "\n- kind: person\n", "line 4, actors[1].id"),
        ("regions", "places:\n- id: a\n", "line 2, places[0].name"),
        ("alerts", "rules:\n- id: a\n", "line 2, rules[0].send"),
    ],
)
def test_a_missing_key_is_told_with_the_line_of_its_item(refused: Refusal, stem: str, text: str, told: str) -> None:
    assert refused(**{stem: text}) == f"{stem}.yaml, {told}: this key is required and missing; add it"


@pytest.mark.parametrize(("stem", "found"), [("sources", "keys with values"), ("actors", "keys with values")])
def test_a_mapping_in_the_place_of_a_list_is_told(refused: Refusal, stem: str, found: str) -> None:
    assert refused(**{stem: "id: a\n"}) == f"{stem}.yaml, line 1: expected a list, found {found}"


def test_of_several_mistakes_the_one_that_stands_first_is_told(refused: Refusal) -> None:
    text = "- id: a\n  feed: https://a.example\n  enabled: on\n- id: b\n  color: red\n"
    assert refused(sources=text).startswith("sources.yaml, line 3, sources[0].enabled")


def test_a_long_value_is_shortened_and_put_on_one_line(refused: Refusal) -> None:
    told = refused(sources="- id: a\n  feed: |\n" + "    some long text of a person\n" * 9)
    assert told.endswith("found 'some long text of a person some long text of a person some l...'")


# Values that mean nothing


@cases("""
    home: ftp://a.example/x       => home: expected an http or https URL, found 'ftp://a.example/x'
    home: a.example/feed          => home: expected an http or https URL, found 'a.example/feed'
    home: //a.example             => home: expected an http or https URL
    home: https://                => home: expected an http or https URL
    home: https://a.example/a b   => home: expected an http or https URL
    home: https://a.example:http/ => home: expected an http or https URL
    home: https://[::1/           => home: expected an http or https URL
    home: https://a.example/${K}  => home: ${NAME} is not replaced in a URL, since URLs are logged and archived; put the
    country: UK                   => country: expected a country code of ISO 3166-1 such as IQ, found 'UK'; did you mean
    country: iq                   => country: expected a country code of ISO 3166-1 such as IQ, found 'iq'; did you mean
    country: XX                   => country: expected a country code
    languages: [ar, arabic]       => languages[1]: expected a language code such as ar, fa, ckb or en, found 'arabic'
    languages: [iq]               => languages[0]: expected a language code
    languages: [AR]               => languages[0]: expected a language code
    timezone: Asia/Bagdad         => timezone: expected a time zone such as Asia/Baghdad, found 'Asia/Bagdad'; did
    timezone: ../etc/passwd       => timezone: expected a time zone
    timezone: Europe              => timezone: expected a time zone
    affiliation: right            => affiliation: expected one of state, party, militia, public, private, independent,
    sisters: [https://b.example/] => sisters[0]: expected a host name such as www.example.com, found 'https://b.example/'
    kind: rss                     => kind: expected one of feed, sitemap, page, found 'rss'
    kind: sitemaps                => kind: expected one of feed, sitemap, page, found 'sitemaps'; did you mean sitemap?
    headers: {X Y: z}             => headers.X Y: expected the name of an HTTP header such as Authorization, found 'X Y'
""")
def test_a_value_of_a_source_that_means_nothing_is_told(refused: Refusal, written: str, told: str) -> None:
    assert refused(sources=f"{SOURCE}  {written}\n").startswith(f"sources.yaml, line 3, sources[0].{told}")


def test_the_nearest_known_name_is_offered(refused: Refusal) -> None:
    assert refused(sources=SOURCE + "  timezone: Asia/Bagdad\n").endswith(
        "found 'Asia/Bagdad'; did you mean Asia/Baghdad?"
    )
    assert refused(sources=SOURCE + "  country: UK\n").endswith("found 'UK'; did you mean GB?")
    assert refused(sources=SOURCE + "  country: iq\n").endswith("found 'iq'; did you mean IQ?")


def test_a_url_has_at_most_2048_characters(refused: Refusal) -> None:
    told = refused(sources="- id: a\n  feed: https://a.example/" + "x" * 2048)
    assert told == "sources.yaml, line 2, sources[0].feed: the URL has more than 2048 characters"


@pytest.mark.parametrize("code", ["ar", "ckb", "kmr", "pt-BR", "zh-Hant"])
def test_a_language_is_two_letters_of_iso_639_or_any_three(loaded: Load, code: str) -> None:
    (source,) = loaded(sources=f"{SOURCE}  languages: [{code}]\n").sources or ()
    assert source.languages == (code,)


@cases("""
    127.0.0.1/8 => expected a network such as 127.0.0.0/8, found '127.0.0.1/8'; did you mean 127.0.0.0/8?
    localhost   => expected a network such as 127.0.0.0/8, found 'localhost'
""")
def test_a_bad_network_is_told(refused: Refusal, written: str, told: str) -> None:
    text = f"fetch:\n  allow_networks:\n  - 10.0.0.0/8\n  - {written}\n"
    assert refused(settings=text) == f"settings.yaml, line 4, fetch.allow_networks[1]: {told}"


@pytest.mark.parametrize("id_", ["Qandil", "gn-", "gn-x", "IQ_NI", "IQ-NINE", "ain--asad", "ain al asad"])
def test_a_region_id_has_one_of_four_forms(refused: Refusal, id_: str) -> None:
    told = refused(regions=f"- id: {id_}\n  name: A\n")
    assert told.startswith("regions.yaml, line 1, places[0].id: expected the id of a country (IQ), a province (IQ-NI)")


# Secrets: taken from the environment, never repeated


def test_a_variable_that_is_not_set_is_named(refused: Refusal) -> None:
    text = SOURCE + "  headers:\n    X-Key: ${WIREROOM_TEST_KEY}\n"
    told = (
        "sources.yaml, line 4, sources[0].headers.X-Key: the environment variable WIREROOM_TEST_KEY is not set; set it"
    )
    assert refused(sources=text).startswith(told)
    assert refused(sources=text, environ={"WIREROOM_TEST_KEY": ""}).startswith(told)


@pytest.mark.parametrize(
    "value", ["'${1X}'", "'${KEY'", "['hunter2']", "{a: hunter2}", "'${KEY}'", '"hunter2\\nHost: b"']
)
def test_the_value_of_a_header_is_never_repeated(refused: Refusal, value: str) -> None:
    told = refused(sources=f"{SOURCE}  headers: {{X-Key: {value}}}\n", environ={"KEY": "hunter2\n"})
    assert told.startswith("sources.yaml, line 3, sources[0].headers.X-Key: expected ")
    assert "hunter2" not in told


@pytest.mark.parametrize("user", ["ann:hunter2", "hunter2", ":hunter2"])
def test_a_password_in_a_url_is_refused_and_not_repeated(refused: Refusal, user: str) -> None:
    told = refused(sources=f"- id: a\n  feed: https://{user}@a.example/feed\n")
    assert told.startswith(
        "sources.yaml, line 2, sources[0].feed: the URL holds a name or password before the @; put them"
    )
    assert "hunter2" not in told


def test_a_proxy_takes_name_and_password_from_the_environment(loaded: Load) -> None:
    text = "fetch: {proxy: 'http://${USER}:${PASSWORD}@proxy.example:3128'}\n"
    fetch = loaded(settings=text, environ={"USER": "ann", "PASSWORD": "hunter2"}).settings.fetch
    assert fetch.proxy == "http://ann:hunter2@proxy.example:3128"
    assert "hunter2" not in repr(fetch)


@pytest.mark.parametrize(
    "proxy", ["http://ann:hunter2@proxy.example", "socks5://hunter2.example", "hunter2", "[hunter2]", "${HIDDEN}"]
)
def test_a_bad_proxy_is_told_without_its_value(refused: Refusal, proxy: str) -> None:
    told = refused(settings=f"fetch:\n  proxy: {proxy}\n", environ={"HIDDEN": "hunter2"})
    assert told.startswith("settings.yaml, line 2, fetch.proxy: ")
    assert "hunter2" not in told


def test_no_proxy_is_said_by_null(loaded: Load) -> None:
    assert loaded(settings="fetch: {proxy: null}\n").settings.fetch.proxy is None


def test_a_variable_has_no_part_in_the_path_of_a_file(refused: Refusal) -> None:
    told = refused(alerts="destinations: {a: {file: '${HOME}/alerts.jsonl'}}\n", environ={"HOME": "/home/ann"})
    assert told.startswith("alerts.yaml, line 1, destinations.a.file: ${NAME} is replaced only in headers and proxy")


# What one value says of another


@pytest.mark.parametrize(
    ("stem", "text", "told"),
    [
        ("sources", SOURCE + "\n" + SOURCE, "line 4, sources[1].id: the id 'al-mada' stands twice, first on line 1"),
        ("actors", ACTOR + ACTOR, "line 3, actors[1].id: the id 'irgc' stands twice, first on line 1; ids are unique"),
        (
            "regions",
            "- {id: a, name: A}\n- name: B\n  id: a\n",
            "line 3, places[1].id: the id 'a' stands twice, first on",
        ),
        ("alerts", RULE + RULE[7:] + DESK, "line 4, rules[1].id: the id 'guards' stands twice, first on line 2"),
        ("alerts", DESK + "  desk: {file: x}\n", "line 3, destinations.desk: this key stands twice, first on line 2"),
        ("settings", "fetch: {}\nfetch: {}\n", "line 2, fetch: this key stands twice, first on line 1; keep one"),
        (
            "boilerplate",
            FORCED + "- drop: [x]\n  outlet: al-mada\n",
            "line 4, boilerplate[1].outlet: the outlet 'al-mada' stands twice, first on line 1; put all of its lines",
        ),
    ],
)
def test_a_second_one_of_one_name_is_told_with_both_lines(refused: Refusal, stem: str, text: str, told: str) -> None:
    assert refused(**{stem: text}).startswith(f"{stem}.yaml, {told}")


@pytest.mark.parametrize(
    ("keep", "drop"),
    [
        ("Stay with us", "Stay with us"),
        ("Stay with us", "STAY WITH US!"),
        ("«با ما همراه باشید»", "با ما همراه باشید"),
        ("عدد القراءات ١٢", "عدد القراءات: 3"),
    ],
)
def test_a_line_both_kept_and_dropped_is_told_with_both_lines(refused: Refusal, keep: str, drop: str) -> None:
    text = f"- outlet: al-mada\n  drop: [other, '{drop}']\n  keep:\n  - another\n  - '{keep}'\n  - '{keep}'\n"
    told = (
        f"boilerplate.yaml, line 2, boilerplate[0].drop[1]: '{drop}' is kept on line 5; take it out of keep or of drop"
    )
    assert refused(boilerplate=text) == told


def test_a_line_may_be_kept_in_one_outlet_and_dropped_in_another(loaded: Load) -> None:
    forced = loaded(boilerplate=FORCED + "- {outlet: other, drop: [Stay with us]}\n").boilerplate
    assert forced["al-mada"].keep == forced["other"].drop


def test_an_outlet_that_is_no_source_is_told(refused: Refusal) -> None:
    told = "boilerplate.yaml, line 3, boilerplate[1].outlet: no outlet of sources.yaml has the id 'al-madaa'; did you"
    assert refused(sources=SOURCE, boilerplate=FORCED + "- outlet: al-madaa\n").startswith(told)


def test_with_an_empty_list_of_sources_no_outlet_has_boilerplate(refused: Refusal) -> None:
    told = "boilerplate.yaml, line 1, boilerplate[0].outlet: no outlet has the id 'al-mada', since sources.yaml holds"
    assert refused(sources="[]", boilerplate=FORCED).startswith(told)


def test_an_actor_without_any_name_is_told(refused: Refusal) -> None:
    told = "actors.yaml, line 3, actors[1]: the actor b has no names, aliases or weak names; add one"
    assert refused(actors=ACTOR + "- id: b\n  kind: person\n") == told


@cases("""
    case: [IRCG]        => case[0]: 'IRCG' is none of the names beside it; did you mean IRGC?
    case: [IRGC, irgc]  => case[1]: 'irgc' is none of the names beside it
    never_as: {x: badr} => never_as.x: no actor of actors.yaml has the id 'badr'; known are irgc
""")
def test_an_actor_that_names_what_is_not_there_is_told(refused: Refusal, written: str, told: str) -> None:
    assert refused(actors=f"{ACTOR}  {written}\n") == f"actors.yaml, line 3, actors[0].{told}"


@cases("""
    parents: [IQ, qandill]   => parents[1]: no region of regions.yaml and the shipped data has the id 'qandill'; did
    parents: [ZZ-AB]         => parents[0]: no region of regions.yaml and the shipped data has the id 'ZZ-AB'; known
    case: [B]                => case[0]: 'B' is none of the names beside it
""")
def test_a_place_that_names_what_is_not_there_is_told(refused: Refusal, written: str, told: str) -> None:
    text = f"- id: a\n  name: A\n  {written}\n- {{id: qandil, name: Q}}\n"
    assert refused(regions=text).startswith(f"regions.yaml, line 3, places[0].{told}")


@cases("""
    actors: [irgc, irgcc]       => actors[1]: no actor of actors.yaml has the id 'irgcc'; did you mean irgc?
    actors: [zzz]               => actors[0]: no actor of actors.yaml has the id 'zzz'; known are irgc
    regions: [atlantis]         => regions[0]: no region has the id 'atlantis', since regions.yaml and the shipped data
    languages: [xx]             => languages[0]: expected a language code such as ar
    outlets: {id: [al-madaa]}   => outlets.id[0]: no outlet of sources.yaml has the id 'al-madaa'; did you mean al-mada?
    outlets: {country: [UK]}    => outlets.country[0]: expected a country code
    outlets: {affiliation: [x]} => outlets.affiliation[0]: expected one of state, party,
    mute: [somebody]            => mute[0]: no outlet of sources.yaml has the id 'somebody'; known are al-mada
    query: drone AND (          => query:
    send: [desk, dsk]           => send[1]: no destination of destinations has the id 'dsk'; did you mean desk?
""")
def test_a_rule_that_names_what_is_not_there_is_told(refused: Refusal, written: str, told: str) -> None:
    rule = RULE if not written.startswith("send") else "rules:\n- id: guards\n\n"
    sentence = refused(sources=SOURCE, actors=ACTOR, alerts=f"{rule}  {written}\n{DESK}")
    assert sentence.startswith(f"alerts.yaml, line 4, rules[0].{told}")


def test_a_rule_without_any_destination_is_told(refused: Refusal) -> None:
    told = "alerts.yaml, line 3, rules[0].send[0]: no destination has the id 'desk', since destinations holds none"
    assert refused(alerts=RULE) == told


def test_with_shipped_places_a_region_id_has_to_be_among_them(loaded: Load, refused: Refusal) -> None:
    rule = RULE + "  regions: [IQ-AN]\n" + DESK
    assert loaded(alerts=rule, gazetteer=[IRAQ, ANBAR]).rules[0].regions == ("IQ-AN",)
    told = refused(alerts=rule.replace("IQ-AN", "IQ-ZZ"), gazetteer=[IRAQ, ANBAR])
    assert told.startswith(
        "alerts.yaml, line 4, rules[0].regions[0]: no region of regions.yaml and the shipped data has"
    )


def test_many_known_ids_are_not_listed(refused: Refusal) -> None:
    actors = "".join(f"- {{id: a{number}, names: {{en: A}}}}\n" for number in range(40))
    told = refused(actors=actors, alerts=RULE + "  actors: [xyz]\n" + DESK)
    assert told.endswith("no actor of actors.yaml has the id 'xyz'")


KEYS = (
    *(
        "id",
        "feed",
        "name",
        "country",
        "languages",
        "timezone",
        "enabled",
        "headers",
        "names",
        "aliases",
        "case",
        "never_as",
    ),
    *("places", "parents", "lat", "lon", "exclusions", "rules", "send", "outlets", "query", "destinations", "terminal"),
    *("outlet", "keep", "drop"),
    *("fetch", "proxy", "interval_minutes", "allow_networks", "alerts", "x"),
)
SCALARS = st.sampled_from(
    ["a", "IQ", "ar", "https://a.example", "${X}", "(", "'", "", "Asia/Baghdad", 0, -1, 1.5, True, None]
)
ANYTHING = st.recursive(
    SCALARS,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(KEYS), part, max_size=5),
    max_leaves=15,
)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.sampled_from(["settings", "sources", "actors", "regions", "alerts", "boilerplate"]), ANYTHING)
def test_whatever_a_file_holds_it_is_loaded_or_refused_in_one_sentence(stem: str, value: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{stem}.yaml").write_text(yaml.safe_dump(value), encoding="utf-8")
        told = ""
        try:
            config = load(Path(folder), {})
        except ConfigError as error:
            told = str(error)
        if told:
            assert told.startswith(f"{folder}/{stem}.yaml, line ")
            assert "\n" not in told
        else:
            assert config.folder == folder


def test_the_module_alone_brings_neither_pydantic_nor_yaml() -> None:
    script = "import sys, pipeline.config; sys.exit(bool({'pydantic', 'yaml'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0  # noqa: S603 - our own words
