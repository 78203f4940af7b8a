"""Tables of the record. Rows are inserted and never touched again; triggers on both databases see to it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from compliance.kernel.db import Base
from compliance.kernel.ids import new_id


class AuditEvent(Base):
    """One event. ``entry`` holds the canonical bytes; the other columns repeat parts of it for queries.

    ``month`` (as ``yyyymm``) stands in every key so that the table can be partitioned by month without a new key.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        sa.UniqueConstraint("stream", "rev", "month"),
        sa.Index(None, "organisation_id", "event_id"),
        sa.Index(None, "actor_id", "event_id"),
        sa.Index(None, "action", "event_id"),
    )

    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    stream: Mapped[str]
    rev: Mapped[int]
    at: Mapped[dt.datetime]
    actor_id: Mapped[str]
    stands_for_id: Mapped[str | None]
    action: Mapped[str]
    organisation_id: Mapped[uuid.UUID | None]
    entry: Mapped[str]
    leaf_hash: Mapped[bytes]
    mac: Mapped[bytes]


class AuditPending(Base):
    """An event that the sealer has not yet put into the tree. Its id gives the order of sealing."""

    __tablename__ = "audit_pending"

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    month: Mapped[int]
    event_id: Mapped[uuid.UUID]


class AuditOpening(Base):
    """What opens a sealed value of an event. Deleting the row erases the value and leaves the record whole.

    It is never changed, and goes only when an :class:`AuditErasure` is there; see :mod:`compliance.audit.erasing`.
    """

    __tablename__ = "audit_opening"

    event_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    salt: Mapped[bytes]
    value: Mapped[Any] = mapped_column(sa.JSON())


class AuditErasure(Base):
    """A sealed value that was erased, with the event that says who erased it."""

    __tablename__ = "audit_erasure"
    __table_args__ = (
        sa.ForeignKeyConstraint(["erased_month", "erased_by"], ["audit_event.month", "audit_event.event_id"]),
    )

    event_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    erased_month: Mapped[int]
    erased_by: Mapped[uuid.UUID]


class AuditStream(Base):
    """The newest revision of a stream that is not a case: a person, the configuration, the log itself."""

    __tablename__ = "audit_stream"

    name: Mapped[str] = mapped_column(primary_key=True)
    audit_rev: Mapped[int] = mapped_column(default=0)
    audit_head: Mapped[bytes | None]


class Audited:
    """A mapped row with a stream of its own. Changing it without an event in the same flush is refused."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    stream: Mapped[str] = mapped_column(unique=True)
    audit_rev: Mapped[int] = mapped_column(default=0)
    audit_month: Mapped[int]
    audit_head: Mapped[bytes]
