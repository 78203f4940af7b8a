"""A program's whole way: a person's token opens, sends and follows an offer, and nothing once it is revoked."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compliance.authz import Role
from compliance.demo import interviews
from compliance.kernel.db import session
from compliance.people import directory, tokens
from compliance.people.models import ApiToken, Person
from tests.offer import scene
from tests.people.scene import person

# JSON has numbers of its own, and the API takes them only as numbers.
TERMS = {**scene.TERMS, "hours_per_week": 20, "months_worked": 0, "starts_on": "2030-04-01", "ends_on": "2030-07-31"}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def mona(app: Flask) -> Person:
    del app  # Asked for so that the database is there.
    return person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")


def token_of(owner: Person, *scopes: str) -> tuple[ApiToken, dict[str, str]]:
    made, secret = tokens.make(directory.actor_for(owner), "nightly import", scopes, dt.timedelta(days=1))
    session().commit()
    return made, {"Authorization": f"Bearer {secret}"}


def test_a_program_opens_submits_and_follows_an_offer(client: FlaskClient, mona: Person) -> None:
    _, header = token_of(mona, "offers:read", "offers:write")
    opened = client.post("/api/v1/offers", json=TERMS, headers=header)
    assert opened.status_code == 201, opened.text
    assert len(opened.headers["Audit-Receipt"]) == 64
    address = f"/api/v1/offers/{opened.get_json()['reference']}"
    answers = interviews.client_answers("Outside IR35")
    sent = client.post(f"{address}/actions/send_answers", json={"answers": answers}, headers=header)
    assert sent.status_code == 200, sent.text
    assert client.post(f"{address}/actions/submit", json={}, headers=header).status_code == 200
    assert client.get(address, headers=header).get_json()["state"] == "submitted"


def test_a_token_that_only_reads_changes_nothing(client: FlaskClient, mona: Person) -> None:
    _, header = token_of(mona, "offers:read")
    assert client.get("/api/v1/offers", headers=header).status_code == 200
    assert client.post("/api/v1/offers", json=TERMS, headers=header).status_code == 403


def test_a_revoked_token_opens_nothing(client: FlaskClient, mona: Person) -> None:
    made, header = token_of(mona, "offers:read")
    tokens.revoke(made, directory.actor_for(mona))
    session().commit()
    assert client.get("/api/v1/offers", headers=header).status_code == 401
