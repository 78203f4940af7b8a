"""Opening an offer page by page: back keeps the answers, each page refuses its own, nothing is lost."""

import html
import re
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from compliance.authz import Actor, Role
from tests import make
from tests.offer.scene import TERMS, Desk
from tests.offer.test_importing import offers
from tests.web.conftest import Browser, check_page
from workflows.offer.terms import PAGES

SignIn = Callable[[Actor | None], Browser]
WORDS = {**TERMS, "starts_on": "2099-04-01", "ends_on": "2099-07-31", "purchase_order": 'PO "7" <b>'}


@pytest.fixture
def desk(sign_in: SignIn) -> Desk:
    del sign_in  # Asked for so that the database is there.
    return Desk()


@pytest.fixture
def mona(sign_in: SignIn, desk: Desk) -> Browser:
    return sign_in(desk.mona)


def on_page(number: int, **other: str) -> dict[str, str]:
    return {name: value for name, value in {**WORDS, **other}.items() if name in PAGES[number - 1][1]}


def shown(page: str) -> dict[str, str]:
    """Return what the form of *page* would send: its hidden fields and what stands in its boxes."""
    found = {}
    for control in re.findall(r"<input[^>]*>", page.partition("<main")[2]):
        name, value = (re.search(rf'{key}="([^"]*)"', control) for key in ("name", "value"))
        if name and ('type="checkbox"' not in control or "checked" in control):
            found[name[1]] = html.unescape(value[1]) if value else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\r?\n?([^<]*)</textarea>', page):
        found[name] = html.unescape(text)
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option selected value="([^"]*)"|value="([^"]*)" selected', options)
        found[name] = (chosen[1] or chosen[2]) if chosen else ""
    return found


def go(browser: Browser, page: str, **typed: str) -> TestResponse:
    answer = browser.client.post("/offers/new", data={**shown(page), **typed})
    if answer.status_code != 303:
        check_page(answer.text)
    return answer


def test_an_offer_is_opened_in_four_pages_and_lands_on_its_task_list(mona: Browser) -> None:
    page = mona.read("/offers/new").text
    for number in range(1, len(PAGES)):
        assert f"<h1>{PAGES[number - 1][0]}</h1>" in page
        answer = go(mona, page, **on_page(number))
        assert answer.status_code == 200
        page = answer.text
    opened = go(mona, page, **on_page(4))
    assert opened.status_code == 303
    assert opened.location.endswith("/tasks")
    (offer,) = offers()
    assert (offer.title, offer.purchase_order, offer.former_employee) == (TERMS["title"], 'PO "7" <b>', False)
    assert mona.read(opened.location).status_code == 200


def test_back_keeps_what_was_typed_even_where_it_is_refused(mona: Browser) -> None:
    page = go(mona, mona.read("/offers/new").text, **on_page(1), former_employee="y").text
    typed = {"title": "Crane <2>", "description": "short", "deliverables": ""}
    first = go(mona, page, **typed, go="back").text
    assert shown(first)["freelancer"] == "Fay Kirk Ltd"
    assert shown(first)["former_employee"] in {"y", "true"}
    assert "There is a problem" not in first
    second = go(mona, first).text
    assert shown(second)["title"] == "Crane <2>"
    assert shown(second)["description"] == "short"
    without = go(mona, second, go="back").text
    kept = shown(without)
    del kept["former_employee"]
    answer = mona.client.post("/offers/new", data=kept)
    assert "former_employee" not in shown(answer.text)


def test_each_page_refuses_what_is_wrong_on_it_and_only_that(mona: Browser) -> None:
    page = mona.read("/offers/new").text
    refused = go(mona, page, **on_page(1, freelancer_email="nobody"))
    assert refused.status_code == 422
    assert "That is not an e-mail address. Write it like name@example.com." in refused.text
    assert "Give the work a title." not in refused.text
    assert shown(refused.text)["freelancer_email"] == "nobody"
    assert offers() == []


def test_what_the_last_page_cannot_know_leads_back_to_the_page_it_stands_on(mona: Browser) -> None:
    page = mona.read("/offers/new").text
    for number in range(1, 4):
        page = go(mona, page, **on_page(number)).text
    answer = go(mona, page, **on_page(4), title="")
    assert answer.status_code == 422
    assert "Give the work a title." in answer.text
    assert "<h1>What is to be done</h1>" in answer.text
    assert shown(answer.text)["amount"] == TERMS["amount"]


def test_a_guard_is_told_on_the_last_page_with_everything_kept(mona: Browser) -> None:
    page = mona.read("/offers/new").text
    for number in range(1, 4):
        page = go(mona, page, **on_page(number, freelancer_email="mona@example.com")).text
    answer = go(mona, page, **on_page(4))
    assert answer.status_code == 409
    assert "You cannot offer work to yourself." in answer.text
    assert shown(answer.text)["title"] == TERMS["title"]
    assert offers() == []


def test_a_form_that_is_sent_whole_is_taken_whole(mona: Browser) -> None:
    assert mona.send("/offers/new", **WORDS).status_code == 303
    for page in ("0", "9", "x", "-1", "9" * 400):
        assert mona.send("/offers/new", **{**WORDS, "page": page}).status_code == 303


def test_an_unknown_field_is_refused_and_opens_nothing(mona: Browser) -> None:
    assert mona.send("/offers/new", **WORDS, colour="red").status_code == 422
    assert offers() == []


def test_the_place_is_asked_first_and_kept(sign_in: SignIn, desk: Desk) -> None:
    other = make.organisation("Beta")
    at_both = make.actor("Bo", Role.HIRING_MANAGER, at=other)
    browser = sign_in(Actor(at_both.id, "Bo", at_both.grants | desk.mona.grants))
    page = browser.read("/offers/new").text
    for number in range(1, 4):
        page = go(browser, page, **on_page(number), place=f"{other.id}:").text
    assert go(browser, page, **on_page(4)).status_code == 303
    assert [offer.organisation_id for offer in offers()] == [other.id]
    assert browser.send("/offers/new", **WORDS, place="x").status_code == 404


def test_whoever_may_open_nothing_gets_no_form(sign_in: SignIn, desk: Desk) -> None:
    assert sign_in(desk.rita).read("/offers/new").status_code == 403


def test_the_currencies_that_a_client_chose_before_come_first(sign_in: SignIn, desk: Desk) -> None:
    page = payment_page(sign_in(desk.mona))
    assert "<optgroup" not in page
    assert shown(page)["currency"] == ""  # Nothing is chosen before somebody chose it.
    desk.open(currency="NOK")
    page = payment_page(sign_in(desk.mona))
    group = re.search(r'<optgroup label="Chosen before">(.*?)</optgroup>', page, flags=re.DOTALL)
    assert group is not None
    assert re.findall(r'value="(\w+)"', group[1]) == ["NOK"]
    assert page.count('value="NOK"') == 1
    other = make.actor("Otto", Role.HIRING_MANAGER, at=make.organisation("Other"))
    assert "<optgroup" not in payment_page(sign_in(other))


def payment_page(browser: Browser) -> str:
    page = browser.read("/offers/new").text
    for number in range(1, len(PAGES)):
        page = go(browser, page, **on_page(number)).text
    return page
