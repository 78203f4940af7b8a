from compliance.rules.interview import to_interview
from compliance.rules.model import Answer
from compliance.rules.rule_set import RuleSet
from compliance.rules.what_if import what_if
from tests.rules.pages import through

INSIDE: dict[str, Answer] = {
    "workerSentActualSubstitute": "noSubstitutionHappened",
    "wouldWorkerPayHelper": False,
    "workerProvidedEquipment": False,
    "workerUsedVehicle": False,
    "workerProvidedMaterials": False,
    "workerHadOtherExpenses": False,
    "paidForSubstandardWork": "noObligationToCorrect",
}


def test_the_smallest_changes_really_change_the_result(cest: RuleSet) -> None:
    answers = through(cest, **INSIDE)
    assert cest.decide(to_interview(cest, answers)).result == "Inside IR35"
    found = what_if(cest, answers)
    assert found
    for alternative in found:
        changed = {**answers, **{change.question.key: change.new for change in alternative.changes}}
        assert cest.decide(to_interview(cest, changed)) == alternative.finding
        assert alternative.finding.result != "Inside IR35"
        assert all(answers.get(change.question.key) == change.old for change in alternative.changes)
    singles = {alternative.changes[0].question.key for alternative in found if len(alternative.changes) == 1}
    assert {"workerProvidedEquipment", "workerProvidedMaterials"} <= singles


def test_pairs_are_only_named_where_no_single_answer_is_enough(cest: RuleSet) -> None:
    sizes = {len(alternative.changes) for alternative in what_if(cest, through(cest, **INSIDE))}
    assert sizes == {1}
    office = through(cest, officeHolder=True)
    assert what_if(cest, office) == []


def test_two_answers_are_named_where_one_is_not_enough(cest: RuleSet) -> None:
    outside = through(cest, **{**INSIDE, "workerProvidedEquipment": True, "workerProvidedMaterials": True})
    found = what_if(cest, outside)
    inside_by_office = [a for a in found if a.changes[0].question.key == "officeHolder"]
    assert [len(alternative.changes) for alternative in inside_by_office] == [1]


def test_the_number_of_alternatives_is_bounded(cest: RuleSet) -> None:
    assert len(what_if(cest, through(cest, **INSIDE), at_most=2)) == 2


def test_answers_that_decide_nothing_have_no_alternatives(cest: RuleSet) -> None:
    assert what_if(cest, {}) == []
