import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from compliance.audit.models import AuditEvent
from compliance.authz import SYSTEM_ACTOR, Actor, Channel, Role
from compliance.kernel import clock
from compliance.kernel.db import begin_reading, session, table
from compliance.people import delegation, directory, tokens
from compliance.people.directory import DirectoryError
from compliance.people.models import ApiToken, Person, RoleGrant
from compliance.people.session import cookie_name, current_actor
from tests.people.scene import NOON, PASSWORD, actions, person, post, set_up_second_factor, sign_in

DAY = dt.timedelta(days=1)
LISTED = "/api/v1/permits"

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def mona() -> Person:
    return person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")


def token_of(owner: Person, *scopes: str, lives: dt.timedelta = DAY) -> str:
    _, secret = tokens.make(directory.actor_for(owner), "nightly report", scopes or ("permits:read",), lives)
    session().commit()
    return secret


@contextmanager
def knocking(
    app: Flask, header: str | None, *, path: str = LISTED, method: str = "GET", cookie: str = ""
) -> Iterator[None]:
    headers = {"Cookie": cookie} if cookie else {}
    if header is not None:
        headers["Authorization"] = header
    with app.app_context(), app.test_request_context(path, method=method, headers=headers):
        if method == "GET":
            begin_reading()
        yield
        session().rollback()  # As a request that only reads, or is refused, ends.


def recognised(app: Flask, header: str | None, **request: str) -> Actor | None:
    with knocking(app, header, **request):
        return current_actor()


def test_a_token_acts_as_its_owner_through_the_api(app: Flask, mona: Person) -> None:
    secret = token_of(mona)
    actor = recognised(app, f"Bearer {secret}")
    assert actor is not None
    assert actor.id == mona.id
    assert actor.roles == {Role.HIRING_MANAGER}
    assert actor.channel is Channel.API
    assert actor.scopes == frozenset({"permits:read"})


def test_a_token_is_256_bits_and_only_its_hash_is_kept(mona: Person) -> None:
    secret = token_of(mona)
    assert re.fullmatch(r"cs_[A-Za-z0-9_-]{43}", secret)
    kept = session().execute(sa.select(table(ApiToken))).one()
    assert kept.token_hash == hashlib.sha256(secret.encode()).digest()
    assert secret not in str(kept)
    assert secret not in "".join(session().scalars(sa.select(AuditEvent.entry)))


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer cs_", "Bearer cs_wrong", "Bearer \udcff"])
def test_what_is_no_token_opens_nothing(app: Flask, mona: Person, header: str | None) -> None:
    token_of(mona)
    assert recognised(app, header) is None


def test_a_token_counts_as_it_was_given_and_as_a_bearer_only(app: Flask, mona: Person) -> None:
    secret = token_of(mona)
    for header in (f"Basic {secret}", secret, f"Bearer {secret.removeprefix('cs_')}", f"Bearer {secret}x"):
        assert recognised(app, header) is None
    assert recognised(app, f"bearer {secret}") is not None


def test_a_token_opens_no_page_and_a_sign_in_no_api(app: Flask, client: FlaskClient, mona: Person) -> None:
    secret = token_of(mona)
    assert client.get("/permits", headers={"Authorization": f"Bearer {secret}"}).status_code == 302
    sign_in(client, mona.email)
    cookie = client.get_cookie(cookie_name())
    assert cookie is not None
    sent = f"{cookie_name()}={cookie.value}"
    assert recognised(app, None, cookie=sent, path="/permits") is not None
    assert recognised(app, None, cookie=sent) is None


def test_a_token_expires(app: Flask, mona: Person) -> None:
    with time_machine.travel(NOON, tick=False) as moment:
        secret = token_of(mona)
        moment.shift(DAY - dt.timedelta(seconds=1))
        assert recognised(app, f"Bearer {secret}") is not None
        moment.shift(1)
        assert recognised(app, f"Bearer {secret}") is None


def test_a_token_of_somebody_disabled_is_dead_at_once(app: Flask, mona: Person) -> None:
    secret = token_of(mona)
    mona.active = False
    session().commit()
    assert recognised(app, f"Bearer {secret}") is None


def test_a_token_loses_a_role_with_its_owner(app: Flask, mona: Person) -> None:
    secret = token_of(mona)
    grant = session().scalars(sa.select(RoleGrant).where(RoleGrant.person_id == mona.id)).one()
    directory.end_role(grant, SYSTEM_ACTOR)
    session().commit()
    actor = recognised(app, f"Bearer {secret}")
    assert actor is not None
    assert actor.grants == frozenset()


def test_a_token_waits_when_its_owner_comes_to_need_a_second_factor(app: Flask, mona: Person) -> None:
    secret = token_of(mona)
    directory.give_role(mona, Role.REVIEWER, SYSTEM_ACTOR)
    session().commit()
    assert recognised(app, f"Bearer {secret}") is None
    mona.totp_secret = b"set"
    session().commit()
    assert recognised(app, f"Bearer {secret}") is not None


def test_the_first_use_is_on_record_once_even_when_the_request_only_reads(app: Flask, mona: Person) -> None:
    with time_machine.travel(NOON, tick=False) as moment:
        secret = token_of(mona)
        for _ in range(3):
            assert recognised(app, f"Bearer {secret}") is not None
            moment.shift(120)
    assert [word for word in actions() if word.startswith("token.")] == ["token.made", "token.used_first"]
    used = session().scalar(sa.select(table(ApiToken).c.used_at))
    assert used == NOON + dt.timedelta(seconds=240)


def test_a_changing_request_carries_the_mark_of_its_token(app: Flask, mona: Person) -> None:
    secret = token_of(mona, "permits:write")
    assert recognised(app, f"Bearer {secret}", method="POST") is not None
    assert actions()[-1] == "token.made"
    with knocking(app, f"Bearer {secret}", method="POST"):
        current_actor()
        session().commit()
    assert actions()[-1] == "token.used_first"


@pytest.mark.parametrize(
    "name,scopes,lives,words",
    [
        ("  ", ["permits:read"], DAY, "name of at most"),
        ("x" * 81, ["permits:read"], DAY, "name of at most"),
        ("report", [], DAY, "scopes offered"),
        ("report", ["permits:read", "everything"], DAY, "scopes offered"),
        ("report", ["permits:read\n"], DAY, "scopes offered"),
        ("report", ["permits:decide"], DAY, "scopes offered"),
        ("report", ["permits:read"], dt.timedelta(), "at most 365 days"),
        ("report", ["permits:read"], -DAY, "at most 365 days"),
        ("report", ["permits:read"], 366 * DAY, "at most 365 days"),
    ],
)
def test_what_a_token_cannot_be_is_refused(
    mona: Person, name: str, scopes: list[str], lives: dt.timedelta, words: str
) -> None:
    with pytest.raises(DirectoryError, match=words):
        tokens.make(directory.actor_for(mona), name, scopes, lives)
    assert tokens.of(mona.id) == []


def test_neither_programs_nor_stand_ins_nor_the_system_make_tokens(app: Flask, mona: Person) -> None:
    program = recognised(app, f"Bearer {token_of(mona, 'permits:write')}")
    assert program is not None
    standing_in = directory.actor_for(mona, person("ann@example.com"), ())
    for refused in (program, standing_in, SYSTEM_ACTOR):
        with pytest.raises(DirectoryError, match="Tokens are made by people"):
            tokens.make(refused, "report", ["permits:read"], DAY)


def test_nobody_hoards_tokens_and_dead_ones_do_not_count(mona: Person) -> None:
    actor = directory.actor_for(mona)
    with time_machine.travel(NOON, tick=False) as moment:
        for _ in range(tokens.MOST):
            tokens.make(actor, "report", ["permits:read"], DAY)
        with pytest.raises(DirectoryError, match="Revoke one"):
            tokens.make(actor, "report", ["permits:read"], DAY)
        tokens.revoke(tokens.of(mona.id)[0], actor)
        tokens.make(actor, "report", ["permits:read"], DAY)
        moment.shift(2 * DAY)
        tokens.make(actor, "report", ["permits:read"], DAY)
        assert len(tokens.of(mona.id)) == 1


def test_a_token_is_revoked_by_its_owner_or_an_administrator_and_by_nobody_else(app: Flask, mona: Person) -> None:
    secret = token_of(mona)
    (made,) = tokens.of(mona.id)
    for name, role in (("eve", Role.ACCOUNT_ADMIN), ("rob", Role.REVIEWER)):
        other = person(f"{name}@example.com", role, organisation="Acme" if role is Role.ACCOUNT_ADMIN else None)
        with pytest.raises(DirectoryError, match="administrator"):
            tokens.revoke(made, directory.actor_for(other))
    session().commit()
    assert recognised(app, f"Bearer {secret}") is not None
    tokens.revoke(made, directory.actor_for(person("ada@example.com", Role.ADMINISTRATOR)))
    tokens.revoke(made, directory.actor_for(mona))
    session().commit()
    assert recognised(app, f"Bearer {secret}") is None
    assert actions().count("token.revoked") == 1


def test_a_token_is_shown_once_on_the_page_and_revoked_there(app: Flask, client: FlaskClient, mona: Person) -> None:
    sign_in(client, mona.email)
    made = post(client, "/account/tokens", name="report", scopes="permits:read", days="30")
    secret = re.search(r"<code>(cs_[\w-]{43})</code>", made.text)
    assert made.status_code == 200
    assert secret is not None
    listed = client.get("/account/tokens").text
    assert secret[1] not in listed
    assert secret[1][: tokens.HINT_LENGTH] in listed
    assert recognised(app, f"Bearer {secret[1]}") is not None
    which = re.search(r'name="which" value="([0-9a-f-]{36})"', listed)
    assert which is not None
    assert revoke(client, which[1]) == 303
    assert recognised(app, f"Bearer {secret[1]}") is None
    assert "You have none." in client.get("/account/tokens").text


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "scopes": "permits:read", "days": "30"},
        {"name": "report", "days": "30"},
        {"name": "report", "scopes": "persons:write", "days": "30"},
        {"name": "report", "scopes": "permits:read", "days": "9999"},
        {"name": " ", "scopes": "permits:read", "days": "30"},
    ],
)
def test_a_form_that_asks_for_what_is_not_offered_makes_nothing(
    client: FlaskClient, mona: Person, fields: dict[str, str]
) -> None:
    sign_in(client, mona.email)
    assert post(client, "/account/tokens", **fields).status_code == 422
    assert tokens.of(mona.id) == []


def test_a_token_asks_for_the_password_again_after_a_while(client: FlaskClient, mona: Person) -> None:
    with time_machine.travel(NOON, tick=False) as moment:
        sign_in(client, mona.email)
        moment.shift(601)
        answer = post(client, "/account/tokens", name="report", scopes="permits:read", days="30")
        assert answer.location == "/account/confirm?next=/account/tokens"
        assert tokens.of(mona.id) == []
        session().commit()
        post(client, "/account/confirm", password=PASSWORD)
        assert post(client, "/account/tokens", name="report", scopes="permits:read", days="30").status_code == 200


def test_the_desk_makes_no_token_before_it_has_a_second_factor(client: FlaskClient) -> None:
    person("rita@example.com", Role.REVIEWER)
    sign_in(client, "rita@example.com")
    assert client.get("/account/tokens").status_code == 302
    set_up_second_factor(client)
    assert client.get("/account/tokens").status_code == 200


def test_nobody_revokes_the_token_of_somebody_else_on_the_page(client: FlaskClient, mona: Person) -> None:
    token_of(mona)
    (made,) = tokens.of(mona.id)
    session().commit()
    person("eve@example.com", Role.HIRING_MANAGER, organisation="Acme")
    sign_in(client, "eve@example.com")
    for which in (str(made.id), "nonsense", ""):
        assert revoke(client, which) == 404
    assert len(tokens.of(mona.id)) == 1


def test_a_stand_in_sees_and_revokes_their_own_tokens_and_makes_none(client: FlaskClient, mona: Person) -> None:
    ann = person("ann@example.com", Role.RECRUITER, organisation="Acme")
    now = clock.now()
    given = delegation.begin(
        directory.actor_for(ann), mona.email, [Role.RECRUITER], starts=now, ends=now + DAY, reason="on leave"
    )
    token_of(mona)
    (made,) = tokens.of(mona.id)
    session().commit()
    sign_in(client, mona.email)
    assert _send(client, "/account/stand-in", which=str(given.id)) == 303
    assert "Be yourself again" in client.get("/account/tokens").text
    assert _send(client, "/account/tokens", name="report", scopes="permits:read", days="30") == 422
    assert revoke(client, str(made.id)) == 303
    assert tokens.of(mona.id) == []


def revoke(client: FlaskClient, which: str) -> int:
    return _send(client, "/account/tokens/revoke", which=which)


def _send(client: FlaskClient, address: str, **fields: str) -> int:
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/account").text)
    assert token is not None
    return client.post(address, data={"csrf_token": token[1], **fields}).status_code


def from_address(app: Flask, secret: str, ip: str) -> Actor | None:
    headers, environ = {"Authorization": f"Bearer {secret}"}, {"REMOTE_ADDR": ip}
    with app.app_context(), app.test_request_context(LISTED, headers=headers, environ_overrides=environ):
        begin_reading()
        found = current_actor()
        session().rollback()
        return found


@pytest.mark.parametrize(
    "ip,works",
    [
        ("192.0.2.7", True), ("::ffff:192.0.2.7", True), ("192.0.3.7", False), ("2001:db8::5", True),
        ("2001:db9::5", False), ("", False), ("nonsense", False),
    ],
)  # fmt: skip
def test_a_token_works_only_from_the_networks_it_was_made_for(
    app: Flask, mona: Person, ip: str, *, works: bool
) -> None:
    networks = ["192.0.2.9/24", "2001:db8::/32"]
    _, secret = tokens.make(directory.actor_for(mona), "report", ["permits:read"], DAY, networks)
    session().commit()
    assert (from_address(app, secret, ip) is not None) is works


def test_a_token_without_networks_works_from_everywhere(app: Flask, mona: Person) -> None:
    assert from_address(app, token_of(mona), "198.51.100.1") is not None


@pytest.mark.parametrize("network", ["everywhere", "192.0.2.0/33", "300.1.1.1", "::/129", "192.0.2.1;"])
def test_what_is_no_network_is_refused(mona: Person, network: str) -> None:
    with pytest.raises(DirectoryError, match="no address or network"):
        tokens.make(directory.actor_for(mona), "report", ["permits:read"], DAY, [network])
    with pytest.raises(DirectoryError, match="at most 20 networks"):
        tokens.make(directory.actor_for(mona), "report", ["permits:read"], DAY, ["192.0.2.1"] * 21)


def test_the_page_shows_where_from_and_what_ran_out_or_was_never_used(client: FlaskClient, mona: Person) -> None:
    with time_machine.travel(NOON, tick=False) as moment:
        sign_in(client, mona.email)
        made = post(
            client, "/account/tokens", name="nightly", scopes="permits:read", days="30", addresses="192.0.2.0/24\n::1"
        )
        assert made.status_code == 200
        assert "192.0.2.0/24, ::1/128" in made.text
        assert "Never used" in made.text
        assert "Run out" not in made.text
        moment.shift(31 * DAY)
        sign_in(client, mona.email)
        assert "Run out" in client.get("/account/tokens").text
        wrong = post(client, "/account/tokens", name="x", scopes="permits:read", days="30", addresses="moon")
        assert wrong.status_code == 422
        assert "moon" in wrong.text
