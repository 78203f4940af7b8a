"""Which questions are asked about an offer, of whom, and in which states."""

from __future__ import annotations

from typing import Final

from compliance.authz import WORKER
from compliance.engine.definition import Party
from compliance.engine.questionnaire import Answering, Questionnaire, Reopening
from compliance.rules.applicable import Situation
from workflows.offer.making import CLIENT
from workflows.offer.model import Offer, State

# Where the tax authority has a table of its own, it is asked instead of our test for the place.
TABLES: Final = {"GB": "uk-cest-2.4"}
# What the questions are about. An answer given of other work, or of other pay, answers nothing any more.
ABOUT: Final = frozenset({"agency", "description", "deliverables", "work_place", "contract_type"})


def situation(offer: Offer) -> Situation:
    """Return where an offer is at home. The law of its first day counts, for every purpose that it knows."""
    return Situation(offer.freelancer_country, offer.client_country, offer.work_place, offer.starts_on)


questionnaire = Questionnaire(
    situation=situation,
    tables=TABLES,
    parties={
        Party.CLIENT: Answering(
            CLIENT,
            (State.DRAFT, State.INFO_CLIENT, State.ACTIVE, State.REASSESSMENT),
            {"endUserRole": "endClient"},
        ),
        Party.FREELANCER: Answering(
            WORKER,
            (State.SUBMITTED, State.REVIEW, State.INFO_FREELANCER, State.SECOND_REVIEW, State.REASSESSMENT),
            {"endUserRole": "personDoingWork"},
        ),
    },
    newest_in=(State.DRAFT, State.REASSESSMENT),
    about=ABOUT,
    # Who controls the work, and how, is part of what was decided on; it is answered, not written into the terms.
    reopening=Reopening((State.ACTIVE,), State.REASSESSMENT),
)
