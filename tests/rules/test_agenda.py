"""Several rule sets asked as one interview: each question once, only while it matters, and the strictest leads."""

from __future__ import annotations

import datetime as dt
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.rules import interview
from compliance.rules.agenda import Agenda, agenda
from compliance.rules.applicable import Situation, applicable, strictest
from compliance.rules.errors import AnswerError
from compliance.rules.legal.questions import UNKNOWN
from compliance.rules.library import Library
from compliance.rules.model import Answer, Outcome
from compliance.rules.rule_set import RuleSet
from tests.answers import leading_to

DAY = dt.date(2026, 4, 1)
PLACES = ("US-CA", "US-TX", "US-NJ", "US-MA", "US-IL", "DE", "FR", "NL", "ES", "IN", "CA-QC", "CA-ON", "AU-NSW", "GB")
LIBRARY = Library(("workflows",))


def of(*places: str) -> Agenda:
    worker, client, work = (places * 3)[:3]
    found = applicable(LIBRARY, Situation(worker, client, work, DAY))
    return agenda(tuple(one.test for one in found.tests))


def with_cest(*places: str) -> Agenda:
    table = LIBRARY.find("uk-cest-2.4", at=DAY)
    assert isinstance(table, RuleSet)
    return agenda((table, *of(*places).tests))


def walked(rules: Agenda, choose: st.DataObject) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    while (asked := interview.next_question(rules, answers)) is not None:
        answers[asked.key] = choose.draw(st.sampled_from([option.value for option in asked.options]))
    return answers


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_can_be_found_in_every_place(place: str, outcome: Outcome) -> None:
    rules = of(place)
    answers = leading_to(rules, {}, outcome)
    assert interview.is_complete(rules, answers)
    assert rules.find(answers).outcome is outcome


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_nothing_is_asked_that_could_change_no_finding(data: st.DataObject) -> None:
    rules = of(data.draw(st.sampled_from(PLACES)))
    answers: dict[str, Answer] = {}
    while (asked := interview.next_question(rules, answers)) is not None:
        given_to_tests = {key: value for key, value in answers.items() if value != UNKNOWN}
        matters = {
            question.key
            for test in rules.tests
            for question in test.still_to_ask({k: v for k, v in given_to_tests.items() if k in _keys(test)})
        }
        assert asked.key in matters
        answers[asked.key] = data.draw(st.sampled_from([option.value for option in asked.options]))


def _keys(test: object) -> set[str]:
    return {question.key for question in test.questions}  # type: ignore[attr-defined]


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_the_strictest_leads_and_each_finding_is_that_of_its_test_alone(data: st.DataObject) -> None:
    rules = of(data.draw(st.sampled_from(PLACES)), data.draw(st.sampled_from(PLACES)))
    answers = walked(rules, data)
    found = rules.find(answers)
    assert found.outcome is strictest([one.counts for one in found.findings if one.counts])
    assert found.leading or not any(one.counts for one in found.findings)
    for one, test in zip(found.findings, rules.tests, strict=True):
        own = {key: value for key, value in answers.items() if key in _keys(test)}
        assert one.data == test.decide(own).as_json()


@pytest.mark.parametrize("place", PLACES)
def test_the_same_answers_give_the_same_bytes_and_each_way_leads_where_it_says(place: str) -> None:
    rules, dice = of(place), random.Random(place)  # noqa: S311 - the same walks in every run
    for _ in range(3):
        answers: dict[str, Answer] = {}
        while (asked := interview.next_question(rules, answers)) is not None:
            answers[asked.key] = dice.choice(asked.options).value
        found = rules.find(answers)
        assert json.dumps(found.as_json()) == json.dumps(Agenda(rules.members).find(answers).as_json())
        for way in rules.ways(answers, 3):
            changed = {**answers, **{change.question.key: change.new for change in way.changes}}
            assert rules.find(rules.walk(changed).answers).outcome is way.outcome
            assert way.outcome is not found.outcome


def test_a_table_and_tests_are_asked_one_after_the_other_and_decide_together() -> None:
    rules = with_cest("US-TX")
    assert rules.key == "uk-cest-2.4+us-flsa+us-irs-common-law"
    pages = rules.walk({}).pages
    assert pages[0].key == "route"
    assert pages[-1].key in {question.key for test in rules.tests for question in test.questions}
    answers = leading_to(rules, {}, Outcome.EMPLOYEE)
    assert [one.key for one in rules.find(answers).findings] == ["uk-cest-2.4", "us-flsa", "us-irs-common-law"]
    half = {key: value for key, value in answers.items() if key in {q.key for q in rules.tables[0].questions}}
    assert not interview.is_complete(rules, half)


def test_a_change_says_which_answers_fall_away() -> None:
    rules = of("US-CA")
    answers = leading_to(rules, {}, Outcome.EMPLOYEE)
    first = next(iter(answers))
    for option in rules.question(first).options:
        dropped = interview.dropped_by_change(rules, answers, first, option.value)
        led = rules.walk({**answers, first: option.value})
        assert {one.key for one in dropped} == answers.keys() - {page.key for page in led.pages} - {first}


def test_an_answer_that_nobody_knows_is_none_of_any_test() -> None:
    rules = of("DE")
    unknown = dict.fromkeys((question.key for question in rules.questions), UNKNOWN)
    found = rules.find(unknown)
    assert found.outcome is Outcome.NEEDS_REVIEW
    assert not any(aspect.because for one in found.findings for aspect in one.aspects)


def test_a_question_of_no_rule_set_is_refused_by_name() -> None:
    with pytest.raises(AnswerError, match="“nothing” is no question of"):
        of("DE").question("nothing")


def test_what_only_flags_a_presumption_never_decides_alone() -> None:
    in_force = dt.date(2026, 12, 2)
    found = applicable(LIBRARY, Situation("IE", "IE", "IE", in_force))
    rules = agenda(tuple(one.test for one in found.tests))
    assert rules.key == "eu-platform"
    for outcome in (Outcome.EMPLOYEE, Outcome.INDEPENDENT_CONTRACTOR):
        (test,) = rules.tests
        answers = leading_to_test(rules, outcome)
        assert test.outcome({k: v for k, v in answers.items() if k in _keys(test)}) is outcome
        assert rules.find(answers).outcome is Outcome.NEEDS_REVIEW


def test_a_flag_asks_for_a_reviewer_beside_what_decides_and_nothing_where_it_does_not_apply() -> None:
    found = applicable(LIBRARY, Situation("DE", "DE", "DE", dt.date(2026, 12, 2)))
    rules = agenda(tuple(one.test for one in found.tests))
    assert rules.key == "de-status+eu-platform"
    contractor = leading_to(agenda((rules.tests[0],)), {}, Outcome.INDEPENDENT_CONTRACTOR)
    alone = agenda((rules.tests[1],))
    flagged = leading_to_test(alone, Outcome.EMPLOYEE)
    no_platform: dict[str, Answer] = {"platform_work": "no"}
    assert rules.find(contractor | no_platform).outcome is Outcome.INDEPENDENT_CONTRACTOR
    assert rules.find(contractor | no_platform).findings[1].result == "Does not apply to this work"
    assert rules.find(flagged | contractor).findings[1].counts in {Outcome.NEEDS_REVIEW, None}
    assert rules.find({**contractor, **flagged}).outcome is not Outcome.INDEPENDENT_CONTRACTOR


def leading_to_test(rules: Agenda, outcome: Outcome) -> dict[str, Answer]:
    (test,) = rules.tests
    answers: dict[str, Answer] = {}
    sign = 1 if outcome is Outcome.INDEPENDENT_CONTRACTOR else -1
    while (asked := interview.next_question(rules, answers)) is not None:
        leanings = {
            option.value: sum(
                sign * factor.leanings.get(asked.key, {}).get(str(option.value), 0) for factor in test.factors
            )
            for option in asked.options
        }
        fits = [value for value in leanings if not _leaves_scope(test, answers | {asked.key: value})]
        answers[asked.key] = max(fits, key=lambda value: (value != UNKNOWN, leanings[value]))
    return answers


def _leaves_scope(test: object, answers: dict[str, Answer]) -> bool:
    known = {key: value for key, value in answers.items() if value != UNKNOWN}
    return any(gate.fires(known) for gate in test.gates)  # type: ignore[attr-defined]


def test_whoever_does_not_know_one_condition_of_a_gate_is_not_asked_its_others() -> None:
    rules = of("US-TX")
    relief = {"s530_reporting_consistency", "s530_substantive_consistency", "s530_reasonable_basis"}
    asked = {question.key for question in rules.walk({}).pages}
    assert relief <= asked
    led = rules.walk({"s530_reporting_consistency": UNKNOWN})
    assert relief & {question.key for question in led.pages} == {"s530_reporting_consistency"}
