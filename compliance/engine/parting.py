"""Somebody else takes a party's place in a case: what the one before said there is theirs, and nothing rests on it."""

from __future__ import annotations

import sqlalchemy as sa

from compliance.engine.answering import retire_answers
from compliance.engine.case import CaseComment, CaseDocument
from compliance.engine.definition import Party
from compliance.engine.move import Move
from compliance.kernel.db import table


def part_with_worker(move: Move) -> None:
    """Take the worker's answers and documents off the case of *move*, and leave the worker's comments to the desk.

    For effects, before the next worker takes the place, who reads nothing from before. The record keeps all of it, and
    the event says what went.
    """
    move.case.worker_since_rev = move.case.audit_rev + 1
    retire_answers(move, Party.FREELANCER)
    documents = (
        CaseDocument.case_id == move.case.id,
        CaseDocument.party == Party.FREELANCER.value,
        CaseDocument.withdrawn_at.is_(None),
    )
    gone = sorted(str(found) for found in move.session.scalars(sa.select(CaseDocument.id).where(*documents)))
    if gone:
        move.changes["documents"] = [gone, []]
        withdrawn = {"withdrawn_at": move.at, "withdrawn_by_id": move.actor.id}
        move.session.execute(sa.update(table(CaseDocument)).where(*documents).values(withdrawn))
    comments = (CaseComment.case_id == move.case.id, CaseComment.author_id == move.case.worker_id)
    move.session.execute(sa.update(table(CaseComment)).where(*comments).values(internal=True))
