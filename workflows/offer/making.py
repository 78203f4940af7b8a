"""Making an offer: the terms, the client's own approvals, and taking it back."""

from __future__ import annotations

import datetime as dt
from typing import cast

from compliance.authz import SYSTEM, Role, any_of
from compliance.engine.answering import answers_complete
from compliance.engine.case import Case
from compliance.engine.definition import Action, Holder, Moment, Party, Tone, choose
from workflows.offer import effects, forms, guards, policy
from workflows.offer.model import EDITABLE, PRE_ACTIVE, Offer, State
from workflows.offer.terms import Terms

CLIENT = any_of(Role.HIRING_MANAGER, Role.ACCOUNT_ADMIN)
APPROVER = any_of(Role.APPROVER)


def _end_of_life(case: Case) -> dt.datetime:
    """Return when the offer lapses: so long after it was put forward, whatever happened in between."""
    offered_at = cast("Offer", case).offered_at or case.created_at
    return offered_at + policy.on(offered_at.date()).offer_life


THIRTY_DAYS = Moment("30 days after the offer was put forward, whatever happens in between", _end_of_life)

ACTIONS = (
    Action(
        "edit",
        "Change the terms",
        EDITABLE,
        State.DRAFT,
        CLIENT,
        Terms,
        guards=(guards.not_to_oneself, guards.work_has_not_begun),
        effect=effects.renew,
        holder=Holder.RELEASE,
        help="The changed offer is a new version and starts again.",
        key="t",
    ),
    Action(
        "submit",
        "Submit",
        (State.DRAFT,),
        choose((effects.approvals_on, State.AWAITING_APPROVAL), State.SUBMITTED),
        CLIENT,
        guards=(guards.purchase_order_is_there, guards.first_day_lies_ahead, answers_complete(Party.CLIENT)),
        effect=effects.put_forward,
        tone=Tone.GOOD,
        key="u",
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
        key="y",
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
        key="d",
    ),
    Action(
        "withdraw",
        "Withdraw",
        (*PRE_ACTIVE, State.DISAGREEMENT),
        State.WITHDRAWN,
        CLIENT,
        forms.Reason,
        guards=(guards.work_has_not_begun,),
        tone=Tone.BAD,
        key="w",
    ),
    Action(
        "expire",
        "Expire",
        PRE_ACTIVE[1:],
        State.EXPIRED,
        SYSTEM,
        guards=(guards.work_has_not_begun,),
        due=THIRTY_DAYS,
    ),
)
