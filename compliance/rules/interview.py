"""Asking the questions of a rule set, one a page, from nothing but the answers given so far.

Answers are kept flat, by the key of the page's question. Whatever is not on the path (because an earlier answer made it
pointless, or is no longer offered) counts as not given, so that nothing decides that nobody would be asked any more.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from compliance.rules.errors import AnswerError, show
from compliance.rules.model import Answer, Ending, Question
from compliance.rules.rule_set import RuleSet
from compliance.rules.walking import Answers, Asks, Walk, given


@dataclass(frozen=True, slots=True)
class Asked:
    """One page on the path: its number from 1, and the answer given.

    ``in_sight`` are all pages that are asked, or may be, as far as the answers tell: the next one can drop some, and
    where an answer opens another way to a finding, it can add some.
    """

    question: Question
    number: int
    in_sight: tuple[Question, ...]
    answer: Answer | None

    @property
    def label(self) -> str | None:
        """The answer as people read it."""
        return None if self.answer is None else self.question.label(self.answer)


def walk(rules: Asks, answers: Answers) -> Walk:
    """Follow the answers from the first page to the end, past pages that are still open."""
    return rules.walk(answers)


def next_question(rules: Asks, answers: Answers) -> Question | None:
    """Return the page to show now, with only the options that are offered here; ``None`` when nothing is left."""
    found = walk(rules, answers)
    if found.next is None:
        return None
    return dataclasses.replace(found.next, options=found.next.offered(found.answers))


def asked(rules: Asks, answers: Answers) -> list[Asked]:
    """Return the pages in order, from the first to the one to show now, each with its progress."""
    found = walk(rules, answers)
    path = found.pages if found.next is None else found.pages[: found.pages.index(found.next) + 1]
    return [
        Asked(question, number, found.pages, found.answers.get(question.key))
        for number, question in enumerate(path, start=1)
    ]


def missing(rules: Asks, answers: Answers) -> list[Question]:
    """Return the pages that are certain to be asked and have no answer yet."""
    found = walk(rules, answers)
    return [
        question
        for question in found.pages
        if question.key not in found.answers and question.ask_if.holds(found.answers)
    ]


def ending(rules: Asks, answers: Answers) -> Ending | None:
    """Return where the questionnaire stopped before its last page; its ``decides`` is false for mere advice."""
    found = walk(rules, answers)
    return found.ending if found.next is None else None


def is_complete(rules: Asks, answers: Answers) -> bool:
    """Tell whether everything that is asked was answered and a decision can be made."""
    return walk(rules, answers).decides


def dropped_by_change(rules: Asks, answers: Answers, key: str, new_value: Answer) -> list[Question]:
    """Return the answered pages whose answers would fall away if this one were answered differently.

    Raises ``AnswerError`` for an unknown question.
    """
    changed = rules.question(key)
    before = walk(rules, answers)
    after = walk(rules, {**before.answers, key: new_value})
    kept = {question.key for question in after.pages if given(question, before.answers, after.answers) is not None}
    return [q for q in before.pages if q.key in before.answers and q.key not in kept and q.key != changed.key]


def check(rules: Asks, key: str, value: object, answers: Answers | None = None) -> str | None:
    """Say in a sentence why a page cannot take this answer; ``None`` if it can.

    With the answers so far, the answer must also be among those that this page offers now.
    """
    try:
        question = rules.question(key)
    except AnswerError as unknown:
        return str(unknown)
    options = question.options if answers is None else question.offered(walk(rules, answers).answers)
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
