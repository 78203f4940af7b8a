"""What each state of an offer means to its readers, whose turn it is, and how long it may last."""

from __future__ import annotations

from typing import Final

from compliance.engine.definition import Party, Stage, Tone
from compliance.engine.move import Move
from compliance.kernel.clock import business_days, calendar_days
from workflows.offer.model import Offer, State
from workflows.offer.onboarding import whoever_accepts, whoever_is_missing
from workflows.offer.rising import whoever_signs

# Three business days, five at most, however often the parties are asked in between.
REVIEWING: Final = "review"
ASKED_YOU: Final = "The reviewer asks you for more. Without your answer the offer lapses."


def whoever_classifies(move: Move) -> Party:
    """Return the desk for clients who enrolled in the service; the others' own compliance contact classifies."""
    return Party.REVIEWER if move.organisation.compliance_enrolled else Party.COMPLIANCE_CONTACT


def whoever_reassesses(move: Move) -> Party:
    """Return the client's approvers for a rise in pay, then the desk or the client's own compliance contact."""
    return whoever_signs(move) or whoever_classifies(move)


def whoever_answers(move: Move) -> Party:
    """Return the senior reviewer for clients who enrolled; a second compliance contact of the others answers."""
    return Party.SENIOR_REVIEWER if move.organisation.compliance_enrolled else Party.COMPLIANCE_CONTACT


def taken_up(offer: Offer) -> str:
    """The desk, or the client's own compliance contact, takes it up."""
    if offer.waits_for == Party.COMPLIANCE_CONTACT:
        return "The client's own compliance contact takes it up."
    return "A reviewer of the desk takes it up."


def looked_at_afresh(offer: Offer) -> str:
    """Somebody who was not part of the decision looks at it afresh."""
    if offer.waits_for == Party.COMPLIANCE_CONTACT:
        return "A compliance contact of the client who did not classify it looks at it afresh."
    return "A senior reviewer who was not part of the decision looks at it afresh."


STAGES = {
    State.DRAFT: Stage(
        "Draft",
        "The client is still writing this offer.",
        Party.CLIENT,
        staff_sees=False,
        worker_sees=False,
        own_sentence="You are still writing this offer.",
    ),
    State.AWAITING_APPROVAL: Stage(
        "Awaiting approval",
        "The client's own approvers must sign first.",
        Party.APPROVERS,
        Tone.WAITING,
        own_sentence="It waits for your signature.",
        staff_sees=False,
        worker_sees=False,
    ),
    State.SUBMITTED: Stage(
        "Submitted",
        taken_up,
        whoever_classifies,
        Tone.PROGRESS,
        business_days(1),
        own_sentence="It waits for you to take it up.",
    ),
    State.REVIEW: Stage(
        "Classification review",
        "A reviewer is looking at how the work will be done.",
        Party.REVIEWER,
        Tone.PROGRESS,
        business_days(3),
        clock=REVIEWING,
    ),
    State.INFO_CLIENT: Stage(
        "Question to the client",
        "The reviewer asked the client for more. Without an answer the offer lapses.",
        Party.CLIENT,
        Tone.WAITING,
        own_sentence=ASKED_YOU,
        remind=(calendar_days(3), calendar_days(7)),
        asks="asked",
        pauses=REVIEWING,
    ),
    State.INFO_FREELANCER: Stage(
        "Question to the freelancer",
        "The reviewer asked the freelancer for more. Without an answer the offer lapses.",
        Party.FREELANCER,
        Tone.WAITING,
        own_sentence=ASKED_YOU,
        remind=(calendar_days(3), calendar_days(7)),
        asks="asked",
        pauses=REVIEWING,
    ),
    State.SECOND_REVIEW: Stage(
        "Second review",
        "A second reviewer looks at it.",
        Party.SENIOR_REVIEWER,
        Tone.PROGRESS,
        business_days(2),
    ),
    State.ENTERPRISE_READY: Stage(
        "Enterprise Ready",
        "The engagement was found to fit an independent contractor. Onboarding comes next.",
        Party.CLIENT,
        Tone.GOOD,
        business_days(1),
    ),
    State.EMPLOYEE_ROUTE: Stage(
        "Employee route",
        "The work was found to be employment. It goes to the payroll partner once employer, worker and client accept.",
        whoever_accepts,
        Tone.WAITING,
        business_days(7),
    ),
    State.PAYROLL_ONBOARDING: Stage(
        "Payroll onboarding",
        "The employer of record hires the worker.",
        whoever_is_missing,
        Tone.PROGRESS,
        business_days(7),
    ),
    State.REJECTED: Stage(
        "Rejected", "It cannot go on as it is. The reasons say what would change that.", tone=Tone.BAD
    ),
    State.DISAGREEMENT: Stage(
        "Disagreement",
        looked_at_afresh,
        whoever_answers,
        Tone.PROGRESS,
        calendar_days(45),
    ),
    State.ONBOARDING: Stage(
        "Onboarding",
        "Contract and checks are being completed. Work cannot begin yet.",
        whoever_is_missing,
        Tone.PROGRESS,
        business_days(5),
    ),
    State.CLEARED: Stage(
        "Cleared",
        "Everything is done; the offer waits to be accepted.",
        Party.FREELANCER,
        Tone.GOOD,
        own_sentence="Everything is done; the offer waits for you to accept it.",
    ),
    State.ACTIVE: Stage("Active", "Work may be done and billed.", tone=Tone.GOOD),
    State.REASSESSMENT: Stage(
        "Reassessment",
        "Something changed, so it is classified again. Work goes on under the old terms.",
        whoever_reassesses,
        Tone.PROGRESS,
        business_days(10),
    ),
    State.CLOSING: Stage("Closing", "The engagement ends soon.", Party.CLIENT, Tone.WAITING),
    State.ENDED: Stage("Ended", "The engagement is over."),
    State.WITHDRAWN: Stage("Withdrawn", "The client took the offer back."),
    State.EXPIRED: Stage(
        "Expired", "The offer was not completed in time: within 30 days, or a question stayed unanswered."
    ),
    State.SUSPENDED: Stage("Suspended", "All work is on hold.", Party.SENIOR_REVIEWER, Tone.BAD),
}
