"""Other answers than those decided on: they reopen a case, and those decided on come back where a change is dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from compliance.engine import answering, determination
from compliance.engine.answering import AnswerDraft
from compliance.engine.case import AnswerSheet
from compliance.engine.content import digest_of
from compliance.engine.definition import Action, Party
from compliance.engine.move import Move
from compliance.engine.questionnaire import Questionnaire, Reopening, whoever_answers
from compliance.kernel.db import table
from compliance.kernel.ids import new_id

SAME_ANSWERS: Final = (
    "These are the answers that were decided on, so nothing changes. Change one of them, or leave the page."
)


def action(questionnaire: Questionnaire, reopening: Reopening) -> Action:
    """Return the action by which a party answers otherwise than was decided on, which reopens the case."""
    able = [one for one in questionnaire.parties.values() if set(one.states) & set(reopening.sources)]
    return Action(
        answering.CHANGE,
        "Change the answers",
        reopening.sources,
        reopening.target,
        whoever_answers(able),
        answering.Answers,
        guards=(answering.is_asked, answering.fits, differ),
        effect=answering.send,
        help="Answer the questions again where the work is done otherwise by now. Other answers are decided on afresh.",
        common=True,
        key="i",
    )


def differ(move: Move) -> str | None:
    """Refuse answers that are the ones decided on: they change nothing."""
    party = answering.party_of(move)
    if move.facts is None or party is None:
        return None
    return SAME_ANSWERS if answering.complemented(move, party) == _decided_on(move, party) else None


def restore_answers(move: Move) -> None:
    """Put the answers that were decided on back in the place of all others; the event names them by their digests.

    For effects that drop a change. The digest of the content is renewed with the rest.
    """
    decided = determination.newest(move.session, move.case)
    if decided is None or decided.rule_set is None:
        return
    of_case = AnswerSheet.case_id == move.case.id
    move.session.execute(sa.delete(table(AnswerSheet)).where(of_case))
    rows = [
        {
            "id": new_id(),
            "case_id": move.case.id,
            "party": party,
            "rule_set": decided.rule_set,
            "rule_version": decided.rule_version,
            "rule_digest": decided.rule_digest,
            "answers": answers,
            "complete": True,
            "changed_at": decided.decided_at,
        }
        for party, answers in sorted(decided.answers.items())
    ]
    if rows:
        move.session.execute(sa.insert(table(AnswerSheet)), rows)
    move.session.execute(sa.delete(table(AnswerDraft)).where(AnswerDraft.case_id == move.case.id))
    move.policy["restored"] = {row["party"]: digest_of(row["answers"]) for row in rows}


def _decided_on(move: Move, party: Party) -> Mapping[str, Any] | None:
    """Return the answers of *party* on which the standing determination rests, or those sent where there is none."""
    decided = determination.newest(move.session, move.case)
    if decided is not None:
        found: Mapping[str, Any] | None = decided.answers.get(party.value)
        return found
    sheet = move.assessment.of(party)
    return sheet.answers if sheet else None
