"""The record as a client's own people read it: without the desk's notes, and without what the other side answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.audit import canonical
from compliance.audit.export import Entry
from compliance.audit.models import AuditEvent
from compliance.engine import hearing
from compliance.engine.answering import CHANGE, SEND
from compliance.engine.case import Case, CaseComment, CaseDocument
from compliance.engine.definition import Party, Workflow
from compliance.engine.document_actions import ADD, WITHDRAW
from compliance.engine.registry import registry

# What an entry lacks is named in it, since its hash is that of the whole.
LEFT_OUT: Final = "left_out"
ANSWER: Final = "answers."
WITHIN_DESK: Final = "policy.within_desk"


def for_client(session: Session, found: Sequence[AuditEvent]) -> list[Entry]:
    """Return those of *found* that a client may know, each with the part of its entry that it may read."""
    cases = _cases(session, found)
    inside = _comments_inside(session, cases) | _documents_inside(session, cases)
    kept = []
    for event in found:
        case = cases.get(event.stream)
        if case is None:
            kept.append(Entry(event, event.entry))
        elif not (_marks(event) & inside or hearing.is_kept_inside(_workflow(case), event)):
            kept.append(Entry(event, _own_part(_workflow(case), event)))
    return kept


def _cases(session: Session, found: Sequence[AuditEvent]) -> dict[str, Any]:
    query = sa.select(Case.id, Case.stream, Case.kind, Case.definition)
    rows = session.execute(query.where(Case.stream.in_({event.stream for event in found})))
    return {row.stream: row for row in rows}


def _workflow(case: Any) -> Workflow:  # noqa: ANN401 - a row of four columns
    return registry().process(case.kind, case.definition).workflow


def _comments_inside(session: Session, cases: dict[str, Any]) -> set[tuple[str, ...]]:
    """Return the marks of the events with which the desk commented for itself."""
    streams = {case.id: stream for stream, case in cases.items()}
    query = sa.select(CaseComment.case_id, CaseComment.author_id, CaseComment.at)
    rows = session.execute(query.where(CaseComment.internal, CaseComment.case_id.in_(streams)))
    return {(streams[case_id], str(author), at.isoformat()) for case_id, author, at in rows}


def _documents_inside(session: Session, cases: dict[str, Any]) -> set[tuple[str, ...]]:
    """Return the marks of the events of documents that the desk keeps to itself."""
    streams = {case.id: stream for stream, case in cases.items()}
    query = sa.select(CaseDocument.case_id, CaseDocument.id)
    rows = session.execute(query.where(CaseDocument.internal, CaseDocument.case_id.in_(streams)))
    return {(streams[case_id], str(document)) for case_id, document in rows}


def _marks(event: AuditEvent) -> set[tuple[str, ...]]:
    """Return by what an event of a comment or a document is known again."""
    name = event.action.partition(".")[2]
    if name == "comment":
        return {(event.stream, event.actor_id, event.at.isoformat())}
    if name in {ADD, WITHDRAW}:
        return {(event.stream, one) for one in json.loads(event.entry)["changes"]["document"] if one}
    return set()


def _own_part(workflow: Workflow, event: AuditEvent) -> str:
    """Return the entry without what is the other side's or the desk's, and with the names of what it lacks."""
    entry = json.loads(event.entry)
    left_out = sorted([*_drop_answers(event, entry), *_drop_findings(entry), *_drop_drafts(workflow, event, entry)])
    return canonical.encode({**entry, LEFT_OUT: left_out}).decode() if left_out else event.entry


def _drop_answers(event: AuditEvent, entry: dict[str, Any]) -> list[str]:
    policy = entry.get("policy", {})
    if event.action.partition(".")[2] not in {SEND, CHANGE} or policy.get("party") == Party.CLIENT:
        return []
    changes = entry.pop("changes", {})
    entry["changes"] = {name: change for name, change in changes.items() if not name.startswith(ANSWER)}
    policy.pop("answers", None)  # A digest of few answers is soon guessed.
    return ["changes.answers", "policy.answers"]


def _drop_findings(entry: dict[str, Any]) -> list[str]:
    findings = entry.get("policy", {}).get("finding", {})
    others = [party for party in findings if party != Party.CLIENT]
    for party in others:
        del findings[party]
    return [f"policy.finding.{party}" for party in others]


def _drop_drafts(workflow: Workflow, event: AuditEvent, entry: dict[str, Any]) -> list[str]:
    """Leave out which of its words the desk let be drafted; that it did is not told either."""
    action = workflow.action(event.action.partition(".")[2])
    if action is None or not action.only_by_staff:
        return []
    return [WITHIN_DESK] if entry.get("policy", {}).pop("drafts", None) is not None else []
