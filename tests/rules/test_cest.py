import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from compliance.rules import catalog
from compliance.rules.errors import AnswerError, UnknownRuleSetError
from compliance.rules.lines import decide_lines
from compliance.rules.rule_set import RuleSet

CASES = Path(__file__).parent / "data" / "cest_cases.jsonl.gz"


@pytest.fixture(scope="module")
def cest() -> RuleSet:
    return catalog.get("uk-cest-2.4", ("workflows",))


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    with gzip.open(CASES, "rt") as lines:
        return [json.loads(line) for line in lines]


def test_every_case_comes_out_as_expected_with_its_scores(cest: RuleSet, cases: list[dict[str, Any]]) -> None:
    assert len(cases) == 3300
    for case in cases:
        found = cest.decide(case["interview"]).as_json()
        assert {name: found[name] for name in case["expected"]} == case["expected"], case["id"]


def test_the_same_answers_give_the_same_bytes(cest: RuleSet, cases: list[dict[str, Any]]) -> None:
    fresh = catalog.get("uk-cest-2.4", ("workflows",))
    for case in cases[:200]:
        first, second = (json.dumps(rules.decide(case["interview"]).as_json()) for rules in (cest, fresh))
        assert first == second
    assert fresh.digest == cest.digest


def test_each_score_comes_with_the_row_and_the_answers_that_decided_it(cest: RuleSet) -> None:
    (reason, result) = cest.decide({"exit": {"officeHolder": True}}).reasons
    assert reason["row"] == 2
    assert reason["because"] == {"officeHolder": True}
    assert result["text"] == "The worker holds an office of the client."


def test_explaining_says_of_every_row_which_cell_failed(cest: RuleSet) -> None:
    traces = cest.explain("exit", {"officeHolder": True})
    assert [trace.decides for trace in traces] == [False, True]
    (failed,) = traces[0].failed
    assert (failed.question, failed.wanted, failed.got) == ("officeHolder", (False,), True)


@pytest.mark.parametrize(
    "interview,words",
    [
        ([], "object of sections"),
        ({"exit": []}, "object of answers"),
        ({"exit": {"officeHolder": "true"}}, "true or false"),
        ({"exit": {"officeHolder": 1}}, "true or false"),
        ({"exit": {"officeHolder": {}}}, "true or false"),
        ({"control": {"workerDecideWhere": "anywhere"}}, "workerCannotChoose"),
        ({"setup": {"endUserRole": "none"}}, "endUserRole"),
        ({"setup": {"hasContractStarted": "yes"}}, "hasContractStarted"),
        ({"setup": 1}, "object of answers"),
    ],
)
def test_an_answer_that_is_none_names_its_question(cest: RuleSet, interview: object, words: str) -> None:
    with pytest.raises(AnswerError, match=words):
        cest.decide(interview)


def test_a_bad_line_is_answered_with_its_fault_and_the_rest_still_decided(cest: RuleSet) -> None:
    bad = [b"", b"{", b"[" * 50_000, b'{"exit":{"officeHolder":"\\ud800"}}', b"\xff", b"NaN", b"x" * 2_000_000, b'"\0"']
    out = io.StringIO()
    assert decide_lines(cest, [*bad, b'{"exit":{"officeHolder":true}}\n'], out) == 1
    *errors, last = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [error["line"] for error in errors] == list(range(1, len(bad) + 1))
    assert all(error["error"] for error in errors)
    assert last["result"] == "Inside IR35"
    assert decide_lines(cest, [b"{}"], io.StringIO()) == 0


def test_an_unknown_rule_set_names_the_known_ones() -> None:
    with pytest.raises(UnknownRuleSetError, match=r"uk-cest-2\.4"):
        catalog.get("uk-cest-9", ("workflows",))
