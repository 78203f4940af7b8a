"""What a reader has seen of a case, so that the page can say what is new. Looks are marks, no part of the record."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from compliance.engine.case import Case, CaseLook
from compliance.kernel.db import aside, table

# Looks that follow each other within this time are one visit: what was new stays marked while somebody works.
VISIT: Final = dt.timedelta(minutes=30)
MARK_EVERY: Final = dt.timedelta(minutes=1)
# A mark is not worth waiting for.
PATIENCE_MS: Final = 250


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest revision, and version of the terms, that a reader knew of."""

    rev: int
    version: int


def before(session: Session, case: Case, person_id: uuid.UUID, at: dt.datetime) -> Seen:
    """Return what the person had seen of *case* before this visit; on the first look that is everything."""
    return _known(session.get(CaseLook, (case.id, person_id)), case, at)


def visit(session: Session, case: Case, person_id: uuid.UUID, at: dt.datetime) -> Seen:
    """Return what :func:`before` returns, and note that the person sees *case* as it is now.

    The note is written in a transaction of its own: reading is no change.
    """
    look = session.get(CaseLook, (case.id, person_id))
    known = _known(look, case, at)
    if look is None or look.rev != case.audit_rev or at - look.at >= MARK_EVERY:
        _mark(case, person_id, at, known)
    return known


def _known(look: CaseLook | None, case: Case, at: dt.datetime) -> Seen:
    if look is None:
        return Seen(case.audit_rev, case.content_version)
    if at - look.at > VISIT:
        return Seen(look.rev, look.content_version)
    return Seen(look.before_rev, look.before_version)


def _mark(case: Case, person_id: uuid.UUID, at: dt.datetime, known: Seen) -> None:
    values = {
        "rev": case.audit_rev,
        "content_version": case.content_version,
        "before_rev": known.rev,
        "before_version": known.version,
        "at": at,
    }
    try:
        _write({"case_id": case.id, "person_id": person_id}, values)
    except (IntegrityError, OperationalError):
        return  # Two pages opened at once, or the database is busy: the next look is marked.


def _write(key: dict[str, Any], values: dict[str, Any]) -> None:
    looks = table(CaseLook)
    ours = sa.and_(*(looks.c[name] == value for name, value in key.items()))
    with aside(patience_ms=PATIENCE_MS) as connection:
        if not connection.execute(sa.update(looks).where(ours).values(values)).rowcount:
            connection.execute(sa.insert(looks).values(**key, **values))
