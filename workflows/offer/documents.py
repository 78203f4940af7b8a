"""Which documents an offer takes, and when."""

from __future__ import annotations

from typing import Final

from compliance.authz import WORKER, Role, any_of
from compliance.engine.definition import Documents
from workflows.offer.making import CLIENT
from workflows.offer.model import State

DOCUMENTS: Final = Documents(
    CLIENT | any_of(Role.COMPLIANCE_CONTACT) | WORKER,
    (
        State.DRAFT,
        State.AWAITING_APPROVAL,
        State.SUBMITTED,
        State.REVIEW,
        State.INFO_CLIENT,
        State.INFO_FREELANCER,
        State.SECOND_REVIEW,
        State.DISAGREEMENT,
        State.ONBOARDING,
        State.PAYROLL_ONBOARDING,
        State.REASSESSMENT,
    ),
    "Documents are taken before a decision, in onboarding and after a disagreement. Ask the desk to add yours.",
)
