"""Erasing sealed values of the record: the values go, their commitments stay, and an event says who erased which.

The database itself lets no value go that is not noted as erased, and no note stand without an event. Whoever keeps
copies of such values beside the record adds a way to find them; they go in the same transaction.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from compliance.audit import events
from compliance.audit.models import AuditErasure, AuditEvent, AuditOpening
from compliance.audit.vocabulary import Event
from compliance.authz import Actor
from compliance.kernel.db import direct, session, table

CHUNK: Final = 100  # So many values are named in one event, which must not grow past its size.


@dataclass(frozen=True, slots=True)
class Copy:
    """Words that stand a second time beside the record: what their erasure says of them, and what takes them away."""

    says: Mapping[str, str]
    change: sa.Update

    @staticmethod
    def parsed(entry: str) -> dict[str, Any]:
        """Return the entry of an event."""
        found: dict[str, Any] = json.loads(entry)
        return found

    @staticmethod
    def named_in(entry: str) -> list[dict[str, str]]:
        """Return what the event *entry* of an erasure says of copies."""
        found: list[dict[str, str]] = Copy.parsed(entry).get("subject", {}).get("copies", [])
        return found


Find = Callable[[Collection[uuid.UUID]], Iterator[Copy]]
_finders: dict[str, Find] = {}


def add(things: str, find: Find) -> None:
    """Let every erasure take the copies that *find* finds too."""
    _finders[things] = find


def erase(event_ids: Iterable[uuid.UUID], by: Actor, reason: str) -> int:
    """Erase every sealed value of the events, in the running transaction, and return how many there were."""
    opening, count, wanted = table(AuditOpening), 0, list(event_ids)
    found = sa.select(opening.c.event_id, opening.c.path).where(opening.c.event_id.in_(wanted))
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
    if count:
        _erase_copies(wanted, by, reason)
    return count


def _erase_copies(event_ids: list[uuid.UUID], by: Actor, reason: str) -> None:
    """Take away the copies of what was erased; the database asks for the notes of that first."""
    copies = [copy for find in _finders.values() for copy in find(event_ids)]
    for start in range(0, len(copies), CHUNK):
        chunk = copies[start : start + CHUNK]
        subject = {"copies": [dict(copy.says) for copy in chunk]}
        events.append("log", Event.RECORD_VALUES_ERASED, by, subject=subject, reason=reason)
        for copy in chunk:
            direct(session(), copy.change)
