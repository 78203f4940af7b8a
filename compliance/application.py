"""Wiring: settings, database, record, processes, and the one place where a request commits."""

from __future__ import annotations

import secrets
from http.client import BAD_REQUEST
from pathlib import Path
from typing import Any

from flask import Flask, g, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect

from compliance import settings as settings_module
from compliance.api import cases as api
from compliance.audit import guards
from compliance.audit.events import Writer
from compliance.door import visitor
from compliance.engine import vouching
from compliance.engine.registry import discover
from compliance.kernel import db, files, heaps
from compliance.ops import gate, headers, health, logs
from compliance.ops.edge import Edge
from compliance.people import session
from compliance.settings import Settings
from compliance.web import (
    account,
    administration,
    calibration,
    cases,
    determinations,
    documents,
    errors,
    imports,
    inviting,
    jobs,
    joining,
    looked_at,
    notifications,
    organisations,
    people,
    persons,
    processes,
    questionnaire,
    record,
    record_event,
    recovery,
    rule_changes,
    rules,
    rules_try,
    rules_use,
    security,
    tasks,
    tokens,
    transaction,
)


class Desk(Flask):
    """The application. A request that changes something commits once, inside dispatch.

    Committing there lets a failing commit become an answer with a sentence; after the response it could only be a 500.
    """

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer the request, then commit what it did or undo what it refused."""
        if request.endpoint in health.WITHOUT_DATABASE:
            return super().dispatch_request()
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

    def log_exception(self, exc_info: Any) -> None:  # noqa: ANN401 - as Flask hands it over
        """Tell the log of a fault of ours, under the number that its reader was shown."""
        told = {"request_id": g.get("request_id"), "route": logs.route()}
        logs.log().error("request.failed", **told, exc_info=exc_info)


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application; raises :class:`~compliance.settings.UnsafeSettingsError` rather than run unsafe."""
    chosen = settings or settings_module.from_environment()
    heaps.give_back_what_is_large()
    home = Path(__file__).parent
    templates = home / "templates" if (home / "templates").is_dir() else home.parent / "templates"
    app = Desk("compliance", template_folder=str(templates))
    app.config.update(SETTINGS=chosen, **signing_keys(chosen))
    app.wsgi_app = Edge(app.wsgi_app, chosen.trusted_proxies)  # type: ignore[method-assign]  # Flask's own way to wrap it
    db.init_app(app, chosen.database_url)
    files.install(app, chosen.data_dir)
    guards.install()
    vouching.install()
    app.extensions["audit_writer"] = Writer(chosen.log_name, _mac_key(chosen.data_dir))
    app.extensions["workflows"] = discover(chosen.workflow_packages)
    logs.install(app)
    gate.install(app)
    health.install(app)
    session.install(app)
    csrf = CSRFProtect(app)
    app.after_request(session.set_cookie)
    headers.install(app)
    csrf.exempt("compliance.ops.headers._take_report")  # Browsers send reports by themselves.
    app.register_blueprint(people.blueprint)
    app.register_blueprint(account.blueprint)
    app.register_blueprint(tokens.blueprint)
    app.register_blueprint(joining.blueprint)
    app.register_blueprint(recovery.blueprint)
    app.register_blueprint(security.blueprint)
    for administering in (administration, organisations, persons, inviting):
        app.register_blueprint(administering.blueprint)
    app.register_blueprint(record.blueprint)
    app.register_blueprint(record_event.blueprint)
    app.register_blueprint(jobs.blueprint)
    app.register_blueprint(notifications.blueprint)
    csrf.exempt(notifications.unsubscribing)  # The signed link is the proof; mail programs send nothing else.
    app.register_blueprint(notifications.unsubscribing)
    app.register_blueprint(processes.blueprint)
    for of_rules in (rules, rules_try, rules_use, calibration):
        app.register_blueprint(of_rules.blueprint)
    for of_cases in (cases, questionnaire, rule_changes):
        app.register_blueprint(of_cases.blueprint(app.extensions["workflows"]))
    app.register_blueprint(determinations.blueprint(app.extensions["workflows"]))
    for of_documents in (documents, looked_at):
        app.register_blueprint(of_documents.blueprint(app.extensions["workflows"]))
    app.register_blueprint(tasks.blueprint(app.extensions["workflows"]))
    app.register_blueprint(imports.blueprint(app.extensions["workflows"]))
    rest = api.blueprint(app.extensions["workflows"])
    csrf.exempt(rest)  # It takes tokens only, which no other site can make a browser send.
    app.register_blueprint(rest)
    app.context_processor(_every_page)
    errors.install(app)
    with app.app_context():
        health.refuse_unsafe_storage(chosen)
    return app


def _every_page() -> dict[str, object]:
    """Return what the frame of every page shows."""
    reader = visitor()
    shown = {"name": reader.full_name, "roles": sorted(role.label for role in reader.roles)} if reader else None
    return {
        "current_actor": shown,
        "nav": cases.navigation(reader)
        + rules.navigation(reader)
        + calibration.navigation(reader)
        + record.navigation(reader)
        + administration.navigation(reader)
        + jobs.navigation(reader),
        "has_unread": notifications.has_unread,
        "account_nav": [{"label": "Your account", "href": "/account"}],
        "footer_nav": processes.navigation(reader) + rules.navigation(reader, at_foot=True),
        "theme": request.cookies.get("theme", "system"),
    }


def signing_keys(settings: Settings) -> dict[str, Any]:
    """Return the keys that sign: what the old one signed is still read, so that a change of keys ends nothing."""
    old = [settings.secret_key_old] if settings.secret_key_old else []
    # The library that signs takes a list, of which it signs with the last.
    return {
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": old,
        "WTF_CSRF_SECRET_KEY": [*old, settings.secret_key],
    }


def _mac_key(data_dir: Path) -> bytes:
    """Return the key of the record's MACs, made on first start and readable only by the service's user."""
    path = data_dir / "keys" / "audit-mac"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()
