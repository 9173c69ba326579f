"""robots.txt: what a site asks robots not to read (RFC 9309), cached per scheme, host and port."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from protego import Protego

from pipeline.fetch.pace import named_wait
from pipeline.model import Answer, Drop, Retry
from pipeline.schedule import FIRST_PAUSE

FRESH = timedelta(hours=24)  # RFC 9309, section 2.4
MOST_CRAWL_DELAY = 30.0  # seconds; the line is in no standard, and some sites ask for an hour
MOST_KEPT = 8 * 2**20  # bytes of robots.txt whose rules are held; a usual file has two thousand
ENTRY = 500  # bytes that remembering a site costs, whatever it says

AGENT_LINE = re.compile(r"\s*user[-\s]*agent\b\s*:?\s*([\w-]+|\*)?", re.IGNORECASE)
OTHERS = "(others)"  # no product token


@dataclass(frozen=True, slots=True)
class Rules:
    """What one site allows until `until`, or why that is not known; `size` bytes of robots.txt."""

    until: datetime
    size: int = 0
    token: str = ""
    parser: Protego | None = None  # None: everything is allowed
    fault: Retry | None = None

    def allows(self, url: str) -> bool:
        """Tell whether a page may be asked for."""
        return self.parser is None or self.parser.can_fetch(url, self.token)

    @property
    def delay(self) -> float:
        """Seconds between two requests that the site asks for, capped."""
        asked = self.parser.crawl_delay(self.token) if self.parser else None
        return min(asked or 0.0, MOST_CRAWL_DELAY)


class Robots:
    """The rules of sites, asked for once a day."""

    def __init__(self, user_agent: str, get: Callable[[str], Awaitable[Answer]], now: Callable[[], datetime]) -> None:
        """Take our User-Agent, of which the product token counts, and how to get a robots.txt."""
        product = re.match(r"[\w-]+", user_agent)
        self._token = product[0].lower() if product else "*"
        self._get = get
        self._now = now
        self._kept: dict[str, Rules] = {}
        self._size = 0
        self._asking: dict[str, asyncio.Lock] = {}

    async def rules(self, origin: str) -> Rules:
        """The rules of "scheme://host:port". Raises Retry where they cannot be had: that is a no for now (2.3.1.4)."""
        rules = self._fresh(origin)
        if rules is None:
            async with self._asking.setdefault(origin, asyncio.Lock()):
                rules = self._fresh(origin) or await self._ask(origin)
                self._keep(origin, rules)
        if rules.fault:
            wait = (rules.until - self._now()).total_seconds()
            raise Retry(rules.fault.reason, wait=wait, status=rules.fault.status)
        return rules

    def _fresh(self, origin: str) -> Rules | None:
        rules = self._kept.get(origin)
        return rules if rules and self._now() < rules.until else None

    def _keep(self, origin: str, rules: Rules) -> None:
        """Hold the rules; the oldest go where all together grow too large."""
        self._asking.pop(origin, None)
        self._forget(origin)
        self._kept[origin] = rules
        self._size += rules.size
        while self._size > MOST_KEPT:
            self._forget(next(iter(self._kept)))

    def _forget(self, origin: str) -> None:
        old = self._kept.pop(origin, None)
        self._size -= old.size if old else 0

    async def _ask(self, origin: str) -> Rules:
        """Fetch the rules; 4xx and endless redirects mean that there are none (2.3.1.2, 2.3.1.3)."""
        try:
            answer = await self._get(f"{origin}/robots.txt")
        except Drop:
            return Rules(self._now() + FRESH, ENTRY)
        except Retry as fault:
            return self._unknown(fault)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return self._unknown(Retry("robots-unreachable", wait=named_wait(answer), status=answer.status))
        now = self._now()
        if answer.status != HTTPStatus.OK:
            return Rules(now + FRESH, ENTRY)
        parser = Protego.parse(relevant(answer.body.decode("utf-8-sig", "replace"), self._token))
        return Rules(now + FRESH, ENTRY + len(answer.body), self._token, parser)

    def _unknown(self, fault: Retry) -> Rules:
        wait = timedelta(seconds=fault.wait) if fault.wait else FIRST_PAUSE
        return Rules(self._now() + wait, ENTRY, fault=fault)


def relevant(text: str, token: str) -> str:
    """The file with all robots but ours, and "*", under one name.

    Rules are for a product token as a whole (2.2.1); and a list of thousands of names before thousands of rules, which
    protego holds for each name apart, would take gigabytes.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if found := AGENT_LINE.match(line):
            name = (found[1] or "").lower()
            lines[number] = f"User-agent: {name if name in {token, '*'} else OTHERS}"
    return "\n".join(lines)
