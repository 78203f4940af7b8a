"""Asking the parties of a case the questions of a rule set, and what their answers come to.

A process says which rule set applies to a case and who answers; the rest follows. The rules advise: where none applies,
or where they leave it open, a person decides and is told so.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.authz import Actor, Allow, is_at_desk, is_worker
from compliance.engine.case import AnswerSheet
from compliance.engine.definition import Party
from compliance.kernel.db import direct, table
from compliance.rules import interview, store
from compliance.rules.finding import Finding
from compliance.rules.interview import Walk
from compliance.rules.model import Answer, Outcome, Question
from compliance.rules.rule_set import RuleSet

if TYPE_CHECKING:
    from compliance.engine.definition import Workflow


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers for a party and in which states; ``known`` is true of the party, so that nobody asks for it."""

    allow: Allow
    states: tuple[enum.StrEnum, ...]
    known: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """The questions of a process.

    ``rule_set`` names the rule set that applies to a case, or ``None``; ``why_none`` then says why in a sentence.
    In the states ``newest_in`` the newest version is asked; later the case stays on the version it was answered under.
    ``about`` names the terms that the answers are about: when one of them changes, everybody is asked again.
    """

    rule_set: Callable[[Any], str | None]
    why_none: Callable[[Any], str]
    parties: Mapping[Party, Answering]
    newest_in: tuple[enum.StrEnum, ...] = ()
    about: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Sheet:
    """What a party answered, under the version of the rules that it was asked, and what comes of it."""

    party: Party
    rule_set: RuleSet
    answers: Mapping[str, Answer]
    sent_at: dt.datetime

    @cached_property
    def walk(self) -> Walk:
        """How far the answers lead."""
        return interview.walk(self.rule_set, self.answers)

    @property
    def complete(self) -> bool:
        """Whether everything that is asked was answered and leads to a decision."""
        return self.walk.decides

    @cached_property
    def finding(self) -> Finding | None:
        """What the rules find; nothing before the answers are complete."""
        if not self.complete:
            return None
        return self.rule_set.decide(interview.interview_after(self.rule_set, self.walk))

    @property
    def result(self) -> str:
        """The finding's result as people read it."""
        if self.finding is None:
            return "Not answered to the end"
        return interview.wording(self.rule_set, self.finding.result, self.answers)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A question that two parties answered differently."""

    question: Question
    answers: Mapping[Party, Answer]


@dataclass(frozen=True)
class Assessment:
    """All that the questionnaire says of a case: the rules that apply (or why none do), the sheets, the conflicts.

    ``known`` are the questions that parties are not asked, because who they are answers them.
    """

    rule_set: RuleSet | None
    why_none: str = ""
    sheets: tuple[Sheet, ...] = ()
    known: frozenset[str] = frozenset()

    def of(self, party: Party | None) -> Sheet | None:
        """Return the sheet of *party*, if it sent one."""
        return next((sheet for sheet in self.sheets if sheet.party is party), None)

    @cached_property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Every question that parties were both asked and answered differently."""
        if len(self.sheets) < len(("one", "the other")):
            return ()
        return tuple(
            Conflict(question, given)
            for question in self.sheets[0].rule_set.questions
            if question.key not in self.known
            and _is_fact(self.sheets[0].rule_set, question)
            and (given := {s.party: s.answers[question.key] for s in self.sheets if question.key in s.answers})
            and len({str(answer) for answer in given.values()}) > 1
        )

    @property
    def doubt(self) -> str | None:
        """Why the questionnaire does not settle the case; ``None`` where it does, or where no rules apply."""
        if self.rule_set is None:
            return None
        findings = [sheet.finding for sheet in self.sheets]
        if not findings or None in findings:
            return "The questionnaire is not answered to the end."
        if any(finding and finding.outcome is Outcome.NEEDS_REVIEW for finding in findings):
            return "The questionnaire leaves the status open."
        return "The parties answered the questionnaire differently." if self.conflicts else None

    def is_overridden_by(self, outcome: str) -> bool:
        """Tell whether *outcome* is another status than the questionnaire found for one of the parties."""
        statuses = {Outcome.EMPLOYEE, Outcome.INDEPENDENT_CONTRACTOR}
        found = {sheet.finding.outcome for sheet in self.sheets if sheet.finding} & statuses
        return outcome in statuses and bool(found - {outcome})


NOTHING: Final = Assessment(None)
_SHEET: Final = table(AnswerSheet).c
# Built once, for it is asked on the way of every decision and page; sheets are written directly too.
_SENT: Final = sa.select(
    _SHEET.party, _SHEET.rule_version, _SHEET.rule_digest, _SHEET.answers, _SHEET.changed_at
).where(_SHEET.case_id == sa.bindparam("case_id"), _SHEET.rule_set == sa.bindparam("rule_set"))


def assess(session: Session, case: Any, workflow: Workflow) -> Assessment:  # noqa: ANN401 - the process's own model
    """Return what the questionnaire of *workflow* says of *case* as its answers stand."""
    asked = workflow.questionnaire
    if asked is None:
        return NOTHING
    key = asked.rule_set(case)
    if key is None:
        return Assessment(None, asked.why_none(case))
    rows = direct(session, _SENT, {"case_id": case.id, "rule_set": key}).all()
    found = {
        Party(party): Sheet(Party(party), store.version_of(session, key, version, digest), answers, at)
        for party, version, digest, answers, at in rows
    }
    sheets = tuple(found[party] for party in asked.parties if party in found)
    newest = not sheets or case.state in asked.newest_in
    known = frozenset(question for answering in asked.parties.values() for question in answering.known)
    return Assessment(store.shipped(key) if newest else sheets[0].rule_set, "", sheets, known)


def answering_party(case: Any, actor: Actor, workflow: Workflow) -> Party | None:  # noqa: ANN401 - as above
    """Return the party for which *actor* may answer now, if any."""
    if workflow.questionnaire is None:
        return None
    return next(
        (
            party
            for party, answering in workflow.questionnaire.parties.items()
            if case.state in answering.states and answering.allow.permits(actor, case)
        ),
        None,
    )


def own_party(case: Any, reader: Actor, workflow: Workflow) -> Party | None:  # noqa: ANN401 - as above
    """Return the party on whose side *reader* stands; the desk stands on none."""
    if workflow.questionnaire is None or is_at_desk(reader, case):
        return None
    works = is_worker(reader, case)
    return next(
        (party for party, answering in workflow.questionnaire.parties.items() if answering.allow.worker == works), None
    )


def readable(found: Assessment, case: Any, reader: Actor, workflow: Workflow) -> tuple[Sheet, ...]:  # noqa: ANN401 - as above
    """Return the sheets that *reader* may read: the desk all of them, a party its own."""
    if is_at_desk(reader, case):
        return found.sheets
    own = found.of(own_party(case, reader, workflow))
    return (own,) if own else ()


def _is_fact(rule_set: RuleSet, question: Question) -> bool:
    """Tell whether an answer says something of the work; how one wants to be asked does not."""
    context = {section.key for section in rule_set.sections if section.table is None}
    return not (question.section in context and question.page_only)
