"""What was changed past the record, with the triggers out of the way as a superuser has them, is found by the check."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from sqlalchemy.exc import DBAPIError

from compliance.audit import check, erasing, events, opening
from compliance.audit.models import AuditEvent, AuditOpening
from compliance.audit.vocabulary import Event
from compliance.authz import SYSTEM_ACTOR
from compliance.engine import determination, telling
from compliance.engine.case import CaseComment
from compliance.engine.registry import registry
from compliance.kernel.db import engine, is_sqlite, looking, session
from tests.offer.scene import APPROVAL, MONDAY, Desk

WATCHED = (
    "audit_event",
    "audit_opening",
    "audit_erasure",
    "cases",
    "case_version",
    "determination",
    "case_comment",
    "second_opinion",
)


@pytest.fixture
def desk(app: Flask) -> Iterator[Desk]:
    del app  # Asked for so that the database is there.
    with time_machine.travel(MONDAY, tick=True):
        made = Desk()
        made.mona = replace(made.mona, ip="192.0.2.7")
        made.approved()
        made.act(made.rita, "comment", body="Seen the register.", internal="true")
        made.act(made.mona, "comment", body="Thank you.")
    session().rollback()
    yield made
    session().rollback()


def tamper(*statements: str) -> None:
    """Do what somebody can who owns the database."""
    with engine().connect() as connection:
        driver: Any = connection.connection
        if is_sqlite():
            driver.execute("PRAGMA foreign_keys = OFF")
        with connection.begin():
            _lift_triggers(connection)
            for statement in statements:
                connection.execute(sa.text(statement))
        if is_sqlite():
            driver.execute("PRAGMA foreign_keys = ON")


def _lift_triggers(connection: sa.Connection) -> None:
    if not is_sqlite():
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        return
    found = connection.execute(sa.text("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, table in found:
        if table in WATCHED:
            connection.execute(sa.text(f"DROP TRIGGER {name}"))


def found(extent: check.Extent | None = None) -> list[str]:
    session().rollback()
    with looking() as connection:
        return [str(fault) for fault in check.faults(connection, events.writer().key, extent)]


def test_an_untouched_desk_is_vouched_for_and_the_check_says_what_it_compared(desk: Desk) -> None:
    del desk
    extent = check.Extent()
    assert found(extent) == []
    assert (extent.compared["cases"], extent.compared["determinations"], extent.compared["comments"]) == (1, 1, 2)
    assert extent.erased == 0
    assert "1 cases, 1 determinations" in extent.beside


@pytest.mark.parametrize(
    "statement,what",
    [
        (
            "UPDATE audit_opening SET value = '\"forged\"' WHERE path = 'reason'",
            "“reason” is not the one that was sealed",
        ),
        ("UPDATE audit_opening SET path = 'other' WHERE path = 'reason'", "where nothing was sealed"),
        ("UPDATE audit_opening SET value = 'no JSON' WHERE path = 'reason'", "is not the one that was sealed"),
        ("DELETE FROM audit_opening WHERE path = 'reason'", "is gone, and no event says who erased it"),
        ("UPDATE offer SET amount_minor = 1", "its terms are not those of version 1"),
        ("UPDATE offer SET amount_minor = 1", "not those that its newest event vouches for"),
        ("UPDATE case_version SET terms = '{}'", "version 1 of its terms is not what was written"),
        ("DELETE FROM case_version", "versions of its terms are missing"),
        ("DELETE FROM offer", "its terms are gone"),
        ("UPDATE cases SET state = 'active'", "something else than its newest event: state"),
        ("UPDATE cases SET content_digest = 'x'", "newest event: digest of the content"),
        ("UPDATE cases SET reference = 'OF-FORGED'", "something else than its events: reference"),
        ("UPDATE cases SET title = 'Forged'", "something else than its events: title"),
        ("UPDATE cases SET worker_id = NULL", "something else than its events: worker"),
        ("UPDATE cases SET worker_organisation_id = organisation_id", "something else than its events: agency"),
        ("UPDATE cases SET opened_by_id = worker_id", "something else than its events: who opened it"),
        ("UPDATE cases SET sample = TRUE", "something else than its events: sample"),
        ("UPDATE cases SET team_id = organisation_id", "something else than its events: team"),
        ("UPDATE offer SET freelancer_email = 'forged@example.com'", "its terms are not those of version 1"),
        ("UPDATE determination SET outcome = 'employee'", "determination 1 is not the one"),
        ("UPDATE determination SET reason = 'forged', digest = 'x'", "determination 1 is not the one"),
        ("UPDATE case_comment SET body = 'Forged.' WHERE internal", "a comment is not the one that was written"),
        ("UPDATE case_comment SET author_id = NULL WHERE internal", "a comment is not the one that was written"),
        ("UPDATE case_comment SET internal = FALSE", "a comment of the desk's own is shown to the parties"),
        ("DELETE FROM case_comment WHERE internal", "the event tells of a comment that is not there"),
        (
            "UPDATE case_comment SET at = '2020-01-01 00:00:00+00:00' WHERE internal",
            "a comment stands there of which no event tells",
        ),
        ("DELETE FROM determination", "names a determination that is not there"),
        ("UPDATE audit_event SET at = '2020-01-01 00:00:00+00:00' WHERE action = 'offer.approve'", "than the text: at"),
        ("UPDATE audit_event SET organisation_id = NULL WHERE action = 'offer.approve'", "text: organisation_id"),
        ("UPDATE audit_event SET stands_for_id = 'x' WHERE action = 'offer.approve'", "text: stands_for_id"),
        ("UPDATE audit_event SET month = 202001 WHERE action = 'offer.submit'", "text: month"),
        ("UPDATE audit_event SET entry = 'x' WHERE action = 'offer.submit'", "hash does not fit"),
        ("DELETE FROM cases", "its row is gone, and no event says who took it away"),
        ("DELETE FROM audit_event WHERE stream LIKE 'offer/%'", "and so is every other"),
    ],
)
@pytest.mark.usefixtures("desk")
def test_a_change_past_the_record_is_found(statement: str, what: str) -> None:
    if not is_sqlite() and "no JSON" in statement:
        statement = statement.replace("'no JSON'", "'[0]'")
    tamper(re.sub(r":(?=\d\d)", r"\:", statement))
    lines = found()
    assert any(what in line for line in lines), lines


@pytest.mark.usefixtures("desk")
def test_an_event_that_has_another_number_is_found() -> None:
    # Both databases read an id without dashes.
    tamper("UPDATE audit_event SET event_id = '00000000000000000000000000000000' WHERE action = 'offer.approve'")
    lines = found()
    assert any("text: event_id" in line for line in lines)
    assert any("belong to no event" in line for line in lines)


@pytest.mark.parametrize(
    "statement,sentence",
    [
        ("UPDATE audit_opening SET value = '1'", "audit_opening is append-only"),
        ("DELETE FROM audit_opening", "goes only with the event that erases it"),
    ],
)
@pytest.mark.usefixtures("desk")
def test_the_database_lets_no_sealed_value_change_or_go_unnoted(statement: str, sentence: str) -> None:
    with pytest.raises(DBAPIError, match=sentence), engine().begin() as connection:
        connection.execute(sa.text(statement))


@pytest.mark.usefixtures("desk")
def test_what_was_erased_with_its_event_is_no_fault_and_stays_noted() -> None:
    approved = session().scalars(sa.select(AuditEvent.event_id).where(AuditEvent.action == "offer.approve")).one()
    count = erasing.erase([approved], SYSTEM_ACTOR, "Fay asked for it.")
    session().commit()
    assert count >= 1
    left = sa.select(sa.func.count()).select_from(AuditOpening).where(AuditOpening.event_id == approved)
    assert session().scalar(left) == 0
    extent = check.Extent()
    assert found(extent) == []
    assert extent.erased == count
    for statement in ("DELETE FROM audit_erasure", "UPDATE audit_erasure SET path = 'x'"):
        with pytest.raises(DBAPIError, match="audit_erasure is append-only"), engine().begin() as connection:
            connection.execute(sa.text(statement))


@pytest.mark.usefixtures("desk")
def test_a_note_of_an_erasure_behind_which_another_event_stands_covers_nothing() -> None:
    events.append("log", Event.EXPORT_MADE, SYSTEM_ACTOR)
    session().commit()
    tamper(
        "INSERT INTO audit_erasure (event_id, path, erased_month, erased_by) "
        "SELECT o.event_id, o.path, e.month, e.event_id FROM audit_opening o, audit_event e "
        "WHERE o.path = 'reason' AND e.stream = 'log' AND e.rev = 1",
        "DELETE FROM audit_opening WHERE path = 'reason'",
    )
    assert any("no event says who erased it" in line for line in found())


def event_of(action: str) -> uuid.UUID:
    """Return the first event of *action*."""
    query = sa.select(AuditEvent.event_id).where(AuditEvent.action == action).order_by(AuditEvent.rev)
    return session().scalars(query.limit(1)).one()


def erase(*actions: str) -> None:
    erasing.erase([event_of(action) for action in actions], SYSTEM_ACTOR, "Fay asked for it.")
    session().commit()


def test_copies_of_erased_words_go_too_and_what_is_left_is_still_vouched_for(desk: Desk) -> None:
    erase("offer.approve", "offer.comment")
    kept = determination.newest(session(), desk.offer(desk.rita))
    assert kept is not None
    assert {kept.reason, *(factor["text"] for factor in kept.factors)} == {"Erased."}
    assert (kept.outcome, kept.conditions) == ("independent_contractor", "")
    bodies = sa.select(CaseComment.body).order_by(CaseComment.at)
    assert session().scalars(bodies).all() == ["Erased.", "Thank you."]
    extent = check.Extent()
    assert found(extent) == []
    assert extent.copies == 2
    assert "were erased, and 2 copies of their words with them" in str(extent)
    erase("offer.approve")  # There is nothing left of it.
    assert found() == []


@pytest.mark.parametrize(
    "statement,what",
    [
        ("UPDATE determination SET outcome = 'employee'", "determination 1 is not the one"),
        ("UPDATE determination SET reason = 'Forged.'", "determination 1 is not the one"),
        ("UPDATE case_comment SET body = 'Forged.' WHERE internal", "a comment is not the one that was written"),
    ],
)
@pytest.mark.usefixtures("desk")
def test_what_an_erasure_left_cannot_be_changed_under_its_cover(statement: str, what: str) -> None:
    erase("offer.approve", "offer.comment")
    tamper(statement)
    assert any(what in line for line in found())


@pytest.mark.parametrize(
    "statement,erased,sentence",
    [
        ("UPDATE determination SET reason = 'Erased.'", False, "go only with the event that erases them"),
        ("UPDATE determination SET factors = '[]'", False, "go only with the event that erases them"),
        ("UPDATE determination SET outcome = 'employee'", False, "determination is append-only"),
        ("UPDATE determination SET outcome = 'employee'", True, "determination is append-only"),
        ("UPDATE determination SET reason = 'x', digest = 'x'", True, "determination is append-only"),
    ],
)
@pytest.mark.usefixtures("desk")
def test_the_words_of_a_determination_go_only_with_their_sealed_values(
    statement: str, erased: bool, sentence: str
) -> None:
    if erased:
        erase("offer.approve")
    session().rollback()
    with pytest.raises(DBAPIError, match=sentence), engine().begin() as connection:
        connection.execute(sa.text(statement))


def test_a_reason_that_is_not_the_sealed_one_is_not_told_as_if_it_were(desk: Desk) -> None:
    def reasons() -> set[str]:
        session().rollback()
        workflow = registry().process("offer").workflow
        told = telling.history(session(), desk.offer(desk.rita), workflow, desk.rita)
        session().rollback()
        return {one.reason for one in told if one.reason}

    assert reasons() == {APPROVAL["reason"]}
    tamper("UPDATE audit_opening SET value = '\"Forged\"' WHERE path = 'reason'")
    assert reasons() == {opening.ALTERED}
