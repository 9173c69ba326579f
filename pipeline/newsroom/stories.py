"""What the newsroom publishes, as read from its data files: outlets and their stories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Any
from zlib import crc32

import yaml

HERE = Path(__file__).parent
SECOND = 2  # the edition that corrects
RTL = frozenset({"ar", "ckb", "fa", "he"})


@dataclass(frozen=True)
class Story:
    """One item of an outlet's feed, and the page behind it."""

    slug: str  # unique within the outlet, letters of the URL
    hours: float  # before `now`
    title: str
    paragraphs: tuple[str, ...] = ()
    author: str = ""
    section: str = ""
    tags: tuple[str, ...] = ()
    edition: int = 1  # first edition in which it stands
    correction: str = ""  # a paragraph added at the end in the second edition
    repeat: int | None = None  # index of a paragraph that stands on the page once more, at its end
    headline_first: bool = False  # the headline stands again as first line of the body
    also: str = ""  # slug of the story that an inline "Read also" line links to
    scroll: str = ""  # slug of the story that endless scroll appends below
    page: str = "good"  # good, empty (200 without a body), missing (404) or robots (disallowed by robots.txt)
    linked: bool = True  # False: the feed entry has no link
    twice: bool = False  # the feed lists it twice

    @cached_property
    def number(self) -> int:
        """Six digits, as content systems number their pages."""
        return 100_000 + crc32(self.slug.encode()) % 900_000

    def changes_in(self, edition: int) -> bool:
        """Whether this edition is the first to show it so."""
        return edition == self.edition or (edition == SECOND and bool(self.correction))


@dataclass(frozen=True)
class System:
    """How one content system writes; `{...}` of each piece of HTML are filled by `str.format`."""

    frame: Template  # the page
    path: str  # of an article
    headline: str  # a link to another story
    paragraph: str
    also: str  # the inline "Read also" line
    below: str  # a second article, appended by endless scroll
    tag: str
    section: str  # in the navigation
    lead_apart: bool = False  # the first paragraph stands in the head of the page, not in its body


@dataclass(frozen=True)
class Outlet:
    """One invented outlet, its feed and its stories, newest first."""

    id: str
    name: str
    slogan: str
    country: str  # ISO 3166-1 alpha-2
    language: str
    affiliation: str
    timezone: str  # IANA name
    system: System
    feed: str  # rss, atom or json
    feed_path: str
    stories: tuple[Story, ...]
    sections: tuple[str, ...]  # of the navigation
    charset: str = "utf-8"
    full: bool = False  # the feed carries whole articles
    broken: bool = False  # the feed is no well-formed XML, though readable
    robots: bool = True  # False: robots.txt is 404
    extra_feeds: Mapping[str, str] | None = None  # path: "missing" or "html"

    @property
    def direction(self) -> str:
        """Value of the HTML attribute `dir`."""
        return "rtl" if self.language in RTL else "ltr"


def read(path: Path) -> Any:  # noqa: ANN401 - YAML holds anything; the caller knows its shape
    """Content of one of our own YAML files."""
    with path.open("rb") as file:
        return yaml.load(file, Loader=yaml.CSafeLoader)


def outlets() -> tuple[Outlet, ...]:
    """All outlets, by file name."""
    systems = {name: _system(name, data) for name, data in read(HERE / "systems" / "systems.yaml").items()}
    return tuple(_outlet(read(path), systems) for path in sorted((HERE / "outlets").glob("*.yaml")))


def furniture() -> dict[str, dict[str, str]]:
    """By language: the words that stand around an article."""
    words: dict[str, dict[str, str]] = read(HERE / "furniture.yaml")
    return words


def _system(name: str, data: dict[str, Any]) -> System:
    frame = (HERE / "systems" / f"{name}.html").read_text(encoding="utf-8")
    return System(**data, frame=Template(frame))


def _outlet(data: dict[str, Any], systems: Mapping[str, System]) -> Outlet:
    system = systems[data.pop("system")]
    stories = sorted((_story(item) for item in data.pop("stories")), key=lambda story: story.hours)
    sections = tuple(data.pop("sections"))
    return Outlet(**data, system=system, sections=sections, stories=tuple(stories))


def _story(data: dict[str, Any]) -> Story:
    """One story; in the file its text is one block with a paragraph a line."""
    paragraphs = tuple(data.pop("text", "").splitlines())
    tags = tuple(data.pop("tags", ()))
    unknown = data.keys() - {field.name for field in fields(Story)}
    if unknown:
        raise KeyError(f"{data['slug']}: {', '.join(sorted(unknown))}")
    return Story(**data, paragraphs=paragraphs, tags=tags)
