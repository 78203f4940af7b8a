"""The parts of the description that all processes share: what a case, its history and a refusal look like."""

from __future__ import annotations

from typing import Any, Final

from apispec import APISpec

from compliance.api import determinations, duty_schemas
from compliance.engine.definition import Party

# Each refusal of the API: the name of its response in the description, and when it comes.
_REFUSALS: Final = {
    "400": ("Unreadable", "The body, a parameter or a key cannot be read."),
    "401": ("NoToken", "The request carries no valid token."),
    "403": ("NotAllowed", "The token's scopes or its owner's roles do not include this."),
    "404": ("NotFound", "It does not exist, or is out of the caller's sight: the two answer alike."),
    "409": ("Refused", "The case moved on, a rule of the process refuses, or a twin of the request is still running."),
    "413": ("TooLarge", "The body is larger than 1024 KiB, or the file larger than a document may be."),
    "415": ("NotJson", "The body is not application/json in UTF-8, or not multipart/form-data where a file is sent."),
    "422": ("Invalid", "Fields need another look, or the Idempotency-Key was used for another request."),
    "429": ("TooMany", "Too many changes a minute; Retry-After says when to go on."),
    "503": ("Busy", "The database, the scanner or the store of files does not answer; nothing was changed."),
}
REFUSALS: Final = {status: name for status, (name, _) in _REFUSALS.items()}
WRITING: Final = ("400", "401", "403", "409", "413", "415", "422", "429", "503")

_TEXT: Final = {"type": "string"}
_FLAG: Final = {"type": "boolean"}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
_INSTANT: Final = {"type": "string", "format": "date-time"}
_DIGEST: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_LISTED: Final[dict[str, Any]] = {
    "reference": _TEXT,
    "kind": _TEXT,
    "title": _TEXT,
    "organisation": {"type": "string", "format": "uuid"},
    "state": _TEXT,
    "label": {**_TEXT, "description": "The state in words."},
    "waits_for": {**_TEXT, "enum": [party.value for party in Party]},
    "final": {**_FLAG, "description": "Nothing leads out of the state."},
    "entered_at": {**_INSTANT, "description": "When it came into its state."},
    "due_at": {"type": ["string", "null"], "format": "date-time"},
    "late": _FLAG,
    "href": _TEXT,
}
_WHOLE: Final[dict[str, Any]] = {
    **_LISTED,
    "sentence": _TEXT,
    "content_version": {"type": "integer"},
    "content_digest": {**_DIGEST, "description": "What a decision is bound to."},
    "facts": {"type": "array", "items": "Fact"},
    "duties": {"type": "array", "items": "LawThatMayApply", "description": "What the parties must do by law."},
    "actions": {"type": "array", "items": "Offered"},
}
_OFFERED: Final[dict[str, Any]] = {
    "name": _TEXT,
    "label": _TEXT,
    "help": _TEXT,
    "binds": {**_FLAG, "description": "A decision: it needs the content_digest that was seen."},
    "refusal": {**_TEXT_OR_NULL, "description": "Why it is refused right now; null when it is not."},
    "href": _TEXT,
}
_EVENT: Final[dict[str, Any]] = {
    "rev": {"type": "integer", "description": "Counts the events of the case; some are not for every reader."},
    "action": _TEXT,
    "label": _TEXT,
    "at": _INSTANT,
    "actor": _TEXT,
    "on_behalf_of": _TEXT_OR_NULL,
    "reason": _TEXT_OR_NULL,
    "comment": _TEXT_OR_NULL,
    "internal": _FLAG,
    "receipt": _DIGEST,
}
OUTCOME: Final[dict[str, Any]] = {
    "reference": _TEXT,
    "state": _TEXT,
    "label": _TEXT,
    "content_digest": _DIGEST,
    "receipts": {"type": "array", "items": _DIGEST, "description": "One for each event that was written."},
    "href": _TEXT,
}
_PROBLEM: Final[dict[str, Any]] = {
    "type": _TEXT,
    "title": _TEXT,
    "status": {"type": "integer"},
    "code": {**_TEXT, "description": "The kind of refusal, for programs."},
    "detail": {**_TEXT, "description": "The refusal, for people: what, where, and what to do next."},
    "request_id": {**_TEXT_OR_NULL, "description": "Under which the server's log knows the request."},
}
_PARAMETERS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "Limit": (
        "query",
        {
            "name": "limit",
            "description": "How many to a page.",
            "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
        },
    ),
    "Cursor": (
        "query",
        {"name": "cursor", "description": "The member “next” of the page before.", "schema": _TEXT},
    ),
    "Reference": ("path", {"name": "reference", "description": "For instance OF-7K3M9QXD.", "schema": _TEXT}),
    "Idempotency-Key": (
        "header",
        {
            "description": "Repeated with the same key within seven days, the request has one effect and one answer.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        },
    ),
    "X-Seen-Digest": ("header", {"description": "The content_digest of the case as seen.", "schema": _TEXT}),
}
_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "Location": {"description": "The address of the new case.", "schema": _TEXT},
    "Audit-Receipt": {"description": "The hash of each event written, separated by commas.", "schema": _TEXT},
    "Idempotent-Replayed": {
        "description": "Present when this is the answer of an earlier request.",
        "schema": {"type": "string", "const": "true"},
    },
}


def add_shared(spec: APISpec) -> None:
    """Add to *spec* everything that no single process owns."""
    scheme = {"type": "http", "scheme": "bearer", "description": "An API token. Scopes: <plural>:read, <plural>:write."}
    spec.components.security_scheme("token", scheme)
    for name, members in (("Case", _WHOLE), ("CaseInList", _LISTED), ("Offered", _OFFERED), ("Event", _EVENT)):
        spec.components.schema(name, _object(members))
    spec.components.schema("Fact", _object({"label": _TEXT, "value": _TEXT}))
    for name, members in duty_schemas.SCHEMAS.items():
        spec.components.schema(name, _object(members))
    spec.components.schema("Outcome", _object(OUTCOME))
    for name, item in (("CasePage", "CaseInList"), ("EventPage", "Event")):
        spec.components.schema(name, _object({"items": {"type": "array", "items": item}, "next": _TEXT_OR_NULL}))
    spec.components.schema("Problem", _problem())
    kept = _object(determinations.SCHEMA)
    kept["properties"] |= determinations.FOR_THE_DESK
    spec.components.schema("Determination", kept)
    spec.components.schema("Determinations", _object({"items": {"type": "array", "items": "Determination"}}))
    for name, (place, parameter) in _PARAMETERS.items():
        spec.components.parameter(name, place, dict(parameter))
    for name, header in _HEADERS.items():
        spec.components.header(name, header)
    for name, description in _REFUSALS.values():
        problem = {"description": description, "content": {"application/problem+json": {"schema": "Problem"}}}
        spec.components.response(name, problem)


def _object(members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(members), "required": list(members), "additionalProperties": False}


def _problem() -> dict[str, Any]:
    errors = {
        "type": "object",
        "description": "Each field that needs another look, and why.",
        "additionalProperties": {"type": "array", "items": _TEXT},
    }
    return _object(_PROBLEM) | {"properties": {**_PROBLEM, "errors": errors}}
