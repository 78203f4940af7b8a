"""Who hears of what: derived from the definition, never of one's own act, never of what one may not see."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Role
from compliance.engine import run, sweeping
from compliance.engine.case import Case
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.messages import choices
from compliance.messages.kinds import Kind
from compliance.messages.models import MailMessage, Notification
from compliance.people.models import Conflict, Organisation, Person, RoleGrant
from tests import make
from tests.offer.scene import UNCHARTED, Desk

MONDAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as moved:
        yield moved


@pytest.fixture
def case(manager: Actor, acme: Organisation) -> Case:
    found = make.submitted_permit(manager, acme)
    session().execute(sa.delete(Notification))
    session().execute(sa.delete(MailMessage))
    session().commit()
    return found


def act(case: Case, who: Actor, name: str, **data: str) -> None:
    seen = run.find("permit", case.reference, who).content_digest
    run.fire("permit", case.reference, name, who, data, seen=seen)
    session().commit()


def told() -> list[tuple[str, str]]:
    """Return who was told for which reason, and check that each of them was mailed the same once."""
    rows = session().execute(
        sa.select(Person.name, Notification.kind, Person.email)
        .join(Person, Person.id == Notification.person_id)
        .order_by(Person.name, Notification.id)
    )
    found = list(rows)
    mails = session().scalars(sa.select(MailMessage.address).order_by(MailMessage.address))
    assert sorted(mails) == sorted(row.email for row in found)
    session().rollback()
    return [(row.name, row.kind) for row in found]


def test_opening_and_submitting_ones_own_case_tells_nobody(manager: Actor, acme: Organisation) -> None:
    make.submitted_permit(manager, acme)
    assert told() == []


def test_a_decision_tells_the_client_and_its_mail_carries_statement_link_and_receipt(
    acme: Organisation, manager: Actor, reviewer: Actor
) -> None:
    case = make.submitted_permit(manager, acme, size=600)
    act(case, reviewer, "claim")
    act(case, reviewer, "grant", reason="A secret of the desk")
    assert told() == [("Mona", "decided")]
    mail = session().scalars(sa.select(MailMessage)).one()
    event = session().scalars(sa.select(AuditEvent).where(AuditEvent.action == "permit.grant")).one()
    assert mail.subject == f"Granted: Crane ({case.reference})"
    assert f"Permit {case.reference}, “Crane”: Granted." in mail.text
    assert f"http://127.0.0.1:5000/permits/{case.reference}\n" in mail.text
    assert event.leaf_hash.hex() in mail.text
    assert "secret" not in mail.subject + mail.text
    assert mail.key == f"{event.event_id}:{mail.person_id}"


def test_a_case_that_comes_back_tells_the_client_once(case: Case, acme: Organisation, manager: Actor) -> None:
    del manager  # Mona opened it, so it is she who is told and no other manager.
    other = make.actor("Max", Role.HIRING_MANAGER, at=acme)
    act(case, other, "edit", title="Crane", size="7")
    assert told() == [("Mona", "turn")]


def test_managers_stand_in_for_an_opener_who_has_left_and_administrators_for_managers(
    case: Case, acme: Organisation, manager: Actor, reviewer: Actor
) -> None:
    make.actor("Max", Role.HIRING_MANAGER, at=acme)
    make.actor("Ada", Role.ACCOUNT_ADMIN, at=acme)
    make.actor("Stranger", Role.HIRING_MANAGER, at=make.organisation("Other"))
    leave(manager)
    act(case, reviewer, "comment", body="Hello")
    assert told() == [("Max", "comment")]
    session().execute(sa.update(Person).where(Person.name == "Max").values(active=False))
    act(case, reviewer, "comment", body="Hello again")
    assert told() == [("Ada", "comment"), ("Max", "comment")]


def leave(person: Actor) -> None:
    session().execute(sa.update(RoleGrant).where(RoleGrant.person_id == person.id).values(ended_at=clock.now()))
    session().commit()


def test_a_comment_tells_the_other_side_and_an_internal_one_nobody(case: Case, manager: Actor, reviewer: Actor) -> None:
    act(case, reviewer, "claim")
    act(case, reviewer, "comment", body="A word between us", internal="true")
    assert told() == []
    act(case, manager, "comment", body="When?")
    act(case, reviewer, "comment", body="Soon.")
    assert told() == [("Mona", "comment"), ("Rita", "comment")]
    words = "".join(session().scalars(sa.select(MailMessage.text)))
    assert "When?" not in words + "".join(session().scalars(sa.select(MailMessage.subject)))
    assert "Soon." not in words


def test_an_assignment_tells_the_colleague_and_a_claim_nobody(case: Case, reviewer: Actor) -> None:
    lead = make.actor("Tess", Role.TEAM_LEAD)
    act(case, lead, "assign", assignee=str(reviewer.id), reason="Your field")
    assert told() == [("Rita", "assigned")]
    assert "Your field" not in session().scalars(sa.select(MailMessage.text)).one()
    session().rollback()
    act(case, reviewer, "release")
    act(case, reviewer, "claim")
    assert told() == [("Rita", "assigned")]


def test_a_late_case_tells_who_could_work_on_it_and_the_leads(case: Case, reviewer: Actor) -> None:
    del case, reviewer  # Submitted by Mona; Rita may work on it.
    make.actor("Tess", Role.TEAM_LEAD)
    make.actor("Sue", Role.SENIOR_REVIEWER)
    sweeping.sweep(MONDAY + dt.timedelta(days=1))
    assert told() == [("Rita", "late"), ("Sue", "late"), ("Tess", "late")]


def test_a_late_case_that_is_held_tells_its_holder_and_the_leads(case: Case, reviewer: Actor) -> None:
    make.actor("Rob", Role.REVIEWER)
    make.actor("Tess", Role.TEAM_LEAD)
    act(case, reviewer, "claim")
    sweeping.sweep(MONDAY + dt.timedelta(days=1))
    sweeping.sweep(MONDAY + dt.timedelta(days=1))
    assert told() == [("Rita", "late"), ("Tess", "late")]


def test_a_reminder_tells_whoever_is_waited_for_and_an_end_tells_the_client(case: Case, reviewer: Actor) -> None:
    act(case, reviewer, "claim")
    sweeping.sweep(MONDAY + dt.timedelta(days=3))
    assert told() == [("Rita", "late"), ("Rita", "reminder")]
    sweeping.sweep(MONDAY + dt.timedelta(days=30))
    assert told() == [("Mona", "decided"), ("Rita", "late"), ("Rita", "reminder")]


def test_nobody_with_a_conflict_of_interest_hears_of_the_case(case: Case, reviewer: Actor) -> None:
    session().add(Conflict(person_id=reviewer.id, organisation_id=case.organisation_id, declared_at=clock.now()))
    session().commit()
    sweeping.sweep(MONDAY + dt.timedelta(days=1))
    assert told() == []


def test_where_the_client_classifies_for_itself_its_own_contact_is_told() -> None:
    desk = Desk(compliance_enrolled=False)
    make.actor("Cora", Role.COMPLIANCE_CONTACT, at=desk.client)
    desk.open(**UNCHARTED)
    session().execute(sa.delete(MailMessage))
    desk.act(desk.mona, "submit")
    assert told() == [("Cora", "turn")]
    sweeping.sweep(MONDAY + dt.timedelta(days=1))
    assert told() == [("Cora", "turn"), ("Cora", "late")]


def test_who_wants_no_mail_of_a_kind_is_told_inside_the_desk_only(case: Case, manager: Actor, reviewer: Actor) -> None:
    assert manager.id is not None
    choices.stop(manager.id, Kind.COMMENT)
    act(case, reviewer, "comment", body="Hello")
    found = session().scalars(sa.select(Notification)).one()
    assert (found.person_id, found.kind) == (manager.id, "comment")
    assert session().scalars(sa.select(MailMessage)).all() == []


def test_a_refused_and_a_rolled_back_change_tells_nobody(case: Case, reviewer: Actor) -> None:
    run.fire("permit", case.reference, "comment", reviewer, {"body": "Hello"})
    session().rollback()
    assert told() == []


def test_the_people_of_the_sample_get_files_but_never_mail_over_the_network(
    case: Case, manager: Actor, reviewer: Actor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    session().execute(sa.update(Person).where(Person.id == manager.id).values(sample=True))
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], smtp_url="smtp://127.0.0.1"))
    act(case, reviewer, "comment", body="Hello")
    assert session().scalars(sa.select(MailMessage)).all() == []
    assert session().scalars(sa.select(Notification.person_id)).all() == [manager.id]
