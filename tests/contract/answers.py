"""Answering whatever a rule set asks, with a result in mind: no question is known by name."""

from __future__ import annotations

import random
from collections.abc import Mapping

from compliance.rules import interview
from compliance.rules.model import Answer, Outcome
from compliance.rules.rule_set import RuleSet

WALKS = 2000
Given = dict[str, Answer]

_found: dict[tuple[str, frozenset[tuple[str, Answer]], Outcome], Given] = {}


def leading_to(rule_set: RuleSet, known: Mapping[str, Answer], outcome: Outcome) -> Given:
    """Return complete answers of which *rule_set* makes *outcome*, without those that are *known*; always the same."""
    asked = (rule_set.digest, frozenset(known.items()), outcome)
    if asked not in _found:
        answers = _searched(rule_set, known, outcome)
        _found[asked] = {key: answer for key, answer in answers.items() if key not in known}
    return _found[asked]


def _searched(rule_set: RuleSet, known: Mapping[str, Answer], outcome: Outcome) -> Given:
    dice = random.Random(0)  # noqa: S311 - the same walks in every run
    for _ in range(WALKS):
        answers = _walked(rule_set, dict(known), dice)
        if not interview.is_complete(rule_set, answers):
            continue
        if rule_set.decide(interview.to_interview(rule_set, answers)).outcome is outcome:
            return answers
    raise AssertionError(f"{rule_set.key}: none of {WALKS} walks leads to {outcome}")


def _walked(rule_set: RuleSet, answers: Given, dice: random.Random) -> Given:
    while (asked := interview.next_question(rule_set, answers)) is not None:
        answers[asked.key] = dice.choice(asked.options).value
    return answers
