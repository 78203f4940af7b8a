"""A long form in a few pages: each shows some fields, and carries what the others hold without showing it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from werkzeug.datastructures import MultiDict
from wtforms import Form

from compliance.engine import inputs
from compliance.engine.case import Case
from compliance.engine.definition import Workflow

# What the page itself sends beside the fields of the form.
OWN = frozenset({"csrf_token", "seen", "place", "page", "go"})


@dataclass(frozen=True, slots=True)
class Part:
    """One page of a form, counted from 1."""

    number: int
    title: str
    names: tuple[str, ...]


def parts_of(workflow: Workflow) -> list[Part]:
    """Return the pages of the form that opens *workflow*; the whole of it is one page where none are declared."""
    whole = (workflow.title, tuple(field.short_name for field in workflow.open_form()))
    return [Part(number, title, names) for number, (title, names) in enumerate(workflow.pages or (whole,), start=1)]


def given(names: Collection[str] | None = None) -> MultiDict[str, Any]:
    """Return what was sent for the form, or for its fields called *names*."""
    return MultiDict(
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in OWN and (names is None or name in names)
    )


def carried(form: Form, part: Part) -> list[tuple[str, str]]:
    """Return the names and values that the page of *part* carries hidden."""
    return [(name, value) for name, value in inputs.typed(form) if name not in part.names]


def keep_errors(form: Form, names: Collection[str]) -> bool:
    """Leave only the errors of the fields called *names*; tell whether there are any."""
    for field in form:
        if field.short_name not in names:
            field.errors = ()
    return any(form[name].errors for name in names if name in form)


def case_href(case: Case, endpoint: str, **more: object) -> str:
    """Return the address of a page about *case* on its way to being handed in."""
    return url_for(f"tasks.{case.kind}_{endpoint}", reference=case.reference, **more)  # type: ignore[arg-type]
