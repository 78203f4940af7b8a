"""What must hold before something happens to an offer, and what happens with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from compliance.engine.guards import not_after
from compliance.engine.move import Move
from compliance.kernel.money import parse_minor
from workflows.offer.model import Offer, State

# The strict three-part ("ABC") test applies to work done in these states.
ABC_STATES = frozenset({"US-CA", "US-NJ", "US-MA", "US-IL"})
# Above this total the second pair of eyes is due, in any currency's minor units.
VALUE_LIMIT_MINOR = 10_000_000
TENURE_RED_MONTHS = 12
OFFER_LIFE = dt.timedelta(days=30)
DISAGREEMENT_WINDOW = dt.timedelta(days=30)
DECISIONS = ("approve", "determine_employee", "reject")

not_own_offer = not_after(
    "open", "edit", "submit", sentence="You wrote or submitted this offer; somebody else decides on it."
)
not_first_reviewer = not_after(
    "claim", "escalate", sentence="You made the first review; the second belongs to somebody else."
)
not_involved = not_after(
    "claim",
    "escalate",
    *DECISIONS,
    sentence="You were part of the first decision; somebody new decides on this.",
)
not_requester = not_after("open", "submit", sentence="You asked for this offer; somebody else approves it.")
not_signed_yet = not_after("sign", sentence="You have signed already; the next signature is somebody else's.")
not_suspender = not_after("ask_suspension", sentence="You asked for the suspension; a second person confirms it.")


def needs_second_review(move: Move) -> str | None:
    """Return why a second reviewer is due, or ``None``."""
    offer: Offer = move.case
    weeks = max(1, ((offer.ends_on - offer.starts_on).days + 6) // 7)
    total = offer.amount_minor * (weeks * offer.hours_per_week if offer.contract_type == "hourly" else 1)
    if offer.work_place in ABC_STATES:
        return "The work is done where the ABC test applies."
    if offer.former_employee:
        return "The freelancer was an employee or is related."
    if offer.months_worked >= TENURE_RED_MONTHS:
        return "The freelancer has worked for this client for a year or more."
    return "The value is above the limit." if total > VALUE_LIMIT_MINOR else None


def first_review_is_enough(move: Move) -> str | None:
    """Refuse to approve alone what two must look at."""
    if move.case.state != State.REVIEW:
        return None
    why = needs_second_review(move)
    return f"{why} Escalate it to a second review." if why else None


def second_reviewer_is_new(move: Move) -> str | None:
    """Ask for a second person in second review."""
    return not_first_reviewer(move) if move.case.state == State.SECOND_REVIEW else None


def enrolled(move: Move) -> str | None:
    """Review only for clients who enrolled in the classification service."""
    return None if move.organisation.compliance_enrolled else "This client classifies for itself; there is no review."


def not_enrolled(move: Move) -> str | None:
    """Let only a client who did not enrol classify for itself."""
    return "Your programme's reviewers classify this offer." if move.organisation.compliance_enrolled else None


def purchase_order_is_there(move: Move) -> str | None:
    """Ask for a purchase order where the client requires one."""
    if move.organisation.po_required and not move.case.purchase_order:
        return "Your company asks for a purchase order on each offer. Edit the offer and add it."
    return None


def approvals_on(move: Move) -> bool:
    """Tell whether the client's own approvers come first."""
    return move.organisation.approval_steps > 0


def last_signature(move: Move) -> bool:
    """Tell whether this signature completes the approvals of the version at hand."""
    return len(move.did("sign") | move.actor.identities) >= move.organisation.approval_steps


def not_started_yet(move: Move) -> str | None:
    """Refuse to begin with an offer whose first day has passed, or that is older than its life."""
    if move.case.starts_on < move.at.date():
        return "The first day has passed. The client must offer new dates."
    if move.at - move.case.created_at > OFFER_LIFE:
        return "The offer is older than 30 days and has lapsed."
    return None


def suspension_was_asked(move: Move) -> str | None:
    """Suspend only what one senior reviewer asked to suspend."""
    return None if move.did("ask_suspension") else "A first senior reviewer must ask for the suspension."


def may_disagree(move: Move) -> str | None:
    """Allow one disagreement per determination, within 30 days."""
    if move.case.disagreed:
        return "This determination was disagreed with once already."
    return "The 30 days to disagree are over." if move.at - move.case.entered_at > DISAGREEMENT_WINDOW else None


def decided_terms_stand(move: Move) -> str | None:
    """Refuse to go on with terms that are not the ones decided on."""
    same = move.case.decided_digest == move.case.content_digest
    return None if same else "The terms are not the ones that were decided on."


def decide(move: Move) -> None:
    """Bind the decision to the version that was looked at, and date it."""
    offer: Offer = move.case
    offer.decided_version, offer.decided_digest = offer.content_version, offer.content_digest
    offer.valid_until = move.at.date() + dt.timedelta(days=365)
    move.changes["decided_version"] = [None, offer.content_version]


def remember_origin(move: Move) -> None:
    """Keep where the offer came from, so that an upheld decision returns there."""
    move.case.came_from = move.case.state
    if move.fact("grounds"):
        move.case.disagreed = True


def meet_freelancer(move: Move) -> None:
    """Let the freelancer follow the offer under the address that it names."""
    move.case.worker_id = move.person_with(move.case.freelancer_email)


def take_amount(move: Move) -> None:
    """Keep the amount in minor units of its currency."""
    offer: Offer = move.case
    before, after = offer.amount_minor, parse_minor(move.fact("amount"), offer.currency)
    if before != after:
        offer.amount_minor = after
        move.changes["amount_minor"] = [before, after]


def renew(move: Move) -> None:
    """Take the decision off terms that have changed (the record keeps it), and look the freelancer up again."""
    meet_freelancer(move)
    take_amount(move)
    move.case.decided_version = move.case.decided_digest = move.case.valid_until = None


def came_from(state: State) -> Callable[[Move], bool]:
    """Return the condition that the offer came from *state*."""

    def condition(move: Move) -> bool:
        return bool(move.case.came_from == state.value)

    return condition


def may_bill(offer: Offer) -> str | None:
    """Refuse time, milestones and payments on anything but an active engagement."""
    return None if offer.state == State.ACTIVE else "Work cannot be billed before the engagement is active."
