"""Invitations: the only way to an account beside the command line.

An invitation names an address, and what its reader will be. It is worth what its sender may give at the moment it is
accepted, so that nobody who lost a right still gives it; the link in the mail works once, for a week.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa

from compliance.audit import events
from compliance.audit.sealed import Sealed
from compliance.audit.vocabulary import Event
from compliance.authz import SYSTEM_ACTOR, Actor, Channel, Role
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.kernel.ids import new_id, new_secret
from compliance.messages import outbox
from compliance.people import confirmations, directory, links, passwords
from compliance.people.directory import DirectoryError
from compliance.people.models import Invitation, Organisation, Person, Team

LIVES: Final = dt.timedelta(days=7)
MOST: Final = 200


def send(
    email: str,
    name: str,
    by: Actor,
    *,
    roles: Collection[Role],
    organisation: Organisation | None = None,
    team: Team | None = None,
) -> Invitation:
    """Invite the reader of *email* to *roles*; raises :class:`DirectoryError` for what cannot be or *by* may not give.

    It says nothing about whether the address has an account elsewhere.
    """
    address, called = directory.address(email), directory.called(name)
    if not roles:
        raise DirectoryError("Choose at least one role.")
    for role in roles:
        directory.must_give(role, by, organisation)
        directory.check_place(role, organisation, team)
    mine = session().get(Person, by.id) if by.id else None
    if mine is not None and mine.email == address:
        raise DirectoryError("Nobody gives roles to themselves. Invite somebody else.")
    here = waiting(organisation.id if organisation else None)
    if len(here) >= MOST:
        raise DirectoryError(f"{MOST} invitations wait already. Revoke those that nobody will accept.")
    if any(invitation.email == address for invitation in here):
        raise DirectoryError("An invitation to that address waits already. Send that one again, or revoke it first.")
    made = Invitation(
        id=new_id(),
        email=address,
        name=called,
        roles=sorted(role.value for role in roles),
        organisation_id=organisation.id if organisation else None,
        team_id=team.id if team else None,
    )
    _mail(made, by)
    return made


def invite_worker(email: str, name: str, by: Actor, *, sample: bool = False) -> Person:
    """Return whoever works under *email*; a stranger gets an account that waits for its owner, and an invitation to it.

    Called again, it does nothing but renew an invitation that has run out. Raises :class:`DirectoryError`.
    """
    address = directory.address(email)
    directory.hold(address)
    person = directory.find(address)
    if person is not None and not _may_be_asked_again(person):
        return person
    if person is None:
        person = directory.add_person(address, _worker_name(name, address), by)
        person.sample = sample
    _mail(Invitation(id=new_id(), email=address, name=person.name, roles=[]), by)
    return person


def send_again(invitation: Invitation, by: Actor) -> None:
    """Mail a new link and let the old one die; raises :class:`DirectoryError` like :func:`send`."""
    _must_look_after(invitation, by)
    _mail(invitation, by, again=True)


def revoke(invitation: Invitation, by: Actor) -> None:
    """Let the link die; raises :class:`DirectoryError` like :func:`send`."""
    _must_look_after(invitation, by)
    invitation.revoked_at = clock.now()
    _record(Event.INVITATION_REVOKED, invitation, by)


def find(token: str, *, lock: bool) -> Invitation | None:
    """Return the invitation that *token* opens now; with *lock* one of two who accept it at once comes too late."""
    return _found(Invitation.token_hash == links.digest(token), lock=lock)


def find_own(person: Person, invitation_id: uuid.UUID | None) -> Invitation | None:
    """Return the invitation of that id if it is open to *person*, locked as in :func:`find`."""
    return _found(Invitation.email == person.email, Invitation.id == invitation_id, lock=True)


def to(person: Person) -> list[tuple[Invitation, str | None]]:
    """Return what *person* is invited to, each with the name of the organisation."""
    query = (
        sa.select(Invitation, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Invitation.organisation_id)
        .where(Invitation.email == person.email, *_open())
        .order_by(Invitation.made_at)
    )
    return [(row[0], row[1]) for row in session().execute(query) if row[0].roles and _stands(row[0])]


def waiting(organisation_id: uuid.UUID | None) -> list[Invitation]:
    """Return the invitations of an organisation, or to the programme, that nobody has accepted or revoked."""
    place = Invitation.organisation_id.is_not_distinct_from(organisation_id)
    query = sa.select(Invitation).where(place, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
    # Invitations to freelancers name no role; they belong to the cases that caused them.
    found = session().scalars(query.order_by(Invitation.made_at, Invitation.id).limit(MOST * 2))
    return [invitation for invitation in found if invitation.roles]


def account_of(invitation: Invitation) -> Person | None:
    """Return whoever has a password under the invitation's address already: they sign in rather than join."""
    found = directory.find(invitation.email)
    return found if found is not None and found.password_hash is not None else None


def join(invitation: Invitation, name: str, password: str, ip: str | None) -> Person:
    """Make the account of a stranger who opened the link.

    Raises :class:`DirectoryError` and :class:`~compliance.people.passwords.PasswordError`.
    """
    directory.hold(invitation.email)
    if account_of(invitation) is not None:
        raise DirectoryError("There is an account for this address already. Sign in to accept the invitation.")
    called = directory.called(name)
    about = (called, *invitation.email.split("@"), _organisation_name(invitation))
    chosen = passwords.check(password, second_factor=False, about=about)
    door = SYSTEM_ACTOR.through(Channel.BROWSER, ip=ip)
    person = directory.find(invitation.email) or directory.add_person(invitation.email, called, door)
    joined = Actor(person.id, called).through(Channel.BROWSER, ip=ip)
    directory.rename(person, called, joined)
    person.password_hash = passwords.hashed(chosen)
    accept(invitation, person, joined)
    return person


def accept(invitation: Invitation, person: Person, by: Actor) -> None:
    """Give *person* what the invitation says; a change of rights, which ends their sign-ins."""
    invitation.accepted_at = clock.now()
    _record(Event.INVITATION_ACCEPTED, invitation, by)
    organisation = session().get(Organisation, invitation.organisation_id) if invitation.organisation_id else None
    team = session().get(Team, invitation.team_id) if invitation.team_id else None
    sender = _sender(invitation)
    for role in map(Role, invitation.roles):
        place = invitation.organisation_id
        there = directory.holds(person.id, role, place, invitation.team_id)
        if not there and not confirmations.is_waiting(person.id, role, place):
            confirmations.give(person, role, sender, organisation, team)


def _found(*conditions: sa.ColumnElement[bool], lock: bool) -> Invitation | None:
    query = sa.select(Invitation).where(*conditions, *_open())
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session().scalar(query)
    return found if found is not None and _stands(found) else None


def _stands(invitation: Invitation) -> bool:
    """Tell whether its sender could still send it, and its reader may still come in."""
    reader = directory.find(invitation.email)
    if reader is not None and not reader.active:
        return False
    try:
        _must_look_after(invitation, _sender(invitation))
    except DirectoryError:
        return False
    return True


def _sender(invitation: Invitation) -> Actor:
    """Return whoever sent it, with the rights they have now: none once their account is closed."""
    if invitation.invited_by_id is None:
        return SYSTEM_ACTOR
    sender = session().get_one(Person, invitation.invited_by_id)
    found = directory.actor_for(sender) if sender.active else Actor(sender.id, sender.name)
    return found.through(Channel.JOB)


def _must_look_after(invitation: Invitation, by: Actor) -> None:
    organisation = session().get(Organisation, invitation.organisation_id) if invitation.organisation_id else None
    for role in map(Role, invitation.roles):
        directory.must_give(role, by, organisation)


def _worker_name(name: str, address: str) -> str:
    """Return *name*, or a part of the address where a case names its worker in a way that no person is called."""
    try:
        return directory.called(name[: directory.LONGEST_NAME])
    except DirectoryError:
        return address.partition("@")[0]


def _may_be_asked_again(person: Person) -> bool:
    """Tell whether an account waits for its owner, whose invitation has run out."""
    if person.password_hash is not None or not person.active:
        return False
    sent = session().scalars(sa.select(Invitation).where(Invitation.email == person.email)).all()
    return bool(sent) and all(invitation.expires_at <= clock.now() for invitation in sent)


def _open() -> tuple[sa.ColumnElement[bool], ...]:
    return (Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > clock.now())


def _organisation_name(invitation: Invitation) -> str:
    found = session().get(Organisation, invitation.organisation_id) if invitation.organisation_id else None
    return found.name if found else ""


def _mail(invitation: Invitation, by: Actor, *, again: bool = False) -> None:
    """Give the invitation a new link and mail it."""
    token, now = new_secret(), clock.now()
    invitation.token_hash, invitation.made_at, invitation.expires_at = links.digest(token), now, now + LIVES
    invitation.invited_by_id = by.id
    session().add(invitation)
    where = _organisation_name(invitation)
    outbox.post(
        invitation.email,
        "people/invitation",
        f"{by.name} invites you to Countersign",
        name=invitation.name,
        sender=by.name,
        organisation=where,
        roles=[Role(role).label for role in invitation.roles],
        link=links.to(f"/invite/{token}"),
        until=invitation.expires_at,
    )
    _record(Event.INVITATION_SENT, invitation, by, {"again": again} if again else {})


def _record(event: Event, invitation: Invitation, by: Actor, more: dict[str, bool] | None = None) -> None:
    sent = event is Event.INVITATION_SENT
    subject: dict[str, object] = {"invitation": str(invitation.id), "roles": list(invitation.roles), **(more or {})}
    if invitation.team_id:
        subject["team"] = str(invitation.team_id)
    events.append(
        f"invitation/{invitation.id}",
        event,
        by,
        organisation_id=invitation.organisation_id,
        subject=subject,
        changes={"email": [None, Sealed(invitation.email)], "name": [None, Sealed(invitation.name)]} if sent else None,
    )
    session().flush()
