"""Bringing a file of many cases: template, upload, preview with what is wrong, and the confirmation."""

from __future__ import annotations

import io
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from compliance.door import actor, pause
from compliance.engine import import_files, importing, telling
from compliance.engine.definition import Workflow
from compliance.engine.documents import NO_FILE, LargeFileError
from compliance.engine.errors import EngineError, InvalidInputError, NotAllowedError
from compliance.engine.import_models import BatchState, ImportBatch
from compliance.engine.registry import Registry, registry
from compliance.engine.run import Opening
from compliance.kernel.db import begin_reading, session
from compliance.people.models import Organisation
from compliance.web import places, transaction
from compliance.web.places import Place

FAULTS_A_PAGE: Final = 50
LARGEST_NUMBER: Final = 2**31 - 1


def blueprint(processes: Registry) -> Blueprint:
    """Return the pages that import cases of every process in *processes*; the programme's own are opened one by one."""
    made = Blueprint("imports", __name__)
    made.register_error_handler(RequestEntityTooLarge, _too_large)
    for workflow in processes:
        if workflow.of_programme:
            continue
        root = f"/{workflow.plural}/import"
        rules: tuple[tuple[str, str, Any, list[str]], ...] = (
            (root, "bring", bring, ["GET", "POST"]),
            (f"{root}/template.csv", "template", template, ["GET"]),
            (f"{root}/<batch>", "preview", preview, ["GET", "POST"]),
            (f"{root}/<batch>/faults.csv", "faults", faults, ["GET"]),
        )
        for rule, endpoint, view, methods in rules:
            made.add_url_rule(
                rule, f"{workflow.kind}_{endpoint}", view, methods=methods, defaults={"kind": workflow.kind}
            )
    return made


def bring(kind: str) -> ResponseReturnValue:
    """Show what a file must look like, and take one to look at."""
    workflow, offered = _admitted(kind)
    if request.method == "GET":
        return _bring_page(workflow, offered, None)
    try:
        place = places.chosen(offered, request.form.get("place"))
        batch = _staged(kind, place)
    except EngineError as refused:
        return _bring_page(workflow, offered, refused)
    if batch.state == BatchState.FAULTY:
        transaction.keep()  # What is wrong is kept to be read page by page; of the cases themselves nothing is.
        return _preview_page(workflow, batch, None), 422
    return redirect(_href(kind, "preview", batch=str(batch.id)), 303)


def template(kind: str) -> Response:
    """Give out a file to fill in."""
    workflow, _ = _admitted(kind)
    return _csv(import_files.template(workflow.open_form), f"{workflow.plural}.csv")


def preview(kind: str, batch: str) -> ResponseReturnValue:
    """Show what an import would do or what is wrong with it, and carry it out."""
    who, workflow = actor(), registry().process(kind).workflow
    refusal = None
    if request.method == "POST":
        found = importing.find(kind, batch, who, lock=True)
        try:
            asked = {name: bool(request.form.get(name)) for name in ("again", "hand_in")}
            importing.carry_out(found, who, **asked)
            return redirect(_href(kind, "preview", batch=str(found.id)), 303)
        except EngineError as refused:
            session().rollback()
            refusal = refused
    found = importing.find(kind, batch, actor())
    return _preview_page(workflow, found, refusal), refusal.status if refusal else 200


def faults(kind: str, batch: str) -> Response:
    """Give out everything that is wrong with a file as a table."""
    found = importing.find(kind, batch, actor())
    out = io.StringIO(newline="")
    importing.write_faults(out, importing.faults_of(found))
    return _csv(out.getvalue(), "faults.csv")


def _admitted(kind: str) -> tuple[Workflow, list[Place]]:
    workflow = registry().process(kind).workflow
    offered = places.open_to(actor(), workflow)
    if not offered:
        raise NotAllowedError(f"To open this you need the role {workflow.may_open}.")
    return workflow, offered


def _staged(kind: str, place: Place) -> ImportBatch:
    """Look at the file while nothing is locked, then keep it with what was found."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise InvalidInputError({"file": [NO_FILE]})
    where = Opening(place.organisation_id, place.team_id)
    pause()
    with importing.arriving(upload.stream) as arrived:
        begin_reading()
        checked = importing.check(kind, actor(), arrived, upload.filename, where)
        pause()
        return importing.stage(checked, actor(), arrived)


def _bring_page(workflow: Workflow, offered: list[Place], refusal: EngineError | None) -> ResponseReturnValue:
    sentence = refusal.errors["file"][0] if isinstance(refusal, InvalidInputError) else refusal and refusal.sentence
    page = render_template(
        "imports/bring.html",
        title=f"Import {workflow.title.lower()}s",
        places=offered,
        chosen=None if isinstance(refusal, LargeFileError) else request.form.get("place"),
        refusal=sentence,
        columns=[(found.short_name, import_files.help_of(found)) for found in workflow.open_form()],
        template_href=_href(workflow.kind, "template"),
        most_rows=f"{import_files.MAX_ROWS:,}",
        back=url_for(f"cases.{workflow.kind}_listing"),
    )
    return page, refusal.status if refusal else 200


def _preview_page(workflow: Workflow, batch: ImportBatch, refusal: EngineError | None) -> str:
    after = request.args.get("after", 0, type=int)
    found = importing.faults_of(batch, min(max(after, 0), LARGEST_NUMBER), FAULTS_A_PAGE + 1)
    more = found[FAULTS_A_PAGE - 1].number if len(found) > FAULTS_A_PAGE else None
    address = _href(workflow.kind, "preview", batch=str(batch.id))
    return render_template(
        "imports/preview.html",
        batch=batch,
        workflow=workflow,
        client=session().get_one(Organisation, batch.organisation_id).name,
        lapsed=importing.has_lapsed(batch),
        earlier=_told(importing.earlier(batch)) if batch.state == BatchState.WAITING else None,
        faults=found[:FAULTS_A_PAGE],
        address=address,
        next_href=f"{address}?after={more}" if more else None,
        first_href=address if after else None,
        faults_href=_href(workflow.kind, "faults", batch=str(batch.id)),
        bring_href=_href(workflow.kind, "bring"),
        back=url_for(f"cases.{workflow.kind}_listing"),
        refusal=refusal.sentence if refusal else None,
    )


def _told(before: ImportBatch | None) -> dict[str, Any] | None:
    if before is None:
        return None
    names = telling.names_of(session(), [str(before.done_by_id)])
    return {"at": before.done_at, "by": names.get(str(before.done_by_id), "Countersign")}


def _too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """Answer a body that is larger than any request may be, with the form that it came from."""
    workflow, offered = _admitted((request.view_args or {})["kind"])
    return _bring_page(workflow, offered, LargeFileError(importing.TOO_LARGE))


def _csv(text: str, name: str) -> Response:
    response = Response(text.encode("utf-8-sig"), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def _href(kind: str, endpoint: str, **more: str) -> str:
    return url_for(f"imports.{kind}_{endpoint}", **more)  # type: ignore[arg-type]
