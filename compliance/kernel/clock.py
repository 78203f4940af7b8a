"""Time: the present instant, and deadlines on named business calendars.

Every deadline is stored as a UTC instant. A business calendar belongs to a place: its time zone says when a day begins,
its public holidays (package ``holidays``) and its weekend say which days count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import holidays

OPENING: Final = dt.time(9, 0)
SATURDAY: Final = 5


_pretended: ContextVar[dt.datetime | None] = ContextVar("pretended", default=None)


def now() -> dt.datetime:
    """Return the present instant in UTC."""
    return _pretended.get() or dt.datetime.now(dt.UTC)


@contextmanager
def pretend(instant: dt.datetime) -> Iterator[None]:
    """Let it be *instant* for what is done inside: only the sample does so, to have cases with a past."""
    token = _pretended.set(instant)
    try:
        yield
    finally:
        _pretended.reset(token)


class UnknownCalendarError(ValueError):
    """A calendar was named that does not exist."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A business calendar: the place whose holidays and midnight count."""

    key: str
    title: str
    zone: str
    country: str | None = None
    subdivision: str | None = None

    def is_business_day(self, day: dt.date) -> bool:
        """Tell whether *day* is worked: neither weekend nor public holiday."""
        return day.weekday() < SATURDAY and day not in _holidays(self.country, self.subdivision)

    def add_business_days(self, start: dt.datetime, days: int) -> dt.datetime:
        """Return the instant *days* business days after *start*, at the same local time.

        What arrives on a day that is not worked counts from the opening of the next business day.
        """
        local = start.astimezone(ZoneInfo(self.zone))
        if not self.is_business_day(local.date()):
            local = dt.datetime.combine(self._next_business_day(local.date()), OPENING, local.tzinfo)
        day = local.date()
        for _ in range(days):
            day = self._next_business_day(day)
        return dt.datetime.combine(day, local.timetz().replace(fold=0)).astimezone(dt.UTC)

    def worked(self, begun: dt.datetime, ended: dt.datetime) -> dt.timedelta:
        """Return how much of the time between two instants lies on days that are worked."""
        spent, zone = dt.timedelta(), ZoneInfo(self.zone)
        while begun < ended:
            day = begun.astimezone(zone).date()
            midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC)
            spent += min(midnight, ended) - begun if self.is_business_day(day) else dt.timedelta()
            begun = midnight
        return spent

    def before(self, instant: dt.datetime, span: dt.timedelta) -> dt.datetime:
        """Return the instant that lies *span* of time on worked days before *instant*."""
        zone, found = ZoneInfo(self.zone), instant.astimezone(dt.UTC)
        while span > dt.timedelta():
            day = (found - dt.timedelta(microseconds=1)).astimezone(zone).date()
            midnight = dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)
            there = min(found - midnight, span) if self.is_business_day(day) else dt.timedelta()
            found, span = found - there if there == span else midnight, span - there
        return found

    def _next_business_day(self, day: dt.date) -> dt.date:
        day += dt.timedelta(days=1)
        while not self.is_business_day(day):
            day += dt.timedelta(days=1)
        return day


@lru_cache(maxsize=64)
def _holidays(country: str | None, subdivision: str | None) -> holidays.HolidayBase | frozenset[dt.date]:
    if country is None:
        return frozenset()
    return holidays.country_holidays(country, subdiv=subdivision)


CALENDARS: Final = {
    calendar.key: calendar
    for calendar in (
        Calendar("utc", "Weekdays, UTC", "UTC"),
        Calendar("us", "United States (federal)", "America/New_York", "US"),
        Calendar("us-ca", "California", "America/Los_Angeles", "US", "CA"),
        Calendar("gb", "England and Wales", "Europe/London", "GB", "ENG"),
        Calendar("gb-sct", "Scotland", "Europe/London", "GB", "SCT"),
        Calendar("ie", "Ireland", "Europe/Dublin", "IE"),
        Calendar("de", "Germany (federal)", "Europe/Berlin", "DE"),
        Calendar("fr", "France", "Europe/Paris", "FR"),
        Calendar("es", "Spain", "Europe/Madrid", "ES"),
        Calendar("nl", "Netherlands", "Europe/Amsterdam", "NL"),
        Calendar("ca", "Canada (federal)", "America/Toronto", "CA"),
        Calendar("au", "Australia (national)", "Australia/Sydney", "AU"),
        Calendar("in", "India", "Asia/Kolkata", "IN"),
        Calendar("br", "Brazil", "America/Sao_Paulo", "BR"),
    )
}


@cache
def calendar(key: str) -> Calendar:
    """Return the calendar called *key*; raises :class:`UnknownCalendarError`."""
    try:
        return CALENDARS[key]
    except KeyError:
        message = f"There is no business calendar “{key}”. Known: {', '.join(sorted(CALENDARS))}."
        raise UnknownCalendarError(message) from None


class Term(Protocol):
    """A length of time that a deadline allows."""

    def after(self, start: dt.datetime, on: Calendar) -> dt.datetime:
        """Return the instant at which the term that began at *start* is over."""
        ...

    def spent(self, begun: dt.datetime, ended: dt.datetime, on: Calendar) -> dt.timedelta:
        """Return how much of the term passed between two instants."""
        ...

    def sooner(self, instant: dt.datetime, spent: dt.timedelta, on: Calendar) -> dt.datetime:
        """Return when the term is over that would be over at *instant*, had nothing of it been *spent* before."""
        ...

    def __str__(self) -> str:
        """Return the term in words."""
        ...


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """So many business days on the case's calendar."""

    days: int

    def after(self, start: dt.datetime, on: Calendar) -> dt.datetime:
        """See :class:`Term`."""
        return on.add_business_days(start, self.days)

    def spent(self, begun: dt.datetime, ended: dt.datetime, on: Calendar) -> dt.timedelta:
        """See :class:`Term`."""
        return on.worked(begun, ended)

    def sooner(self, instant: dt.datetime, spent: dt.timedelta, on: Calendar) -> dt.datetime:
        """See :class:`Term`."""
        return on.before(instant, spent)

    def __str__(self) -> str:
        """Return the term in words."""
        return f"{self.days} business day{'' if self.days == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Elapsed:
    """So much time on the clock, holidays or not."""

    span: dt.timedelta

    def after(self, start: dt.datetime, on: Calendar) -> dt.datetime:
        """See :class:`Term`."""
        del on
        return start + self.span

    def spent(self, begun: dt.datetime, ended: dt.datetime, on: Calendar) -> dt.timedelta:
        """See :class:`Term`."""
        del on
        return ended - begun

    def sooner(self, instant: dt.datetime, spent: dt.timedelta, on: Calendar) -> dt.datetime:
        """See :class:`Term`."""
        del on
        return instant - spent

    def __str__(self) -> str:
        """Return the term in words."""
        days, rest = divmod(int(self.span.total_seconds()), 86_400)
        count, unit = (days, "day") if days and not rest else (int(self.span.total_seconds()) // 3600, "hour")
        return f"{count} {unit}{'' if count == 1 else 's'}"


def business_days(days: int) -> BusinessDays:
    """Return a term of *days* business days."""
    return BusinessDays(days)


def calendar_days(days: int) -> Elapsed:
    """Return a term of *days* times 24 hours."""
    return Elapsed(dt.timedelta(days=days))


def hours(count: int) -> Elapsed:
    """Return a term of *count* hours."""
    return Elapsed(dt.timedelta(hours=count))
