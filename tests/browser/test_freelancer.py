"""The freelancer's journey: from the mailed invitation to the accepted offer."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

import pytest
from flask import Flask

from compliance.demo import interviews
from tests.browser.house import House
from tests.browser.screen import Screen
from tests.browser.test_client import answer_all
from tests.offer.scene import APPROVAL, IDENTITY, OUTSIDE, PAPERS, SETUP
from tests.people import scene

OpenScreen = Callable[..., Screen]
NINA = "nina@kirk.example"


def invitation_path() -> str:
    """Return the path of the link in the mail that invites the freelancer."""
    found = [re.search(r"https?://[^/]+(/invite/\S+)", mail.text) for mail in scene.mails() if mail.address == NINA]
    paths = [one[1] for one in found if one]
    assert len(paths) == 1
    return paths[0]


@pytest.fixture
def house(app: Flask) -> House:
    """Return a desk at which an offer to somebody without an account is handed in."""
    del app  # Asked for so that the database is there.
    made = House()
    made.open(freelancer_email=NINA)
    made.act(made.mona, "submit")
    return made


def join(screen: Screen) -> None:
    """Accept the invitation and choose a password, at the second try."""
    screen.visit(invitation_path())
    assert screen.heading == "Your invitation"
    screen.fill(name="Nina Kirk", password="short")
    screen.press("Join", HTTPStatus.UNPROCESSABLE_ENTITY)
    screen.fill(password=scene.PASSWORD)
    screen.press("Join")


def test_a_freelancer_goes_from_the_mail_to_the_accepted_offer(open_screen: OpenScreen, house: House) -> None:
    screen = open_screen(narrow=True)
    join(screen)
    screen.visit("/offers")
    screen.press(house.reference)
    screen.press("Answer the questions")
    assert answer_all(screen, interviews.freelancer_answers(OUTSIDE)) > 10
    screen.press("Send answers")
    screen.reads("Your answers to the questions")

    house.act(house.rita, "claim")
    house.act(house.rita, "approve", **APPROVAL)
    screen.visit(house.href())
    screen.reads(APPROVAL["reason"])
    screen.press("Read and print the whole statement")
    screen.reads(APPROVAL["behavioural_control"], "If you disagree")
    screen.press("Back to the case")

    house.act(house.mona, "begin_onboarding")
    sign(screen, house)
    accept(screen, house)


def test_a_disagreement_is_sent_by_the_keys_that_its_page_lists(open_screen: OpenScreen, house: House) -> None:
    screen = open_screen()
    join(screen)
    house.act(house.rita, "claim")
    house.act(house.rita, "approve", **APPROVAL)
    screen.visit(house.href())
    screen.press("Disagree")
    screen.page.keyboard.press("?")
    screen.reads("Ctrl Enter Disagree")
    screen.page.keyboard.press("Escape")
    screen.fill(grounds="The method is mine alone, see the second page of the contract.")
    screen.strike("Control+Enter")
    assert screen.path == house.href()
    assert house.state() == "disagreement"


def test_without_scripts_a_freelancer_joins_and_accepts(open_screen: OpenScreen, house: House) -> None:
    screen = open_screen(scripts=False)
    join(screen)
    house.act(house.rita, "claim")
    house.act(house.rita, "approve", **APPROVAL)
    house.act(house.mona, "begin_onboarding")
    sign(screen, house)
    accept(screen, house)


def sign(screen: Screen, house: House) -> None:
    """Sign the contract, and let the desk and the client do their parts."""
    screen.visit(house.href())
    screen.press("Sign the contract")
    screen.fill(**dict.fromkeys(PAPERS, "y"), signature="Nina Kirk")
    screen.press("Sign the contract")
    house.act(house.rita, "record_identity", **IDENTITY)
    house.act(house.mona, "confirm_setup", **SETUP)


def accept(screen: Screen, house: House) -> None:
    """Accept the cleared offer: once to look at what that means, once to do it."""
    screen.visit(house.href())
    screen.press("Accept the offer")
    assert screen.path == house.href()
    assert house.state() == "cleared"
    screen.press("Accept the offer")
    assert house.state() == "active"
    screen.reads("Active")
