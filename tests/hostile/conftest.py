from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, request

from compliance.authz import Actor
from compliance.kernel.db import engine, session, table
from tests.engine.processes.permit import Permit
from tests.hostile.scene import ACTOR, Cast, Front, rows

# What can only happen to a server needs one; with the embedded database there is nothing to lose on the way.
collect_ignore = [] if os.environ.get("COMPLIANCE_TEST_DATABASE_URL") else ["test_server_gone.py"]


def standing(app: Flask, monkeypatch: pytest.MonkeyPatch, actor: Actor | None) -> Front:
    """Return *actor* in front of the desk; the person is real, only the sign-in is left out."""
    monkeypatch.setitem(app.extensions, "current_actor", lambda: request.environ.get(ACTOR))
    return Front(app, actor)


@pytest.fixture
def cast(app: Flask) -> Cast:
    del app  # Asked for so that the database is there.
    table(Permit).create(engine())
    return Cast()


@pytest.fixture
def front(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Actor | None], Front]:
    """Return a way to stand in front of the desk as somebody."""
    return lambda actor: standing(app, monkeypatch, actor)


@pytest.fixture
def unchanged(cast: Cast) -> Iterator[Callable[[], None]]:
    """Hold that no row changed since the test called this, or since it began."""
    del cast  # Made before, so that its rows count as there.
    session().commit()
    before = [rows()]

    def here() -> None:
        session().commit()
        before.append(rows())

    yield here
    session().rollback()
    assert rows() == before[-1]
