"""What has to be done before work begins: each part by its own party, once, and then by itself to cleared."""

import json

import pytest
import sqlalchemy as sa

from compliance.audit.models import AuditEvent, AuditOpening
from compliance.authz import Role
from compliance.engine import telling
from compliance.engine.errors import InvalidInputError, NotAllowedError, RefusedError
from compliance.engine.registry import registry
from compliance.kernel.db import session
from compliance.messages.models import Notification
from tests import make
from tests.offer.scene import EMPLOYEE, EMPLOYMENT_SIGNED, IDENTITY, INSIDE, SETUP, SIGNED, UPHELD, Desk

pytestmark = pytest.mark.usefixtures("app")


def onboarding(desk: Desk) -> None:
    desk.approved()
    assert desk.act(desk.mona, "begin_onboarding") == "onboarding"


def on_payroll(desk: Desk) -> None:
    desk.result = INSIDE
    desk.in_review()
    desk.act(desk.rita, "determine_employee", **EMPLOYEE)
    desk.act(desk.rita, "employer_accepts", employer_of_record="Payroll Partner Ltd")
    desk.act(desk.fay, "accept_employment")
    assert desk.act(desk.mona, "accept_payroll") == "payroll_onboarding"


def waits_for(desk: Desk) -> tuple[str, bool]:
    offer = desk.offer(desk.mona)
    return offer.waits_for, offer.desk


def told(desk: Desk) -> dict[str, str]:
    offer = desk.offer(desk.mona)
    workflow = registry().process("offer").workflow
    return {fact["label"]: fact["value"] for fact in telling.facts(session(), offer, workflow, desk.mona)}


def test_the_offer_is_cleared_by_itself_once_each_party_did_its_part(desk: Desk) -> None:
    onboarding(desk)
    assert waits_for(desk) == ("freelancer", False)
    assert desk.act(desk.fay, "sign_contract", **SIGNED) == "onboarding"
    assert waits_for(desk) == ("reviewer", True)
    assert desk.act(desk.rita, "record_identity", **IDENTITY) == "onboarding"
    assert waits_for(desk) == ("client", False)
    assert desk.act(desk.mona, "confirm_setup", **SETUP) == "cleared"
    assert waits_for(desk) == ("freelancer", False)


@pytest.mark.parametrize(
    "change", ["amount_minor = 1", "decided_digest = 'x'", "decided_digest = NULL", "decided_version = 2"]
)
def test_nothing_goes_on_with_terms_that_are_not_those_decided_on(desk: Desk, change: str) -> None:
    desk.approved()
    session().execute(sa.text(f"UPDATE offer SET {change}"))  # noqa: S608 - as somebody who owns the database
    session().commit()
    session().expire_all()
    with pytest.raises(RefusedError, match="not the ones that were decided on"):
        desk.act(desk.mona, "begin_onboarding")


def test_a_determination_that_names_another_digest_carries_nobody_further(desk: Desk) -> None:
    onboarding(desk)
    session().execute(sa.text("UPDATE offer SET decided_digest = 'x'"))
    session().commit()
    session().expire_all()
    with pytest.raises(RefusedError, match="not the ones that were decided on"):
        desk.act(desk.fay, "sign_contract", **SIGNED)


def test_the_parts_may_be_done_in_any_order(desk: Desk) -> None:
    onboarding(desk)
    desk.act(desk.mona, "confirm_setup", **SETUP)
    desk.act(make.actor("Pia", Role.PROGRAM_SUCCESS_MANAGER), "record_identity", **IDENTITY)
    assert waits_for(desk) == ("freelancer", False)
    assert desk.act(desk.fay, "sign_contract", **SIGNED) == "cleared"


@pytest.mark.parametrize(
    "who,action,data",
    [
        ("mona", "sign_contract", SIGNED),
        ("rita", "sign_contract", SIGNED),
        ("mona", "record_identity", IDENTITY),
        ("fay", "record_identity", IDENTITY),
        ("fay", "confirm_setup", SETUP),
        ("rita", "confirm_setup", SETUP),
        ("mona", "clear", {}),
    ],
)
def test_nobody_does_the_part_of_another_party(desk: Desk, who: str, action: str, data: dict[str, str]) -> None:
    onboarding(desk)
    with pytest.raises(NotAllowedError):
        desk.act(getattr(desk, who), action, **data)


def test_one_person_never_does_the_parts_of_two_parties(desk: Desk) -> None:
    onboarding(desk)
    both = make.actor("Bo", Role.HIRING_MANAGER, Role.REVIEWER, at=desk.client)
    desk.act(both, "record_identity", **IDENTITY)
    with pytest.raises(RefusedError, match="another party's part"):
        desk.act(both, "confirm_setup", **SETUP)


def test_whoever_wrote_the_offer_or_gets_it_does_not_verify_the_identity(desk: Desk) -> None:
    desk.mona = make.actor("Bo", Role.HIRING_MANAGER, Role.REVIEWER, at=desk.client)
    onboarding(desk)
    with pytest.raises(RefusedError, match="You wrote"):
        desk.act(desk.mona, "record_identity", **IDENTITY)


@pytest.mark.parametrize(
    "who,action,data",
    [("fay", "sign_contract", SIGNED), ("rita", "record_identity", IDENTITY), ("mona", "confirm_setup", SETUP)],
)
def test_each_part_is_done_once(desk: Desk, who: str, action: str, data: dict[str, str]) -> None:
    onboarding(desk)
    desk.act(getattr(desk, who), action, **data)
    with pytest.raises(RefusedError, match="done already"):
        desk.act(getattr(desk, who), action, **data)


@pytest.mark.parametrize("paper", [name for name in SIGNED if name != "signature"])
def test_a_signature_covers_every_paper(desk: Desk, paper: str) -> None:
    onboarding(desk)
    with pytest.raises(InvalidInputError) as refused:
        desk.act(desk.fay, "sign_contract", **{**SIGNED, paper: "false"})
    assert list(refused.value.errors) == [paper]


def test_a_signature_is_the_name_of_whoever_signs(desk: Desk) -> None:
    onboarding(desk)
    with pytest.raises(RefusedError, match="as it stands in your account: Fay"):
        desk.act(desk.fay, "sign_contract", **{**SIGNED, "signature": "Mona"})
    with pytest.raises(InvalidInputError):
        desk.act(desk.fay, "sign_contract", **{**SIGNED, "signature": " "})


@pytest.mark.parametrize("left_out", ["identity", "background", "reason"])
def test_the_desk_says_what_it_looked_at(desk: Desk, left_out: str) -> None:
    onboarding(desk)
    with pytest.raises(InvalidInputError) as refused:
        desk.act(desk.rita, "record_identity", **{key: text for key, text in IDENTITY.items() if key != left_out})
    assert list(refused.value.errors) == [left_out]


def test_the_payroll_route_has_a_list_of_its_own(desk: Desk) -> None:
    on_payroll(desk)
    assert waits_for(desk) == ("freelancer", False)
    with pytest.raises(InvalidInputError):
        desk.act(desk.fay, "sign_employment", **SIGNED)
    desk.act(desk.fay, "sign_employment", **EMPLOYMENT_SIGNED)
    desk.act(desk.rita, "record_identity", **IDENTITY)
    assert desk.act(desk.mona, "confirm_setup", **SETUP) == "cleared"


def test_who_did_what_when_stands_on_the_page_and_in_the_record(desk: Desk) -> None:
    onboarding(desk)
    assert told(desk)["Contract signed"] == "To be done by the freelancer"
    desk.act(desk.fay, "sign_contract", **SIGNED)
    shown = told(desk)
    assert shown["Contract signed"] == "Fay, 02 March 2026 at 09:00 UTC"
    assert shown["Identity and background check"] == "To be done by the compliance reviewer"
    event = session().scalars(sa.select(AuditEvent).where(AuditEvent.action == "offer.sign_contract")).one()
    changes = json.loads(event.entry)["changes"]
    assert changes["signed"] == [
        None,
        ["confidentiality", "contractor_agreement", "intellectual_property", "code_of_conduct"],
    ]
    assert list(changes["signature"][1]) == ["$sealed"]
    opened = sa.select(AuditOpening.value).where(AuditOpening.event_id == event.event_id)
    assert session().scalars(opened).all() == ["Fay"]


def test_a_stay_that_begins_again_asks_for_the_parts_again(desk: Desk) -> None:
    onboarding(desk)
    desk.act(desk.fay, "sign_contract", **SIGNED)
    desk.act(desk.fay, "disagree", grounds="The method is mine alone, see the contract.")
    desk.act(desk.sol, "take_disagreement")
    assert desk.act(desk.sol, "uphold", **UPHELD) == "onboarding"
    assert waits_for(desk) == ("freelancer", False)
    assert desk.onboard() == "cleared"


def test_the_employee_route_waits_for_whoever_must_accept_next(desk: Desk) -> None:
    desk.result = INSIDE
    desk.in_review()
    desk.act(desk.rita, "determine_employee", **EMPLOYEE)
    assert waits_for(desk) == ("reviewer", True)
    assert desk.offer(desk.mona).holder_id == desk.rita.id
    session().execute(sa.delete(Notification))
    session().commit()
    desk.act(desk.rita, "employer_accepts", employer_of_record="Payroll Partner Ltd")
    assert waits_for(desk) == ("freelancer", False)
    assert desk.offer(desk.mona).holder_id is None
    assert session().scalars(sa.select(Notification.person_id)).all() == [desk.fay.id]
    desk.act(desk.fay, "accept_employment")
    assert waits_for(desk) == ("client", False)


def test_what_does_not_change_the_turn_leaves_it_and_the_claim_alone(desk: Desk) -> None:
    desk.result = INSIDE
    desk.in_review()
    desk.act(desk.rita, "determine_employee", **EMPLOYEE)
    desk.act(desk.fay, "accept_employment")
    assert waits_for(desk) == ("reviewer", True)
    desk.act(desk.mona, "comment", body="When?")
    assert desk.offer(desk.mona).holder_id == desk.rita.id


def test_the_desk_claims_its_step_only_while_it_waits_for_the_desk(desk: Desk) -> None:
    onboarding(desk)
    with pytest.raises(RefusedError, match="does not wait for the desk"):
        desk.act(desk.sue, "take_step")
    desk.act(desk.fay, "sign_contract", **SIGNED)
    desk.act(desk.sue, "take_step")
    assert desk.offer(desk.sue).holder_id == desk.sue.id
    desk.act(desk.sue, "record_identity", **IDENTITY)
    assert desk.offer(desk.sue).holder_id is None
