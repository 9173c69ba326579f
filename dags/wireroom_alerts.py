"""As soon as articles are settled, and every quarter of an hour: tell people what is new."""  # noqa: INP001 - a file of its own to Airflow

from __future__ import annotations

from datetime import timedelta

import wireroom_policy as policy
from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag

SLOW = "*/15 * * * *"
"""Beside the asset: an event that comes while a run is under way can wait for the next event; this bounds the wait."""
MINUTES = 40
"""For one attempt: longer than the pages of a shard are read, as nobody alerts of what is still written."""
LONGEST = 150
"""Minutes after which Airflow ends a run; what was not delivered is tried by the next one."""


@policy.step(execution_timeout=timedelta(minutes=MINUTES), priority_weight=policy.ALERTS_FIRST)
def alert() -> None:
    """Evaluates the rules over the articles that came since the last time, and delivers.

    It reads from its own mark in the store, not from the event that woke it: an event lost or doubled changes nothing.

    **If it fails** alerts are late, none is lost or doubled: what was claimed is delivered by the next run. In its
    log the red line above *Task exited* says why; `wireroom alerts --dry-run` shows what would be sent.
    """
    from pipeline import checkpoints

    with policy.checkpoint() as at:
        policy.tell(f"{checkpoints.alert(at)} alerts delivered")


@dag(
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(SLOW, timezone="UTC"), assets=[policy.ARTICLES]),
    dagrun_timeout=timedelta(minutes=LONGEST),
    **policy.EVERY_DAG,
)
def wireroom_alerts() -> None:
    """Sends the alerts that are due: woken by the asset `wireroom-articles`, and every quarter of an hour.

    - **Red**: the log of `alert` says which store, file or key. Alerts wait and go out with the next green run.
    - **No alert came**: `wireroom alerts --dry-run --since 7d` shows what the rules would have sent.

    Pausing it holds alerts back; those of articles that are older than `alerts.max_age_hours` by then never go out.
    """
    alert()


wireroom_alerts()
