"""The description of the API as OpenAPI 3.1, from the same declarations that answer it."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

from apispec import APISpec

from compliance.api import determinations, document_schemas, fields, schemas
from compliance.engine import inputs
from compliance.engine.definition import Action, Workflow
from compliance.engine.registry import Registry

INFO: Final = {
    "description": (
        "Every process of the desk: list, open, look, act, follow. A 2xx to a write means that it is done and on "
        "record; the header Audit-Receipt carries the proof. A refusal has changed nothing. Without an answer, repeat "
        "the write with the same Idempotency-Key: it has one effect."
    ),
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}


class Described:
    """The description of every process in a registry, made when it is first asked for."""

    def __init__(self, processes: Registry) -> None:
        self._processes = processes

    @cached_property
    def document(self) -> dict[str, Any]:
        """The OpenAPI document."""
        spec = APISpec("Countersign", "1", "3.1.0", info=INFO, servers=[{"url": "/"}], security=[{"token": []}])
        schemas.add_shared(spec)
        document_schemas.add_shared(spec)
        for workflow in self._processes:
            spec.tag({"name": workflow.title, "description": workflow.summary or f"Cases of the kind {workflow.kind}."})
            _add(spec, workflow)
        return spec.to_dict()


def _add(spec: APISpec, workflow: Workflow) -> None:
    root = f"/api/v1/{workflow.plural}"
    case = f"{root}/{{reference}}"
    spec.path(root, operations={"get": _list(workflow), "post": _open(spec, workflow)})
    spec.path(case, operations={"get": _show(workflow)})
    spec.path(f"{case}/events", operations={"get": _events(workflow)})
    if workflow.deciding is not None:
        spec.path(f"{case}/determinations", operations={"get": _determinations(workflow)})
    document_schemas.describe(spec, workflow)
    for action in workflow.actions:
        if not action.by_itself and not inputs.takes_files(action.form):
            operation = {"post": _act(spec, workflow, action)}
            spec.path(f"{case}/actions/{action.name}", operations=operation)


def _list(workflow: Workflow) -> dict[str, Any]:
    state = {
        "name": "state",
        "in": "query",
        "description": "Only cases in this state.",
        "schema": {"type": "string", "enum": [state.value for state in workflow.states]},
    }
    return _operation(
        workflow,
        f"list_{workflow.kind}",
        f"List the cases that the caller may see: {workflow.title}",
        parameters=[state, "Limit", "Cursor"],
        responses=_responses({"200": _json("One page, what is due first on top.", "CasePage")}, "400", "401", "403"),
    )


def _open(spec: APISpec, workflow: Workflow) -> dict[str, Any]:
    schema = fields.schema_of(workflow.open_form)
    schema["properties"] |= {
        "organisation": {
            "type": ["string", "null"],
            "format": "uuid",
            "description": "The client whose case it is; left out, the only one for whom the caller may open it.",
        },
        "team": {"type": ["string", "null"], "format": "uuid", "description": "A team of that client."},
    }
    responses = {"201": _json("It is open.", "Outcome", "Location", "Audit-Receipt", "Idempotent-Replayed")}
    return _operation(
        workflow,
        f"open_{workflow.kind}",
        f"Open a case: {workflow.title}",
        description=f"For: {workflow.may_open}.",
        parameters=["Idempotency-Key"],
        requestBody=_body(spec, f"{_camel(workflow.kind)}Open", schema),
        responses=_responses(responses, *schemas.WRITING),
    )


def _show(workflow: Workflow) -> dict[str, Any]:
    return _operation(
        workflow,
        f"show_{workflow.kind}",
        f"Show a case: {workflow.title}",
        parameters=["Reference"],
        responses=_responses({"200": _json("The case.", "Case")}, "400", "401", "403", "404"),
    )


def _events(workflow: Workflow) -> dict[str, Any]:
    return _operation(
        workflow,
        f"events_of_{workflow.kind}",
        f"Tell what happened to a case: {workflow.title}",
        parameters=["Reference", "Limit", "Cursor"],
        responses=_responses({"200": _json("One page, oldest first.", "EventPage")}, "400", "401", "403", "404"),
    )


def _determinations(workflow: Workflow) -> dict[str, Any]:
    return _operation(
        workflow,
        f"determinations_of_{workflow.kind}",
        f"List the determinations of a case: {workflow.title}",
        description=determinations.__doc__ or "",
        parameters=["Reference"],
        responses=_responses(
            {"200": _json("All of them, newest first; the first one stands.", "Determinations")},
            *("401", "403", "404"),
        ),
    )


def _act(spec: APISpec, workflow: Workflow, action: Action) -> dict[str, Any]:
    schema = fields.schema_of(action.form)
    schema["properties"]["seen"] = {
        "type": ["string", "null"],
        "description": "The content_digest of the case as the caller saw it; the same as the header X-Seen-Digest.",
    }
    allowed = f"For: {action.allow}. From: {', '.join(state.value for state in action.sources)}."
    binds = "A decision: it needs the digest of what was seen, and is refused when the case says something else."
    return _operation(
        workflow,
        f"{action.name}_{workflow.kind}",
        f"{action.label}: {workflow.title}",
        description=" ".join(part for part in (action.help, allowed, binds if action.binds else "") if part),
        parameters=["Reference", "Idempotency-Key", "X-Seen-Digest"],
        requestBody=_body(spec, f"{_camel(workflow.kind)}{_camel(action.name)}", schema),
        responses=_responses(
            {"200": _json("It is done.", "Outcome", "Audit-Receipt", "Idempotent-Replayed")}, *schemas.WRITING, "404"
        ),
    )


def _operation(workflow: Workflow, name: str, summary: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - OpenAPI's own
    return {"operationId": name, "summary": summary, "tags": [workflow.title], **more}


def _body(spec: APISpec, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    spec.components.schema(name, schema)
    return {"required": "required" in schema, "content": {"application/json": {"schema": name}}}


def _json(description: str, schema: str, *headers: str) -> dict[str, Any]:
    found: dict[str, Any] = {"description": description, "content": {"application/json": {"schema": schema}}}
    return found | ({"headers": {header: header for header in headers}} if headers else {})


def _responses(found: dict[str, Any], *refusals: str) -> dict[str, Any]:
    return {**found, **{status: schemas.REFUSALS[status] for status in sorted(refusals)}}


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
