"""Persons and what they may do: making them, giving roles, and loading an actor."""

from __future__ import annotations

import uuid
from collections import defaultdict

import sqlalchemy as sa

from compliance.audit import events
from compliance.audit.sealed import Sealed
from compliance.audit.vocabulary import Event
from compliance.authz import STAFF, Actor, Grant, Role
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.kernel.ids import new_id
from compliance.people.models import Organisation, Person, RoleGrant, Team


class DirectoryError(ValueError):
    """A person, role or organisation that cannot be; the message is for whoever typed it."""


def actor_for(person: Person) -> Actor:
    """Return *person* as an actor with every role held now; a role in a team reaches the teams below it."""
    rows = (
        session()
        .scalars(sa.select(RoleGrant).where(RoleGrant.person_id == person.id, RoleGrant.ended_at.is_(None)))
        .all()
    )
    below = _teams_below({row.organisation_id for row in rows if row.team_id})
    grants = frozenset(
        Grant(Role(row.role), row.organisation_id, frozenset(below[row.team_id]) if row.team_id else None)
        for row in rows
    )
    return Actor(person.id, person.name, grants)


def find(email: str) -> Person | None:
    """Return whoever signs in with *email*."""
    return session().scalar(sa.select(Person).where(Person.email == email.strip().lower()))


def add_organisation(name: str, by: Actor, *, kind: str = "client", calendar: str = "utc") -> Organisation:
    """Make an organisation; raises ``UnknownCalendarError``."""
    made = Organisation(
        id=new_id(), name=name, kind=kind, calendar=clock.calendar(calendar).key, created_at=clock.now()
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


def add_person(email: str, name: str, by: Actor) -> Person:
    """Make a person; raises :class:`DirectoryError` when the address is taken or is none."""
    address = email.strip().lower()
    if address.count("@") != 1 or address.startswith("@") or address.endswith("@") or len(address) > 254:  # noqa: PLR2004 - RFC 5321
        raise DirectoryError(f"“{address[:80]}” is not an e-mail address.")
    if find(address) is not None:
        raise DirectoryError(f"Somebody already signs in with {address}.")
    made = Person(id=new_id(), email=address, name=name.strip(), created_at=clock.now(), recovery_hashes=[])
    session().add(made)
    events.append(
        f"user/{made.id}",
        Event.PERSON_CREATED,
        by,
        changes={"name": [None, Sealed(made.name)], "email": [None, Sealed(address)]},
    )
    session().flush()
    return made


def give_role(person: Person, role: Role, by: Actor, organisation: Organisation | None = None) -> RoleGrant:
    """Give *person* a role; raises :class:`DirectoryError` for a role that does not belong there, or to oneself."""
    if by.id == person.id:
        raise DirectoryError("Nobody gives roles to themselves. Ask another administrator.")
    if (role in STAFF) == (organisation is not None):
        where = "in the programme, without an organisation" if role in STAFF else "in an organisation; name it"
        raise DirectoryError(f"The role {role.label} is held {where}.")
    organisation_id = organisation.id if organisation else None
    made = RoleGrant(
        id=new_id(),
        person_id=person.id,
        role=role.value,
        organisation_id=organisation_id,
        given_at=clock.now(),
        given_by_id=by.id,
    )
    session().add(made)
    events.append(
        f"user/{person.id}", Event.ROLE_GIVEN, by, organisation_id=organisation_id, subject={"role": role.value}
    )
    session().flush()
    return made


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
