"""Asking the questions of a rule set, one a page, from nothing but the answers given so far.

Answers are kept flat, by the key of the page's question. Whatever is not on the path (because an earlier answer made it
pointless, or is no longer offered) counts as not given, so that nothing decides that nobody would be asked any more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from compliance.rules.errors import AnswerError, show
from compliance.rules.model import Answer, Ending, Question
from compliance.rules.rule_set import RuleSet

Answers = Mapping[str, Answer | None]


@dataclass(frozen=True, slots=True)
class Walk:
    """How far the answers lead.

    ``pages`` are those that are asked, or may yet be asked, in order; ``answers`` those that count; ``next`` is the
    page to show now; ``ending`` is where the questionnaire stopped before its last page, if it did.
    """

    pages: tuple[Question, ...]
    answers: Mapping[str, Answer]
    next: Question | None
    ending: Ending | None

    @property
    def decides(self) -> bool:
        """Whether nothing is left to answer and the end is a decision, not only advice."""
        return self.next is None and (self.ending is None or self.ending.decides)


@dataclass(frozen=True, slots=True)
class Asked:
    """One page on the path: its number from 1, how many pages there can be at most, and the answer given."""

    question: Question
    number: int
    at_most: int
    answer: Answer | None

    @property
    def label(self) -> str | None:
        """The answer as people read it."""
        return None if self.answer is None else self.question.label(self.answer)


def walk(rule_set: RuleSet, answers: Answers) -> Walk:
    """Follow the answers from the first page to the end, past pages that are still open."""
    sure: dict[str, Answer] = {}
    still_open: dict[str, Question] = {}
    pages: list[Question] = []
    ending = None
    for question in rule_set.questions:
        if not question.ask_if.may_hold(sure, still_open):
            continue
        pages.append(question)
        answer = _given(question, answers, sure)
        if answer is None or not question.ask_if.holds(sure):
            still_open[question.key] = question
            continue
        sure[question.key] = answer
        ending = next((one for one in rule_set.endings if one.when.holds(sure)), None)
        if ending is not None:
            break
    return Walk(tuple(pages), sure, next(iter(still_open.values()), None), ending)


def _given(question: Question, answers: Answers, before: Mapping[str, Answer]) -> Answer | None:
    answer = answers.get(question.key)
    if answer is None or not question.accepts(answer):
        return None
    return answer if any(option.value == answer for option in question.offered(before)) else None


def next_question(rule_set: RuleSet, answers: Answers) -> Question | None:
    """Return the page to show now, with only the options that are offered here; ``None`` when nothing is left."""
    found = walk(rule_set, answers)
    if found.next is None:
        return None
    return dataclasses.replace(found.next, options=found.next.offered(found.answers))


def asked(rule_set: RuleSet, answers: Answers) -> list[Asked]:
    """Return the pages in order, from the first to the one to show now, each with its progress."""
    found = walk(rule_set, answers)
    path = found.pages if found.next is None else found.pages[: found.pages.index(found.next) + 1]
    return [
        Asked(question, number, len(found.pages), found.answers.get(question.key))
        for number, question in enumerate(path, start=1)
    ]


def missing(rule_set: RuleSet, answers: Answers) -> list[Question]:
    """Return the pages that are certain to be asked and have no answer yet."""
    found = walk(rule_set, answers)
    return [
        question
        for question in found.pages
        if question.key not in found.answers and question.ask_if.holds(found.answers)
    ]


def ending(rule_set: RuleSet, answers: Answers) -> Ending | None:
    """Return where the questionnaire stopped before its last page; its ``decides`` is false for mere advice."""
    found = walk(rule_set, answers)
    return found.ending if found.next is None else None


def is_complete(rule_set: RuleSet, answers: Answers) -> bool:
    """Tell whether everything that is asked was answered and a decision can be made."""
    return walk(rule_set, answers).decides


def dropped_by_change(rule_set: RuleSet, answers: Answers, key: str, new_value: Answer) -> list[Question]:
    """Return the answered pages whose answers would fall away if this one were answered differently.

    Raises ``AnswerError`` for an unknown question.
    """
    changed = rule_set.question(key)
    before = walk(rule_set, answers)
    after = walk(rule_set, {**before.answers, key: new_value})
    kept = {question.key for question in after.pages if _given(question, before.answers, after.answers) is not None}
    return [q for q in before.pages if q.key in before.answers and q.key not in kept and q.key != changed.key]


def check(rule_set: RuleSet, key: str, value: object, answers: Answers | None = None) -> str | None:
    """Say in a sentence why a page cannot take this answer; ``None`` if it can.

    With the answers so far, the answer must also be among those that this page offers now.
    """
    try:
        question = rule_set.question(key)
    except AnswerError as unknown:
        return str(unknown)
    options = question.options if answers is None else question.offered(walk(rule_set, answers).answers)
    if question.accepts(value) and any(option.value == value for option in options):
        return None
    allowed = ", ".join(f"“{option.label}”" for option in options)
    if value is None or value == "":
        return f"“{question.text}” has no answer yet. Choose one of {allowed}."
    return f"{show(value)} is not an answer to “{question.text}” Choose one of {allowed}."


def to_interview(rule_set: RuleSet, answers: Answers) -> dict[str, dict[str, Answer]]:
    """Turn page answers into the interview that ``RuleSet.decide`` takes.

    Once all that is asked was answered, sections without an answer are sent empty; before, they are left out.
    """
    return interview_after(rule_set, walk(rule_set, answers))


def interview_after(rule_set: RuleSet, found: Walk) -> dict[str, dict[str, Answer]]:
    """Turn the answers of a walk into the interview, as :func:`to_interview` does, without walking once more."""
    sections: dict[str, dict[str, Answer]] = {section.key: {} for section in rule_set.sections}
    for question in rule_set.questions:
        if question.key in found.answers and not question.page_only:
            sections[question.section][question.key] = found.answers[question.key]
    for derived in rule_set.derived:
        value = derived.value(found.answers)
        if value is not None:
            sections[derived.section][derived.key] = value
    return sections if found.decides else {key: given for key, given in sections.items() if given}


def wording(rule_set: RuleSet, result: str, answers: Answers) -> str:
    """Word a result for people, by the route that the answers took; raises ``KeyError`` for an unknown result."""
    found = rule_set.results[result]
    if rule_set.wording_by is None:
        return found.text
    route = walk(rule_set, answers).answers.get(rule_set.wording_by)
    return next(
        (
            found.wording[option.word]
            for option in rule_set.question(rule_set.wording_by).options
            if option.value == route
        ),
        found.text,
    )
