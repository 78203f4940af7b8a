"""The database locked, full, behind, or failing at any statement: a 503 with a sentence, and nothing half done."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.exc import OperationalError

from compliance import cli
from compliance.audit import check, events
from compliance.authz import Actor
from compliance.engine import run
from compliance.kernel import db, migrations
from compliance.kernel.db import engine, session, table
from tests.engine.processes.permit import Permit
from tests.hostile.conftest import standing
from tests.hostile.scene import Cast, Front, refused, rows

Stand = Callable[[Actor | None], Front]


@pytest.fixture
def embedded(whole_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """Put the application on a file that another program has open too, and let it wait for that one only shortly."""
    monkeypatch.setattr(db, "BUSY_TIMEOUT_MS", 200)
    made = db.make_engine(f"sqlite:///{tmp_path / 'desk.db'}")
    migrations.upgrade(made)
    with whole_app.app_context():
        cast("dict[str | None, sa.Engine]", db.db.engines)[None] = made
        table(Permit).create(made)
        other = sqlite3.connect(tmp_path / "desk.db", isolation_level=None)
        yield other
        other.close()
        db.db.session.remove()
    made.dispose()


@pytest.fixture
def people(embedded: sqlite3.Connection) -> Cast:
    del embedded  # Asked for so that the database is there.
    return Cast()


def test_a_locked_database_is_waited_for_and_then_named(
    whole_app: Flask, embedded: sqlite3.Connection, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = standing(whole_app, monkeypatch, people.rita)
    case = people.claimed()
    fields = {"seen": case.content_digest, "reason": "In order."}
    address, before = f"/permits/{case.reference}/grant", rows()
    visitor.csrf()
    embedded.execute("BEGIN IMMEDIATE")
    answer = visitor.send(address, fields)
    assert "busy" in refused(answer, 503)
    assert answer.headers["Retry-After"]
    answer = visitor.program(f"/permits/{case.reference}/actions/grant", method="POST", json=fields)
    assert "busy" in refused(answer, 503)
    assert visitor.browser(address).status_code == 200
    embedded.execute("ROLLBACK")
    assert rows() == before
    assert visitor.send(address, fields).status_code == 303


def test_a_full_database_goes_on_being_read_and_recovers(
    whole_app: Flask, embedded: sqlite3.Connection, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = standing(whole_app, monkeypatch, people.mona)
    case = people.claimed()
    visitor.csrf()
    before = rows()
    pages = embedded.execute("PRAGMA page_count").fetchone()[0]

    def limit(connection: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401 - the driver's connection
        connection.execute(f"PRAGMA max_page_count={pages}")

    sa.event.listen(engine(), "checkout", limit)
    fields = {"title": "x" * 200_000, "size": "5"}
    assert "no room left" in refused(visitor.send("/permits/new", fields), 503)
    assert "no room left" in refused(visitor.program("/permits", method="POST", json={**fields, "size": 5}), 503)
    for address in ("/permits", f"/permits/{case.reference}"):
        assert visitor.browser(address).status_code == 200
    assert rows() == before
    sa.event.remove(engine(), "checkout", limit)
    sa.event.listen(engine(), "checkout", lambda c, _r, _p: c.execute("PRAGMA max_page_count=1000000"))
    assert visitor.send("/permits/new", {"title": "Crane", "size": "5"}).status_code == 303


def test_behind_on_migrations_the_web_says_so_on_every_page_until_it_is_not(
    whole_app: Flask, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = standing(whole_app, monkeypatch, people.rita)
    table(Permit).drop(engine())
    migrations.downgrade(engine(), "0005")
    monkeypatch.setitem(whole_app.extensions, "schema_fits", False)  # noqa: FBT003 - the value to set
    for address in ("/", "/queue", "/login", "/permits", "/nothing"):
        assert "countersign db upgrade" in refused(visitor.browser(address), 503)
    assert "countersign db upgrade" in refused(visitor.program("/permits"), 503)
    assert visitor.browser("/healthz").get_json() == {"status": "ok"}
    ready = visitor.browser("/readyz")
    assert ready.status_code == 503
    assert "countersign db upgrade" in ready.get_json()["faults"][0]
    migrations.upgrade(engine())
    assert visitor.browser("/readyz").get_json() == {"status": "ready", "faults": []}
    assert visitor.browser("/queue").status_code == 200


def test_behind_on_migrations_the_command_does_not_serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLIANCE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("COMPLIANCE_DATABASE_URL", raising=False)
    done = CliRunner().invoke(cli.main, ["run", "--port", "5278"])
    assert done.exit_code == 1
    assert "countersign db upgrade" in done.output


@pytest.mark.parametrize("by", ["form", "program"])
def test_whichever_statement_of_a_decision_fails_nothing_is_half_done_and_a_repetition_works(
    cast: Cast, front: Stand, by: str
) -> None:
    visitor, case = front(cast.rita), cast.claimed()
    fields = {"seen": case.content_digest, "reason": "In order."}
    visitor.csrf()
    before, stream = rows(), case.stream

    def decide() -> int:
        if by == "form":
            answer = visitor.send(f"/permits/{case.reference}/grant", fields)
        else:
            key = {"Idempotency-Key": "one"}
            answer = visitor.program(
                f"/permits/{case.reference}/actions/grant", method="POST", json=fields, headers=key
            )
        if answer.status_code >= 400:
            assert "Nothing was changed" in refused(answer, 503)
        return answer.status_code

    failed = 0
    while True:
        with failing(failed + 1) as reached:
            status = decide()
        if not reached:
            break
        failed += 1
        assert rows() == before, f"statement {failed} failed"
    assert status in {200, 303}
    assert failed > 8
    session().expire_all()
    assert run.find("permit", case.reference, cast.rita).state == "granted"
    granted = [event for event in rows()["audit_event"] if event[2] == stream and event[7] == "permit.grant"]
    assert len(granted) == 1
    session().commit()
    with engine().connect() as connection:
        assert list(check.faults(connection, events.writer().key)) == []


class failing:  # noqa: N801 - reads like the context manager that it is
    """Let the *number*-th statement fail that reaches the database, and the commit when it is that one's turn."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.reached: list[int] = []

    def __enter__(self) -> list[int]:
        sa.event.listen(engine(), "before_cursor_execute", self._count)
        sa.event.listen(engine(), "commit", self._count)
        return self.reached

    def __exit__(self, *_raised: object) -> None:
        sa.event.remove(engine(), "before_cursor_execute", self._count)
        sa.event.remove(engine(), "commit", self._count)

    def _count(self, *_told: object) -> None:
        self.left -= 1
        if self.left == 0:
            self.reached.append(1)
            raise OperationalError("a statement", None, RuntimeError("made to fail"))
