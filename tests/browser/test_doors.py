"""Getting in: by password, and with the second factor where the desk asks for it."""

from collections.abc import Callable

import pytest

from compliance.authz import Role
from compliance.engine.registry import registry
from tests.browser.screen import Screen
from tests.people import scene


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_client_signs_in_with_a_password(open_screen: Callable[..., Screen], scripts: bool) -> None:
    scene.person("mona@acme.example", Role.HIRING_MANAGER, organisation="Acme")
    screen = open_screen(scripts=scripts)
    page = screen.sign_in("mona@acme.example", scene.PASSWORD)
    first = next(workflow for workflow in registry() if not workflow.of_programme)
    assert page.get_by_role("heading", level=1).inner_text() == first.titles


def test_a_reviewer_sets_the_second_factor_up_first(open_screen: Callable[..., Screen]) -> None:
    scene.person("rita@desk.example", Role.REVIEWER)
    screen = open_screen()
    page = screen.sign_in("rita@desk.example", scene.PASSWORD)
    assert "recovery" in page.content().lower()
    assert screen.visit("/queue").get_by_role("heading", level=1).inner_text() == "Queue"


def test_a_wrong_password_says_so_and_keeps_the_address(open_screen: Callable[..., Screen]) -> None:
    page = open_screen(narrow=True, dark=True).sign_in("mona@acme.example", "not the password at all")
    assert page.get_by_label("E-mail address").input_value() == "mona@acme.example"
    assert page.get_by_role("alert").is_visible()
