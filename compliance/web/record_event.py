"""One event of the record in words: who did what, where from, what changed, and how it hangs in its stream."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from compliance.audit import check_event, events, opening
from compliance.audit.models import AuditEvent
from compliance.authz import Actor
from compliance.door import actor
from compliance.engine.telling import names_of
from compliance.kernel.db import session
from compliance.people.models import Organisation
from compliance.web import record, record_words

EVENT: Final = sa.text(
    f"SELECT {check_event.COLUMNS} FROM audit_event WHERE month = :month AND event_id = :id"  # noqa: S608 - constant
).bindparams(sa.bindparam("id", type_=sa.Uuid()))
CHANNELS: Final = {"browser": "A browser", "api": "The interface for programs", "command": "The command line"}

blueprint = Blueprint("record_event", __name__)


@blueprint.get("/audit/events/<uuid:event_id>")
def show(event_id: uuid.UUID) -> ResponseReturnValue:
    """Show one event with all its fields."""
    reader = actor()
    event = record.one_event(reader, event_id)
    entry, wrong = _opened(event)
    before, after = (record.beside(event, step) for step in (-1, 1))
    return render_template(
        "audit/event.html",
        event=event,
        title=record_words.label(event.action),
        wrong=wrong,
        facts=_facts(event, entry, reader),
        changes=[_change(name, pair) for name, pair in (entry.get("changes") or {}).items()],
        proof=_proof(event, entry),
        before_href=_href(before),
        after_href=_href(after),
        entry=json.dumps(json.loads(event.entry), indent=2, ensure_ascii=False),
    )


def _href(event: AuditEvent | None) -> str | None:
    return url_for("record_event.show", event_id=event.event_id) if event else None


def _facts(event: AuditEvent, entry: Mapping[str, Any], reader: Actor) -> list[dict[str, Any]]:
    names = names_of(session(), [text for text in (event.actor_id, event.stands_for_id) if text])
    who, request = entry["actor"], entry.get("req") or {}
    organisation = session().get(Organisation, event.organisation_id) if event.organisation_id else None
    case = record.references([event], reader).get(event.stream)
    rows = [
        ("What", f"{record_words.label(event.action)} ({event.action})"),
        ("When", f"{entry['at'].replace('T', ' ').removesuffix('Z')} UTC"),
        ("Who", names.get(event.actor_id, "Countersign")),
        ("Standing in for", names.get(event.stands_for_id or "")),
        ("Role", str(who.get("role", "")).replace("_", " ").capitalize()),
        ("Where from", CHANNELS.get(who["channel"], str(who["channel"]).capitalize())),
        ("Address", request.get("ip")),
        ("About", case[0] if case else record_words.where([event])[event.event_id]),
        ("Organisation", organisation.name if organisation else None),
        ("State before", record_words.state(event, entry.get("from"))),
        ("State after", record_words.state(event, entry.get("to"))),
        ("Reason", entry.get("reason")),
        *((_titled(name), _told(value)) for name, value in (entry.get("subject") or {}).items()),
        *_drafts((entry.get("policy") or {}).get("drafts") or {}),
    ]
    hrefs = {"About": case[1] if case else None}
    return [{"label": k, "value": v, "href": hrefs.get(k), "change": "See"} for k, v in rows if v]


def _drafts(found: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    """Tell which words of a decision were drafted and confirmed, and which somebody wrote."""
    return [
        (label, ", ".join(_titled(name) for name in found.get(kind, ())))
        for kind, label in (("confirmed", "Drafted, read and confirmed"), ("written", "Written by who decided"))
    ]


def _proof(event: AuditEvent, entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = [
        ("Hash", event.leaf_hash.hex()),
        ("Hash of the event before", entry.get("prev") or "None: this is the first of its stream"),
        ("Stream", event.stream),
        ("Number in the stream", str(event.rev)),
        ("Event", str(event.event_id)),
        ("Request", (entry.get("req") or {}).get("id")),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]


def _change(name: str, pair: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    before, after = pair if isinstance(pair, list) else (None, pair)
    return {"field": _titled(name), "before": _told(before), "after": _told(after)}


def _told(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return json.dumps(value, ensure_ascii=False)


def _titled(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _opened(event: AuditEvent) -> tuple[dict[str, Any], list[str]]:
    """Return the entry with its sealed values in clear, as far as they were not erased, and what is wrong with it.

    The text, its hash and its columns are checked while it is read, and each value against its seal: one that is not
    what was sealed is not shown.
    """
    row = session().execute(EVENT, {"month": event.month, "id": event.event_id}).one()
    kept = session().execute(check_event.OPENINGS, {"ids": [event.event_id]}).all()
    entry, altered = opening.opened(event.entry, kept)
    return entry, [*check_event.faults(row, check_event.parsed(row.entry), events.writer().key), *altered]
