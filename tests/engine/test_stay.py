"""What counts since a case came into its state, and what does not begin anew while it stays there."""

import pytest
import sqlalchemy as sa

from compliance.authz import Actor
from compliance.engine import run
from compliance.engine.case import Case, CaseDeadline
from compliance.engine.guards import not_after
from compliance.engine.move import Move
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people.models import Organisation
from tests import make

pytestmark = pytest.mark.usefixtures("app")


def move_of(case: Case, actor: Actor) -> Move:
    return Move(registry().process(case.kind).workflow, case, actor, clock.now(), session())


def test_only_what_was_done_since_the_state_was_entered_counts_as_done_here(
    acme: Organisation, manager: Actor, reviewer: Actor
) -> None:
    case = make.submitted_permit(manager, acme)
    run.fire("permit", case.reference, "claim", reviewer)
    run.fire("permit", case.reference, "release", reviewer)
    run.fire("permit", case.reference, "claim", reviewer)
    move, guard = move_of(case, reviewer), not_after("claim", sentence="Once is enough.", here=True)
    assert (move.did_here("claim"), move.times_here("claim")) == (reviewer.identities, 2)
    assert guard(move) == "Once is enough."
    run.fire("permit", case.reference, "edit", manager, {"title": "Crane", "size": "6"})
    run.fire("permit", case.reference, "submit", manager)
    move = move_of(case, reviewer)
    assert (move.did_here("claim", "submit"), move.times_here("claim")) == (frozenset(), 0)
    assert guard(move) is None
    assert move.did("claim") == reviewer.identities


def test_deadlines_are_set_once_for_one_stay(acme: Organisation, manager: Actor, reviewer: Actor) -> None:
    case = make.submitted_permit(manager, acme)
    entered, due = case.entered_rev, case.due_at
    run.fire("permit", case.reference, "claim", reviewer)
    assert (case.entered_rev, case.due_at) == (entered, due)
    raised = session().scalars(sa.select(CaseDeadline.entered_rev).where(CaseDeadline.case_id == case.id))
    assert set(raised) == {entered}


def test_an_action_that_leads_back_to_its_own_state_does_not_begin_the_stay_anew(
    acme: Organisation, manager: Actor
) -> None:
    reference = run.open_case(
        "permit", manager, {"title": "Crane", "size": "5"}, organisation_id=acme.id
    ).case.reference
    case = run.fire("permit", reference, "edit", manager, {"title": "Crane", "size": "6"}).case
    assert (case.state, case.audit_rev, case.entered_rev) == ("draft", 2, 1)
