"""Drafts for the decision form, from what the questionnaire found: a reviewer edits them and answers for every word.

The drafts are written for both parties, so they name meanings and never the scores of the tables.
"""

from __future__ import annotations

from typing import Final

from compliance.engine import determination
from compliance.engine.definition import Party, Prefill
from compliance.engine.move import Move
from compliance.engine.questionnaire import Sheet
from compliance.rules.finding import Finding, Reason
from compliance.rules.what_if import what_if
from workflows.offer.outcomes import INDEPENDENT

# Which sections of the questionnaire speak of which factor.
SECTIONS: Final = {
    "behavioural_control": ("personalService", "control"),
    "financial_control": ("financialRisk",),
    "relationship_of_parties": ("exit", "partAndParcel", "businessOnOwnAccount"),
}
CHANGES_NAMED: Final = 3


def reasons_for(outcome: str) -> Prefill:
    """Return the drafts for a decision with *outcome*; none where nobody answered."""

    def drafts(move: Move) -> dict[str, str]:
        sheet = move.assessment.of(Party.CLIENT) or move.assessment.of(Party.FREELANCER)
        if sheet is None or sheet.finding is None:
            return {}
        found = {name: _factor(sheet, sheet.finding, sections) for name, sections in SECTIONS.items()}
        if sheet.finding.outcome == outcome:
            found["reason"] = f"{sheet.result}. {_summary(sheet, sheet.finding)}"
        if INDEPENDENT not in {outcome, sheet.finding.outcome}:
            found["what_would_change_it"] = _changes(sheet)
        return {name: text for name, text in found.items() if text}

    return drafts


def reasons_again(move: Move) -> dict[str, str]:
    """Return the drafts for upholding what stands; the words of the decision before are nobody's fresh reasons."""
    standing = determination.newest(move.session, move.case)
    drafted = reasons_for(standing.outcome)(move) if standing else {}
    return {name: drafted.get(name, "") for name in (*SECTIONS, "reason")}


def _factor(sheet: Sheet, finding: Finding, sections: tuple[str, ...]) -> str:
    return " ".join(
        f"{_upper(meaning)}: {'; '.join(f'{held.short}: {held.label}' for held in reason.because)}."
        for reason in finding.reasons
        if reason.section in sections and (meaning := _meaning(sheet, reason)) and reason.because
    )


def _summary(sheet: Sheet, finding: Finding) -> str:
    meanings = [meaning for reason in finding.reasons if (meaning := _meaning(sheet, reason))]
    return f"{_upper('; '.join(meanings))}."


def _meaning(sheet: Sheet, reason: Reason) -> str:
    """Return what the section's score means, in words; nothing for the result itself."""
    section = next((one for one in sheet.rule_set.sections if one.key == reason.section), None)
    return section.scores.get(reason.score, "") if section else ""


def _changes(sheet: Sheet) -> str:
    """Name the fewest changes that would make it an independent contractor's engagement."""
    found = [one for one in what_if(sheet.rule_set, sheet.answers) if one.finding.outcome == INDEPENDENT]
    ways = [
        " and ".join(f"{change.question.short}: {change.question.label(change.new)}" for change in one.changes)
        for one in found[:CHANGES_NAMED]
    ]
    return f"One of these would have to be true: {'; or '.join(ways)}." if ways else ""


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
