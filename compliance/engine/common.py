"""Actions that every process has without declaring them: claim, release, assign, comment, documents and answers."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from wtforms import BooleanField, Form, StringField, TextAreaField
from wtforms.validators import UUID, InputRequired, Length

from compliance.authz import CLIENT, ONLY_READS, SEES_ALL, WORKER, Role, any_of, is_at_desk
from compliance.engine import answering, assigning, guards, reopening
from compliance.engine.case import CaseComment
from compliance.engine.definition import Action, Holder
from compliance.engine.document_actions import document_actions
from compliance.kernel.ids import new_id

if TYPE_CHECKING:
    from compliance.engine.definition import Workflow
    from compliance.engine.move import Move

WRITES: Final = any_of(*((CLIENT | SEES_ALL) - ONLY_READS)) | WORKER


class CommentForm(Form):
    """A comment, for everyone on the case unless marked internal."""

    body = TextAreaField("Comment", [InputRequired("Write something, or leave the page."), Length(max=8000)])
    internal = BooleanField("Only for the desk", description="Neither the client nor the freelancer will see it.")


class ColleagueField(StringField):
    """A person of the desk, by id; pages offer those who may work on the case."""


class AssignForm(Form):
    """Whom to give the case to."""

    assignee = ColleagueField(
        "Colleague", [InputRequired("Choose a colleague."), UUID("Choose a colleague from the list.")]
    )
    reason = TextAreaField("Reason", [Length(max=2000)])


def common_actions(workflow: Workflow) -> tuple[Action, ...]:
    """Return the actions added to *workflow*; one that the process declares itself is left to it."""
    everywhere = tuple(workflow.states)
    desk = tuple(s for s in workflow.states if workflow.stages[s].may_wait_for_desk)
    found = [Action("comment", "Comment", everywhere, None, WRITES, CommentForm, effect=_comment, common=True, key="c")]
    found += document_actions(workflow)
    if desk:
        found += _desk_actions(workflow, desk)
    if workflow.questionnaire:
        found.append(answering.action(workflow.questionnaire))
        if again := workflow.questionnaire.reopening:
            found.append(reopening.action(workflow.questionnaire, again))
    declared = {action.name for action in workflow.actions}
    return tuple(action for action in found if action.name not in declared)


def _desk_actions(workflow: Workflow, desk: tuple[enum.StrEnum, ...]) -> list[Action]:
    staff = workflow.worked_by
    lead = any_of(Role.TEAM_LEAD, Role.SENIOR_REVIEWER)
    return [
        Action(
            "claim", "Claim", desk, None, staff, guards=(guards.on_desk, guards.unclaimed, guards.not_conflicted),
            holder=Holder.TAKE, common=True, key="e",
        ),
        Action(
            "release", "Release", desk, None, staff, guards=(guards.is_claimed, guards.holds_it), holder=Holder.RELEASE,
            common=True, key="l",
        ),
        Action(
            "assign", "Assign", desk, None, lead, AssignForm, guards=(guards.on_desk, assigning.can_be_given),
            effect=assigning.give, common=True, key="o",
        ),
    ]  # fmt: skip


def _comment(move: Move) -> None:
    internal = bool(move.fact("internal")) and is_at_desk(move.actor, move.case)
    comment_id, body = new_id(), move.fact("body")
    move.session.add(
        CaseComment(
            id=comment_id, case_id=move.case.id, internal=internal, body=body, author_id=move.actor.id, at=move.at
        )
    )
    move.changes["comment"] = [None, str(comment_id)]
    move.keep_sealed("body", body)
    if internal:
        move.changes["internal"] = [None, True]
