"""Actions that every process has without declaring them: claim, release, assign and comment."""

from __future__ import annotations

import enum
import uuid
from typing import TYPE_CHECKING

import sqlalchemy as sa
from wtforms import BooleanField, Form, StringField, TextAreaField
from wtforms.validators import UUID, InputRequired, Length

from compliance.authz import EVERYBODY, Role, any_of
from compliance.engine import guards
from compliance.engine.case import CaseComment
from compliance.engine.definition import Action, Holder
from compliance.people.models import Person, RoleGrant

if TYPE_CHECKING:
    from compliance.engine.definition import Workflow
    from compliance.engine.move import Move


class CommentForm(Form):
    """A comment, for everyone on the case unless marked internal."""

    body = TextAreaField("Comment", [InputRequired("Write something, or leave the page."), Length(max=8000)])
    internal = BooleanField("Only for the desk", description="Neither the client nor the freelancer will see it.")


class AssignForm(Form):
    """Whom to give the case to."""

    assignee = StringField(
        "Colleague", [InputRequired("Choose a colleague."), UUID("Choose a colleague from the list.")]
    )
    reason = TextAreaField("Reason", [Length(max=2000)])


def common_actions(workflow: Workflow) -> tuple[Action, ...]:
    """Return the actions added to *workflow*; one that the process declares itself is left to it."""
    everywhere = tuple(workflow.states)
    desk = tuple(s for s in workflow.states if workflow.stages[s].waits_for.is_staff)
    found = [
        Action("comment", "Comment", everywhere, None, EVERYBODY, CommentForm, effect=_comment, common=True, key="c")
    ]
    if desk:
        found += _desk_actions(workflow, desk)
    declared = {action.name for action in workflow.actions}
    return tuple(action for action in found if action.name not in declared)


def _desk_actions(workflow: Workflow, desk: tuple[enum.StrEnum, ...]) -> list[Action]:
    staff = workflow.worked_by
    lead = any_of(Role.TEAM_LEAD, Role.SENIOR_REVIEWER)
    return [
        Action(
            "claim", "Claim", desk, None, staff, guards=(guards.unclaimed, guards.not_conflicted), holder=Holder.TAKE,
            common=True, key="e",
        ),
        Action(
            "release", "Release", desk, None, staff, guards=(guards.is_claimed, guards.holds_it), holder=Holder.RELEASE,
            common=True,
        ),
        Action("assign", "Assign", desk, None, lead, AssignForm, guards=(_can_be_given,), effect=_assign, common=True),
    ]  # fmt: skip


def _comment(move: Move) -> None:
    internal = bool(move.fact("internal")) and move.actor.is_staff
    move.session.add(
        CaseComment(
            case_id=move.case.id, internal=internal, body=move.fact("body"), author_id=move.actor.id, at=move.at
        )
    )


def _can_be_given(move: Move) -> str | None:
    """Give a case only to somebody who works on its kind."""
    if move.facts is None:
        return None
    person = move.session.get(Person, uuid.UUID(move.fact("assignee")))
    roles = sorted(move.workflow.worked_by.roles)
    held = sa.select(RoleGrant.id).where(
        RoleGrant.person_id == (person.id if person else None), RoleGrant.role.in_(roles), RoleGrant.ended_at.is_(None)
    )
    if person is None or not person.active or move.session.scalar(held.limit(1)) is None:
        return "That person cannot work on this kind of case. Choose a colleague from the list."
    return None


def _assign(move: Move) -> None:
    move.case.holder_id, move.case.held_since = uuid.UUID(move.fact("assignee")), move.at
    move.changes["holder"] = [None, move.fact("assignee")]
