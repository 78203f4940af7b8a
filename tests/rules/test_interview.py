import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.rules import interview
from compliance.rules.errors import AnswerError
from compliance.rules.model import Answer
from compliance.rules.rule_set import RuleSet
from tests.rules.pages import through

PERSONAL = (
    "workerSentActualSubstitute",
    "workerPayActualSubstitute",
    "possibleSubstituteRejection",
    "possibleSubstituteWorkerPay",
    "wouldWorkerPayHelper",
)
ACCEPTED, REFUSED, NEVER = "yesClientAgreed", "notAgreedWithClient", "noSubstitutionHappened"
MAY, MAY_NOT = "wouldReject", "wouldNotReject"
STARTED = {
    (ACCEPTED, True, None, None, None),
    *((ACCEPTED, False, None, None, helper) for helper in (True, False)),
    *((REFUSED, None, None, None, helper) for helper in (True, False)),
    *((NEVER, None, MAY, None, helper) for helper in (True, False)),
    (NEVER, None, MAY_NOT, True, None),
    *((NEVER, None, MAY_NOT, False, helper) for helper in (True, False)),
}
BEFORE = {(None, None, MAY, None, None), *((None, None, MAY_NOT, pay, None) for pay in (True, False))}
CONTRACTS = {
    "exclusiveContract": 3,
    "transferRights": 4,
    "multipleEngagements": 2,
    "significantWorkingTime": 2,
    "seriesOfContracts": 3,
}


@given(data=st.data())
@settings(deadline=None, max_examples=300)
def test_any_walk_ends_with_answers_the_questionnaire_can_give(cest: RuleSet, data: st.DataObject) -> None:
    answers: dict[str, Answer] = {}
    while (question := interview.next_question(cest, answers)) is not None:
        assert question.key not in answers
        answers[question.key] = data.draw(st.sampled_from([option.value for option in question.options]))
    sections = interview.to_interview(cest, answers)
    finding = cest.decide(sections)
    if interview.is_complete(cest, answers):
        check_answer_sets(sections)
        assert finding.result != "Not Matched"
    else:
        end = interview.ending(cest, answers)
        assert end is not None
        assert not end.decides
        assert "Start again" in end.text


def check_answer_sets(sections: dict[str, dict[str, Answer]]) -> None:
    if sections["exit"]["officeHolder"]:
        assert all(not answers for key, answers in sections.items() if key not in {"setup", "exit"})
        return
    personal = tuple(sections["personalService"].get(key) for key in PERSONAL)
    assert personal in (STARTED if sections["setup"]["hasContractStarted"] else BEFORE)
    assert len(sections["control"]) == 4
    assert len(sections["financialRisk"]) == 7
    assert len(sections["partAndParcel"]) == (4 if sections["partAndParcel"]["contactWithEngagerCustomer"] else 3)
    contracts = sections["businessOnOwnAccount"]
    nobody_known = not sections["setup"]["hasContractStarted"] and sections["setup"]["endUserRole"] == "endClient"
    assert set(contracts) == set(CONTRACTS) or (nobody_known and not contracts)


def test_personal_service_has_exactly_ten_sets_of_answers_once_started_and_three_before(cest: RuleSet) -> None:
    for started, expected in ((True, STARTED), (False, BEFORE)):
        found = set()
        pages = [cest.question(key) for key in PERSONAL]
        for values in itertools.product(*(question.values for question in pages)):
            chosen = dict(zip(PERSONAL, values, strict=True))
            sections = interview.to_interview(cest, through(cest, hasContractStarted=started, **chosen))
            found.add(tuple(sections["personalService"].get(key) for key in PERSONAL))
        assert found == expected


@pytest.mark.parametrize(
    "chosen,advice",
    [
        ({"route": "ir35", "provideServices": "soleTrader"}, "startAgainOnPaye"),
        ({"route": "paye", "provideServices": "limitedCompany"}, "startAgainOnIr35"),
    ],
)
def test_the_wrong_route_ends_with_advice_and_no_decision(
    cest: RuleSet, chosen: dict[str, Answer], advice: str
) -> None:
    answers = through(cest, **chosen)
    end = interview.ending(cest, answers)
    assert end is not None
    assert (end.key, end.decides, interview.is_complete(cest, answers)) == (advice, False, False)


@pytest.mark.parametrize(
    "chosen,asked",
    [
        ({"endUserRole": "placingAgency"}, set()),
        ({"endUserRole": "personDoingWork", "purpose": "check"}, {"purpose"}),
        ({"endUserRole": "personDoingWork", "purpose": "new"}, {"purpose", "provideServices"}),
        ({"endUserRole": "endClient"}, {"provideServices"}),
    ],
)
def test_who_answers_decides_what_is_asked_about_an_intermediary(
    cest: RuleSet, chosen: dict[str, Answer], asked: set[str]
) -> None:
    answers = through(cest, **chosen)
    assert answers.keys() & {"purpose", "provideServices"} == asked
    assert ("provideServices" in interview.to_interview(cest, answers)["setup"]) == ("provideServices" in asked)


def test_an_agency_is_offered_on_one_route_only(cest: RuleSet) -> None:
    for route, offered in (("ir35", True), ("paye", False)):
        question = interview.next_question(cest, {"route": route})
        assert question is not None
        assert ("placingAgency" in question.values) is offered
        refusal = interview.check(cest, "endUserRole", "placingAgency", {"route": route})
        assert (refusal is None) is offered


@pytest.mark.parametrize(
    "chosen,key,value",
    [
        ({"stopsSimilarWork": True}, "exclusiveContract", "unableToProvideServices"),
        (
            {"stopsSimilarWork": False, "permissionNeeded": True},
            "exclusiveContract",
            "ableToProvideServicesWithPermission",
        ),
        ({"stopsSimilarWork": False, "permissionNeeded": False}, "exclusiveContract", "ableToProvideServices"),
        ({"rightsArise": False}, "transferRights", "noRightsArise"),
        ({"rightsBelongToClient": True}, "transferRights", "rightsTransferredToClient"),
        ({"rightsBelongToClient": False, "optionToBuyRights": True}, "transferRights", "ableToTransferRights"),
        ({"rightsBelongToClient": False, "optionToBuyRights": False}, "transferRights", "retainOwnershipRights"),
        ({"followsOn": True}, "seriesOfContracts", "contractIsPartOfASeries"),
        ({"earlierContract": False, "firstOfSeries": True}, "seriesOfContracts", "contractIsPartOfASeries"),
        ({"followsOn": False, "firstOfSeries": False}, "seriesOfContracts", "contractCouldBeExtended"),
        (
            {"followsOn": False, "firstOfSeries": False, "canBeExtended": False},
            "seriesOfContracts",
            "standAloneContract",
        ),
    ],
)
def test_one_answer_about_contracts_comes_from_several_pages(
    cest: RuleSet, chosen: dict[str, Answer], key: str, value: str
) -> None:
    assert interview.to_interview(cest, through(cest, **chosen))["businessOnOwnAccount"][key] == value


def test_a_client_who_does_not_know_the_worker_leaves_the_contracts_out(cest: RuleSet) -> None:
    answers = through(cest, endUserRole="endClient", hasContractStarted=False, workerIsKnown=False)
    sections = interview.to_interview(cest, answers)
    assert sections["businessOnOwnAccount"] == {}
    assert cest.decide(sections).scores["businessOnOwnAccount"] == "MEDIUM"
    assert "workerIsKnown" not in through(cest, endUserRole="personDoingWork", hasContractStarted=False)


@pytest.mark.parametrize("costs,expected", [((False,) * 4, True), ((False, False, False, True), False)])
def test_no_costs_at_all_follows_from_the_four_answers(
    cest: RuleSet, costs: tuple[bool, ...], expected: object
) -> None:
    keys = ("workerProvidedEquipment", "workerUsedVehicle", "workerProvidedMaterials", "workerHadOtherExpenses")
    sections = interview.to_interview(cest, through(cest, **dict(zip(keys, costs, strict=True))))
    assert sections["financialRisk"]["expensesAreNotRelevantForRole"] is expected


def test_an_unfinished_questionnaire_sends_only_what_was_answered(cest: RuleSet) -> None:
    answers: dict[str, Answer] = {"route": "ir35", "endUserRole": "placingAgency", "hasContractStarted": True}
    assert interview.to_interview(cest, answers) == {
        "setup": {"endUserRole": "placingAgency", "hasContractStarted": True},
    }
    assert not interview.is_complete(cest, answers)
    keys = [question.key for question in interview.missing(cest, answers)]
    assert keys[:2] == ["officeHolder", "workerSentActualSubstitute"]
    assert "permissionNeeded" not in keys


def test_progress_counts_pages_and_never_more_than_it_said(cest: RuleSet) -> None:
    answers: dict[str, Answer] = {}
    most = len(cest.questions)
    while (question := interview.next_question(cest, answers)) is not None:
        pages = interview.asked(cest, answers)
        assert pages[-1].question.key == question.key
        assert [page.number for page in pages] == list(range(1, len(answers) + 2))
        assert pages[-1].number <= len(pages[-1].in_sight) <= most
        most = len(pages[-1].in_sight)
        answers[question.key] = question.options[-1].value


def test_a_changed_answer_names_those_that_fall_away(cest: RuleSet) -> None:
    answers = through(cest, endUserRole="endClient", workerPayActualSubstitute=False)
    dropped = interview.dropped_by_change(cest, answers, "hasContractStarted", new_value=False)
    assert [q.key for q in dropped] == [
        "workerSentActualSubstitute",
        "workerPayActualSubstitute",
        "wouldWorkerPayHelper",
    ]
    assert interview.dropped_by_change(cest, answers, "workerAsLineManager", new_value=True) == []
    office = [q.key for q in interview.dropped_by_change(cest, answers, "officeHolder", new_value=True)]
    assert office[0] == "workerSentActualSubstitute"
    assert office[-1] == "multipleEngagements"
    with pytest.raises(AnswerError, match="no question"):
        interview.dropped_by_change(cest, answers, "nothing", new_value=True)


def test_an_answer_off_the_path_decides_nothing(cest: RuleSet) -> None:
    answers = through(cest, hasContractStarted=False)
    stale: dict[str, Any] = {**answers, "workerSentActualSubstitute": ACCEPTED, "workerPayActualSubstitute": True}
    assert interview.to_interview(cest, stale) == interview.to_interview(cest, answers)


@pytest.mark.parametrize("value", ["yes", 1, None, "", [], "\ud800"])
def test_a_value_that_is_no_answer_is_refused_in_a_sentence_and_asked_again(cest: RuleSet, value: object) -> None:
    refusal = interview.check(cest, "officeHolder", value)
    assert refusal is not None
    refusal.encode()
    assert "“Yes”, “No”" in refusal
    answers: dict[str, Any] = {**through(cest), "officeHolder": value}
    question = interview.next_question(cest, answers)
    assert question is not None
    assert question.key == "officeHolder"


def test_an_unknown_question_is_refused(cest: RuleSet) -> None:
    assert "no question" in (interview.check(cest, "nothing", "x") or "")


def test_forms_send_words_for_the_booleans(cest: RuleSet) -> None:
    question = cest.question("officeHolder")
    assert [option.word for option in question.options] == ["yes", "no"]


def test_a_result_is_worded_for_the_route(cest: RuleSet) -> None:
    paye = through(cest, route="paye", provideServices="soleTrader")
    assert interview.wording(cest, "Inside IR35", paye).startswith("Employed")
    assert "(IR35) apply" in interview.wording(cest, "Inside IR35", through(cest))
    assert interview.wording(cest, "Inside IR35", {}) == cest.results["Inside IR35"].text
