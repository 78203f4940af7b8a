"""Conflicts of interest: declared by whoever has them, and from then on in the way of every decision."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from compliance.audit import events
from compliance.audit.vocabulary import Event
from compliance.authz import Actor, Role
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people import directory
from compliance.people.directory import DirectoryError
from compliance.people.models import Conflict, Organisation, Person


def declare(actor: Actor, with_whom: str, reason: str) -> Conflict:
    """Declare a conflict with the organisation of that name or the person with that e-mail address.

    Raises :class:`DirectoryError` for strangers to the desk and for one declared already.
    """
    if not actor.is_staff or actor.id is None or actor.stands_for:
        raise DirectoryError("Conflicts of interest are declared by the programme's own people, in person.")
    other = directory.find(with_whom)
    named = sa.func.lower(Organisation.name) == with_whom.strip().lower()
    organisation = None if other else session().scalar(sa.select(Organisation).where(named).limit(1))
    if other is None and organisation is None:
        raise DirectoryError(f"We know no organisation and no e-mail address “{with_whom.strip()[:80]}”.")
    if other is not None and other.id == actor.id:
        raise DirectoryError("Name somebody other than yourself.")
    party = other.id if other else organisation.id if organisation else None
    if party in actor.conflicts:
        raise DirectoryError("You have declared that already.")
    made = Conflict(
        person_id=actor.id,
        organisation_id=organisation.id if organisation else None,
        other_person_id=other.id if other else None,
        declared_at=clock.now(),
    )
    session().add(made)
    session().flush()
    _record(Event.CONFLICT_DECLARED, made, actor, reason)
    return made


def withdraw(conflict: Conflict, by: Actor, reason: str) -> None:
    """End a conflict; a team lead or administrator does, never the person who has it."""
    if not by.roles & {Role.ADMINISTRATOR, Role.TEAM_LEAD} or conflict.person_id in by.identities:
        raise DirectoryError("A team lead or administrator other than yourself ends a conflict of interest.")
    if conflict.ended_at is None:
        conflict.ended_at = clock.now()
        _record(Event.CONFLICT_WITHDRAWN, conflict, by, reason)


def of(person_id: uuid.UUID) -> list[tuple[Conflict, str]]:
    """Return the conflicts of a person that stand, each with the name of the other party."""
    name = sa.func.coalesce(Organisation.name, Person.name)
    query = (
        sa.select(Conflict, name)
        .outerjoin(Organisation, Organisation.id == Conflict.organisation_id)
        .outerjoin(Person, Person.id == Conflict.other_person_id)
        .where(Conflict.person_id == person_id, Conflict.ended_at.is_(None))
        .order_by(Conflict.declared_at)
    )
    return [(conflict, other) for conflict, other in session().execute(query)]


def _record(event: Event, conflict: Conflict, by: Actor, reason: str) -> None:
    party = {"organisation": conflict.organisation_id, "person": conflict.other_person_id}
    subject = {kind: str(found) for kind, found in party.items() if found}
    events.append(f"user/{conflict.person_id}", event, by, subject=subject, reason=reason)
    session().flush()
