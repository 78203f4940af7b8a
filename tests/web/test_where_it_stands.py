"""Where a case stands is said to its reader: who acts by name of their part, and “you” to whoever must act."""

import html
from collections.abc import Callable

import pytest

from compliance.authz import Actor, Role
from tests import make
from tests.offer.scene import Desk
from tests.web.conftest import Browser

pytestmark = pytest.mark.usefixtures("app")
LATER = {"starts_on": "2031-04-01", "ends_on": "2031-07-31"}
SignIn = Callable[[Actor | None], Browser]


def page(sign_in: SignIn, desk: Desk, who: Actor) -> str:
    return html.unescape(sign_in(who).read(f"/offers/{desk.reference}").text)


@pytest.mark.parametrize(
    "enrolled,said", [(True, "A reviewer of the desk takes it up."), (False, "own compliance contact takes it up.")]
)
def test_a_submitted_offer_says_who_takes_it_up(sign_in: SignIn, enrolled: bool, said: str) -> None:
    desk = Desk(compliance_enrolled=enrolled)
    cy = make.actor("Cy", Role.COMPLIANCE_CONTACT, at=desk.client)
    desk.open(**LATER)
    desk.act(desk.mona, "submit")
    assert said in page(sign_in, desk, desk.mona)
    assert "<span>The desk, or the client's own" not in page(sign_in, desk, desk.fay)
    assert ("It waits for you to take it up." in page(sign_in, desk, cy)) is not enrolled


def test_whoever_is_asked_reads_the_question_once_and_that_it_is_theirs(sign_in: SignIn) -> None:
    desk = Desk()
    desk.in_review(**LATER)
    desk.act(desk.rita, "ask_client", asked="Who sets the hours in an ordinary week?")
    asked = page(sign_in, desk, desk.mona)
    assert "The reviewer asks you for more." in asked
    assert asked.count("Who sets the hours in an ordinary week?") == 1
    assert "The reviewer asked the client for more." in page(sign_in, desk, desk.rita)


def test_a_form_that_is_refused_whatever_it_says_is_not_offered(sign_in: SignIn) -> None:
    desk = Desk()
    desk.in_review(**LATER)
    desk.act(desk.mona, "withdraw", reason="No budget")
    refused = sign_in(desk.mona).read(f"/offers/{desk.reference}/withdraw")
    assert refused.status_code == 409
    assert "“Withdraw” is not possible any more." in html.unescape(refused.text)
    assert "That is not possible now" in refused.text
    assert "Somebody was quicker" not in refused.text
    assert 'name="reason"' not in refused.text
    assert sign_in(desk.fay).read(f"/offers/{desk.reference}/withdraw").status_code == 403


def test_the_menu_of_whoever_only_reads_does_not_lead_with_the_queue(sign_in: SignIn) -> None:
    for role, first in ((Role.REVIEWER, "Queue"), (Role.AUDITOR, "Offers")):
        menu = sign_in(make.actor(role.value, role)).read("/offers").text
        assert min(("Queue", "Offers"), key=lambda word: menu.index(f"{word}<")) == first
