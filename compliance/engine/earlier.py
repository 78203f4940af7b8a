"""What a party answered in an earlier case of the same two: offered to begin with, and never used by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from compliance.authz import visible_to
from compliance.engine.case import AnswerSheet, Case
from compliance.engine.definition import Party
from compliance.engine.move import Move
from compliance.rules.agenda import Agenda
from compliance.rules.model import Answer


@dataclass(frozen=True, slots=True)
class Earlier:
    """Answers of a party to what is asked now too, with the case that they were given in and when."""

    reference: str
    title: str
    sent_at: dt.datetime
    answers: Mapping[str, Answer]


def answers(move: Move, party: Party, rules: Agenda) -> Earlier | None:
    """Return the newest answers of *party* in another case of the same client and freelancer, as far as they fit."""
    case = move.case
    if case.worker_id is None:
        return None
    query = (
        sa.select(Case.reference, Case.title, AnswerSheet.changed_at, AnswerSheet.answers)
        .join(AnswerSheet, AnswerSheet.case_id == Case.id)
        .where(
            Case.worker_id == case.worker_id,
            Case.organisation_id == case.organisation_id,
            Case.kind == case.kind,
            Case.id != case.id,
            AnswerSheet.party == party.value,
            visible_to(move.actor, Case),
        )
        .order_by(AnswerSheet.changed_at.desc(), Case.id.desc())
        .limit(1)
    )
    found = move.session.execute(query).one_or_none()
    asked = {question.key for question in rules.questions}
    kept = {key: value for key, value in found.answers.items() if key in asked} if found else {}
    return Earlier(found.reference, found.title, found.changed_at, kept) if found and kept else None
