"""From a determination to the first day: payroll, onboarding, acceptance."""

from __future__ import annotations

from compliance.authz import SYSTEM, WORKER, Role, any_of
from compliance.engine.definition import Action, Holder, Tone
from compliance.engine.guards import not_conflicted, on_desk, unclaimed
from compliance.engine.signing import sign, signs_by_name
from compliance.kernel.clock import business_days
from workflows.offer import effects, forms, guards, onboarding
from workflows.offer.making import CLIENT
from workflows.offer.model import State
from workflows.offer.reviewing import REVIEWER

DESK = any_of(Role.PROGRAM_SUCCESS_MANAGER) | REVIEWER


def _signing(name: str, label: str, state: State, papers: tuple[tuple[str, str], ...]) -> Action:
    return Action(
        name,
        label,
        (state,),
        None,
        WORKER,
        forms.signature(papers),
        guards=(*onboarding.own_part(name), guards.decided_terms_stand, signs_by_name),
        effect=sign,
        key="y",
    )


ACTIONS = (
    Action(
        "employer_accepts",
        "Record the employer of record's acceptance",
        (State.EMPLOYEE_ROUTE,),
        None,
        DESK,
        forms.Employer,
        guards=(not_conflicted,),
        for_desk=False,
        key="p",
    ),
    Action(
        "accept_employment",
        "Accept employment",
        (State.EMPLOYEE_ROUTE,),
        None,
        WORKER,
        guards=(guards.worker_is_asked,),
        effect=effects.agree_to_employment,
        key="a",
    ),
    Action(
        "accept_payroll",
        "Accept employment through the partner",
        (State.EMPLOYEE_ROUTE,),
        State.PAYROLL_ONBOARDING,
        CLIENT,
        guards=(guards.employer_accepted, guards.worker_accepted, guards.decided_terms_stand),
        key="y",
    ),
    Action(
        "decline_payroll",
        "Decline employment",
        (State.EMPLOYEE_ROUTE,),
        State.REJECTED,
        CLIENT | WORKER,
        forms.Reason,
        tone=Tone.BAD,
        key="d",
    ),
    Action(
        "begin_onboarding",
        "Begin onboarding",
        (State.ENTERPRISE_READY,),
        State.ONBOARDING,
        CLIENT | SYSTEM,
        guards=(guards.decided_terms_stand,),
        due=business_days(1),
        key="b",
    ),
    _signing("sign_contract", "Sign the contract", State.ONBOARDING, onboarding.CONTRACTOR_PAPERS),
    _signing("sign_employment", "Sign the employment contract", State.PAYROLL_ONBOARDING, onboarding.EMPLOYEE_PAPERS),
    Action(
        "record_identity",
        "Record identity and background check",
        tuple(onboarding.PARTS),
        None,
        DESK,
        forms.Identity,
        guards=(not_conflicted, guards.not_own_offer, *onboarding.own_part("record_identity")),
        for_desk=False,
        key="p",
    ),
    Action(
        "confirm_setup",
        "Confirm access and contact",
        tuple(onboarding.PARTS),
        None,
        CLIENT,
        forms.Setup,
        guards=onboarding.own_part("confirm_setup"),
        key="f",
    ),
    Action(
        "take_step",
        "Claim the desk's step",
        (State.EMPLOYEE_ROUTE, *onboarding.PARTS),
        None,
        REVIEWER,
        guards=(on_desk, unclaimed, not_conflicted),
        holder=Holder.TAKE,
        key="e",
    ),
    Action(
        "clear",
        "Clear to begin",
        tuple(onboarding.PARTS),
        State.CLEARED,
        SYSTEM,
        guards=(onboarding.everything_is_done, guards.decided_terms_stand),
        auto=True,
    ),
    Action(
        "begin_work",
        "Accept the offer",
        (State.CLEARED,),
        State.ACTIVE,
        WORKER,
        guards=(guards.first_day_lies_ahead, guards.offer_is_young, guards.decided_terms_stand),
        effect=effects.begin,
        binds=True,
        tone=Tone.GOOD,
        key="a",
    ),
)
