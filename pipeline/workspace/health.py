"""The operator's dashboard, "Pipeline health": what comes in, what does not, why, and how late."""

from __future__ import annotations

from pipeline.workspace.charts import Caption, Table, bars, heat, number, rows
from pipeline.workspace.columns import count, latest, median, over_time, percentile, top, total
from pipeline.workspace.dashboards import Dashboard, Panel, Row, dashboard
from pipeline.workspace.objects import SavedObject
from pipeline.workspace.searches import FAILING, SOURCES
from pipeline.workspace.views import ARRIVALS, OUTCOMES

# A fate has its colour everywhere: what is well is green or grey, what asks for a look is amber, blue or red.
COLOURS = {
    "kept": "#2F855A",
    "unchanged": "#A0AEC0",
    "dropped": "#D69E2E",
    "retry": "#3182CE",
    "failed": "#C53030",
}
TIMED = 'published_from : ("page" or "feed") and revision : 1 and lag_hours < 72'
"""Articles whose time of publication is told to the minute, seen for the first time; older ones are an archive that a
new source brought along, and would hide how late the news is."""

EVERY_SOURCE = 1000  # the most rows that Lens offers; a watchlist has a few hundred
KEPT_ENTRY = 'fate : "kept" and not stage : "feed"'
"""A new or corrected article: a poll that a feed answered is kept, too, but no article."""


def fate_number(fate: str, title: str, description: str, where: str = "") -> SavedObject:
    """The number of entries with one fate, or of those only that a query finds."""
    table = Table(OUTCOMES, (), (total("count", title),), where or f'fate : "{fate}"')
    return number(Caption(f"fate-{fate}", title, description), table, COLOURS[fate])


KEPT = fate_number("kept", "Articles kept", "New and corrected articles.", KEPT_ENTRY)
DROPPED = fate_number("dropped", "Dropped", "Entries and polls that ended early, for a known reason.")
RETRIES = fate_number("retry", "To be tried again", "The next run tries them again.")
FAILED = fate_number("failed", "Failed", "Faults of the program: look at its log.")
FATES = bars(
    Caption("fates", "How entries and polls ended", "Every poll of a feed and every entry has one fate in each run."),
    Table(
        OUTCOMES,
        (over_time("at", "When"),),
        tuple(total("count", fate, where=f'fate : "{fate}"').coloured(colour) for fate, colour in COLOURS.items()),
    ),
)
REASONS = bars(
    Caption(
        "reasons", "Why entries and polls ended early", "The most frequent reasons; docs/operate.md explains each."
    ),
    Table(
        OUTCOMES,
        (top("reason", "Reason", 15),),
        (total("count", "Entries and polls").coloured(COLOURS["dropped"]),),
        'fate : ("dropped" or "retry" or "failed")',
    ),
    kind="bar_horizontal",
)
BY_SOURCE = rows(
    Caption("outcomes-by-source", "Outcomes by source and reason", "Sources with most trouble first, and what it was."),
    Table(
        OUTCOMES,
        (
            top("source", "Source", 50).wide(170),
            top("fate", "Fate", 5).wide(100),
            top("reason", "Reason", 10).wide(150),
        ),
        (total("count", "Entries and polls").wide(120), latest("at", "Last time")),
        'fate : ("dropped" or "retry" or "failed")',
    ),
)
LAG = bars(
    Caption(
        "lag",
        "Hours from publication to index",
        "Half of the articles are here sooner than the lower line, 95 of 100 sooner than the upper one. Only articles"
        " that say when they were published, as they came first, at most three days late.",
    ),
    Table(
        ARRIVALS,
        (over_time("ingested_at", "Arrived"),),
        (
            percentile("lag_hours", "95 of 100", 95).coloured(COLOURS["dropped"]),
            median("lag_hours", "Half").coloured(COLOURS["kept"]),
        ),
        TIMED,
    ),
    kind="line",
)
LAG_BY_OUTLET = rows(
    Caption("lag-by-outlet", "Lag by outlet", "Outlets whose articles reach the index last, in hours."),
    Table(
        ARRIVALS,
        (top("outlet.name", "Outlet", 50).wide(200),),
        (
            median("lag_hours", "Half, hours").wide(110),
            percentile("lag_hours", "95 of 100, hours", 95).wide(140),
            count("Articles"),
        ),
        TIMED,
    ),
)
REMOVED = bars(
    Caption("removed", "Articles with removed text, by reason", "From how many articles cleaning took something out."),
    Table(
        ARRIVALS,
        (over_time("ingested_at", "Arrived"), top("removed.reason", "Removed because", 12, other=True)),
        (count("Articles"),),
        "removed.reason : *",
    ),
    legend="right",
)
BY_DAY = heat(
    Caption(
        "outlets-by-day", "Articles by outlet and day", "The 40 outlets that gave most in two weeks, and their gaps."
    ),
    Table(
        ARRIVALS,
        (top("outlet.name", "Outlet", 40), over_time("ingested_at", "Arrived", "1d")),
        (count("Articles"),),
    ),
)
SILENT = rows(
    Caption(
        "silent-sources",
        "Sources, the longest silent first",
        "When each source that was asked in the last 90 days gave its last article; those that gave none stand first."
        " One that answers and has nothing new is silent; one that was last asked long ago is switched off.",
    ),
    Table(
        OUTCOMES,
        (top("source", "Source", EVERY_SOURCE, order="asc").wide(180),),
        (
            latest("at", "Last article", where=KEPT_ENTRY).wide(200),
            total("count", "Articles", where=KEPT_ENTRY).wide(90),
            latest("at", "Last asked", where='stage : "feed"').wide(200),
            total("count", "Polls that failed", where='stage : "feed" and fate : ("dropped" or "retry" or "failed")'),
        ),
    ),
)

CHARTS = (KEPT, DROPPED, RETRIES, FAILED, FATES, REASONS, BY_SOURCE, LAG, LAG_BY_OUTLET, REMOVED, BY_DAY, SILENT)
DASHBOARD = dashboard(
    Dashboard(
        "health",
        "Pipeline health",
        "What comes in, what does not, why, and how late. The lists of sources always show all of them; silent sources"
        " and outlets by day look back further than the time range.",
        (
            Row(6, tuple(Panel(each, 12) for each in (KEPT, DROPPED, RETRIES, FAILED))),
            Row(13, (Panel(FATES, 32), Panel(REASONS, 16))),
            Row(17, (Panel(BY_SOURCE, 22), Panel(SILENT, 26, since="now-90d"))),
            Row(13, (Panel(LAG, 28), Panel(LAG_BY_OUTLET, 20))),
            Row(13, (Panel(REMOVED, 24), Panel(FAILING, 24))),
            Row(24, (Panel(BY_DAY, 26, since="now-14d"), Panel(SOURCES, 22))),
        ),
        since="now-24h",
        refresh_minutes=1,
    )
)
