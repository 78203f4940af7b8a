"""The offer: its states, and the terms and findings that belong to it alone."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from compliance.engine.case import Case
from compliance.kernel.money import Money


class State(enum.StrEnum):
    """Where an offer stands."""

    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    SUBMITTED = "submitted"
    REVIEW = "classification_review"
    INFO_CLIENT = "info_client"
    INFO_FREELANCER = "info_freelancer"
    SECOND_REVIEW = "second_review"
    ENTERPRISE_READY = "enterprise_ready"
    EMPLOYEE_ROUTE = "employee_route"
    PAYROLL_ONBOARDING = "payroll_onboarding"
    REJECTED = "rejected"
    DISAGREEMENT = "disagreement"
    ONBOARDING = "onboarding"
    CLEARED = "cleared"
    ACTIVE = "active"
    REASSESSMENT = "reassessment"
    CLOSING = "closing"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUSPENDED = "suspended"


PRE_ACTIVE = (
    State.DRAFT,
    State.AWAITING_APPROVAL,
    State.SUBMITTED,
    State.REVIEW,
    State.INFO_CLIENT,
    State.INFO_FREELANCER,
    State.SECOND_REVIEW,
    State.ENTERPRISE_READY,
    State.EMPLOYEE_ROUTE,
    State.PAYROLL_ONBOARDING,
    State.ONBOARDING,
    State.CLEARED,
)
# Terms may still change here; each change is a new version that starts again.
EDITABLE = (
    State.DRAFT,
    State.AWAITING_APPROVAL,
    State.SUBMITTED,
    State.REVIEW,
    State.INFO_CLIENT,
    State.INFO_FREELANCER,
    State.SECOND_REVIEW,
    State.ENTERPRISE_READY,
    State.PAYROLL_ONBOARDING,
    State.ONBOARDING,
    State.CLEARED,
)


class Offer(Case):
    """An offer of work to a freelancer. Amounts are minor units of ``currency``."""

    __tablename__ = "offer"
    __mapper_args__ = {"polymorphic_identity": "offer"}  # noqa: RUF012 - SQLAlchemy reads this attribute from the class

    id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    freelancer: Mapped[str]
    freelancer_email: Mapped[str]
    freelancer_country: Mapped[str]
    agency: Mapped[str] = mapped_column(default="")
    client_country: Mapped[str] = mapped_column(default="")
    work_place: Mapped[str]
    description: Mapped[str]
    deliverables: Mapped[str] = mapped_column(default="")
    contract_type: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger())
    currency: Mapped[str]
    hours_per_week: Mapped[int]
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]
    purchase_order: Mapped[str]
    former_employee: Mapped[bool]
    months_worked: Mapped[int]
    behavioural_control: Mapped[str] = mapped_column(default="")
    financial_control: Mapped[str] = mapped_column(default="")
    relationship_of_parties: Mapped[str] = mapped_column(default="")
    reason_codes: Mapped[list[Any]] = mapped_column(default=list)
    conditions: Mapped[str] = mapped_column(default="")
    what_would_change_it: Mapped[str] = mapped_column(default="")
    decided_version: Mapped[int | None]
    decided_digest: Mapped[str | None]
    valid_until: Mapped[dt.date | None]
    asked: Mapped[str] = mapped_column(default="")
    document_asked_at: Mapped[dt.datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    grounds: Mapped[str] = mapped_column(default="")
    came_from: Mapped[str] = mapped_column(default="")
    disagreed: Mapped[bool] = mapped_column(default=False)
    offered_at: Mapped[dt.datetime | None]
    decided_at: Mapped[dt.datetime | None]
    agreed_until: Mapped[dt.date | None]
    began_on: Mapped[dt.date | None]
    employer_of_record: Mapped[str] = mapped_column(default="")
    worker_agreed: Mapped[bool] = mapped_column(default=False)

    @property
    def amount(self) -> str:
        """The amount as people write it, in major units."""
        return str(Money(self.amount_minor, self.currency).amount)
