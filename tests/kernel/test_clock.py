"""Business days by place: weekends, holidays, daylight saving, leap days."""

import datetime as dt

import pytest

from compliance.kernel import clock
from compliance.kernel.clock import Elapsed, UnknownCalendarError, business_days, calendar, calendar_days, hours


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "key,start,days,due",
    [
        ("utc", "2026-03-02 09:00", 1, "2026-03-03 09:00"),
        ("utc", "2026-03-06 16:30", 1, "2026-03-09 16:30"),
        # What comes on a Saturday counts from Monday's opening.
        ("utc", "2026-03-07 22:00", 1, "2026-03-10 09:00"),
        # Good Friday is a holiday in England and Scotland, Easter Monday in England alone, and neither in plain UTC.
        ("gb", "2026-04-02 10:00", 1, "2026-04-07 10:00"),
        ("gb-sct", "2026-04-02 10:00", 1, "2026-04-06 10:00"),
        ("utc", "2026-04-02 10:00", 1, "2026-04-03 10:00"),
        # The clocks of London go forward on 29 March 2026: the local hour stays, the instant moves.
        ("gb", "2026-03-27 10:00", 1, "2026-03-30 09:00"),
        ("de", "2026-10-23 08:00", 1, "2026-10-26 09:00"),
        # 29 February is a day like any other when it comes.
        ("utc", "2028-02-28 12:00", 1, "2028-02-29 12:00"),
        ("utc", "2026-12-31 12:00", 10, "2027-01-14 12:00"),
        # A New Yorker's late Friday evening is Saturday in UTC and still Friday where it counts.
        ("us", "2026-03-07 03:00", 1, "2026-03-10 02:00"),
    ],
)
def test_a_business_day_is_counted_where_the_calendar_lies(key: str, start: str, days: int, due: str) -> None:
    assert business_days(days).after(utc(start), calendar(key)) == utc(due)


def test_every_calendar_knows_a_working_day_and_a_free_one() -> None:
    for key in clock.CALENDARS:
        found = calendar(key)
        assert found.is_business_day(dt.date(2026, 9, 16)), key
        assert not found.is_business_day(dt.date(2026, 9, 20)), key


def test_elapsed_time_takes_no_notice_of_holidays() -> None:
    assert calendar_days(3).after(utc("2026-04-02 10:00"), calendar("gb")) == utc("2026-04-05 10:00")


@pytest.mark.parametrize(
    "term,words",
    [
        (business_days(1), "1 business day"),
        (business_days(10), "10 business days"),
        (calendar_days(1), "1 day"),
        (calendar_days(30), "30 days"),
        (hours(1), "1 hour"),
        (hours(48), "2 days"),
        (Elapsed(dt.timedelta(hours=36)), "36 hours"),
    ],
)
def test_a_term_says_itself_in_words(term: clock.Term, words: str) -> None:
    assert str(term) == words


def test_an_unknown_calendar_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UnknownCalendarError, match=r"no business calendar “mars”\. Known: .*gb"):
        calendar("mars")


def test_a_pretended_instant_holds_inside_and_ends_with_it() -> None:
    past = utc("2024-02-29 12:00")
    with clock.pretend(past):
        assert clock.now() == past
    assert clock.now() > past


@pytest.mark.parametrize("key", ["utc", "gb", "de", "in"])
def test_time_on_worked_days_leaves_out_the_weekend_and_is_taken_back_by_as_much(key: str) -> None:
    friday = dt.datetime(2026, 3, 6, 15, 30, tzinfo=dt.UTC)
    tuesday = dt.datetime(2026, 3, 10, 15, 30, tzinfo=dt.UTC)
    on = clock.calendar(key)
    assert on.worked(friday, tuesday) == dt.timedelta(days=2)
    assert on.before(tuesday, on.worked(friday, tuesday)) == friday
    assert on.worked(friday, friday) == dt.timedelta()
