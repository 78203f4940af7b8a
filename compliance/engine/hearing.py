"""What of a case's record stays inside the desk, whoever asks for it."""

from __future__ import annotations

import json

from compliance.audit.models import AuditEvent
from compliance.engine.definition import Workflow


def is_kept_inside(workflow: Workflow, event: AuditEvent) -> bool:
    """Tell whether the parties hear nothing of *event*: the desk's own act, by which the case stayed in its state."""
    action = workflow.action(event.action.partition(".")[2])
    if action is None or not workflow.is_for_desk(action):
        return False
    entry = json.loads(event.entry)
    return bool(entry.get("from") == entry.get("to"))
