"""Holding comments against the record, whose events hold each one's words sealed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from compliance.audit.comparisons import Fault
from compliance.audit.models import AuditEvent, AuditOpening
from compliance.engine import erased
from compliance.engine.case import Case, CaseComment
from compliance.kernel.db import table

BATCH: Final = 500
BODY: Final = "changes/body/1"
GONE: Final = "the event tells of a comment that is not there"
UNTOLD: Final = "a comment stands there of which no event tells"
CHANGED: Final = "a comment is not the one that was written"
SHOWN: Final = "a comment of the desk's own is shown to the parties"
_CASE, _EVENT = table(Case).c, table(AuditEvent).c
_COMMENT, _OPENING = table(CaseComment).c, table(AuditOpening).c
_EVENTS: Final = (
    sa.select(
        *(_EVENT.stream, _EVENT.rev, _EVENT.event_id, _EVENT.actor_id, _EVENT.at, _EVENT.entry),
        _CASE.id.label("case_id"),
    )
    .join(table(Case), _CASE.stream == _EVENT.stream)
    .where(_EVENT.action == _CASE.kind + f".{erased.COMMENT}")
    .order_by(_EVENT.event_id)
    .limit(BATCH)
)
_ROWS: Final = sa.select(table(CaseComment)).where(_COMMENT.case_id.in_(sa.bindparam("cases", expanding=True)))
_WORDS: Final = sa.select(_OPENING.event_id, _OPENING.value).where(
    _OPENING.path == BODY, _OPENING.event_id.in_(sa.bindparam("events", expanding=True))
)
_COUNTS: Final = (
    sa.select(_CASE.stream, _CASE.audit_rev)
    .join(table(CaseComment), _COMMENT.case_id == _CASE.id)
    .outerjoin(
        table(AuditEvent),
        sa.and_(
            _EVENT.stream == _CASE.stream,
            _EVENT.action == _CASE.kind + f".{erased.COMMENT}",
            _EVENT.at == _COMMENT.at,
        ),
    )
    .where(_EVENT.event_id.is_(None))
)


def compare(connection: Connection) -> Iterator[list[Fault]]:
    """Yield for each event of a comment where that is another or gone; then comments of which no event tells."""
    gone, after = erased.named(connection), None
    while events := connection.execute(_EVENTS if after is None else _EVENTS.where(_EVENT.event_id > after)).all():
        rows = {row.id: row for row in connection.execute(_ROWS, {"cases": list({one.case_id for one in events})})}
        words = _words(connection, events)
        for one in events:
            found = _fault(one, rows, words.get(one.event_id), gone)
            yield [Fault(one.stream, one.rev, found)] if found else []
        after = events[-1].event_id
    for row in connection.execute(_COUNTS):
        yield [Fault(row.stream, row.audit_rev, UNTOLD)]


def _words(connection: Connection, events: Sequence[Any]) -> dict[uuid.UUID, Any]:
    found = connection.execute(_WORDS, {"events": [one.event_id for one in events]})
    return {row.event_id: row.value for row in found}


def _fault(told: Any, rows: dict[uuid.UUID, Any], words: Any, gone: frozenset[str]) -> str | None:  # noqa: ANN401 - raw rows
    """Return what is wrong with the comment that an event tells of; older events tell neither which nor what."""
    comment = erased.comment_of(told.entry)
    if comment is None:
        return None
    row = rows.get(comment)
    if row is None:
        return GONE
    if json.loads(told.entry)["changes"].get("internal") and not row.internal:
        return SHOWN
    if words is None:
        return None if row.body == erased.ERASED and str(comment) in gone else CHANGED
    return None if row.body == words and str(row.author_id) == told.actor_id else CHANGED
