from pathlib import Path

import pytest

from bench import concordance
from compliance.rules.checks.check import ComplianceCheck
from compliance.rules.decided import AGREE, REVIEW, verdict
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.model import Source
from compliance.rules.library import Library
from tests.rules.legal.conftest import ON

CASES = Path(__file__).parents[3] / "compliance" / "demo" / "data" / "caselaw.jsonl"


def test_twenty_tests_ten_checks_and_the_tables_are_shipped_and_each_loads() -> None:
    found = list(Library(("workflows",)).everything())
    assert len([one for one in found if isinstance(one, LegalTest)]) == 20
    assert len([one for one in found if isinstance(one, ComplianceCheck)]) == 10
    assert len(found) == 31
    assert len({one.digest for one in found}) == 31


def test_every_factor_says_where_it_comes_from_and_whether_that_was_checked(library: Library) -> None:
    for test in library.legal_tests(ON):
        assert "ours" in test.about.weights_are, test.key
        for factor in test.factors:
            assert factor.citation, factor.key
            assert factor.source in list(Source), factor.key
            line = test.decide({}).as_json()
            assert [one["citation"] for one in line["factors"]] == [one.citation for one in test.factors]


def test_every_question_has_words_and_is_used_somewhere(library: Library) -> None:
    tests, checks = library.legal_tests(ON), library.checks(ON)
    used = {one.key for test in tests for one in test.questions} | {key for check in checks for key in check.questions}
    assert used >= set(tests[0].parts.known)
    for test in tests:
        for question in test.questions:
            assert question.text.endswith("?"), question.key
            assert question.why, question.key


def test_the_decided_cases_are_met_as_often_as_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert concordance.main(CASES) == 0
    printed = capsys.readouterr().out
    assert "targets met" in printed
    assert "opposite in an ABC test or by a gate: none" in printed
    assert "chosen anew without each case" in printed


def test_agreement_does_not_hang_on_having_seen_the_case(library: Library) -> None:
    found = concordance.cases(library, CASES.read_text(encoding="utf-8").splitlines())
    apart = concordance.left_out(found, lambda place, _: place)
    assert apart[AGREE] >= 0.85 * apart.total()
    shipped = concordance.counted(found, (125, 300))
    assert [shipped[one] for one in (AGREE, REVIEW)] == [
        sum(verdict(case.finding["outcome"], case.decided) == one for case in found) for one in (AGREE, REVIEW)
    ]
