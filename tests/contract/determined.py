"""A determination for processes that look at one of another case; the one process that this room knows by name."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa

from compliance.authz import Actor
from compliance.engine import run
from compliance.engine.determination import Determination
from compliance.kernel import clock
from compliance.kernel.db import session
from tests.offer.scene import APPROVAL, TERMS, UNCHARTED

STEPS = ("submit", "claim", "escalate", "take_second", "approve")


def determined(client: Actor, reviewer: Actor, senior: Actor, at: uuid.UUID) -> str:
    """Return the id of a determination that these three have brought about, of a case that asks nothing."""
    first = clock.now().date() + dt.timedelta(days=30)
    days = {"starts_on": first.isoformat(), "ends_on": (first + dt.timedelta(days=90)).isoformat()}
    opened = run.open_case("offer", client, {**TERMS, **UNCHARTED, **days}, organisation_id=at, sample=True)
    data: dict[str, dict[str, str]] = {"escalate": {"reason": "Two should look."}, "approve": dict(APPROVAL)}
    for who, step in zip((client, reviewer, reviewer, senior, senior), STEPS, strict=True):
        seen = opened.case.content_digest
        run.fire("offer", opened.case.reference, step, who, data.get(step, {}), seen=seen)
    of_case = sa.select(Determination.id).where(Determination.case_id == opened.case.id)
    return str(session().scalars(of_case).one())
