"""The administrator's journey: an organisation's settings, its people, and what runs in the background."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from compliance.kernel.db import session
from tests.browser.house import House
from tests.browser.screen import Screen
from tests.people import scene

OpenScreen = Callable[..., Screen]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_administrator_sets_an_organisation_up(
    app: Flask, job_tables: None, open_screen: OpenScreen, scripts: bool
) -> None:
    del app, job_tables  # Asked for so that the database, and the tables of the jobs in it, are there.
    house = House()
    screen = house.enter(house.ada, open_screen(scripts=scripts, dark=scripts))
    screen.visit("/admin/organisations")
    screen.press("Acme")
    screen.fill(approval_steps="2", reason="Two of them sign now.")
    screen.press("Change it")
    session().refresh(house.client)
    assert house.client.approval_steps == 2
    session().commit()

    screen.press("Invitations")
    screen.press("Invite somebody")
    screen.fill(email="ned@acme.example", name="Ned", roles="hiring_manager")
    screen.press("Invite")
    assert scene.mails()[-1].address == "ned@acme.example"
    screen.press("Background work")
    screen.reads("What the desk does beside answering")
