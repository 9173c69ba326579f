"""The analyst's dashboard, "Newsroom": who is in the news, where, and who tells it."""

from __future__ import annotations

from pipeline.workspace.charts import Caption, Table, bars, cloud, heat, number, rows
from pipeline.workspace.columns import count, distinct, latest, over_time, top
from pipeline.workspace.dashboards import Control, Dashboard, Panel, Row, dashboard
from pipeline.workspace.places import PLACES
from pipeline.workspace.searches import LATEST
from pipeline.workspace.views import ARTICLES

BLUE, TEAL, VIOLET, AMBER = "#2B6CB0", "#2C7A7B", "#6B46C1", "#B7791F"
COUNTRY = "[A-Z]{2}"  # ids of provinces and places are longer

ARTICLE_COUNT = number(
    Caption("articles", "Articles", "Articles published in the time range."),
    Table(ARTICLES, (), (count("Articles"),)),
    BLUE,
)
STORY_COUNT = number(
    Caption("stories", "Stories", "Different stories: copies of one report count once."),
    Table(ARTICLES, (), (distinct("story", "Stories"),)),
    TEAL,
)
ACTOR_COUNT = number(
    Caption("actors-named", "Actors named", "Different tracked actors that were named."),
    Table(ARTICLES, (), (distinct("actors", "Actors named"),)),
    VIOLET,
)
OUTLET_COUNT = number(
    Caption("outlets-heard", "Outlets heard", "Different outlets that published something."),
    Table(ARTICLES, (), (distinct("outlet.id", "Outlets heard"),)),
    AMBER,
)
TIMELINE = bars(
    Caption("timeline", "Articles over time, by language", "When articles were published, in local time."),
    Table(
        ARTICLES,
        (over_time("published_at", "Published"), top("language", "Language", 10, other=True)),
        (count("Articles"),),
    ),
    legend="right",
)
LANGUAGES = bars(
    Caption("languages", "Languages", "Articles in each language."),
    Table(ARTICLES, (top("language", "Language", 12),), (count("Articles").coloured(TEAL),)),
    kind="bar_horizontal",
)
ACTORS = rows(
    Caption("actors", "Top actors", "The actors that most articles name, and when one last did."),
    Table(
        ARTICLES,
        (top("actors", "Actor", 50).wide(150),),
        (
            count("Articles").wide(85),
            distinct("story", "Stories"),
            latest("published_at", "Last named"),
        ),
    ),
)
OUTLETS = rows(
    Caption("outlets", "Top outlets", "The outlets that published most, and where they are at home."),
    Table(
        ARTICLES,
        (top("outlet.name", "Outlet", 50).wide(190), top("outlet.country", "Country", 1).wide(120)),
        (count("Articles").wide(85), latest("published_at", "Last article")),
    ),
)
ALIASES = cloud(
    Caption("aliases", "Names in use", "What the actors are called, as it stands in the articles."),
    Table(ARTICLES, (top("mentions.alias", "Named as", 60),), (count("Articles"),)),
)
ACTORS_BY_COUNTRY = heat(
    Caption("actors-by-country", "Actors and countries", "How many articles name an actor and a country together."),
    Table(
        ARTICLES,
        (top("actors", "Actor", 20), top("regions", "Country", 15, only=COUNTRY)),
        (count("Articles"),),
    ),
)

CHARTS = (
    ARTICLE_COUNT,
    STORY_COUNT,
    ACTOR_COUNT,
    OUTLET_COUNT,
    TIMELINE,
    LANGUAGES,
    ACTORS,
    OUTLETS,
    ALIASES,
    ACTORS_BY_COUNTRY,
)
DASHBOARD = dashboard(
    Dashboard(
        "desk",
        "Newsroom",
        "Who is in the news, where, and who tells it. Choose actors, regions, countries or languages above; a click on"
        " a bar, a name or a cell narrows everything to it.",
        (
            Row(6, tuple(Panel(each, 12) for each in (ARTICLE_COUNT, STORY_COUNT, ACTOR_COUNT, OUTLET_COUNT))),
            Row(13, (Panel(TIMELINE, 32), Panel(LANGUAGES, 16))),
            Row(20, (Panel(PLACES, 24), Panel(ACTORS_BY_COUNTRY, 24))),
            Row(16, (Panel(ACTORS, 17), Panel(OUTLETS, 17), Panel(ALIASES, 14))),
            Row(22, (Panel(LATEST, 48),)),
        ),
        since="now-7d",
        refresh_minutes=5,
        controls=(
            Control("actors", "Actor", ARTICLES),
            Control("regions", "Region", ARTICLES),
            Control("outlet.country", "Country of outlet", ARTICLES),
            Control("language", "Language", ARTICLES),
        ),
    )
)
