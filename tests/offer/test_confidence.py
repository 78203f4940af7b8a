"""How sure the rules were: kept with each determination, and read by the desk alone."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from compliance.authz import Actor, Channel
from compliance.engine import determination
from compliance.engine.determination import Determination
from compliance.kernel.db import session, table
from compliance.kernel.ids import new_id
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.library import Library
from tests.offer.scene import APPROVAL, Desk

pytestmark = pytest.mark.usefixtures("app")
SURE = {"client": {"value": 0.83, "word": "high"}}


def decided_with(confidence: object) -> None:
    """Put a determination beside the one that there is, whose rules say how sure they were."""
    rows = table(Determination)
    kept = session().execute(sa.select(rows)).one()._asdict()
    later = {"id": new_id(), "number": 2, "supersedes_id": kept["id"], "confidence": confidence}
    session().execute(sa.insert(rows), [kept | later])
    session().commit()


def test_a_finding_that_says_how_sure_it_is_is_asked_and_others_are_not() -> None:
    test = Library(("workflows",)).find("us-irs-common-law", at=dt.date(2026, 3, 2))
    assert isinstance(test, LegalTest)
    found = test.decide({"how_directed": "no", "schedule_control": "worker", "substitution": "free"}).as_json()
    assert set(found["confidence"]) == {"value", "word"}
    silent = {"result": "Outside IR35"}
    assert determination.confidence_of({"client": found, "freelancer": silent}) == {"client": found["confidence"]}


def test_rules_that_say_nothing_of_it_leave_it_empty(desk: Desk) -> None:
    desk.approved()
    (kept,) = determination.history(session(), desk.offer(desk.mona))
    assert kept.confidence == {}


def test_page_and_rest_tell_it_to_the_desk_and_not_to_the_parties(
    desk: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.approved()
    decided_with(SURE)

    def read(address: str, reader: Actor) -> str:
        program = dataclasses.replace(reader, channel=Channel.API, scopes=frozenset({"offers:read"}))
        monkeypatch.setitem(app.extensions, "current_actor", lambda: program if "api" in address else reader)
        answer = app.test_client().get(address)
        assert answer.status_code == 200, answer.text
        return answer.text

    page = f"/offers/{desk.reference}/determinations"
    rest = f"/api/v1/offers/{desk.reference}/determinations"
    assert "on the answers of the client: high (0.83)" in read(f"{page}/2", desk.rita)
    assert "Confidence of the rules" not in read(f"{page}/1", desk.rita)
    assert '"confidence"' in read(rest, desk.rita)
    for party in (desk.mona, desk.fay):
        assert "Confidence of the rules" not in read(f"{page}/2", party)
        assert '"confidence"' not in read(rest, party)
    assert APPROVAL["reason"] in read(f"{page}/2", desk.fay)
