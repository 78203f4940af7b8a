import datetime as dt
import re

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from compliance.authz import SYSTEM_ACTOR, Role
from compliance.kernel.db import session
from compliance.people import directory
from tests.people.scene import NOON, PASSWORD, actions, person, post, set_up_second_factor, sign_in


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
    assert client.get("/login?next=/").location == "/login/second-factor?next=/"
    assert client.get("/login").status_code == 200
    page = client.get("/account/second-factor").text
    assert re.search(r"<code>[A-Z2-7]{4}( [A-Z2-7]{4}){7}</code>", page)
    assert "Turn it on" in page
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
        assert actions()[-1] == "person.sign_in_limited"
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


def test_a_stranger_who_guesses_does_not_lock_out_the_browser_that_is_known(app: Flask, client: FlaskClient) -> None:
    person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    sign_in(client, "mona@example.com")
    post(client, "/logout")
    stranger = app.test_client()
    for n in range(11):
        sign_in(stranger, "mona@example.com", f"guess number {n}")
    assert sign_in(stranger, "mona@example.com").status_code == 429
    assert sign_in(client, "mona@example.com").status_code == 303


def test_a_right_password_does_not_start_the_count_of_wrong_ones_afresh(app: Flask, client: FlaskClient) -> None:
    person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    for n in range(9):
        sign_in(client, "mona@example.com", f"guess number {n}")
    assert sign_in(app.test_client(), "mona@example.com").status_code == 303
    assert [sign_in(client, "mona@example.com", "another guess").status_code for _ in range(2)] == [422, 429]


def test_codes_are_guessed_five_times_at_most(client: FlaskClient) -> None:
    with time_machine.travel(NOON, tick=False):
        person("rita@example.com", Role.REVIEWER)
        sign_in(client, "rita@example.com")
        set_up_second_factor(client)
        client.delete_cookie("countersign_session")
        sign_in(client, "rita@example.com")
        statuses = [post(client, "/login/second-factor", code="000000").status_code for _ in range(6)]
        assert statuses == [422] * 5 + [429]


def test_a_change_of_roles_ends_the_sign_ins_of_whoever_holds_them(client: FlaskClient) -> None:
    mona = person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    sign_in(client, "mona@example.com")
    directory.give_role(mona, Role.APPROVER, SYSTEM_ACTOR, directory.organisation("Acme", SYSTEM_ACTOR))
    session().commit()
    assert client.get("/permits").status_code == 302


def test_the_second_factor_is_replaced_only_after_the_password_was_typed_again(client: FlaskClient) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
        sign_in(client, "mona@example.com")
        assert client.get("/account/second-factor").status_code == 200
        clock.shift(601)
        asked = client.get("/account/second-factor")
        assert asked.location == "/account/confirm?next=/account/second-factor"
        assert post(client, asked.location, password="wrong").status_code == 422
        assert post(client, asked.location, password="").status_code == 422
        assert client.get("/account/second-factor").status_code == 303
        assert post(client, asked.location, password=PASSWORD).location == "/account/second-factor"
        assert client.get("/account/second-factor").status_code == 200


def test_a_secret_that_we_did_not_make_is_not_kept(client: FlaskClient) -> None:
    mona = person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    sign_in(client, "mona@example.com")
    for secret in ("AA", "1" * 32):
        assert post(client, "/account/second-factor", secret=secret, code="000000").status_code == 422
    session().refresh(mona)
    assert mona.totp_secret is None


def test_sign_ins_are_listed_and_ended_one_by_one_or_all_but_this(app: Flask, client: FlaskClient) -> None:
    person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    others = [app.test_client() for _ in range(3)]
    for browser in (client, *others):
        sign_in(browser, "mona@example.com")
    listed = re.findall(r'name="which" value="([0-9a-f-]{36})"', client.get("/account/sessions").text)
    assert len(listed) == 3
    assert post(client, "/account/sessions", which=listed[0]).status_code == 303
    assert sum(browser.get("/permits").status_code == 200 for browser in others) == 2
    assert post(client, "/account/sessions", which=listed[0]).status_code == 404
    assert post(client, "/account/sessions", which="others").status_code == 303
    assert [browser.get("/permits").status_code for browser in (client, *others)] == [200, 302, 302, 302]
    assert actions()[-2:] == ["session.ended", "session.ended"]


def test_nobody_ends_the_sign_in_of_somebody_else(app: Flask, client: FlaskClient) -> None:
    for name in ("mona", "eve"):
        person(f"{name}@example.com", Role.HIRING_MANAGER, organisation="Acme")
    second, eve = app.test_client(), app.test_client()
    for browser, email in ((client, "mona@example.com"), (second, "mona@example.com"), (eve, "eve@example.com")):
        sign_in(browser, email)
    found = re.search(r'name="which" value="([0-9a-f-]{36})"', client.get("/account/sessions").text)
    assert found is not None
    assert post(eve, "/account/sessions", which=found[1]).status_code == 404
    assert post(eve, "/account/sessions", which="nonsense").status_code == 404
    assert second.get("/permits").status_code == 200
