import datetime as dt
import re
import threading

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from compliance.audit.models import AuditEvent
from compliance.authz import Role
from compliance.kernel.db import session, table
from compliance.people import resets
from compliance.people.models import PasswordReset
from tests.people.scene import NOON, actions, mailed_path, mails, person, post, set_up_second_factor, sign_in

NEW = "nine paper cranes in a row"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def ask(client: FlaskClient, email: str = "mona@example.com") -> str:
    assert post(client, "/forgot", email=email).status_code == 200
    return mailed_path()


def without_tokens(page: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)


def test_a_forgotten_password_is_set_anew_through_the_mailed_link(client: FlaskClient) -> None:
    person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    path = ask(client, " Mona@Example.com")
    assert "mona@example.com" in client.get(path).text
    assert "Your password is changed" in post(client, path, password=NEW).text
    assert client.get("/permits").status_code == 302
    assert sign_in(client, "mona@example.com").status_code == 422
    assert sign_in(client, "mona@example.com", NEW).status_code == 303
    assert [word for word in actions() if "password" in word] == [
        "person.password_reset_asked",
        "person.password_changed",
    ]
    assert mails()[-1].subject == "Your password was changed"


def test_known_and_unknown_and_disabled_addresses_get_the_same_answer_to_the_byte(client: FlaskClient) -> None:
    person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    person("gone@example.com").active = False
    session().commit()
    answers = [
        post(client, address, **fields)
        for address, fields in (("/forgot", {}), ("/login", {"password": "nine wrong boats"}))
        for email in ("mona@example.com", "nobody@example.com", "gone@example.com")
        for fields in [{**fields, "email": email}]
    ]
    assert [answer.status_code for answer in answers] == [200] * 3 + [422] * 3
    for same in (answers[:3], answers[3:]):
        own = r"(mona|nobody|gone)@example|Request <code>\w+</code>"
        pages = {re.sub(own, "", without_tokens(answer.text)) for answer in same}
        assert len(pages) == 1
        assert len({str(sorted(k for k, _ in answer.headers)) for answer in same}) == 1
    assert [mail.address for mail in mails()] == ["mona@example.com"]


def test_the_same_is_written_for_a_stranger_and_taken_back(client: FlaskClient) -> None:
    person("mona@example.com")
    counted = []
    for email in ("mona@example.com", "nobody@example.com"):
        statements: list[str] = []
        token = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/forgot").text)
        assert token is not None

        def count(*args: object, into: list[str] = statements) -> None:
            into.append(str(args[2]).split(" ", 1)[0])

        engine = session().get_bind()
        sa.event.listen(engine, "before_cursor_execute", count)
        client.post("/forgot", data={"csrf_token": token[1], "email": email})
        sa.event.remove(engine, "before_cursor_execute", count)
        counted.append([word for word in statements if word in {"INSERT", "UPDATE"}])
    assert counted[0] == counted[1]


@pytest.mark.parametrize("email", ["", "nobody", "a\x00b@example.com", "mona@example.com\r\nBcc: x@example.com"])
def test_what_is_no_address_is_refused(client: FlaskClient, email: str) -> None:
    assert post(client, "/forgot", email=email).status_code == 422
    assert mails() == []


def test_a_link_works_once_and_for_an_hour(client: FlaskClient) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        person("mona@example.com")
        first, second = ask(client), ask(client)
        assert post(client, first, password=NEW).status_code == 200
        late = ask(client)
        for dead in (first, second, "/reset/made-up", "/reset/%00"):
            assert client.get(dead).status_code == 410
        token = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/login").text)
        assert token is not None
        assert client.post(first, data={"csrf_token": token[1], "password": NEW}).status_code == 410
        clock.shift(dt.timedelta(minutes=59))
        assert client.get(late).status_code == 200
        clock.shift(60)
        assert client.get(late).status_code == 410


def test_the_link_of_somebody_disabled_since_opens_nothing(client: FlaskClient) -> None:
    mona = person("mona@example.com")
    path = ask(client)
    mona.active = False
    session().commit()
    assert client.get(path).status_code == 410


def test_a_new_password_ends_every_sign_in_and_does_not_pass_the_second_factor(app: Flask, client: FlaskClient) -> None:
    person("rita@example.com", Role.REVIEWER)
    sign_in(client, "rita@example.com")
    set_up_second_factor(client)
    stranger = app.test_client()
    path = ask(stranger, "rita@example.com")
    assert "At least 8 characters" in stranger.get(path).text
    assert post(stranger, path, password="tin boat").status_code == 200
    assert client.get("/queue").status_code == 302
    sign_in(stranger, "rita@example.com", "tin boat")
    assert stranger.get("/queue").status_code == 302
    assert stranger.get("/account").status_code == 302
    assert stranger.get("/account/second-factor").location == "/login/second-factor"


def test_a_weak_new_password_is_refused_and_changes_nothing(client: FlaskClient) -> None:
    person("mona@example.com")
    path = ask(client)
    for weak in ("short", "password password", ""):
        assert post(client, path, password=weak).status_code == 422
    assert sign_in(client, "mona@example.com").status_code == 303


def test_asking_is_limited_for_known_and_unknown_alike_and_fills_no_inbox(client: FlaskClient) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        person("mona@example.com")
        for email in ("mona@example.com", "nobody@example.com"):
            statuses = [post(client, "/forgot", email=email).status_code for _ in range(11)]
            assert statuses == [200] * 10 + [429]
            assert actions()[-1] == "person.sign_in_limited"
        assert len(mails()) == resets.MOST_OPEN
        clock.shift(301)
        assert post(client, "/forgot", email="mona@example.com").status_code == 200


def test_guesses_at_links_are_limited(client: FlaskClient) -> None:
    with time_machine.travel(NOON, tick=False):
        person("mona@example.com")
        path = ask(client)
        token = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/login").text)
        assert token is not None
        for n in range(10):
            sent = {"csrf_token": token[1], "password": NEW}
            assert client.post(f"/reset/guess-{n}", data=sent).status_code == 410
        assert client.get(path).status_code == 429


def test_only_the_hash_of_a_link_is_kept_and_no_page_or_log_passes_it_on(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "compliance")
    person("mona@example.com")
    path = ask(client)
    token = path.removeprefix("/reset/")
    assert token not in str(session().execute(sa.select(table(PasswordReset))).one())
    assert token not in "".join(session().scalars(sa.select(AuditEvent.entry)))
    session().commit()
    assert client.get(path).headers["Referrer-Policy"] == "strict-origin"
    assert token not in client.get(path).text.replace(f'value="{path}', "")
    post(client, path, password=NEW)
    assert token not in caplog.text
    assert NEW not in caplog.text


def test_the_link_is_made_from_the_settings_whatever_host_the_request_names(client: FlaskClient) -> None:
    person("mona@example.com")
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/forgot").text)
    assert token is not None
    sent = {"csrf_token": token[1], "email": "mona@example.com"}
    client.post("/forgot", data=sent, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert all("evil.example" not in mail.text for mail in mails())


def test_a_link_used_twice_at_once_sets_one_password(app: Flask, client: FlaskClient) -> None:
    person("mona@example.com")
    path = ask(client)
    browsers = [app.test_client() for _ in range(4)]
    tokens = [b.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0] for b in browsers]
    gate, answers = threading.Barrier(len(browsers)), []

    def use(n: int) -> None:
        gate.wait()
        answers.append(browsers[n].post(path, data={"csrf_token": tokens[n], "password": f"{NEW} {n}"}).status_code)

    threads = [threading.Thread(target=use, args=(n,)) for n in range(len(browsers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 410, 410, 410]


def test_old_links_are_forgotten(client: FlaskClient) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        person("mona@example.com")
        ask(client)
        clock.shift(dt.timedelta(days=32))
        resets.forget()
        assert session().scalars(sa.select(PasswordReset)).all() == []
