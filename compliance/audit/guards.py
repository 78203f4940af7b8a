"""Refusing a change that writes no event, before it reaches the database.

The triggers of the first migration refuse the same on the database's own account; this hook gives the programmer the
sentence and covers every column, not only the state.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from compliance.audit.models import Audited, AuditEvent


class UnrecordedChangeError(RuntimeError):
    """A row with a stream of its own was changed without its event."""


def install() -> None:
    """Watch every session of the process."""
    if not event.contains(Session, "before_flush", _refuse_unrecorded):
        event.listen(Session, "before_flush", _refuse_unrecorded)
        event.listen(Session, "do_orm_execute", _refuse_bulk)


def _refuse_unrecorded(session: Session, _context: UOWTransaction, _instances: object) -> None:
    for row in [*session.new, *session.dirty]:
        if not isinstance(row, Audited) or sa.inspect(row).attrs.audit_rev.history.has_changes():
            continue
        if session.is_modified(row):
            message = f"{type(row).__name__} {row.stream} changed without an event"
            raise UnrecordedChangeError(message)


def _refuse_bulk(state: ORMExecuteState) -> None:
    if not (state.is_update or state.is_delete):
        return
    mapper = state.bind_mapper
    if mapper is not None and issubclass(mapper.class_, Audited | AuditEvent):
        message = f"bulk changes of {mapper.class_.__name__} would leave no event; fire actions instead"
        raise UnrecordedChangeError(message)
