"""What the tests of sign-in share: people with passwords, and a browser that sends forms with their tokens."""

import datetime as dt
import re

import pyotp
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from compliance.audit.models import AuditEvent
from compliance.authz import SYSTEM_ACTOR, Actor, Channel, Role
from compliance.kernel.db import session
from compliance.messages.models import MailMessage
from compliance.people import directory, passwords
from compliance.people.models import Person

PASSWORD = "seven tin boats go north"
# Where the form of an address stands that only takes what is sent.
READABLE = {
    "/account/absence/end": "/account/absence",
    "/account/recovery-codes": "/login",
    "/account/tokens/revoke": "/account/tokens",
    "/logout": "/login",
}
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
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get(READABLE.get(address, address)).text)
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
    found = list(session().scalars(sa.select(AuditEvent.action).order_by(AuditEvent.event_id)))
    session().commit()  # An open transaction of the test would hold up the next request.
    return found


def browsing(somebody: Person) -> Actor:
    """Return somebody as an actor in front of a browser."""
    return directory.actor_for(somebody).through(Channel.BROWSER, ip="127.0.0.1")


def mails() -> list[MailMessage]:
    found = list(session().scalars(sa.select(MailMessage).order_by(MailMessage.id)))
    session().commit()
    return found


def mailed_path() -> str:
    """Return the path of the link in the newest mail."""
    found = re.search(r"http://127\.0\.0\.1:5000(/\S+)", mails()[-1].text)
    assert found is not None
    return found[1]
