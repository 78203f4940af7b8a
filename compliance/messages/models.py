"""Tables of what is sent to people."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from compliance.kernel.db import Base
from compliance.kernel.ids import new_id


class MailMessage(Base):
    """A mail. It is written in the transaction of its cause; its words are wiped once it left, for they may hold keys.

    ``key`` names the cause, so that one cause sends one mail to one address. ``due_at`` is when it is to be tried next;
    while a job has it in hand, when another job may take it up. ``person_id`` and ``kind`` stand only where the
    reader can choose to get no more of them.
    """

    __tablename__ = "mail_message"
    __table_args__ = (
        sa.Index(
            "ix_mail_message_waiting",
            "due_at",
            sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        ),
        sa.Index(
            "ix_mail_message_failed",
            "id",
            sqlite_where=sa.text("failed_at IS NOT NULL"),
            postgresql_where=sa.text("failed_at IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str | None] = mapped_column(unique=True)
    address: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    made_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    failed_at: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str] = mapped_column(default="")
    person_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    kind: Mapped[str | None]


class Notification(Base):
    """What a person is told of a case inside the desk: one for each event, whatever the reasons."""

    __tablename__ = "notification"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "event_id"),
        sa.Index(None, "person_id", "id"),
        sa.Index(
            "ix_notification_unread",
            "person_id",
            "id",
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"))
    # Deferred, because the first event of a case is told of before its row is written.
    case_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("cases.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"), index=True
    )
    event_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    reason: Mapped[str]
    made_at: Mapped[dt.datetime]
    read_at: Mapped[dt.datetime | None]


class MailChoice(Base):
    """Whether a person wants mail of a kind; without a row they do."""

    __tablename__ = "mail_choice"

    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    mail: Mapped[bool]
