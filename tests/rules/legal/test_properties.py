import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.methods import OUTCOMES
from compliance.rules.library import Library
from compliance.rules.model import Outcome
from tests.rules.legal.conftest import ON

SHELF = Library(("workflows",))
TESTS = {test.key: test for test in SHELF.legal_tests(ON)}
TESTS["us-flsa proposed"] = TESTS["us-flsa"].with_variant("proposed-2026", switched_on=True)
WORDS = {key: sorted(words) for key, words in TESTS["us-flsa"].parts.known.items()}
UNGATED = ("us-flsa", "us-ca-borello", "can-common-law", "nl-deliveroo", "fr-subordination")
Drawn = tuple[LegalTest, dict[str, str]]
TOWARDS = (Outcome.EMPLOYEE, Outcome.NEEDS_REVIEW, Outcome.INDEPENDENT_CONTRACTOR)


@st.composite
def interviews(draw: Callable[[Any], Any], most: int | None = None, keys: tuple[str, ...] = tuple(TESTS)) -> Drawn:
    test = TESTS[draw(st.sampled_from(keys))]
    asked = [question.key for question in test.questions]
    chosen = draw(st.lists(st.sampled_from(asked), unique=True, max_size=most))
    return test, {key: draw(st.sampled_from(WORDS[key])) for key in chosen}


@settings(deadline=None)
@given(interviews())
def test_any_answers_give_one_of_three_outcomes_and_the_same_bytes_each_time(
    drawn: Drawn,
) -> None:
    test, answers = drawn
    found = test.decide(answers)
    assert found.outcome in list(Outcome)
    assert found.line.isascii()
    backwards = dict(reversed(answers.items()))
    assert LegalTest(test.parts, test.others, test.variant).decide(backwards).line == found.line
    assert test.outcome(answers) == found.outcome


@settings(deadline=None)
@given(interviews())
def test_every_change_listed_leads_to_the_outcome_that_it_names(drawn: Drawn) -> None:
    test, answers = drawn
    found = test.decide(answers).as_json()
    for way in found["what_if"]:
        assert way["outcome"] != found["outcome"]
        assert all(answers[change["question"]] == change["from"] for change in way["changes"])
        changed = {**answers, **{change["question"]: change["to"] for change in way["changes"]}}
        assert test.outcome(changed) == way["outcome"]


@settings(deadline=None)
@given(interviews(most=7))
def test_no_smaller_change_leads_there(drawn: Drawn) -> None:
    test, answers = drawn
    found: dict[str, int] = {}
    for way in test.decide(answers).as_json()["what_if"]:
        assert found.setdefault(way["outcome"], len(way["changes"])) == len(way["changes"])
    assert found == smallest(test, answers)


def smallest(test: LegalTest, answers: dict[str, str]) -> dict[str, int]:
    """Try everything: the fewest answers, up to three, that lead to each other outcome."""
    context = test.parts.context.union(*[other.parts.context for other in test.others.values()])
    here, best = test.outcome(answers), dict[str, int]()
    for size in (1, 2, 3):
        for chosen in itertools.combinations([key for key in answers if key not in context], size):
            for values in itertools.product(*[[word for word in WORDS[key] if word != answers[key]] for key in chosen]):
                outcome = test.outcome({**answers, **dict(zip(chosen, values, strict=True))})
                if outcome != here:
                    best.setdefault(outcome, size)
    return best


@settings(deadline=None)
@given(st.data())
def test_an_answer_that_leans_more_to_a_contractor_never_moves_the_outcome_towards_an_employee(
    data: st.DataObject,
) -> None:
    test, answers = data.draw(interviews(keys=UNGATED))
    leanings = {key: one for factor in test.factors for key, one in factor.leanings.items()}
    movable = sorted(key for key in answers if key in leanings)
    if not movable:
        return
    key = data.draw(st.sampled_from(movable))
    higher = [word for word, leaning in leanings[key].items() if leaning >= leanings[key][answers[key]]]
    changed = {**answers, key: data.draw(st.sampled_from(higher))}
    assert TOWARDS.index(test.outcome(changed)) >= TOWARDS.index(test.outcome(answers))


@settings(deadline=None)
@given(interviews())
def test_a_question_that_is_said_not_to_decide_alone_does_not(drawn: Drawn) -> None:
    test, answers = drawn
    found = test.decide(answers).as_json()
    listed = {one["question"]: one["decides"] for one in found["open_questions"]}
    for question in test.questions:
        if question.key not in answers:
            turned = any(
                test.outcome({**answers, question.key: word}) != found["outcome"] for word in WORDS[question.key]
            )
            assert turned is listed.get(question.key, False), question.key


def test_the_words_of_standings_and_outcomes_are_one_to_one() -> None:
    assert set(OUTCOMES.values()) == set(Outcome)


@pytest.mark.parametrize("key", sorted(TESTS))
def test_nothing_answered_is_a_review(key: str) -> None:
    assert TESTS[key].outcome({}) is Outcome.NEEDS_REVIEW
