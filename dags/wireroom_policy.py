"""What the DAGs of Wireroom share: how often a task is tried, how it fails, and where it finds store and secrets.

No task knows news. Each calls one step of `pipeline.checkpoints`, which is imported when the task runs: Airflow reads
these files again for every task.
"""  # noqa: INP001 - Airflow puts the folder on the path

from __future__ import annotations

import inspect
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

from airflow.sdk import (
    Asset,
    BaseOperatorLink,
    BaseXCom,
    Connection,
    ExceptionRetryPolicy,
    RetryAction,
    RetryRule,
    get_current_context,
    task,
)
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.log import mask_secret

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.bases.decorator import Task
    from airflow.sdk.types import TaskInstanceKey

    from pipeline.checkpoints import Checkpoint

Given = ParamSpec("Given")
Result = TypeVar("Result")

START = datetime(2026, 1, 1, tzinfo=UTC)  # fixed, or Airflow would take each reading of the file for a new version
ARTICLES = Asset("wireroom-articles")
"""Updated each time articles are settled."""
CONNECTION = "wireroom_store"
CREDENTIALS = ("WIREROOM_ES_API_KEY", "WIREROOM_ES_USERNAME", "WIREROOM_ES_PASSWORD")
EXTRA = {
    "store": "WIREROOM_STORE",
    "archive": "WIREROOM_ARCHIVE",
    "config": "WIREROOM_CONFIG",
    "kibana": "WIREROOM_KIBANA_URL",
    "ca": "WIREROOM_ES_CA",
    "api_key": "WIREROOM_ES_API_KEY",
}
"""Keys of the connection's extra, and what each is called in the environment."""
MISTAKE, FAULT = 2, 1  # exit codes of the same ends on the command line

log = logging.getLogger(__name__)


class Stop(SystemExit):
    """Ends a task whose log has said why; it is not tried again, as a person has to do something first."""


class Again(SystemExit):
    """Ends a task whose log has said why; it is tried again, as the world may do better."""


DEFAULTS: dict[str, Any] = {
    "owner": "wireroom",
    "retries": 2,
    "retry_delay": timedelta(seconds=30),  # a server restarts in less; a step has waited 150 s for it already
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
    "retry_policy": ExceptionRetryPolicy(
        [
            RetryRule(Stop, RetryAction.FAIL, reason="a person has to act first"),
            RetryRule(Again, RetryAction.RETRY, reason="the store or the archive may be back by then"),
        ]
    ),
    "execution_timeout": timedelta(minutes=15),
    "pool": "default_pool",
    "weight_rule": "absolute",  # a weight is what is written beside it, not the sum of all that follows
}
EVERY_DAG: dict[str, Any] = {
    "start_date": START,
    "catchup": False,  # a step does all that is due now; a run for an hour that has passed would find nothing
    "max_active_runs": 1,
    "tags": ["wireroom"],
    "default_args": DEFAULTS,
}
ALERTS_FIRST = 10  # weight of what makes alerts, above all collecting and reading that waits for a slot
SETTLE_FIRST = 5  # weight of what ends a run, above what begins another


def step(**arguments: Any) -> Callable[[Callable[Given, Result]], Task[Given, Result]]:  # noqa: ANN401 - any argument of an operator
    """A task whose documentation is its docstring, without the indentation that Markdown would take for code."""

    def made(function: Callable[Given, Result]) -> Task[Given, Result]:
        return task(multiple_outputs=False, doc_md=inspect.cleandoc(function.__doc__ or ""), **arguments)(function)

    return made


@contextmanager
def checkpoint() -> Iterator[Checkpoint]:
    """What a step works on, from the connection and the environment.

    A person's mistake and a fault of the world end the task with one sentence, anything else with its traceback. The
    name of the batch follows from the run alone, never from the clock.
    """
    from pipeline.checkpoints import Checkpoint, batch_id
    from pipeline.model import ConfigError, StoreError

    run = get_current_context()["dag_run"]
    try:
        yield Checkpoint(environ(), batch_id(run.run_after, f"{run.dag_id}/{run.run_id}"), tell)
    except ConfigError as mistake:
        end(f"{mistake}", Stop(MISTAKE))
    except StoreError as fault:
        end(f"{fault}", Again(FAULT))
    finally:
        sys.stdout.flush()  # what a step printed stands before what comes after it in the log


def tell(line: str) -> None:
    """A line into the log of the task."""
    log.info("%s", line)


def end(sentence: str, how: Stop | Again) -> NoReturn:
    """End the task; the sentence is the red line in its log, above what Airflow adds."""
    log.error("%s", sentence)
    raise how


def environ() -> dict[str, str]:
    """The environment, with what the connection `wireroom_store` says in its place; raises ConfigError.

    Any credentials of the connection replace all of the environment, so that no two of them mix.
    """
    try:
        connection = Connection.get(CONNECTION)
    except AirflowNotFoundException:
        return masked(dict(os.environ))
    told = said(connection)
    hidden = CREDENTIALS if any(name in told for name in CREDENTIALS) else ()
    return masked({name: value for name, value in os.environ.items() if name not in hidden} | told)


def masked(values: dict[str, str]) -> dict[str, str]:
    """The same values, whose credentials no log shows from now on."""
    for name in CREDENTIALS:
        if values.get(name):
            mask_secret(values[name])
    return values


def said(connection: Connection) -> dict[str, str]:
    """What a connection says, under the names of the environment; raises ConfigError."""
    told = {EXTRA[key]: value for key, value in _extra(connection).items()}
    for name in ("host", "port", "schema"):
        if getattr(connection, name):
            raise _mistake(
                f'{name} is not read; say all of it in extra: {{"store": "elasticsearch+https://host:9200"}}'
            )
    if (connection.login or connection.password) and "WIREROOM_ES_API_KEY" in told:
        raise _mistake("holds an api_key beside a login or password; keep one of them")
    if connection.login:
        told |= {"WIREROOM_ES_USERNAME": connection.login, "WIREROOM_ES_PASSWORD": connection.password or ""}
    elif connection.password:
        told["WIREROOM_ES_API_KEY"] = connection.password
    return told


def _extra(connection: Connection) -> Mapping[str, str]:
    try:
        extra = json.loads(connection.extra or "{}")
    except ValueError:
        raise _mistake('extra is no JSON; expected an object such as {"store": "sqlite:////srv/wireroom.db"}') from None
    if not isinstance(extra, dict):
        raise _mistake('extra: expected an object such as {"store": "sqlite:////srv/wireroom.db"}')
    for key, value in extra.items():
        if key not in EXTRA:
            raise _mistake(f"extra.{key}: unknown key; expected one of {', '.join(EXTRA)}")
        if not isinstance(value, str) or not value.strip():
            raise _mistake(
                f"extra.{key}: expected a string that is not empty; leave the key out to use the environment"
            )
    return extra


def _mistake(what: str) -> Exception:
    from pipeline.model import ConfigError

    return ConfigError(f"Airflow connection {CONNECTION}: {what}.")


class View(BaseOperatorLink):
    """From a task to the outcomes of its run, in Kibana or Datasette: what `settle` left under the same key."""

    @property
    def name(self) -> str:
        """What the button says."""
        return "Outcomes of this run"

    @property
    def xcom_key(self) -> str:
        """Where Airflow keeps the address."""
        return VIEW

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002 - Airflow's signature
        """The address; "" where the run did not settle."""
        return viewed(ti_key.dag_id, ti_key.run_id)


VIEW = "view"


def viewed(dag_id: str, run_id: str) -> str:
    """Where people see what became of a run's polls and entries; "" where it has not settled."""
    return BaseXCom.get_one(key=VIEW, task_id="settle", dag_id=dag_id, run_id=run_id) or ""


def overdue(context: Mapping[str, Any], minutes: int) -> None:
    """Tell the operator that a run has not ended in time; Airflow calls it once a run, in a process of the executor."""
    run = context["dag_run"]
    log.error(
        "%s: the run %s has not succeeded within %d minutes of being queued; it is %s now. New articles are late, none "
        "is lost. Open the run and look for a task that waits, is tried again or failed; its log says why.",
        *(run[name] for name in ("dag_id", "dag_run_id")),
        minutes,
        run["state"],
    )
