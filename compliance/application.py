"""Wiring: settings, database, record, processes, and the one place where a request commits."""

from __future__ import annotations

import secrets
from http.client import BAD_REQUEST
from pathlib import Path
from typing import Final

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect

from compliance import settings as settings_module
from compliance.api import cases as api
from compliance.audit import guards
from compliance.audit.events import Writer
from compliance.door import visitor
from compliance.engine.registry import discover
from compliance.kernel import db
from compliance.messages import models as _messages  # noqa: F401 - its tables belong to every application
from compliance.people import session
from compliance.settings import Settings
from compliance.web import account, cases, errors, people, processes, record, tokens, transaction

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MAX_BODY_BYTES: Final = 16 * 1024 * 1024


class Desk(Flask):
    """The application. A request that changes something commits once, inside dispatch.

    Committing there lets a failing commit become an answer with a sentence; after the response it could only be a 500.
    """

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer the request, then commit what it did or undo what it refused."""
        if request.method in db.READING_METHODS:
            db.begin_reading()
        response = self.make_response(super().dispatch_request())
        refused = response.status_code >= BAD_REQUEST and not transaction.is_kept()
        if transaction.is_left_alone():
            return response
        if request.method in db.READING_METHODS or refused:
            db.session().rollback()
        else:
            db.session().commit()
        return response


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application; raises :class:`~compliance.settings.UnsafeSettingsError` rather than run unsafe."""
    chosen = settings or settings_module.from_environment()
    home = Path(__file__).parent
    templates = home / "templates" if (home / "templates").is_dir() else home.parent / "templates"
    app = Desk("compliance", template_folder=str(templates))
    app.config.update(SECRET_KEY=chosen.secret_key, MAX_CONTENT_LENGTH=MAX_BODY_BYTES, SETTINGS=chosen)
    db.init_app(app, chosen.database_url)
    guards.install()
    app.extensions["audit_writer"] = Writer(chosen.log_name, _mac_key(chosen.data_dir))
    app.extensions["workflows"] = discover(chosen.workflow_packages)
    session.install(app)
    csrf = CSRFProtect(app)
    app.after_request(session.set_cookie)
    app.after_request(_harden)
    app.register_blueprint(people.blueprint)
    app.register_blueprint(account.blueprint)
    app.register_blueprint(tokens.blueprint)
    app.register_blueprint(record.blueprint)
    app.register_blueprint(processes.blueprint)
    app.register_blueprint(cases.blueprint(app.extensions["workflows"]))
    rest = api.blueprint(app.extensions["workflows"])
    csrf.exempt(rest)  # It takes tokens only, which no other site can make a browser send.
    app.register_blueprint(rest)
    app.context_processor(_every_page)
    errors.install(app)
    app.add_url_rule("/healthz", "healthz", _health, methods=["GET"])
    return app


def _every_page() -> dict[str, object]:
    """Return what the frame of every page shows."""
    reader = visitor()
    shown = {"name": reader.full_name, "roles": sorted(role.label for role in reader.roles)} if reader else None
    return {
        "current_actor": shown,
        "nav": cases.navigation(reader) + record.navigation(reader),
        "account_nav": [{"label": "Your account", "href": "/account"}],
        "footer_nav": processes.navigation(reader),
        "search_href": False,
        "theme": request.cookies.get("theme", "system"),
    }


def _harden(response: Response) -> Response:
    """Tell the browser to run nothing inline, to be framed by nobody and to keep no copy."""
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _health() -> ResponseReturnValue:
    return jsonify(status="ok")


def _mac_key(data_dir: Path) -> bytes:
    """Return the key of the record's MACs, made on first start and readable only by the service's user."""
    path = data_dir / "keys" / "audit-mac"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()
