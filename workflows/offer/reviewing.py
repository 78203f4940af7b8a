"""Classifying an offer: first and second review, questions, the decision."""

from __future__ import annotations

from compliance.authz import SYSTEM, WORKER, Allow, Role, any_of
from compliance.engine.definition import Action, Holder, Tone
from compliance.engine.guards import holds_it, not_conflicted, not_held_by_another, unclaimed
from compliance.kernel.clock import business_days
from workflows.offer import effects, forms, guards, second_look
from workflows.offer.drafting import reasons_for
from workflows.offer.making import CLIENT
from workflows.offer.model import State
from workflows.offer.outcomes import EMPLOYEE, INDEPENDENT, NOT_ENGAGED

REVIEWER = any_of(Role.REVIEWER, Role.SENIOR_REVIEWER)
SENIOR = any_of(Role.SENIOR_REVIEWER)
REVIEWING = (State.REVIEW, State.SECOND_REVIEW)
MAY_TAKE = (unclaimed, not_conflicted, guards.not_own_offer)
MAY_DECIDE = (not_conflicted, guards.not_own_offer, holds_it, guards.senior_in_second_review)


def _asking(name: str, label: str, target: State, key: str) -> Action:
    return Action(
        name,
        label,
        (State.REVIEW,),
        target,
        REVIEWER,
        forms.Ask,
        guards=(holds_it, not_conflicted),
        effect=effects.ask,
        key=key,
    )


def _answering(name: str, source: State, by: Allow) -> Action:
    return Action(
        name,
        "Answer",
        (source,),
        State.REVIEW,
        by,
        forms.Answer,
        guards=(guards.brings_document,),
        holder=Holder.GIVE_BACK,
        key="a",
    )


ACTIONS = (
    Action(
        "claim",
        "Claim and review",
        (State.SUBMITTED,),
        State.REVIEW,
        REVIEWER,
        guards=(guards.enrolled, not_held_by_another, not_conflicted, guards.not_own_offer),
        effect=effects.meet_freelancer,
        holder=Holder.TAKE,
        key="e",
    ),
    Action(
        "take_review",
        "Claim the review",
        (State.REVIEW,),
        None,
        REVIEWER,
        guards=MAY_TAKE,
        holder=Holder.TAKE,
        key="e",
        help="The review was released, or its questions were answered.",
    ),
    Action(
        "self_certify",
        "Classify it yourself",
        (State.SUBMITTED,),
        State.ONBOARDING,
        any_of(Role.COMPLIANCE_CONTACT),
        forms.Attest,
        guards=(guards.not_enrolled, guards.not_own_offer),
        effect=effects.decide,
        binds=True,
        determines=INDEPENDENT,
        key="s",
    ),
    _asking("ask_client", "Ask the client", State.INFO_CLIENT, "q"),
    _asking("ask_freelancer", "Ask the freelancer", State.INFO_FREELANCER, "f"),
    _answering("answer", State.INFO_CLIENT, CLIENT),
    _answering("answer_freelancer", State.INFO_FREELANCER, WORKER),
    Action(
        "lapse",
        "Lapse without an answer",
        (State.INFO_CLIENT, State.INFO_FREELANCER),
        State.EXPIRED,
        SYSTEM,
        due=business_days(10),
    ),
    Action(
        "escalate",
        "Escalate",
        (State.REVIEW,),
        State.SECOND_REVIEW,
        REVIEWER,
        forms.Reason,
        guards=(holds_it, not_conflicted),
        holder=Holder.RELEASE,
        key="s",
    ),
    Action(
        "escalate_late",
        "Pass on what was not decided in time",
        (State.REVIEW,),
        State.SECOND_REVIEW,
        SYSTEM,
        due=business_days(5),
        holder=Holder.RELEASE,
    ),
    Action(
        "take_second",
        "Claim the second review",
        (State.SECOND_REVIEW,),
        None,
        SENIOR,
        guards=(*MAY_TAKE, guards.not_first_reviewer),
        holder=Holder.TAKE,
        key="e",
    ),
    Action(
        "approve",
        "Enterprise Ready",
        REVIEWING,
        State.ENTERPRISE_READY,
        REVIEWER,
        forms.Approve,
        guards=(*MAY_DECIDE, second_look.first_review_is_enough, second_look.follows_the_questionnaire(INDEPENDENT)),
        effect=effects.decide,
        binds=True,
        determines=INDEPENDENT,
        prefill=reasons_for(INDEPENDENT),
        tone=Tone.GOOD,
        key="a",
    ),
    Action(
        "determine_employee",
        "Employee",
        REVIEWING,
        State.EMPLOYEE_ROUTE,
        REVIEWER,
        forms.Employee,
        guards=(
            *MAY_DECIDE,
            guards.payroll_available,
            second_look.first_review_is_enough,
            second_look.follows_the_questionnaire(EMPLOYEE),
        ),
        effect=effects.decide,
        binds=True,
        determines=EMPLOYEE,
        prefill=reasons_for(EMPLOYEE),
        key="m",
    ),
    Action(
        "reject",
        "Reject",
        REVIEWING,
        State.REJECTED,
        REVIEWER,
        forms.Against,
        guards=(*MAY_DECIDE, second_look.first_review_is_enough, second_look.follows_the_questionnaire(NOT_ENGAGED)),
        effect=effects.decide,
        binds=True,
        determines=NOT_ENGAGED,
        prefill=reasons_for(NOT_ENGAGED),
        tone=Tone.BAD,
        key="r",
    ),
)
