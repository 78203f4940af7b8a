import datetime as dt
import re
import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from compliance.audit.models import AuditEvent
from compliance.authz import SYSTEM_ACTOR, Role
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people import confirmations, directory, invitations, organisations, tokens
from compliance.people.models import Organisation, Person, RoleGrant, RoleProposal, Team
from tests.people.scene import PASSWORD, actions, browsing, mails, person, post, set_up_second_factor, sign_in
from tests.web.conftest import check_page

Enter = Callable[[Person], FlaskClient]
ADMINISTERING = {"administration", "organisations", "persons", "inviting"}
UNKNOWN = str(uuid.UUID(int=7))


@pytest.fixture
def enter(app: Flask) -> Enter:
    """Return a way to sign somebody in, second factor and all."""

    entered: dict[str, FlaskClient] = {}

    def signed_in(somebody: Person) -> FlaskClient:
        if somebody.email not in entered:
            client = entered[somebody.email] = app.test_client()
            sign_in(client, somebody.email)
            set_up_second_factor(client)
        return entered[somebody.email]

    return signed_in


@pytest.fixture
def ada(app: Flask) -> Person:
    del app  # Asked for so that the database is there.
    return person("ada@example.com", Role.ADMINISTRATOR)


@pytest.fixture
def ines(app: Flask) -> Person:
    del app  # As above.
    return person("ines@example.com", Role.ACCOUNT_ADMIN, organisation="Acme")


@pytest.fixture
def mona(ines: Person) -> Person:
    del ines  # Who administers the organisation comes first.
    return person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")


def place(name: str) -> Organisation:
    found = directory.organisation(name, SYSTEM_ACTOR)
    session().commit()
    return found


def grant_of(somebody: Person, role: Role) -> RoleGrant:
    query = sa.select(RoleGrant).where(RoleGrant.person_id == somebody.id, RoleGrant.role == role.value)
    found = session().scalars(query.execution_options(populate_existing=True)).one()
    session().commit()
    return found


def again(row: object) -> None:
    """Read a row as it is now, and hold up nobody."""
    session().refresh(row)
    session().commit()


def without_tokens(page: str) -> str:
    return re.sub(r'name="(csrf_token|next)" value="[^"]*"', "", page)


@pytest.mark.slow
def test_every_page_is_for_its_keepers_and_says_nothing_about_others(
    app: Flask, enter: Enter, ada: Person, ines: Person, mona: Person
) -> None:
    otto = person("otto@example.com", Role.ACCOUNT_ADMIN, organisation="Brightwell")
    pam, rita = person("pam@example.com", Role.PROGRAM_SUCCESS_MANAGER), person("rita@example.com", Role.REVIEWER)
    acme, other = place("Acme"), place("Brightwell")
    team = organisations.add_team(acme, SYSTEM_ACTOR, "Design", None)
    theirs = organisations.add_team(other, SYSTEM_ACTOR, "Sales", None)
    session().commit()
    own = {
        "organisation": acme.id, "person": mona.id, "grant": grant_of(mona, Role.HIRING_MANAGER).id,
        "team": team.id, "step": "disable",
    }  # fmt: skip
    foreign = {
        "organisation": other.id, "person": otto.id, "grant": grant_of(otto, Role.ACCOUNT_ADMIN).id,
        "team": theirs.id, "step": "made-up",
    }  # fmt: skip
    rules = [r for r in app.url_map.iter_rules() if r.endpoint.partition(".")[0] in ADMINISTERING]
    assert len(rules) > 20
    readers = {"ada": enter(ada), "ines": enter(ines), "pam": enter(pam), "rita": enter(rita)}
    readers["mona"], readers["stranger"] = app.test_client(), app.test_client()
    sign_in(readers["mona"], mona.email)
    nowhere = without_tokens(readers["ines"].get("/admin-made-up").text)
    count = 0
    for rule in rules:
        good = {name: str(own[name]) for name in rule.arguments}
        tries = [(good, True)]
        for name in rule.arguments:
            tries += [({**good, name: bad}, False) for bad in (str(foreign[name]), UNKNOWN, "x'\"", "%00", "9" * 400)]
        for values, right in tries:
            path = rule.rule
            for name, value in values.items():
                path = path.replace(f"<{name}>", value)
            for who, client in readers.items():
                if not right and who in {"mona", "rita", "stranger"}:
                    continue  # They are refused before anything is looked up.
                answer = client.get(path)
                count += 1
                expected = status(rule.rule, who, right=right)
                told = f"{who} {path}"
                if who == "ada" and not right:
                    # An administrator sees every organisation: what others own is found there, and nowhere else.
                    assert answer.status_code in {200, 404}, told
                else:
                    assert answer.status_code in expected, told
                if answer.status_code == 200:
                    check_page(answer.text)
                if answer.status_code == 404 and who == "ines":
                    assert without_tokens(answer.text) == nowhere
    assert count > 400


def status(rule: str, who: str, *, right: bool) -> set[int]:
    if who == "stranger":
        return {302}
    if who in {"mona", "rita"}:
        return {403}
    if who == "ada":
        return {200, 302} if rule == "/organisation" else {200}
    if rule.startswith("/admin"):
        setting_up = rule in {"/admin/organisations", "/admin/organisations/new"}
        return {200} if who == "pam" and setting_up else {403}
    if who == "pam":
        helps = rule.endswith(("/invite", "/invitations", "<organisation>")) or rule == "/organisation"
        return ({200, 302} if right else {200, 404}) if helps else {403}
    return {200, 302} if right else {404}


def test_what_is_posted_to_the_organisation_of_others_changes_nothing(enter: Enter, ines: Person, mona: Person) -> None:
    otto = person("otto@example.com", Role.ACCOUNT_ADMIN, organisation="Brightwell")
    eve = person("eve@example.com", Role.VIEWER, organisation="Brightwell")
    other, before = place("Brightwell"), len(actions())
    client = enter(ines)
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/account").text)
    assert token is not None
    base, grant = f"/organisation/{other.id}", grant_of(eve, Role.VIEWER)
    for path, fields in (
        (base, {"calendar": "gb", "approval_steps": "1", "reason": "x"}),
        (f"{base}/teams", {"name": "Mine", "team": ""}),
        (f"{base}/invite", {"email": "n@example.com", "name": "N", "roles": "viewer", "team": ""}),
        (f"{base}/people/{eve.id}/give", {"role": "approver", "team": "", "reason": "x"}),
        (f"{base}/people/{eve.id}/end/{grant.id}", {"reason": "x"}),
        (f"{base}/people/{otto.id}/disable", {"reason": "x"}),
        (f"/organisation/{place('Acme').id}/people/{eve.id}/give", {"role": "approver", "team": "", "reason": "x"}),
        (f"/organisation/{place('Acme').id}/people/{mona.id}/end/{grant.id}", {"reason": "x"}),
    ):
        assert client.post(path, data={"csrf_token": token[1], **fields}).status_code == 404
    assert client.post("/admin/invite", data={"csrf_token": token[1]}).status_code == 403
    assert [word for word in actions()[before:] if not word.startswith("person.")] == []


def test_settings_change_with_old_and_new_on_record_and_the_clients_own_only(
    enter: Enter, ada: Person, ines: Person
) -> None:
    acme = place("Acme")
    client, page = enter(ines), f"/organisation/{acme.id}"
    sent = {"calendar": "gb", "approval_steps": "2", "po_required": "y", "reason": "new policy"}
    assert post(client, page, **sent).status_code == 303
    again(acme)
    assert (acme.calendar, acme.approval_steps, acme.po_required, acme.name) == ("gb", 2, True, "Acme")
    assert acme.auto_close is False  # Its box was not ticked.
    event = session().scalars(sa.select(AuditEvent).where(AuditEvent.action == "organisation.changed")).one()
    assert '"calendar":["utc","gb"]' in event.entry
    assert '"auto_close":[true,false]' in event.entry
    assert event.actor_id == str(ines.id)
    session().commit()
    assert post(client, page, **sent).status_code == 422
    for wrong in (
        {"approval_steps": "3"},
        {"calendar": "moon"},
        {"reason": ""},
        {"name": "Mine"},
        {"compliance_enrolled": ""},
    ):
        assert post(client, page, **{**sent, "calendar": "fr", **wrong}).status_code == 422
    again(acme)
    assert acme.calendar == "gb"
    whole = {"name": "Acme Ltd", "calendar": "fr", "approval_steps": "0", "reason": "asked"}
    assert post(enter(ada), page, **whole).status_code == 303
    again(acme)
    assert (acme.name, acme.compliance_enrolled) == ("Acme Ltd", False)


def test_an_administrator_makes_organisations_of_different_names(enter: Enter, ada: Person) -> None:
    client = enter(ada)
    made = post(client, "/admin/organisations/new", name="Brightwell", kind="client", calendar="gb")
    assert made.status_code == 303
    assert "Brightwell" in client.get(made.location).text
    for wrong in ({"name": "brightwell"}, {"name": ""}, {"kind": "programme"}, {"calendar": "moon"}):
        fields = {"name": "Other", "kind": "client", "calendar": "gb", **wrong}
        assert post(client, "/admin/organisations/new", **fields).status_code == 422


def test_teams_form_a_tree_and_are_hidden_rather_than_deleted(enter: Enter, ines: Person) -> None:
    acme, client = place("Acme"), enter(ines)
    page = f"/organisation/{acme.id}/teams"
    assert post(client, page, name="Design", team="").status_code == 303
    top = session().scalars(sa.select(Team)).one()
    session().commit()
    assert post(client, page, name="Web", team=str(top.id)).status_code == 303
    assert [path for _, path, _ in organisations.tree(acme.id)] == ["Design", "Design / Web"]
    session().commit()
    for wrong in ({"name": "design", "team": ""}, {"name": "", "team": ""}, {"name": "New", "team": UNKNOWN}):
        assert post(client, page, **wrong).status_code == 422
    assert post(client, f"{page}/{top.id}", name="Studio", hidden="y").status_code == 303
    assert post(client, f"{page}/{top.id}", name="Studio", hidden="y").status_code == 422
    assert "Studio" in client.get(page).text
    assert f'value="{top.id}"' not in client.get(f"/organisation/{acme.id}/invite").text
    assert post(client, f"{page}/{top.id}", name="Studio").status_code == 303
    assert [word for word in actions() if word.startswith("team.")] == ["team.created"] * 2 + ["team.changed"] * 2


def test_teams_lie_only_so_deep_and_are_only_so_many(ines: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    acme, parent = place("Acme"), None
    for depth in range(organisations.DEEPEST):
        parent = organisations.add_team(acme, browsing(ines), f"Level {depth}", parent)
    with pytest.raises(directory.DirectoryError, match="8 deep"):
        organisations.add_team(acme, browsing(ines), "Too deep", parent)
    monkeypatch.setattr(organisations, "MOST_TEAMS", 8)
    with pytest.raises(directory.DirectoryError, match="at most 8 teams"):
        organisations.add_team(acme, browsing(ines), "Too many", None)


def test_people_are_found_by_name_and_address_a_page_at_a_time(enter: Enter, ada: Person, ines: Person) -> None:
    for n in range(60):
        session().add(
            Person(email=f"n{n}@list.example", name=f"Name {n:02}", created_at=clock.now(), recovery_hashes=[])
        )
    session().commit()
    client = enter(ada)
    first = client.get("/admin/people?q=list.example").text
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following is not None
    second = client.get(following[1].replace("&amp;", "&")).text
    assert "Name 49" in first
    assert "Name 50" not in first
    assert "Name 50" in second
    assert "Name 59" in second
    assert "Nobody here" in client.get("/admin/people?q=%25").text
    assert "Ines" in client.get("/admin/people?q=INES@").text
    for damaged in ("x", "!!!", "eA==", "9" * 4000):
        assert client.get(f"/admin/people?after={damaged}").status_code == 400
    assert "Name 01" not in enter(ines).get(f"/organisation/{place('Acme').id}/people").text


def test_an_account_admin_gives_and_ends_roles_with_a_reason(
    app: Flask, enter: Enter, ines: Person, mona: Person
) -> None:
    acme, client, browser = place("Acme"), enter(ines), app.test_client()
    team = organisations.add_team(acme, SYSTEM_ACTOR, "Design", None)
    session().commit()
    sign_in(browser, mona.email)
    page = f"/organisation/{acme.id}/people/{mona.id}"
    assert post(client, f"{page}/give", role="approver", team=str(team.id), reason="signs").status_code == 303
    assert browser.get("/permits").status_code == 302
    assert "Approver" in client.get(page).text
    assert "Design" in client.get(page).text
    for wrong in ({"role": "reviewer"}, {"role": "approver", "team": str(team.id)}, {"role": "viewer", "reason": ""}):
        fields = {"role": "viewer", "team": "", "reason": "x", **wrong}
        assert post(client, f"{page}/give", **fields).status_code == 422
    for role, goes_to in ((Role.APPROVER, page), (Role.HIRING_MANAGER, f"/organisation/{acme.id}/people")):
        ending = f"{page}/end/{grant_of(mona, role).id}"
        assert post(client, ending, reason="").status_code == 422
        assert post(client, ending, reason="left").location == goes_to
    assert client.get(page).status_code == 404
    assert [word for word in actions() if word.startswith("role.")][-3:] == ["role.given", "role.ended", "role.ended"]


def test_the_last_administrator_stays_and_the_page_says_why(enter: Enter, ada: Person, ines: Person) -> None:
    acme, client = place("Acme"), enter(ada)
    page = f"/organisation/{acme.id}/people/{ines.id}"
    for refused in (
        post(client, f"{page}/end/{grant_of(ines, Role.ACCOUNT_ADMIN).id}", reason="left"),
        post(client, f"{page}/disable", reason="left"),
    ):
        assert refused.status_code == 422
        assert "This is the last administrator there" in refused.text
        assert "left" in refused.text
    again(ines)
    assert ines.active


def test_a_closed_account_loses_sign_ins_tokens_and_links_at_once(
    app: Flask, enter: Enter, ines: Person, mona: Person
) -> None:
    tokens.make(browsing(mona), "nightly", ["permits:read"], dt.timedelta(days=30))
    session().commit()
    browser, client, page = app.test_client(), enter(ines), f"/organisation/{place('Acme').id}/people/{mona.id}"
    sign_in(browser, mona.email)
    assert post(client, f"{page}/disable", reason="left the company").status_code == 303
    assert browser.get("/permits").status_code == 302
    assert sign_in(app.test_client(), mona.email).status_code == 422
    assert tokens.of(mona.id) == []
    session().commit()
    assert "Closed" in client.get(page).text
    assert post(client, f"{page}/disable", reason="again").status_code == 422
    assert post(client, f"{page}/enable", reason="came back").status_code == 303
    assert post(client, f"{page}/enable", reason="again").status_code == 422
    assert browser.get("/permits").status_code == 302
    assert sign_in(browser, mona.email).status_code == 303
    words = [word for word in actions() if word in {"person.disabled", "person.enabled", "token.revoked"}]
    assert words == ["token.revoked", "person.disabled", "person.enabled"]


def test_a_lost_second_factor_is_taken_away_and_set_up_afresh(
    app: Flask, enter: Enter, ada: Person, ines: Person
) -> None:
    rita = person("rita@example.com", Role.REVIEWER)
    client, browser = enter(ada), enter(rita)
    assert post(client, f"/admin/people/{rita.id}/second-factor", reason="lost phone").status_code == 303
    assert browser.get("/queue").status_code == 302
    sign_in(browser, rita.email)
    assert browser.get("/login/second-factor").location == "/account/second-factor"
    assert mails()[-1].address == "rita@example.com"
    assert post(client, f"/admin/people/{rita.id}/second-factor", reason="again").status_code == 422
    assert actions().count("person.second_factor_removed") == 1
    del app, ines


def test_a_client_does_not_close_the_account_of_who_also_works_with_others(
    enter: Enter, ines: Person, mona: Person, ada: Person
) -> None:
    person("otto@example.com", Role.ACCOUNT_ADMIN, organisation="Brightwell")
    directory.give_role(mona, Role.VIEWER, SYSTEM_ACTOR, place("Brightwell"))
    session().commit()
    page = f"/organisation/{place('Acme').id}/people/{mona.id}"
    client = enter(ines)
    for step in ("disable", "second-factor"):
        refused = post(client, f"{page}/{step}", reason="x")
        assert refused.status_code == 422
        assert "also works with others" in refused.text
    assert "Brightwell" not in client.get(page).text
    assert post(enter(ada), f"/admin/people/{mona.id}/disable", reason="x").status_code == 303


def test_nobody_closes_their_own_account_or_gives_themselves_roles(enter: Enter, ada: Person) -> None:
    client, page = enter(ada), f"/admin/people/{ada.id}"
    assert post(client, f"{page}/disable", reason="x").status_code == 422
    assert post(client, f"{page}/second-factor", reason="x").status_code == 422
    assert post(client, f"{page}/give", role="reviewer", reason="x").status_code == 422


def test_what_changes_rights_asks_for_the_password_again(app: Flask, enter: Enter, ines: Person, mona: Person) -> None:
    acme, client = place("Acme"), enter(ines)
    session().execute(sa.text("UPDATE sign_in_session SET proved_at = NULL"))
    session().commit()
    page = f"/organisation/{acme.id}/people/{mona.id}"
    assert client.get(page).status_code == 200
    for path in (
        f"{page}/give", f"{page}/disable", f"{page}/enable", f"{page}/second-factor",
        f"{page}/end/{grant_of(mona, Role.HIRING_MANAGER).id}", f"/organisation/{acme.id}/invite",
    ):  # fmt: skip
        assert client.get(path).location == f"/account/confirm?next={path}"
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/account").text)
    assert token is not None
    for path in ("invitations", "confirmations"):
        asked = client.post(f"/organisation/{acme.id}/{path}", data={"csrf_token": token[1], "again": UNKNOWN})
        assert asked.location.startswith("/account/confirm")
    del app


def test_invitations_are_sent_seen_sent_again_and_revoked(enter: Enter, ines: Person) -> None:
    acme, client = place("Acme"), enter(ines)
    page = f"/organisation/{acme.id}/invitations"
    fields = {"email": "nell@example.com", "name": "Nell", "roles": "viewer", "team": ""}
    assert post(client, f"/organisation/{acme.id}/invite", **fields).location == page
    refused = post(client, f"/organisation/{acme.id}/invite", **fields)
    assert refused.status_code == 422
    assert "waits already" in refused.text
    assert "nell@example.com" in refused.text
    assert post(client, f"/organisation/{acme.id}/invite", **{**fields, "roles": "reviewer"}).status_code == 422
    assert "Nell" in client.get(page).text
    which = re.search(r'name="again" value="([^"]+)"', client.get(page).text)
    assert which is not None
    assert post(client, page, again=which[1]).status_code == 303
    assert len(mails()) == 2
    assert post(client, page, revoke=which[1]).status_code == 303
    for wrong in ({"revoke": which[1]}, {"again": UNKNOWN}, {"again": "x"}, {}):
        assert post(client, page, **wrong).status_code == 404
    assert [w for w in actions() if w.startswith("inv")] == ["invitation.sent", "invitation.sent", "invitation.revoked"]


def test_a_success_manager_brings_the_people_of_clients_in_and_keeps_none(enter: Enter, ines: Person) -> None:
    acme = place("Acme")
    client = enter(person("pam@example.com", Role.PROGRAM_SUCCESS_MANAGER))
    fields = {"email": "nell@example.com", "name": "Nell", "roles": "viewer", "team": ""}
    assert post(client, f"/organisation/{acme.id}/invite", **fields).status_code == 303
    assert client.get(f"/organisation/{acme.id}/people").status_code == 403
    assert client.get("/admin/invite").status_code == 403
    assert client.get("/organisation").location == "/admin/organisations"
    del ines


def test_a_second_administrator_confirms_or_refuses(enter: Enter, ada: Person, ines: Person, mona: Person) -> None:
    acme = place("Acme")
    client, page = enter(ines), f"/organisation/{acme.id}/confirmations"
    give = f"/organisation/{acme.id}/people/{mona.id}/give"
    assert post(client, give, role="account_admin", team="", reason="deputy").status_code == 303
    which = str(session().scalars(sa.select(RoleProposal.id)).one())
    session().commit()
    assert "Take back" in client.get(page).text
    own = post(client, page, confirm=which)
    assert own.status_code == 409
    assert "somebody other" in own.text
    assert post(client, f"/organisation/{place('Brightwell').id}/confirmations", confirm=which).status_code == 404
    assert "1" in enter(ada).get("/admin").text
    assert post(enter(ada), "/admin/confirmations", confirm=which).status_code == 303
    assert post(client, page, refuse=which).status_code == 404
    assert directory.actor_for(mona).holds(Role.ACCOUNT_ADMIN, acme.id)
    session().commit()


def test_a_proposal_of_another_organisation_is_out_of_sight(enter: Enter, ines: Person, mona: Person) -> None:
    otto = person("otto@example.com", Role.ACCOUNT_ADMIN, organisation="Brightwell")
    made = confirmations.give(mona, Role.FINANCE_ADMIN, browsing(ines), place("Acme"))
    assert isinstance(made, RoleProposal)
    session().commit()
    client, page = enter(otto), f"/organisation/{place('Brightwell').id}/confirmations"
    assert post(client, page, confirm=str(made.id)).status_code == 404
    assert "Mona" not in client.get(page).text


def test_who_administers_two_organisations_chooses_and_others_have_none(app: Flask, enter: Enter, ines: Person) -> None:
    client = enter(ines)
    assert client.get("/organisation").location == f"/organisation/{place('Acme').id}"
    directory.give_role(ines, Role.ACCOUNT_ADMIN, SYSTEM_ACTOR, place("Brightwell"))
    session().commit()
    both = app.test_client()
    sign_in(both, ines.email)
    assert both.get("/organisation").status_code == 302
    del client


def test_no_page_shows_a_password_or_its_hash(enter: Enter, ada: Person, mona: Person) -> None:
    client = enter(ada)
    for path in ("/admin/people", f"/admin/people/{mona.id}"):
        page = client.get(path).text
        assert "argon2" not in page
        assert PASSWORD not in page
        assert 'type="password"' not in page


def test_two_administrators_who_leave_at_once_do_not_both(ines: Person) -> None:
    otto = person("otto@example.com", Role.ACCOUNT_ADMIN, organisation="Acme")
    directory.end_role(grant_of(otto, Role.ACCOUNT_ADMIN), SYSTEM_ACTOR)
    with pytest.raises(directory.DirectoryError, match="last administrator"):
        directory.end_role(grant_of(ines, Role.ACCOUNT_ADMIN), SYSTEM_ACTOR)


def test_an_invitation_to_the_desk_comes_from_administrators_only(enter: Enter, ada: Person) -> None:
    client = enter(ada)
    fields = {"email": "rita@example.com", "name": "Rita", "roles": "reviewer"}
    assert post(client, "/admin/invite", **fields).location == "/admin/invitations"
    assert "Rita" in client.get("/admin/invitations").text
    assert [invitation.email for invitation in invitations.waiting(None)] == ["rita@example.com"]
