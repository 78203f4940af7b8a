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

    ``key`` names the cause, so that one cause sends one mail to one address.
    """

    __tablename__ = "mail_message"
    __table_args__ = (
        sa.Index(
            "ix_mail_message_waiting",
            "made_at",
            sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str | None] = mapped_column(unique=True)
    address: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    made_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]
    failed_at: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str] = mapped_column(default="")
