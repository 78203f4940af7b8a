"""What happened to one's own account, from the record, and new recovery codes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from compliance.audit.models import AuditEvent, AuditOpening
from compliance.audit.vocabulary import Event
from compliance.authz import Role
from compliance.engine import telling
from compliance.engine.errors import RefusedError
from compliance.engine.paging import BadCursorError
from compliance.kernel.db import session as database
from compliance.people import second_factor
from compliance.web.people import complete_visitor, note, tabs

PAGE_SIZE: Final = 25
LARGEST_REVISION: Final = 2**31
IP: Final = "req/ip"
WORDS: Final = {
    Event.CONFLICT_DECLARED: "Conflict of interest declared",
    Event.CONFLICT_WITHDRAWN: "Conflict of interest ended",
    Event.DELEGATION_ENDED: "Stand-in ended",
    Event.DELEGATION_STARTED: "Stand-in named",
    Event.PERSON_CHANGED: "Name changed",
    Event.PERSON_CREATED: "Account made",
    Event.PERSON_DISABLED: "Account closed",
    Event.PERSON_ENABLED: "Account opened again",
    Event.PERSON_PASSWORD_CHANGED: "Password changed",
    Event.PERSON_PASSWORD_RESET_ASKED: "Link for a new password asked for",
    Event.PERSON_RECOVERY_CODES_MADE: "New recovery codes made",
    Event.PERSON_RECOVERY_CODE_USED: "Recovery code used",
    Event.PERSON_SECOND_FACTOR_FAILED: "Wrong code of the second factor",
    Event.PERSON_SECOND_FACTOR_REMOVED: "Second factor taken away",
    Event.PERSON_SECOND_FACTOR_SET: "Second factor set",
    Event.PERSON_SIGNED_IN: "Signed in",
    Event.PERSON_SIGNED_OUT: "Signed out",
    Event.PERSON_SIGN_IN_FAILED: "Wrong password",
    Event.PERSON_SIGN_IN_LIMITED: "Too many wrong tries",
    Event.ROLE_ENDED: "Role ended",
    Event.ROLE_GIVEN: "Role given",
    Event.ROLE_PROPOSED: "Role proposed",
    Event.ROLE_REFUSED: "Role not confirmed",
    Event.SESSION_ENDED: "Sign-in ended",
    Event.TOKEN_MADE: "API token made",
    Event.TOKEN_REVOKED: "API token revoked",
    Event.TOKEN_USED_FIRST: "API token used for the first time",
}
ALARMING: Final = frozenset(
    {Event.PERSON_SECOND_FACTOR_FAILED, Event.PERSON_SIGN_IN_FAILED, Event.PERSON_SIGN_IN_LIMITED}
)
# Done in the name of an account by whoever came to its door.
BY_ANYBODY: Final = ALARMING | {Event.PERSON_PASSWORD_RESET_ASKED}

blueprint = Blueprint("security", __name__)


@blueprint.get("/account/security")
def events() -> ResponseReturnValue:
    """Show what happened to one's account, newest first."""
    visitor = complete_visitor()
    query = sa.select(AuditEvent).where(AuditEvent.stream == f"user/{visitor.person.id}")
    if before := request.args.get("before"):
        query = query.where(AuditEvent.rev < _revision(before))
    found = database().scalars(query.order_by(AuditEvent.rev.desc()).limit(PAGE_SIZE + 1)).all()
    shown = found[:PAGE_SIZE]
    next_href = url_for("security.events", before=shown[-1].rev) if len(found) > PAGE_SIZE else None
    return render_template(
        "people/security.html",
        rows=_told(shown, str(visitor.person.id)),
        next_href=next_href,
        codes_left=len(visitor.person.recovery_hashes) if visitor.person.totp_secret else None,
        tabs=tabs(visitor.actor),
    )


@blueprint.post("/account/recovery-codes")
def recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes in place of the old ones; they are shown on the page that answers."""
    visitor = complete_visitor()
    if not visitor.fresh:  # Confirming leads on to a page that can be read, which this one cannot.
        return redirect(url_for("people.confirm", next=url_for("security.events")), 303)
    if visitor.person.totp_secret is None:
        raise RefusedError("Recovery codes belong to a second factor. Set one up first.")
    codes = second_factor.new_recovery_codes(visitor.person)
    note(visitor.person, Event.PERSON_RECOVERY_CODES_MADE)
    return render_template("people/recovery.html", codes=codes)


def _told(found: Sequence[AuditEvent], me: str) -> list[dict[str, Any]]:
    names = telling.names_of(database(), [event.actor_id for event in found])
    places = _places([event.event_id for event in found])
    return [
        {
            "at": event.at,
            "what": WORDS.get(Event(event.action), event.action),
            "which": _which(event),
            "who": "Not known" if event.action in BY_ANYBODY else names.get(event.actor_id, "Countersign"),
            "from": places.get(event.event_id) if event.actor_id == me else None,  # Others have a privacy of their own.
            "alarming": event.action in ALARMING,
        }
        for event in found
    ]


def _which(event: AuditEvent) -> str:
    """Return the role that an event is about."""
    role = json.loads(event.entry).get("subject", {}).get("role")
    return Role(role).label if role else ""


def _places(ids: list[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the network address behind each event, where it is kept."""
    query = sa.select(AuditOpening.event_id, AuditOpening.value)
    rows = database().execute(query.where(AuditOpening.event_id.in_(ids), AuditOpening.path == IP))
    return {event_id: str(value) for event_id, value in rows}


def _revision(text: str) -> int:
    if (
        not text.isascii()
        or not text.isdigit()
        or len(text) > len(str(LARGEST_REVISION))
        or int(text) > LARGEST_REVISION
    ):
        raise BadCursorError("This page address is damaged. Go back to the first page.")
    return int(text)
