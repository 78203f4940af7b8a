"""When a running engagement is looked at again although nobody changed it."""

from __future__ import annotations

import datetime as dt
from typing import cast

from compliance.engine.case import Case
from workflows.offer import policy
from workflows.offer.model import Offer


def next_reassessment(case: Case) -> dt.datetime | None:
    """Return when the determination runs out or the tenure reaches its next band, whichever comes first."""
    offer = cast("Offer", case)
    if offer.valid_until is None or offer.decided_at is None:
        return None
    decided = offer.decided_at.date()
    bands = policy.on(decided).tenure_months
    turns = (months_after(offer.starts_on, band - offer.months_worked) for band in bands)
    first = min((day for day in turns if day > max(decided, offer.starts_on)), default=offer.valid_until)
    return dt.datetime.combine(min(first, offer.valid_until), dt.time(), dt.UTC)


def months_after(day: dt.date, months: int) -> dt.date:
    """Return the same day so many *months* later, or the last day of a month that is too short."""
    years, month = divmod(day.month - 1 + months, 12)
    first = day.replace(year=day.year + years, month=month + 1, day=1)
    following = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return min(first + dt.timedelta(days=day.day - 1), following - dt.timedelta(days=1))
