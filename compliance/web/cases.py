"""The pages of every process: list, open, look, act."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from compliance.authz import Actor
from compliance.door import actor
from compliance.engine import inputs, run, telling
from compliance.engine.case import Case
from compliance.engine.errors import EngineError, InvalidInputError, NotAllowedError, NotFoundError
from compliance.engine.registry import Registry, registry
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.web import frame, lookup, places, queues, rows
from compliance.web.addresses import case_href
from compliance.web.people import local_address

NOT_OF_THE_FORM = ("csrf_token", "seen", "place", "next")


def blueprint(processes: Registry) -> Blueprint:
    """Return the pages of every process in *processes*, under each one's plural."""
    made = Blueprint("cases", __name__)
    made.app_context_processor(frame.every_page)
    made.add_url_rule("/", "home", home)
    made.add_url_rule("/queue", "queue", queues.queue)
    made.add_url_rule("/queue/clients", "clients", lookup.clients)
    made.add_url_rule("/queue/holders", "holders", lookup.holders)
    for workflow in processes:
        rules: tuple[tuple[str, str, Any, list[str]], ...] = (
            (f"/{workflow.plural}", "listing", queues.listing, ["GET"]),
            (f"/{workflow.plural}/new", "opening", opening, ["GET", "POST"]),
            (f"/{workflow.plural}/<reference>", "show", show, ["GET"]),
            (f"/{workflow.plural}/<reference>/<name>", "act", act, ["GET", "POST"]),
        )
        for rule, endpoint, view, methods in rules:
            made.add_url_rule(
                rule, f"{workflow.kind}_{endpoint}", view, methods=methods, defaults={"kind": workflow.kind}
            )
    return made


def home() -> ResponseReturnValue:
    """Send each to where their work is."""
    if actor().is_staff:
        return redirect(url_for("cases.queue"))
    return redirect(url_for(f"cases.{next(iter(registry())).kind}_listing"))


def opening(kind: str) -> ResponseReturnValue:
    """Show the form that opens a case, and open it."""
    workflow = registry().process(kind).workflow
    found = places.of(actor(), workflow)
    if not found:
        raise NotAllowedError(f"To open this you need the role {workflow.may_open}.")
    form = workflow.open_form()
    refusal: EngineError | None = None
    if request.method == "POST":
        try:
            place = next((p for p in found if p.key == request.form.get("place", found[0].key)), None)
            if place is None:
                raise NotFoundError("Choose one of the places listed.")
            opened = run.open_case(
                kind, actor(), _given(), organisation_id=place.organisation_id, team_id=place.team_id
            )
            return redirect(case_href(opened.case), 303)
        except EngineError as refused:
            refusal = refused
            form, _errors = inputs.fill(workflow.open_form, _given())
    return _form_page(
        refusal,
        title=f"New {workflow.title.lower()}",
        form=form,
        submit="Save",
        places=found,
        back=url_for(f"cases.{kind}_listing"),
    )


def show(kind: str, reference: str) -> ResponseReturnValue:
    """Show one case: where it stands, what it says, what can be done, what happened."""
    reader = actor()
    case = run.find(kind, reference, reader)
    workflow = registry().process(kind, case.definition).workflow
    stage = workflow.stage(case.state)
    names = telling.names_of(session(), [str(case.holder_id)] if case.holder_id else [])
    return render_template(
        "cases/show.html",
        case=case,
        workflow=workflow,
        stage=stage,
        left=telling.time_left(case.due_at, clock.now()),
        holder=names.get(str(case.holder_id)),
        who=rows.who_acts(case, names.get(str(case.holder_id)), reader),
        facts=telling.facts(case, workflow),
        actions=[_offered(case, offer) for offer in run.available(case, reader)],
        history=telling.history(session(), case, workflow, reader),
        states=[(workflow.stage(s).label, s == case.state) for s in workflow.states],
        back=url_for("cases.queue") if reader.is_staff else url_for(f"cases.{kind}_listing"),
    )


def act(kind: str, reference: str, name: str) -> ResponseReturnValue:
    """Show the form of an action, and do it."""
    case = run.find(kind, reference, actor())
    workflow = registry().process(kind, case.definition).workflow
    action = workflow.action(name)
    if action is None or action.by_itself:
        raise NotFoundError("There is nothing here for you under this address.")
    form, refusal = action.form(obj=case), None
    if request.method == "POST":
        try:
            before = case.state
            done = run.fire(kind, reference, name, actor(), _given(), seen=request.form.get("seen"))
            frame.tell_done(done.case, action, before)
            return redirect(
                local_address(request.form.get("next")) if "next" in request.form else case_href(done.case), 303
            )
        except EngineError as refused:
            refusal = refused
            form, _errors = inputs.fill(action.form, _given())
    return _form_page(
        refusal,
        title=f"{action.label}: {case.title}",
        form=form,
        submit=action.label,
        back=case_href(case),
        seen=case.content_digest if request.method == "GET" else request.form.get("seen", ""),
        help=action.help,
    )


def navigation(reader: Actor | None) -> list[dict[str, Any]]:
    """Return the main navigation of *reader*."""
    if reader is None:
        return []
    items = [("Queue", url_for("cases.queue"), "g q")] if reader.is_staff else []
    items += [(f"{w.title}s", url_for(f"cases.{w.kind}_listing"), "") for w in current_app.extensions["workflows"]]
    return [{"label": label, "href": href, "current": request.path == href, "key": key} for label, href, key in items]


def _given() -> MultiDict[str, str]:
    return MultiDict((k, v) for k, v in request.form.items(multi=True) if k not in NOT_OF_THE_FORM)


def _form_page(refusal: EngineError | None, **shown: Any) -> ResponseReturnValue:  # noqa: ANN401 - what the page takes
    """Show a form, with the refusal of what was sent; what its fields refuse stands beside them already."""
    sentence = None if isinstance(refusal, InvalidInputError) or refusal is None else refusal.sentence
    return render_template("cases/form.html", refusal=sentence, **shown), refusal.status if refusal else 200


def _offered(case: Case, offer: run.Offered) -> dict[str, Any]:
    return {
        "label": offer.action.label,
        "href": f"{case_href(case)}/{offer.action.name}",
        "key": offer.action.key,
        "tone": offer.action.tone.value,
        "blocked": offer.refusal,
    }
