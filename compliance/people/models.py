"""Tables of organisations, teams, persons and the roles they hold."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from compliance.kernel.db import Base
from compliance.kernel.ids import new_id


class Organisation(Base):
    """A client, an agency, or the programme itself, with the settings that its cases follow."""

    __tablename__ = "organisation"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    kind: Mapped[str]
    calendar: Mapped[str] = mapped_column(default="utc")
    compliance_enrolled: Mapped[bool] = mapped_column(default=True)
    approval_steps: Mapped[int] = mapped_column(default=0)
    po_required: Mapped[bool] = mapped_column(default=False)
    sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]


class Team(Base):
    """A part of an organisation; teams form a tree."""

    __tablename__ = "team"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    parent_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("team.id"))
    name: Mapped[str]
    hidden: Mapped[bool] = mapped_column(default=False)


class Person(Base):
    """A human being with an account; never deleted, so that the record keeps its who."""

    __tablename__ = "person"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]


class RoleGrant(Base):
    """A role given to a person, everywhere (staff) or in an organisation and perhaps one team; ended, never deleted."""

    __tablename__ = "role_grant"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    role: Mapped[str]
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"))
    team_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("team.id"))
    given_at: Mapped[dt.datetime]
    given_by_id: Mapped[uuid.UUID | None]
    ended_at: Mapped[dt.datetime | None]
