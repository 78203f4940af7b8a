"""The client's own approvals, and what of the terms may be changed by whom."""

import dataclasses

import pytest

from compliance.authz import Role
from compliance.engine import run
from compliance.engine.errors import MovedOnError, NotAllowedError, RefusedError
from tests import make
from tests.offer.scene import TERMS, Desk

pytestmark = pytest.mark.usefixtures("app")


def test_signatures_of_an_earlier_submission_do_not_count() -> None:
    desk = Desk(approval_steps=2)
    ada, abe = (make.actor(name, Role.APPROVER, at=desk.client) for name in ("Ada", "Abe"))
    desk.open()
    desk.act(desk.mona, "submit")
    desk.act(ada, "sign")
    desk.act(desk.mona, "edit", **{**TERMS, "amount": "90000"})
    desk.act(desk.mona, "submit")
    assert desk.act(abe, "sign") == "awaiting_approval"
    assert desk.act(ada, "sign") == "submitted"


def test_a_stand_in_signs_once_for_two_names() -> None:
    desk = Desk(approval_steps=2)
    ada, abe = (make.actor(name, Role.APPROVER, at=desk.client) for name in ("Ada", "Abe"))
    desk.open()
    desk.act(desk.mona, "submit")
    assert desk.act(dataclasses.replace(ada, stands_for=abe.id), "sign") == "awaiting_approval"
    with pytest.raises(RefusedError, match="signed already"):
        desk.act(abe, "sign")


def test_a_declined_offer_goes_back_with_its_reason_and_is_signed_afresh() -> None:
    desk = Desk(approval_steps=1)
    ada = make.actor("Ada", Role.APPROVER, at=desk.client)
    desk.open()
    desk.act(desk.mona, "submit")
    with pytest.raises(NotAllowedError):
        desk.act(desk.mona, "decline", reason="No")
    assert desk.act(ada, "decline", reason="Too dear") == "draft"
    desk.act(desk.mona, "submit")
    assert desk.act(ada, "sign") == "submitted"


def test_an_approver_signs_what_the_page_showed() -> None:
    desk = Desk(approval_steps=1)
    ada = make.actor("Ada", Role.APPROVER, at=desk.client)
    desk.open()
    desk.act(desk.mona, "submit")
    with pytest.raises(MovedOnError, match="changed after you opened"):
        run.fire("offer", desk.reference, "sign", ada, seen="stale")


def test_nobody_offers_work_to_themselves(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="to yourself"):
        desk.open(freelancer_email="Mona@Example.com")


def test_an_offer_whose_first_day_has_passed_is_not_submitted(desk: Desk) -> None:
    desk.open(starts_on="2026-03-01")
    with pytest.raises(RefusedError, match="first day has passed"):
        desk.act(desk.mona, "submit")


@pytest.mark.parametrize("steps,state", [(0, "submitted"), (1, "awaiting_approval")])
def test_terms_changed_after_submission_take_the_whole_way_again(steps: int, state: str) -> None:
    desk = Desk(approval_steps=steps)
    desk.open()
    assert desk.act(desk.mona, "submit") == state
    assert desk.act(desk.mona, "edit", **{**TERMS, "amount": "13000"}) == "draft"
    assert desk.offer(desk.mona).content_version == 2
    assert desk.act(desk.mona, "submit") == state


def test_the_terms_are_closed_once_the_offer_is_accepted(desk: Desk) -> None:
    desk.active()
    with pytest.raises(MovedOnError):
        desk.act(desk.mona, "edit", **TERMS)


def test_terms_that_change_during_onboarding_start_again(desk: Desk) -> None:
    desk.approved()
    desk.act(desk.mona, "begin_onboarding")
    assert desk.act(desk.mona, "edit", **TERMS) == "draft"


def test_only_the_client_changes_the_terms(desk: Desk) -> None:
    desk.in_review()
    for other in (desk.rita, desk.fay):
        with pytest.raises(NotAllowedError):
            desk.act(other, "edit", **TERMS)
