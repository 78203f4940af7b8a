"""Every address has a rule: a stranger reads nothing, but for a short list with a reason for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, Rule

OPEN = {
    "/login": "The door itself.",
    "/login/second-factor": "The second half of the door; without the first it leads back there.",
    "/logout": "The way out, also for those whose sign-in has run out.",
    "/healthz": "Machines ask it whether the desk is up; it says nothing else.",
    "/readyz": "Machines ask it whether the desk may be sent work; it names what is wrong, and nobody's data.",
    "/.well-known/security.txt": "Says where to report a weakness, to whoever found one.",
    "/csp-reports": "Browsers send here what they refused to load; nothing comes back.",
    "/forgot": "The way back for whoever forgot a password; every address gets the same answer.",
    "/api/v1/openapi.json": "The description of the API, which is the same for everybody.",
    "/static/<path:filename>": "Sheets, scripts and type, which the door needs too.",
    "/preferences/theme": "A reader's own choice of light or dark, kept in their own cookie.",
    "/preferences/keys": "A reader's own choice of keys or none, kept in their own cookie.",
}
# Whoever holds the secret may; a wrong one finds nothing, or something that is gone.
SECRET = {
    "/invite/<token>": "Strangers are invited by mail and have no account yet.",
    "/reset/<token>": "Whoever forgot a password cannot sign in.",
    "/unsubscribe/<token>": "A mail is stopped from where it is read.",
}
REFUSALS = {302, 303, 401, 403}
NOTHING_THERE = {404, 410}
AT_THE_DOOR = "/login"


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield rule, method


def address_of(rule: Rule) -> str:
    with_values = {argument: _value(rule, argument) for argument in rule.arguments - (rule.defaults or {}).keys()}
    _, path = rule.build(with_values, append_unknown=False) or ("", "")
    assert path, rule
    return path


def _value(rule: Rule, argument: str) -> object:
    converter = rule._converters[argument]  # noqa: SLF001 - werkzeug tells it nowhere else
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    kind = type(converter).__name__
    return {"UUIDConverter": "01997b1e-0000-7000-8000-000000000000", "IntegerConverter": 1}.get(kind, "OF-00000000")


def test_a_stranger_is_refused_at_every_address_that_is_not_listed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "current_actor", lambda: None)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", value=False)  # Or the missing token would be the refusal.
    let_in = []
    for rule, method in rules(app):
        if str(rule) in OPEN:
            continue
        response = app.test_client().open(address_of(rule), method=method)
        led_to_the_door = AT_THE_DOOR in response.headers.get("Location", AT_THE_DOOR)
        refusals = NOTHING_THERE if str(rule) in SECRET else REFUSALS
        if response.status_code not in refusals or not led_to_the_door:
            let_in.append((method, str(rule), response.status_code))
    assert let_in == []


def test_what_is_listed_as_open_exists_and_has_its_reason(app: Flask) -> None:
    known = {str(rule) for rule in app.url_map.iter_rules()}
    assert OPEN.keys() | SECRET.keys() <= known
    assert all(reason.endswith(".") for reason in (OPEN | SECRET).values())


def test_every_address_that_changes_something_takes_no_get_and_every_page_knows_its_methods(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}, rule
        assert rule.methods, rule
