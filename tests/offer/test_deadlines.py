"""What happens to an offer by the clock: business days of the client's place, thirty days, a year."""

import dataclasses
import datetime as dt

import pytest
import sqlalchemy as sa
import time_machine

from compliance.audit.models import AuditEvent
from compliance.authz import Role
from compliance.engine.errors import RefusedError
from compliance.kernel.db import session
from tests import make
from tests.offer.scene import APPROVAL, MONDAY, TERMS, Desk
from workflows.offer.tenure import months_after

pytestmark = pytest.mark.usefixtures("app")
DAY = dt.timedelta(days=1)


def actions(desk: Desk) -> list[str]:
    stream = desk.offer(desk.mona).stream
    found = session().scalars(sa.select(AuditEvent.action).where(AuditEvent.stream == stream).order_by(AuditEvent.rev))
    return [action.partition(".")[2] for action in found]


def test_the_first_look_is_due_on_the_next_business_day_of_the_clients_place(monday: time_machine.Traveller) -> None:
    monday.move_to(dt.datetime(2026, 4, 2, 9, tzinfo=dt.UTC))
    desk = Desk(calendar="gb")
    desk.open(starts_on="2026-05-01")
    desk.act(desk.mona, "submit")
    # Good Friday, the weekend and Easter Monday are not worked in England; ten o'clock there is nine in UTC.
    assert desk.offer(desk.mona).due_at == dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)


def test_an_unanswered_question_is_remembered_twice_and_then_lapses(monday: time_machine.Traveller) -> None:
    monday.move_to(dt.datetime(2026, 5, 18, 9, tzinfo=dt.UTC))
    desk = Desk(calendar="us")
    desk.in_review(starts_on="2026-07-01")
    desk.act(desk.rita, "ask_freelancer", asked="Who sets the hours?")
    # Memorial Day makes ten business days fifteen calendar days.
    lapses = dt.datetime(2026, 6, 2, 9, tzinfo=dt.UTC)
    assert desk.offer(desk.mona).due_at == lapses
    assert desk.later(lapses - DAY) == "info_freelancer"
    assert actions(desk)[-2:] == ["remind", "remind"]
    assert desk.later(lapses) == "expired"


def test_an_answer_in_time_stops_the_lapse(desk: Desk) -> None:
    desk.in_review()
    desk.act(desk.rita, "ask_client", asked="Who sets the hours?")
    desk.act(desk.mona, "answer", answer="The freelancer.")
    assert desk.later(MONDAY + 20 * DAY) == "second_review"


def test_thirty_days_run_from_submission_whatever_happens_in_between(
    desk: Desk, monday: time_machine.Traveller
) -> None:
    desk.open()
    monday.shift(20 * DAY)
    desk.act(desk.mona, "submit")
    monday.shift(5 * DAY)
    desk.act(desk.rita, "claim")
    desk.act(desk.rita, "approve", **APPROVAL)
    desk.act(desk.mona, "begin_onboarding")
    assert desk.later(MONDAY + 50 * DAY - dt.timedelta(seconds=1)) == "onboarding"
    assert desk.later(MONDAY + 50 * DAY) == "expired"


def test_a_signature_does_not_lengthen_the_thirty_days(monday: time_machine.Traveller) -> None:
    desk = Desk(approval_steps=2)
    desk.open()
    desk.act(desk.mona, "submit")
    monday.shift(10 * DAY)
    desk.act(make.actor("Ada", Role.APPROVER, at=desk.client), "sign")
    assert desk.later(MONDAY + 30 * DAY - dt.timedelta(seconds=1)) == "awaiting_approval"
    assert desk.later(MONDAY + 30 * DAY) == "expired"


def test_a_draft_and_a_withdrawn_offer_do_not_expire(desk: Desk) -> None:
    desk.open()
    assert desk.later(MONDAY + 300 * DAY) == "draft"
    desk.act(desk.mona, "withdraw", reason="No longer needed")
    assert desk.later(MONDAY + 300 * DAY) == "withdrawn"


def test_a_changed_offer_has_its_thirty_days_again(desk: Desk, monday: time_machine.Traveller) -> None:
    desk.open()
    desk.act(desk.mona, "submit")
    monday.shift(25 * DAY)
    desk.act(desk.mona, "edit", **{**TERMS, "amount": "13000"})
    desk.act(desk.mona, "submit")
    assert desk.later(MONDAY + 31 * DAY) == "submitted"
    assert desk.later(MONDAY + 55 * DAY) == "expired"


def test_an_offer_of_thirty_days_is_not_accepted_any_more(desk: Desk, monday: time_machine.Traveller) -> None:
    desk.cleared(starts_on="2026-06-01")
    monday.shift(30 * DAY)
    with pytest.raises(RefusedError, match="older than 30 days"):
        desk.act(desk.fay, "begin_work")


@pytest.mark.parametrize(
    "months,ends,day",
    [
        ("0", "2026-12-31", dt.datetime(2026, 10, 1, tzinfo=dt.UTC)),
        ("4", "2026-12-31", dt.datetime(2026, 6, 1, tzinfo=dt.UTC)),
        ("7", "2026-12-31", dt.datetime(2026, 9, 1, tzinfo=dt.UTC)),
    ],
)
def test_an_engagement_is_looked_at_again_when_its_tenure_reaches_the_next_band(
    desk: Desk, months: str, ends: str, day: dt.datetime
) -> None:
    desk.active(months_worked=months, ends_on=ends)
    assert desk.later(day - dt.timedelta(seconds=1)) == "active"
    assert desk.later(day) == "reassessment"


def test_a_year_of_work_asks_for_a_second_look(desk: Desk, monday: time_machine.Traveller) -> None:
    desk.active(months_worked="7", ends_on="2026-12-31")
    monday.move_to(dt.datetime(2026, 9, 1, 9, tzinfo=dt.UTC))
    assert desk.later(dt.datetime(2026, 9, 1, 9, tzinfo=dt.UTC)) == "reassessment"
    desk.act(desk.rita, "take_reassessment")
    with pytest.raises(RefusedError, match="a year or more"):
        desk.act(desk.rita, "confirm", **APPROVAL)


def test_an_engagement_in_reassessment_runs_out_on_its_agreed_last_day(desk: Desk) -> None:
    desk.active()
    desk.act(desk.mona, "amend", **{**TERMS, "ends_on": "2026-12-31"})
    assert desk.later(dt.datetime(2026, 7, 31, 23, tzinfo=dt.UTC)) == "reassessment"
    assert desk.later(dt.datetime(2026, 8, 1, tzinfo=dt.UTC)) == "ended"


def test_months_end_where_the_calendar_ends_them() -> None:
    assert months_after(dt.date(2027, 8, 31), 6) == dt.date(2028, 2, 29)
    assert months_after(dt.date(2026, 8, 31), 6) == dt.date(2027, 2, 28)
    assert months_after(dt.date(2026, 3, 15), -4) == dt.date(2025, 11, 15)
    assert months_after(dt.date(2026, 12, 31), 12) == dt.date(2027, 12, 31)


def test_a_review_that_is_not_decided_in_five_business_days_goes_to_a_second_reviewer(desk: Desk) -> None:
    desk.in_review()
    assert desk.later(MONDAY + 7 * DAY - dt.timedelta(seconds=1)) == "classification_review"
    assert desk.offer(desk.mona).late
    assert desk.later(MONDAY + 7 * DAY) == "second_review"
    assert desk.offer(desk.mona).holder_id is None
    with pytest.raises(RefusedError, match="You made the first review"):
        desk.act(dataclasses.replace(desk.sue, stands_for=desk.rita.id), "take_second")
