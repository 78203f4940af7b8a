"""Drafts for the decision form, from what the questionnaire found: a reviewer edits them and answers for every word.

The drafts are written for both parties, so they name meanings and never the scores of the tables.
"""

from __future__ import annotations

from typing import Final

from compliance.engine import determination
from compliance.engine.definition import Party, Prefill
from compliance.engine.move import Move
from compliance.engine.questionnaire import Sheet
from compliance.rules.agenda import Found
from compliance.rules.explained import Aspect
from workflows.offer.outcomes import INDEPENDENT

# Which sections of a table, and which factors of a legal test, speak of which factor of the decision; what is named
# nowhere speaks of the relationship.
FACTORS: Final = ("behavioural_control", "financial_control", "relationship_of_parties")
BEHAVIOUR: Final = ("personalService", "control", "behavio", "personal_service", "direction", "prong_a", "subordinat")
MONEY: Final = ("financialRisk", "financial", "invest", "profit", "pay", "expense", "means", "risk")
CHANGES_NAMED: Final = 3
MOST_TRIED: Final = 20


def reasons_for(outcome: str) -> Prefill:
    """Return the drafts for a decision with *outcome*; none where nobody answered."""

    def drafts(move: Move) -> dict[str, str]:
        sheet = move.assessment.of(Party.CLIENT) or move.assessment.of(Party.FREELANCER)
        if sheet is None or sheet.finding is None:
            return {}
        found = _factors(sheet.finding)
        if sheet.finding.outcome == outcome:
            found["reason"] = _summary(sheet.finding)
        if INDEPENDENT not in {outcome, sheet.finding.outcome}:
            found["what_would_change_it"] = _changes(sheet)
        return {name: text for name, text in found.items() if text}

    return drafts


def _factors(found: Found) -> dict[str, str]:
    """Return what each factor of the decision rests on, in the words of the answers, each said once."""
    said: dict[str, dict[str, None]] = {}
    for finding in found.leading:
        for aspect in finding.aspects:
            if aspect.because:
                because = "; ".join(f"{given.question}: {given.answer}" for given in aspect.because)
                said.setdefault(_factor(aspect), {})[f"{_headed(aspect)}: {because}."] = None
    return {name: " ".join(texts) for name, texts in said.items()}


def reasons_again(move: Move) -> dict[str, str]:
    """Return the drafts for upholding what stands; the words of the decision before are nobody's fresh reasons."""
    standing = determination.newest(move.session, move.case)
    drafted = reasons_for(standing.outcome)(move) if standing else {}
    return {name: drafted.get(name, "") for name in (*FACTORS, "reason")}


def _factor(aspect: Aspect) -> str:
    if any(word in aspect.key for word in BEHAVIOUR):
        return "behavioural_control"
    return "financial_control" if any(word in aspect.key for word in MONEY) else "relationship_of_parties"


def _headed(aspect: Aspect) -> str:
    """Return what begins the sentence: what a table's score means, or the name of a test's factor."""
    return aspect.title if aspect.citation else aspect.meaning.removesuffix(".")


def _summary(found: Found) -> str:
    if len(found.findings) == 1 and not found.findings[0].aspects[0].citation:
        meanings = "; ".join(_lower(aspect.meaning.removesuffix(".")) for aspect in found.findings[0].aspects)
        return f"{found.result}. {_upper(meanings)}."
    return " ".join(f"{finding.title}: {finding.result}. {finding.sentence}" for finding in found.findings)


def _changes(sheet: Sheet) -> str:
    """Name the fewest changes that would make it an independent contractor's engagement."""
    ways = [way for way in sheet.rules.ways(sheet.answers, MOST_TRIED) if way.outcome == INDEPENDENT]
    told = ["; and ".join(change.short for change in way.changes) for way in ways[:CHANGES_NAMED]]
    return f"One of these would have to be true: {'; or '.join(told)}." if told else ""


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
