"""A hundred thousand offers in seconds: rows and events written in bulk, for benchmarks only.

No offer of a real installation comes to be like this. Each row still has its event, chained, with its MAC, so that the
triggers agree and the record verifies; only the actions that would have led here were never fired.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from typing import Any, Final

import sqlalchemy as sa

from bench.offers import terms
from bench.scratch import Scratch
from compliance.audit import canonical
from compliance.audit.events import FORMAT
from compliance.audit.models import AuditEvent
from compliance.engine.case import Case
from compliance.engine.deadlines import NEVER
from compliance.engine.definition import Party, Stage
from compliance.engine.registry import registry
from compliance.kernel import clock, ids
from compliance.kernel.db import engine, table
from workflows.offer.model import Offer

CHUNK: Final = 5_000
# Where offers stand, in parts of a hundred: most are over, a few hundred of a hundred thousand wait for each reviewer.
STATES: Final = {
    "submitted": 6, "classification_review": 6, "second_review": 1, "info_client": 4, "draft": 5,
    "enterprise_ready": 8, "onboarding": 5, "active": 25, "ended": 30, "rejected": 10,
}  # fmt: skip
# Whose turn it is at first where that depends on the offer; the client of these enrolled in the service.
FIRST_TURN: Final = {"submitted": Party.REVIEWER, "onboarding": Party.FREELANCER}


def fill(place: Scratch, count: int, *, organisations: list[uuid.UUID], holders: list[uuid.UUID]) -> None:
    """Add *count* offers spread over *organisations*, those in review held by one of *holders* or by nobody."""
    chance = random.Random(count)  # noqa: S311 - the same offers at every run, nothing secret
    workflow, writer = registry().process("offer").workflow, place.app.extensions["audit_writer"]
    written = terms()
    own = {name: value for name, value in written.items() if name in table(Offer).c and name != "amount"}
    own |= {"amount_minor": 1_250_000, "purchase_order": "", "former_employee": False, "reason_codes": []}
    for name in ("hours_per_week", "months_worked"):
        own[name] = int(written[name])
    for name in ("starts_on", "ends_on"):
        own[name] = dt.date.fromisoformat(written[name])
    blank = {c.name: "" for c in table(Offer).c if not c.nullable and isinstance(c.type, sa.Text) and c.name not in own}
    no = {c.name: False for c in table(Offer).c if isinstance(c.type, sa.Boolean) and c.name not in own}
    states = chance.choices(list(STATES), list(STATES.values()), k=count)
    for start in range(0, count, CHUNK):
        cases, offers, events = [], [], []
        for number in range(start, min(start + CHUNK, count)):
            stage = workflow.stage(states[number])
            case = _case(number, states[number], stage, chance, organisations, holders)
            events.append(_event(case, writer))
            cases.append(case | {"audit_month": events[-1]["month"], "audit_head": events[-1]["leaf_hash"]})
            offers.append({"id": case["id"], **own, **blank, **no})
        with engine().begin() as connection:
            connection.execute(sa.insert(table(AuditEvent)), events)
            connection.execute(sa.insert(table(Case)), cases)
            connection.execute(sa.insert(table(Offer)), offers)
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _case(
    number: int,
    state: str,
    stage: Stage,
    chance: random.Random,
    organisations: list[uuid.UUID],
    holders: list[uuid.UUID],
) -> dict[str, Any]:
    now, case_id = clock.now(), ids.new_id()
    due = now + dt.timedelta(minutes=chance.randint(-3_000, 60_000)) if stage.within else None
    turn = stage.waits_for if isinstance(stage.waits_for, Party) else FIRST_TURN[state]
    held = turn.is_staff and state != "submitted" and chance.random() < 0.8  # noqa: PLR2004 - most reviews are somebody's
    return {
        "id": case_id,
        "kind": "offer",
        "stream": f"offer/{case_id}",
        "reference": ids.new_reference("OF"),
        "title": f"Work number {number}",
        "definition": 1,
        "state": state,
        "entered_at": now,
        "entered_rev": 1,
        "due_at": due,
        "urgent_at": due or NEVER,
        "late": False,
        "waits_for": turn.value,
        "desk": turn.is_staff,
        "organisation_id": chance.choice(organisations),
        "holder_id": chance.choice(holders) if held else None,
        "held_since": now if held else None,
        "staff_sees": stage.staff_sees,
        "worker_sees": stage.worker_sees,
        "sample": False,
        "created_at": now,
        "content_version": 1,
        "content_digest": "0" * 64,
        "version": 1,
        "audit_rev": 1,
    }


def _event(case: dict[str, Any], writer: Any) -> dict[str, Any]:  # noqa: ANN401 - the application's own writer
    event_id, at = ids.new_id(), case["created_at"]
    encoded = canonical.encode(
        {
            "v": FORMAT,
            "log": writer.log,
            "id": str(event_id),
            "at": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
            "stream": case["stream"],
            "rev": 1,
            "action": "offer.open",
            "actor": {"type": "system", "id": "bench", "channel": "command"},
            "to": case["state"],
            "organisation": str(case["organisation_id"]),
        }
    )
    return {
        "month": at.year * 100 + at.month,
        "event_id": event_id,
        "stream": case["stream"],
        "rev": 1,
        "at": at,
        "actor_id": "bench",
        "action": "offer.open",
        "organisation_id": case["organisation_id"],
        "entry": encoded.decode(),
        "leaf_hash": canonical.leaf_hash(encoded),
        "mac": writer.mac(encoded),
    }
