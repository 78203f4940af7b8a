"""Several rule sets asked as one interview: the table of an authority, legal tests, or both.

Each question is asked once, whichever of them need it, and only while its answer can still matter to one of them. What
they find stands side by side; the strictest outcome leads.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from compliance.rules import explained
from compliance.rules.applicable import is_out_of_scope, strictest
from compliance.rules.errors import AnswerError, show
from compliance.rules.explained import OUTCOMES, Explained, Way
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.model import Effect
from compliance.rules.legal.questions import UNKNOWN
from compliance.rules.model import Answer, Outcome, Question
from compliance.rules.rule_set import RuleSet
from compliance.rules.walking import Answers, Walk, given

Member = RuleSet | LegalTest

JOINED: Final = "+"
"""Stands between the keys, and between the versions, of rule sets that are asked together."""
FIRST_OF_ALL: Final = "gate"
"""The group of questions that are asked first: one answer there may spare all others."""
TITLES: Final = {"gate": "First of all"}
OUT_OF_SCOPE: Final = "Does not apply to this work"
PRESUMED: Final = "Employment may be presumed"
NOT_PRESUMED: Final = "No presumption is flagged"
_WALKS_KEPT: Final = 2_000
# A case page, its decision form and the decision itself ask for the same finding; several kilobytes each.
_FINDS_KEPT: Final = 128
_WAYS_TRIED: Final = 12


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that belong together, under one title."""

    key: str
    title: str


@dataclass(frozen=True)
class Found:
    """What all rule sets of an agenda find in one party's answers; ``leading`` are those with the strictest outcome."""

    outcome: Outcome
    findings: tuple[Explained, ...]

    @property
    def leading(self) -> tuple[Explained, ...]:
        """Those findings that the outcome comes from."""
        return tuple(one for one in self.findings if one.counts is self.outcome)

    @property
    def result(self) -> str:
        """The outcome as people read it: in the words of the only rule set, where there is one."""
        return self.findings[0].result if len(self.findings) == 1 else OUTCOMES[self.outcome]

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain data, always in the same order."""
        return {
            "outcome": self.outcome.value,
            "result": self.findings[0].code if len(self.findings) == 1 else self.outcome.value,
            "leading": [one.key for one in self.leading],
            "findings": [dict(one.data) for one in self.findings],
        }


class Agenda:
    """Rule sets in the order in which they are asked. Made by :func:`agenda`, which makes each only once."""

    def __init__(self, members: tuple[Member, ...]) -> None:
        self.members = members
        self.tables = tuple(one for one in members if isinstance(one, RuleSet))
        self.tests = tuple(one for one in members if isinstance(one, LegalTest))
        self.key = JOINED.join(one.key for one in members)
        self.version = JOINED.join(one.version for one in members)
        self.title = "; ".join(one.title for one in members)
        self.digest = members[0].digest if len(members) == 1 else _digest(members)
        self._asked_by_tests = _questions(self.tests)
        listed = [question for table in self.tables for question in table.questions]
        self.questions = (*listed, *self._asked_by_tests.values())
        self._by_key = {question.key: question for question in self.questions}
        self.groups = (*(Group(s.key, s.title) for table in self.tables for s in table.sections), *self._groups())
        self._context = {section.key for table in self.tables for section in table.sections if section.table is None}
        self._walks = functools.lru_cache(maxsize=_WALKS_KEPT)(self._walk)
        self._finds = functools.lru_cache(maxsize=_FINDS_KEPT)(self._find)

    def __repr__(self) -> str:
        return f"<Agenda {self.key} {self.version}>"

    def question(self, key: str) -> Question:
        """Find a question. Raises ``AnswerError`` if there is none of that key."""
        if key not in self._by_key:
            raise AnswerError(None, key, f"{show(key)} is no question of {self.title}.")
        return self._by_key[key]

    def is_fact(self, question: Question) -> bool:
        """Tell whether an answer says something of the work; how one wants to be asked does not."""
        return not (question.section in self._context and question.page_only)

    def group(self, question: Question) -> Group:
        """Return the group that *question* stands in."""
        return next(group for group in self.groups if group.key == question.section)

    def walk(self, answers: Answers) -> Walk:
        """Follow the answers through the tables in turn, then through what can still matter to the tests."""
        return self._walks(self._known(answers))

    def find(self, answers: Answers) -> Found:
        """Decide complete *answers* by every rule set."""
        return self._finds(self._known(answers))

    def _known(self, answers: Answers) -> tuple[tuple[str, Answer], ...]:
        """Return those of *answers* that are asked for, as something to remember what they lead to by."""
        known = ((key, value) for key, value in answers.items() if key in self._by_key)
        return tuple(sorted((key, value) for key, value in known if isinstance(value, str | bool)))

    def _find(self, known: tuple[tuple[str, Answer], ...]) -> Found:
        answers = dict(known)
        found = [explained.explain_table(table, answers) for table in self.tables]
        findings = (
            *(dataclasses.replace(one, counts=one.outcome) for one in found),
            *(_counted(test, explained.explain_test(test, answers), answers) for test in self.tests),
        )
        return Found(strictest([one.counts for one in findings if one.counts]), findings)

    def ways(self, answers: Answers, at_most: int) -> tuple[Way, ...]:
        """Return the smallest changes of complete *answers* that would lead to another outcome of them all."""
        found = self.find(answers)
        if len(self.members) == 1:
            return self._ways(found.findings[0], answers, at_most)
        return tuple(islice(self._together(answers, found), at_most))

    def _ways(self, one: Explained, answers: Answers, at_most: int) -> tuple[Way, ...]:
        member = next(member for member in self.members if member.key == one.key)
        if isinstance(member, RuleSet):
            return explained.table_ways(member, answers, at_most)
        return explained.test_ways(member, one, at_most)

    def _together(self, answers: Answers, found: Found) -> Iterator[Way]:
        """Yield those ways of a leading rule set that bring all of them together to another outcome."""
        for leading in found.leading:
            for way in self._ways(leading, answers, _WAYS_TRIED):
                changed = {**answers, **{change.question.key: change.new for change in way.changes}}
                led = self.walk(changed)
                if led.decides and (outcome := self.find(led.answers).outcome) is not found.outcome:
                    yield dataclasses.replace(way, outcome=outcome, result=OUTCOMES[outcome])

    def _walk(self, answers: tuple[tuple[str, Answer], ...]) -> Walk:
        known = dict(answers)
        walks = [table.walk(known) for table in self.tables]
        if self.tests:
            walks = [*(dataclasses.replace(walk, ending=None) for walk in walks), self._through_tests(known)]
        return Walk(
            tuple(question for walk in walks for question in walk.pages),
            {key: value for walk in walks for key, value in walk.answers.items()},
            next((walk.next for walk in walks if walk.next), None),
            next((walk.ending for walk in walks if walk.ending), None),
        )

    def _through_tests(self, answers: Answers) -> Walk:
        counted: dict[str, Answer] = {}
        pages: list[Question] = []
        while matters := self._still_matters(counted):
            question = matters[0]
            answer = given(question, answers, counted)
            if answer is None:
                return Walk((*pages, *matters), counted, question, None)
            pages.append(question)
            counted[question.key] = answer
        return Walk(tuple(pages), counted, None, None)

    def _still_matters(self, counted: Mapping[str, Answer]) -> list[Question]:
        """Return the questions without an answer that can still change what a test finds, first things first."""
        open_keys: set[str] = set()
        for test in self.tests:
            asked = {question.key for question in test.still_to_ask(explained.own(test, counted))}
            open_keys |= asked & _needed(test, counted)
        return [question for key, question in self._asked_by_tests.items() if key in open_keys - counted.keys()]

    def _groups(self) -> Iterator[Group]:
        for key in dict.fromkeys(question.section for question in self._asked_by_tests.values()):
            yield Group(key, TITLES.get(key, f"{key[0].upper()}{key[1:]}".replace("_", " ")))


def _counted(test: LegalTest, one: Explained, answers: Answers) -> Explained:
    """Say what a test's finding adds to the whole: nothing out of its scope, and a flagged presumption a reviewer."""
    if is_out_of_scope(test, answers):
        return dataclasses.replace(one, result=OUT_OF_SCOPE)
    if not test.parts.scope.only_flags:
        return dataclasses.replace(one, counts=one.outcome)
    flagged = one.outcome is Outcome.EMPLOYEE
    return dataclasses.replace(
        one, result=PRESUMED if flagged else NOT_PRESUMED, counts=Outcome.NEEDS_REVIEW if flagged else None
    )


@functools.lru_cache(maxsize=256)
def agenda(members: tuple[Member, ...]) -> Agenda:
    """Return the agenda of *members*; the same ones give the same agenda, which remembers what it was asked."""
    return Agenda(members)


def _needed(test: LegalTest, counted: Mapping[str, Answer]) -> set[str]:
    """Return what *test* looks at, without gates that cannot open any more since nobody knows one of their answers."""
    keys = {key for factor in test.factors for key in (*factor.leanings, *factor.settled_by, *factor.met_only_if)}
    if test.parts.combining.tie_breaker:
        keys.add(test.parts.combining.tie_breaker.question)
    for gate in test.gates:
        unknown = any(counted.get(key) == UNKNOWN for key in gate.all_of)
        if gate.effect is Effect.APPLIES_IF or not unknown:
            keys.update(gate.questions)
    return keys.union(*(_needed(other, counted) for other in test.others.values()))


def _digest(members: tuple[Member, ...]) -> str:
    lines = "".join(f"{one.key} {one.version} {one.digest}\n" for one in members)
    return hashlib.sha256(lines.encode()).hexdigest()


def _questions(tests: tuple[LegalTest, ...]) -> dict[str, Question]:
    """Return every question of *tests* in the order of asking, each with the way out for who does not know."""
    found = {question.key: question for test in tests for question in test.questions}
    order = {key: number for test in tests for number, key in enumerate(test.keys)}
    ordered = sorted(found.values(), key=lambda one: (one.section != FIRST_OF_ALL, order[one.key]))
    return {one.key: dataclasses.replace(one, options=(*one.options, explained.NOT_KNOWN)) for one in ordered}
