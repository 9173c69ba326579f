"""The shipped configuration: complete, consistent, and able to find what it is there to find."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain, combinations
from pathlib import Path

import pytest
import yaml

from pipeline import gazetteer
from pipeline.annotate import Actors, Regions
from pipeline.config import load
from pipeline.config.file import read
from pipeline.fold import tokens
from pipeline.model import Article, Source
from pipeline.watchlist import Actor, Config, Phrases, Region, Settings

FOLDER = Path(__file__).parent.parent / "config"
LANGUAGES = ("ar", "fa", "ckb", "kmr", "tr", "he", "hy", "az", "fr", "en")


@pytest.fixture(scope="module")
def config() -> Config:
    return load(FOLDER, {}, gazetteer.places())


@pytest.fixture(scope="module")
def sources(config: Config) -> tuple[Source, ...]:
    assert config.sources is not None
    return config.sources


@pytest.fixture(scope="module")
def actors(config: Config) -> Actors:
    return Actors(config.actors)


@pytest.fixture(scope="module")
def regions(config: Config) -> Regions:
    return Regions(config.regions)


def every(phrases: Phrases) -> Iterator[str]:
    """The phrases of all languages."""
    return chain.from_iterable(phrases.values())


def folded(phrase: str) -> str:
    """What matching compares."""
    return " ".join(tokens(phrase))


def strong(actor: Actor) -> set[str]:
    """The names of which one is enough, folded."""
    return {folded(phrase) for phrase in every(actor.aliases)}


def weak(actor: Actor) -> set[str]:
    """The names that need company, folded."""
    return {folded(phrase) for phrase in every(actor.weak)}


# settings.yaml


def test_the_settings_are_the_defaults(config: Config) -> None:
    assert config.settings == Settings()


def test_there_are_at_most_thirty_settings_each_with_its_reason_above() -> None:
    lines = (FOLDER / "settings.yaml").read_text(encoding="utf-8").splitlines()
    keys = [number for number, line in enumerate(lines) if re.match(r"  \w+:", line)]
    assert 0 < len(keys) <= 30
    assert all(lines[number - 1].startswith("  # ") for number in keys)


def test_every_setting_there_is_stands_in_the_file() -> None:
    written = yaml.safe_load((FOLDER / "settings.yaml").read_text(encoding="utf-8"))
    defaults = Settings()
    assert {group: set(keys) for group, keys in written.items()} == {
        group: set(getattr(defaults, group).__slots__) for group in Settings.__slots__
    }


# sources.yaml


def test_there_are_177_feeds_of_which_60_are_enabled(sources: tuple[Source, ...]) -> None:
    assert len(sources) == 177
    assert sum(source.enabled for source in sources) == 60


def test_every_source_says_who_is_speaking_from_where_and_on_what_evidence(sources: tuple[Source, ...]) -> None:
    for source in sources:
        assert all((source.name, source.home, source.country, source.languages, source.timezone)), source.id
        assert source.notes.split(";")[0] in ("strong", "medium", "weak", "conflict", "negative"), source.id
        assert len(source.notes.split(";")) > 1, source.id


def test_only_feeds_of_strong_or_medium_evidence_are_enabled(sources: tuple[Source, ...]) -> None:
    evidence = Counter(source.notes.split(";")[0] for source in sources if source.enabled)
    assert evidence == {"strong": 35, "medium": 25}
    assert Counter(source.notes.split(";")[0] for source in sources) == {
        "strong": 46,
        "medium": 89,
        "weak": 22,
        "conflict": 15,
        "negative": 5,
    }


def test_the_enabled_feeds_are_balanced(sources: tuple[Source, ...]) -> None:
    enabled = [source for source in sources if source.enabled]
    languages = Counter(chain.from_iterable(source.languages for source in enabled))
    assert languages == {"en": 23, "ar": 16, "tr": 7, "fa": 5, "ckb": 3, "he": 3, "az": 3, "hy": 2}
    sides = Counter(source.affiliation for source in enabled)
    assert sides == {"private": 26, "independent": 12, "state": 11, "party": 5, "public": 4, "exile": 1, "militia": 1}
    assert len({source.country for source in enabled}) == 22


def test_no_feed_stands_twice_and_home_is_a_site_root(sources: tuple[Source, ...]) -> None:
    assert len({source.feed for source in sources}) == len(sources)
    assert all(re.fullmatch(r"https?://[a-z0-9.-]+/", source.home) for source in sources)


def test_the_head_of_the_file_says_that_nothing_was_probed() -> None:
    head = (FOLDER / "sources.yaml").read_text(encoding="utf-8").partition("\n\n")[0]
    assert "No feed here was probed live" in head


# actors.yaml


def test_there_are_61_actors_with_1181_aliases(config: Config) -> None:
    assert len(config.actors) == 61
    counted: Counter[str] = Counter()
    for actor in config.actors:
        counted.update({language: len(names) for language, names in actor.aliases.items()})
    assert [counted[language] for language in LANGUAGES] == [150, 116, 90, 74, 116, 83, 59, 75, 102, 316]
    assert counted.total() == 1181


def test_ids_stand_in_stored_articles_and_never_change(config: Config) -> None:
    assert " ".join(actor.id for actor in config.actors) == (
        "irgc quds-force basij irgc-intelligence ammar-hq esmail-qaani qasem-soleimani hossein-taeb mehdi-taeb "
        "ali-khamenei guardian-council pmf abu-mahdi-al-muhandis kataib-hezbollah asaib-ahl-al-haq badr-organization "
        "harakat-al-nujaba kataib-sayyid-al-shuhada saraya-al-salam iraq-joint-operations-command peshmerga krg pkk "
        "kck hpg tak pyd ypg sdf islamic-state al-qaeda hts sna hamza-division sultan-suleiman-shah hezbollah "
        "hassan-nasrallah hizbullah-turkiye hamas pij houthis turkish-armed-forces mit idf gulen-movement dhkp-c "
        "us-forces us-dia ebrahim-rahimpour haider-al-abadi javad-zarif nikol-pashinyan recep-tayyip-erdogan "
        "josep-borrell mithal-al-alusi ayad-tofan csto donald-trump iraqi-armed-forces syrian-armed-forces "
        "iranian-air-force"
    )


def test_every_actor_has_kind_country_an_english_name_and_a_name_for_each_language(config: Config) -> None:
    for actor in config.actors:
        assert actor.kind, actor.id
        assert actor.country, actor.id
        assert actor.names.keys() == {"en", *actor.aliases}, actor.id
        assert not re.search(r"†|\bdied\b|;", "".join(actor.names.values())), actor.id


def test_sixteen_actors_are_tied_to_wikidata_each_to_its_own(config: Config) -> None:
    tied = [actor.qid for actor in config.actors if actor.qid]
    assert len(tied) == len(set(tied)) == 16


def test_every_phrase_folds_to_something_and_is_written_once_in_its_list(config: Config) -> None:
    for actor in config.actors:
        for phrases in (actor.aliases, actor.weak, actor.needs, actor.never):
            for language, group in phrases.items():
                assert language in LANGUAGES, actor.id
                assert len(set(group)) == len(group), (actor.id, language)
                assert all(map(folded, group)), (actor.id, language)


def test_no_strong_name_is_shared_by_two_actors(config: Config) -> None:
    shared = [(one.id, other.id, strong(one) & strong(other)) for one, other in combinations(config.actors, 2)]
    assert not [case for case in shared if case[2]]


def test_a_weak_name_is_shared_only_where_an_article_can_tell(config: Config) -> None:
    pairs = combinations(config.actors, 2)
    assert {(one.id, other.id) for one, other in pairs if weak(one) & (weak(other) | strong(other))} == {
        ("hossein-taeb", "mehdi-taeb")
    }
    by_id = {actor.id: actor for actor in config.actors}
    assert weak(by_id["hizbullah-turkiye"]) & strong(by_id["hezbollah"]) == {"hizbullah"}


def test_every_weak_name_has_words_of_context_or_a_strong_name_to_lean_on(config: Config) -> None:
    assert all(any(every(actor.needs)) or strong(actor) for actor in config.actors if weak(actor))
    assert all(any(every(actor.needs)) for actor in config.actors if weak(actor))


def test_a_phrase_of_never_is_no_name_itself(config: Config) -> None:
    names = {actor.id: strong(actor) | weak(actor) for actor in config.actors}
    for actor in config.actors:
        for phrase in every(actor.never):
            assert all(folded(phrase) not in known for known in names.values()), (actor.id, phrase)
        for phrase, other in actor.never_as.items():
            assert other != actor.id
            assert folded(phrase) not in names[actor.id], (actor.id, phrase)


def test_short_names_that_are_words_count_in_their_case_only(config: Config) -> None:
    bound = set(chain.from_iterable(actor.case for actor in config.actors))
    assert bound >= {"IS", "MIT", "TAK", "KH", "KSS", "AAH", "DIA", "SDF", "SNA", "HTS", "PIJ", "JOC", "JAM", "MİT"}


def test_unverified_aliases_are_aliases_and_every_actor_says_where_it_comes_from() -> None:
    raw = read(FOLDER / "actors.yaml").value
    assert isinstance(raw, tuple)
    marked = 0
    for actor in raw:
        assert isinstance(actor, dict)
        aliases, unverified = actor["aliases"], actor.get("unverified", ())
        assert isinstance(aliases, dict)
        assert isinstance(unverified, tuple)
        names = {name for group in aliases.values() if isinstance(group, tuple) for name in group}
        assert names >= set(unverified), actor["id"]
        assert str(actor["source"]).startswith("names: "), actor["id"]
        assert actor["checked"] == "2026-11"
        marked += sum(name in unverified for group in aliases.values() if isinstance(group, tuple) for name in group)
    assert marked >= 906


# What the actors find. Own sentences: a name in the company it keeps, and the actors that must come out.


def found(stage: Actors, text: str) -> set[str]:
    """The actors of an article."""
    return set(stage(Article("a" * 64, "https://a.example/1", text=text)).actors)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A general of the Islamic Revolutionary Guard Corps‘ aerospace branch spoke in Tehran.", "irgc"),
        ("Money for the Islamic Revolutionary Guard Corp’s (IRGC) hotels in Iran.", "irgc"),
        ("Iran paraded the new drones of its Revolutionary Guards.", "irgc"),
        ("Hossein Taeb left his post.", "hossein-taeb"),
        ("Mahdi Taib preached on Friday.", "mehdi-taeb"),
        ("Fighters of the PKK crossed the river.", "pkk"),
        ("In Baghdad the PMF said nothing, as militias do.", "pmf"),
        ("Kataib Hezbollah denied it.", "kataib-hezbollah"),
        ("Kata’ib Hezbollah denied it.", "kataib-hezbollah"),
        ("Convoys of the Hezbollah Brigades, Iraq, moved north.", "kataib-hezbollah"),
        ("The League of the Righteous opened an office.", "asaib-ahl-al-haq"),
        ("Badr militias held the bridge.", "badr-organization"),
        ("A Quds Force officer, Esmail Ghaani, landed.", "quds-force esmail-qaani"),
        ("Jamal Jaafar Ibrahimi was called Abu Mahdi Al-Mohandes.", "abu-mahdi-al-muhandis"),
        ("A mural of Qassem Soleimani and the engineer in Basra.", "qasem-soleimani abu-mahdi-al-muhandis"),
        ("The DIA wrote so in a report to the Pentagon in Washington.", "us-dia us-forces"),
        ("In Afrin the Syrian National Army (SNA) fell out with itself.", "sna"),
        ("The YPG and the SDF met in Raqqa.", "ypg sdf"),
        ("ISIS, or the Islamic State of Iraq and Syria, lost the town.", "islamic-state"),
        ("Hassan Nasrallah spoke for Hezbollah. Nasrallah coughed.", "hassan-nasrallah hezbollah"),
        ("Iraq’s Joint Operations Command sent no one.", "iraq-joint-operations-command"),
        ("The Hamza division left Aleppo.", "hamza-division"),
        ("A Turkish intelligence agency, it was said, paid them.", "mit"),
        ("Turkish troops and U.S. forces share the road.", "turkish-armed-forces us-forces"),
        ("Irak Hizbullahı sustu, Lübnan Hizbullahı konuştu.", "kataib-hezbollah hezbollah"),
        ("PKK'nın açıklaması MİT'in istihbarat raporunu yalanladı.", "pkk mit"),
        ("أعلن الحشد الشعبي مقتل عنصر من داعش.", "pmf islamic-state"),
        (
            "اجتمع قائد فيلق القدس إسماعيل قاآني مع هادي العامري زعيم منظمة بدر.",
            "quds-force esmail-qaani badr-organization",
        ),
        ("سپاه پاسداران بیانیه داد و سردار قاآنی سخن گفت.", "irgc esmail-qaani"),
        ("علی خامنه‌ای در تهران سخنرانی کرد.", "ali-khamenei"),
        ("هێزەکانی پێشمەرگە و پەکەکە لە چیا بوون.", "peshmerga pkk"),
        ("Hêzên Sûriya Demokratîk û YPG daxuyanî dan.", "sdf ypg"),
        ('צה"ל תקף עמדות של חיזבאללה.', "idf hezbollah"),
        ("Նիկոլ Փաշինյան այցելեց Գյումրի։", "nikol-pashinyan"),
        ("Rəcəb Tayyib Ərdoğan Bakıya gəldi.", "recep-tayyip-erdogan"),
        ("Les Gardiens de la révolution et l’Etat islamique s’accusent.", "irgc islamic-state"),
    ],
)
def test_a_name_is_found_whatever_the_script(actors: Actors, text: str, expected: str) -> None:
    assert found(actors, text) == set(expected.split())


@pytest.mark.parametrize(
    "text",
    [
        "The Guardian wrote from Tehran that the Presidential Guard and the National Guard stood by.",
        "Operation al-Aqsa Flood, wrote Ayad, was named in a speech.",
        "The flood took three bridges, said Ayman.",
        "Hamza has a brother in Baghdad.",
        "It is hot and what is left of the bread is dry, say militants.",
        "Mit PKW und Bahn, ganz ohne Turkey.",
        "The MIT Media Lab has an office in Turkey.",
        "The engineer fixed the pump in Basra.",
        "The Free Syrian Army held the pass near Damascus.",
        "Somali National Army troops took the town, said Syria.",
        "Badr al-Din lives in Iraq; the battle of Badr was long ago.",
        "Melania Trump visited Washington with the president of the school.",
        "Emine Erdoğan Ankara'da sergi açtı.",
        "زار بدر عبد العاطي منظمة الصحة العالمية.",
        "استقبلت مدينة القدس قائد الفرقة.",
        "رحبت الجماهير بكل حماس بالفريق.",
        "طوفان الأقصى عنوان كتاب إياد.",
        "نیروی هوایی آمریکا در ایران نیست.",
        "جشنواره فیلم عمار در قرارگاه برگزار شد.",
    ],
)
def test_a_word_or_a_namesake_is_nobody(actors: Actors, text: str) -> None:
    assert found(actors, text) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Saraya al-Quds fired from Gaza.", "pij"),
        ("Turkish Hezbollah was tried in Ankara.", "hizbullah-turkiye"),
        ("Harakat Hezbollah al-Nujaba marched.", "harakat-al-nujaba"),
        ("قال حزب الله العراقي إنه لم يشارك.", "kataib-hezbollah"),
        ("سپاه بدر و بسیج مردمی عراق", "badr-organization pmf"),
        ("نیروی هوایی سپاه در ایران رزمایش برگزار کرد.", "irgc"),
        ("US-backed Syrian forces in Syria", "sdf"),
    ],
)
def test_a_name_inside_a_longer_one_is_the_other(actors: Actors, text: str, expected: str) -> None:
    assert found(actors, text) == set(expected.split())


# regions.yaml


def hand_list() -> tuple[Region, ...]:
    """The places of regions.yaml alone."""
    return load(FOLDER, {}).regions


def named(stage: Regions, text: str, language: str = "und") -> set[str]:
    """The regions of an article."""
    return set(stage(Article("a" * 64, "https://a.example/1", text=text, language=language)).regions)


def test_the_hand_list_holds_the_places_that_shipped_data_lacks() -> None:
    ours = {place.id for place in hand_list()} - {region.id for region in gazetteer.places()}
    assert " ".join(sorted(ours)) == (
        "ain-al-asad al-dhafra-base al-hol-camp al-tanf al-udeid avashin bab-al-mandab baghdad-airport "
        "balad-air-base bashiqa dahiyeh erbil-airport evin-prison fordow gara golan-heights "
        "green-zone hamrin harir-base hawija ibrahim-khalil imrali incirlik jurf-al-sakhar khmeimim kurdistan "
        "lachin-corridor makhmour-camp metina nagorno-karabakh natanz-site parchin persian-gulf qandil "
        "rafah-crossing red-sea rojava shalamcheh shebaa-farms strait-of-hormuz t4-air-base taji-base "
        "zangezur-corridor zap zlikan"
    )


def test_parents_are_complete_and_nearest_first(config: Config) -> None:
    by_id = {region.id: region for region in config.regions}
    for place in hand_list():
        parents = by_id[place.id].parents
        assert len(set(parents)) == len(parents), place.id
        for position, parent in enumerate(parents):
            assert set(by_id[parent].parents) <= set(parents[position:]), (place.id, parent)


def test_only_seas_straits_and_kurdistan_lie_in_no_country() -> None:
    alone = {place.id for place in hand_list() if not place.parents and re.fullmatch(r"[a-z][a-z0-9-]+", place.id)}
    assert {id_ for id_ in alone if not id_.startswith("gn-")} == {
        *("bab-al-mandab", "strait-of-hormuz", "red-sea", "persian-gulf", "kurdistan")
    }


def test_a_point_lies_in_the_region_and_what_has_none_says_so() -> None:
    raw = read(FOLDER / "regions.yaml").value
    assert isinstance(raw, dict)
    places = raw["places"]
    assert isinstance(places, tuple)
    notes = {place["id"]: str(place.get("notes", "")) for place in places if isinstance(place, dict)}
    for place in hand_list():
        if place.lat is not None and place.lon is not None:
            assert 12 < place.lat < 41, place.id
            assert 28 < place.lon < 57, place.id
        elif place.parents or place.kind:
            assert re.search("verify|no point", notes[place.id]), place.id


def test_every_place_can_be_found_by_its_name(config: Config) -> None:
    for region in config.regions[: len(hand_list())]:
        assert any(map(folded, every(region.names))), region.id
        assert all(map(folded, (*every(region.names), *region.needs))), region.id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A rocket fell on the base near Zlikan.", {"zlikan", "IQ-NI", "IQ"}),
        ("The provinces of Diyala, Salahuddin and Kirkuk in Iraq.", {"IQ-DI", "IQ-SD", "IQ-KI", "IQ"}),
        ("From Baaj to Tal Afar and Tuz Khurmato.", {"gn-90392", "gn-9166598", "IQ-NI", "IQ-SD", "IQ"}),
        ("Drones hit Ain al-Asad Airbase.", {"ain-al-asad", "IQ-AN", "IQ"}),
        ("They met in the town of Hamrin.", {"hamrin", "IQ-DI", "IQ-SD", "IQ-KI", "IQ"}),
        ("The road to Nagorno Karabakh is closed.", {"nagorno-karabakh", "AZ"}),
        ("Ships left the Strait of Hormuz.", {"strait-of-hormuz"}),
        ("فرماندهان در کوه‌های قندیل با پژاک جنگیدند.", {"qandil", "IQ-AR", "IQ-SU", "IQ-KR", "IQ"}),
        ("قصفت الطائرات قاعدة عين الأسد.", {"ain-al-asad", "IQ-AN", "IQ"}),
        ("استهداف قاعدة العديد الجوية", {"al-udeid", "QA"}),
        ("הפגנה ברמה: רמת הגולן", {"golan-heights", "SY"}),
        ("Լաչինի միջանցք", {"lachin-corridor", "AZ"}),
        ("Laçın dəhlizi", {"lachin-corridor", "AZ"}),
        ("Gerîla li Zap ê ne.", {"zap", "IQ-DA", "IQ-KR", "IQ"}),
    ],
)
def test_a_place_is_found_with_its_parents(regions: Regions, text: str, expected: set[str]) -> None:
    assert expected <= named(regions, text)


@pytest.mark.parametrize(
    ("language", "text", "place"),
    [
        ("ar", "العديد من الناس", "al-udeid"),
        ("ar", "لواء جولاني والجولاني", "golan-heights"),
        ("ar", "وائل قنديل كاتب", "qandil"),
        ("tr", "Kandil gecesi simit alınır.", "qandil"),
        ("tr", "senin evin güzel", "evin-prison"),
        ("az", "Qarabağ bu gün oynayır", "nagorno-karabakh"),
        ("kmr", "wêneyê rojava xweş e", "rojava"),
        ("en", "Abu Muhammad al-Jolani and a Golani soldier", "golan-heights"),
        ("en", "the green zone of the map in Baghdad", "green-zone"),
        ("en", "Salahuddin teaches physics.", "IQ-SD"),
        ("fr", "la gare de Lyon", "gara"),
        ("he", "יאיר גולן", "golan-heights"),
    ],
)
def test_a_word_or_a_person_is_no_place(regions: Regions, language: str, text: str, place: str) -> None:
    assert place not in named(regions, text, language)


def test_words_that_are_place_names_too_are_excluded(config: Config) -> None:
    assert {"Hit", "Ordu", "بلد", "فارس"} <= set(config.exclusions)
    names = {folded(name) for region in config.regions for name in every(region.names)}
    assert not {folded(word) for word in config.exclusions} & names


# boilerplate.yaml


def test_nothing_is_forced_and_the_example_may_be_taken_as_it_is(config: Config, tmp_path: Path) -> None:
    text = (FOLDER / "boilerplate.yaml").read_text(encoding="utf-8")
    example = "\n".join(line.removeprefix("# ") for line in text.split("\n\n")[1].splitlines())
    (tmp_path / "boilerplate.yaml").write_text(example, encoding="utf-8")

    forced = load(tmp_path, {}).boilerplate["river-post"]

    assert config.boilerplate == {}
    assert (len(forced.keep), len(forced.drop)) == (1, 2)


# alerts.yaml


def test_three_rules_speak_to_two_destinations(config: Config) -> None:
    assert [rule.id for rule in config.rules] == ["guards-in-iraq", "pkk-and-ypg", "leaders-in-regional-press"]
    desk, log = config.destinations
    assert (desk.id, desk.terminal) == ("desk", True)
    assert (log.id, log.file) == ("log", "var/alerts.jsonl")
    assert {name for rule in config.rules for name in rule.send} == {"desk", "log"}
