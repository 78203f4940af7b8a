"""The replay of a change of rules: asked for with its test in one transaction, and carried out by a worker."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine

from compliance.engine import run
from compliance.kernel import jobs
from compliance.kernel.db import session
from compliance.kernel.jobs import Status
from tests.jobs.scene import House, until
from tests.offer.scene import CEST, INSIDE, MONDAY, OUTSIDE, Desk
from tests.rule_change.scene import Change

pytestmark = pytest.mark.usefixtures("job_tables", "replays")


def amended() -> Change:
    """Decide two offers, and open a change that would have decided them otherwise."""
    desk = Desk()
    for _ in range(2):
        desk.approved()
    change = Change(desk.rita, desk.sue)
    change.open(CEST, (f'"{OUTSIDE}"', f'"{INSIDE}"'))
    return change


def job_of(change: Change) -> str:
    found = change.case().replay_job
    session().rollback()
    return found


def test_a_test_that_is_rolled_back_leaves_no_job() -> None:
    with time_machine.travel(MONDAY, tick=False):
        change = amended()
        run.fire("rule_change", change.reference, "test", change.rita)
        job = change.case().replay_job
        session().rollback()
        assert change.case().state == "draft"
    session().rollback()
    assert jobs.find(job) is None


def test_a_worker_replays_what_the_test_asked_for_and_the_change_goes_on(
    replays: Path, house: Callable[..., House]
) -> None:
    home = house()
    with time_machine.travel(MONDAY, tick=False):
        change = amended()
        change.act(change.rita, "test")
    job = job_of(change)
    # The worker of this test has a data directory of its own; in an installation both have the same.
    shutil.copytree(replays, home.folder / "replays")
    home.start("worker", "--patience", "2")
    until(lambda: (found := jobs.find(job)) is not None and found.status is Status.DONE, "the replay")
    shutil.rmtree(replays)
    shutil.copytree(home.folder / "replays", replays)
    assert jobs.progress(job) == (1, 1)
    with time_machine.travel(MONDAY, tick=False):
        assert change.act(change.rita, "put_forward") == "second_person"
        assert change.case().replayed == [[OUTSIDE, INSIDE, 2]]


def test_a_replay_that_was_cancelled_can_be_had_again() -> None:
    with time_machine.travel(MONDAY, tick=False):
        change = amended()
        change.act(change.rita, "test")
        jobs.cancel(job_of(change))
        change.act(change.rita, "test")
    second = jobs.find(job_of(change))
    assert second is not None
    assert second.status is Status.WAITING
