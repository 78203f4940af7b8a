import datetime as dt

import pytest

from compliance.rules.applicable import PARTLY_COVERED, UNSUPPORTED, Situation, applicable, decide, strictest
from compliance.rules.errors import AnswerError
from compliance.rules.library import Library
from compliance.rules.model import Outcome
from tests.rules.legal.conftest import ON
from tests.rules.legal.test_decide import EMPLOYED, IN_BUSINESS


def keys(library: Library, *places: str, on: dt.date = ON, purpose: str | None = None) -> list[str]:
    worker, client, work = places
    found = applicable(library, Situation(worker, client, work, on, purpose))
    return [one.test.key for one in found.tests]


def test_worker_client_and_work_each_bring_their_tests(library: Library) -> None:
    found = applicable(library, Situation("US-CA", "US-MA", "US-NJ", ON))
    assert {one.test.key: one.places for one in found.tests} == {
        "us-ca-abc": ("US-CA",),
        "us-flsa": ("US-CA", "US-MA", "US-NJ"),
        "us-irs-common-law": ("US-CA", "US-MA", "US-NJ"),
        "us-ma-abc": ("US-MA",),
        "us-ma-ui-abc": ("US-MA",),
        "us-nj-abc": ("US-NJ",),
    }
    assert found.gaps == ()


def test_the_purpose_narrows_the_tests(library: Library) -> None:
    assert keys(library, "US-MA", "US-MA", "US-MA", purpose="unemployment_insurance") == ["us-ma-ui-abc"]
    assert keys(library, "US-MA", "US-MA", "US-MA", purpose="tax") == ["us-irs-common-law"]
    with pytest.raises(AnswerError, match="“luck” is no purpose"):
        keys(library, "US", "US", "US", purpose="luck")


def test_the_day_narrows_the_tests(library: Library) -> None:
    before, after = dt.date(2024, 8, 25), dt.date(2024, 8, 26)
    assert keys(library, "AU", "AU", "AU", on=before, purpose="wages") == ["au-contract"]
    assert keys(library, "AU", "AU", "AU", on=after, purpose="wages") == ["au-fwa-15aa"]
    assert keys(library, "AU", "AU", "AU", on=after, purpose="tax") == ["au-contract"]
    assert keys(library, "FR", "FR", "FR", on=dt.date(2026, 12, 1)) == ["fr-subordination"]
    assert keys(library, "FR", "FR", "FR") == ["eu-platform", "fr-subordination"]


def test_a_part_with_a_law_of_its_own_leaves_that_of_the_country(library: Library) -> None:
    assert keys(library, "CA-QC", "CA-QC", "CA-QC") == ["can-quebec"]
    assert keys(library, "CA-ON", "CA-ON", "CA-ON") == ["can-common-law"]


def test_a_test_that_another_one_has_to_call_for_does_not_apply_by_itself(library: Library) -> None:
    assert "us-ca-borello" not in keys(library, "US-CA", "US-CA", "US-CA")


def test_an_answer_can_put_a_test_out_of_scope(library: Library) -> None:
    situation = Situation("DE", "DE", "DE", ON)
    found = applicable(library, situation, {"platform_work": "no"})
    assert [one.test.key for one in found.tests] == ["de-status"]


def test_the_strictest_outcome_leads_and_each_is_shown(library: Library) -> None:
    found = decide(library, Situation("US-CA", "US-CA", "US-CA", ON), {**IN_BUSINESS, "business_relation": "core"})
    outcomes = {one.rule_set: one.outcome for one in found.findings}
    assert outcomes["us-irs-common-law"] is Outcome.INDEPENDENT_CONTRACTOR
    assert outcomes["us-ca-abc"] is Outcome.EMPLOYEE
    assert (found.outcome, found.leading) == (Outcome.EMPLOYEE, ("us-ca-abc",))
    shown = found.as_json()
    assert [one["rule_set"] for one in shown["findings"]] == list(outcomes)


def test_an_employee_goes_before_a_review_and_a_review_before_a_contractor() -> None:
    contractor, review, employee = Outcome.INDEPENDENT_CONTRACTOR, Outcome.NEEDS_REVIEW, Outcome.EMPLOYEE
    assert strictest([contractor, review, employee]) is employee
    assert strictest([contractor, review]) is review
    assert strictest([contractor]) is contractor
    assert strictest([]) is review


@pytest.mark.parametrize("place", ["XX", "JP", "PT", ""])
def test_a_place_without_a_test_is_for_a_reviewer_and_never_guessed_at(library: Library, place: str) -> None:
    found = decide(library, Situation(place, "US", place, ON), IN_BUSINESS)
    assert found.outcome is Outcome.NEEDS_REVIEW
    (gap,) = found.gaps
    assert (gap.code, gap.place) == (UNSUPPORTED, place)
    assert "so a reviewer must decide" in gap.text


def test_elsewhere_an_employee_stays_an_employee_beside_a_place_without_a_test(library: Library) -> None:
    assert decide(library, Situation("XX", "US", "XX", ON), EMPLOYED).outcome is Outcome.EMPLOYEE


def test_a_state_without_a_test_of_its_own_is_named(library: Library) -> None:
    found = applicable(library, Situation("US-NY", "US-NY", "US-NY", ON))
    assert [(gap.code, gap.place) for gap in found.gaps] == [(PARTLY_COVERED, "US-NY")]
    state_law = decide(library, Situation("US-NY", "US-NY", "US-NY", ON, "unemployment_insurance"), IN_BUSINESS)
    assert [gap.code for gap in state_law.gaps] == [UNSUPPORTED]
    assert "the law on unemployment insurance of “US-NY”" in state_law.gaps[0].text
