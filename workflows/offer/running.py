"""A running engagement: changes, reassessment, its end, suspension."""

from __future__ import annotations

import datetime as dt
from typing import cast

from compliance.authz import SYSTEM, Role, any_of
from compliance.engine.case import Case
from compliance.engine.definition import Action, Holder, Moment, Party, Tone, choose
from compliance.engine.guards import holds_it, not_conflicted
from workflows.offer import effects, forms, guards, policy, rising, second_look
from workflows.offer.drafting import reasons_for
from workflows.offer.making import CLIENT
from workflows.offer.model import Offer, State
from workflows.offer.outcomes import EMPLOYEE, INDEPENDENT, NOT_ENGAGED
from workflows.offer.reviewing import MAY_TAKE, REVIEWER, SENIOR
from workflows.offer.tenure import next_reassessment
from workflows.offer.terms import Terms

SUSPENDABLE = (State.CLEARED, State.ACTIVE, State.REASSESSMENT, State.CLOSING)
MAY_REASSESS = (not_conflicted, guards.not_own_offer, holds_it, second_look.goes_to_a_senior)


def _last_day(case: Case) -> dt.date:
    """Return the last day of the terms that were decided on, not of a change that still waits."""
    offer = cast("Offer", case)
    return offer.agreed_until or offer.ends_on


def _notice(case: Case) -> dt.datetime:
    last = _last_day(case)
    return dt.datetime.combine(last - policy.on(last).notice, dt.time(), dt.UTC)


def _after_last_day(case: Case) -> dt.datetime:
    return dt.datetime.combine(_last_day(case) + dt.timedelta(days=1), dt.time(), dt.UTC)


NOTICE_DAY = Moment("10 days before the last day", _notice)
LAST_DAY_OVER = Moment("when the last day is over", _after_last_day)
LAST_DAY_OVER_IF_BEGUN = Moment(
    "when the last day is over, where work had begun",
    lambda case: _after_last_day(case) if cast("Offer", case).began_on else None,
)

CHANGING = (
    Action(
        "amend",
        "Change a running engagement",
        (State.ACTIVE, State.CLOSING),
        choose((effects.is_material, State.REASSESSMENT), (effects.is_in(State.CLOSING), State.CLOSING), State.ACTIVE),
        CLIENT,
        Terms,
        guards=(guards.not_to_oneself, guards.same_freelancer),
        effect=effects.take_amount,
        help="Work goes on under the old terms until the change is decided. Your company's approvers, where it has "
        "any, sign a rise in pay first.",
        key="t",
    ),
    Action(
        "take_back",
        "Take the change back",
        (State.REASSESSMENT,),
        State.ACTIVE,
        CLIENT,
        forms.Reason,
        guards=(guards.a_change_waits,),
        effect=effects.take_change_back,
        help="The terms that were decided on hold again, as a new version.",
        key="w",
    ),
    Action(
        "review_tenure",
        "Review after a year, or when the tenure reaches the next band",
        (State.ACTIVE,),
        State.REASSESSMENT,
        SYSTEM,
        due=Moment(
            "when the determination runs out or the tenure reaches its next band, whichever comes first",
            next_reassessment,
        ),
    ),
    Action(
        "take_reassessment",
        "Claim the reassessment",
        (State.REASSESSMENT,),
        None,
        REVIEWER,
        guards=(guards.enrolled, *MAY_TAKE, second_look.goes_to_a_senior, rising.is_signed),
        holder=Holder.TAKE,
        key="e",
    ),
    Action(
        "pass_on",
        "Pass it on to a senior reviewer",
        (State.REASSESSMENT,),
        None,
        REVIEWER,
        forms.Reason,
        guards=(holds_it, not_conflicted),
        holder=Holder.RELEASE,
        key="s",
    ),
    Action(
        "confirm",
        "Confirm",
        (State.REASSESSMENT,),
        State.ACTIVE,
        REVIEWER,
        forms.Approve,
        guards=(
            *MAY_REASSESS,
            rising.is_signed,
            second_look.reassessment_is_enough,
            second_look.follows_the_questionnaire(INDEPENDENT),
        ),
        effect=effects.decide,
        binds=True,
        determines=INDEPENDENT,
        prefill=reasons_for(INDEPENDENT),
        tone=Tone.GOOD,
        key="a",
    ),
    Action(
        "change_route",
        "Employee",
        (State.REASSESSMENT,),
        State.EMPLOYEE_ROUTE,
        REVIEWER,
        forms.Employee,
        guards=(
            *MAY_REASSESS,
            rising.is_signed,
            guards.payroll_available,
            second_look.reassessment_is_enough,
            second_look.follows_the_questionnaire(EMPLOYEE),
        ),
        effect=effects.decide_and_offer_again,
        binds=True,
        determines=EMPLOYEE,
        prefill=reasons_for(EMPLOYEE),
        key="m",
    ),
    Action(
        "end_engagement",
        "End it",
        (State.REASSESSMENT,),
        State.ENDED,
        REVIEWER,
        forms.Against,
        guards=(
            *MAY_REASSESS,
            second_look.reassessment_is_enough,
            second_look.follows_the_questionnaire(NOT_ENGAGED),
        ),
        effect=effects.decide,
        binds=True,
        determines=NOT_ENGAGED,
        prefill=reasons_for(NOT_ENGAGED),
        tone=Tone.BAD,
        key="r",
    ),
    Action(
        "self_confirm",
        "Confirm your own classification",
        (State.REASSESSMENT,),
        State.ACTIVE,
        any_of(Role.COMPLIANCE_CONTACT),
        forms.Attest,
        guards=(guards.not_enrolled, guards.not_own_offer, rising.is_signed),
        effect=effects.decide,
        binds=True,
        determines=INDEPENDENT,
        key="y",
    ),
)

ENDING = (
    Action(
        "close",
        "Announce the end",
        (State.ACTIVE,),
        State.CLOSING,
        SYSTEM | CLIENT,
        due=NOTICE_DAY,
        tells=(Party.CLIENT, Party.FREELANCER),
        key="d",
    ),
    Action(
        "stop",
        "Announce the end",
        (State.REASSESSMENT,),
        State.CLOSING,
        CLIENT,
        forms.Reason,
        effect=effects.take_change_back,
        tells=(Party.FREELANCER,),
        help="The change that waits is dropped; the terms that were decided on hold to the end.",
        key="d",
    ),
    Action(
        "end_begun",
        "End the engagement",
        (State.EMPLOYEE_ROUTE, State.PAYROLL_ONBOARDING, State.CLEARED, State.DISAGREEMENT),
        State.ENDED,
        SYSTEM | CLIENT,
        guards=(guards.work_has_begun, guards.may_end_by_itself),
        due=LAST_DAY_OVER_IF_BEGUN,
        help="For work that had begun before it was found to be employment.",
        key="q",
    ),
    Action(
        "end",
        "End",
        (State.CLOSING,),
        State.ENDED,
        SYSTEM | CLIENT,
        guards=(guards.may_end_by_itself,),
        due=LAST_DAY_OVER,
        key="d",
    ),
    Action(
        "run_out",
        "Run out",
        (State.REASSESSMENT,),
        State.ENDED,
        SYSTEM,
        guards=(guards.may_end_by_itself,),
        due=LAST_DAY_OVER,
        effect=effects.take_change_back,
    ),
)

SUSPENDING = (
    Action(
        "ask_suspension",
        "Ask for suspension",
        SUSPENDABLE,
        None,
        SENIOR,
        forms.Reason,
        guards=(not_conflicted,),
        key="h",
    ),
    Action(
        "suspend",
        "Suspend",
        SUSPENDABLE,
        State.SUSPENDED,
        SENIOR,
        forms.Reason,
        guards=(not_conflicted, guards.suspension_was_asked, guards.not_suspender),
        effect=effects.remember_origin,
        binds=True,
        tone=Tone.BAD,
        key="z",
    ),
    Action(
        "resume",
        "Lift the suspension",
        (State.SUSPENDED,),
        choose(*((effects.came_from(state), state) for state in SUSPENDABLE if state != State.ACTIVE), State.ACTIVE),
        SENIOR,
        forms.Reason,
        guards=(not_conflicted, guards.not_lifter),
        binds=True,
        key="a",
    ),
    Action(
        "end_suspended",
        "End it for good",
        (State.SUSPENDED,),
        State.ENDED,
        SENIOR,
        forms.Reason,
        guards=(not_conflicted, guards.did_not_suspend),
        effect=effects.take_change_back,
        binds=True,
        tone=Tone.BAD,
        key="r",
    ),
)

ACTIONS = (*CHANGING, *rising.ACTIONS, *ENDING, *SUSPENDING)
