"""Pages of a list by keyset: where a page begins is named by its first row's key, never by a count."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.engine.case import Case
from compliance.engine.errors import EngineError

PAGE_SIZE: Final = 25


class BadCursorError(EngineError):
    """The address names a page in a way that we never wrote."""

    status = 400
    code = "bad_cursor"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of cases, and the cursor of the next one."""

    cases: list[Case]
    after: str | None


def most_urgent_first(
    session: Session, conditions: list[sa.ColumnElement[bool]], cursor: str | None, size: int = PAGE_SIZE
) -> Page:
    """Return one page of the cases that meet *conditions*, what is due first on top."""
    query = sa.select(Case).where(*conditions).order_by(Case.urgent_at, Case.id).limit(size + 1)
    if cursor:
        query = query.where(sa.tuple_(Case.urgent_at, Case.id) > sa.tuple_(*_key(cursor)))
    found = list(session.scalars(query))
    return Page(found[:size], write_cursor(found[size - 1]) if len(found) > size else None)


def write_cursor(case: Case) -> str:
    """Return the cursor that continues after *case*."""
    return base64.urlsafe_b64encode(f"{case.urgent_at.isoformat()}|{case.id}".encode()).decode()


def _key(cursor: str) -> tuple[Any, Any]:
    try:
        at, _, row = base64.urlsafe_b64decode(cursor[:200].encode()).decode().partition("|")
        moment, case_id = dt.datetime.fromisoformat(at).astimezone(dt.UTC), uuid.UUID(row)
    except (ValueError, OverflowError, binascii.Error):
        raise BadCursorError("This page address is damaged. Go back to the first page of the list.") from None
    return sa.literal(moment, Case.urgent_at.type), sa.literal(case_id, Case.id.type)
