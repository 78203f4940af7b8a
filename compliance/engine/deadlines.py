"""Deadlines: set when a case enters a state, settled when it leaves, swept when they pass.

One row per deadline and one sweep serve any volume, and a deadline fires once: the row is settled in the transaction of
what it causes.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.engine import clocks
from compliance.engine.case import Case, CaseDeadline
from compliance.engine.definition import Action, Moment, Party, Workflow
from compliance.engine.move import Move
from compliance.kernel import clock
from compliance.kernel.db import direct, table
from compliance.kernel.ids import new_id

NEVER: Final = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
_DEADLINE = table(CaseDeadline)
_SETTLE: Final = (
    sa.update(_DEADLINE)
    .where(_DEADLINE.c.case_id == sa.bindparam("of_case"), _DEADLINE.c.settled_at.is_(None))
    .values(settled_at=sa.bindparam("at"))
)
_SET: Final = sa.insert(_DEADLINE)


class Passed(NamedTuple):
    """A deadline that has passed, as the order of all of them knows it."""

    due_at: dt.datetime
    id: uuid.UUID


def enter(move: Move, before: str | None = None) -> None:
    """Settle the deadlines of the state *before*, which was left, and set those of the one that was entered."""
    case, at = move.case, move.at
    if case.audit_rev:  # A case that is being opened has left no state.
        direct(move.session, _SETTLE, {"of_case": case.id, "at": at})
    case.entered_at, case.entered_rev, case.late = at, case.audit_rev + 1, False
    goes_on = clocks.may_go_on(move.workflow, before, case.state)
    stays = clocks.earlier_stays(move.session, case, move.workflow, case.state, case.entered_rev) if goes_on else ()
    due = dues(move.workflow, case, case.state, at, move.organisation.calendar, stays)
    _say_on_the_case(move, due)
    _set(move, due)


def ask_again(move: Move, done: str) -> None:
    """Find anew whose turn it is while the case stays, where that depends on the case; *done* was done just now.

    A claim ends when the turn passes from the desk to somebody else.
    """
    case, stage = move.case, move.workflow.stage(move.case.state)
    if isinstance(stage.waits_for, Party):
        return
    move.done = done
    party = stage.turn(move)
    if party.value != case.waits_for:
        case.waits_for, case.desk, move.turned = party.value, party.is_staff, True
        if not case.desk:
            case.holder_id, case.held_since = None, None


def renew(move: Move) -> None:
    """Set the deadlines of the stay that goes on under another definition, counted from its beginning.

    What has fired in this stay does not fire again; what the new definition does not know is settled.
    """
    case = move.case
    stays = clocks.earlier_stays(move.session, case, move.workflow, case.state, case.entered_rev)
    due = dues(move.workflow, case, case.state, case.entered_at, move.organisation.calendar, stays)
    of_stay = (CaseDeadline.case_id == case.id, CaseDeadline.entered_rev == case.entered_rev)
    known = move.session.execute(sa.select(CaseDeadline.what, CaseDeadline.settled_at).where(*of_stay)).all()
    for what, settled_at in known:
        if settled_at is None:
            values = {"due_at": due[what]} if what in due else {"settled_at": move.at}
            move.session.execute(sa.update(_DEADLINE).where(*of_stay, CaseDeadline.what == what).values(values))
    _say_on_the_case(move, due)
    case.late = case.late and case.due_at is not None and case.due_at <= move.at
    _set(move, {what: instant for what, instant in due.items() if what not in {row.what for row in known}})


def dues(
    workflow: Workflow, case: Case, state: str, at: dt.datetime, calendar_key: str, stays: Sequence[clocks.Stay] = ()
) -> dict[str, dt.datetime]:
    """Return what *workflow* lets fall due, and when, for *case* were it in *state* since *at* after *stays*."""
    stage, calendar = workflow.stage(state), clock.calendar(calendar_key)

    def over(term: clock.Term) -> dt.datetime:
        instant = term.after(at, calendar)
        for stay in stays:
            instant = term.sooner(instant, term.spent(stay.begun, stay.ended, calendar), calendar)
        return max(instant, at)

    due = {f"act:{a.name}": _due(a, case, over) for a in workflow.actions if a.due and state in a.sources}
    if stage.within:
        due["late"] = over(stage.within)
    return due | {f"remind:{n}": over(term) for n, term in enumerate(stage.remind, start=1)}


def _say_on_the_case(move: Move, due: dict[str, dt.datetime]) -> None:
    case, stage = move.case, move.workflow.stage(move.case.state)
    party = stage.turn(move)
    case.waits_for, case.desk = party.value, party.is_staff
    case.staff_sees, case.worker_sees = stage.staff_sees, stage.worker_sees
    case.due_at = due.get("late") or min((d for what, d in due.items() if what.startswith("act:")), default=None)
    case.urgent_at = case.due_at or NEVER


def _set(move: Move, due: dict[str, dt.datetime]) -> None:
    case = move.case
    if due:
        direct(
            move.session,
            _SET,
            [
                {"id": new_id(), "case_id": case.id, "entered_rev": case.entered_rev, "what": what, "due_at": instant}
                for what, instant in due.items()
            ],
        )


def passed(session: Session, at: dt.datetime, limit: int, after: Passed | None = None) -> list[Passed]:
    """Return the deadlines that passed by *at* and are not settled, oldest first, those behind *after*."""
    query = sa.select(CaseDeadline.due_at, CaseDeadline.id).where(
        CaseDeadline.settled_at.is_(None), CaseDeadline.due_at <= at
    )
    if after is not None:
        at_once = sa.and_(CaseDeadline.due_at == after.due_at, CaseDeadline.id > after.id)
        query = query.where(sa.or_(CaseDeadline.due_at > after.due_at, at_once), CaseDeadline.due_at >= after.due_at)
    found = session.execute(query.order_by(CaseDeadline.due_at, CaseDeadline.id).limit(limit))
    return [Passed(due_at, deadline_id) for due_at, deadline_id in found]


def _due(action: Action, case: Case, over: Callable[[clock.Term], dt.datetime]) -> dt.datetime:
    term = action.due(case) if isinstance(action.due, Moment) else action.due
    if isinstance(term, dt.datetime):
        return term
    return NEVER if term is None else over(term)
