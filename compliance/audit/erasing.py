"""Erasing sealed values of the record: the values go, their commitments stay, and an event says who erased which.

The database itself lets no value go that is not noted as erased, and no note stand without an event.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from compliance.audit import events
from compliance.audit.models import AuditErasure, AuditEvent, AuditOpening
from compliance.audit.vocabulary import Event
from compliance.authz import Actor
from compliance.kernel.db import direct, session, table

CHUNK: Final = 100  # So many values are named in one event, which must not grow past its size.


def erase(event_ids: Iterable[uuid.UUID], by: Actor, reason: str) -> int:
    """Erase every sealed value of the events, in the running transaction, and return how many there were."""
    opening, count = table(AuditOpening), 0
    found = sa.select(opening.c.event_id, opening.c.path).where(opening.c.event_id.in_(list(event_ids)))
    rows = session().execute(found.order_by(opening.c.event_id, opening.c.path)).all()
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        values = [{"event": str(row.event_id), "path": row.path} for row in chunk]
        receipt = events.append("log", Event.RECORD_VALUES_ERASED, by, subject={"values": values}, reason=reason)
        month = sa.select(AuditEvent.month).where(AuditEvent.stream == receipt.stream, AuditEvent.rev == receipt.rev)
        noted = {"erased_by": receipt.event_id, "erased_month": session().scalar(month)}
        notes = [{"event_id": row.event_id, "path": row.path, **noted} for row in chunk]
        direct(session(), sa.insert(table(AuditErasure)), notes)
        keys = sa.tuple_(opening.c.event_id, opening.c.path).in_([(row.event_id, row.path) for row in chunk])
        direct(session(), sa.delete(opening).where(keys))
        count += len(chunk)
    return count
