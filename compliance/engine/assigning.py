"""Giving a case to a colleague: whoever is given one could have claimed it."""

from __future__ import annotations

import uuid
from dataclasses import replace

import sqlalchemy as sa

from compliance.audit.models import AuditEvent
from compliance.authz import Actor
from compliance.engine import guards
from compliance.engine.case import Case
from compliance.engine.definition import Holder, Workflow
from compliance.engine.move import Move
from compliance.kernel import ids
from compliance.people import directory, lookup
from compliance.people.models import Person

NOT_A_COLLEAGUE = "That person cannot work on this kind of case. Choose a colleague from the list."
HAS_A_CONFLICT = "{name} declared a conflict of interest with a party to this case. Choose somebody else."


def can_be_given(move: Move) -> str | None:
    """Refuse an assignee who may not work on the case, or who could not claim it were it free."""
    if move.facts is None:
        return None
    person = move.session.get(Person, uuid.UUID(move.fact("assignee")))
    if person is None or not person.active:
        return NOT_A_COLLEAGUE
    return why_not_person(move, person)


def why_not(move: Move, assignee: Actor) -> str | None:
    """Return why the case of *move* cannot be given to *assignee*, or ``None``."""
    case, workflow = move.case, move.workflow
    if not workflow.worked_by.permits(assignee, case):
        return NOT_A_COLLEAGUE
    if case.holder_id == assignee.id:
        return f"{assignee.name} holds this case already."
    as_assignee = replace(move, actor=assignee, facts=None, changes={}, policy={})
    if guards.not_conflicted(as_assignee):
        return HAS_A_CONFLICT.format(name=assignee.name)
    refusals = [_cannot_take(as_assignee, name) for name in _ways_to_take(workflow, case)]
    return f"{assignee.name} could not take it: {refusals[0]}" if refusals and all(refusals) else None


def why_not_person(move: Move, person: Person) -> str | None:
    """Return why the case of *move* cannot be given to *person*, or ``None``."""
    return why_not(move, directory.actor_for(person))


def candidates(workflow: Workflow, case: Case, text: str) -> list[Person]:
    """Return colleagues who may work on *case* and have no conflict of interest in it, narrowed by *text*."""
    parties = {one for one in (case.organisation_id, case.worker_id, case.worker_organisation_id) if one}
    return lookup.colleagues(text, workflow.worked_by.roles, parties=parties)


def give(move: Move) -> None:
    """Make the assignee the holder."""
    _make_holder(move, uuid.UUID(move.fact("assignee")))


def give_back(move: Move) -> None:
    """Make whoever brought the case into the state that it leaves its holder again, if they could still claim it."""
    case = move.case
    came_by = sa.select(AuditEvent.actor_id).where(AuditEvent.stream == case.stream, AuditEvent.rev == case.entered_rev)
    actor_id = ids.as_id(move.session.scalar(came_by) or "")
    person = move.session.get(Person, actor_id) if actor_id else None
    if person is not None and person.active and why_not_person(move, person) is None:
        _make_holder(move, person.id)


def _make_holder(move: Move, holder: uuid.UUID) -> None:
    before = move.case.holder_id
    move.case.holder_id, move.case.held_since = holder, move.at
    move.changes["holder"] = [str(before) if before else None, str(holder)]


def _ways_to_take(workflow: Workflow, case: Case) -> list[str]:
    return [a.name for a in workflow.actions if a.holder is Holder.TAKE and case.state in a.sources]


def _cannot_take(move: Move, name: str) -> str | None:
    """Return why the actor of *move* could not take the case by the action called *name* were it free."""
    action = move.workflow.action(name)
    if action is None or not action.allow.permits(move.actor, move.case):
        return "their role does not include it."
    asked = (guard for guard in action.guards if guard not in guards.ABOUT_THE_HOLDER)
    return next((sentence for guard in asked if (sentence := guard(move))), None)
