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

DRAFTED: Final = "Drafted from the questionnaire. Read it, and make it your own."


def form_for(case: Case, workflow: Workflow, action: Action, actor: Actor) -> Form:
    """Return the form of *action*; what was drafted says so, and weighs nothing before somebody sends it."""
    form = action.form(obj=case)
    if action.prefill is None:
        return form
    for name, text in action.prefill(Move(workflow, case, actor, clock.now(), session())).items():
        form[name].data = text
        form[name].description = f"{form[name].description} {DRAFTED}".strip()
    return form
