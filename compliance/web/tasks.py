"""From a draft to what is handed in: the task list, checking what was said, changing it, and what happens next."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateField, Field, Form, SelectField

from compliance.authz import Actor
from compliance.door import actor
from compliance.engine import answering, inputs, run, tasks, telling
from compliance.engine.case import Case
from compliance.engine.definition import Action, Party, Workflow
from compliance.engine.document_actions import ADD
from compliance.engine.errors import EngineError, InvalidInputError, MovedOnError, NotFoundError
from compliance.engine.move import Move
from compliance.engine.registry import Registry, registry
from compliance.engine.suggesting import AmountField, Suggestions
from compliance.engine.tasks import Leads, Task
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.web import findings, pages_of_form, usual
from compliance.web.pages_of_form import Part, case_href

CHANGED: Final = "It was changed after you opened this page. Check it as it is now, then submit."


def blueprint(processes: Registry) -> Blueprint:
    """Return these pages for every process in *processes* whose cases are handed in by an action."""
    made = Blueprint("tasks", __name__)
    for workflow in processes:
        if not workflow.submit:
            continue
        case = f"/{workflow.plural}/<reference>"
        rules: tuple[tuple[str, str, Any, list[str]], ...] = (
            (f"{case}/tasks", "listing", listing, ["GET"]),
            (f"{case}/check", "check", check, ["GET", "POST"]),
            (f"{case}/sent", "sent", sent, ["GET"]),
            (f"{case}/change/<int:number>", "change", change, ["GET", "POST"]),
        )
        for rule, endpoint, view, methods in rules:
            made.add_url_rule(
                rule, f"{workflow.kind}_{endpoint}", view, methods=methods, defaults={"kind": workflow.kind}
            )
    return made


def way_in(case: Case, workflow: Workflow, reader: Actor) -> str | None:
    """Return the address of the task list where *reader* could still hand *case* in, else ``None``."""
    action = workflow.action(workflow.submit)
    if action is None or case.state not in action.sources or not action.allow.permits(reader, case):
        return None
    return case_href(case, "listing")


def listing(kind: str, reference: str) -> ResponseReturnValue:
    """Show what is left to do before a case can be handed in."""
    case, workflow = _draft(kind, reference)
    if case.state not in _submit(workflow).sources:
        return redirect(_show_href(case))
    move = Move(workflow, case, actor(), clock.now(), session())
    found = tasks.tasks_of(move)
    done = sum(not task.holds_up for task in found[:-1])
    return render_template(
        "cases/tasks.html",
        case=case,
        workflow=workflow,
        groups=[
            {"title": "Prepare", "tasks": [_shown(case, task) for task in found[:-1]]},
            {"title": "Submit", "tasks": [_shown(case, found[-1])]},
        ],
        progress=f"{done} of {len(found) - 1} need nothing more from you.",
        back=url_for(f"cases.{kind}_listing"),
    )


def check(kind: str, reference: str) -> ResponseReturnValue:
    """Show all that was said with the way to change it, and hand the case in."""
    case, workflow = _draft(kind, reference)
    action, refusal = _submit(workflow), None
    form = action.form()
    if request.method == "POST":
        try:
            if request.form.get("seen") != case.content_digest:
                raise MovedOnError(CHANGED)
            run.fire(kind, reference, action.name, actor(), pages_of_form.given(), seen=case.content_digest)
            return redirect(case_href(case, "sent"), 303)
        except EngineError as refused:
            session().rollback()
            refusal = refused
            form, _errors = inputs.fill(action.form, pages_of_form.given())
            case = run.find(kind, reference, actor())
    elif case.state not in action.sources:
        return redirect(_show_href(case))
    page = render_template(
        "cases/check.html",
        case=case,
        form=form,
        submit=action.label,
        groups=_said(case, workflow, may_change=_may_change(case, workflow)),
        sheets=findings.panel(case, workflow, actor())["sheets"],
        answers_href=f"{_show_href(case)}/answers" if _may_change(case, workflow) else None,
        papers_href=_papers_href(case, workflow),
        refusal=None if refusal is None or isinstance(refusal, InvalidInputError) else refusal.sentence,
        back=case_href(case, "listing"),
    )
    return page, refusal.status if refusal else 200


def change(kind: str, reference: str, number: int) -> ResponseReturnValue:
    """Show one page of the terms of a case, and change them; the way goes back to where it came from."""
    case, workflow = _draft(kind, reference)
    parts = {part.number: part for part in pages_of_form.parts_of(workflow)}
    edit = workflow.action(workflow.edit)
    if edit is None or number not in parts or case.state not in _submit(workflow).sources:
        raise NotFoundError("There is nothing here for you under this address.")
    part, refusal = parts[number], None
    form: Form = edit.form(obj=case)
    if request.method == "POST":
        data = _merged(case, edit, part)
        try:
            run.fire(kind, reference, edit.name, actor(), data)
            return redirect(_back(case), 303)
        except EngineError as refused:
            session().rollback()
            refusal = refused
            form, _errors = inputs.fill(edit.form, data)
            case = run.find(kind, reference, actor())
    usual.lead(form, workflow, case.organisation_id, actor())
    page = render_template(
        "cases/change.html",
        title=part.title,
        case=case,
        form=form,
        part=part,
        help=answering.warning(workflow, part.names),
        refusal=None if refusal is None or isinstance(refusal, InvalidInputError) else refusal.sentence,
        back=_back(case),
    )
    return page, refusal.status if refusal else 200


def sent(kind: str, reference: str) -> ResponseReturnValue:
    """Confirm that a case was handed in, and say what happens next."""
    case, workflow = _draft(kind, reference)
    if case.state in _submit(workflow).sources:
        return redirect(case_href(case, "listing"))
    stage = workflow.stage(case.state)
    turn = Party(case.waits_for)
    return render_template(
        "cases/sent.html",
        turn=turn.label if turn is not Party.NOBODY else "",
        case=case,
        workflow=workflow,
        stage=stage,
        left=telling.time_left(case.due_at, clock.now()),
        show_href=_show_href(case),
        list_href=url_for(f"cases.{kind}_listing"),
    )


def _draft(kind: str, reference: str) -> tuple[Case, Workflow]:
    case = run.find(kind, reference, actor())
    return case, registry().process(kind, case.definition).workflow


def _submit(workflow: Workflow) -> Action:
    action = workflow.action(workflow.submit)
    if action is None:
        raise NotFoundError("There is nothing here for you under this address.")
    return action


def _may_change(case: Case, workflow: Workflow) -> bool:
    edit = workflow.action(workflow.edit)
    return edit is not None and case.state in edit.sources and edit.allow.permits(actor(), case)


def _merged(case: Case, edit: Action, part: Part) -> MultiDict[str, Any]:
    """Return what *case* says, with what was sent for the fields of *part* in its place."""
    kept = [(name, value) for name, value in inputs.typed(edit.form(obj=case)) if name not in part.names]
    return MultiDict([*kept, *pages_of_form.given(part.names).items(multi=True)])


def _said(case: Case, workflow: Workflow, *, may_change: bool) -> list[dict[str, Any]]:
    form = workflow.open_form(obj=case)
    return [
        {"title": part.title, "rows": [_row(case, part, form[name], may_change=may_change) for name in part.names]}
        for part in pages_of_form.parts_of(workflow)
    ]


def _row(case: Case, part: Part, field: Field, *, may_change: bool) -> dict[str, Any]:
    href = f"{case_href(case, 'change', number=part.number, to='check')}#{field.id}" if may_change else None
    return {"label": field.label.text, "value": _in_words(field), "href": href}


def _in_words(field: Field) -> str:
    if isinstance(field, BooleanField):
        return "Yes" if field.data else "No"
    if isinstance(field, SelectField):
        labels = {str(choice[0]): str(choice[1]) for choice in field.iter_choices()}
        chosen = field.data if isinstance(field.data, list) else [field.data]
        return ", ".join(labels.get(str(value), "") for value in chosen)
    if isinstance(field, DateField) and field.data:
        return f"{field.data:%d %B %Y}"
    if isinstance(field, AmountField):
        return field.in_words()
    if isinstance(field.widget, Suggestions):
        return field.widget.in_words(field)
    return inputs.written(field)


def _shown(case: Case, task: Task) -> dict[str, Any]:
    may_change = _may_change(case, registry().process(case.kind, case.definition).workflow)
    to: dict[Leads, str | None] = {
        Leads.TERMS: case_href(case, "check") if may_change else None,
        Leads.QUESTIONS: f"{_show_href(case)}/questions",
        Leads.DOCUMENTS: f"{_show_href(case)}/{ADD}",
        Leads.CHECK: case_href(case, "check"),
        Leads.NOWHERE: None,
    }
    href, tone = to[task.leads], task.status.tone.value
    return {"label": task.label, "href": href, "status": task.status.value, "tone": tone, "hint": task.hint}


def _papers_href(case: Case, workflow: Workflow) -> str | None:
    return f"{_show_href(case)}/{ADD}" if workflow.documents else None


def _back(case: Case) -> str:
    """Return where a change leads back to: the page with all that was said, unless it came from the list."""
    return case_href(case, "listing" if request.args.get("to") == "tasks" else "check")


def _show_href(case: Case) -> str:
    return url_for(f"cases.{case.kind}_show", reference=case.reference)
