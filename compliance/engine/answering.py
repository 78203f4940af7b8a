"""Answering: the draft that a party keeps beside a case, and sending it, which makes the answers part of the case."""

from __future__ import annotations

import datetime as dt
import enum
import json
import uuid
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from compliance.engine.case import AnswerSheet, of_case
from compliance.engine.content import digest_of
from compliance.engine.definition import Action, Guard, Party
from compliance.engine.errors import InvalidInputError, RefusedError
from compliance.engine.questionnaire import Questionnaire, answering_party, whoever_answers
from compliance.kernel import clock
from compliance.kernel.db import Base, table
from compliance.kernel.ids import new_id
from compliance.rules import interview, store
from compliance.rules.agenda import Agenda
from compliance.rules.model import Answer

if TYPE_CHECKING:
    from compliance.engine.definition import Workflow
    from compliance.engine.move import Move

SEND: Final = "send_answers"
CHANGE: Final = "change_answers"
ANSWER_FIRST: Final = "Answer the questions first: the answers decide which rules apply."
SEND_THEM: Final = (
    "The answers are not sent, or the terms that they are about have changed since. Look through them and send them."
)


class AnswerDraft(Base):
    """Answers that a party has not sent yet: no part of the case, seen by nobody else, with nothing resting on them."""

    __tablename__ = "answer_draft"

    case_id: Mapped[uuid.UUID] = mapped_column(of_case(), primary_key=True)
    party: Mapped[str] = mapped_column(primary_key=True)
    rule_set: Mapped[str]
    answers: Mapped[dict[str, Any]]
    changed_at: Mapped[dt.datetime]


class ObjectField(StringField):
    """A JSON object: text in a page's form, the object itself over REST."""

    data: Any

    def _value(self) -> str:
        return json.dumps(self.data) if self.data else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the object; raises ``ValueError`` with the sentence that the form shows."""
        if not valuelist:
            return
        try:
            found = json.loads(valuelist[0])
        except (ValueError, RecursionError):
            found = None
        self.data = found if isinstance(found, dict) else None
        if self.data is None:
            raise ValueError("Give one object: each question's key with its answer.")


class Answers(Form):
    """The answers of one party, by the keys of the questions."""

    answers = ObjectField(
        "Answers",
        [InputRequired("Give the answers.")],
        description="Each question's key with its answer: true, false, or the value of an option.",
    )


def action(questionnaire: Questionnaire) -> Action:
    """Return the action by which every party of *questionnaire* sends its answers, where none were decided on."""
    parties = questionnaire.parties.values()
    return Action(
        SEND,
        "Answer the questions",
        tuple(dict.fromkeys(s for party in parties for s in party.states if s not in _reopened_from(questionnaire))),
        None,
        whoever_answers(parties),
        Answers,
        guards=(is_asked, fits),
        effect=send,
        help="The answers become part of the case. A decision form that was opened before is then out of date.",
        common=True,
        key="i",
    )


def is_asked(move: Move) -> str | None:
    """Refuse answers where no rules ask for any, or while it is not the actor's turn to answer."""
    if move.assessment.rules is None:
        return move.assessment.unsupported
    if party_of(move) is not None:
        return None
    asked = move.workflow.questionnaire
    own = [a for a in asked.parties.values() if a.allow.permits(move.actor, move.case)] if asked else []
    when = ", ".join(f"“{move.workflow.stage(state).label}”" for answering in own for state in answering.states)
    return f"Your side answers while the case is in {when}."


def fits(move: Move) -> str | None:
    """Refuse answers that the rules do not know or would not ask for, by name."""
    if move.facts is None:
        return None
    rules, given = _rules(move), complemented(move, _asked_party(move))
    counted = interview.walk(rules, given).answers
    for key, value in given.items():
        sentence = interview.check(rules, key, value)
        if sentence is None and key not in counted:
            sentence = f"“{rules.question(key).text}” is not asked after these answers. Leave it out."
        if sentence:
            raise InvalidInputError({"answers": [sentence]})
    return None


def answers_complete(party: Party) -> Guard:
    """Return a guard that waits for the complete answers of *party*, where rules apply, under the version asked now."""

    def guard(move: Move) -> str | None:
        rules, sheet = move.assessment.rules, move.assessment.of(party)
        if rules is None:
            return None
        if sheet is None or not sheet.complete:
            draft = draft_of(move.session, move.case.id, party)
            return SEND_THEM if draft and interview.is_complete(rules, draft) else ANSWER_FIRST
        if sheet.rules.digest != rules.digest:
            return f"The questions have a new version, {rules.version}. Look at your answers again and send them."
        return None

    guard.__doc__ = f"Wait for the complete answers of {party.label}, under the newest questions, where rules apply."
    return guard


def complemented(move: Move, party: Party) -> dict[str, Any]:
    """Return the answers that *move* brings, with what is known of *party*; the two must not contradict each other."""
    given, known = dict(move.fact("answers")), _known(move, party)
    for key, value in known.items():
        if given.get(key, value) != value:
            text = _rules(move).question(key).text
            raise InvalidInputError({"answers": [f"“{text}” is known: you answer for {party.label}. Leave it out."]})
    return {**{key: value for key, value in given.items() if value is not None}, **known}


def draft_of(session: Session, case_id: uuid.UUID, party: Party) -> dict[str, Answer] | None:
    """Return the answers that *party* keeps beside the case, or ``None``; of other questions they count for nothing."""
    of_party = (AnswerDraft.case_id == case_id, AnswerDraft.party == party.value)
    return session.scalar(sa.select(AnswerDraft.answers).where(*of_party))


def keep_draft(
    session: Session, case_id: uuid.UUID, party: Party, rules: Agenda, answers: Mapping[str, Answer]
) -> None:
    """Keep *answers* as the draft of *party*. The caller has locked the case, so that two devices take turns."""
    drop_draft(session, case_id, party)
    row = {"case_id": case_id, "party": party.value, "rule_set": rules.key, "answers": dict(answers)}
    session.execute(sa.insert(table(AnswerDraft)), [row | {"changed_at": clock.now()}])


def drop_draft(session: Session, case_id: uuid.UUID, party: Party) -> None:
    """Forget the draft of *party*."""
    session.execute(
        sa.delete(table(AnswerDraft)).where(AnswerDraft.case_id == case_id, AnswerDraft.party == party.value)
    )


def retire_answers(move: Move, party: Party) -> None:
    """Take the answers of *party*, sent and not yet sent, off the case of *move*, and say so in its event.

    For effects, where somebody else takes the party's place. The digest of the content is renewed with the rest.
    """
    drop_draft(move.session, move.case.id, party)
    of_party = (AnswerSheet.case_id == move.case.id, AnswerSheet.party == party.value)
    retired = move.session.scalar(sa.select(AnswerSheet.answers).where(*of_party))
    if retired is None:
        return
    move.changes |= {f"answers.{key}": [value, None] for key, value in sorted(retired.items())}
    move.policy |= {"party": party.value, "retired": digest_of(retired)}
    move.session.execute(sa.delete(table(AnswerSheet)).where(*of_party))


def ask_anew(move: Move) -> None:
    """Take every party's answers off the case where a term that they are about has changed; each keeps them as a draft.

    A draft that is newer than the answers stays. The event names whose answers went, by their digests.
    """
    asked = move.workflow.questionnaire
    if asked is None or "restored" in move.policy or not asked.about & move.changes.keys():
        return
    of_case = AnswerSheet.case_id == move.case.id
    sheets = move.session.scalars(sa.select(AnswerSheet).where(of_case).order_by(AnswerSheet.party)).all()
    if not sheets:
        return
    drafted = set(move.session.scalars(sa.select(AnswerDraft.party).where(AnswerDraft.case_id == move.case.id)))
    rows = [
        {"case_id": move.case.id, "party": one.party, "rule_set": one.rule_set, "answers": one.answers}
        for one in sheets
        if one.party not in drafted
    ]
    if rows:
        move.session.execute(sa.insert(table(AnswerDraft)), [row | {"changed_at": move.at} for row in rows])
    move.policy["asked_anew"] = {one.party: digest_of(one.answers) for one in sheets}
    move.session.execute(sa.delete(table(AnswerSheet)).where(of_case))


def warning(workflow: Workflow, names: Collection[str]) -> str:
    """Say which of the terms called *names* cannot change without everybody being asked again; empty for none."""
    about = workflow.questionnaire.about if workflow.questionnaire else frozenset()
    labels = [f"“{field.label.text}”" for field in workflow.open_form() if field.short_name in about & set(names)]
    if not labels:
        return ""
    return (
        f"If you change {' or '.join(labels)}, the questions about the work are asked again, of everybody who has "
        "answered them. The answers are kept as a draft, to look through and send."
    )


def send(move: Move) -> None:
    """Write the sheet, say in the record what changed, and make sure that the version answered is kept for ever."""
    party, rules = _asked_party(move), _rules(move)
    given, before = complemented(move, party), move.assessment.of(party)
    old = before.answers if before else {}
    try:
        for one in rules.members:
            store.publish(move.session, one, move.actor)
    except store.PublishedOtherwiseError as refused:
        raise RefusedError(str(refused)) from refused
    for key in sorted({*old, *given}):
        if old.get(key) != given.get(key):
            move.changes[f"answers.{key}"] = [old.get(key), given.get(key)]
    complete = interview.is_complete(rules, given)
    named = {"rule_set": rules.key, "version": rules.version, "digest": rules.digest}
    move.policy |= {**named, "party": party.value, "answers": digest_of(given), "complete": complete}
    sheets = table(AnswerSheet)
    move.session.execute(sa.delete(sheets).where(AnswerSheet.case_id == move.case.id, AnswerSheet.party == party.value))
    row = {
        "id": new_id(),
        "case_id": move.case.id,
        "party": party.value,
        "rule_set": rules.key,
        "rule_version": rules.version,
        "rule_digest": rules.digest,
        "answers": given,
        "complete": complete,
        "changed_at": move.at,
    }
    move.session.execute(sa.insert(sheets), [row])
    drop_draft(move.session, move.case.id, party)


def party_of(move: Move) -> Party | None:
    """Return the party for which the actor of *move* may answer now, if any."""
    return answering_party(move.case, move.actor, move.workflow)


def sending(workflow: Workflow, state: str) -> Action | None:
    """Return the action by which answers are sent in *state*: to be decided on, or to reopen what was decided."""
    reopens = workflow.action(CHANGE)
    return reopens if reopens and state in reopens.sources else workflow.action(SEND)


def _reopened_from(questionnaire: Questionnaire) -> tuple[enum.StrEnum, ...]:
    return questionnaire.reopening.sources if questionnaire.reopening else ()


def _asked_party(move: Move) -> Party:
    party = party_of(move)
    if party is None:  # Guards come before effects; this tells the type checker.
        raise RefusedError(str(is_asked(move)))
    return party


def _rules(move: Move) -> Agenda:
    rules = move.assessment.rules
    if rules is None:  # As above.
        raise RefusedError(move.assessment.unsupported)
    return rules


def _known(move: Move, party: Party) -> Mapping[str, Answer]:
    asked = move.workflow.questionnaire
    return asked.known(party, _rules(move)) if asked else {}
