"""Background jobs: written in the transaction of what causes them, run afterwards by workers, at least once.

The one door to the job engine. Whoever enqueues holds no engine, only its tables: they lie in our own database, so that
a job and its cause are committed together or not at all. A job is known by its name and a key; the same key again is
the same job. What a job does must bear being done twice, for a worker may die between the deed and the note of it.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions, WorkflowStatus
from dbos._error import DBOSInitializationError

# Only this class makes the tables without launching the engine, and leaves notifications by the database's own channel
# out of them, which connection poolers do not carry.
from dbos._schemas.system_database import SystemSchema
from dbos._sys_db import SystemDatabase
from sqlalchemy.engine import Engine

from compliance.kernel import db

APPLICATION: Final = "countersign"
QUEUE: Final = "work"
SCHEMA: Final = "jobs"
# JSON, because the engine's own default would let whoever writes to the database run code in the worker.
SERIALIZER: Final = DBOSPortableJSONSerializer()
PROGRESS: Final = "progress"
PAGE_SIZE: Final = 25

_STATUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "waiting": ("ENQUEUED", "DELAYED"),
    "running": ("PENDING",),
    "failed": ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"),
    "cancelled": ("CANCELLED",),
    "done": ("SUCCESS",),
}
_clients: Final[dict[str, DBOSClient]] = {}


class Status(enum.StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its page shows it. ``made_ms`` orders jobs; it counts milliseconds since 1970."""

    id: str
    name: str
    status: Status
    made_ms: int
    made_at: dt.datetime
    ended_at: dt.datetime | None
    worker: str
    fault: str


def enqueue(name: str, key: str, args: Sequence[Any] = (), *, delay: dt.timedelta | None = None) -> str:
    """Add the job *name* to the running transaction, not to be run before *delay* is over; return its id.

    *args* must be plain JSON. The same name and key again add nothing.
    """
    job_id = f"{name}:{key}"
    options: EnqueueOptions = {"workflow_name": name, "queue_name": QUEUE, "workflow_id": job_id}
    if delay:
        options["delay_seconds"] = delay.total_seconds()
    client(db.engine()).enqueue_in_transaction(db.session(), options, *args)
    return job_id


def schedule(name: str, cron: str) -> None:
    """Run the job *name* whenever *cron* says (in UTC), once however many workers there are."""
    client(db.engine()).apply_schedules(
        [{"schedule_name": name, "workflow_name": name, "schedule": cron, "queue_name": QUEUE}]
    )


def listing(status: Status, *, before: tuple[int, str] | None = None, size: int = PAGE_SIZE) -> list[Job]:
    """Return jobs of *status*, newest first, made before the one that *before* names by its ``made_ms`` and id."""
    rows = SystemSchema.workflow_status.c
    query = sa.select(rows.workflow_uuid).where(rows.status.in_(_STATUSES[status]))
    if before:
        query = query.where(sa.tuple_(rows.created_at, rows.workflow_uuid) < sa.tuple_(*map(sa.literal, before)))
    engine = client(db.engine())._sys_db.engine  # noqa: SLF001 - its own listing pages by counting
    with engine.connect() as connection:
        ids = list(
            connection.scalars(query.order_by(rows.created_at.desc(), rows.workflow_uuid.desc()).limit(size)).all()
        )
    found = {job.id: job for job in map(_told, client(db.engine()).list_workflows(workflow_ids=ids))} if ids else {}
    return [found[job_id] for job_id in ids if job_id in found]


def find(job_id: str) -> Job | None:
    """Return the job with that id, or ``None``."""
    found = client(db.engine()).list_workflows(workflow_ids=[job_id])
    return _told(found[0]) if found else None


def cancel(job_id: str) -> None:
    """Stop a job before its next step; what it has done stays done. Takes effect at once, in no transaction."""
    client(db.engine()).cancel_workflow(job_id)


def retry(job_id: str) -> str:
    """Run a job again that failed or was cancelled, as a new one; return its id. Takes effect at once."""
    return client(db.engine()).fork_workflow(job_id, 1, queue_name=QUEUE).get_workflow_id()


def progress(job_id: str) -> tuple[int, int] | None:
    """Return how much of a job is done, and of how much; ``None`` while it has not said."""
    told = client(db.engine()).get_event(job_id, PROGRESS, timeout_seconds=0)
    return (int(told[0]), int(told[1])) if told else None


def report(done: int, of: int) -> None:
    """Say from inside a job how much of it is done."""
    DBOS.set_event(PROGRESS, [done, of])


def forget(before: dt.datetime, limit: int = 1000) -> int:
    """Delete jobs that ended well or were cancelled before then; failed ones stay until somebody looks at them."""
    engine = client(db.engine())
    ended = engine.list_workflows(
        status=[*_STATUSES["done"], *_STATUSES["cancelled"]],
        completed_before=before.isoformat(),
        limit=limit,
        load_input=False,
        load_output=False,
    )
    engine.delete_workflows([job.workflow_id for job in ended])
    return len(ended)


def install(engine: Engine) -> None:
    """Make the job engine's tables, or bring them to the version that is installed."""
    system = _system(engine)
    system.run_migrations()
    system.destroy()


def remove(engine: Engine) -> None:
    """Take the job engine's tables away with everything in them."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
            return
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for name in sorted(table_names()):
            connection.execute(sa.text(f"DROP TABLE IF EXISTS {name}"))


def is_installed(engine: Engine) -> bool:
    """Tell whether the tables are those that the installed job engine needs."""
    system = _system(engine)
    try:
        system.verify_migrations()
    except DBOSInitializationError:
        return False
    finally:
        system.destroy()
    return True


def table_names() -> frozenset[str]:
    """Return the names of the job engine's tables, which on SQLite lie beside our own."""
    return frozenset({"dbos_migrations", *(found.name for found in SystemSchema.metadata_obj.tables.values())})


def client(engine: Engine) -> DBOSClient:
    """Return what reaches the jobs in the database of *engine*; connections are opened when first used."""
    url = address(engine)
    if url not in _clients:
        _clients[url] = DBOSClient(
            system_database_url=url,
            dbos_system_schema=SCHEMA,
            serializer=SERIALIZER,
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )
    return _clients[url]


def close() -> None:
    """Let go of every connection to the jobs."""
    while _clients:
        _clients.popitem()[1].destroy()


def address(engine: Engine) -> str:
    """Return the database's whole address."""
    return engine.url.render_as_string(hide_password=False)


def _system(engine: Engine) -> SystemDatabase:
    return SystemDatabase.create(
        system_database_url=address(engine),
        engine_kwargs={},
        # On SQLite it begins transactions in a way of its own, which needs connections of its own.
        engine=engine if engine.dialect.name == "postgresql" else None,
        schema=SCHEMA,
        serializer=SERIALIZER,
        executor_id=None,
        use_listen_notify=False,
    )


def _told(found: WorkflowStatus) -> Job:
    status = next(Status(status) for status, theirs in _STATUSES.items() if found.status in theirs)
    made = found.created_at or 0
    return Job(
        id=found.workflow_id,
        name=found.name,
        status=status,
        made_ms=made,
        made_at=_instant(made),
        ended_at=_instant(found.completed_at) if found.completed_at else None,
        worker=found.executor_id or "",
        fault=str(found.error)[:300] if found.error else "",
    )


def _instant(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
