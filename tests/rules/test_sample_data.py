import json
from pathlib import Path
from typing import Any

from compliance.rules.interview import is_complete, to_interview, walk
from compliance.rules.library import Library
from compliance.rules.rule_set import RuleSet

DATA = Path(__file__).parents[2] / "compliance" / "demo" / "data"


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def test_every_sample_interview_is_a_way_through_the_pages_with_the_result_that_it_names(cest: RuleSet) -> None:
    samples = lines("cest_interviews.jsonl")
    assert len(samples) == 120
    for sample in samples:
        answers = sample["answers"]
        assert is_complete(cest, answers), sample["id"]
        assert walk(cest, answers).answers == answers, sample["id"]
        found = cest.decide(to_interview(cest, answers)).as_json()
        assert {name: found[name] for name in sample["expected"]} == sample["expected"], sample["id"]


def test_every_fact_of_a_decided_case_is_an_answer_of_a_shared_question() -> None:
    library = Library(("workflows",))
    cases = lines("caselaw.jsonl")
    assert len(cases) == 110
    for case in cases:
        assert case["test"].replace("_", "-") in library.known(), case["id"]
        for key, value in case["facts"].items():
            assert value in {option.word for option in library.questions.questions[key].options}, (case["id"], key)
