"""The documents of a case over REST: list, add, give out. Taking one back is an action like any other."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from compliance.api import access, shown
from compliance.api.idempotency import Answer, once
from compliance.api.problems import NotMultipartError
from compliance.authz import Actor
from compliance.door import pause
from compliance.downloads import sent
from compliance.engine import document_actions, documents, run
from compliance.engine.case import Case
from compliance.engine.definition import Workflow
from compliance.engine.documents import Examined, LargeFileError, Shown
from compliance.engine.errors import InvalidInputError
from compliance.engine.registry import registry
from compliance.kernel.db import session

_ONE_FILE = "Send one part called “file” with a file name, and no other file."


def add_rules(made: Blueprint, workflow: Workflow) -> None:
    """Add the addresses for *workflow* to *made*; none where it takes no documents."""
    if workflow.documents is None:
        return
    address = f"/{workflow.plural}/<reference>/documents"
    rules: tuple[tuple[str, str, Any, str], ...] = (
        (address, "documents", listing, "GET"),
        (address, "add_document", add, "POST"),
        (f"{address}/<document>", "document", give, "GET"),
    )
    for rule, endpoint, view, method in rules:
        made.add_url_rule(rule, f"{workflow.kind}_{endpoint}", view, methods=[method], defaults={"kind": workflow.kind})


def listing(kind: str, reference: str) -> ResponseReturnValue:
    """List the documents of a case that the caller may see, oldest first; a case never has more than one page."""
    caller = access.reader(registry().process(kind).workflow.plural)
    case = run.find(kind, reference, caller.actor)
    return jsonify(items=[_told(case, one) for one in documents.of_case(session(), case, caller.actor)])


def give(kind: str, reference: str, document: str) -> Response:
    """Give out the bytes of a document."""
    caller = access.reader(registry().process(kind).workflow.plural)
    case = run.find(kind, reference, caller.actor)
    return sent(documents.find(session(), case, document, caller.actor))


def add(kind: str, reference: str) -> ResponseReturnValue:
    """Add a document to a case, from a form with a file as browsers send it."""
    plural = registry().process(kind).workflow.plural
    run.find(kind, reference, access.writer(plural).actor)
    upload, typed = _parts()
    pause()  # No lock is held while the file is looked at; everything is asked anew after it.
    with documents.examined(upload.filename, upload.stream) as file:
        caller = access.writer(plural)

        def change() -> Answer:
            access.refuse_haste(caller)
            data: MultiDict[str, Any] = MultiDict([("file", file), *typed])
            done = run.fire(kind, reference, document_actions.ADD, caller.actor, data)
            return _added(done, file, caller.actor)

        # The parts themselves, not their encoding: the boundary between them differs from try to try.
        return once(caller.id, json.dumps([file.name, file.arrived.sha256, *sorted(typed)]).encode(), change)


def _parts() -> tuple[FileStorage, list[tuple[str, str]]]:
    if request.mimetype != "multipart/form-data":
        raise NotMultipartError("Send the file as multipart/form-data, in a part called “file”.")
    try:
        files, typed = list(request.files.items(multi=True)), list(request.form.items(multi=True))
    except RequestEntityTooLarge:
        raise LargeFileError(documents.TOO_LARGE) from None
    if [name for name, _ in files] != ["file"]:
        raise InvalidInputError({"file": [_ONE_FILE]})
    return files[0][1], typed


def _added(done: run.Outcome, file: Examined, actor: Actor) -> Answer:
    case = done.case
    new = next(one for one in reversed(documents.of_case(session(), case, actor)) if one.sha256 == file.arrived.sha256)
    receipts = ", ".join(str(receipt) for receipt in done.receipts)
    body = {**shown.outcome(case, done.receipts), "document": _told(case, new)}
    return Answer(201, body, {"Location": _href(case, new), "Audit-Receipt": receipts})


def _told(case: Case, one: Shown) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "name": one.name,
        "media_type": one.media_type,
        "size": one.size,
        "sha256": one.sha256,
        "party": one.party,
        "internal": one.internal,
        "expires_on": one.expires_on.isoformat() if one.expires_on else None,
        "expired": one.expired,
        "added_at": shown.instant(one.added_at),
        "withdrawn_at": shown.instant(one.withdrawn_at) if one.withdrawn_at else None,
        "href": _href(case, one),
    }


def _href(case: Case, one: Shown) -> str:
    return url_for(f"api.{case.kind}_document", reference=case.reference, document=str(one.id))
