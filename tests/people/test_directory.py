import pytest

from compliance.authz import SYSTEM_ACTOR, Actor, Role
from compliance.kernel.db import session
from compliance.kernel.ids import new_id
from compliance.people import directory, passwords
from compliance.people.models import RoleGrant, Team

pytestmark = pytest.mark.usefixtures("app")


def test_a_role_in_a_team_reaches_the_teams_below_it_and_no_other() -> None:
    acme = directory.add_organisation("Acme", SYSTEM_ACTOR)
    top, below, beside = (Team(id=new_id(), organisation_id=acme.id, name=name) for name in ("Top", "Below", "Beside"))
    below.parent_id = top.id
    session().add_all([top, beside])
    session().flush()
    session().add(below)
    mona = directory.add_person("mona@example.com", "Mona", SYSTEM_ACTOR)
    given = directory.give_role(mona, Role.HIRING_MANAGER, SYSTEM_ACTOR, acme)
    session().get_one(RoleGrant, given.id).team_id = top.id
    session().flush()
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


@pytest.mark.parametrize(
    "password",
    [
        "too short",
        "x" * 129,
        "password password",
        "qwertyqwertyqwerty",
        "aaaaaaaaaaaaaaaa",
        "countersign2026!",
        "abcdefghijklmnop",
    ],
)
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(passwords.PasswordError):
        passwords.check(password, second_factor=False)


@pytest.mark.parametrize(
    "password",
    ["seven tin boats go north", "Zwölf Boxkämpfer jagen", "é" * 3 + "🚢 boats and 🚀 rockets", "tin boat" * 15],
)
def test_long_passwords_of_any_characters_work(password: str) -> None:
    stored = passwords.hashed(passwords.check(password, second_factor=False))
    assert passwords.matches(stored, password)
    assert not passwords.matches(stored, password + "x")
    assert not passwords.matches(None, password)


def test_a_second_factor_allows_a_shorter_password() -> None:
    assert passwords.check("tin boat", second_factor=True) == "tin boat"
