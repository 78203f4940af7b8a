"""Tables of imports: each file that somebody brought, and what is wrong with its rows."""

from __future__ import annotations

import datetime as dt
import enum
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from compliance.kernel.db import Base
from compliance.kernel.ids import new_id


class BatchState(enum.StrEnum):
    """Where an import stands."""

    WAITING = "waiting"
    FAULTY = "faulty"
    DONE = "done"
    LAPSED = "lapsed"


class ImportBatch(Base):
    """A file of many cases between its preview and its confirmation, and what came of it."""

    __tablename__ = "import_batch"
    __table_args__ = (
        # The same file is imported once, unless somebody says in so many words that it is meant again.
        sa.Index(
            "ix_import_batch_once",
            "organisation_id",
            "kind",
            "sha256",
            unique=True,
            sqlite_where=sa.text("state = 'done' AND NOT again"),
            postgresql_where=sa.text("state = 'done' AND NOT again"),
        ),
        sa.Index(
            "ix_import_batch_lapsing",
            "lapses_at",
            sqlite_where=sa.text("state IN ('waiting', 'faulty')"),
            postgresql_where=sa.text("state IN ('waiting', 'faulty')"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    team_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("team.id"))
    brought_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    file_name: Mapped[str]
    sha256: Mapped[str]
    rows: Mapped[int]
    faulty_rows: Mapped[int]
    state: Mapped[str]
    again: Mapped[bool] = mapped_column(default=False)
    handed_in: Mapped[int] = mapped_column(default=0)
    brought_at: Mapped[dt.datetime]
    lapses_at: Mapped[dt.datetime]
    done_at: Mapped[dt.datetime | None]
    done_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("person.id"))


class ImportFault(Base):
    """One thing that is wrong with one row of a file; gone with the file."""

    __tablename__ = "import_fault"

    batch_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("import_batch.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int]
    column: Mapped[str]
    value: Mapped[str]
    sentence: Mapped[str]
    advice: Mapped[str]
