"""From a finding and a determination to the rules: exactly that version, and the place in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest
import time_machine

from compliance.authz import Actor
from compliance.rules.explained import Written, explain_test
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.library import Library
from tests.offer.scene import MONDAY, Desk
from tests.web.conftest import Browser

SignIn = Callable[[Actor | None], Browser]
LINK = re.compile(r'class="finding-label"><a href="(/rules/[^"]+)"')


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def desk(sign_in: SignIn) -> Desk:
    del sign_in  # Asked for so that the database is there.
    return Desk()


def reached(browser: Browser, address: str) -> bool:
    """Follow an address, and tell whether the page has the place in it."""
    path, _, place = address.partition("#")
    return f'id="{place}"' in browser.read(path).text


def test_each_section_leads_to_the_row_that_decided_it_in_that_version(desk: Desk, sign_in: SignIn) -> None:
    desk.in_review()
    page = sign_in(desk.rita).read(f"/offers/{desk.reference}").text
    found = [unescape(one) for one in LINK.findall(page)]
    assert any("/tables/control?version=2.4" in one and "#row-" in one for one in found), found
    reader = sign_in(desk.rita)
    assert all(reached(reader, one) for one in found)
    assert '<a href="/rules/uk-cest-2.4?version=2.4">' in page


def test_each_factor_leads_to_its_place_in_that_version(desk: Desk, sign_in: SignIn) -> None:
    desk.in_review(work_place="US-CA", freelancer_country="US-CA", client_country="US-CA", currency="USD")
    reader = sign_in(desk.rita)
    found = [unescape(one) for one in LINK.findall(reader.read(f"/offers/{desk.reference}").text)]
    assert any(one.startswith("/rules/us-ca-abc?version=2026.1#prong-") for one in found)
    assert any(one.startswith("/rules/us-irs-common-law?version=2026.1#factor-") for one in found)
    assert all(reached(reader, one) for one in found)


def test_a_case_page_tells_what_is_found_for_each_purpose(desk: Desk, sign_in: SignIn) -> None:
    desk.in_review(work_place="US-CA", freelancer_country="US-CA", client_country="US-CA", currency="USD")
    page = sign_in(desk.rita).read(f"/offers/{desk.reference}").text
    assert "Asked for social insurance, tax." in page
    assert "<dt>For " in page


def test_what_a_gate_hands_over_is_read_in_the_test_that_takes_it() -> None:
    test = Library(("workflows",)).exactly("us-ca-abc", "2026.1")
    assert isinstance(test, LegalTest)
    gate = next(one for one in test.gates if one.redirect)
    answers = {key: min(allowed) for key, allowed in gate.all_of.items()}
    first, *factors = explain_test(test, answers).aspects
    assert first.written == Written("us-ca-abc", "2026.1", f"gate-{gate.key}")
    assert {one.written.key for one in factors if one.written} == {"us-ca-borello"}
    assert all(one.written and one.written.part.startswith("factor-") for one in factors)


def test_parties_follow_them_from_a_printed_determination(desk: Desk, sign_in: SignIn) -> None:
    desk.approved()
    for reader in (desk.mona, desk.fay, desk.rita):
        browser = sign_in(reader)
        page = browser.read(f"/offers/{desk.reference}/determinations/1").text
        assert 'href="/rules/uk-cest-2.4?version=2.4"' in page
        assert browser.read("/rules/uk-cest-2.4?version=2.4").status_code == 200
