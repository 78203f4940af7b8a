"""Drafted reasons: nobody decides with words that they did not read."""

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Channel, Role
from compliance.engine.errors import InvalidInputError
from compliance.kernel.db import session
from tests import make
from tests.api.conftest import Program
from tests.offer.scene import APPROVAL, UNCHARTED, Desk
from tests.web.conftest import Browser
from tests.web.scene import LATER
from tests.web.test_record import take

SignIn = Callable[[Actor | None], Browser]
ASKED = "Read the drafted reasons"
BOX = 'name="drafts_confirmed"'
DRAFTED = ["behavioural_control", "financial_control", "reason"]


@pytest.fixture
def desk(sign_in: SignIn) -> Desk:
    del sign_in  # Asked for so that the database is there.
    made = Desk()
    made.open(**{**LATER, "work_place": "GB"})
    made.act(made.mona, "submit")
    made.act(made.rita, "claim")
    return made


@pytest.fixture
def rita(sign_in: SignIn, desk: Desk) -> Browser:
    return sign_in(desk.rita)


def form_of(rita: Browser, desk: Desk) -> dict[str, str]:
    """Return the form of an approval as its reviewer gets it, with the one reason that is not drafted."""
    page = rita.read(f"/offers/{desk.reference}/approve").text
    assert BOX in page
    kept = re.findall(r'<input type="hidden" name="(csrf_token|seen\w*)" value="([^"]*)"', page)
    texts = re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\s?(.*?)</textarea>', page, flags=re.DOTALL)
    typed = {name: html.unescape(text).strip() for name, text in texts if name in APPROVAL}
    return {**dict(kept), **typed, "relationship_of_parties": typed["relationship_of_parties"] or "Other clients."}


def send(rita: Browser, desk: Desk, fields: dict[str, str]) -> TestResponse:
    return rita.client.post(f"/offers/{desk.reference}/approve", data=fields)


def recorded(desk: Desk) -> dict[str, list[str]]:
    of_case = sa.select(AuditEvent.entry).where(AuditEvent.action == "offer.approve")
    session().rollback()
    found: dict[str, list[str]] = json.loads(session().scalars(of_case).one())["policy"]["drafts"]
    assert desk.offer(desk.rita).state == "enterprise_ready"
    return found


def test_drafts_left_as_they_were_are_not_sent_unread(rita: Browser, desk: Desk) -> None:
    fields = form_of(rita, desk)
    refused = send(rita, desk, fields)
    assert refused.status_code == 422
    page = html.unescape(refused.text)
    assert page.count(ASKED) == 2  # In the summary and beside the box.
    assert fields["behavioural_control"] in page
    assert desk.offer(desk.rita).state == "classification_review"


def test_a_tick_makes_drafts_ones_own_and_the_record_says_which(sign_in: SignIn, rita: Browser, desk: Desk) -> None:
    fields = form_of(rita, desk)
    assert send(rita, desk, {**fields, "drafts_confirmed": "y"}).status_code == 303
    found = recorded(desk)
    assert "behavioural_control" in found["confirmed"]
    assert not set(found["confirmed"]) & set(found["written"])
    event = session().scalars(sa.select(AuditEvent.event_id).where(AuditEvent.action == "offer.approve")).one()
    session().rollback()
    page = sign_in(make.actor("Ada", Role.AUDITOR)).read(f"/audit/events/{event}").text
    assert "Drafted, read and confirmed" in page


def test_that_the_desk_let_its_reasons_be_drafted_stays_with_the_desk(
    app: Flask, sign_in: SignIn, rita: Browser, desk: Desk
) -> None:
    fields = form_of(rita, desk)
    assert send(rita, desk, {**fields, "drafts_confirmed": "y"}).status_code == 303
    viewer = make.actor("Vera", Role.VIEWER, at=desk.client)
    texts = [take(sign_in(viewer), form) for form in ("jsonl", "csv")]
    assert all("offer.approve" in text for text in texts)
    for reader in (desk.mona, desk.fay, viewer):
        page = sign_in(reader)
        texts += [page.read(f"/offers/{desk.reference}{part}").text for part in ("", "?history=decision")]
        texts.append(page.read(f"/offers/{desk.reference}/determinations/1").text)
        program = Program(app, replace(reader, scopes=frozenset({"offers:read"}), channel=Channel.API))
        texts += [program.get(f"/offers/{desk.reference}{part}").text for part in ("", "/events", "/determinations")]
    assert len(texts) == 20
    for text in texts:
        assert not re.search(r"drafts|drafted|confirmed", text, re.IGNORECASE), text
    assert '"drafts"' in take(sign_in(make.actor("Ada", Role.AUDITOR)), "jsonl")


def test_reasons_that_were_all_rewritten_need_no_tick(rita: Browser, desk: Desk) -> None:
    fields = form_of(rita, desk)
    assert send(rita, desk, {**fields, **APPROVAL}).status_code == 303
    assert recorded(desk) == {"confirmed": [], "written": [*APPROVAL]}


def test_other_blanks_are_no_edit(rita: Browser, desk: Desk) -> None:
    fields = form_of(rita, desk)
    spaced = {name: value.replace(" ", "  ") if name in DRAFTED else value for name, value in fields.items()}
    assert send(rita, desk, spaced).status_code == 422


def test_the_tick_is_kept_when_the_form_comes_back(rita: Browser, desk: Desk) -> None:
    fields = form_of(rita, desk)
    refused = send(rita, desk, {**fields, "reason": "", "drafts_confirmed": "y"})
    assert refused.status_code == 422
    box = re.search(rf"<input[^>]*{BOX}[^>]*>", refused.text)
    assert box is not None
    assert "checked" in box[0]
    rewritten = send(rita, desk, {**fields, **APPROVAL, "reason": ""})
    assert rewritten.status_code == 422
    assert BOX not in rewritten.text


def test_whoever_decides_without_a_page_owns_the_drafts_too(rita: Browser, desk: Desk) -> None:
    given = {name: value for name, value in form_of(rita, desk).items() if name in APPROVAL}
    with pytest.raises(InvalidInputError, match=ASKED) as refused:
        desk.act(desk.rita, "approve", **given)
    assert list(refused.value.errors) == ["drafts_confirmed"]
    assert desk.act(desk.rita, "approve", **given, drafts_confirmed="true") == "enterprise_ready"


def test_where_nothing_is_drafted_nobody_is_asked_to_confirm_it(sign_in: SignIn) -> None:
    made = Desk()
    made.in_review(**LATER, **UNCHARTED)
    assert BOX not in sign_in(made.rita).read(f"/offers/{made.reference}/reject").text
    made.reject()
    assert made.offer(made.mona).state == "rejected"
