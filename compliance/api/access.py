"""Who may use the API, for what, and how often."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from flask import request

from compliance.api.problems import NoTokenError, ScopeError, TooManyWritesError
from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Channel
from compliance.door import visitor
from compliance.kernel import clock
from compliance.kernel.db import session

WRITES: Final = 60
WINDOW: Final = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a token that was made for what they ask."""

    id: uuid.UUID
    actor: Actor


def reader(plural: str) -> Caller:
    """Return who reads cases of *plural*; raises :class:`NoTokenError` and :class:`ScopeError`."""
    return _admitted(f"{plural}:read")


def writer(plural: str) -> Caller:
    """Return who opens or moves cases of *plural*; raises like :func:`reader`."""
    return _admitted(f"{plural}:write")


def refuse_haste(caller: Caller) -> None:
    """Raise :class:`TooManyWritesError` when the caller's newest :data:`WRITES` events lie within the window.

    The record itself is what is counted, so that every server sees the same.
    """
    newest = sa.select(AuditEvent.at).where(AuditEvent.actor_id == str(caller.id))
    times = session().scalars(newest.order_by(AuditEvent.event_id.desc()).limit(WRITES)).all()
    if len(times) < WRITES:
        return
    wait = math.ceil((times[-1] + WINDOW - clock.now()).total_seconds())
    if wait > 0:
        raise TooManyWritesError(f"That is more than {WRITES} changes a minute. Go on in {wait} seconds.", wait)


def _admitted(scope: str) -> Caller:
    found = visitor()
    if found is None or found.id is None or found.scopes is None:
        raise NoTokenError("Send an API token that is valid: “Authorization: Bearer cs_…”.")
    if scope not in found.scopes:
        raise ScopeError(f"This token was not made for “{scope}”. Make one with that scope.")
    return Caller(found.id, found.through(Channel.API, ip=request.remote_addr, request_id=found.request_id))
