"""The form of an action as it is first shown: what the case holds, with the drafts that its process makes."""

from __future__ import annotations

from typing import Final

from wtforms import Form

from compliance.authz import Actor
from compliance.engine.case import Case
from compliance.engine.definition import Action, Workflow
from compliance.engine.move import Move
from compliance.kernel import clock
from compliance.kernel.db import session

DRAFTED: Final = "Drafted from the questionnaire."


def form_for(case: Case, workflow: Workflow, action: Action, actor: Actor) -> Form:
    """Return the form of *action*; what was drafted says so, and weighs nothing before somebody sends it."""
    form = action.form(obj=case)
    for name, text in drafts(case, workflow, action, actor).items():
        form[name].data = text
        if text:
            form[name].description = f"{form[name].description} {DRAFTED}".strip()
    return form


def is_drafted(form: Form) -> bool:
    """Tell whether something in *form* was drafted."""
    return any(DRAFTED in field.description for field in form)


def drafts(case: Case, workflow: Workflow, action: Action, actor: Actor) -> dict[str, str]:
    """Return what the process drafts for fields of *action*'s form, by their names; an empty one clears the field."""
    if action.prefill is None:
        return {}
    return dict(action.prefill(Move(workflow, case, actor, clock.now(), session())))
