"""Looking a second time, blind: what was determined is looked at by somebody who is not told how it was decided.

A process that does this says so with :class:`Looking`. When a determination is kept, the lot decides whether a case of
that process is opened for it. Whoever takes that case sees the terms, answers and documents that the determination was
made on, and until they have answered nothing else of the case looked at: it is out of their sight altogether. What they
find is kept beside the determination and changes nothing of it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Mapped, Session, mapped_column
from wtforms import Form, StringField

from compliance.authz import Actor, Role, is_at_desk, visible_to
from compliance.engine import hearing
from compliance.engine.case import Case, CaseDocument, CaseLook, of_case
from compliance.engine.content import digest_of, plain
from compliance.engine.definition import Action, Workflow
from compliance.engine.determination import Determination
from compliance.engine.errors import RefusedError
from compliance.engine.move import Move
from compliance.engine.registry import registry
from compliance.kernel.db import Base, direct, table
from compliance.kernel.ids import as_id, new_id
from compliance.people.models import Blindfold

WHOLE: Final = 2**64
PERCENT: Final = 100
NOT_A_PARTY: Final = (
    "You are close to a party to this work, or declared a conflict of interest. Leave it to a colleague."
)
TOOK_PART: Final = "You had a part in the work that this looks at. Leave it to a colleague who had none."
HAS_SEEN: Final = (
    "You have seen how it was decided since then, so you cannot look at it blind. Leave it to a colleague."
)
READS_RECORD: Final = "You read the record, which tells how everything was decided. Leave it to a colleague."
NOTHING_THERE: Final = "There is no such determination that could be looked at a second time."
LOOKED_AT: Final = "This determination is looked at a second time already."


def _of_determination() -> sa.ForeignKey:
    return sa.ForeignKey("determination.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED")


class SecondLook(Base):
    """Which determination of which case a case looks at."""

    __tablename__ = "second_look"

    case_id: Mapped[uuid.UUID] = mapped_column(of_case(), primary_key=True)
    looked_at_id: Mapped[uuid.UUID] = mapped_column(of_case(), index=True)
    determination_id: Mapped[uuid.UUID] = mapped_column(_of_determination(), unique=True)


class SecondOpinion(Base):
    """What somebody found who did not know how it was decided, beside what was decided; never changed.

    ``rev`` is the revision of the case ``case_id`` whose event it belongs to.
    """

    __tablename__ = "second_opinion"
    __table_args__ = (sa.Index(None, "given_at", "id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    case_id: Mapped[uuid.UUID] = mapped_column(of_case(), unique=True)
    looked_at_id: Mapped[uuid.UUID] = mapped_column(of_case(), index=True)
    determination_id: Mapped[uuid.UUID] = mapped_column(_of_determination(), unique=True)
    rev: Mapped[int]
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    first_outcome: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str]
    first_by_id: Mapped[uuid.UUID | None]
    given_by_id: Mapped[uuid.UUID]
    stands_for_id: Mapped[uuid.UUID | None]
    given_at: Mapped[dt.datetime]
    digest: Mapped[str]

    @property
    def agrees(self) -> bool:
        """Whether both found the same."""
        return self.outcome == self.first_outcome


class DeterminationField(StringField):
    """A determination, by its id."""


@dataclass(frozen=True, slots=True)
class Looking:
    """That the cases of a process look a second time at determinations, and in which words they can find what."""

    outcomes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a case looks at, and what was found where that was said already."""

    case: Case
    workflow: Workflow
    determination: Determination
    opinion: SecondOpinion | None


_DRAWN: Final = sa.insert(table(SecondLook))
_GIVEN: Final = sa.insert(table(SecondOpinion))
_TIE: Final = sa.insert(table(Blindfold))
_UNTIE: Final = sa.delete(table(Blindfold)).where(table(Blindfold).c.by_case_id == sa.bindparam("case_id"))


def kinds_due(move: Move) -> list[str]:
    """Return the kinds of which a case is to be opened for the determination that *move* made.

    That is as the lot falls. What a client determines for itself is not looked at, and of the sample nothing is drawn:
    it would be another sample each time.
    """
    if move.determination is None or move.case.sample or not move.actor.is_staff:
        return []
    if not is_drawn(move.determination, move.at):
        return []
    return [w.kind for w in registry() if w.looking and move.outcome in w.looking.outcomes]


def is_drawn(determination_id: uuid.UUID, at: dt.datetime) -> bool:
    """Tell whether the lot of a determination falls within the share that is looked at on its day.

    A lot follows from an id that nobody chooses and a key that nobody at the desk has, so that no one can tell
    beforehand which decision will be looked at, and whoever has both can show afterwards why this one was.
    """
    share = current_app.config["SETTINGS"].blind_share(at.date())
    return bool(lot(determination_id) * PERCENT < share * WHOLE)


def lot(determination_id: uuid.UUID) -> int:
    """Return the lot of a determination, a number below :data:`WHOLE`."""
    key = hashlib.blake2b(current_app.config["SETTINGS"].secret_key.encode()).digest()
    drawn = hashlib.blake2b(determination_id.bytes, key=key, digest_size=8, person=b"second look")
    return int.from_bytes(drawn.digest(), "big")


def may_begin(move: Move) -> str | None:
    """Refuse what was not determined, or is looked at already."""
    found = _determination(move)
    if found is None or move.workflow.looking is None or found.outcome not in move.workflow.looking.outcomes:
        return NOTHING_THERE
    taken = sa.select(SecondLook.case_id).where(SecondLook.determination_id == found.id)
    return LOOKED_AT if move.session.scalar(taken) is not None else None


def begin(move: Move) -> None:
    """Note what the case that is being opened looks at, and how it came to be chosen."""
    found = _determination(move)
    if found is None:  # The guard came first; this tells the type checker.
        raise RefusedError(NOTHING_THERE)
    row = {"case_id": move.case.id, "looked_at_id": found.case_id, "determination_id": found.id}
    direct(move.session, _DRAWN, row)
    share = current_app.config["SETTINGS"].blind_share(move.at.date())
    move.policy["looks_at"] = {"determination": found.digest, "lot": f"{lot(found.id):016x}", "share": share}


def subject_of(session: Session, case: Case) -> Subject | None:
    """Return what *case* looks at; ``None`` where it looks at nothing."""
    look = session.get(SecondLook, case.id)
    if look is None:
        return None
    looked_at = session.get_one(Case, look.looked_at_id)
    workflow = registry().process(looked_at.kind, looked_at.definition).workflow
    opinion = session.scalar(sa.select(SecondOpinion).where(SecondOpinion.case_id == case.id))
    return Subject(looked_at, workflow, session.get_one(Determination, look.determination_id), opinion)


def may_look(move: Move) -> str | None:
    """Leave it to somebody who is no party, took no part, and has not seen how it was decided."""
    subject = move.once(_subject)
    if subject is None:
        return NOTHING_THERE
    if not is_at_desk(move.actor, subject.case) or hearing.is_of_client(move.actor, subject.case):
        return NOT_A_PARTY
    if move.actor.identities & move.once(_who_took_part):
        return TOOK_PART
    if move.actor.identities & move.people_with(Role.AUDITOR):
        return READS_RECORD
    seen = sa.select(CaseLook.person_id).where(
        CaseLook.case_id == subject.case.id,
        CaseLook.person_id.in_(move.actor.identities),
        CaseLook.rev >= subject.determination.rev,
    )
    return HAS_SEEN if move.session.scalar(seen.limit(1)) is not None else None


def cover(move: Move) -> None:
    """Take what a case looks at out of the sight of whoever holds it, until it is answered or ends.

    Whoever gave the case back unanswered stays covered: they could take it again.
    """
    case = move.case
    if move.workflow.looking is None:
        return
    subject = subject_of(move.session, case)
    if subject is None or subject.opinion or move.workflow.is_final(case.state):
        direct(move.session, _UNTIE, {"case_id": case.id})
    elif case.holder_id is not None:
        people = {case.holder_id} | (move.actor.identities if case.holder_id in move.actor.identities else set())
        tied = sa.select(Blindfold.person_id).where(Blindfold.by_case_id == case.id)
        fresh = people.difference(move.session.scalars(tied))
        rows = [{"person_id": one, "by_case_id": case.id, "case_id": subject.case.id} for one in sorted(fresh)]
        if rows:
            direct(move.session, _TIE, rows)


def keep(move: Move, action: Action, form: Form | None) -> None:
    """Write the second opinion that *action* gives, if it gives one, and name it in the event to come."""
    if not action.opines or form is None:
        return
    subject = subject_of(move.session, move.case)
    if subject is None or subject.opinion is not None:
        raise RefusedError(NOTHING_THERE)
    first = subject.determination
    row: dict[str, Any] = {
        "case_id": move.case.id,
        "looked_at_id": subject.case.id,
        "determination_id": first.id,
        "rev": move.case.audit_rev + 1,
        "organisation_id": subject.case.organisation_id,
        "first_outcome": first.outcome,
        "outcome": move.fact("outcome"),
        "reason": move.fact("grounds"),
        "first_by_id": first.decided_by_id,
        "given_by_id": move.actor.id,
        "stands_for_id": move.actor.stands_for,
        "given_at": move.at,
    }
    digest = digest_of_row(row)
    direct(move.session, _GIVEN, {"id": new_id(), "digest": digest, **row})
    # The history of this case is read by more people than the case looked at: the words are shown with that one alone.
    move.keep_sealed("grounds", row["reason"])
    move.policy["second_opinion"] = {
        "determination": first.digest,
        "first": first.outcome,
        "second": row["outcome"],
        "digest": digest,
    }


def digest_of_row(row: Mapping[str, Any]) -> str:
    """Return the digest over all that a second opinion says, as its event names it."""
    return digest_of({name: plain(value) for name, value in row.items() if name not in {"id", "digest"}})


def differs(move: Move) -> bool:
    """Tell whether what *move* finds is another outcome than was determined."""
    subject = move.once(_subject)
    return subject is not None and move.fact("outcome") != subject.determination.outcome


def whom_it_concerns(move: Move) -> frozenset[uuid.UUID]:
    """Return both reviewers and every senior reviewer where the two found different outcomes, and else nobody."""
    subject = subject_of(move.session, move.case)
    if subject is None or subject.opinion is None or subject.opinion.agrees:
        return frozenset()
    return move.people_with(Role.SENIOR_REVIEWER) | _the_two(subject.determination, subject.opinion)


def was_one_of_the_two(move: Move) -> str | None:
    """Leave a difference to somebody who is neither of the two."""
    subject = move.once(_subject)
    if subject is None or subject.opinion is None:
        return "Nobody has looked at it yet."
    if move.actor.identities & _the_two(subject.determination, subject.opinion):
        return "You are one of the two who found different outcomes. A third looks at both."
    return None


def _the_two(first: Determination, second: SecondOpinion) -> frozenset[uuid.UUID]:
    """Return who determined and who looked again, and whom they stood in for."""
    both = (first.decided_by_id, first.stands_for_id, second.given_by_id, second.stands_for_id)
    return frozenset(one for one in both if one)


def sees(session: Session, case: Case, subject: Subject, reader: Actor) -> bool:
    """Tell whether *reader* may see what *case* looks at: whoever holds it, and afterwards whoever sees that case."""
    if subject.opinion is None and case.holder_id in reader.identities and subject.case.id in reader.blind_to:
        return True
    if subject.opinion is None:
        return False
    there = sa.select(Case.id).where(Case.id == subject.case.id, visible_to(reader, Case))
    return session.scalar(there) is not None


def is_in_sight(move: Move) -> bool:
    """Tell whether the actor of *move* may see what its case looks at."""
    subject = move.once(_subject)
    return subject is not None and sees(move.session, move.case, subject, move.actor)


def evidence_of(session: Session, subject: Subject) -> list[CaseDocument]:
    """Return the documents that lay before everybody when it was decided, oldest first."""
    query = sa.select(CaseDocument).where(
        CaseDocument.case_id == subject.case.id,
        CaseDocument.internal.is_(False),
        CaseDocument.sha256.in_({one["sha256"] for one in subject.determination.evidence}),
    )
    return list(session.scalars(query.order_by(CaseDocument.id)))


def opinions_on(session: Session, case: Case) -> list[SecondOpinion]:
    """Return what was found by those who looked at determinations of *case* a second time, newest first."""
    query = sa.select(SecondOpinion).where(SecondOpinion.looked_at_id == case.id)
    return list(session.scalars(query.order_by(SecondOpinion.id.desc())))


def _determination(move: Move) -> Determination | None:
    named = as_id(move.fact("determination"))
    return move.session.get(Determination, named) if named else None


def _subject(move: Move) -> Subject | None:
    return subject_of(move.session, move.case)


def _who_took_part(move: Move) -> frozenset[uuid.UUID]:
    """Return everybody who did anything to the case looked at, stand-ins and whom they stood in for included."""
    subject = move.once(_subject)
    if subject is None:
        return frozenset()
    of_original = Move(subject.workflow, subject.case, move.actor, move.at, move.session)
    return frozenset().union(*(people for _, _, people in of_original.acts))
