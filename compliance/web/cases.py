"""The pages of every process: list, open, look, act."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from compliance.authz import Actor, visible_to
from compliance.door import actor
from compliance.engine import inputs, paging, picture, run, telling
from compliance.engine.case import Case
from compliance.engine.definition import Workflow
from compliance.engine.errors import EngineError, InvalidInputError, NotAllowedError, NotFoundError
from compliance.engine.registry import Registry, registry
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people.models import Organisation, Team

NOT_OF_THE_FORM = ("csrf_token", "seen", "place")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case can be opened: an organisation, or one of its teams."""

    key: str
    label: str
    organisation_id: uuid.UUID
    team_id: uuid.UUID | None


def blueprint(processes: Registry) -> Blueprint:
    """Return the pages of every process in *processes*, under each one's plural."""
    made = Blueprint("cases", __name__)
    made.add_url_rule("/", "home", home)
    made.add_url_rule("/queue", "queue", queue)
    for workflow in processes:
        rules: tuple[tuple[str, str, Any, list[str]], ...] = (
            (f"/{workflow.plural}", "listing", listing, ["GET"]),
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


def queue() -> ResponseReturnValue:
    """Show the desk's work over all kinds, most urgent first."""
    who = actor()
    if not who.is_staff:
        raise NotAllowedError("The queue is for the people of the desk.")
    view = request.args.get("view", "mine")
    conditions = [visible_to(who, Case), Case.desk.is_(True)]
    if view == "mine":
        conditions.append(Case.holder_id.in_(who.identities))
    elif view == "open":
        conditions.append(Case.holder_id.is_(None))
    views = [
        {"label": label, "href": url_for("cases.queue", view=key), "current": key == view}
        for key, label in (("mine", "Mine"), ("open", "Not claimed"), ("all", "Everything"))
    ]
    return _list_page("Queue", conditions, views=views, kind=None)


def listing(kind: str) -> ResponseReturnValue:
    """Show the cases of one kind that the reader may see."""
    workflow = registry().process(kind).workflow
    conditions = [visible_to(actor(), Case), Case.kind == kind]
    state = request.args.get("state")
    if state in set(workflow.states):
        conditions.append(Case.state == state)
    views = [{"label": "All", "href": url_for(request.endpoint or ""), "current": not state}] + [
        {"label": workflow.stage(s).label, "href": url_for(request.endpoint or "", state=s), "current": s == state}
        for s in workflow.states
    ]
    return _list_page(f"{workflow.title}s", conditions, views=views, kind=kind)


def opening(kind: str) -> ResponseReturnValue:
    """Show the form that opens a case, and open it."""
    workflow = registry().process(kind).workflow
    places = _places(actor(), workflow)
    if not places:
        raise NotAllowedError(f"To open this you need the role {workflow.may_open}.")
    form = workflow.open_form()
    refusal: EngineError | None = None
    if request.method == "POST":
        try:
            place = next((p for p in places if p.key == request.form.get("place", places[0].key)), None)
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
        places=places,
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
        facts=telling.facts(case, workflow),
        actions=[_offered(case, offer) for offer in run.available(case, reader)],
        history=telling.history(session(), case, workflow, reader),
        picture=picture.panel(case, workflow),
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
            done = run.fire(kind, reference, name, actor(), _given(), seen=request.form.get("seen"))
            return redirect(case_href(done.case), 303)
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


def case_href(case: Case) -> str:
    """Return the address of a case's page."""
    return url_for(f"cases.{case.kind}_show", reference=case.reference)


def navigation(reader: Actor | None) -> list[dict[str, Any]]:
    """Return the main navigation of *reader*."""
    if reader is None:
        return []
    items = [("Queue", url_for("cases.queue"))] if reader.is_staff else []
    items += [(f"{w.title}s", url_for(f"cases.{w.kind}_listing")) for w in current_app.extensions["workflows"]]
    return [{"label": label, "href": href, "current": request.path == href} for label, href in items]


def _list_page(
    title: str, conditions: list[sa.ColumnElement[bool]], *, views: list[dict[str, Any]], kind: str | None
) -> ResponseReturnValue:
    page = paging.most_urgent_first(session(), conditions, request.args.get("after"))
    people = telling.names_of(session(), [str(case.holder_id) for case in page.cases if case.holder_id])
    clients = {
        row.id: row.name
        for row in session().scalars(
            sa.select(Organisation).where(Organisation.id.in_({case.organisation_id for case in page.cases}))
        )
    }
    now, rows = clock.now(), []
    for case in page.cases:
        stage = registry().process(case.kind, case.definition).workflow.stage(case.state)
        rows.append(
            {
                "case": case,
                "href": case_href(case),
                "stage": stage,
                "client": clients[case.organisation_id],
                "holder": people.get(str(case.holder_id), ""),
                "left": telling.time_left(case.due_at, now),
            }
        )
    workflow = registry().process(kind).workflow if kind else None
    return render_template(
        "cases/list.html",
        title=title,
        rows=rows,
        views=views,
        next_href=_with(after=page.after) if page.after else None,
        first_href=_with(after=None) if request.args.get("after") else None,
        new_href=url_for(f"cases.{kind}_opening") if workflow and _places(actor(), workflow) else None,
        new_label=f"New {workflow.title.lower()}" if workflow else None,
    )


def _with(*, after: str | None) -> str:
    """Return this page's address with another place to begin."""
    arguments: dict[str, Any] = {**request.args.to_dict(), "after": after}
    return url_for(request.endpoint or "", **arguments)


def _places(who: Actor, workflow: Workflow) -> list[Place]:
    found = []
    for organisation_id, team_id in workflow.may_open.places(who):
        name = session().get_one(Organisation, organisation_id).name
        team = session().get_one(Team, team_id).name if team_id else None
        found.append(
            Place(f"{organisation_id}:{team_id or ''}", f"{name}, {team}" if team else name, organisation_id, team_id)
        )
    return sorted(found, key=lambda place: place.label)


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
