"""One outlet as it stands on the web at one moment: addresses, dates and texts of one edition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pipeline.newsroom.stories import SECOND, Outlet, Story

DISALLOWED = "/print/"
"""What robots.txt of an outlet keeps robots away from."""
PATH_WORDS = 3  # of the headline that some content systems put into an address


@dataclass(frozen=True)
class Site:
    """An outlet at `root` (scheme, host and port) in one edition; times are relative to `now`."""

    outlet: Outlet
    root: str
    now: datetime
    edition: int
    words: Mapping[str, str]  # furniture in the outlet's language

    @cached_property
    def zone(self) -> ZoneInfo:
        """The outlet's time zone."""
        return ZoneInfo(self.outlet.timezone)

    @cached_property
    def stories(self) -> tuple[Story, ...]:
        """What is published in this edition, newest first."""
        return tuple(story for story in self.outlet.stories if story.edition <= self.edition)

    def path(self, story: Story) -> str:
        """Path and query of a story's page, percent-encoded."""
        if story.page == "robots":
            return f"{DISALLOWED}{story.number}"
        words = "-".join(story.title.split()[:PATH_WORDS])
        facts = {"slug": story.slug, "number": story.number, "words": quote(words), "language": self.outlet.language}
        return self.outlet.system.path.format(time=self.published(story), **facts)

    def url(self, story: Story) -> str:
        """Address of a story's page."""
        return self.root + self.path(story)

    def find(self, slug: str) -> Story:
        """The story of that slug."""
        return next(story for story in self.outlet.stories if story.slug == slug)

    def published(self, story: Story) -> datetime:
        """When it went out, in the outlet's time zone, whole seconds."""
        return (self.now - timedelta(hours=story.hours)).replace(microsecond=0).astimezone(self.zone)

    def updated(self, story: Story) -> datetime:
        """When it was last touched: now, where this edition corrects it."""
        if self._corrected(story):
            return self.now.replace(microsecond=0).astimezone(self.zone)
        return self.published(story)

    def newest(self) -> datetime:
        """When anything of the site last changed."""
        return max(self.updated(story) for story in self.stories)

    def paragraphs(self, story: Story) -> tuple[str, ...]:
        """The story's own text in this edition."""
        return (*story.paragraphs, story.correction) if self._corrected(story) else story.paragraphs

    def _corrected(self, story: Story) -> bool:
        return bool(story.correction) and self.edition >= SECOND
