"""The reviewer's journey: from the queue to the decision, by keys alone, and on to the next."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import pytest
from flask import Flask

from tests.browser.house import House
from tests.browser.screen import Screen
from tests.offer.scene import APPROVAL, INSIDE, OPEN

OpenScreen = Callable[..., Screen]


@pytest.fixture
def house(app: Flask) -> House:
    del app  # Asked for so that the database is there.
    return House()


def hand_in(house: House, **terms: str) -> str:
    """Hand an offer in, and return its reference."""
    house.open(**terms)
    house.act(house.mona, "submit")
    return house.reference


def selected(screen: Screen) -> str:
    """Return the reference of the row that the keys have come to."""
    return screen.page.locator("[data-key-row].is-current .reference").inner_text()


def test_a_reviewer_claims_reads_decides_and_goes_on_by_keys_alone(open_screen: OpenScreen, house: House) -> None:
    first, second = hand_in(house, title="First"), hand_in(house, title="Second")
    screen = house.enter(house.rita, open_screen())
    screen.press("Go on")
    assert screen.heading == "Queue"
    screen.press("Offers")
    screen.strike("g", "q")
    assert screen.heading == "Queue"
    screen.visit("/queue?view=open")
    screen.page.keyboard.press("j")
    assert selected(screen) == first
    screen.strike("e")
    screen.page.keyboard.press("j")
    assert selected(screen) == second
    screen.strike("e")
    screen.visit("/queue")
    screen.page.keyboard.press("j")
    assert selected(screen) == first

    screen.strike("Enter")
    assert screen.path == f"/offers/{first}"
    screen.reads("What the questionnaire says", "Who acts You")
    screen.strike("a")
    assert screen.page.get_by_label("Summary for both parties").input_value()
    screen.page.get_by_label("I have read the drafted reasons").focus()
    screen.page.keyboard.press("Space")  # Drafts are sent only by somebody who says that they read them.
    screen.strike("Control+Enter")
    assert screen.path == f"/offers/{second}"
    screen.reads(f"{first} is now “Enterprise Ready”.")
    house.reference = first
    assert house.state() == "enterprise_ready"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_reviewer_decides_with_a_pointer_and_small_window(
    open_screen: OpenScreen, house: House, scripts: bool
) -> None:
    reference = hand_in(house)
    screen = house.enter(house.rita, open_screen(scripts=scripts, narrow=True, dark=True))
    screen.visit("/queue?view=open")
    screen.press(f"Claim {reference}")
    screen.visit(f"/offers/{reference}")
    screen.press("Enterprise Ready")
    screen.fill(**APPROVAL)
    screen.press("Enterprise Ready")
    assert house.state() == "enterprise_ready"


def test_what_is_missing_in_a_decision_is_said_beside_it_and_the_rest_kept(
    open_screen: OpenScreen, house: House
) -> None:
    house.result = INSIDE
    house.in_review()
    screen = house.enter(house.rita, open_screen(dark=True))
    screen.visit(f"{house.href()}?decide=reject")
    screen.fill(reason="Not as it is.")
    screen.press("Reject", HTTPStatus.UNPROCESSABLE_ENTITY)
    screen.reads("Choose at least one reason.")
    assert screen.page.locator("[name=reason]").input_value() == "Not as it is."
    assert house.state() == "classification_review"


def test_the_client_is_asked(open_screen: OpenScreen, house: House) -> None:
    house.in_review()
    screen = house.enter(house.rita, open_screen(narrow=True))
    screen.visit(house.href())
    screen.strike("q")
    screen.fill(asked="Who owns the tools?")
    screen.press("Ask the client")
    assert house.state() == "info_client"
    screen.reads("Question to the client")


def test_a_senior_reviewer_takes_the_second_look(open_screen: OpenScreen, house: House) -> None:
    house.result = OPEN
    house.in_review()
    screen = house.enter(house.rita, open_screen())
    screen.visit(house.href())
    assert screen.page.get_by_role("link", name="Enterprise Ready").count() == 0
    screen.reads("Escalate it to a second review.")
    screen.strike("s")
    screen.fill(reason="The questionnaire leaves it open.")
    screen.press("Escalate")
    assert house.state() == "second_review"

    senior = house.enter(house.sue, open_screen(dark=True))
    senior.visit("/queue?view=open")
    senior.page.keyboard.press("j")
    senior.strike("e")
    senior.visit("/queue")
    senior.press(house.reference)
    senior.reads("The questionnaire leaves it open.")
    senior.strike("a")
    senior.fill(**APPROVAL)
    senior.strike("Control+Enter")
    assert house.state() == "enterprise_ready"


def test_the_second_of_two_deciders_is_told_who_was_first_and_keeps_the_text(
    open_screen: OpenScreen, house: House
) -> None:
    house.in_review()
    screen = house.enter(house.rita, open_screen())
    screen.visit(f"{house.href()}?decide=approve")
    screen.fill(**{**APPROVAL, "reason": "Hours of careful thought."})
    house.act(house.rita, "approve", **APPROVAL)
    screen.press("Enterprise Ready", HTTPStatus.CONFLICT)
    assert screen.page.locator("[name=reason]").input_value() == "Hours of careful thought."
    assert "Rita" in screen.page.locator(".error-summary").inner_text()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_lead_gives_several_offers_to_a_colleague(open_screen: OpenScreen, house: House, scripts: bool) -> None:
    given = [hand_in(house, title="First"), hand_in(house, title="Second")]
    screen = house.enter(house.lea, open_screen(scripts=scripts))
    screen.visit("/queue?view=all")
    if scripts:
        for _ in given:
            screen.page.keyboard.press("j")
            screen.page.keyboard.press("x")
        screen.reads("(2 selected)")
    else:
        for reference in given:
            screen.page.get_by_label(f"Select {reference}").check()
    screen.press("Assign to a colleague")
    screen.page.get_by_label("Rita", exact=True).check()
    screen.press("Look at what will happen")
    screen.reads("2 of 2 can be assigned")
    screen.press("Assign 2 to Rita")
    screen.reads("2 of 2 assigned to Rita")


def test_search_menu_and_help_are_a_key_away(open_screen: OpenScreen, house: House) -> None:
    reference = hand_in(house, title="Pricing engine")
    screen = house.enter(house.rita, open_screen())
    page = screen.visit("/queue?view=open")
    page.keyboard.press("/")
    page.keyboard.type("pricing")
    screen.strike("Enter")
    screen.reads("Search for “pricing”", reference)
    page.keyboard.press("/")
    page.keyboard.type(reference)
    screen.strike("Enter")
    assert screen.path == f"/offers/{reference}"

    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys on this page").is_visible()
    screen.check()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    menu = page.get_by_role("dialog", name="Command menu")
    assert menu.is_visible()
    screen.check()
    page.keyboard.type("claim")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    screen.check()
    screen.reads("Held by Rita")


def test_keys_that_are_switched_off_do_nothing(open_screen: OpenScreen, house: House) -> None:
    house.in_review()
    screen = house.enter(house.rita, open_screen())
    page = screen.visit(house.href())
    page.locator("summary[aria-label^=Appearance]").click()
    screen.press("Switch the keys off")
    page.keyboard.press("?")
    page.keyboard.press("a")
    assert page.get_by_role("dialog").count() == 0
    assert "decide=" not in page.url
