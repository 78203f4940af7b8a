import datetime as dt
import re

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from compliance.audit.models import AuditEvent
from compliance.authz import SYSTEM_ACTOR, Actor, Role
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people import conflicts, delegation, directory
from compliance.people.directory import DirectoryError
from compliance.people.models import Delegation, Person
from tests.people.scene import NOON, actions, person, post, set_up_second_factor, sign_in

DAY = dt.timedelta(days=1)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def away(absent: Person, stand_in: Person, *roles: Role) -> Delegation:
    now = clock.now()
    made = delegation.begin(
        directory.actor_for(absent),
        stand_in.email,
        [role.value for role in roles],
        starts=now,
        ends=now + DAY,
        reason="on leave",
    )
    session().commit()
    return made


def test_a_stand_in_has_the_handed_roles_none_of_their_own_and_both_names(app: Flask) -> None:
    del app  # Asked for so that the database is there.
    ann = person("ann@example.com", Role.SENIOR_REVIEWER, Role.TEAM_LEAD)
    ben = person("ben@example.com", Role.REVIEWER)
    made = away(ann, ben, Role.SENIOR_REVIEWER)
    actor = directory.actor_for(ben, ann, made.roles)
    assert actor.roles == {Role.SENIOR_REVIEWER}
    assert actor.identities == {ann.id, ben.id}
    assert actor.full_name == "Ben for Ann"
    assert actions()[-1] == "delegation.started"


def test_a_stand_in_carries_the_conflicts_of_both(app: Flask) -> None:
    del app  # As above.
    ann, ben = person("ann@example.com", Role.REVIEWER), person("ben@example.com", Role.REVIEWER)
    parties = [directory.add_organisation(name, SYSTEM_ACTOR) for name in ("Acme", "Brightwell")]
    conflicts.declare(directory.actor_for(ann), "ACME", "shares")
    conflicts.declare(directory.actor_for(ben), "Brightwell", "sister works there")
    made = away(ann, ben, Role.REVIEWER)
    assert directory.actor_for(ben, ann, made.roles).conflicts == {party.id for party in parties}


def test_an_actor_is_loaded_in_two_statements(app: Flask) -> None:
    ann, ben = person("ann@example.com", Role.REVIEWER), person("ben@example.com", Role.REVIEWER)
    with app.app_context():
        seen: list[str] = []
        connection = session().connection()
        sa.event.listen(connection, "before_cursor_execute", lambda *a: seen.append(str(a[2])))
        directory.actor_for(ben, ann, ["reviewer"])
        assert len(seen) <= 2


@pytest.mark.parametrize(
    "email,roles,days,sentence",
    [
        ("ben@example.com", [], 1, "at least one"),
        ("ben@example.com", ["administrator"], 1, "your own roles"),
        ("ben@example.com", ["reviewer"], -1, "in the future"),
        ("ben@example.com", ["reviewer"], 91, "longer than 90 days"),
        ("nobody@example.com", ["reviewer"], 1, "No colleague"),
        ("mona@example.com", ["reviewer"], 1, "No colleague"),
        ("ann@example.com", ["reviewer"], 1, "other than yourself"),
    ],
)
def test_a_stand_in_who_cannot_be_is_refused(
    app: Flask, email: str, roles: list[str], days: int, sentence: str
) -> None:
    del app  # As above.
    ann = person("ann@example.com", Role.REVIEWER)
    person("ben@example.com", Role.REVIEWER)
    person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    now = clock.now()
    with pytest.raises(DirectoryError, match=sentence):
        delegation.begin(
            directory.actor_for(ann), email, roles, starts=now - 2 * DAY, ends=now + days * DAY, reason="leave"
        )


def test_whoever_gives_rights_does_not_hand_that_on_and_a_stand_in_names_no_other(app: Flask) -> None:
    del app  # As above.
    ann, ben = person("ann@example.com", Role.ADMINISTRATOR, Role.AUDITOR), person("ben@example.com", Role.REVIEWER)
    assert delegation.delegable(directory.actor_for(ann)) == []
    assert delegation.delegable(directory.actor_for(ann, ben, ["reviewer"])) == []


def test_a_client_is_stood_in_for_by_a_colleague_of_the_same_client_only(app: Flask) -> None:
    del app  # As above.
    ann = person("ann@example.com", Role.APPROVER, organisation="Acme")
    ben = person("ben@example.com", Role.HIRING_MANAGER, organisation="Acme")
    eve = person("eve@example.com", Role.APPROVER, organisation="Brightwell")
    away(ann, ben, Role.APPROVER)
    with pytest.raises(DirectoryError, match="No colleague"):
        away(ann, eve, Role.APPROVER)


def test_acting_for_somebody_and_being_oneself_again_through_the_pages(app: Flask, client: FlaskClient) -> None:
    person("ann@example.com", Role.APPROVER, organisation="Acme")
    person("ben@example.com", Role.HIRING_MANAGER, organisation="Acme")
    ann = app.test_client()
    sign_in(ann, "ann@example.com")
    today = clock.now().date()
    fields = {"email": "ben@example.com", "roles": "approver", "reason": "on leave"}
    days = {"starts_on": today.isoformat(), "ends_on": today.isoformat()}
    assert post(ann, "/account/absence", **fields).status_code == 422
    assert post(ann, "/account/absence", **fields, starts_on=days["starts_on"], ends_on="2020-01-01").status_code == 422
    assert post(ann, "/account/absence", **fields, starts_on="9999-12-31", ends_on="9999-12-31").status_code == 422
    assert post(ann, "/account/absence", **fields, **days).status_code == 303
    assert "Ben" in ann.get("/account/absence").text
    sign_in(client, "ben@example.com")
    page = client.get("/account/absence").text
    assert "Act for Ann" in page
    found = re.search(r'name="which" value="([0-9a-f-]{36})"', page)
    assert found is not None
    assert post(ann, "/account/absence", **fields, **days).status_code == 303
    before = client.get_cookie("countersign_session")
    assert post_to(client, "/account/stand-in", found[1]) == 303
    after = client.get_cookie("countersign_session")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert "Ben for Ann" in client.get("/account").text
    assert post_to(client, "/account/stand-in", "myself") == 303
    assert "Ben for Ann" not in client.get("/account").text
    assert post_to(ann, "/account/stand-in", found[1]) == 404
    assert post_to(ann, "/account/stand-in", "nonsense") == 404


def test_the_sign_in_of_a_stand_in_ends_with_the_delegation(app: Flask, client: FlaskClient) -> None:
    with time_machine.travel(NOON, tick=False) as moved:
        ann = person("ann@example.com", Role.APPROVER, organisation="Acme")
        ben = person("ben@example.com", Role.HIRING_MANAGER, organisation="Acme")
        made = away(ann, ben, Role.APPROVER)
        made.ends_at = clock.now() + dt.timedelta(hours=1)
        session().commit()
        sign_in(client, "ben@example.com")
        post_to(client, "/account/stand-in", str(made.id))
        assert client.get("/permits").status_code == 200
        moved.shift(3601)
        assert client.get("/permits").status_code == 302
        second = away(ann, ben, Role.APPROVER)
        sign_in(client, "ben@example.com")
        post_to(client, "/account/stand-in", str(second.id))
        other = app.test_client()
        sign_in(other, "ann@example.com")
        assert post_to(other, "/account/absence/end", str(second.id)) == 303
        assert client.get("/permits").status_code == 302
        assert actions()[-1] == "delegation.ended"


def test_a_delegation_is_ended_by_its_two_people_only(app: Flask) -> None:
    del app  # As above.
    ann, ben = person("ann@example.com", Role.REVIEWER), person("ben@example.com", Role.REVIEWER)
    eve = person("eve@example.com", Role.REVIEWER)
    made = away(ann, ben, Role.REVIEWER)
    with pytest.raises(DirectoryError, match="two people"):
        delegation.end(made, directory.actor_for(eve))
    delegation.end(made, directory.actor_for(ben))
    assert not delegation.is_live(made)


def test_staff_declare_a_conflict_once_and_others_end_it(client: FlaskClient) -> None:
    rita, lea = person("rita@example.com", Role.REVIEWER), person("lea@example.com", Role.TEAM_LEAD)
    mona = person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    sign_in(client, "rita@example.com")
    set_up_second_factor(client)
    assert post(client, "/account/conflicts", whom="Nobody Ltd", reason="cousin").status_code == 422
    assert post(client, "/account/conflicts", whom="rita@example.com", reason="me").status_code == 422
    assert post(client, "/account/conflicts", whom="acme", reason="shares").status_code == 303
    assert post(client, "/account/conflicts", whom="Acme", reason="shares").status_code == 422
    assert post(client, "/account/conflicts", whom="mona@example.com", reason="cousin").status_code == 303
    assert "Mona" in client.get("/account/conflicts").text
    assert mona.id in directory.actor_for(rita).conflicts
    conflict, _name = conflicts.of(rita.id)[0]
    with pytest.raises(DirectoryError, match="other than yourself"):
        conflicts.withdraw(conflict, directory.actor_for(rita), "sold")
    conflicts.withdraw(conflict, directory.actor_for(lea), "sold")
    assert directory.actor_for(rita).conflicts == {mona.id}
    assert actions()[-1] == "conflict.withdrawn"


def test_a_client_declares_no_conflicts(client: FlaskClient) -> None:
    mona = person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    with pytest.raises(DirectoryError, match="own people"):
        conflicts.declare(directory.actor_for(mona), "Acme", "it is mine")
    sign_in(client, "mona@example.com")
    assert "<form" not in client.get("/account/conflicts").text.partition("<main")[2]


def test_the_reason_of_a_conflict_can_be_erased_from_the_record(app: Flask) -> None:
    del app  # As above.
    rita = person("rita@example.com", Role.REVIEWER)
    directory.add_organisation("Acme", SYSTEM_ACTOR)
    conflicts.declare(directory.actor_for(rita), "Acme", "my cousin works there")
    session().commit()
    entry = session().scalar(sa.select(AuditEvent.entry).where(AuditEvent.action == "conflict.declared"))
    assert entry is not None
    assert "cousin" not in entry


def test_an_actor_without_a_person_declares_and_hands_on_nothing(app: Flask) -> None:
    del app  # As above.
    assert delegation.delegable(Actor(None, "Service", type="service")) == []


def post_to(client: FlaskClient, address: str, which: str) -> int:
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/account").text)
    assert token is not None
    return client.post(address, data={"csrf_token": token[1], "which": which}).status_code
