"""What people see: the outcome table, hits and alerts, readable in every script and in a pipe."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pipeline.model import Fate, Outcome
from pipeline.notify import FSI, PDI, readable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from pipeline.excerpt import Excerpt
    from pipeline.model import Article, Hit

UNCUT = 100_000  # columns of a pipe
COLOURS = {
    Fate.KEPT: "green",
    Fate.UNCHANGED: "dim",
    Fate.DROPPED: "yellow",
    Fate.RETRY: "cyan",
    Fate.FAILED: "bold red",
}


def console() -> Console:
    """Stdout: in colours on a terminal, plain in a pipe, never cut there; brackets and colons stay as they are."""
    from rich.console import Console

    on_terminal = sys.stdout.isatty()
    width = None if on_terminal else UNCUT
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=not on_terminal, width=width)


def isolated(text: str) -> str:
    """The text with its own direction, controls out."""
    return readable(text)


def tally(outcomes: Iterable[Outcome]) -> list[tuple[tuple[str, Fate, str], int]]:
    """The rows of the table of outcomes: (stage, fate, reason) with their count, in the order of reading."""
    counted: Counter[tuple[str, Fate, str]] = Counter()
    for outcome in outcomes:
        counted[outcome.stage, outcome.fate, outcome.reason] += outcome.count
    return sorted(counted.items(), key=lambda row: _order(*row[0]))


def print_outcomes(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    """Print the table (stage, fate, reason, count); give the numbers of polls and of entries."""
    from rich.table import Table

    rows = tally(outcomes)
    polls = sum(count for (stage, _, _), count in rows if stage == "feed")
    entries = sum(count for _, count in rows) - polls
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("stage", "fate", "reason"):
        table.add_column(name)
    table.add_column("count", justify="right")
    for (stage, fate, reason), count in rows:
        table.add_row(stage, fate.value, reason, str(count), style=COLOURS[fate])
    out = console()
    out.print(table)
    out.print(f"{polls + entries} outcomes = {polls} polls + {entries} entries", style="bold")
    return polls, entries


def _order(stage: str, fate: Fate, reason: str) -> tuple[bool, str, int, str]:
    """Feeds first, then stage by stage, the good before the bad."""
    return stage != "feed", stage, list(Fate).index(fate), reason


def print_hit(hit: Hit, excerpt: Excerpt, number: int) -> None:
    """Print one search result in four lines: title, where and when, the place of the hit, the address."""
    from rich.text import Text

    out = console()
    article = hit.article
    out.print(Text.assemble((f"{number}. ", "dim"), (isolated(article.title or article.url), "bold")))
    out.print(Text("   " + "  ".join(_facts(hit)), style="dim"))
    out.print(Text("   ").append_text(marked(excerpt)))
    out.print(Text(f"   {article.url}", style="blue"))
    out.print()


def marked(excerpt: Excerpt) -> Text:
    """The excerpt with its hits in bold colour, in ⟦ ⟧ where there is none."""
    from rich.text import Text

    coloured = sys.stdout.isatty()
    text, at = Text(FSI), 0
    for start, end in excerpt.marks:
        hit = excerpt.text[start:end]
        text.append(excerpt.text[at:start])
        text.append(hit if coloured else f"⟦{hit}⟧", style="bold black on yellow")
        at = end
    return text.append(excerpt.text[at:] + PDI)


def _facts(hit: Hit) -> list[str]:
    article = hit.article
    facts = [f"{article.published_at:%Y-%m-%d %H:%M} UTC" if article.published_at else "undated", outlet_line(article)]
    facts.append(article.language)
    if hit.copies:
        first = f"first at {article.first_outlet}, " if article.first_outlet else ""
        facts.append(f"{first}{hit.copies} {'copy' if hit.copies == 1 else 'copies'} more")
    if article.actors:
        facts.append("actors: " + ", ".join(article.actors[:6]))
    return facts


def outlet_line(article: Article) -> str:
    """The outlet with its country and affiliation."""
    outlet = article.outlet
    about = ", ".join(each for each in (outlet.country, outlet.affiliation) if each)
    return f"{isolated(outlet.name or outlet.id)} ({about})"
