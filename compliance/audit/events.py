"""Writing the record: the only place where an event comes into being.

The stream's row (a case, or a row of ``audit_stream``) is locked by whoever changes it; the event takes the next
revision and the hash of the one before, and is inserted in the transaction of the change. No event, no change.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from compliance.audit import canonical, vocabulary
from compliance.audit.models import Audited, AuditEvent, AuditOpening, AuditPending, AuditStream
from compliance.audit.sealed import Sealed, seal
from compliance.authz import Actor
from compliance.kernel import clock
from compliance.kernel.db import direct, table
from compliance.kernel.db import session as current_session
from compliance.kernel.ids import new_id

FORMAT: Final = "audit-event/1"
_EVENT: Final = sa.insert(table(AuditEvent))
_PENDING: Final = sa.insert(table(AuditPending)).inline()  # Its number is the database's own; nobody here asks for it.
_OPENING: Final = sa.insert(table(AuditOpening))
_TOGETHER: Final = "events written together"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of writing, for whoever caused it: the event's id and the hash that the tree will hold."""

    event_id: uuid.UUID
    stream: str
    rev: int
    leaf_hash: bytes

    def __str__(self) -> str:
        """Return the hash as it is printed in headers and mails."""
        return self.leaf_hash.hex()


@dataclass(frozen=True, slots=True)
class Writer:
    """What an installation writes its record with: the log's name and the key of the MACs."""

    log: str
    key: bytes

    def mac(self, encoded: bytes) -> bytes:
        """Return the MAC that tells our own rows from ones slipped in by SQL."""
        return hmac.digest(self.key, encoded, hashlib.sha256)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows that events consist of."""

    events: list[dict[str, Any]]
    pending: list[dict[str, Any]]
    openings: list[dict[str, Any]]

    def add(self, event: dict[str, Any], pending: dict[str, Any], openings: list[dict[str, Any]]) -> None:
        self.events.append(event)
        self.pending.append(pending)
        self.openings.extend(openings)


def append(  # noqa: PLR0913 - an event has this many parts; each is named at the call
    stream: str | Audited,
    action: str,
    actor: Actor,
    *,
    session: Session | None = None,
    organisation_id: uuid.UUID | None = None,
    from_state: str | None = None,
    to_state: str | None = None,
    subject: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
    reason: str | None = None,
    policy: Mapping[str, Any] | None = None,
    capacity: str | None = None,
    at: dt.datetime | None = None,
) -> Receipt:
    """Write one event in the running transaction and return its receipt.

    *stream* is a name (``user/<id>``, ``config``, ``log``) or an :class:`Audited` row, whose head then moves on.
    *changes* maps a field to ``[old, new]``; wrap personal values and free text in
    :class:`~compliance.audit.sealed.Sealed`.
    Raises :class:`~compliance.audit.vocabulary.UnknownEventError` and
    :class:`~compliance.audit.canonical.NotCanonicalError`; the caller's transaction is then of no use.
    """
    active = session or current_session()
    head = _head(active, stream) if isinstance(stream, str) else stream
    name = stream if isinstance(stream, str) else stream.stream
    moment = at or clock.now()
    document = {
        "action": vocabulary.check(action),
        "actor": _actor(actor, capacity),
        "from": from_state,
        "to": to_state,
        "organisation": str(organisation_id) if organisation_id else None,
        "subject": subject,
        "changes": changes,
        "reason": Sealed(reason) if reason else None,
        "policy": policy,
        "req": _request(actor),
    }
    entry = {
        **{key: value for key, value in document.items() if value not in (None, {}, "")},
        "v": FORMAT,
        "log": writer().log,
        "id": str(new_id()),
        "at": _instant(moment),
        "stream": name,
        "rev": (head.audit_rev or 0) + 1,
        "prev": head.audit_head.hex() if head.audit_head else None,
    }
    return _insert(active, head, entry, moment, organisation_id, actor)


@contextmanager
def together(active: Session) -> Iterator[None]:
    """Write the events of the block at its end, in few statements; the block must read none of them."""
    rows = active.info[_TOGETHER] = _Rows([], [], [])
    try:
        yield
    finally:
        del active.info[_TOGETHER]
    _write(active, rows)


def writer() -> Writer:
    """Return the writer of the running application."""
    found: Writer = current_app.extensions["audit_writer"]
    return found


def _insert(
    active: Session,
    head: Audited | AuditStream,
    entry: dict[str, Any],
    moment: dt.datetime,
    organisation_id: uuid.UUID | None,
    actor: Actor,
) -> Receipt:
    closed, openings = seal(entry)
    encoded = canonical.encode(closed)
    event_id = uuid.UUID(entry["id"])
    month = moment.year * 100 + moment.month
    row = {
        "month": month,
        "event_id": event_id,
        "stream": entry["stream"],
        "rev": entry["rev"],
        "at": moment,
        "actor_id": entry["actor"]["id"],
        "stands_for_id": str(actor.stands_for) if actor.stands_for else None,
        "action": entry["action"],
        "organisation_id": organisation_id,
        "entry": encoded.decode(),
        "leaf_hash": canonical.leaf_hash(encoded),
        "mac": writer().mac(encoded),
    }
    pending = {"month": month, "event_id": event_id}
    opened = [{"event_id": event_id, "path": o.path, "salt": o.salt, "value": o.value} for o in openings]
    rows: _Rows | None = active.info.get(_TOGETHER)
    if rows is None:
        _write(active, _Rows([row], [pending], opened))
    else:
        rows.add(row, pending, opened)
    head.audit_rev, head.audit_head = entry["rev"], row["leaf_hash"]
    if isinstance(head, Audited):
        head.audit_month = month
    return Receipt(event_id, entry["stream"], entry["rev"], row["leaf_hash"])


def _write(active: Session, rows: _Rows) -> None:
    # Directly, since a case that is half changed must not be flushed before its event stands.
    for statement, found in ((_EVENT, rows.events), (_PENDING, rows.pending), (_OPENING, rows.openings)):
        if found:
            direct(active, statement, found if len(found) > 1 else found[0])


def _head(active: Session, name: str) -> AuditStream:
    """Return the stream's row, locked; made when it is new, whichever of two first writers comes first."""
    with active.no_autoflush:
        made = sa.text("INSERT INTO audit_stream (name, audit_rev) VALUES (:name, 0) ON CONFLICT DO NOTHING")
        active.execute(made, {"name": name})
        return active.get_one(AuditStream, name, with_for_update=True)


def _actor(actor: Actor, capacity: str | None) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": actor.type,
        "id": str(actor.id) if actor.id else actor.name.lower(),
        "channel": actor.channel.value,
    }
    if capacity:
        described["role"] = capacity
    if actor.stands_for:
        described["on_behalf_of"] = str(actor.stands_for)
    return described


def _request(actor: Actor) -> dict[str, Any] | None:
    parts: dict[str, Any] = {}
    if actor.request_id:
        parts["id"] = actor.request_id
    if actor.ip:
        parts["ip"] = Sealed(actor.ip)
    return parts or None


def _instant(moment: dt.datetime) -> str:
    utc = moment.astimezone(dt.UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"
