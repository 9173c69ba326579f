"""Furniture in ten languages: what goes as a whole line or block, and what in running text must stay."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path
from time import process_time

import pytest

from pipeline.clean import Clean, Remember
from pipeline.clean.phrases import rows, table
from pipeline.fold import tokens
from pipeline.model import Article, Removed
from tests.outlet import Piece, page

LINES = Path(__file__).parent / "golden" / "pages" / "lines.tsv"
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
DISCUSSIONS = {
    "ar": ["انضم إلى النقاش", "سجل الدخول للتعليق", "الأحدث", "12 تعليقاً"],
    "fa": ["به گفتگو بپیوندید", "برای نوشتن دیدگاه باید وارد بشوید.", "جدیدترین", "۱۲ نظر"],
    "ckb": ["بەشداری گفتوگۆکە بکە", "بۆ نووسینی لێدوان بچۆ ژوورەوە", "نوێترین", "١٢ لێدوان"],
    "kmr": ["Tev li gotûbêjê bibe", "Ji bo şîroveyê têkeve", "Yên nû", "12 şîrove"],
    "tr": ["Tartışmaya katıl", "Yorum yapabilmek için oturum açmalısınız.", "En yeniler", "12 yorum"],
    "he": ["הצטרפו לדיון", "יש להתחבר כדי להגיב", "מהחדש לישן", "12 תגובות"],
    "hy": ["Միացեք քննարկմանը", "Մեկնաբանություն թողնելու համար մուտք գործեք", "Նորերը", "12 մեկնաբանություն"],
    "az": ["Müzakirəyə qoşulun", "Şərh yazmaq üçün daxil olun", "Ən yenilər", "12 şərh"],
    "fr": [
        "Rejoignez la discussion",
        "Vous devez être connecté pour publier un commentaire.",
        "Trier par",
        "12 commentaires",
    ],
    "en": ["Join the discussion", "Log in with Facebook or Google to comment", "Sort by newest", "12 comments"],
}


def article_of(language: str) -> list[str]:
    """Four paragraphs of running text, no two alike."""
    return [f"{number}. {SPEECH[language]}" for number in range(1, 5)]


def cleaned(lines: list[str]) -> Article:
    return Clean()(Article("id", "u", text="\n".join(lines)))


def kept(lines: list[str]) -> list[str]:
    return cleaned(lines).text.split("\n")


def lines_of(fate: str) -> list[tuple[str, str, str]]:
    """Lines of pages that go or stay: (language, what they are, line)."""
    parts = (line.split("\t") for line in LINES.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return [(language, topic, line) for found, language, topic, line in parts if found == fate]


HEADED = [(language, line) for language in LANGUAGES for line in HEADINGS[language]]


@pytest.mark.parametrize(("language", "topic", "line"), lines_of("goes"))
def test_a_widget_line_goes_wherever_it_stands(language: str, topic: str, line: str) -> None:
    body = article_of(language) * (topic != "dates") or [f"{number}. {SPEECH[language]}" for number in range(20)]

    assert kept([line, *body]) == kept([*body, line]) == body
    assert topic == "dates" or kept([*body[:2], line, *body[2:]]) == body
    assert cleaned([line, *body]).removed == (Removed(line, "widget", 0),)


@pytest.mark.parametrize(("language", "topic", "line"), lines_of("stays"))
def test_running_text_that_reads_like_furniture_stays(language: str, topic: str, line: str) -> None:
    body = article_of(language)

    assert topic != "goes"
    assert kept([*body[:2], line, *body[2:]]) == [*body[:2], line, *body[2:]]
    assert kept([*body, line]) == [*body, line]


def test_no_kind_of_line_is_untold_in_any_language() -> None:
    told = {language: {topic for spoken, topic, _ in lines_of("goes") if spoken == language} for language in LANGUAGES}
    near = {language: {topic for spoken, topic, _ in lines_of("stays") if spoken == language} for language in LANGUAGES}

    assert all(told[language] - {"end"} == told["en"] | {"widget"} for language in LANGUAGES), told
    assert all(
        {"start", "quote", "speech", "telegram", "colon", "heading", "verse"} <= near[language] for language in near
    )


@pytest.mark.parametrize(("language", "heading"), HEADED)
def test_a_heading_at_the_end_goes_with_its_teasers(language: str, heading: str) -> None:
    body = article_of(language)
    teasers = [f"{SPEECH[language][:40].rstrip('.։ ')} {number}" for number in range(3)]

    assert kept([*body, heading]) == kept([*body, heading, *teasers]) == body
    assert kept([*body, heading, "- " + teasers[0], "- " + teasers[1]]) == body


@pytest.mark.parametrize("form", [forms[language] for language in LANGUAGES for forms in (FORMS, DISCUSSIONS)])
def test_a_comment_form_goes_with_all_its_fields(form: list[str]) -> None:
    body = article_of("en")

    found = cleaned([*body, *form])

    assert found.text.split("\n") == body
    assert found.removed == (Removed("\n".join(form), "widget", 4),)


@pytest.mark.parametrize("language", LANGUAGES)
def test_furniture_glued_to_the_last_sentence_goes(language: str) -> None:
    body, (first, second, *_) = article_of(language), HEADINGS[language]

    for tail in (first, f"{first}{second}", f" {first} {second}", f"{first}\n{second}"):
        assert kept([*body[:-1], body[-1] + tail]) == body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_heading_in_the_middle_goes_with_its_list_and_the_article_goes_on(language: str) -> None:
    body, heading = article_of(language), HEADINGS[language][1]

    assert kept([*body[:2], heading, "- One", "- Two", *body[2:]]) == body


LISTS = {
    "ar": ("آخر الأخبار", "الحشد الشعبي ينتشر في البصرة"),
    "fa": ("آخرین خبرها", "حزب‌الله مواضع تازه گرفت"),
    "ckb": ("دوایین هەواڵەکان", "پێشمەرگە گەیشتە کەرکووک"),
    "kmr": ("Nûçeyên dawî", "Pêşmerge gihîşt Kerkûkê"),
    "tr": ("Son dakika", "PKK silah bıraktığını duyurdu"),
    "he": ("חדשות אחרונות", "חיזבאללה פרסם הודעה"),
    "hy": ("Վերջին լուրեր", "Նախարարը ժամանեց Երևան"),
    "az": ("Son xəbərlər", "Nazir Bakıya gəldi"),
    "fr": ("Dernières nouvelles", "Le Hezbollah publie un communiqué"),
    "en": ("Top stories", "10:15 - Araghchi arrives in Muscat"),
}
"""Per language a heading of teasers, which may also head a list of the article's own, and an item of such a list."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_goes_with_its_heading_only_where_it_is_links(language: str) -> None:
    body, (heading, item) = article_of(language), LISTS[language]
    items = [f"- {item} {number}" for number in "abcd"]

    for above, below in ((body, []), (body[:3], body[3:])):
        for listed in (items, [line.removeprefix("- ") for line in items]):
            found = Clean()(page(1, *above, heading, *listed, *below))
            assert found.text.split("\n") == [*above, *listed, *below]
            linked = Clean()(page(1, *above, heading, *(Piece(line, link=True) for line in listed), *below))
            assert linked.text.split("\n") == body


def test_each_list_at_the_end_is_judged_by_its_own_links() -> None:
    body, own = article_of("en"), ["Araghchi arrives in Muscat", "The Houthis say no", "Rain in Basra"]
    links = [Piece(f"Prices fall in market {number}", link=True) for number in range(3)]

    found = Clean()(page(1, *body, "Top stories", *own, "Related news", *links))

    assert found.text.split("\n") == [*body, *own]


def test_summaries_dates_and_furniture_among_links_are_no_list_of_the_articles_own() -> None:
    body = article_of("en")
    teasers: list[str | Piece] = []
    for number in "abc":
        linked = Piece(f"Prices fall in market {number}", link=True)
        teasers += [linked, f"What traders say of the new prices at the old market {number}", "21 November 2026"]

    found = Clean()(page(1, *body, "Related news", *teasers, "Share this article"))

    assert found.text.split("\n") == body


def test_what_stands_below_the_links_of_a_heading_is_the_articles_own() -> None:
    body, links = article_of("en"), [Piece(f"Prices fall in market {number}", link=True) for number in range(2)]
    own = ["What the ministers want", "Who pays for the bridge"]

    assert Clean()(page(1, *body[:2], "Read also", links[0], *own[:1], *body[2:])).text.split("\n") == [
        *body[:2],
        *own[:1],
        *body[2:],
    ]
    assert Clean()(page(1, *body, "Read also", *links, *own)).text.split("\n") == [*body, *own]
    assert Clean()(page(1, *body, Piece("Top stories", link=True), *own)).text.split("\n") == [*body, *own]


def test_of_an_article_whose_place_on_the_page_is_not_known_the_wording_decides() -> None:
    body = article_of("en")
    text = Article("id", "u", text="\n".join([*body, "Top stories", "- One", "- Two"]))

    assert Clean()(Remember()(text)).text == Clean()(text).text == "\n".join(body)


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
        "Last updated at 12:05 PM on 15th December 2026",
        "نشر في20 تشرين الثاني 2026",
        "۳۰ آبان ۱۴۰۵ - ۱۰:۱۵ ق.ظ",
        "20 Kasım2026Cuma",
        "Publié le 20/11/2026 à 10h15",
    ],
)
def test_a_dateline_goes_above_and_below_the_article_but_not_inside(line: str) -> None:
    body = [f"{number}. {SPEECH['en']}" for number in range(1, 15)]

    assert kept([line, *body]) == kept([*body, line]) == body
    assert kept([*body[:10], line, *body[10:]]) == [*body[:10], line, *body[10:]]


@pytest.mark.parametrize("line", ["2026", "02-751-1500", "In Basra, 2026", "1 2 3"])
def test_numbers_alone_are_no_dateline(line: str) -> None:
    assert kept([line, *article_of("en")])[0] == line


@pytest.mark.parametrize(
    ("line", "goes"),
    [
        ("Photo: Reuters.", True),
        ("Photo: the bridge on Friday, a day after the flood.", False),
        ("Photo by Ahmed Saad", True),
        ("Photo by one of the many soldiers who were there", False),
        ("(AP Photo/Hadi Mizban)", True),
        ("Hadi Mizban / Basra", False),
        ("The report, seen by AFP/Reuters, names nobody else at all", False),
    ],
)
def test_who_took_a_picture_goes_but_not_what_it_shows(line: str, goes: bool) -> None:  # noqa: FBT001 - a column
    body = article_of("en")

    assert kept([*body[:2], line, *body[2:]]) == (body if goes else [*body[:2], line, *body[2:]])


def test_fields_and_networks_go_beside_furniture_and_in_a_row_only() -> None:
    body = article_of("en")

    assert kept([*body[:2], "Share this article", "Email", "Telegram", *body[2:]]) == body
    assert kept([*body[:2], "Cancel", "https://port.example/s/1", "Short link", *body[2:]]) == body
    assert kept([*body[:2], "Facebook", "WhatsApp", *body[2:]]) == body
    assert kept([*body[:2], "FacebookWhatsAppTelegram", *body[2:]]) == body
    for alone in ("Telegram", "Email", "https://port.example/s/1", "Line"):
        assert kept([*body[:2], alone, *body[2:]]) == [*body[:2], alone, *body[2:]]


def test_teasers_without_list_marks_go_where_paragraphs_end_in_full_stops() -> None:
    body, teasers = article_of("en"), ["Prices fall", "Is rain coming?", "Bread is dearer in Erbil"]

    assert kept([*body[:2], "Related news", *teasers, *body[2:]]) == body
    assert kept([*body[:2], "Related news", "Prices fall", '"We go on"', *body[2:]]) == [
        *body[:2],
        '"We go on"',
        *body[2:],
    ]
    assert kept([*body[:2], "Related news", *teasers * 3, *body[2:]]) == [*body[:2], *teasers * 3, *body[2:]]
    assert kept(["Breaking news", "Border opens after two days", *body]) == ["Border opens after two days", *body]
    bare = [line.rstrip(".") for line in body]
    assert kept([*bare[:2], "Related news", *teasers, *bare[2:]]) == [*bare[:2], *teasers, *bare[2:]]


def test_paragraphs_without_full_stops_are_no_teasers() -> None:
    body = [line.rstrip(". ") for line in article_of("ar")]
    long = [f"{line} {line}" for line in body]

    assert kept([*long[:3], "اقرأ أيضاً", long[3]]) == long


def test_a_colon_is_the_full_stop_of_an_armenian_sentence() -> None:
    body = [line.replace("։", ":") for line in article_of("hy")]

    assert kept([*body[:3], "Կարդացեք նաև", body[3]]) == body
    assert kept([*body[:2], "Կարդացեք նաև", "Գները նվազել են", *body[2:]]) == body
    assert kept([*body[:3], body[3] + "Վերջին լուրեր"]) == body


def test_a_number_with_a_point_is_not_cut() -> None:
    body = article_of("tr")

    assert cleaned([*body, "Bu haber 1.204 kez okundu"]).removed == (Removed("Bu haber 1.204 kez okundu", "widget", 4),)


@pytest.mark.parametrize(
    "text",
    [
        "latestnews" * 100_000,
        "Share " * 200_000,
        f"{'Follow us on Telegram ' * 9}\n" * 2_000,
        f"{'x.y' * 40}\n" * 2_000,
        f"{'!' * 120}x\n" * 2_000,
        f"{'a/' * 60}\n" * 2_000,
        f"{'1 ' * 30}\n" * 2_000,
        f"{'a-b.' * 30}\n" * 2_000,
        f"{'Tags: ' * 30}\n" * 2_000,
    ],
    ids=lambda text: text[:9],
)
def test_hostile_lines_end_in_linear_time(text: str) -> None:
    started = process_time()

    cleaned([text])

    assert process_time() - started < 4


def test_a_footer_does_not_end_an_article_that_goes_on() -> None:
    body = article_of("en")

    assert kept([body[0], "Latest news", *body[1:]]) == body
    assert kept([*body[:2], "Latest news", "Prices fall", f"{SPEECH['en']} " * 4]) == [
        *body[:2],
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
    everywhere = {"network", "homonym", "agency"}
    kinds = {"widget", "heading", "form", "field", "lead", "tags", "credit", "share", "time"} | everywhere
    found = rows()

    assert {kind for kind, _, _ in found} == kinds
    assert {kind for kind, language, _ in found if language == "*"} == everywhere
    assert all(tokens(phrase) for _, _, phrase in found)
    assert [row for row, count in Counter(found).items() if count > 1] == []
    text = (files("pipeline.clean") / "furniture.tsv").read_text(encoding="utf-8")
    assert text.startswith("# ")


@pytest.mark.parametrize(
    ("kind", "least"),
    [("widget", 300), ("heading", 100), ("form", 40), ("field", 80), ("lead", 40), ("tags", 8), ("credit", 12)],
)
def test_no_language_is_poor_in_any_kind(kind: str, least: int) -> None:
    found = Counter(language for found, language, _ in rows() if found == kind)

    assert set(found) == set(LANGUAGES)
    assert min(found.values()) >= least, found


@pytest.mark.parametrize("kind", ["share", "time"])
def test_every_kind_of_words_is_worded_in_every_language(kind: str) -> None:
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
