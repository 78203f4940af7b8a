"""Who hears what of a case: what stays inside the desk, and what lies between the desk and one party."""

from __future__ import annotations

import json

from compliance.audit.models import AuditEvent
from compliance.authz import CLIENT, Actor, is_worker, reads_at_desk
from compliance.engine.case import Case
from compliance.engine.definition import Party, Workflow


def is_kept_inside(workflow: Workflow, event: AuditEvent) -> bool:
    """Tell whether the parties hear nothing of *event*: the desk's own act, by which the case stayed in its state."""
    action = workflow.action(event.action.partition(".")[2])
    if action is None or not workflow.is_for_desk(action):
        return False
    entry = json.loads(event.entry)
    return bool(entry.get("from") == entry.get("to"))


def is_between(reader: Actor, case: Case, party: Party) -> bool:
    """Tell whether *reader* may read what lies between the desk and *party* of *case*."""
    if reads_at_desk(reader, case):
        return True
    if party is Party.FREELANCER:
        return is_worker(reader, case)
    return any(grant.role in CLIENT and grant.covers(case.organisation_id, case.team_id) for grant in reader.grants)
