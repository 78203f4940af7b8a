import datetime as dt
import re

import pyotp
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from compliance.audit.models import AuditEvent
from compliance.authz import SYSTEM_ACTOR, Role
from compliance.kernel.db import session
from compliance.people import directory, passwords
from compliance.people.models import Person

PASSWORD = "seven tin boats go north"
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def person(email: str, *roles: Role, organisation: str | None = None) -> Person:
    made = directory.add_person(email, email.partition("@")[0].title(), SYSTEM_ACTOR)
    made.password_hash = passwords.hashed(PASSWORD)
    where = directory.organisation(organisation, SYSTEM_ACTOR) if organisation else None
    for role in roles:
        directory.give_role(made, role, SYSTEM_ACTOR, where)
    session().commit()
    return made


def post(client: FlaskClient, address: str, **fields: str) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get(address.replace("/logout", "/login")).text)
    assert token is not None
    return client.post(address, data={"csrf_token": token[1], **fields})


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD) -> TestResponse:
    return post(client, "/login", email=email, password=password)


def set_up_second_factor(client: FlaskClient) -> tuple[str, str]:
    page = client.get("/account/second-factor").text
    found = re.search(r'name="secret" value="([A-Z2-7]+)"', page)
    assert found is not None
    kept = post(client, "/account/second-factor", secret=found[1], code=pyotp.TOTP(found[1]).now())
    assert kept.status_code == 200, kept.text
    recovery = re.search(r"<code>([0-9A-Z]{12})</code>", kept.text)
    assert recovery is not None
    return found[1], recovery[1]


def actions() -> list[str]:
    return list(session().scalars(sa.select(AuditEvent.action).order_by(AuditEvent.event_id)))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_a_client_signs_in_with_a_password_and_out_again(client: FlaskClient) -> None:
    person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    assert client.get("/permits").location == "/login?next=/permits"
    answer = sign_in(client, "Mona@Example.com ")
    assert answer.status_code == 303
    assert client.get("/permits").status_code == 200
    assert post(client, "/logout").status_code == 303
    assert client.get("/permits").status_code == 302
    assert [word for word in actions() if "sign" in word] == ["person.signed_in", "person.signed_out"]


@pytest.mark.parametrize(
    "email,password", [("mona@example.com", "wrong wrong wrong"), ("nobody@example.com", PASSWORD)]
)
def test_a_wrong_password_and_an_unknown_address_get_the_same_words_and_are_on_record(
    client: FlaskClient, email: str, password: str
) -> None:
    person("mona@example.com")
    answer = sign_in(client, email, password)
    assert answer.status_code == 422
    assert "The address or the password is not right." in answer.text
    assert actions()[-1] == "person.sign_in_failed"


def test_the_desk_reaches_nothing_before_it_has_a_second_factor(client: FlaskClient) -> None:
    person("rita@example.com", Role.REVIEWER)
    sign_in(client, "rita@example.com")
    assert client.get("/queue").status_code == 302
    assert client.get("/account").status_code == 302
    assert client.get("/login/second-factor").location == "/account/second-factor"
    set_up_second_factor(client)
    assert client.get("/queue").status_code == 200


def test_a_code_opens_once_and_a_recovery_code_opens_once(client: FlaskClient) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        person("rita@example.com", Role.REVIEWER)
        sign_in(client, "rita@example.com")
        secret, recovery = set_up_second_factor(client)
        for code, status in (
            (pyotp.TOTP(secret).now(), 422),
            (pyotp.TOTP(secret).at(NOON + dt.timedelta(seconds=30)), 303),
            (pyotp.TOTP(secret).at(NOON + dt.timedelta(seconds=30)), 422),
            (recovery, 303),
            (recovery, 422),
        ):
            client.delete_cookie("countersign_session")
            sign_in(client, "rita@example.com")
            assert client.get("/queue").status_code == 302
            assert post(client, "/login/second-factor", code=code).status_code == status
        clock.shift(600)


def test_guesses_are_limited_per_account_and_the_limit_passes(client: FlaskClient) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
        statuses = [sign_in(client, "mona@example.com", f"guess number {n}").status_code for n in range(11)]
        assert statuses == [422] * 10 + [429]
        assert sign_in(client, "mona@example.com").status_code == 429
        clock.shift(301)
        assert sign_in(client, "mona@example.com").status_code == 303


@pytest.mark.parametrize("role,minutes", [(Role.REVIEWER, 31), (Role.HIRING_MANAGER, 12 * 60 + 1)])
def test_a_sign_in_ends_when_nobody_stirs(client: FlaskClient, role: Role, minutes: int) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        staff = role is Role.REVIEWER
        person("ann@example.com", role, organisation=None if staff else "Acme")
        sign_in(client, "ann@example.com")
        if staff:
            set_up_second_factor(client)
        assert client.get("/permits").status_code == 200
        clock.shift((minutes - 2) * 60)
        assert client.get("/permits").status_code == 200
        clock.shift(minutes * 60)
        assert client.get("/permits").status_code == 302


def test_changing_the_password_ends_every_other_sign_in(app: Flask, client: FlaskClient) -> None:
    person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    other = app.test_client()
    for browser in (client, other):
        sign_in(browser, "mona@example.com")
    assert post(client, "/account", old="wrong", new="nine paper cranes in a row").status_code == 422
    assert post(client, "/account", old=PASSWORD, new="short").status_code == 422
    assert post(client, "/account", old=PASSWORD, new="nine paper cranes in a row").status_code == 303
    assert client.get("/permits").status_code == 200
    assert other.get("/permits").status_code == 302


def test_a_disabled_person_is_out_at_once(client: FlaskClient) -> None:
    mona = person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    sign_in(client, "mona@example.com")
    mona.active = False
    session().commit()
    assert client.get("/permits").status_code == 302
    assert sign_in(client, "mona@example.com").status_code == 422


@pytest.mark.parametrize(
    "trick",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil", "\\\\evil"],
)
def test_nobody_is_sent_to_another_site(client: FlaskClient, trick: str) -> None:
    person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/login").text)
    assert token is not None
    data = {"csrf_token": token[1], "theme": "dark", "next": trick}
    assert client.post("/preferences/theme", data=data).location == "/"


def test_each_page_forbids_inline_code_and_frames(client: FlaskClient) -> None:
    headers = client.get("/login").headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
