"""Which questions are asked about an offer, of whom, and in which states."""

from __future__ import annotations

from typing import Final

from compliance.authz import WORKER
from compliance.engine.definition import Party
from compliance.engine.questionnaire import Answering, Questionnaire
from workflows.offer.making import CLIENT
from workflows.offer.model import Offer, State
from workflows.offer.places import country_of

# The rule set of each country where the work may be done; the law of that place asks the questions.
RULE_SETS: Final = {"GB": "uk-cest-2.4"}
# What the questions are about. An answer given of other work, or of other pay, answers nothing any more.
ABOUT: Final = frozenset({"agency", "description", "deliverables", "work_place", "contract_type"})


def rule_set(offer: Offer) -> str | None:
    """Return the rule set that applies where the work is done."""
    return RULE_SETS.get(country_of(offer.work_place))


def why_none(offer: Offer) -> str:
    """Say why nothing is asked."""
    return f"There are no questions yet for work in {offer.work_place}. Two reviewers decide without them."


questionnaire = Questionnaire(
    rule_set=rule_set,
    why_none=why_none,
    parties={
        Party.CLIENT: Answering(
            CLIENT, (State.DRAFT, State.INFO_CLIENT, State.REASSESSMENT), {"endUserRole": "endClient"}
        ),
        Party.FREELANCER: Answering(
            WORKER,
            (State.SUBMITTED, State.REVIEW, State.INFO_FREELANCER, State.SECOND_REVIEW, State.REASSESSMENT),
            {"endUserRole": "personDoingWork"},
        ),
    },
    newest_in=(State.DRAFT, State.REASSESSMENT),
    about=ABOUT,
)
