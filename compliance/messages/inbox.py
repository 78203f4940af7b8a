"""A person's notifications inside the desk: unread ones first, newest on top."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from compliance.kernel import clock
from compliance.kernel.db import session, table
from compliance.messages.kinds import Kind
from compliance.messages.models import Notification

PAGE_SIZE: Final = 25
KEPT: Final = dt.timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after the notification *id*, which was read or not."""

    read: bool
    id: uuid.UUID


def page(
    query: sa.Select[*tuple[Any, ...]], person_id: uuid.UUID, kind: Kind | None, after: Cursor | None
) -> Sequence[Any]:
    """Return one row more than a page of *query* over a person's notifications: unread, then read, newest first.

    The caller's *query* says what is fetched beside each, and what of it may be seen.
    """
    query = query.where(Notification.person_id == person_id).order_by(Notification.id.desc())
    if kind:
        query = query.where(Notification.kind == kind.value)
    found: list[Any] = []
    for read, which in ((False, Notification.read_at.is_(None)), (True, Notification.read_at.is_not(None))):
        if after is None or read >= after.read:
            part = query.where(which).limit(PAGE_SIZE + 1 - len(found))
            begins = after is not None and read == after.read
            part = part.where(Notification.id < after.id) if after is not None and begins else part
            found += session().execute(part).all()
    return found


def has_unread(person_id: uuid.UUID) -> bool:
    """Tell whether something waits to be read."""
    unread = sa.select(Notification.id).where(Notification.person_id == person_id, Notification.read_at.is_(None))
    return session().scalar(unread.limit(1)) is not None


def find(person_id: uuid.UUID, notification_id: uuid.UUID) -> Notification | None:
    """Return that notification when it is this person's."""
    found = session().get(Notification, notification_id)
    return found if found is not None and found.person_id == person_id else None


def mark_read(found: Notification) -> None:
    """Note that it was read; the first time counts."""
    found.read_at = found.read_at or clock.now()


def mark_all_read(person_id: uuid.UUID) -> None:
    """Note that everything was read."""
    unread = sa.update(table(Notification)).where(Notification.person_id == person_id, Notification.read_at.is_(None))
    session().execute(unread.values(read_at=clock.now()))


def forget() -> None:
    """Delete what is older than a year and a month."""
    session().execute(sa.delete(table(Notification)).where(Notification.made_at < clock.now() - KEPT))
