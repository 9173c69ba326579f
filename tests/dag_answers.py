"""What tests ask of the DAGs: runs in the process of `tests.airflow_home`, the only one that imports Airflow."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.airflow_home import DAGS, POOLS

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG, RetryPolicy


@dataclass(frozen=True)
class TaskFacts:
    """What the tests look at of a task."""

    downstream: frozenset[str]
    rule: str
    pool: str
    retries: int | None
    delay: timedelta
    longest: timedelta | None
    weight: int
    policy: list[tuple[object, str]]
    doc: str


@dataclass(frozen=True)
class DagFacts:
    """What the tests look at of a DAG."""

    schedule: str
    start: datetime | None
    catchup: bool
    active: int
    longest: timedelta | None
    tags: frozenset[str]
    doc: str
    tasks: Mapping[str, TaskFacts]


def fresh() -> DagBag:
    """The DAGs, read from their files."""
    from airflow.dag_processing.dagbag import BundleDagBag

    return BundleDagBag(DAGS, bundle_path=DAGS, bundle_name="dags-folder")


@cache
def bag() -> DagBag:
    """The DAGs, read once for all that only look at them."""
    return fresh()


def reading() -> tuple[dict[str, str], dict[str, float], set[str]]:
    """What could not be imported and why, seconds of each file, and all modules that are loaded by now."""
    found = bag()
    seconds = {each.file: each.duration.total_seconds() for each in found.dagbag_stats}
    return found.import_errors, seconds, {*sys.modules}


def facts() -> dict[str, DagFacts]:
    """All DAGs by id."""
    return {dag_id: _facts(dag) for dag_id, dag in bag().dags.items()}


def _facts(dag: DAG) -> DagFacts:
    tasks = {
        task_id: TaskFacts(
            frozenset(task.downstream_task_ids),
            task.trigger_rule.value,
            task.pool,
            task.retries,
            task.retry_delay,
            task.execution_timeout,
            task.priority_weight,
            _rules(task.retry_policy),
            task.doc_md or "",
        )
        for task_id, task in dag.task_dict.items()
    }
    return DagFacts(
        f"{dag.timetable!r}",
        dag.start_date,
        dag.catchup,
        dag.max_active_runs,
        dag.dagrun_timeout,
        frozenset(dag.tags),
        dag.doc_md or "",
        tasks,
    )


def _rules(policy: RetryPolicy | None) -> list[tuple[object, str]]:
    from airflow.sdk import ExceptionRetryPolicy

    assert isinstance(policy, ExceptionRetryPolicy)
    return [(rule["exception"], rule["action"]) for rule in policy.serialize()["rules"]]


def serialized() -> dict[str, str]:
    """What Airflow would store of each DAG, from files that were read anew."""
    from airflow.serialization.serialized_objects import DagSerialization

    return {dag_id: json.dumps(DagSerialization.to_dict(dag), default=str) for dag_id, dag in fresh().dags.items()}


def refused(asked: Mapping[str, object]) -> str:
    """What Airflow says to these parameters when somebody triggers a replay; "" where it takes them."""
    from airflow.sdk.exceptions import ParamValidationError
    from airflow.serialization.serialized_objects import DagSerialization

    dag = DagSerialization.from_dict(DagSerialization.to_dict(bag().dags["wireroom_replay"]))
    try:
        dag.params.deep_merge(dict(asked)).validate()
    except (ParamValidationError, ValueError) as error:
        return f"{error}"
    return ""


def environ(connection: object, around: Mapping[str, str]) -> dict[str, str]:
    """What tasks find of Wireroom under such a connection, in such an environment."""
    import wireroom_policy as policy

    given = {**around, **({"AIRFLOW_CONN_WIREROOM_STORE": json.dumps(connection)} if connection else {})}
    os.environ.update(given)
    try:
        return {name: value for name, value in policy.environ().items() if name.startswith("WIREROOM_")}
    finally:
        for name in given:
            del os.environ[name]


def hidden(*values: str) -> list[str]:
    """How Airflow's log shows these values by now."""
    from airflow.sdk._shared.secrets_masker import redact

    return [f"{redact(value)}" for value in values]


def overdue(context: Mapping[str, Any], minutes: int) -> list[str]:
    """What the operator is told of a run that is late, by the function that the DAG names."""
    dag = bag().dags["wireroom_ingest"]
    assert isinstance(dag.deadline, list)
    module, _, name = dag.deadline[0].callback.path.rpartition(".")
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("wireroom_policy").addHandler(handler)
    getattr(import_module(module), name)(context=context, minutes=minutes)
    return lines


def shards(states: Mapping[str, str | None]) -> dict[int, dict[str, str | None]]:
    """The shards that a report finds in a run, each with its steps that did not succeed."""
    import wireroom_ingest

    return wireroom_ingest.shards_of(states)


def longest_span(days: int) -> int:
    """The days of the longest span of a replay of so many days."""
    import wireroom_replay

    from pipeline.checkpoints import replay_spans

    first = date(2026, 1, 1)
    spans = replay_spans(f"{first}", f"{first + timedelta(days=days - 1)}", wireroom_replay.SPANS)
    return max((date.fromisoformat(each["until"]) - date.fromisoformat(each["since"])).days + 1 for each in spans)


def swept(folder: Path, before: float, names: str) -> int:
    """How many logs were deleted."""
    import wireroom_upkeep

    return wireroom_upkeep.swept(folder, before, names)


def swept_beside_another(folder: Path, before: float) -> int:
    """How many logs were deleted, of a folder whose files somebody else deletes just after they were listed."""
    import wireroom_upkeep

    class Emptied(type(folder)):  # type: ignore[misc]  # the path of this system, Posix or Windows
        def iterdir(self) -> Iterator[Path]:
            listed = list(Path(self).iterdir())
            listed[0].unlink()
            return iter(listed)

    return wireroom_upkeep.swept(Emptied(folder), before, "*.log")


@dataclass(frozen=True)
class Ran:
    """How a run ended: its state, and that of each task with the number of its last attempt."""

    id: str
    state: str
    tasks: Mapping[str, tuple[str, int]]
    names: Mapping[str, str]  # what the page of the run calls the tasks of a mapped row
    view: object  # where the link of `settle` leads
    told: object  # what the event of the asset holds

    def ended(self, state: str) -> set[str]:
        """The tasks that ended so."""
        return {name for name, (ended, _) in self.tasks.items() if ended == state}


def prepare() -> None:
    """An empty database of Airflow, with our pools."""
    from airflow.models.pool import Pool
    from airflow.utils.db import initdb

    initdb()
    for name, pool in json.loads(POOLS.read_text(encoding="utf-8")).items():
        Pool.create_or_update_pool(name, **pool)


@dataclass(frozen=True)
class Hand:
    """What a person does while a run goes on."""

    skip: str = ""  # marks this task *skipped*
    remove: Mapping[str, Path] = field(default_factory=dict)  # this empty folder before the task's second attempt


def run(dag_id: str, environ: Mapping[str, str], at: datetime, asked: Mapping[str, object], hand: Hand) -> Ran:
    """Run a DAG once in this process, as if it were that time; attempts follow each other at once."""
    dag = fresh().dags[dag_id]
    dag.deadline = None  # of which `test` keeps no record, and then looks for one
    for task in dag.task_dict.values():
        task.retry_delay = timedelta(0)
        if not task.is_mapped:  # those of a mapped group are not
            _lend(task, hand)
    os.environ.update(environ)
    ended = dag.test(run_after=at, logical_date=at, run_conf=dict(asked))
    found = {
        f"{task.task_id}_{task.map_index}" if task.map_index >= 0 else task.task_id: task
        for task in ended.get_task_instances()
    }
    return Ran(
        ended.run_id,
        f"{ended.state}",
        {name: (f"{task.state}", task.try_number) for name, task in found.items()},
        {name: task.rendered_map_index for name, task in found.items() if task.map_index >= 0},
        *_left(ended.run_id),
    )


def _lend(task: Any, hand: Hand) -> None:  # noqa: ANN401 - Airflow has several kinds
    """Let a task meet the hand: as its mark ends it, and between two attempts."""
    from airflow.sdk import get_current_context
    from airflow.sdk.exceptions import AirflowSkipException

    work = task.python_callable

    def named(ti: Any) -> str:  # noqa: ANN401 - as above
        return ti.task_id if ti.map_index < 0 else f"{ti.task_id}_{ti.map_index}"

    @wraps(work)  # Airflow looks at its arguments
    def marked(*arguments: object, **more: object) -> object:
        if named(get_current_context()["ti"]) == hand.skip:
            raise AirflowSkipException
        return work(*arguments, **more)

    def between(context: Mapping[str, Any]) -> None:
        if place := hand.remove.get(named(context["ti"])):
            place.rmdir()

    task.python_callable = marked
    task.on_retry_callback = [between]


def _left(run_id: str) -> tuple[object, object]:
    """The link of a run, and the extra of the event it made."""
    from airflow.models.asset import AssetEvent
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        view = session.scalar(select(XComModel.value).where(XComModel.run_id == run_id, XComModel.key == "view"))
        extra = session.scalar(select(AssetEvent.extra).where(AssetEvent.source_run_id == run_id))
    return view, extra


def cleared(dag_id: str, task_id: str) -> tuple[float, float]:
    """Seconds from a run's being queued to its deadline: at first, and after somebody has cleared a task of it."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import sync_bag_to_db
    from airflow.models.dagbag import DBDagBag
    from airflow.models.deadline import Deadline
    from airflow.models.taskinstance import clear_task_instances
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState, TaskInstanceState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType
    from sqlalchemy import select

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)  # type: ignore[no-untyped-call]  # Airflow declares no types here
    sync_bag_to_db(fresh(), "dags-folder", None)
    with create_session() as session:
        dag = DBDagBag().get_latest_version_of_dag(dag_id, session=session)
        assert dag
        run = dag.create_dagrun(
            run_id="cleared",
            run_after=datetime.now(UTC),
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.QUEUED,
            session=session,
        )
        session.flush()

        def allowed() -> float:
            session.flush()
            until = session.scalar(select(Deadline.deadline_time).where(Deadline.dagrun_id == run.id))
            assert until
            assert run.queued_at
            return (until - run.queued_at).total_seconds()

        first, queued, task = allowed(), run.queued_at, run.get_task_instance(task_id, session=session)
        assert task
        task.set_state(TaskInstanceState.FAILED, session=session)
        clear_task_instances([task], session)
        assert run.queued_at != queued
        return first, allowed()
