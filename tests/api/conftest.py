"""A program without a screen: it sends JSON and reads JSON, and every answer is held against the description."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest
from flask import Flask, request
from openapi_schema_validator import OAS31Validator
from werkzeug.test import TestResponse, encode_multipart

from compliance.authz import Actor, Channel, Role
from compliance.kernel.db import engine, session, table
from compliance.people.models import Organisation
from tests import make
from tests.engine.processes.permit import Permit

ROOT = "/api/v1"
ACTOR = "tests.actor"
SCOPES = frozenset({"permits:read", "permits:write"})


class Reply(TestResponse):
    """An answer of the API, which is JSON whenever a test looks into it."""

    json: Any


class Program:
    """Somebody with a token."""

    def __init__(self, app: Flask, actor: Actor | None) -> None:
        self.app, self.actor = app, actor

    def get(self, address: str) -> Reply:
        return self._checked(address, self._send(address, method="GET"))

    def post(self, address: str, members: object = None, **headers: str) -> Reply:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = json.dumps({} if members is None else members)
        return self.post_raw(address, raw.encode(), content_type="application/json", headers=sent)

    def post_raw(self, address: str, raw: bytes, *, content_type: str, headers: Mapping[str, str]) -> Reply:
        sent = self._send(address, method="POST", data=raw, content_type=content_type, headers=headers)
        return self._checked(address, sent)

    def send_form(self, address: str, data: Mapping[str, Any], headers: Mapping[str, str]) -> Reply:
        boundary, raw = encode_multipart(data)
        content_type = f'multipart/form-data; boundary="{boundary}"'
        return self.post_raw(address, raw, content_type=content_type, headers=headers)

    def fetch(self, address: str) -> tuple[bytes, Reply]:
        """Return an answer that is bytes instead of JSON, and these bytes."""
        answer = self._send(address, method="GET")
        with contextlib.closing(answer):
            return answer.get_data(), answer

    def open(self, title: str = "Crane", size: int = 5) -> str:
        response = self.post("/permits", {"title": title, "size": size})
        assert response.status_code == 201, response.text
        return str(response.json["reference"])

    def act(self, reference: str, name: str, members: object = None, **headers: str) -> Reply:
        return self.post(f"/permits/{reference}/actions/{name}", members, **headers)

    def _send(self, address: str, **options: Any) -> Reply:  # noqa: ANN401 - handed on to the client
        session().commit()  # An open transaction of the test would hold up the request.
        found = self.app.test_client().open(ROOT + address, environ_overrides={ACTOR: self.actor}, **options)
        return cast("Reply", found)

    def _checked(self, address: str, response: Reply) -> Reply:
        assert response.status_code not in range(500, 503), response.text
        method = response.request.method.lower()
        document = document_of(self.app)
        described = _described(document, method, ROOT + address.partition("?")[0], response.status_code)
        if described is not None:
            assert response.mimetype in described["content"], (address, response.mimetype)
            schema = described["content"][response.mimetype]["schema"]
            OAS31Validator({**schema, "components": document["components"]}).validate(response.json)
        elif response.status_code >= 400:
            assert response.mimetype == "application/problem+json", (address, response.status_code)
        return response


def document_of(app: Flask) -> dict[str, Any]:
    found = app.test_client().get(f"{ROOT}/openapi.json").json
    assert isinstance(found, dict)
    return found


def _described(document: dict[str, Any], method: str, address: str, status: int) -> dict[str, Any] | None:
    """Return how the document describes the answer, or ``None`` for an address that it does not know."""
    for template, operations in document["paths"].items():
        parts, given = template.split("/"), address.split("/")
        fits = len(parts) == len(given) and all(p.startswith("{") or p == g for p, g in zip(parts, given, strict=True))
        if fits and method in operations:
            found = operations[method]["responses"].get(str(status))
            assert found is not None, f"{method} {template} does not describe {status}"
            shared: dict[str, dict[str, Any]] = document["components"]["responses"]
            return shared[found["$ref"].rpartition("/")[2]] if "$ref" in found else dict(found)
    return None


@pytest.fixture
def acme(app: Flask) -> Organisation:
    del app  # Asked for so that the database is there.
    table(Permit).create(engine())
    return make.organisation()


@pytest.fixture
def program(app: Flask, acme: Organisation, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Program]:
    """Return a way to become a program; the person is real, only the look-up of the token is left out."""
    del acme  # Asked for so that the tables are there.
    monkeypatch.setitem(app.extensions, "current_actor", lambda: request.environ.get(ACTOR))

    def become(person: Actor | None, scopes: frozenset[str] | None = SCOPES) -> Program:
        actor = dataclasses.replace(person, scopes=scopes, channel=Channel.API) if person else None
        return Program(app, actor)

    return become


@pytest.fixture
def mona(acme: Organisation) -> Actor:
    return make.actor("Mona", Role.HIRING_MANAGER, at=acme)


@pytest.fixture
def rita(acme: Organisation) -> Actor:
    del acme  # As above.
    return make.actor("Rita", Role.REVIEWER)
