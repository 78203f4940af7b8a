"""The pages of the processes: for everyone who is signed in, without a case on them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask

from compliance.authz import STAFF, Actor, Role
from tests import make
from tests.offer.scene import Desk
from tests.web.conftest import Browser
from tests.web.scene import LATER

SignIn = Callable[[Actor | None], Browser]


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.HIRING_MANAGER])
def test_desk_and_clients_read_how_each_process_works(app: Flask, sign_in: SignIn, role: Role) -> None:
    browser = sign_in(make.actor("Rita", role, at=make.organisation()))
    overview = browser.read("/processes").text
    for workflow in app.extensions["workflows"]:
        assert f'href="/processes/{workflow.kind}"' in overview
        text = unescape(browser.read(f"/processes/{workflow.kind}").text)
        read = [action for action in workflow.actions if role in STAFF or not action.only_by_staff]
        said = [*(action.label for action in read), *(s.label for s in workflow.stages.values())]
        said += [stage.meaning for stage in workflow.stages.values()]
        said += [field.label.text for action in read for field in action.form()]
        assert [words for words in said if words not in text] == []


def test_strangers_are_sent_to_the_door(sign_in: SignIn) -> None:
    for address in ("/processes", "/processes/permit"):
        response = sign_in(None).read(address)
        assert response.status_code == 302
        assert "/login" in response.location


@pytest.mark.parametrize(
    "address", ["/processes/nothing", "/processes/permit?version=9", "/processes/permit?version=x"]
)
def test_what_is_no_process_or_no_version_of_one_is_not_found(sign_in: SignIn, address: str) -> None:
    assert sign_in(make.actor("Rita", Role.REVIEWER)).read(address).status_code == 404


def test_the_page_of_a_case_shows_its_way_and_leads_to_its_process(sign_in: SignIn) -> None:
    acme = make.organisation()
    mona = make.actor("Mona", Role.HIRING_MANAGER, at=acme)
    case = make.submitted_permit(mona, acme)
    text = sign_in(mona).read(f"/permits/{case.reference}").text
    assert text.count('class="node current"') == 1
    assert text.count('class="edge taken"') == 1
    assert 'href="/processes/permit?version=1"' in text
    assert "Now: <strong>Review</strong>" in text


def test_parties_read_of_the_desk_only_that_it_decides(app: Flask, sign_in: SignIn) -> None:
    desk = Desk()
    desk.open(**LATER)
    desk.act(desk.mona, "submit")
    (workflow,) = [one for one in app.extensions["workflows"] if one.kind == "offer"]
    secrets = {one.label for one in workflow.actions if one.only_by_staff and one.targets}
    secrets -= {one.label for one in workflow.actions if not one.only_by_staff}
    secrets -= {stage.label for stage in workflow.stages.values()}
    assert len(secrets) > 5
    for reader in (desk.mona, desk.fay):
        for address in (f"/offers/{desk.reference}", "/processes/offer"):
            page = sign_in(reader).read(address).text
            way = unescape(page.partition("<figure")[2])
            assert "The desk decides" in way
            told = {label for label in secrets if re.search(rf"(>|: |, ){re.escape(label)}(<|,|;)", way)}
            assert told == set()
    assert "The desk decides" not in sign_in(desk.rita).read("/processes/offer").text
