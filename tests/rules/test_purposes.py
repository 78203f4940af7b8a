"""What a status is asked for: each purpose has its own outcome, and the strictest leads over all of them."""

import datetime as dt
import random
from pathlib import Path

import pytest

from compliance.rules.agenda import Agenda, agenda
from compliance.rules.applicable import Situation, applicable, strictest
from compliance.rules.errors import RuleSetError
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.loading import PURPOSES
from compliance.rules.library import Library
from compliance.rules.model import Answer, Outcome
from compliance.rules.purposes import WORDS, by_purpose, purposes_of, read_purposes, spoken
from tests.rules.legal.conftest import ON, SHIPPED, library

__all__ = ["library"]


def california(library: Library) -> Agenda:
    found = applicable(library, Situation("US-CA", "US-CA", "US-CA", ON))
    return agenda(tuple(one.test for one in found.tests))


def test_every_purpose_has_words() -> None:
    assert set(WORDS) == set(PURPOSES)
    assert spoken(("tax", "wages")) == "tax, wages and hours of work"


def test_a_test_says_what_it_is_asked_for_and_until_when(library: Library) -> None:
    tables = read_purposes(SHIPPED)
    test = library.exactly("au-contract", "2026.1")
    assert isinstance(test, LegalTest)
    assert purposes_of(test, tables, dt.date(2024, 8, 25)) == ("employment_rights", "social_insurance", "tax", "wages")
    assert purposes_of(test, tables, dt.date(2024, 8, 26)) == ("social_insurance", "tax")
    assert purposes_of(library.table("uk-cest-2.4"), tables, ON) == ("social_insurance", "tax")
    assert purposes_of(library.table("uk-cest-2.4"), {}, ON) == ()


def test_for_wages_an_employee_and_for_tax_a_contractor(library: Library) -> None:
    rules = california(library)
    found = rules.find(_for_tax_a_contractor(rules))
    told = {one.purposes: one for one in by_purpose(rules, found, {}, ON)}
    assert told["social_insurance", "tax"].outcome is Outcome.INDEPENDENT_CONTRACTOR
    wages = next(one for purposes, one in told.items() if "wages" in purposes)
    assert wages.outcome is Outcome.EMPLOYEE
    assert "us-ca-abc" in {one.key for one in wages.leading}
    assert found.outcome is Outcome.EMPLOYEE


@pytest.mark.parametrize("places", [("US-CA", "US-MA", "US-NJ"), ("AU", "AU", "AU"), ("FR", "DE", "ES")])
def test_the_whole_is_as_strict_as_the_strictest_purpose(library: Library, places: tuple[str, str, str]) -> None:
    rules = agenda(tuple(one.test for one in applicable(library, Situation(*places, ON)).tests))
    dice = random.Random(3)  # noqa: S311 - the same answers in every run
    for _ in range(40):
        found = rules.find({one.key: dice.choice(one.options).value for one in rules.questions})
        told = by_purpose(rules, found, {}, ON)
        assert strictest([one.outcome for one in told]) is found.outcome
        named = [purpose for one in told for purpose in one.purposes]
        assert len(named) == len(set(named))
        for one in told:
            assert all(leading.counts is one.outcome for leading in one.leading)


def test_a_purpose_that_is_none_is_refused(tmp_path: Path) -> None:
    assert read_purposes(tmp_path) == {}
    (tmp_path / "purposes.toml").write_text('[tables]\n"uk-cest-2.4" = ["taxes"]\n')
    with pytest.raises(RuleSetError, match="it is one of employment_rights"):
        read_purposes(tmp_path)


def _for_tax_a_contractor(rules: Agenda) -> dict[str, Answer]:
    """Return answers of which the test for tax makes a contractor, and that for wages an employee."""
    dice = random.Random(1)  # noqa: S311 - as above
    while True:
        answers = {one.key: dice.choice(one.options).value for one in rules.questions}
        found = {one.key: one.counts for one in rules.find(answers).findings}
        if (found["us-irs-common-law"], found["us-ca-abc"]) == (Outcome.INDEPENDENT_CONTRACTOR, Outcome.EMPLOYEE):
            return answers
