"""Moving open cases to a newer definition of their process: planned first, then carried out as an act on record.

A case keeps the definition that it began with. Where the rules of a process change for cases under way, this is the
one way to move them: each gets the event ``<kind>.move``, all of one run share a batch id, and a case that somebody
changed since it was planned is left as it is.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.audit import events
from compliance.authz import Actor
from compliance.engine import clocks, content, deadlines, run
from compliance.engine.case import Case, CaseDeadline
from compliance.engine.definition import Workflow
from compliance.engine.errors import EngineError
from compliance.engine.move import Move
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import session as current_session
from compliance.kernel.ids import new_id
from compliance.people.models import Organisation

BATCH: Final = 200


class BadPlanError(EngineError):
    """The plan names a process, version or state that there is not."""

    code = "bad_plan"


@dataclass(frozen=True, slots=True)
class Planned:
    """What a move means for one case: to which state, with which deadlines, or why it stays as it is.

    ``changes`` maps each deadline that would change to when it is due now and then; ``rev`` is the revision that was
    looked at.
    """

    kind: str
    case_id: uuid.UUID
    reference: str
    from_version: int
    to_version: int
    from_state: str
    to_state: str
    rev: int
    refusal: str | None = None
    changes: dict[str, tuple[dt.datetime | None, dt.datetime | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _MoveAct:
    """Who moves cases, why, and the id that all of them share in the record."""

    actor: Actor
    reason: str | None
    batch_id: uuid.UUID


def plan(kind: str, to_version: int, mapping: Mapping[str, str] | None = None) -> Iterator[Planned]:
    """Yield every open case of *kind* on an older definition, with what moving it would mean; changes nothing.

    *mapping* gives the new state for old ones; a state that is not named keeps its name. Raises :class:`BadPlanError`
    before the first case when kind, version or mapping make no sense.
    """
    target, mapping = _target(kind, to_version, mapping or {}), mapping or {}
    return _walk(target, mapping)


def carry_out(planned: Iterable[Planned], actor: Actor, reason: str | None = None) -> Iterator[Planned]:
    """Move the cases of a plan, a batch to a transaction, and yield what became of each.

    Each batch is committed before its cases are yielded: what was yielded is done. Running it again moves the rest.
    """
    act, left = _MoveAct(actor, reason, new_id()), iter(planned)
    while batch := list(islice(left, BATCH)):
        session = current_session()
        try:
            done = list(_move_batch(session, batch, act))
            session.commit()
        except BaseException:
            session.rollback()
            raise
        yield from done


def _target(kind: str, to_version: int, mapping: Mapping[str, str]) -> Workflow:
    versions = {workflow.version: workflow for workflow in registry().versions(kind)}
    if not versions:
        raise BadPlanError(f"There is no process “{kind}”. Known: {', '.join(w.kind for w in registry())}.")
    if to_version not in versions:
        known = ", ".join(str(version) for version in sorted(versions))
        raise BadPlanError(f"“{kind}” has no definition {to_version}. Known: {known}.")
    target = versions[to_version]
    older = {state.value for w in versions.values() if w.version < to_version for state in w.states}
    if unknown := sorted(mapping.keys() - older):
        raise BadPlanError(f"No older definition of “{kind}” has a state {', '.join(unknown)}.")
    if unknown := sorted(set(mapping.values()) - set(target.states)):
        raise BadPlanError(f"Definition {to_version} of “{kind}” has no state {', '.join(unknown)}.")
    return target


def _walk(target: Workflow, mapping: Mapping[str, str]) -> Iterator[Planned]:
    """Go through the open cases by their ids, so that cases which change meanwhile are met once or not at all."""
    open_states = [
        sa.and_(Case.definition == older.version, Case.state.in_([s for s in older.states if not older.is_final(s)]))
        for older in registry().versions(target.kind)
        if older.version < target.version
    ]
    query = sa.select(target.model).where(Case.kind == target.kind, sa.or_(sa.false(), *open_states)).order_by(Case.id)
    last: uuid.UUID | None = None
    while True:
        session = current_session()
        following = query if last is None else query.where(Case.id > last)
        found = list(session.scalars(following.limit(BATCH).execution_options(populate_existing=True)))
        if not found:
            return
        last = found[-1].id
        yield from _plans(session, found, target, mapping)


def _plans(session: Session, cases: list[Case], target: Workflow, mapping: Mapping[str, str]) -> list[Planned]:
    """Return the plans of some cases; what they need is read for all of them at once."""
    organisations = sa.select(Organisation.id, Organisation.calendar)
    calendars = {
        row.id: row.calendar
        for row in session.execute(organisations.where(Organisation.id.in_({case.organisation_id for case in cases})))
    }
    stays = {case.id: case.entered_rev for case in cases}
    standing: dict[uuid.UUID, list[CaseDeadline]] = {case.id: [] for case in cases}
    for row in session.scalars(sa.select(CaseDeadline).where(CaseDeadline.case_id.in_(stays))):
        if row.entered_rev == stays[row.case_id]:
            standing[row.case_id].append(row)
    return [
        _planned(case, target, mapping.get(case.state, case.state), standing[case.id], calendars[case.organisation_id])
        for case in cases
    ]


def _planned(case: Case, target: Workflow, state: str, standing: list[CaseDeadline], calendar: str) -> Planned:
    made = Planned(
        case.kind, case.id, case.reference, case.definition, target.version, case.state, state, case.audit_rev
    )
    if state not in set(target.states):
        missing = f"Definition {target.version} has no state “{state}”. Say which state takes its place."
        return replace(made, refusal=missing)
    stays = state == case.state
    now = {row.what: row.due_at for row in standing if row.settled_at is None}
    fired = {row.what for row in standing if row.settled_at is not None} if stays else set()
    earlier = clocks.earlier_stays(current_session(), case, target, state, case.entered_rev) if stays else ()
    then = deadlines.dues(target, case, state, case.entered_at if stays else clock.now(), calendar, earlier)
    then = {what: due for what, due in then.items() if what not in fired}
    changed = {w: (now.get(w), then.get(w)) for w in sorted(now.keys() | then.keys()) if now.get(w) != then.get(w)}
    return replace(made, changes=changed)


def _move_batch(session: Session, batch: list[Planned], act: _MoveAct) -> Iterator[Planned]:
    cases = _locked(session, batch)
    for planned in batch:
        case = cases.get(planned.case_id)
        if planned.refusal:
            yield planned
        elif case is None or case.audit_rev != planned.rev:
            yield replace(planned, refusal="Somebody changed it since it was planned. Plan again to take it along.")
        else:
            _move(session, case, planned, act)
            yield planned


def _locked(session: Session, batch: list[Planned]) -> dict[uuid.UUID, Case]:
    """Return the cases of a batch as they are now, held until it is committed, always locked in the same order."""
    model = registry().process(batch[0].kind).workflow.model
    query = sa.select(model).where(Case.id.in_([planned.case_id for planned in batch])).order_by(Case.id)
    found = session.scalars(query.with_for_update().execution_options(populate_existing=True))
    return {case.id: case for case in found}


def _move(session: Session, case: Any, planned: Planned, act: _MoveAct) -> None:  # noqa: ANN401 - as in Move
    target = registry().process(case.kind, planned.to_version).workflow
    before = registry().process(case.kind, case.definition).workflow
    move = Move(target, case, act.actor, clock.now(), session, facts={})
    with session.no_autoflush:
        case.definition, case.state = planned.to_version, planned.to_state
        if target.terms != before.terms:
            content.keep_version(move, anew=True)
        if planned.to_state == planned.from_state:
            deadlines.renew(move)
        else:
            deadlines.enter(move, planned.from_state)
        if not case.desk:
            case.holder_id = case.held_since = None
        events.append(
            case,
            f"{case.kind}.move",
            act.actor,
            session=session,
            organisation_id=case.organisation_id,
            from_state=planned.from_state,
            to_state=planned.to_state,
            subject={"content": case.content_version, "digest": case.content_digest, "batch": str(act.batch_id)},
            changes={"definition": [planned.from_version, planned.to_version]},
            reason=act.reason,
            capacity="system" if act.actor.type == "system" else None,
            at=move.at,
        )
    session.flush()
    run.settle(case)
