"""What the product shows to others, written down line by line: a change shows in the diff of its commit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask

from compliance.audit import vocabulary
from compliance.audit.vocabulary import Event
from compliance.engine import matrix
from compliance.engine.registry import Registry

FOLDER = Path(__file__).parent / "snapshots"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def taken(app: Flask) -> dict[str, list[str]]:
    """Return every snapshot of *app* by the name of its file."""
    return {
        "addresses.txt": sorted(addresses(app)),
        "rights.txt": list(rights(app.extensions["workflows"])),
        "openapi.txt": list(described(app.test_client().get("/api/v1/openapi.json").json or {})),
        "vocabulary.txt": list(words(app.extensions["workflows"])),
    }


def addresses(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        yield f"{rule} {' '.join(method for method in METHODS if method in (rule.methods or ()))} {rule.endpoint}"


def rights(processes: Registry) -> Iterator[str]:
    """Yield one line for each process, state and action, with everybody who may."""
    for workflow in processes:
        holders: dict[tuple[str, str], list[str]] = {}
        for right in matrix.rights(workflow):
            holders.setdefault((right.state, right.action), []).append(right.who)
        for (state, action), who in holders.items():
            yield f"{workflow.kind} {state} {action}: {', '.join(who)}"


def described(document: dict[str, Any]) -> Iterator[str]:
    """Yield one line for each operation of the API with its answers, and one for each member of each schema."""
    for path, operations in sorted(document["paths"].items()):
        for method, operation in sorted(operations.items()):
            if method in {"get", "post"}:
                parameters = [_name(parameter) for parameter in operation.get("parameters", [])]
                yield f"{method.upper()} {path} ({', '.join(parameters)}) -> {' '.join(sorted(operation['responses']))}"
    for name, schema in sorted(document["components"]["schemas"].items()):
        required = schema.get("required", [])
        yield f"{name}: {schema.get('type', 'any')}"
        for member, kind in sorted(schema.get("properties", {}).items()):
            yield f"{name}.{member}: {_kind(kind)}{' required' if member in required else ''}"


def words(processes: Registry) -> Iterator[str]:
    kinds = {workflow.kind for workflow in processes}
    shared = {event.value for event in Event}
    yield from (word for word in vocabulary.words() if word in shared or word.partition(".")[0] in kinds)


def _name(parameter: dict[str, Any]) -> str:
    return str(parameter.get("name") or parameter["$ref"].rpartition("/")[2])


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    kind = schema.get("type", "any")
    found = "|".join(kind) if isinstance(kind, list) else str(kind)
    bounds = [
        f"{word}={schema[word]}"
        for word in ("format", "minimum", "maximum", "minLength", "maxLength")
        if word in schema
    ]
    choices = [f"one of {schema['enum']}"] if "enum" in schema else []
    return " ".join([found, *bounds, *choices])
