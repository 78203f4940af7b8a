"""Deadlines: set when a case enters a state, settled when it leaves, swept when they pass.

One row per deadline and one sweep serve any volume, and a deadline fires once: the row is settled in the transaction of
what it causes.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.engine.case import Case, CaseDeadline
from compliance.engine.definition import Action, Moment
from compliance.engine.move import Move
from compliance.kernel import clock
from compliance.kernel.db import table
from compliance.kernel.ids import new_id

NEVER: Final = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


def enter(move: Move) -> None:
    """Settle the deadlines of the state that was left and set those of the one that was entered."""
    case, at = move.case, move.at
    move.session.execute(
        sa.update(table(CaseDeadline))
        .where(CaseDeadline.case_id == case.id, CaseDeadline.settled_at.is_(None))
        .values(settled_at=at)
    )
    stage = move.workflow.stage(case.state)
    calendar = clock.calendar(move.organisation.calendar)
    case.entered_at, case.entered_rev, case.late = at, case.audit_rev + 1, False
    case.waits_for, case.desk = stage.waits_for.value, stage.waits_for.is_staff
    case.staff_sees, case.worker_sees = stage.staff_sees, stage.worker_sees
    due = {
        f"act:{a.name}": _due(a, case, at, calendar) for a in move.workflow.actions if a.due and case.state in a.sources
    }
    if stage.within:
        due["late"] = stage.within.after(at, calendar)
    due |= {f"remind:{n}": term.after(at, calendar) for n, term in enumerate(stage.remind, start=1)}
    case.due_at = due.get("late") or min((d for what, d in due.items() if what.startswith("act:")), default=None)
    case.urgent_at = case.due_at or NEVER
    if due:
        move.session.execute(
            sa.insert(table(CaseDeadline)),
            [
                {"id": new_id(), "case_id": case.id, "entered_rev": case.entered_rev, "what": what, "due_at": instant}
                for what, instant in due.items()
            ],
        )


def passed(session: Session, at: dt.datetime, limit: int = 100) -> list[uuid.UUID]:
    """Return the ids of deadlines that passed by *at* and are not settled, oldest first."""
    found = session.scalars(
        sa.select(CaseDeadline.id)
        .where(CaseDeadline.settled_at.is_(None), CaseDeadline.due_at <= at)
        .order_by(CaseDeadline.due_at, CaseDeadline.id)
        .limit(limit)
    )
    return list(found)


def _due(action: Action, case: Case, at: dt.datetime, calendar: clock.Calendar) -> dt.datetime:
    term = action.due(case) if isinstance(action.due, Moment) else action.due
    if isinstance(term, dt.datetime):
        return term
    if term is None:
        return NEVER
    instant: dt.datetime = term.after(at, calendar)
    return instant
