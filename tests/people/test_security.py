import datetime as dt
import json
import re
from collections.abc import Iterator

import pyotp
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from compliance.audit.models import AuditEvent, AuditOpening
from compliance.audit.vocabulary import Event
from compliance.authz import Role
from compliance.kernel.db import Base, session, table
from compliance.people import conflicts, directory, second_factor, tokens
from compliance.people.models import Conflict, Invitation, Person, RoleGrant, RoleProposal, Team
from compliance.web import security
from tests.people.scene import (
    NOON,
    PASSWORD,
    actions,
    browsing,
    mailed_path,
    person,
    post,
    set_up_second_factor,
    sign_in,
)
from tests.web.conftest import check_page

NEW = "nine paper cranes in a row"
# What belongs to cases, rules, the record itself and the sample, or to jobs alone.
ELSEWHERE = {
    Event.EXPORT_ENDED, Event.EXPORT_MADE, Event.IMPORT_MADE, Event.JOB_CANCELLED, Event.JOB_RETRIED,
    Event.MAIL_CANCELLED, Event.MAIL_RETRIED, Event.RECORD_VALUES_ERASED, Event.RULES_PUBLISHED,
    Event.SAMPLE_LOADED, Event.SAMPLE_REMOVED,
}  # fmt: skip


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def id_of(model: type[Base], **values: object) -> str:
    found = session().execute(sa.select(table(model).c.id).filter_by(**values)).scalar_one()
    session().commit()
    return str(found)


class Walk:
    """Everybody who does something to accounts, and everything they do: each kind of event at least once."""

    def __init__(self, app: Flask, clock: time_machine.Traveller) -> None:
        self.app, self.clock = app, clock
        self.ada = person("ada@example.com", Role.ADMINISTRATOR)
        self.lea = person("lea@example.com", Role.TEAM_LEAD)
        self.rita = person("rita@example.com", Role.REVIEWER)
        self.secrets: dict[str, str] = {}
        self.recovery: dict[str, str] = {}

    def enter(self, somebody: Person) -> FlaskClient:
        client = self.app.test_client()
        sign_in(client, somebody.email)
        self.secrets[somebody.email], self.recovery[somebody.email] = set_up_second_factor(client)
        return client

    def organisation(self) -> tuple[FlaskClient, str]:
        """Set a client up, with a team, its people and a second administrator; return its first one's browser."""
        ada = self.enter(self.ada)
        made = post(ada, "/admin/organisations/new", name="Acme", kind="client", calendar="utc").location
        post(ada, made, name="Acme", calendar="gb", approval_steps="1", compliance_enrolled="y", reason="asked")
        post(ada, f"{made}/teams", name="Design", team="")
        post(ada, f"{made}/teams/{id_of(Team)}", name="Studio")
        post(ada, f"{made}/invite", email="ines@example.com", name="Ines", roles="account_admin", team="")
        ines = self.app.test_client()
        post(ines, mailed_path(), name="Ines", password=PASSWORD)
        set_up_second_factor(ines)
        post(ines, f"{made}/invite", email="gone@example.com", name="Gone", roles="viewer", team="")
        post(ines, f"{made}/invitations", revoke=id_of(Invitation, email="gone@example.com"))
        post(ines, f"{made}/invite", email="mona@example.com", name="Mona", roles="viewer", team="")
        mona = self.app.test_client()
        post(mona, mailed_path(), name="Mona", password=PASSWORD)
        page = f"{made}/people/{id_of(Person, email='mona@example.com')}"
        for role, verdict in (("finance_admin", "refuse"), ("account_admin", "confirm")):
            post(ines, f"{page}/give", role=role, team="", reason="deputy")
            post(ada, f"{made}/confirmations", **{verdict: id_of(RoleProposal, role=role)})
        post(ines, f"{page}/end/{id_of(RoleGrant, role='viewer')}", reason="more now")
        post(ines, f"{page}/disable", reason="away")
        post(ines, f"{page}/enable", reason="back")
        return ines, made

    def own_account(self) -> None:
        """Do to one's own account what can be done, and fail at its door in every way."""
        rita = self.enter(self.rita)
        other = self.app.test_client()
        sign_in(other, self.rita.email, "nine wrong boats")
        for n in range(10):
            sign_in(other, self.rita.email, f"guess number {n}")
        self.clock.shift(301)
        sign_in(other, self.rita.email)
        post(other, "/login/second-factor", code="000000")
        post(other, "/login/second-factor", code=self.recovery[self.rita.email])
        post(rita, "/account/recovery-codes")
        post(rita, "/account/sessions", which="others")
        post(rita, "/account/tokens", name="nightly", scopes="permits:read", days="30")
        secret = tokens.make(browsing(self.rita), "weekly", ["permits:read"], dt.timedelta(days=1))[1]
        session().commit()
        other.get("/api/v1/permits", headers={"Authorization": f"Bearer {secret}"})
        found = re.search(r'name="which" value="([^"]+)"', rita.get("/account/tokens").text)
        assert found is not None
        post(rita, "/account/tokens/revoke", which=found[1])
        day = self.clock_day()
        post(
            rita, "/account/absence", email=self.lea.email, roles="reviewer", starts_on=day, ends_on=day, reason="leave"
        )
        found = re.search(r'name="which" value="([^"]+)"', rita.get("/account/absence").text)
        assert found is not None
        post(rita, "/account/absence/end", which=found[1])
        post(rita, "/account/conflicts", whom="Acme", reason="shares")
        conflicts.withdraw(session().scalars(sa.select(Conflict)).one(), browsing(self.lea), "sold")
        session().commit()
        post(rita, "/account", old=PASSWORD, new=NEW)
        post(other, "/forgot", email=self.rita.email)
        post(rita, "/logout")

    def clock_day(self) -> str:
        return (NOON + dt.timedelta(days=1)).date().isoformat()

    def afterwards(self) -> None:
        """Take a lost factor away and rename somebody who waited for an account."""
        ada = self.app.test_client()
        sign_in(ada, self.ada.email)
        self.clock.shift(60)
        post(ada, "/login/second-factor", code=pyotp.TOTP(self.secrets[self.ada.email]).now())
        post(ada, f"/admin/people/{self.rita.id}/second-factor", reason="lost")


def test_each_kind_of_event_around_accounts_says_who_what_where_from_and_when(
    app: Flask, noon: time_machine.Traveller
) -> None:
    walk = Walk(app, noon)
    walk.organisation()
    walk.own_account()
    walk.afterwards()
    directory.rename(walk.lea, "Lea Moreau", browsing(walk.lea))
    session().commit()
    happened = set(actions())
    assert {event for event in Event if event not in ELSEWHERE and event.value not in happened} == set()
    people = set(map(str, session().scalars(sa.select(Person.id)))) | {"countersign"}
    places = set(session().scalars(sa.select(AuditOpening.event_id).where(AuditOpening.path == security.IP)))
    for event in session().scalars(sa.select(AuditEvent)):
        entry = json.loads(event.entry)
        assert event.actor_id in people
        assert entry["at"].startswith("2026-03-02T12:")
        if entry["actor"]["type"] == "user" and entry["actor"]["channel"] == "browser":
            assert event.event_id in places, event.action


def test_ones_own_events_are_shown_in_words_and_nobody_elses(app: Flask, client: FlaskClient) -> None:
    person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    person("eve@example.com", Role.HIRING_MANAGER, organisation="Acme")
    eve = app.test_client()
    sign_in(eve, "mona@example.com", "nine wrong boats")
    sign_in(eve, "eve@example.com", "another wrong boat")
    sign_in(eve, "eve@example.com")
    sign_in(client, "mona@example.com")
    page = client.get("/account/security").text
    check_page(page)
    for words in ("Wrong password", "Signed in", "Role given: Hiring manager", "Account made", "127.0.0.1"):
        assert words in page
    assert page.count("Wrong password") == 1
    assert "Eve" not in page


def test_events_come_a_page_at_a_time(client: FlaskClient) -> None:
    person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    for _ in range(30):
        sign_in(client, "mona@example.com")
    found = re.search(r'href="([^"]+)" rel="next"', client.get("/account/security").text)
    assert found is not None
    assert "Account made" in client.get(found[1]).text
    for damaged in ("x", "-1", "9" * 400, "\u0663", ""):
        assert client.get("/account/security", query_string={"before": damaged}).status_code in {200, 400}
    assert client.get("/account/security?before=x").status_code == 400


def test_new_recovery_codes_take_the_place_of_the_old(client: FlaskClient, noon: time_machine.Traveller) -> None:
    rita = person("rita@example.com", Role.REVIEWER)
    sign_in(client, rita.email)
    assert post(client, "/account/recovery-codes").status_code in {302, 409}
    _, old = set_up_second_factor(client)
    new = re.search(r"<code>([0-9A-Z]{12})</code>", post(client, "/account/recovery-codes").text)
    assert new is not None
    noon.shift(601)
    asked = post(client, "/account/recovery-codes")
    assert asked.location == "/account/confirm?next=/account/security"
    post(client, "/logout")
    sign_in(client, rita.email)
    assert post(client, "/login/second-factor", code=old).status_code == 422
    assert post(client, "/login/second-factor", code=new[1]).status_code == 303


def test_the_page_is_for_whoever_has_signed_in_completely(client: FlaskClient) -> None:
    assert client.get("/account/security").status_code == 302
    rita = person("rita@example.com", Role.REVIEWER)
    sign_in(client, rita.email)
    assert client.get("/account/security").status_code == 302


def test_every_event_of_an_account_has_words() -> None:
    assert {event for event in Event if event.startswith(("person.", "role.", "token."))} <= security.WORDS.keys()


def test_the_picture_of_a_secret_is_dark_on_light_with_a_quiet_zone_whatever_the_page_is(app: Flask) -> None:
    del app  # Asked for so that the database is there.
    drawn = second_factor.picture(second_factor.new_secret(), person("qr@desk.example", Role.REVIEWER))
    size = int(re.search(r'width="(\d+)"', drawn)[1])  # type: ignore[index]
    assert 240 <= size <= 320  # Fits beside a thumb on a narrow phone, and is large enough for its camera.
    assert re.search(r'<path[^>]*fill="#fff"[^>]*d="M0 0', drawn)
    assert re.search(r'stroke="#000"[^>]*d="M4 4.5', drawn)
