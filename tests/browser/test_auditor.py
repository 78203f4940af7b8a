"""The auditor's journey: search the record, look at a case, take the events away as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.browser.house import House
from tests.browser.screen import Screen

OpenScreen = Callable[..., Screen]
EVENTS = ["offer.open", "offer.send_answers", "offer.submit", "offer.claim"]


@pytest.fixture
def house(app: Flask) -> House:
    del app  # Asked for so that the database is there.
    made = House()
    made.in_review(title="Another")
    made.in_review()
    return made


def taken(screen: Screen, label: str) -> str:
    """Press *label* and return what the downloaded file holds."""
    with screen.page.expect_download() as download:
        screen.page.get_by_role("button", name=label).click()
    return Path(download.value.path()).read_text(encoding="utf-8")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_auditor_finds_the_events_of_a_case_and_takes_them_away(
    open_screen: OpenScreen, house: House, scripts: bool
) -> None:
    screen = house.enter(house.arno, open_screen(scripts=scripts, dark=scripts))
    page = screen.visit("/audit")
    page.locator(".filter-panel summary").click()
    screen.fill(reference=house.reference)
    screen.press("Apply filters")
    shown = page.locator("[data-key-row] .row-title").all_inner_texts()
    assert shown == EVENTS[::-1]
    *rows, end = csv.DictReader(io.StringIO(taken(screen, "Export as CSV")))
    assert end["at"] == "End of the export"
    assert [row["action"] for row in rows] == EVENTS
    lines = [json.loads(line) for line in taken(screen, "Export as JSON Lines").splitlines()[:-1]]
    assert [line["action"] for line in lines] == EVENTS


def test_an_auditor_sees_what_a_person_did_and_the_case_but_decides_nothing(
    open_screen: OpenScreen, house: House
) -> None:
    screen = house.enter(house.arno, open_screen(narrow=True))
    screen.visit("/audit?who=rita@example.com")
    shown = screen.page.locator("[data-key-row] .row-title").all_inner_texts()
    assert shown == ["offer.claim", "offer.claim"]
    screen.page.get_by_role("link", name=house.reference).first.click()
    screen.check()
    assert screen.heading == "Pricing engine"
    assert screen.page.locator(".decide, .verdict-links, [data-row-key]").count() == 0
    assert screen.page.locator("main, aside").get_by_role("button").count() == 0
