"""What the parties of a case must do by law, as far as a reader may know it: now, and as a determination kept it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from compliance.authz import Actor, is_at_desk
from compliance.engine import determination, duties
from compliance.engine.case import Case
from compliance.engine.definition import Workflow
from compliance.engine.move import Move
from compliance.engine.questionnaire import own_party, readable
from compliance.kernel import clock


def now(session: Session, case: Case, workflow: Workflow, reader: Actor) -> list[dict[str, Any]]:
    """Return what follows for *case* as it stands: for the desk by all that was answered, for a party by its own."""
    if workflow.duties is None:
        return []
    standing = next(iter(determination.readable(session, case, reader)), None)
    if standing is None and workflow.is_final(case.state):
        return []
    move = Move(workflow, case, reader, clock.now(), session)
    sheets = readable(move.assessment, case, reader, workflow)
    return [one.as_json() for one in duties.found(move, standing.outcome if standing else None, sheets)]


def kept(follows: Iterable[Mapping[str, Any]], case: Case, workflow: Workflow, reader: Actor) -> list[dict[str, Any]]:
    """Return what was kept with a determination: for the desk all of it, for a party without what others told."""
    if is_at_desk(reader, case):
        return [dict(one) for one in follows]
    own = own_party(case, reader, workflow)
    return duties.for_party(follows, own.value if own else None)
