"""Refusals as answers: a page for people, problem+json for programs. Both undo whatever the request had begun."""

from __future__ import annotations

from flask import Flask, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from compliance.door import NobodySignedInError
from compliance.engine.errors import EngineError, InvalidInputError, NotFoundError
from compliance.kernel.db import session

SOMEBODY_WAS_QUICKER = "Somebody changed this at the same moment. Look at it as it is now, then decide."
DATABASE_BUSY = "The database does not answer. Nothing was changed. Try again in a minute."


def install(app: Flask) -> None:
    """Answer every refusal of *app* here."""
    app.register_error_handler(EngineError, _engine)
    app.register_error_handler(NobodySignedInError, _stranger)
    app.register_error_handler(StaleDataError, _stale)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(HTTPException, _http)


def answer(status: int, code: str, sentence: str | None, **more: object) -> ResponseReturnValue:
    """Return the refusal in the form that its reader understands; without *sentence* the page has words of its own."""
    session().rollback()
    if not request.path.startswith("/api"):
        return render_template("errors/error.html", status=status, sentence=sentence), status
    body = jsonify(type="about:blank", status=status, code=code, detail=sentence, **more)
    body.status_code, body.mimetype = status, "application/problem+json"
    return body


def _engine(error: EngineError) -> ResponseReturnValue:
    if isinstance(error, InvalidInputError):
        return answer(error.status, error.code, error.sentence, errors=error.errors)
    # A page that is out of sight must read exactly like one that never was.
    hidden = isinstance(error, NotFoundError) and not request.path.startswith("/api")
    return answer(error.status, error.code, None if hidden else error.sentence)


def _stranger(error: NobodySignedInError) -> ResponseReturnValue:
    if request.path.startswith("/api"):
        return answer(error.status, error.code, error.sentence)
    return redirect(url_for("people.login", next=request.full_path.rstrip("?")))


def _stale(_error: StaleDataError) -> ResponseReturnValue:
    return answer(409, "moved_on", SOMEBODY_WAS_QUICKER)


def _database(_error: OperationalError) -> ResponseReturnValue:
    return answer(503, "database", DATABASE_BUSY)


def _http(error: HTTPException) -> ResponseReturnValue:
    return answer(error.code or 500, "http", error.description if request.path.startswith("/api") else None)
