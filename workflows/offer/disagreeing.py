"""Disagreeing with a determination, and deciding on that afresh."""

from __future__ import annotations

from typing import NamedTuple

from compliance.authz import WORKER, Allow, Role, any_of
from compliance.engine.definition import AS_BEFORE, Action, Guard, Holder, Tone, choose
from compliance.engine.guards import holds_it, not_conflicted
from workflows.offer import effects, forms, guards
from workflows.offer.drafting import reasons_again, reasons_for
from workflows.offer.making import CLIENT
from workflows.offer.model import State
from workflows.offer.outcomes import EMPLOYEE, INDEPENDENT, NOT_ENGAGED
from workflows.offer.reviewing import MAY_TAKE, SENIOR

# An approved offer goes on to its onboarding by itself within a day; the thirty days to disagree go on there.
ARGUABLE = (
    State.REJECTED,
    State.EMPLOYEE_ROUTE,
    State.ENTERPRISE_READY,
    State.ONBOARDING,
    State.PAYROLL_ONBOARDING,
)
HOW_TO_DISAGREE = (
    "You can disagree once with each determination, within 30 days of it. Somebody who was not part of the decision "
    "looks at it afresh, within 45 days: a senior reviewer, or where the client classifies for itself, a second "
    "compliance contact of the client."
)
MAY_OVERTURN = (guards.enrolled, not_conflicted, guards.not_own_offer, guards.not_involved, holds_it)
CONTACT = any_of(Role.COMPLIANCE_CONTACT)
MAY_ANSWER = (guards.not_enrolled, not_conflicted, guards.not_own_offer, guards.second_contact)
TO_WHERE_IT_WAS = choose(
    *((effects.came_from(state), state) for state in ARGUABLE if state != State.ENTERPRISE_READY),
    State.ENTERPRISE_READY,
)


class Answerer(NamedTuple):
    """Who may answer a disagreement, and what they have to fulfil."""

    allow: Allow
    guards: tuple[Guard, ...]


DESK = Answerer(SENIOR, MAY_OVERTURN)
OWN = Answerer(CONTACT, MAY_ANSWER)


def _uphold(name: str, label: str, by: Answerer, key: str) -> Action:
    return Action(
        name,
        label,
        (State.DISAGREEMENT,),
        TO_WHERE_IT_WAS,
        by.allow,
        forms.Uphold,
        guards=by.guards,
        effect=effects.uphold,
        binds=True,
        determines=AS_BEFORE,
        prefill=reasons_again,
        help="A new determination with your reasons takes the place of the one before and keeps its outcome.",
        key=key,
    )


def _overturn(name: str, label: str, by: Answerer, target: State, key: str) -> Action:
    return Action(
        name,
        label,
        (State.DISAGREEMENT,),
        target,
        by.allow,
        forms.Approve,
        guards=by.guards,
        effect=effects.decide_and_offer_again,
        binds=True,
        determines=INDEPENDENT,
        prefill=reasons_for(INDEPENDENT),
        tone=Tone.GOOD,
        key=key,
    )


def _against(name: str, label: str, by: Answerer, key: str) -> Action:
    return Action(
        name,
        label,
        (State.DISAGREEMENT,),
        State.REJECTED,
        by.allow,
        forms.Against,
        guards=by.guards,
        effect=effects.decide,
        binds=True,
        determines=NOT_ENGAGED,
        prefill=reasons_for(NOT_ENGAGED),
        tone=Tone.BAD,
        key=key,
    )


ACTIONS = (
    Action(
        "disagree",
        "Disagree",
        ARGUABLE,
        State.DISAGREEMENT,
        CLIENT | WORKER,
        forms.Disagree,
        guards=(guards.may_disagree,),
        effect=effects.disagree,
        help=HOW_TO_DISAGREE,
        key="i",
    ),
    Action(
        "take_disagreement",
        "Claim the disagreement",
        (State.DISAGREEMENT,),
        None,
        SENIOR,
        guards=(guards.enrolled, *MAY_TAKE, guards.not_involved),
        holder=Holder.TAKE,
        key="e",
    ),
    _uphold("uphold", "Uphold", DESK, "u"),
    _overturn("overturn", "Overturn: Enterprise Ready", DESK, State.ENTERPRISE_READY, "a"),
    Action(
        "overturn_employee",
        "Overturn: employee",
        (State.DISAGREEMENT,),
        State.EMPLOYEE_ROUTE,
        SENIOR,
        forms.Employee,
        guards=(*MAY_OVERTURN, guards.payroll_available),
        effect=effects.decide_and_offer_again,
        binds=True,
        determines=EMPLOYEE,
        prefill=reasons_for(EMPLOYEE),
        key="m",
    ),
    _against("overturn_against", "Overturn: reject", DESK, "r"),
    # Where the client classifies for itself, its own people answer.
    _uphold("self_uphold", "Uphold your company's classification", OWN, "p"),
    _overturn("self_overturn", "Overturn: independent contractor", OWN, State.ONBOARDING, "y"),
    _against("self_overturn_against", "Overturn: it cannot go on as it is", OWN, "z"),
)
