"""The pages of every process: list, open, look, act."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms import Form

from compliance.authz import ONLY_READS, STAFF, Actor, Role, is_at_desk
from compliance.door import actor
from compliance.engine import answering, inputs, prefill, run
from compliance.engine.case import Case
from compliance.engine.definition import Action
from compliance.engine.errors import EngineError, InvalidInputError, MovedOnError, NotFoundError
from compliance.engine.registry import Registry, registry
from compliance.kernel.db import start_over
from compliance.web import case_page, choosing, frame, lookup, opening, queues, search, usual, views
from compliance.web.addresses import case_href, definition_of
from compliance.web.case_page import Panel
from compliance.web.people import local_address

STARTS: Final[tuple[tuple[frozenset[Role], str], ...]] = (
    (frozenset({Role.REVIEWER, Role.SENIOR_REVIEWER}), "cases.queue"),
    (frozenset({Role.AUDITOR}), "record.search"),
    (frozenset({Role.ADMINISTRATOR}), "administration.overview"),
)
NOT_OF_THE_FORM = ("csrf_token", "next", "place", "queue", "seen", "seen_rev", "seen_version")


def blueprint(processes: Registry) -> Blueprint:
    """Return the pages of every process in *processes*, under each one's plural."""
    made = Blueprint("cases", __name__)
    made.app_context_processor(frame.every_page)
    made.add_url_rule("/", "home", home)
    made.add_url_rule("/queue", "queue", queues.queue)
    made.add_url_rule("/queue/assign", "assign_many", choosing.assign_many, methods=["POST"])
    made.add_url_rule("/search", "search", search.search)
    made.add_url_rule("/preferences/keys", "keys", frame.keys, methods=["POST"])
    made.add_url_rule("/views", "views", views.manage)
    made.add_url_rule("/views", "view_keep", views.keep, methods=["POST"])
    made.add_url_rule("/views/<uuid:view_id>", "view_change", views.change, methods=["POST"])
    made.add_url_rule("/queue/next", "next", queues.onward)
    made.add_url_rule("/queue/clients", "clients", lookup.clients)
    made.add_url_rule("/queue/holders", "holders", lookup.holders)
    for workflow in processes:
        rules: tuple[tuple[str, str, Any, list[str]], ...] = (
            (f"/{workflow.plural}", "listing", queues.listing, ["GET"]),
            (f"/{workflow.plural}/new", "opening", opening.opening, ["GET", "POST"]),
            (f"/{workflow.plural}/<reference>", "show", show, ["GET"]),
            (f"/{workflow.plural}/<reference>/changes", "changes", changes, ["GET"]),
            (f"/{workflow.plural}/<reference>/<name>", "act", act, ["GET", "POST"]),
        )
        for rule, endpoint, view, methods in rules:
            made.add_url_rule(
                rule, f"{workflow.kind}_{endpoint}", view, methods=methods, defaults={"kind": workflow.kind}
            )
    return made


def home() -> ResponseReturnValue:
    """Send each to where their work is: whoever reviews to the queue, first of all."""
    reader = actor()
    for roles, endpoint in STARTS:
        if reader.roles & roles:
            return redirect(url_for(endpoint))
    if reader.is_staff:
        return redirect(url_for("cases.queue"))
    first = next(workflow for workflow in registry() if not workflow.of_programme)
    return redirect(url_for(f"cases.{first.kind}_listing"))


def show(kind: str, reference: str) -> ResponseReturnValue:
    """Show one case: where it stands, what it says, what can be done, what happened."""
    reader = actor()
    case = run.find(kind, reference, reader)
    return _case_page(case, reader, case_page.panel_for(case, reader, request.args.get("decide")))


def changes(kind: str, reference: str) -> ResponseReturnValue:
    """Show how two versions of a case's terms differ."""
    reader = actor()
    case = run.find(kind, reference, reader)
    return render_template("cases/changes.html", **case_page.compared(case, reader), back=case_href(case))


def act(kind: str, reference: str, name: str) -> ResponseReturnValue:
    """Show the form of an action, and do it. A decision is taken on the page of its case.

    The case is read here only where there is a form to show: doing it reads the case once, under its lock.
    """
    who = actor()
    if request.method == "POST":
        try:
            done = run.fire(kind, reference, name, who, _given(), seen=request.form.get("seen"))
        except EngineError as refused:
            start_over()  # The page below shows the case as it stands, not as it was refused.
            return _refused(*_found(kind, reference, name), refused)
        frame.tell_done(done)
        return redirect(_onward(done.case, done.action, who), 303)
    case, action = _found(kind, reference, name)
    run.capacity_for(case, action, who)  # Nobody fills in a form that is refused whatever it says.
    panel = case_page.panel_for(case, who, name)
    if panel is not None:
        return _case_page(case, who, panel)
    return _action_page(case, action, prefill.form_for(case, definition_of(case), action, who))


def _found(kind: str, reference: str, name: str) -> tuple[Case, Action]:
    """Return the case and what is to be done to it; raises :class:`NotFoundError` for what no person does."""
    case = run.find(kind, reference, actor())
    action = definition_of(case).action(name)
    if action is None or action.by_itself:
        raise NotFoundError("There is nothing here for you under this address.")
    return case, action


def _onward(case: Case, action: Action | None, who: Actor) -> str:
    """Return where to go after *action*: on in the queue after a decision, back to the list for what was done there."""
    queue = request.form.get("queue", "")
    if "next" in request.form:
        return local_address(request.form["next"])
    if action and action.binds and queue and who.is_staff:
        return queues.next_href(who, queue, case)
    return case_href(case, queue)


def _refused(case: Case, action: Action, refused: EngineError) -> ResponseReturnValue:
    """Show the form again with what was typed, why it was refused, and what changed since it was opened."""
    form, _errors = inputs.fill(action.form, _given())
    if not action.binds:
        return _action_page(case, action, form, refused)
    if isinstance(refused, InvalidInputError):
        case_page.show_errors(form, refused)
    form = prefill.returned(form, case, definition_of(case), action, actor())
    panel = Panel(action, form, _sentence(refused))
    known = case_page.known_of(request.form)
    if isinstance(refused, MovedOnError) and known is not None:
        panel.meanwhile = case_page.news_since(case, definition_of(case), actor(), known)
    return _case_page(case, actor(), panel, refused.status)


def _case_page(case: Case, reader: Actor, panel: Panel | None, status: int = 200) -> ResponseReturnValue:
    shown = case_page.shown(case, reader, panel)
    queue = queues.came_from(shown["queue"])
    if reader.is_staff:
        back, onward = queue.href("cases.queue"), url_for("cases.next", queue=queue.query, after=case.reference)
    else:
        back, onward = url_for(f"cases.{case.kind}_listing"), None
    here = case_href(case, shown["queue"])
    return render_template("cases/show.html", **shown, back=back, next_href=onward, back_to_case=here), status


def _action_page(case: Case, action: Action, form: Form, refusal: EngineError | None = None) -> ResponseReturnValue:
    if "internal" in form and not is_at_desk(actor(), case):
        del form["internal"]
    usual.lead(form, definition_of(case), case.organisation_id, actor())
    colleague = choosing.asks_for_colleague(form)
    return _form_page(
        refusal,
        template="cases/colleague.html" if colleague else "cases/form.html",
        chooses=colleague,
        **(choosing.choices(case, actor()) if colleague else {}),
        title=f"{action.label}: {case.title}",
        form=form,
        submit=action.label,
        back=case_href(case),
        hidden=case_page.seen_now(case, request.values.get("queue", "")),
        help=f"{action.help} {answering.warning(definition_of(case), form.data)}".strip(),
    )


def navigation(reader: Actor | None) -> list[dict[str, Any]]:
    """Return the main navigation of *reader*."""
    if reader is None:
        return []
    seen = [w for w in current_app.extensions["workflows"] if reader.is_staff or not w.of_programme]
    items = [(w.titles, url_for(f"cases.{w.kind}_listing"), "") for w in seen]
    if reader.is_staff:  # Whoever only reads takes nothing from the queue.
        works = any(grant.role in STAFF - ONLY_READS for grant in reader.grants)
        items.insert(0 if works else len(items), ("Queue", url_for("cases.queue"), "g q"))
    return [{"label": label, "href": href, "current": request.path == href, "key": key} for label, href, key in items]


def _given() -> MultiDict[str, str]:
    return MultiDict((k, v) for k, v in request.form.items(multi=True) if k not in NOT_OF_THE_FORM)


def _form_page(refusal: EngineError | None, template: str = "cases/form.html", **shown: Any) -> ResponseReturnValue:  # noqa: ANN401 - what the page takes
    """Show a form, with the refusal of what was sent."""
    page = render_template(template, refusal=_sentence(refusal), **shown)
    return page, refusal.status if refusal else 200


def _sentence(refusal: EngineError | None) -> str | None:
    """Return why something was refused; what its fields refuse stands beside them already."""
    return None if refusal is None or isinstance(refusal, InvalidInputError) else refusal.sentence
