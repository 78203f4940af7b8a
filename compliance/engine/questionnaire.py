"""Asking the parties of a case the questions of a rule set, and what their answers come to.

A process says which rule set applies to a case and who answers; the rest follows. The rules advise: where none applies,
or where they leave it open, a person decides and is told so.
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.authz import Actor, Allow, is_at_desk, is_worker
from compliance.engine.case import AnswerSheet
from compliance.engine.definition import Party
from compliance.kernel.db import direct, table
from compliance.kernel.db import session as current_session
from compliance.rules import store
from compliance.rules.agenda import Agenda, Found, agenda
from compliance.rules.applicable import PARTLY_COVERED, UNSUPPORTED, Gap, Situation, applicable
from compliance.rules.legal.questions import UNKNOWN
from compliance.rules.model import Answer, Outcome, Question

if TYPE_CHECKING:
    from compliance.engine.definition import Workflow


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers for a party and in which states; ``known`` is true of the party, so that nobody asks for it."""

    allow: Allow
    states: tuple[enum.StrEnum, ...]
    known: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reopening:
    """In ``sources`` the answers were decided on: others that a party gives there lead to ``target``."""

    sources: tuple[enum.StrEnum, ...]
    target: enum.StrEnum


def whoever_answers(parties: Iterable[Answering]) -> Allow:
    """Return who may answer for any of *parties*."""
    return functools.reduce(operator.or_, (party.allow for party in parties))


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """The questions of a process.

    ``situation`` says where a case is at home and as of when; the legal tests that apply follow from it. ``tables``
    names decision tables that are asked instead of the tests of a place, by that place: those of an authority.
    In the states ``newest_in`` the newest version is asked; later the case stays on the version it was answered under.
    ``about`` names the terms that the answers are about: when one of them changes, everybody is asked again.
    ``reopening`` says in which states other answers than those decided on have the case decided on afresh.
    """

    situation: Callable[[Any], Situation]
    parties: Mapping[Party, Answering]
    tables: Mapping[str, str] = field(default_factory=dict)
    newest_in: tuple[enum.StrEnum, ...] = ()
    about: frozenset[str] = frozenset()
    reopening: Reopening | None = None

    def known(self, party: Party, rules: Agenda) -> Mapping[str, Answer]:
        """Return those answers that are true of *party* and that *rules* ask for."""
        asked = {question.key for question in rules.questions}
        return {key: value for key, value in self.parties[party].known.items() if key in asked}


@dataclass(frozen=True)
class Sheet:
    """What a party answered, under the versions of the rules that it was asked, and what comes of it."""

    party: Party
    rules: Agenda
    answers: Mapping[str, Answer]
    sent_at: dt.datetime

    @property
    def complete(self) -> bool:
        """Whether everything that is asked was answered and leads to a decision."""
        return self.rules.walk(self.answers).decides

    @cached_property
    def finding(self) -> Found | None:
        """What the rules find; nothing before the answers are complete."""
        return self.rules.find(self.answers) if self.complete else None

    @property
    def result(self) -> str:
        """The finding's result as people read it."""
        return self.finding.result if self.finding else "Not answered to the end"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A question that two parties answered differently."""

    question: Question
    answers: Mapping[Party, Answer]


@dataclass(frozen=True)
class Assessment:
    """All that the questionnaire says of a case: the rules that apply, the sheets, the conflicts.

    ``gaps`` are places for which rules are missing, wholly or in part. ``known`` are the questions that parties are not
    asked, because who they are answers them.
    """

    rules: Agenda | None
    gaps: tuple[Gap, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    known: frozenset[str] = frozenset()

    def of(self, party: Party | None) -> Sheet | None:
        """Return the sheet of *party*, if it sent one."""
        return next((sheet for sheet in self.sheets if sheet.party is party), None)

    @property
    def unsupported(self) -> str:
        """Say for which places there are no rules at all; empty where there are some for each."""
        return " ".join(gap.text for gap in self.gaps if gap.code == UNSUPPORTED)

    @property
    def partly_covered(self) -> str:
        """Say of which places only a part of the law is known."""
        return " ".join(gap.text for gap in self.gaps if gap.code == PARTLY_COVERED)

    @cached_property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Every question that parties were both asked and answered differently."""
        if len(self.sheets) < len(("one", "the other")):
            return ()
        rules = self.sheets[0].rules
        return tuple(
            Conflict(question, given)
            for question in rules.questions
            if question.key not in self.known
            and rules.is_fact(question)
            and (given := {s.party: s.answers[question.key] for s in self.sheets if question.key in s.answers})
            and len({str(answer) for answer in given.values()} - {UNKNOWN}) > 1
        )

    @property
    def doubt(self) -> str | None:
        """Why the questionnaire does not settle the case; ``None`` where it does, or where no rules apply."""
        if self.rules is None:
            return None
        findings = [sheet.finding for sheet in self.sheets]
        if not findings or None in findings:
            return "The questionnaire is not answered to the end."
        if self.unsupported:
            return self.unsupported
        if any(finding and finding.outcome is Outcome.NEEDS_REVIEW for finding in findings):
            return "The questionnaire leaves the status open."
        return "The parties answered the questionnaire differently." if self.conflicts else None

    def is_overridden_by(self, outcome: str) -> bool:
        """Tell whether *outcome* is another status than the questionnaire found for one of the parties.

        An outcome that is no status lets no work be done, and speaks against an independent contractor's alone.
        """
        statuses = {Outcome.EMPLOYEE, Outcome.INDEPENDENT_CONTRACTOR}
        found = {sheet.finding.outcome for sheet in self.sheets if sheet.finding} & statuses
        return bool(found - {outcome} if outcome in statuses else found & {Outcome.INDEPENDENT_CONTRACTOR})


NOTHING: Final = Assessment(None)
_SHEET: Final = table(AnswerSheet).c
# Built once, for it is asked on the way of every decision and page; sheets are written directly too.
_SENT: Final = sa.select(
    _SHEET.party, _SHEET.rule_set, _SHEET.rule_version, _SHEET.rule_digest, _SHEET.answers, _SHEET.changed_at
).where(_SHEET.case_id == sa.bindparam("case_id"))


def assess(session: Session, case: Any, workflow: Workflow) -> Assessment:  # noqa: ANN401 - the process's own model
    """Return what the questionnaire of *workflow* says of *case* as its answers stand."""
    asked = workflow.questionnaire
    if asked is None:
        return NOTHING
    newest, gaps = applying(asked, case)
    rows = direct(session, _SENT, {"case_id": case.id}).all()
    found = {
        Party(party): Sheet(Party(party), store.agenda_of(session, key, version, digest), answers, at)
        for party, key, version, digest, answers, at in rows
        if newest is not None and key == newest.key
    }
    sheets = tuple(found[party] for party in asked.parties if party in found)
    known = frozenset(question for answering in asked.parties.values() for question in answering.known)
    current = newest if not sheets or case.state in asked.newest_in else sheets[0].rules
    return Assessment(current, gaps, sheets, known)


def applying(asked: Questionnaire, case: Any) -> tuple[Agenda | None, tuple[Gap, ...]]:  # noqa: ANN401 - as above
    """Return the newest rules that apply to *case*, together, and the places for which some are missing."""
    return rules_for(asked.situation(case), asked.tables)


def rules_for(situation: Situation, by_place: Mapping[str, str]) -> tuple[Agenda | None, tuple[Gap, ...]]:
    """Return the rules that apply in a situation, with an authority's tables *by_place* instead of the tests there."""
    library = store.standing(current_session())
    tables: dict[str, str] = {}
    for said, place in situation.places.items():
        known = library.places.around(library.places.known_as(place))
        key = next((by_place[one] for one in known if one in by_place), None)
        if key is not None and situation.purpose in {None, *store.table_purposes().get(key, ())}:
            tables[said] = key
    found = applicable(library, situation)
    tests = (one.test for one in found.tests if set(one.places) - {situation.places[said] for said in tables})
    members = (*(library.table(store.shipped(key), situation.on) for key in dict.fromkeys(tables.values())), *tests)
    covered = {situation.places[said] for said in tables}
    gaps = tuple(gap for gap in found.gaps if gap.place not in covered)
    return (agenda(members) if members else None), gaps


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
