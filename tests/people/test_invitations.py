import datetime as dt
import hashlib
import re
import threading

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from compliance.audit.models import AuditEvent
from compliance.authz import SYSTEM_ACTOR, Actor, Role
from compliance.engine import run
from compliance.engine.case import Case
from compliance.kernel.db import session, table
from compliance.kernel.ids import as_id
from compliance.people import confirmations, directory, invitations
from compliance.people.directory import DirectoryError
from compliance.people.models import Invitation, Organisation, Person, RoleGrant, RoleProposal
from tests import make
from tests.offer.scene import TERMS, UNCHARTED
from tests.people.scene import NOON, PASSWORD, actions, browsing, mailed_path, mails, person, post, sign_in

GONE = "This link opens nothing"
NEW = {"name": "Nell Hart", "password": PASSWORD}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def ines(app: Flask) -> Person:
    del app  # Asked for so that the database is there.
    return person("ines@example.com", Role.ACCOUNT_ADMIN, organisation="Acme")


def acme() -> Organisation:
    return directory.organisation("Acme", SYSTEM_ACTOR)


def invite(by: Person, *roles: Role, email: str = "nell@example.com") -> str:
    invitations.send(email, "Nell", browsing(by), roles=roles or (Role.VIEWER,), organisation=acme())
    session().commit()
    return mailed_path()


def waits() -> str:
    (found,) = invitations.waiting(acme().id)
    session().commit()  # An open transaction of the test would hold up the next request.
    return str(found.id)


def held(email: str) -> list[str]:
    query = sa.select(RoleGrant.role).join(Person, Person.id == RoleGrant.person_id)
    found = session().scalars(query.where(Person.email == email, RoleGrant.ended_at.is_(None))).all()
    session().commit()
    return sorted(found)


def test_whoever_is_invited_joins_with_the_roles_of_the_invitation_and_is_signed_in(
    client: FlaskClient, ines: Person
) -> None:
    path = invite(ines, Role.HIRING_MANAGER, Role.APPROVER)
    assert "Nell" in client.get(path).text
    assert post(client, path, **NEW).location == "/login/second-factor"
    assert client.get("/permits").status_code == 200
    assert held("nell@example.com") == ["approver", "hiring_manager"]
    came = ["person.created", "invitation.accepted", "role.given", "role.given", "person.signed_in"]
    assert actions()[-6:] == ["invitation.sent", *came]
    assert sign_in(client, "nell@example.com").status_code == 303


def test_the_mail_goes_to_the_address_invited_and_only_its_hash_is_kept(ines: Person) -> None:
    token = invite(ines).removeprefix("/invite/")
    (mail,) = mails()
    assert mail.address == "nell@example.com"
    assert mail.subject == "Ines invites you to Countersign"
    assert "Acme" in mail.text
    assert token not in mail.subject
    kept = session().execute(sa.select(table(Invitation))).one()
    assert kept.token_hash == hashlib.sha256(token.encode()).digest()
    assert token not in str(kept)
    assert token not in "".join(session().scalars(sa.select(AuditEvent.entry)))


def test_the_link_is_made_from_the_settings_whatever_host_a_request_names(client: FlaskClient, ines: Person) -> None:
    client.get("/login", headers={"Host": "evil.example"})
    invite(ines)
    assert "evil.example" not in mails()[-1].text


def test_used_revoked_expired_and_made_up_links_get_one_and_the_same_page(app: Flask, ines: Person) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        used, revoked, late = (invite(ines, email=f"{name}@example.com") for name in ("used", "revoked", "late"))
        post(app.test_client(), used, **NEW)
        found = session().scalars(sa.select(Invitation).where(Invitation.email == "revoked@example.com")).one()
        invitations.revoke(found, browsing(ines))
        session().commit()
        answers = [app.test_client().get(path) for path in (used, revoked, "/invite/made-up", "/invite/%00%ff")]
        clock.shift(dt.timedelta(days=7))
        answers.append(app.test_client().get(late))
    assert {answer.status_code for answer in answers} == {410}
    assert {without_token(answer.text) for answer in answers} == {without_token(answers[0].text)}
    assert GONE in answers[0].text


def without_token(page: str) -> str:
    lines = [line for line in page.splitlines(keepends=True) if "csrf_token" not in line and "next" not in line]
    return re.sub(r"Request <code>\w+</code>", "", "".join(lines))


def test_an_invitation_sent_again_has_a_new_link_and_the_old_one_is_dead(client: FlaskClient, ines: Person) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        old = invite(ines)
        clock.shift(dt.timedelta(days=8))
        invitations.send_again(session().get_one(Invitation, as_id(waits())), browsing(ines))
        session().commit()
        assert client.get(old).status_code == 410
        assert post(client, mailed_path(), **NEW).status_code == 303


def test_weak_passwords_and_empty_names_are_refused_and_the_name_typed_is_kept(
    client: FlaskClient, ines: Person
) -> None:
    path = invite(ines)
    for fields in ({"name": "Nelly", "password": "nineboats"}, {"name": "Nelly", "password": "acme acme acme acme"}):
        refused = post(client, path, **fields)
        assert refused.status_code == 422
        assert "Nelly" in refused.text
        assert fields["password"] not in refused.text
    assert post(client, path, name="", password=PASSWORD).status_code == 422
    assert directory.find("nell@example.com") is None


def test_somebody_with_an_account_signs_in_first_and_gets_the_roles_added(app: Flask, ines: Person) -> None:
    mona = person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    path = invite(ines, Role.APPROVER, email="mona@example.com")
    client = app.test_client()
    page = client.get(path).text
    assert "There is an account for" in page
    assert "next=/account/invitations" in page
    assert post(client, path, **NEW).status_code == 200
    assert held("mona@example.com") == ["hiring_manager"]
    other = app.test_client()
    for browser in (client, other):
        sign_in(browser, mona.email)
    accepted = post(client, "/account/invitations", which=waits())
    assert accepted.status_code == 303
    assert held("mona@example.com") == ["approver", "hiring_manager"]
    assert client.get("/permits").status_code == 200
    assert other.get("/permits").status_code == 302
    assert "Nobody waits" in client.get("/account/invitations").text


def test_nobody_accepts_the_invitation_of_somebody_else(client: FlaskClient, ines: Person) -> None:
    person("eve@example.com", Role.VIEWER, organisation="Brightwell")
    invite(ines, Role.APPROVER)
    sign_in(client, "eve@example.com")
    for which in (waits(), "made-up", ""):
        assert post(client, "/account/invitations", which=which).status_code == 404
    assert held("eve@example.com") == ["viewer"]


def test_the_same_invitation_accepted_twice_at_once_makes_one_account(app: Flask, ines: Person) -> None:
    path = invite(ines, Role.HIRING_MANAGER)
    browsers = [app.test_client() for _ in range(4)]
    tokens = [
        browser.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0] for browser in browsers
    ]
    gate, answers = threading.Barrier(len(browsers)), []

    def join(browser: FlaskClient, token: str) -> None:
        gate.wait()
        answers.append(browser.post(path, data={"csrf_token": token, **NEW}).status_code)

    threads = [threading.Thread(target=join, args=pair) for pair in zip(browsers, tokens, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 410, 410, 410]
    assert held("nell@example.com") == ["hiring_manager"]
    assert actions().count("person.created") == 2  # Ines and Nell.


def test_two_invitations_to_one_address_accepted_at_once_make_one_account(app: Flask, ines: Person) -> None:
    person("otto@example.com", Role.ACCOUNT_ADMIN, organisation="Brightwell")
    paths = [invite(ines)]
    invitations.send(
        "nell@example.com", "Nell", SYSTEM_ACTOR, roles=[Role.VIEWER],
        organisation=directory.organisation("Brightwell", SYSTEM_ACTOR),
    )  # fmt: skip
    session().commit()
    paths.append(mailed_path())
    gate, answers = threading.Barrier(2), []

    def join(path: str) -> None:
        browser = app.test_client()
        token = browser.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0]
        gate.wait()
        answers.append(browser.post(path, data={"csrf_token": token, **NEW}).status_code)

    threads = [threading.Thread(target=join, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) in ([200, 303], [303, 422])
    assert actions().count("person.created") == 3


def test_guesses_at_links_are_limited_and_the_limit_passes(client: FlaskClient, ines: Person) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        path = invite(ines)
        assert [client.get(f"/invite/guess-{n}").status_code for n in range(11)] == [410] * 10 + [429]
        assert client.get(path).status_code == 429
        clock.shift(301)
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("name", ["Nell\r\nBcc: all@example.com", "Nell\nBcc: x", "Nell\x00", "Nell\u2028Bcc: x"])
def test_no_name_forges_a_header_or_a_line(ines: Person, name: str) -> None:
    invitations.send("nell@example.com", name, browsing(ines), roles=[Role.VIEWER], organisation=acme())
    session().commit()
    (mail,) = mails()
    assert "\n" not in mail.subject
    assert mail.text.startswith("Hello Nell")
    assert "\nBcc" not in mail.text


@pytest.mark.parametrize(
    "email",
    ["", "nell", "a@b@c.org", "nell@example.com\nBcc: x@example.com", "nell @example.com", "x" * 250 + "@x.org"],
)
def test_what_is_no_address_is_not_invited(ines: Person, email: str) -> None:
    with pytest.raises(DirectoryError, match="not an e-mail address"):
        invitations.send(email, "Nell", browsing(ines), roles=[Role.VIEWER], organisation=acme())
    assert mails() == []


@pytest.mark.parametrize("name", ["", " \n", "x" * 121, "Win at https://evil.example", "www.evil.example"])
def test_what_is_no_name_is_not_invited(ines: Person, name: str) -> None:
    with pytest.raises(DirectoryError, match="Enter a name"):
        invitations.send("nell@example.com", name, browsing(ines), roles=[Role.VIEWER], organisation=acme())


def test_nobody_gives_what_they_may_not(ines: Person) -> None:
    other = directory.organisation("Brightwell", SYSTEM_ACTOR)
    psm = person("pam@example.com", Role.PROGRAM_SUCCESS_MANAGER)
    mona = person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    for by, role, place in (
        (ines, Role.VIEWER, other),
        (ines, Role.REVIEWER, None),
        (ines, Role.REVIEWER, acme()),
        (ines, Role.AGENCY_OWNER, acme()),
        (psm, Role.REVIEWER, None),
        (psm, Role.ADMINISTRATOR, None),
        (mona, Role.VIEWER, acme()),
    ):
        with pytest.raises(DirectoryError):
            invitations.send("nell@example.com", "Nell", browsing(by), roles=[role], organisation=place)
    for by in (ines, psm, person("ada@example.com", Role.ADMINISTRATOR)):
        name = by.email.partition("@")[0]
        invitations.send(f"for-{name}@example.com", "Nell", browsing(by), roles=[Role.VIEWER], organisation=acme())


def test_an_invitation_needs_a_role_another_person_and_waits_once(ines: Person) -> None:
    for email, roles, words in (
        ("nell@example.com", [], "at least one role"),
        ("ines@example.com", [Role.VIEWER], "to themselves"),
    ):
        with pytest.raises(DirectoryError, match=words):
            invitations.send(email, "Nell", browsing(ines), roles=roles, organisation=acme())
    invite(ines)
    with pytest.raises(DirectoryError, match="waits already"):
        invite(ines)


def test_an_invitation_is_worth_what_its_sender_may_give_when_it_is_accepted(client: FlaskClient, ines: Person) -> None:
    path = invite(ines)
    assert client.get(path).status_code == 200
    person("otto@example.com", Role.ACCOUNT_ADMIN, organisation="Acme")
    grant = session().scalars(sa.select(RoleGrant).where(RoleGrant.person_id == ines.id)).one()
    directory.end_role(grant, SYSTEM_ACTOR)
    session().commit()
    assert client.get(path).status_code == 410


def test_an_invitation_of_somebody_disabled_or_to_somebody_disabled_opens_nothing(
    client: FlaskClient, ines: Person
) -> None:
    path = invite(ines)
    ines.active = False
    session().commit()
    assert client.get(path).status_code == 410
    ines.active = True
    person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme").active = False
    assert client.get(invite(ines, email="mona@example.com")).status_code == 410


def test_no_more_than_two_hundred_invitations_wait(ines: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MOST", 2)
    for n in range(2):
        invite(ines, email=f"n{n}@example.com")
    with pytest.raises(DirectoryError, match="2 invitations wait already"):
        invite(ines, email="n3@example.com")


def test_who_becomes_an_administrator_by_invitation_waits_for_a_second_one(client: FlaskClient, ines: Person) -> None:
    otto = person("otto@example.com", Role.ACCOUNT_ADMIN, organisation="Acme")
    post(client, invite(ines, Role.ACCOUNT_ADMIN, Role.VIEWER), **NEW)
    assert held("nell@example.com") == ["viewer"]
    proposal = session().scalars(sa.select(RoleProposal)).one()
    nell = session().get_one(Person, proposal.person_id)
    for nobody in (ines, nell, person("eve@example.com", Role.ACCOUNT_ADMIN, organisation="Brightwell")):
        with pytest.raises(DirectoryError):
            confirmations.confirm(proposal, browsing(nobody))
        session().rollback()
    confirmations.confirm(session().get_one(RoleProposal, proposal.id), browsing(otto))
    session().commit()
    assert held("nell@example.com") == ["account_admin", "viewer"]
    assert client.get("/permits").status_code == 302
    assert "role.proposed" in actions()
    assert actions()[-1] == "role.given"


def test_without_a_second_administrator_one_of_the_programme_confirms(ines: Person) -> None:
    mona = person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    made = confirmations.give(mona, Role.FINANCE_ADMIN, browsing(ines), acme(), reason="budget")
    assert isinstance(made, RoleProposal)
    with pytest.raises(DirectoryError, match="waits for its confirmation"):
        confirmations.give(mona, Role.FINANCE_ADMIN, browsing(ines), acme())
    confirmations.confirm(made, browsing(person("ada@example.com", Role.ADMINISTRATOR)))
    assert held(mona.email) == ["finance_admin", "hiring_manager"]
    with pytest.raises(DirectoryError, match="there already"):
        confirmations.give(mona, Role.FINANCE_ADMIN, browsing(ines), acme())
    with pytest.raises(DirectoryError, match="settled already"):
        confirmations.refuse(made, browsing(ines))


def test_the_first_administrator_of_a_client_needs_no_second_and_the_next_one_does(app: Flask) -> None:
    del app
    ada = person("ada@example.com", Role.ADMINISTRATOR)
    first, second = person("first@example.com"), person("second@example.com")
    assert isinstance(confirmations.give(first, Role.ACCOUNT_ADMIN, browsing(ada), acme()), RoleGrant)
    waits = confirmations.give(second, Role.ACCOUNT_ADMIN, browsing(ada), acme())
    assert isinstance(waits, RoleProposal)
    with pytest.raises(DirectoryError, match="second administrator"):
        confirmations.confirm(waits, browsing(ada))
    with pytest.raises(DirectoryError, match="second administrator"):
        directory.give_role(second, Role.ACCOUNT_ADMIN, browsing(ada), acme())


def test_a_proposal_refused_gives_nothing_and_is_on_record(ines: Person) -> None:
    mona = person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")
    made = confirmations.give(mona, Role.ACCOUNT_ADMIN, browsing(ines), acme())
    assert isinstance(made, RoleProposal)
    confirmations.refuse(made, browsing(ines))
    session().commit()
    assert held(mona.email) == ["hiring_manager"]
    assert confirmations.waiting(acme().id) == []
    assert actions()[-2:] == ["role.proposed", "role.refused"]


def test_nobody_proposes_themselves_or_a_raised_role_for_one_team(ines: Person) -> None:
    with pytest.raises(DirectoryError, match="themselves"):
        confirmations.give(ines, Role.FINANCE_ADMIN, browsing(ines), acme())


def test_a_freelancer_without_an_account_is_invited_when_the_offer_is_submitted(client: FlaskClient) -> None:
    client_side = make.organisation("Acme")
    mona = make.actor("Mona", Role.HIRING_MANAGER, at=client_side)
    with time_machine.travel(dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC), tick=False):
        first, second = (submitted_offer(mona, client_side) for _ in range(2))
    fay = directory.find("fay@example.com")
    assert fay is not None
    assert first.worker_id == second.worker_id == fay.id
    assert len(mails()) == 1
    assert "offer of work" in mails()[0].text
    session().commit()
    with time_machine.travel(dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC), tick=False):
        assert post(client, mailed_path(), name="Fay Kirk", password=PASSWORD).status_code == 303
        assert client.get(f"/offers/{second.reference}").status_code == 200
    session().refresh(fay)
    assert fay.name == "Fay Kirk"


def submitted_offer(by: Actor, at: Organisation) -> Case:
    opened = run.open_case("offer", by, {**TERMS, **UNCHARTED}, organisation_id=at.id).case
    submitted = run.fire("offer", opened.reference, "submit", by).case
    session().commit()
    return submitted


def test_a_freelancer_is_invited_again_only_after_the_invitation_ran_out(app: Flask) -> None:
    del app
    with time_machine.travel(NOON, tick=False) as clock:
        for days in (0, 6, 2, 1):
            clock.shift(dt.timedelta(days=days))
            invitations.invite_worker("Fay@Example.com", "https://evil.example", SYSTEM_ACTOR)
            session().commit()
    assert len(mails()) == 2
    fay = directory.find("fay@example.com")
    assert fay is not None
    assert fay.name == "fay"
