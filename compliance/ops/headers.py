"""What every answer tells the browser: run nothing foreign, be framed by nobody, keep no copy, come back over https."""

from __future__ import annotations

import json
from typing import Any, Final

from flask import Flask, Response, current_app, g, request

from compliance.ops.logs import log
from compliance.settings import Settings

REPORTS: Final = "/csp-reports"
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; "
    f"report-uri {REPORTS}"
)
# Unless the answer says otherwise itself.
ALWAYS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
TWO_YEARS: Final = 63_072_000
# Of a report, which anybody can send: these parts, and no more of each.
TOLD: Final = ("effective-directive", "violated-directive", "blocked-uri")
TOLD_LENGTH: Final = 200
LARGEST_REPORT: Final = 16 * 1024


def install(app: Flask) -> None:
    """Harden every answer of *app*, and take the reports of browsers that refused something."""
    app.after_request(_harden)
    app.add_url_rule(REPORTS, "csp_reports", _take_report, methods=["POST"])


def _harden(response: Response) -> Response:
    settings: Settings = current_app.config["SETTINGS"]
    told = response.headers
    own = {name.lower() for name in told.keys()}  # noqa: SIM118 - these are pairs where one goes through them
    told.extend([(name, value) for name, value in ALWAYS.items() if name.lower() not in own])
    if settings.https:
        told.setdefault("Strict-Transport-Security", f"max-age={TWO_YEARS}; includeSubDomains")
    if request.endpoint != "static":
        told.setdefault("Cache-Control", "no-store")
    if request.endpoint == "people.logout":
        told["Clear-Site-Data"] = '"cache", "storage"'
    if "request_id" in g:
        told["X-Request-Id"] = g.request_id
    return response


def _take_report() -> tuple[str, int]:
    """Write down what a browser refused to load; whatever else is sent here is let go. It answers machines only."""
    raw = request.get_data()
    if len(raw) > LARGEST_REPORT:
        return "", 413
    try:
        sent: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return "", 204
    report = sent.get("csp-report") if isinstance(sent, dict) else None
    if isinstance(report, dict):
        facts = {name.replace("-", "_"): str(report.get(name, ""))[:TOLD_LENGTH] for name in TOLD}
        log().warning("csp.violated", request_id=g.request_id, **facts)
    return "", 204
