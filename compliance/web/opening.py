"""Opening a case by hand: its form, in pages where the process divides it."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Form

from compliance.door import actor
from compliance.engine import inputs, run
from compliance.engine.case import Case
from compliance.engine.definition import Workflow
from compliance.engine.errors import EngineError, InvalidInputError, NotAllowedError
from compliance.engine.registry import registry
from compliance.web import pages_of_form, places, rule_changes, usual
from compliance.web.pages_of_form import Part
from compliance.web.places import Place


def opening(kind: str) -> ResponseReturnValue:
    """Show the form that opens a case page by page, and open it after the last."""
    workflow = registry().process(kind).workflow
    offered = places.open_to(actor(), workflow)
    if not offered:
        raise NotAllowedError(f"To open this you need the role {workflow.may_open}.")
    parts = pages_of_form.parts_of(workflow)
    if request.method == "GET":
        held = workflow.begins_with(request.args.to_dict()) if workflow.begins_with else {}
        if workflow.begins_with and not held:
            return rule_changes.choose_first()
        return _page(workflow, offered, workflow.open_form(data=dict(held)), parts[0], None)
    part = parts[_number(len(parts)) - 1]
    form, _errors = inputs.fill(workflow.open_form, pages_of_form.given())
    if request.form.get("go") == "back":
        pages_of_form.keep_errors(form, ())
        return _page(workflow, offered, form, parts[max(part.number - 2, 0)], None)
    if pages_of_form.keep_errors(form, part.names):
        return _page(workflow, offered, form, part, None), 422
    if part.number < len(parts):
        return _page(workflow, offered, form, parts[part.number], None)
    return _open(workflow, offered, parts)


def _open(workflow: Workflow, offered: list[Place], parts: list[Part]) -> ResponseReturnValue:
    try:
        place = places.chosen(offered, request.form.get("place"))
        opened = run.open_case(
            workflow.kind,
            actor(),
            pages_of_form.given(),
            organisation_id=place.organisation_id,
            team_id=place.team_id,
        )
        return redirect(_next(workflow, opened.case), 303)
    except EngineError as refused:
        form, errors = inputs.fill(workflow.open_form, pages_of_form.given())
        part = next((part for part in parts if set(part.names) & set(errors)), parts[-1])
        pages_of_form.keep_errors(form, part.names)
        return _page(workflow, offered, form, part, refused), refused.status


def _next(workflow: Workflow, case: Case) -> str:
    if workflow.submit and case.state == workflow.start:
        return pages_of_form.case_href(case, "listing")
    return url_for(f"cases.{case.kind}_show", reference=case.reference)


def _number(last: int) -> int:
    """Return which page was sent; a form that does not say so was sent whole."""
    text = request.form.get("page", str(last))
    known = {str(number): number for number in range(1, last + 1)}
    return known.get(text, last)


def _page(workflow: Workflow, offered: list[Place], form: Form, part: Part, refusal: EngineError | None) -> str:
    parts = pages_of_form.parts_of(workflow)
    steps = [{"label": one.title, "state": _state(one, part)} for one in parts]
    place = request.form.get("place") or offered[0].key
    client = next((one for one in offered if one.key == place), offered[0])
    usual.lead(form, workflow, client.organisation_id, actor())
    return render_template(
        "cases/open.html",
        title=f"New {workflow.title.lower()}" if len(parts) == 1 else part.title,
        kind=f"New {workflow.title.lower()}" if len(parts) > 1 else None,
        form=form,
        part=part,
        steps=steps if len(parts) > 1 else [],
        hidden=pages_of_form.carried(form, part) if len(parts) > 1 else [],
        submit="Save" if part.number == len(parts) else "Continue",
        places=offered,
        place=place,
        refusal=None if refusal is None or isinstance(refusal, InvalidInputError) else refusal.sentence,
        back=url_for(f"cases.{workflow.kind}_listing"),
    )


def _state(one: Part, now: Part) -> str:
    if one == now:
        return "current"
    return "done" if one.number < now.number else "next"
