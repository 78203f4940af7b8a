"""What is left to do before a case can be handed in."""

import pytest

from compliance.authz import Actor
from compliance.engine import run, tasks
from compliance.engine.move import Move
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people.models import Organisation
from tests.offer.scene import TERMS, UNCHARTED, Desk

pytestmark = pytest.mark.usefixtures("app")
LATER = {"starts_on": f"{clock.now().year + 1}-02-01", "ends_on": f"{clock.now().year + 1}-06-01"}


def listed(desk: Desk) -> dict[str, tasks.Task]:
    case = desk.offer(desk.mona)
    move = Move(registry().process("offer").workflow, case, desk.mona, clock.now(), session())
    return {task.key: task for task in tasks.tasks_of(move)}


def test_questions_come_before_submitting_where_they_apply() -> None:
    desk = Desk()
    opened = run.open_case("offer", desk.mona, {**TERMS, **LATER}, organisation_id=desk.client.id)
    desk.reference = opened.case.reference
    session().commit()
    before = listed(desk)
    assert before["questions"].status == tasks.Status.NOT_STARTED
    assert before["check"].hint == "First comes “Questions about the work”."
    desk.client_answers(desk.result)
    after = listed(desk)
    assert after["questions"].status == tasks.Status.COMPLETED
    assert after["check"].leads == tasks.Leads.CHECK


def test_nobody_is_sent_to_questions_where_none_are_asked() -> None:
    desk = Desk()
    desk.open(**LATER, **UNCHARTED)
    assert "questions" not in listed(desk)


def test_terms_that_the_form_refuses_need_attention(acme: Organisation, manager: Actor) -> None:
    case = run.open_case("permit", manager, {"title": "Crane", "size": "5"}, organisation_id=acme.id).case
    session().commit()
    with session().no_autoflush:
        case.title = ""
        workflow = registry().process("permit").workflow
        (terms, *_) = tasks.tasks_of(Move(workflow, case, manager, clock.now(), session()))
        assert terms.status == tasks.Status.ATTENTION
        session().rollback()
