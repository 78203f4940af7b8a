"""Half an interview, under every rule set that is shipped: a reviewer decides, and what is missing is said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.rules import interview
from compliance.rules.agenda import Agenda, agenda
from compliance.rules.checks.check import ComplianceCheck
from compliance.rules.checks.model import Type
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.library import AnySet, Library
from compliance.rules.model import Answer, Outcome
from compliance.rules.rule_set import RuleSet
from tests.answers import leading_to

EVERY: Final[dict[str, AnySet]] = {one.key: one for one in Library(("workflows",)).everything()}
TESTS: Final = {key: one for key, one in EVERY.items() if isinstance(one, LegalTest)}
CHECKS: Final = {key: one for key, one in EVERY.items() if isinstance(one, ComplianceCheck)}
TABLES: Final = {key: one for key, one in EVERY.items() if isinstance(one, RuleSet)}
SETTLED: Final = {"gate", "redirected", "does_not_apply", "prong_failed", "always_review"}
Draw = Callable[[Any], Any]


def test_every_set_is_of_one_of_the_three_kinds() -> None:
    assert {*TESTS, *CHECKS, *TABLES} == set(EVERY)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_test_decides_only_what_its_answers_carry_and_else_names_what_is_missing(data: st.DataObject) -> None:
    test = TESTS[data.draw(st.sampled_from(sorted(TESTS)))]
    asked = data.draw(st.lists(st.sampled_from(test.questions), unique_by=lambda one: one.key))
    answers = {one.key: data.draw(st.sampled_from([option.word for option in one.options])) for one in asked}
    found = test.decide(answers).as_json()
    codes = {one["code"] for one in found["reasons"]}
    if "too_little_answered" in codes or ("prong_open" in codes and "prong_failed" not in codes):
        assert found["outcome"] == Outcome.NEEDS_REVIEW
        unanswered = {one.key for one in test.questions} - answers.keys()
        assert not unanswered or found["open_questions"] or codes & SETTLED
        assert {one["question"] for one in found["open_questions"]} <= unanswered


@pytest.mark.parametrize("key", sorted(TESTS))
def test_after_one_answer_a_test_says_what_is_missing_unless_a_gate_has_settled_it(key: str) -> None:
    test = TESTS[key]
    for question in test.questions:
        for option in question.options:
            found = test.decide({question.key: option.word}).as_json()
            settled = found["gate"] is not None or len(test.questions) == 1
            assert settled or found["open_questions"], (question.key, option.word)


@pytest.mark.parametrize("key", sorted(TABLES))
def test_tables_name_the_question_that_comes_next_until_they_decide(key: str) -> None:
    rules = agenda((TABLES[key],))
    whole = leading_to(rules, {}, Outcome.INDEPENDENT_CONTRACTOR)
    assert interview.is_complete(rules, whole)
    for left_out in rules.walk(whole).answers:
        half = {name: answer for name, answer in whole.items() if name != left_out}
        walked = rules.walk(half)
        if not walked.decides:
            assert walked.next is not None or walked.ending is not None, left_out


@pytest.mark.parametrize("key", sorted({*TESTS, *TABLES}))
def test_whoever_stops_in_the_middle_of_an_interview_is_asked_on(key: str) -> None:
    one = EVERY[key]
    assert isinstance(one, LegalTest | RuleSet)
    rules: Agenda = agenda((one,))
    answers: dict[str, Answer] = {}
    while (question := interview.next_question(rules, answers)) is not None:
        assert not rules.walk(answers).decides
        answers[question.key] = question.offered(rules.walk(answers).answers)[0].value
    assert rules.walk(answers).decides or rules.walk(answers).ending is not None


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_check_never_says_that_a_law_applies_while_a_condition_is_open(data: st.DataObject) -> None:
    check = CHECKS[data.draw(st.sampled_from(sorted(CHECKS)))]
    asked = data.draw(st.lists(st.sampled_from(list(check.questions.values())), unique_by=lambda one: one.key))
    answers = {one.key: data.draw(_answer(one.type, list(one.options))) for one in asked}
    found = check.decide(answers)
    conditions = [clause.question for clause in check.parts.applies]
    still_open = [key for key in conditions if key not in answers]
    if found["outcome"] == "applies":
        assert not still_open
    if found["outcome"] == "needs_review":
        assert set(still_open) <= set(found["missing"])
        assert found["missing"]
    for duty in found["duties"]:
        assert (duty["state"] == "open") <= bool(found["missing"] or found["outcome"] != "applies")


def _answer(kind: Type, options: list[str]) -> st.SearchStrategy[object]:
    if kind is Type.NUMBER:
        return st.integers(0, 10_000)
    if kind is Type.DATE:
        return st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)).map(dt.date.isoformat)
    return st.sampled_from(options)
