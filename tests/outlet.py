"""An outlet of our own making: pages as blocks in slots, remembered, told what the others know of them, and cleaned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple
from zlib import crc32

from pipeline.boilerplate import letters, recalls
from pipeline.clean import Clean, Remember
from pipeline.model import Article, Block, Known, Outlet, Removed
from pipeline.watchlist import Forced
from tests.trial import story

MAIN, FOOT, ASIDE = "body main text", "body foot", "body aside"
"""Slots: a word an element, outermost first."""

READERS = {
    "ar": "كتب لنا {} من قراء جريدة النهر رأيهم في هذا الخبر حتى يوم {}",
    "fa": "تا امروز {} خواننده روزنامه رود نظر خود را نوشته‌اند، آخرین آن‌ها در روز {}",
    "ckb": "{} خوێنەری ڕۆژنامەی ڕووبار ڕای خۆیان لەسەر ئەم هەواڵە نووسیوە تا ڕۆژی {}",
    "kmr": "{} xwendevanên rojnameya çem li ser vê nûçeyê nivîsandine, ya dawî di roja {} de",
    "tr": "Irmak gazetesinin {} okuru bu habere görüşünü yazdı, sonuncusu ayın {}. günü",
    "he": "{} קוראים של עיתון הנהר כתבו לנו על הידיעה הזאת עד יום {}",
    "hy": "Գետ թերթի {} ընթերցող արդեն գրել է իր կարծիքը այս լուրի մասին մինչև ամսի {}-ը",
    "az": "Çay qəzetinin {} oxucusu bu xəbərə öz fikrini yazıb, sonuncusu ayın {}-də",
    "fr": "{} lecteurs du journal du fleuve nous ont écrit au sujet de cette nouvelle, le dernier le {}",
    "en": "{} readers of the river paper have told us what they think of this, the last of them on day {}",
}
"""A line that an outlet prints on all its pages, with two numbers that differ."""
APPEAL = READERS["en"].format("1,204", 9)


class Piece(NamedTuple):
    """A block of a page."""

    text: str
    slot: str = MAIN
    link: bool = False

    @property
    def block(self) -> Block:
        """The block as extraction gives it."""
        path = self.slot.split()
        boxes = (crc32(" ".join(path[:depth]).encode()) % 0xFFFF + 1 for depth in range(len(path), 0, -1))
        return Block(letters(self.text), tuple(boxes), self.link)


def own(seed: int, language: str = "en", paragraphs: int = 4) -> list[str]:
    """Paragraphs of about 85 letters that stand on no page of another seed."""
    return story(seed, language, paragraphs + 1)[1:]


def headline(seed: int, language: str = "en") -> str:
    """A headline that no other seed has."""
    return " ".join(story(seed, language, 2)[1].split()[-7:])


def read(seed: int, *lines: str | Piece, around: Sequence[Piece] = (), title: str = "") -> Article:
    """A page as extraction gives it: the lines that were taken for its text, and what else stands on it."""
    pieces = [line if isinstance(line, Piece) else Piece(line) for line in lines]
    return Article(
        f"{seed:04}",
        f"https://river.example/{seed}",
        title=title or headline(seed),
        text="\n".join(piece.text for piece in pieces),
        outlet=Outlet("river"),
        blocks=tuple(piece.block for piece in (*pieces, *around)),
    )


def page(seed: int, *lines: str | Piece, around: Sequence[Piece] = (), title: str = "") -> Article:
    """A page, remembered."""
    return Remember()(read(seed, *lines, around=around, title=title))


def beside(article: Article, *lines: str) -> Article:
    """A page that was not remembered yet, with prose beside its text."""
    blocks = (*article.blocks, *(Piece(line, ASIDE).block for line in lines))
    return replace(article, blocks=blocks, removed=tuple(Removed(line, "beside") for line in lines))


def row(pages: Sequence[Article]) -> list[Known]:
    """What a store holds of the pages."""
    return [Known(each.id, each.published_at, each.digest, b"") for each in pages]


def recalled(pages: Sequence[Article]) -> list[Article]:
    """The pages of one outlet, each with what the others know of it."""
    known = recalls(row(pages), 0, len(pages) - 1)
    return [replace(each, recalled=told) for each, (_, told) in zip(pages, known, strict=True)]


def taught(pages: Sequence[Article], forced: Mapping[str, Forced] = MappingProxyType({})) -> list[Article]:
    """The pages, cleaned with what the others know."""
    return [Clean(forced)(each) for each in recalled(pages)]


def gone(article: Article) -> list[tuple[str, str]]:
    """The lines that were removed, each with its reason."""
    return [(line, piece.reason) for piece in article.removed for line in piece.text.split("\n")]
