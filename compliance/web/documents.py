"""The documents of a case: the panel of its page, adding one, giving one out, taking one back."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import Form

from compliance.authz import Actor, is_at_desk
from compliance.door import actor, pause
from compliance.downloads import sent
from compliance.engine import document_actions, documents, file_types, inputs, run, telling
from compliance.engine.case import Case
from compliance.engine.definition import Workflow
from compliance.engine.documents import Shown
from compliance.engine.errors import EngineError, InvalidInputError
from compliance.engine.registry import Registry, registry
from compliance.kernel.db import session

WITHDRAWING: Final = "The record keeps it; nobody but the desk can open it any more."
_SIDES: Final = {"client": "the client", "freelancer": "the freelancer", "desk": "the desk"}


def blueprint(processes: Registry) -> Blueprint:
    """Return the pages on documents of every process in *processes* that takes any."""
    made = Blueprint("documents", __name__)
    made.register_error_handler(RequestEntityTooLarge, _too_large)
    for workflow in processes:
        if workflow.documents is None:
            continue
        case = f"/{workflow.plural}/<reference>"
        rules: tuple[tuple[str, str, Any, list[str]], ...] = (
            (f"{case}/{document_actions.ADD}", "add", add, ["GET", "POST"]),
            (f"{case}/documents/<document>", "give", give, ["GET"]),
            (f"{case}/documents/<document>/withdraw", "withdraw", withdraw, ["GET", "POST"]),
        )
        for rule, endpoint, view, methods in rules:
            made.add_url_rule(
                rule, f"{workflow.kind}_{endpoint}", view, methods=methods, defaults={"kind": workflow.kind}
            )
    return made


def panel(case: Case, workflow: Workflow, reader: Actor) -> dict[str, Any] | None:
    """Return what the page of *case* shows of its documents; ``None`` where the process takes none."""
    if workflow.documents is None:
        return None
    found = documents.of_case(session(), case, reader)
    names = telling.names_of(session(), [str(one.added_by_id) for one in found if one.added_by_id])
    offered = next((o for o in run.available(case, reader) if o.action.name == document_actions.ADD), None)
    return {
        "rows": [_row(case, one, names, reader, may_withdraw=offered is not None) for one in found],
        "add_href": _href(case, "add") if offered and not offered.refusal else None,
        "closed": offered.refusal if offered else None,
    }


def add(kind: str, reference: str) -> ResponseReturnValue:
    """Show the form for a file, and add the file."""
    case = run.find(kind, reference, actor())
    form, refusal = _add_form(case, actor()), None
    if request.method == "POST":
        try:
            return _added(kind, reference)
        except EngineError as refused:
            refusal = refused
            form = _refilled(case, refused, actor())
    return _add_page(case, form, refusal)


def give(kind: str, reference: str, document: str) -> Response:
    """Give a document out as a file to keep, never as a page of ours."""
    who = actor()
    case = run.find(kind, reference, who)
    return sent(documents.find(session(), case, document, who))


def withdraw(kind: str, reference: str, document: str) -> ResponseReturnValue:
    """Ask why a document is taken back, and take it back."""
    who = actor()
    case = run.find(kind, reference, who)
    found = documents.find(session(), case, document, who)
    form: Form = document_actions.WithdrawDocument()
    refusal: EngineError | None = None
    if request.method == "POST":
        data = MultiDict([("document", str(found.id)), ("reason", request.form.get("reason", ""))])
        try:
            run.fire(kind, reference, document_actions.WITHDRAW, who, data)
            return redirect(_case_href(case), 303)
        except EngineError as refused:
            refusal = refused
            form, _errors = inputs.fill(document_actions.WithdrawDocument, data)
    del form["document"]  # Said by the address already.
    return _page("cases/form.html", refusal, title=f"Withdraw “{found.name}”", form=form, submit="Withdraw",
                 back=_case_href(case), help=WITHDRAWING)  # fmt: skip


def _added(kind: str, reference: str) -> ResponseReturnValue:
    upload = request.files.get("file")
    pause()
    with documents.examined(upload.filename if upload else None, upload.stream if upload else request.stream) as file:
        data: MultiDict[str, Any] = MultiDict([("file", file), *_typed()])
        done = run.fire(kind, reference, document_actions.ADD, actor(), data)
        return redirect(f"{_case_href(done.case)}#documents", 303)


def _typed() -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]


def _add_form(case: Case, who: Actor) -> Form:
    form = document_actions.AddDocument()
    if not is_at_desk(who, case):
        del form["internal"]
    return form


def _refilled(case: Case, refused: EngineError, who: Actor) -> Form:
    """Return the form with what was typed; a browser never sends a file a second time by itself."""
    form, _errors = inputs.fill(document_actions.AddDocument, MultiDict(_typed()))
    errors = refused.errors if isinstance(refused, InvalidInputError) else {}
    for field in form:
        field.errors = errors.get(field.short_name, [])
    if not is_at_desk(who, case):
        del form["internal"]
    return form


def _add_page(case: Case, form: Form, refusal: EngineError | None) -> ResponseReturnValue:
    workflow = registry().process(case.kind, case.definition).workflow
    return _page("cases/add_document.html", refusal, title=f"Add a document: {case.title}", form=form,
                 papers=panel(case, workflow, actor()), back=_case_href(case), accept=file_types.ACCEPT)  # fmt: skip


def _page(template: str, refusal: EngineError | None, **shown: Any) -> ResponseReturnValue:  # noqa: ANN401 - what the page takes
    sentence = None if isinstance(refusal, InvalidInputError) or refusal is None else refusal.sentence
    return render_template(template, refusal=sentence, **shown), refusal.status if refusal else 200


def _too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """Answer a body that is larger than any request may be, with the form that it came from."""
    arguments = request.view_args or {}
    case = run.find(arguments["kind"], arguments["reference"], actor())
    return _add_page(case, _add_form(case, actor()), documents.LargeFileError(documents.TOO_LARGE))


def _row(case: Case, one: Shown, names: dict[str, str], reader: Actor, *, may_withdraw: bool) -> dict[str, Any]:
    mine = one.party == documents.party_of(reader, case) and one.withdrawn_at is None
    return {
        "document": one,
        "href": _href(case, "give", document=str(one.id)),
        "by": names.get(str(one.added_by_id), "Countersign"),
        "side": _SIDES[one.party],
        "size": _in_words(one.size),
        "withdraw_href": _href(case, "withdraw", document=str(one.id)) if mine and may_withdraw else None,
    }


def _in_words(size: int) -> str:
    if size < 1000:  # noqa: PLR2004 - a kilobyte
        return f"{size} bytes"
    return f"{size / 1000:,.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:,.1f} MB"  # noqa: PLR2004 - a megabyte


def _href(case: Case, endpoint: str, **more: str) -> str:
    return url_for(f"documents.{case.kind}_{endpoint}", reference=case.reference, **more)  # type: ignore[arg-type]


def _case_href(case: Case) -> str:
    return url_for(f"cases.{case.kind}_show", reference=case.reference)
