"""Articles to look at: scripts of both directions, two of one story, one with removed lines, a hostile one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.model import Article, Changes, Location, Mention, Outlet, Removed, Stored
from tests.command_line import Desk, article

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PMF_NAMES = ("Popular Mobilization Forces", "PMF", "الحشد الشعبي", "حشد شعبی")
TIGRIS = Outlet("tigris", "صحيفة دجلة", "IQ", ("ar",), "party")
ALBORZ = Outlet("alborz", "البرز پرس", "IR", ("fa",), "state")
GALIL = Outlet("galil", "חדשות הגליל", "IL", ("he",), "private")
LORI = Outlet("lori", "Լոռու լուրեր", "AM", ("hy",), "independent")
BOSPHORUS = Outlet("bosphorus", "Boğaz Haber", "TR", ("tr",), "private")
CHIYA = Outlet("chiya", "چیا نیوز", "IQ", ("ckb",), "public")
VOICE = Outlet("voice", "BBC صوت", "GB", ("ar",), "public")
EVIL = Outlet("evil", "<b>Evil</b>", "XX", ("en",), "unknown")
AL_QAIM, BAGHDAD, DOHUK = Location(34.38, 41.09), Location(33.34, 44.40), Location(36.87, 42.99)

ACTORS = """
- {id: pmf, names: {en: Popular Mobilization Forces}, aliases: {en: [PMF], ar: [الحشد الشعبي], fa: [حشد شعبی]}}
- {id: pkk, names: {en: PKK}}
"""

_WALL = "قال ناطق إن الحشد الشعبي بدأ صباح اليوم بناء جدار قرب القائم.\nولم تعلق الحكومة على الخبر."
WALL = article(
    "https://tigris.example/wall",
    title="الحشد الشعبي يبدأ بناء جدار على الحدود",
    text=_WALL,
    language="ar",
    published_at=NOW - 2 * HOUR,
    published_from="page",
    outlet=TIGRIS,
    actors=("pmf",),
    actor_names=PMF_NAMES,
    mentions=(
        Mention("pmf", "الحشد الشعبي", "الحشد الشعبي يبدأ بناء جدار على الحدود", 0, 12, "title"),
        Mention("pmf", "الحشد الشعبي", _WALL.partition("\n")[0], 12, 24, "text"),
    ),
    regions=("IQ", "IQ-AN"),
    locations=(AL_QAIM, BAGHDAD),
    removed=(
        Removed("اشترك في قناتنا\nتابعنا", "outlet-repeats", 1, 7),
        Removed("أخبار أخرى", "links"),
        Removed("\n".join(f"عنوان {n}" for n in range(5)), "slot", 4),
    ),
)
WALL_COPY = article(
    "https://galil.example/wall",
    title="الحشد الشعبي يبني جداراً على الحدود",
    text=_WALL,
    language="ar",
    published_at=NOW - HOUR,
    outlet=GALIL,
    actors=("pmf",),
    actor_names=PMF_NAMES,
    regions=("IQ",),
    story=WALL.id,
    lead=False,
    copy_of=WALL.id,
    first_outlet="tigris",
)
VISIT = article(
    "https://alborz.example/visit",
    title="هیئت حشد شعبی به کرمانشاه رفت",
    text="این هیئت می‌تواند فردا بازگردد.",
    language="fa",
    published_at=NOW - 3 * DAY,
    outlet=ALBORZ,
    actors=("pmf",),
    actor_names=PMF_NAMES,
    regions=("IR",),
)
ROAD = article(
    "https://chiya.example/road",
    title="ڕێگای نوێی دهۆک کرایەوە",
    text="ڕێگاکە لە دهۆکەوە دەست پێدەکات.",
    language="ckb",
    published_at=NOW - 4 * DAY,
    outlet=CHIYA,
    regions=("IQ",),
    locations=(DOHUK,),
)
WATER = article(
    "https://galil.example/water",
    title='צה"ל פתח שער מים בגליל',
    text="השער נפתח ביום שני (12:30) לבקשת החקלאים.",
    language="he",
    published_at=NOW - 5 * DAY,
    outlet=GALIL,
    regions=("IL",),
)
SCHOOL = article(
    "https://lori.example/school",
    title="Լոռիում նոր դպրոց է բացվել",
    text="Դպրոցը կընդունի երկու հարյուր աշակերտ։",
    language="hy",
    published_at=NOW - 6 * DAY,
    outlet=LORI,
    regions=("AM",),
)
TALKS = article(
    "https://bosphorus.example/talks",
    title="PKK'nın çekilmesi IŞİD sonrası gündemde",
    text="Komisyon üyeleri Kandil yolunu konuştu.",
    language="tr",
    published_at=NOW - 10 * DAY,
    outlet=BOSPHORUS,
    actors=("pkk",),
    actor_names=("PKK",),
    mentions=(Mention("pkk", "PKK", "PKK'nın çekilmesi", 0, 3, "title"),),
    regions=("IQ", "qandil"),
)
HOSTILE = article(
    "https://evil.example/x",
    title='<script>alert("title")</script> "><img src=https://stranger.example/x onerror=alert(1)>',
    text="<script>alert('text')</script> PMF said </mark><style>*{display:none}</style>\n{{ 7 * 7 }} {% raw %}",
    language='en" onload="alert(1)',
    published_at=NOW - 20 * DAY,
    outlet=EVIL,
    actors=("<i>x</i>",),
    actor_names=("PMF",),
    mentions=(
        Mention("<i>x</i>", "PMF", "", 31, 34, "text"),
        Mention("late", "PMF", "", 9_000, 9_003, "text"),
        Mention("twice", "PMF said", "", 31, 39, "text"),
    ),
    regions=("<u>region</u>",),
    locations=(Location(10.0, 10.0),),
    removed=(Removed("<script>alert('removed')</script>", "<s>odd</s>", 1, 1, "https://evil.example/<y>"),),
)
DRONES = article(
    "https://voice.example/drones",
    title="F-35 حلقت فوق الجزيرة",
    text="BBC: حلقت طائرتان فوق الجزيرة أمس.\nPKK تعلن انسحاب آخر مجموعة.\n2026/11/21",
    language="ar",
    published_at=NOW - 25 * DAY,
    outlet=VOICE,
    removed=(Removed("iPhone: حمّل تطبيقنا\nDownload our app", "outlet-repeats", 1, 7),),
)
"""Arabic, and a Latin word at the beginning of title, paragraphs and removed lines."""
UNDATED = article(
    "https://desk.example/undated", title="", text="Nobody knows when.\x00\x0b", language="und", flags=("feed-text",)
)
SHELF = (WALL, WALL_COPY, VISIT, ROAD, WATER, SCHOOL, TALKS, HOSTILE, DRONES, UNDATED)
"""All of them, the newest first but for the copy, which came after its original."""


def shelved(folder: Path) -> Desk:
    """A desk whose store holds the shelf."""
    folder.mkdir(exist_ok=True)
    desk = Desk(folder).write(actors=ACTORS)
    add(desk, *SHELF)
    return desk


def add(desk: Desk, *articles: Article) -> None:
    """Write articles into the store of a desk."""
    store = desk.opened()
    store.save(Changes(articles=tuple(map(Stored, articles))))
    store.close()
