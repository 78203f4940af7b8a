"""What an offer's opener has to see to beside what every process asks."""

from __future__ import annotations

from compliance.engine.move import Move
from compliance.engine.tasks import Leads, Status, Task
from workflows.offer import guards


def tasks(move: Move) -> list[Task]:
    """Return the terms where a rule of the client or the calendar refuses them, and the client's own approvers."""
    found = []
    refusal = guards.purchase_order_is_there(move) or guards.first_day_lies_ahead(move)
    if refusal:
        found.append(Task("terms", "Terms", Status.ATTENTION, refusal, Leads.TERMS))
    steps = move.organisation.approval_steps
    if steps:
        signs = "One approver signs" if steps == 1 else f"{steps} approvers sign"
        hint = f"{signs} after you submit, before the reviewers see it."
        found.append(Task("approvers", "Your company's approval", Status.CANNOT_START, hint))
    return found
