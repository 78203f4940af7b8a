"""A form's fields as JSON: what each is described as, and what it takes, side by side so that they agree."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    Field,
    FloatField,
    Form,
    IntegerField,
    SelectField,
    SelectMultipleField,
)
from wtforms.validators import UUID

from compliance.engine.answering import ObjectField
from compliance.engine.errors import InvalidInputError
from compliance.engine.inputs import NO_SUCH_FIELD

_WORDS: Final = {
    "boolean": "Give true or false.",
    "integer": "Give a whole number, without quotes.",
    "number": "Give a number, without quotes.",
    "array": "Give a list of texts.",
    "object": "Give an object: {…}.",
    "string": "Give a text, in quotes.",
}
_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "integer": int,
    "number": (int, Decimal),
    "object": dict,
    "string": str,
}


def take(form_class: type[Form], members: Mapping[str, Any]) -> MultiDict[str, Any]:
    """Return *members* as the form takes them; raises :class:`InvalidInputError` for strangers and wrong types.

    ``null`` says the same as leaving the member out.
    """
    form, taken, errors = form_class(), MultiDict[str, Any](), {}
    for name, value in members.items():
        if name not in form:
            errors[name] = [NO_SUCH_FIELD]
        elif value is None:
            continue
        elif not _fits(_type_of(form[name]), value):
            errors[name] = [_WORDS[_type_of(form[name])]]
        else:
            taken.setlist(name, value if isinstance(value, list) else [_as_sent(value)])
    if errors:
        raise InvalidInputError(errors)
    return taken


def schema_of(form_class: type[Form]) -> dict[str, Any]:
    """Return the JSON Schema of what *form_class* takes."""
    form = form_class()
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {field.short_name: _described(field) for field in form},
        "additionalProperties": False,
    }
    if required := [field.short_name for field in form if field.flags.required]:
        schema["required"] = required
    if form_class.__doc__ and form_class.__doc__ != Form.__doc__:
        schema["description"] = form_class.__doc__.strip()
    return schema


def _type_of(field: Field) -> str:
    if isinstance(field, BooleanField):
        return "boolean"
    if isinstance(field, IntegerField):
        return "integer"
    if isinstance(field, DecimalField | FloatField):
        return "number"
    if isinstance(field, ObjectField):
        return "object"
    return "array" if isinstance(field, SelectMultipleField) else "string"


def _fits(kind: str, value: object) -> bool:
    if kind == "boolean" or isinstance(value, bool):
        return kind == "boolean" and isinstance(value, bool)
    if kind == "array":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    takes: dict[str, type | tuple[type, ...]] = {
        "integer": int,
        "number": (int, Decimal),
        "object": dict,
        "string": str,
    }
    return isinstance(value, takes[kind])


def _as_sent(value: object) -> object:
    """Return *value* as a form takes it: an object as its text."""
    return json.dumps(value, default=str) if isinstance(value, dict) else value


def _described(field: Field) -> dict[str, Any]:
    kind, flags = _type_of(field), field.flags
    described: dict[str, Any] = {"type": kind, "title": field.label.text}
    if field.description:
        described["description"] = str(field.description)
    if kind == "string":
        described |= _string(field)
    elif kind == "array":
        described["items"] = {"type": "string"} | _choices(field)
        described["uniqueItems"] = True
        if flags.required:
            described["minItems"] = 1
    elif kind == "object":
        described["additionalProperties"] = {"type": ["boolean", "string", "null"]}
    elif kind == "boolean" and flags.required:
        described["const"] = True
    elif kind in {"integer", "number"}:
        bounds = {"minimum": flags.min, "maximum": flags.max}
        described |= {word: bound for word, bound in bounds.items() if bound is not None}
    if not flags.required:
        _allow_null(described)
    return described


def _string(field: Field) -> dict[str, Any]:
    flags = field.flags
    found: dict[str, Any] = {}
    if flags.required or flags.minlength is not None:
        found["minLength"] = flags.minlength or 1
    if flags.maxlength is not None:
        found["maxLength"] = flags.maxlength
    if isinstance(field, DateField):
        found["format"] = "date"
    elif any(isinstance(validator, UUID) for validator in field.validators):
        found["format"] = "uuid"
    return found | _choices(field)


def _choices(field: Field) -> dict[str, Any]:
    """Return the values that *field* accepts, with what they mean; nothing where the form leaves them open."""
    if not isinstance(field, SelectField) or not field.validate_choice or field.choices is None:
        return {}
    choices = [(str(choice[0]), str(choice[1])) for choice in field.iter_choices()]
    meaning = "; ".join(f"{value}: {label}" for value, label in choices if value != label)
    found: dict[str, Any] = {"enum": [value for value, _ in choices]}
    return found | ({"x-meaning": meaning} if meaning else {})


def _allow_null(described: dict[str, Any]) -> None:
    described["type"] = [described["type"], "null"]
    if "enum" in described:
        described["enum"] = [*described["enum"], None]
