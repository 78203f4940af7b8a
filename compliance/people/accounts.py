"""Closing and opening accounts, and taking a lost second factor away: by those who look after somebody else's account.

No one here sees or sets a password. An administrator of one client does so only for people who belong to that client
alone; whoever also works with others is the programme's administrators' to judge.
"""

from __future__ import annotations

import sqlalchemy as sa

from compliance.audit import events
from compliance.audit.vocabulary import Event
from compliance.authz import Actor, Role
from compliance.kernel.db import session
from compliance.people import directory, resets, sign_ins, tokens
from compliance.people.directory import DirectoryError
from compliance.people.models import Organisation, Person, RoleGrant


def must_keep(by: Actor, person: Person, organisation: Organisation | None, *, works_elsewhere: bool) -> None:
    """Refuse whoever may not look after the account of *person*; raises :class:`DirectoryError`.

    *works_elsewhere* says whether *person* works on cases of other organisations than *organisation*.
    """
    if person.id in by.identities:
        raise DirectoryError("Ask another administrator: nobody does that to their own account.")
    if by.holds(Role.ADMINISTRATOR):
        return
    directory.must_administer(by, organisation.id if organisation else None)
    elsewhere = [
        grant for grant in roles_of(person) if organisation is None or grant.organisation_id != organisation.id
    ]
    if elsewhere or works_elsewhere:
        raise DirectoryError(
            f"{person.name} also works with others, so that only the programme's administrators do this. "
            "You can end the roles that are held in your organisation."
        )


def disable(person: Person, by: Actor, reason: str) -> None:
    """Close an account: sign-ins, tokens and links of its owner end at once.

    Raises :class:`DirectoryError` for one closed before and for the last administrator of a place.
    """
    _lock(person)
    if not person.active:
        raise DirectoryError("The account is closed already.")
    for grant in roles_of(person):
        directory.refuse_last(grant)
    person.active = False
    sign_ins.end_all(person.id)
    tokens.end_all(person.id, by)
    resets.end_all(person)
    _record(Event.PERSON_DISABLED, person, by, reason)


def enable(person: Person, by: Actor, reason: str) -> None:
    """Open an account again; nothing that ended with it comes back. Raises :class:`DirectoryError` for an open one."""
    _lock(person)
    if person.active:
        raise DirectoryError("The account is open already.")
    person.active = True
    _record(Event.PERSON_ENABLED, person, by, reason)


def remove_second_factor(person: Person, by: Actor, reason: str) -> None:
    """Take the second factor and its recovery codes away; who needs one sets it up at the next sign-in.

    Raises :class:`DirectoryError` where there is none.
    """
    _lock(person)
    if person.totp_secret is None:
        raise DirectoryError("There is no second factor to take away.")
    person.totp_secret, person.recovery_hashes = None, []
    sign_ins.end_all(person.id)
    resets.tell(person, "Your second factor was taken away by an administrator")
    _record(Event.PERSON_SECOND_FACTOR_REMOVED, person, by, reason)


def roles_of(person: Person) -> list[RoleGrant]:
    """Return the roles that *person* holds now, oldest first."""
    query = sa.select(RoleGrant).where(RoleGrant.person_id == person.id, RoleGrant.ended_at.is_(None))
    return list(session().scalars(query.order_by(RoleGrant.given_at, RoleGrant.id)))


def _lock(person: Person) -> None:
    session().refresh(person, with_for_update=True)


def _record(event: Event, person: Person, by: Actor, reason: str) -> None:
    events.append(f"user/{person.id}", event, by, reason=reason)
    session().flush()
