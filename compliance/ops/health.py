"""Whether the installation is well: alive, ready, and with a schema that fits this version."""

from __future__ import annotations

import datetime as dt
from typing import Final

import sqlalchemy as sa
from flask import Flask, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from compliance.engine.errors import EngineError
from compliance.kernel import clock, db, schema
from compliance.settings import Settings, UnsafeSettingsError

# These answer without the database, so that they do also when it is gone.
WITHOUT_DATABASE: Final = frozenset({"static", "healthz", "readyz", "security_txt", "csp_reports"})
BEHIND: Final = (
    "The database is behind this version. Nothing was changed. Whoever runs the desk ends this with "
    "“countersign db upgrade”; then load the page again."
)
GONE: Final = "The database does not answer."
# SQLite's number for FULL; PostgreSQL says by name what may be lost.
SQLITE_FULL: Final = 2
VALID_FOR: Final = dt.timedelta(days=180)


class BehindError(EngineError):
    """The database lacks migrations of this version."""

    status = 503
    code = "behind"
    retry_after = 60


def install(app: Flask) -> None:
    """Let *app* say how it is, and answer nothing from a schema that does not fit."""
    app.extensions["schema_fits"] = False
    app.before_request(_refuse_when_behind)
    app.add_url_rule("/healthz", "healthz", _health, methods=["GET"])
    app.add_url_rule("/readyz", "readyz", _ready, methods=["GET"])
    app.add_url_rule("/.well-known/security.txt", "security_txt", _security_txt, methods=["GET"])


def refuse_unsafe_storage(settings: Settings) -> None:
    """Raise :class:`UnsafeSettingsError` when the embedded database of real people might lose what it confirmed."""
    if settings.production and db.is_sqlite():
        with db.reading() as connection:
            if (connection.exec_driver_sql("PRAGMA synchronous").scalar() or 0) < SQLITE_FULL:
                raise UnsafeSettingsError("SQLite must run with synchronous=FULL in production")


def _refuse_when_behind() -> None:
    """Ask until the schema fits, and from then on no more: it does not go back under a running server."""
    if request.endpoint in WITHOUT_DATABASE or current_app.extensions["schema_fits"]:
        return
    if not _schema_fits():
        raise BehindError(BEHIND)
    current_app.extensions["schema_fits"] = True


def _schema_fits() -> bool:
    return schema.is_current(db.engine(), current_app.config["SETTINGS"].workflow_packages)


def _health() -> ResponseReturnValue:
    return jsonify(status="ok")


def _ready() -> ResponseReturnValue:
    faults = _faults()
    return jsonify(status="not ready" if faults else "ready", faults=faults), 503 if faults else 200


def _faults() -> list[str]:
    try:
        if not _schema_fits():
            return [BEHIND]
        return _losses() if current_app.config["SETTINGS"].production and not db.is_sqlite() else []
    except SQLAlchemyError:
        return [GONE]


def _losses() -> list[str]:
    """Return what would let PostgreSQL forget what it confirmed."""
    with db.reading() as connection:
        shown = {name: connection.scalar(sa.text(f"SHOW {name}")) for name in ("fsync", "synchronous_commit")}
    return [f"PostgreSQL runs with {name} off; what it confirms may be lost." for name in shown if shown[name] == "off"]


def _security_txt() -> Response:
    """Say where to report a weakness (RFC 9116), where the installation names somebody."""
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.security_contact:
        abort(404)
    expires = (clock.now() + VALID_FOR).strftime("%Y-%m-%dT00:00:00Z")
    lines = (
        f"Contact: {settings.security_contact}",
        f"Expires: {expires}",
        f"Canonical: {settings.base_url}/.well-known/security.txt",
        "Preferred-Languages: en",
    )
    return Response("\n".join(lines) + "\n", mimetype="text/plain")
