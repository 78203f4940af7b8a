"""Every address has a rule: a stranger reads nothing, but for a short list with a reason for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

OPEN = {
    "/login": "The door itself.",
    "/login/second-factor": "The second half of the door; without the first it leads back there.",
    "/logout": "The way out, also for those whose sign-in has run out.",
    "/healthz": "Machines ask it whether the desk is up; it says nothing else.",
    "/api/v1/openapi.json": "The description of the API, which is the same for everybody.",
    "/static/<path:filename>": "Sheets, scripts and type, which the door needs too.",
    "/preferences/theme": "A reader's own choice of light or dark, kept in their own cookie.",
}
REFUSALS = {302, 303, 401, 403}
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
    kind = type(rule._converters[argument]).__name__  # noqa: SLF001 - werkzeug tells it nowhere else
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
        if response.status_code not in REFUSALS or not led_to_the_door:
            let_in.append((method, str(rule), response.status_code))
    assert let_in == []


def test_what_is_listed_as_open_exists_and_has_its_reason(app: Flask) -> None:
    known = {str(rule) for rule in app.url_map.iter_rules()}
    assert OPEN.keys() - known == set()
    assert all(reason.endswith(".") for reason in OPEN.values())


def test_every_address_that_changes_something_takes_no_get_and_every_page_knows_its_methods(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}, rule
        assert rule.methods, rule
