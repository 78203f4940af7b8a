"""Cases and their history as JSON."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import url_for

from compliance.audit.events import Receipt
from compliance.authz import Actor
from compliance.engine import duties_told, inputs, run, telling
from compliance.engine.case import Case
from compliance.engine.definition import Action, Workflow
from compliance.engine.registry import registry
from compliance.engine.telling import Told
from compliance.kernel.db import session


def href(case: Case) -> str:
    """Return the address of *case*."""
    return url_for(f"api.{case.kind}_show", reference=case.reference)


def in_list(case: Case) -> dict[str, Any]:
    """Return *case* as a list shows it."""
    workflow = _definition(case)
    stage = workflow.stage(case.state)
    return {
        "reference": case.reference,
        "kind": case.kind,
        "title": case.title,
        "organisation": str(case.organisation_id),
        "state": case.state,
        "label": stage.label,
        "waits_for": case.waits_for,
        "final": workflow.is_final(case.state),
        "entered_at": instant(case.entered_at),
        "due_at": instant(case.due_at) if case.due_at else None,
        "late": case.late,
        "href": href(case),
    }


def whole(case: Case, reader: Actor) -> dict[str, Any]:
    """Return *case* with its facts, and with what *reader* may do to it or why not."""
    workflow = _definition(case)
    return {
        **in_list(case),
        "sentence": workflow.stage(case.state).says(case),
        "content_version": case.content_version,
        "content_digest": case.content_digest,
        "facts": telling.facts(session(), case, workflow, reader),
        "duties": duties_told.now(session(), case, workflow, reader),
        "actions": [_offered(case, offer) for offer in run.available(case, reader)],
    }


def outcome(case: Case, receipts: list[Receipt]) -> dict[str, Any]:
    """Return where *case* stands after a change, and the proof that the change is on record.

    Nothing else of the case is told: it may have gone out of the actor's sight by the very change.
    """
    return {
        "reference": case.reference,
        "state": case.state,
        "label": _definition(case).stage(case.state).label,
        "content_digest": case.content_digest,
        "receipts": [str(receipt) for receipt in receipts],
        "href": href(case),
    }


def event(told: Told) -> dict[str, Any]:
    """Return one entry of a case's history."""
    return {
        "rev": told.rev,
        "action": told.name,
        "label": told.title,
        "at": instant(told.at),
        "actor": told.actor,
        "on_behalf_of": told.behalf_of,
        "reason": told.reason,
        "comment": told.body,
        "internal": told.internal,
        "receipt": told.digest,
    }


def instant(moment: dt.datetime) -> str:
    """Return *moment* in UTC as RFC 3339 writes it."""
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _address(case: Case, action: Action) -> str:
    if inputs.takes_files(action.form):
        return url_for(f"api.{case.kind}_documents", reference=case.reference)
    return url_for(f"api.{case.kind}_act", reference=case.reference, name=action.name)


def _definition(case: Case) -> Workflow:
    return registry().process(case.kind, case.definition).workflow


def _offered(case: Case, offer: run.Offered) -> dict[str, Any]:
    action = offer.action
    return {
        "name": action.name,
        "label": action.label,
        "help": action.help,
        "binds": action.binds,
        "refusal": offer.refusal,
        "href": _address(case, action),
    }
