"""The last day: who hears of it before, and whether the engagement ends by itself or by its client."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from compliance.engine import telling
from compliance.engine.registry import registry
from compliance.kernel.db import session
from compliance.messages.kinds import Kind
from compliance.messages.models import Notification
from tests.offer.scene import TERMS, Desk

pytestmark = pytest.mark.usefixtures("app")
NOTICE = dt.datetime(2026, 7, 21, 9, tzinfo=dt.UTC)
OVER = dt.datetime(2026, 8, 1, 9, tzinfo=dt.UTC)
LABEL = "When the last day is over"


def running(*, auto_close: bool) -> Desk:
    desk = Desk(auto_close=auto_close)
    desk.active()
    return desk


def facts(desk: Desk) -> dict[str, str]:
    workflow = registry().process("offer").workflow
    found = telling.facts(session(), desk.offer(desk.fay), workflow, desk.fay)
    return {row["label"]: row["value"] for row in found}


def test_ten_days_before_both_sides_hear_of_the_end() -> None:
    desk = running(auto_close=True)
    session().execute(sa.delete(Notification))
    session().commit()
    assert desk.later(NOTICE) == "closing"
    told = session().execute(sa.select(Notification.person_id, Notification.kind)).all()
    assert {(desk.mona.id, Kind.TURN.value), (desk.fay.id, Kind.NEWS.value)} <= {tuple(row) for row in told}


@pytest.mark.parametrize("by_itself,state", [(True, "ended"), (False, "closing")])
def test_the_client_chooses_whether_it_ends_by_itself(*, by_itself: bool, state: str) -> None:
    desk = running(auto_close=by_itself)
    desk.later(NOTICE)
    assert desk.later(OVER) == state
    if not by_itself:
        assert desk.act(desk.mona, "end") == "ended"


@pytest.mark.parametrize("by_itself,state", [(True, "ended"), (False, "reassessment")])
def test_a_change_that_nobody_decided_on_ends_with_it_or_stays(*, by_itself: bool, state: str) -> None:
    desk = running(auto_close=by_itself)
    desk.act(desk.mona, "amend", **{**TERMS, "amount": "12000"})
    assert desk.later(OVER) == state
    if not by_itself:
        assert desk.act(desk.mona, "stop", reason="It is over") == "closing"
        assert desk.act(desk.mona, "end") == "ended"


def test_a_client_who_turns_it_on_in_time_is_served() -> None:
    desk = running(auto_close=False)
    desk.later(NOTICE)
    desk.client.auto_close = True
    session().commit()
    assert desk.later(OVER) == "ended"


def test_the_page_says_how_it_will_end() -> None:
    assert facts(running(auto_close=True))[LABEL] == "The engagement ends by itself."


def test_the_page_says_that_the_client_must_end_it_and_says_neither_before_the_start() -> None:
    desk = Desk(auto_close=False)
    desk.cleared()
    assert LABEL not in facts(desk)
    desk.act(desk.fay, "begin_work")
    assert "until the client ends it" in facts(desk)[LABEL]
