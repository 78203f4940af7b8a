"""What the questionnaire says of a case, for its page: everything for the desk, its own answers for each party."""

from __future__ import annotations

import functools
from typing import Any, Final

from compliance.authz import Actor, is_at_desk
from compliance.engine.case import Case
from compliance.engine.definition import Workflow
from compliance.engine.questionnaire import Assessment, Conflict, Sheet, assess, readable
from compliance.kernel.db import session
from compliance.rules import interview, store
from compliance.rules.finding import RESULT, Finding, Reason
from compliance.rules.model import Answer, Outcome
from compliance.rules.scoring import spoken
from compliance.rules.what_if import Alternative, what_if
from compliance.web import determinations
from compliance.web.questionnaire import answer_groups

SHOWN: Final = 5
TONES: Final = {Outcome.INDEPENDENT_CONTRACTOR: "good", Outcome.EMPLOYEE: "bad", Outcome.NEEDS_REVIEW: "waiting"}


def panel(case: Case, workflow: Workflow, reader: Actor) -> dict[str, Any]:
    """Return what the page of *case* shows of answers, findings and determinations to *reader*."""
    found, at_desk = assess(session(), case, workflow), is_at_desk(reader, case)
    sheets = readable(found, case, reader, workflow)
    return {
        "asked": workflow.questionnaire is not None,
        "for_desk": at_desk,
        "why_none": found.why_none,
        "note": _version_note(found) if at_desk else None,
        "sheets": [_sheet(sheet, found.known, explained=at_desk) for sheet in sheets],
        "conflicts": [_conflict(one) for one in found.conflicts] if at_desk else [],
        "determinations": determinations.listed(case, reader),
    }


def _sheet(sheet: Sheet, known: frozenset[str], *, explained: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "title": f"{sheet.party.label[0].upper()}{sheet.party.label[1:]}'s answers" if explained else "Your answers",
        "sent_at": sheet.sent_at,
        "groups": answer_groups(sheet.rule_set, sheet.answers, without=known),
    }
    return shown | (_explained(sheet) if explained else {})


def _explained(sheet: Sheet) -> dict[str, Any]:
    about, finding = sheet.rule_set.about, sheet.finding
    reasons = finding.reasons if finding else ()
    return {
        "result": sheet.result,
        "tone": TONES[finding.outcome] if finding else "neutral",
        "sentence": next((_in_short(one) for one in reasons if one.section == RESULT), None),
        "sections": _sections(sheet, finding) if finding else [],
        "changes": _changes(sheet),
        "version": f"{about.title}, version {about.version}, digest {sheet.rule_set.digest[:12]}…",
        "source": " ".join(
            part for part in (f"{about.source}.", about.citation and f"{about.citation}.", about.note) if part
        ),
    }


def _in_short(reason: Reason) -> str:
    """Return why the result is what it is; which scores it came from is said section by section."""
    return reason.text.removeprefix(f"{reason.score}: ").removesuffix(spoken(reason.because)).strip()


def _sections(sheet: Sheet, finding: Finding) -> list[dict[str, Any]]:
    """Return what each section scored and means; the answers that it came from stand below it."""
    return [
        {
            "label": reason.title,
            "score": reason.score,
            "reason": _meaning(sheet, reason),
            "conditions": [{"question": held.short, "answer": held.label} for held in reason.because],
        }
        for reason in finding.reasons
        if reason.section != RESULT
    ]


def _meaning(sheet: Sheet, reason: Reason) -> str:
    meaning = sheet.rule_set.section(reason.section).scores.get(reason.score)
    return f"{meaning[0].upper()}{meaning[1:]}." if meaning else reason.text


def _changes(sheet: Sheet) -> list[dict[str, str]]:
    """Return the fewest answers that would have to be different for another result, and that result."""
    if sheet.finding is None:
        return []
    found = _alternatives(sheet.rule_set, tuple(sorted(sheet.answers.items())))
    return [
        {
            "change": " and ".join(
                f"“{change.question.text}” answered “{change.question.label(change.new)}”" for change in one.changes
            ),
            "result": interview.wording(sheet.rule_set, one.finding.result, sheet.answers),
        }
        for one in found
    ]


@functools.lru_cache(maxsize=512)
def _alternatives(rule_set: Any, answers: tuple[tuple[str, Answer], ...]) -> tuple[Alternative, ...]:  # noqa: ANN401 - hashable by being itself
    return tuple(what_if(rule_set, dict(answers), at_most=SHOWN))


def _conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "question": conflict.question.text,
        "answers": [
            {"label": f"{party.label[0].upper()}{party.label[1:]}", "value": conflict.question.label(answer)}
            for party, answer in conflict.answers.items()
        ],
    }


def _version_note(found: Assessment) -> str | None:
    """Say that the rules have moved on since the case was answered, which it is finished under all the same."""
    if found.rule_set is None or not found.sheets:
        return None
    newest = store.shipped(found.rule_set.key)
    old = sorted({sheet.rule_set.version for sheet in found.sheets if sheet.rule_set.digest != newest.digest})
    if not old:
        return None
    return f"Answered under version {', '.join(old)}; the newest is {newest.version}. The case is finished on its own."
