"""The description is valid, complete, and says of each field what its form asks."""

from __future__ import annotations

import enum
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    Form,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import UUID, InputRequired, Length, NumberRange

from compliance.api import cases, fields
from compliance.engine import inputs
from compliance.engine.definition import DefinitionError
from compliance.engine.errors import InvalidInputError
from compliance.engine.registry import Registry
from tests.api.conftest import document_of
from tests.engine.processes import permit


class Everything(Form):
    """One field of each sort."""

    name = StringField("Name", [InputRequired(), Length(min=2, max=20)], description="As in the passport.")
    note = StringField("Note", [Length(max=5)])
    day = DateField("Day", [InputRequired()])
    who = StringField("Who", [InputRequired(), UUID()])
    count = IntegerField("Count", [InputRequired(), NumberRange(0, 9)])
    rate = DecimalField("Rate")
    sure = BooleanField("Sure", [InputRequired()])
    loud = BooleanField("Loud")
    size = SelectField("Size", choices=[SelectChoice("s", "Small"), SelectChoice("l", "Large")])
    tags = SelectMultipleField(
        "Tags", [InputRequired()], choices=[SelectChoice("red", "red"), SelectChoice("blue", "blue")]
    )


WHOLE = {
    "name": "Fay",
    "day": "2026-03-02",
    "who": "01997b1e-0000-7000-8000-000000000000",
    "count": 0,
    "sure": True,
    "size": "s",
    "tags": ["red"],
}


def test_the_document_is_valid_openapi(app: Flask) -> None:
    OpenAPIV31SpecValidator(document_of(app)).validate()


def test_every_address_and_every_action_is_described_and_nothing_else(app: Flask) -> None:
    expected = set()
    for workflow in app.extensions["workflows"]:
        root = f"/api/v1/{workflow.plural}"
        expected |= {root, f"{root}/{{reference}}", f"{root}/{{reference}}/events"}
        expected |= {f"{root}/{{reference}}/determinations"} if workflow.deciding else set()
        mine = [a for a in workflow.actions if not a.by_itself and not inputs.takes_files(a.form)]
        if workflow.documents:
            expected |= {f"{root}/{{reference}}/documents", f"{root}/{{reference}}/documents/{{document}}"}
        expected |= {f"{root}/{{reference}}/actions/{action.name}" for action in mine}
    assert set(document_of(app)["paths"]) == expected
    assert any(address.startswith("/api/v1/permits") for address in expected)


def test_what_opens_a_case_is_described_from_its_form(app: Flask) -> None:
    schema = document_of(app)["components"]["schemas"]["PermitOpen"]
    assert schema["required"] == ["title", "size"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["size"] == {"type": "integer", "title": "Size", "minimum": 1, "maximum": 1000}
    assert {"organisation", "team"} <= set(schema["properties"])


def test_a_field_is_described_with_type_bounds_choices_and_words() -> None:
    schema = fields.schema_of(Everything)
    assert schema["description"] == "One field of each sort."
    assert schema["required"] == ["name", "day", "who", "count", "sure", "tags"]
    assert schema["properties"] == {
        "name": {
            "type": "string", "title": "Name", "description": "As in the passport.", "minLength": 2, "maxLength": 20,
        },
        "note": {"type": ["string", "null"], "title": "Note", "maxLength": 5},
        "day": {"type": "string", "title": "Day", "minLength": 1, "format": "date"},
        "who": {"type": "string", "title": "Who", "minLength": 1, "format": "uuid"},
        "count": {"type": "integer", "title": "Count", "minimum": 0, "maximum": 9},
        "rate": {"type": ["number", "null"], "title": "Rate"},
        "sure": {"type": "boolean", "title": "Sure", "const": True},
        "loud": {"type": ["boolean", "null"], "title": "Loud"},
        "size": {
            "type": ["string", "null"], "title": "Size", "enum": ["s", "l", None], "x-meaning": "s: Small; l: Large",
        },
        "tags": {
            "type": "array", "title": "Tags", "uniqueItems": True, "minItems": 1,
            "items": {"type": "string", "enum": ["red", "blue"]},
        },
    }  # fmt: skip


def test_what_fits_the_description_is_taken_by_the_form() -> None:
    form, errors = inputs.fill(Everything, fields.take(Everything, WHOLE | {"rate": None}))
    assert errors == {}
    assert (form["count"].data, form["tags"].data, form["loud"].data) == (0, ["red"], False)


@pytest.mark.parametrize(
    "field,value",
    [("name", 5), ("day", 20260302), ("count", 1.5), ("count", "1"), ("count", False), ("rate", "1.5"), ("sure", "yes"),
     ("sure", 1), ("size", ["s"]), ("tags", "red"), ("tags", [1]), ("tags", [["red"]]), ("other", "x")],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_its_name(field: str, value: Any) -> None:  # noqa: ANN401 - any JSON value
    with pytest.raises(InvalidInputError) as refused:
        fields.take(Everything, WHOLE | {field: value})
    assert list(refused.value.errors) == [field]


class Stealing(Form):
    organisation = StringField("Organisation")


def test_a_form_that_takes_a_name_of_the_api_is_refused_when_the_application_starts() -> None:
    class State(enum.StrEnum):
        ASKED = "asked"

    processes = Registry()
    processes.add(
        permit.workflow.__class__(
            kind="thief", title="Thief", model=permit.Permit, states=State, start=State.ASKED, actions=(),
            open_form=Stealing, may_open=permit.reviewer,
        )
    )  # fmt: skip
    with pytest.raises(DefinitionError, match="organisation"):
        cases.blueprint(processes)
