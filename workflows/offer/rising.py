"""A rise in pay on a running engagement: the client's own approvers sign it, as they would a new offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from compliance.engine.case import CaseVersion
from compliance.engine.definition import Action, Party, Tone
from compliance.engine.guards import not_after
from compliance.engine.move import Move
from workflows.offer import effects, forms
from workflows.offer.making import APPROVER
from workflows.offer.model import Offer, State

_not_asker = not_after("amend", sentence="You asked for a change here; somebody else approves it.")
_not_signed_yet = not_after(
    "sign_rise", sentence="You have signed already; the next signature is somebody else's.", here=True
)


def agreed_terms(move: Move) -> Mapping[str, Any]:
    """Return the terms that were decided on; nothing where none were."""
    offer: Offer = move.case
    query = sa.select(CaseVersion.terms).where(
        CaseVersion.case_id == offer.id, CaseVersion.number == offer.decided_version
    )
    return move.session.scalar(query) or {}


def raises_pay(move: Move) -> bool:
    """Tell whether more is to be paid than was decided on, or otherwise, so that the two cannot be compared."""
    offer: Offer = move.case
    before = move.once(agreed_terms)
    if not before:
        return False
    if (before["currency"], before["contract_type"]) != (offer.currency, offer.contract_type):
        return True
    more_hours = offer.contract_type == "hourly" and offer.hours_per_week > before["hours_per_week"]
    return bool(offer.amount_minor > before["amount_minor"] or more_hours)


def signatures_left(move: Move) -> int:
    """Return how many of the client's approvers must still sign the rise that waits, if one does."""
    left = move.organisation.approval_steps - move.times_here("sign_rise")
    return left if left > 0 and raises_pay(move) else 0


def whoever_signs(move: Move) -> Party | None:
    """Return the client's approvers while they have to sign."""
    return Party.APPROVERS if signatures_left(move) else None


def is_signed(move: Move) -> str | None:
    """Let nobody decide on a rise in pay that the client's own approvers have not signed."""
    if not signatures_left(move):
        return None
    return "The change raises the pay. The client's own approvers sign it first."


def _waits(move: Move) -> str | None:
    """Take signatures only for a rise in pay that waits for them."""
    return None if signatures_left(move) else "No rise in pay waits for a signature here."


ACTIONS = (
    Action(
        "sign_rise",
        "Approve the rise in pay",
        (State.REASSESSMENT,),
        None,
        APPROVER,
        guards=(_waits, _not_asker, _not_signed_yet),
        binds=True,
        tone=Tone.GOOD,
        help="The desk, or your own compliance contact, then looks at the change.",
        key="f",
    ),
    Action(
        "decline_rise",
        "Decline the rise in pay",
        (State.REASSESSMENT,),
        State.ACTIVE,
        APPROVER,
        forms.Reason,
        guards=(_waits, _not_asker),
        effect=effects.take_change_back,
        binds=True,
        tone=Tone.BAD,
        help="The terms that were decided on hold again, as a new version.",
        key="b",
    ),
)
