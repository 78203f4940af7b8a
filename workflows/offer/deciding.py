"""What an offer's determinations say to both parties, and whose law they speak of."""

from __future__ import annotations

import uuid
from typing import Final

from compliance.engine.determination import Deciding, Statement
from compliance.engine.move import Move
from workflows.offer import policy
from workflows.offer.disagreeing import ARGUABLE
from workflows.offer.model import Offer
from workflows.offer.outcomes import EMPLOYEE, INDEPENDENT, NOT_ENGAGED
from workflows.offer.places import country_of

FACTORS: Final = ("behavioural_control", "financial_control", "relationship_of_parties")
ANYWHERE: Final = {
    INDEPENDENT: "The engagement fits an independent contractor.",
    EMPLOYEE: "The work is employment. It can be done through an employer of record.",
    NOT_ENGAGED: "The engagement cannot go on as it is.",
}
# The United Kingdom asks its clients for a statement of this name, with a conclusion for tax.
IN_GB: Final = {
    INDEPENDENT: "For tax this engagement is not treated as employment.",
    EMPLOYEE: "For tax this engagement is treated as employment.",
}
PASSED_ON: Final = ("escalate", "pass_on")
# Whoever passed a case on before one of these did so for an earlier decision.
AFRESH: Final = ("open", "submit", "claim", "amend", "review_tenure", "disagree")


def statement(move: Move, outcome: str) -> Statement:
    """Return title, conclusion and the rest of what the parties read beside the reasons."""
    offer: Offer = move.case
    british = country_of(offer.work_place) == "GB" and outcome in IN_GB
    # Only an upheld determination comes out of a disagreement with it used up.
    arguable = offer.state in ARGUABLE and not offer.disagreed
    return Statement(
        title="Status Determination Statement" if british else "Determination",
        conclusion=f"{IN_GB[outcome]} {ANYWHERE[outcome]}" if british else ANYWHERE[outcome],
        care=_care(move),
        objection=_objection(move, arguable=arguable),
        object_until=(move.at + policy.on(move.at.date()).disagreement).date() if arguable else None,
    )


def first_reviewers(move: Move) -> tuple[uuid.UUID, ...]:
    """Return who passed the offer on to the one who decides now, with whom they stood in for."""
    for action, _, people in sorted(move.acts, key=lambda act: act[1], reverse=True):
        if action in PASSED_ON:
            return tuple(sorted(people))
        if action in AFRESH:
            return ()
    return ()


def places(offer: Offer) -> dict[str, str]:
    """Return the three places whose law may count."""
    return {
        "Place of work": offer.work_place,
        "Client's country": offer.client_country,
        "Freelancer's country": offer.freelancer_country,
    }


def _care(move: Move) -> str:
    """Say what was looked at, and by how many; nothing that did not happen."""
    answered = " and ".join(sheet.party.label for sheet in move.assessment.sheets)
    read = f", with the answers of {answered} to the questionnaire" if answered else ""
    if not move.organisation.compliance_enrolled:
        return f"The client classified this engagement itself on the terms agreed{read}, and answers for it."
    second = " A second person had looked at it before." if first_reviewers(move) else ""
    return f"A person decided on this one engagement, on its own terms{read}. The questionnaire advises only.{second}"


def _objection(move: Move, *, arguable: bool) -> str:
    days = policy.on(move.at.date()).disagreement_answer.days
    if arguable:
        by_whom = "Somebody" if move.organisation.compliance_enrolled else "A compliance contact of the client"
        return (
            "Client and freelancer may each disagree, on the page of this offer and with their reasons. "
            f"{by_whom} who was not part of this decision then decides afresh within {days} days."
        )
    if move.case.disagreed:
        return (
            "This answers the disagreement with the determination before, which somebody new looked at afresh and "
            "upheld. It cannot be disagreed with again here."
        )
    if move.organisation.compliance_enrolled:
        return ""
    return f"Tell the client in writing why you disagree. The client answers within {days} days."


def _policy(move: Move) -> dict[str, str]:
    found = policy.on(move.at.date())
    return {"version": found.version, "digest": found.digest}


deciding = Deciding(
    outcomes=ANYWHERE,
    statement=statement,
    places=places,
    factors=FACTORS,
    valid_until=lambda offer: offer.valid_until,
    first_reviewers=first_reviewers,
    policy=_policy,
)
