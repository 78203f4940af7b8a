"""No change of state without its event: not by the session, not in bulk, not by SQL."""

import hashlib
import json

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from compliance.audit.guards import UnrecordedChangeError
from compliance.audit.models import AuditEvent
from compliance.authz import Actor
from compliance.engine.case import Case
from compliance.kernel.db import engine, is_sqlite, session, table
from compliance.people.models import Organisation
from tests import make


def test_a_hand_set_state_is_refused(acme: Organisation, manager: Actor) -> None:
    case = make.submitted_permit(manager, acme)
    case.state = "granted"
    with pytest.raises(UnrecordedChangeError):
        session().flush()
    session().rollback()


def test_a_bulk_update_is_refused(acme: Organisation, manager: Actor) -> None:
    make.submitted_permit(manager, acme)
    with pytest.raises(UnrecordedChangeError):
        session().execute(sa.update(Case).values(state="granted"))
    session().rollback()


def in_one_transaction(statement: str) -> None:
    with engine().begin() as connection:
        connection.execute(sa.text(statement))


@pytest.mark.parametrize(
    "statement,sentence",
    [
        ("UPDATE cases SET state = 'granted'", "needs its event"),
        ("UPDATE cases SET audit_rev = audit_rev - 1", "only grows"),
        ("UPDATE cases SET state = 'granted', audit_rev = audit_rev + 1", "(?i)foreign key|violates"),
        ("DELETE FROM cases", "only sample cases"),
        ("UPDATE audit_event SET entry = '{}'", "append-only"),
        ("DELETE FROM audit_event", "append-only|(?i:foreign key)"),
        ("UPDATE case_version SET digest = ''", "append-only"),
    ],
)
def test_raw_sql_is_refused_by_the_database_itself(
    acme: Organisation, manager: Actor, statement: str, sentence: str
) -> None:
    make.submitted_permit(manager, acme)
    with pytest.raises(DBAPIError, match=sentence):
        in_one_transaction(statement)


def test_history_cannot_be_replaced(acme: Organisation, manager: Actor) -> None:
    make.submitted_permit(manager, acme)
    row = session().execute(sa.select(table(AuditEvent)).limit(1)).mappings().one()
    session().rollback()
    insert = sa.insert(table(AuditEvent))
    statement = insert.prefix_with("OR REPLACE") if is_sqlite() else insert
    with engine().connect() as connection, pytest.raises(DBAPIError):
        connection.execute(statement, dict(row))


def test_each_event_names_the_hash_of_the_one_before(acme: Organisation, manager: Actor) -> None:
    case = make.submitted_permit(manager, acme)
    previous = None
    for event in session().scalars(
        sa.select(AuditEvent).where(AuditEvent.stream == case.stream).order_by(AuditEvent.rev)
    ):
        assert json.loads(event.entry)["prev"] == (previous.hex() if previous else None)
        previous = hashlib.sha256(b"\x00" + event.entry.encode()).digest()
        assert previous == event.leaf_hash
    assert previous == case.audit_head
