"""Making an offer: the terms, the client's own approvals, and taking it back (rows 1 to 4 and 24 of the handbook)."""

from __future__ import annotations

import datetime as dt
from typing import cast

from compliance.authz import SYSTEM, Role, any_of
from compliance.engine.case import Case
from compliance.engine.definition import Action, Holder, Moment, Tone, choose
from workflows.offer import effects, forms, guards
from workflows.offer.model import EDITABLE, PRE_ACTIVE, Offer, State
from workflows.offer.terms import Terms

CLIENT = any_of(Role.HIRING_MANAGER, Role.ACCOUNT_ADMIN)
APPROVER = any_of(Role.APPROVER)


def _thirty_days(case: Case) -> dt.datetime:
    """Return when the offer lapses: thirty days after it was put forward, whatever happened in between."""
    return (cast("Offer", case).offered_at or case.created_at) + guards.OFFER_LIFE


THIRTY_DAYS = Moment("30 days after the offer was put forward, whatever happens in between", _thirty_days)

ACTIONS = (
    Action(
        "edit",
        "Change the terms",
        EDITABLE,
        State.DRAFT,
        CLIENT,
        Terms,
        guards=(guards.not_to_oneself,),
        effect=effects.renew,
        holder=Holder.RELEASE,
        help="The changed offer is a new version and starts again.",
    ),
    Action(
        "submit",
        "Submit",
        (State.DRAFT,),
        choose((effects.approvals_on, State.AWAITING_APPROVAL), State.SUBMITTED),
        CLIENT,
        guards=(guards.purchase_order_is_there, guards.first_day_lies_ahead),
        effect=effects.put_forward,
        tone=Tone.GOOD,
    ),
    Action(
        "sign",
        "Approve for the client",
        (State.AWAITING_APPROVAL,),
        choose((effects.last_signature, State.SUBMITTED), State.AWAITING_APPROVAL),
        APPROVER,
        guards=(guards.not_requester, guards.not_signed_yet),
        binds=True,
        tone=Tone.GOOD,
    ),
    Action(
        "decline",
        "Decline",
        (State.AWAITING_APPROVAL,),
        State.DRAFT,
        APPROVER,
        forms.Reason,
        guards=(guards.not_requester,),
        binds=True,
        tone=Tone.BAD,
    ),
    Action(
        "withdraw",
        "Withdraw",
        (*PRE_ACTIVE, State.DISAGREEMENT),
        State.WITHDRAWN,
        CLIENT,
        forms.Reason,
        tone=Tone.BAD,
    ),
    Action("expire", "Expire", PRE_ACTIVE[1:], State.EXPIRED, SYSTEM, due=THIRTY_DAYS),
)
