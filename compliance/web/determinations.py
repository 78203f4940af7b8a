"""The statement of a determination, as both parties read and print it. It is shown from the kept row alone."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from compliance.authz import Actor, is_at_desk
from compliance.door import actor
from compliance.engine import determination, run, telling
from compliance.engine.case import Case
from compliance.engine.definition import Party
from compliance.engine.determination import Determination
from compliance.engine.errors import NotFoundError
from compliance.engine.registry import Registry
from compliance.kernel.db import session
from compliance.rules import purposes, store
from compliance.rules.agenda import Member
from compliance.web import duties, rules_links
from compliance.web.addresses import definition_of

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,5}")


def blueprint(processes: Registry) -> Blueprint:
    """Return the statement's page for every process in *processes* that determines something."""
    made = Blueprint("determinations", __name__)
    for workflow in processes:
        if workflow.deciding is not None:
            made.add_url_rule(
                f"/{workflow.plural}/<reference>/determinations/<number>",
                workflow.kind,
                show,
                methods=["GET"],
                defaults={"kind": workflow.kind},
            )
    return made


def show(kind: str, reference: str, number: str) -> ResponseReturnValue:
    """Show one determination, whether or not it still stands."""
    reader = actor()
    case = run.find(kind, reference, reader)
    readable = determination.readable(session(), case, reader)
    wanted = int(number) if _NUMBER.fullmatch(number) else 0
    found = next((one for one in readable if one.number == wanted), None)
    if found is None:
        raise NotFoundError("There is no such determination.")
    last = readable[0]
    until = found.statement["object_until"]
    return render_template(
        "cases/determination.html",
        case=case,
        kept=found,
        statement=found.statement,
        object_until=dt.date.fromisoformat(until) if until else None,
        rows=_rows(case, found, reader),
        duties=duties.as_kept(found.duties, case, definition_of(case), reader),
        receipt=determination.receipt(session(), case, found),
        replaced_by=href(case, last.number) if last.number != found.number else None,
        back=url_for(f"cases.{kind}_show", reference=case.reference),
    )


def listed(case: Case, reader: Actor) -> list[dict[str, Any]]:
    """Return the determinations of *case* that *reader* may read, for its page, newest first; the first one stands."""
    return [
        {
            "number": one.number,
            "conclusion": one.statement["conclusion"],
            "title": one.statement["title"],
            "reason": one.reason,
            "rows": _said(one),
            "decided_at": one.decided_at,
            "valid_until": one.valid_until,
            "on_older_terms": one.content_version != case.content_version,
            "overrides": one.overrides,
            "href": href(case, one.number),
        }
        for one in determination.readable(session(), case, reader)
    ]


def _said(found: Determination) -> list[dict[str, str]]:
    """Return what a determination says beside its conclusion and its reason."""
    rows = [(factor["label"], factor["text"]) for factor in found.factors]
    rows += [
        ("Reason codes", "; ".join(one["label"] for one in found.reason_codes)),
        ("Conditions", found.conditions),
        ("What would change it", found.what_would_change_it),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]


def href(case: Case, number: int) -> str:
    """Return the address of a determination's statement."""
    return url_for(f"determinations.{case.kind}", reference=case.reference, number=number)


def _rows(case: Case, found: Determination, reader: Actor) -> list[dict[str, Any]]:
    """Return the facts of the statement, for the desk with the confidence of the rules; empty ones are left out."""
    people = telling.names_of(session(), [str(one) for one in (found.decided_by_id, found.stands_for_id) if one])
    decided_by, behalf_of = people.get(str(found.decided_by_id), "Countersign"), people.get(str(found.stands_for_id))
    rows = [
        ("Reference", f"{case.reference}, determination {found.number}"),
        ("Work", case.title),
        ("Terms decided on", f"version {found.content_version}"),
        *((label, place) for label, place in found.places.items()),
        ("Rules", found.why_no_rules if found.rule_set is None else ""),
        ("Confidence of the rules", _confidence(found) if is_at_desk(reader, case) else ""),
        ("Own limits", f"version {found.policy['version']}" if found.policy else ""),
        ("Decided by", f"{decided_by} for {behalf_of}" if behalf_of else decided_by),
        ("Decided on", f"{found.decided_at:%d %B %Y at %H:%M} UTC"),
        ("Valid until", f"{found.valid_until:%d %B %Y}" if found.valid_until else ""),
        ("Documents looked at", str(len(found.evidence)) if found.evidence else ""),
    ]
    return [*({"label": label, "value": value} for label, value in rows if value), *_rules(found)]


def _confidence(found: Determination) -> str:
    """Say how sure the rules were of what each side's answers come to, where the rules say so."""
    return "; ".join(
        f"on the answers of {Party(party).label}: {sure['word']} ({sure['value']})"
        for party, sure in found.confidence.items()
    )


def _rules(found: Determination) -> list[dict[str, str]]:
    """Return each rule set that it was decided under, with the way to exactly that version."""
    if found.rule_set is None or found.rule_version is None or found.rule_digest is None:
        return []
    used = store.agenda_of(session(), found.rule_set, found.rule_version, found.rule_digest)
    return [
        {
            "label": "Rules",
            "value": f"{one.title}, version {one.version}. {one.about.note}".strip(),
            "note": _asked_for(one, found.decided_at.date()),
            "href": rules_links.to_set(one.key, one.version),
            "change": f"Read version {one.version} of the",
        }
        for one in used.members
    ]


def _asked_for(rules: Member, on: dt.date) -> str:
    said = purposes.spoken(purposes.purposes_of(rules, store.table_purposes(), on))
    return f"Asked for {said}." if said else ""
