"""Disagreeing with a determination, and deciding on it afresh."""

import datetime as dt

import pytest
import time_machine

from compliance.authz import Actor, Role
from compliance.engine.errors import InvalidInputError, NotAllowedError, RefusedError
from tests import make
from tests.offer.scene import AGAINST, APPROVAL, EMPLOYEE, INSIDE, MONDAY, UPHELD, Desk

pytestmark = pytest.mark.usefixtures("app")
GROUNDS = "The method is mine alone, see the contract."


def disputed(desk: Desk) -> None:
    desk.rejected()
    desk.act(desk.fay, "disagree", grounds=GROUNDS)
    desk.act(desk.sol, "take_disagreement")


@pytest.mark.parametrize(
    "action,data,state",
    [
        ("uphold", UPHELD, "rejected"),
        ("overturn", APPROVAL, "enterprise_ready"),
        ("overturn_employee", EMPLOYEE, "employee_route"),
        ("overturn_against", AGAINST, "rejected"),
    ],
)
def test_a_disagreement_ends_in_every_way_with_fresh_reasons(
    desk: Desk, action: str, data: dict[str, str], state: str
) -> None:
    disputed(desk)
    with pytest.raises(InvalidInputError):
        desk.act(desk.sol, action)
    assert desk.act(desk.sol, action, **data) == state


def test_only_senior_reviewers_decide_on_a_disagreement_and_never_on_an_own_offer(desk: Desk) -> None:
    both = make.actor("Bo", Role.HIRING_MANAGER, Role.SENIOR_REVIEWER, at=desk.client)
    desk.mona = both
    desk.rejected()
    desk.act(desk.fay, "disagree", grounds=GROUNDS)
    with pytest.raises(NotAllowedError):
        desk.act(desk.rita, "take_disagreement")
    with pytest.raises(RefusedError, match="You wrote"):
        desk.act(both, "take_disagreement")


def test_a_senior_who_was_involved_is_given_no_disagreement(desk: Desk) -> None:
    lea = make.actor("Lea", Role.TEAM_LEAD)
    desk.result = INSIDE
    desk.open()
    desk.act(desk.mona, "submit")
    desk.act(desk.sue, "claim")
    desk.act(desk.sue, "reject", **AGAINST)
    desk.act(desk.fay, "disagree", grounds=GROUNDS)
    with pytest.raises(RefusedError, match=r"Sue could not take it: .* part of an earlier decision"):
        desk.act(lea, "assign", assignee=str(desk.sue.id))
    desk.act(lea, "assign", assignee=str(desk.sol.id))
    with pytest.raises(RefusedError, match="part of an earlier decision"):
        desk.act(desk.sue, "uphold", **UPHELD)


@pytest.mark.parametrize("steps", [0, 1])
def test_an_approval_can_be_disagreed_with_also_while_onboarding(desk: Desk, steps: int) -> None:
    desk.approved()
    if steps:
        desk.act(desk.mona, "begin_onboarding")
    before = desk.offer(desk.mona).state
    desk.act(desk.fay, "disagree", grounds=GROUNDS)
    desk.act(desk.sol, "take_disagreement")
    assert desk.act(desk.sol, "uphold", **UPHELD) == before
    if steps:
        assert desk.onboard() == "cleared"


def test_a_new_determination_may_be_disagreed_with_once_more(desk: Desk) -> None:
    disputed(desk)
    desk.act(desk.sol, "overturn", **APPROVAL)
    assert desk.act(desk.mona, "disagree", grounds="We direct every step of the work.") == "disagreement"
    with pytest.raises(RefusedError, match="part of an earlier decision"):
        desk.act(desk.sol, "take_disagreement")
    assert desk.act(desk.sue, "take_disagreement") == "disagreement"


def test_an_offer_does_not_expire_for_the_time_that_a_disagreement_took(
    desk: Desk, monday: time_machine.Traveller
) -> None:
    disputed(desk)
    monday.shift(dt.timedelta(days=40))
    desk.act(desk.sol, "overturn", **APPROVAL)
    assert desk.later(MONDAY + dt.timedelta(days=41)) == "enterprise_ready"


def test_a_disagreement_is_late_after_forty_five_days(desk: Desk) -> None:
    disputed(desk)
    assert desk.offer(desk.mona).due_at == MONDAY + dt.timedelta(days=45)
    assert desk.later(MONDAY + dt.timedelta(days=45)) == "disagreement"
    assert desk.offer(desk.mona).late


def certified(*contacts: str) -> tuple[Desk, list[Actor]]:
    """Let the first of the client's own compliance contacts classify, and the freelancer disagree."""
    desk = Desk(compliance_enrolled=False)
    people = [make.actor(name, Role.COMPLIANCE_CONTACT, at=desk.client) for name in contacts]
    desk.open()
    desk.act(desk.mona, "submit")
    desk.act(people[0], "self_certify", attested="true", reason="Own look")
    desk.act(desk.fay, "disagree", grounds=GROUNDS)
    return desk, people


@pytest.mark.parametrize(
    "action,data,state",
    [
        ("self_uphold", UPHELD, "onboarding"),
        ("self_overturn", APPROVAL, "onboarding"),
        ("self_overturn_against", AGAINST, "rejected"),
    ],
)
def test_where_the_client_classifies_for_itself_a_second_contact_answers(
    action: str, data: dict[str, str], state: str
) -> None:
    desk, (cy, cleo) = certified("Cy", "Cleo")
    offer = desk.offer(desk.mona)
    assert (offer.state, offer.waits_for, offer.due_at) == (
        "disagreement",
        "compliance_contact",
        MONDAY + dt.timedelta(days=45),
    )
    with pytest.raises(RefusedError, match="A second compliance contact of your company answers"):
        desk.act(cy, action, **data)
    assert desk.act(cleo, action, **data) == state
    if action == "self_uphold":
        with pytest.raises(RefusedError, match="once already"):
            desk.act(desk.fay, "disagree", grounds=GROUNDS)


def test_a_client_without_a_second_contact_reads_what_to_do() -> None:
    desk, (cy,) = certified("Cy")
    with pytest.raises(RefusedError, match=r"no second compliance contact .* Ask your administrator"):
        desk.act(cy, "self_uphold", **UPHELD)


def test_the_desk_decides_on_no_disagreement_of_a_client_who_classifies_for_itself() -> None:
    desk, _ = certified("Cy", "Cleo")
    with pytest.raises(RefusedError, match="there is no review"):
        desk.act(desk.sol, "take_disagreement")
    assert desk.later(MONDAY + dt.timedelta(days=45)) == "disagreement"
    assert desk.offer(desk.mona).late


def test_a_contact_does_not_decide_for_the_desk(desk: Desk) -> None:
    disputed(desk)
    with pytest.raises(RefusedError, match="Your programme's reviewers classify"):
        desk.act(make.actor("Cy", Role.COMPLIANCE_CONTACT, at=desk.client), "self_uphold", **UPHELD)
