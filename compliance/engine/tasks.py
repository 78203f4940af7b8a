"""What is left to do before a case can be handed in: a list that its opener works down in any order."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from compliance.engine import answering, documents, inputs, questionnaire, run
from compliance.engine.definition import Tone, Workflow
from compliance.engine.move import Move


class Status(enum.StrEnum):
    """How far a task is; there are no more than these."""

    COMPLETED = "Completed"
    NOT_STARTED = "Not started"
    OPTIONAL = "Optional"
    ATTENTION = "Needs attention"
    CANNOT_START = "Cannot start yet"

    @property
    def tone(self) -> Tone:
        """How it reads at a glance: what is done is ticked, what is not begun is an empty circle."""
        return {Status.COMPLETED: Tone.GOOD, Status.ATTENTION: Tone.WAITING}.get(self, Tone.NEUTRAL)


class Leads(enum.StrEnum):
    """Where a task is done."""

    TERMS = "terms"
    QUESTIONS = "questions"
    DOCUMENTS = "documents"
    CHECK = "check"
    NOWHERE = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do. A process's own task takes the place of the common one with the same key."""

    key: str
    label: str
    status: Status
    hint: str = ""
    leads: Leads = Leads.NOWHERE

    @property
    def holds_up(self) -> bool:
        """Tell whether nothing can be handed in before it is done."""
        return self.status in {Status.NOT_STARTED, Status.ATTENTION}


def tasks_of(move: Move) -> list[Task]:
    """Return the tasks of *move*'s case for its actor, the last of which hands it in."""
    own = {task.key: task for task in (move.workflow.tasks(move) if move.workflow.tasks else ())}
    common = [task for task in (_terms(move), _questions(move), _documents(move)) if task]
    found = [own.pop(task.key, task) for task in common] + list(own.values())
    return [*found, _check(move, found)]


def _terms(move: Move) -> Task:
    workflow: Workflow = move.workflow
    filled = inputs.typed(workflow.open_form(obj=move.case))
    _, errors = inputs.fill(workflow.open_form, MultiDict(filled))
    if errors:
        return Task("terms", "Terms", Status.ATTENTION, next(iter(errors.values()))[0], Leads.TERMS)
    return Task("terms", "Terms", Status.COMPLETED, leads=Leads.TERMS)


def _questions(move: Move) -> Task | None:
    party = questionnaire.own_party(move.case, move.actor, move.workflow)
    if party is None or move.assessment.rules is None:
        return None
    unanswered = answering.answers_complete(party)(move)
    status = Status.NOT_STARTED if unanswered else Status.COMPLETED
    return Task("questions", "Questions about the work", status, unanswered or "", Leads.QUESTIONS)


def _documents(move: Move) -> Task | None:
    if move.workflow.documents is None:
        return None
    count = len(documents.of_case(move.session, move.case, move.actor))
    hint = {0: "None added yet.", 1: "One added."}.get(count, f"{count} added.")
    return Task("documents", "Documents", Status.OPTIONAL, hint, Leads.DOCUMENTS)


def _check(move: Move, before: list[Task]) -> Task:
    label = "Check and submit"
    if waiting := next((task for task in before if task.holds_up), None):
        return Task("check", label, Status.CANNOT_START, f"First comes “{waiting.label}”.")
    offer = next((o for o in run.available(move.case, move.actor) if o.action.name == move.workflow.submit), None)
    if offer is None:
        action = move.workflow.action(move.workflow.submit)
        return Task("check", label, Status.CANNOT_START, f"This is for: {action.allow if action else 'nobody'}.")
    if offer.refusal:
        return Task("check", label, Status.CANNOT_START, offer.refusal)
    return Task("check", label, Status.NOT_STARTED, leads=Leads.CHECK)
