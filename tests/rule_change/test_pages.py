"""The pages of a change of rules: from the page of a rule set to a published version and back."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance.authz import Actor, Role
from compliance.web import rule_changes
from tests import make
from tests.offer.scene import CEST, INSIDE, OUTSIDE, Desk
from tests.rule_change.scene import NETHERLANDS, REASON, Change
from tests.web.conftest import Browser, check_page, sign_in
from tests.web.scene import link, titles, words

__all__ = ["sign_in"]
SignIn = Callable[[Actor | None], Browser]
AMENDED = (f'"{OUTSIDE}"', f'"{INSIDE}"')


@pytest.fixture
def desk(job_tables: None, replays: Path, sign_in: SignIn) -> Desk:
    del job_tables, replays, sign_in  # Asked for so that the database is there, and nothing lies where replays do.
    return Desk()


def in_form(page: str) -> dict[str, str]:
    """Return what the form of *page* holds."""
    page = page.partition("<main")[2]
    held = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page))
    held |= dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\r?\n?(.*?)</textarea>', page, flags=re.DOTALL))
    return {name: html.unescape(text) for name, text in held.items()}


@pytest.fixture
def rita(sign_in: SignIn, desk: Desk) -> Browser:
    return sign_in(desk.rita)


def test_the_page_of_a_rule_set_leads_to_a_form_that_is_filled_in(rita: Browser) -> None:
    address = link(rita.read(f"/rules/{NETHERLANDS}").text, "Propose a change")
    page = rita.read(address).text
    held = in_form(page)
    assert (held["rule_set"], held["new_version"]) == (NETHERLANDS, "2026.2")
    assert held["text"].startswith("=== rule_set.toml ===")
    assert "=== factors.toml ===" in held["text"]
    sent = {**held, "effective_from": "2026-04-01", "why": "A judgment."}
    opened = rita.client.post(address, data=sent)
    assert opened.status_code == 303
    shown = rita.read(opened.headers["Location"]).text
    assert "Read without a fault. It can be tested." in words(shown)
    assert "It says the same as version 2026.1." not in words(shown)  # Version and first day differ.


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_who_may_not_change_rules_is_not_asked_to(
    sign_in: SignIn,
    desk: Desk,
    role: Role,
) -> None:
    del desk
    browser = sign_in(make.actor("Otto", role))
    assert "Propose a change" not in browser.read(f"/rules/{NETHERLANDS}").text
    assert browser.client.get(f"/rule-changes/new?rule_set={NETHERLANDS}").status_code == 403


def test_clients_hear_nothing_of_changes(sign_in: SignIn, desk: Desk, change: Change) -> None:
    change.published(NETHERLANDS)
    for who in (desk.mona, desk.fay):
        browser = sign_in(who)
        page = browser.read(f"/rules/{NETHERLANDS}?version=2026.2").text
        assert "Rule changes" not in words(page)
        assert change.reference not in page
        assert "Propose a change" not in page
        for way in ("", "/replay", "/publish"):
            assert browser.client.get(f"/rule-changes/{change.reference}{way}").status_code == 404


def test_a_refused_form_keeps_what_was_typed(rita: Browser) -> None:
    address = f"/rule-changes/new?rule_set={NETHERLANDS}"
    held = in_form(rita.read(address).text)
    typed = {**held, "effective_from": "soon", "why": "A <b>judgment</b>.", "text": held["text"] + "# A line of mine."}
    refused = rita.client.post(address, data=typed)
    assert refused.status_code == 422
    check_page(refused.text)
    again = in_form(refused.text)
    assert (again["why"], again["effective_from"]) == (typed["why"], "soon")
    assert again["text"].endswith("# A line of mine.")


def test_who_names_no_rule_set_is_sent_to_choose_one(rita: Browser) -> None:
    assert "Import many" not in rita.read("/rule-changes").text
    assert rita.client.get("/rule-changes/import").status_code == 404
    for query in ("", "?rule_set=atlantis"):
        sent = rita.client.get(f"/rule-changes/new{query}")
        assert (sent.status_code, sent.headers["Location"]) == (302, "/rules")
    assert "Choose the rule set that is to change" in rita.read("/rules").text


def test_the_fault_stands_on_the_page_and_in_place_of_the_button(rita: Browser, change: Change) -> None:
    change.open(NETHERLANDS, ("[[factor]]\n", "[[factor]]\nodd = 1\n"))
    page = rita.read(f"/rule-changes/{change.reference}").text
    assert "nl-deliveroo 2026.2, factors.toml, line" in words(page)
    assert "It cannot be compared before it reads without a fault." in words(page)
    refused = rita.send(f"/rule-changes/{change.reference}/test")
    assert refused.status_code == 409
    check_page(refused.text)
    assert "factors.toml, line" in words(refused.text)


def test_the_test_is_shown_as_far_as_it_is(rita: Browser, desk: Desk, change: Change) -> None:
    desk.approved()
    change.open(CEST, AMENDED)
    address = f"/rule-changes/{change.reference}"
    assert "Past determinations" not in rita.read(address).text
    change.act(desk.rita, "test")
    page = words(rita.read(address).text)
    assert "They are being replayed under the proposed rules." in page
    assert "No decided case is known for these rules." in page
    assert rita.client.get(f"{address}/replay").status_code == 404
    change.replay()
    page = words(rita.read(address).text)
    assert "1 of 1 finding would be different under the proposed rules." in page
    assert f"{OUTSIDE} {INSIDE} 1" in page


def test_what_courts_decided_otherwise_is_named(rita: Browser, change: Change) -> None:
    change.open("us-irs-common-law", ("contractor_from = 0.125", "contractor_from = 0.95"))
    change.act(change.rita, "test")
    change.replay()
    page = words(rita.read(f"/rule-changes/{change.reference}").text)
    assert "Decided cases that would be found otherwise" in page
    assert "Independent contractor Independent contractor Left open: a reviewer decides" in page
    assert "Nothing was determined under these rules yet" in page


def test_what_would_be_different_is_listed_page_by_page_with_its_cases(
    rita: Browser, desk: Desk, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_changes, "PAGE_SIZE", 2)
    for number in range(3):
        desk.approved(title=f"Engine {number}")
    change.open(CEST, AMENDED)
    change.act(desk.rita, "test")
    change.replay()
    first = rita.read(link(rita.read(f"/rule-changes/{change.reference}").text, "List what would be different")).text
    assert titles(first) == ["Engine 0", "Engine 1"]
    second = rita.read(link(first, "Next")).text
    assert titles(second) == ["Engine 2"]
    assert titles(rita.read(link(second, "First")).text) == titles(first)
    statement = rita.read(link(second, desk.reference)).text
    assert "Engine 2" in words(statement)
    damaged = rita.client.get(f"/rule-changes/{change.reference}/replay?after=1.client")
    assert damaged.status_code == 400


def test_a_case_out_of_sight_is_counted_and_not_named(
    sign_in: SignIn,
    desk: Desk,
    change: Change,
) -> None:
    desk.approved(title="Secret engine")
    change.open(CEST, AMENDED)
    change.act(desk.rita, "test")
    change.replay()
    near = Actor(desk.sol.id, "Sol", desk.sol.grants, conflicts=frozenset({desk.client.id}))
    page = sign_in(near).read(f"/rule-changes/{change.reference}/replay").text
    assert "A case out of your sight" in page
    assert "Secret engine" not in page
    assert desk.reference not in page


def test_a_published_version_and_its_change_lead_to_each_other(
    sign_in: SignIn,
    desk: Desk,
    change: Change,
) -> None:
    change.open(NETHERLANDS, ("Netherlands: employment", "The Netherlands: employment"))
    change.put_forward()
    browser = sign_in(desk.sue)
    address = f"/rule-changes/{change.reference}"
    browser.send(f"{address}/claim")
    done = browser.send(f"{address}/publish", **REASON)
    assert done.status_code == 303
    page = browser.read(address).text
    assert "Netherlands: employment contract" in words(page)
    rules = browser.read(link(page, "Read version 2026.2 as it was published")).text
    assert "by a change of the rules" in words(rules)
    assert link(rules, change.reference).endswith(address)
    old = browser.read(f"/rules/{NETHERLANDS}?version=2026.1").text
    assert change.reference not in old


def test_a_list_of_changes_says_where_each_stands(rita: Browser, change: Change) -> None:
    change.published(NETHERLANDS)
    page = rita.read("/rule-changes").text
    assert "Netherlands: employment contract (art. 7:610 BW), version 2026.2" in words(page)
    assert "Published" in words(page)
    assert 'aria-current="page"' in page
