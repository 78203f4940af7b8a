"""What runs in the background: jobs, schedules, the look-out for what falls due, and taking over from the dead.

A worker is a process with the job engine launched in it. Any number of them share one PostgreSQL; on SQLite one runs
beside the web server in the same process. Mail and deadlines are rows of our own, written with the change that causes
them; the look-out gives them to jobs as soon as they are due. Every job may be done twice and has its effect once.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from dbos import DBOS, StepOptions
from flask import Flask

from compliance.api import idempotency
from compliance.engine import deadlines, importing, replaying, sweeping
from compliance.kernel import beats, clock, db, heaps, jobs
from compliance.messages import delivery, inbox
from compliance.people import resets

# Jobs of another version are neither run nor taken over: change it when waiting jobs cannot be understood any more.
VERSION: Final = "1"
# The one worker of an embedded installation keeps its name, so that after a restart it goes on with its own jobs.
ALONE: Final = "local"
SWEEP: Final = "deadlines.sweep"
TIDY: Final = "tidy"

THREADS: Final = 4
# How many jobs a worker has in hand: with the pause between two looks this bounds how many small ones it does a second.
IN_HAND: Final = 32
POLL_S: Final = 0.25
PATIENCE: Final = dt.timedelta(seconds=10)
BEATS: Final = 5  # Within everybody's patience.
STOP_WITHIN_S: Final = 10
FINISHED_KEPT: Final = dt.timedelta(days=1)
# A database that is away for a while must not end a job: about ten minutes of tries.
TRIES: Final[StepOptions] = {
    "retries_allowed": True, "max_attempts": 9, "interval_seconds": 1.0, "backoff_rate": 2.0,
}  # fmt: skip

log = structlog.get_logger()


def sweep() -> int:
    """Carry out the deadlines that have passed; however many do this at once, each is carried out once."""
    carried_out = 0
    while done := sweeping.sweep():
        carried_out += done
    return carried_out


def tidy(*_when: object) -> None:
    """Forget what nobody can ask for any more, and say how many jobs have failed."""
    idempotency.forget()
    resets.forget()
    importing.forget()
    replaying.forget()
    delivery.forget()
    inbox.forget()
    beats.forget()
    db.session().commit()
    while jobs.forget(clock.now() - FINISHED_KEPT):
        pass
    if failed := jobs.listing(jobs.Status.FAILED):
        log.error("jobs_failed", newest=failed[0].id, fault=failed[0].fault, at_least=len(failed))


TASKS: Final[Mapping[str, Callable[..., Any]]] = {
    delivery.JOB: delivery.send,
    replaying.JOB: replaying.work,
    SWEEP: sweep,
    TIDY: tidy,
}
SCHEDULES: Final = {TIDY: "17 * * * *"}


class Worker:
    """The background of one process. :meth:`stop` leaves politely; to be killed at any instant does no harm either."""

    def __init__(self, app: Flask, name: str | None = None, patience: dt.timedelta = PATIENCE) -> None:
        self.app = app
        self.name = name or f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(turn, pause), name=turn.__name__, daemon=True)
            for turn, pause in ((self._look_out, POLL_S), (self._live, patience.total_seconds() / BEATS))
        ]
        self._watch = beats.Watch(patience)

    def start(self) -> None:
        """Launch the job engine, and begin to look out for what falls due."""
        heaps.share()
        logging.getLogger("dbos").addHandler(logging.NullHandler())  # Else it writes to the terminal past our own logs.
        with self.app.app_context():
            url = jobs.address(db.engine())
            for name, task in TASKS.items():
                DBOS.workflow(name=name)(self._job(name, task))
            DBOS(
                config={
                    "name": jobs.APPLICATION,
                    "system_database_url": url,
                    "dbos_system_schema": jobs.SCHEMA,
                    "serializer": jobs.SERIALIZER,
                    "application_version": VERSION,
                    "executor_id": self.name,
                    "use_listen_notify": False,
                    "run_migrations": False,
                    "sys_db_pool_size": THREADS,
                    "max_executor_threads": THREADS,
                    "log_level": "WARNING",
                }
            )
            DBOS.listen_queues([jobs.QUEUE])
            beats.beat(self.name)
            db.session().commit()
            DBOS.launch()
            DBOS.register_queue(jobs.QUEUE, worker_concurrency=IN_HAND, polling_interval_sec=POLL_S)
            for name, cron in SCHEDULES.items():
                jobs.schedule(name, cron)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take nothing new, give what runs a while to end, and leave the rest to whoever comes next."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(STOP_WITHIN_S)
        DBOS.destroy(workflow_completion_timeout_sec=STOP_WITHIN_S)
        with self.app.app_context():
            beats.last(self.name)
            db.session().commit()

    def _job(self, name: str, task: Callable[..., Any]) -> Callable[..., Any]:
        def done(*args: Any) -> Any:  # noqa: ANN401 - each task has its own arguments
            with self.app.app_context():
                return task(*args)

        def job(*args: Any) -> Any:  # noqa: ANN401 - as above
            return DBOS.run_step({**TRIES, "name": name}, done, *args)

        return job

    def _repeat(self, turn: Callable[[], None], pause: float) -> None:
        while not self._stopping.wait(pause):
            try:
                with self.app.app_context():
                    turn()
            except Exception:
                # Whatever is wrong now, the next turn comes; a thread that ended would be missed by nobody.
                log.exception("worker_turn_failed", turn=turn.__name__)

    def _look_out(self) -> None:
        """Give jobs what has fallen due. Looking takes no lock, so that an idle worker is in nobody's way."""
        db.begin_reading()
        mail, overdue = delivery.is_due(), deadlines.passed(db.session(), clock.now(), 1)
        db.session().rollback()
        while mail and delivery.hand_over() == delivery.BATCH:
            pass
        for oldest in overdue:
            # One job for what is oldest, by whoever finds it; once a minute again where it cannot be carried out.
            jobs.enqueue(SWEEP, f"{oldest.id}:{clock.now():%Y-%m-%dT%H:%M}")
            db.session().commit()

    def _live(self) -> None:
        """Show a sign of life, and take over the jobs of workers that show none."""
        beats.beat(self.name)
        db.session().commit()
        running = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        owners = {job.executor_id for job in running if job.executor_id} - {self.name}
        silent = self._watch.silent(owners, time.monotonic())
        db.session().rollback()  # The job engine writes on a connection of its own, which must not wait for this one.
        if silent:
            log.warning("taking_over", workers=silent)
            # It moves a job only while the dead one still owns it; resuming would also restart what another has taken.
            DBOS._recover_pending_workflows(silent)  # noqa: SLF001 - see above
