"""What a case looks at a second time: first without a word of how it was decided, once it was answered beside it."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, Response, url_for

from compliance.authz import Actor, is_at_desk
from compliance.door import actor
from compliance.downloads import sent
from compliance.engine import blind, documents, run, telling, versions
from compliance.engine.blind import Subject
from compliance.engine.case import Case, CaseVersion
from compliance.engine.definition import Party, Workflow
from compliance.engine.errors import NotFoundError
from compliance.engine.registry import Registry
from compliance.kernel.db import session
from compliance.kernel.ids import as_id
from compliance.rules import store
from compliance.web import determinations
from compliance.web.addresses import case_href
from compliance.web.questionnaire import answer_groups

NO_SUCH_DOCUMENT: Final = "There is no such document here for you. Look at the list of the case."
_SIDES: Final = {"client": "the client", "freelancer": "the freelancer", "desk": "the desk"}


def blueprint(processes: Registry) -> Blueprint:
    """Return the way to the documents of what is looked at, for every process in *processes* that looks again."""
    made = Blueprint("looked_at", __name__)
    for workflow in processes:
        if workflow.looking is not None:
            rule = f"/{workflow.plural}/<reference>/looked-at/<document>"
            made.add_url_rule(rule, workflow.kind, give, methods=["GET"], defaults={"kind": workflow.kind})
    return made


def give(kind: str, reference: str, document: str) -> Response:
    """Give out a document that lay before everybody when it was decided, to whoever looks at that again."""
    who = actor()
    case = run.find(kind, reference, who)
    subject = blind.subject_of(session(), case)
    if subject is None or not blind.sees(session(), case, subject, who):
        raise NotFoundError(NO_SUCH_DOCUMENT)
    named = as_id(document)
    if named not in {one.id for one in blind.evidence_of(session(), subject)}:
        raise NotFoundError(NO_SUCH_DOCUMENT)
    return sent(documents.find(session(), subject.case, str(named), who))


def panel(case: Case, workflow: Workflow, reader: Actor) -> dict[str, Any] | None:
    """Return what the page of *case* shows of what it looks at; ``None`` where it looks at nothing."""
    subject = blind.subject_of(session(), case) if workflow.looking else None
    if subject is None:
        return None
    if not blind.sees(session(), case, subject, reader):
        return {"hidden": True, "open": subject.opinion is None and not workflow.is_final(case.state)}
    return {
        "hidden": False,
        "terms": _terms(subject),
        "sheets": _sheets(subject),
        "papers": [
            {
                "name": one.name,
                "side": _SIDES[one.party],
                "href": url_for(f"looked_at.{case.kind}", reference=case.reference, document=str(one.id)),
            }
            for one in blind.evidence_of(session(), subject)
        ],
        "both": _both(subject, workflow) if subject.opinion else None,
    }


def second_looks(case: Case, workflow: Workflow, reader: Actor) -> list[dict[str, Any]]:
    """Return, for the desk, what was found by those who looked at determinations of *case* a second time."""
    if workflow.deciding is None or not is_at_desk(reader, case) or not case.audit_rev:
        return []
    found = blind.opinions_on(session(), case)
    if not found:
        return []
    looks = sa.select(Case).where(Case.id.in_([one.case_id for one in found]))
    hrefs = {one.id: case_href(one) for one in session().scalars(looks)}
    return [{"agrees": one.agrees, "at": one.given_at, "href": hrefs[one.case_id]} for one in found]


def _terms(subject: Subject) -> list[dict[str, str]]:
    kept = sa.select(CaseVersion).where(
        CaseVersion.case_id == subject.case.id, CaseVersion.number == subject.determination.content_version
    )
    said = versions.in_words(subject.workflow, session().scalars(kept).one())
    return [{"label": label, "value": value} for label, value in said]


def _sheets(subject: Subject) -> list[dict[str, Any]]:
    """Return the answers that it was decided on, party by party, without what the rules found in them."""
    kept, asked = subject.determination, subject.workflow.questionnaire
    if kept.rule_set is None or kept.rule_version is None or kept.rule_digest is None or asked is None:
        return []
    rules = store.agenda_of(session(), kept.rule_set, kept.rule_version, kept.rule_digest)
    known = frozenset(question for answering in asked.parties.values() for question in answering.known)
    return [
        {"title": f"{_sentence(Party(party).label)}'s answers", "groups": answer_groups(rules, answers, without=known)}
        for party, answers in kept.answers.items()
    ]


def _both(subject: Subject, workflow: Workflow) -> dict[str, Any]:
    """Return what both found, side by side."""
    first, second = subject.determination, subject.opinion
    assert second is not None  # noqa: S101 - asked for only where there is one
    assert workflow.looking is not None  # noqa: S101 - as above
    ids = [first.decided_by_id, first.stands_for_id, second.given_by_id, second.stands_for_id]
    names = telling.names_of(session(), [str(one) for one in ids if one])
    words = workflow.looking.outcomes
    return {
        "agrees": second.agrees,
        "href": case_href(subject.case),
        "title": subject.case.title,
        "reference": subject.case.reference,
        "statement": determinations.href(subject.case, first.number),
        "rows": [
            _found("First", words[first.outcome], first.reason, first.decided_at, names, ids[:2]),
            _found("Second", words[second.outcome], second.reason, second.given_at, names, ids[2:]),
        ],
    }


def _found(which: str, outcome: str, reason: str, at: Any, names: dict[str, str], ids: list[Any]) -> dict[str, Any]:  # noqa: ANN401 - an instant, and ids or nothing
    return {
        "which": which,
        "outcome": outcome,
        "reason": reason,
        "at": at,
        "by": names.get(str(ids[0]), "Countersign"),
        "behalf_of": names.get(str(ids[1])),
    }


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
