import dataclasses
import datetime as dt

import pytest
import time_machine

from compliance.authz import Role
from compliance.engine import run, sweeping
from compliance.engine.errors import EngineError, InvalidInputError, MovedOnError, NotAllowedError, RefusedError
from compliance.kernel.db import session
from compliance.people.models import Organisation
from tests import make
from tests.offer.scene import AGAINST, APPROVAL, INSIDE, MONDAY, TERMS, UPHELD, Desk

pytestmark = pytest.mark.usefixtures("app")


def test_an_offer_goes_from_draft_to_work_that_may_be_billed(desk: Desk) -> None:
    assert desk.open() == "draft"
    assert desk.act(desk.mona, "submit") == "submitted"
    assert desk.act(desk.rita, "claim") == "classification_review"
    assert desk.act(desk.rita, "approve", **APPROVAL) == "enterprise_ready"
    assert desk.act(desk.mona, "begin_onboarding") == "onboarding"
    assert desk.onboard() == "cleared"
    assert desk.act(desk.fay, "begin_work") == "active"


def test_approvers_sign_before_the_desk_sees_the_offer() -> None:
    desk = Desk(approval_steps=2)
    desk.open()
    assert desk.act(desk.mona, "submit") == "awaiting_approval"
    with pytest.raises(EngineError):
        run.find("offer", desk.reference, desk.rita)
    ada = make.actor("Ada", Role.APPROVER, at=desk.client)
    assert desk.act(ada, "sign") == "awaiting_approval"
    with pytest.raises(RefusedError, match="signed already"):
        desk.act(ada, "sign")
    assert desk.act(make.actor("Abe", Role.APPROVER, at=desk.client), "sign") == "submitted"


def test_an_approver_does_not_sign_an_own_offer() -> None:
    desk = Desk(approval_steps=1)
    both = make.actor("Bo", Role.HIRING_MANAGER, Role.APPROVER, at=desk.client)
    desk.mona = both
    desk.open()
    desk.act(both, "submit")
    with pytest.raises(RefusedError, match="asked for this offer"):
        desk.act(both, "sign")


def test_a_purchase_order_is_asked_for_where_the_client_requires_it() -> None:
    desk = Desk(po_required=True)
    desk.open()
    with pytest.raises(RefusedError, match="purchase order"):
        desk.act(desk.mona, "submit")
    desk.act(desk.mona, "edit", **{**TERMS, "purchase_order": "PO-7"})
    assert desk.act(desk.mona, "submit") == "submitted"


def test_a_client_who_did_not_enrol_classifies_for_itself() -> None:
    desk = Desk(compliance_enrolled=False)
    desk.open()
    desk.act(desk.mona, "submit")
    with pytest.raises(RefusedError, match="classifies for itself"):
        desk.act(desk.rita, "claim")
    contact = make.actor("Cy", Role.COMPLIANCE_CONTACT, at=desk.client)
    with pytest.raises(InvalidInputError):
        desk.act(contact, "self_certify", reason="Own look")
    assert desk.act(contact, "self_certify", attested="true", reason="Own look") == "onboarding"


def test_whoever_wrote_or_receives_an_offer_does_not_classify_it_for_the_client() -> None:
    desk = Desk(compliance_enrolled=False)
    desk.mona = make.actor("Bo", Role.HIRING_MANAGER, Role.COMPLIANCE_CONTACT, at=desk.client)
    desk.open()
    desk.act(desk.mona, "submit")
    with pytest.raises(RefusedError, match="You wrote or submitted"):
        desk.act(desk.mona, "self_certify", attested="true", reason="My own")
    cy = make.actor("Cy", Role.COMPLIANCE_CONTACT, at=desk.client)
    with pytest.raises(RefusedError, match="made to you"):
        desk.act(dataclasses.replace(cy, id=desk.fay.id), "self_certify", attested="true", reason="My own")


@pytest.mark.parametrize(
    "terms,why",
    [
        ({"work_place": "US-CA"}, "ABC test"),
        ({"former_employee": "true"}, "employee or is related"),
        ({"months_worked": "12"}, "a year or more"),
        ({"amount": "100000.01"}, "above the limit"),
        ({"contract_type": "hourly", "amount": "300"}, "above the limit"),
    ],
)
def test_hard_offers_need_a_second_and_different_reviewer(desk: Desk, terms: dict[str, str], why: str) -> None:
    desk.in_review(**terms)
    with pytest.raises(RefusedError, match=why):
        desk.act(desk.rita, "approve", **APPROVAL)
    assert desk.act(desk.rita, "escalate", reason="Two must look") == "second_review"
    desk.act(desk.sue, "take_second")
    assert desk.act(desk.sue, "approve", **APPROVAL) == "enterprise_ready"


def test_the_first_reviewer_cannot_be_the_second(desk: Desk) -> None:
    desk.open(work_place="US-CA")
    desk.act(desk.mona, "submit")
    desk.act(desk.sue, "claim")
    desk.act(desk.sue, "escalate", reason="ABC")
    with pytest.raises(RefusedError, match="somebody else"):
        desk.act(desk.sue, "take_second")
    with pytest.raises(RefusedError, match="somebody else"):
        desk.act(dataclasses.replace(desk.sol, stands_for=desk.sue.id), "take_second")
    desk.act(desk.sol, "take_second")
    assert desk.act(desk.sol, "reject", **AGAINST) == "rejected"


@pytest.mark.parametrize("missing", ["behavioural_control", "financial_control", "relationship_of_parties", "reason"])
def test_each_factor_needs_its_reason(desk: Desk, missing: str) -> None:
    desk.in_review()
    with pytest.raises(InvalidInputError) as refused:
        desk.act(desk.rita, "approve", **{**APPROVAL, missing: ""})
    assert list(refused.value.errors) == [missing]


@pytest.mark.parametrize("missing", ["what_would_change_it", "reason", "reason_codes"])
def test_a_rejection_says_why_and_what_would_change_it(desk: Desk, missing: str) -> None:
    desk.in_review()
    with pytest.raises(InvalidInputError) as refused:
        desk.act(desk.rita, "reject", **{key: value for key, value in AGAINST.items() if key != missing})
    assert list(refused.value.errors) == [missing]


def test_questions_go_to_either_side_and_back(desk: Desk) -> None:
    desk.in_review()
    assert desk.act(desk.rita, "ask_freelancer", asked="Who sets the hours?") == "info_freelancer"
    with pytest.raises(NotAllowedError):
        desk.act(desk.mona, "answer_freelancer", answer="We do")
    assert desk.act(desk.fay, "answer_freelancer", answer="I do.") == "classification_review"
    assert desk.offer(desk.fay).answer == "I do."


def test_changed_terms_are_a_new_version_and_lose_their_decision(desk: Desk) -> None:
    desk.in_review()
    desk.act(desk.rita, "approve", **APPROVAL)
    assert desk.act(desk.mona, "edit", **{**TERMS, "amount": "20000"}) == "draft"
    offer = desk.offer(desk.mona)
    assert (offer.content_version, offer.decided_version) == (2, None)


def test_a_decision_names_the_version_it_was_made_on(desk: Desk) -> None:
    desk.in_review()
    desk.act(desk.rita, "approve", **APPROVAL)
    offer = desk.offer(desk.mona)
    assert (offer.decided_version, offer.decided_digest) == (1, offer.content_digest)
    with pytest.raises(MovedOnError):
        run.fire("offer", desk.reference, "approve", desk.rita, APPROVAL, seen="stale")


def test_a_disagreement_is_decided_by_somebody_new_and_upheld_goes_back(desk: Desk) -> None:
    desk.result = INSIDE
    desk.open()
    desk.act(desk.mona, "submit")
    desk.act(desk.sue, "claim")
    desk.act(desk.sue, "reject", **AGAINST)
    assert desk.act(desk.fay, "disagree", grounds="The method is mine alone, see the contract.") == "disagreement"
    with pytest.raises(RefusedError, match="part of an earlier decision"):
        desk.act(desk.sue, "take_disagreement")
    desk.act(desk.sol, "take_disagreement")
    assert desk.act(desk.sol, "uphold", **UPHELD) == "rejected"
    with pytest.raises(RefusedError, match="once already"):
        desk.act(desk.mona, "disagree", grounds="Still not convinced of this at all.")


def test_disagreeing_has_thirty_days(desk: Desk, monday: time_machine.Traveller) -> None:
    desk.rejected()
    monday.shift(dt.timedelta(days=31))
    with pytest.raises(RefusedError, match="30 days"):
        desk.act(desk.mona, "disagree", grounds="The method is free, see the contract.")


def test_work_does_not_begin_after_its_first_day(desk: Desk, monday: time_machine.Traveller) -> None:
    desk.in_review(starts_on="2026-03-03")
    desk.act(desk.rita, "approve", **APPROVAL)
    desk.act(desk.mona, "begin_onboarding")
    desk.onboard()
    monday.shift(dt.timedelta(days=2))
    with pytest.raises(RefusedError, match="first day has passed"):
        desk.act(desk.fay, "begin_work")


def test_suspending_takes_two(desk: Desk) -> None:
    desk.in_review()
    desk.act(desk.rita, "approve", **APPROVAL)
    desk.act(desk.mona, "begin_onboarding")
    desk.onboard()
    with pytest.raises(RefusedError, match="first senior reviewer"):
        desk.act(desk.sol, "suspend", reason="Fraud")
    desk.act(desk.sue, "ask_suspension", reason="Fraud suspected")
    with pytest.raises(RefusedError, match="second person"):
        desk.act(desk.sue, "suspend", reason="Fraud")
    assert desk.act(desk.sol, "suspend", reason="Fraud") == "suspended"
    assert desk.act(desk.sue, "resume", reason="Cleared up") == "cleared"


def test_an_unanswered_offer_expires_and_a_decided_one_goes_on_by_itself(
    desk: Desk, monday: time_machine.Traveller
) -> None:
    desk.open()
    desk.act(desk.mona, "submit")
    sweeping.sweep(MONDAY + dt.timedelta(days=30))
    assert run.find("offer", desk.reference, desk.mona).state == "expired"
    session().rollback()
    desk.in_review()
    desk.act(desk.rita, "approve", **APPROVAL)
    sweeping.sweep(MONDAY + dt.timedelta(days=1))
    session().expire_all()
    assert run.find("offer", desk.reference, desk.mona).state == "onboarding"
    del monday


def test_an_engagement_closes_and_ends_by_its_dates(desk: Desk) -> None:
    desk.in_review()
    desk.act(desk.rita, "approve", **APPROVAL)
    desk.act(desk.mona, "begin_onboarding")
    desk.onboard()
    desk.act(desk.fay, "begin_work")
    sweeping.sweep(dt.datetime(2026, 7, 21, tzinfo=dt.UTC))
    session().expire_all()
    assert run.find("offer", desk.reference, desk.mona).state == "closing"
    session().rollback()
    sweeping.sweep(dt.datetime(2026, 8, 1, tzinfo=dt.UTC))
    session().expire_all()
    assert run.find("offer", desk.reference, desk.mona).state == "ended"


@pytest.mark.parametrize(
    "field,value",
    [
        ("currency", "XXX"),
        ("ends_on", "2026-03-31"),
        ("ends_on", "2029-01-01"),
        ("amount", "0"),
        ("amount", "-5"),
        ("amount", "1.005"),
        ("amount", "many"),
        ("amount", "NaN"),
        ("amount", "9" * 400),
        ("work_place", "England"),
        ("work_place", "US"),
        ("client_country", "US"),
        ("freelancer_country", "US"),
        ("work_place", "US-XX"),
        ("freelancer_country", "XX"),
        ("client_country", "GB-"),
        ("deliverables", "  "),
        ("freelancer_email", "nobody"),
        ("description", "short"),
        ("contract_type", "barter"),
        ("starts_on", "soon"),
    ],
)
def test_terms_that_cannot_be_are_refused_by_name(desk: Desk, field: str, value: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        desk.open(**{field: value})
    assert list(refused.value.errors) == [field]


def test_another_client_and_another_freelancer_see_nothing(desk: Desk) -> None:
    desk.in_review()
    other: Organisation = make.organisation("Other")
    for stranger in (make.actor("Sam", Role.HIRING_MANAGER, at=other), make.actor("Fred")):
        with pytest.raises(EngineError, match="nothing here"):
            run.find("offer", desk.reference, stranger)
