"""Answering whatever a case is asked, with an outcome in mind: no question is known by name."""

from __future__ import annotations

import random
from collections.abc import Mapping

from compliance.rules import interview
from compliance.rules.agenda import Agenda
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.questions import UNKNOWN
from compliance.rules.model import Answer, Outcome, Question

WALKS = 2000
Given = dict[str, Answer]

_found: dict[tuple[str, frozenset[tuple[str, Answer]], Outcome], Given] = {}


def leading_to(rules: Agenda, known: Mapping[str, Answer], outcome: Outcome) -> Given:
    """Return complete answers of which *rules* make *outcome*, without those that are *known*; always the same."""
    asked = (rules.digest, frozenset(known.items()), outcome)
    if asked not in _found:
        answers = _searched(rules, known, outcome)
        _found[asked] = {key: answer for key, answer in answers.items() if key not in known}
    return _found[asked]


def _searched(rules: Agenda, known: Mapping[str, Answer], outcome: Outcome) -> Given:
    dice = random.Random(0)  # noqa: S311 - the same walks in every run
    for _ in range(WALKS):
        answers = _walked(rules, dict(known), outcome, dice)
        if interview.is_complete(rules, answers) and rules.find(answers).outcome is outcome:
            return answers
    raise AssertionError(f"{rules.key}: none of {WALKS} walks leads to {outcome}")


def _walked(rules: Agenda, answers: Given, outcome: Outcome, dice: random.Random) -> Given:
    while (asked := interview.next_question(rules, answers)) is not None:
        answers[asked.key] = _chosen(rules, answers, asked, outcome, dice)
    return answers


def _chosen(rules: Agenda, answers: Given, asked: Question, outcome: Outcome, dice: random.Random) -> Answer:
    values = [option.value for option in asked.options]
    if UNKNOWN not in values:
        return dice.choice(values)  # A table's question: what its answers lead to, only the table knows.
    if outcome is Outcome.NEEDS_REVIEW:
        return UNKNOWN
    sign = 1 if outcome is Outcome.INDEPENDENT_CONTRACTOR else -1
    given = {key: value for key, value in answers.items() if isinstance(value, str)}

    def worth(value: Answer) -> tuple[int, float]:
        tried = given | {asked.key: str(value)}
        against = sum(_goes_against(test, tried, outcome) for test in rules.tests)
        return -against, sign * sum(_leaning(test, asked.key, str(value)) for test in rules.tests)

    best = max(map(worth, values))
    return dice.choice([value for value in values if worth(value) == best])


def _goes_against(test: LegalTest, answers: dict[str, str], outcome: Outcome) -> bool:
    """Tell whether a gate opens that leads elsewhere."""
    return any(gate.result is not None and gate.result is not outcome and gate.fires(answers) for gate in test.gates)


def _leaning(test: LegalTest, key: str, value: str) -> int:
    return sum(factor.leanings.get(key, {}).get(value, 0) for factor in test.factors)
