"""The addresses of every process: list, open, look, act, follow."""

from __future__ import annotations

import re
from typing import Any, Final

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from compliance.api import access, body, determinations, documents, fields, openapi, places, shown
from compliance.api.idempotency import Answer, once
from compliance.api.problems import BadRequestError, NoSuchActionError
from compliance.authz import visible_to
from compliance.engine import inputs, paging, run, telling
from compliance.engine.case import Case
from compliance.engine.definition import Action, DefinitionError, Workflow
from compliance.engine.errors import InvalidInputError
from compliance.engine.registry import Registry, registry
from compliance.kernel.db import session

ROOT: Final = "/api/v1"
PAGE_SIZE: Final = 50
LARGEST_PAGE: Final = 200
# What the body of a request says beside the fields of the form; no form may call a field like that.
PLACE: Final = frozenset({"organisation", "team"})
SEEN: Final = frozenset({"seen"})
_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,18}")


def blueprint(processes: Registry) -> Blueprint:
    """Return the addresses of every process in *processes*; raises :class:`DefinitionError` for a name taken twice."""
    made = Blueprint("api", __name__, url_prefix=ROOT)
    described = openapi.Described(processes)
    made.add_url_rule("/openapi.json", "openapi", lambda: jsonify(described.document), methods=["GET"])
    for workflow in processes:
        _refuse_taken_names(workflow)
        documents.add_rules(made, workflow)
        case = f"/{workflow.plural}/<reference>"
        rules: tuple[tuple[str, str, Any, str], ...] = (
            (f"/{workflow.plural}", "listing", listing, "GET"),
            (f"/{workflow.plural}", "opening", opening, "POST"),
            (case, "show", show, "GET"),
            (f"{case}/actions/<name>", "act", act, "POST"),
            (f"{case}/events", "events", events, "GET"),
        )
        if workflow.deciding is not None:
            rules += ((f"{case}/determinations", "determinations", determinations.listing, "GET"),)
        for rule, endpoint, view, method in rules:
            made.add_url_rule(
                rule, f"{workflow.kind}_{endpoint}", view, methods=[method], defaults={"kind": workflow.kind}
            )
    return made


def listing(kind: str) -> ResponseReturnValue:
    """List the cases of one kind that the caller may see, what is due first on top."""
    workflow = registry().process(kind).workflow
    caller = access.reader(workflow.plural)
    asked = _arguments("state", "limit", "cursor")
    conditions = [visible_to(caller.actor, Case), Case.kind == kind]
    if state := asked.get("state"):
        if state not in set(workflow.states):
            raise BadRequestError(f"There is no such state. The states are: {', '.join(workflow.states)}.")
        conditions.append(Case.state == state)
    page = paging.most_urgent_first(session(), conditions, asked.get("cursor"), _limit(asked))
    return jsonify(items=[shown.in_list(case) for case in page.cases], next=page.after)


def opening(kind: str) -> ResponseReturnValue:
    """Open a case from the fields of its form."""
    workflow = registry().process(kind).workflow
    caller, raw = access.writer(workflow.plural), body.read()

    def change() -> Answer:
        access.refuse_haste(caller)
        members = body.parse(raw)
        organisation_id, team_id = places.choose(
            workflow, caller.actor, members.get("organisation"), members.get("team")
        )
        data = fields.take(workflow.open_form, _without(members, PLACE))
        done = run.open_case(kind, caller.actor, data, organisation_id=organisation_id, team_id=team_id)
        return _answer(201, done, {"Location": shown.href(done.case)})

    return once(caller.id, raw, change)


def show(kind: str, reference: str) -> ResponseReturnValue:
    """Show one case: where it stands, what it says, what can be done to it, and why something cannot."""
    caller = access.reader(registry().process(kind).workflow.plural)
    _arguments()
    case = run.find(kind, reference, caller.actor)
    return jsonify(shown.whole(case, caller.actor))


def act(kind: str, reference: str, name: str) -> Response:
    """Do an action to a case."""
    caller, raw = access.writer(registry().process(kind).workflow.plural), body.read()

    def change() -> Answer:
        access.refuse_haste(caller)
        members = body.parse(raw)
        case = run.find(kind, reference, caller.actor)
        action = registry().process(kind, case.definition).workflow.action(name)
        if action is None or action.by_itself or inputs.takes_files(action.form):
            raise NoSuchActionError("This cannot be done to it. What can be done stands in its member “actions”.")
        data = fields.take(action.form, _without(members, SEEN))
        done = run.fire(kind, reference, name, caller.actor, data, seen=_seen(action, members))
        return _answer(200, done, {})

    return once(caller.id, raw, change)


def events(kind: str, reference: str) -> ResponseReturnValue:
    """Tell what happened to a case, oldest first, as far as the caller may know it."""
    caller = access.reader(registry().process(kind).workflow.plural)
    asked = _arguments("limit", "cursor")
    cursor = asked.get("cursor", "0")
    if not _WHOLE_NUMBER.fullmatch(cursor):
        raise BadRequestError("This cursor is damaged. Leave it out to begin with the first event.")
    case = run.find(kind, reference, caller.actor)
    workflow = registry().process(kind, case.definition).workflow
    told, last = telling.since(session(), case, workflow, caller.actor, rev=int(cursor), size=_limit(asked))
    return jsonify(items=[shown.event(one) for one in told], next=None if last is None else str(last))


def _answer(status: int, done: run.Outcome, headers: dict[str, str]) -> Answer:
    receipts = ", ".join(str(receipt) for receipt in done.receipts)
    return Answer(status, shown.outcome(done.case, done.receipts), {**headers, "Audit-Receipt": receipts})


def _seen(action: Action, members: dict[str, Any]) -> str | None:
    """Return the digest of what the caller decides on, from header or body; a decision cannot do without."""
    header, member = request.headers.get("X-Seen-Digest"), members.get("seen")
    if member is not None and not isinstance(member, str):
        raise InvalidInputError({"seen": ["Give a text, in quotes."]})
    if header and member and header != member:
        raise InvalidInputError({"seen": ["The header X-Seen-Digest says something else. Send one of the two."]})
    found = header or member
    if action.binds and not found:
        raise InvalidInputError({"seen": ["Send the content_digest of the case as you saw it: you decide on that."]})
    return found


def _arguments(*known: str) -> dict[str, str]:
    """Return the parameters of the address; raises :class:`BadRequestError` for an unknown or a repeated one."""
    for name, values in request.args.lists():
        if name not in known:
            raise BadRequestError(f"This address takes {', '.join(known) or 'no parameters'}, and nothing else.")
        if len(values) > 1:
            raise BadRequestError(f"Give “{name}” once.")
    return request.args.to_dict()


def _limit(asked: dict[str, str]) -> int:
    text = asked.get("limit", str(PAGE_SIZE))
    if not _WHOLE_NUMBER.fullmatch(text) or not 1 <= int(text) <= LARGEST_PAGE:
        raise BadRequestError(f"The limit is a whole number from 1 to {LARGEST_PAGE}.")
    return int(text)


def _without(members: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in names}


def _refuse_taken_names(workflow: Workflow) -> None:
    forms = [(workflow.open_form, PLACE), *((action.form, SEEN) for action in workflow.actions)]
    for form, taken in forms:
        if found := sorted(taken & {field.short_name for field in form()}):
            raise DefinitionError(
                f"{workflow.kind}: the API itself has a member “{found[0]}”; call the field otherwise"
            )
