"""A job and its cause are one: both are there, or neither."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from compliance.kernel import clock, jobs
from compliance.kernel.db import engine, session
from compliance.kernel.jobs import Status
from compliance.people.models import Organisation

pytestmark = pytest.mark.usefixtures("job_tables")


def waiting() -> list[str]:
    return [job.id for job in jobs.listing(Status.WAITING)]


def test_a_rolled_back_transaction_leaves_no_job() -> None:
    session().add(Organisation(name="Acme", kind="client", created_at=clock.now()))
    jobs.enqueue("task", "one")
    session().rollback()
    assert waiting() == []
    assert session().scalar(sa.select(Organisation.id)) is None


def test_a_committed_transaction_leaves_its_job_with_its_cause() -> None:
    session().add(Organisation(name="Acme", kind="client", created_at=clock.now()))
    assert jobs.enqueue("task", "one", ["argument", 3, None]) == "task:one"
    session().commit()
    found = jobs.find("task:one")
    assert found is not None
    assert (found.name, found.status, found.ended_at, found.worker, found.fault) == (
        "task",
        Status.WAITING,
        None,
        "",
        "",
    )
    assert session().scalar(sa.select(Organisation.name)) == "Acme"


def test_the_same_name_and_key_are_the_same_job() -> None:
    for _ in range(2):
        jobs.enqueue("task", "one")
        session().commit()
    jobs.enqueue("task", "one")
    jobs.enqueue("task", "two")
    session().commit()
    assert waiting() == ["task:two", "task:one"]


def test_a_job_survives_a_producer_killed_right_after_its_commit(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from compliance import create_app; from compliance.kernel import jobs, db\n"
        "with create_app().app_context():\n"
        "    jobs.enqueue('task', 'kept'); db.session().commit(); jobs.enqueue('task', 'lost')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    url = engine().url.render_as_string(hide_password=False)
    environment = {
        "COMPLIANCE_DATABASE_URL": url,
        "PYTHONPATH": ":".join(sys.path),
        "COMPLIANCE_DATA_DIR": str(tmp_path),
    }
    ended = subprocess.run([sys.executable, "-c", program], env=environment, check=False, timeout=60)
    assert ended.returncode == -9
    assert waiting() == ["task:kept"]


def test_arguments_are_stored_as_json_and_never_as_code() -> None:
    jobs.enqueue("task", "one", [{"file": "offers.csv"}])
    session().commit()
    table = "workflow_input" if engine().dialect.name == "sqlite" else f"{jobs.SCHEMA}.workflow_input"
    stored = session().scalar(sa.text(f"SELECT inputs FROM {table}"))  # noqa: S608 - one of two names of ours
    assert stored == '{"namedArgs":{},"positionalArgs":[{"file":"offers.csv"}]}'


def test_a_delayed_job_waits_and_can_be_cancelled_and_tried_again() -> None:
    job_id = jobs.enqueue("task", "later", delay=dt.timedelta(days=1))
    session().commit()
    assert waiting() == [job_id]
    jobs.cancel(job_id)
    assert (waiting(), [job.id for job in jobs.listing(Status.CANCELLED)]) == ([], [job_id])
    again = jobs.retry(job_id)
    assert waiting() == [again]


def test_pages_of_jobs_follow_each_other_without_a_gap_or_a_repeat() -> None:
    for count in range(7):
        jobs.enqueue("task", str(count))
    session().commit()
    seen: list[str] = []
    page = jobs.listing(Status.WAITING, size=3)
    while page:
        seen += [job.id for job in page]
        page = jobs.listing(Status.WAITING, before=(page[-1].made_ms, page[-1].id), size=3)
    assert sorted(seen) == sorted(f"task:{count}" for count in range(7))
    assert len(seen) == 7


def test_jobs_that_ended_long_ago_are_forgotten_and_waiting_ones_never() -> None:
    jobs.enqueue("task", "done")
    jobs.enqueue("task", "waits")
    session().commit()
    jobs.cancel("task:done")
    assert jobs.forget(clock.now() - dt.timedelta(hours=1)) == 0
    assert jobs.forget(clock.now() + dt.timedelta(hours=1)) == 1
    assert (jobs.find("task:done"), waiting()) == (None, ["task:waits"])


def test_a_schedule_is_kept_once_however_often_it_is_set() -> None:
    for cron in ("0 * * * *", "17 * * * *"):
        jobs.schedule("task", cron)
    found = jobs.client(engine()).list_schedules()
    assert [(one["schedule_name"], one["schedule"]) for one in found] == [("task", "17 * * * *")]


def test_a_job_that_said_nothing_has_no_progress() -> None:
    jobs.enqueue("task", "one")
    session().commit()
    assert jobs.progress("task:one") is None
