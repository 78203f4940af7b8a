"""The employee route: three acceptances, or a refusal."""

import pytest

from compliance.engine.errors import InvalidInputError, NotAllowedError, RefusedError
from tests.offer.scene import AGAINST, EMPLOYEE, INSIDE, Desk

pytestmark = pytest.mark.usefixtures("app")


def employed(desk: Desk) -> None:
    desk.result = INSIDE
    desk.in_review()
    assert desk.act(desk.rita, "determine_employee", **EMPLOYEE) == "employee_route"


def test_employer_worker_and_client_accept_before_payroll_onboarding(desk: Desk) -> None:
    employed(desk)
    with pytest.raises(RefusedError, match="employer of record has not accepted"):
        desk.act(desk.mona, "accept_payroll")
    desk.act(desk.rita, "employer_accepts", employer_of_record="Payroll Partner Ltd")
    with pytest.raises(RefusedError, match="worker has not accepted"):
        desk.act(desk.mona, "accept_payroll")
    desk.act(desk.fay, "accept_employment")
    with pytest.raises(RefusedError, match="accepted already"):
        desk.act(desk.fay, "accept_employment")
    with pytest.raises(NotAllowedError):
        desk.act(desk.fay, "accept_payroll")
    assert desk.act(desk.mona, "accept_payroll") == "payroll_onboarding"
    assert desk.onboard() == "cleared"
    assert desk.act(desk.fay, "begin_work") == "active"


def test_client_or_worker_may_decline_employment_and_says_why(desk: Desk) -> None:
    employed(desk)
    with pytest.raises(InvalidInputError):
        desk.act(desk.fay, "decline_payroll")
    assert desk.act(desk.fay, "decline_payroll", reason="I stay independent.") == "rejected"


def test_payroll_takes_office_work_only(desk: Desk) -> None:
    desk.in_review()
    with pytest.raises(InvalidInputError) as refused:
        desk.act(desk.rita, "determine_employee", **AGAINST)
    assert list(refused.value.errors) == ["office_work"]


def test_payroll_needs_a_partner_in_the_country_of_the_work(desk: Desk) -> None:
    desk.in_review(work_place="JP")
    with pytest.raises(RefusedError, match="No payroll partner employs people in JP"):
        desk.act(desk.rita, "determine_employee", **EMPLOYEE)


def test_a_later_determination_asks_for_the_acceptances_again(desk: Desk) -> None:
    employed(desk)
    desk.act(desk.rita, "employer_accepts", employer_of_record="Payroll Partner Ltd")
    desk.act(desk.fay, "accept_employment")
    desk.act(desk.fay, "disagree", grounds="I have four other clients and my own tools.")
    desk.act(desk.sol, "take_disagreement")
    assert desk.act(desk.sol, "overturn_employee", **EMPLOYEE) == "employee_route"
    with pytest.raises(RefusedError, match="employer of record has not accepted"):
        desk.act(desk.mona, "accept_payroll")
