"""Ending sign-ins, for whatever changes what their owner may do."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from compliance.kernel import clock
from compliance.kernel.db import session, table
from compliance.people.models import SignInSession


def end_all(person_id: uuid.UUID, *, but: uuid.UUID | None = None) -> None:
    """End every sign-in of a person, except the one called *but*."""
    ending = sa.update(table(SignInSession)).where(
        SignInSession.person_id == person_id, SignInSession.ended_at.is_(None)
    )
    if but is not None:
        ending = ending.where(SignInSession.id != but)
    session().execute(ending.values(ended_at=clock.now()))


def end_delegated(delegation_id: uuid.UUID) -> None:
    """End every sign-in in which somebody stands in by that delegation."""
    ending = sa.update(table(SignInSession)).where(
        SignInSession.delegation_id == delegation_id, SignInSession.ended_at.is_(None)
    )
    session().execute(ending.values(ended_at=clock.now()))


def open_of(person_id: uuid.UUID) -> list[SignInSession]:
    """Return the sign-ins of a person that nobody has ended, newest first."""
    query = sa.select(SignInSession).where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None))
    return list(session().scalars(query.order_by(SignInSession.began_at.desc()).limit(50)))
