"""When one reviewer is not enough, and who the second may be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

import sqlalchemy as sa

from compliance.authz import Role
from compliance.engine.case import Case
from compliance.engine.definition import Guard
from compliance.engine.guards import not_after
from compliance.engine.move import Move
from compliance.kernel.db import direct, table
from compliance.kernel.money import Money
from workflows.offer import policy
from workflows.offer.model import Offer, State

MONTHS_IN_YEAR: Final = 12
A_YEAR: Final = dt.timedelta(days=365)
# What the desk was not asked about, and what led to no work.
NOT_COUNTED: Final = (State.DRAFT, State.AWAITING_APPROVAL, State.REJECTED, State.WITHDRAWN, State.EXPIRED)

_CASE, _OFFER = table(Case).c, table(Offer).c
# Built once, for it is asked on the way of every decision, and of the worth alone.
_OF_THE_PAIR: Final = (
    sa.select(
        _OFFER.contract_type,
        _OFFER.amount_minor,
        _OFFER.currency,
        _OFFER.hours_per_week,
        _OFFER.starts_on,
        _OFFER.ends_on,
        _OFFER.offered_at,
    )
    .join_from(table(Case), table(Offer), _OFFER.id == _CASE.id)
    .where(
        _CASE.worker_id == sa.bindparam("worker"),
        _CASE.organisation_id == sa.bindparam("client"),
        _CASE.id != sa.bindparam("own"),
        _OFFER.offered_at > sa.bindparam("since"),
        _CASE.state.not_in(NOT_COUNTED),
    )
)

_not_passer = not_after("pass_on", sentence="You passed it on; the second look belongs to somebody else.", here=True)


def total(offer: Offer | sa.Row[Any]) -> Money:
    """Return what the offer is worth in all, at its hours a week to the last day."""
    if offer.contract_type != "hourly":
        return Money(offer.amount_minor, offer.currency)
    weeks = max(1, ((offer.ends_on - offer.starts_on).days + 7) // 7)
    return Money(offer.amount_minor * offer.hours_per_week * weeks, offer.currency)


def months_worked(move: Move) -> int:
    """Return the months of work for this client: those before the offer, and those since it began."""
    offer: Offer = move.case
    if not move.did("begin_work"):
        return offer.months_worked
    start, today = offer.starts_on, move.at.date()
    whole = (today.year - start.year) * MONTHS_IN_YEAR + today.month - start.month - (today.day < start.day)
    return offer.months_worked + max(0, whole)


def needs_second_review(move: Move) -> str | None:
    """Return why a second reviewer is due, or ``None``."""
    offer: Offer = move.case
    limits = policy.on(move.at.date())
    if {offer.work_place, offer.freelancer_country, offer.client_country} & limits.abc_states:
        return "The ABC test applies at one of the places."
    if offer.former_employee:
        return "The freelancer was an employee or is related."
    if months_worked(move) >= limits.red_months:
        return "The freelancer has worked for this client for a year or more."
    if move.assessment.unsupported:
        return move.assessment.unsupported
    return above_the_limit(move, limits)


def above_the_limit(move: Move, limits: policy.Policy) -> str | None:
    """Return which value is above the limit: the offer's own, or that of all the client's offers to the freelancer."""
    own = share_of_limit(total(move.case), limits)
    if own > 1:
        return "The value is above the limit."
    if own + sum(share_of_limit(worth, limits) for worth in move.once(others_of_the_pair)) > 1:
        return "With this client's other offers to the freelancer within a year, the value is above the limit."
    return None


def share_of_limit(worth: Money, limits: policy.Policy) -> Fraction:
    """Return how much of the limit in its currency *worth* takes up, so that currencies add up."""
    return Fraction(worth.amount) / limits.limit_in(worth.currency)


def others_of_the_pair(move: Move) -> Sequence[Money]:
    """Return what the client's other offers to the freelancer within a year are worth, but for those called off."""
    return [total(other) for other in move.once(_within_a_year)]


def of_the_pair_since(move: Move, since: dt.datetime) -> Sequence[Money]:
    """Return what those of them are worth that were put forward after *since*, which lies within a year."""
    return [total(other) for other in move.once(_within_a_year) if other.offered_at > since]


def _within_a_year(move: Move) -> Sequence[sa.Row[Any]]:
    offer: Offer = move.case
    if offer.worker_id is None:
        return ()
    pair = {"worker": offer.worker_id, "client": offer.organisation_id, "own": offer.id, "since": move.at - A_YEAR}
    return direct(move.session, _OF_THE_PAIR, pair).all()


def first_review_is_enough(move: Move) -> str | None:
    """Refuse to find a status alone where two must look."""
    if move.case.state != State.REVIEW:
        return None
    why = needs_second_review(move)
    return f"{why} Escalate it to a second review." if why else None


def goes_to_a_senior(move: Move) -> str | None:
    """Leave a reassessment that was passed on to a senior reviewer who did not pass it on."""
    if not move.did_here("pass_on"):
        return None
    if not move.actor.holds(Role.SENIOR_REVIEWER):
        return "This reassessment was passed on to a senior reviewer."
    return _not_passer(move)


def reassessment_is_enough(move: Move) -> str | None:
    """Refuse to find a status anew alone where two must look."""
    why = None if move.did_here("pass_on") else needs_second_review(move)
    return f"{why} Pass it on to a senior reviewer." if why else None


def follows_the_questionnaire(outcome: str) -> Guard:
    """Return a guard that lets nobody find *outcome* alone where the questionnaire says otherwise or leaves it open."""

    def guard(move: Move) -> str | None:
        """Let nobody decide alone against what the questionnaire found, or where it leaves the status open."""
        why = move.assessment.doubt
        if move.assessment.is_overridden_by(outcome):
            why = "This would override what the questionnaire found."
        if why and move.case.state == State.REVIEW:
            return f"{why} Escalate it to a second review."
        if why and move.case.state == State.REASSESSMENT and not move.did_here("pass_on"):
            return f"{why} Pass it on to a senior reviewer."
        return None

    return guard
