"""The addresses on documents in the description of the API."""

from __future__ import annotations

from typing import Any, Final

from apispec import APISpec

from compliance.api import fields, schemas
from compliance.engine.definition import Workflow
from compliance.engine.document_actions import AddDocument
from compliance.engine.file_types import TYPES

_TEXT: Final = {"type": "string"}
_FLAG: Final = {"type": "boolean"}
_INSTANT: Final = {"type": "string", "format": "date-time"}
_DOCUMENT: Final[dict[str, Any]] = {
    "id": {"type": "string", "format": "uuid"},
    "name": _TEXT,
    "media_type": {**_TEXT, "enum": [kind.media_type for kind in TYPES]},
    "size": {"type": "integer", "description": "In bytes."},
    "sha256": {**_TEXT, "pattern": "^[0-9a-f]{64}$"},
    "party": {**_TEXT, "enum": ["client", "freelancer", "desk"], "description": "Whose side added it."},
    "internal": {**_FLAG, "description": "Only for the desk."},
    "expires_on": {"type": ["string", "null"], "format": "date"},
    "expired": _FLAG,
    "added_at": _INSTANT,
    "withdrawn_at": {"type": ["string", "null"], "format": "date-time"},
    "href": _TEXT,
}


def add_shared(spec: APISpec) -> None:
    """Add to *spec* what all processes share."""
    spec.components.schema("Document", _object(_DOCUMENT))
    spec.components.schema("DocumentList", _object({"items": {"type": "array", "items": "Document"}}))
    spec.components.schema("DocumentAdded", _object({**schemas.OUTCOME, "document": "Document"}))


def describe(spec: APISpec, workflow: Workflow) -> None:
    """Add the addresses of *workflow* to *spec*; none where it takes no documents."""
    if workflow.documents is None:
        return
    address = f"/api/v1/{workflow.plural}/{{reference}}/documents"
    spec.path(address, operations={"get": _list(workflow), "post": _add(workflow)})
    spec.path(f"{address}/{{document}}", operations={"get": _give(workflow)})


def _list(workflow: Workflow) -> dict[str, Any]:
    return _operation(
        workflow,
        f"documents_of_{workflow.kind}",
        "List the documents of a case",
        parameters=["Reference"],
        responses=_responses(("200", "The documents, oldest first.", "DocumentList"), "401", "403", "404"),
    )


def _add(workflow: Workflow) -> dict[str, Any]:
    schema = fields.schema_of(AddDocument)
    schema["properties"]["file"] = {"type": "string", "contentMediaType": "application/octet-stream"}
    added = _responses(("201", "It is added.", "DocumentAdded"), *schemas.WRITING, "404")
    added["201"]["headers"] = {name: name for name in ("Location", "Audit-Receipt", "Idempotent-Replayed")}
    return _operation(
        workflow,
        f"add_document_to_{workflow.kind}",
        "Add a document to a case",
        parameters=["Reference", "Idempotency-Key"],
        requestBody={"required": True, "content": {"multipart/form-data": {"schema": schema}}},
        responses=added,
    )


def _give(workflow: Workflow) -> dict[str, Any]:
    which = {"name": "document", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    bytes_of_it = {"description": "Its bytes.", "content": {kind.media_type: {} for kind in TYPES}}
    refusals = {status: schemas.REFUSALS[status] for status in ("401", "403", "404", "503")}
    return _operation(
        workflow,
        f"document_of_{workflow.kind}",
        "Give out a document of a case",
        parameters=["Reference", which],
        responses={"200": bytes_of_it, **refusals},
    )


def _operation(workflow: Workflow, name: str, summary: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - OpenAPI's own
    return {"operationId": name, "summary": f"{summary}: {workflow.title}", "tags": [workflow.title], **more}


def _responses(good: tuple[str, str, str], *refusals: str) -> dict[str, Any]:
    status, description, schema = good
    answer = {"description": description, "content": {"application/json": {"schema": schema}}}
    return {status: answer, **{refusal: schemas.REFUSALS[refusal] for refusal in sorted(refusals)}}


def _object(members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(members), "required": list(members), "additionalProperties": False}
