"""What was done to a case since it came into its state: by whom and when, for its page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.audit.models import AuditEvent
from compliance.engine.case import Case
from compliance.engine.telling import names_of


@dataclass(frozen=True, slots=True)
class Done:
    """Who did something, and when."""

    name: str
    at: dt.datetime

    def __str__(self) -> str:
        """Return both as readers see them."""
        return f"{self.name}, {self.at:%d %B %Y at %H:%M} UTC"


def done_here(session: Session, case: Case) -> dict[str, Done]:
    """Return for each action what the record says of the last time since *case* came into its state."""
    acts = session.execute(
        sa.select(AuditEvent.action, AuditEvent.actor_id, AuditEvent.at)
        .where(AuditEvent.stream == case.stream, AuditEvent.rev > case.entered_rev)
        .order_by(AuditEvent.rev)
    ).all()
    names = names_of(session, (act.actor_id for act in acts))
    return {act.action.partition(".")[2]: Done(names.get(act.actor_id, "Countersign"), act.at) for act in acts}
