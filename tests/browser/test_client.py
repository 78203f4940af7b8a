"""The client's journey: from a new offer to the determination and what can be said against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path

import pytest
from flask import Flask

from compliance.demo import interviews
from compliance.rules import store
from tests.browser.house import AHEAD, House
from tests.browser.screen import Screen
from tests.offer.scene import AGAINST, OUTSIDE, TERMS
from tests.offer.test_importing import offers, table_of
from tests.papers import PDF

OpenScreen = Callable[..., Screen]
RULES = "uk-cest-2.4"
LOOKED_AT = 2
PAGES = (
    ("freelancer", "freelancer_email", "freelancer_country", "months_worked"),
    ("title", "description", "deliverables"),
    ("client_country", "work_place", "starts_on", "ends_on", "hours_per_week"),
    ("contract_type", "amount", "currency"),
)


@pytest.fixture
def house(app: Flask) -> House:
    del app  # Asked for so that the database is there.
    return House()


def answer_all(screen: Screen, answers: Mapping[str, object]) -> int:
    """Answer every question as *answers* say, up to the page where they are checked; return how many there were."""
    rules, count = store.shipped(RULES), 0
    while "/questions/" in screen.path:
        question = rules.question(screen.path.rpartition("/")[2])
        assert screen.heading == question.text
        screen.page.get_by_label(question.label(answers[question.key]), exact=True).check()  # type: ignore[arg-type]
        screen.press("Continue", closely=count < LOOKED_AT)
        count += 1
    return count


def write_offer(screen: Screen) -> None:
    """Fill the pages of a new offer in, up to its task list."""
    screen.visit("/offers")
    screen.press("New offer")
    for number, names in enumerate(PAGES, start=1):
        screen.fill(**{name: {**TERMS, **AHEAD}[name] for name in names})
        screen.press("Continue" if number < len(PAGES) else "Save")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_client_goes_from_a_new_offer_to_its_confirmation(
    open_screen: OpenScreen, house: House, tmp_path: Path, scripts: bool
) -> None:
    screen = house.enter(house.mona, open_screen(scripts=scripts))
    write_offer(screen)
    assert screen.path.endswith("/tasks")
    screen.press("Questions about the work")
    assert answer_all(screen, interviews.client_answers(OUTSIDE)) > 10
    screen.reads("Check your answers")

    _change_an_answer(screen)
    screen.press("Send answers")
    _add_a_document(screen, tmp_path)
    _submit(screen)
    house.reference = screen.path.split("/")[2]
    assert house.state() == "submitted"


def test_the_client_answers_what_the_reviewer_asks(open_screen: OpenScreen, house: House) -> None:
    house.in_review()
    house.act(house.rita, "ask_client", asked="Who owns the tools, and why?")
    screen = house.enter(house.mona, open_screen(dark=True))
    screen.visit("/offers?me=yes")
    screen.press(house.reference)
    screen.reads("Who owns the tools, and why?", "Who acts You")
    screen.strike("a")
    screen.fill(answer="")
    screen.press("Answer", HTTPStatus.UNPROCESSABLE_ENTITY)
    screen.reads("Write your answer.")
    screen.fill(answer="The freelancer owns them.")
    screen.press("Answer")
    screen.reads("The freelancer owns them.")
    assert house.state() == "classification_review"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_client_reads_the_reasons_and_disagrees(open_screen: OpenScreen, house: House, dark: bool) -> None:
    house.rejected()
    screen = house.enter(house.mona, open_screen(dark=dark, narrow=dark))
    screen.visit(house.href())
    screen.reads("Directed daily.")
    screen.press("Read and print the whole statement")
    screen.reads(*(AGAINST[name] for name in AGAINST if name != "reason_codes"))
    screen.page.emulate_media(media="print")
    assert not screen.page.get_by_role("navigation", name="Main").is_visible()
    assert screen.page.get_by_role("heading", name="Reasons", exact=True).is_visible()
    screen.page.emulate_media(media="screen")
    screen.press("Back to the case")
    screen.strike("i")
    screen.fill(grounds="The freelancer sets the hours and works for others.")
    screen.press("Disagree")
    screen.reads("The freelancer sets the hours and works for others.")
    assert house.state() == "disagreement"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_client_withdraws_an_offer(open_screen: OpenScreen, house: House, scripts: bool) -> None:
    house.open()
    house.act(house.mona, "submit")
    screen = house.enter(house.mona, open_screen(scripts=scripts, narrow=scripts))
    screen.visit(house.href())
    screen.press("Withdraw")
    screen.fill(reason="The project was stopped.")
    screen.press("Withdraw")
    screen.reads("The project was stopped.", "Withdrawn")
    assert house.state() == "withdrawn"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_file_with_a_bad_row_is_named_and_a_good_one_becomes_offers(
    open_screen: OpenScreen, house: House, tmp_path: Path, scripts: bool
) -> None:
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_bytes(table_of(AHEAD, {**AHEAD, "amount": "a lot"}, AHEAD))
    good.write_bytes(table_of(AHEAD, AHEAD))
    screen = house.enter(house.mona, open_screen(scripts=scripts, dark=scripts, narrow=scripts))
    screen.visit("/offers")
    screen.press("Import many")
    screen.page.get_by_label("File", exact=True).set_input_files(bad)
    screen.press("Look at the file", HTTPStatus.UNPROCESSABLE_ENTITY)
    row = screen.page.get_by_role("row").nth(1)
    assert row.get_by_role("rowheader").inner_text() == "3"
    assert "a lot" in row.inner_text()
    assert offers() == []
    screen.press("Send another file")
    screen.page.get_by_label("File", exact=True).set_input_files(good)
    screen.press("Look at the file")
    screen.reads("Nothing is wrong with any row.")
    screen.page.get_by_label("Hand each in at once").check()
    screen.press("Import 2 offers")
    screen.reads("2 offers opened", "2 of them are handed in")
    assert [offer.state for offer in offers()] == ["submitted", "submitted"]


def _change_an_answer(screen: Screen) -> None:
    """Change an answer that others hang on: what falls away is named, and nothing changes before that is confirmed."""
    row = screen.page.locator(".summary-row", has_text="Are there ownership rights in this work?")
    with screen.page.expect_navigation():
        row.get_by_role("link").click()
    screen.page.get_by_label("No", exact=True).check()
    screen.press("Continue")
    assert screen.page.locator(".banner li").all_inner_texts() == [
        "Does the contract give these rights to the client?",
        "Does the contract let the client buy the rights for a separate fee?",
    ]
    screen.press("Change it")
    assert screen.heading == "Check your answers"
    assert "buy the rights" not in screen.page.locator("main").inner_text()


def _add_a_document(screen: Screen, folder: Path) -> None:
    paper = folder / "insurance.pdf"
    paper.write_bytes(PDF)
    assert screen.path.endswith("/tasks")
    screen.press("Documents")
    screen.page.get_by_label("File", exact=True).set_input_files(paper)
    screen.press("Add the document")
    assert screen.page.locator("#documents").get_by_role("link", name="insurance.pdf", exact=True).is_visible()


def _submit(screen: Screen) -> None:
    screen.press("Go on with the task list")
    screen.press("Check and submit")
    screen.reads(TERMS["deliverables"], "Look at the documents")
    screen.press("Submit")
    assert screen.heading == "Offer submitted"
    screen.press("See where it stands")
    screen.reads("Who acts The compliance reviewer")
