"""A change that nobody decided on never counts: it is taken back, or dropped when the end is announced."""

import datetime as dt

import pytest

from compliance.engine.errors import RefusedError
from compliance.engine.versions import readable
from compliance.kernel.db import session
from tests.offer.scene import TERMS, Desk
from workflows.offer import workflow

pytestmark = pytest.mark.usefixtures("app")
CHANGED = {**TERMS, "amount": "99000", "ends_on": "2026-12-31", "description": "Something else altogether, for longer."}


def assert_decided_terms_hold(desk: Desk) -> None:
    offer = desk.offer(desk.mona)
    first, second, third = readable(session(), offer, workflow, desk.mona)
    assert (offer.amount, offer.ends_on, offer.description) == ("12500.00", dt.date(2026, 7, 31), TERMS["description"])
    assert first.digest == third.digest != second.digest
    assert offer.content_version == 3


def test_announcing_the_end_drops_the_change_that_waits(desk: Desk) -> None:
    desk.active()
    desk.act(desk.mona, "amend", **CHANGED)
    assert desk.act(desk.mona, "stop", reason="Done early") == "closing"
    assert_decided_terms_hold(desk)


def test_an_engagement_that_runs_out_ends_on_the_terms_decided_on(desk: Desk) -> None:
    desk.active()
    desk.act(desk.mona, "amend", **CHANGED)
    assert desk.later(dt.datetime(2026, 8, 1, tzinfo=dt.UTC)) == "ended"
    assert_decided_terms_hold(desk)


def test_a_change_may_be_taken_back_and_other_changes_stay(desk: Desk) -> None:
    desk.active()
    desk.act(desk.mona, "amend", **CHANGED)
    assert desk.act(desk.mona, "take_back", reason="Too dear") == "active"
    assert_decided_terms_hold(desk)
    desk.act(desk.mona, "amend", **{**TERMS, "title": "Pricing"})
    desk.act(desk.mona, "amend", **{**CHANGED, "title": "Pricing"})
    desk.act(desk.mona, "take_back", reason="Still too dear")
    assert (desk.offer(desk.mona).title, desk.offer(desk.mona).amount) == ("Pricing", "12500.00")


def test_what_the_clock_asked_for_is_not_taken_back(desk: Desk) -> None:
    desk.active(ends_on="2026-12-31")
    assert desk.later(dt.datetime(2026, 10, 1, tzinfo=dt.UTC)) == "reassessment"
    with pytest.raises(RefusedError, match="No change waits"):
        desk.act(desk.mona, "take_back", reason="Go on")
