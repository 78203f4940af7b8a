import dataclasses
import datetime as dt
import threading

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Role
from compliance.engine import run, sweeping
from compliance.engine.case import CaseDeadline, CaseVersion
from compliance.engine.errors import (
    EngineError,
    InvalidInputError,
    MovedOnError,
    NotAllowedError,
    NotFoundError,
    RefusedError,
)
from compliance.kernel.db import session
from compliance.people.models import Organisation
from tests import make


def actions_of(stream: str) -> list[str]:
    return list(
        session().scalars(sa.select(AuditEvent.action).where(AuditEvent.stream == stream).order_by(AuditEvent.rev))
    )


def test_a_case_goes_from_opening_to_its_end_and_each_step_is_on_record(
    acme: Organisation, manager: Actor, reviewer: Actor
) -> None:
    case = make.submitted_permit(manager, acme)
    run.fire("permit", case.reference, "claim", reviewer)
    session().commit()
    outcome = run.fire(
        "permit", case.reference, "grant", reviewer, {"reason": "All in order"}, seen=case.content_digest
    )
    session().commit()
    assert outcome.case.state == "active"
    assert actions_of(case.stream) == ["permit.open", "permit.submit", "permit.claim", "permit.grant", "permit.start"]
    assert outcome.case.audit_head == outcome.receipts[-1].leaf_hash


def test_a_branch_chooses_its_state_by_its_condition(acme: Organisation, manager: Actor) -> None:
    assert make.submitted_permit(manager, acme, size=101).state == "second_review"
    assert make.submitted_permit(manager, acme, size=100).state == "review"


def test_an_automatic_action_waits_for_its_guard(acme: Organisation, manager: Actor, reviewer: Actor) -> None:
    case = make.submitted_permit(manager, acme, size=600)
    run.fire("permit", case.reference, "claim", reviewer)
    outcome = run.fire("permit", case.reference, "grant", reviewer, {"reason": "x"}, seen=case.content_digest)
    assert outcome.case.state == "granted"


def test_whoever_wrote_a_case_cannot_decide_it_even_through_a_stand_in(acme: Organisation, reviewer: Actor) -> None:
    both = make.actor("Bea", Role.HIRING_MANAGER, at=acme)
    case = make.submitted_permit(both, acme)
    stand_in = dataclasses.replace(reviewer, stands_for=both.id)
    run.fire("permit", case.reference, "claim", stand_in)
    with pytest.raises(RefusedError, match="You wrote this permit"):
        run.fire("permit", case.reference, "grant", stand_in, {"reason": "x"}, seen=case.content_digest)


def test_a_conflict_of_interest_is_refused_and_the_clients_cases_are_out_of_sight(
    acme: Organisation, manager: Actor, reviewer: Actor
) -> None:
    case = make.submitted_permit(manager, acme)
    conflicted = dataclasses.replace(reviewer, conflicts=frozenset({acme.id}))
    with pytest.raises(NotFoundError):
        run.fire("permit", case.reference, "claim", conflicted)


def test_a_decision_needs_the_claim(acme: Organisation, manager: Actor, reviewer: Actor) -> None:
    case = make.submitted_permit(manager, acme)
    with pytest.raises(RefusedError, match="Claim the case first"):
        run.fire("permit", case.reference, "grant", reviewer, {"reason": "x"}, seen=case.content_digest)
    run.fire("permit", case.reference, "claim", make.actor("Ray", Role.REVIEWER))
    with pytest.raises(RefusedError, match="already claimed"):
        run.fire("permit", case.reference, "claim", reviewer)
    with pytest.raises(RefusedError, match="colleague holds"):
        run.fire("permit", case.reference, "release", reviewer)


def test_a_decision_is_bound_to_what_its_form_showed(acme: Organisation, manager: Actor, reviewer: Actor) -> None:
    case = make.submitted_permit(manager, acme)
    seen = case.content_digest
    run.fire("permit", case.reference, "edit", manager, {"title": "Larger crane", "size": "9"})
    run.fire("permit", case.reference, "submit", manager)
    run.fire("permit", case.reference, "claim", reviewer)
    session().commit()
    with pytest.raises(MovedOnError, match="changed after you opened"):
        run.fire("permit", case.reference, "grant", reviewer, {"reason": "x"}, seen=seen)
    numbers = session().scalars(sa.select(CaseVersion.number).where(CaseVersion.case_id == case.id)).all()
    assert sorted(numbers) == [1, 2]


@pytest.mark.parametrize(
    "data,field",
    [
        ({"title": "", "size": "5"}, "title"),
        ({"title": "x", "size": "0"}, "size"),
        ({"title": "x", "size": "5", "y": "1"}, "y"),
        ({"title": "\ud800", "size": "5"}, "title"),
        ({"title": "a\0b", "size": "5"}, "title"),
        ({"title": "x", "size": "9" * 400}, "size"),
    ],
)
def test_bad_input_names_the_field_and_writes_nothing(
    acme: Organisation, manager: Actor, data: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        run.open_case("permit", manager, data, organisation_id=acme.id)
    assert field in refused.value.errors
    assert session().scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == 0


def test_what_is_out_of_sight_answers_like_what_does_not_exist(acme: Organisation, manager: Actor) -> None:
    case = make.submitted_permit(manager, acme)
    stranger = make.actor("Sam", Role.HIRING_MANAGER, at=make.organisation("Other"))
    sentences = []
    for reference in (case.reference, "PE-00000000", "9" * 400):
        with pytest.raises(NotFoundError) as refused:
            run.fire("permit", reference, "submit", stranger)
        sentences.append(refused.value.sentence)
    assert len(set(sentences)) == 1


def test_an_action_is_refused_to_those_not_allowed_and_when_its_time_is_over(
    acme: Organisation, manager: Actor, reviewer: Actor
) -> None:
    case = make.submitted_permit(manager, acme)
    with pytest.raises(NotAllowedError, match="Hiring manager"):
        run.fire("permit", case.reference, "submit", reviewer)
    with pytest.raises(MovedOnError, match="since Mona acted on"):
        run.fire("permit", case.reference, "submit", manager)
    with pytest.raises(NotFoundError, match="not something that can be done"):
        run.fire("permit", case.reference, "explode", manager)


def test_available_offers_each_action_with_the_sentence_that_refuses_it(
    acme: Organisation, manager: Actor, reviewer: Actor
) -> None:
    case = make.submitted_permit(manager, acme)
    offered = {offer.action.name: offer.refusal for offer in run.available(case, reviewer)}
    assert offered["claim"] is None
    assert offered["grant"] == "Claim the case first, so that two people do not work on it."
    assert "lapse" not in offered


def test_assigning_asks_for_somebody_who_can_do_the_work(acme: Organisation, manager: Actor, reviewer: Actor) -> None:
    case = make.submitted_permit(manager, acme)
    lead = make.actor("Lea", Role.TEAM_LEAD)
    with pytest.raises(RefusedError, match="cannot work on this kind"):
        run.fire("permit", case.reference, "assign", lead, {"assignee": str(manager.id)})
    given = run.fire("permit", case.reference, "assign", lead, {"assignee": str(reviewer.id)})
    assert given.case.holder_id == reviewer.id


def test_each_deadline_fires_once_when_it_passes(acme: Organisation, manager: Actor) -> None:
    start = dt.datetime(2026, 12, 24, 15, tzinfo=dt.UTC)
    with time_machine.travel(start, tick=False):
        case = make.submitted_permit(manager, acme)
    assert sweeping.sweep(start + dt.timedelta(hours=23)) == 0
    assert sweeping.sweep(start + dt.timedelta(days=1)) == 1
    assert sweeping.sweep(start + dt.timedelta(days=1)) == 0
    assert sweeping.sweep(start + dt.timedelta(days=31)) == 2
    assert actions_of(case.stream)[2:] == ["permit.late", "permit.remind", "permit.lapse"]
    session().expire_all()
    assert run.find("permit", case.reference, manager).state == "lapsed"


def test_deadlines_that_cannot_be_carried_out_hold_up_none_behind_them(acme: Organisation, manager: Actor) -> None:
    start = dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC)
    with time_machine.travel(start, tick=False):
        broken = [make.submitted_permit(manager, acme) for _ in range(3)]
    with time_machine.travel(start + dt.timedelta(hours=1), tick=False):
        sound = make.submitted_permit(manager, acme)
    gone = sa.text("UPDATE cases SET definition = 999 WHERE reference = :reference")
    session().execute(gone, [{"reference": case.reference} for case in broken])
    session().commit()
    assert sweeping.sweep(start + dt.timedelta(days=2), batch=2) == 1
    assert actions_of(sound.stream)[-1] == "permit.late"
    open_rows = sa.select(CaseDeadline.case_id).where(CaseDeadline.settled_at.is_(None), CaseDeadline.what == "late")
    assert set(session().scalars(open_rows)) == {case.id for case in broken}


def test_a_deadline_follows_the_clients_calendar() -> None:
    gb = make.organisation("Brit", calendar="gb")
    manager = make.actor("Max", Role.HIRING_MANAGER, at=gb)
    with time_machine.travel(dt.datetime(2026, 12, 24, 15, tzinfo=dt.UTC), tick=False):
        case = make.submitted_permit(manager, gb)
    assert case.due_at == dt.datetime(2026, 12, 29, 15, tzinfo=dt.UTC)


def test_leaving_a_state_settles_its_deadlines(acme: Organisation, manager: Actor) -> None:
    case = make.submitted_permit(manager, acme)
    run.fire("permit", case.reference, "edit", manager, {"title": "Crane", "size": "7"})
    session().commit()
    open_rows = session().scalars(
        sa.select(CaseDeadline).where(CaseDeadline.case_id == case.id, CaseDeadline.settled_at.is_(None))
    )
    assert open_rows.all() == []


def test_of_sixteen_claims_at_once_exactly_one_wins(app: Flask, acme: Organisation, manager: Actor) -> None:
    case = make.submitted_permit(manager, acme)
    people = [make.actor(f"R{n}", Role.REVIEWER) for n in range(16)]
    results: list[str] = []
    gate = threading.Barrier(len(people))

    def claim(person: Actor) -> None:
        with app.app_context():
            gate.wait()
            try:
                run.fire("permit", case.reference, "claim", person)
                session().commit()
                results.append("won")
            except EngineError as refused:
                session().rollback()
                results.append(refused.sentence)

    threads = [threading.Thread(target=claim, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("won") == 1
    assert sum(str(found).startswith("The case is already claimed: ") for found in results) == 15
