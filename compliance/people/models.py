"""Tables of organisations, teams, persons and the roles they hold."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from compliance.kernel.db import Base
from compliance.kernel.ids import new_id


def _of_case() -> sa.ForeignKey:
    return sa.ForeignKey("cases.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED")


class Organisation(Base):
    """A client, an agency, or the programme itself, with the settings that its cases follow."""

    __tablename__ = "organisation"
    __table_args__ = (sa.Index(None, "name", "id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    kind: Mapped[str]
    calendar: Mapped[str] = mapped_column(default="utc")
    compliance_enrolled: Mapped[bool] = mapped_column(default=True)
    approval_steps: Mapped[int] = mapped_column(default=0)
    po_required: Mapped[bool] = mapped_column(default=False)
    auto_close: Mapped[bool] = mapped_column(default=True)
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
    __table_args__ = (sa.Index(None, "name", "id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]
    password_hash: Mapped[str | None]
    totp_secret: Mapped[bytes | None]
    totp_last_step: Mapped[int] = mapped_column(default=0)
    recovery_hashes: Mapped[list[Any]] = mapped_column(default=list)


class SignInSession(Base):
    """A sign-in that lasts. The cookie holds 256 random bits; here stands only their SHA-256."""

    __tablename__ = "sign_in_session"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    began_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    second_factor_at: Mapped[dt.datetime | None]
    proved_at: Mapped[dt.datetime | None]
    delegation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("delegation.id"))
    ended_at: Mapped[dt.datetime | None]
    ip: Mapped[str | None]
    agent: Mapped[str]


class KnownDevice(Base):
    """A browser in which somebody has signed in completely: strangers' wrong guesses do not hold it up."""

    __tablename__ = "known_device"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    known_since: Mapped[dt.datetime]


class SignInAttempt(Base):
    """A guess at somebody's password or code; the limits count these."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (sa.Index(None, "account", "at"), sa.Index(None, "ip", "at"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account: Mapped[bytes]
    ip: Mapped[str | None]
    at: Mapped[dt.datetime]


class ApiToken(Base):
    """A person's key for programs. It is shown once; here stand its SHA-256 and the few characters it is known by."""

    __tablename__ = "api_token"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    name: Mapped[str]
    hint: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[Any]]
    # Networks from which it may be used; from everywhere when there are none.
    addresses: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    made_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]


class RoleGrant(Base):
    """A role given to a person, everywhere (staff) or in an organisation and perhaps one team; ended, never deleted."""

    __tablename__ = "role_grant"
    __table_args__ = (sa.Index(None, "role", "person_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    role: Mapped[str]
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    team_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("team.id"))
    given_at: Mapped[dt.datetime]
    given_by_id: Mapped[uuid.UUID | None]
    ended_at: Mapped[dt.datetime | None]


class RoleProposal(Base):
    """A role that waits for a second administrator; settled once, never deleted."""

    __tablename__ = "role_proposal"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    role: Mapped[str]
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    proposed_by_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"))
    proposed_at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]


class Invitation(Base):
    """A way in for whoever reads the mail of one address. The link is mailed; here stands only its SHA-256."""

    __tablename__ = "invitation"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    email: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    roles: Mapped[list[Any]]
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    team_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("team.id"))
    invited_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    made_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    accepted_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]


class PasswordReset(Base):
    """A way back for whoever forgot a password. The link is mailed; here stands only its SHA-256."""

    __tablename__ = "password_reset"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    made_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class Delegation(Base):
    """Some roles of somebody absent, used by somebody else for a time; both names stand in the record."""

    __tablename__ = "delegation"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    absent_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    stand_in_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    roles: Mapped[list[Any]]
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class Blindfold(Base):
    """A case that a person does not see while they look at it a second time, as the case ``by_case_id``."""

    __tablename__ = "blindfold"

    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    by_case_id: Mapped[uuid.UUID] = mapped_column(_of_case(), primary_key=True, index=True)
    case_id: Mapped[uuid.UUID] = mapped_column(_of_case(), index=True)


class Conflict(Base):
    """A declared conflict of interest with an organisation or a person; ended, never deleted."""

    __tablename__ = "conflict"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"))
    other_person_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    declared_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
