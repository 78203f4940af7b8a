"""Whether time, milestones and payments are allowed on an offer: never before the engagement is active."""

from __future__ import annotations

import datetime as dt
from typing import Final

from workflows.offer.model import Offer, State

# Work goes on under the old terms while a change is looked at, and until the last day once the end is announced.
RUNNING: Final = (State.ACTIVE, State.REASSESSMENT, State.CLOSING)


def may_bill(offer: Offer, day: dt.date | None = None) -> str | None:
    """Refuse time, milestones and payments on anything but a running engagement; *day* is when the work was done."""
    if offer.state == State.SUSPENDED:
        return "The engagement is suspended. Nothing can be billed until that is lifted."
    if offer.state not in RUNNING:
        return "Work can be billed only while the engagement is active."
    if day and offer.began_on and day < max(offer.began_on, offer.starts_on):
        first = max(offer.began_on, offer.starts_on)
        return f"Work counts from {first:%d %B %Y}; what was done before that cannot be billed."
    if day and offer.agreed_until and day > offer.agreed_until:
        return f"The agreed last day is {offer.agreed_until:%d %B %Y}; later work is not covered."
    return None


def may_add_milestone(offer: Offer) -> str | None:
    """Refuse new milestones also while a reassessment is late."""
    if offer.state == State.REASSESSMENT and offer.late:
        return "The reassessment is late. New milestones wait until it is decided."
    return may_bill(offer)
