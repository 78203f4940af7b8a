"""The versions of a case's terms, and how two of them differ, as far as a reader may know them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session
from wtforms import DateField, Field, SelectField

from compliance.audit.models import AuditEvent
from compliance.authz import Actor
from compliance.engine import hearing
from compliance.engine.case import Case, CaseVersion
from compliance.engine.definition import Workflow
from compliance.kernel.money import Money

MINOR: Final = "_minor"


@dataclass(frozen=True, slots=True)
class Change:
    """A term that differs, in words."""

    field: str
    before: str
    after: str


def readable(session: Session, case: Case, workflow: Workflow, reader: Actor) -> list[CaseVersion]:
    """Return the versions of *case* that *reader* may know, oldest first.

    A version that was replaced before the desk or the freelancer could see the case stays the client's own; terms that
    were offered to the freelancer before stay between that one, the client and the desk.
    """
    query = sa.select(CaseVersion).where(CaseVersion.case_id == case.id).order_by(CaseVersion.number)
    found = list(session.scalars(query))
    if hearing.is_of_client(reader, case):
        return found
    shown = set()
    for rev, entry in session.execute(
        sa.select(AuditEvent.rev, AuditEvent.entry).where(AuditEvent.stream == case.stream)
    ):
        told = json.loads(entry)
        seen = told.get("to") and hearing.sees(reader, case, workflow, told["to"])
        if seen and not hearing.is_about_another(reader, case, rev):
            shown.add(told.get("subject", {}).get("content"))
    return [version for version in found if version.number in shown]


def differences(workflow: Workflow, before: CaseVersion, after: CaseVersion) -> list[Change]:
    """Return the terms in which two versions differ."""
    fields = {field.short_name: field for field in workflow.open_form()}
    found = []
    for name in workflow.terms:
        old, new = before.terms.get(name), after.terms.get(name)
        if old == new:
            continue
        field = fields.get(name.removesuffix(MINOR))
        found.append(
            Change(_label(name, field), _in_words(name, field, before.terms), _in_words(name, field, after.terms))
        )
    return found


def in_words(workflow: Workflow, version: CaseVersion) -> list[tuple[str, str]]:
    """Return what the terms of *version* say, each with its label; what is not said is left out."""
    fields = {field.short_name: field for field in workflow.open_form()}
    said = []
    for name in workflow.terms:
        field = fields.get(name.removesuffix(MINOR))
        said.append((_label(name, field), _in_words(name, field, version.terms)))
    return [(label, value) for label, value in said if value]


def between(versions: list[CaseVersion], workflow: Workflow, first: int, last: int) -> list[Change]:
    """Return how the newest of *versions* up to *first* differs from the newest up to *last*."""
    before = max((version for version in versions if version.number <= first), key=_number, default=None)
    after = max((version for version in versions if version.number <= last), key=_number, default=None)
    if before is None or after is None:
        return []
    return differences(workflow, before, after)


def _number(version: CaseVersion) -> int:
    return version.number


def _label(name: str, field: Field | None) -> str:
    return field.label.text if field is not None else name.replace("_", " ").capitalize()


def _in_words(name: str, field: Field | None, terms: Mapping[str, Any]) -> str:
    value = terms.get(name)
    if value is None or value == "":
        return ""
    if name.endswith(MINOR) and terms.get("currency"):
        return str(Money(value, terms["currency"]))
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(field, SelectField):
        return next((label for key, label, *_ in field.iter_choices() if key == value), str(value))
    if isinstance(field, DateField):
        return f"{dt.date.fromisoformat(value):%d %B %Y}"
    return str(value)
