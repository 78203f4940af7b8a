"""A process with a questionnaire gets a task for it; one without gets none."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pytest

from compliance.authz import Actor
from compliance.engine import run, tasks
from compliance.engine.definition import Workflow
from compliance.engine.move import Move
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people.models import Organisation


@dataclass
class Asked:
    """A questionnaire as the list knows it."""

    due: bool
    answered: bool

    def applies(self, move: Move) -> bool:
        del move
        return self.due

    def complete(self, move: Move) -> bool:
        del move
        return self.answered


@dataclass(frozen=True)
class Questioned(Workflow):
    """A workflow with a questionnaire."""

    questionnaire: tasks.Questionnaire | None = None


@pytest.mark.parametrize(
    "asked,expected,check",
    [
        (Asked(due=True, answered=False), "Not started", "First comes “Questions about the work”."),
        (Asked(due=True, answered=True), "Completed", ""),
        (Asked(due=False, answered=False), None, ""),
        (None, None, ""),
    ],
)
def test_questions_come_before_submitting_where_they_apply(
    acme: Organisation, manager: Actor, asked: Asked | None, expected: str | None, check: str
) -> None:
    case = run.open_case("permit", manager, {"title": "Crane", "size": "5"}, organisation_id=acme.id).case
    plain = registry().process("permit").workflow
    words = {field.name: getattr(plain, field.name) for field in fields(Workflow)}
    workflow = Questioned(**{**words, "submit": "submit"}, questionnaire=asked)
    found = {task.key: task for task in tasks.tasks_of(Move(workflow, case, manager, clock.now(), session()))}
    assert (found["questions"].status.value if "questions" in found else None) == expected
    assert found["check"].hint == check
    assert found["terms"].status == tasks.Status.COMPLETED


def test_terms_that_the_form_refuses_need_attention(acme: Organisation, manager: Actor) -> None:
    case = run.open_case("permit", manager, {"title": "Crane", "size": "5"}, organisation_id=acme.id).case
    session().commit()
    with session().no_autoflush:
        case.title = ""
        workflow = registry().process("permit").workflow
        (terms, *_) = tasks.tasks_of(Move(workflow, case, manager, clock.now(), session()))
        assert terms.status == tasks.Status.ATTENTION
        session().rollback()
