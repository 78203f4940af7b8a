"""The case: one row for every piece of work of every kind, with what belongs to all of them.

A process adds its own columns in a table joined to this one. The case's stream in the record is part of the row, so
that the database itself can demand an event for each change of state.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from compliance.audit.models import Audited
from compliance.kernel.db import Base
from compliance.kernel.ids import new_id
from compliance.people.models import Organisation


def of_case() -> sa.ForeignKey:
    """Return the reference of a row to its case; deferred, so that both can be written in either order."""
    return sa.ForeignKey("cases.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED")


def _partly(name: str, *columns: str, flag: str, where: str = "") -> sa.Index:
    """Return an index of only the rows with *flag* set: small, and in the order of a list.

    Its condition is written as each database's queries write it; SQLite would not recognise another.
    """
    on_sqlite, on_server = sa.text(f"{flag} = 1{where}"), sa.text(f"{flag}{where}")
    return sa.Index(name, *columns, sqlite_where=on_sqlite, postgresql_where=on_server)


class Case(Audited, Base):
    """A piece of work that moves through the states of its process."""

    __tablename__ = "cases"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["stream", "audit_rev", "audit_month"],
            ["audit_event.stream", "audit_event.rev", "audit_event.month"],
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.Index(None, "waits_for", "urgent_at", "id"),
        sa.Index(None, "holder_id", "urgent_at", "id"),
        sa.Index(None, "organisation_id", "urgent_at", "id"),
        sa.Index(None, "worker_id", "urgent_at", "id"),
        sa.Index(None, "kind", "state", "urgent_at", "id"),
        sa.Index(None, "desk", "urgent_at", "id"),
        sa.Index(None, "kind", "urgent_at", "id"),
        sa.Index(None, "urgent_at", "id"),
        _partly("ix_cases_unclaimed", "urgent_at", "id", flag="desk", where=" AND holder_id IS NULL"),
        _partly("ix_cases_desk_entered", "entered_at", "id", flag="desk"),
        _partly("ix_cases_late", "urgent_at", "id", flag="late"),
    )

    kind: Mapped[str]
    reference: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    definition: Mapped[int]
    state: Mapped[str]
    entered_at: Mapped[dt.datetime]
    entered_rev: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[dt.datetime | None]
    urgent_at: Mapped[dt.datetime]
    late: Mapped[bool] = mapped_column(default=False)
    waits_for: Mapped[str]
    desk: Mapped[bool] = mapped_column(default=False)
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    team_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("team.id"))
    worker_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    worker_organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisation.id"))
    opened_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    holder_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("person.id"))
    held_since: Mapped[dt.datetime | None]
    staff_sees: Mapped[bool] = mapped_column(default=True)
    worker_sees: Mapped[bool] = mapped_column(default=True)
    # The revision at which the freelancer took another's place; what came before was about that other.
    worker_since_rev: Mapped[int] = mapped_column(default=0)
    sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]
    content_version: Mapped[int] = mapped_column(default=0)
    content_digest: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=0)
    organisation: Mapped[Organisation] = relationship(foreign_keys=[organisation_id], viewonly=True)

    __mapper_args__ = {  # noqa: RUF012 - SQLAlchemy reads this attribute from the class
        "polymorphic_on": "kind",
        "version_id_col": version,
    }


class CaseVersion(Base):
    """The terms of a case as they stood: written at opening and at every edit, never changed."""

    __tablename__ = "case_version"
    __table_args__ = (sa.UniqueConstraint("case_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(of_case())
    number: Mapped[int]
    terms: Mapped[dict[str, Any]]
    digest: Mapped[str]
    made_by_id: Mapped[uuid.UUID | None]
    made_at: Mapped[dt.datetime]


class AnswerSheet(Base):
    """One party's answers to the questionnaire of a case, bound to the rule set's version."""

    __tablename__ = "answer_sheet"
    __table_args__ = (sa.UniqueConstraint("case_id", "party"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(of_case())
    party: Mapped[str]
    rule_set: Mapped[str]
    rule_version: Mapped[str]
    rule_digest: Mapped[str]
    answers: Mapped[dict[str, Any]]
    complete: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[dt.datetime]


class CaseDocument(Base):
    """A file that belongs to a case; the bytes lie in the data directory under their digest."""

    __tablename__ = "case_document"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(of_case(), index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    party: Mapped[str]
    internal: Mapped[bool] = mapped_column(default=False)
    expires_on: Mapped[dt.date | None]
    added_by_id: Mapped[uuid.UUID | None]
    added_at: Mapped[dt.datetime]
    withdrawn_by_id: Mapped[uuid.UUID | None]
    withdrawn_at: Mapped[dt.datetime | None]


class CaseComment(Base):
    """What somebody wrote beside a case; internal comments never reach client or freelancer."""

    __tablename__ = "case_comment"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(of_case(), index=True)
    internal: Mapped[bool]
    body: Mapped[str]
    author_id: Mapped[uuid.UUID | None]
    at: Mapped[dt.datetime]


class CaseDeadline(Base):
    """Something that is to happen to a case at an instant unless it has moved on by then.

    ``what`` is ``act:<action>``, ``late`` or ``remind:<n>``; ``entered_rev`` names the entry into the state, so that
    one stay
    in a state raises each of them once.
    """

    __tablename__ = "case_deadline"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "entered_rev", "what"),
        sa.Index(
            "ix_case_deadline_open",
            "due_at",
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(of_case())
    entered_rev: Mapped[int]
    what: Mapped[str]
    due_at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]


class CaseWord(Base):
    """A word under which a case is found. It sorts byte by byte, so that a beginning is a range of the index."""

    __tablename__ = "case_word"

    word: Mapped[str] = mapped_column(sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), primary_key=True)
    case_id: Mapped[uuid.UUID] = mapped_column(of_case(), primary_key=True, index=True)


class CaseLook(Base):
    """The newest revision of a case that a person has seen, and the newest of the visit before: what came since is new.

    Looks that follow each other closely are one visit, so that what is new stays marked while somebody works.
    """

    __tablename__ = "case_look"

    case_id: Mapped[uuid.UUID] = mapped_column(of_case(), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    rev: Mapped[int]
    content_version: Mapped[int]
    before_rev: Mapped[int] = mapped_column(default=0)
    before_version: Mapped[int] = mapped_column(default=0)
    at: Mapped[dt.datetime]


class SavedView(Base):
    """A person's named filter of a list; ``starts`` opens the list with it, ``shared`` shows it to the whole desk."""

    __tablename__ = "saved_view"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "page", "name"),
        _partly("ix_saved_view_shared", "page", "name", flag="shared"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("person.id"))
    page: Mapped[str]
    name: Mapped[str]
    query: Mapped[str]
    starts: Mapped[bool] = mapped_column(default=False)
    shared: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[dt.datetime]
