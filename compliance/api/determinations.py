"""The determinations of a case as JSON: for its parties what the statement says, for the desk also what lies behind."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from compliance.api import access, shown
from compliance.authz import Actor, is_at_desk
from compliance.engine import determination, duties_told, run
from compliance.engine.case import Case
from compliance.engine.definition import Workflow
from compliance.engine.determination import Determination
from compliance.engine.questionnaire import own_party
from compliance.engine.registry import registry
from compliance.kernel.db import session

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_LIST = {"type": "array", "items": {"type": "object"}}
SCHEMA: dict[str, dict[str, Any]] = {
    "number": {"type": "integer"},
    "supersedes": {"type": ["integer", "null"], "description": "The number of the determination that this replaced."},
    "outcome": _TEXT,
    "title": _TEXT,
    "conclusion": _TEXT,
    "reason": _TEXT,
    "factors": {**_LIST, "description": "A reason for each factor."},
    "reason_codes": _LIST,
    "conditions": _TEXT,
    "what_would_change_it": _TEXT,
    "care": _TEXT,
    "objection": _TEXT,
    "object_until": {"type": ["string", "null"], "format": "date"},
    "places": _TEXTS,
    "rule_set": _TEXT_OR_NULL,
    "rule_version": _TEXT_OR_NULL,
    "rule_digest": _TEXT_OR_NULL,
    "why_no_rules": _TEXT,
    "policy": _TEXTS,
    "duties": {"type": "array", "items": "LawThatMayApply", "description": "What the parties must do by law, as then."},
    "content_version": {"type": "integer"},
    "content_digest": _TEXT,
    "answers": {"type": "object", "description": "Each side's answers then; a party sees its own only."},
    "evidence": {**_LIST, "description": "The digests of the documents then."},
    "decided_at": {"type": "string", "format": "date-time"},
    "valid_until": {"type": ["string", "null"], "format": "date"},
    "digest": _TEXT,
    "receipt": {**_TEXT, "description": "The hash of the event that vouches for it."},
}
FOR_THE_DESK: dict[str, dict[str, Any]] = {
    "findings": {"type": "object", "description": "For the desk: what the rules found in each side's answers."},
    "confidence": {"type": "object", "description": "For the desk: how sure the rules were, where they say so."},
    "overrides": {"type": "boolean", "description": "For the desk: it is another status than the rules found."},
    "first_reviewers": {"type": "array", "items": _TEXT, "description": "For the desk: who passed it on."},
}


def listing(kind: str, reference: str) -> ResponseReturnValue:
    """List the determinations of a case, newest first; the first one stands."""
    caller = access.reader(registry().process(kind).workflow.plural)
    case = run.find(kind, reference, caller.actor)
    workflow = registry().process(kind, case.definition).workflow
    found = determination.readable(session(), case, caller.actor)
    numbers = {one.id: one.number for one in found}
    return jsonify(
        items=[
            _shown(case, one, workflow, caller.actor)
            | {"supersedes": numbers.get(one.supersedes_id) if one.supersedes_id else None}
            for one in found
        ]
    )


def _shown(case: Case, kept: Determination, workflow: Workflow, reader: Actor) -> dict[str, Any]:
    own = own_party(case, reader, workflow)
    members = {
        name: getattr(kept, name)
        for name in SCHEMA
        if hasattr(kept, name) and name not in {"answers", "decided_at", "valid_until"}
    }
    return {
        **members,
        **kept.statement,
        "duties": duties_told.kept(kept.duties, case, workflow, reader),
        "answers": {
            party: given
            for party, given in kept.answers.items()
            if is_at_desk(reader, case) or (own and party == own.value)
        },
        "decided_at": shown.instant(kept.decided_at),
        "valid_until": kept.valid_until.isoformat() if kept.valid_until else None,
        "receipt": determination.receipt(session(), case, kept),
        **(_behind(kept) if is_at_desk(reader, case) else {}),
    }


def _behind(kept: Determination) -> dict[str, Any]:
    return {
        "findings": kept.findings,
        "confidence": kept.confidence,
        "overrides": kept.overrides,
        "first_reviewers": kept.first_reviewer_ids,
    }
