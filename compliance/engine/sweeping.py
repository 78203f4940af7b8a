"""Carrying out what has fallen due: deadlines that act, and services that are late."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from compliance.authz import SYSTEM_ACTOR
from compliance.engine import deadlines, run
from compliance.engine.case import Case, CaseDeadline
from compliance.engine.move import Move
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import session as current_session

log = structlog.get_logger()


def sweep(at: dt.datetime | None = None, batch: int = 100) -> int:
    """Carry out every deadline that has passed, each in a transaction of its own; return how many.

    One that cannot be carried out is logged and stays due; it holds up none of the others, however many such there are.
    """
    session, moment, done = current_session(), at or clock.now(), 0
    newest: deadlines.Passed | None = None
    while True:
        due = deadlines.passed(session, moment, batch, newest)
        session.rollback()
        for newest in due:
            try:
                done += _carry_out(session, newest.id, moment)
                session.commit()
            except Exception:
                session.rollback()
                log.exception("deadline_failed", deadline=str(newest.id))
        if len(due) < batch:
            return done


def _carry_out(session: Session, deadline_id: uuid.UUID, at: dt.datetime) -> int:
    deadline = session.get(CaseDeadline, deadline_id, with_for_update={"skip_locked": True}, populate_existing=True)
    if deadline is None or deadline.settled_at is not None:
        return 0
    case = session.scalars(
        sa.select(Case)
        .where(Case.id == deadline.case_id)
        .with_for_update(of=Case)
        .execution_options(populate_existing=True)
    ).one()
    workflow = registry().process(case.kind, case.definition).workflow
    deadline.settled_at = at
    move = Move(workflow, case, SYSTEM_ACTOR, at, session, facts={})
    what, _, name = deadline.what.partition(":")
    action = workflow.action(name) if what == "act" else None
    if action is not None:
        if case.state in action.sources and not any(guard(move) for guard in action.guards):
            run.follow_up(run.Outcome(case, [run.apply(move, action, None, "system")]), workflow)
    else:
        case.late = case.late or what == "late"
        run.record(move, what, case.state, "system")
    session.flush()
    return 1
