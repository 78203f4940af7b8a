"""A replay as a job: done by a worker, and stopped by whoever cancels it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine

from compliance.engine import replaying
from compliance.kernel import jobs
from compliance.kernel.db import session
from compliance.kernel.jobs import Status
from compliance.rules import replay, store
from compliance.rules.replay import Moved, Shelf
from tests.jobs.scene import House, until
from tests.offer.scene import CEST, MONDAY, OUTSIDE, Desk

pytestmark = pytest.mark.usefixtures("job_tables")


@pytest.fixture
def planned(replays: Path) -> str:
    """Decide two offers, and plan to replay them."""
    del replays  # Asked for so that nothing lies there.
    with time_machine.travel(MONDAY, tick=False):
        desk = Desk()
        for _ in range(2):
            desk.approved()
    rules = store.shipped(CEST)
    return replaying.plan(rules, store.content_of(rules))


def test_a_worker_replays_in_the_background_and_tells_how_far_it_is(
    replays: Path, planned: str, house: Callable[..., House]
) -> None:
    home = house()
    shutil.copytree(replays, home.folder / "replays")
    job = replaying.enqueue(planned, "one")
    session().commit()
    home.start("worker", "--patience", "2")
    until(lambda: (found := jobs.find(job)) is not None and found.status is Status.DONE, "the replay")
    assert jobs.progress(job) == (1, 1)
    assert replay.matrix(Shelf(home.folder / "replays" / planned)) == [Moved(OUTSIDE, OUTSIDE, 2)]


def test_a_cancelled_job_stops_between_two_files(planned: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "READ_AT_ONCE", 1)
    monkeypatch.setattr(replaying, "FINDINGS_IN_FILE", 1)
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(jobs, "report", lambda done, of: told.append((done, of)))
    job = replaying.enqueue(planned, "one")
    session().commit()
    jobs.cancel(job)
    assert replaying.work(planned, "one") == 0
    assert told == [(0, 1)]
