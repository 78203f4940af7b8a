import io
import json
from typing import Any

import pytest

from compliance.rules import catalog
from compliance.rules.errors import AnswerError, UnknownRuleSetError
from compliance.rules.lines import decide_lines
from compliance.rules.rule_set import RuleSet


def test_every_case_comes_out_as_expected_with_its_scores(cest: RuleSet, cases: list[dict[str, Any]]) -> None:
    assert len(cases) == 3300
    for case in cases:
        found = cest.decide(case["interview"]).as_json()
        assert {name: found[name] for name in case["expected"]} == case["expected"], case["id"]


def test_the_same_answers_give_the_same_bytes(cest: RuleSet, cases: list[dict[str, Any]]) -> None:
    fresh = catalog.get("uk-cest-2.4", ("workflows",))
    for case in cases[:200]:
        first, second = (rules.decide(case["interview"]).line for rules in (cest, fresh))
        assert first == second
    assert fresh.digest == cest.digest


def test_each_score_comes_with_the_row_and_the_answers_that_decided_it(cest: RuleSet) -> None:
    finding = cest.decide({"exit": {"officeHolder": True}})
    (reason, result) = finding.reasons
    (held,) = reason.because
    assert (reason.section, reason.score, reason.row) == ("exit", "INIR35", 2)
    assert (held.question, held.wanted, held.got) == ("officeHolder", (True,), True)
    assert reason.text.endswith("The worker holds an office: Yes.")
    assert (result.section, result.score) == ("result", "Inside IR35")
    assert finding.as_json()["reasons"][0]["because"][0]["wanted"] == [True]


def test_an_outside_result_names_every_area_that_is_enough_alone(cest: RuleSet, cases: list[dict[str, Any]]) -> None:
    for case in cases:
        finding = cest.decide(case["interview"])
        alone = [section for section, score in finding.scores.items() if score == "OUTOFIR35"]
        if finding.result == "Outside IR35" and alone:
            assert [held.question for held in finding.reasons[-1].because] == alone, case["id"]


def test_results_of_the_matrix_name_its_row(cest: RuleSet, cases: list[dict[str, Any]]) -> None:
    rows = {cest.decide(c["interview"]).reasons[-1].row for c in cases if c["kind"].startswith("matrix")}
    assert rows == set(range(1, 73))


def test_explaining_says_of_every_row_which_cell_failed(cest: RuleSet) -> None:
    traces = cest.explain("exit", {"officeHolder": True})
    assert [trace.decides for trace in traces] == [False, True]
    (failed,) = traces[0].failed
    assert (failed.question, failed.wanted, failed.got) == ("officeHolder", (False,), True)


@pytest.mark.parametrize(
    "interview,words",
    [
        ([], "^A list stands where an object of sections belongs"),
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


def test_a_stream_comes_out_in_order_as_each_interview_would_alone(cest: RuleSet, cases: list[dict[str, Any]]) -> None:
    interviews = [case["interview"] for case in cases[:300]]
    out = io.StringIO()
    assert decide_lines(cest, [json.dumps(interview).encode() for interview in interviews], out) == 0
    assert out.getvalue().splitlines() == [cest.decide(interview).line for interview in interviews]


@pytest.mark.parametrize(
    "line,words",
    [
        (b"\n", "empty"),
        (b'{"a":"\xff"}', "UTF-8"),
        (b'{"exit":{"note":"\\ud800"}}', "cannot be written"),
        (b'{"exit":{"note":"\\u0000"}}', "cannot be written"),
        (b'{"exit":{"note":"\0"}}', "cannot be written"),
        (b'{"exit":NaN}', "not JSON"),
        (b'{"exit":1' + b"0" * 5_000 + b"}", "not JSON"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "nested too deeply"),
        (b'{"exit":{"officeHolder":"' + b"x" * 30_000_000 + b'"}}', "longer than"),
        (b"[]", "object of sections"),
    ],
    ids=["blank", "bytes", "surrogate", "nul-escape", "nul", "nan", "digits", "depth", "30MB", "list"],
)
def test_each_kind_of_bad_line_has_its_own_sentence(cest: RuleSet, line: bytes, words: str) -> None:
    out = io.StringIO()
    assert decide_lines(cest, io.BytesIO(line.rstrip(b"\n") + b"\n{}\n"), out) == 1
    refused, decided = [json.loads(answer) for answer in out.getvalue().splitlines()]
    assert words in refused["error"]
    assert refused["line"] == 1
    assert decided["result"] == "Not Matched"


def test_a_written_out_backslash_is_no_escape(cest: RuleSet) -> None:
    out = io.StringIO()
    assert decide_lines(cest, [b'\xef\xbb\xbf{"exit":{"note":"C:\\\\u0000","officeHolder":true}}'], out) == 0
    assert json.loads(out.getvalue())["result"] == "Inside IR35"


def test_names_that_the_set_does_not_know_are_ignored(cest: RuleSet) -> None:
    known = cest.decide({"exit": {"officeHolder": False}})
    assert cest.decide({"exit": {"officeHolder": False, "extra": {"a": 1}}, "other": 7}) == known


def test_null_is_the_same_as_missing(cest: RuleSet) -> None:
    assert cest.decide({"exit": None, "control": {"workerDecideWhere": None}}) == cest.decide({"control": {}})


def test_an_empty_section_has_the_score_that_the_set_gives_it(cest: RuleSet) -> None:
    assert cest.decide({"businessOnOwnAccount": {}, "control": {}}).scores == {"businessOnOwnAccount": "MEDIUM"}


def test_explaining_the_matrix_takes_scores(cest: RuleSet) -> None:
    scores = {"personalService": "HIGH", "control": "HIGH", "financialRisk": "LOW", "partAndParcel": "LOW"}
    traces = cest.explain("result", {**scores, "businessOnOwnAccount": "LOW"})
    assert [trace.outcome for trace in traces if trace.decides] == ["INIR35"]


@pytest.mark.parametrize("section,answers", [("setup", {}), ("nowhere", {}), ("exit", {"officeHolder": "yes"})])
def test_what_cannot_be_explained_is_refused(cest: RuleSet, section: str, answers: dict[str, Any]) -> None:
    with pytest.raises(AnswerError):
        cest.explain(section, answers)


def test_an_unknown_rule_set_names_the_known_ones() -> None:
    with pytest.raises(UnknownRuleSetError, match=r"uk-cest-2\.4"):
        catalog.get("uk-cest-9", ("workflows",))
