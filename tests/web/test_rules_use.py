"""Where rules were used: the cases that stand decided under a version, as far as the reader sees them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from compliance.authz import Actor, Role
from compliance.engine import where_used
from tests import make
from tests.offer.scene import AGAINST, INSIDE, UPHELD, Desk
from tests.web.conftest import Browser
from tests.web.scene import LATER, words

SignIn = Callable[[Actor | None], Browser]
CEST = "/rules/uk-cest-2.4/cases?version=2.4"


@pytest.fixture
def desk(sign_in: SignIn) -> Desk:
    del sign_in  # Asked for so that the database is there.
    return Desk()


def approved(desk: Desk, **terms: str) -> str:
    desk.approved(**LATER, **terms)
    return desk.reference


def listed(browser: Browser, address: str = CEST) -> str:
    response = browser.read(address)
    assert response.status_code == 200
    return response.text


def test_a_case_is_found_by_the_rules_that_it_stands_decided_under(sign_in: SignIn, desk: Desk) -> None:
    browser = sign_in(desk.rita)
    assert "Not used yet" in listed(browser)
    desk.open(**LATER, title="Not decided")
    first, second = approved(desk, title="First"), approved(desk, title="Second")
    page = listed(browser)
    assert "2 cases stand decided under it" in words(page)
    assert page.index(second) < page.index(first)
    assert "Not decided" not in page
    assert "Not used yet" in listed(browser, "/rules/us-flsa/cases")


def test_a_case_counts_for_each_of_the_rules_that_were_asked_together(sign_in: SignIn, desk: Desk) -> None:
    reference = approved(desk, **dict.fromkeys(("freelancer_country", "client_country", "work_place"), "US-NY"))
    rules = desk.rules()
    assert rules is not None
    assert len(rules.members) > 1
    browser = sign_in(desk.rita)
    for member in rules.members:
        page = listed(browser, f"/rules/{member.key}/cases?version={member.version}")
        assert reference in page
        assert "One case stands decided under it" in words(page)


def test_only_the_determination_that_stands_counts(sign_in: SignIn, desk: Desk) -> None:
    desk.result = INSIDE
    desk.in_review(**LATER)
    desk.act(desk.rita, "reject", **AGAINST)
    desk.act(desk.mona, "disagree", grounds="The freelancer sets the hours and works for others.")
    desk.act(desk.sue, "take_disagreement")
    desk.act(desk.sue, "uphold", **UPHELD)
    page = listed(sign_in(desk.rita))
    assert "One case stands decided under it" in words(page)
    assert page.count("data-key-open") == 1


def test_the_list_goes_on_page_by_page(sign_in: SignIn, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    references = [approved(desk, title=f"Number {number}") for number in range(3)]
    monkeypatch.setattr("compliance.web.rules_use.PAGE_SIZE", 2)
    browser = sign_in(desk.rita)
    first = listed(browser)
    following = first.partition('rel="next"')[0].rpartition('<a href="')[2].partition('"')[0].replace("&amp;", "&")
    second = listed(browser, following)
    assert [one for one in references if one in first] == references[1:]
    assert [one for one in references if one in second] == references[:1]
    assert 'rel="next"' not in second
    assert ">First</a>" in second


def test_beyond_the_bound_the_number_is_not_counted_on(
    sign_in: SignIn, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        approved(desk)
    monkeypatch.setattr(where_used, "MOST_COUNTED", 2)
    assert "More than 2 cases stand" in words(listed(sign_in(desk.rita)))


def test_cases_out_of_sight_are_neither_listed_nor_counted(sign_in: SignIn, desk: Desk) -> None:
    reference = approved(desk)
    partial = dataclasses.replace(desk.rita, conflicts=frozenset({desk.client.id}))
    page = listed(sign_in(partial))
    assert reference not in page
    assert "No case that you can see stands decided under this version." in page
    assert reference not in listed(sign_in(make.actor("Ada", Role.ADMINISTRATOR)))


def test_where_rules_were_used_is_for_the_desk(sign_in: SignIn, desk: Desk) -> None:
    approved(desk)
    for party in (desk.mona, desk.fay):
        assert sign_in(party).read(CEST).status_code == 403


def test_a_damaged_page_address_is_refused(sign_in: SignIn, desk: Desk) -> None:
    refused = sign_in(desk.rita).read(f"{CEST}&before=yesterday")
    assert refused.status_code == 400
    assert "This page address is damaged" in refused.text
