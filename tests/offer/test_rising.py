"""A rise in pay on a running engagement: the client's approvers sign it before anybody decides on it."""

from __future__ import annotations

import pytest

from compliance.authz import Actor, Role
from compliance.engine import run
from compliance.engine.errors import InvalidInputError, MovedOnError, NotAllowedError, RefusedError
from tests import make
from tests.offer.scene import APPROVAL, EMPLOYEE, TERMS, Desk

pytestmark = pytest.mark.usefixtures("app")
RISE = {**TERMS, "amount": "15000"}


def approvers(desk: Desk) -> tuple[Actor, Actor]:
    ada, abe = (make.actor(name, Role.APPROVER, at=desk.client) for name in ("Ada", "Abe"))
    return ada, abe


def running(steps: int = 1, terms: dict[str, str] | None = None) -> tuple[Desk, Actor, Actor]:
    """Return an engagement under way, whose client then turned its approvals on, with its two approvers."""
    desk = Desk()
    desk.active(**(terms or {}))
    desk.client.approval_steps = steps
    ada, abe = approvers(desk)
    return desk, ada, abe


def test_a_rise_waits_for_the_clients_approver_and_then_for_the_desk() -> None:
    desk, ada, _ = running()
    assert desk.act(desk.mona, "amend", **RISE) == "reassessment"
    offer = desk.offer(desk.mona)
    assert (offer.waits_for, offer.desk) == ("approvers", False)
    with pytest.raises(RefusedError, match="approvers sign it first"):
        desk.act(desk.rita, "take_reassessment")
    assert desk.act(ada, "sign_rise") == "reassessment"
    offer = desk.offer(desk.mona)
    assert (offer.waits_for, offer.desk) == ("reviewer", True)
    desk.act(desk.rita, "take_reassessment")
    assert desk.act(desk.rita, "confirm", **APPROVAL) == "active"


def test_two_approvers_sign_where_the_client_asks_for_two() -> None:
    desk, ada, abe = running(steps=2)
    desk.act(desk.mona, "amend", **RISE)
    desk.act(ada, "sign_rise")
    with pytest.raises(RefusedError, match="signed already"):
        desk.act(ada, "sign_rise")
    with pytest.raises(RefusedError, match="approvers sign it first"):
        desk.act(desk.rita, "take_reassessment")
    desk.act(abe, "sign_rise")
    assert desk.offer(desk.mona).waits_for == "reviewer"


def test_whoever_asked_for_the_rise_does_not_sign_it() -> None:
    desk, _, _ = running()
    both = make.actor("Bo", Role.HIRING_MANAGER, Role.APPROVER, at=desk.client)
    desk.act(both, "amend", **RISE)
    for name, data in (("sign_rise", {}), ("decline_rise", {"reason": "On second thoughts"})):
        with pytest.raises(RefusedError, match="You asked for a change"):
            desk.act(both, name, **data)
    for other in (desk.mona, desk.rita, desk.fay):
        with pytest.raises(NotAllowedError):
            desk.act(other, "sign_rise")


def test_a_declined_rise_leaves_the_terms_that_were_decided_on() -> None:
    desk, ada, _ = running()
    desk.act(desk.mona, "amend", **RISE)
    with pytest.raises(InvalidInputError):
        desk.act(ada, "decline_rise")
    assert desk.act(ada, "decline_rise", reason="Too dear") == "active"
    assert desk.offer(desk.mona).amount == "12500.00"


def test_an_approver_signs_the_rise_that_the_page_showed() -> None:
    desk, ada, _ = running()
    desk.act(desk.mona, "amend", **RISE)
    seen = desk.offer(ada).content_digest
    desk.act(desk.mona, "take_back", reason="More is needed")
    desk.act(desk.mona, "amend", **{**RISE, "amount": "50000"})
    with pytest.raises(MovedOnError, match="changed after you opened"):
        run.fire("offer", desk.reference, "sign_rise", ada, seen=seen)


@pytest.mark.parametrize(
    "agreed,change",
    [
        ({}, {"amount": "12,500.01"}),
        ({}, {"currency": "EUR"}),
        ({}, {"contract_type": "hourly", "amount": "20"}),
        ({"contract_type": "hourly", "amount": "60"}, {"hours_per_week": "30"}),
    ],
)
def test_more_pay_or_pay_of_another_kind_is_signed(agreed: dict[str, str], change: dict[str, str]) -> None:
    desk, _, _ = running(terms=agreed)
    desk.act(desk.mona, "amend", **{**TERMS, **agreed, **change})
    assert desk.offer(desk.mona).waits_for == "approvers"


@pytest.mark.parametrize("change", [{"amount": "12000"}, {"hours_per_week": "30"}, {"ends_on": "2026-08-31"}])
def test_a_change_that_raises_no_pay_goes_straight_to_the_desk(change: dict[str, str]) -> None:
    desk, ada, _ = running()
    desk.act(desk.mona, "amend", **{**TERMS, **change})
    assert desk.offer(desk.mona).waits_for == "reviewer"
    with pytest.raises(RefusedError, match="No rise in pay waits"):
        desk.act(ada, "sign_rise")


def test_without_approvals_nobody_is_asked() -> None:
    desk, _, _ = running(steps=0)
    desk.act(desk.mona, "amend", **RISE)
    assert desk.offer(desk.mona).waits_for == "reviewer"


def test_a_client_who_classifies_for_itself_signs_before_it_confirms() -> None:
    desk = Desk(compliance_enrolled=False)
    cy = make.actor("Cy", Role.COMPLIANCE_CONTACT, at=desk.client)
    desk.open()
    desk.act(desk.mona, "submit")
    desk.act(cy, "self_certify", attested="true", reason="Own look")
    desk.onboard()
    desk.act(desk.fay, "begin_work")
    desk.client.approval_steps = 1
    ada, _ = approvers(desk)
    desk.act(desk.mona, "amend", **RISE)
    with pytest.raises(RefusedError, match="approvers sign it first"):
        desk.act(cy, "self_confirm", attested="true", reason="Looked again")
    desk.act(ada, "sign_rise")
    assert desk.offer(desk.mona).waits_for == "compliance_contact"
    assert desk.act(cy, "self_confirm", attested="true", reason="Looked again") == "active"


def test_no_decision_on_a_rise_gets_past_the_approvers() -> None:
    desk, _, _ = running(steps=0)
    desk.act(desk.mona, "amend", **RISE)
    desk.act(desk.rita, "take_reassessment")
    desk.client.approval_steps = 1
    make.actor("Ann", Role.APPROVER, at=desk.client)
    for name, data in (("confirm", APPROVAL), ("change_route", EMPLOYEE)):
        with pytest.raises(RefusedError, match="approvers sign it first"):
            desk.act(desk.rita, name, **data)
