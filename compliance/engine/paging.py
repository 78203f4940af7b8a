"""Pages of a list by keyset: where a page begins is named by its neighbour's key, never by a count."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from compliance.engine.case import Case
from compliance.engine.errors import EngineError

PAGE_SIZE: Final = 25


class BadCursorError(EngineError):
    """The address names a page in a way that we never wrote."""

    status = 400
    code = "bad_cursor"


@dataclass(frozen=True, slots=True)
class Order:
    """An order of cases that an index serves: by an instant, and by id where instants are equal."""

    by: InstrumentedAttribute[dt.datetime]
    descending: bool = False

    def read(self, case: Case) -> str:
        """Return the cursor that names *case* in this order."""
        moment: dt.datetime = getattr(case, self.by.key)
        return base64.urlsafe_b64encode(f"{moment.isoformat()}|{case.id}".encode()).decode()

    def sorting(self, *, backwards: bool = False) -> tuple[sa.ColumnElement[Any], ...]:
        """Return what to sort by, forwards or backwards."""
        if self.descending != backwards:
            return self.by.desc(), Case.id.desc()
        return self.by.asc(), Case.id.asc()

    def beyond(self, cursor: str, *, backwards: bool = False) -> sa.ColumnElement[bool]:
        """Return the condition of lying after what *cursor* names (before it, when *backwards*)."""
        here, there = sa.tuple_(self.by, Case.id), sa.tuple_(*self._key(cursor))
        return here < there if self.descending != backwards else here > there

    def _key(self, cursor: str) -> tuple[Any, Any]:
        try:
            at, _, row = base64.urlsafe_b64decode(cursor[:200].encode()).decode().partition("|")
            moment, case_id = dt.datetime.fromisoformat(at).astimezone(dt.UTC), uuid.UUID(row)
        except (ValueError, OverflowError, binascii.Error):
            raise BadCursorError("This page address is damaged. Go back to the first page of the list.") from None
        return sa.literal(moment, self.by.type), sa.literal(case_id, Case.id.type)


MOST_URGENT: Final = Order(Case.urgent_at)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of cases, and the cursors of its neighbours."""

    cases: list[Case]
    after: str | None
    before: str | None = None


def most_urgent_first(
    session: Session, conditions: Sequence[sa.ColumnElement[bool]], cursor: str | None, size: int = PAGE_SIZE
) -> Page:
    """Return one page of the cases that meet *conditions*, what is due first on top."""
    return forwards(session, conditions, MOST_URGENT, cursor, size)


def forwards(
    session: Session,
    conditions: Sequence[sa.ColumnElement[bool]],
    order: Order,
    after: str | None,
    size: int = PAGE_SIZE,
) -> Page:
    """Return the page that begins after the case that *after* names, or the first one."""
    query = sa.select(Case).where(*conditions).order_by(*order.sorting()).limit(size + 1)
    if after:
        query = query.where(order.beyond(after))
    found = list(session.scalars(query))
    shown = found[:size]
    more, earlier = len(found) > size, bool(after and shown)
    return Page(shown, order.read(shown[-1]) if more else None, order.read(shown[0]) if earlier else None)


def backwards(
    session: Session, conditions: Sequence[sa.ColumnElement[bool]], order: Order, before: str, size: int = PAGE_SIZE
) -> Page:
    """Return the page that ends before the case that *before* names."""
    query = (
        sa.select(Case)
        .where(*conditions, order.beyond(before, backwards=True))
        .order_by(*order.sorting(backwards=True))
        .limit(size + 1)
    )
    found = list(session.scalars(query))
    shown = found[:size][::-1]
    if not shown:
        return forwards(session, conditions, order, None, size)
    return Page(shown, order.read(shown[-1]), order.read(shown[0]) if len(found) > size else None)
