from collections.abc import Callable
from typing import Any

import pytest

from compliance.rules.errors import AnswerError, UnknownVariantError
from compliance.rules.legal.legal_test import LegalTest
from tests.rules.legal.conftest import ON

Find = Callable[[str], LegalTest]

EMPLOYED = {
    "how_directed": "yes",
    "schedule_control": "hirer",
    "investment": "hirer",
    "pay_basis": "by_time",
    "other_clients": "none",
    "duration": "indefinite",
    "business_relation": "core",
}
IN_BUSINESS = {
    "how_directed": "no",
    "schedule_control": "worker",
    "investment": "worker_major",
    "pay_basis": "by_job",
    "other_clients": "several",
    "duration": "one_off",
    "business_relation": "outside",
}


def decide(test: LegalTest, **answers: str) -> dict[str, Any]:
    return test.decide(answers).as_json()


def test_a_finding_names_outcome_factors_reasons_and_what_would_change_it(find: Find) -> None:
    found = decide(find("us-irs-common-law"), **EMPLOYED)
    assert (found["rule_set"], found["version"], found["outcome"]) == ("us-irs-common-law", "2026.1", "employee")
    control = found["factors"][0]
    assert (control["score"], control["leans"], control["source"]) == (-0.75, "employee", "verified")
    assert control["answers"] == [
        {"question": "how_directed", "answer": "yes", "leaning": -2},
        {"question": "schedule_control", "answer": "hirer", "leaning": -1},
    ]
    assert "Rev. Rul. 87-41" in control["citation"]
    assert found["reasons"] == [
        {
            "code": "balance",
            "text": f"The balance of the factors is {found['balance']}, at or below -0.125: an employee.",
        }
    ]
    assert {one["outcome"] for one in found["what_if"]} == {"independent_contractor", "needs_review"}
    assert found["open_questions"]
    assert found["confidence"]["word"] == "high"


def test_the_other_way_round_is_a_contractor(find: Find) -> None:
    assert decide(find("us-irs-common-law"), **IN_BUSINESS)["outcome"] == "independent_contractor"


def test_half_an_interview_is_for_a_reviewer_and_says_what_is_missing(find: Find) -> None:
    found = decide(find("us-flsa"), how_directed="yes")
    assert found["outcome"] == "needs_review"
    assert found["reasons"][0] == {
        "code": "too_little_answered",
        "text": "Only 15 % of the weight is answered; at least 35 % is needed.",
    }
    assert found["what_if"] == []
    assert len(found["open_questions"]) == len(find("us-flsa").questions) - 1


def test_what_is_unknown_or_left_out_is_the_same(find: Find) -> None:
    test = find("us-irs-common-law")
    assert test.decide({**EMPLOYED, "skill": "unknown", "benefits": None}).line == test.decide(EMPLOYED).line


def test_answers_to_the_questions_of_other_tests_are_left_aside(find: Find) -> None:
    test = find("us-irs-common-law")
    assert test.decide({**EMPLOYED, "mutual_obligation": "yes"}).line == test.decide(EMPLOYED).line


@pytest.mark.parametrize(
    "answers,words",
    [
        ({"how_direct": "yes"}, "“how_direct” is no question of any test"),
        ({"how_directed": "maybe"}, "Question how_directed: “maybe” is not an answer.*give one of no, some, yes"),
        ({"how_directed": True}, "Question how_directed: true is not an answer"),
        ({"how_directed": ["yes"]}, "Question how_directed: a list is not an answer"),
        ({"how_directed": 1}, "a number is not an answer"),
        ({3: "yes"}, "a number is no question of any test"),
        ([], "A list stands where an object of answers belongs"),
        (None, "Nothing stands where an object of answers belongs"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(find: Find, answers: object, words: str) -> None:
    with pytest.raises(AnswerError, match=words):
        find("us-irs-common-law").decide(answers)


SAFE_HARBOUR = {
    "s530_reporting_consistency": "yes",
    "s530_substantive_consistency": "yes",
    "s530_reasonable_basis": "industry_practice",
}
STATUTORY = {
    "statutory_category": "homeworker",
    "statutory_personal_service": "yes",
    "statutory_substantial_investment": "no",
    "statutory_continuing": "yes",
}


def test_gates_are_read_in_order_and_before_the_factors(find: Find) -> None:
    test = find("us-irs-common-law")
    relieved = decide(test, **EMPLOYED, **SAFE_HARBOUR, **STATUTORY)
    assert (relieved["outcome"], relieved["gate"]["key"]) == ("independent_contractor", "section_530")
    assert relieved["gate"]["scope"].startswith("It relieves the business")
    assert relieved["confidence"] == {"value": 1, "word": "high"}
    assert relieved["factors"][0]["leans"] == "employee"
    spared = decide(test, **IN_BUSINESS, **SAFE_HARBOUR, **STATUTORY, s530_technical_services="yes")
    assert (spared["outcome"], spared["gate"]["key"]) == ("employee", "statutory_employee")


def test_a_gate_that_a_changed_answer_would_open_is_part_of_what_if(find: Find) -> None:
    found = decide(find("us-irs-common-law"), **EMPLOYED, **{**SAFE_HARBOUR, "s530_reporting_consistency": "no"})
    assert {
        "outcome": "independent_contractor",
        "changes": [{"question": "s530_reporting_consistency", "from": "no", "to": "yes"}],
    } in found["what_if"]


def test_a_gate_sends_to_another_test(find: Find) -> None:
    test = find("us-ca-abc")
    answers = {"ca_exemption_category": "music", "borello_required_by_exemption": "yes", **IN_BUSINESS}
    found = decide(test, **answers)
    assert (found["outcome"], found["gate"]["redirected_to"]["rule_set"]) == (
        "independent_contractor",
        "us-ca-borello",
    )
    assert [one["code"] for one in found["reasons"]] == ["redirected", "balance"]
    assert found["factors"] == decide(find("us-ca-borello"), **IN_BUSINESS)["factors"]
    assert decide(test, **{**answers, "borello_required_by_exemption": "no"})["gate"] is None


def test_one_failed_prong_is_enough_and_all_must_be_met(find: Find) -> None:
    test = find("us-ca-abc")
    met = {"how_directed": "no", "business_relation": "outside", "independent_trade": "yes"}
    assert decide(test, **met)["outcome"] == "independent_contractor"
    failed = decide(test, **{**met, "business_relation": "core"})
    assert failed["outcome"] == "employee"
    assert [one["code"] for one in failed["reasons"]] == ["prong_failed"]
    assert failed["what_if"][0] == {
        "outcome": "independent_contractor",
        "changes": [{"question": "business_relation", "from": "core", "to": "outside"}],
    }
    assert decide(test, **{**met, "business_relation": "ancillary"})["outcome"] == "needs_review"


def test_either_limb_is_enough_and_one_failed_limb_leaves_the_prong_open(find: Find) -> None:
    test = find("us-nj-abc")
    rest = {"how_directed": "no", "independent_trade": "yes"}
    by_place = decide(test, **rest, business_relation="core", performed_outside_places="yes")
    assert by_place["outcome"] == "independent_contractor"
    assert decide(test, **rest, business_relation="core")["outcome"] == "needs_review"
    assert decide(test, **rest, business_relation="core", performed_outside_places="no")["outcome"] == "employee"


def test_a_business_that_only_could_exist_does_not_meet_the_third_prong(find: Find) -> None:
    prongs = {"how_directed": "no", "business_relation": "outside", "advertises": "yes", "other_clients": "several"}
    assert decide(find("us-ca-abc"), **prongs)["factors"][2]["standing"] == "open"
    assert decide(find("us-nj-abc"), **prongs, share_of_income="under_50")["factors"][2]["standing"] == "met"


def test_intention_breaks_a_tie_and_gives_way_to_clear_facts(find: Find) -> None:
    test = find("can-common-law")
    close = {"how_directed": "some", "investment": "worker_minor", "substitution": "with_consent", "loss_risk": "no"}
    assert decide(test, **close)["outcome"] == "needs_review"
    told = decide(test, **close, mutual_intent="both_contractor")
    assert (told["outcome"], told["reasons"][0]["code"]) == ("independent_contractor", "tie_breaker")
    assert told["confidence"] == {"value": 0, "word": "low"}
    assert decide(test, **EMPLOYED, mutual_intent="both_contractor")["outcome"] == "employee"


def test_contradictory_answers_are_reported(find: Find) -> None:
    found = decide(find("us-irs-common-law"), **{**EMPLOYED, "other_clients": "several", "may_work_elsewhere": "no"})
    assert found["contradictions"] == ["The worker may not serve others, and yet serves several."]
    assert decide(find("us-irs-common-law"), **EMPLOYED)["contradictions"] == []


def test_brazil_always_goes_to_a_reviewer(find: Find) -> None:
    found = decide(find("br-clt"), **EMPLOYED)
    assert (found["outcome"], found["what_if"]) == ("needs_review", [])
    assert found["reasons"][0]["code"] == "always_review"
    assert found["balance"] < 0


def test_the_platform_directive_says_when_it_does_not_apply(find: Find) -> None:
    answers = {"rate_setting": "hirer", "actual_supervision": "close", "can_decline_work": "no"}
    assert decide(find("eu-platform"), **answers, platform_work="yes")["outcome"] == "employee"
    found = decide(find("eu-platform"), **answers, platform_work="no")
    assert (found["outcome"], found["reasons"][0]["code"]) == ("needs_review", "does_not_apply")


def test_a_proposal_is_refused_until_it_is_switched_on_and_then_marked(find: Find) -> None:
    test = find("us-flsa")
    with pytest.raises(UnknownVariantError, match="only proposed and not law"):
        test.with_variant("proposed-2026")
    with pytest.raises(UnknownVariantError, match="Known variants: proposed-2026, fact-sheet-13-2008"):
        test.with_variant("proposed-2027")
    found = decide(test.with_variant("proposed-2026", switched_on=True), **EMPLOYED, profit_opportunity="no")
    assert found["variant"] == {"key": "proposed-2026", "status": "proposed"}
    assert [one["code"] for one in found["reasons"]] == ["variant_only_proposed", "core_factors"]


def test_where_the_core_factors_disagree_the_others_are_weighed(find: Find) -> None:
    test = find("us-flsa").with_variant("proposed-2026", switched_on=True)
    answers = {"how_directed": "yes", "profit_opportunity": "yes", "skill_initiative": "yes", "duration": "one_off"}
    found = decide(test, **answers)
    assert (found["outcome"], found["reasons"][1]["code"]) == ("independent_contractor", "other_factors")


def test_a_variant_in_use_is_used_from_its_first_day(find: Find) -> None:
    test = find("us-flsa")
    assert decide(test.with_variant("fact-sheet-13-2008", at=ON), **EMPLOYED)["variant"]["status"] == "in_use"
    with pytest.raises(UnknownVariantError, match="not used before 2025-05-01"):
        test.with_variant("fact-sheet-13-2008", at=ON.replace(year=2024))


def test_open_questions_come_in_the_order_of_what_they_could_change(find: Find) -> None:
    opened = decide(find("fr-subordination"), how_directed="yes", actual_supervision="none")["open_questions"]
    keys = [(not one["decides"], -one["moves"]) for one in opened]
    assert keys == sorted(keys)
    asked = {one["question"]: one for one in decide(find("us-ca-abc"), how_directed="no")["open_questions"]}
    assert asked["business_relation"]["decides"]
    assert not asked["own_premises"]["decides"]


def test_a_question_can_be_found_by_its_key(find: Find) -> None:
    test = find("us-ca-abc")
    assert test.question("termination").key == "termination"
    with pytest.raises(AnswerError, match="no question of California: ABC test"):
        test.question("mutual_obligation")
    assert repr(test) == "<LegalTest us-ca-abc 2026.1>"


def test_what_is_still_to_ask_leaves_out_what_cannot_matter_any_more(find: Find) -> None:
    test = find("us-irs-common-law")
    asked = [question.key for question in test.still_to_ask({})]
    assert asked[0] == "statutory_category"
    assert "statutory_continuing" in asked
    later = [question.key for question in test.still_to_ask({"statutory_category": "none"})]
    assert "statutory_continuing" not in later
    assert "how_directed" in later
    settled = [question.key for question in test.still_to_ask(SAFE_HARBOUR)]
    assert settled == ["s530_technical_services"]
