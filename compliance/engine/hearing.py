"""Who hears what of a case: what stays inside the desk or the client, and what lies between the desk and one party."""

from __future__ import annotations

import json

from compliance.audit.models import AuditEvent
from compliance.authz import CLIENT, Actor, is_at_desk, is_worker
from compliance.engine.case import Case
from compliance.engine.definition import Party, Stage, Workflow


def is_kept_inside(workflow: Workflow, event: AuditEvent) -> bool:
    """Tell whether the parties hear nothing of *event*: the desk's own act, by which the case stayed in its state."""
    action = workflow.action(event.action.partition(".")[2])
    if action is None or not workflow.is_for_desk(action):
        return False
    before, after = states_of(event)
    return before == after


def is_in_sight(reader: Actor, case: Case, workflow: Workflow, event: AuditEvent) -> bool:
    """Tell whether *reader* saw *case* before *event* or after it: what happened out of sight stays where it was."""
    return is_of_client(reader, case) or any(
        sees(reader, case, workflow, state) for state in states_of(event) if state is not None
    )


def sees(reader: Actor, case: Case, workflow: Workflow, state: str) -> bool:
    """Tell whether *reader*, who is not of the client, sees *case* in *state*."""
    if reader.type == "system":
        return True
    stage = _stage(workflow, state)
    return stage is not None and (
        (is_at_desk(reader, case) and stage.staff_sees) or (is_worker(reader, case) and stage.worker_sees)
    )


def states_of(event: AuditEvent) -> tuple[str | None, str | None]:
    """Return the states of the case before and after *event*."""
    entry = json.loads(event.entry)
    return entry.get("from"), entry.get("to")


def is_of_client(reader: Actor, case: Case) -> bool:
    """Tell whether *reader* belongs to the client whose case it is."""
    return any(grant.role in CLIENT and grant.covers(case.organisation_id, case.team_id) for grant in reader.grants)


def is_about_another(reader: Actor, case: Case, rev: int) -> bool:
    """Tell whether *reader* is the freelancer of *case* and what happened at *rev* was about the one before."""
    if rev >= case.worker_since_rev or reader.type == "system":
        return False
    return not (is_at_desk(reader, case) or is_of_client(reader, case))


def is_between(reader: Actor, case: Case, party: Party) -> bool:
    """Tell whether *reader* may read what lies between the desk and *party* of *case*."""
    if is_at_desk(reader, case):
        return True
    if party is Party.FREELANCER:
        return is_worker(reader, case)
    return is_of_client(reader, case)


def _stage(workflow: Workflow, state: str) -> Stage | None:
    """Return what *state* means, also where only an earlier definition knew it."""
    versions = (workflow, *workflow.earlier)
    return next((version.stage(state) for version in versions if state in set(version.states)), None)
