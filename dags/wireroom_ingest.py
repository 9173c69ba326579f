"""Every five minutes: ask the feeds that are due, archive their pages, read them, settle what belongs together."""  # noqa: INP001 - Airflow reads it by its path

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import wireroom_policy as policy
from airflow.sdk import (  # type: ignore[attr-defined]  # the stub of 3.3 does not know the deadlines
    DeadlineAlert,
    DeadlineReference,
    SyncCallback,
    TriggerRule,
    dag,
    get_current_context,
    task_group,
)
from airflow.sdk.exceptions import AirflowSkipException

if TYPE_CHECKING:
    from airflow.sdk.types import RuntimeTaskInstanceProtocol

    from pipeline.checkpoints import Part

SCHEDULE = "*/5 * * * *"
"""A source is asked every 15 minutes at most, so that this is often enough; a run costs Airflow about 5 CPU seconds."""
SHARDS = 4
"""Parts that collect beside each other, by host: up to 1,000 feeds. 8 for 2,000, 16 for 10,000; never above 200."""
COLLECT_MINUTES = 4
"""What was not fetched by then waits for the next run, so that one slow host delays the others by one run at most."""
TURN_MINUTES = 30
"""For a turn, in each attempt: a replay keeps all others waiting while it reads a day; 80,000 pages on two cores."""
READ_MINUTES = 25
"""For all pages of a shard: about 45,000 on one core, far more than a shard fetches in a run."""
MOST_FAILED = 0.5
"""Share of the shards that may fail before the run fails: one bad host is daily life, half of them is an outage."""
DEADLINE = 20
"""Minutes from queued to succeeded before the operator is told: three further runs have been missed by then."""
LONGEST = 120
"""Minutes after which Airflow ends a run; what it archived is read by the next one."""
NAME = "{{ task.op_kwargs.part.shard }}of{{ task.op_kwargs.part.shards }}"
"""How the page of a run calls a shard. Rendered once more after the task, where a fault would turn it red: `part` is
handed over by its name."""
STEPS = ("shard.collect", "shard.process")
NOTHING_BEGUN = "Nothing was begun"


@policy.step(execution_timeout=timedelta(minutes=TURN_MINUTES))
def begin() -> list[Part]:
    """Looks at configuration, store and archive before anything is asked, and names the shards.

    **If it fails** nothing else runs and nothing was fetched. In its log the red line above *Task exited* says why: a
    file and key to correct (it is not tried again), or a store that is away or held by a replay (tried three times).
    The next run does the rest.
    """
    from pipeline import checkpoints

    with policy.checkpoint() as at:
        return checkpoints.begin(at, SHARDS)


@policy.step(
    pool="feeds",
    execution_timeout=timedelta(minutes=COLLECT_MINUTES + TURN_MINUTES),
    map_index_template=NAME,
)
def collect(*, part: Part) -> None:
    """Asks the feeds of one shard that are due and puts their new pages into the archive.

    A feed or page that fails is counted, not an error of this task; `upkeep` prints which sources are ill.

    **If it fails** the other shards go on, `process` still reads what was archived, and feeds that were not asked stay
    due. In its log the red line above *Task exited* says why; if the same shard fails again and again, run `wireroom
    doctor`.
    """
    from pipeline import checkpoints

    attempt = get_current_context()["ti"].try_number
    with policy.checkpoint() as at:
        checkpoints.collect(at, part, attempt, COLLECT_MINUTES)


@policy.step(
    pool="pages",
    execution_timeout=timedelta(minutes=READ_MINUTES + TURN_MINUTES),
    trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS,
    map_index_template=NAME,
)
def process(*, part: Part) -> None:
    """Reads the pages of one shard that wait in the archive, from this run or an earlier one, into the store.

    **If it fails** or is skipped, as it is where somebody marks its `collect` *skipped*, the pages stay in the archive
    and `settle` reads them, or the next run. A page that cannot be read is counted, not an error of this task.
    """
    from pipeline import checkpoints

    attempt = get_current_context()["ti"].try_number
    with policy.checkpoint() as at:
        pages = checkpoints.process(at, part, attempt)
    policy.tell(f"{pages} pages read")


@task_group
def shard(part: Part) -> None:
    """The feeds of some hosts: fetched, then read. Another shard neither waits for it nor fails with it."""
    collect(part=part) >> process(part=part)


@policy.step(
    trigger_rule=TriggerRule.ALL_DONE,
    outlets=[policy.ARTICLES],
    execution_timeout=timedelta(minutes=READ_MINUTES + TURN_MINUTES),
    priority_weight=policy.SETTLE_FIRST,
)
def settle() -> None:
    """Brings stories and copies in order over all shards, prints the outcome table, and wakes `wireroom_alerts`.

    The table also stands in the asset `wireroom-articles`, at the event of this run. After a `begin` that failed there
    is nothing to settle, and this is skipped.

    **If it fails** articles are stored and found, but some copies are not marked yet and no alert goes out for them;
    the next run that settles makes up for it.
    """
    from pipeline import checkpoints

    context = get_current_context()
    if states_of(context["ti"])["begin"] != "success":
        context["ti"].xcom_push(key=policy.VIEW, value="")  # Airflow looks for it, and logs an error where it is not
        raise AirflowSkipException(NOTHING_BEGUN)
    with policy.checkpoint() as at:
        summary = checkpoints.settle(at)
    document: dict[str, Any] = summary.document()
    context["outlet_events"][policy.ARTICLES].extra = document
    context["ti"].xcom_push(key=policy.VIEW, value=summary.view)


@policy.step(trigger_rule=TriggerRule.ALL_DONE, priority_weight=policy.SETTLE_FIRST)
def report() -> None:
    """Says which shards failed and where their logs are. Its state is the run's.

    **If it fails** nothing was begun, nothing was settled, or more than half of the shards failed. Follow the addresses
    in its log: in each of those logs the red line above *Task exited* says what to do. Nothing fetched is lost, and the
    next run tries again.
    """
    ti, red = get_current_context()["ti"], policy.Stop(policy.FAULT)
    states, run = states_of(ti), ti.log_url.rpartition("/tasks/")[0]
    shards = shards_of(states)
    if states["begin"] != "success" or not shards:
        policy.end(f"{NOTHING_BEGUN}: {ended(states['begin'], 'begin', f'{run}/tasks/begin')}", red)
    failed = {place: steps for place, steps in shards.items() if steps}
    for place, steps in failed.items():
        told = (ended(state, name, f"{run}/tasks/shard.{name}/mapped/{place}") for name, state in steps.items())
        policy.tell(f"shard {place + 1}of{len(shards)}: {'; '.join(told)}")
    outcomes = policy.viewed(ti.dag_id, ti.run_id) or "not settled"
    policy.tell(f"{len(failed)} of {len(shards)} shards failed; outcomes: {outcomes}")
    if states["settle"] != "success":
        policy.end(f"Nothing was settled: {ended(states['settle'], 'settle', f'{run}/tasks/settle')}", red)
    if len(failed) > MOST_FAILED * len(shards):
        policy.end(f"{len(failed)} of {len(shards)} shards failed, more than {MOST_FAILED:.0%}", red)


def states_of(ti: RuntimeTaskInstanceProtocol) -> Mapping[str, str | None]:
    """The states of all tasks of a run; those of a shard are called `shard.collect_0`."""
    states: Mapping[str, str | None] = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id])[ti.run_id]
    return states


def shards_of(states: Mapping[str, str | None]) -> dict[int, dict[str, str | None]]:
    """Each shard that a run has, from 0, with the states of those of its steps that did not succeed.

    A run keeps the number it began with; an edited SHARDS counts from the next one.
    """
    shards: dict[int, dict[str, str | None]] = {}
    for task, state in sorted(states.items()):
        step, _, place = task.rpartition("_")
        if step in STEPS and state != "removed":  # by a second `begin` that named fewer
            steps = shards.setdefault(int(place), {})
            steps |= {} if state == "success" else {step.removeprefix("shard."): state}
    return dict(sorted(shards.items()))


def ended(state: str | None, name: str, log: str) -> str:
    """How a step that did not succeed ended; only one that failed is sure to have a log."""
    return f"{name} failed, its log is at {log}" if state == "failed" else f"{name} is {state or 'not done'}"


@dag(
    schedule=SCHEDULE,
    dagrun_timeout=timedelta(minutes=LONGEST),
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=60 * DEADLINE,  # as seconds: a timedelta turns clearing a task into HTTP 500 (apache/airflow #70368)
        callback=SyncCallback(policy.overdue, {"minutes": DEADLINE}),
        name="ingest is late",
    ),
    **policy.EVERY_DAG,
)
def wireroom_ingest() -> None:
    """Asks the feeds that are due, archives their new pages, reads them and settles the stories; every five minutes.

    `begin` -> each shard: `collect` -> `process` -> `settle` -> `report`

    - **Green** with a red shard in it: its feeds are asked by the next run, its archived pages are read by it.
    - **Red**: `report` says which shards and where their logs are; if `begin` is red, the configuration or the store.
    - **Stuck**: mark the task of a shard *skipped* or *failed*; the others go on, and the shard counts as failed.
    - **Late**: a run that has not succeeded 20 minutes after it was queued is marked so on its page, and one line is
      written below `executor_callbacks/wireroom_ingest/` in the folder of Airflow's logs. Runs that failed are told of
      too. An hour that passed while Airflow was down is not made up for: the next run does all that is due.
    - **Nothing new**: `wireroom sources` shows when each feed was asked last, and what it answered.

    Runs follow one another; a run that is triggered by hand waits for its turn. Running twice changes nothing.
    """
    settled = settle()
    reported = report()
    for each in (settled, reported):
        each.operator.operator_extra_links = (policy.View(),)  # type: ignore[attr-defined]  # one task has an operator
    shard.expand(part=begin()) >> settled >> reported


wireroom_ingest()
