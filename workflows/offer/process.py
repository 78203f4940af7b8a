"""The machine of the contract offer (programme handbook, section on compliance and classification)."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from compliance.authz import SYSTEM, WORKER, Role, any_of
from compliance.engine.case import Case
from compliance.engine.definition import Action, Holder, Tone, Workflow, choose
from compliance.engine.guards import holds_it, not_conflicted
from compliance.kernel.clock import business_days, calendar_days
from compliance.kernel.money import Money
from workflows.offer import forms, rules
from workflows.offer.model import EDITABLE, PRE_ACTIVE, Offer, State
from workflows.offer.stages import STAGES

CLIENT = any_of(Role.HIRING_MANAGER, Role.ACCOUNT_ADMIN)
REVIEWER = any_of(Role.REVIEWER, Role.SENIOR_REVIEWER)
SENIOR = any_of(Role.SENIOR_REVIEWER)
REVIEWING = (State.REVIEW, State.SECOND_REVIEW)
DETERMINED = (State.REJECTED, State.EMPLOYEE_ROUTE, State.ENTERPRISE_READY)
MAY_DECIDE = (not_conflicted, rules.not_own_offer, holds_it, rules.second_reviewer_is_new)


def _end_of_work(case: Case) -> dt.datetime:
    last = cast("Offer", case).ends_on
    return dt.datetime.combine(last - dt.timedelta(days=10), dt.time(), dt.UTC)


def _after_last_day(case: Case) -> dt.datetime:
    return dt.datetime.combine(cast("Offer", case).ends_on + dt.timedelta(days=1), dt.time(), dt.UTC)


def _facts(case: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - the engine hands its case over
    amount = Money(case.amount_minor, case.currency)
    found = [
        ("Freelancer", f"{case.freelancer}, {case.freelancer_country}"),
        ("Work", case.description),
        ("Place of work", case.work_place),
        (
            "Pay",
            f"{amount} {'an hour' if case.contract_type == 'hourly' else 'in all'}, {case.hours_per_week} hours a week",
        ),
        ("Dates", f"{case.starts_on:%d %B %Y} to {case.ends_on:%d %B %Y}"),
        ("Purchase order", case.purchase_order),
        ("Version of the terms", str(case.content_version)),
    ]
    if case.decided_version:
        found += [
            ("Decided on version", str(case.decided_version)),
            ("Behavioural control", case.behavioural_control),
            ("Financial control", case.financial_control),
            ("Relationship", case.relationship_of_parties),
            ("Conditions", case.conditions),
            ("Reason codes", ", ".join(forms.REASON_CODES[code] for code in case.reason_codes)),
            ("What would change it", case.what_would_change_it),
            ("Valid until", f"{case.valid_until:%d %B %Y}"),
        ]
    asked = [("Asked", case.asked), ("Answer", case.answer), ("Grounds of the disagreement", case.grounds)]
    return found + [(label, value) for label, value in asked if value]


workflow = Workflow(
    kind="offer",
    title="Offer",
    prefix="OF",
    model=Offer,
    states=State,
    start=State.DRAFT,
    open_form=forms.Terms,
    may_open=CLIENT,
    on_open=rules.renew,
    terms=(*(field.short_name for field in forms.Terms() if field.short_name != "amount"), "amount_minor"),
    stages=STAGES,
    worked_by=REVIEWER,
    facts=_facts,
    actions=(
        Action(
            "edit",
            "Change the terms",
            EDITABLE,
            State.DRAFT,
            CLIENT,
            forms.Terms,
            effect=rules.renew,
            holder=Holder.RELEASE,
            help="The changed offer is a new version and starts again.",
        ),
        Action(
            "submit",
            "Submit",
            (State.DRAFT,),
            choose((rules.approvals_on, State.AWAITING_APPROVAL), State.SUBMITTED),
            CLIENT,
            guards=(rules.purchase_order_is_there,),
            tone=Tone.GOOD,
        ),
        Action(
            "sign",
            "Approve for the client",
            (State.AWAITING_APPROVAL,),
            choose((rules.last_signature, State.SUBMITTED), State.AWAITING_APPROVAL),
            any_of(Role.APPROVER),
            guards=(rules.not_requester, rules.not_signed_yet),
            binds=True,
        ),
        Action("decline", "Decline", (State.AWAITING_APPROVAL,), State.DRAFT, any_of(Role.APPROVER), forms.Reason),
        Action(
            "claim",
            "Claim and review",
            (State.SUBMITTED,),
            State.REVIEW,
            REVIEWER,
            guards=(not_conflicted, rules.enrolled, rules.not_own_offer),
            holder=Holder.TAKE,
            key="e",
        ),
        Action(
            "self_certify",
            "Classify it yourself",
            (State.SUBMITTED,),
            State.ONBOARDING,
            any_of(Role.COMPLIANCE_CONTACT),
            forms.Attest,
            guards=(rules.not_enrolled,),
            effect=rules.decide,
            binds=True,
        ),
        Action(
            "ask_client", "Ask the client", (State.REVIEW,), State.INFO_CLIENT, REVIEWER, forms.Ask, guards=(holds_it,)
        ),
        Action(
            "ask_freelancer",
            "Ask the freelancer",
            (State.REVIEW,),
            State.INFO_FREELANCER,
            REVIEWER,
            forms.Ask,
            guards=(holds_it,),
        ),
        Action("answer", "Answer", (State.INFO_CLIENT,), State.REVIEW, CLIENT, forms.Answer),
        Action("answer_freelancer", "Answer", (State.INFO_FREELANCER,), State.REVIEW, WORKER, forms.Answer),
        Action(
            "escalate",
            "Escalate",
            (State.REVIEW,),
            State.SECOND_REVIEW,
            REVIEWER,
            forms.Reason,
            guards=(holds_it,),
            holder=Holder.RELEASE,
        ),
        Action(
            "take_second",
            "Claim the second review",
            (State.SECOND_REVIEW,),
            None,
            SENIOR,
            guards=(not_conflicted, rules.not_own_offer, rules.not_first_reviewer),
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
            guards=(*MAY_DECIDE, rules.first_review_is_enough),
            effect=rules.decide,
            binds=True,
            tone=Tone.GOOD,
            key="a",
        ),
        Action(
            "determine_employee",
            "Employee",
            REVIEWING,
            State.EMPLOYEE_ROUTE,
            REVIEWER,
            forms.Against,
            guards=MAY_DECIDE,
            effect=rules.decide,
            binds=True,
        ),
        Action(
            "reject",
            "Reject",
            REVIEWING,
            State.REJECTED,
            REVIEWER,
            forms.Against,
            guards=MAY_DECIDE,
            effect=rules.decide,
            binds=True,
            tone=Tone.BAD,
            key="r",
        ),
        Action(
            "accept_payroll",
            "Accept employment through the partner",
            (State.EMPLOYEE_ROUTE,),
            State.PAYROLL_ONBOARDING,
            CLIENT,
        ),
        Action(
            "decline_payroll",
            "Decline employment",
            (State.EMPLOYEE_ROUTE,),
            State.REJECTED,
            CLIENT | WORKER,
            forms.Reason,
        ),
        Action(
            "disagree",
            "Disagree",
            DETERMINED,
            State.DISAGREEMENT,
            CLIENT | WORKER,
            forms.Disagree,
            guards=(rules.may_disagree,),
            effect=rules.remember_origin,
        ),
        Action(
            "take_disagreement",
            "Claim the disagreement",
            (State.DISAGREEMENT,),
            None,
            SENIOR,
            guards=(not_conflicted, rules.not_own_offer, rules.not_involved),
            holder=Holder.TAKE,
            key="e",
        ),
        Action(
            "uphold",
            "Uphold",
            (State.DISAGREEMENT,),
            choose(
                (rules.came_from(State.REJECTED), State.REJECTED),
                (rules.came_from(State.EMPLOYEE_ROUTE), State.EMPLOYEE_ROUTE),
                State.ENTERPRISE_READY,
            ),
            SENIOR,
            forms.Reason,
            guards=(holds_it, rules.not_involved),
            binds=True,
        ),
        Action(
            "overturn",
            "Overturn: Enterprise Ready",
            (State.DISAGREEMENT,),
            State.ENTERPRISE_READY,
            SENIOR,
            forms.Approve,
            guards=(holds_it, rules.not_involved),
            effect=rules.decide,
            binds=True,
        ),
        Action(
            "overturn_against",
            "Overturn: reject",
            (State.DISAGREEMENT,),
            State.REJECTED,
            SENIOR,
            forms.Against,
            guards=(holds_it, rules.not_involved),
            effect=rules.decide,
            binds=True,
        ),
        Action(
            "begin_onboarding",
            "Begin onboarding",
            (State.ENTERPRISE_READY,),
            State.ONBOARDING,
            CLIENT | SYSTEM,
            guards=(rules.decided_terms_stand,),
            due=business_days(1),
        ),
        Action(
            "complete_tasks",
            "Confirm that everything is done",
            (State.ONBOARDING, State.PAYROLL_ONBOARDING),
            State.CLEARED,
            CLIENT,
            forms.Tasks,
            guards=(rules.decided_terms_stand,),
        ),
        Action(
            "begin_work",
            "Accept the offer",
            (State.CLEARED,),
            State.ACTIVE,
            WORKER,
            guards=(rules.not_started_yet, rules.decided_terms_stand),
        ),
        Action(
            "amend",
            "Change a running engagement",
            (State.ACTIVE,),
            State.REASSESSMENT,
            CLIENT,
            forms.Terms,
            effect=rules.take_amount,
            help="Work goes on under the old terms until the change is decided.",
        ),
        Action(
            "review_tenure",
            "Review after 12 months",
            (State.ACTIVE,),
            State.REASSESSMENT,
            SYSTEM,
            due=calendar_days(365),
        ),
        Action(
            "take_reassessment",
            "Claim the reassessment",
            (State.REASSESSMENT,),
            None,
            REVIEWER,
            guards=(not_conflicted, rules.not_own_offer),
            holder=Holder.TAKE,
            key="e",
        ),
        Action(
            "confirm",
            "Confirm",
            (State.REASSESSMENT,),
            State.ACTIVE,
            REVIEWER,
            forms.Approve,
            guards=(not_conflicted, rules.not_own_offer, holds_it),
            effect=rules.decide,
            binds=True,
        ),
        Action(
            "change_route",
            "Employee",
            (State.REASSESSMENT,),
            State.EMPLOYEE_ROUTE,
            REVIEWER,
            forms.Against,
            guards=(not_conflicted, rules.not_own_offer, holds_it),
            effect=rules.decide,
            binds=True,
        ),
        Action(
            "end_engagement",
            "End it",
            (State.REASSESSMENT,),
            State.ENDED,
            REVIEWER,
            forms.Reason,
            guards=(holds_it,),
            binds=True,
        ),
        Action("close", "Announce the end", (State.ACTIVE,), State.CLOSING, SYSTEM | CLIENT, due=_end_of_work),
        Action("end", "End", (State.CLOSING,), State.ENDED, SYSTEM | CLIENT, due=_after_last_day),
        Action("withdraw", "Withdraw", PRE_ACTIVE, State.WITHDRAWN, CLIENT, forms.Reason, tone=Tone.BAD),
        Action("expire", "Expire", PRE_ACTIVE[1:], State.EXPIRED, SYSTEM, due=calendar_days(30)),
        Action("ask_suspension", "Ask for suspension", (State.CLEARED, State.ACTIVE), None, SENIOR, forms.Reason),
        Action(
            "suspend",
            "Suspend",
            (State.CLEARED, State.ACTIVE),
            State.SUSPENDED,
            SENIOR,
            forms.Reason,
            guards=(rules.suspension_was_asked, rules.not_suspender),
            effect=rules.remember_origin,
            tone=Tone.BAD,
        ),
        Action(
            "resume",
            "Lift the suspension",
            (State.SUSPENDED,),
            choose((rules.came_from(State.CLEARED), State.CLEARED), State.ACTIVE),
            SENIOR,
            forms.Reason,
        ),
    ),
)
