"""Looking people and clients up by the beginning of a word of their name: a few at a time, never a whole table."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from compliance.authz import STAFF, Role
from compliance.kernel.db import session
from compliance.people.models import Conflict, Organisation, Person, RoleGrant

MOST: Final = 20
MOST_WORDS: Final = 5


def colleagues(
    text: str, roles: Collection[Role], *, parties: Collection[uuid.UUID] = (), limit: int = MOST
) -> list[Person]:
    """Return people of the desk who hold one of *roles* and have no conflict of interest with *parties*, by name.

    *text* narrows by the beginning of words of the name, or of the e-mail address.
    """
    held = sa.select(RoleGrant.person_id).where(
        RoleGrant.role.in_(set(roles) & STAFF), RoleGrant.organisation_id.is_(None), RoleGrant.ended_at.is_(None)
    )
    conflict = sa.select(Conflict.id).where(
        Conflict.person_id == Person.id,
        Conflict.ended_at.is_(None),
        sa.or_(Conflict.organisation_id.in_(parties), Conflict.other_person_id.in_(parties)),
    )
    query = sa.select(Person).where(Person.active, Person.id.in_(held), *_named(text, Person.name, Person.email))
    if parties:
        query = query.where(~conflict.exists())
    return list(session().scalars(query.order_by(Person.name, Person.id).limit(limit)))


def clients(text: str, *, hidden: Collection[uuid.UUID] = (), limit: int = MOST) -> list[Organisation]:
    """Return clients by name, without those that are *hidden* from whoever asks."""
    query = sa.select(Organisation).where(
        Organisation.kind == "client", Organisation.id.not_in(hidden), *_named(text, Organisation.name)
    )
    return list(session().scalars(query.order_by(Organisation.name, Organisation.id).limit(limit)))


def agencies() -> list[str]:
    """Return the names of all agencies."""
    query = sa.select(Organisation.name).where(Organisation.kind == "agency")
    return list(session().scalars(query.order_by(Organisation.name)))


def agency_called(name: str) -> uuid.UUID | None:
    """Return the agency of exactly this name, or ``None``."""
    query = sa.select(Organisation.id).where(Organisation.kind == "agency", Organisation.name == name)
    return session().scalar(query)


def _named(text: str, *columns: InstrumentedAttribute[Any]) -> list[sa.ColumnElement[bool]]:
    """Return, for each word of *text*, the condition that a word in one of *columns* begins with it."""
    if "\0" in text:
        return [sa.false()]
    return [
        sa.or_(
            *(sa.func.lower(column).startswith(word, autoescape=True) for column in columns),
            *(sa.func.lower(column).contains(f" {word}", autoescape=True) for column in columns),
        )
        for word in text.lower().split()[:MOST_WORDS]
    ]
