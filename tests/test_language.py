"""The language of texts and headlines, in our ten languages and among their neighbours."""

from __future__ import annotations

import sys
from subprocess import run

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.language import DetectLanguage, detect
from pipeline.model import Article, Outlet
from tests.house import ROOT

SENTENCES = {
    "ar": "افتتحت وزارة الثقافة متحفا جديدا في مدينة الموصل، وقال المحافظ إن القاعات تضم قطعا من العصر الآشوري.",
    "fa": "وزیر راه گفت پل تازه‌ای که روی رودخانه ساخته شده است هفته آینده به روی خودروها باز خواهد شد.",
    "ckb": "بەڕێوەبەرایەتی کەشناسی ڕایگەیاند سبەینێ لە زۆربەی ناوچەکانی هەرێمی کوردستان باران دەبارێت.",
    "kmr": "Şaredariya bajêr ragihand ku ji ber barana zêde çend rê hatine girtin û xelk divê hay ji xwe hebe.",
    "tr": "Meteoroloji, yarın ülkenin doğusunda kuvvetli yağış beklendiğini ve sürücülerin dikkatli olması "
    "gerektiğini söyledi.",
    "he": "משרד החינוך פרסם את לוח החופשות לשנה הבאה, וההורים ביקשו לדעת מתי ייפתחו בתי הספר בצפון.",
    "hy": "Կրթության նախարարությունը հրապարակել է հաջորդ տարվա արձակուրդների ժամանակացույցը։",
    "az": "Meteoroloqlar sabah ölkənin şərqində güclü yağış gözlənildiyini və sürücülərin diqqətli olmasını bildirib.",
    "fr": "La municipalité a indiqué que plusieurs routes étaient coupées à cause des pluies et qu'il fallait "
    "être prudent.",
    "en": "The town council said several roads had been closed because of the rain and asked drivers to be careful.",
}
NEIGHBOURS = {
    "ur": "محکمہ موسمیات نے کہا ہے کہ کل ملک کے مشرقی علاقوں میں تیز بارش ہوگی اور لوگ احتیاط کریں۔",
    "ps": "د هوا پېژندنې ریاست وویل چې سبا به د هېواد په ختیځ کې سخت باران وشي او خلک دې پام وکړي.",
    "ug": "ھاۋارايى ئىدارىسى ئەتە مەملىكەتنىڭ شەرقىدە قاتتىق يامغۇر ياغىدىغانلىقىنى ئېلان قىلدى.",
    "yi": "די רעגירונג האָט געזאָגט אַז דער נײַער בריק וועט װערן אָפֿן פֿאַר אױטאָס אין דער קומענדיקער װאָך.",
    "ru": "Метеорологи сообщили, что завтра на востоке страны ожидаются сильные дожди.",
    "uk": "Метеорологи повідомили, що завтра на сході країни очікуються сильні дощі та вітер.",
    "el": "Η μετεωρολογική υπηρεσία ανακοίνωσε ότι αύριο θα βρέξει πολύ στα ανατολικά.",
    "ka": "მეტეოროლოგებმა განაცხადეს, რომ ხვალ ქვეყნის აღმოსავლეთში ძლიერი წვიმაა მოსალოდნელი.",
    "de": "Die Stadtverwaltung teilte mit, dass mehrere Straßen wegen des Regens gesperrt sind.",
    "es": "El ayuntamiento informó de que varias carreteras están cerradas por la lluvia y pidió prudencia.",
    "it": "Il comune ha comunicato che diverse strade sono chiuse per la pioggia e ha chiesto prudenza.",
    "nl": "De gemeente meldde dat verschillende wegen door de regen zijn afgesloten en vroeg om voorzichtigheid.",
    "pt": "A câmara informou que várias estradas estão fechadas por causa da chuva e pediu cuidado aos motoristas.",
    "pl": "Władze miasta poinformowały, że kilka dróg zostało zamkniętych z powodu deszczu.",
    "zza": "Zilan ke ame Dêrsim ra, o vano ma zî na ra de beno, nê roj de zî nêwazeno ke ra biyo.",
    "zh": "气象部门表示，明天东部地区将有大雨，请司机注意安全。",
    "ja": "気象庁は、あす東部で大雨が予想されるとして注意を呼びかけた。",
    "ko": "기상청은 내일 동부 지역에 큰비가 내릴 것이라고 밝혔다.",
    "th": "กรมอุตุนิยมวิทยาแจ้งว่าพรุ่งนี้จะมีฝนตกหนักทางภาคตะวันออก",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence_is_known_without_a_hint_and_for_sure(language: str) -> None:
    code, confidence = detect(SENTENCES[language])

    assert code == language
    assert 0.5 <= confidence <= 0.99


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("hint", ["en", "ar", "tr", "ku", "xx", ""])
def test_a_false_declaration_does_not_change_it(language: str, hint: str) -> None:
    assert detect(SENTENCES[language], hint)[0] == language


@pytest.mark.parametrize("language", NEIGHBOURS)
def test_neighbours_are_told_apart(language: str) -> None:
    assert detect(NEIGHBOURS[language])[0] == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wezîrê Derve çû Bexdayê", "kmr"),
        ("Li Hewlêrê berf dibare", "kmr"),
        ("Bakıda qar yağır", "az"),
        ("Ankara'da kar yağışı", "tr"),
        ("Neige à Beyrouth", "fr"),
        ("Snow falls in Beirut", "en"),
        ("تساقط الثلوج في بيروت", "ar"),
        ("بارش برف در تهران", "fa"),
        ("بەفر لە هەولێر دەبارێت", "ckb"),
        ("שלג יורד בירושלים", "he"),
        ("Երևանում ձյուն է գալիս", "hy"),
    ],
)
def test_a_headline_is_known_with_the_language_that_the_page_declares(text: str, language: str) -> None:
    assert detect(text, language)[0] == language


def test_persian_typed_with_arabic_letters_is_persian() -> None:
    assert detect("وزير امور خارجه گفت كه اين سفر براي گسترش همكاري هاي دو كشور انجام مي شود.")[0] == "fa"


def test_dari_is_persian() -> None:
    assert detect("وزارت صحت عامه افغانستان گفت که در ولایت هرات شفاخانه تازه‌ای ساخته می‌شود.", "prs") == ("fa", 0.99)


def test_sorani_in_the_older_spelling_is_sorani_and_persian_with_joiners_is_not() -> None:
    assert detect("له‌ هه‌رێمی كوردستان بڕیاری نوێ بۆ مووچه‌ی فه‌رمانبه‌ران ده‌رچوو.")[0] == "ckb"
    assert detect("خانه‌ها و کوچه‌ها تازه شده‌اند و گروهی از جوانان پیاده‌روی کرده‌اند.")[0] == "fa"


def test_turkish_without_its_marks_is_still_turkish() -> None:
    assert (
        detect("Bakanlik yeni koprunun gelecek yil icin hazir olacagini ve daha cok arac gececegini acikladi", "tr")[0]
        == "tr"
    )


@pytest.mark.parametrize(
    ("hint", "code"),
    [
        *(
            ("ar-IQ", "ar"),
            ("fa_AF", "fa"),
            ("prs", "fa"),
            ("ku", "ckb"),
            ("ku-Arab", "ckb"),
            ("CKB", "ckb"),
            ("en", "und"),
        ),
        *(("iw", "und"), ("ru", "und"), ("", "und")),
    ],
)
def test_too_few_letters_leave_it_to_what_is_declared_in_that_script(hint: str, code: str) -> None:
    assert detect("خبر", hint)[0] == code


@pytest.mark.parametrize(
    ("text", "hint", "code"),
    [
        *(("Pira nû", "ku", "kmr"), ("PKK", "tr-TR", "tr"), ("הגשר", "iw", "he"), ("2026 - 10:15", "ar", "und")),
        *(("Мост", "ru", "ru"), ("Γέφυρα", "el", "el"), ("橋", "zh-TW", "zh"), ("Brücke", "de", "de"), ("", "", "und")),
    ],
)
def test_declarations_are_read_as_pages_write_them(text: str, hint: str, code: str) -> None:
    assert detect(text, hint)[0] == code


def test_the_first_hint_that_fits_counts() -> None:
    assert detect("خبر", "en", "", "ar", "fa") == detect("خبر", "ar")


def test_nobody_guesses_at_names() -> None:
    assert detect("Xqz Wvrt Bnkl Prtz Qwrt Zzkl") == ("und", 0.0)
    assert detect("ــــــــــــــــــــــــ")[0] == "und"
    assert detect("12:30 http://t.co/x a.b@c.de")[0] == "und"


def test_one_text_always_gets_one_answer() -> None:
    text = "Regen in Basra morgen, sagt der Wetterdienst; rain, pluie, lluvia"

    assert len({detect(text) for _ in range(20)}) == 1


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    assert detect(SENTENCES["tr"] * 4 + SENTENCES["en"] * 500)[0] == "tr"


def staged(text: str, title: str = "", declared: str = "", languages: tuple[str, ...] = ()) -> Article:
    outlet = Outlet("x", languages=languages)
    return DetectLanguage()(Article("id", "u", title, text, outlet=outlet, declared_language=declared))


@pytest.mark.parametrize("language", SENTENCES)
def test_the_stage_fills_language_and_confidence(language: str) -> None:
    found = staged(SENTENCES[language] * 2, title="PKK", languages=("en", "ar"))

    assert found.language == language
    assert found.language_confidence >= 0.5


def test_the_stage_reads_the_title_with_a_text_of_one_line() -> None:
    assert staged("PKK, SDF, KDP.", title=SENTENCES["kmr"]).language == "kmr"


def test_the_stage_trusts_the_page_before_the_outlet() -> None:
    assert staged("Brücke", declared="de", languages=("en",)).language == "de"
    assert staged("Brücke", declared="ar", languages=("fr", "en")).language == "fr"


@given(st.text(max_size=300), st.text(max_size=12))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_any_text_with_any_hint_gets_a_code_and_a_confidence(text: str, hint: str) -> None:
    code, confidence = detect(text, hint)

    assert code.isascii() or code == hint.partition("-")[0].partition("_")[0].lower()
    assert 0.0 <= confidence <= 0.99


def test_the_profiles_of_langdetect_are_not_loaded_before_they_are_needed() -> None:
    program = f"import sys, pipeline.language as it; it.detect({SENTENCES['hy']!r}); print('langdetect' in sys.modules)"

    done = run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603 - ours

    assert done.stdout.strip() == "False"
