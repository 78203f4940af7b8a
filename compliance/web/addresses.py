"""Where the pages of a case lie."""

from __future__ import annotations

from flask import url_for

from compliance.engine.case import Case
from compliance.engine.definition import Workflow
from compliance.engine.registry import registry


def case_href(case: Case, queue: str | None = None) -> str:
    """Return the address of a case's page; *queue* says from which queue its reader comes."""
    return url_for(f"cases.{case.kind}_show", reference=case.reference, queue=queue or None)


def action_href(case: Case, name: str) -> str:
    """Return the address of one action of a case."""
    return url_for(f"cases.{case.kind}_act", reference=case.reference, name=name)


def definition_of(case: Case) -> Workflow:
    """Return the process that *case* runs on, in the version that it began with."""
    return registry().process(case.kind, case.definition).workflow
