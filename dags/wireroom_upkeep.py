"""Once a day: let go of what is too old, deliver what could not be, and look whether everything is in order."""  # noqa: INP001 - a file of its own to Airflow

from __future__ import annotations

import stat
from contextlib import suppress
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import wireroom_policy as policy
from airflow.sdk import conf, dag, get_current_context

SCHEDULE = "40 1 * * *"
"""UTC: before dawn from Cairo to Tehran, when the fewest articles appear."""
LONGEST = 12
"""Hours after which Airflow ends a run."""
EXPIRE_HOURS = 2
LOGS_DAYS = 30
"""Airflow never deletes the logs of tasks, 9 kB each: 4 shards every five minutes are 30 MB a day."""
OURS = {"dag_id=wireroom_*": "*.log", "executor_callbacks/wireroom_*": "*", "dag_processor": "wireroom_*.log"}
"""Where Airflow writes of these DAGs below its folder of logs, and what its files are called there. Those of other DAGs
lie beside them; the logs of deadlines have no ending."""


@policy.step(execution_timeout=timedelta(hours=EXPIRE_HOURS))
def expire() -> None:
    """Deletes outcomes, articles and archive files that are older than `retention` in `settings.yaml` says.

    **If it fails** nothing is lost but room on the disk; tomorrow's run deletes what is left.
    """
    from pipeline import checkpoints

    with policy.checkpoint() as at:
        for kind, count in checkpoints.expire(at).items():
            policy.tell(f"{kind}: {count} let go")


@policy.step(priority_weight=policy.ALERTS_FIRST)
def deliver() -> None:
    """Tries once more to deliver the alerts that no destination took.

    **If it fails** they are kept; `wireroom doctor` says what is wrong with a destination.
    """
    from pipeline import checkpoints

    with policy.checkpoint() as at:
        policy.tell(f"{checkpoints.deliver(at)} alerts delivered")


@policy.step()
def health() -> None:
    """Tells which sources are not well, since when, and what to do about each.

    **If it fails** the store is away; ill sources do not make it fail.
    """
    from pipeline import checkpoints

    with policy.checkpoint() as at:
        checkpoints.health(at)


@policy.step()
def doctor() -> None:
    """Looks at configuration, store, archive, clock, pools and destinations, as `wireroom doctor` does.

    **If it fails** something is wrong; each fault stands in its log with what to do about it.
    """
    from pipeline import checkpoints

    with policy.checkpoint() as at:
        faults = checkpoints.doctor(at)
    if faults:
        policy.end(f"Faults: {faults}. Each is told above, with what to do about it.", policy.Stop(policy.FAULT))


@policy.step()
def logs() -> None:
    """Deletes the logs of the tasks of these DAGs that are older than 30 days, from the machine it runs on.

    Only files that Airflow wrote of DAGs whose names begin with `wireroom_`; links are not followed. Logs that are kept
    elsewhere (remote logging) are left alone.

    **If it fails** the disk fills slowly; the log names a file that cannot be deleted.
    """
    before = get_current_context()["dag_run"].run_after - timedelta(days=LOGS_DAYS)
    folder = Path(conf.get("logging", "base_log_folder"))
    count = sum(
        swept(path, before.timestamp(), names)
        for pattern, names in OURS.items()
        for path in folder.glob(pattern)
        if path.is_dir() and not path.is_symlink()
    )
    policy.tell(f"{count} logs from before {before:%Y-%m-%d} deleted in {folder}")


def swept(folder: Path, before: float, names: str) -> int:
    """How many logs of such names that were last written before this time (seconds since 1970) were deleted.

    Folders that are left empty go, too. One that was changed since stays: a task that begins may have made it for its
    log. What somebody else deletes meanwhile is not counted.
    """
    count = 0
    for path in list(folder.iterdir()):
        with suppress(FileNotFoundError):
            facts = path.lstat()
            old = facts.st_mtime < before
            if stat.S_ISDIR(facts.st_mode):
                count += swept(path, before, names)
                with suppress(OSError):  # not empty
                    path.rmdir() if old else None
            elif old and stat.S_ISREG(facts.st_mode) and fnmatchcase(path.name, names):
                path.unlink()
                count += 1
    return count


@dag(schedule=SCHEDULE, dagrun_timeout=timedelta(hours=LONGEST), **policy.EVERY_DAG)
def wireroom_upkeep() -> None:
    """Keeps the house, once a day: what is too old goes, what could not be delivered is tried again, faults are told.

    Its tasks do not depend on each other. **Red**: read the log of the red task; `doctor` is red where it found faults.

    The history in Airflow's own database is not touched, as tasks have no access to it: `make airflow` and the service
    `airflow-clean` of `docker-compose.yml` run `airflow db clean`.
    """
    for each in (expire, deliver, health, doctor, logs):
        each()


wireroom_upkeep()
