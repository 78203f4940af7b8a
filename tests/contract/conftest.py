"""Every process at once: those that are shipped and those of the tests, found as the product finds them."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from compliance.engine.definition import Workflow
from compliance.engine.registry import discover, registry
from compliance.kernel import db, jobs
from tests.conftest import Store
from tests.contract.journeys import Journeys, explore
from tests.contract.play import Play, assemble

PROCESSES = tuple(discover(["workflows", "tests.engine.processes"]))
STATES = [(workflow, state.value) for workflow in PROCESSES for state in workflow.states]
MONDAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
# When nobody has been busy for so long that the API asks them to slow down.
LONG_AFTER = MONDAY + dt.timedelta(days=3650)


def kind_of(value: object) -> str:
    return value.kind if isinstance(value, Workflow) else str(value)


def make_tables(engine: sa.Engine) -> None:
    """Make the tables of processes that exist only in tests; those of shipped ones come from migrations."""
    for workflow in registry():
        db.table(workflow.model).create(engine, checkfirst=True)


class Stage:
    """One database for a whole run: for the search, and for tests that may change nothing."""

    def __init__(self, app: Flask, engine: sa.Engine, shared: Path) -> None:
        self.app, self.engine, self.shared = app, engine, shared
        self.found: dict[str, Journeys] = {}
        # The one case that rests here: where it stands, and under which reference.
        self.resting: tuple[tuple[str, str], str] | None = None
        with self.entered():
            make_tables(engine)
            self.cast = assemble()

    @contextmanager
    def entered(self, at: dt.datetime = MONDAY) -> Iterator[time_machine.Traveller]:
        with self.app.app_context(), time_machine.travel(at, tick=False) as traveller:
            engines = cast("dict[str | None, sa.Engine]", db.db.engines)
            before, engines[None] = engines[None], self.engine
            yield traveller
            db.db.session.remove()
            engines[None] = before

    def journeys(self, kind: str) -> Journeys:
        if kind not in self.found:
            self.found[kind] = self.searched_once(kind)
        return self.found[kind]

    def searched_once(self, kind: str) -> Journeys:
        """Search, or take over what another worker of this run has found: whoever comes second waits for the lock."""
        kept = self.shared / f"journeys-{kind}"
        with (self.shared / f"journeys-{kind}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                self.resting = None  # The search takes away whatever is there.
                with self.entered() as traveller:
                    kept.write_bytes(pickle.dumps(explore(kind, Play(self.cast, traveller))))
            found = pickle.loads(kept.read_bytes())  # noqa: S301 - written by this run, a line above
        assert isinstance(found, Journeys)
        return found

    @contextmanager
    def at(self, workflow: Workflow, state: str) -> Iterator[Play]:
        """Enter with a case of *workflow* in *state*, the same for all tests of that state that follow each other."""
        path, wanted = self.journeys(workflow.kind).paths[state], (workflow.kind, state)
        if self.resting is None or self.resting[0] != wanted:
            with self.entered() as traveller:
                play = Play(self.cast, traveller)
                play.forget_other_cases()
                play.begin(path)
                self.resting = wanted, play.reference
        with self.entered(LONG_AFTER) as traveller:
            play = Play(self.cast, traveller)
            play.kind, play.world, play.reference = workflow.kind, path.world, self.resting[1]
            yield play


@pytest.fixture(scope="session")
def stage(whole_app: Flask, store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    url = store.copy()
    engine = db.make_engine(url)
    jobs.install(engine)  # Some actions ask for a job.
    own = tmp_path_factory.getbasetemp()
    yield Stage(whole_app, engine, own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)
    jobs.close()
    engine.dispose()
    store.drop(url)


@pytest.fixture
def journeys(stage: Stage) -> Callable[[str], Journeys]:
    """Return a way to ask how each state of a process is reached; the search runs once."""
    return stage.journeys


@pytest.fixture
def resting(stage: Stage, workflow: Workflow, state: str) -> Iterator[Play]:
    """Return the stage with a case of the test's process in the test's state; the test may change nothing."""
    with stage.at(workflow, state) as play:
        yield play


@pytest.fixture
def monday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def play(app: Flask, job_tables: None, monday: time_machine.Traveller) -> Play:
    """Return a stage with its cast, on a database of its own."""
    del app, job_tables  # Asked for so that the database is there, with the tables of jobs.
    make_tables(db.engine())
    return Play(assemble(), monday)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh", action="store_true", help="write the snapshots of tests/contract anew")
