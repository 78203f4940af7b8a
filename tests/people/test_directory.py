import pytest

from compliance.authz import SYSTEM_ACTOR, Actor, Role
from compliance.kernel.db import session
from compliance.kernel.ids import new_id
from compliance.people import directory
from compliance.people.models import Team

pytestmark = pytest.mark.usefixtures("app")


def test_a_role_in_a_team_reaches_the_teams_below_it_and_no_other() -> None:
    acme = directory.add_organisation("Acme", SYSTEM_ACTOR)
    top, below, beside = (Team(id=new_id(), organisation_id=acme.id, name=name) for name in ("Top", "Below", "Beside"))
    below.parent_id = top.id
    session().add_all([top, beside])
    session().flush()
    session().add(below)
    mona = directory.add_person("mona@example.com", "Mona", SYSTEM_ACTOR)
    directory.give_role(mona, Role.HIRING_MANAGER, SYSTEM_ACTOR, acme, top)
    (grant,) = directory.actor_for(mona).grants
    assert grant.team_ids == frozenset({top.id, below.id})


@pytest.mark.parametrize("email", ["", "mona", "@x", "x@", "a@b@c", "x" * 250 + "@x.org"])
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(directory.DirectoryError, match="not an e-mail address"):
        directory.add_person(email, "Mona", SYSTEM_ACTOR)


def test_one_address_is_one_person() -> None:
    directory.add_person("mona@example.com", "Mona", SYSTEM_ACTOR)
    with pytest.raises(directory.DirectoryError, match="already signs in"):
        directory.add_person(" MONA@example.com", "Other", SYSTEM_ACTOR)


def test_roles_are_given_where_they_belong_and_never_to_oneself() -> None:
    mona = directory.add_person("mona@example.com", "Mona", SYSTEM_ACTOR)
    acme = directory.add_organisation("Acme", SYSTEM_ACTOR)
    with pytest.raises(directory.DirectoryError, match="without an organisation"):
        directory.give_role(mona, Role.REVIEWER, SYSTEM_ACTOR, acme)
    with pytest.raises(directory.DirectoryError, match="name it"):
        directory.give_role(mona, Role.HIRING_MANAGER, SYSTEM_ACTOR)
    with pytest.raises(directory.DirectoryError, match="to themselves"):
        directory.give_role(mona, Role.REVIEWER, Actor(mona.id, "Mona"))


def test_roles_belong_to_kinds_of_organisations_and_teams_to_theirs() -> None:
    mona = directory.add_person("mona@example.com", "Mona", SYSTEM_ACTOR)
    acme = directory.add_organisation("Acme", SYSTEM_ACTOR)
    studio = directory.add_organisation("Studio", SYSTEM_ACTOR, kind="agency")
    team = Team(id=new_id(), organisation_id=studio.id, name="Design")
    with pytest.raises(directory.DirectoryError, match="this kind"):
        directory.give_role(mona, Role.HIRING_MANAGER, SYSTEM_ACTOR, studio)
    with pytest.raises(directory.DirectoryError, match="this kind"):
        directory.give_role(mona, Role.AGENCY_OWNER, SYSTEM_ACTOR, acme)
    with pytest.raises(directory.DirectoryError, match="another organisation"):
        directory.give_role(mona, Role.HIRING_MANAGER, SYSTEM_ACTOR, acme, team)


def test_a_role_is_given_once_and_ended_by_those_who_may_only() -> None:
    acme, other = (directory.add_organisation(name, SYSTEM_ACTOR) for name in ("Acme", "Brightwell"))
    ines, mona = (directory.add_person(f"{n}@example.com", n.title(), SYSTEM_ACTOR) for n in ("ines", "mona"))
    last = directory.give_role(ines, Role.ACCOUNT_ADMIN, SYSTEM_ACTOR, acme)
    admin = directory.actor_for(ines)
    given = directory.give_role(mona, Role.HIRING_MANAGER, admin, acme)
    for refused, place in ((Role.HIRING_MANAGER, acme), (Role.HIRING_MANAGER, other), (Role.REVIEWER, None)):
        with pytest.raises(directory.DirectoryError):
            directory.give_role(mona, refused, admin, place)
    with pytest.raises(directory.DirectoryError, match="Only an administrator"):
        directory.end_role(given, directory.actor_for(mona))
    directory.end_role(given, admin, "left the company")
    assert directory.actor_for(mona).grants == frozenset()
    with pytest.raises(directory.DirectoryError, match="ended already"):
        directory.end_role(given, admin)
    with pytest.raises(directory.DirectoryError, match="last administrator"):
        directory.end_role(last, SYSTEM_ACTOR)


def test_people_are_found_by_role_in_their_own_organisation_and_staff_everywhere() -> None:
    acme, other = (directory.add_organisation(name, SYSTEM_ACTOR) for name in ("Acme", "Brightwell"))
    ann, eve, rita, gone, left = (
        directory.add_person(f"{n}@example.com", n.title(), SYSTEM_ACTOR)
        for n in ("ann", "eve", "rita", "gone", "left")
    )
    for who, role, place in (
        (ann, Role.APPROVER, acme),
        (ann, Role.HIRING_MANAGER, acme),
        (eve, Role.APPROVER, other),
        (rita, Role.REVIEWER, None),
        (gone, Role.APPROVER, acme),
    ):
        directory.give_role(who, role, SYSTEM_ACTOR, place)
    directory.end_role(directory.give_role(left, Role.APPROVER, SYSTEM_ACTOR, acme), SYSTEM_ACTOR)
    gone.active = False
    asked = {Role.APPROVER, Role.HIRING_MANAGER, Role.REVIEWER}
    assert directory.people_with(asked, acme.id) == [ann, rita]
    assert directory.people_with({Role.APPROVER}, other.id) == [eve]
    assert directory.people_with(asked, None) == [rita]
    assert directory.people_with({Role.AUDITOR}, acme.id) == []
    assert directory.people_with((), acme.id) == []


def test_a_role_in_a_team_is_found_for_that_team_and_those_below_only() -> None:
    acme, other = (directory.add_organisation(name, SYSTEM_ACTOR) for name in ("Acme", "Brightwell"))
    top, below, beside = (Team(id=new_id(), organisation_id=acme.id, name=name) for name in ("Top", "Below", "Beside"))
    session().add_all([top, beside])
    session().flush()
    below.parent_id = top.id
    session().add(below)
    session().flush()
    whole, part = (directory.add_person(f"{n}@example.com", n.title(), SYSTEM_ACTOR) for n in ("whole", "part"))
    directory.give_role(whole, Role.APPROVER, SYSTEM_ACTOR, acme)
    directory.give_role(part, Role.APPROVER, SYSTEM_ACTOR, acme, top)
    for team in (top, below):
        assert directory.people_with({Role.APPROVER}, acme.id, team.id) == [part, whole]
    for organisation, team_id, found in ((acme, beside.id, [whole]), (acme, None, [whole]), (other, top.id, [])):
        assert directory.people_with({Role.APPROVER}, organisation.id, team_id) == found
