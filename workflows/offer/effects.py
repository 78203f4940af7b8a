"""What happens to an offer with an action, and the conditions by which an action chooses its state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from compliance.engine.content import restore_terms
from compliance.engine.move import Move
from compliance.engine.parting import part_with_worker
from compliance.engine.reopening import restore_answers
from compliance.kernel.money import parse_minor
from workflows.offer import policy
from workflows.offer.model import Offer, State

# What a decision finds. Its successor clears whatever it does not say itself; the record keeps both.
FINDINGS: Final = (
    "behavioural_control",
    "financial_control",
    "relationship_of_parties",
    "conditions",
    "what_would_change_it",
)
# What was asked of the parties and said by them; words that another freelancer neither reads nor answers for.
EXCHANGED: Final = ("asked", "answer", "grounds")
# A change of one of these reopens the determination of a running engagement.
MATERIAL: Final = frozenset(
    {
        "agency", "amount_minor", "client_country", "contract_type", "currency", "deliverables", "description",
        "ends_on", "former_employee", "freelancer_country", "hours_per_week", "months_worked", "starts_on",
        "work_place",
    }
)  # fmt: skip


def approvals_on(move: Move) -> bool:
    """Tell whether the client's own approvers come first."""
    return move.organisation.approval_steps > 0


def last_signature(move: Move) -> bool:
    """Tell whether this signature completes the approvals; those of an earlier submission do not count."""
    return move.times_here("sign") + 1 >= move.organisation.approval_steps


def is_material(move: Move) -> bool:
    """Tell whether the change asks for a new determination."""
    return bool(MATERIAL & move.changes.keys())


def came_from(state: State) -> Callable[[Move], bool]:
    """Return the condition that the offer came from *state*."""

    def condition(move: Move) -> bool:
        return bool(move.case.came_from == state.value)

    return condition


def is_in(state: State) -> Callable[[Move], bool]:
    """Return the condition that the offer is in *state*."""

    def condition(move: Move) -> bool:
        return bool(move.case.state == state.value)

    return condition


def meet_freelancer(move: Move) -> None:
    """Let the freelancer follow the offer under the address that it names, as soon as there is an account."""
    if move.case.worker_id is None or "freelancer_email" in move.changes:
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
    if _names_another(move):
        part_with_worker(move)
        for name in EXCHANGED:
            setattr(move.case, name, "")
    meet_freelancer(move)
    if "agency" in move.changes:
        move.case.worker_organisation_id = move.agency_called(move.case.agency)
    take_amount(move)
    offer: Offer = move.case
    offer.decided_version = offer.decided_digest = offer.decided_at = offer.valid_until = offer.agreed_until = None
    offer.disagreed = False


def begin(move: Move) -> None:
    """Keep the day from which work counts: the one on which the engagement first became active."""
    move.case.began_on = move.case.began_on or move.at.date()


def take_change_back(move: Move) -> None:
    """Put the terms and answers that were decided on back in the place of a change that nobody decided on."""
    if move.case.decided_version is not None:
        restore_answers(move)
        restore_terms(move, move.case.decided_version, MATERIAL)


def put_forward(move: Move) -> None:
    """Start the offer's thirty days, and invite a freelancer who has no account to follow it."""
    move.case.worker_id = move.invite_person(move.case.freelancer_email, move.case.freelancer)
    move.case.offered_at = move.at


def decide(move: Move) -> None:
    """Bind the decision to the version that was looked at, date it, and let it supersede the one before."""
    offer: Offer = move.case
    meet_freelancer(move)
    _bind(move)
    offer.agreed_until = offer.ends_on
    offer.disagreed, offer.worker_agreed, offer.employer_of_record = False, False, ""
    for name in FINDINGS:
        if name not in (move.facts or {}):
            setattr(offer, name, "")
    if "reason_codes" not in (move.facts or {}):
        offer.reason_codes = []


def uphold(move: Move) -> None:
    """Let a new decision with the same outcome supersede the one before, and start the offer's thirty days again.

    What the parties agreed to since stays, and their one disagreement stays used.
    """
    put_forward(move)
    _bind(move)


def _bind(move: Move) -> None:
    offer: Offer = move.case
    move.changes["decided_version"] = [offer.decided_version, offer.content_version]
    offer.decided_version, offer.decided_digest = offer.content_version, offer.content_digest
    today = move.at.date()
    offer.decided_at, offer.valid_until = move.at, today + policy.on(today).valid_for


def decide_and_offer_again(move: Move) -> None:
    """Decide, and start the offer's thirty days again: the time that the decision took is not the freelancer's."""
    decide(move)
    move.case.offered_at = move.at


def ask(move: Move) -> None:
    """Make room for the answer (the one to an earlier question stays in the record), and keep what it must bring."""
    offer: Offer = move.case
    offer.answer, offer.document_asked_at = "", None
    if move.fact("document_needed"):
        offer.document_asked_at = move.at
        move.changes["document_needed"] = [False, True]


def agree_to_employment(move: Move) -> None:
    """Note that the worker accepts employment."""
    move.case.worker_agreed = True
    move.changes["worker_agreed"] = [False, True]


def disagree(move: Move) -> None:
    """Use up the determination's one disagreement, and keep where an upheld decision returns to."""
    move.case.came_from, move.case.disagreed = move.case.state, True


def remember_origin(move: Move) -> None:
    """Keep where the offer came from, so that it can return there."""
    move.case.came_from = move.case.state


def _names_another(move: Move) -> bool:
    """Tell whether the offer went to somebody before, and goes to another address now."""
    before = move.before("freelancer_email")
    return bool(before) and before.strip().lower() != move.case.freelancer_email.strip().lower()
