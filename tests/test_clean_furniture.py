"""Furniture in ten languages: what goes as a whole line or block, and what in running text must stay."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files

import pytest

from pipeline.clean import Clean
from pipeline.clean.phrases import rows, table
from pipeline.fold import tokens
from pipeline.model import Article, Removed

LANGUAGES = ("ar", "fa", "ckb", "kmr", "tr", "he", "hy", "az", "fr", "en")
SPEECH = {
    "ar": "قال المتحدث باسم الحكومة إن الاجتماع المقبل سيعقد في العاصمة بحضور ممثلين عن خمس دول. لم يصدر تعليق "
    "رسمي بعد.",
    "fa": "سخنگوی دولت گفت نشست بعدی با حضور نمایندگان پنج کشور در پایتخت برگزار خواهد شد. هنوز نظری داده نشده است.",
    "ckb": "وتەبێژی حکوومەت گوتی کۆبوونەوەی داهاتوو بە بەشداری پێنج وڵات لە پایتەخت بەڕێوەدەچێت. هێشتا کەس هیچی "
    "نەگوتووە.",
    "kmr": "Berdevkê hikûmetê got ku civîna bê dê li paytextê bi beşdariya pênc welatan bê kirin. Hê kesî tiştek "
    "negotiye.",
    "tr": "Hükümet sözcüsü, bir sonraki toplantının beş ülkenin katılımıyla başkentte yapılacağını söyledi. "
    "Başka açıklama yok.",
    "he": "דובר הממשלה אמר שהפגישה הבאה תתקיים בבירה בהשתתפות נציגים מחמש מדינות. עדיין לא נמסרה תגובה נוספת "
    "לידיעה הזאת.",
    "hy": "Կառավարության խոսնակն ասաց, որ հաջորդ հանդիպումը տեղի կունենա մայրաքաղաքում՝ հինգ երկրների մասնակցությամբ։",
    "az": "Hökumətin sözçüsü dedi ki, növbəti görüş beş ölkənin iştirakı ilə paytaxtda keçiriləcək. Başqa "
    "açıqlama yoxdur.",
    "fr": "Le porte-parole du gouvernement a déclaré que la prochaine réunion se tiendrait dans la capitale "
    "avec cinq pays.",
    "en": "The next meeting will be held in the capital with five countries taking part, a government spokesman "
    "said today.",
}
WIDGETS = {
    "ar": [
        *(
            "شارك الخبر",
            "3 دقائق للقراءة",
            "تابعونا على تلغرام",
        ),
        *(
            "وضع القراءة",
            "حجم الخط",
            "مدة القراءة: ٣ دقائق",
        ),
    ],
    "fa": [
        *(
            "به اشتراک بگذارید",
            "۳ دقیقه مطالعه",
            "به کانال تلگرام ما بپیوندید",
        ),
        *(
            "لینک کوتاه خبر",
            "اندازه قلم",
            "انتهای پیام",
        ),
    ],
    "ckb": [
        *(
            "هاوبەشی بکە",
            "٣ خولەک بۆ خوێندنەوە",
            "لە فەیسبووک لەگەڵمان بن",
        ),
        *(
            "لینک کۆپی بکە",
            "قەبارەی فۆنت",
            "ڕیکلام",
        ),
    ],
    "kmr": [
        *(
            "Parve bike",
            "3 deqe xwendin",
            "Me li ser Telegram bişopînin",
        ),
        *(
            "Bibe abonê nûçenameyê",
            "Moda xwendinê",
            "Reklam",
        ),
    ],
    "tr": [
        *(
            "Bu haberi paylaş",
            "3 dk okuma süresi",
        ),
        *(
            "Telegram kanalımıza abone olun",
            "Yazı boyutu",
            "Google News'e abone ol",
        ),
    ],
    "he": [
        *(
            "שתפו את הכתבה",
            "3 דקות קריאה",
            "עקבו אחרינו בטלגרם",
        ),
        *(
            "גודל גופן",
            "הירשמו לניוזלטר שלנו",
            "פרסומת",
        ),
    ],
    "hy": [
        *(
            "Կիսվել",
            "3 րոպե ընթերցանություն",
            "Հետևեք մեր Telegram ալիքին",
        ),
        *(
            "Տառաչափ",
            "Գովազդ",
            "Հետևեք մեզ Facebook-ում",
        ),
    ],
    "az": [
        *(
            "Xəbəri paylaş",
            "3 dəqiqəlik oxu",
            "Telegram kanalımıza qoşulun",
        ),
        *(
            "Şriftin ölçüsü",
            "Reklam",
            "Bizi Facebook-da izləyin",
        ),
    ],
    "fr": [
        *(
            "Partager l'article",
            "3 min de lecture",
        ),
        *(
            "Abonnez-vous à notre chaîne Telegram",
            "Taille du texte",
            "Publicité",
        ),
    ],
    "en": [
        *(
            "Share this article",
            "3 min read",
            "100% Font Size",
        ),
        *(
            "Read Mode",
            "Published: Updated:",
            "Follow us on Facebook and X!",
        ),
    ],
}
HEADINGS = {
    "ar": ["آخر الأخبار", "أخبار ذات صلة", "اقرأ أيضاً", "الأكثر قراءة"],
    "fa": ["آخرین اخبار", "اخبار مرتبط", "بیشتر بخوانید:", "پربازدیدترین‌ها"],
    "ckb": ["دوایین هەواڵەکان", "هەواڵی پەیوەندیدار", "زیاتر بخوێنەوە", "زۆرترین خوێنراو"],
    "kmr": ["Nûçeyên dawî", "Nûçeyên têkildar", "Her wiha bixwîne", "Herî zêde hatine xwendin"],
    "tr": ["Son Haberler", "İLGİLİ HABERLER", "Ayrıca okuyun", "En çok okunanlar"],
    "he": ["חדשות אחרונות", "כתבות קשורות", "קראו גם", "הכי נקראות"],
    "hy": ["Վերջին լուրեր", "Նմանատիպ նյութեր", "Կարդացեք նաև", "Ամենաընթերցված"],
    "az": ["Son xəbərlər", "Oxşar xəbərlər", "Həmçinin oxuyun", "ƏN ÇOX OXUNANLAR"],
    "fr": ["Dernières nouvelles", "Sur le même sujet", "Lire aussi", "Les plus lus"],
    "en": ["Latest news", "Related news", "Read also", "Most read in world news", "Top Content Trending"],
}
FORMS = {
    "ar": ["اترك تعليقاً", "لن يتم نشر عنوان بريدك الإلكتروني. الحقول الإلزامية مشار إليها بـ *", "التعليق", "الاسم"],
    "fa": ["دیدگاهتان را بنویسید", "نشانی ایمیل شما منتشر نخواهد شد.", "دیدگاه", "نام"],
    "ckb": ["لێدوانێک بنووسە", "ئیمەیڵەکەت بڵاو ناکرێتەوە.", "لێدوان", "ناو"],
    "kmr": ["Şîroveyekê binivîse", "E-peyama te nayê weşandin.", "Şîrove", "Nav"],
    "tr": ["Bir yanıt yazın", "E-posta adresiniz yayınlanmayacak.", "Yorum", "Ad"],
    "he": ["כתיבת תגובה", "האימייל לא יוצג באתר.", "תגובה", "שם"],
    "hy": ["Թողնել մեկնաբանություն", "Ձեր էլ. փոստի հասցեն չի հրապարակվելու։", "Մեկնաբանություն", "Անուն"],
    "az": ["Şərh yazın", "E-poçt ünvanınız dərc edilməyəcək.", "Şərh", "Ad"],
    "fr": ["Laisser un commentaire", "Votre adresse e-mail ne sera pas publiée.", "Commentaire", "Nom"],
    "en": [
        "Leave a Reply",
        "Fill in your details below or click an icon to log in: Logo",
        "You are commenting using your account. Log Out / Change )",
        "Google photo",
        "Twitter picture",
        "Connecting to %s",
    ],
}
NEAR_MISSES = {
    "ar": [
        "آخر الأخبار الواردة من الجبهة تتحدث عن هدوء.",
        "شارك الخبر مع أهله ثم خرج.",
        "اقرأ أيضا ما كتبه الوزير، قال الضابط.",
    ],
    "fa": ["آخرین اخبار رسیده از مرز خوب است.", "بیشتر بخوانید تا بدانید، معلم گفت.", "نظر شما چیست، از او پرسیدند."],
    "ckb": ["دوایین هەواڵەکان لە سنوورەوە باشن.", "هاوبەشی بکە لەگەڵ هەموو خەڵک، گوتی."],
    "kmr": ["Nûçeyên dawî yên ji sînor baş in.", "Parve bike, got dayika wî ji wî re."],
    "tr": [
        "Son haberler sınırda sakinliği gösteriyor.",
        "Paylaş dedi annesi, kardeşinle paylaş.",
        "Yorum yapmak için erken, dedi bakan.",
    ],
    "he": ["חדשות אחרונות מן הגבול מספרות על שקט.", "שתפו את הידיעה עם המשפחות, אמר הקצין."],
    "hy": ["Վերջին լուրերը սահմանից լավն են։", "Կիսվել պետք է բոլորի հետ, ասաց նա։"],
    "az": ["Son xəbərlər sərhəddə sakitliyi göstərir.", "Şərh yazın, dedi müəllim uşaqlara."],
    "fr": [
        "Dernières nouvelles du front : tout est calme.",
        "Partager l'article de foi, voilà son vœu.",
        "À lire ses lettres, on comprend.",
    ],
    "en": [
        "Latest news from the border spoke of calm.",
        "Related: the two had known each other for years, the court heard.",
        "Read more books, the minister told pupils.",
        "Share this article of faith with your families, he said.",
        "Search for survivors goes on",
        "Copyright law splits parliament",
        "Follow us on the way up, the guide said.",
        "10 p.m.",
        "Leave a reply for him at the desk, she said.",
    ],
}


def article_of(language: str) -> list[str]:
    """Four paragraphs of running text, no two alike."""
    return [f"{number}. {SPEECH[language]}" for number in range(1, 5)]


def cleaned(lines: list[str]) -> Article:
    return Clean()(Article("id", "u", text="\n".join(lines)))


def kept(lines: list[str]) -> list[str]:
    return cleaned(lines).text.split("\n")


EVERY = [(language, line) for language in LANGUAGES for line in WIDGETS[language]]
HEADED = [(language, line) for language in LANGUAGES for line in HEADINGS[language]]


@pytest.mark.parametrize(("language", "line"), EVERY)
def test_a_widget_line_goes_wherever_it_stands(language: str, line: str) -> None:
    body = article_of(language)

    assert kept([line, *body]) == kept([*body[:2], line, *body[2:]]) == kept([*body, line]) == body
    assert cleaned([line, *body]).removed == (Removed(line, "widget"),)


@pytest.mark.parametrize(("language", "heading"), HEADED)
def test_a_heading_at_the_end_goes_with_its_teasers(language: str, heading: str) -> None:
    body = article_of(language)
    teasers = [f"{SPEECH[language][:40].rstrip('.։ ')} {number}" for number in range(3)]

    assert kept([*body, heading]) == kept([*body, heading, *teasers]) == body
    assert kept([*body, heading, "- " + teasers[0], "- " + teasers[1]]) == body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_comment_form_goes_with_all_its_fields(language: str) -> None:
    body = article_of(language)

    found = cleaned([*body, *FORMS[language]])

    assert found.text.split("\n") == body
    assert found.removed == (Removed("\n".join(FORMS[language]), "widget"),)


@pytest.mark.parametrize("language", LANGUAGES)
def test_furniture_glued_to_the_last_sentence_goes(language: str) -> None:
    body, (first, second, *_) = article_of(language), HEADINGS[language]

    for tail in (first, f"{first}{second}", f" {first} {second}", f"{first}\n{second}"):
        assert kept([*body[:-1], body[-1] + tail]) == body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_heading_in_the_middle_goes_with_its_list_and_the_article_goes_on(language: str) -> None:
    body, heading = article_of(language), HEADINGS[language][1]

    assert kept([*body[:2], heading, "- One", "- Two", *body[2:]]) == body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_that_leads_to_another_article_goes(language: str) -> None:
    body = article_of(language)
    also = next(phrase for kind, spoken, phrase in rows() if (kind, spoken) == ("lead", language))

    assert kept([*body[:2], f"{also}: {SPEECH[language][:40].rstrip('.։ ')}", *body[2:]]) == body


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_at_the_end_go_wherever_their_lines_break(language: str) -> None:
    body = article_of(language)
    tags = next(phrase for kind, spoken, phrase in rows() if (kind, spoken) == ("tags", language))

    assert kept([*body, f"{tags}: Basra", "Mosul", "Erbil"]) == kept([*body, f"{tags}: Basra, Mosul"]) == body


@pytest.mark.parametrize(("language", "line"), [(key, line) for key, lines in NEAR_MISSES.items() for line in lines])
def test_running_text_that_begins_like_furniture_stays(language: str, line: str) -> None:
    body = article_of(language)

    assert kept([*body[:2], line, *body[2:]]) == [*body[:2], line, *body[2:]]
    assert kept([*body, line]) == [*body, line]


@pytest.mark.parametrize(
    "line",
    [
        "Facebook Twitter WhatsApp Telegram",
        "Share Facebook 12 Email",
        "واتساب فيسبوك تلغرام",
        "Paylaş Facebook X",
        "Փոստ Facebook",
    ],
)
def test_a_bar_of_networks_goes_but_not_a_sentence_about_them(line: str) -> None:
    body = article_of("en")
    about = "Facebook bought WhatsApp and Telegram did not follow"

    is_bar = not line.startswith("Փոստ")
    assert kept([*body, line]) == (body if is_bar else [*body, line])
    assert kept([*body[:3], about, body[3]]) == [*body[:3], about, body[3]]


@pytest.mark.parametrize(
    "line",
    [
        "Updated 26 June 2018",
        "July 13, 2021",
        "20/11/2026 - 10:15",
        "آخر تحديث: 20 تشرين الثاني 2026، 10:15 بتوقيت بغداد",
        "تاریخ انتشار: ۲۹ آبان ۱۴۰۵ - ساعت ۱۰:۱۵",
        "21 تشرینی دووەم 2026",
        "20 Kasım 2026 Cuma, 10:15",
        "פורסם בתאריך 20 בנובמבר 2026",
        "Հրապարակվել է 20 նոյեմբերի 2026",
        "Yenilənib: 20 noyabr 2026, 10:15",
        "Publié le 20 novembre 2026 à 10 h 15",
        "Updated at 1:23 p.m.",
    ],
)
def test_a_dateline_goes_above_and_below_the_article_but_not_inside(line: str) -> None:
    body = [f"{number}. {SPEECH['en']}" for number in range(1, 15)]

    assert kept([line, *body]) == kept([*body, line]) == body
    assert kept([*body[:10], line, *body[10:]]) == [*body[:10], line, *body[10:]]


@pytest.mark.parametrize("line", ["2026", "02-751-1500", "In Basra, 2026", "1 2 3"])
def test_numbers_alone_are_no_dateline(line: str) -> None:
    assert kept([line, *article_of("en")])[0] == line


def test_a_footer_does_not_end_an_article_that_goes_on() -> None:
    body = article_of("en")

    assert kept([body[0], "Latest news", *body[1:]]) == body
    assert kept([*body[:2], "Latest news", "Prices fall", f"{SPEECH['en']} " * 4]) == [
        *body[:2],
        "Prices fall",
        (f"{SPEECH['en']} " * 4).strip(),
    ]


def test_a_footer_that_would_be_most_of_the_page_does_not_end_it() -> None:
    body = article_of("en")
    teasers = [f"A teaser of some length that ends like a headline does, number {number}" for number in range(20)]

    assert kept([*body, "Latest news", *teasers]) == [*body, *teasers]


def test_very_long_lists_are_no_footer() -> None:
    body, names = article_of("en") * 30, [f"Name {number}" for number in range(400)]

    assert kept([*body, "Related", *names])[-1] == "Name 399"


def test_a_footer_of_headlines_and_their_summaries_goes() -> None:
    body = article_of("en")
    teasers = ["Prices fall again", "Bread is cheaper than a year ago.", "Is rain coming?", "Forecasters are not sure."]

    assert kept([*body, "More from the Post", *teasers]) == body


def test_a_comment_form_goes_with_the_comments_below_it() -> None:
    body = article_of("en")
    comments = ["Name", "A reader: I was there, and it was not so.", "Another: I agree with all that was said."]

    assert kept([*body, "Leave a Reply", *comments]) == body
    assert kept([body[0], "Leave a comment", *body[1:]]) == body


def test_words_of_a_form_alone_are_the_articles_own_but_at_the_end() -> None:
    body = article_of("en")

    assert kept([*body[:2], "Name", *body[2:]]) == [*body[:2], "Name", *body[2:]]
    assert kept([*body, "Comments"]) == body


@pytest.mark.parametrize("line", ["© 2026 Harbour Post", "Copyright © Harbour Post Ltd.", "© dpa"])
def test_a_note_of_ownership_goes(line: str) -> None:
    assert kept([*article_of("en"), line]) == article_of("en")


def test_a_sentence_that_ends_in_a_capital_word_is_not_cut() -> None:
    body = [*article_of("en")[:3], "The newspaper is called eKathimerini and its rival iNews", "They met in McDonald"]

    assert kept(body) == body


def test_the_table_is_sound() -> None:
    kinds = {"widget", "heading", "form", "field", "lead", "tags", "share", "time", "network"}
    found = rows()

    assert {kind for kind, _, _ in found} == kinds
    assert {language for kind, language, _ in found if kind == "network"} == {"*"}
    assert all(tokens(phrase) for _, _, phrase in found)
    assert [row for row, count in Counter(found).items() if count > 1] == []
    text = (files("pipeline.clean") / "furniture.tsv").read_text(encoding="utf-8")
    assert text.startswith("# ")


@pytest.mark.parametrize("kind", ["widget", "heading", "form", "field", "lead", "tags", "share", "time"])
def test_every_kind_is_worded_in_every_language(kind: str) -> None:
    assert {language for found, language, _ in rows() if found == kind} == set(LANGUAGES)


def test_no_phrase_begins_with_a_slot_for_any_words_and_none_has_three() -> None:
    phrases = [phrase.split() for kind, _, phrase in rows() if kind in ("widget", "heading", "form", "field")]

    assert [phrase for phrase in phrases if phrase[0] == "*" or phrase.count("*") > 2] == []


def test_every_phrase_is_found_with_its_slots_filled() -> None:
    kinds: dict[str, set[str]] = {}
    for kind, _, phrase in rows():
        if kind in ("widget", "heading", "form", "field"):
            kinds.setdefault(phrase.replace("*", "one two").replace("#", "12").replace("@", "Telegram"), set()).add(
                kind
            )
    same: dict[tuple[str, ...], set[str]] = {}
    for line, found in kinds.items():
        same.setdefault(tuple(tokens(line)), set()).update(found)

    assert {line for line in kinds if table().kind(line, tuple(tokens(line))) not in same[tuple(tokens(line))]} == set()
