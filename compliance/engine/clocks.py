"""Clocks that pause while somebody else is asked and go on afterwards: time counts over all stays in a state."""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.audit.models import AuditEvent
from compliance.engine.case import Case
from compliance.engine.definition import Workflow
from compliance.engine.hearing import states_of
from compliance.kernel.db import direct, table

_EVENT: Final = table(AuditEvent).c
_HISTORY: Final = (
    sa.select(_EVENT.entry, _EVENT.at, _EVENT.rev)
    .where(_EVENT.stream == sa.bindparam("stream"), _EVENT.rev < sa.bindparam("rev"))
    .order_by(_EVENT.rev.desc())
)


class Stay(NamedTuple):
    """From when to when a case was in a state."""

    begun: dt.datetime
    ended: dt.datetime


def earlier_stays(session: Session, case: Case, workflow: Workflow, state: str, since_rev: int) -> tuple[Stay, ...]:
    """Return the stays before the one since *since_rev* whose time counts in *state*; none where it keeps no clock.

    The clock begins anew where the case came from a state that neither keeps nor pauses it.
    """
    clock = workflow.stage(state).clock
    if not clock:
        return ()
    stays, ended = [], None
    for event in direct(session, _HISTORY, {"stream": case.stream, "rev": since_rev + 1}):
        before, after = states_of(cast("AuditEvent", event))
        if before == after:
            continue
        if event.rev < since_rev and after is not None and _keeps(workflow, after, clock) and ended is not None:
            stays.append(Stay(event.at, ended))
        if before is None or not (_keeps(workflow, before, clock) or _pauses(workflow, before, clock)):
            break
        ended = event.at
    return tuple(stays)


def may_go_on(workflow: Workflow, before: str | None, after: str) -> bool:
    """Tell whether a case that comes from *before* to *after* comes back to a clock that was running."""
    clock = workflow.stage(after).clock
    known = before is not None and before in set(workflow.states)
    return bool(clock and before and known and (_keeps(workflow, before, clock) or _pauses(workflow, before, clock)))


def _keeps(workflow: Workflow, state: str, clock: str) -> bool:
    return state in set(workflow.states) and workflow.stage(state).clock == clock


def _pauses(workflow: Workflow, state: str, clock: str) -> bool:
    return state in set(workflow.states) and workflow.stage(state).pauses == clock
