"""What each test found, beside what was decided: kept with the determination, so that both can be counted together."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from compliance.engine.case import of_case
from compliance.engine.questionnaire import Assessment
from compliance.kernel.db import Base, direct, table
from compliance.rules.model import Outcome

TOGETHER: Final = "together"
"""Stands where a rule set's key does, for what all of them found together."""


class Comparison(Base):
    """What one rule set found in the answers that a determination was made on, or all of them together.

    It repeats what the determination says, in a form that can be counted. Where the parties' answers lead to different
    outcomes, the status is open.
    """

    __tablename__ = "comparison"
    __table_args__ = (sa.Index(None, "test", "decided_at", "determination_id"),)

    determination_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("determination.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    test: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[uuid.UUID] = mapped_column(of_case(), index=True)
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    found: Mapped[str]
    decided: Mapped[str]
    decided_by_id: Mapped[uuid.UUID | None]
    decided_at: Mapped[dt.datetime]


_KEEP: Final = sa.insert(table(Comparison))


def keep(session: Session, found: Assessment, of: Mapping[str, Any]) -> None:
    """Keep what *found* says, by rule set and together, beside the determination that *of* describes."""
    rows = [{**of, "test": test, "found": outcome} for test, outcome in _outcomes(found)]
    if rows:
        direct(session, _KEEP, rows)


def _outcomes(found: Assessment) -> Iterator[tuple[str, str]]:
    """Yield each rule set that has a say, and all together, with the outcome that they find for every party."""
    outcomes: dict[str, set[Outcome]] = {}
    for sheet in found.sheets:
        if sheet.finding is None:
            continue
        outcomes.setdefault(TOGETHER, set()).add(sheet.finding.outcome)
        for one in sheet.finding.findings:
            if one.counts is not None:
                outcomes.setdefault(one.key, set()).add(one.counts)
    for test, said in outcomes.items():
        yield test, (next(iter(said)) if len(said) == 1 else Outcome.NEEDS_REVIEW).value
