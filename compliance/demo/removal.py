"""Taking the sample away: its cases with all that belongs to them, its organisations, and the accounts of its people.

The record of what was done stays, as every record does, and so do the people whom it names, with closed accounts.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from compliance.api.idempotency import IdempotencyKey
from compliance.audit import events
from compliance.audit.vocabulary import Event
from compliance.authz import SYSTEM_ACTOR, Actor, Channel
from compliance.engine.case import Case, CaseDocument, SavedView
from compliance.engine.import_models import ImportBatch
from compliance.kernel import clock, files
from compliance.kernel.db import Base, session, table
from compliance.messages.models import MailChoice, MailMessage, Notification
from compliance.people import accounts
from compliance.people.models import (
    Conflict,
    Delegation,
    Invitation,
    KnownDevice,
    Organisation,
    Person,
    RoleGrant,
    RoleProposal,
    Team,
)

NAMED_AT_ONCE: Final = 400  # An event must not grow past its size.
_OF_SAMPLE = sa.select(Case.id).where(Case.sample)
_PEOPLE = sa.select(Person.id).where(Person.sample)
_ADDRESSES = sa.select(Person.email).where(Person.sample)


def remove() -> int:
    """Take the sample away in one transaction and return how many cases went."""
    active, by = session(), SYSTEM_ACTOR.through(Channel.COMMAND)
    streams = active.scalars(sa.select(Case.stream).where(Case.sample).order_by(Case.stream)).all()
    digests = set(active.scalars(sa.select(CaseDocument.sha256).where(CaseDocument.case_id.in_(_OF_SAMPLE))))
    _forget_mail()
    # The database itself lets only sample cases go, and with each what belongs to it; the session would refuse any
    # bulk change of cases.
    active.execute(sa.text("DELETE FROM cases WHERE sample"))
    _forget_what_people_kept()
    _end_rights()
    for person in active.scalars(sa.select(Person).where(Person.sample, Person.active).order_by(Person.email)).all():
        accounts.disable(person, by, "The sample was taken away.")
    _take_organisations()
    _note(streams, by)
    active.commit()
    _forget_files(digests)
    return len(streams)


def _note(streams: Sequence[str], by: Actor) -> None:
    """Name every case that went, so that a stream without its case is no hole in the record."""
    for start in range(0, len(streams) or 1, NAMED_AT_ONCE):
        named = list(streams[start : start + NAMED_AT_ONCE])
        events.append("config", Event.SAMPLE_REMOVED, by, subject={"cases": len(named), "streams": named})


def _forget_mail() -> None:
    """Take away the mail that cases of the sample caused, and all mail to people of the sample."""
    active = session()
    caused = sa.select(Notification.event_id, Notification.person_id).where(Notification.case_id.in_(_OF_SAMPLE))
    keys = [f"{row.event_id}:{row.person_id}" for row in active.execute(caused)]
    for start in range(0, len(keys), 500):
        active.execute(sa.delete(table(MailMessage)).where(MailMessage.key.in_(keys[start : start + 500])))
    theirs = sa.or_(MailMessage.person_id.in_(_PEOPLE), MailMessage.address.in_(_ADDRESSES))
    active.execute(sa.delete(table(MailMessage)).where(theirs))


def _forget_what_people_kept() -> None:
    """Take away what people of the sample had set up for themselves or begun for others."""
    theirs: list[tuple[type[Base], Any]] = [
        (SavedView, SavedView.person_id),
        (MailChoice, MailChoice.person_id),
        (KnownDevice, KnownDevice.person_id),
        (IdempotencyKey, IdempotencyKey.actor_id),
        (Notification, Notification.person_id),
        (Invitation, Invitation.invited_by_id),
        (ImportBatch, ImportBatch.brought_by_id),
        (RoleProposal, RoleProposal.person_id),
        (RoleProposal, RoleProposal.proposed_by_id),
        (Conflict, Conflict.person_id),
        (Conflict, Conflict.other_person_id),
    ]
    for model, person in theirs:
        session().execute(sa.delete(table(model)).where(person.in_(_PEOPLE)))
    session().execute(sa.delete(table(Invitation)).where(Invitation.email.in_(_ADDRESSES)))


def _end_rights() -> None:
    """End every role and every standing in of the sample's people, the last administrator of a place included."""
    now = clock.now()
    roles = sa.update(table(RoleGrant)).where(RoleGrant.person_id.in_(_PEOPLE), RoleGrant.ended_at.is_(None))
    session().execute(roles.values(ended_at=now))
    theirs = sa.or_(Delegation.absent_id.in_(_PEOPLE), Delegation.stand_in_id.in_(_PEOPLE))
    session().execute(sa.update(table(Delegation)).where(theirs, Delegation.ended_at.is_(None)).values(ended_at=now))


def _take_organisations() -> None:
    """Take away the organisations of the sample, but for those in which somebody real has cases or roles."""
    for organisation_id in list(_empty_organisations()):
        mine = (RoleGrant, RoleProposal, Invitation, ImportBatch, Conflict)
        for model in mine:
            session().execute(sa.delete(table(model)).where(model.organisation_id == organisation_id))
        session().execute(sa.update(table(Team)).where(Team.organisation_id == organisation_id).values(parent_id=None))
        session().execute(sa.delete(table(Team)).where(Team.organisation_id == organisation_id))
        session().execute(sa.delete(table(Organisation)).where(Organisation.id == organisation_id))


def _empty_organisations() -> Iterator[uuid.UUID]:
    here = sa.or_(Case.organisation_id == Organisation.id, Case.worker_organisation_id == Organisation.id)
    real_role = sa.select(RoleGrant.id).where(
        RoleGrant.organisation_id == Organisation.id, RoleGrant.person_id.not_in(_PEOPLE)
    )
    query = sa.select(Organisation.id).where(
        Organisation.sample, ~sa.select(Case.id).where(here).exists(), ~real_role.exists()
    )
    yield from session().scalars(query)


def _forget_files(digests: set[str]) -> None:
    """Delete the bytes of documents that went, unless another case has a document of the same bytes."""
    for digest in sorted(digests):
        if session().scalar(sa.select(CaseDocument.id).where(CaseDocument.sha256 == digest).limit(1)) is None:
            files.documents().forget(digest)
    session().rollback()
