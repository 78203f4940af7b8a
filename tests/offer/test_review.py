"""Who may review what: claims, questions, the second look, conflicts of interest."""

import dataclasses

import pytest

from compliance.authz import Role
from compliance.engine.errors import InvalidInputError, MovedOnError, NotAllowedError, NotFoundError, RefusedError
from tests import make
from tests.offer.scene import AGAINST, APPROVAL, EMPLOYEE, TERMS, Desk

pytestmark = pytest.mark.usefixtures("app")


def test_a_review_goes_on_after_the_answer(desk: Desk) -> None:
    desk.in_review()
    desk.act(desk.rita, "ask_client", asked="Who sets the hours?")
    desk.act(desk.mona, "answer", answer="The freelancer.")
    with pytest.raises(RefusedError, match="A colleague holds this case"):
        desk.act(desk.sue, "approve", **APPROVAL)
    with pytest.raises(RefusedError, match="already claimed"):
        desk.act(desk.sue, "take_review")
    assert desk.act(desk.rita, "approve", **APPROVAL) == "enterprise_ready"


def test_a_new_question_makes_room_for_its_own_answer(desk: Desk) -> None:
    desk.in_review()
    desk.act(desk.rita, "ask_client", asked="Who sets the hours?")
    desk.act(desk.mona, "answer", answer="The freelancer.")
    desk.act(desk.rita, "ask_freelancer", asked="Do you agree?")
    assert (desk.offer(desk.fay).asked, desk.offer(desk.fay).answer) == ("Do you agree?", "")


@pytest.mark.parametrize("question", ["ask_client", "ask_freelancer"])
@pytest.mark.parametrize("asked", ["", " \n "])
def test_a_question_says_what_is_asked(desk: Desk, question: str, asked: str) -> None:
    desk.in_review()
    with pytest.raises(InvalidInputError):
        desk.act(desk.rita, question, asked=asked)


@pytest.mark.parametrize("action", ["claim", "approve", "reject", "determine_employee", "escalate", "ask_client"])
def test_only_reviewers_review(desk: Desk, action: str) -> None:
    desk.open()
    desk.act(desk.mona, "submit")
    if action != "claim":
        desk.act(desk.rita, "claim")
    for other in (desk.mona, desk.fay):
        with pytest.raises(NotAllowedError):
            desk.act(other, action)


@pytest.mark.parametrize("action", ["approve", "reject", "determine_employee", "escalate"])
def test_nothing_is_decided_before_the_review_or_after_it(desk: Desk, action: str) -> None:
    desk.open()
    desk.act(desk.mona, "submit")
    with pytest.raises(MovedOnError):
        desk.act(desk.rita, action)
    desk.act(desk.rita, "claim")
    desk.reject()
    with pytest.raises(MovedOnError, match="Rejected"):
        desk.act(desk.rita, action)


def test_whoever_wrote_or_receives_an_offer_does_not_review_it(desk: Desk) -> None:
    both = make.actor("Bo", Role.HIRING_MANAGER, Role.REVIEWER, at=desk.client)
    desk.mona = both
    desk.open()
    desk.act(both, "submit")
    with pytest.raises(RefusedError, match="You wrote or submitted"):
        desk.act(both, "claim")
    with pytest.raises(RefusedError, match="You wrote or submitted"):
        desk.act(dataclasses.replace(desk.rita, stands_for=both.id), "claim")
    receiver = dataclasses.replace(desk.rita, id=desk.fay.id)
    with pytest.raises(NotAllowedError, match="is for: Reviewer"):
        desk.act(receiver, "claim")


def test_a_conflict_with_the_freelancer_is_refused_also_when_declared_in_between(desk: Desk) -> None:
    desk.in_review()
    assert desk.fay.id is not None
    conflicted = dataclasses.replace(desk.rita, conflicts=frozenset({desk.fay.id}))
    for action, data in (("approve", APPROVAL), ("reject", AGAINST), ("determine_employee", EMPLOYEE)):
        with pytest.raises(NotFoundError):
            desk.act(conflicted, action, **data)


@pytest.mark.parametrize("place", ["freelancer_country", "client_country", "work_place"])
def test_the_strictest_of_the_three_places_counts(desk: Desk, place: str) -> None:
    desk.in_review(**{place: "US-NJ"})
    with pytest.raises(RefusedError, match=r"ABC test applies .* Escalate"):
        desk.act(desk.rita, "approve", **APPROVAL)


@pytest.mark.parametrize("currency,amount", [("JPY", "10000001"), ("KWD", "30000.001"), ("USD", "100000.01")])
def test_the_value_limit_knows_currencies(desk: Desk, currency: str, amount: str) -> None:
    desk.in_review(currency=currency, amount=amount)
    with pytest.raises(RefusedError, match="above the limit"):
        desk.act(desk.rita, "approve", **APPROVAL)


@pytest.mark.parametrize("currency,amount", [("JPY", "10000000"), ("KWD", "30000"), ("USD", "100000")])
def test_one_reviewer_is_enough_up_to_the_limit(desk: Desk, currency: str, amount: str) -> None:
    desk.in_review(currency=currency, amount=amount)
    assert desk.act(desk.rita, "approve", **APPROVAL) == "enterprise_ready"


def test_contracts_split_below_the_limit_are_added_up(desk: Desk) -> None:
    desk.approved(amount="60000", currency="USD")
    desk.in_review(amount="50000", currency="EUR")
    with pytest.raises(RefusedError, match="other offers to the freelancer within a year"):
        desk.act(desk.rita, "approve", **APPROVAL)
    desk.act(desk.rita, "escalate", reason="Together above the limit")
    desk.act(desk.sue, "take_second")
    assert desk.act(desk.sue, "approve", **APPROVAL) == "enterprise_ready"


def test_offers_of_another_client_or_that_came_to_nothing_do_not_count(desk: Desk) -> None:
    desk.approved(amount="60000")
    desk.act(desk.mona, "withdraw", reason="Not now")
    desk.client = make.organisation("Other")
    desk.mona = make.actor("Max", Role.HIRING_MANAGER, at=desk.client)
    desk.approved(amount="60000")
    assert desk.offer(desk.mona).state == "enterprise_ready"


def test_finding_employment_or_rejecting_takes_two_where_approving_does(desk: Desk) -> None:
    desk.in_review(work_place="US-CA")
    for action, data in (("determine_employee", EMPLOYEE), ("reject", AGAINST)):
        with pytest.raises(RefusedError, match=r"ABC test applies .* Escalate"):
            desk.act(desk.rita, action, **data)


def test_the_second_review_is_a_senior_reviewers_even_when_assigned(desk: Desk) -> None:
    lea, rob = make.actor("Lea", Role.TEAM_LEAD), make.actor("Rob", Role.REVIEWER)
    desk.in_review(work_place="US-CA")
    desk.act(desk.rita, "escalate", reason="ABC")
    with pytest.raises(NotAllowedError):
        desk.act(rob, "take_second")
    with pytest.raises(RefusedError, match="Rob could not take it"):
        desk.act(lea, "assign", assignee=str(rob.id))
    desk.act(lea, "assign", assignee=str(desk.sue.id))
    with pytest.raises(RefusedError, match="A colleague holds this case: Sue"):
        desk.act(rob, "approve", **APPROVAL)
    with pytest.raises(RefusedError, match="already claimed: Sue holds it since"):
        desk.act(desk.sol, "take_second")


@pytest.mark.parametrize("action,data", [("escalate", {}), ("approve", APPROVAL), ("reject", AGAINST)])
def test_blanks_are_no_reason(desk: Desk, action: str, data: dict[str, str]) -> None:
    desk.in_review()
    with pytest.raises(InvalidInputError) as refused:
        desk.act(desk.rita, action, **{**data, "reason": "   "})
    assert list(refused.value.errors) == ["reason"]


def test_a_later_decision_clears_what_it_does_not_say_itself(desk: Desk) -> None:
    desk.in_review()
    desk.act(desk.rita, "approve", **{**APPROVAL, "conditions": "At most 20 hours a week."})
    assert desk.offer(desk.fay).conditions == "At most 20 hours a week."
    desk.act(desk.mona, "edit", **TERMS)
    desk.act(desk.mona, "submit")
    desk.act(desk.rita, "claim")
    desk.reject()
    offer = desk.offer(desk.fay)
    assert (offer.conditions, offer.behavioural_control) == ("", AGAINST["behavioural_control"])
    assert offer.reason_codes == ["CTRL_METHOD"]


def test_an_unknown_reason_code_is_refused(desk: Desk) -> None:
    desk.in_review()
    with pytest.raises(InvalidInputError) as refused:
        desk.act(desk.rita, "reject", **{**AGAINST, "reason_codes": "BAD_WEATHER"})
    assert list(refused.value.errors) == ["reason_codes"]


def test_a_freelancer_who_joins_later_meets_the_offer(desk: Desk) -> None:
    desk.open(freelancer_email="nell@example.com")
    nell = make.actor("Nell")
    desk.act(desk.mona, "submit")
    assert desk.offer(nell).state == "submitted"
