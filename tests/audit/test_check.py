import pytest
import sqlalchemy as sa
from flask import Flask

from compliance.audit import check, events
from compliance.audit.vocabulary import Event
from compliance.authz import SYSTEM_ACTOR
from compliance.kernel.db import engine, is_sqlite, session

DROP = {
    "audit_event": ["audit_event_no_update", "audit_event_no_delete"],
}


@pytest.fixture
def record(app: Flask) -> None:
    del app  # Asked for so that the database is there.
    for number in range(5):
        events.append("config", Event.ORGANISATION_CHANGED, SYSTEM_ACTOR, subject={"number": number}, reason="because")
    session().commit()
    with engine().begin() as connection:
        for name in DROP["audit_event"]:
            on = "" if is_sqlite() else " ON audit_event"
            connection.execute(sa.text(f"DROP TRIGGER {name}{on}"))


def found() -> list[str]:
    with engine().connect() as connection:
        return [str(fault) for fault in check.faults(connection, events.writer().key)]


@pytest.mark.usefixtures("record")
def test_an_untouched_record_has_no_faults() -> None:
    assert found() == []


@pytest.mark.parametrize(
    "statement,what",
    [
        ("UPDATE audit_event SET entry = replace(entry, '\"number\":2', '\"number\":9')", "hash does not fit"),
        ("UPDATE audit_event SET action = 'role.given' WHERE rev = 2", "columns say something else"),
        ("UPDATE audit_event SET actor_id = 'x' WHERE rev = 2", "columns say something else"),
        ("UPDATE audit_event SET mac = leaf_hash WHERE rev = 3", "not written by this installation"),
        ("DELETE FROM audit_event WHERE rev = 3", "follows revision 2"),
        ("DELETE FROM audit_event WHERE rev = 5", "newest event is missing"),
        ("DELETE FROM audit_event WHERE rev = 1", "follows revision 0"),
        ("UPDATE audit_stream SET audit_rev = 4", "newest event is missing"),
    ],
)
@pytest.mark.usefixtures("record")
def test_tampering_is_found(statement: str, what: str) -> None:
    with engine().begin() as connection:
        connection.execute(sa.text(statement.replace(":", r"\:")))
    assert any(what in line for line in found())
