"""Rule X9: the encoding of a page, whatever its labels say, in texts of our languages."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extract.charset import Decoded, decode

TEXTS = {
    "ar": "أعلنت وزارة الداخلية اليوم أن قوات الأمن فتحت الطريق المؤدي إلى المدينة القديمة بعد إصلاح الجسر.",
    "fa": "وزارت نيرو روز سه شنبه اعلام كرد كه سد تازه اي در غرب كشور تا پايان سال به بهره برداري مي رسد.",
    "ckb": "وەزارەتی گواستنەوە ڕایگەیاند پردە کۆنەکەی سەر ڕووبارەکە بەیانی یەکشەممە دەکرێتەوە.",
    "tr": "İçişleri Bakanlığı, köprünün yeniden açılmasıyla ilçe merkezine ulaşımın kolaylaştığını duyurdu.",
    "he": "משרד התחבורה הודיע הבוקר כי הגשר החדש ייפתח לתנועה בשבוע הבא, לאחר שהסתיימו עבודות השיקום.",
    "fr": "Le ministère de l'Équipement a annoncé mardi que le pont, fermé depuis février, rouvrira après les travaux.",
    "hy": "Տրանսպորտի նախարարությունը հայտնեց, որ գետի վրայի հին կամուրջը կբացվի կիրակի առավոտյան։",
    "az": "Nəqliyyat Nazirliyi çayın üzərindəki köhnə körpünün bazar günü səhər açılacağını bildirdi.",
    "kmr": "Wezareta Veguhastinê ragihand ku pira kevn a li ser çem dê sibeha yekşemê vebe.",
    "ru": "Министерство сообщило, что мост откроют на следующей неделе после трёх месяцев ремонта.",
}
LEGACY = [("ar", "cp1256"), ("ar", "iso8859-6"), ("fa", "cp1256"), ("tr", "cp1254"), ("he", "cp1255"), ("ru", "cp1251")]
LEGACY += [("fr", "cp1252"), ("ru", "koi8-r")]


def html(language: str, head: str = "", attribute: str = "") -> str:
    return f"<html{attribute}><head>{head}<title>x</title></head><body><p>{TEXTS[language]}</p></body></html>"


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("label", ["", "text/html; charset=iso-8859-1", "text/html; charset=windows-1256"])
def test_bytes_that_are_valid_utf_8_beat_any_label(language: str, label: str) -> None:
    body = html(language, '<meta charset="iso-8859-9">').encode()

    assert decode(body, label) == Decoded(body.decode(), "utf-8")


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("language", TEXTS)
def test_a_byte_order_mark_decides(language: str, charset: str) -> None:
    found = decode(html(language).encode(charset), "text/html; charset=windows-1256")

    assert (found.text, found.guessed) == (html(language), False)


@pytest.mark.parametrize(("mark", "charset"), [(codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF32_BE, "utf-32-be")])
def test_big_endian_marks_decide_too(mark: bytes, charset: str) -> None:
    assert decode(mark + html("ar").encode(charset)) == Decoded(html("ar"), charset)


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_told_by_its_zeros(charset: str) -> None:
    assert decode(html("he").encode(charset), "text/html; charset=utf-8") == Decoded(html("he"), charset)


def test_utf_16_that_breaks_off_in_a_character_is_read_to_there() -> None:
    marked, unmarked = html("ar").encode("utf-16")[:-1], html("ar").encode("utf-16-le")[:-1]

    assert decode(marked) == decode(unmarked) == Decoded(html("ar")[:-1] + "\ufffd", "utf-16-le", guessed=True)


@pytest.mark.parametrize(("language", "charset"), LEGACY)
def test_the_label_of_the_server_counts_before_that_of_the_page(language: str, charset: str) -> None:
    body = html(language, '<meta charset="windows-1250">').encode(charset)

    assert decode(body, f'text/html; Charset="{charset}"') == Decoded(body.decode(charset), charset)


@pytest.mark.parametrize(("language", "charset"), LEGACY)
@pytest.mark.parametrize(
    "head",
    [
        "<meta charset={}>",
        "<META CHARSET = '{}'>",
        '<meta http-equiv="Content-Type" content="text/html; charset={}">',
        "<script>/* " + "x" * 2_000 + ' */</script><meta charset="{}">',
    ],
)
def test_the_page_declares_its_encoding(language: str, charset: str, head: str) -> None:
    body = html(language, head.format(charset)).encode(charset)

    assert decode(body, "text/html") == Decoded(body.decode(charset), charset)


@pytest.mark.parametrize(
    ("label", "means"),
    [("iso-8859-1", "cp1252"), ("us-ascii", "cp1252"), ("ISO-8859-9", "cp1254"), ("gb2312", "gb18030")],
)
def test_labels_mean_what_browsers_take_them_for(label: str, means: str) -> None:
    text = "“Curly” quotes" if means != "gb18030" else "朱镕基"

    assert decode(text.encode(means), f"text/html; charset={label}") == Decoded(text, means)


@pytest.mark.parametrize(("language", "charset"), LEGACY)
@pytest.mark.parametrize("label", ["", "text/html; charset=utf-8", "text/html; charset=klingon", "x; charset=hex"])
def test_without_a_label_that_fits_the_encoding_is_detected_and_flagged(
    language: str, charset: str, label: str
) -> None:
    body = html(language).encode(charset)

    assert decode(body, label, [language]) == Decoded(body.decode(charset), charset, guessed=True)


def test_detection_heeds_the_language_of_the_page_before_that_of_the_outlet() -> None:
    body = html("tr", attribute=' dir="ltr" lang="tr"').encode("cp1254")

    assert decode(body, "", ["fr", "en"]).text == body.decode("cp1254")


def test_detection_takes_the_usual_encoding_of_the_west_where_nothing_is_known() -> None:
    body = html("fr").encode("cp1252")

    assert decode(body).text == body.decode("cp1252")


def test_the_running_text_is_looked_at_not_the_markup_before_it() -> None:
    scripts = "<script>var menu = 1;</script>" * 2_000
    body = html("ar", scripts).encode("cp1256")

    assert decode(body).text == body.decode("cp1256")


def test_a_page_that_breaks_off_inside_a_character_stays_utf_8() -> None:
    body = html("ar").encode()[: html("ar").encode().index("الجسر".encode()) + 3]

    found = decode(body)

    assert (found.charset, found.guessed) == ("utf-8", True)
    assert found.text.endswith("ا\ufffd")


def test_a_broken_byte_among_many_good_ones_is_replaced() -> None:
    body = html("fa").encode().replace(b"<p>", b"<p>\xff")

    assert decode(body, "text/html; charset=iso-8859-1").text == html("fa").replace("<p>", "<p>\ufffd")


def test_bytes_that_no_encoding_explains_are_replaced_and_flagged() -> None:
    assert decode(b"\xff\x81 \xfe\x90\x00") == Decoded("\ufffd\ufffd \ufffd\ufffd\x00", "utf-8", guessed=True)


def test_what_detection_takes_for_one_encoding_but_does_not_decode_is_not_taken() -> None:
    body = html("ar").encode("iso8859-6") + b"<p>" + b" " * 20_000 + b"\xfb</p>"

    found = decode(body)

    assert found.guessed
    assert found.text.startswith("<html>")


@given(st.binary(max_size=300), st.text(max_size=40), st.lists(st.sampled_from([*TEXTS, "xx"]), max_size=3))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_any_bytes_under_any_label_are_decoded(body: bytes, label: str, languages: list[str]) -> None:
    found = decode(body, f"text/html; charset={label}", languages)

    assert found.text.encode("utf-8", "surrogatepass") is not None
    assert codecs.lookup(found.charset)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_any_text_written_in_utf_8_comes_back(text: str) -> None:
    body = f"<html>{text}".encode()

    assert decode(body).text == f"<html>{text}"
