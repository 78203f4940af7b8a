"""What happened to an offer while a reader could not see it stays with those who could."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
import time_machine
from flask import Flask

from compliance.authz import SYSTEM_ACTOR, Actor, Channel, Role
from compliance.engine import telling
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import session
from tests import make
from tests.offer.scene import TERMS, Desk

WHY_NOT = "The chief wants another person."
AMONG_COLLEAGUES = "Is the budget there at all?"


@pytest.fixture
def declined(desk: Desk) -> Desk:
    """Return an offer that its client's approver declined once and that now waits for the desk."""
    desk.client.approval_steps = 1
    ada = make.actor("Ada", Role.APPROVER, at=desk.client)
    desk.open()
    desk.act(desk.mona, "comment", body=AMONG_COLLEAGUES)
    desk.act(desk.mona, "submit")
    desk.act(ada, "decline", reason=WHY_NOT)
    desk.act(desk.mona, "submit")
    desk.act(ada, "sign")
    return desk


def told(desk: Desk, reader: Actor) -> list[str]:
    workflow = registry().process("offer").workflow
    return [one.name for one in telling.history(session(), desk.offer(reader), workflow, reader)]


def test_the_client_sees_all_of_its_own_and_desk_and_freelancer_begin_with_what_they_saw(declined: Desk) -> None:
    own = ["sign", "submit", "decline", "submit", "comment", "send_answers", "open"]
    for reader in (declined.mona, make.actor("Vic", Role.VIEWER, at=declined.client), SYSTEM_ACTOR):
        assert told(declined, reader) == own
    for reader in (declined.rita, declined.fay):
        assert told(declined, reader) == ["sign"]


def test_what_leads_out_of_sight_is_told_and_what_happens_there_is_not(declined: Desk) -> None:
    declined.act(declined.mona, "edit", **{**TERMS, "title": "Pricing engine, second try"})
    declined.act(declined.mona, "comment", body=AMONG_COLLEAGUES)
    declined.act(declined.mona, "submit")
    declined.act(make.actor("Abe", Role.APPROVER, at=declined.client), "sign")
    assert told(declined, declined.rita) == ["sign", "edit", "sign"]


def test_neither_page_nor_events_nor_what_is_new_tell_it(
    declined: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(address: str, reader: Actor) -> str:
        monkeypatch.setitem(app.extensions, "current_actor", lambda: reader)
        session().rollback()
        answer = app.test_client().get(address)
        assert answer.status_code == 200, answer.text
        return answer.text

    page, events = f"/offers/{declined.reference}", f"/api/v1/offers/{declined.reference}/events"
    assert WHY_NOT in read(page, declined.mona)
    for reader in (declined.rita, declined.fay):
        program = dataclasses.replace(reader, channel=Channel.API, scopes=frozenset({"offers:read"}))
        for text in (read(page, reader), read(events, program)):
            assert WHY_NOT not in text
            assert AMONG_COLLEAGUES not in text
    declined.act(declined.mona, "edit", **TERMS)
    declined.act(declined.mona, "comment", body=AMONG_COLLEAGUES)
    declined.act(declined.mona, "submit")
    declined.act(make.actor("Abe", Role.APPROVER, at=declined.client), "sign")
    with time_machine.travel(clock.now() + dt.timedelta(hours=1), tick=False):
        seen_again = read(page, declined.rita)
    assert "New since you last looked" in seen_again
    assert AMONG_COLLEAGUES not in seen_again
