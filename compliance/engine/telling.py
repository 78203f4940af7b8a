"""Saying in words where a case stands and what happened to it."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.audit import check_event, opening
from compliance.audit.models import AuditEvent
from compliance.authz import Actor, is_at_desk
from compliance.engine import documents, hearing
from compliance.engine.case import Case, CaseComment
from compliance.engine.definition import Workflow
from compliance.engine.document_actions import ADD, WITHDRAW
from compliance.engine.move import Move
from compliance.kernel import clock
from compliance.kernel.ids import as_id
from compliance.people.models import Person

UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
NOTICES = {
    "open": "Opened",
    "late": "The deadline passed",
    "remind": "Reminder sent",
    "move": "Moved to a newer definition of its process",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of a case's history, ready to be shown."""

    id: str
    rev: int
    name: str
    title: str
    at: dt.datetime
    actor: str
    role: str | None
    behalf_of: str | None
    reason: str | None
    body: str | None
    internal: bool
    kind: str
    digest: str
    by: str


def facts(session: Session, case: Case, workflow: Workflow, reader: Actor) -> list[dict[str, str]]:
    """Return the facts of *case* for its summary: what the process chose to show to *reader*, or its terms."""
    if workflow.facts:
        found = workflow.facts(Move(workflow, case, reader, clock.now(), session))
        return [{"label": label, "value": value} for label, value in found]
    form = workflow.open_form()
    return [
        {"label": form[name].label.text if name in form else name, "value": str(getattr(case, name) or "")}
        for name in workflow.terms
    ]


def history(session: Session, case: Case, workflow: Workflow, reader: Actor) -> list[Told]:
    """Return what happened to *case*, newest first, as far as *reader* may know it."""
    events = session.scalars(_events_of(case).order_by(AuditEvent.rev.desc())).all()
    return _tell(session, case, workflow, reader, events)


def since(
    session: Session, case: Case, workflow: Workflow, reader: Actor, *, rev: int, size: int
) -> tuple[list[Told], int | None]:
    """Return what happened to *case* after *rev*, oldest first, and the revision to go on from while there is more.

    At most *size* events are read; what *reader* may not know is left out, so that a page can be shorter.
    """
    query = _events_of(case).where(AuditEvent.rev > rev).order_by(AuditEvent.rev).limit(size + 1)
    found = session.scalars(query).all()
    page = found[:size]
    return _tell(session, case, workflow, reader, page), page[-1].rev if len(found) > size else None


def _tell(session: Session, case: Case, workflow: Workflow, reader: Actor, events: Sequence[AuditEvent]) -> list[Told]:
    reasons = _reasons(session, events)
    happened = {event.action.partition(".")[2] for event in events}
    comments = {(c.author_id, c.at): c for c in session.scalars(_comments_of(case))} if "comment" in happened else {}
    papers = documents.named(session, case) if happened & {ADD, WITHDRAW} else {}
    names = names_of(session, [text for e in events for text in (e.actor_id, e.stands_for_id) if text])
    told, at_desk = [], is_at_desk(reader, case)
    for event in events:
        name = event.action.partition(".")[2]
        action = workflow.action(name)
        comment = comments.get((as_id(event.actor_id), event.at)) if name == "comment" else None
        paper = papers.get(_document_of(event)) if name in {ADD, WITHDRAW} else None
        internal = bool((comment and comment.internal) or (paper and paper.internal))
        if not at_desk and (internal or hearing.is_kept_inside(workflow, event)):
            continue
        if not hearing.is_in_sight(reader, case, workflow, event):
            continue
        if hearing.is_about_another(reader, case, event.rev):
            continue
        shows_reason = at_desk or not (action and (action.common or workflow.is_for_desk(action)))
        told.append(
            Told(
                id=f"r{event.rev}",
                rev=event.rev,
                name=name,
                title=action.label if action else NOTICES.get(name, name),
                at=event.at,
                actor=names.get(event.actor_id, "Countersign"),
                role=None,
                behalf_of=names.get(event.stands_for_id or ""),
                reason=reasons.get(event.event_id) if shows_reason else None,
                body=comment.body if comment else paper.name if paper else None,
                internal=internal,
                kind=_kind(name, binds=bool(action and action.binds)),
                digest=event.leaf_hash.hex(),
                by=event.actor_id,
            )
        )
    return told


def names_of(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Return the names of the persons among *ids*."""
    wanted = {found for text in ids if (found := as_id(text))}
    if not wanted:
        return {}
    rows = session.execute(sa.select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {str(person_id): name for person_id, name in rows}


def time_left(due: dt.datetime | None, now: dt.datetime) -> tuple[str, str] | None:
    """Return how long until *due* in words, and how pressing that is; ``None`` without a deadline."""
    if due is None:
        return None
    left = due - now
    if left < dt.timedelta():
        return f"late by {span(-left)}", "late"
    return f"{span(left)} left", "soon" if left < dt.timedelta(days=1) else "ok"


def span(length: dt.timedelta) -> str:
    """Return a length of time in words, in the largest unit that it fills."""
    seconds = int(length.total_seconds())
    for unit, size in UNITS:
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


def _events_of(case: Case) -> sa.Select[AuditEvent]:
    return sa.select(AuditEvent).where(AuditEvent.stream == case.stream)


def _document_of(event: AuditEvent) -> str:
    """Return the id of the document that *event* added or took back."""
    before, after = json.loads(event.entry)["changes"]["document"]
    return str(after or before)


def _comments_of(case: Case) -> sa.Select[Any]:
    return sa.select(CaseComment).where(CaseComment.case_id == case.id)


def _reasons(session: Session, events: Sequence[AuditEvent]) -> dict[uuid.UUID, str]:
    """Return the reasons that were given; one that is not what was sealed is not shown as if it were."""
    rows = session.execute(check_event.OPENINGS, {"ids": [event.event_id for event in events]})
    kept = {as_id(row.event_id): row for row in rows if row.path == "reason"}
    given = [(event, kept[event.event_id]) for event in events if event.event_id in kept]
    return {event.event_id: str(opening.opened(event.entry, [row])[0]["reason"]) for event, row in given}


def _kind(name: str, *, binds: bool) -> str:
    if binds:
        return "decision"
    return "comment" if name == "comment" else "system"
