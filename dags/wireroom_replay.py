"""By hand: read archived pages again, through today's rules."""  # noqa: INP001 - a file of its own to Airflow

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import wireroom_policy as policy
from airflow.sdk import Param, dag, get_current_context

if TYPE_CHECKING:
    from pipeline.checkpoints import Span

SPANS = 100
"""Tasks at most: a span is one day up to 100 days, four days in a year, at most a week in two years. Short, as all
others wait while a span is read, and have their turn before the next."""
SPAN_HOURS = 6
"""For one span: about 1,000,000 archived pages on two cores."""
LONGEST = 7
"""Days after which Airflow ends a run; the spans that are done stay done."""
DAY = "A UTC day on which pages were fetched, as 2026-11-21."
PARAMETERS = {
    "since": Param(type="string", format="date", title="First day", description=DAY),
    "until": Param(None, type=["null", "string"], format="date", title="Last day", description=f"{DAY} Empty: today."),
    "outlet": Param(
        "",
        type="string",
        pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*)?$",
        title="Outlet",
        description="Id of the only outlet whose pages are read; empty for all.",
    ),
    "dry_run": Param(
        True,  # noqa: FBT003 - Airflow takes the default by its place
        type="boolean",
        title="Dry run",
        description="Say what would change, write nothing. Look at that first, then trigger again without.",
    ),
}


@policy.step()
def plan() -> list[Span]:
    """Cuts the days into spans that are read one after the other.

    **If it fails** the parameters do not go together; in its log the red line above *Task exited* says how. Trigger
    again with other ones.
    """
    from pipeline import checkpoints
    from pipeline.model import ConfigError

    context = get_current_context()
    asked, run = context["params"], context["dag_run"]
    with policy.checkpoint():
        if unknown := (run.conf or {}).keys() - PARAMETERS.keys():  # Airflow takes any; a slip would replay too much
            raise ConfigError(f"{min(unknown)}: no such parameter; expected one of {', '.join(PARAMETERS)}.")
        until = asked["until"] or f"{run.run_after:%Y-%m-%d}"
        return checkpoints.replay_spans(asked["since"], until, SPANS)


@policy.step(
    pool="pages",
    execution_timeout=timedelta(hours=SPAN_HOURS),
    max_active_tis_per_dagrun=1,
    map_index_template="{{ task.op_kwargs.span.since }} to {{ task.op_kwargs.span.until }}",
)
def replay(*, span: Span) -> None:
    """Reads the pages of some days again. Missing articles are made, changed ones corrected; nobody is alerted.

    Its log says what became of them; a dry run writes nothing and says what would.

    **If it fails** the other spans go on. Clear this task to read its days once more: what is right stays as it is.
    """
    from pipeline import checkpoints

    asked = get_current_context()["params"]
    with policy.checkpoint() as at:
        pages = checkpoints.replay(at, span, asked["outlet"], dry_run=asked["dry_run"])
    policy.tell(f"{pages} pages{' would be' if asked['dry_run'] else ''} read again")


@dag(
    schedule=None,
    dagrun_timeout=timedelta(days=LONGEST),
    params=PARAMETERS,
    **policy.EVERY_DAG,
)
def wireroom_replay() -> None:
    """Reads archived pages again through today's rules, after an actor, a place or a cleaning rule has changed.

    Trigger it with the days on which the pages were *fetched*. It begins with a dry run: look at the logs of `replay`,
    then trigger again with *Dry run* off. It never alerts.

    While a span is read nothing is fetched, stored or alerted: tasks of `wireroom_ingest` and `wireroom_alerts` wait
    for it, and those that wait have their turn before the next span. A run that is kept for 20 minutes is told of as
    late, a task that waited three times for half an hour is red. Nothing is lost, the next runs make up for it. A span
    is a day; where more than 100 days are asked for, some days.

    - **Red `plan`**: the parameters; its log says which.
    - **Red `replay`**: clear it; spans that are done are not read again.
    """
    replay.expand(span=plan())


wireroom_replay()
