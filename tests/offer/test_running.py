"""A running engagement: changes, reassessment, the end, suspension, and what may be billed."""

import datetime as dt

import pytest
import time_machine

from compliance.authz import Role
from compliance.engine.errors import InvalidInputError, MovedOnError, NotAllowedError, RefusedError
from tests import make
from tests.offer.scene import AGAINST, APPROVAL, EMPLOYEE, IDENTITY, INSIDE, OUTSIDE, SETUP, SIGNED, TERMS, Desk
from workflows.offer.billing import may_add_milestone, may_bill

pytestmark = pytest.mark.usefixtures("app")
JUNE = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)


def amended(desk: Desk, **terms: str) -> str:
    return desk.act(desk.mona, "amend", **{**TERMS, **terms})


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "15000"},
        {"contract_type": "hourly", "amount": "60"},
        {"description": "Design and deliver a pricing engine, and run it."},
        {"deliverables": "Source code only."},
        {"ends_on": "2026-08-01"},
        {"hours_per_week": "30"},
    ],
)
def test_a_material_change_reopens_the_determination(desk: Desk, change: dict[str, str]) -> None:
    desk.active()
    assert amended(desk, **change) == "reassessment"
    desk.client_answers(OUTSIDE)
    desk.act(desk.rita, "take_reassessment")
    assert desk.act(desk.rita, "confirm", **APPROVAL) == "active"
    offer = desk.offer(desk.mona)
    assert (offer.decided_version, offer.content_version) == (2, 2)


@pytest.mark.parametrize("change", [{"title": "Pricing"}, {"purchase_order": "PO-9"}])
def test_other_changes_are_kept_as_a_version_and_leave_the_engagement_active(
    desk: Desk, change: dict[str, str]
) -> None:
    desk.active()
    assert amended(desk, **change) == "active"
    assert desk.offer(desk.mona).content_version == 2


def test_an_engagement_stays_with_its_freelancer(desk: Desk) -> None:
    desk.active()
    with pytest.raises(RefusedError, match="offer of their own"):
        amended(desk, freelancer_email="nell@example.com")
    with pytest.raises(NotAllowedError):
        desk.act(desk.fay, "amend", **TERMS)


def test_whoever_amended_does_not_confirm(desk: Desk) -> None:
    desk.active()
    both = make.actor("Bo", Role.HIRING_MANAGER, Role.REVIEWER, at=desk.client)
    desk.act(both, "amend", **{**TERMS, "amount": "15000"})
    with pytest.raises(RefusedError, match="You wrote"):
        desk.act(both, "take_reassessment")


def test_a_change_that_two_must_look_at_is_passed_on_to_a_senior(desk: Desk) -> None:
    rob = make.actor("Rob", Role.REVIEWER)
    desk.active()
    amended(desk, work_place="US-CA")
    desk.act(desk.sue, "take_reassessment")
    with pytest.raises(RefusedError, match=r"ABC test .* Pass it on"):
        desk.act(desk.sue, "confirm", **APPROVAL)
    desk.act(desk.sue, "pass_on", reason="The ABC test applies.")
    with pytest.raises(RefusedError, match="passed on to a senior"):
        desk.act(rob, "take_reassessment")
    with pytest.raises(RefusedError, match="You passed it on"):
        desk.act(desk.sue, "take_reassessment")
    desk.act(desk.sol, "take_reassessment")
    assert desk.act(desk.sol, "confirm", **APPROVAL) == "active"


def test_a_move_to_where_no_rules_are_known_takes_two(desk: Desk) -> None:
    desk.active()
    assert amended(desk, work_place="IE") == "reassessment"
    desk.act(desk.rita, "take_reassessment")
    for action, data in (("confirm", APPROVAL), ("change_route", EMPLOYEE), ("end_engagement", AGAINST)):
        with pytest.raises(RefusedError, match=r"law of “IE”, so a reviewer must decide\. Pass it on"):
            desk.act(desk.rita, action, **data)


def test_a_reassessment_may_end_or_move_to_payroll(desk: Desk) -> None:
    desk.active()
    amended(desk, hours_per_week="40")
    desk.client_answers(INSIDE)
    desk.act(desk.rita, "take_reassessment")
    with pytest.raises(InvalidInputError):
        desk.act(desk.rita, "end_engagement", reason="No")
    assert desk.act(desk.rita, "change_route", **EMPLOYEE) == "employee_route"


def moved_to_payroll(desk: Desk) -> None:
    desk.active()
    amended(desk, hours_per_week="40")
    desk.client_answers(INSIDE)
    desk.act(desk.rita, "take_reassessment")
    desk.act(desk.rita, "change_route", **EMPLOYEE)


def test_work_that_had_begun_is_ended_and_neither_called_off_nor_lapsed(desk: Desk) -> None:
    moved_to_payroll(desk)
    assert desk.later(dt.datetime(2026, 4, 20, tzinfo=dt.UTC)) == "employee_route"
    with pytest.raises(RefusedError, match="Work has begun"):
        desk.act(desk.mona, "withdraw", reason="No longer needed")
    assert desk.act(desk.mona, "end_begun") == "ended"


def test_work_that_had_begun_ends_by_itself_when_its_last_day_is_over(desk: Desk) -> None:
    moved_to_payroll(desk)
    assert desk.later(dt.datetime(2026, 8, 1, tzinfo=dt.UTC)) == "ended"


def test_an_offer_whose_work_has_not_begun_is_withdrawn_and_not_ended(desk: Desk) -> None:
    desk.cleared()
    with pytest.raises(RefusedError, match="Withdraw it instead"):
        desk.act(desk.mona, "end_begun")


@pytest.mark.parametrize("steps", [0, 1])
def test_terms_change_also_in_onboarding_and_start_again(desk: Desk, steps: int) -> None:
    desk.approved()
    desk.act(desk.mona, "begin_onboarding")
    if steps:
        desk.onboard()
    assert desk.act(desk.mona, "edit", **{**TERMS, "starts_on": "2026-05-01"}) == "draft"
    assert desk.offer(desk.mona).decided_version is None


def test_work_before_the_first_day_is_not_billed(desk: Desk) -> None:
    desk.active()
    offer = desk.offer(desk.mona)
    assert offer.began_on == dt.date(2026, 3, 2)
    assert "Work counts from 01 April 2026" in str(may_bill(offer, dt.date(2026, 3, 31)))
    assert may_bill(offer, dt.date(2026, 4, 1)) is None


def test_work_that_had_begun_goes_on_under_payroll_after_its_first_day(
    desk: Desk, monday: time_machine.Traveller
) -> None:
    desk.active()
    monday.move_to(JUNE)
    amended(desk, hours_per_week="40")
    desk.client_answers(INSIDE)
    desk.act(desk.rita, "take_reassessment")
    desk.act(desk.rita, "change_route", **EMPLOYEE)
    desk.act(desk.rita, "employer_accepts", employer_of_record="Payroll Partner Ltd")
    desk.act(desk.fay, "accept_employment")
    desk.act(desk.mona, "accept_payroll")
    desk.onboard()
    assert desk.act(desk.fay, "begin_work") == "active"


def test_a_reassessment_that_finds_against_ends_the_engagement(desk: Desk) -> None:
    desk.active()
    amended(desk, amount="15000")
    desk.act(desk.rita, "take_reassessment")
    with pytest.raises(RefusedError, match=r"override what the questionnaire found\. Pass it on"):
        desk.act(desk.rita, "end_engagement", **AGAINST)
    desk.client_answers(INSIDE)
    assert desk.act(desk.rita, "end_engagement", **AGAINST) == "ended"
    assert may_bill(desk.offer(desk.mona)) == "Work can be billed only while the engagement is active."


def test_a_client_who_classifies_for_itself_reassesses_itself() -> None:
    desk = Desk(compliance_enrolled=False)
    cy = make.actor("Cy", Role.COMPLIANCE_CONTACT, at=desk.client)
    desk.open()
    desk.act(desk.mona, "submit")
    desk.act(cy, "self_certify", attested="true", reason="Own look")
    desk.onboard()
    desk.act(desk.fay, "begin_work")
    amended(desk, amount="15000")
    with pytest.raises(RefusedError, match="classifies for itself"):
        desk.act(desk.rita, "take_reassessment")
    both = make.actor("Bo", Role.HIRING_MANAGER, Role.COMPLIANCE_CONTACT, at=desk.client)
    desk.act(both, "stop", reason="Not now")
    desk.act(both, "amend", **{**TERMS, "amount": "16000"})
    with pytest.raises(RefusedError, match="You wrote or submitted"):
        desk.act(both, "self_confirm", attested="true", reason="My own change")
    assert desk.act(cy, "self_confirm", attested="true", reason="Looked again") == "active"


def test_nothing_is_billed_before_the_engagement_is_active(desk: Desk) -> None:
    desk.open()
    for who, action, data in (
        (desk.mona, "submit", {}),
        (desk.rita, "claim", {}),
        (desk.rita, "approve", APPROVAL),
        (desk.mona, "begin_onboarding", {}),
        (desk.fay, "sign_contract", SIGNED),
        (desk.rita, "record_identity", IDENTITY),
        (desk.mona, "confirm_setup", SETUP),
        (desk.fay, "begin_work", {}),
    ):
        offer = desk.offer(desk.mona)
        assert may_bill(offer) == may_add_milestone(offer) == "Work can be billed only while the engagement is active."
        desk.act(who, action, **data)
    assert may_bill(desk.offer(desk.mona)) is None


def test_work_goes_on_under_the_old_terms_while_a_change_is_looked_at(desk: Desk) -> None:
    desk.active()
    amended(desk, ends_on="2026-12-31")
    offer = desk.offer(desk.mona)
    assert may_bill(offer, dt.date(2026, 7, 31)) is None
    assert "agreed last day is 31 July 2026" in str(may_bill(offer, dt.date(2026, 8, 1)))
    desk.act(desk.rita, "take_reassessment")
    desk.act(desk.rita, "confirm", **APPROVAL)
    assert may_bill(desk.offer(desk.mona), dt.date(2026, 8, 1)) is None


def test_a_late_reassessment_holds_new_milestones_and_not_the_old_ones(desk: Desk) -> None:
    desk.active()
    amended(desk, amount="15000")
    assert may_add_milestone(desk.offer(desk.mona)) is None
    assert desk.later(dt.datetime(2026, 3, 16, 9, tzinfo=dt.UTC)) == "reassessment"
    offer = desk.offer(desk.mona)
    assert (may_bill(offer), may_add_milestone(offer)) == (
        None,
        "The reassessment is late. New milestones wait until it is decided.",
    )


def test_an_extension_in_the_last_days_is_looked_at(desk: Desk) -> None:
    desk.active()
    desk.act(desk.mona, "close")
    assert amended(desk, title="Pricing") == "closing"
    assert amended(desk, ends_on="2026-09-30") == "reassessment"


def test_a_request_to_suspend_counts_only_where_it_was_made(desk: Desk) -> None:
    desk.cleared()
    desk.act(desk.sue, "ask_suspension", reason="Fraud suspected")
    desk.act(desk.fay, "begin_work")
    with pytest.raises(RefusedError, match="first senior reviewer"):
        desk.act(desk.sol, "suspend", reason="Fraud")
    desk.act(desk.sol, "ask_suspension", reason="Legal hold")
    assert desk.act(desk.sue, "suspend", reason="Legal hold") == "suspended"
    assert "suspended" in str(may_bill(desk.offer(desk.mona)))
    with pytest.raises(RefusedError, match="somebody else lifts it"):
        desk.act(desk.sue, "resume", reason="Cleared up")
    assert desk.act(desk.sol, "resume", reason="Cleared up") == "active"
    with pytest.raises(RefusedError, match="first senior reviewer"):
        desk.act(desk.sue, "suspend", reason="Again")


@pytest.mark.parametrize("state,action,data", [("reassessment", "amend", TERMS), ("closing", "close", {})])
def test_an_engagement_is_suspended_wherever_work_is_done_and_returns_there(
    desk: Desk, state: str, action: str, data: dict[str, str]
) -> None:
    desk.active()
    assert desk.act(desk.mona, action, **({**data, "amount": "15000"} if data else {})) == state
    desk.act(desk.sue, "ask_suspension", reason="Fraud suspected")
    assert desk.act(desk.sol, "suspend", reason="Fraud") == "suspended"
    assert desk.act(desk.sue, "resume", reason="Cleared up") == state


def test_an_old_request_to_suspend_does_not_count(desk: Desk, monday: time_machine.Traveller) -> None:
    desk.active()
    desk.act(desk.sue, "ask_suspension", reason="Fraud suspected")
    monday.shift(dt.timedelta(days=7, seconds=1))
    with pytest.raises(RefusedError, match=r"older than 7 days\. .* ask again"):
        desk.act(desk.sol, "suspend", reason="Fraud")
    desk.act(desk.sue, "ask_suspension", reason="Still suspected")
    assert desk.act(desk.sol, "suspend", reason="Fraud") == "suspended"


def test_ending_a_suspended_engagement_takes_a_second_person(desk: Desk) -> None:
    desk.active()
    desk.act(desk.sue, "ask_suspension", reason="Fraud suspected")
    desk.act(desk.sol, "suspend", reason="Fraud")
    with pytest.raises(RefusedError, match="a second person ends it"):
        desk.act(desk.sol, "end_suspended", reason="Fraud proved")
    assert desk.act(desk.sue, "end_suspended", reason="Fraud proved") == "ended"


@pytest.mark.parametrize("action", ["ask_suspension", "suspend"])
def test_only_senior_reviewers_suspend(desk: Desk, action: str) -> None:
    desk.active()
    for other in (desk.mona, desk.fay, desk.rita):
        with pytest.raises(NotAllowedError):
            desk.act(other, action, reason="Now")


def test_an_active_engagement_is_not_withdrawn(desk: Desk) -> None:
    desk.active()
    with pytest.raises(MovedOnError, match="Active"):
        desk.act(desk.mona, "withdraw", reason="No longer needed")


def test_only_the_freelancer_accepts_an_offer(desk: Desk) -> None:
    desk.cleared()
    for other in (desk.mona, desk.rita):
        with pytest.raises(NotAllowedError):
            desk.act(other, "begin_work")
