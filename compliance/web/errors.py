"""Refusals as answers: a page for people, problem+json for programs. Both undo whatever the request had begun."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import Flask, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DataError, InterfaceError, OperationalError, TimeoutError  # noqa: A004 - SQLAlchemy's own
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from compliance.door import NobodySignedInError, receive_nobody
from compliance.engine.errors import EngineError, InvalidInputError, NotFoundError
from compliance.kernel.db import session
from compliance.ops.logs import log

# The title of a conflict with no other person.
NOT_NOW: Final = "That is not possible now"
SOMEBODY_WAS_QUICKER = "Somebody changed this at the same moment. Look at it as it is now, then decide."
DATABASE_GONE = "The database does not answer. Nothing was changed. Try again in a minute."
DATABASE_BUSY = "The database is busy with somebody else's change. Nothing was changed. Send it again in a few seconds."
DATABASE_FULL = (
    "The database has no room left. Nothing was changed, and reading goes on. "
    "Tell whoever runs this desk to make room; then send it again."
)
# By the names that SQLite gives its faults and the numbers that PostgreSQL gives its own.
BUSY: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "40P01", "40001")
FULL: Final = ("SQLITE_FULL", "53100")
OUT_OF_RANGE = "One of the values is larger than can be kept. Nothing was changed. Look at the numbers and texts again."
# Where the form could be read, and sending it again may succeed or what was written is wanted elsewhere.
KEEPS_TEXT: Final = frozenset({400, 403, 404, 409, 422, 503})
# Under which what is out of sight answers, and what never was.
HIDING: Final = frozenset({NotFoundError.code, "http"})
API_SENTENCES: Final = {
    404: "There is nothing under this address. Every address is described in /api/v1/openapi.json.",
    405: "This address does not take this method; the header Allow names those it takes.",
    500: "Something went wrong here, and it is not your request. Nothing was changed.",
}


def install(app: Flask) -> None:
    """Answer every refusal of *app* here."""
    app.register_error_handler(EngineError, _engine)
    app.register_error_handler(NobodySignedInError, _stranger)
    app.register_error_handler(StaleDataError, _stale)
    for fault in (OperationalError, InterfaceError, TimeoutError):  # The last: every connection is taken.
        app.register_error_handler(fault, _database)
    app.register_error_handler(DataError, _unfit)
    app.register_error_handler(HTTPException, _http)


def answer(
    status: int, code: str, sentence: str | None, *, headers: Mapping[str, str] | None = None, **more: object
) -> ResponseReturnValue:
    """Return the refusal in the form that its reader understands; without *sentence* the page has words of its own."""
    session().rollback()
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        receive_nobody()
    # What is out of sight reads like what never was, byte for byte: the request's number stands in the header alone.
    number = None if status == HTTPStatus.NOT_FOUND and code in HIDING else g.get("request_id")
    if not _is_for_a_program():
        page = render_template(
            "errors/error.html",
            status=status,
            title=NOT_NOW if status == HTTPStatus.CONFLICT and (code != "moved_on" or request.method == "GET") else "",
            sentence=sentence,
            kept_text=_typed(status),
            request_id=number,
        )
        return page, status, dict(headers or {})
    body = jsonify(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=sentence,
        request_id=number,
        **more,
    )
    body.status_code, body.mimetype = status, "application/problem+json"
    body.headers.update(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        body.headers["WWW-Authenticate"] = 'Bearer realm="Countersign"'
    return body


def _typed(status: int) -> str:
    """Return what the reader had written into the form of a case, so that no refusal loses it."""
    if request.method != "POST" or status not in KEEPS_TEXT or not (request.endpoint or "").startswith("cases."):
        return ""
    return "\n\n".join(text for text in request.form.values() if " " in text)


def _is_for_a_program() -> bool:
    return request.path == "/api" or request.path.startswith("/api/")


def _engine(error: EngineError) -> ResponseReturnValue:
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    if isinstance(error, InvalidInputError):
        return answer(error.status, error.code, error.sentence, headers=headers, errors=error.errors)
    # A page that is out of sight must read exactly like one that never was.
    hidden = isinstance(error, NotFoundError) and not _is_for_a_program()
    return answer(error.status, error.code, None if hidden else error.sentence, headers=headers)


def _stranger(error: NobodySignedInError) -> ResponseReturnValue:
    if _is_for_a_program():
        return answer(error.status, error.code, error.sentence)
    return redirect(url_for("people.login", next=request.full_path.rstrip("?")))


def _stale(_error: StaleDataError) -> ResponseReturnValue:
    return answer(409, "moved_on", SOMEBODY_WAS_QUICKER)


def _unfit(_error: DataError) -> ResponseReturnValue:
    return answer(422, "invalid", OUT_OF_RANGE)


def _database(error: OperationalError | InterfaceError | TimeoutError) -> ResponseReturnValue:
    cause = getattr(error, "orig", None)
    name = str(getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or "")
    log().error("database.failed", request_id=g.get("request_id"), fault=type(error).__name__, name=name)
    if name.startswith(BUSY):
        return answer(503, "database_busy", DATABASE_BUSY, headers={"Retry-After": "5"})
    sentence = DATABASE_FULL if name in FULL else DATABASE_GONE
    return answer(503, "database", sentence, headers={"Retry-After": "60"})


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    if not _is_for_a_program():
        return answer(status, "http", None, headers=headers)
    return answer(status, "http", API_SENTENCES.get(status, error.description), headers=headers)
