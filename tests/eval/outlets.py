"""Invented outlets: seeded stories in ten languages, laid out as regional outlets do, with their text beside each page.

Sentences are those that this repository holds already, put together anew; what stands around them (`outlets.yaml`) is
worded so that only the outlet's own pages can tell it from text, and stands where `layouts.yaml` puts it.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from html import escape
from itertools import permutations
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from pipeline.newsroom.stories import RTL, outlets, read

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden" / "pages"
SENTENCE_END = re.compile(r"(?<=[.!?؟։۔])\s+")
SENTENCE_CHARACTERS = range(60, 240)
ALIKE = 20  # characters at the beginning by which two sentences are versions of one
FLASH = "flash"
FLASH_CHARACTERS = 200
TEASERS = 4
FIRST = datetime(2026, 11, 1, 6, tzinfo=UTC)
EASTERN = {"ar": "٠١٢٣٤٥٦٧٨٩", "ckb": "٠١٢٣٤٥٦٧٨٩", "fa": "۰۱۲۳۴۵۶۷۸۹"}
BUILD = "x7Yz"
WORDING: Mapping[str, Mapping[str, Any]] = read(HERE / "outlets.yaml")
LAYOUTS: Mapping[str, Mapping[str, str]] = read(HERE / "layouts.yaml")
LANGUAGES = tuple(WORDING)


class Story(NamedTuple):
    """What an outlet writes: a headline and the lines of its text."""

    title: str
    lines: tuple[str, ...]


class Page(NamedTuple):
    """One page as the web answers it, and the text that should be left of it."""

    url: str
    html: str
    text: str


@cache
def pool(language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The headlines and sentences of a language, of several versions the first."""
    headlines, sentences = dict[str, str](), dict[str, str]()
    for title, lines in _held()[language]:
        for sentence in (each for line in lines for each in SENTENCE_END.split(line)):
            if len(sentence) in SENTENCE_CHARACTERS:
                sentences.setdefault(sentence[:ALIKE], sentence)
        headlines.setdefault(title[:ALIKE], title)
    headlines.pop("", None)
    return tuple(headlines.values()), tuple(sentences.values())


@cache
def _held() -> Mapping[str, Sequence[tuple[str, Sequence[str]]]]:
    """Headlines with their lines, by language: what the newsroom, the golden pages and the other floors hold."""
    held: defaultdict[str, list[tuple[str, Sequence[str]]]] = defaultdict(list)
    for outlet in outlets():
        held[outlet.language] += [(story.title, story.paragraphs) for story in outlet.stories]
    for path in sorted(GOLDEN.glob("*.txt")):
        title, language, _, _, *lines = path.read_text(encoding="utf-8").splitlines()
        held[language].append((title, lines))
    for line in (HERE / "sentences.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        language, kind, text = line.split("\t")
        held[language].append((text, ()) if kind == "headline" else ("", (text,)))
    for line in (HERE / "names.tsv").read_text(encoding="utf-8").splitlines():
        language, _, _, text = line.split("\t")
        held[language].append(("", (text,)))
    return held


class Outlet:
    """An outlet that writes stories and shows them on pages; all by its seed."""

    def __init__(self, language: str, layout: str, seed: str = "") -> None:
        self.id = f"{layout}{seed}.{language}.example"
        self.language = language
        self.layout = layout
        self.words = WORDING[language]
        self._dice = random.Random(self.id)  # noqa: S311 - seeded choice, no secret
        headlines, sentences = pool(language)
        shuffled = self._dice.sample(sentences, len(sentences))
        self.background, self.quote, self._sentences = " ".join(shuffled[:3]), shuffled[3], shuffled[4:]
        self._titles = self._headlines(self._dice.sample(headlines, len(headlines)))
        self._known = [next(self._titles) for _ in range(2 * TEASERS)]
        self._used = set[frozenset[str]]()
        self._shown = 0

    def story(self) -> Story:
        """A story that shares no line with another one; of two sentences at least, where it is no flash."""
        title = next(self._titles)
        self._known.append(title)
        if self.layout == FLASH:
            return Story(title, (self._line(set(), 1),))
        spoken = set[str]()
        lines = [self._line(spoken, self._dice.choice((1, 2, 2, 3))) for _ in range(self._dice.randint(3, 6))]
        if self._dice.random() < 1 / 3:
            lines[0] = f"{self.words['city']} - {lines[0]}"
        if self._dice.random() < 1 / 3:  # running text may hold what stands around it elsewhere
            lines[1] = f"«{self.words['slogan']}»: {lines[1]}"
        return Story(title, tuple(lines))

    def page(self, story: Story, build: str = BUILD, layout: str = "", second: Story | None = None) -> Page:
        """The page of a story, the next in time; `second` is appended to it, where its layout can."""
        frame, number = LAYOUTS[layout or self.layout], self._shown
        self._shown += 1
        url = f"https://{self.id}/news/{1000 + number}"
        lines = [Template(frame["line"]).substitute(line=escape(line), build=build) for line in story.lines]
        teasers = self._dice.sample([each for each in self._known[-3 * TEASERS :] if each != story.title], TEASERS)
        filled = {key: escape(value) for key, value in self._furniture().items()} | {
            "language": self.language,
            "direction": "rtl" if self.language in RTL else "ltr",
            "title": escape(story.title),
            "url": url,
            "at": (FIRST + timedelta(hours=number)).isoformat(),
            "build": build,
            "body": frame.get("between", "").join(lines),
            "teasers": "".join(
                Template(frame["teaser"]).substitute(line=escape(each), url=f"/news/{500 + place}", build=build)
                for place, each in enumerate(teasers)
            ),
            "linked": json.dumps({"@type": "NewsArticle", "url": url, "articleBody": "\n".join(story.lines)}),
            "second": self._second(frame, second) if second else "",
        }
        return Page(url, Template(frame["frame"]).substitute(filled), "\n".join(story.lines))

    def pages(self, count: int) -> list[Page]:
        """So many pages of stories that have nothing in common."""
        return [self.page(self.story()) for _ in range(count)]

    def _line(self, spoken: set[str], count: int) -> str:
        """So many sentences that the story has not had yet, as no line of the outlet has had them."""
        left = [each for each in self._sentences if each not in spoken]
        if self.layout == FLASH:
            left = [each for each in left if len(each) < FLASH_CHARACTERS]
        while frozenset(chosen := self._dice.sample(left, count)) in self._used:
            count += self.layout != FLASH and count == 1
        self._used.add(frozenset(chosen))
        spoken.update(chosen)
        return " ".join(chosen)

    def _headlines(self, plain: Sequence[str]) -> Iterator[str]:
        yield from plain
        for one, other in permutations(plain, 2):
            yield f"{one}; {other}"

    def _furniture(self) -> dict[str, str]:
        """What stands around the next page: its numbers differ, and one story in three has no author."""
        words = {
            key: value.replace("{n}", self._number()) for key, value in self.words.items() if isinstance(value, str)
        }
        donation, more = self.words["donation"]
        bio = self._dice.choice(("", *self.words["bios"]))
        return words | {"donation": donation, "more": more, "bio": bio}

    def _number(self) -> str:
        number = f"{self._dice.randint(1_000, 99_999):,}"
        digits = EASTERN.get(self.language)
        return number.translate(dict(zip(map(ord, "0123456789"), digits, strict=True))) if digits else number

    def _second(self, frame: Mapping[str, str], story: Story) -> str:
        body = "".join(Template(frame["line"]).substitute(line=escape(line)) for line in story.lines)
        return Template(frame["second"]).substitute(title=escape(story.title), url="/news/400", body=body)
