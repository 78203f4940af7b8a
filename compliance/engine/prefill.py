"""The form of an action as it is first shown: what the case holds, with the drafts that its process makes."""

from __future__ import annotations

from typing import Final

from wtforms import Form

from compliance.authz import Actor
from compliance.engine import drafts as own
from compliance.engine.case import Case
from compliance.engine.definition import Action, Workflow
from compliance.engine.move import Move
from compliance.kernel import clock
from compliance.kernel.db import session

DRAFTED: Final = "Drafted from the questionnaire."


def form_for(case: Case, workflow: Workflow, action: Action, actor: Actor) -> Form:
    """Return the form of *action*; what was drafted says so, and weighs nothing before somebody sends it."""
    form = action.form(obj=case)
    found = drafts(case, workflow, action, actor)
    for name, text in found.items():
        form[name].data = text
    return marked(form, action, found)


def returned(form: Form, case: Case, workflow: Workflow, action: Action, actor: Actor) -> Form:
    """Return the *form* of *action* that comes back with errors, with what still stands as drafted marked again."""
    return marked(form, action, drafts(case, workflow, action, actor))


def marked(form: Form, action: Action, drafted: dict[str, str]) -> Form:
    """Say in *form* what is *drafted* in it; where nothing is, nobody is asked to confirm it."""
    names = own.untouched(form, drafted)
    for name in names:
        form[name].description = f"{form[name].description} {DRAFTED}".strip()
    if action.prefill is not None and not names:
        del form[own.CONFIRMED]
    return form


def is_drafted(form: Form) -> bool:
    """Tell whether something in *form* was drafted."""
    return any(DRAFTED in field.description for field in form)


def drafts(case: Case, workflow: Workflow, action: Action, actor: Actor) -> dict[str, str]:
    """Return what the process drafts for fields of *action*'s form, by their names; an empty one clears the field."""
    return drafted_in(Move(workflow, case, actor, clock.now(), session()), action)


def drafted_in(move: Move, action: Action) -> dict[str, str]:
    """Return what the process of *move* drafts for fields of *action*'s form, by their names."""
    return {} if action.prefill is None else dict(action.prefill(move))
