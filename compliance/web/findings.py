"""What the questionnaire says of a case, for its page: everything for the desk, its own answers for each party."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from compliance.authz import Actor, is_at_desk
from compliance.engine.case import Case
from compliance.engine.definition import Workflow
from compliance.engine.questionnaire import Assessment, Conflict, Sheet, applying, assess, readable
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.rules import purposes, store
from compliance.rules.agenda import Agenda, Found
from compliance.rules.explained import OUTCOMES, Aspect, Explained
from compliance.rules.legal.model import Source
from compliance.rules.model import Answer, Outcome
from compliance.web import determinations, rules_links
from compliance.web.questionnaire import answer_groups

SHOWN: Final = 5
UNANSWERED: Final = "open"  # A legal test's word for a factor of which no question is answered.
TONES: Final = {Outcome.INDEPENDENT_CONTRACTOR: "good", Outcome.EMPLOYEE: "bad", Outcome.NEEDS_REVIEW: "waiting"}

SOURCES: Final = {
    Source.PARTLY.value: "partly checked against the source",
    Source.UNVERIFIED.value: "not checked against the source",
}


def panel(case: Case, workflow: Workflow, reader: Actor) -> dict[str, Any]:
    """Return what the page of *case* shows of answers, findings and determinations to *reader*."""
    found, at_desk = assess(session(), case, workflow), is_at_desk(reader, case)
    sheets = readable(found, case, reader, workflow)
    return {
        "asked": workflow.questionnaire is not None,
        "for_desk": at_desk,
        "why_none": found.unsupported,
        "partly": found.partly_covered,
        "note": _version_note(case, workflow, found) if at_desk else None,
        "sheets": [_sheet(sheet, found.known, _day(case, workflow) if at_desk else None) for sheet in sheets],
        "conflicts": [_conflict(one) for one in found.conflicts] if at_desk else [],
        "determinations": determinations.listed(case, reader),
    }


def _day(case: Case, workflow: Workflow) -> dt.date:
    """Return the day whose law counts."""
    asked = workflow.questionnaire
    return asked.situation(case).on if asked else clock.now().date()


def _sheet(sheet: Sheet, known: frozenset[str], explained_on: dt.date | None) -> dict[str, Any]:
    """Return a party's answers, and where a day is given what the rules find in them for it."""
    shown: dict[str, Any] = {
        "title": f"{sheet.party.label[0].upper()}{sheet.party.label[1:]}'s answers" if explained_on else "Your answers",
        "sent_at": sheet.sent_at,
        "groups": answer_groups(sheet.rules, sheet.answers, without=known),
    }
    return shown | (_explained(sheet, explained_on) if explained_on else {})


def _explained(sheet: Sheet, on: dt.date) -> dict[str, Any]:
    return {"result": sheet.result} | explained(sheet.rules, sheet.answers, sheet.finding, on)


def explained(rules: Agenda, answers: Mapping[str, Answer], found: Found | None, on: dt.date) -> dict[str, Any]:
    """Return what *rules* find in *answers*, by purpose and one rule set after the other, and what would change it."""
    asked_for = {one.key: purposes.purposes_of(one, store.table_purposes(), on) for one in rules.members}
    return {
        "tone": TONES[found.outcome] if found else "neutral",
        "purposes": _by_purpose(rules, found, on) if found else [],
        "findings": [_finding(one, found, asked_for[one.key]) for one in found.findings] if found else [],
        "changes": _changes(rules, answers) if found else [],
    }


def _by_purpose(rules: Agenda, found: Found, on: dt.date) -> list[dict[str, str]]:
    return [
        {
            "label": f"For {purposes.spoken(one.purposes)}",
            "value": one.leading[0].result if len(one.leading) == 1 else OUTCOMES[one.outcome],
            "note": "; ".join(leading.title for leading in one.leading),
        }
        for one in purposes.by_purpose(rules, found, store.table_purposes(), on)
    ]


def _finding(one: Explained, found: Found, asked_for: tuple[str, ...]) -> dict[str, Any]:
    """Return what one rule set finds; beside others it says which of them lead, and where it applies."""
    several = len(found.findings) > 1
    return {
        "title": one.title if several else None,
        "asked_for": purposes.spoken(asked_for),
        "result": one.result,
        "tone": TONES[one.counts] if one.counts else "neutral",
        "leads": len(found.leading) < len(found.findings) and one in found.leading,
        "unfolded": one in found.leading[:1],
        "sentence": one.sentence,
        "confidence": one.confidence,
        "sections": [_section(aspect) for aspect in one.aspects if aspect.word != UNANSWERED],
        "unanswered": "; ".join(aspect.title for aspect in one.aspects if aspect.word == UNANSWERED),
        "open": one.open[:SHOWN],
        "contradictions": one.contradictions,
        "version": f"{one.title}, version {one.version}, digest {one.digest[:12]}…",
        "href": rules_links.to_set(one.key, one.version),
        "source": one.source,
    }


def _section(aspect: Aspect) -> dict[str, Any]:
    return {
        "label": aspect.title,
        "score": aspect.word,
        "reason": aspect.meaning,
        "conditions": [{"question": given.question, "answer": given.answer} for given in aspect.because],
        "citation": aspect.citation,
        "source": SOURCES.get(aspect.source, ""),
        "href": rules_links.to_place(aspect.written) if aspect.written else None,
    }


def _changes(rules: Agenda, answers: Mapping[str, Answer]) -> list[dict[str, str]]:
    """Return the fewest answers that would have to be different for another result, and that result."""
    return [
        {"change": " and ".join(str(change) for change in way.changes), "result": way.result}
        for way in rules.ways(answers, SHOWN)
    ]


def _conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "question": conflict.question.text,
        "answers": [
            {"label": f"{party.label[0].upper()}{party.label[1:]}", "value": conflict.question.label(answer)}
            for party, answer in conflict.answers.items()
        ],
    }


def _version_note(case: Case, workflow: Workflow, found: Assessment) -> str | None:
    """Say that the rules have moved on since the case was answered, which it is finished under all the same."""
    if workflow.questionnaire is None or not found.sheets:
        return None
    newest, _gaps = applying(workflow.questionnaire, case)
    old = sorted({sheet.rules.version for sheet in found.sheets if newest and sheet.rules.digest != newest.digest})
    if newest is None or not old:
        return None
    return f"Answered under version {', '.join(old)}; the newest is {newest.version}. The case is finished on its own."
