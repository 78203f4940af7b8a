"""Persons and what they may do: making them, giving roles, and loading an actor."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email

from compliance.audit import events
from compliance.audit.sealed import Sealed
from compliance.audit.vocabulary import Event
from compliance.authz import CLIENT, STAFF, Actor, Grant, Role
from compliance.kernel import clock
from compliance.kernel.db import direct, one_at_a_time, session, table
from compliance.kernel.ids import new_id
from compliance.people import sign_ins
from compliance.people.models import Blindfold, Conflict, Organisation, Person, RoleGrant, RoleProposal, Team

# Roles, conflicts of interest and what somebody must not see in one round trip; a stand-in has the roles of one person
# and the rest of two.
_PERSON, _GRANT, _CONFLICT = table(Person).c, table(RoleGrant).c, table(Conflict).c
_BLINDFOLD: Final = table(Blindfold).c
_CONFLICTED, _BLIND = "conflict", "blind"
_HELD: Final[sa.CompoundSelect[Any]] = sa.union_all(
    sa.select(_GRANT.role, _GRANT.organisation_id.label("at"), _GRANT.team_id).where(
        _GRANT.person_id == sa.bindparam("source"), _GRANT.ended_at.is_(None)
    ),
    sa.select(
        sa.literal(_CONFLICTED),
        sa.func.coalesce(_CONFLICT.organisation_id, _CONFLICT.other_person_id),
        sa.cast(sa.null(), sa.Uuid()),
    ).where(
        sa.or_(_CONFLICT.person_id == sa.bindparam("person"), _CONFLICT.person_id == sa.bindparam("source")),
        _CONFLICT.ended_at.is_(None),
    ),
    sa.select(sa.literal(_BLIND), _BLINDFOLD.case_id, sa.cast(sa.null(), sa.Uuid())).where(
        sa.or_(_BLINDFOLD.person_id == sa.bindparam("person"), _BLINDFOLD.person_id == sa.bindparam("source"))
    ),
)
_CLIENT_ROLES: Final = (
    sa.select(_GRANT.team_id)
    .join(table(Person), _PERSON.id == _GRANT.person_id)
    .where(
        _GRANT.person_id == sa.bindparam("person"),
        _GRANT.organisation_id == sa.bindparam("organisation"),
        sa.or_(*(_GRANT.role == role.value for role in sorted(CLIENT))),
        _GRANT.ended_at.is_(None),
        _PERSON.active,
    )
)
AGENCY: Final = frozenset({Role.AGENCY_OWNER, Role.AGENCY_MEMBER})
# Whoever holds one of these gives rights or moves money: a second administrator agrees before anybody comes to hold it.
RAISED: Final = frozenset({Role.ACCOUNT_ADMIN, Role.FINANCE_ADMIN})
LONGEST_NAME: Final = 120
HOW_TO_BEGIN: Final = (
    "Nobody can sign in yet. Make the first administrator, on this machine: "
    'countersign people add you@example.com "Your Name" --role administrator'
)


class DirectoryError(ValueError):
    """A person, role or organisation that cannot be; the message is for whoever typed it."""


def actor_for(person: Person, absent: Person | None = None, delegated: Collection[str] = ()) -> Actor:
    """Return *person* as an actor with every role held now; a role in a team reaches the teams below it.

    Standing in for *absent*, the actor has the *delegated* ones of the absent person's roles and none of its own, and
    the conflicts of interest of both, and sees nothing that one of them must not. Takes two statements at most.
    """
    source = absent or person
    rows = direct(session(), _HELD, {"source": source.id, "person": person.id}).all()
    held = [row for row in rows if row.role not in {_CONFLICTED, _BLIND}]
    roles = [row for row in held if absent is None or row.role in delegated]
    below = _teams_below({row.at for row in roles if row.team_id})
    return Actor(
        person.id,
        person.name,
        frozenset(
            Grant(Role(row.role), row.at, frozenset(below[row.team_id]) if row.team_id else None) for row in roles
        ),
        stands_for=absent.id if absent else None,
        stands_for_name=absent.name if absent else None,
        conflicts=frozenset(row.at for row in rows if row.role == _CONFLICTED),
        blind_to=frozenset(row.at for row in rows if row.role == _BLIND),
    )


def has_people() -> bool:
    """Tell whether anybody could sign in yet."""
    return session().scalar(sa.select(Person.id).limit(1)) is not None


def find(email: str) -> Person | None:
    """Return whoever signs in with *email*."""
    return session().scalar(sa.select(Person).where(Person.email == email.strip().lower()))


def words_about(person: Person) -> tuple[str, ...]:
    """Return what is easily guessed of *person*: name, address, and the organisations they have roles in."""
    where = sa.select(Organisation.name).join(RoleGrant, RoleGrant.organisation_id == Organisation.id)
    organisations = session().scalars(where.where(RoleGrant.person_id == person.id, RoleGrant.ended_at.is_(None)))
    return (person.name, *person.email.split("@"), *organisations)


def people_with(
    roles: Collection[Role],
    organisation_id: uuid.UUID | None,
    team_id: uuid.UUID | None = None,
    *,
    among: Collection[uuid.UUID] | None = None,
) -> list[Person]:
    """Return whoever can sign in and holds one of *roles* where a row of that organisation and team belongs, by name.

    Staff roles hold everywhere. A role in a team counts for that team and those below it, as in :func:`actor_for`;
    without *team_id* only roles in the whole organisation count. With *among* only those persons are looked for.
    Conflicts of interest are not looked at.
    """
    staff = sa.and_(RoleGrant.role.in_(set(roles) & STAFF), RoleGrant.organisation_id.is_(None))
    there: sa.ColumnElement[bool] = sa.false()
    if organisation_id is not None:
        where: sa.ColumnElement[bool] = RoleGrant.team_id.is_(None)
        if team_id is not None:
            where = sa.or_(where, RoleGrant.team_id.in_(_teams_above(organisation_id, team_id)))
        there = sa.and_(RoleGrant.role.in_(set(roles) - STAFF), RoleGrant.organisation_id == organisation_id, where)
    holds = sa.select(RoleGrant.id).where(
        RoleGrant.person_id == Person.id, RoleGrant.ended_at.is_(None), sa.or_(staff, there)
    )
    query = sa.select(Person).where(Person.active, holds.exists()).order_by(Person.name, Person.id)
    if among is not None:
        query = query.where(Person.id.in_(among))
    return list(session().scalars(query))


def belongs_to_client(person_id: uuid.UUID, organisation_id: uuid.UUID, team_id: uuid.UUID | None) -> bool:
    """Tell whether a person can sign in and holds a client's role where a row of that organisation and team belongs."""
    held = set(direct(session(), _CLIENT_ROLES, {"person": person_id, "organisation": organisation_id}).scalars())
    if None in held or not held or team_id is None:
        return None in held
    return not held.isdisjoint(session().scalars(_teams_above(organisation_id, team_id)))


def add_organisation(
    name: str, by: Actor, *, kind: str = "client", calendar: str = "utc", made_id: uuid.UUID | None = None
) -> Organisation:
    """Make an organisation; raises ``UnknownCalendarError``."""
    made = Organisation(
        id=made_id or new_id(), name=name, kind=kind, calendar=clock.calendar(calendar).key, created_at=clock.now()
    )
    session().add(made)
    events.append(
        "config",
        Event.ORGANISATION_CREATED,
        by,
        organisation_id=made.id,
        subject={"kind": kind, "calendar": calendar},
        changes={"name": [None, Sealed(name)]},
    )
    session().flush()
    return made


def organisation(name: str, by: Actor) -> Organisation:
    """Return the client called *name*, made when it does not exist."""
    found = session().scalar(sa.select(Organisation).where(Organisation.name == name))
    return found or add_organisation(name, by)


def address(email: str) -> str:
    """Return *email* as it is kept; raises :class:`DirectoryError` for what is no address, and would forge a header."""
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise DirectoryError(f"“{clean(email)[:80]}” is not an e-mail address.") from None


def clean(text: str) -> str:
    """Return *text* on one line and without characters that print nothing."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def called(name: str, what: str = "name") -> str:
    """Return *name* as it is kept; raises :class:`DirectoryError` for what is none, or would be a link in a mail."""
    kept = clean(name)
    if "://" in kept or "www." in kept.lower():
        raise DirectoryError(f"Enter a {what} without an address of the web.")
    if not 0 < len(kept) <= LONGEST_NAME:
        raise DirectoryError(f"Enter a {what} of at most {LONGEST_NAME} characters.")
    return kept


def hold(email: str) -> None:
    """Let whoever makes an account for *email* wait for the others who do, so that one address stays one person."""
    one_at_a_time(f"person:{email}".encode())


def add_person(email: str, name: str, by: Actor) -> Person:
    """Make a person; raises :class:`DirectoryError` when the address is taken or is none."""
    kept = address(email)
    hold(kept)
    if find(kept) is not None:
        raise DirectoryError(f"Somebody already signs in with {kept}.")
    made = Person(id=new_id(), email=kept, name=called(name), created_at=clock.now(), recovery_hashes=[])
    session().add(made)
    events.append(
        f"user/{made.id}",
        Event.PERSON_CREATED,
        by,
        changes={"name": [None, Sealed(made.name)], "email": [None, Sealed(kept)]},
    )
    session().flush()
    return made


def rename(person: Person, name: str, by: Actor) -> None:
    """Give *person* another name; raises :class:`DirectoryError`."""
    before, person.name = person.name, called(name)
    if before != person.name:
        changes = {"name": [Sealed(before), Sealed(person.name)]}
        events.append(f"user/{person.id}", Event.PERSON_CHANGED, by, changes=changes)
        session().flush()


def give_role(  # noqa: PLR0913 - what is given, by whom and where; each is named at the call
    person: Person,
    role: Role,
    by: Actor,
    organisation: Organisation | None = None,
    team: Team | None = None,
    *,
    proposal: RoleProposal | None = None,
    reason: str = "",
) -> RoleGrant:
    """Give *person* a role, everywhere below *team* if one is named; their sign-ins end, so that none has old rights.

    Raises :class:`DirectoryError` for a role that does not belong there, that *by* may not give, or to oneself, and for
    one that needs a second administrator unless *proposal* is that of another.
    """
    if person.id in by.identities:
        raise DirectoryError("Nobody gives roles to themselves. Ask another administrator.")
    must_give(role, by, organisation)
    check_place(role, organisation, team)
    if needs_second(role, by, organisation, person) and (proposal is None or proposal.proposed_by_id in by.identities):
        raise DirectoryError(f"The role {role.label} needs a second administrator, other than whoever proposed it.")
    organisation_id = organisation.id if organisation else None
    if holds(person.id, role, organisation_id, team.id if team else None):
        raise DirectoryError(f"{person.name} holds the role {role.label} there already.")
    made = RoleGrant(
        id=new_id(),
        person_id=person.id,
        role=role.value,
        organisation_id=organisation_id,
        team_id=team.id if team else None,
        given_at=clock.now(),
        given_by_id=by.id,
    )
    session().add(made)
    sign_ins.end_all(person.id)
    _record(Event.ROLE_GIVEN, made, by, reason)
    return made


def end_role(grant: RoleGrant, by: Actor, reason: str = "") -> None:
    """End a role, and the sign-ins of whoever held it.

    Raises :class:`DirectoryError` for somebody else's organisation and for the last administrator of one.
    """
    must_administer(by, grant.organisation_id)
    if grant.ended_at is not None:
        raise DirectoryError("That role has ended already.")
    refuse_last(grant)
    grant.ended_at = clock.now()
    sign_ins.end_all(grant.person_id)
    _record(Event.ROLE_ENDED, grant, by, reason)


def refuse_last(grant: RoleGrant) -> None:
    """Raise :class:`DirectoryError` when nobody else administers the place of *grant*, a role that is to end."""
    if grant.role not in {Role.ACCOUNT_ADMIN, Role.ADMINISTRATOR}:
        return
    # Two who leave at once must not both see the other.
    one_at_a_time(f"administrators:{grant.organisation_id}".encode())
    if not _others(Role(grant.role), grant.organisation_id, grant.person_id):
        raise DirectoryError("This is the last administrator there. Give somebody else the role first.")


def must_administer(by: Actor, organisation_id: uuid.UUID | None) -> None:
    """Refuse whoever may not look after the people of that organisation (``None``: of the programme itself).

    Raises :class:`DirectoryError`. Who stands in for an administrator is none: that role is not delegated.
    """
    if by.type == "system" or by.holds(Role.ADMINISTRATOR):
        return
    if organisation_id is None or not by.holds(Role.ACCOUNT_ADMIN, organisation_id):
        raise DirectoryError("Only an administrator of that organisation gives and ends its roles.")


def must_give(role: Role, by: Actor, organisation: Organisation | None) -> None:
    """Refuse whoever may not give *role* there; raises :class:`DirectoryError`.

    Beside administrators, a program success manager brings the people of clients in, and no others.
    """
    if organisation is not None and role in CLIENT and by.holds(Role.PROGRAM_SUCCESS_MANAGER):
        return
    must_administer(by, organisation.id if organisation else None)


def needs_second(role: Role, by: Actor, organisation: Organisation | None, person: Person) -> bool:
    """Tell whether *role* has to wait for a second administrator.

    What the installation does itself does not, nor does the first administrator of a client: nobody there could agree.
    """
    if role not in RAISED or organisation is None or by.type == "system":
        return False
    return not by.holds(Role.ADMINISTRATOR) or _others(Role.ACCOUNT_ADMIN, organisation.id, person.id)


def check_place(role: Role, organisation: Organisation | None, team: Team | None) -> None:
    """Refuse a role where it does not belong: staff in a client, a client's role in an agency, another's team."""
    if (role in STAFF) == (organisation is not None):
        where = "in the programme, without an organisation" if role in STAFF else "in an organisation; name it"
        raise DirectoryError(f"The role {role.label} is held {where}.")
    if organisation is not None:
        fitting = {"client": CLIENT, "agency": AGENCY}.get(organisation.kind, frozenset())
        if role not in fitting:
            raise DirectoryError(f"The role {role.label} does not belong in this kind of organisation.")
    if team is not None and role in RAISED:
        raise DirectoryError(f"The role {role.label} is held in the whole organisation, not in one team.")
    if team is not None and (organisation is None or team.organisation_id != organisation.id):
        raise DirectoryError("That team belongs to another organisation.")


def _teams_below(organisations: set[uuid.UUID | None]) -> dict[uuid.UUID, set[uuid.UUID]]:
    """Return, for each team of *organisations*, the team itself and every team under it."""
    if not organisations:
        return {}
    children: dict[uuid.UUID | None, list[uuid.UUID]] = defaultdict(list)
    teams = session().execute(sa.select(Team.id, Team.parent_id).where(Team.organisation_id.in_(organisations)))
    for team_id, parent_id in teams.all():
        children[parent_id].append(team_id)

    def reach(team: uuid.UUID) -> set[uuid.UUID]:
        return {team}.union(*(reach(child) for child in children[team]))

    return {team: reach(team) for found in list(children.values()) for team in found}


def _teams_above(organisation_id: uuid.UUID, team_id: uuid.UUID) -> sa.Select[tuple[uuid.UUID]]:
    """Return the query for that team and every team over it in the organisation."""
    start = sa.select(Team.id, Team.parent_id).where(Team.id == team_id, Team.organisation_id == organisation_id)
    above = start.cte("above", recursive=True)
    over = sa.select(Team.id, Team.parent_id).join(above, Team.id == above.c.parent_id)
    found = above.union(over)  # Unlike UNION ALL it ends even where a tree was tied into a ring.
    return sa.select(found.c.id)


def holds(person_id: uuid.UUID, role: Role, organisation_id: uuid.UUID | None, team_id: uuid.UUID | None) -> bool:
    """Tell whether the person holds exactly this role there now."""
    same = sa.select(RoleGrant.id).where(
        RoleGrant.person_id == person_id,
        RoleGrant.role == role.value,
        RoleGrant.organisation_id.is_not_distinct_from(organisation_id),
        RoleGrant.team_id.is_not_distinct_from(team_id),
        RoleGrant.ended_at.is_(None),
    )
    return session().scalar(same) is not None


def _others(role: Role, organisation_id: uuid.UUID | None, person_id: uuid.UUID) -> bool:
    """Tell whether somebody else who can sign in holds *role* in that organisation (``None``: in the programme)."""
    others = (
        sa.select(RoleGrant.id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(
            RoleGrant.role == role.value,
            RoleGrant.organisation_id.is_not_distinct_from(organisation_id),
            RoleGrant.person_id != person_id,
            RoleGrant.ended_at.is_(None),
            Person.active,
        )
        .limit(1)
    )
    return session().scalar(others) is not None


def _record(event: Event, grant: RoleGrant, by: Actor, reason: str = "") -> None:
    subject = {"role": grant.role, **({"team": str(grant.team_id)} if grant.team_id else {})}
    events.append(
        f"user/{grant.person_id}",
        event,
        by,
        organisation_id=grant.organisation_id,
        subject=subject,
        reason=reason or None,
    )
    session().flush()
